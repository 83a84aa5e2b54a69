/*
 * model/columns.c: the table of columns.h, in the order of spec bundle.md.
 */
#include "model/columns.h"

#include <stddef.h>
#include <string.h>

/* A required field; an optional text; an optional scalar (has_x); a list (n_x). */
#define REQUIRED(M, field, name, type)                                                             \
    {                                                                                              \
        name, type, COLUMN_REQUIRED, offsetof(Wufei__##M, field), 0, NULL                          \
    }
#define REQUIRED_WORD(M, field, name, list)                                                        \
    {                                                                                              \
        name, COLUMN_WORD, COLUMN_REQUIRED, offsetof(Wufei__##M, field), 0, &vocabulary_##list     \
    }
#define TEXT(M, field, name, type)                                                                 \
    {                                                                                              \
        name, type, COLUMN_OPTIONAL, offsetof(Wufei__##M, field), 0, NULL                          \
    }
#define OPTIONAL(M, field, name, type)                                                             \
    {                                                                                              \
        name, type, COLUMN_OPTIONAL, offsetof(Wufei__##M, field),                                  \
            offsetof(Wufei__##M, has_##field), NULL                                                \
    }
#define OPTIONAL_WORD(M, field, name, list)                                                        \
    {                                                                                              \
        name, COLUMN_WORD, COLUMN_OPTIONAL, offsetof(Wufei__##M, field),                           \
            offsetof(Wufei__##M, has_##field), &vocabulary_##list                                  \
    }
#define LIST(M, field, name, use)                                                                  \
    {                                                                                              \
        name, COLUMN_IDS, use, offsetof(Wufei__##M, field), offsetof(Wufei__##M, n_##field), NULL  \
    }

static const column party_columns[] = {
    REQUIRED(Party, party_id, "party_id", COLUMN_ID),
    REQUIRED(Party, name, "name", COLUMN_TEXT),
    {"roles", COLUMN_ROLES, COLUMN_REQUIRED, offsetof(Wufei__Party, roles), 0, &vocabulary_role},
    TEXT(Party, legal_id, "legal_id", COLUMN_ID),
    TEXT(Party, district, "district", COLUMN_ID),
    OPTIONAL(Party, registered_ms, "registered_at", COLUMN_TIME),
};

static const column site_columns[] = {
    REQUIRED(Site, site_id, "site_id", COLUMN_ID),
    REQUIRED(Site, party_id, "party_id", COLUMN_ID),
    REQUIRED(Site, name, "name", COLUMN_TEXT),
    REQUIRED_WORD(Site, kind, "kind", site_kind),
    REQUIRED(Site, lat_e7, "lat", COLUMN_LAT),
    REQUIRED(Site, lon_e7, "lon", COLUMN_LON),
    TEXT(Site, district, "district", COLUMN_ID),
    TEXT(Site, grid, "grid", COLUMN_ID),
    OPTIONAL_WORD(Site, driver, "driver", driver),
    OPTIONAL(Site, driver_value_micro, "driver_value", COLUMN_QUANTITY),
    OPTIONAL(Site, storage_limit_g, "storage_limit_kg", COLUMN_MASS),
    OPTIONAL(Site, opened_ms, "opened_at", COLUMN_TIME),
    OPTIONAL(Site, closed_ms, "closed_at", COLUMN_TIME),
    {"location_unknown", COLUMN_FLAG, COLUMN_BEYOND, offsetof(Wufei__Site, location_unknown),
     offsetof(Wufei__Site, has_location_unknown), NULL},
};

static const column place_columns[] = {
    REQUIRED(Place, place_id, "place_id", COLUMN_ID),
    REQUIRED_WORD(Place, kind, "kind", place_kind),
    REQUIRED(Place, lat_e7, "lat", COLUMN_LAT),
    REQUIRED(Place, lon_e7, "lon", COLUMN_LON),
    REQUIRED(Place, radius_mm, "radius_m", COLUMN_RADIUS),
};

static const column permit_columns[] = {
    REQUIRED(Permit, permit_id, "permit_id", COLUMN_ID),
    REQUIRED(Permit, holder_id, "holder_id", COLUMN_ID),
    REQUIRED_WORD(Permit, kind, "kind", permit_kind),
    LIST(Permit, waste_codes, "waste_codes", COLUMN_REQUIRED),
    LIST(Permit, methods, "methods", COLUMN_OPTIONAL),
    OPTIONAL(Permit, limit_g_per_year, "limit_kg_per_year", COLUMN_MASS),
    OPTIONAL(Permit, limit_g_per_day, "limit_kg_per_day", COLUMN_MASS),
    REQUIRED(Permit, valid_from_ms, "valid_from", COLUMN_TIME),
    REQUIRED(Permit, valid_to_ms, "valid_to", COLUMN_TIME),
    TEXT(Permit, destination_site, "destination_site", COLUMN_ID),
    TEXT(Permit, destination_district, "destination_district", COLUMN_ID),
    LIST(Permit, vehicles, "vehicles", COLUMN_OPTIONAL),
    OPTIONAL(Permit, entered_at_ms, "entered_at", COLUMN_TIME),
};

static const column vehicle_columns[] = {
    REQUIRED(Vehicle, vehicle_id, "vehicle_id", COLUMN_ID),
    REQUIRED(Vehicle, party_id, "party_id", COLUMN_ID),
    TEXT(Vehicle, kind, "kind", COLUMN_ID),
    OPTIONAL(Vehicle, tare_g, "tare_kg", COLUMN_MASS),
    OPTIONAL(Vehicle, max_payload_g, "max_payload_kg", COLUMN_MASS),
};

static const column scale_columns[] = {
    REQUIRED(Scale, scale_id, "scale_id", COLUMN_ID),
    REQUIRED(Scale, site_id, "site_id", COLUMN_ID),
    REQUIRED(Scale, division_g, "division_kg", COLUMN_MASS),
    OPTIONAL(Scale, max_g, "max_kg", COLUMN_MASS),
    OPTIONAL(Scale, calibrated_ms, "calibrated_at", COLUMN_TIME),
};

static const column filing_columns[] = {
    REQUIRED(Filing, filing_id, "filing_id", COLUMN_ID),
    REQUIRED_WORD(Filing, kind, "kind", filing_kind),
    TEXT(Filing, site_id, "site_id", COLUMN_ID),
    TEXT(Filing, vehicle_id, "vehicle_id", COLUMN_ID),
    OPTIONAL(Filing, lat_e7, "lat", COLUMN_LAT),
    OPTIONAL(Filing, lon_e7, "lon", COLUMN_LON),
    OPTIONAL(Filing, radius_mm, "radius_m", COLUMN_RADIUS),
    REQUIRED(Filing, from_ms, "from", COLUMN_TIME),
    REQUIRED(Filing, to_ms, "to", COLUMN_TIME),
    TEXT(Filing, text, "text", COLUMN_TEXT),
};

static const column activity_columns[] = {
    REQUIRED(Activity, site_id, "site_id", COLUMN_ID),
    REQUIRED_WORD(Activity, driver, "driver", driver),
    REQUIRED(Activity, from_ms, "from", COLUMN_TIME),
    REQUIRED(Activity, to_ms, "to", COLUMN_TIME),
    REQUIRED(Activity, value_micro, "value", COLUMN_QUANTITY),
};

static const column generation_columns[] = {
    REQUIRED(Generation, batch_id, "batch_id", COLUMN_ID),
    REQUIRED(Generation, site_id, "site_id", COLUMN_ID),
    REQUIRED(Generation, time_ms, "time", COLUMN_TIME),
    REQUIRED(Generation, waste_code, "waste_code", COLUMN_ID),
    REQUIRED(Generation, mass_g, "mass_kg", COLUMN_MASS),
    OPTIONAL_WORD(Generation, basis, "basis", basis),
};

static const column manifest_columns[] = {
    REQUIRED(Manifest, manifest_id, "manifest_id", COLUMN_ID),
    REQUIRED_WORD(Manifest, stream, "stream", stream),
    REQUIRED(Manifest, waste_code, "waste_code", COLUMN_ID),
    REQUIRED(Manifest, generator_site, "generator_site", COLUMN_ID),
    REQUIRED(Manifest, carrier_id, "carrier_id", COLUMN_ID),
    REQUIRED(Manifest, vehicle_id, "vehicle_id", COLUMN_ID),
    REQUIRED(Manifest, facility_site, "facility_site", COLUMN_ID),
    REQUIRED(Manifest, filed_at_ms, "filed_at", COLUMN_TIME),
    OPTIONAL(Manifest, declared_g, "declared_kg", COLUMN_MASS),
    OPTIONAL(Manifest, entered_at_ms, "entered_at", COLUMN_TIME),
    {"consignment", COLUMN_ID, COLUMN_BEYOND, offsetof(Wufei__Manifest, consignment), 0, NULL},
    {"attributes", COLUMN_ATTRIBUTES, COLUMN_BEYOND, offsetof(Wufei__Manifest, attributes),
     offsetof(Wufei__Manifest, n_attributes), NULL},
};

static const column event_columns[] = {
    REQUIRED(ManifestEvent, manifest_id, "manifest_id", COLUMN_ID),
    REQUIRED_WORD(ManifestEvent, event, "event", event),
    REQUIRED(ManifestEvent, time_ms, "time", COLUMN_TIME),
    TEXT(ManifestEvent, site_id, "site_id", COLUMN_ID),
    TEXT(ManifestEvent, party_id, "party_id", COLUMN_ID),
    TEXT(ManifestEvent, vehicle_id, "vehicle_id", COLUMN_ID),
    OPTIONAL(ManifestEvent, mass_g, "mass_kg", COLUMN_MASS),
    TEXT(ManifestEvent, scale_id, "scale_id", COLUMN_ID),
    TEXT(ManifestEvent, note, "note", COLUMN_TEXT),
    OPTIONAL(ManifestEvent, entered_at_ms, "entered_at", COLUMN_TIME),
    {"signer", COLUMN_TEXT, COLUMN_BEYOND, offsetof(Wufei__ManifestEvent, signer), 0, NULL},
    {"signed_at", COLUMN_TIME, COLUMN_BEYOND, offsetof(Wufei__ManifestEvent, signed_at_ms),
     offsetof(Wufei__ManifestEvent, has_signed_at_ms), NULL},
};

static const column weighing_columns[] = {
    REQUIRED(Weighing, ticket_id, "ticket_id", COLUMN_ID),
    REQUIRED(Weighing, scale_id, "scale_id", COLUMN_ID),
    REQUIRED(Weighing, vehicle_id, "vehicle_id", COLUMN_ID),
    REQUIRED(Weighing, gross_at_ms, "gross_at", COLUMN_TIME),
    REQUIRED(Weighing, gross_g, "gross_kg", COLUMN_MASS),
    OPTIONAL(Weighing, tare_at_ms, "tare_at", COLUMN_TIME),
    REQUIRED(Weighing, tare_g, "tare_kg", COLUMN_MASS),
    TEXT(Weighing, manifest_id, "manifest_id", COLUMN_ID),
    OPTIONAL(Weighing, manual, "manual", COLUMN_FLAG),
};

static const column stocktake_columns[] = {
    REQUIRED(Stocktake, site_id, "site_id", COLUMN_ID),
    REQUIRED(Stocktake, time_ms, "time", COLUMN_TIME),
    REQUIRED(Stocktake, waste_code, "waste_code", COLUMN_ID),
    REQUIRED(Stocktake, mass_g, "mass_kg", COLUMN_MASS),
    OPTIONAL(Stocktake, rel_sigma_ppm, "rel_sigma", COLUMN_SHARE),
};

static const column treatment_columns[] = {
    REQUIRED(Treatment, treatment_id, "treatment_id", COLUMN_ID),
    REQUIRED(Treatment, site_id, "site_id", COLUMN_ID),
    REQUIRED(Treatment, time_ms, "time", COLUMN_TIME),
    REQUIRED(Treatment, waste_code, "waste_code", COLUMN_ID),
    REQUIRED(Treatment, mass_g, "mass_kg", COLUMN_MASS),
    REQUIRED(Treatment, method, "method", COLUMN_ID),
    TEXT(Treatment, output_code, "output_code", COLUMN_ID),
    OPTIONAL(Treatment, output_g, "output_kg", COLUMN_MASS),
    OPTIONAL(Treatment, entered_at_ms, "entered_at", COLUMN_TIME),
};

/* One record holds the rows of a vehicle and day; the importer makes it of the bundle's rows. */
static const column track_columns[] = {
    REQUIRED(Track, vehicle_id, "vehicle_id", COLUMN_ID),
    REQUIRED(Track, day, "day", COLUMN_DATE),
    REQUIRED(Track, fixes, "fixes", COLUMN_FIXES),
};

static const column report_columns[] = {
    REQUIRED(Report, report_id, "report_id", COLUMN_ID),
    REQUIRED(Report, time_ms, "time", COLUMN_TIME),
    REQUIRED(Report, lat_e7, "lat", COLUMN_LAT),
    REQUIRED(Report, lon_e7, "lon", COLUMN_LON),
    REQUIRED_WORD(Report, category, "category", report_category),
    TEXT(Report, text, "text", COLUMN_TEXT),
};

static const column calendar_columns[] = {
    REQUIRED(CalendarDay, day, "date", COLUMN_DATE),
    REQUIRED(CalendarDay, working, "working", COLUMN_FLAG),
};

#define COLUMNS(list) list, sizeof(list) / sizeof *(list)

static const record_kind kinds[RECORD_KINDS] = {
    {WUFEI__RECORD__BODY_PARTY, "parties", &wufei__party__descriptor, COLUMNS(party_columns),
     "party_id", true, true},
    {WUFEI__RECORD__BODY_SITE, "sites", &wufei__site__descriptor, COLUMNS(site_columns), "site_id",
     true, true},
    {WUFEI__RECORD__BODY_PLACE, "places", &wufei__place__descriptor, COLUMNS(place_columns),
     "place_id", true, true},
    {WUFEI__RECORD__BODY_PERMIT, "permits", &wufei__permit__descriptor, COLUMNS(permit_columns),
     "permit_id", true, true},
    {WUFEI__RECORD__BODY_VEHICLE, "vehicles", &wufei__vehicle__descriptor, COLUMNS(vehicle_columns),
     "vehicle_id", true, true},
    {WUFEI__RECORD__BODY_SCALE, "scales", &wufei__scale__descriptor, COLUMNS(scale_columns),
     "scale_id", true, true},
    {WUFEI__RECORD__BODY_FILING, "filings", &wufei__filing__descriptor, COLUMNS(filing_columns),
     "filing_id", true, false},
    {WUFEI__RECORD__BODY_ACTIVITY, "activity", &wufei__activity__descriptor,
     COLUMNS(activity_columns), "site_id", false, false},
    {WUFEI__RECORD__BODY_GENERATION, "generation", &wufei__generation__descriptor,
     COLUMNS(generation_columns), "batch_id", true, false},
    {WUFEI__RECORD__BODY_MANIFEST, "manifests", &wufei__manifest__descriptor,
     COLUMNS(manifest_columns), "manifest_id", true, false},
    {WUFEI__RECORD__BODY_EVENT, "manifest_events", &wufei__manifest_event__descriptor,
     COLUMNS(event_columns), "manifest_id", false, false},
    {WUFEI__RECORD__BODY_WEIGHING, "weighings", &wufei__weighing__descriptor,
     COLUMNS(weighing_columns), "ticket_id", true, false},
    {WUFEI__RECORD__BODY_STOCKTAKE, "stocktakes", &wufei__stocktake__descriptor,
     COLUMNS(stocktake_columns), "site_id", false, false},
    {WUFEI__RECORD__BODY_TREATMENT, "treatments", &wufei__treatment__descriptor,
     COLUMNS(treatment_columns), "treatment_id", true, false},
    {WUFEI__RECORD__BODY_TRACK, "tracks", &wufei__track__descriptor, COLUMNS(track_columns),
     "vehicle_id", false, false},
    {WUFEI__RECORD__BODY_REPORT, "reports", &wufei__report__descriptor, COLUMNS(report_columns),
     "report_id", true, false},
    {WUFEI__RECORD__BODY_CALENDAR_DAY, "calendar", &wufei__calendar_day__descriptor,
     COLUMNS(calendar_columns), "date", false, false},
};

const record_kind *record_kind_of(Wufei__Record__BodyCase body)
{
    return (unsigned)body >= 1 && (unsigned)body <= RECORD_KINDS ? &kinds[body - 1] : NULL;
}

const record_kind *record_kind_of_file(const char *file, size_t size)
{
    for (size_t i = 0; i < RECORD_KINDS; i++)
        if (strlen(kinds[i].file) == size && memcmp(kinds[i].file, file, size) == 0)
            return &kinds[i];
    return NULL;
}

const column *record_kind_column(const record_kind *kind, const char *name, size_t size)
{
    for (size_t i = 0; i < kind->column_count; i++)
        if (strlen(kind->columns[i].name) == size && memcmp(kind->columns[i].name, name, size) == 0)
            return &kind->columns[i];
    return NULL;
}

bool column_given(const column *c, const void *message)
{
    const char *at = (const char *)message;
    switch (c->type) {
    case COLUMN_ID:
    case COLUMN_TEXT:
        return *(char *const *)(const void *)(at + c->offset) != NULL;
    case COLUMN_IDS:
    case COLUMN_ATTRIBUTES:
        return *(const size_t *)(const void *)(at + c->has_offset) > 0;
    default:
        return c->has_offset == 0 ||
               *(const protobuf_c_boolean *)(const void *)(at + c->has_offset) != 0;
    }
}
