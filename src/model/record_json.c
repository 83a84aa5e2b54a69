/*
 * model/record_json.c: a record as one JSON object, for `show` and for people: "file", then the
 * bundle's columns that are given, in the bundle's order. Masses and quantities are decimal text,
 * as in the bundle, so that no reader rounds them; degrees, metres and shares are numbers; times
 * RFC 3339.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/text.h"
#include "base/time.h"
#include "model/columns.h"
#include "model/track.h"

static void write_text(buffer *out, const char *text)
{
    buffer_append_byte(out, '"');
    const char *from = text;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_append(out, from, (size_t)(text - from));
        if (c >= 0x20)
            buffer_printf(out, "\\%c", c);
        else
            buffer_printf(out, "\\u%04x", c);
        from = text + 1;
    }
    buffer_append(out, from, (size_t)(text - from));
    buffer_append_byte(out, '"');
}

static void write_decimal(buffer *out, int64_t value, int decimals, bool as_text)
{
    char number[NUMBER_TEXT];
    decimal_format(number, value, decimals);
    buffer_printf(out, as_text ? "\"%s\"" : "%s", number);
}

static void write_time(buffer *out, int64_t ms, int utc_offset_minutes)
{
    char text[TIME_TEXT];
    buffer_printf(out, "\"%s\"", time_format(text, ms, utc_offset_minutes));
}

static void write_list(buffer *out, char *const *items, size_t count)
{
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        write_text(out, items[i]);
    }
    buffer_append_byte(out, ']');
}

static void write_roles(buffer *out, const column *c, uint32_t roles)
{
    char *words[32];
    size_t count = 0;
    for (uint32_t i = 1; i < c->words->count; i++)
        if ((roles & 1U << (i - 1)) != 0)
            words[count++] = (char *)(uintptr_t)vocabulary_word(c->words, i);
    write_list(out, words, count);
}

static void write_attributes(buffer *out, const Wufei__Manifest *manifest)
{
    buffer_append_byte(out, '[');
    for (size_t i = 0; i < manifest->n_attributes; i++) {
        buffer_append_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        write_text(out, manifest->attributes[i]->name);
        buffer_append_text(out, ",\"value\":");
        write_text(out, manifest->attributes[i]->value);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
}

static wf_status write_fixes(buffer *out, const Wufei__Track *track, int utc_offset_minutes,
                             wf_error *err)
{
    track_fix *fixes = calloc(track->count, sizeof *fixes);
    if (fixes == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for %" PRIu32 " fixes"), track->count);
    wf_status status =
        track_unpack(fixes, track->count, span_of(track->fixes.data, track->fixes.len), err);
    buffer_append_byte(out, '[');
    for (size_t i = 0; status == WF_OK && i < track->count; i++) {
        buffer_append_text(out, i > 0 ? ",{\"time\":" : "{\"time\":");
        write_time(out, fixes[i].time_ms, utc_offset_minutes);
        buffer_append_text(out, ",\"lat\":");
        write_decimal(out, fixes[i].lat_e7, 7, false);
        buffer_append_text(out, ",\"lon\":");
        write_decimal(out, fixes[i].lon_e7, 7, false);
        buffer_append_byte(out, '}');
    }
    buffer_append_byte(out, ']');
    free(fixes);
    return status;
}

static void write_scalar(buffer *out, const column *c, const void *at, int utc_offset_minutes)
{
    char text[TIME_TEXT];
    switch (c->type) {
    case COLUMN_TIME:
        write_time(out, *(const int64_t *)at, utc_offset_minutes);
        return;
    case COLUMN_DATE:
        buffer_printf(out, "\"%s\"", time_format_day(text, *(const int32_t *)at));
        return;
    case COLUMN_MASS:
        write_decimal(out, *(const int64_t *)at, 3, true);
        return;
    case COLUMN_QUANTITY:
        write_decimal(out, *(const int64_t *)at, 6, true);
        return;
    case COLUMN_LAT:
    case COLUMN_LON:
        write_decimal(out, *(const int32_t *)at, 7, false);
        return;
    case COLUMN_RADIUS:
        write_decimal(out, *(const uint32_t *)at, 3, false);
        return;
    case COLUMN_SHARE:
        write_decimal(out, *(const uint32_t *)at, 6, false);
        return;
    case COLUMN_WORD:
        write_text(out, vocabulary_word(c->words, *(const uint32_t *)at));
        return;
    case COLUMN_ROLES:
        write_roles(out, c, *(const uint32_t *)at);
        return;
    default:
        buffer_append_text(out, *(const protobuf_c_boolean *)at ? "true" : "false");
    }
}

static wf_status write_column(buffer *out, const column *c, const void *message,
                              int utc_offset_minutes, wf_error *err)
{
    const void *at = column_at(c, message);
    switch (c->type) {
    case COLUMN_ID:
    case COLUMN_TEXT:
        write_text(out, *(char *const *)at);
        return WF_OK;
    case COLUMN_IDS:
        write_list(out, *(char *const *const *)at,
                   *(const size_t *)(const void *)((const char *)message + c->has_offset));
        return WF_OK;
    case COLUMN_ATTRIBUTES:
        write_attributes(out, message);
        return WF_OK;
    case COLUMN_FIXES:
        return write_fixes(out, message, utc_offset_minutes, err);
    default:
        write_scalar(out, c, at, utc_offset_minutes);
        return WF_OK;
    }
}

wf_status record_to_json(buffer *out, const Wufei__Record *record, int utc_offset_minutes,
                         wf_error *err)
{
    const record_kind *kind = record_kind_of(record->body_case);
    if (kind == NULL)
        return wf_fail(err, WF_REFUSED, _("the record is of no kind that this version knows"));
    buffer_printf(out, "{\"file\":\"%s\"", kind->file);
    for (size_t i = 0; i < kind->column_count; i++) {
        const column *c = &kind->columns[i];
        if (!column_given(c, record->party))
            continue;
        buffer_printf(out, ",\"%s\":", c->name);
        wf_status status = write_column(out, c, record->party, utc_offset_minutes, err);
        if (status != WF_OK)
            return status;
    }
    buffer_append_byte(out, '}');
    if (out->failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory while writing a record as JSON"));
    return WF_OK;
}
