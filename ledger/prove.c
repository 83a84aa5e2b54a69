/*
 * ledger/prove.c: what the log shows to people who do not trust it: its signed checkpoint, receipts
 * of entries, and the proof that it extends a checkpoint it signed earlier.
 *
 * Everything here stands under a checkpoint that is signed and stored, never under what is merely
 * committed: who holds a proof can always show the signature to it.
 */
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/text.h"

/* A proof has at most 64 hashes, one a line, and a few words. */
enum { PROOF_LINES_MAX = 8192 };

wf_status ledger_checkpoint(ledger *l, char **out, wf_error *err)
{
    checkpoint c;
    store_txn *txn = NULL;
    *out = NULL;
    wf_status status = ledger_drain(l, err); /* signs what is committed and not signed */
    if (status == WF_OK)
        status = signed_head_read(l, &c, out, err);
    if (status != WF_OK || l->at == 0)
        return status;
    status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = at_checkpoint(l, txn, &c, out, err);
    store_abort(txn);
    return status;
}

/* ---- receipts ------------------------------------------------------------------------------- */

/* Puts the witnessed checkpoint in the place of *c and *text when it is of a tree of at least
   `size` entries. When it does not hold: a receipt under the ledger's own checkpoint holds as well,
   and what is wrong is for who asks ledger_witnessed. */
static wf_status prefer_witnessed(ledger *l, store_txn *txn, const ledger_head *head, uint64_t size,
                                  checkpoint *c, char **text, wf_error *err)
{
    checkpoint witnessed;
    char *bytes = NULL;
    wf_status status = witnessed_read_if(l, txn, head, &witnessed, &bytes, err);
    if (bytes != NULL && witnessed.size >= size) {
        free(*text);
        *text = bytes;
        *c = witnessed;
    } else {
        free(bytes);
    }
    return status;
}

/* The signed checkpoint that *c holds is the log's; the better one, when there is one. */
static wf_status choose_checkpoint(ledger *l, store_txn *txn, uint64_t size, checkpoint *c,
                                   char **text, wf_error *err)
{
    ledger_head head;
    wf_status status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = signed_head_check(l, c, txn, &head, err);
    if (status == WF_OK && l->at > 0)
        return at_checkpoint(l, txn, c, text, err);
    if (status == WF_OK && size > c->size)
        status = wf_fail(err, WF_USAGE,
                         _("entry %llu is not under a signed checkpoint yet, the last one has %llu "
                           "entries; try again when the writer is done"),
                         (unsigned long long)(size - 1), (unsigned long long)c->size);
    if (status == WF_OK)
        status = prefer_witnessed(l, txn, &head, size, c, text, err);
    return status;
}

/* One receipt into `out`, which has room for PROOF_LINES_MAX bytes and the checkpoint; `room` is
   for its entry. */
