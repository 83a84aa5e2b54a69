/*
 * api/prove.c: offline receipts of entries, the current checkpoint, and the proof that it extends
 * an older one.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"

static wf_status prove_find(wf_ledger *l, store_txn *txn, const char *seq_or_id, uint64_t *out,
                            wf_error *err)
{
    uint64_t size = ledger_size(l->log);
    api_thing thing;
    wf_status status = api_identify(l, txn, seq_or_id, false, &thing, err);
    *out = thing.seq;
    if (status != WF_OK || thing.found)
        return status;
    if (!uint64_parse(out, seq_or_id, strlen(seq_or_id)))
        return api_unknown_id(l, txn, seq_or_id, err);
    return wf_fail(err, WF_USAGE,
                   _("there is no entry %s: the ledger has %llu entries, numbered from 0"),
                   seq_or_id, (unsigned long long)size);
}

static wf_status prove_entry(wf_ledger *l, store_txn *txn, uint64_t seq, uint8_t **out,
                             size_t *out_size, wf_error *err)
{
    span bytes;
    entry_view view;
    wf_status status = ledger_read(l->log, txn, seq, &bytes, &view, err);
    if (status != WF_OK)
        return status;
    *out = malloc(bytes.size);
    if (*out == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    memcpy(*out, bytes.data, bytes.size);
    *out_size = bytes.size;
    return WF_OK;
}

wf_status wf_prove(wf_ledger *l, const char *seq_or_id, char **out_proof, size_t *out_proof_size,
                   uint8_t **out_entry, size_t *out_entry_size, uint64_t *out_seq, wf_error *err)
{
    store_txn *txn = NULL;
    *out_proof = NULL;
    *out_entry = NULL;
    *out_proof_size = 0;
    *out_entry_size = 0;
    wf_error_clear(err);
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = prove_find(l, txn, seq_or_id, out_seq, err);
    if (status == WF_OK)
        status = prove_entry(l, txn, *out_seq, out_entry, out_entry_size, err);
    store_abort(txn);
    if (status == WF_OK)
        status = ledger_prove(l->log, *out_seq, out_proof, err);
    if (status != WF_OK) {
        free(*out_entry);
        *out_entry = NULL;
        return status;
    }
    *out_proof_size = strlen(*out_proof);
    return WF_OK;
}

wf_status wf_checkpoint(wf_ledger *l, char **out, wf_error *err)
{
    wf_error_clear(err);
    return ledger_checkpoint(l->log, out, err);
}

typedef struct prove_watch {
    wf_receipt_taker take;
    void *ctx;
} prove_watch;

static wf_status prove_take(void *ctx, const ledger_receipt *r, wf_error *err)
{
    const prove_watch *watch = ctx;
    const wf_receipt receipt = {r->seq, r->proof, r->proof_size, r->entry.data, r->entry.size};
    return watch->take(watch->ctx, &receipt, err);
}

wf_status wf_receipts(wf_ledger *l, uint64_t from, uint64_t to, wf_receipt_taker take, void *ctx,
                      wf_error *err)
{
    prove_watch watch = {take, ctx};
    wf_error_clear(err);
    return ledger_receipts(l->log, from, to, prove_take, &watch, err);
}

wf_status wf_checkpoint_since(wf_ledger *l, const char *kept, size_t kept_size, char **out_proof,
                              char **out_now, wf_error *err)
{
    ledger_extension e;
    wf_error_clear(err);
    wf_status status = ledger_extends(l->log, kept, kept_size, &e, err);
    *out_proof = e.request;
    *out_now = e.now_text;
    e.request = NULL;
    e.now_text = NULL;
    ledger_extension_free(&e);
    return status;
}

wf_status wf_checkpoint_vkey(wf_ledger *l, const char *kept, size_t kept_size, char **out,
                             wf_error *err)
{
    char vkey[NOTE_VKEY_MAX];
    wf_error_clear(err);
    *out = NULL;
    wf_status status = ledger_kept_vkey(l->log, kept, kept_size, vkey, err);
    if (status != WF_OK)
        return status;
    *out = strdup(vkey);
    return *out != NULL ? WF_OK : wf_fail(err, WF_SYSTEM, _("out of memory"));
}
