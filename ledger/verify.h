/*
 * ledger/verify.h: between verify.c (chain and tree, in parallel), verify_signatures.c (who signed
 * what) and verify_keys.c (who might).
 */
#ifndef LEDGER_VERIFY_H
#define LEDGER_VERIFY_H

#include "archive.h"

/* Entries that hold records about keys. */
typedef struct key_places {
    uint64_t *seqs;
    size_t count, capacity;
} key_places;

/* False: out of memory. */
bool key_places_add(key_places *p, uint64_t seq);
bool key_places_join(key_places *into, const key_places *from);
/* Judges the records at `places`, which it sorts, and those before `from`, and compares what comes
   of them with the stored table. */
wf_status verify_keys(ledger *l, store_txn *txn, key_table *stored, key_places *places,
                      uint64_t from, wf_error *err);

/* What one worker knows of the signatures in its range. */
typedef struct signature_check {
    ledger *l;
    key_table *keys; /* as stored */
    store_txn *txn;
    key_scratch scratch;
    merkle_frontier run; /* statements since the last seal that have no signature of their own */
    uint64_t run_first;
    char run_author[AUTHOR_MAX];
    size_t run_author_size;
    uint8_t run_key[KEY_ID_SIZE];
    uint64_t signatures, seals, recoveries;
    buffer room; /* for an entry before the range */
    key_places places;
} signature_check;

wf_status signature_check_init(signature_check *c, ledger *l, key_table *keys, store_txn *txn,
                               wf_error *err);
void signature_check_free(signature_check *c);
/* Before a range: steps back to where the run of unsigned statements began that reaches into it. */
wf_status signature_check_enter(signature_check *c, uint64_t first, uint64_t *broken,
                                wf_error *err);
wf_status signature_check_entry(signature_check *c, const entry_view *entry, wf_error *err);
/* Behind the last entry of the log: no run may be open. */
wf_status signature_check_end(const signature_check *c, uint64_t *broken, wf_error *err);

#endif