static wf_status prove_entry(ledger *l, store_txn *txn, uint64_t seq, const checkpoint *c,
                             const char *text, buffer *room, char *out, ledger_receipt *receipt,
                             wf_error *err)
{
    hash hashes[MERKLE_PROOF_MAX], leaf;
    size_t count = 0;
    tile_reader reader = {txn, l->suite->hash, err, l->nodes};
    wf_status status = ledger_read_into(l, txn, seq, room, &receipt->entry, NULL, err);
    if (status != WF_OK)
        return status;
    if (!merkle_prove_inclusion(hashes, &count, reader.kind, seq, c->size, tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("entry %llu: the tree cannot be read"),
                       (unsigned long long)seq);
    merkle_leaf(&leaf, reader.kind, receipt->entry.data, receipt->entry.size);
    if (!merkle_verify_inclusion(reader.kind, &leaf, seq, c->size, hashes, count, &c->root))
        return wf_fail(
            err, WF_DAMAGED,
            _("entry %llu: its proof does not lead to the signed root; run wufei verify"),
            (unsigned long long)seq);
    size_t text_size = strlen(text);
    receipt->seq = seq;
    receipt->proof = out;
    receipt->proof_size = tlog_proof_format(out, PROOF_LINES_MAX + text_size - 1, seq, hashes,
                                            count, text, text_size);
    WF_ASSERT(receipt->proof_size > 0);
    out[receipt->proof_size] = '\0';
    return WF_OK;
}

wf_status ledger_receipts(ledger *l, uint64_t from, uint64_t to, ledger_receipt_taker take,
                          void *ctx, wf_error *err)
{
    checkpoint c;
    char *text = NULL;
    char *proof = NULL;
    buffer room = {0};
    store_txn *txn = NULL;
    wf_status status = ledger_drain(l, err);
    if (status == WF_OK) /* before the transaction begins: the store is then never behind it */
        status = signed_head_read(l, &c, &text, err);
    if (status == WF_OK)
        status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK && from < to)
        status = ledger_read(l, txn, to - 1, NULL, NULL, err); /* says when there is none */
    if (status == WF_OK)
        status = choose_checkpoint(l, txn, to, &c, &text, err);
    if (status == WF_OK && (proof = malloc(PROOF_LINES_MAX + strlen(text))) == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    for (uint64_t seq = from; seq < to && status == WF_OK; seq++) {
        ledger_receipt receipt;
        status = prove_entry(l, txn, seq, &c, text, &room, proof, &receipt, err);
        if (status == WF_OK)
            status = take(ctx, &receipt, err);
    }
    store_abort(txn);
    buffer_free(&room);
    free(proof);
    free(text);
    return status;
}

static wf_status keep_proof(void *ctx, const ledger_receipt *receipt, wf_error *err)
{
    char **out = ctx;
    *out = strdup(receipt->proof);
    return *out != NULL ? WF_OK : wf_fail(err, WF_SYSTEM, _("out of memory"));
}

wf_status ledger_prove(ledger *l, uint64_t seq, char **out, wf_error *err)
{
    *out = NULL;
    return ledger_receipts(l, seq, seq + 1, keep_proof, out, err);
}

/* ---- consistency ---------------------------------------------------------------------------- */

static wf_status prove_consistency(ledger *l, store_txn *txn, uint64_t size1, uint64_t size2,
                                   hash out[MERKLE_PROOF_MAX], size_t *out_count, wf_error *err)
{
    tile_reader reader = {txn, l->suite->hash, err, l->nodes};
    *out_count = 0;
    if (size1 == 0 || size1 == size2)
        return WF_OK;
    if (!merkle_prove_consistency(out, out_count, reader.kind, size1, size2, tile_read_hash,
                                  &reader))
        return wf_fail(err, WF_DAMAGED, _("%s: the tree cannot be read at %llu entries"), l->dir,
                       (unsigned long long)size1);
    return WF_OK;
}

wf_status ledger_prove_consistency(ledger *l, uint64_t size1, uint64_t size2,
                                   hash out[MERKLE_PROOF_MAX], size_t *out_count, wf_error *err)
{
    ledger_head head;
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK && (size1 > size2 || size2 > head.size))
        status = wf_fail(
            err, WF_USAGE, _("no proof from %llu to %llu entries: the ledger has %llu"),
            (unsigned long long)size1, (unsigned long long)size2, (unsigned long long)head.size);
    if (status == WF_OK)
        status = prove_consistency(l, txn, size1, size2, out, out_count, err);
    store_abort(txn);
    return status;
}

