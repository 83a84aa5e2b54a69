/*
 * ledger/system_submit.c: records about the ledger, signed by the operator or by the party whose
 * key they change, and entered like any statement.
 */
#include "base/text.h"
#include "base/time.h"
#include "ledger_private.h"

static wf_status submit_signed(ledger *l, signer *s, const buffer *statement, wf_error *err)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    span bytes = span_of(statement->data, statement->size);
    wf_status status = signer_sign_statement(s, bytes, signature, &signature_size, err);
    if (status != WF_OK)
        return status;
    submit_item item = {.statement = bytes, .signature = span_of(signature, signature_size)};
    submit_batch batch = {.items = &item, .count = 1, .all_or_nothing = true};
    arena_init(&batch.memory, 0);
    status = ledger_submit(l, &batch, err);
    arena_free(&batch.memory);
    return status;
}

wf_status system_submit(ledger *l, const system_record *record, wf_error *err)
{
    return system_submit_by(l, OPERATOR_PARTY, l->signer, record, err);
}

wf_status system_submit_by(ledger *l, const char *author, signer *s, const system_record *record,
                           wf_error *err)
{
    system_record checked;
    buffer body = {0}, statement = {0};
    uint8_t id[STATEMENT_ID_SIZE];
    int64_t now_ms = clock_now_ms();
    if (l->read_only)
        return wf_fail(err, WF_USAGE, _("%s was opened for reading"), l->dir);
    if (s == NULL)
        return wf_fail(err, WF_SYSTEM, _("the operator's key is not at hand"));
    system_write(&body, record);
    span bytes = span_of(body.data, body.size);
    statement_id_make(id, now_ms, &bytes, 1);
    statement_view view = {.origin = span_text(l->genesis.origin),
                           .author = span_text(author),
                           .id = id,
                           .time_ms = now_ms,
                           .system = bytes};
    wf_status status = WF_OK;
    if (body.failed)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else
        status = system_parse(&checked, bytes, err);
    if (status == WF_OK) {
        statement_write(&statement, &view);
        status = statement.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                  : submit_signed(l, s, &statement, err);
    }
    buffer_free(&statement);
    buffer_free(&body);
    return status;
}
