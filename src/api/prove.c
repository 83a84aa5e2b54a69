/*
 * api/prove.c: the offline receipt of an entry, and the current checkpoint.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"

/* The entry number that a row begins with: every row struct of rows.h does, tracks and calendar
   days apart, which have no text id. */
static wf_status prove_row_seq(wf_ledger *l, store_txn *txn, enum object_kind kind,
                               uint32_t index, uint64_t *out, wf_error *err)
{
    union {
        manifest_row manifest;
        site_row site;
        party_row party;
        vehicle_row vehicle;
        permit_row permit;
        scale_row scale;
        weighing_row weighing;
        treatment_row treatment;
        generation_row generation;
        filing_row filing;
        report_row report;
        place_row place;
    } row;
    static const size_t sizes[OBJECT_KIND_COUNT] = {
        [OBJECT_PERMIT] = sizeof(permit_row),         [OBJECT_SCALE] = sizeof(scale_row),
        [OBJECT_TREATMENT] = sizeof(treatment_row),   [OBJECT_FILING] = sizeof(filing_row),
        [OBJECT_GENERATION] = sizeof(generation_row), [OBJECT_REPORT] = sizeof(report_row),
        [OBJECT_PLACE] = sizeof(place_row)};
    wf_status status;
    memset(&row, 0, sizeof row);
    switch (kind) {
    case OBJECT_MANIFEST:
        status = book_get_manifest(l->book, txn, index, &row.manifest, err);
        break;
    case OBJECT_SITE:
        status = book_get_site(l->book, txn, index, &row.site, err);
        break;
    case OBJECT_PARTY:
        status = book_get_party(l->book, txn, index, &row.party, err);
        break;
    case OBJECT_VEHICLE:
        status = book_get_vehicle(l->book, txn, index, &row.vehicle, err);
        break;
    case OBJECT_WEIGHING:
        status = book_get_weighing(l->book, txn, index, &row.weighing, err);
        break;
    default:
        status = book_get_row(l->book, txn, kind, index, &row, sizes[kind], err);
    }
    memcpy(out, &row, sizeof *out);
    return status;
}

static wf_status prove_find(wf_ledger *l, store_txn *txn, const char *seq_or_id, uint64_t *out,
                            wf_error *err)
{
    uint64_t size = ledger_size(l->log);
    enum object_kind kind;
    uint32_t index;
    wf_status status = book_find(l->book, txn, seq_or_id, &kind, &index, err);
    if (status != WF_OK)
        return status;
    if (kind != OBJECT_NONE)
        return prove_row_seq(l, txn, kind, index, out, err);
    if (!uint64_parse(out, seq_or_id, strlen(seq_or_id)))
        return api_unknown_id(l, txn, seq_or_id, err);
    if (*out >= size)
        return wf_fail(err, WF_USAGE,
                       _("there is no entry %s: the ledger has %llu entries, numbered from 0"),
                       seq_or_id, (unsigned long long)size);
    return WF_OK;
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
