/*
 * book/book.c: the hooks by which the ledger tells the book of each statement.
 */
#include <stdlib.h>

#include "book/internal.h"

wf_status book_new(book **out, int utc_offset_minutes, wf_error *err)
{
    /* Entries kept from one commit to the next; together with the maps of names and texts about
       40 MiB at the most. */
    enum { MANIFESTS_KEPT = 40000, ACCOUNTS_KEPT = 40000, DAYS_KEPT = 40000, CODES_KEPT = 20000 };
    book *b = calloc(1, sizeof *b);
    if (b == NULL)
        return cache_no_memory(err);
    b->utc_offset_minutes = utc_offset_minutes;
    text_map_init(&b->names);
    text_map_init(&b->manifest_names);
    text_map_init(&b->strings);
    text_map_init(&b->codes);
    row_cache_init(&b->manifests, book_table_number(BOOK_MANIFESTS), 4, sizeof(manifest_value),
                   MANIFESTS_KEPT);
    row_cache_init(&b->accounts, book_table_number(BOOK_ACCOUNTS), 8, sizeof(account_value),
                   ACCOUNTS_KEPT);
    row_cache_init(&b->days, book_table_number(BOOK_DAYS), 12, sizeof(day_row), DAYS_KEPT);
    row_cache_init(&b->totals, book_table_number(BOOK_CODE_TOTALS), 4, sizeof(code_total),
                   CODES_KEPT);
    arena_init(&b->scratch, 0);
    *out = b;
    return WF_OK;
}

void book_free(book *b)
{
    if (b == NULL)
        return;
    text_map_free(&b->names);
    text_map_free(&b->manifest_names);
    text_map_free(&b->strings);
    text_map_free(&b->codes);
    row_cache_free(&b->manifests);
    row_cache_free(&b->accounts);
    row_cache_free(&b->days);
    row_cache_free(&b->totals);
    arena_free(&b->scratch);
    free(b);
}

void book_set_utc_offset(book *b, int minutes)
{
    b->utc_offset_minutes = minutes;
}

wf_status book_attach(book *b, ledger *l, wf_error *err)
{
    (void)err;
    b->ledger = l;
    b->utc_offset_minutes = ledger_utc_offset(l);
    book_forget(b); /* the next ids are read when a record is applied: a reader, and `wufei show`
                       above all, has no use for the last page of every table */
    return WF_OK;
}

/* ---- hooks ---------------------------------------------------------------------------------- */

static wf_status book_prepare(void *ctx, arena *a, const statement_view *st, void **prepared,
                              wf_error *err)
{
    (void)ctx;
    Wufei__Record *record = NULL;
    *prepared = NULL;
    if (st->record.data == NULL)
        return WF_OK; /* the ledger's own */
    wf_status status = record_decode(&record, a, st->record, err);
    *prepared = record;
    return status;
}

static wf_status apply_record(apply_context *x)
{
    const Wufei__Record *r = x->record;
    switch (r->body_case) {
    case WUFEI__RECORD__BODY_PARTY:
        return party_apply(x, r->party);
    case WUFEI__RECORD__BODY_SITE:
        return site_apply(x, r->site);
    case WUFEI__RECORD__BODY_PLACE:
        return place_apply(x, r->place);
    case WUFEI__RECORD__BODY_PERMIT:
        return permit_apply(x, r->permit);
    case WUFEI__RECORD__BODY_VEHICLE:
        return vehicle_apply(x, r->vehicle);
    case WUFEI__RECORD__BODY_SCALE:
        return scale_apply(x, r->scale);
    case WUFEI__RECORD__BODY_FILING:
        return filing_apply(x, r->filing);
    case WUFEI__RECORD__BODY_ACTIVITY:
        return activity_apply(x, r->activity);
    case WUFEI__RECORD__BODY_GENERATION:
        return generation_apply(x, r->generation);
    case WUFEI__RECORD__BODY_MANIFEST:
        return manifest_apply(x, r->manifest);
    case WUFEI__RECORD__BODY_EVENT:
        return event_apply(x, r->event);
    case WUFEI__RECORD__BODY_WEIGHING:
        return weighing_apply(x, r->weighing);
    case WUFEI__RECORD__BODY_STOCKTAKE:
        return stocktake_apply(x, r->stocktake);
    case WUFEI__RECORD__BODY_TREATMENT:
        return treatment_apply(x, r->treatment);
    case WUFEI__RECORD__BODY_TRACK:
        return track_apply(x, r->track);
    case WUFEI__RECORD__BODY_REPORT:
        return report_apply(x, r->report);
    case WUFEI__RECORD__BODY_CALENDAR_DAY:
        return calendar_apply(x, r->calendar_day);
    default:
        return wf_fail(x->err, WF_REFUSED, _("the record is of no kind that this version knows"));
    }
}

