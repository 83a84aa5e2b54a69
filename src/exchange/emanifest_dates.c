/*
 * exchange/emanifest_dates.c: when a document was filed, and what the dates of its signatures say
 * against each other.
 */
#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"

/* ---- the filing ------------------------------------------------------------------------------ */

/* When this document's first line was filed, if an earlier import entered it; else TIME_NONE. */
static wf_status filed_before(document *d, int64_t *out_ms, wf_error *err)
{
    const char *id = emanifest_line_id(d, json_array_get(json_object_get(d->root, "wastes"), 0));
    uint32_t index = BOOK_NONE;
    manifest_row row = {.filed_ms = TIME_NONE};
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, ledger_store(d->ledger), false, err);
    if (status != WF_OK)
        return status;
    status = book_find_kind(d->book, txn, OBJECT_MANIFEST, id, &index, err);
    if (status == WF_OK && index != BOOK_NONE)
        status = book_get_manifest(d->book, txn, index, &row, err);
    store_abort(txn);
    *out_ms = row.filed_ms;
    return status;
}

static void earliest(int64_t *ms, int64_t candidate)
{
    if (candidate != TIME_NONE && (*ms == TIME_NONE || candidate < *ms))
        *ms = candidate;
}

wf_status emanifest_filing_time(document *d, wf_error *err)
{
    int64_t ms = emanifest_date(d, d->root, "shippedDate", "Emanifest");
    if (ms == TIME_NONE)
        ms = emanifest_date(d, d->root, "createdDate", "Emanifest");
    if (ms == TIME_NONE) {
        earliest(&ms, d->by_generator.at_ms);
        for (size_t i = 0; i < d->transporter_count; i++)
            earliest(&ms, d->by_transporter[i].at_ms);
        earliest(&ms, d->by_facility.at_ms);
    }
    if (ms == TIME_NONE) {
        wf_status status = filed_before(d, &ms, err);
        if (status != WF_OK)
            return status;
    }
    if (ms == TIME_NONE) {
        ms = clock_now_ms();
        emanifest_tell(d, "Emanifest.shippedDate", true,
                       _("the document bears no date: filed_at is the time of this import"));
    }
    d->filed_ms = ms;
    return WF_OK;
}

/* ---- the signatures -------------------------------------------------------------------------- */

/* One signature in the order of the hands; what is odd about its time is told, as an act cannot lie
   before its filing, and no hand takes what the one before had not given. */
static void signature_time(document *d, const signature *s, const char *path, bool act,
                           const signature **before, const char **before_path)
{
    char own[TIME_TEXT];
    char other[TIME_TEXT];
    if (s->signer == NULL || s->at_ms == TIME_NONE)
        return;
    if (act && s->at_ms < d->filed_ms)
        emanifest_tell(d, path, true,
                       _("signed at %1$s, before the manifest was filed: the act is entered at the "
                         "time of the filing, %2$s"),
                       time_format(own, s->at_ms, 0), time_format(other, d->filed_ms, 0));
    if (*before != NULL && s->at_ms < (*before)->at_ms)
        emanifest_tell(d, path, true,
                       _("signed at %1$s, before %2$s was signed at %3$s, though it comes behind"),
                       time_format(own, s->at_ms, 0), *before_path,
                       time_format(other, (*before)->at_ms, 0));
    *before = s;
    *before_path = path;
}

void emanifest_signature_times(document *d)
{
    const signature *before = NULL;
    const char *path = "";
    signature_time(d, &d->by_generator, "Emanifest.generator", false, &before, &path);
    for (size_t i = 0; i < d->transporter_count; i++)
        signature_time(d, &d->by_transporter[i],
                       emanifest_printf(d, "Emanifest.transporters.%zu", i), true, &before, &path);
    signature_time(d, &d->by_facility, "Emanifest.designatedFacility", true, &before, &path);
}
