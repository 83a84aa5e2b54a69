/*
 * ledger/format/head.h: the row "head" of TABLE_META: how far the log goes.
 */
#ifndef LEDGER_HEAD_H
#define LEDGER_HEAD_H

#include "merkle.h"
#include "store.h"

typedef struct ledger_head {
    uint64_t size;
    hash last_leaf;
    int64_t last_time_ms;
    hash root;
} ledger_head;

wf_status head_get(ledger_head *out, store_txn *txn, wf_error *err);
wf_status head_put(store_txn *txn, const ledger_head *head, wf_error *err);

#endif
