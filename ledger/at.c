/*
 * ledger/at.c: a ledger opened for reading that stands at an earlier size.
 *
 * The log of then is the beginning of the log of now: entries, ids, tiles and archive are read from
 * the ledger's store and not looked at beyond the size. The head row, the keys and the book's
 * tables of then are in a scratch store that lies over it (store_lay_over). What the log says of
 * then stands under what is signed now: the tree of then must be a beginning of the tree that was
 * signed.
 *
 * The signature of then is not kept, and none is made anew: a checkpoint of then has none, unless
 * it is the last one that was signed or witnessed.
 */
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/text.h"

/* The head row of then, and the key that the last entry brought, if it did. */
static wf_status read_head(ledger *l, store_txn *txn, uint64_t size, ledger_head *out,
                           suite_public_key *brought, wf_error *err)
{
    entry_view last;
    statement_view statement;
    system_record record;
    span bytes;
    tile_reader reader = {txn, l->suite->hash, err, NULL};
    *brought = (suite_public_key){0};
    wf_status status = ledger_read(l, txn, size - 1, &bytes, &last, err);
    if (status != WF_OK)
        return status;
    *out = (ledger_head){.size = size, .last_time_ms = last.time_ms};
    merkle_leaf(&out->last_leaf, reader.kind, bytes.data, bytes.size);
    if (!merkle_root_at(&out->root, reader.kind, size, tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("%s: the tree cannot be read at %llu entries"), l->dir,
                       (unsigned long long)size);
    if (statement_parse(&statement, last.statement, NULL) == WF_OK &&
        statement.system.data != NULL && system_parse(&record, statement.system, NULL) == WF_OK &&
        (record.kind == SYSTEM_KEY_ROTATE || record.kind == SYSTEM_KEY_REVOKE))
        *brought = record.change.replacement;
    return WF_OK;
}

/* The rows of the recoveries that the log recorded by then. */
static wf_status copy_recoveries(store_txn *from, store_txn *to, uint64_t size, wf_error *err)
{
    recovery r = {0};
    bool found = true;
    wf_status status = WF_OK;
    for (uint64_t at = 0; status == WF_OK && found; at = r.restored_size + 1) {
        status = recovery_next(from, at, &found, &r, err);
        found = found && r.restored_size < size;
        if (status == WF_OK && found)
            status = recovery_put(to, r.restored_size, &r.restored_root, &r, err);
    }
    return status;
}

static wf_status write_rows(ledger *l, store_txn *from, store_txn *to, uint64_t size,
                            operator_key *then, wf_error *err)
{
    ledger_head head;
    suite_public_key brought;
    wf_status status = read_head(l, from, size, &head, &brought, err);
    if (status == WF_OK)
        status = key_rows_copy(from, to, size, brought.size > 0 ? &brought : NULL, err);
    if (status == WF_OK)
        status = copy_recoveries(from, to, size, err);
    if (status == WF_OK)
        status = head_put(to, &head, err);
    return status == WF_OK ? key_rows_operator(then, to, size, err) : status;
}

wf_status ledger_stand_at(ledger *l, store *scratch, uint64_t size, wf_error *err)
{
    store_txn *from = NULL, *to = NULL;
    operator_key then;
    uint64_t below = 0;
    WF_ASSERT(l->read_only && l->at == 0 && size > 0);
    wf_status status = store_begin(&from, l->store, false, err);
    if (status == WF_OK)
        status = store_begin(&to, scratch, true, err);
    if (status == WF_OK)
        status = write_rows(l, from, to, size, &then, err);
    store_abort(from);
    if (status != WF_OK) {
        store_abort(to);
        return status;
    }
    status = store_commit(to, err);
    if (status != WF_OK)
        return status;
    ledger_take_operator_key(l, &then.public_key);
    for (unsigned table = 0; table < LEDGER_TABLES; table++)
        if (table != TABLE_META && table != TABLE_KEYS)
            below |= UINT64_C(1) << table;
    store_lay_over(scratch, l->store, below);
    l->whole = l->store;
    l->store = scratch;
    l->at = size;
    return WF_OK;
}

wf_status at_checkpoint(ledger *l, store_txn *txn, checkpoint *c, char **text, wf_error *err)
{
    enum { UNSIGNED_MAX = NOTE_NAME_MAX + 128 };
    ledger_head head;
    checkpoint of_then = {0};
    char *witnessed = NULL;
    if (l->at == 0 || c->size == l->at)
        return WF_OK;
    wf_status status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = witnessed_read_if(l, txn, &head, &of_then, &witnessed, err);
    if (witnessed != NULL && of_then.size == l->at) {
        free(*text);
        *text = witnessed;
        *c = of_then;
        return WF_OK;
    }
    free(witnessed);
    if (status != WF_OK)
        return status;
    of_then = (checkpoint){.size = head.size, .root = head.root};
    strcpy(of_then.origin, l->genesis.origin);
    char *plain = calloc(1, UNSIGNED_MAX);
    if (plain == NULL || checkpoint_format(plain, UNSIGNED_MAX - 1, &of_then) == 0) {
        free(plain);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    free(*text);
    *text = plain;
    *c = of_then;
    return WF_OK;
}
