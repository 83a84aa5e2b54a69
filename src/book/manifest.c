/*
 * book/manifest.c: filing a manifest, and its row in memory while its events come in.
 *
 * Rows of manifests are the only rows that change; the cache writes each back once a commit.
 */
#include <inttypes.h>
#include <string.h>

#include "book/internal.h"

wf_status manifest_entry(apply_context *x, manifest_id id, cache_entry **entry,
                         manifest_value **out)
{
    uint8_t key[CACHE_KEY_MAX] = {0};
    key_u32(key, id);
    BOOK_TRY(row_cache_get(entry, &x->b->manifests, x->txn, key, x->err));
    if ((*entry)->value_size < sizeof(manifest_row))
        return wf_fail(x->err, WF_DAMAGED,
                       _("manifests: row %" PRIu32 " is missing or broken; run wufei rebuild"), id);
    *out = (void *)(*entry)->value;
    return WF_OK;
}

/* Puts a new row into the cache under the next id. */
static wf_status manifest_add(apply_context *x, const manifest_row *row, const char *text_id)
{
    uint8_t key[CACHE_KEY_MAX] = {0};
    cache_entry *entry = NULL;
    uint32_t id = x->b->counts[BOOK_MANIFESTS];
    size_t size = strlen(text_id);
    if (id == BOOK_NONE)
        return wf_fail(x->err, WF_SYSTEM, _("the table %s is full"), "manifests");
    key_u32(key, id);
    BOOK_TRY(row_cache_add(&entry, &x->b->manifests, key, x->err));
    manifest_value *value = (void *)entry->value;
    value->row = *row;
    memcpy(value->text_id, text_id, size);
    entry->value_size = (uint16_t)(sizeof *row + size);
    BOOK_TRY(row_cache_dirty(&x->b->manifests, entry, x->err));
    x->b->counts[BOOK_MANIFESTS] = id + 1;
    return name_put(x, OBJECT_MANIFEST, text_id, size, id);
}

wf_status manifest_apply(apply_context *x, const Wufei__Manifest *manifest)
{
    manifest_row row = {.seq = x->seq,
                        .filed_ms = manifest->filed_at_ms,
                        .known_ms = manifest->has_entered_at_ms ? manifest->entered_at_ms
                                                                : manifest->filed_at_ms,
                        .declared_g = given_mass(manifest->has_declared_g, manifest->declared_g),
                        .picked_up_g = MASS_NONE,
                        .received_g = MASS_NONE,
                        .picked_up_ms = TIME_NONE,
                        .arrived_ms = TIME_NONE,
                        .received_ms = TIME_NONE,
                        .confirmed_ms = TIME_NONE,
                        .key = BOOK_NONE,
                        .last_event = BOOK_NONE,
                        .last_weighing = BOOK_NONE,
                        .stream = (uint8_t)manifest->stream,
                        .state = MANIFEST_FILED};
    BOOK_TRY(name_must_be_free(x, OBJECT_MANIFEST, manifest->manifest_id));
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "generator_site", manifest->generator_site,
                             &row.generator_site));
    BOOK_TRY(name_must_exist(x, OBJECT_PARTY, "carrier_id", manifest->carrier_id, &row.carrier));
    BOOK_TRY(name_must_exist(x, OBJECT_VEHICLE, "vehicle_id", manifest->vehicle_id, &row.vehicle));
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "facility_site", manifest->facility_site,
                             &row.facility_site));

    BOOK_TRY(code_intern(x, manifest->waste_code, &row.code));
    BOOK_TRY(string_intern(x, manifest->consignment, &row.consignment));
    return manifest_add(x, &row, manifest->manifest_id);
}
