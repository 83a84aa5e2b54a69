/*
 * ledger/store/store_lmdb_rows.c: rows put and got, one by one and by cursor, with their checks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store_check.h"
#include "store_lmdb.h"
#include "store_trace.h"

struct store_cursor {
    store *owner;
    unsigned table;
    MDB_cursor *cursor; /* NULL: the table is not there, so there is nothing in it */
    bool snapshot;      /* of a read transaction: nothing changes under it, pointers stay */
    bool from_first;    /* it has come all the way from the first row */
    uint64_t passed;    /* rows, since then */
    MDB_val last;       /* the key it is at */
};

static MDB_val val_of(span bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

static span span_of_val(MDB_val val)
{
    return span_of(val.mv_data, val.mv_size);
}

/* What is stored under a key as what was put there. */
static wf_status take_value(const store *s, unsigned table, MDB_val key, MDB_val stored, span *out,
                            wf_error *err)
{
    *out = span_of_val(stored);
    if (!store_has_check(s, table) || store_check_take(out, s->seeds[table], span_of_val(key)))
        return WF_OK;
    *out = (span){NULL, 0};
    return store_fail_damaged(s, table, err);
}

wf_status store_get(store_txn *txn, unsigned table, span key, span *out, wf_error *err)
{
    txn = store_txn_with(txn, table);
    MDB_dbi dbi = store_dbi(txn->owner, table);
    MDB_val k = val_of(key);
    MDB_val value = {0, NULL};
    *out = (span){NULL, 0};
    if (dbi == STORE_NO_TABLE)
        return WF_OK;
    int code = mdb_get(txn->txn, dbi, &k, &value);
    if (code == MDB_NOTFOUND)
        return WF_OK;
    if (code != 0)
        return store_fail(txn->owner, code, store_table_name(txn->owner, table), err);
    return take_value(txn->owner, table, k, value, out, err);
}

static int put(store_txn *txn, unsigned table, span key, span value, unsigned flags)
{
    const store *s = txn->owner;
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    if (!store_has_check(s, table))
        return mdb_put(txn->txn, s->tables[table], &k, &v, flags);
    v.mv_size += STORE_CHECK_SIZE;
    int code = mdb_put(txn->txn, s->tables[table], &k, &v, flags | MDB_RESERVE);
    if (code != 0)
        return code;
    if (value.size > 0)
        memcpy(v.mv_data, value.data, value.size);
    store_check_put((uint8_t *)v.mv_data + value.size, s->seeds[table], key, value);
    return 0;
}

wf_status store_put(store_txn *txn, unsigned table, span key, span value, bool append,
                    wf_error *err)
{
    store *s = txn->owner;
    WF_ASSERT(table < s->count && txn->write && key.size > 0 && key.size <= STORE_KEY_MAX);
    int code = put(txn, table, key, value, append ? MDB_APPEND : 0);
    if (code == MDB_KEYEXIST && append) /* it was not the largest after all */
        code = put(txn, table, key, value, 0);
    if (code != 0)
        return store_fail(s, code, store_table_name(s, table), err);
    if (s->trace != NULL)
        store_trace_write(s->trace, STORE_TRACE_PUT, table, key, value.size, append);
    return WF_OK;
}

wf_status store_delete(store_txn *txn, unsigned table, span key, wf_error *err)
{
    store *s = txn->owner;
    MDB_val k = val_of(key);
    WF_ASSERT(txn->write);
    int code = mdb_del(txn->txn, store_dbi(s, table), &k, NULL);
    if (code != 0 && code != MDB_NOTFOUND)
        return store_fail(s, code, store_table_name(s, table), err);
    if (s->trace != NULL && code == 0)
        store_trace_write(s->trace, STORE_TRACE_DELETE, table, key, 0, false);
    return WF_OK;
}

wf_status store_clear(store_txn *txn, unsigned table, wf_error *err)
{
    store *s = txn->owner;
    WF_ASSERT(txn->write);
    int code = mdb_drop(txn->txn, store_dbi(s, table), 0);
    if (code != 0)
        return store_fail(s, code, store_table_name(s, table), err);
    if (s->trace != NULL)
        store_trace_write(s->trace, STORE_TRACE_CLEAR, table, (span){NULL, 0}, 0, false);
    return WF_OK;
}

/* ---- cursors --------------------------------------------------------------------------------- */

wf_status store_cursor_open(store_cursor **out, store_txn *txn, unsigned table, wf_error *err)
{
    txn = store_txn_with(txn, table);
    MDB_dbi dbi = store_dbi(txn->owner, table);
    *out = NULL;
    store_cursor *c = calloc(1, sizeof *c);
    if (c == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    c->owner = txn->owner;
    c->table = table;
    c->snapshot = !txn->write;
    if (dbi != STORE_NO_TABLE) {
        int code = mdb_cursor_open(txn->txn, dbi, &c->cursor);
        if (code != 0) {
            free(c);
            return store_fail(txn->owner, code, store_table_name(txn->owner, table), err);
        }
    }
    *out = c;
    return WF_OK;
}

/* Damage of a page can lose rows or bring others in: a walk over all rows counts them, and each key
   is larger than the one before. Only where nothing is written meanwhile. */
static wf_status check_walk(store_cursor *c, MDB_cursor_op op, int code, MDB_val key, wf_error *err)
{
    MDB_stat stat;
    if (!c->snapshot)
        return WF_OK;
    if (op == MDB_FIRST)
        c->passed = 0;
    c->from_first = op == MDB_FIRST || (op == MDB_NEXT && c->from_first);
    if (code == MDB_NOTFOUND) {
        bool all = !c->from_first ||
                   mdb_stat(mdb_cursor_txn(c->cursor), mdb_cursor_dbi(c->cursor), &stat) != 0 ||
                   stat.ms_entries == c->passed;
        return all ? WF_OK : store_fail_damaged(c->owner, c->table, err);
    }
    size_t both = key.mv_size < c->last.mv_size ? key.mv_size : c->last.mv_size;
    if (op == MDB_NEXT && c->last.mv_data != NULL) {
        int order = memcmp(c->last.mv_data, key.mv_data, both);
        if (order > 0 || (order == 0 && c->last.mv_size >= key.mv_size))
            return store_fail_damaged(c->owner, c->table, err);
    }
    c->passed++;
    c->last = key;
    return WF_OK;
}

static wf_status move(store_cursor *c, MDB_cursor_op op, MDB_val key, span *key_out,
                      span *value_out, wf_error *err)
{
    MDB_val value = {0, NULL};
    *key_out = *value_out = (span){NULL, 0};
    if (c->cursor == NULL)
        return WF_OK;
    int code = mdb_cursor_get(c->cursor, &key, &value, op);
    if (code != 0 && code != MDB_NOTFOUND)
        return store_fail(c->owner, code, _("cannot be read"), err);
    wf_status status =
        store_has_check(c->owner, c->table) ? check_walk(c, op, code, key, err) : WF_OK;
    if (status == WF_OK && code == 0)
        status = take_value(c->owner, c->table, key, value, value_out, err);
    if (status == WF_OK && code == 0)
        *key_out = span_of_val(key);
    return status;
}

wf_status store_cursor_seek(store_cursor *c, span key, span *key_out, span *value_out,
                            wf_error *err)
{
    bool first = key.data == NULL || key.size == 0;
    return move(c, first ? MDB_FIRST : MDB_SET_RANGE, val_of(key), key_out, value_out, err);
}

wf_status store_cursor_last(store_cursor *c, span *key_out, span *value_out, wf_error *err)
{
    return move(c, MDB_LAST, (MDB_val){0, NULL}, key_out, value_out, err);
}

wf_status store_cursor_next(store_cursor *c, span *key_out, span *value_out, wf_error *err)
{
    return move(c, MDB_NEXT, (MDB_val){0, NULL}, key_out, value_out, err);
}

void store_cursor_close(store_cursor *c)
{
    if (c == NULL)
        return;
    if (c->cursor != NULL)
        mdb_cursor_close(c->cursor);
    free(c);
}
