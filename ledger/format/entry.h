/*
 * ledger/format/entry.h: the only reader and the only writer of Entry and Statement bytes.
 *
 * Views borrow from the bytes that were parsed. Parsing accepts the one canonical encoding and
 * nothing else (proto/ledger.proto); it costs no allocation, because every entry of every
 * verification passes here.
 */
#ifndef LEDGER_ENTRY_H
#define LEDGER_ENTRY_H

#include "base/memory.h"
#include "merkle.h"

enum {
    ENTRY_MAX = 65535,     /* the tile format's limit */
    STATEMENT_MAX = 65000, /* leaves room for the envelope */
    STATEMENT_ID_SIZE = 16,
    KEY_ID_SIZE = 8,
    SIGNATURE_MAX = 128,
    ORIGIN_MAX = 200,
    AUTHOR_MAX = 64
};

#define STATEMENT_DOMAIN "wufei/statement/v1\n"

typedef struct entry_view {
    uint64_t seq;
    int64_t time_ms;
    const uint8_t *prev_hash; /* 32 bytes */
    span statement;
    const uint8_t *author_key; /* 8 bytes */
    span signature;            /* data NULL when sealed */
} entry_view;

typedef struct statement_view {
    span bytes; /* the whole statement */
    span origin;
    span author;
    const uint8_t *id; /* 16 bytes */
    int64_t time_ms;
    span record; /* exactly one of record and system has data */
    span system;
} statement_view;

wf_status entry_parse(entry_view *out, span bytes, wf_error *err);
wf_status statement_parse(statement_view *out, span bytes, wf_error *err);

/* Where the 32 bytes of prev_hash stand, or stood: also of an entry out of which they were cut.
   False when the fields before them are not those of an entry. */
bool entry_prev_hash_at(size_t *out, span bytes);

/* Append the canonical encoding to `out`. The view's `bytes` is not read. */
void entry_write(buffer *out, const entry_view *entry);
void statement_write(buffer *out, const statement_view *statement);

/* A deterministic time-ordered id: 48 bits of `time_ms`, then the first 80 bits of
   SHA-256("wufei/id/v1\n" || parts[0] length (u32 BE) || parts[0] || parts[1] ...). */
void statement_id_make(uint8_t out[STATEMENT_ID_SIZE], int64_t time_ms, const span *parts,
                       size_t count);

#endif
