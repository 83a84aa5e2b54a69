/*
 * ledger/group.c: what one write transaction enters, statement by statement.
 *
 * For each statement: the id is looked up, the layers above apply it, then the entry, its id and
 * its leaf are put. Nothing here is visible, or survives, before group_commit returned. A copy of
 * the tree and the head as they were committed makes an abort cheap and exact.
 *
 * Ids that are larger than all others need no lookup and are appended: callers choose ids that
 * grow with time (statement_id_make), which keeps the id table at the speed of a file.
 */
#include <string.h>

#include "archive.h"
#include "base/text.h"
#include "base/time.h"

static wf_status load_last_id(group *g, store_txn *txn, wf_error *err)
{
    store_cursor *c = NULL;
    span key, value;
    wf_status status = store_cursor_open(&c, txn, TABLE_IDS, err);
    if (status == WF_OK)
        status = store_cursor_last(c, &key, &value, err);
    if (status == WF_OK && key.size == STATEMENT_ID_SIZE)
        memcpy(g->committed_last_id, key.data, STATEMENT_ID_SIZE);
    store_cursor_close(c);
    return status;
}

wf_status group_init(group *g, ledger *l, wf_error *err)
{
    store_txn *txn = NULL;
    memset(g, 0, sizeof *g);
    g->l = l;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status != WF_OK)
        return status;
    status = head_get(&g->committed_head, txn, err);
    if (status == WF_OK)
        status = tree_load(&g->committed_tree, txn, l->suite->hash, g->committed_head.size, err);
    if (status == WF_OK)
        status = load_last_id(g, txn, err);
    store_abort(txn);
    return status;
}

void group_free(group *g)
{
    group_abort(g);
    buffer_free(&g->entry);
    buffer_free(&g->old);
    buffer_free(&g->statement);
    buffer_free(&g->record);
}

wf_status group_begin(group *g, wf_error *err)
{
    WF_ASSERT(g->txn == NULL);
    g->count = 0;
    g->operator_changed = false;
    g->tree = g->committed_tree;
    g->head = g->committed_head;
    memcpy(g->last_id, g->committed_last_id, sizeof g->last_id);
    g->now_ms = clock_now_ms();
    return store_begin(&g->txn, g->l->store, true, err);
}

/* *known: the id is there already. WF_REFUSED when it stands for something else. */
static wf_status look_up(group *g, const statement_view *view, bool *known, uint64_t *seq,
                         wf_error *err)
{
    span row, bytes;
    entry_view old;
    *known = false;
    if (memcmp(view->id, g->last_id, STATEMENT_ID_SIZE) > 0)
        return WF_OK;
    wf_status status =
        store_get(g->txn, TABLE_IDS, span_of(view->id, STATEMENT_ID_SIZE), &row, err);
    if (status != WF_OK || row.data == NULL)
        return status;
    if (row.size != 8)
        return wf_fail(err, WF_DAMAGED, _("table ids: a row of %zu bytes"), row.size);
    *seq = store_u64_key(row.data);
    status = ledger_fetch(g->l, g->txn, *seq, &g->old, &bytes, err);
    if (status != WF_OK)
        return status;
    if (bytes.data == NULL || entry_parse(&old, bytes, NULL) != WF_OK)
        return wf_fail(err, WF_DAMAGED, _("entry %llu is missing or damaged"),
                       (unsigned long long)*seq);
    if (!span_equal(old.statement, view->bytes))
        return wf_fail(err, WF_REFUSED,
                       _("the statement's id stands for entry %llu, which has other content"),
                       (unsigned long long)*seq);
    *known = true;
    return WF_OK;
}

