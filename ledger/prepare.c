/*
 * ledger/prepare.c: what can be checked of a statement on any thread, before the writer sees it.
 */
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

static wf_status check_origin(const ledger *l, const statement_view *view, wf_error *err)
{
    if (span_equal(view->origin, span_text(l->genesis.origin)))
        return WF_OK;
    return wf_fail(err, WF_REFUSED, _("the statement is meant for the ledger %.*s, this one is %s"),
                   (int)view->origin.size, (const char *)view->origin.data, l->genesis.origin);
}

static bool by_operator(const statement_view *view)
{
    return span_equal(view->author, span_text(OPERATOR_PARTY));
}

static wf_status check_own_signature(const ledger *l, const suite_public_key *own,
                                     const submit_item *item, prepared *out, wf_error *err)
{
    buffer message = {0};
    buffer_append_text(&message, STATEMENT_DOMAIN);
    buffer_append(&message, item->statement.data, item->statement.size);
    bool holds = !message.failed && key_check(l->suite, own, NULL) == WF_OK &&
                 suite_verify(l->suite, own->bytes, message.data, message.size,
                              item->signature.data, item->signature.size);
    buffer_free(&message);
    key_id_of(out->own_key, own);
    out->has_own_key = holds;
    return holds ? WF_OK
                 : wf_fail(err, WF_REFUSED,
                           _("who replaces the operator's key signs with the replacement"));
}

/* A seal comes as the batch's seal. What the other records may do is judged at their place, by the
   writer (key_rules.h). */
static wf_status check_system(const ledger *l, const submit_item *item, bool is_seal, prepared *out,
                              wf_error *err)
{
    system_record record;
    const statement_view *view = &out->view;
    if (view->system.data == NULL)
        return is_seal ? wf_fail(err, WF_REFUSED, _("the batch's seal is not a seal")) : WF_OK;
    wf_status status = system_parse(&record, view->system, err);
    if (status != WF_OK)
        return status;
    if (is_seal != (record.kind == SYSTEM_SEAL))
        return wf_fail(err, WF_REFUSED, _("a seal comes with the statements that it seals"));
    if (record.kind == SYSTEM_GENESIS)
        return wf_fail(err, WF_REFUSED, _("only the first entry can be a genesis"));
    const suite_public_key *own = key_rules_own_key(&record);
    return own != NULL && item->signature.data != NULL ? check_own_signature(l, own, item, out, err)
                                                       : WF_OK;
}

static wf_status check_signature(ledger *l, key_scratch *scratch, const submit_batch *batch,
                                 const submit_item *item, prepared *out, wf_error *err)
{
    bool is_seal = item == &batch->seal;
    bool sealed = batch->seal_kind != SEAL_NONE && !is_seal;
    if (sealed && item->signature.data != NULL)
        return wf_fail(err, WF_REFUSED, _("a statement under a seal has no signature of its own"));
    if (sealed && out->view.system.data != NULL)
        return wf_fail(err, WF_REFUSED,
                       _("a record about the ledger itself has its own signature, not a seal"));
    if (sealed) {
        if (batch->seal_kind == SEAL_BY_OPERATOR && !by_operator(&out->view))
            return wf_fail(err, WF_REFUSED,
                           _("the operator cannot seal a statement whose author is %.*s"),
                           (int)out->view.author.size, (const char *)out->view.author.data);
        merkle_leaf(&out->leaf, l->suite->hash, item->statement.data, item->statement.size);
        return WF_OK;
    }
    if (item->signature.data == NULL)
        return wf_fail(err, WF_REFUSED, _("the statement is not signed"));
    if (out->has_own_key)
        return WF_OK;
    /* Not found is not refused yet: its key may stand in the queue. The writer looks again. */
    out->key = key_table_find_signer(&l->keys, scratch, out->view.author, item->statement,
                                     item->signature, SEQ_ANY);
    return WF_OK;
}

void prepare_item(ledger *l, key_scratch *scratch, arena *memory, const submit_batch *batch,
                  const submit_item *item, prepared *out)
{
    wf_error err = {0};
    const ledger_hooks *hooks = &l->hooks;
    memset(out, 0, sizeof *out);
    out->status = statement_parse(&out->view, item->statement, &err);
    if (out->status == WF_OK)
        out->status = check_origin(l, &out->view, &err);
    if (out->status == WF_OK)
        out->status = check_system(l, item, item == &batch->seal, out, &err);
    if (out->status == WF_OK)
        out->status = check_signature(l, scratch, batch, item, out, &err);
    if (out->status == WF_OK && out->view.record.data != NULL && hooks->prepare != NULL)
        out->status = hooks->prepare(hooks->ctx, memory, &out->view, &out->record, &err);
    if (out->status != WF_OK) {
        out->reason = arena_strdup(memory, err.text);
        if (out->reason == NULL)
            out->status = WF_SYSTEM;
    }
}
