/*
 * ledger/repair/repair_store.c: the tables of the log in a new store, when pages of the old one are
 * damaged and the log can still be read whole: what is damaged is the book then, or the list of
 * free pages.
 *
 * The new store is made in "store/repair", verified, and exchanged with the old one in one step;
 * the old one is kept beside it.
 */
#include "repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define FOLDER_REPAIR FOLDER_STORE "/repair"

static wf_status copy_table(store_txn *to, store_txn *from, unsigned table, wf_error *err)
{
    store_cursor *c = NULL;
    span key, value;
    wf_status status = store_cursor_open(&c, from, table, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, (span){NULL, 0}, &key, &value, err);
    while (status == WF_OK && key.data != NULL) {
        status = store_put(to, table, key, value, true, err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &value, err);
    }
    store_cursor_close(c);
    return status;
}

/* One transaction: of a log of many gigabytes its pages go to the file as it grows. */
static wf_status copy_tables(store *to, store *from, wf_error *err)
{
    store_txn *read = NULL, *write = NULL;
    wf_status status = store_begin(&read, from, false, err);
    if (status == WF_OK)
        status = store_begin(&write, to, true, err);
    for (unsigned t = 0; t < LEDGER_TABLES && status == WF_OK; t++)
        status = copy_table(write, read, t, err);
    store_abort(read);
    if (status == WF_OK)
        return store_commit(write, err);
    store_abort(write);
    return status;
}

static wf_status copy_in_child(void *ctx, void *result, wf_error *err)
{
    const char *dir = ctx;
    const char *tables[STORE_TABLES_MAX + 1];
    store_options options = {.create = true, .checked_from = LEDGER_TABLES, .tables = tables};
    ledger_options open = {.read_only = true};
    ledger_verify_report report;
    ledger *l = NULL;
    store *fresh = NULL;
    char *path = folder_path(dir, FOLDER_REPAIR);
    (void)result;
    ledger_table_names(tables, NULL);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : ledger_open(&l, dir, &open, err);
    if (status == WF_OK)
        status = ledger_verify(l, 0, false, NULL, &report, err);
    if (status == WF_OK)
        status = store_open(&fresh, path, &options, err);
    if (status == WF_OK)
        status = copy_tables(fresh, l->store, err);
    store_close(fresh);
    ledger_close(l);
    if (status == WF_OK)
        status = folder_sync(path, err);
    free(path);
    return status;
}

static void remove_repair(const char *dir)
{
    static const char *const files[] = {FOLDER_REPAIR "/data.mdb", FOLDER_REPAIR "/lock.mdb"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = folder_path(dir, files[i]);
        if (path != NULL)
            unlink(path);
        free(path);
    }
    char *path = folder_path(dir, FOLDER_REPAIR);
    if (path != NULL)
        rmdir(path);
    free(path);
}

