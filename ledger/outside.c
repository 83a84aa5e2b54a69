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

wf_status outside_read_file(const char *path, char **out, size_t *size, wf_error *err)
{
    char *folder = NULL;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : folder_read(folder, name, NOTE_MAX, out, size, err);
    free(folder);
    return status;
}

wf_status outside_write_file(const char *path, const char *text, size_t size, wf_error *err)
{
    char *folder = NULL;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : folder_write(folder, name, text, size, 0644, err);
    free(folder);
    return status;
}

wf_status outside_missing(const ledger *l, const char *path, wf_error *err)
{
    return wf_fail(err, WF_DAMAGED,
                   _("%s, the copy of the last checkpoint outside of %s, is missing: mount its "
                     "disk or put it back; when it is lost for good, make it anew with: wufei "
                     "repair --guard FILE"),
                   path, l->dir);
}

bool outside_parse_unsigned(checkpoint *out, const char *text, size_t size)
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
    status = outside_read_file(path, &text, &size, err);
    if (status != WF_OK && l->read_only)
        status = WF_OK; /* a reader need not be able to read everything of the operator's */
    else if (status == WF_OK && text == NULL && !l->read_only)
        status = outside_missing(l, path, err);
    if (status == WF_OK && text != NULL) {
        /* Of what was lost, no signature need hold; whether the log admits it, outside_check tells.
         */
        if (!is_lost_text(l, text, size) || !outside_parse_unsigned(out, text, size))
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
    *out = text != NULL && outside_parse_unsigned(&lost, text, size) && lost.size == c->size &&
           hash_equal(&lost.root, &c->root);
    free(text);
    return status;
}

wf_status outside_is_recorded(bool *out, const checkpoint *c, bool exactly, store_txn *txn,
                              wf_error *err)
{
    recovery r;
    uint64_t from = 0;
    *out = false;
    for (bool found = true; found && !*out; from = r.restored_size + 1) {
        wf_status status = recovery_next(txn, from, &found, &r, err);
        if (status != WF_OK)
            return status;
        bool last = c->size == r.last_size && hash_equal(&c->root, &r.last_root);
        bool before = !exactly && c->size < r.last_size;
        *out = found && r.last_known && c->size > r.restored_size && (last || before);
    }
    return WF_OK;
}

wf_status outside_check(ledger *l, const checkpoint *outside, store_txn *txn,
                        const ledger_head *head, wf_error *err)
{
    bool admitted = false;
    wf_status status = is_lost(&admitted, l, outside, err);
    if (status == WF_OK && admitted)
        status = outside_is_recorded(&admitted, outside, false, txn, err);
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
    status = outside_write_file(path, text, size, err);
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
    if (outside_read_file(path, &text, &size, NULL) == WF_OK && text != NULL)
        status = folder_write(fresh, FILE_GUARD_LOST, text, size, 0644, err);
    free(text);
    free(path);
    return status;
}
