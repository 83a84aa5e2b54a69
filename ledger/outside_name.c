/*
 * ledger/outside_name.c: naming the copy of the last checkpoint outside of the ledger's folder, and
 * telling what is wrong with the one that is named (outside.c).
 *
 * A copy that is missing or damaged gives way to another one. One that can be read and from which
 * the log does not go on is the proof that the ledger was put back: it gives way only to what a
 * restore records in the log.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"

/* ---- the copy that is named ------------------------------------------------------------------ */

typedef enum outside_state {
    OUTSIDE_HOLDS,
    OUTSIDE_SAYS_NOTHING, /* missing, damaged, of another ledger */
    OUTSIDE_CONTRADICTS   /* a checkpoint from which the log does not go on */
} outside_state;

/* That the key which the log names for this size is among those that say they signed. */
static wf_status is_by_known_key(bool *out, const ledger *l, const note *n, uint64_t size,
                                 store_txn *txn, wf_error *err)
{
    operator_key now;
    note_key key;
    *out = false;
    wf_status status = key_rows_operator(&now, txn, size, err);
    if (status != WF_OK)
        return status;
    note_key_make(&key, l->suite->note_type, l->genesis.origin, now.public_key.bytes);
    for (size_t i = 0; i < n->signature_count; i++) {
        const note_signature *s = &n->signatures[i];
        if (s->id == key.id && s->name_size == strlen(key.name) &&
            memcmp(s->name, key.name, s->name_size) == 0)
            *out = true;
    }
    return WF_OK;
}

/* A failing signature of the log's own key is damage. One of a key that the log does not know may
   be of a change of keys that was put back with the rest. */
static wf_status judge_checkpoint(ledger *l, const char *path, const char *text, size_t size,
                                  const checkpoint *c, outside_state *out, wf_error *why,
                                  wf_error *err)
{
    store_txn *txn = NULL;
    ledger_head head;
    wf_error against = {0};
    note n;
    bool excused = false, known = false;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = outside_is_recorded(&excused, c, true, txn, err);
    wf_status goes_on = WF_OK;
    if (status == WF_OK && !excused)
        goes_on = outside_check(l, c, txn, &head, &against);
    if (status == WF_OK && note_parse(&n, text, size) == NULL)
        status =
            is_by_known_key(&known, l, &n, c->size < head.size ? c->size : head.size, txn, err);
    store_abort(txn);
    wf_status sound = WF_OK;
    if (status == WF_OK && !excused)
        sound = signed_head_parse(l, &(checkpoint){0}, path, text, size, why);
    if (sound == WF_SYSTEM || goes_on == WF_SYSTEM)
        return wf_fail(err, WF_SYSTEM, "%s", sound == WF_SYSTEM ? why->text : against.text);
    if (goes_on == WF_OK)
        *out = sound == WF_OK ? OUTSIDE_HOLDS : OUTSIDE_SAYS_NOTHING;
    else
        *out = sound != WF_OK && known ? OUTSIDE_SAYS_NOTHING : OUTSIDE_CONTRADICTS;
    if (status == WF_OK && *out == OUTSIDE_CONTRADICTS)
        wf_fail(why, WF_DAMAGED,
                _("%s: a checkpoint of %llu entries, from which the log of %llu does not go on: it "
                  "was put back to an older state, or is another one"),
                path, (unsigned long long)c->size, (unsigned long long)head.size);
    return status;
}

/* Other than WF_OK: that cannot be told. */
static wf_status judge(ledger *l, const char *path, outside_state *out, wf_error *why,
                       wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    checkpoint c;
    wf_status status = WF_OK;
    *out = OUTSIDE_SAYS_NOTHING;
    if (outside_read_file(path, &text, &size, why) != WF_OK)
        return WF_OK;
    if (text == NULL)
        outside_missing(l, path, why);
    else if (!outside_parse_unsigned(&c, text, size) || strcmp(c.origin, l->genesis.origin) != 0)
        status = signed_head_parse(l, &c, path, text, size, why) == WF_SYSTEM
                     ? wf_fail(err, WF_SYSTEM, "%s", why->text)
                     : WF_OK;
    else
        status = judge_checkpoint(l, path, text, size, &c, out, why, err);
    free(text);
    return status;
}

wf_status ledger_look_at_guard(ledger *l, bool *wanted, wf_error *err)
{
    char *path = NULL;
    wf_error why = {0};
    outside_state state = OUTSIDE_HOLDS;
    wf_status status = outside_path(l->dir, &path, err);
    *wanted = status != WF_OK || path != NULL;
    if (status == WF_OK && path != NULL)
        status = judge(l, path, &state, &why, err);
    free(path);
    if (status == WF_OK && state != OUTSIDE_HOLDS)
        status = wf_fail(err, WF_DAMAGED, "%s", why.text);
    return status;
}

/* ---- another one ----------------------------------------------------------------------------- */

