/*
 * ledger/archive.h: entries out of the store, wherever they stand: as rows of their own, or in the
 * bundle of their run of 256.
 *
 * Whoever needs the bytes of entries asks here: ledger_fetch for one of them, an entry_reader for
 * many in order. Neither compares them with the tree: ledger_read and the verification do.
 */
#ifndef LEDGER_ARCHIVE_H
#define LEDGER_ARCHIVE_H

#include <zlib.h>

#include "hash_many.h"
#include "ledger_private.h"

enum { RUN_ENTRIES = TILE_WIDTH, BLOCK_ENTRIES = 16 };

/* ---- archive.c: the format --------------------------------------------------------------------
 */

/* The entries of a run, inflated. */
typedef struct archive_run {
    uint64_t number;
    unsigned count;               /* that could be had, from the first on; all when not damaged */
    uint32_t at[RUN_ENTRIES + 1]; /* entry i is bytes[at[i]] up to at[i + 1] */
    uint8_t *bytes;
    size_t capacity;
    const char *damage; /* why it is not whole, for a message; NULL: nothing was found wrong */
} archive_run;

/* The entries [16 * number, 16 * number + 16), inflated. */
typedef struct archive_block {
    uint64_t number;
    uint32_t at[BLOCK_ENTRIES + 1]; /* as above */
    uint8_t *bytes;
    size_t capacity;
} archive_block;

/* What one thread packs and unpacks with. Starts as {0}, and stays where it is: zlib refuses a
   stream that was copied to another place. */
typedef struct archive_tools {
    z_stream inflater, deflater;
    bool inflating, deflating; /* they were begun */
    buffer body;
} archive_tools;

void archive_tools_free(archive_tools *tools);

/* Appends the row of a run to `out`. The entries are whole and follow each other. */
wf_status archive_pack(archive_tools *tools, buffer *out, const leaf_data entries[RUN_ENTRIES],
                       wf_error *err);
/* Never trusts the row: what is wrong with it stands in out->damage. `tile`: the hashes of the
   run's leaves, which name each entry's predecessor; data NULL: they are computed, which takes
   twice as long and needs no tile. Not WF_OK only when out of memory. */
wf_status archive_unpack(archive_tools *tools, archive_run *out, hash_kind kind, span row,
                         span tile, wf_error *err);
void archive_run_free(archive_run *run);
/* The bytes of a run as an entry bundle of tlog-tiles, as its row says; 0: it is no row. */
uint64_t archive_bundle_size(span row);
/* The block out->number of the run whose row and tile these are: a tenth of the work. It does not
   look at the checksum. *found false: it cannot be had so, and archive_unpack says why. */
wf_status archive_unpack_block(archive_tools *tools, archive_block *out, span row, span tile,
                               bool *found, wf_error *err);
void archive_block_free(archive_block *block);
/* The row of a run; data NULL: it is not archived. */
wf_status archive_row(store_txn *txn, uint64_t run, span *out, wf_error *err);
/* WF_DAMAGED, which names the entries of the run and what can still be proved. */
wf_status archive_damaged(const archive_run *run, wf_error *err);

/* ---- archive_read.c ----------------------------------------------------------------------------
 */

typedef struct archive_cache archive_cache;
archive_cache *archive_cache_new(void); /* NULL: out of memory */
void archive_cache_free(archive_cache *cache);

/* The bytes of an entry as they are stored; out->data NULL: it is not there. Those of an archived
   one are put into `room`, or, when that is NULL, kept with the transaction to its end. WF_DAMAGED:
   it stands in a bundle from which it cannot be had. Any thread. */
wf_status ledger_fetch(ledger *l, store_txn *txn, uint64_t seq, buffer *room, span *out,
                       wf_error *err);
/* The same without the tile, for an archived entry whose bytes are not what the tile says: *found
   false when it is not archived. */
wf_status ledger_fetch_again(const ledger *l, store_txn *txn, uint64_t seq, bool *found, span *out,
                             wf_error *err);

/* Reads on and on, a run at a time. One thread; what it gives out lasts until the next run. */
typedef struct entry_reader {
    hash_kind kind;
    store_txn *txn;
    store_cursor *rows;
    archive_tools tools;
    archive_run run;
    uint64_t first;                 /* of the entries below */
    size_t count;                   /* 0: none were read yet */
    leaf_data entries[RUN_ENTRIES]; /* of one run */
    bool archived;                  /* they stood in a bundle */
} entry_reader;

wf_status entry_reader_open(entry_reader *r, const ledger *l, store_txn *txn, wf_error *err);
void entry_reader_close(entry_reader *r);
/* Up to `count` entries from `first`, a multiple of RUN_ENTRIES, into r->entries. r->count < count:
   the next one is missing or cannot be had, which the status tells. */
wf_status entry_reader_run(entry_reader *r, uint64_t first, size_t count, wf_error *err);
/* One entry below `size`, with those of its run behind it. */
wf_status entry_reader_get(entry_reader *r, uint64_t seq, uint64_t size, span *out, wf_error *err);

/* ---- read.c ------------------------------------------------------------------------------------
 */

/* That the bytes are entry `seq` and those that the tree holds the hash of. */
wf_status entry_check(const ledger *l, store_txn *txn, uint64_t seq, span bytes, entry_view *view,
                      wf_error *err);

/* ledger_read for many entries in one transaction: an archived one stands in `room` and not, with
   all others, in the transaction's memory. What is given out lasts until the next one. */
wf_status ledger_read_into(ledger *l, store_txn *txn, uint64_t seq, buffer *room, span *out,
                           entry_view *view, wf_error *err);

/* ---- archive_move.c ----------------------------------------------------------------------------
 */

/* For a writer that has nothing else to do: a few runs, when some wait. True: more may wait, or
   another thread is moving some. False: none did, or it failed, which takes nothing away and is
   tried again next time. */
bool archive_some(ledger *l);

#endif
