/*
 * ledger/key_table.c: who may sign: the table of keys, in the store and in memory.
 *
 * TABLE_KEYS
 *     key    party || 0x00 || key id (first 8 bytes of the suite's hash of the public key)
 *     value  u64 BE entry number from which it is valid || public key
 *
 * A signature is judged against the keys valid at its place: rows are added, never taken away.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

enum { KEY_ROW_MAX = 8 + PUBLIC_KEY_MAX };

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

void key_table_free(key_table *t)
{
    for (size_t i = 0; i < KEY_BUCKETS; i++)
        free_keys(t->buckets[i]);
    free_keys(t->forgotten);
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
                        uint64_t valid_from, wf_error *err)
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
    key->valid_from = valid_from;
    pthread_rwlock_wrlock(&t->lock);
    party_key **bucket = &t->buckets[bucket_of(party)];
    key->next = *bucket;
    *bucket = key;
    pthread_rwlock_unlock(&t->lock);
    return WF_OK;
}

void key_table_forget(key_table *t, uint64_t from_seq)
{
    pthread_rwlock_wrlock(&t->lock);
    for (size_t i = 0; i < KEY_BUCKETS; i++) {
        for (party_key **at = &t->buckets[i]; *at != NULL;) {
            party_key *key = *at;
            if (key->valid_from < from_seq) {
                at = &key->next;
                continue;
            }
            *at = key->next;
            atomic_store(&key->forgotten, true);
            key->next = t->forgotten;
            t->forgotten = key;
        }
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

const party_key *key_table_find_signer(key_table *t, key_scratch *scratch, span party,
                                       span statement, span signature, uint64_t seq)
{
    for (const party_key *key = key_table_next(t, party, NULL); key != NULL;
         key = key_table_next(t, party, key)) {
        if (key->valid_from <= seq && key_verify_statement(key, scratch, statement, signature))
            return key;
    }
    return NULL;
}

wf_status key_row_put(store_txn *txn, span party, const suite_public_key *public_key,
                      uint64_t valid_from, wf_error *err)
{
    uint8_t key[AUTHOR_MAX + 1 + KEY_ID_SIZE];
    uint8_t row[KEY_ROW_MAX];
    memcpy(key, party.data, party.size);
    key[party.size] = 0;
    key_id_of(key + party.size + 1, public_key);
    store_key_u64(row, valid_from);
    memcpy(row + 8, public_key->bytes, public_key->size);
    span key_span = span_of(key, party.size + 1 + KEY_ID_SIZE);
    span old;
    wf_status status = store_get(txn, TABLE_KEYS, key_span, &old, err);
    if (status != WF_OK)
        return status;
    if (old.data != NULL)
        return wf_fail(err, WF_REFUSED, _("this key of %.*s is known already, since entry %llu"),
                       (int)party.size, (const char *)party.data,
                       (unsigned long long)(old.size >= 8 ? store_u64_key(old.data) : 0));
    return store_put(txn, TABLE_KEYS, key_span, span_of(row, 8 + public_key->size), false, err);
}

static wf_status load_rows(key_table *t, store_cursor *c, wf_error *err)
{
    span key, row;
    suite_public_key public_key;
    wf_status status = store_cursor_seek(c, (span){NULL, 0}, &key, &row, err);
    while (status == WF_OK && key.data != NULL) {
        if (key.size <= KEY_ID_SIZE + 1 || key.size > AUTHOR_MAX + 1 + KEY_ID_SIZE ||
            row.size < 8 || suite_of_size(row.size - 8) == NULL)
            return wf_fail(err, WF_DAMAGED,
                           _("table keys: a row of %zu and %zu bytes is not a key"), key.size,
                           row.size);
        public_key.size = row.size - 8;
        memcpy(public_key.bytes, row.data + 8, public_key.size);
        status = key_table_add(t, span_of(key.data, key.size - KEY_ID_SIZE - 1), &public_key,
                               store_u64_key(row.data), err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    return status;
}

wf_status key_table_load(key_table *t, store_txn *txn, wf_error *err)
{
    store_cursor *c = NULL;
    wf_status status = WF_OK;
    pthread_mutex_lock(&t->loading);
    if (!t->loaded) {
        status = store_cursor_open(&c, txn, TABLE_KEYS, err);
        if (status == WF_OK)
            status = load_rows(t, c, err);
        store_cursor_close(c);
        t->loaded = status == WF_OK;
    }
    pthread_mutex_unlock(&t->loading);
    return status;
}
