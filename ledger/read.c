/*
 * ledger/read.c: entries out, each compared with its leaf hash in the tree.
 */
#include <string.h>

#include "archive.h"
#include "base/text.h"

static wf_status check_leaf(const ledger *l, store_txn *txn, uint64_t seq, span bytes,
                            wf_error *err)
{
    hash leaf, stored;
    tile_reader reader = {txn, l->suite->hash, err, NULL};
    merkle_leaf(&leaf, l->suite->hash, bytes.data, bytes.size);
    if (!tile_read_hash(&reader, &stored, 0, seq))
        return wf_error_prefix(err, _("entry %llu"), (unsigned long long)seq);
    if (!hash_equal(&leaf, &stored))
        return wf_fail(err, WF_DAMAGED,
                       _("entry %llu: its bytes are not those that the tree holds the hash of; "
                         "restore the ledger from a backup"),
                       (unsigned long long)seq);
    return WF_OK;
}

wf_status entry_check(const ledger *l, store_txn *txn, uint64_t seq, span bytes, entry_view *view,
                      wf_error *err)
{
    wf_status status = check_leaf(l, txn, seq, bytes, err);
    if (status == WF_OK && (entry_parse(view, bytes, NULL) != WF_OK || view->seq != seq))
        status = wf_fail(err, WF_DAMAGED, _("entry %llu is not an entry, or not of this number"),
                         (unsigned long long)seq);
    return status;
}

static wf_status not_there(store_txn *txn, uint64_t seq, wf_error *err)
{
    ledger_head head;
    wf_status status = head_get(&head, txn, err);
    if (status != WF_OK)
        return status;
    if (seq >= head.size)
        return wf_fail(err, WF_USAGE, _("entry %llu: the ledger has %llu entries, from 0 on"),
                       (unsigned long long)seq, (unsigned long long)head.size);
    return wf_fail(err, WF_DAMAGED, _("entry %llu is missing"), (unsigned long long)seq);
}

wf_status ledger_read_into(ledger *l, store_txn *txn, uint64_t seq, buffer *room, span *out,
                           entry_view *view, wf_error *err)
{
    span bytes;
    entry_view parsed;
    wf_error of_tile = {0};
    bool archived = false;
    wf_status status = ledger_fetch(l, txn, seq, room, &bytes, err);
    if (status != WF_OK)
        return status;
    if (bytes.data == NULL)
        return not_there(txn, seq, err);
    status = entry_check(l, txn, seq, bytes, &parsed, err);
    /* An archived entry gets its prev_hash from the tile, where the damage may be. */
    if (status == WF_DAMAGED &&
        ledger_fetch_again(l, txn, seq, &archived, &bytes, &of_tile) == WF_OK && archived)
        status = entry_check(l, txn, seq, bytes, &parsed, &of_tile);
    if (status != WF_OK)
        return status;
    if (out != NULL)
        *out = bytes;
    if (view != NULL)
        *view = parsed;
    return WF_OK;
}

wf_status ledger_read(ledger *l, store_txn *txn, uint64_t seq, span *out, entry_view *view,
                      wf_error *err)
{
    return ledger_read_into(l, txn, seq, NULL, out, view, err);
}

wf_status ledger_peek(ledger *l, store_txn *txn, uint64_t seq, span *out, wf_error *err)
{
    return ledger_fetch(l, txn, seq, NULL, out, err);
}

wf_status ledger_find(ledger *l, store_txn *txn, const uint8_t *id, bool *found, uint64_t *seq,
                      wf_error *err)
{
    span row;
    (void)l;
    *found = false;
    wf_status status = store_get(txn, TABLE_IDS, span_of(id, STATEMENT_ID_SIZE), &row, err);
    if (status != WF_OK || row.data == NULL)
        return status;
    if (row.size != 8)
        return wf_fail(err, WF_DAMAGED, _("table ids: a row of %zu bytes"), row.size);
    *seq = store_u64_key(row.data);
    *found = l->at == 0 || *seq < l->at;
    return WF_OK;
}
