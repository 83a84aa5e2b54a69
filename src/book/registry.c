/*
 * book/registry.c: who and what there is: parties, sites, places, permits, vehicles, scales.
 *
 * Each function first checks everything and then writes, so that a refusal leaves no trace.
 */
#include <string.h>

#include "book/internal.h"

wf_status party_apply(apply_context *x, const Wufei__Party *party)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_PARTY, party->party_id));
    party_row row = {.seq = x->seq,
                     .registered_ms = given_time(party->has_registered_ms, party->registered_ms),
                     .key = BOOK_NONE,
                     .roles = party->roles};
    BOOK_TRY(string_intern(x, party->name, &row.name));
    BOOK_TRY(string_intern(x, party->legal_id, &row.legal_id));
    BOOK_TRY(string_intern(x, party->district, &row.district));
    BOOK_TRY(row_append(x, BOOK_PARTIES, &row, party->party_id, &id));
    return name_put(x, OBJECT_PARTY, party->party_id, strlen(party->party_id), id);
}

wf_status site_apply(apply_context *x, const Wufei__Site *site)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_SITE, site->site_id));
    site_row row = {.seq = x->seq,
                    .driver_value_micro =
                        given_mass(site->has_driver_value_micro, site->driver_value_micro),
                    .storage_limit_g = given_mass(site->has_storage_limit_g, site->storage_limit_g),
                    .opened_ms = given_time(site->has_opened_ms, site->opened_ms),
                    .closed_ms = given_time(site->has_closed_ms, site->closed_ms),
                    .key = BOOK_NONE,
                    .kind = site->kind,
                    .driver = site->has_driver ? site->driver : DRIVER_NONE,
                    .lat_e7 = site->lat_e7,
                    .lon_e7 = site->lon_e7,
                    .location_unknown = site->has_location_unknown && site->location_unknown};
    BOOK_TRY(name_must_exist(x, OBJECT_PARTY, "party_id", site->party_id, &row.party));
    BOOK_TRY(string_intern(x, site->name, &row.name));
    BOOK_TRY(string_intern(x, site->district, &row.district));
    BOOK_TRY(string_intern(x, site->grid, &row.grid));
    BOOK_TRY(row_append(x, BOOK_SITES, &row, site->site_id, &id));
    return name_put(x, OBJECT_SITE, site->site_id, strlen(site->site_id), id);
}

wf_status place_apply(apply_context *x, const Wufei__Place *place)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_PLACE, place->place_id));
    place_row row = {.seq = x->seq,
                     .key = BOOK_NONE,
                     .kind = place->kind,
                     .lat_e7 = place->lat_e7,
                     .lon_e7 = place->lon_e7,
                     .radius_mm = place->radius_mm};
    BOOK_TRY(row_append(x, BOOK_PLACES, &row, place->place_id, &id));
    return name_put(x, OBJECT_PLACE, place->place_id, strlen(place->place_id), id);
}

/* The holder of a permit: a party, else a site. */
static wf_status permit_holder(apply_context *x, const char *holder_id, permit_row *row)
{
    bool found = false;
    row->holder_party = BOOK_NONE;
    row->holder_site = BOOK_NONE;
    BOOK_TRY(name_find(x, OBJECT_PARTY, holder_id, &found, &row->holder_party));
    if (found)
        return WF_OK;
    row->holder_party = BOOK_NONE;
    BOOK_TRY(name_find(x, OBJECT_SITE, holder_id, &found, &row->holder_site));
    if (found)
        return WF_OK;
    return wf_fail(x->err, WF_REFUSED,
                   _("holder_id %s: no party and no site with this id was entered before; enter it "
                     "first"),
                   holder_id);
}

wf_status permit_apply(apply_context *x, const Wufei__Permit *permit)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_PERMIT, permit->permit_id));
    permit_row row = {
        .seq = x->seq,
        .limit_g_per_year = given_mass(permit->has_limit_g_per_year, permit->limit_g_per_year),
        .limit_g_per_day = given_mass(permit->has_limit_g_per_day, permit->limit_g_per_day),
        .valid_from_ms = permit->valid_from_ms,
        .valid_to_ms = permit->valid_to_ms,
        .known_ms = given_time(permit->has_entered_at_ms, permit->entered_at_ms),
        .key = BOOK_NONE,
        .kind = permit->kind};
    BOOK_TRY(permit_holder(x, permit->holder_id, &row));
    BOOK_TRY(name_if_given(x, OBJECT_SITE, "destination_site", permit->destination_site,
                           &row.destination_site));
    BOOK_TRY(string_intern(x, permit->destination_district, &row.destination_district));
    BOOK_TRY(string_intern_list(x, permit->waste_codes, permit->n_waste_codes, &row.waste_codes));
    BOOK_TRY(string_intern_list(x, permit->methods, permit->n_methods, &row.methods));
    /* Plates as text: a permit is often older than the registration of its vehicles. */
    BOOK_TRY(string_intern_list(x, permit->vehicles, permit->n_vehicles, &row.vehicles));
    BOOK_TRY(row_append(x, BOOK_PERMITS, &row, permit->permit_id, &id));
    return name_put(x, OBJECT_PERMIT, permit->permit_id, strlen(permit->permit_id), id);
}

wf_status vehicle_apply(apply_context *x, const Wufei__Vehicle *vehicle)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_VEHICLE, vehicle->vehicle_id));
    vehicle_row row = {.seq = x->seq,
                       .tare_g = given_mass(vehicle->has_tare_g, vehicle->tare_g),
                       .max_payload_g =
                           given_mass(vehicle->has_max_payload_g, vehicle->max_payload_g),
                       .key = BOOK_NONE};
    BOOK_TRY(name_must_exist(x, OBJECT_PARTY, "party_id", vehicle->party_id, &row.party));
    BOOK_TRY(string_intern(x, vehicle->kind, &row.kind));
    BOOK_TRY(row_append(x, BOOK_VEHICLES, &row, vehicle->vehicle_id, &id));
    return name_put(x, OBJECT_VEHICLE, vehicle->vehicle_id, strlen(vehicle->vehicle_id), id);
}

wf_status scale_apply(apply_context *x, const Wufei__Scale *scale)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_SCALE, scale->scale_id));
    scale_row row = {.seq = x->seq,
                     .division_g = scale->division_g,
                     .max_g = given_mass(scale->has_max_g, scale->max_g),
                     .calibrated_ms = given_time(scale->has_calibrated_ms, scale->calibrated_ms),
                     .key = BOOK_NONE};
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "site_id", scale->site_id, &row.site));
    BOOK_TRY(row_append(x, BOOK_SCALES, &row, scale->scale_id, &id));
    return name_put(x, OBJECT_SCALE, scale->scale_id, strlen(scale->scale_id), id);
}
