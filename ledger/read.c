/*
 * ledger/read.c: entries out, each compared with its leaf hash in the tree; checkpoints and
 * receipts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

static wf_status check_leaf(const ledger *l, store_txn *txn, uint64_t seq, span bytes,
                            wf_error *err)
{
    hash leaf, stored;
    tile_reader reader = {txn, l->suite->hash, err};
    merkle_leaf(&leaf, l->suite->hash, bytes.data, bytes.size);
    if (!tile_read_hash(&reader, &stored, 0, seq))
        return wf_error_prefix(err, _("entry %llu"), (unsigned long long)seq);
    if (!hash_equal(&leaf, &stored))
        return wf_fail(err, WF_DAMAGED,
                       _("entry %llu: its bytes are not those that the tree holds the hash of; "
                         "restore the ledger from a backup"),
                       (unsigned long long)seq);
    return WF_OK;
}

wf_status ledger_read(ledger *l, store_txn *txn, uint64_t seq, span *out, entry_view *view,
                      wf_error *err)
{
    uint8_t key[8];
    span bytes;
    entry_view parsed;
    store_key_u64(key, seq);
    wf_status status = store_get(txn, TABLE_ENTRIES, span_of(key, sizeof key), &bytes, err);
    if (status != WF_OK)
        return status;
    if (bytes.data == NULL) {
        ledger_head head;
        status = head_get(&head, txn, err);
        if (status != WF_OK)
            return status;
        if (seq >= head.size)
            return wf_fail(err, WF_USAGE, _("entry %llu: the ledger has %llu entries, from 0 on"),
                           (unsigned long long)seq, (unsigned long long)head.size);
        return wf_fail(err, WF_DAMAGED, _("entry %llu is missing"), (unsigned long long)seq);
    }
    status = check_leaf(l, txn, seq, bytes, err);
    if (status != WF_OK)
        return status;
    if (entry_parse(&parsed, bytes, NULL) != WF_OK || parsed.seq != seq)
        return wf_fail(err, WF_DAMAGED, _("entry %llu is not an entry, or not of this number"),
                       (unsigned long long)seq);
    if (out != NULL)
        *out = bytes;
    if (view != NULL)
        *view = parsed;
    return WF_OK;
}

wf_status ledger_find(ledger *l, store_txn *txn, const uint8_t *id, bool *found, uint64_t *seq,
                      wf_error *err)
{
    span row;
    (void)l;
    *found = false;
    wf_status status = store_get(txn, TABLE_IDS, span_of(id, STATEMENT_ID_SIZE), &row, err);
    if (status != WF_OK || row.data == NULL)
        return status;
    if (row.size != 8)
        return wf_fail(err, WF_DAMAGED, _("table ids: a row of %zu bytes"), row.size);
    *found = true;
    *seq = store_u64_key(row.data);
    return WF_OK;
}

wf_status ledger_checkpoint(ledger *l, char **out, wf_error *err)
{
    checkpoint c;
    *out = NULL;
    wf_status status = ledger_drain(l, err); /* signs what is committed and not signed */
    if (status != WF_OK)
        return status;
    return signed_head_read(l, &c, out, err);
}

static wf_status write_proof(ledger *l, store_txn *txn, uint64_t seq, const checkpoint *c,
                             const char *signed_text, char **out, wf_error *err)
{
    enum { PROOF_LINES_MAX = 8192 };
    hash hashes[MERKLE_PROOF_MAX];
    size_t count = 0;
    ledger_head head;
    tile_reader reader = {txn, l->suite->hash, err};
    hash leaf;
    span bytes;
    wf_status status = ledger_read(l, txn, seq, &bytes, NULL, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = signed_head_check(l, c, txn, &head, err);
    if (status != WF_OK)
        return status;
    if (seq >= c->size)
        return wf_fail(err, WF_USAGE,
                       _("entry %llu is not under a signed checkpoint yet, the last one has %llu "
                         "entries; try again when the writer is done"),
                       (unsigned long long)seq, (unsigned long long)c->size);
    if (!merkle_prove_inclusion(hashes, &count, reader.kind, seq, c->size, tile_read_hash, &reader))
        return wf_fail(err, WF_DAMAGED, _("entry %llu: the tree cannot be read"),
                       (unsigned long long)seq);
    merkle_leaf(&leaf, reader.kind, bytes.data, bytes.size);
    if (!merkle_verify_inclusion(reader.kind, &leaf, seq, c->size, hashes, count, &c->root))
        return wf_fail(
            err, WF_DAMAGED,
            _("entry %llu: its proof does not lead to the signed root; run wufei verify"),
            (unsigned long long)seq);
    size_t text_size = strlen(signed_text);
    size_t room = PROOF_LINES_MAX + text_size;
    *out = malloc(room);
    size_t size =
        *out != NULL ? tlog_proof_format(*out, room - 1, seq, hashes, count, signed_text, text_size)
                     : 0;
    if (size == 0) {
        free(*out);
        *out = NULL;
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    (*out)[size] = '\0';
    return WF_OK;
}

wf_status ledger_prove(ledger *l, uint64_t seq, char **out, wf_error *err)
{
    checkpoint c;
    char *text = NULL;
    store_txn *txn = NULL;
    *out = NULL;
    wf_status status = ledger_drain(l, err);
    if (status == WF_OK)
        status = signed_head_read(l, &c, &text, err);
    if (status == WF_OK)
        status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = write_proof(l, txn, seq, &c, text, out, err);
    store_abort(txn);
    free(text);
    return status;
}
