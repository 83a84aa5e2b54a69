/*
 * book/city_check.c: whether the loaded rows can be what the log made: every id names a row, chains
 * lead to earlier rows, words are known and times possible. The audit indexes by them unasked.
 */
#include <stddef.h>
#include <string.h>

#include "book/internal.h"

/* What a field must be. */
enum field_rule {
    FIELD_ID,      /* a row of `table` */
    FIELD_MAYBE,   /* the same, or BOOK_NONE */
    FIELD_EARLIER, /* an earlier row of the same table, or BOOK_NONE */
    FIELD_WORD,    /* below `limit` */
    FIELD_BYTE,    /* the same, of one byte */
    FIELD_TIME,    /* within the years of records */
    FIELD_NO_TIME, /* the same, or TIME_NONE */
    FIELD_DAY
};

typedef struct field_check {
    size_t offset;
    enum field_rule rule;
    size_t limit; /* of a word; for ids, where the count of rows stands in struct city */
} field_check;

enum { FIELDS_MAX = 12 };

typedef struct table_check {
    enum book_table table;
    size_t array_offset, count_offset, row_size;
    field_check fields[FIELDS_MAX]; /* ended by the first without a limit */
} table_check;

#define ROWS(table, array, count, row)                                                             \
    (table), offsetof(city, array), offsetof(city, count), sizeof(row)
#define ID(row, field, count)                                                                      \
    {                                                                                              \
        offsetof(row, field), FIELD_ID, offsetof(city, count)                                      \
    }
#define MAYBE(row, field, count)                                                                   \
    {                                                                                              \
        offsetof(row, field), FIELD_MAYBE, offsetof(city, count)                                   \
    }
#define EARLIER(row, field)                                                                        \
    {                                                                                              \
        offsetof(row, field), FIELD_EARLIER, 1                                                     \
    }
#define WORD(row, field, end)                                                                      \
    {                                                                                              \
        offsetof(row, field), FIELD_WORD, (end)                                                    \
    }
#define BYTE(row, field, end)                                                                      \
    {                                                                                              \
        offsetof(row, field), FIELD_BYTE, (end)                                                    \
    }
#define TIME(row, field)                                                                           \
    {                                                                                              \
        offsetof(row, field), FIELD_TIME, 1                                                        \
    }
#define NO_TIME(row, field)                                                                        \
    {                                                                                              \
        offsetof(row, field), FIELD_NO_TIME, 1                                                     \
    }
#define DAY(row, field)                                                                            \
    {                                                                                              \
        offsetof(row, field), FIELD_DAY, 1                                                         \
    }

