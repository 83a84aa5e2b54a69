/*
 * ledger/keys/key_rows.c: who may sign, in the store.
 *
 * TABLE_KEYS
 *     key    party || 0x00 || key id (key_id_of)
 *     value  offset  bytes
 *                 0      8  entry number from which it is valid, big-endian
 *                 8      n  public key, 32 or 65 bytes by the ledger's suite
 *             8 + n      8  entry number from which it is not valid any more, big-endian
 *            16 + n      1  1 rotated, 2 revoked
 *     The last two are there only when it has ended.
 *
 * TABLE_META, one row a quorum of offline keys
 *     key    "quorum" || u64 BE entry that brought it
 *     value  u8 threshold || u8 bytes of a key || public keys
 *
 * Rows are added and ended, never taken away.
 */
#include <string.h>

#include "base/text.h"
#include "key_table.h"
#include "tables.h"

enum { ROW_KEY = 8, ROW_END_SIZE = 9, ROW_MAX = ROW_KEY + PUBLIC_KEY_MAX + ROW_END_SIZE };

static const char quorum_word[] = "quorum";
enum { QUORUM_WORD = sizeof quorum_word - 1, QUORUM_KEY = QUORUM_WORD + 8 };

typedef uint8_t row_key[AUTHOR_MAX + 1 + KEY_ID_SIZE];

static span make_key(row_key out, span party, const uint8_t id[KEY_ID_SIZE])
{
    memcpy(out, party.data, party.size);
    out[party.size] = 0;
    memcpy(out + party.size + 1, id, KEY_ID_SIZE);
    return span_of(out, party.size + 1 + KEY_ID_SIZE);
}

wf_status key_row_put(store_txn *txn, span party, const suite_public_key *public_key,
                      uint64_t valid_from, wf_error *err)
{
    row_key key;
    uint8_t row[ROW_MAX];
    uint8_t id[KEY_ID_SIZE];
    key_id_of(id, public_key);
    store_key_u64(row, valid_from);
    memcpy(row + ROW_KEY, public_key->bytes, public_key->size);
    return store_put(txn, TABLE_KEYS, make_key(key, party, id),
                     span_of(row, ROW_KEY + public_key->size), false, err);
}

wf_status key_row_end(store_txn *txn, span party, const uint8_t id[KEY_ID_SIZE],
                      uint64_t valid_until, enum key_end why, wf_error *err)
{
    row_key key;
    uint8_t row[ROW_MAX];
    span old;
    wf_status status = store_get(txn, TABLE_KEYS, make_key(key, party, id), &old, err);
    if (status != WF_OK)
        return status;
    if (old.data == NULL || old.size <= ROW_KEY || suite_of_size(old.size - ROW_KEY) == NULL)
        return wf_fail(err, WF_DAMAGED, _("table keys: the row of a valid key of %.*s is missing"),
                       (int)party.size, (const char *)party.data);
    size_t size = old.size;
    memcpy(row, old.data, size);
    store_key_u64(row + size, valid_until);
    row[size + 8] = (uint8_t)why;
    return store_put(txn, TABLE_KEYS, make_key(key, party, id), span_of(row, size + ROW_END_SIZE),
                     false, err);
}

wf_status quorum_row_put(store_txn *txn, uint64_t seq, const key_quorum *quorum, wf_error *err)
{
    uint8_t key[QUORUM_KEY];
    uint8_t row[2 + QUORUM_KEYS_MAX * PUBLIC_KEY_MAX];
    size_t size = 0;
    memcpy(key, quorum_word, QUORUM_WORD);
    store_key_u64(key + QUORUM_WORD, seq);
    row[size++] = (uint8_t)quorum->threshold;
    row[size++] = (uint8_t)quorum->keys[0].size;
    for (size_t i = 0; i < quorum->key_count; i++) {
        memcpy(row + size, quorum->keys[i].bytes, quorum->keys[i].size);
        size += quorum->keys[i].size;
    }
    return store_put(txn, TABLE_META, span_of(key, sizeof key), span_of(row, size), false, err);
}

