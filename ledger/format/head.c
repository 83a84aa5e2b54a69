/*
 * ledger/format/head.c: the row "head" of TABLE_META: where the log ends. Written in every commit.
 *
 *     offset  bytes
 *          0      8  size, entries in the log, big-endian
 *          8     32  leaf hash of the last entry
 *         40      8  time of the last entry, milliseconds, big-endian two's complement
 *         48     32  root of the tree of `size` leaves
 */
#include <string.h>

#include "base/text.h"
#include "head.h"
#include "tables.h"

enum { AT_SIZE = 0, AT_LEAF = 8, AT_TIME = 40, AT_ROOT = 48, HEAD_SIZE = 80 };

static const char key[] = "head";

wf_status head_get(ledger_head *out, store_txn *txn, wf_error *err)
{
    span row;
    wf_status status = store_get(txn, TABLE_META, span_text(key), &row, err);
    if (status != WF_OK)
        return status;
    if (row.data == NULL || row.size != HEAD_SIZE)
        return wf_fail(err, WF_DAMAGED, _("the store's head row has %zu bytes, %d were expected"),
                       row.size, HEAD_SIZE);
    out->size = store_u64_key(row.data + AT_SIZE);
    memcpy(out->last_leaf.bytes, row.data + AT_LEAF, HASH_SIZE);
    out->last_time_ms = (int64_t)store_u64_key(row.data + AT_TIME);
    memcpy(out->root.bytes, row.data + AT_ROOT, HASH_SIZE);
    return WF_OK;
}

wf_status head_put(store_txn *txn, const ledger_head *head, wf_error *err)
{
    uint8_t row[HEAD_SIZE];
    store_key_u64(row + AT_SIZE, head->size);
    memcpy(row + AT_LEAF, head->last_leaf.bytes, HASH_SIZE);
    store_key_u64(row + AT_TIME, (uint64_t)head->last_time_ms);
    memcpy(row + AT_ROOT, head->root.bytes, HASH_SIZE);
    return store_put(txn, TABLE_META, span_text(key), span_of(row, sizeof row), false, err);
}
