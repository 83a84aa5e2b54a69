/*
 * ledger/store/store_trace.h: a recording of what was put into a store, so that a benchmark can
 * replay the same puts in the same commits into bare LMDB. Only keys are kept; of values only the
 * size.
 *
 * Byte table (all numbers little-endian). The file starts with the 8 bytes "WFTRACE1", then
 * records:
 *
 *     'P'  u8 table, u8 append (0 or 1), u16 key size, u32 value size, key bytes: a put
 *     'D'  u8 table, u16 key size, key bytes: a delete
 *     'X'  u8 table: a table was emptied
 *     'C'  a commit
 *     'A'  an abort: what stands since the last 'C' never was
 */
#ifndef LEDGER_STORE_TRACE_H
#define LEDGER_STORE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "store.h"

enum store_trace_kind {
    STORE_TRACE_PUT = 'P',
    STORE_TRACE_DELETE = 'D',
    STORE_TRACE_CLEAR = 'X',
    STORE_TRACE_COMMIT = 'C',
    STORE_TRACE_ABORT = 'A'
};

typedef struct store_trace_record {
    enum store_trace_kind kind;
    unsigned table;
    bool append;
    size_t key_size;
    size_t value_size;
    uint8_t key[STORE_KEY_MAX];
} store_trace_record;

/* Write errors stay in the FILE: the one who opened it asks ferror at the end. */
void store_trace_begin(FILE *trace);
void store_trace_write(FILE *trace, enum store_trace_kind kind, unsigned table, span key,
                       size_t value_size, bool append);

/* Reading back: the first checks the eight bytes, the second is false at the end of the file and
   when the file is cut short. */
bool store_trace_open(FILE *trace);
bool store_trace_next(FILE *trace, store_trace_record *out);

#endif