/* Nobody has the store open, nor can have it until *lock is closed; -1: it has no lock file. */
static wf_status hold_alone(const char *dir, int *lock, wf_error *err)
{
    /* LMDB's own: whoever has a store open holds this byte for reading */
    struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    char *path = folder_path(dir, FOLDER_STORE "/lock.mdb");
    wf_status status = WF_OK;
    *lock = -1;
    if (path == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if ((*lock = open(path, O_RDWR | O_CLOEXEC)) < 0 && errno != ENOENT)
        status = wf_fail_errno(err, "%s", path);
    else if (*lock >= 0 && fcntl(*lock, F_SETLK, &byte) != 0) {
        int code = errno;
        if ((code == EACCES || code == EAGAIN) && fcntl(*lock, F_GETLK, &byte) == 0)
            status = wf_fail(err, WF_SYSTEM,
                             _("%s: process %ld has the ledger open, and its store can be repaired "
                               "only while nobody reads it: end that process, then repair again"),
                             dir, (long)byte.l_pid);
        else
            status = wf_fail_errno(err, "%s", path);
    }
    if (status != WF_OK && *lock >= 0) {
        close(*lock);
        *lock = -1;
    }
    free(path);
    return status;
}

wf_status repair_check_alone(const char *dir, wf_error *err)
{
    int lock = -1;
    wf_status status = hold_alone(dir, &lock, err);
    if (lock >= 0)
        close(lock);
    return status;
}

static wf_status exchange_files(const char *dir, const char *aside, wf_error *err)
{
    char *now = folder_path(dir, FOLDER_STORE "/data.mdb");
    char *fresh = folder_path(dir, FOLDER_REPAIR "/data.mdb");
    char *folder = folder_path(dir, FOLDER_STORE);
    wf_status status = WF_OK;
    if (now == NULL || fresh == NULL || folder == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    /* A second name for the old file first: then the new one replaces the first name. */
    else if (link(now, aside) != 0)
        status = wf_fail_errno(err, "%s", aside);
    else if (rename(fresh, now) != 0)
        status = wf_fail_errno(err, _("%s: cannot be replaced"), now);
    if (status == WF_OK)
        status = folder_sync(folder, err);
    free(now);
    free(fresh);
    free(folder);
    return status;
}

/* The new file takes the place of the old, which stays under `aside`. While a process has the store
   open, LMDB takes the number of the last transaction from lock.mdb, and never looks at the file:
   that of the old store leads to pages that the new one does not have. So nobody may have it open,
   and the lock file is emptied: who waits for it right now fails, and who comes later makes it
   anew. */
static wf_status exchange(const char *dir, const char *aside, wf_error *err)
{
    int lock = -1;
    wf_status status = hold_alone(dir, &lock, err);
    if (status == WF_OK && lock >= 0 && ftruncate(lock, 0) != 0)
        status = wf_fail_errno(err, "%s/%s", dir, FOLDER_STORE "/lock.mdb");
    if (status == WF_OK)
        status = exchange_files(dir, aside, err);
    if (lock >= 0)
        close(lock);
    return status;
}

wf_status repair_new_store(const char *dir, const ledger_repair_options *options, wf_error *err)
{
    char none;
    wf_error why = {0};
    ledger_verify_report report;
    int lock = -1;
    wf_status status = repair_check_alone(dir, err); /* before the work, and again at its end */
    if (status == WF_OK)
        status = folder_lock(&lock, dir, err);
    if (status != WF_OK)
        return status;
    char *path = folder_path(dir, FOLDER_REPAIR);
    char *aside = repair_free_name(dir, FOLDER_STORE "/data.mdb");
    remove_repair(dir); /* of an attempt that was killed */
    if (path == NULL || aside == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if (mkdir(path, 0777) != 0)
        status = wf_fail_errno(err, "%s", path);
    if (status == WF_OK) {
        status = ledger_guard(dir, copy_in_child, (void *)(uintptr_t)dir, &none, 1, &why);
        if (status == WF_DAMAGED)
            repair_say(options, "store", false,
                       _("its pages are damaged, and the log cannot be read whole (%s): put a "
                         "backup in place with wufei restore"),
                       why.text);
        else if (status != WF_OK)
            wf_fail(err, status, "%s", why.text);
    }
    if (status == WF_OK)
        status = exchange(dir, aside, err);
    if (status == WF_OK && scrub_verify(dir, false, NULL, &report, &why) != WF_OK) {
        char *now = folder_path(dir, FOLDER_STORE "/data.mdb");
        if (now == NULL || rename(aside, now) != 0)
            status = wf_fail_errno(err, "%s", aside);
        free(now);
        repair_say(options, "store", false, "%s", why.text);
    } else if (status == WF_OK) {
        repair_say(
            options, "store", true,
            _("the log stands in a new store, and is the one that was signed; the old one is "
              "%s, remove it when all is well"),
            aside);
    }
    remove_repair(dir);
    close(lock);
    free(path);
    free(aside);
    return status == WF_DAMAGED ? WF_OK : status;
}