wf_status group_append(group *g, const group_item *item, wf_error *err)
{
    ledger_head *head = &g->head;
    uint8_t key[8];
    hash leaf;
    entry_view entry = {.seq = head->size,
                        .time_ms = g->now_ms > head->last_time_ms ? g->now_ms : head->last_time_ms,
                        .prev_hash = head->last_leaf.bytes,
                        .statement = item->view->bytes,
                        .author_key = item->author_key,
                        .signature = item->signature};
    if (head->size == 0)
        entry.time_ms = g->now_ms;
    buffer_clear(&g->entry);
    entry_write(&g->entry, &entry);
    if (g->entry.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    WF_ASSERT(g->entry.size <= ENTRY_MAX);
    store_key_u64(key, entry.seq);
    wf_status status = store_put(g->txn, TABLE_ENTRIES, span_of(key, sizeof key),
                                 span_of(g->entry.data, g->entry.size), true, err);
    bool largest = memcmp(item->view->id, g->last_id, STATEMENT_ID_SIZE) > 0;
    if (status == WF_OK)
        status = store_put(g->txn, TABLE_IDS, span_of(item->view->id, STATEMENT_ID_SIZE),
                           span_of(key, sizeof key), largest, err);
    if (status != WF_OK)
        return status;
    if (largest)
        memcpy(g->last_id, item->view->id, STATEMENT_ID_SIZE);
    merkle_leaf(&leaf, g->l->suite->hash, g->entry.data, g->entry.size);
    head->size++;
    head->last_leaf = leaf;
    head->last_time_ms = entry.time_ms;
    g->count++;
    return tree_append(&g->tree, g->txn, &leaf, err);
}

/* A new key of the operator must be at hand, as nothing could be signed otherwise. */
static wf_status check_successor(const group *g, const key_change *change, wf_error *err)
{
    const signer *next = g->l->next_signer;
    if (next != NULL && key_equal(signer_public(next), &change->replacement))
        return WF_OK;
    return wf_fail(err, WF_REFUSED,
                   _("the operator's key is changed where the ledger is, with: wufei key rotate"));
}

/* What a system statement changes about keys. Others change no table of the ledger. */
static wf_status apply_system(group *g, const group_item *item, wf_error *err)
{
    system_record record;
    key_place at = {&g->l->keys, g->l->suite, g->l->genesis.origin, g->head.size};
    wf_status status = system_parse(&record, item->view->system, err);
    if (status != WF_OK || record.kind == SYSTEM_SEAL)
        return status;
    bool of_operator = (record.kind == SYSTEM_KEY_ROTATE || record.kind == SYSTEM_KEY_REVOKE) &&
                       strcmp(record.change.party, OPERATOR_PARTY) == 0;
    status = key_rules_check(&at, item->view->author, item->author_key, &record, err);
    if (status == WF_OK && record.kind == SYSTEM_RECOVERY) {
        hash root;
        tree_root(&root, &g->tree);
        return recovery_put(g->txn, g->head.size, &root, &record.recovery, err);
    }
    if (status == WF_OK && of_operator)
        status = check_successor(g, &record.change, err);
    if (status == WF_OK)
        status = key_rules_apply(&at, &record, err);
    if (status == WF_OK)
        status = key_rules_store(g->txn, &at, &record, err);
    WF_ASSERT(g->l->keys.loaded);
    g->operator_changed = status == WF_OK && of_operator;
    return status;
}

wf_status group_enter(group *g, const group_item *item, bool *already, uint64_t *seq, wf_error *err)
{
    const ledger_hooks *hooks = &g->l->hooks;
    wf_status status = look_up(g, item->view, already, seq, err);
    if (status == WF_REFUSED && hooks->conflict != NULL && item->record != NULL)
        hooks->conflict(hooks->ctx, g->txn, *seq, item->record, err);
    if (status != WF_OK || *already)
        return status;
    *seq = g->head.size;
    if (g->operator_changed) /* our own signatures of this transaction would be by the old key */
        return wf_fail(err, WF_REFUSED,
                       _("nothing stands behind a change of the operator's key in its commit"));
    if (item->view->system.data != NULL)
        status = apply_system(g, item, err);
    else if (hooks->apply != NULL)
        status = hooks->apply(hooks->ctx, g->txn, *seq, item->view, item->record,
                              span_equal(item->view->author, span_text(OPERATOR_PARTY)), err);
    if (status != WF_OK)
        return status;
    status = group_append(g, item, err);
    WF_ASSERT(status != WF_REFUSED);
    return status;
}

wf_status group_enter_system(group *g, const system_record *record, int64_t time_ms, bool *already,
                             uint64_t *seq, wf_error *err)
{
    uint8_t id[STATEMENT_ID_SIZE];
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    statement_view view;
    buffer_clear(&g->record);
    buffer_clear(&g->statement);
    system_write(&g->record, record);
    if (g->record.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    span body = span_of(g->record.data, g->record.size);
    statement_id_make(id, time_ms, &body, 1);
    view = (statement_view){.origin = span_text(g->l->genesis.origin),
                            .author = span_text(OPERATOR_PARTY),
                            .id = id,
                            .time_ms = time_ms,
                            .system = body};
    statement_write(&g->statement, &view);
    if (g->statement.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    view.bytes = span_of(g->statement.data, g->statement.size);
    if (g->l->signer == NULL)
        return wf_fail(err, WF_SYSTEM, _("the operator's key is not at hand"));
    wf_status status =
        signer_sign_statement(g->l->signer, view.bytes, signature, &signature_size, err);
    if (status != WF_OK)
        return status;
    group_item item = {&view, NULL, g->l->operator_id, span_of(signature, signature_size)};
    return group_enter(g, &item, already, seq, err);
}

wf_status group_commit(group *g, wf_error *err)
{
    const ledger_hooks *hooks = &g->l->hooks;
    wf_status status = WF_OK;
    WF_ASSERT(g->txn != NULL);
    if (hooks->before_commit != NULL)
        status = hooks->before_commit(hooks->ctx, g->txn, err);
    if (status == WF_OK)
        status = tree_flush(&g->tree, g->txn, err);
    tree_root(&g->head.root, &g->tree);
    if (status == WF_OK)
        status = head_put(g->txn, &g->head, err);
    if (status != WF_OK) {
        group_abort(g);
        return status;
    }
    status = store_commit(g->txn, err);
    g->txn = NULL;
    if (status == WF_OK) {
        g->committed_tree = g->tree;
        g->committed_head = g->head;
        memcpy(g->committed_last_id, g->last_id, sizeof g->last_id);
        if (g->operator_changed)
            ledger_take_next_signer(g->l);
    } else {
        key_table_forget(&g->l->keys, g->committed_head.size);
    }
    if (hooks->after_end != NULL)
        hooks->after_end(hooks->ctx, status == WF_OK);
    return status;
}

void group_abort(group *g)
{
    const ledger_hooks *hooks = &g->l->hooks;
    if (g->txn == NULL)
        return;
    store_abort(g->txn);
    g->txn = NULL;
    key_table_forget(&g->l->keys, g->committed_head.size);
    if (hooks->after_end != NULL)
        hooks->after_end(hooks->ctx, false);
}
