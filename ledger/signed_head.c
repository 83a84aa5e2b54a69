/*
 * ledger/signed_head.c: the signed checkpoint beside the store.
 *
 * It is what notices a store that was put back to an older state, cut short or written anew: the
 * store commits first, the checkpoint is signed after, so the store may be ahead of it and never
 * behind. Before a new one is signed, the file is read again and must be the last one that we know,
 * and a beginning of the log; so must its copy outside of the folder, where there is one
 * (outside.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

/* The operator's key that signs a checkpoint of `size`, as far as the store knows. */
static wf_status key_at(const ledger *l, uint64_t size, note_key *out, uint64_t *known,
                        wf_error *err)
{
    store_txn *txn = NULL;
    ledger_head head;
    operator_key key;
    wf_status status = store_begin(&txn, l->whole != NULL ? l->whole : l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = key_rows_operator(&key, txn, size < head.size ? size : head.size, err);
    store_abort(txn);
    if (status != WF_OK)
        return status;
    *known = head.size;
    note_key_make(out, l->suite->note_type, l->genesis.origin, key.public_key.bytes);
    return WF_OK;
}

wf_status signed_head_parse(const ledger *l, checkpoint *out, const char *name, const char *text,
                            size_t size, wf_error *err)
{
    note n;
    note_key key;
    bool verified = false;
    uint64_t known = 0;
    const char *reason = note_parse(&n, text, size);
    if (reason == NULL)
        reason = checkpoint_parse(out, n.text, n.text_size);
    if (reason == NULL)
        reason = checkpoint_check(out, l->suite->hash);
    if (reason == NULL && strcmp(out->origin, l->genesis.origin) != 0)
        reason = _("it is of another ledger");
    if (reason != NULL)
        return wf_fail(err, WF_DAMAGED, "%s: %s", name, _(reason));
    wf_status status = key_at(l, out->size, &key, &known, err);
    if (status != WF_OK)
        return status;
    reason = note_verify(&verified, NULL, &n, &key, 1);
    if (reason != NULL && out->size > known) /* what would know its key may be what is lost */
        return wf_fail(err, WF_DAMAGED,
                       _("%s: it says %llu entries, and its signature is by no key that the store "
                         "of %llu entries knows (%s): rolled back or truncated ledger, or not its "
                         "checkpoint"),
                       name, (unsigned long long)out->size, (unsigned long long)known, _(reason));
    return reason == NULL ? WF_OK : wf_fail(err, WF_DAMAGED, "%s: %s", name, _(reason));
}

wf_status signed_head_read(ledger *l, checkpoint *out, char **text, wf_error *err)
{
    char *bytes = NULL;
    char *path = folder_path(l->dir, FILE_CHECKPOINT);
    size_t size = 0;
    wf_status status = path == NULL
                           ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                           : folder_read(l->dir, FILE_CHECKPOINT, NOTE_MAX, &bytes, &size, err);
    if (status == WF_OK && bytes == NULL)
        status = wf_fail(err, WF_DAMAGED,
                         _("%s is missing: nothing shows that the store was not put back to an "
                           "older state; put the file back, or put a backup in place with: wufei "
                           "restore"),
                         path);
    if (status == WF_OK)
        status = signed_head_parse(l, out, path, bytes, size, err);
    if (status == WF_OK && text != NULL)
        *text = bytes;
    else
        free(bytes);
    free(path);
    return status;
}

wf_status signed_head_check(ledger *l, const checkpoint *signed_head, store_txn *txn,
                            const ledger_head *head, wf_error *err)
{
    hash root = head->root;
    tile_reader reader = {txn, l->suite->hash, err};
    if (l->at > 0 && signed_head->size > head->size)
        return at_check_signed(l, signed_head, txn, head, err);
    if (signed_head->size > head->size)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: rolled back or truncated ledger: the store holds %llu entries, %llu "
                         "were signed; put the newer store back, or, when it is lost, put a backup "
                         "in place with: wufei restore, which records the loss in the log"),
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
