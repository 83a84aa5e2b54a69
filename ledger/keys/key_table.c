/*
 * ledger/keys/key_table.c: who may sign, in memory: the keys of every party and the quorums of
 * offline keys, each with the entries between which it counts.
 *
 * Workers look up while the writer adds. Keys never leave a table: what an aborted transaction
 * brought is put aside (others may hold it still) and freed with the table.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "key_table.h"

void key_table_init(key_table *t)
{
    memset(t, 0, sizeof *t);
    pthread_rwlock_init(&t->lock, NULL);
    pthread_mutex_init(&t->loading, NULL);
}

static void free_keys(party_key *key)
{
    while (key != NULL) {
        party_key *next = key->next;
        EVP_PKEY_free(key->pkey);
        free(key);
        key = next;
    }
}

static void free_quorums(quorum_row *row)
{
    while (row != NULL) {
        quorum_row *next = row->next;
        free(row);
        row = next;
    }
}

void key_table_free(key_table *t)
{
    for (size_t i = 0; i < KEY_BUCKETS; i++)
        free_keys(t->buckets[i]);
    free_keys(t->forgotten);
    free_quorums(t->quorums);
    free_quorums(t->forgotten_quorums);
    pthread_mutex_destroy(&t->loading);
    pthread_rwlock_destroy(&t->lock);
}

static size_t bucket_of(span party)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < party.size; i++)
        h = (h ^ party.data[i]) * 16777619U;
    return h % KEY_BUCKETS;
}

wf_status key_table_add(key_table *t, span party, const suite_public_key *public_key,
                        uint64_t entered, uint64_t valid_from, wf_error *err)
{
    const suite *s = suite_of_size(public_key->size);
    WF_ASSERT(party.size <= AUTHOR_MAX && s != NULL);
    party_key *key = calloc(1, sizeof *key);
    if (key != NULL)
        key->pkey = suite_key(s, public_key->bytes);
    if (key == NULL || key->pkey == NULL) {
        free(key);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    memcpy(key->party, party.data, party.size);
    key->party_size = party.size;
    key->suite = s;
    key_id_of(key->id, public_key);
    key->public_key = *public_key;
    key->entered = entered;
    key->valid_from = valid_from;
    atomic_init(&key->valid_until, UINT64_MAX);
    pthread_rwlock_wrlock(&t->lock);
    party_key **bucket = &t->buckets[bucket_of(party)];
    key->next = *bucket;
    *bucket = key;
    pthread_rwlock_unlock(&t->lock);
    return WF_OK;
}

bool key_table_end(key_table *t, span party, const uint8_t id[KEY_ID_SIZE], uint64_t valid_until,
                   enum key_end why)
{
    party_key *key = key_table_find(t, party, id);
    if (key == NULL)
        return false;
    key->why = why; /* read by whoever saw the number below, or by the writer alone */
    atomic_store(&key->valid_until, valid_until);
    return true;
}

wf_status key_table_add_quorum(key_table *t, uint64_t seq, const key_quorum *quorum, wf_error *err)
{
    quorum_row *row = calloc(1, sizeof *row);
    if (row == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    row->seq = seq;
    row->threshold = quorum->threshold;
    row->key_count = quorum->key_count;
    memcpy(row->keys, quorum->keys, sizeof row->keys);
    pthread_rwlock_wrlock(&t->lock);
    row->next = t->quorums;
    t->quorums = row;
    pthread_rwlock_unlock(&t->lock);
    return WF_OK;
}

/* What was brought by entries from `from_seq` on. A change at an entry ends a key behind it. */
static void forget_keys(key_table *t, party_key **bucket, uint64_t from_seq)
{
    for (party_key **at = bucket; *at != NULL;) {
        party_key *key = *at;
        uint64_t until = atomic_load(&key->valid_until);
        if (until != UINT64_MAX && until > from_seq)
            atomic_store(&key->valid_until, UINT64_MAX);
        if (key->entered < from_seq) {
            at = &key->next;
            continue;
        }
        *at = key->next;
        atomic_store(&key->forgotten, true);
        key->next = t->forgotten;
        t->forgotten = key;
    }
}

void key_table_forget(key_table *t, uint64_t from_seq)
{
    pthread_rwlock_wrlock(&t->lock);
    for (size_t i = 0; i < KEY_BUCKETS; i++)
        forget_keys(t, &t->buckets[i], from_seq);
    while (t->quorums != NULL && t->quorums->seq >= from_seq) {
        quorum_row *row = t->quorums;
        t->quorums = row->next;
        row->next = t->forgotten_quorums;
        t->forgotten_quorums = row;
    }
    pthread_rwlock_unlock(&t->lock);
}

const party_key *key_table_next(key_table *t, span party, const party_key *after)
{
    pthread_rwlock_rdlock(&t->lock);
    const party_key *key = NULL;
    if (after == NULL)
        key = t->buckets[bucket_of(party)];
    else if (!atomic_load(&after->forgotten)) /* else its next leads elsewhere */
        key = after->next;
    while (key != NULL &&
           (key->party_size != party.size || memcmp(key->party, party.data, party.size) != 0))
        key = key->next;
    pthread_rwlock_unlock(&t->lock);
    return key;
}

party_key *key_table_find(key_table *t, span party, const uint8_t id[KEY_ID_SIZE])
{
    for (const party_key *key = key_table_next(t, party, NULL); key != NULL;
         key = key_table_next(t, party, key))
        if (memcmp(key->id, id, KEY_ID_SIZE) == 0)
            return (party_key *)(uintptr_t)key;
    return NULL;
}

bool key_is_valid(const party_key *key, uint64_t seq)
{
    return key->valid_from <= seq && seq < atomic_load(&key->valid_until);
}

const party_key *key_table_operator(key_table *t, uint64_t seq)
{
    span party = span_text(OPERATOR_PARTY);
    for (const party_key *key = key_table_next(t, party, NULL); key != NULL;
         key = key_table_next(t, party, key))
        if (key_is_valid(key, seq))
            return key;
    return NULL;
}

const quorum_row *key_table_quorum(key_table *t, uint64_t seq)
{
    pthread_rwlock_rdlock(&t->lock);
    const quorum_row *row = t->quorums;
    while (row != NULL && row->seq >= seq)
        row = row->next;
    pthread_rwlock_unlock(&t->lock);
    return row;
}

const party_key *key_table_find_signer(key_table *t, key_scratch *scratch, span party,
                                       span statement, span signature, uint64_t seq)
{
    for (const party_key *key = key_table_next(t, party, NULL); key != NULL;
         key = key_table_next(t, party, key)) {
        if ((seq == SEQ_ANY || key_is_valid(key, seq)) &&
            key_verify_statement(key, scratch, statement, signature))
            return key;
    }
    return NULL;
}
