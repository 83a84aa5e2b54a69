/*
 * witness/witness_kept.c: see witness_kept.h.
 */
#include "witness_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"

void witness_kept_free(witness_kept *kept)
{
    buffer_free(&kept->text);
    buffer_free(&kept->line);
    memset(kept, 0, sizeof *kept);
}

wf_status witness_kept_lock(int *out, const ledger *l, wf_error *err)
{
    wf_status status = WF_OK;
    *out = -1;
    char *folder = folder_path(l->dir, FOLDER_WITNESSES);
    char *path = folder_path(l->dir, FOLDER_WITNESSES "/lock");
    if (folder == NULL || path == NULL) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
        goto out;
    }
    if (mkdir(folder, 0755) == 0)
        status = folder_sync(l->dir, err);
    else if (errno != EEXIST)
        status = wf_fail_errno(err, _("%s: cannot be made"), folder);
    if (status != WF_OK)
        goto out;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        status = wf_fail_errno(err, "%s", path);
        goto out;
    }
    while (status == WF_OK && flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            status = wf_fail_errno(err, _("%s: cannot be locked"), path);
    if (status == WF_OK)
        *out = fd;
    else
        close(fd);
out:
    free(folder);
    free(path);
    return status;
}

static bool is_of(const note_signature *signature, const note_key *key)
{
    return signature->id == key->id && signature->name_size == strlen(key->name) &&
           memcmp(signature->name, key->name, signature->name_size) == 0;
}

/* The first signature line of the note that has the key's name and id. */
static void copy_line(buffer *out, const note *n, const note_key *key)
{
    const char *line = n->text + n->text_size + 1;
    for (size_t i = 0; i < n->signature_count; i++) {
        const char *stop = strchr(n->signatures[i].name, '\n') + 1;
        if (is_of(&n->signatures[i], key)) {
            buffer_append(out, line, (size_t)(stop - line));
            return;
        }
        line = stop;
    }
}

wf_status witness_kept_parse(witness_kept *out, span bytes, const note_key *key, wf_error *err)
{
    memset(out, 0, sizeof *out);
    bool verified = false;
    note *n = malloc(sizeof *n);
    if (n == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    const char *reason = note_parse(n, (const char *)bytes.data, bytes.size);
    if (reason == NULL)
        reason = note_verify(&verified, &out->time_s, n, key, 1);
    if (reason == NULL)
        reason = checkpoint_parse(&out->checkpoint, n->text, n->text_size);
    if (reason == NULL && out->time_s == 0)
        reason = N_("a cosignature of a checkpoint has a time");
    if (reason == NULL) {
        out->there = true;
        buffer_append(&out->text, n->text, n->text_size);
        copy_line(&out->line, n, key);
    }
    free(n);
    if (!out->text.failed && !out->line.failed)
        return WF_OK;
    witness_kept_free(out);
    return wf_fail(err, WF_SYSTEM, _("out of memory"));
}

static void name_of(char out[sizeof FOLDER_WITNESSES + WITNESS_ID_MAX], const note_key *key)
{
    char id[WITNESS_ID_MAX];
    witness_id(id, key->public_key, note_key_size(key->type));
    snprintf(out, sizeof FOLDER_WITNESSES + WITNESS_ID_MAX, "%s/%s", FOLDER_WITNESSES, id);
}

wf_status witness_kept_read(witness_kept *out, const ledger *l, const note_key *key, wf_error *err)
{
    char name[sizeof FOLDER_WITNESSES + WITNESS_ID_MAX];
    char *bytes = NULL;
    size_t size = 0;
    memset(out, 0, sizeof *out);
    name_of(name, key);
    wf_status status = folder_read(l->dir, name, NOTE_MAX, &bytes, &size, err);
    if (status == WF_OK && bytes != NULL)
        status = witness_kept_parse(out, span_of(bytes, size), key, err);
    free(bytes);
    if (status == WF_OK && strcmp(out->checkpoint.origin, l->genesis.origin) != 0)
        out->there = false;
    return status;
}

wf_status witness_kept_write(const ledger *l, const note_key *key, span note_bytes, wf_error *err)
{
    char name[sizeof FOLDER_WITNESSES + WITNESS_ID_MAX];
    name_of(name, key);
    const char *file = strchr(name, '/') + 1;
    char *folder = folder_path(l->dir, FOLDER_WITNESSES);
    wf_status status =
        folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                       : folder_write(folder, file, note_bytes.data, note_bytes.size, 0644, err);
    free(folder);
    return status;
}

wf_status witness_publish(const ledger *l, span note_bytes, wf_error *err)
{
    return folder_write(l->dir, FILE_WITNESSED, note_bytes.data, note_bytes.size, 0644, err);
}
