/*
 * ledger/store/store.h: the small interface that the store sits behind.
 *
 * One store holds a few numbered tables of byte keys in memcmp order. One write transaction at a
 * time, many read transactions, each a consistent snapshot. LMDB implements it (store_lmdb.h);
 * a PostgreSQL store joins later, so nothing outside those files may know LMDB.
 *
 * Pointers that get and the cursors return stay valid until the next write in the same
 * transaction, or its end.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/memory.h"

enum { STORE_TABLES_MAX = 64, STORE_KEY_MAX = 511 };

typedef struct store store;
typedef struct store_txn store_txn;
typedef struct store_cursor store_cursor;

typedef struct store_options {
    bool create; /* make an empty store in `path` (which exists and is empty) */
    bool read_only;
    bool point_reads; /* a few rows here and there: nothing is read or mapped ahead */
    bool scratch;     /* of no value: what befalls it is the system's failure, never damage */
    size_t map_size;  /* 0: 1 TiB of address space */
    /* Rows of the tables before this one are kept without a check of their own (store_check.h):
       their reader knows what they must be. */
    unsigned checked_from;
    const char *const *tables; /* names, NULL-terminated; a table's number is its place */
} store_options;

/* WF_USAGE: this process has that store open already; it has one handle on a store at a time, any
   number of threads share it. A child of fork opens its own. */
wf_status store_open(store **out, const char *path, const store_options *options, wf_error *err);
void store_close(store *s);

wf_status store_begin(store_txn **out, store *s, bool write, wf_error *err);
/* Any commit error is fatal for the writer: close, reopen, check the tail, go on. */
wf_status store_commit(store_txn *txn, wf_error *err); /* ends txn also on failure */
void store_abort(store_txn *txn);                      /* NULL is fine */
/* For what must live exactly as long as the transaction. */
arena *store_txn_memory(store_txn *txn);

/* WF_OK with out->data == NULL when there is no such key. WF_DAMAGED for a row that is not what was
   written; the cursors say so too, and when rows are missing or out of order in a walk over all of
   a table. */
wf_status store_get(store_txn *txn, unsigned table, span key, span *out, wf_error *err);
/* Inserts or replaces. `append`: the key is known to be larger than all others (much faster). */
wf_status store_put(store_txn *txn, unsigned table, span key, span value, bool append,
                    wf_error *err);
wf_status store_delete(store_txn *txn, unsigned table, span key, wf_error *err);
/* Empties a table. */
wf_status store_clear(store_txn *txn, unsigned table, wf_error *err);

wf_status store_cursor_open(store_cursor **out, store_txn *txn, unsigned table, wf_error *err);
/* Moves to the first key >= `key` (to the first of all when key.data is NULL). key_out->data is
   NULL when there is none. */
wf_status store_cursor_seek(store_cursor *c, span key, span *key_out, span *value_out,
                            wf_error *err);
wf_status store_cursor_last(store_cursor *c, span *key_out, span *value_out, wf_error *err);
wf_status store_cursor_next(store_cursor *c, span *key_out, span *value_out, wf_error *err);
void store_cursor_close(store_cursor *c);

/* A store of its own in the empty folder `path`: the state of the last commit, on disk, while
   others go on writing. */
wf_status store_copy(store *s, const char *path, wf_error *err);

/* From here on `s` is for reading, and what is asked of the tables whose bit is set in `below` is
   answered from `under`, in one snapshot with the others. `under` is closed with `s`. */
void store_lay_over(store *s, store *under, uint64_t below);
/* Looks at every page that belongs to the snapshot of `txn` without following what it has not
   checked (store_meta.h); report(page UINT64_MAX): about the whole. */
wf_status store_check_pages(store_txn *txn,
                            void (*report)(void *ctx, const char *table, uint64_t page,
                                           const char *text),
                            void *ctx, uint64_t *found, wf_error *err);
#define FILE_META "meta"
/* Keeps a copy of the store's first pages in the file FOLDER/meta; what fails is left. */
void store_keep_meta(store *s, const char *folder);

typedef struct store_table_stat {
    uint64_t rows;
    uint64_t bytes; /* of pages in use */
} store_table_stat;
wf_status store_table_stats(store_txn *txn, unsigned table, store_table_stat *out, wf_error *err);
const char *store_table_name(const store *s, unsigned table);
unsigned store_table_count(const store *s);

/* For benchmarks: every put and commit is written to `trace` (store_trace.h has the format). */
void store_set_trace(store *s, FILE *trace);

/* Big-endian keys sort in number order. */
static inline void store_key_u64(uint8_t out[8], uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)value;
        value >>= 8;
    }
}
static inline uint64_t store_u64_key(const uint8_t *key)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | key[i];
    return value;
}

#endif
