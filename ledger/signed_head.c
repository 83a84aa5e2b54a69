/*
 * ledger/signed_head.c: the signed checkpoint beside the store.
 *
 * It is what notices a store that was put back to an older state, cut short or written anew: the
 * store commits first, the checkpoint is signed after, so the store may be ahead of it and never
 * behind. Before a new one is signed, the last one must be a beginning of the log.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

wf_status signed_head_read(ledger *l, checkpoint *out, char **text, wf_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    note n;
    bool verified = false;
    const char *reason = NULL;
    wf_status status = folder_read(l->dir, FILE_CHECKPOINT, NOTE_MAX, &bytes, &size, err);
    if (status != WF_OK)
        return status;
    if (bytes == NULL)
        return wf_fail(err, WF_DAMAGED,
                       _("%s/%s is missing: nothing shows that the store was not put back to an "
                         "older state; restore it"),
                       l->dir, FILE_CHECKPOINT);
    reason = note_parse(&n, bytes, size);
    if (reason == NULL)
        reason = note_verify(&verified, NULL, &n, &l->operator_note_key, 1);
    if (reason == NULL)
        reason = checkpoint_parse(out, n.text, n.text_size);
    if (reason == NULL && strcmp(out->origin, l->genesis.origin) != 0)
        reason = _("it is of another ledger");
    if (reason != NULL)
        status = wf_fail(err, WF_DAMAGED, "%s/%s: %s", l->dir, FILE_CHECKPOINT, reason);
    if (status == WF_OK && text != NULL)
        *text = bytes;
    else
        free(bytes);
    return status;
}

wf_status signed_head_check(ledger *l, const checkpoint *signed_head, store_txn *txn,
                            const ledger_head *head, wf_error *err)
{
    hash root = head->root;
    tile_reader reader = {txn, l->suite->hash, err};
    if (signed_head->size > head->size)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: rolled back or truncated ledger: the store holds %llu entries, %llu "
                         "were signed; restore the newer store"),
                       l->dir, (unsigned long long)head->size,
                       (unsigned long long)signed_head->size);
    if (signed_head->size < head->size &&
        !merkle_root_at(&root, reader.kind, signed_head->size, tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("%s: the tree cannot be read at %llu entries"), l->dir,
                       (unsigned long long)signed_head->size);
    if (!hash_equal(&root, &signed_head->root))
        return wf_fail(err, WF_DAMAGED,
                       _("%s: the store is not the ledger that was signed: its first %llu of %llu "
                         "entries have another root than the checkpoint"),
                       l->dir, (unsigned long long)signed_head->size,
                       (unsigned long long)head->size);
    return WF_OK;
}

static wf_status sign(ledger *l, const checkpoint *c, char *out, size_t out_size, size_t *size,
                      wf_error *err)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    size_t text = checkpoint_format(out, out_size - 1, c);
    size_t line = 0;
    if (text > 0 && signer_sign(l->signer, out, text, signature, &signature_size, err) != WF_OK)
        return err->status;
    if (text > 0) {
        out[text] = '\n';
        line = note_signature_line(out + text + 1, out_size - text - 1, l->genesis.origin,
                                   l->genesis.operator_key, signature);
    }
    if (line == 0)
        return wf_fail(err, WF_SYSTEM, _("%s: the checkpoint cannot be signed"), l->dir);
    *size = text + 1 + line;
    return WF_OK;
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
        status = signed_head_check(l, &l->last_signed, txn, &head, err);
    store_abort(txn);
    if (status != WF_OK)
        return status;
    checkpoint next = {.size = head.size, .root = head.root};
    strcpy(next.origin, l->genesis.origin);
    status = sign(l, &next, text, sizeof text, &size, err);
    if (status == WF_OK)
        status = folder_write(l->dir, FILE_CHECKPOINT, text, size, 0644, err);
    if (status == WF_OK)
        l->last_signed = next;
    return status;
}