static wf_status book_apply(void *ctx, store_txn *txn, uint64_t seq, const statement_view *st,
                            const void *prepared, bool attested, wf_error *err)
{
    (void)st;
    (void)attested;
    book *b = ctx;
    if (prepared == NULL)
        return WF_OK;
    BOOK_TRY(book_load_counts(b, txn, err));
    arena_reset(&b->scratch);
    apply_context x = {.b = b, .txn = txn, .seq = seq, .record = prepared, .err = err};
    return apply_record(&x);
}

/* The column of a record's own id, NULL for kinds that have none. */
static const char *id_column(const Wufei__Record *record)
{
    static const enum object_kind kinds[] = {[WUFEI__RECORD__BODY_PARTY] = OBJECT_PARTY,
                                             [WUFEI__RECORD__BODY_SITE] = OBJECT_SITE,
                                             [WUFEI__RECORD__BODY_PLACE] = OBJECT_PLACE,
                                             [WUFEI__RECORD__BODY_PERMIT] = OBJECT_PERMIT,
                                             [WUFEI__RECORD__BODY_VEHICLE] = OBJECT_VEHICLE,
                                             [WUFEI__RECORD__BODY_SCALE] = OBJECT_SCALE,
                                             [WUFEI__RECORD__BODY_FILING] = OBJECT_FILING,
                                             [WUFEI__RECORD__BODY_GENERATION] = OBJECT_GENERATION,
                                             [WUFEI__RECORD__BODY_MANIFEST] = OBJECT_MANIFEST,
                                             [WUFEI__RECORD__BODY_WEIGHING] = OBJECT_WEIGHING,
                                             [WUFEI__RECORD__BODY_TREATMENT] = OBJECT_TREATMENT,
                                             [WUFEI__RECORD__BODY_REPORT] = OBJECT_REPORT};
    size_t body = (size_t)record->body_case;
    if (body >= sizeof kinds / sizeof *kinds || kinds[body] == OBJECT_NONE)
        return NULL;
    return book_shapes[book_table_of(kinds[body])].id_name;
}

static void book_conflict(void *ctx, store_txn *txn, uint64_t old_seq, const void *prepared,
                          wf_error *err)
{
    book *b = ctx;
    arena_reset(&b->scratch);
    apply_context x = {.b = b, .txn = txn, .record = prepared, .err = err};
    const char *column = id_column(prepared);
    const char *text_id = record_text_id(prepared, &b->scratch);
    if (column != NULL && text_id != NULL)
        conflict_refuse(&x, column, text_id, old_seq);
}

static wf_status book_before_commit(void *ctx, store_txn *txn, wf_error *err)
{
    book *b = ctx;
    uint8_t first_new[CACHE_KEY_MAX] = {0};
    if (!b->loaded)
        return WF_OK; /* nothing was applied */
    stock_assert_zero_sums(b);
    key_u32(first_new, b->committed_manifests);
    BOOK_TRY(row_cache_flush(&b->manifests, txn, first_new, err));
    BOOK_TRY(row_cache_flush(&b->accounts, txn, NULL, err));
    BOOK_TRY(row_cache_flush(&b->days, txn, NULL, err));
    return row_cache_flush(&b->totals, txn, NULL, err);
}

static void book_after_end(void *ctx, bool committed)
{
    book *b = ctx;
    if (!committed) {
        book_forget(b);
        return;
    }
    row_cache_trim(&b->manifests);
    row_cache_trim(&b->accounts);
    row_cache_trim(&b->days);
    row_cache_trim(&b->totals);
    b->committed_manifests = b->counts[BOOK_MANIFESTS];
}

ledger_hooks book_hooks(book *b)
{
    return (ledger_hooks){.ctx = b,
                          .tables = book_table_names(),
                          .prepare = book_prepare,
                          .apply = book_apply,
                          .conflict = book_conflict,
                          .before_commit = book_before_commit,
                          .after_end = book_after_end};
}
