/*
 * ledger/store/store_lmdb_pages.c: what concerns a store's pages and not its rows: a copy of them,
 * their check, and how many there are.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "store_lmdb.h"
#include "store_meta.h"
#include "store_room.h"

/* Not compacted: of a store of 3.9 GB that took twice as long (12.7 s, 6.3 s) and saved 0.3 %, and
   a plain copy keeps the pages, and so what is wrong with one, where they were. */
wf_status store_copy(store *s, const char *path, wf_error *err)
{
    char file[4096];
    if (snprintf(file, sizeof file, "%s/%s", path, STORE_DATA_FILE) >= (int)sizeof file)
        return wf_fail(err, WF_USAGE, _("%s: the path is too long"), path);
    int code = mdb_env_copy(s->env, path);
    if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID)
        return store_fail(s, code, _("cannot be copied"), err);
    if (code != 0 && store_room_explains(code, file, _("cannot be written"), err))
        return WF_SYSTEM;
    if (code != 0)
        return wf_fail(err, WF_SYSTEM, "%s: %s", file, _(mdb_strerror(code)));
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    wf_status status = WF_OK;
    if (fd < 0 || fsync(fd) != 0)
        status = wf_fail_errno(err, _("%s: cannot be synced"), file);
    if (fd >= 0)
        close(fd);
    return status;
}

wf_status store_check_pages(store_txn *txn,
                            void (*report)(void *ctx, const char *table, uint64_t page,
                                           const char *text),
                            void *ctx, uint64_t *found, wf_error *err)
{
    mdb_filehandle_t file;
    meta_image images[2];
    const char *problems[2];
    uint64_t more = 0;
    int code = mdb_env_get_fd(txn->owner->env, &file);
    if (code != 0)
        return store_fail(txn->owner, code, _("cannot be read"), err);
    *found = 0;
    wf_status status = meta_read(file, images, problems, err);
    for (unsigned i = 0; i < 2 && status == WF_OK; i++) {
        if (problems[i] != NULL) {
            report(ctx, NULL, i, problems[i]);
            (*found)++;
        } else if (images[i].txnid == mdb_txn_id(txn->txn)) {
            /* The pages of this snapshot stay while the transaction is open. */
            status = pages_check(file, &images[i], report, ctx, &more, err);
        }
    }
    *found += more;
    return status;
}

void store_keep_meta(store *s, const char *folder)
{
    mdb_filehandle_t file;
    if (mdb_env_get_fd(s->env, &file) == 0)
        meta_keep(file, folder);
}

/* Numbers of a damaged page: more pages than the file has, or more rows than would fit into them
   (each is ROW_SMALLEST bytes at least). Callers ask for memory by them. */
static bool stat_is_possible(const store_txn *txn, const MDB_stat *stat)
{
    enum { ROW_SMALLEST = 10 };
    MDB_envinfo info;
    if (mdb_env_info(txn->owner->env, &info) != 0)
        return false;
    /* a write transaction counts pages that the file does not have yet */
    size_t pages = txn->write ? info.me_mapsize / stat->ms_psize : info.me_last_pgno + 1;
    return stat->ms_branch_pages <= pages && stat->ms_leaf_pages <= pages &&
           stat->ms_overflow_pages <= pages &&
           stat->ms_entries <= stat->ms_leaf_pages * (stat->ms_psize / ROW_SMALLEST);
}

wf_status store_table_stats(store_txn *txn, unsigned table, store_table_stat *out, wf_error *err)
{
    txn = store_txn_with(txn, table);
    MDB_dbi dbi = store_dbi(txn->owner, table);
    MDB_stat stat;
    *out = (store_table_stat){0};
    if (dbi == STORE_NO_TABLE)
        return WF_OK;
    int code = mdb_stat(txn->txn, dbi, &stat);
    if (code == 0 && !stat_is_possible(txn, &stat))
        code = MDB_CORRUPTED;
    if (code != 0)
        return store_fail(txn->owner, code, store_table_name(txn->owner, table), err);
    out->rows = stat.ms_entries;
    out->bytes = (uint64_t)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
                 stat.ms_psize;
    return WF_OK;
}
