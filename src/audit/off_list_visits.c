/*
 * audit/off_list_visits.c: see off_list_visits.h.
 */
#include "audit/off_list_visits.h"

#include "audit/geometry.h"
#include "audit/shared.h"
#include "audit/site_grid.h"

static bool at_listed_place(const city *c, const off_list_limits *l, const stay_point *s)
{
    for (size_t i = 0; i < c->place_count; i++) {
        const place_row *p = &c->places[i];
        if (flat_distance_m(s->lat_e7, s->lon_e7, p->lat_e7, p->lon_e7) <=
            p->radius_mm / 1000.0 + l->place_m)
            return true;
    }
    for (size_t i = 0; i < c->filing_count; i++) {
        const filing_row *f = &c->filings[i];
        if (f->kind == FILING_ROAD_CLOSURE && f->radius_mm > 0 && f->from_ms < s->to_ms &&
            f->to_ms > s->from_ms &&
            flat_distance_m(s->lat_e7, s->lon_e7, f->lat_e7, f->lon_e7) <=
                f->radius_mm / 1000.0 + l->closure_m)
            return true;
    }
    return false;
}

static bool is_night(const city *c, const off_list_limits *l, int64_t ms)
{
    int64_t clock = ms - time_day_start(time_day(ms, c->utc_offset_minutes), c->utc_offset_minutes);
    return clock >= l->night_from_ms || clock < l->night_to_ms;
}

/* The manifest whose load is on the vehicle at a moment. */
static manifest_id load_at(const rule_context *ctx, const off_list_limits *l, vehicle_id v,
                           int64_t at_ms)
{
    const city *c = ctx->city;
    size_t count = 0;
    const uint32_t *items = grouped_items(&ctx->shared->manifests_of_vehicle, v, &count);
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->manifests[items[middle]].picked_up_ms <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && i + 32 > low; i--) {
        const manifest_row *m = &c->manifests[items[i - 1]];
        int64_t end = m->arrived_ms != TIME_NONE ? m->arrived_ms : m->received_ms;
        if (end == TIME_NONE)
            end = m->picked_up_ms + l->trip_ms;
        if (at_ms < end)
            return items[i - 1];
    }
    return BOOK_NONE;
}

static bool add_visit(off_list_visits *list, off_list_visit v)
{
    if (!array_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items))
        return false;
    list->items[list->count++] = v;
    return true;
}

static bool visits_of_vehicle(rule_context *ctx, const off_list_limits *l, const site_grid *grid,
                              off_list_visits *list, vehicle_id vehicle, const track_fix *fixes,
                              size_t count)
{
    const city *c = ctx->city;
    site_id origin = BOOK_NONE;
    int64_t left_ms = TIME_NONE;
    size_t at = 0;
    stay_point s;
    while (stay_next(&s, fixes, count, &at, l->stay_m, l->stay_ms)) {
        site_id site = site_grid_nearest(grid, s.lat_e7, s.lon_e7, l->site_m);
        if (site != BOOK_NONE) {
            origin = site;
            left_ms = s.to_ms;
            continue;
        }
        if (at_listed_place(c, l, &s))
            continue;
        manifest_id load = load_at(ctx, l, vehicle, s.from_ms);
        bool stale = left_ms == TIME_NONE || s.from_ms - left_ms > 4 * (int64_t)TIME_HOUR_MS;
        off_list_visit v = {s.from_ms,
                            s.to_ms,
                            s.lat_e7,
                            s.lon_e7,
                            vehicle,
                            load,
                            stale ? BOOK_NONE : origin,
                            BOOK_NONE,
                            is_night(c, l, s.from_ms)};
        if (load != BOOK_NONE)
            v.origin = c->manifests[load].generator_site;
        if (load == BOOK_NONE && v.origin == BOOK_NONE && !v.night)
            continue;
        if (!add_visit(list, v))
            return false;
    }
    return true;
}

bool off_list_visits_find(off_list_visits *out, rule_context *ctx, const off_list_limits *l)
{
    const city *c = ctx->city;
    site_grid grid;
    bool done = site_grid_make(&grid, c);
    for (size_t t = 0; done && t < c->track_count;) {
        size_t end = t;
        size_t count = 0;
        while (end < c->track_count && c->tracks[end].vehicle == c->tracks[t].vehicle &&
               c->tracks[end].first == c->tracks[t].first + count)
            count += c->tracks[end++].count;
        done = visits_of_vehicle(ctx, l, &grid, out, c->tracks[t].vehicle,
                                 c->fixes + c->tracks[t].first, count);
        t = end;
    }
    site_grid_free(&grid);
    return done;
}
