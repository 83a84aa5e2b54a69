/*
 * model/track.c: see track.h. The packed form, for each fix:
 *
 *     varint  zigzag(time_ms - the time_ms before)    the first: minus zero
 *     varint  zigzag(lat_e7 - the lat_e7 before)
 *     varint  zigzag(lon_e7 - the lon_e7 before)
 *
 * Varints are protobuf's (seven bits a byte, lowest first), in their shortest form and nothing
 * else, so that the same fixes are always the same bytes.
 */
#include "model/track.h"

#include <string.h>

#include "base/text.h"

enum { VARINT_MAX = 10, LAT_LIMIT_E7 = 900000000, LON_LIMIT_E7 = 1800000000 };

static size_t varint_write(uint8_t *out, int64_t delta)
{
    uint64_t value = ((uint64_t)delta << 1) ^ (delta < 0 ? UINT64_MAX : 0);
    size_t n = 0;
    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}

/* Bytes read, 0 when there is no shortest-form varint of 64 bits at `at`. */
static size_t varint_read(int64_t *out, const uint8_t *at, const uint8_t *end)
{
    uint64_t value = 0;
    for (size_t n = 0; n < VARINT_MAX && at + n < end; n++) {
        uint8_t byte = at[n];
        if (n == VARINT_MAX - 1 && byte > 1)
            return 0;
        value |= (uint64_t)(byte & 0x7F) << (7 * n);
        if (byte < 0x80) {
            if (byte == 0 && n > 0)
                return 0;
            *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
            return n + 1;
        }
    }
    return 0;
}

int track_fix_compare(const track_fix *a, const track_fix *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    if (a->lat_e7 != b->lat_e7)
        return a->lat_e7 < b->lat_e7 ? -1 : 1;
    if (a->lon_e7 != b->lon_e7)
        return a->lon_e7 < b->lon_e7 ? -1 : 1;
    return 0;
}

static bool in_range(const track_fix *fix)
{
    return fix->lat_e7 >= -LAT_LIMIT_E7 && fix->lat_e7 <= LAT_LIMIT_E7 &&
           fix->lon_e7 >= -LON_LIMIT_E7 && fix->lon_e7 <= LON_LIMIT_E7;
}

wf_status track_pack(buffer *out, const track_fix *fixes, size_t count, wf_error *err)
{
    track_fix before = {0};
    for (size_t i = 0; i < count; i++) {
        if (!in_range(&fixes[i]))
            return wf_fail(err, WF_REFUSED, _("fixes: fix %zu lies outside of the earth's degrees"),
                           i);
        if (i > 0 && track_fix_compare(&fixes[i - 1], &fixes[i]) >= 0)
            return wf_fail(err, WF_REFUSED,
                           _("fixes: fix %zu does not come after the one before it"), i);
        uint8_t bytes[3 * VARINT_MAX];
        size_t n = varint_write(bytes, fixes[i].time_ms - before.time_ms);
        n += varint_write(bytes + n, (int64_t)fixes[i].lat_e7 - before.lat_e7);
        n += varint_write(bytes + n, (int64_t)fixes[i].lon_e7 - before.lon_e7);
        buffer_append(out, bytes, n);
        before = fixes[i];
    }
    if (out->failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory while packing %zu fixes"), count);
    return WF_OK;
}

/* Moves `fix` by one packed delta; NULL when the bytes are not one. */
static const uint8_t *fix_read(track_fix *fix, const uint8_t *at, const uint8_t *end)
{
    int64_t delta[3];
    for (int i = 0; i < 3; i++) {
        size_t n = varint_read(&delta[i], at, end);
        if (n == 0)
            return NULL;
        at += n;
    }
    int64_t lat = 0;
    int64_t lon = 0;
    if (__builtin_add_overflow(fix->time_ms, delta[0], &fix->time_ms) ||
        __builtin_add_overflow((int64_t)fix->lat_e7, delta[1], &lat) ||
        __builtin_add_overflow((int64_t)fix->lon_e7, delta[2], &lon))
        return NULL;
    if (lat < -LAT_LIMIT_E7 || lat > LAT_LIMIT_E7 || lon < -LON_LIMIT_E7 || lon > LON_LIMIT_E7)
        return NULL;
    fix->lat_e7 = (int32_t)lat;
    fix->lon_e7 = (int32_t)lon;
    return at;
}

/* Walks the packed fixes; `out` may be NULL. */
static wf_status walk(track_fix *out, track_fix *first, track_fix *last, size_t count, span packed,
                      wf_error *err)
{
    const uint8_t *at = packed.data;
    const uint8_t *end = packed.data + packed.size;
    track_fix fix = {0};
    track_fix before = {0};
    for (size_t i = 0; i < count; i++) {
        at = fix_read(&fix, at, end);
        if (at == NULL)
            return wf_fail(err, WF_REFUSED,
                           _("fixes: fix %zu of %zu is cut short, coded in a long form, or lies "
                             "outside of the earth's degrees"),
                           i, count);
        if (i > 0 && track_fix_compare(&before, &fix) >= 0)
            return wf_fail(err, WF_REFUSED,
                           _("fixes: fix %zu does not come after the one before it"), i);
        if (i == 0)
            *first = fix;
        if (out != NULL)
            out[i] = fix;
        before = fix;
    }
    *last = fix;
    if (at != end)
        return wf_fail(err, WF_REFUSED, _("fixes: %zu bytes behind the last of %zu fixes"),
                       (size_t)(end - at), count);
    return WF_OK;
}

wf_status track_unpack(track_fix *out, size_t count, span packed, wf_error *err)
{
    track_fix first;
    track_fix last;
    return walk(out, &first, &last, count, packed, err);
}

wf_status track_bounds(track_fix *first, track_fix *last, size_t count, span packed, wf_error *err)
{
    *first = *last = (track_fix){0};
    return walk(NULL, first, last, count, packed, err);
}
