/*
 * ledger/repair/restore_last.c: what was signed last, as far as anybody here knows.
 *
 * The checkpoint that was named, or the one in a receipt; those in the folder of the ledger in the
 * place; the copy outside of it. The largest is what the recovery admits to have lost; each must
 * have the backup as its beginning, or be a beginning of it. None at all: how much is lost is not
 * known, and the record says that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "restore.h"

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

static void add_key(const restoring *r, note_key *keys, size_t *count, const suite_public_key *key)
{
    if (key->size != r->l->suite->public_key_size)
        return;
    note_key_make(&keys[*count], r->l->suite->note_type, r->l->genesis.origin, key->bytes);
    for (size_t i = 0; i < *count; i++)
        if (memcmp(keys[i].public_key, key->bytes, key->size) == 0)
            return;
    (*count)++;
}

/* By the operator's key, as the backup's log and the one in the place know it, as its folder has
   it, or as the caller names it. *known: it says it is by one of them. */
static wf_status verify(const restoring *r, const checkpoint *c, const char *text, size_t size,
                        bool *verified, bool *known, wf_error *err)
{
    enum { KEYS = 4 };
    note n;
    note_key keys[KEYS];
    operator_key of_backup;
    suite_public_key of_old;
    size_t count = 0;
    bool each[KEYS] = {false};
    wf_status status =
        key_rows_operator(&of_backup, r->txn, c->size < r->head.size ? c->size : r->head.size, err);
    if (status != WF_OK)
        return status;
    restore_old_key(r, c->size, &of_old);
    add_key(r, keys, &count, &of_backup.public_key);
    add_key(r, keys, &count, &of_old);
    add_key(r, keys, &count, &r->present);
    const char *reason =
        r->options->vkey == NULL ? NULL : note_key_parse(&keys[count], r->options->vkey);
    if (reason != NULL)
        return wf_fail(err, WF_USAGE, "--vkey: %s", _(reason));
    count += r->options->vkey != NULL;
    *known = false;
    *verified =
        note_parse(&n, text, size) == NULL && note_verify(each, NULL, &n, keys, count) == NULL;
    for (size_t i = 0; i < n.signature_count; i++)
        for (size_t k = 0; k < count; k++)
            *known = *known ||
                     (n.signatures[i].id == keys[k].id &&
                      n.signatures[i].name_size == strlen(keys[k].name) &&
                      memcmp(n.signatures[i].name, keys[k].name, n.signatures[i].name_size) == 0);
    return WF_OK;
}

/* What was named must verify, or anybody's text becomes an admission in the log. Of what was found
   in the place, a failing signature of a known key is damage and says nothing; one of an unknown
   key counts (the key may be one that is lost): the operator admits more, not less, and it is said.
 */
static wf_status take(restoring *r, const checkpoint *c, const char *path, bool named,
                      const char *text, size_t size, wf_error *err)
{
    bool verified = false, known = false;
    wf_status status = verify(r, c, text, size, &verified, &known, err);
    if (status == WF_OK && !verified && named)
        return known ? wf_fail(err, WF_USAGE,
                               _("%s: its signature does not verify by the operator's key, by "
                                 "which it says it is signed: it is no checkpoint of this ledger"),
                               path)
                     : wf_fail(err, WF_USAGE,
                               _("%s is signed by no key of the operator that the backup or the "
                                 "ledger in %s knows. When the key was changed after the backup, "
                                 "name the one that signed it with --vkey VKEY"),
                               path, r->place.dir);
    /* Each of them: a larger one that is known as well does not make two histories one. */
    if (status == WF_OK && verified)
        status = check_kept(r, c, err);
    if (status != WF_OK || (!verified && known))
        return status;
    if (!r->record.last_known || c->size > r->record.last_size) {
        r->record.last_known = true;
        r->record.last_size = c->size;
        r->record.last_root = c->root;
        r->report->last_verified = verified;
    }
    return WF_OK;
}

/* *text becomes the checkpoint in a receipt, where it is one. */
static const char *parse(checkpoint *out, const char **text, size_t *size)
{
    tlog_proof proof;
    note n;
    if (tlog_proof_parse(&proof, *text, *size) == NULL) {
        *text = proof.checkpoint;
        *size = proof.checkpoint_size;
    }
    const char *reason = note_parse(&n, *text, *size);
    return reason == NULL ? checkpoint_parse(out, n.text, n.text_size) : reason;
}

/* `must`: it was named; one that was only looked for and is not there, or cannot be read, says
   nothing. */
static wf_status take_file(restoring *r, const char *path, bool must, wf_error *err)
{
    checkpoint c;
    char *folder = NULL, *bytes = NULL;
    size_t size = 0;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : folder_read(folder, name, NOTE_MAX, &bytes, &size, err);
    free(folder);
    if (status == WF_OK && bytes == NULL && must)
        status = wf_fail(err, WF_USAGE, _("%s: there is no such file"), path);
    const char *text = bytes;
    const char *reason = bytes == NULL ? NULL : parse(&c, &text, &size);
    if (status == WF_OK && reason != NULL && must)
        status = wf_fail(err, WF_USAGE, _("%s is neither a signed checkpoint nor a receipt: %s"),
                         path, _(reason));
    else if (bytes == NULL || reason != NULL)
        status = must ? status : WF_OK;
    else if (strcmp(c.origin, r->l->genesis.origin) != 0)
        status = wf_fail(err, WF_USAGE, _("%s is of another ledger, %s; the backup is of %s"), path,
                         c.origin, r->l->genesis.origin);
    else
        status = take(r, &c, path, must, text, size, err);
    free(bytes);
    return status;
}

static wf_status take_in_place(restoring *r, const char *name, wf_error *err)
{
    char *path = folder_path(r->place.dir, name);
    wf_status status =
        path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory")) : take_file(r, path, false, err);
    free(path);
    return status;
}

static wf_status take_all(restoring *r, wf_error *err)
{
    char *guard = NULL;
    wf_status status = WF_OK;
    if (r->options->last != NULL)
        status = take_file(r, r->options->last, true, err);
    if (status == WF_OK && r->old)
        status = take_in_place(r, FILE_CHECKPOINT, err);
    if (status == WF_OK && r->old)
        status = take_in_place(r, FILE_WITNESSED, err);
    if (status == WF_OK && r->old)
        status = outside_path(r->place.dir, &guard, err);
    if (status == WF_OK && guard != NULL)
        status = take_file(r, guard, false, err);
    free(guard);
    return status;
}

wf_status restore_find_last(restoring *r, wf_error *err)
{
    wf_status status = take_all(r, err);
    if (status == WF_OK && r->record.last_known) {
        checkpoint last = {.size = r->record.last_size, .root = r->record.last_root};
        status = check_kept(r, &last, err);
    }
    return status;
}
