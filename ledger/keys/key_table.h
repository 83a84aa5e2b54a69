/*
 * ledger/keys/key_table.h: who may sign at which entry. In memory (key_table.c) and in the store
 * (key_rows.c), and what a key does once it was found (key_sign.c). Keys on disk are in key_file.h,
 * what changes keys in key_rules.h.
 *
 * The writer's thread changes the table; others read it meanwhile. So nothing in it moves or goes
 * away before the table does.
 */
#ifndef LEDGER_KEY_TABLE_H
#define LEDGER_KEY_TABLE_H

#include <pthread.h>
#include <stdatomic.h>

#include <openssl/evp.h>

#include "base/memory.h"
#include "entry.h"
#include "key_rules.h"
#include "store.h"
#include "suite.h"

/* ---- key_table.c ----------------------------------------------------------------------------- */

enum key_end { KEY_STANDS, KEY_ROTATED, KEY_REVOKED };

typedef struct party_key {
    struct party_key *next; /* in its bucket, or in the list of forgotten ones */
    char party[AUTHOR_MAX + 1];
    size_t party_size;
    uint8_t id[KEY_ID_SIZE];
    suite_public_key public_key;
    uint64_t entered; /* the entry that brought it; 0 when read from the store */
    uint64_t valid_from;
    atomic_uint_fast64_t valid_until; /* UINT64_MAX: it stands; else one more than its last entry */
    enum key_end why;
    atomic_bool forgotten; /* its entry was not committed after all */
    const suite *suite;
    EVP_PKEY *pkey;
} party_key;

/* The offline keys that revoke together, from behind entry `seq` on. */
typedef struct quorum_row {
    struct quorum_row *next; /* the one before */
    uint64_t seq;
    unsigned threshold;
    size_t key_count;
    suite_public_key keys[QUORUM_KEYS_MAX];
} quorum_row;

enum { KEY_BUCKETS = 4096 };

typedef struct key_table {
    pthread_rwlock_t lock;
    pthread_mutex_t loading; /* several threads may verify at once */
    bool loaded;
    party_key *buckets[KEY_BUCKETS];
    quorum_row *quorums;  /* the last first */
    party_key *forgotten; /* others may still look at these: freed with the table */
    quorum_row *forgotten_quorums;
} key_table;

/* What one thread verifies with. */
typedef struct key_scratch {
    EVP_MD_CTX *ctx;
    uint8_t *message; /* the domain line, and room for a statement behind it */
} key_scratch;

void key_table_init(key_table *t);
void key_table_free(key_table *t);
/* `entered`: the entry that brings it. The key is one of a suite (key_check). */
wf_status key_table_add(key_table *t, span party, const suite_public_key *public_key,
                        uint64_t entered, uint64_t valid_from, wf_error *err);
/* False: there is no such key. */
bool key_table_end(key_table *t, span party, const uint8_t id[KEY_ID_SIZE], uint64_t valid_until,
                   enum key_end why);
wf_status key_table_add_quorum(key_table *t, uint64_t seq, const key_quorum *quorum, wf_error *err);
/* Takes back what entries from `from_seq` on changed: they were not committed. */
void key_table_forget(key_table *t, uint64_t from_seq);
/* The first key of `party` behind `after` (NULL: the first of all). */
const party_key *key_table_next(key_table *t, span party, const party_key *after);
/* NULL: it never had such a key. For the writer's thread to change; others only read. */
party_key *key_table_find(key_table *t, span party, const uint8_t id[KEY_ID_SIZE]);
bool key_is_valid(const party_key *key, uint64_t seq);
/* The operator's key at `seq`: it signs that entry, and the checkpoint of that size. */
const party_key *key_table_operator(key_table *t, uint64_t seq);
/* The quorum in force at `seq`; NULL: none. */
const quorum_row *key_table_quorum(key_table *t, uint64_t seq);
#define SEQ_ANY UINT64_MAX
/* Finds the key of the statement's author that made `signature`, valid at `seq` (SEQ_ANY: or that
   ever was); NULL: none. */
const party_key *key_table_find_signer(key_table *t, key_scratch *scratch, span party,
                                       span statement, span signature, uint64_t seq);

/* ---- key_rows.c ------------------------------------------------------------------------------ */

/* Once; later calls do nothing. */
wf_status key_table_load(key_table *t, store_txn *txn, wf_error *err);
wf_status key_row_put(store_txn *txn, span party, const suite_public_key *public_key,
                      uint64_t valid_from, wf_error *err);
wf_status key_row_end(store_txn *txn, span party, const uint8_t id[KEY_ID_SIZE],
                      uint64_t valid_until, enum key_end why, wf_error *err);
/* The rows, and those of quorums, as they were at `size` entries, into the empty tables of another
   store. `brought`: the key that entry size - 1 brought to begin behind it; NULL: none. */
wf_status key_rows_copy(store_txn *from, store_txn *to, uint64_t size,
                        const suite_public_key *brought, wf_error *err);
wf_status quorum_row_put(store_txn *txn, uint64_t seq, const key_quorum *quorum, wf_error *err);
typedef struct operator_key {
    suite_public_key public_key;
    uint64_t valid_from;
} operator_key;
/* The operator's key at `seq`, without the whole table. */
wf_status key_rows_operator(operator_key *out, store_txn *txn, uint64_t seq, wf_error *err);

/* ---- key_sign.c ------------------------------------------------------------------------------ */

bool key_scratch_init(key_scratch *s);
void key_scratch_free(key_scratch *s);

const suite *key_suite(const EVP_PKEY *key); /* NULL: of none */
bool key_equal(const suite_public_key *a, const suite_public_key *b);
/* That a record brings a public key of the ledger's suite. */
wf_status key_check(const suite *s, const suite_public_key *key, wf_error *err);
bool key_sign(uint8_t out[SIGNATURE_MAX], size_t *out_size, EVP_PKEY *key, const void *message,
              size_t size);
bool key_sign_statement(uint8_t out[SIGNATURE_MAX], size_t *out_size, EVP_PKEY *key,
                        span statement);
bool key_verify_statement(const party_key *key, key_scratch *scratch, span statement,
                          span signature);

#endif