/* A row as it stands in the table. */
typedef struct key_row {
    span party;
    const uint8_t *id;
    suite_public_key public_key;
    uint64_t valid_from, valid_until;
    enum key_end why;
} key_row;

static wf_status parse_row(key_row *out, span key, span row, wf_error *err)
{
    bool ended = false;
    uint8_t id[KEY_ID_SIZE];
    size_t size = row.size > ROW_KEY ? row.size - ROW_KEY : 0;
    if (suite_of_size(size) == NULL && size > ROW_END_SIZE) {
        size -= ROW_END_SIZE;
        ended = true;
    }
    if (key.size <= KEY_ID_SIZE + 1 || key.size > sizeof(row_key) || suite_of_size(size) == NULL)
        return wf_fail(err, WF_DAMAGED, _("table keys: a row of %zu and %zu bytes is not a key"),
                       key.size, row.size);
    *out = (key_row){.party = span_of(key.data, key.size - KEY_ID_SIZE - 1),
                     .id = key.data + key.size - KEY_ID_SIZE,
                     .valid_from = store_u64_key(row.data),
                     .valid_until = UINT64_MAX,
                     .why = KEY_STANDS};
    out->public_key.size = size;
    memcpy(out->public_key.bytes, row.data + ROW_KEY, size);
    if (ended) {
        out->valid_until = store_u64_key(row.data + ROW_KEY + size);
        out->why = row.data[row.size - 1] == KEY_ROTATED ? KEY_ROTATED : KEY_REVOKED;
    }
    wf_status status = key_check(suite_of_size(size), &out->public_key, err);
    if (status == WF_OK)
        key_id_of(id, &out->public_key);
    if (status != WF_OK || memcmp(id, out->id, KEY_ID_SIZE) != 0 ||
        (ended && row.data[row.size - 1] != (uint8_t)out->why))
        return wf_fail(err, WF_DAMAGED, _("table keys: a row of %.*s is not what its key says"),
                       (int)out->party.size, (const char *)out->party.data);
    return WF_OK;
}

static wf_status load_key(key_table *t, span key, span row, wf_error *err)
{
    key_row r;
    wf_status status = parse_row(&r, key, row, err);
    if (status == WF_OK)
        status = key_table_add(t, r.party, &r.public_key, 0, r.valid_from, err);
    if (status == WF_OK && r.why != KEY_STANDS)
        key_table_end(t, r.party, r.id, r.valid_until, r.why);
    return status;
}

