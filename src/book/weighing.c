/*
 * book/weighing.c: weighbridge tickets. They witness masses; the accounts take theirs from the
 * manifest's events.
 */
#include <string.h>

#include "book/internal.h"

wf_status weighing_apply(apply_context *x, const Wufei__Weighing *weighing)
{
    cache_entry *entry = NULL;
    manifest_value *manifest = NULL;
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_WEIGHING, weighing->ticket_id));
    weighing_row row = {.seq = x->seq,
                        .gross_ms = weighing->gross_at_ms,
                        .gross_g = weighing->gross_g,
                        .tare_ms = given_time(weighing->has_tare_at_ms, weighing->tare_at_ms),
                        .tare_g = weighing->tare_g,
                        .key = BOOK_NONE,
                        .previous = BOOK_NONE,
                        .manual = weighing->has_manual && weighing->manual};
    BOOK_TRY(name_must_exist(x, OBJECT_SCALE, "scale_id", weighing->scale_id, &row.scale));
    BOOK_TRY(name_must_exist(x, OBJECT_VEHICLE, "vehicle_id", weighing->vehicle_id, &row.vehicle));
    BOOK_TRY(
        name_if_given(x, OBJECT_MANIFEST, "manifest_id", weighing->manifest_id, &row.manifest));
    if (row.manifest != BOOK_NONE) {
        BOOK_TRY(manifest_entry(x, row.manifest, &entry, &manifest));
        row.previous = manifest->row.last_weighing;
    }
    BOOK_TRY(row_append(x, BOOK_WEIGHINGS, &row, weighing->ticket_id, &id));
    if (manifest != NULL) {
        manifest->row.last_weighing = id;
        BOOK_TRY(row_cache_dirty(&x->b->manifests, entry, x->err));
    }
    return name_put(x, OBJECT_WEIGHING, weighing->ticket_id, strlen(weighing->ticket_id), id);
}
