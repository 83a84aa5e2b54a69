/*
 * witness/witness_state.c: see witness_state.h. The evidence is in witness_evidence.c.
 */
#include "witness_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"

static const char format_text[] = "wufei-witness 1\n";

static wf_status make_folder(const char *path, wf_error *err)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return WF_OK;
    return wf_fail_errno(err, _("%s: cannot be made"), path);
}

/* Nothing but what an interrupted first start left. */
static wf_status is_unused(bool *out, const char *dir, wf_error *err)
{
    *out = true;
    DIR *d = opendir(dir);
    if (d == NULL)
        return wf_fail_errno(err, "%s", dir);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            strcmp(e->d_name, FILE_FORMAT "~") != 0)
            *out = false;
    closedir(d);
    return WF_OK;
}

/* An empty folder becomes a witness's; one with other things in it does not. */
static wf_status check_format(const char *dir, wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    wf_status status = folder_read(dir, FILE_FORMAT, 256, &text, &size, err);
    if (status != WF_OK)
        return status;
    if (text == NULL) {
        bool unused = false;
        status = is_unused(&unused, dir, err);
        if (status == WF_OK && !unused)
            status = wf_fail(err, WF_USAGE,
                             _("%s is not a witness's folder and not empty: it has no file %s; "
                               "name another one"),
                             dir, FILE_FORMAT);
        if (status == WF_OK)
            status = folder_write(dir, FILE_FORMAT, format_text, sizeof format_text - 1, 0644, err);
        return status;
    }
    if (strcmp(text, format_text) != 0)
        status = wf_fail(err, WF_USAGE,
                         _("%s is not the folder of a witness of this version: its file %s does "
                           "not say \"wufei-witness 1\""),
                         dir, FILE_FORMAT);
    free(text);
    return status;
}

wf_status witness_state_open(witness_state *out, const char *dir, wf_error *err)
{
    char *evidence = folder_path(dir, "evidence");
    out->dir = strdup(dir);
    wf_status status = evidence == NULL || out->dir == NULL
                           ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                           : make_folder(dir, err);
    if (status == WF_OK)
        status = check_format(dir, err);
    if (status == WF_OK)
        status = make_folder(evidence, err);
    if (status == WF_OK)
        status = folder_sync(dir, err);
    /* that the folder itself is in its parent is synced as well: "dir/.." is that, under any name
     */
    char *parent = status == WF_OK ? folder_path(dir, "..") : NULL;
    if (status == WF_OK)
        status =
            parent == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory")) : folder_sync(parent, err);
    free(parent);
    free(evidence);
    if (status != WF_OK)
        witness_state_close(out);
    return status;
}

void witness_state_close(witness_state *state)
{
    free(state->dir);
    state->dir = NULL;
}

wf_status witness_state_lock(int *out, const witness_state *state, const char *id, wf_error *err)
{
    char name[WITNESS_ID_MAX + 8];
    *out = -1;
    snprintf(name, sizeof name, "%s.lock", id);
    char *path = folder_path(state->dir, name);
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    /* A descriptor of one's own each time: flock then also keeps threads apart. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    wf_status status = fd < 0 ? wf_fail_errno(err, "%s", path) : WF_OK;
    while (status == WF_OK && flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            status = wf_fail_errno(err, _("%s: cannot be locked"), path);
    if (status != WF_OK && fd >= 0)
        close(fd);
    else
        *out = fd;
    free(path);
    return status;
}

void witness_state_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* That the lock file says that there was a record. */
static bool is_marked(const witness_state *state, const char *id)
{
    struct stat info;
    char name[WITNESS_ID_MAX + 8];
    snprintf(name, sizeof name, "%s.lock", id);
    char *path = folder_path(state->dir, name);
    bool marked = path == NULL || (stat(path, &info) == 0 && info.st_size > 0);
    free(path);
    return marked;
}

/* Evidence that holds an old checkpoint: what was sent first of all may be kept without one. */
static bool has_evidence(const witness_state *state, const char *id)
{
    struct stat info;
    char name[WITNESS_EVIDENCE_NAME + 280];
    bool found = false;
    char *folder = folder_path(state->dir, "evidence");
    DIR *d = folder != NULL ? opendir(folder) : NULL;
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL && !found; e = readdir(d)) {
        if (strncmp(e->d_name, id, strlen(id)) != 0)
            continue;
        snprintf(name, sizeof name, "%s/old", e->d_name);
        char *old = folder_path(folder, name);
        found = old == NULL || stat(old, &info) == 0;
        free(old);
    }
    if (d != NULL)
        closedir(d);
    free(folder);
    return found;
}

/* Who forgot what it cosigned would cosign a second history of the log. */
static wf_status check_never(const witness_state *state, const char *id, wf_error *err)
{
    bool marked = is_marked(state, id);
    bool evidence = has_evidence(state, id);
    if (!marked && !evidence)
        return WF_OK;
    return wf_fail(err, WF_DAMAGED,
                   _("%s/%s is missing, and this witness did cosign that log, as %s%.64s%s in the "
                     "same folder tells: nothing is cosigned for it until the file is put back. "
                     "Only who means to begin anew, and to cosign whatever history comes first, "
                     "removes that as well"),
                   state->dir, id, marked ? "" : "evidence/", id, marked ? ".lock" : "-*");
}

wf_status witness_state_read(const witness_state *state, const char *id, char **out,
                             size_t *out_size, wf_error *err)
{
    wf_status status = folder_read(state->dir, id, NOTE_MAX, out, out_size, err);
    if (status != WF_OK || *out != NULL)
        return status;
    wf_error lost = {0};
    status = check_never(state, id, &lost);
    if (status == WF_OK)
        return WF_OK;
    /* a reader without the lock may have come just before the first one was stored */
    status = folder_read(state->dir, id, NOTE_MAX, out, out_size, err);
    return status == WF_OK && *out == NULL ? wf_fail(err, lost.status, "%s", lost.text) : status;
}

/* Behind the record, so that what was interrupted before locks nobody out; before the answer, so
   that no cosignature is forgotten. */
static wf_status mark(const witness_state *state, const char *id, int lock, wf_error *err)
{
    static const char text[] = "cosigned\n";
    struct stat info;
    if (fstat(lock, &info) == 0 && info.st_size > 0)
        return WF_OK;
    if (write(lock, text, sizeof text - 1) != (ssize_t)(sizeof text - 1) || fsync(lock) != 0)
        return wf_fail_errno(err, "%s/%s.lock", state->dir, id);
    return WF_OK;
}

wf_status witness_state_write(const witness_state *state, const char *id, int lock, span note_bytes,
                              wf_error *err)
{
    wf_status status = folder_write(state->dir, id, note_bytes.data, note_bytes.size, 0644, err);
    return status == WF_OK ? mark(state, id, lock, err) : status;
}