static wf_status load_keys(key_table *t, store_txn *txn, wf_error *err)
{
    store_cursor *c = NULL;
    span key, row;
    wf_status status = store_cursor_open(&c, txn, TABLE_KEYS, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, (span){NULL, 0}, &key, &row, err);
    while (status == WF_OK && key.data != NULL) {
        status = load_key(t, key, row, err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    store_cursor_close(c);
    return status;
}

wf_status key_rows_operator(operator_key *out, store_txn *txn, uint64_t seq, wf_error *err)
{
    static const char prefix[] = OPERATOR_PARTY; /* with its zero: no longer name is meant */
    store_cursor *c = NULL;
    span key, row;
    key_row r;
    *out = (operator_key){.valid_from = 0};
    wf_status status = store_cursor_open(&c, txn, TABLE_KEYS, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, span_of(prefix, sizeof prefix), &key, &row, err);
    while (status == WF_OK && key.data != NULL && key.size > sizeof prefix &&
           memcmp(key.data, prefix, sizeof prefix) == 0) {
        status = parse_row(&r, key, row, err);
        if (status == WF_OK && r.valid_from <= seq && seq < r.valid_until) {
            out->public_key = r.public_key;
            out->valid_from = r.valid_from;
        }
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    store_cursor_close(c);
    if (status == WF_OK && out->public_key.size == 0)
        status = wf_fail(err, WF_DAMAGED,
                         _("table keys: the operator has no key that is valid at entry %llu"),
                         (unsigned long long)seq);
    return status;
}

static wf_status load_quorum(key_table *t, span key, span row, wf_error *err)
{
    key_quorum q = {0};
    size_t key_size = row.size > 2 ? row.data[1] : 0;
    if (key.size == QUORUM_KEY && suite_of_size(key_size) != NULL && (row.size - 2) % key_size == 0)
        q.key_count = (row.size - 2) / key_size;
    if (q.key_count == 0 || q.key_count > QUORUM_KEYS_MAX || row.data[0] == 0 ||
        row.data[0] > q.key_count)
        return wf_fail(err, WF_DAMAGED, _("table meta: a row of %zu bytes is not a quorum"),
                       row.size);
    q.threshold = row.data[0];
    for (size_t i = 0; i < q.key_count; i++) {
        q.keys[i].size = key_size;
        memcpy(q.keys[i].bytes, row.data + 2 + i * key_size, key_size);
    }
    return key_table_add_quorum(t, store_u64_key(key.data + QUORUM_WORD), &q, err);
}

static wf_status load_quorums(key_table *t, store_txn *txn, wf_error *err)
{
    store_cursor *c = NULL;
    span key, row;
    wf_status status = store_cursor_open(&c, txn, TABLE_META, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, span_of(quorum_word, QUORUM_WORD), &key, &row, err);
    while (status == WF_OK && key.data != NULL && key.size >= QUORUM_WORD &&
           memcmp(key.data, quorum_word, QUORUM_WORD) == 0) {
        status = load_quorum(t, key, row, err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    store_cursor_close(c);
    return status;
}

/* A key that begins at `size` was brought by the entry in front of it, or by the one there. */
static wf_status copy_key(store_txn *to, uint64_t size, const suite_public_key *brought, span key,
                          span row, wf_error *err)
{
    key_row r;
    wf_status status = parse_row(&r, key, row, err);
    if (status != WF_OK || r.valid_from > size ||
        (r.valid_from == size && (brought == NULL || !key_equal(brought, &r.public_key))))
        return status;
    size_t keep = r.valid_until > size ? ROW_KEY + r.public_key.size : row.size;
    return store_put(to, TABLE_KEYS, key, span_of(row.data, keep), false, err);
}

static wf_status copy_quorums(store_txn *from, store_txn *to, uint64_t size, wf_error *err)
{
    store_cursor *c = NULL;
    span key, row;
    wf_status status = store_cursor_open(&c, from, TABLE_META, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, span_of(quorum_word, QUORUM_WORD), &key, &row, err);
    while (status == WF_OK && key.size == QUORUM_KEY &&
           memcmp(key.data, quorum_word, QUORUM_WORD) == 0) {
        if (store_u64_key(key.data + QUORUM_WORD) < size)
            status = store_put(to, TABLE_META, key, row, false, err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    store_cursor_close(c);
    return status;
}

wf_status key_rows_copy(store_txn *from, store_txn *to, uint64_t size,
                        const suite_public_key *brought, wf_error *err)
{
    store_cursor *c = NULL;
    span key, row;
    wf_status status = store_cursor_open(&c, from, TABLE_KEYS, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, (span){NULL, 0}, &key, &row, err);
    while (status == WF_OK && key.data != NULL) {
        status = copy_key(to, size, brought, key, row, err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    store_cursor_close(c);
    return status == WF_OK ? copy_quorums(from, to, size, err) : status;
}

wf_status key_table_load(key_table *t, store_txn *txn, wf_error *err)
{
    wf_status status = WF_OK;
    pthread_mutex_lock(&t->loading);
    if (!t->loaded) {
        status = load_keys(t, txn, err);
        if (status == WF_OK)
            status = load_quorums(t, txn, err);
        t->loaded = status == WF_OK;
    }
    pthread_mutex_unlock(&t->loading);
    return status;
}
