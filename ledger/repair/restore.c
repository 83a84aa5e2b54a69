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

#include <openssl/crypto.h>

#include "base/text.h"
#include "ledger_private.h"
#include "place.h"

typedef struct restoring {
    const char *backup;
    const ledger_restore_options *options;
    place place;
    bool old;     /* a ledger stands at the place */
    int old_lock; /* its writer's; below zero: it has no store */
    ledger *l;    /* the new one */
    recovery record;
    store_txn *txn;   /* of the new one, in which checkpoints are compared with its tree */
    ledger_head head; /* of the new one */
    ledger_restore_report *report;
} restoring;

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
            err, WF_REFUSED,
            _("%s exists and is not a ledger: name the ledger that is to be put back, or "
              "a new folder"),
            dir);
    if (stat(dir, &a) == 0 && stat(r->backup, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return wf_fail(err, WF_USAGE, _("%s is both the backup and the ledger"), dir);
    r->old = true;
    return holds(dir, FOLDER_STORE) ? folder_lock(&r->old_lock, dir, err) : WF_OK;
}

static wf_status take_named_key(const restoring *r, bool *there, wf_error *err)
{
    char *folder = NULL, *bytes = NULL;
    size_t size = 0;
    const char *name = folder_split(r->options->key, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : folder_read(folder, name, KEY_FILE_MAX, &bytes, &size, err);
    *there = bytes != NULL;
    if (*there) {
        status = folder_write(r->place.temporary, FILE_KEY, bytes, size, 0600, err);
        OPENSSL_cleanse(bytes, size);
    }
    free(bytes);
    free(folder);
    return status;
}

/* In this order: the one that was named, the backup's own, the one of the ledger in the place; or
   the process that signs for that one. */
static wf_status take_key(restoring *r, wf_error *err)
{
    bool there = false;
    wf_status status = WF_OK;
    const char *old = r->place.dir, *fresh = r->place.temporary;
    const char *signer_of_now = getenv(SIGNER_VARIABLE);
    if (r->options->key != NULL)
        status = take_named_key(r, &there, err);
    else if (r->report->copy.with_key || (signer_of_now != NULL && signer_of_now[0] != '\0'))
        return WF_OK;
    else if (r->old)
        status = copy_small_file(old, fresh, FILE_KEY, 0600, &there, err);
    if (status == WF_OK && !there && r->options->key == NULL && r->old)
        status = copy_small_file(old, fresh, FILE_SIGNER, 0644, &there, err);
    if (status == WF_OK && !there)
        status = wf_fail(err, WF_USAGE,
                         _("the operator's key is neither in the backup nor in %s: the recovery "
                           "cannot be signed; name it with --key FILE"),
                         r->place.dir);
    return status;
}

/* A checkpoint that the backup reaches must be a beginning of it. */
static wf_status check_kept(restoring *r, const checkpoint *c, wf_error *err)
{
    if (c->size > r->head.size || signed_head_check(r->l, c, r->txn, &r->head, err) == WF_OK)
        return WF_OK;
    return wf_fail(err, WF_REFUSED,
                   _("%s is not of the ledger that was signed: a checkpoint of %llu entries has "
                     "another root than the backup has at that size; keep both, they are evidence"),
                   r->backup, (unsigned long long)c->size);
}

/* A checkpoint that may be larger than the backup. One whose signature does not verify (the key may
   have been rotated since) still counts: the operator admits more, not less. */
static wf_status take_last(restoring *r, const char *dir, const char *name, bool must,
                           wf_error *err)
{
    note n;
    checkpoint c, checked;
    char *text = NULL;
    size_t size = 0;
    wf_status status = folder_read(dir, name, NOTE_MAX, &text, &size, err);
    if (status == WF_OK && text == NULL && must)
        status = wf_fail(err, WF_USAGE, _("%s/%s: there is no such file"), dir, name);
    if (status != WF_OK || text == NULL) {
        free(text);
        return must ? status : WF_OK;
    }
    const char *reason = note_parse(&n, text, size);
    if (reason == NULL)
        reason = checkpoint_parse(&c, n.text, n.text_size);
    if (reason != NULL && must)
        status = wf_fail(err, WF_USAGE, "%s/%s: %s", dir, name, _(reason));
    else if (reason == NULL && strcmp(c.origin, r->l->genesis.origin) != 0)
        status = wf_fail(err, WF_REFUSED, _("%s/%s is of another ledger, %s; the backup is of %s"),
                         dir, name, c.origin, r->l->genesis.origin);
    else if (reason == NULL) {
        bool verified = signed_head_parse(r->l, &checked, name, text, size, NULL) == WF_OK;
        /* Each of them: a larger one that is known as well does not make two histories one. */
        if (verified)
            status = check_kept(r, &c, err);
        if (!r->record.last_known || c.size > r->record.last_size) {
            r->record.last_known = true;
            r->record.last_size = c.size;
            r->record.last_root = c.root;
            r->report->last_verified = verified;
        }
    }
    free(text);
    return status;
}

static wf_status take_last_path(restoring *r, const char *path, bool must, wf_error *err)
{
    char *folder = NULL;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : take_last(r, folder, name, must, err);
    free(folder);
    return status;
}

static wf_status find_last(restoring *r, wf_error *err)
{
    char *guard = NULL;
    wf_status status = WF_OK;
    if (r->options->last != NULL)
        status = take_last_path(r, r->options->last, true, err);
    if (status == WF_OK && r->old)
        status = take_last(r, r->place.dir, FILE_CHECKPOINT, false, err);
    if (status == WF_OK && r->old)
        status = outside_path(r->place.dir, &guard, err);
    if (status == WF_OK && guard != NULL)
        status = take_last_path(r, guard, false, err);
    free(guard);
    return status;
}

/* What was signed last, as far as anybody here knows, and that it is no other history. */
static wf_status look_for_last(restoring *r, wf_error *err)
{
    wf_status status = store_begin(&r->txn, r->l->store, false, err);
    if (status == WF_OK)
        status = head_get(&r->head, r->txn, err);
    if (status == WF_OK)
        status = find_last(r, err);
    if (status == WF_OK && r->record.last_known) {
        checkpoint last = {.size = r->record.last_size, .root = r->record.last_root};
        status = check_kept(r, &last, err);
    }
    store_abort(r->txn);
    r->txn = NULL;
    return status;
}

static wf_status record(restoring *r, wf_error *err)
{
    system_record system = {.kind = SYSTEM_RECOVERY};
    wf_status status = look_for_last(r, err);
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
        status = take_key(r, err);
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
    if (renameat2(AT_FDCWD, aside, AT_FDCWD, p->dir, RENAME_EXCHANGE) != 0) {
        /* Not on this file system: two steps. Between them the ledger is only there aside. */
        if (rename(aside, p->temporary) != 0)
            return wf_fail_errno(err, "%s", p->temporary);
        p->made = true;
        if (rename(p->dir, aside) != 0)
            return wf_fail_errno(err, "%s", p->dir);
        return place_take(p, err);
    }
    return folder_sync(p->parent, err);
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
        status = place_make(&r.place, err);
    if (status == WF_OK)
        status = fill(&r, err);
    if (status == WF_OK)
        status = take_place(&r, err);
    if (status == WF_OK)
        status = renew_guard(r.place.dir, err);
    if (r.old_lock >= 0)
        close(r.old_lock);
    place_free(&r.place);
    return status;
}