/* A checkpoint that somebody kept: of this ledger, and signed with the key that it had then. */
static wf_status parse_kept(const ledger *l, checkpoint *out, const char *bytes, size_t size,
                            wf_error *err)
{
    wf_error own = {0};
    note *n = malloc(sizeof *n);
    if (n == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    const char *reason = note_parse(n, bytes, size);
    if (reason == NULL)
        reason = checkpoint_parse(out, n->text, n->text_size);
    free(n);
    if (reason == NULL && strcmp(out->origin, l->genesis.origin) != 0)
        return wf_fail(err, WF_USAGE, _("it is of the ledger \"%s\", and this one is \"%s\""),
                       out->origin, l->genesis.origin);
    if (reason == NULL) {
        wf_status status = signed_head_parse(l, out, FILE_CHECKPOINT, bytes, size, &own);
        if (status == WF_OK)
            return WF_OK;
        if (status == WF_SYSTEM)
            return wf_fail(err, status, "%s", own.text);
        reason = own.text;
    }
    return wf_fail(err, WF_USAGE, _("it is no checkpoint that this ledger (%s) signed: %s"),
                   l->vkey, _(reason));
}

/* Whether the tree of `now` begins with that of `old`. */
static wf_status compare(ledger *l, store_txn *txn, const checkpoint *old, const checkpoint *now,
                         wf_error *err)
{
    hash root = now->root;
    tile_reader reader = {txn, l->suite->hash, err, NULL};
    if (old->size > now->size)
        return wf_fail(err, WF_REFUSED,
                       _("%s does not extend that checkpoint: it signed %llu entries then and has "
                         "%llu now: entries were cut off"),
                       l->dir, (unsigned long long)old->size, (unsigned long long)now->size);
    if (old->size < now->size &&
        !merkle_root_at(&root, reader.kind, old->size, tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("%s: the tree cannot be read at %llu entries"), l->dir,
                       (unsigned long long)old->size);
    if (!hash_equal(&root, &old->root))
        return wf_fail(err, WF_REFUSED,
                       _("%s does not extend that checkpoint: its first %llu entries are not those "
                         "that were signed then: they were rewritten, or the ledger was forked"),
                       l->dir, (unsigned long long)old->size);
    return WF_OK;
}

/* Proof and root are read from the tiles by different ways: a damaged one shows here. */
static wf_status check_proof(ledger *l, const ledger_extension *e, const hash *hashes, size_t count,
                             wf_error *err)
{
    if (e->old.size == 0 || merkle_verify_consistency(l->suite->hash, e->old.size, &e->old.root,
                                                      e->now.size, &e->now.root, hashes, count))
        return WF_OK;
    return wf_fail(err, WF_DAMAGED,
                   _("%s: its proof from %llu to %llu entries does not lead to the signed roots; "
                     "run wufei verify"),
                   l->dir, (unsigned long long)e->old.size, (unsigned long long)e->now.size);
}

static wf_status write_extension(ledger_extension *e, const hash *hashes, size_t count,
                                 wf_error *err)
{
    size_t text_size = strlen(e->now_text);
    size_t room = PROOF_LINES_MAX + text_size;
    e->request = malloc(room);
    if (e->request == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    e->request_size = witness_request_format(e->request, room - 1, e->old.size, hashes, count,
                                             e->now_text, text_size);
    WF_ASSERT(e->request_size > 0);
    e->request[e->request_size] = '\0';
    return WF_OK;
}

wf_status ledger_extends(ledger *l, const char *kept, size_t kept_size, ledger_extension *out,
                         wf_error *err)
{
    ledger_head head;
    store_txn *txn = NULL;
    hash hashes[MERKLE_PROOF_MAX];
    size_t count = 0;
    memset(out, 0, sizeof *out);
    wf_status status = parse_kept(l, &out->old, kept, kept_size, err);
    if (status == WF_OK)
        status = ledger_drain(l, err);
    if (status == WF_OK)
        status = signed_head_read(l, &out->now, &out->now_text, err);
    if (status == WF_OK)
        status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = signed_head_check(l, &out->now, txn, &head, err);
    if (status == WF_OK)
        status = at_checkpoint(l, txn, &out->now, &out->now_text, err);
    if (status == WF_OK && l->at > 0 && out->old.size > l->at)
        status = wf_fail(err, WF_USAGE, _("it is of %llu entries, and later than --at %llu"),
                         (unsigned long long)out->old.size, (unsigned long long)l->at);
    /* the proof comes first: when it does not lead to the kept root, it convicts us */
    if (status == WF_OK && out->old.size <= out->now.size)
        status = prove_consistency(l, txn, out->old.size, out->now.size, hashes, &count, err);
    if (status == WF_OK && out->old.size <= out->now.size)
        status = write_extension(out, hashes, count, err);
    if (status == WF_OK)
        status = compare(l, txn, &out->old, &out->now, err);
    if (status == WF_OK)
        status = check_proof(l, out, hashes, count, err);
    store_abort(txn);
    return status;
}

wf_status ledger_kept_vkey(ledger *l, const char *kept, size_t kept_size, char out[NOTE_VKEY_MAX],
                           wf_error *err)
{
    checkpoint c;
    note_key key;
    uint64_t known = 0;
    wf_status status = parse_kept(l, &c, kept, kept_size, err);
    if (status == WF_OK)
        status = signed_head_key(l, c.size, &key, &known, err);
    if (status == WF_OK)
        note_vkey_format(out, NOTE_VKEY_MAX, &key);
    return status;
}

void ledger_extension_free(ledger_extension *e)
{
    free(e->now_text);
    free(e->request);
    memset(e, 0, sizeof *e);
}
