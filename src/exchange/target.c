/*
 * exchange/target.c: the import target that is a ledger with its book, and the importer that uses
 * it. Apart from the rest so that the readers can be tested and timed without a ledger.
 */
#include "exchange/bundle.h"

static wf_status submit_to_ledger(void *ctx, submit_batch *batch,
                                  void (*done)(void *done_ctx, submit_batch *batch), void *done_ctx,
                                  wf_error *err)
{
    return ledger_submit_async(((import_binding *)ctx)->l, batch, done, done_ctx, err);
}

static wf_status drain_ledger(void *ctx, wf_error *err)
{
    return ledger_drain(((import_binding *)ctx)->l, err);
}

static wf_status track_day_of_book(void *ctx, const char *vehicle, int32_t day, arena *a,
                                   track_fix **out, size_t *out_count, wf_error *err)
{
    import_binding *binding = ctx;
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, ledger_store(binding->l), false, err);
    if (status == WF_OK)
        status = book_track_day(binding->b, txn, vehicle, day, a, out, out_count, err);
    store_abort(txn);
    return status;
}

static wf_status filed_at_of_book(void *ctx, const char *id, int64_t *out_ms, wf_error *err)
{
    import_binding *binding = ctx;
    store_txn *txn = NULL;
    manifest_row row;
    manifest_id index = BOOK_NONE;
    *out_ms = TIME_NONE;
    wf_status status = store_begin(&txn, ledger_store(binding->l), false, err);
    if (status == WF_OK)
        status = book_find_kind(binding->b, txn, OBJECT_MANIFEST, id, &index, err);
    if (status == WF_OK && index != BOOK_NONE) {
        status = book_get_manifest(binding->b, txn, index, &row, err);
        if (status == WF_OK)
            *out_ms = row.filed_ms;
    }
    store_abort(txn);
    return status;
}

import_target import_target_of(import_binding *binding)
{
    return (import_target){.ctx = binding,
                           .origin = ledger_origin(binding->l),
                           .utc_offset_minutes = ledger_utc_offset(binding->l),
                           .submit = submit_to_ledger,
                           .drain = drain_ledger,
                           .track_day = track_day_of_book,
                           .filed_at = filed_at_of_book};
}

wf_status import_bundle(ledger *l, book *b, const char *folder, const import_options *options,
                        import_summary *out, wf_error *err)
{
    import_binding binding = {l, b};
    import_target target = import_target_of(&binding);
    return bundle_import(&target, folder, options, out, err);
}