static const table_check checks[] = {
    {ROWS(BOOK_PARTIES, parties, party_count, party_row), {NO_TIME(party_row, registered_ms)}},
    {ROWS(BOOK_SITES, sites, site_count, site_row),
     {ID(site_row, party, party_count), WORD(site_row, kind, SITE_KIND_COUNT),
      WORD(site_row, driver, DRIVER_COUNT), NO_TIME(site_row, opened_ms),
      NO_TIME(site_row, closed_ms)}},
    {ROWS(BOOK_PLACES, places, place_count, place_row), {WORD(place_row, kind, PLACE_COUNT)}},
    {ROWS(BOOK_PERMITS, permits, permit_count, permit_row),
     {MAYBE(permit_row, holder_party, party_count), MAYBE(permit_row, holder_site, site_count),
      MAYBE(permit_row, destination_site, site_count), WORD(permit_row, kind, PERMIT_COUNT),
      NO_TIME(permit_row, valid_from_ms), NO_TIME(permit_row, valid_to_ms),
      NO_TIME(permit_row, known_ms)}},
    {ROWS(BOOK_VEHICLES, vehicles, vehicle_count, vehicle_row),
     {ID(vehicle_row, party, party_count)}},
    {ROWS(BOOK_SCALES, scales, scale_count, scale_row),
     {ID(scale_row, site, site_count), NO_TIME(scale_row, calibrated_ms)}},
    {ROWS(BOOK_FILINGS, filings, filing_count, filing_row),
     {MAYBE(filing_row, site, site_count), MAYBE(filing_row, vehicle, vehicle_count),
      WORD(filing_row, kind, FILING_COUNT), NO_TIME(filing_row, from_ms),
      NO_TIME(filing_row, to_ms)}},
    {ROWS(BOOK_ACTIVITIES, activities, activity_count, activity_row),
     {ID(activity_row, site, site_count), WORD(activity_row, driver, DRIVER_COUNT),
      TIME(activity_row, from_ms), TIME(activity_row, to_ms)}},
    {ROWS(BOOK_GENERATIONS, generations, generation_count, generation_row),
     {ID(generation_row, site, site_count), ID(generation_row, code, code_count),
      TIME(generation_row, time_ms)}},
    {ROWS(BOOK_MANIFESTS, manifests, manifest_count, manifest_row),
     {ID(manifest_row, code, code_count), ID(manifest_row, generator_site, site_count),
      ID(manifest_row, carrier, party_count), ID(manifest_row, vehicle, vehicle_count),
      ID(manifest_row, facility_site, site_count), MAYBE(manifest_row, last_event, event_count),
      MAYBE(manifest_row, last_weighing, weighing_count), BYTE(manifest_row, stream, STREAM_COUNT),
      BYTE(manifest_row, state, MANIFEST_STATE_COUNT), TIME(manifest_row, filed_ms),
      TIME(manifest_row, known_ms)}},
    /* of manifests, the rest */
    {ROWS(BOOK_MANIFESTS, manifests, manifest_count, manifest_row),
     {NO_TIME(manifest_row, picked_up_ms), NO_TIME(manifest_row, arrived_ms),
      NO_TIME(manifest_row, received_ms), NO_TIME(manifest_row, confirmed_ms)}},
    {ROWS(BOOK_EVENTS, events, event_count, event_row),
     {ID(event_row, manifest, manifest_count), EARLIER(event_row, previous),
      MAYBE(event_row, site, site_count), MAYBE(event_row, party, party_count),
      MAYBE(event_row, vehicle, vehicle_count), MAYBE(event_row, scale, scale_count),
      WORD(event_row, kind, EVENT_COUNT), TIME(event_row, time_ms), TIME(event_row, known_ms)}},
    {ROWS(BOOK_WEIGHINGS, weighings, weighing_count, weighing_row),
     {ID(weighing_row, scale, scale_count), ID(weighing_row, vehicle, vehicle_count),
      MAYBE(weighing_row, manifest, manifest_count), EARLIER(weighing_row, previous),
      TIME(weighing_row, gross_ms), NO_TIME(weighing_row, tare_ms)}},
    {ROWS(BOOK_STOCKTAKES, stocktakes, stocktake_count, stocktake_row),
     {ID(stocktake_row, site, site_count), ID(stocktake_row, code, code_count),
      TIME(stocktake_row, time_ms)}},
    {ROWS(BOOK_TREATMENTS, treatments, treatment_count, treatment_row),
     {ID(treatment_row, site, site_count), ID(treatment_row, code, code_count),
      MAYBE(treatment_row, output_code, code_count), TIME(treatment_row, time_ms),
      TIME(treatment_row, known_ms)}},
    {ROWS(BOOK_REPORTS, reports, report_count, report_row),
     {WORD(report_row, category, REPORT_COUNT), TIME(report_row, time_ms)}},
    {ROWS(BOOK_DAYS, days, day_count, day_row),
     {DAY(day_row, day), ID(day_row, site, site_count), ID(day_row, code, code_count)}},
    {ROWS(BOOK_CALENDAR, calendar, calendar_count, calendar_row), {DAY(calendar_row, day)}},
};

/* The years 1899 to 2201: a little more than records may say, in whatever offset from UTC. */
enum { DAY_LOWEST = -25932, DAY_HIGHEST = 84371 };

static bool time_holds(int64_t ms)
{
    return ms >= DAY_LOWEST * TIME_DAY_MS && ms <= DAY_HIGHEST * TIME_DAY_MS;
}

static bool field_holds(const city *c, const field_check *f, const char *row, size_t number)
{
    const char *at = row + f->offset;
    uint32_t id;
    int32_t day;
    int64_t ms;
    size_t count;
    switch (f->rule) {
    case FIELD_ID:
    case FIELD_MAYBE:
        memcpy(&id, at, sizeof id);
        memcpy(&count, (const char *)c + f->limit, sizeof count);
        return id < count || (f->rule == FIELD_MAYBE && id == BOOK_NONE);
    case FIELD_EARLIER:
        memcpy(&id, at, sizeof id);
        return id < number || id == BOOK_NONE;
    case FIELD_WORD:
        memcpy(&id, at, sizeof id);
        return id < f->limit;
    case FIELD_BYTE:
        return (uint8_t)*at < f->limit;
    case FIELD_TIME:
    case FIELD_NO_TIME:
        memcpy(&ms, at, sizeof ms);
        return time_holds(ms) || (f->rule == FIELD_NO_TIME && ms == TIME_NONE);
    case FIELD_DAY:
        memcpy(&day, at, sizeof day);
        return day >= DAY_LOWEST && day <= DAY_HIGHEST;
    }
    return false;
}

static wf_status check_table(const city *c, const table_check *t, wf_error *err)
{
    const char *rows;
    size_t count;
    memcpy(&rows, (const char *)c + t->array_offset, sizeof rows);
    memcpy(&count, (const char *)c + t->count_offset, sizeof count);
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < FIELDS_MAX && t->fields[f].limit != 0; f++)
            if (!field_holds(c, &t->fields[f], rows + i * t->row_size, i))
                return wf_fail(err, WF_DAMAGED,
                               _("row %zu of the table %s is impossible (at byte %zu); run wufei "
                                 "verify, then wufei rebuild"),
                               i, book_shapes[t->table].name, t->fields[f].offset);
    return WF_OK;
}

wf_status city_check(const city *c, wf_error *err)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        wf_status status = check_table(c, &checks[i], err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}
