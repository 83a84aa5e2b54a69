/*
 * book/notices.c: what people tell the office: filings, activity, reports, the calendar. Nothing
 * here moves a gram.
 */
#include <inttypes.h>
#include <string.h>

#include "book/internal.h"

wf_status filing_apply(apply_context *x, const Wufei__Filing *filing)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_FILING, filing->filing_id));
    filing_row row = {.seq = x->seq,
                      .from_ms = filing->from_ms,
                      .to_ms = filing->to_ms,
                      .key = BOOK_NONE,
                      .kind = filing->kind,
                      .lat_e7 = filing->has_lat_e7 ? filing->lat_e7 : 0,
                      .lon_e7 = filing->has_lon_e7 ? filing->lon_e7 : 0,
                      .radius_mm = filing->has_radius_mm ? filing->radius_mm : 0};
    BOOK_TRY(name_if_given(x, OBJECT_SITE, "site_id", filing->site_id, &row.site));
    BOOK_TRY(name_if_given(x, OBJECT_VEHICLE, "vehicle_id", filing->vehicle_id, &row.vehicle));
    BOOK_TRY(string_intern(x, filing->text, &row.text));
    BOOK_TRY(row_append(x, BOOK_FILINGS, &row, filing->filing_id, &id));
    return name_put(x, OBJECT_FILING, filing->filing_id, strlen(filing->filing_id), id);
}

wf_status activity_apply(apply_context *x, const Wufei__Activity *activity)
{
    uint32_t id = BOOK_NONE;
    activity_row row = {.seq = x->seq,
                        .from_ms = activity->from_ms,
                        .to_ms = activity->to_ms,
                        .value_micro = activity->value_micro,
                        .driver = activity->driver};
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "site_id", activity->site_id, &row.site));
    return row_append(x, BOOK_ACTIVITIES, &row, NULL, &id);
}

wf_status report_apply(apply_context *x, const Wufei__Report *report)
{
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_must_be_free(x, OBJECT_REPORT, report->report_id));
    report_row row = {.seq = x->seq,
                      .time_ms = report->time_ms,
                      .key = BOOK_NONE,
                      .lat_e7 = report->lat_e7,
                      .lon_e7 = report->lon_e7,
                      .category = report->category};
    BOOK_TRY(string_intern(x, report->text, &row.text));
    BOOK_TRY(row_append(x, BOOK_REPORTS, &row, report->report_id, &id));
    return name_put(x, OBJECT_REPORT, report->report_id, strlen(report->report_id), id);
}

wf_status calendar_apply(apply_context *x, const Wufei__CalendarDay *day)
{
    uint8_t key[4];
    span old = {0};
    unsigned table = book_table_number(BOOK_CALENDAR);
    key_u32(key, day_key(day->day));
    BOOK_TRY(store_get(x->txn, table, span_of(key, sizeof key), &old, x->err));
    calendar_row row = {.day = day->day, .working = day->working ? 1 : 0, .seq = x->seq};
    if (old.data != NULL && old.size == sizeof row) {
        char text[TIME_TEXT];
        memcpy(&row, old.data, sizeof row);
        return conflict_refuse(x, "date", time_format_day(text, day->day), row.seq);
    }
    return store_put(x->txn, table, span_of(key, sizeof key), span_of(&row, sizeof row), false,
                     x->err);
}
