/*
 * model/record_check.c: what must hold of a record whatever the book says. Each field by the rule
 * of its column's type (model/columns.h), then what the fields of one record say about each other.
 *
 * Only the malformed and the self-contradictory are refused here; what is merely odd or unlawful (a
 * gross weight below the tare, a receipt long after its day) is entered and judged by the audit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/shown.h"
#include "base/text.h"
#include "base/time.h"
#include "model/columns.h"
#include "model/track.h"

/* 1900-01-01 and 2200-01-01, UTC; a day more on both sides for the offsets. */
#define TIME_FIRST_MS (INT64_C(-25568) * TIME_DAY_MS)
#define TIME_END_MS (INT64_C(84007) * TIME_DAY_MS)

enum { DAY_FIRST = -25567, DAY_LAST = 84005, ATTRIBUTES_MAX = 1000 };

static wf_status check_text(const char *name, const char *text, size_t limit, bool lines,
                            wf_error *err)
{
    const uint8_t *at = (const uint8_t *)text;
    if (at[0] == 0)
        return wf_fail(err, WF_REFUSED, _("%s: given but empty"), name);
    while (*at != 0) {
        uint32_t code = 0;
        size_t size = utf8_sequence(at, &code);
        if (size == 0)
            return wf_fail(err, WF_REFUSED,
                           _("%s: byte %zu is not UTF-8; save a file in GBK as UTF-8 first"), name,
                           (size_t)(at - (const uint8_t *)text) + 1);
        bool control = *at < 0x20 || *at == 0x7F;
        if (control && !(lines && (*at == '\n' || *at == '\r' || *at == '\t')))
            return wf_fail(err, WF_REFUSED, _("%s: holds the control character 0x%02x"), name, *at);
        at += size;
    }
    size_t size = (size_t)(at - (const uint8_t *)text);
    if (size > limit)
        return wf_fail(err, WF_REFUSED, _("%s: is %zu bytes long, the longest is %zu"), name, size,
                       limit);
    return WF_OK;
}

/* Two ids that look the same must be the same: characters that show as nothing or as a blank, and
   full-width forms of ASCII, are no part of an id. */
static wf_status check_id_character(const char *name, uint32_t code, wf_error *err)
{
    if (code_is_invisible(code))
        return wf_fail(err, WF_REFUSED,
                       _("%s: holds the invisible character U+%04X; write the id without it"), name,
                       (unsigned)code);
    if (code_is_odd_space(code))
        return wf_fail(err, WF_REFUSED,
                       _("%s: holds the blank U+%04X; write the id with a plain space or none"),
                       name, (unsigned)code);
    if (code >= 0xFF01 && code <= 0xFF5E)
        return wf_fail(err, WF_REFUSED,
                       _("%1$s: holds the full-width character U+%2$04X; write a plain \"%3$c\""),
                       name, (unsigned)code, (int)(code - 0xFF01 + 0x21));
    return WF_OK;
}

static wf_status check_id(const char *name, const char *text, wf_error *err)
{
    wf_status status = check_text(name, text, TEXT_ID_MAX, false, err);
    size_t size = status == WF_OK ? strlen(text) : 0;
    if (size > 0 && (text[0] == ' ' || text[size - 1] == ' '))
        return wf_fail(err, WF_REFUSED, _("%s: begins or ends with a space; write the id without"),
                       name);
    for (size_t at = 0; at < size && status == WF_OK;) {
        uint32_t code = 0;
        if (text[at] == ' ' && text[at + 1] == ' ')
            return wf_fail(err, WF_REFUSED, _("%s: holds two spaces in a row; write one"), name);
        at += utf8_sequence((const uint8_t *)text + at, &code);
        if (code >= 0x80)
            status = check_id_character(name, code, err);
    }
    return status;
}

