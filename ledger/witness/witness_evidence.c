/*
 * witness/witness_evidence.c: keeping what a log signed that does not fit together. See
 * witness_state.h.
 *
 * A folder of evidence is made under the name ".new-<id>", synced and renamed, so that it is there
 * whole or not at all; a rename onto a folder that is there fails, so nothing is replaced.
 */
#include "witness_state.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"

enum { PAIR_DIGITS = 16 };
static const char *const files[] = {"old", "new", "proof", "vkey"};
enum { FILES = sizeof files / sizeof *files };

static const char *kind_of(const witness_conflict *c)
{
    return c->fork ? "fork" : "unproved";
}

/* Named by the roots and not by the notes: ours has a new cosignature after each request. */
static void name_evidence(char name[WITNESS_EVIDENCE_NAME], const char *id,
                          const witness_conflict *c)
{
    char pair[WITNESS_ID_MAX];
    hash roots[2] = {{{0}}};
    if (c->old_checkpoint != NULL)
        roots[0] = c->old_checkpoint->root;
    roots[1] = c->new_checkpoint->root;
    witness_id(pair, roots, sizeof roots);
    snprintf(name, WITNESS_EVIDENCE_NAME, "evidence/%s-%s-%" PRIu64 "-%" PRIu64 "-%.*s", id,
             kind_of(c), c->old_checkpoint != NULL ? c->old_checkpoint->size : 0,
             c->new_checkpoint->size, PAIR_DIGITS, pair);
}

/* How many folders of this kind are kept of this log. What is not proved costs anybody nothing but
   a bad proof: it must not take the place of forks. */
static wf_status count_evidence(size_t *out, const char *folder, const char *id,
                                const witness_conflict *c, wf_error *err)
{
    char kind[WITNESS_EVIDENCE_NAME];
    *out = 0;
    snprintf(kind, sizeof kind, "%s-%s-", id, kind_of(c));
    DIR *d = opendir(folder);
    if (d == NULL)
        return wf_fail_errno(err, "%s", folder);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        *out += strncmp(e->d_name, kind, strlen(kind)) == 0;
    closedir(d);
    return WF_OK;
}

static void remove_folder(const char *folder)
{
    for (size_t i = 0; i < FILES; i++) {
        char *path = folder_path(folder, files[i]);
        if (path != NULL)
            unlink(path);
        free(path);
    }
    rmdir(folder);
}

static wf_status fill(const char *folder, const witness_conflict *c, wf_error *err)
{
    const span contents[FILES] = {c->old_note, c->new_note, c->proof, span_text(c->vkeys)};
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return wf_fail_errno(err, _("%s: cannot be made"), folder);
    wf_status status = WF_OK;
    for (size_t i = 0; i < FILES && status == WF_OK; i++)
        if (contents[i].data != NULL)
            status = folder_write(folder, files[i], contents[i].data, contents[i].size, 0644, err);
    return status;
}

wf_status witness_state_keep(const witness_state *state, const char *id,
                             const witness_conflict *conflict, char name[WITNESS_EVIDENCE_NAME],
                             bool *fresh, wf_error *err)
{
    struct stat info;
    char temporary[WITNESS_EVIDENCE_NAME];
    size_t count = 0;
    wf_status status = WF_OK;
    *fresh = false;
    name_evidence(name, id, conflict);
    snprintf(temporary, sizeof temporary, "evidence/.new-%s", id); /* its lock keeps others away */
    char *place = folder_path(state->dir, name);
    char *made = folder_path(state->dir, temporary);
    char *folder = folder_path(state->dir, "evidence");
    if (place == NULL || made == NULL || folder == NULL) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
        goto out;
    }
    if (stat(place, &info) == 0)
        goto out;
    status = count_evidence(&count, folder, id, conflict, err);
    if (status == WF_OK && count >= WITNESS_EVIDENCE_MAX)
        status = wf_fail(err, WF_SYSTEM,
                         _("%s: there are %d cases of this log already; no more are kept until "
                           "they are moved elsewhere"),
                         folder, WITNESS_EVIDENCE_MAX);
    if (status == WF_OK)
        status = fill(made, conflict, err);
    if (status == WF_OK && rename(made, place) != 0)
        status = wf_fail_errno(err, _("%s: cannot be made"), place);
    if (status == WF_OK)
        status = folder_sync(folder, err);
    if (status == WF_OK)
        *fresh = true;
    else if (count < WITNESS_EVIDENCE_MAX)
        remove_folder(made);
out:
    free(place);
    free(made);
    free(folder);
    return status;
}
