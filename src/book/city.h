/*
 * book/city.h: the whole book as plain arrays in memory: what an audit reads.
 *
 * A city is a snapshot: nothing in it changes after it was loaded, and many threads may read it.
 * Arrays are in order of entry (so nearly in time order); an id is an index. Rules are pure
 * functions from a city to findings; their tests build small cities with tests/support/
 * city_builder.h and need no ledger.
 *
 * About 700 bytes a manifest with its events and weighings: 1 million manifests take 0.7 GB.
 */
#ifndef BOOK_CITY_H
#define BOOK_CITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "book/rows.h"

typedef struct city {
    int utc_offset_minutes;
    uint64_t size; /* entries of the ledger at the snapshot */
    /* Earliest and latest time of any act (manifest events, weighings, generation, stock takes,
       treatments, fixes); "now" of the audit is the latest, but for a few strays (city_load.c). */
    int64_t first_ms;
    int64_t now_ms;

    party_row *parties;
    size_t party_count;
    site_row *sites;
    size_t site_count;
    place_row *places;
    size_t place_count;
    permit_row *permits;
    size_t permit_count;
    vehicle_row *vehicles;
    size_t vehicle_count;
    scale_row *scales;
    size_t scale_count;
    filing_row *filings;
    size_t filing_count;
    activity_row *activities;
    size_t activity_count;
    generation_row *generations;
    size_t generation_count;
    manifest_row *manifests;
    size_t manifest_count;
    event_row *events;
    size_t event_count;
    weighing_row *weighings;
    size_t weighing_count;
    stocktake_row *stocktakes;
    size_t stocktake_count;
    treatment_row *treatments;
    size_t treatment_count;
    track_row *tracks;
    size_t track_count; /* sorted by vehicle, then day */
    track_fix *fixes;
    size_t fix_count; /* of one vehicle and day: sorted by time */
    report_row *reports;
    size_t report_count;
    calendar_row *calendar;
    size_t calendar_count; /* sorted by day */
    day_row *days;
    size_t day_count; /* sorted by day, site, code */
    text_ref *codes;
    size_t code_count; /* waste code texts */

    char *texts;
    size_t texts_size; /* zero-terminated strings */
    void *owner;       /* city_free knows what to free: arrays are malloced one by one */
} city;

void city_free(city *c); /* NULL is fine */

/* "" for BOOK_NONE. */
const char *city_text(const city *c, text_ref ref);
const char *city_code(const city *c, code_id code);

/* Working days: the calendar, else Monday to Friday. */
bool city_is_working_day(const city *c, int32_t day);
/* The moment `count` working days after `ms`: the same time of day on the count-th working day
   that follows the day of `ms`. */
int64_t city_add_working_days(const city *c, int64_t ms, int count);

/* "SW6*" matches SW61...; without '*' the whole code must be equal, except that a national code
   given without detail ("SW62") also matches its details ("900-001-S62" is not the same text and
   does not). `patterns` is joined by '|'. */
bool code_matches(const char *patterns, const char *code);
/* True when `item` is one of the words of a '|'-joined list. */
bool list_has(const char *list, const char *item);

/* The fixes of a vehicle with from_ms <= time < to_ms, across days: *out borrowed pieces. Returns
   the number of fixes; iterate with fix_range_next. */
typedef struct fix_range {
    const city *city;
    size_t track; /* next track row */
    size_t track_end;
    const track_fix *fix, *fix_end;
    int64_t from_ms, to_ms;
} fix_range;
void fix_range_start(fix_range *r, const city *c, vehicle_id vehicle, int64_t from_ms,
                     int64_t to_ms);
const track_fix *fix_range_next(fix_range *r); /* NULL at the end */
/* True when the vehicle has at least one fix on any day: it carries a device. */
bool city_has_track(const city *c, vehicle_id vehicle);

#endif
