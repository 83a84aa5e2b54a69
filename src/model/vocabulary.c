/*
 * model/vocabulary.c: the words of spec bundle.md, in the order of their numbers in the log.
 * Relies on nothing. A word's place in its list is its number: append only.
 */
#include "model/vocabulary.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *const streams[] = {NULL,           "industrial", "hazardous",
                                      "construction", "medical",    "household"};

static const char *const site_kinds[] = {NULL,
                                         "factory",
                                         "workshop",
                                         "hospital",
                                         "clinic",
                                         "construction_site",
                                         "demolition_site",
                                         "community",
                                         "market",
                                         "transfer_station",
                                         "collection_centre",
                                         "incinerator",
                                         "landfill",
                                         "hazardous_treatment",
                                         "medical_treatment",
                                         "cement_kiln",
                                         "recycler",
                                         "spoil_ground",
                                         "food_waste_plant",
                                         "depot"};

static const char *const drivers[] = {NULL,
                                      "bed_day",
                                      "visit",
                                      "staff",
                                      "floor_m2_new",
                                      "floor_m2_demolition",
                                      "floor_m2_decoration",
                                      "person",
                                      "t_product",
                                      "kwh"};

static const char *const place_kinds[] = {NULL, "fuel", "parking", "repair", "weighbridge"};

static const char *const permit_kinds[] = {NULL,        "treat",          "collect",
                                           "transport", "spoil_disposal", "cross_region"};

static const char *const filing_kinds[] = {
    NULL, "shutdown", "process_change", "device_outage", "road_closure", "scale_repair"};

static const char *const bases[] = {NULL, "weighed", "estimated"};

static const char *const report_categories[] = {NULL, "dumping", "odour", "spill", "other"};

static const char *const events[] = {NULL,        "picked_up", "handed_over", "arrived",
                                     "received",  "rejected",  "returned",    "redirected",
                                     "confirmed", "corrected", "cancelled"};

static const char *const roles[] = {NULL, "generator", "carrier", "facility", "regulator"};

#define COUNT(list) (uint32_t)(sizeof(list) / sizeof *(list))

static_assert(COUNT(streams) == STREAM_COUNT, "a word for each stream");
static_assert(COUNT(site_kinds) == SITE_KIND_COUNT, "a word for each site kind");
static_assert(COUNT(drivers) == DRIVER_COUNT, "a word for each driver");
static_assert(COUNT(place_kinds) == PLACE_COUNT, "a word for each place kind");
static_assert(COUNT(permit_kinds) == PERMIT_COUNT, "a word for each permit kind");
static_assert(COUNT(filing_kinds) == FILING_COUNT, "a word for each filing kind");
static_assert(COUNT(bases) == BASIS_COUNT, "a word for each basis");
static_assert(COUNT(report_categories) == REPORT_COUNT, "a word for each category");
static_assert(COUNT(events) == EVENT_COUNT, "a word for each event");

const vocabulary vocabulary_stream = {N_("stream"), streams, COUNT(streams)};
const vocabulary vocabulary_site_kind = {N_("site kind"), site_kinds, COUNT(site_kinds)};
const vocabulary vocabulary_driver = {N_("driver"), drivers, COUNT(drivers)};
const vocabulary vocabulary_place_kind = {N_("place kind"), place_kinds, COUNT(place_kinds)};
const vocabulary vocabulary_permit_kind = {N_("permit kind"), permit_kinds, COUNT(permit_kinds)};
const vocabulary vocabulary_filing_kind = {N_("filing kind"), filing_kinds, COUNT(filing_kinds)};
const vocabulary vocabulary_basis = {N_("basis"), bases, COUNT(bases)};
const vocabulary vocabulary_report_category = {N_("category"), report_categories,
                                               COUNT(report_categories)};
const vocabulary vocabulary_event = {N_("event"), events, COUNT(events)};
const vocabulary vocabulary_role = {N_("role"), roles, COUNT(roles)};

uint32_t vocabulary_find(const vocabulary *v, const char *word, size_t size)
{
    for (uint32_t i = 1; i < v->count; i++)
        if (strlen(v->words[i]) == size && memcmp(v->words[i], word, size) == 0)
            return i;
    return 0;
}

const char *vocabulary_word(const vocabulary *v, uint32_t number)
{
    if (number == 0)
        return "";
    return number < v->count ? v->words[number] : "?";
}

char *vocabulary_all(char *out, size_t size, const vocabulary *v)
{
    size_t at = 0;
    if (size > 0)
        out[0] = '\0';
    for (uint32_t i = 1; i < v->count && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i > 1 ? ", " : "", v->words[i]);
    return out;
}
