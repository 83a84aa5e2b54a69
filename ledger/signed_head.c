/*
 * ledger/signed_head.c: the signed checkpoint beside the store, read and held against the log.
 *
 * It is what notices a store that was put back to an older state, cut short or written anew: the
 * store commits first, the checkpoint is signed after (signed_head_write.c), so the store may be
 * ahead of it and never behind.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

wf_status signed_head_key(const ledger *l, uint64_t size, note_key *out, uint64_t *known,
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
        return wf_fail(err, WF_DAMAGED, _("%s: %s"), name, _(reason));
    wf_status status = signed_head_key(l, out->size, &key, &known, err);
    if (status != WF_OK)
        return status;
    reason = note_verify(&verified, NULL, &n, &key, 1);
    if (reason != NULL && out->size > known) /* what would know its key may be what is lost */
        return wf_fail(err, WF_DAMAGED,
                       _("%s: it says %llu entries, and its signature is by no key that the store "
                         "of %llu entries knows (%s): rolled back or truncated ledger, or not its "
                         "checkpoint"),
                       name, (unsigned long long)out->size, (unsigned long long)known, _(reason));
    return reason == NULL ? WF_OK : wf_fail(err, WF_DAMAGED, _("%s: %s"), name, _(reason));
}

wf_status signed_head_read(ledger *l, checkpoint *out, char **text, wf_error *err)
{
    wf_error why = {0};
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
        status = signed_head_parse(l, out, path, bytes, size, &why);
    if (status == WF_DAMAGED && bytes != NULL)
        status = wf_fail(err, status,
                         _("%s; put the file back as it was, or put a backup in place with: wufei "
                           "restore"),
                         why.text);
    else if (why.status != WF_OK)
        status = wf_fail(err, status, "%s", why.text);
    if (status == WF_OK && text != NULL)
        *text = bytes;
    else
        free(bytes);
    free(path);
    return status;
}

/* A ledger that stands at an earlier size: that its tree is a beginning of the one that was signed.
 */
static wf_status check_beginning(const ledger *l, const checkpoint *signed_head, store_txn *txn,
                                 const ledger_head *head, wf_error *err)
{
    hash root, hashes[MERKLE_PROOF_MAX];
    size_t count = 0;
    tile_reader reader = {txn, l->suite->hash, err, NULL};
    if (!merkle_root_at(&root, reader.kind, signed_head->size, tile_read_hash, &reader) ||
        !merkle_prove_consistency(hashes, &count, reader.kind, head->size, signed_head->size,
                                  tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("%s: the tree cannot be read at %llu entries"), l->dir,
                       (unsigned long long)signed_head->size);
    if (!hash_equal(&root, &signed_head->root) ||
        !merkle_verify_consistency(reader.kind, head->size, &head->root, signed_head->size,
                                   &signed_head->root, hashes, count))
        return wf_fail(err, WF_DAMAGED,
                       _("%s: the tree of the first %llu entries is not the beginning of the one "
                         "that was signed at %llu"),
                       l->dir, (unsigned long long)head->size,
                       (unsigned long long)signed_head->size);
    return WF_OK;
}

wf_status signed_head_check(ledger *l, const checkpoint *signed_head, store_txn *txn,
                            const ledger_head *head, wf_error *err)
{
    hash root = head->root;
    tile_reader reader = {txn, l->suite->hash, err, NULL};
    if (l->at > 0 && signed_head->size > head->size)
        return check_beginning(l, signed_head, txn, head, err);
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
