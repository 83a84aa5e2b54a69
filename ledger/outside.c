/*
 * ledger/outside.c: a second copy of the last signed checkpoint, outside of the ledger's folder.
 *
 * The checkpoint in the folder notices a store that was put back to an older state. Whoever puts
 * the whole folder back puts both back; this copy, on another disk or machine, stays where it was.
 * It is replaced after the one in the folder and compared like it. It is wanted when the folder
 * holds
 *
 *     guard         one line: the absolute path of the copy
 *     guard.lost    what the copy said when the ledger was restored from a backup
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"

wf_status outside_path(const char *dir, char **out, wf_error *err)
{
    size_t size = 0;
    wf_status status = folder_read(dir, FILE_GUARD, PATH_MAX, out, &size, err);
    if (status != WF_OK || *out == NULL)
        return status;
    char *end = memchr(*out, '\n', size);
    if (end != NULL && end + 1 == *out + size && (*out)[0] == '/' &&
        memchr(*out, 0, size) == NULL && strrchr(*out, '/')[1] != '\n') {
        *end = '\0';
        return WF_OK;
    }
    free(*out);
    *out = NULL;
    return wf_fail(err, WF_DAMAGED,
                   _("%s/%s does not hold one line with an absolute path; name the copy of the "
                     "checkpoint again with: wufei repair --guard FILE"),
                   dir, FILE_GUARD);
}

/* The file that the path names; *out malloced, NULL when it is not there. */
static wf_status read_file(const char *path, char **out, size_t *size, wf_error *err)
{
    char *folder = NULL;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : folder_read(folder, name, NOTE_MAX, out, size, err);
    free(folder);
    return status;
}

static wf_status write_file(const char *path, const char *text, size_t size, wf_error *err)
{
    char *folder = NULL;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : folder_write(folder, name, text, size, 0644, err);
    free(folder);
    return status;
}

static wf_status missing(const ledger *l, const char *path, wf_error *err)
{
    return wf_fail(err, WF_DAMAGED,
                   _("%s, the copy of the last checkpoint outside of %s, is missing: mount its "
                     "disk or put it back; when it is lost for good, make it anew with: wufei "
                     "repair --guard FILE"),
                   path, l->dir);
}

/* Without its signature: the key that made it may be one that a recovery lost. */
static bool parse_unsigned(checkpoint *out, const char *text, size_t size)
{
    note n;
    return note_parse(&n, text, size) == NULL && checkpoint_parse(out, n.text, n.text_size) == NULL;
}

/* The very text that the copy held when the ledger was restored. */
static bool is_lost_text(const ledger *l, const char *text, size_t size)
{
    char *lost = NULL;
    size_t lost_size = 0;
    bool same = folder_read(l->dir, FILE_GUARD_LOST, NOTE_MAX, &lost, &lost_size, NULL) == WF_OK &&
                lost != NULL && lost_size == size && memcmp(lost, text, size) == 0;
    free(lost);
    return same;
}

/* Torn, changed, of another ledger, or by a key that the store does not know. */
static wf_status parse(const ledger *l, checkpoint *out, const char *path, const char *text,
                       size_t size, wf_error *err)
{
    wf_error why = {0};
    wf_status status = signed_head_parse(l, out, path, text, size, &why);
    if (status == WF_OK || status == WF_SYSTEM)
        return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", why.text);
    return wf_fail(err, status,
                   _("%s; when this copy is damaged, put it back, or make it anew with: wufei "
                     "repair --guard FILE; when the store is an older one, put the newer one back, "
                     "or a backup in its place with: wufei restore"),
                   why.text);
}

wf_status outside_read(const ledger *l, checkpoint *out, bool *there, wf_error *err)
{
    char *path = NULL;
    char *text = NULL;
    size_t size = 0;
    *there = false;
    wf_status status = outside_path(l->dir, &path, err);
    if (status != WF_OK || path == NULL)
        return status;
    status = read_file(path, &text, &size, err);
    if (status != WF_OK && l->read_only)
        status = WF_OK; /* a reader need not be able to read everything of the operator's */
    else if (status == WF_OK && text == NULL && !l->read_only)
        status = missing(l, path, err);
    if (status == WF_OK && text != NULL) {
        /* Of what was lost, no signature need hold; whether the log admits it, outside_check tells.
         */
        if (!is_lost_text(l, text, size) || !parse_unsigned(out, text, size))
            status = parse(l, out, path, text, size, err);
        *there = status == WF_OK;
    }
    free(text);
    free(path);
    return status;
}

/* The very checkpoint that the copy held when the ledger was restored. By its size alone it could
   be a later one: the log grows again through the sizes that it lost. */
static wf_status is_lost(bool *out, const ledger *l, const checkpoint *c, wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    checkpoint lost;
    *out = false;
    wf_status status = folder_read(l->dir, FILE_GUARD_LOST, NOTE_MAX, &text, &size, err);
    *out = text != NULL && parse_unsigned(&lost, text, size) && lost.size == c->size &&
           hash_equal(&lost.root, &c->root);
    free(text);
    return status;
}

/* A recovery that is recorded in the log names what it lost: from its own place up to the last
   checkpoint that was known. */
static wf_status is_admitted(bool *out, const ledger *l, const checkpoint *c, store_txn *txn,
                             wf_error *err)
{
    recovery r;
    uint64_t from = 0;
    bool lost = false;
    *out = false;
    wf_status read = is_lost(&lost, l, c, err);
    if (read != WF_OK || !lost)
        return read;
    for (bool found = true; found && !*out; from = r.restored_size + 1) {
        wf_status status = recovery_next(txn, from, &found, &r, err);
        if (status != WF_OK)
            return status;
        *out = found && r.last_known && c->size > r.restored_size && c->size <= r.last_size &&
               (c->size < r.last_size || hash_equal(&c->root, &r.last_root));
    }
    return WF_OK;
}

wf_status outside_check(ledger *l, const checkpoint *outside, store_txn *txn,
                        const ledger_head *head, wf_error *err)
{
    bool admitted = false;
    wf_status status = is_admitted(&admitted, l, outside, txn, err);
    if (status != WF_OK || admitted)
        return status;
    return signed_head_check(l, outside, txn, head, err);
}

wf_status outside_write(const ledger *l, const char *text, size_t size, wf_error *err)
{
    char *path = NULL;
    wf_status status = outside_path(l->dir, &path, err);
    if (status != WF_OK || path == NULL)
        return status;
    status = write_file(path, text, size, err);
    free(path);
    return status;
}

wf_status outside_keep_lost(const char *dir, const char *fresh, wf_error *err)
{
    char *path = NULL, *text = NULL;
    size_t size = 0;
    wf_status status = outside_path(dir, &path, err);
    if (status != WF_OK || path == NULL)
        return status;
    /* A copy that cannot be read now excuses nothing later. */
    if (read_file(path, &text, &size, NULL) == WF_OK && text != NULL)
        status = folder_write(fresh, FILE_GUARD_LOST, text, size, 0644, err);
    free(text);
    free(path);
    return status;
}

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

wf_status ledger_set_guard(const char *dir, const char *path, wf_error *err)
{
    char line[PATH_MAX + 2];
    char *text = NULL;
    size_t size = 0;
    wf_status status = ledger_check_guard(dir, path, err);
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
                              : write_file(copy, text, size, err);
        free(copy);
    }
    if (status == WF_OK)
        status = folder_write(dir, FILE_GUARD, line, strlen(line), 0644, err);
    free(text);
    return status;
}
