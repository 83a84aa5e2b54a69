/*
 * exchange/track_days.c: see track_days.h.
 */
#include "exchange/track_days.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

enum { BUCKETS = 4096, OPEN_FIXES_MAX = 2000000 }; /* 32 MiB of open fixes */

typedef struct vehicle_day {
    struct vehicle_day *next_in_bucket, *next; /* `next`: in the order of the first row */
    char *vehicle;
    track_fix *fixes;
    size_t count, capacity;
    import_place first;
} vehicle_day;

struct track_days {
    statements *s;
    import_target target;
    int32_t day;
    int64_t day_end_ms; /* of the open day; INT64_MAX while none is open */
    size_t open_fixes;
    bool cut; /* the open day was flushed before it was over */
    vehicle_day *buckets[BUCKETS];
    vehicle_day *first, **last;
    buffer packed;
    arena memory;
};

wf_status track_days_new(track_days **out, statements *s, const import_target *target,
                         wf_error *err)
{
    track_days *t = calloc(1, sizeof *t);
    if (t == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for tracks"));
    t->s = s;
    t->target = *target;
    t->day_end_ms = INT64_MAX;
    t->last = &t->first;
    arena_init(&t->memory, 0);
    *out = t;
    return WF_OK;
}

static void forget_open(track_days *t)
{
    for (vehicle_day *v = t->first; v != NULL;) {
        vehicle_day *next = v->next;
        free(v->vehicle);
        free(v->fixes);
        free(v);
        v = next;
    }
    memset(t->buckets, 0, sizeof t->buckets);
    t->first = NULL;
    t->last = &t->first;
    t->open_fixes = 0;
}

void track_days_free(track_days *t)
{
    if (t == NULL)
        return;
    forget_open(t);
    buffer_free(&t->packed);
    arena_free(&t->memory);
    free(t);
}

static vehicle_day *find_or_add(track_days *t, const char *vehicle, const import_place *place)
{
    uint32_t mixed = 2166136261U; /* FNV-1a */
    for (const char *at = vehicle; *at != '\0'; at++)
        mixed = (mixed ^ (uint8_t)*at) * 16777619U;
    vehicle_day **bucket = &t->buckets[mixed % BUCKETS];
    for (vehicle_day *v = *bucket; v != NULL; v = v->next_in_bucket)
        if (strcmp(v->vehicle, vehicle) == 0)
            return v;
    vehicle_day *v = calloc(1, sizeof *v);
    char *copy = strdup(vehicle);
    if (v == NULL || copy == NULL) {
        free(v);
        free(copy);
        return NULL;
    }
    v->vehicle = copy;
    v->first = *place;
    v->next_in_bucket = *bucket;
    *bucket = v;
    *t->last = v;
    t->last = &v->next;
    return v;
}

static int compare(const void *a, const void *b)
{
    return track_fix_compare(a, b);
}

/* Leaves in `fixes` (sorted) each one once and none that is in `known`; returns how many. */
static size_t only_new(track_fix *fixes, size_t count, track_fix *known, size_t known_count)
{
    size_t kept = 0;
    size_t k = 0;
    qsort(fixes, count, sizeof *fixes, compare);
    if (known_count > 1)
        qsort(known, known_count, sizeof *known, compare);
    for (size_t i = 0; i < count; i++) {
        while (k < known_count && track_fix_compare(&known[k], &fixes[i]) < 0)
            k++;
        bool held = k < known_count && track_fix_compare(&known[k], &fixes[i]) == 0;
        if (!held && (kept == 0 || track_fix_compare(&fixes[kept - 1], &fixes[i]) != 0))
            fixes[kept++] = fixes[i];
    }
    return kept;
}

static wf_status enter(track_days *t, const vehicle_day *v, const track_fix *fixes, size_t count,
                       wf_error *err)
{
    Wufei__Record record = WUFEI__RECORD__INIT;
    Wufei__Track track = WUFEI__TRACK__INIT;
    buffer_clear(&t->packed);
    wf_status status = track_pack(&t->packed, fixes, count, err);
    if (status != WF_OK)
        return status;
    track.vehicle_id = v->vehicle;
    track.day = t->day;
    track.count = (uint32_t)count;
    track.fixes.data = t->packed.data;
    track.fixes.len = t->packed.size;
    record.body_case = WUFEI__RECORD__BODY_TRACK;
    record.track = &track;
    return statements_add(t->s, &record, TIME_NONE, &v->first, count, err);
}

static wf_status flush_vehicle(track_days *t, vehicle_day *v, wf_error *err)
{
    track_fix *known = NULL;
    size_t known_count = 0;
    arena_reset(&t->memory);
    wf_status status = t->target.track_day(t->target.ctx, v->vehicle, t->day, &t->memory, &known,
                                           &known_count, err);
    if (status != WF_OK)
        return status;
    size_t count = only_new(v->fixes, v->count, known, known_count);
    statements_already(t->s, v->first.file, v->count - count);
    for (size_t from = 0; status == WF_OK && from < count; from += TRACK_FIXES_MAX) {
        size_t rest = count - from;
        status = enter(t, v, v->fixes + from, rest < TRACK_FIXES_MAX ? rest : TRACK_FIXES_MAX, err);
    }
    return status;
}

wf_status track_days_flush(track_days *t, wf_error *err)
{
    wf_status status = WF_OK;
    if (t->cut) /* the book must know the first part of the day before it is asked for it */
        status = statements_drain(t->s, err);
    for (vehicle_day *v = t->first; status == WF_OK && v != NULL; v = v->next)
        status = flush_vehicle(t, v, err);
    forget_open(t);
    t->day_end_ms = INT64_MAX;
    t->cut = false;
    return status;
}

wf_status track_days_pass(track_days *t, int64_t time_ms, wf_error *err)
{
    return time_ms >= t->day_end_ms ? track_days_flush(t, err) : WF_OK;
}

wf_status track_days_add(track_days *t, const char *vehicle, const track_fix *fix,
                         const import_place *place, wf_error *err)
{
    wf_status status = track_days_pass(t, fix->time_ms, err);
    if (status == WF_OK && t->open_fixes >= OPEN_FIXES_MAX) {
        status = track_days_flush(t, err);
        t->cut = true;
    }
    if (status != WF_OK)
        return status;
    t->day = time_day(fix->time_ms, t->target.utc_offset_minutes);
    t->day_end_ms = time_day_start(t->day + 1, t->target.utc_offset_minutes);
    vehicle_day *v = find_or_add(t, vehicle, place);
    if (v == NULL || !array_grow((void **)&v->fixes, &v->capacity, v->count + 1, sizeof *v->fixes))
        return wf_fail(err, WF_SYSTEM, _("out of memory for the fixes of a day"));
    v->fixes[v->count++] = *fix;
    t->open_fixes++;
    return WF_OK;
}
