/*
 * ledger/store/store_lmdb.c: the store on LMDB 0.9.24: opening one, its tables, its transactions.
 * store_lmdb.h says what its other files do.
 *
 * Durable defaults only: no NOSYNC, NOMETASYNC, WRITEMAP, MAPASYNC; their gains are losses at the
 * first power cut. No DUPSORT (bugs after 0.9.24 concern it). NOTLS, because a read transaction may
 * move between threads.
 *
 * A store whose rows carry checks (store_check.h) has the table "row checks", with the name of each
 * checked table as a key: a flipped bit can make a table vanish, which would be one without rows. A
 * store that was made before there were any checks does not have it, and its rows are taken as they
 * are; that it has not vanished itself is told by an empty table "row checks too".
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store_check.h"
#include "store_fault.h"
#include "store_lmdb.h"
#include "store_trace.h"

static const char checks_table[] = "row checks";
static const char checks_too[] = "row checks too";

/* ---- tables ---------------------------------------------------------------------------------- */

/* One table, made when it is not there and may be written. *damaged: it is there and not on the
   list, or the other way about. */
static int open_table(store *s, MDB_txn *txn, MDB_dbi list, unsigned table, bool *damaged)
{
    MDB_val name = {strlen(s->names[table]), s->names[table]};
    MDB_val value = {0, NULL};
    MDB_stat stat = {0};
    bool checked = store_has_check(s, table);
    int code = checked ? mdb_get(txn, list, &name, &value) : MDB_NOTFOUND;
    bool listed = code == 0;
    bool make = !s->read_only && !listed;
    if (code != 0 && code != MDB_NOTFOUND)
        return code;
    code = mdb_dbi_open(txn, s->names[table], make ? MDB_CREATE : 0, &s->tables[table]);
    if (code == 0 && checked && !listed)
        code = mdb_stat(txn, s->tables[table], &stat);
    *damaged = (code == MDB_NOTFOUND && listed) || stat.ms_entries > 0 ||
               (code == 0 && checked && !listed && s->read_only);
    if (code == 0 && checked && make && !*damaged)
        code = mdb_put(txn, list, &name, &value, 0);
    if (code == MDB_NOTFOUND && s->read_only && !*damaged) {
        s->tables[table] = STORE_NO_TABLE;
        code = 0;
    }
    return code;
}

/* Whether the rows carry checks. Two tables say so: one of them alone is a name that has changed.
 */
static int open_checks(store *s, MDB_txn *txn, bool create, MDB_dbi *list)
{
    MDB_dbi too = 0;
    unsigned flags = create ? MDB_CREATE : 0;
    int first = mdb_dbi_open(txn, checks_table, flags, list);
    int second = mdb_dbi_open(txn, checks_too, flags, &too);
    s->checked = first == 0 && second == 0;
    if (s->checked || (first == MDB_NOTFOUND && second == MDB_NOTFOUND))
        return 0;
    if (first == MDB_NOTFOUND || second == MDB_NOTFOUND)
        return MDB_CORRUPTED;
    return first != 0 ? first : second;
}

static wf_status open_tables(store *s, const store_options *options, wf_error *err)
{
    MDB_txn *txn = NULL;
    MDB_dbi checks = 0;
    int code = mdb_txn_begin(s->env, NULL, s->read_only ? MDB_RDONLY : 0, &txn);
    if (code != 0)
        return store_fail(s, code, _("cannot begin"), err);
    s->checked_from = options->checked_from;
    code = open_checks(s, txn, options->create, &checks);
    if (code != 0) {
        mdb_txn_abort(txn);
        return store_fail(s, code, _("cannot be opened"), err);
    }
    for (unsigned i = 0; options->tables[i] != NULL; i++) {
        WF_ASSERT(i < STORE_TABLES_MAX);
        s->names[i] = strdup(options->tables[i]);
        if (s->names[i] == NULL) {
            mdb_txn_abort(txn);
            return wf_fail(err, WF_SYSTEM, _("out of memory"));
        }
        s->count = i + 1;
        s->seeds[i] = store_check_seed(s->names[i]);
        bool damaged = false;
        code = open_table(s, txn, checks, i, &damaged);
        if (code != 0 || damaged) {
            mdb_txn_abort(txn);
            return damaged ? store_fail_damaged(s, i, err) : store_fail(s, code, s->names[i], err);
        }
    }
    code = mdb_txn_commit(txn);
    return code == 0 ? WF_OK : store_fail(s, code, _("cannot commit"), err);
}

