/*
 * ledger/recovery.c: how often, and from where, the log was put back from a backup.
 *
 * Rows of TABLE_META, written with the entry that records the recovery:
 *     key      "recovery", u64 BE seq of that entry, which is also the size that was restored
 *     value    u8 1 when a later checkpoint was known, its size u64 BE, its root (41 bytes)
 *
 * The root that was restored is not kept: it is the tree's at that size.
 */
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

static const char word[] = "recovery";
enum { WORD_SIZE = sizeof word - 1, KEY_SIZE = WORD_SIZE + 8, ROW_SIZE = 1 + 8 + HASH_SIZE };

static span make_key(uint8_t out[KEY_SIZE], uint64_t seq)
{
    memcpy(out, word, WORD_SIZE);
    store_key_u64(out + WORD_SIZE, seq);
    return span_of(out, KEY_SIZE);
}

static void make_row(uint8_t out[ROW_SIZE], const recovery *r)
{
    memset(out, 0, ROW_SIZE);
    if (!r->last_known)
        return;
    out[0] = 1;
    store_key_u64(out + 1, r->last_size);
    memcpy(out + 9, r->last_root.bytes, HASH_SIZE);
}

wf_status recovery_put(store_txn *txn, uint64_t seq, const hash *root, const recovery *r,
                       wf_error *err)
{
    uint8_t key[KEY_SIZE], row[ROW_SIZE];
    if (r->restored_size != seq || !hash_equal(&r->restored_root, root))
        return wf_fail(err, WF_REFUSED,
                       _("a recovery of %llu entries does not belong at entry %llu, or the log "
                         "before it is another one"),
                       (unsigned long long)r->restored_size, (unsigned long long)seq);
    make_row(row, r);
    return store_put(txn, TABLE_META, make_key(key, seq), span_of(row, sizeof row), false, err);
}

wf_status recovery_check(const ledger *l, store_txn *txn, uint64_t seq, const recovery *r,
                         wf_error *err)
{
    uint8_t key[KEY_SIZE], row[ROW_SIZE];
    span stored;
    hash root;
    tile_reader reader = {txn, l->suite->hash, err, NULL};
    wf_status status = store_get(txn, TABLE_META, make_key(key, seq), &stored, err);
    if (status != WF_OK)
        return status;
    if (!merkle_root_at(&root, l->suite->hash, seq, tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("%s: the tree cannot be read at %llu entries"), l->dir,
                       (unsigned long long)seq);
    make_row(row, r);
    if (r->restored_size != seq || !hash_equal(&r->restored_root, &root) ||
        !span_equal(stored, span_of(row, sizeof row)))
        return wf_fail(err, WF_DAMAGED,
                       _("entry %llu: it records a recovery of %llu entries that is not what the "
                         "tree or the table of recoveries says"),
                       (unsigned long long)seq, (unsigned long long)r->restored_size);
    return WF_OK;
}

wf_status recovery_next(store_txn *txn, uint64_t from, bool *found, recovery *out, wf_error *err)
{
    uint8_t key[KEY_SIZE];
    span at, row;
    store_cursor *c = NULL;
    *found = false;
    *out = (recovery){0};
    wf_status status = store_cursor_open(&c, txn, TABLE_META, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, make_key(key, from), &at, &row, err);
    if (status == WF_OK && at.size == KEY_SIZE && memcmp(at.data, word, WORD_SIZE) == 0) {
        if (row.size != ROW_SIZE || row.data[0] > 1) {
            status = wf_fail(err, WF_DAMAGED, _("table meta: the row of a recovery has %zu bytes"),
                             row.size);
        } else {
            *found = true;
            out->restored_size = store_u64_key(at.data + WORD_SIZE);
            out->last_known = row.data[0] == 1;
            out->last_size = store_u64_key(row.data + 1);
            memcpy(out->last_root.bytes, row.data + 9, HASH_SIZE);
        }
    }
    store_cursor_close(c);
    return status;
}

wf_status ledger_next_recovery(ledger *l, uint64_t from, bool *found, ledger_recovery *out,
                               wf_error *err)
{
    store_txn *txn = NULL;
    recovery r = {0};
    *found = false;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = recovery_next(txn, from, found, &r, err);
    store_abort(txn);
    *out = (ledger_recovery){r.restored_size, r.last_known, r.last_size};
    return status;
}
