/*
 * ledger/keys/signer_memory.c: see signer_memory.h.
 */
#include "signer_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "folder.h"

enum { MEMORY_MAX = SIGNER_ORIGINS_MAX * 512 };

static wf_status parse(signer_memory *m, const char *text, size_t size, wf_error *err)
{
    /* one that is empty was not written by a signer, which writes when it has something to say; a
       full disk or somebody else emptied it */
    for (const char *at = text; at < text + size || m->count == 0;) {
        const char *end = strstr(at, "\n\n");
        const char *reason = "";
        if (end != NULL && m->count < SIGNER_ORIGINS_MAX)
            reason = checkpoint_parse(&m->last[m->count], at, (size_t)(end + 1 - at));
        if (end == NULL || reason != NULL)
            return wf_fail(err, WF_DAMAGED,
                           _("%s/%s does not hold what this signer signed last; put it back from a "
                             "backup: without it another history could be signed"),
                           m->dir, m->name);
        m->count++;
        at = end + 2;
    }
    return WF_OK;
}

static wf_status lock_memory(signer_memory *m, const char *path, wf_error *err)
{
    buffer beside = {0};
    buffer_printf(&beside, "%s.lock", path);
    if (beside.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = WF_OK;
    m->lock = open((const char *)beside.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (m->lock < 0)
        status = wf_fail_errno(err, "%s", (const char *)beside.data);
    else if (flock(m->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        status = wf_fail(err, WF_SYSTEM,
                         _("another signer remembers in %s already; stop it first, or name another "
                           "file with --memory"),
                         path);
    buffer_free(&beside);
    return status; /* also where a file system knows no locks */
}

wf_status signer_memory_open(signer_memory *out, const char *path, wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    *out = (signer_memory){.lock = -1};
    out->name = strdup(folder_split(path, &out->dir));
    if (out->dir == NULL || out->name == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = lock_memory(out, path, err);
    if (status == WF_OK)
        status = folder_read(out->dir, out->name, MEMORY_MAX, &text, &size, err);
    if (status == WF_OK && text != NULL)
        status = parse(out, text, size, err);
    free(text);
    return status;
}

void signer_memory_free(signer_memory *m)
{
    free(m->dir);
    free(m->name);
    m->dir = m->name = NULL;
    if (m->lock >= 0)
        close(m->lock);
    m->lock = -1;
}

static wf_status save(const signer_memory *m, wf_error *err)
{
    char lines[512];
    buffer text = {0};
    for (size_t i = 0; i < m->count; i++) {
        buffer_append(&text, lines, checkpoint_format(lines, sizeof lines, &m->last[i]));
        buffer_append_text(&text, "\n");
    }
    wf_status status = text.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                   : folder_write(m->dir, m->name, text.data, text.size, 0600, err);
    buffer_free(&text);
    return status;
}

/* Whoever rules the ledger's machine cannot make a signer forget; its keeper can, and what is left
   of that is the old file here and the recovery in the log. */
static wf_status refuse(const signer_memory *m, wf_error *err, const char *what)
{
    return wf_fail(err, WF_REFUSED,
                   _("%s. Put the newer ledger back. Only when that is lost for good: stop this "
                     "signer, start it anew with --memory and the name of a new file (and keep "
                     "%s/%s, which shows what was signed), then put a backup in place with: wufei "
                     "restore, which records the loss in the log"),
                   what, m->dir, m->name);
}

static wf_status check_next(const signer_memory *m, const checkpoint *last, const checkpoint *c,
                            hash_kind kind, const extension_proof *proof, uint64_t *from,
                            wf_error *err)
{
    char what[256];
    if (c->size < last->size) {
        snprintf(what, sizeof what,
                 _("a checkpoint of %llu entries, when one of %llu was signed: the ledger was put "
                   "back to an older state"),
                 (unsigned long long)c->size, (unsigned long long)last->size);
        return refuse(m, err, what);
    }
    if (c->size == last->size && !hash_equal(&c->root, &last->root)) {
        snprintf(what, sizeof what,
                 _("another root at %llu entries than the one that was signed: these are two "
                   "histories"),
                 (unsigned long long)c->size);
        return refuse(m, err, what);
    }
    if (c->size == last->size || last->size == 0)
        return WF_OK;
    if (proof == NULL || proof->from != last->size) {
        *from = last->size;
        return wf_fail(err, WF_REFUSED,
                       _("the proof that it extends the %llu entries that were signed last is "
                         "wanting"),
                       (unsigned long long)last->size);
    }
    if (merkle_verify_consistency(kind, last->size, &last->root, c->size, &c->root, proof->hashes,
                                  proof->count))
        return WF_OK;
    snprintf(what, sizeof what,
             _("a checkpoint of %llu entries that does not extend the %llu that were signed last: "
               "these are two histories"),
             (unsigned long long)c->size, (unsigned long long)last->size);
    return refuse(m, err, what);
}

wf_status signer_memory_take(signer_memory *m, const checkpoint *c, hash_kind kind,
                             const extension_proof *proof, uint64_t *from, wf_error *err)
{
    size_t i = 0;
    *from = 0;
    while (i < m->count && strcmp(m->last[i].origin, c->origin) != 0)
        i++;
    if (i == SIGNER_ORIGINS_MAX)
        return wf_fail(err, WF_REFUSED, _("this signer signs for %d ledgers already"),
                       SIGNER_ORIGINS_MAX);
    if (i < m->count) {
        wf_status status = check_next(m, &m->last[i], c, kind, proof, from, err);
        if (status != WF_OK || c->size == m->last[i].size)
            return status; /* the same again changes nothing */
    }
    checkpoint before = m->last[i];
    size_t count = m->count;
    m->last[i] = *c;
    if (i == m->count)
        m->count++;
    wf_status status = save(m, err);
    if (status != WF_OK) {
        m->last[i] = before;
        m->count = count;
    }
    return status;
}