/* ---- opening and closing --------------------------------------------------------------------- */

wf_status store_open(store **out, const char *path, const store_options *options, wf_error *err)
{
    *out = NULL;
    WF_ASSERT(!(options->create && options->read_only));
    store *s = calloc(1, sizeof *s);
    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    wf_status status = store_claim_take(&s->claim, path, err);
    if (status != WF_OK) {
        store_close(s);
        return status;
    }
    s->read_only = options->read_only;
    s->scratch = options->scratch;
    if (s->scratch)
        store_fault_scratch(path);
    status = store_env_open(s, options, err);
    if (status == WF_OK) {
        int dead = 0;
        int code = mdb_reader_check(s->env, &dead); /* slots of killed readers hold pages back */
        if (code != 0)
            status = store_fail(s, code, _("cannot check its readers"), err);
    }
    if (status == WF_OK)
        status = open_tables(s, options, err);
    if (status != WF_OK) {
        store_close(s);
        return status;
    }
    *out = s;
    return WF_OK;
}

void store_close(store *s)
{
    if (s == NULL)
        return;
    store_close(s->under);
    if (s->env != NULL)
        mdb_env_close(s->env);
    store_claim_release(&s->claim);
    if (s->scratch)
        store_fault_scratch(NULL);
    for (unsigned i = 0; i < s->count; i++)
        free(s->names[i]);
    free(s->path);
    free(s);
}

void store_lay_over(store *s, store *under, uint64_t below)
{
    s->under = under;
    s->below = below;
    s->read_only = true;
}

const char *store_table_name(const store *s, unsigned table)
{
    WF_ASSERT(table < s->count);
    return s->names[table];
}

unsigned store_table_count(const store *s)
{
    return s->count;
}

void store_set_trace(store *s, FILE *trace)
{
    s->trace = trace;
    if (trace != NULL)
        store_trace_begin(trace);
}

/* ---- transactions ---------------------------------------------------------------------------- */

wf_status store_begin(store_txn **out, store *s, bool write, wf_error *err)
{
    *out = NULL;
    if (write && s->read_only)
        return wf_fail(err, WF_USAGE, _("%s was opened for reading"), s->path);
    store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    txn->owner = s;
    txn->write = write;
    if (s->under != NULL && store_begin(&txn->under, s->under, false, err) != WF_OK) {
        free(txn);
        return err != NULL ? err->status : WF_SYSTEM;
    }
    int code = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, &txn->txn);
    if (code != 0) {
        store_abort(txn->under);
        free(txn);
        return store_fail(s, code, _("cannot begin"), err);
    }
    arena_init(&txn->memory, 0);
    *out = txn;
    return WF_OK;
}

arena *store_txn_memory(store_txn *txn)
{
    return &txn->memory;
}

wf_status store_commit(store_txn *txn, wf_error *err)
{
    store *s = txn->owner;
    bool write = txn->write;
    int code = mdb_txn_commit(txn->txn);
    store_abort(txn->under);
    arena_free(&txn->memory);
    free(txn);
    if (write && s->trace != NULL)
        store_trace_write(s->trace, code == 0 ? STORE_TRACE_COMMIT : STORE_TRACE_ABORT, 0,
                          (span){NULL, 0}, 0, false);
    if (code != 0)
        return store_fail(s, code, _("cannot commit"), err);
    if (write)
        store_env_lengthen(s);
    return WF_OK;
}

void store_abort(store_txn *txn)
{
    if (txn == NULL)
        return;
    if (txn->write && txn->owner->trace != NULL)
        store_trace_write(txn->owner->trace, STORE_TRACE_ABORT, 0, (span){NULL, 0}, 0, false);
    mdb_txn_abort(txn->txn);
    store_abort(txn->under);
    arena_free(&txn->memory);
    free(txn);
}