static wf_status check_list(const column *c, const char *base, wf_error *err)
{
    size_t count = *(const size_t *)(const void *)(base + c->has_offset);
    char *const *items = *(char *const *const *)(const void *)(base + c->offset);
    if (count > LIST_MAX)
        return wf_fail(err, WF_REFUSED, _("%s: lists %zu ids, the most is %d"), c->name, count,
                       LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        wf_status status = check_id(c->name, items[i], err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static wf_status check_attributes(const Wufei__Manifest *manifest, wf_error *err)
{
    if (manifest->n_attributes > ATTRIBUTES_MAX)
        return wf_fail(err, WF_REFUSED, _("attributes: %zu are given, the most is %d"),
                       manifest->n_attributes, ATTRIBUTES_MAX);
    for (size_t i = 0; i < manifest->n_attributes; i++) {
        const Wufei__Attribute *attribute = manifest->attributes[i];
        if (attribute->name == NULL || attribute->value == NULL)
            return wf_fail(err, WF_REFUSED, _("attributes: the name or value of one is missing"));
        wf_status status = check_text("attributes", attribute->name, TEXT_ID_MAX, false, err);
        if (status == WF_OK)
            status = check_text("attributes", attribute->value, TEXT_MAX, true, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static wf_status out_of_range(const column *c, int64_t value, int64_t low, int64_t high,
                              wf_error *err)
{
    if (value >= low && value <= high)
        return WF_OK;
    return wf_fail(err, WF_REFUSED, _("%s: %" PRId64 " is outside of %" PRId64 " to %" PRId64),
                   c->name, value, low, high);
}

static wf_status check_time(const column *c, int64_t ms, wf_error *err)
{
    if (ms >= TIME_FIRST_MS && ms <= TIME_END_MS)
        return WF_OK;
    return wf_fail(err, WF_REFUSED, _("%s: the time lies outside of the years 1900 to 2199"),
                   c->name);
}

static wf_status check_number(const column *c, const void *at, wf_error *err)
{
    switch (c->type) {
    case COLUMN_TIME:
        return check_time(c, *(const int64_t *)at, err);
    case COLUMN_DATE:
        return out_of_range(c, *(const int32_t *)at, DAY_FIRST, DAY_LAST, err);
    case COLUMN_MASS:
        return out_of_range(c, *(const int64_t *)at, 0, MASS_MAX_G, err);
    case COLUMN_QUANTITY:
        return out_of_range(c, *(const int64_t *)at, 0, INT64_MAX, err);
    case COLUMN_LAT:
        return out_of_range(c, *(const int32_t *)at, -900000000, 900000000, err);
    case COLUMN_LON:
        return out_of_range(c, *(const int32_t *)at, -1800000000, 1800000000, err);
    case COLUMN_RADIUS:
        return out_of_range(c, *(const uint32_t *)at, 0, RADIUS_MAX_MM, err);
    case COLUMN_SHARE:
        return out_of_range(c, *(const uint32_t *)at, 0, SHARE_MAX_PPM, err);
    case COLUMN_WORD:
        return out_of_range(c, *(const uint32_t *)at, 1, c->words->count - 1, err);
    case COLUMN_ROLES:
        return out_of_range(c, *(const uint32_t *)at, 1, (1 << (c->words->count - 1)) - 1, err);
    default:
        break;
    }
    if (c->use != COLUMN_REQUIRED && *(const protobuf_c_boolean *)at == 0)
        return wf_fail(err, WF_REFUSED, _("%s: given as 0, which is coded as not given"), c->name);
    return WF_OK;
}

static wf_status check_track(const Wufei__Track *track, wf_error *err)
{
    if (track->count < 1 || track->count > TRACK_FIXES_MAX)
        return wf_fail(err, WF_REFUSED, _("fixes: %" PRIu32 " are given, 1 to %d are expected"),
                       track->count, TRACK_FIXES_MAX);
    track_fix first;
    track_fix last;
    wf_status status = track_bounds(&first, &last, track->count,
                                    span_of(track->fixes.data, track->fixes.len), err);
    if (status != WF_OK)
        return status;
    /* whatever the ledger's offset, its day lies within a day of the UTC day of the same number */
    int64_t start_ms = track->day * TIME_DAY_MS;
    if (first.time_ms < start_ms - TIME_DAY_MS || last.time_ms >= start_ms + 2 * TIME_DAY_MS)
        return wf_fail(err, WF_REFUSED, _("fixes: some lie outside of the track's day"));
    return WF_OK;
}

static wf_status check_column(const column *c, const void *message, wf_error *err)
{
    const char *base = message;
    if (!column_given(c, message)) {
        if (c->use == COLUMN_REQUIRED)
            return wf_fail(err, WF_REFUSED, _("%s: missing"), c->name);
        return WF_OK;
    }
    switch (c->type) {
    case COLUMN_ID:
        return check_id(c->name, *(char *const *)column_at(c, base), err);
    case COLUMN_TEXT:
        return check_text(c->name, *(char *const *)column_at(c, base), TEXT_MAX, true, err);
    case COLUMN_IDS:
        return check_list(c, base, err);
    case COLUMN_ATTRIBUTES:
        return check_attributes(message, err);
    case COLUMN_FIXES:
        return check_track(message, err);
    default:
        return check_number(c, column_at(c, base), err);
    }
}

static wf_status check_order(const char *from_name, int64_t from_ms, const char *to_name,
                             int64_t to_ms, int utc_offset_minutes, wf_error *err)
{
    if (to_ms >= from_ms)
        return WF_OK;
    char from[TIME_TEXT];
    char to[TIME_TEXT];
    return wf_fail(err, WF_REFUSED, _("%1$s: %2$s lies before %3$s, %4$s"), to_name,
                   time_format(to, to_ms, utc_offset_minutes), from_name,
                   time_format(from, from_ms, utc_offset_minutes));
}

static wf_status check_filing(const Wufei__Filing *filing, int utc_offset_minutes, wf_error *err)
{
    if (filing->has_lat_e7 != filing->has_lon_e7)
        return wf_fail(err, WF_REFUSED, _("%s: missing, but %s is given"),
                       filing->has_lat_e7 ? "lon" : "lat", filing->has_lat_e7 ? "lat" : "lon");
    return check_order("from", filing->from_ms, "to", filing->to_ms, utc_offset_minutes, err);
}

static wf_status check_event(const Wufei__ManifestEvent *event, wf_error *err)
{
    if (event->event == EVENT_REDIRECTED && event->site_id == NULL)
        return wf_fail(err, WF_REFUSED, _("site_id: missing; redirected names the new facility"));
    if (event->event == EVENT_CORRECTED && !event->has_mass_g)
        return wf_fail(err, WF_REFUSED, _("mass_kg: missing; corrected states the agreed mass"));
    return WF_OK;
}

/* What the fields of one record say about each other. */
static wf_status check_together(const Wufei__Record *record, int utc_offset_minutes, wf_error *err)
{
    switch (record->body_case) {
    case WUFEI__RECORD__BODY_SITE:
        if (record->site->has_location_unknown &&
            (record->site->lat_e7 != 0 || record->site->lon_e7 != 0))
            return wf_fail(err, WF_REFUSED, _("location_unknown: given, but lat or lon is not 0"));
        if (record->site->has_opened_ms && record->site->has_closed_ms)
            return check_order("opened_at", record->site->opened_ms, "closed_at",
                               record->site->closed_ms, utc_offset_minutes, err);
        return WF_OK;
    case WUFEI__RECORD__BODY_PERMIT:
        return check_order("valid_from", record->permit->valid_from_ms, "valid_to",
                           record->permit->valid_to_ms, utc_offset_minutes, err);
    case WUFEI__RECORD__BODY_SCALE:
        if (record->scale->division_g == 0)
            return wf_fail(err, WF_REFUSED, _("division_kg: is 0; a scale's division is larger"));
        return WF_OK;
    case WUFEI__RECORD__BODY_FILING:
        return check_filing(record->filing, utc_offset_minutes, err);
    case WUFEI__RECORD__BODY_ACTIVITY:
        return check_order("from", record->activity->from_ms, "to", record->activity->to_ms,
                           utc_offset_minutes, err);
    case WUFEI__RECORD__BODY_EVENT:
        return check_event(record->event, err);
    case WUFEI__RECORD__BODY_TREATMENT:
        if (record->treatment->has_output_g && record->treatment->output_code == NULL)
            return wf_fail(err, WF_REFUSED, _("output_code: missing, but %s is given"),
                           "output_kg");
        return WF_OK;
    default:
        return WF_OK;
    }
}

wf_status record_check(const Wufei__Record *record, wf_error *err)
{
    return record_check_at(record, 0, err);
}

wf_status record_check_at(const Wufei__Record *record, int utc_offset_minutes, wf_error *err)
{
    const record_kind *kind = record_kind_of(record->body_case);
    if (kind == NULL)
        return wf_fail(err, WF_REFUSED, _("record: of no kind that this version knows"));
    for (size_t i = 0; i < kind->column_count; i++) {
        wf_status status = check_column(&kind->columns[i], record->party, err);
        if (status != WF_OK)
            return status;
    }
    return check_together(record, utc_offset_minutes, err);
}
