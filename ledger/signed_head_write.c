/*
 * ledger/signed_head_write.c: signing what is committed.
 *
 * Before a new checkpoint is signed, the file is read again and must be the last one that we know,
 * and a beginning of the log; so must its copy outside of the folder, where there is one
 * (outside.c).
 */
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

typedef struct proving {
    ledger *l;
    uint64_t size;
} proving;

static wf_status prove(void *ctx, extension_proof *out, wf_error *err)
{
    const proving *p = ctx;
    return ledger_prove_consistency(p->l, out->from, p->size, out->hashes, &out->count, err);
}

static wf_status sign(ledger *l, const checkpoint *c, char *out, size_t out_size, size_t *size,
                      wf_error *err)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    size_t text = checkpoint_format(out, out_size - 1, c);
    size_t line = 0;
    proving p = {l, c->size};
    wf_status status = WF_OK;
    if (text > 0)
        status = signer_sign_checkpoint(l->signer, span_of(out, text), c->size, prove, &p,
                                        signature, &signature_size, err);
    if (status != WF_OK)
        return status;
    if (text > 0) {
        out[text] = '\n';
        line = note_signature_line(out + text + 1, out_size - text - 1, &l->operator_note_key,
                                   signature, signature_size);
    }
    if (line == 0)
        return wf_fail(err, WF_SYSTEM, _("%s: the checkpoint cannot be signed"), l->dir);
    *size = text + 1 + line;
    return WF_OK;
}

/* The file as it is now: another process, or somebody who put an older folder in our place, may
   have changed it since we signed. */
static wf_status compare(ledger *l, store_txn *txn, const ledger_head *head, wf_error *err)
{
    checkpoint kept, outside;
    bool there = false;
    wf_status status = l->lock >= 0 ? folder_check_lock(l->dir, l->lock, err) : WF_OK;
    if (status == WF_OK)
        status = signed_head_read(l, &kept, NULL, err);
    if (status == WF_OK &&
        (kept.size != l->last_signed.size || !hash_equal(&kept.root, &l->last_signed.root)))
        status = wf_fail(err, WF_DAMAGED,
                         _("%s/%s: it says %llu entries, and the last one that this process signed "
                           "or found here had %llu: somebody else changed it; nothing more is "
                           "signed"),
                         l->dir, FILE_CHECKPOINT, (unsigned long long)kept.size,
                         (unsigned long long)l->last_signed.size);
    if (status == WF_OK)
        status = signed_head_check(l, &kept, txn, head, err);
    if (status == WF_OK)
        status = outside_read(l, &outside, &there, err);
    if (status == WF_OK && there)
        status = outside_check(l, &outside, txn, head, err);
    return status;
}

/* In this order: commit (long done), the file in the folder, the copy outside. After a crash
   between two of them the later one is older, which is still a beginning of the log. */
static wf_status replace(ledger *l, const char *text, size_t size, const checkpoint *next,
                         wf_error *err)
{
    wf_status status = folder_write(l->dir, FILE_CHECKPOINT, text, size, 0644, err);
    checkpoint found;
    if (status != WF_OK) {
        /* The file may have been renamed into place, and the sync of the folder failed: then the
           next time it is our own that is there. */
        if (signed_head_read(l, &found, NULL, NULL) == WF_OK && found.size == next->size &&
            hash_equal(&found.root, &next->root))
            l->last_signed = *next;
        return status;
    }
    l->last_signed = *next;
    store_keep_meta(l->store, l->dir);
    return outside_write(l, text, size, err);
}

wf_status signed_head_write(ledger *l, wf_error *err)
{
    enum { SIGNED_MAX = 2048 };
    char text[SIGNED_MAX];
    size_t size = 0;
    ledger_head head;
    store_txn *txn = NULL;
    WF_ASSERT(l->signer != NULL);
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK && l->last_signed.size > 0)
        status = compare(l, txn, &head, err);
    store_abort(txn);
    if (status != WF_OK)
        return status;
    checkpoint next = {.size = head.size, .root = head.root};
    strcpy(next.origin, l->genesis.origin);
    status = sign(l, &next, text, sizeof text, &size, err);
    return status == WF_OK ? replace(l, text, size, &next, err) : status;
}
