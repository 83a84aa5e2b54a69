/*
 * ledger/repair/restore.c: a backup in the place of a ledger, and the entry that says so.
 *
 * The new ledger is made beside its place (place.h): copied, verified, opened for writing, its
 * recovery entered and signed. Only then does it take the place, in one step: it exchanges names
 * with the ledger that stands there, which is kept aside. Until then nothing has changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "restore.h"

static bool holds(const char *dir, const char *name)
{
    struct stat st;
    char *path = folder_path(dir, name);
    bool there = path != NULL && stat(path, &st) == 0;
    free(path);
    return there;
}

/* What stands there: nothing, a ledger that nobody writes to, or something that is not ours. */
static wf_status look_at_place(restoring *r, wf_error *err)
{
    struct stat a, b;
    bool is_free = false;
    const char *dir = r->place.dir;
    wf_status status = place_is_free(&r->place, &is_free, err);
    if (status != WF_OK || is_free)
        return status;
    if (!holds(dir, FILE_FORMAT) && !holds(dir, FOLDER_STORE))
        return wf_fail(
            err, WF_USAGE,
            _("%s exists and is not a ledger: name the ledger that is to be put back, or "
              "a new folder"),
            dir);
    if (stat(dir, &a) == 0 && stat(r->backup, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return wf_fail(err, WF_USAGE, _("%s is both the backup and the ledger"), dir);
    r->old = true;
    return holds(dir, FOLDER_STORE) ? folder_lock(&r->old_lock, dir, err) : WF_OK;
}

/* What the new ledger does not know of the one that was. */
static wf_status look_for_lost(restoring *r, wf_error *err)
{
    wf_status status = store_begin(&r->txn, r->l->store, false, err);
    if (status == WF_OK)
        status = head_get(&r->head, r->txn, err);
    if (status == WF_OK)
        status = restore_find_last(r, err);
    if (status == WF_OK)
        status = restore_look_for_lost_key(r, err);
    store_abort(r->txn);
    r->txn = NULL;
    return status;
}

static wf_status record(restoring *r, wf_error *err)
{
    system_record system = {.kind = SYSTEM_RECOVERY};
    wf_status status = look_for_lost(r, err);
    if (status != WF_OK)
        return status;
    r->record.restored_size = r->head.size;
    r->record.restored_root = r->head.root;
    system.recovery = r->record;
    status = system_submit(r->l, &system, err);
    if (status == WF_OK)
        status = ledger_drain(r->l, err);
    r->report->seq = r->head.size;
    r->report->last_known = r->record.last_known;
    r->report->last_size = r->record.last_size;
    return status;
}

static wf_status fill(restoring *r, wf_error *err)
{
    const ledger_options options = {.threads = 1};
    bool there = false;
    const char *fresh = r->place.temporary;
    wf_status status = ledger_copy(r->backup, fresh, r->options->key == NULL, r->options->progress,
                                   &r->report->copy, err);
    if (status == WF_OK)
        status = restore_compare_old(r, err);
    if (status == WF_OK)
        status = restore_take_key(r, err);
    if (status == WF_OK)
        status = ledger_open(&r->l, fresh, &options, err);
    if (status == WF_OK)
        status = record(r, err);
    ledger_close(r->l);
    r->l = NULL;
    /* Last: a guard that is ahead is excused by the recovery that stands in the log now. */
    if (status == WF_OK && r->old)
        status = outside_keep_lost(r->place.dir, fresh, err);
    if (status == WF_OK && r->old)
        status = copy_small_file(r->place.dir, fresh, FILE_GUARD, 0644, &there, err);
    return status;
}

/* "DIR.before-restore-N" that nothing has yet. */
static wf_status choose_aside(restoring *r, wf_error *err)
{
    enum { TRIES = 10000 };
    struct stat st;
    char *out = r->report->aside;
    for (unsigned i = 1; i < TRIES; i++) {
        if (snprintf(out, sizeof r->report->aside, "%s.before-restore-%u", r->place.dir, i) >=
            (int)sizeof r->report->aside)
            break;
        if (lstat(out, &st) != 0 && errno == ENOENT)
            return WF_OK;
    }
    return wf_fail(err, WF_SYSTEM, _("%s: there is no free name beside it to keep it under"),
                   r->place.dir);
}

/* The new ledger takes the name under which the old one will be kept, then both exchange names: at
   each moment a whole ledger stands at the place. */
static wf_status take_place(restoring *r, wf_error *err)
{
    place *p = &r->place;
    if (!r->old)
        return place_take(p, err);
    wf_status status = choose_aside(r, err);
    if (status != WF_OK)
        return status;
    const char *aside = r->report->aside;
    if (rename(p->temporary, aside) != 0)
        return wf_fail_errno(err, "%s", aside);
    p->made = false;
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, p->dir, RENAME_EXCHANGE) == 0)
        return folder_sync(p->parent, err);
    /* Not on this file system: two steps. Between them the ledger is only there aside. */
    p->made = rename(aside, p->temporary) == 0;
    if (!p->made)
        return wf_fail_errno(err, "%s", p->temporary);
    if (rename(p->dir, aside) != 0)
        return wf_fail_errno(err, "%s", p->dir);
    status = place_take(p, err);
    if (p->made && rename(aside, p->dir) != 0)
        return wf_error_prefix(err, _("the ledger is in %s now, give it its name again"), aside);
    return status;
}

/* Until then it shows what was lost, which the log excuses; a failure changes nothing else. */
static wf_status renew_guard(const char *dir, wf_error *err)
{
    char *guard = NULL, *text = NULL;
    size_t size = 0;
    wf_status status = outside_path(dir, &guard, err);
    if (status == WF_OK && guard != NULL)
        status = folder_read(dir, FILE_CHECKPOINT, NOTE_MAX, &text, &size, err);
    if (status == WF_OK && text != NULL) {
        ledger named = {.dir = (char *)(uintptr_t)dir};
        status = outside_write(&named, text, size, err);
    }
    free(text);
    free(guard);
    return status;
}

wf_status ledger_restore(const char *backup, const char *dir, const ledger_restore_options *options,
                         ledger_restore_report *out, wf_error *err)
{
    restoring r = {.backup = backup, .options = options, .old_lock = -1, .report = out};
    *out = (ledger_restore_report){0};
    wf_status status = folder_check_format(backup, err);
    if (status != WF_OK)
        return status;
    status = place_init(&r.place, dir, err);
    if (status == WF_OK)
        status = look_at_place(&r, err);
    if (status == WF_OK)
        status = copy_check_outside(backup, r.place.dir, err);
    if (status == WF_OK)
        status = place_make(&r.place, err);
    if (status == WF_OK)
        status = fill(&r, err);
    if (status == WF_DAMAGED || status == WF_SYSTEM)
        wf_error_prefix(err, _("%s is not put in place, and nothing was changed"), backup);
    if (status == WF_OK)
        status = take_place(&r, err);
    if (status == WF_OK && renew_guard(r.place.dir, err) != WF_OK)
        status = wf_error_prefix(err,
                                 _("the backup is in place, with the recovery in entry %llu; only "
                                   "the copy of its checkpoint outside was not renewed: name a new "
                                   "one with: wufei repair --guard FILE"),
                                 (unsigned long long)out->seq);
    if (r.old_lock >= 0)
        close(r.old_lock);
    place_free(&r.place);
    return status;
}
