/*
 * book/city.c: small questions to a loaded city (see city.h). They allocate nothing.
 */
#include "book/city.h"

#include <stdlib.h>
#include <string.h>

void city_free(city *c)
{
    if (c == NULL)
        return;
    void *const arrays[] = {c->parties, c->sites,     c->places,     c->permits,     c->vehicles,
                            c->scales,  c->filings,   c->activities, c->generations, c->manifests,
                            c->events,  c->weighings, c->stocktakes, c->treatments,  c->tracks,
                            c->fixes,   c->reports,   c->calendar,   c->days,        c->codes,
                            c->texts,   c->owner};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(c);
}

const char *city_text(const city *c, text_ref ref)
{
    if (ref == BOOK_NONE)
        return "";
    WF_ASSERT(ref < c->texts_size);
    return c->texts + ref;
}

const char *city_code(const city *c, code_id code)
{
    if (code == BOOK_NONE)
        return "";
    WF_ASSERT(code < c->code_count);
    return city_text(c, c->codes[code]);
}

bool city_is_working_day(const city *c, int32_t day)
{
    size_t low = 0;
    size_t high = c->calendar_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->calendar[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < c->calendar_count && c->calendar[low].day == day)
        return c->calendar[low].working != 0;
    return time_weekday(day) < 5;
}

int64_t city_add_working_days(const city *c, int64_t ms, int count)
{
    int32_t first = time_day(ms, c->utc_offset_minutes);
    int32_t day = first;
    /* A calendar of holidays without end must not hold us up: nobody rests longer than a year. */
    for (int rest = 0; count > 0 && rest < 366;) {
        day++;
        rest++;
        if (city_is_working_day(c, day)) {
            count--;
            rest = 0;
        }
    }
    return ms + (int64_t)(day - first) * TIME_DAY_MS;
}

/* One pattern of code_matches, `size` bytes of it. */
static bool pattern_matches(const char *pattern, size_t size, const char *code)
{
    size_t code_size = strlen(code);
    if (size > 0 && pattern[size - 1] == '*')
        return code_size >= size - 1 && memcmp(pattern, code, size - 1) == 0;
    if (code_size < size || size == 0 || memcmp(pattern, code, size) != 0)
        return false;
    if (code_size == size)
        return true;
    /* "SW62" covers "SW62-900-001"; a hazardous code is always whole. */
    bool national = size > 2 && pattern[0] == 'S' && pattern[1] == 'W';
    char next = code[size];
    return national && (next == '-' || next == '.' || next == '/' || next == ' ');
}

bool code_matches(const char *patterns, const char *code)
{
    for (const char *at = patterns;; at++) {
        size_t size = strcspn(at, "|");
        if (pattern_matches(at, size, code))
            return true;
        at += size;
        if (*at == '\0')
            return false;
    }
}

bool list_has(const char *list, const char *item)
{
    size_t item_size = strlen(item);
    for (const char *at = list;; at++) {
        size_t size = strcspn(at, "|");
        if (size == item_size && size > 0 && memcmp(at, item, size) == 0)
            return true;
        at += size;
        if (*at == '\0')
            return false;
    }
}

/* The first track row of (vehicle, day) or later. */
static size_t track_at_or_after(const city *c, vehicle_id vehicle, int64_t day)
{
    size_t low = 0;
    size_t high = c->track_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const track_row *t = &c->tracks[middle];
        if (t->vehicle < vehicle || (t->vehicle == vehicle && t->day < day))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void fix_range_start(fix_range *r, const city *c, vehicle_id vehicle, int64_t from_ms,
                     int64_t to_ms)
{
    /* Open ends come as the ends of int64_t, which have no day: the year 2286 is far enough. */
    const int64_t far_ms = INT64_C(10000000000000);
    from_ms = from_ms < -far_ms ? -far_ms : from_ms;
    to_ms = to_ms > far_ms ? far_ms : to_ms;
    *r = (fix_range){.city = c, .from_ms = from_ms, .to_ms = to_ms};
    if (vehicle == BOOK_NONE || from_ms >= to_ms)
        return;
    int32_t first_day = time_day(from_ms, c->utc_offset_minutes);
    int32_t last_day = time_day(to_ms - 1, c->utc_offset_minutes);
    r->track = track_at_or_after(c, vehicle, first_day);
    r->track_end = track_at_or_after(c, vehicle, (int64_t)last_day + 1);
}

/* The fixes of the next track row that are not before the range. */
static void fix_range_open_day(fix_range *r)
{
    const track_row *t = &r->city->tracks[r->track++];
    const track_fix *low = r->city->fixes + t->first;
    const track_fix *high = low + t->count;
    r->fix_end = high;
    while (low < high) {
        const track_fix *middle = low + (high - low) / 2;
        if (middle->time_ms < r->from_ms)
            low = middle + 1;
        else
            high = middle;
    }
    r->fix = low;
}

const track_fix *fix_range_next(fix_range *r)
{
    while (r->fix == r->fix_end) {
        if (r->track >= r->track_end)
            return NULL;
        fix_range_open_day(r);
    }
    if (r->fix->time_ms >= r->to_ms)
        return NULL;
    return r->fix++;
}

bool city_has_track(const city *c, vehicle_id vehicle)
{
    if (vehicle == BOOK_NONE)
        return false;
    size_t track = track_at_or_after(c, vehicle, INT32_MIN);
    return track < c->track_count && c->tracks[track].vehicle == vehicle;
}