/* In the ledger's own folder it would be lost, or put back, together with the ledger. */
static wf_status check_guard_folder(const char *dir, const char *path, wf_error *err)
{
    char real[PATH_MAX], above[PATH_MAX];
    char *folder = NULL;
    if (folder_split(path, &folder) == NULL || folder == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    bool there = realpath(folder, real) != NULL;
    wf_status status = WF_OK;
    if (!there)
        status = wf_fail(err, WF_USAGE, _("--guard %s: there is no folder %s"), path, folder);
    else if (realpath(dir, above) != NULL && strncmp(real, above, strlen(above)) == 0 &&
             (real[strlen(above)] == '\0' || real[strlen(above)] == '/'))
        status = wf_fail(err, WF_USAGE,
                         _("--guard %s is inside the ledger %s and would be put back together with "
                           "it; name a file elsewhere, best on another disk"),
                         path, dir);
    free(folder);
    return status;
}

wf_status ledger_check_guard(const char *dir, const char *path, wf_error *err)
{
    if (strchr(path, '\n') != NULL || path[0] == '\0' || path[strlen(path) - 1] == '/')
        return wf_fail(err, WF_USAGE, _("--guard '%s' is not the name of a file"), path);
    if (access(path, F_OK) == 0) /* it may be the only trace of what was signed */
        return wf_fail(err, WF_USAGE,
                       _("--guard %s exists already; name a new file, or move that one away"),
                       path);
    return check_guard_folder(dir, path, err);
}

typedef struct guard_job {
    const char *dir, *path;
} guard_job;

typedef struct guard_found {
    outside_state state;
    wf_error why;
} guard_found;

static wf_status look_in_child(void *ctx, void *result, wf_error *err)
{
    const guard_job *job = ctx;
    guard_found *found = result;
    const ledger_options options = {.read_only = true, .unchecked = true, .threads = 1};
    ledger *l = NULL;
    wf_status status = ledger_open(&l, job->dir, &options, err);
    if (status == WF_OK)
        status = judge(l, job->path, &found->state, &found->why, err);
    ledger_close(l);
    return status;
}

/* Whatever text this ledger may have signed, at a path that is about to be forgotten. */
static wf_status check_evidence(const char *dir, const char *path, wf_error *lost, wf_error *err)
{
    guard_job job = {dir, path};
    guard_found found = {.state = OUTSIDE_SAYS_NOTHING};
    wf_status status = ledger_guard(dir, look_in_child, &job, &found, sizeof found, err);
    if (status == WF_OK && found.state == OUTSIDE_CONTRADICTS)
        return wf_fail(
            err, WF_DAMAGED,
            _("%s. This proves what happened, and no other copy takes its place: put the "
              "newer ledger back; when it is lost, put a backup in place with: wufei "
              "restore, which records the loss in the log (a copy of the folder %s "
              "without its file %s is a backup)"),
            found.why.text, dir, FILE_GUARD);
    if (status == WF_OK && found.state == OUTSIDE_SAYS_NOTHING && lost != NULL)
        *lost = found.why;
    return status;
}

/* The copy that is kept so far, and a file that stands where the next one is wanted. */
static wf_status check_former(const char *dir, const char *path, wf_error *lost, wf_error *err)
{
    char *former = NULL;
    wf_error why = {0};
    wf_status status = outside_path(dir, &former, &why);
    if (status == WF_DAMAGED && lost != NULL) /* a path that cannot be read names nothing */
        *lost = why;
    else if (status != WF_OK && status != WF_DAMAGED)
        return wf_fail(err, status, "%s", why.text);
    status = former == NULL ? WF_OK : check_evidence(dir, former, lost, err);
    free(former);
    if (status == WF_OK && access(path, F_OK) == 0)
        status = check_evidence(dir, path, NULL, err);
    return status;
}

wf_status ledger_set_guard(const char *dir, const char *path, wf_error *lost, wf_error *err)
{
    char line[PATH_MAX + 2];
    char *text = NULL;
    size_t size = 0;
    wf_status status = check_former(dir, path, lost, err);
    if (status == WF_OK)
        status = ledger_check_guard(dir, path, err);
    if (status != WF_OK)
        return status;
    if (path[0] != '/' && getcwd(line, sizeof line) == NULL)
        return wf_fail_errno(err, "%s", path);
    size_t used = path[0] == '/' ? 0 : strlen(line);
    if ((size_t)snprintf(line + used, sizeof line - used, "%s%s\n", used > 0 ? "/" : "", path) >=
        sizeof line - used)
        return wf_fail(err, WF_USAGE, _("--guard '%s' is not the name of a file"), path);
    /* The checkpoint itself, so that the copy is there before anybody asks for it. */
    status = folder_read(dir, FILE_CHECKPOINT, NOTE_MAX, &text, &size, err);
    if (status == WF_OK && text == NULL)
        status = wf_fail(err, WF_DAMAGED, _("%s/%s is missing"), dir, FILE_CHECKPOINT);
    if (status == WF_OK) {
        char *copy = strndup(line, strlen(line) - 1);
        status = copy == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                              : outside_write_file(copy, text, size, err);
        free(copy);
    }
    if (status == WF_OK)
        status = folder_write(dir, FILE_GUARD, line, strlen(line), 0644, err);
    free(text);
    return status;
}
