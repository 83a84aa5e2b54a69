/*
 * R21: a ticket for a vehicle that was somewhere else. Only vehicles that carry a device are
 * judged, and only where the device was alive on both sides of the moment.
 *
 * A fact needs all of: the fixes before and after the moment are near in time, both far from the
 * scale, and the way to the scale and back would take more than 120 km/h; no device outage filed;
 * the ticket's own gross and tare agree about it; the vehicle paid no visit to that site in the
 * hours around that no other ticket explains (a clock that is off, a time typed wrong); and the
 * scale's other tickets of these days find their vehicles there. Where one of these is missing it
 * is a suspicion or nothing.
 */
#include <stdlib.h>

#include "audit/geometry.h"
#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"near", 1000, "m", "proposal: five times the 200 m of bundle.md"},
    {"speed", 120, "km/h", "detection.md 2.1"},
    {"silence", 15, "minutes", "proposal: the longest gap of a live device on the road"},
    {"window", 10, "minutes", "detection.md, R21"},
    {"error_rate", 0.005, "of tickets",
     "proposal: half of the 1 % of records that are typed wrong (detection.md 10.1) are times"},
    {"visit_window", 3, "hours", "proposal: a visit that the ticket may belong to after all"},
};

typedef struct limits {
    double near_m, speed_ms;
    int64_t silence_ms, window_ms, visit_ms;
} limits;

enum presence { PRESENCE_UNKNOWN, PRESENCE_THERE, PRESENCE_ELSEWHERE };

/* The fixes around a moment, and how far they are from a site. */
typedef struct around {
    const track_fix *before, *after;
    double before_m, after_m, nearest_m;
} around;

/* The fixes next to a moment, no further away than a live device is ever silent; and how near the
   vehicle came within the window. */
static around look(const city *c, const limits *l, vehicle_id v, int64_t at_ms,
                   const site_row *site)
{
    around a = {NULL, NULL, INFINITY, INFINITY, INFINITY};
    fix_range r;
    int64_t reach_ms = l->silence_ms > l->window_ms ? l->silence_ms : l->window_ms;
    fix_range_start(&r, c, v, at_ms - reach_ms, at_ms + reach_ms + 1);
    for (const track_fix *f = fix_range_next(&r); f != NULL; f = fix_range_next(&r)) {
        double m = flat_distance_m(f->lat_e7, f->lon_e7, site->lat_e7, site->lon_e7);
        int64_t apart_ms = llabs(f->time_ms - at_ms);
        if (apart_ms <= l->window_ms)
            a.nearest_m = fmin(a.nearest_m, m);
        if (apart_ms > l->silence_ms)
            continue;
        if (f->time_ms <= at_ms) {
            a.before = f;
            a.before_m = m;
        } else if (a.after == NULL) {
            a.after = f;
            a.after_m = m;
        }
    }
    return a;
}

static enum presence presence_at(const city *c, const limits *l, vehicle_id v, int64_t at_ms,
                                 const site_row *site)
{
    around a = look(c, l, v, at_ms, site);
    if (a.nearest_m <= l->near_m)
        return PRESENCE_THERE;
    if (a.before == NULL || a.after == NULL)
        return PRESENCE_UNKNOWN;
    double seconds = (double)(a.after->time_ms - a.before->time_ms) / 1000;
    bool could_go = a.before_m + a.after_m - 2 * l->near_m <= l->speed_ms * seconds;
    return could_go ? PRESENCE_UNKNOWN : PRESENCE_ELSEWHERE;
}

static bool has_outage(const city *c, vehicle_id v, int64_t from_ms, int64_t to_ms)
{
    for (size_t i = 0; i < c->filing_count; i++) {
        const filing_row *f = &c->filings[i];
        bool meets = f->kind == FILING_DEVICE_OUTAGE && f->from_ms < to_ms && f->to_ms > from_ms;
        if (meets && (f->vehicle == v || (f->vehicle == BOOK_NONE && f->radius_mm > 0)))
            return true;
    }
    return false;
}

/* A stay at the site in the hours around that no other ticket of the vehicle there explains. */
static bool has_loose_visit(const rule_context *ctx, const limits *l, const weighing_row *w,
                            const site_row *site)
{
    const city *c = ctx->city;
    size_t count = 0;
    const uint32_t *tickets = grouped_items(&ctx->shared->weighings_of_vehicle, w->vehicle, &count);
    fix_range r;
    fix_range_start(&r, c, w->vehicle, w->gross_ms - l->visit_ms, w->gross_ms + l->visit_ms);
    for (const track_fix *f = fix_range_next(&r); f != NULL; f = fix_range_next(&r)) {
        if (flat_distance_m(f->lat_e7, f->lon_e7, site->lat_e7, site->lon_e7) > l->near_m)
            continue;
        bool explained = false;
        for (size_t i = 0; i < count && !explained; i++) {
            const weighing_row *o = &c->weighings[tickets[i]];
            explained = o != w && o->scale != BOOK_NONE &&
                        c->scales[o->scale].site == c->scales[w->scale].site &&
                        llabs(o->gross_ms - f->time_ms) <= 45 * TIME_MINUTE_MS;
        }
        if (!explained)
            return true;
    }
    return false;
}

static enum presence judge(const city *c, const limits *l, const weighing_row *w)
{
    if (w->vehicle == BOOK_NONE || w->scale == BOOK_NONE || !city_has_track(c, w->vehicle))
        return PRESENCE_UNKNOWN;
    const site_row *site = &c->sites[c->scales[w->scale].site];
    if (site->location_unknown != 0)
        return PRESENCE_UNKNOWN;
    enum presence gross = presence_at(c, l, w->vehicle, w->gross_ms, site);
    if (gross != PRESENCE_ELSEWHERE || w->tare_ms == TIME_NONE)
        return gross;
    return presence_at(c, l, w->vehicle, w->tare_ms, site);
}

static wf_status report(rule_context *ctx, const limits *l, const weighing_row *w, bool fact,
                        wf_error *err)
{
    const city *c = ctx->city;
    const scale_row *scale = &c->scales[w->scale];
    const site_row *site = &c->sites[scale->site];
    finding f = rule_finding(ctx, fact ? FINDING_FACT : FINDING_SUSPICION,
                             fact ? SEVERITY_URGENT : SEVERITY_CHECK);
    bool linked = w->manifest != BOOK_NONE;
    f.subject_kind = linked ? SUBJECT_MANIFEST : SUBJECT_VEHICLE;
    f.subject = linked ? w->manifest : w->vehicle;
    f.from_ms = w->tare_ms != TIME_NONE && w->tare_ms < w->gross_ms ? w->tare_ms : w->gross_ms;
    f.to_ms = w->tare_ms > w->gross_ms ? w->tare_ms : w->gross_ms;
    around a = look(c, l, w->vehicle, w->gross_ms, site);
    f.detected_at_ms = a.after->time_ms > f.to_ms ? a.after->time_ms : f.to_ms;
    if (w->tare_ms != TIME_NONE) { /* the fix behind the tare counts, too */
        around tare = look(c, l, w->vehicle, w->tare_ms, site);
        if (tare.after != NULL && tare.after->time_ms > f.detected_at_ms)
            f.detected_at_ms = tare.after->time_ms;
    }
    if (linked && c->manifests[w->manifest].known_ms > f.detected_at_ms)
        f.detected_at_ms = c->manifests[w->manifest].known_ms;
    if (!fact)
        f.p = rule_parameter_value(ctx->rule, "error_rate");
    f.mass_g = w->gross_g > w->tare_g ? w->gross_g - w->tare_g : 0;
    f.mass_low_g = f.mass_g - f.mass_g / 100;
    f.mass_high_g = f.mass_g + f.mass_g / 100;
    related_list related = {.count = 0};
    if (linked)
        related_add(&related, city_text(c, c->manifests[w->manifest].key));
    related_add(&related, city_text(c, w->key));
    related_add(&related, city_text(c, c->vehicles[w->vehicle].key));
    related_add(&related, city_text(c, site->key));
    if (linked)
        related_add(&related, city_text(c, c->parties[c->manifests[w->manifest].carrier].key));
    f.sentence = rule_printf(
        ctx,
        _("Ticket %1$s weighs %2$s of vehicle %3$s on scale %4$s at %5$s, while its device shows "
          "it %6$s km and %7$s km away just before and after"),
        city_text(c, w->key), rule_mass(ctx, f.mass_g), city_text(c, c->vehicles[w->vehicle].key),
        city_text(c, scale->key), rule_time(ctx, w->gross_ms),
        rule_printf(ctx, "%.1f", a.before_m / 1000), rule_printf(ctx, "%.1f", a.after_m / 1000));
    finding_add_evidence(ctx, &f, N_("ticket"), w->seq, "%s", city_text(c, w->key));
    finding_add_evidence(ctx, &f, N_("fix before"), SEQ_COMPUTED, "%s, %.0f m",
                         rule_time(ctx, a.before->time_ms), a.before_m);
    finding_add_evidence(ctx, &f, N_("fix after"), SEQ_COMPUTED, "%s, %.0f m",
                         rule_time(ctx, a.after->time_ms), a.after_m);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

/* Tickets of tracked vehicles at each scale that found their vehicle there, and that did not. */
typedef struct scale_record {
    uint32_t there, elsewhere;
} scale_record;

static wf_status report_absent(rule_context *ctx, const limits *l, const uint8_t *judged,
                               const scale_record *records, wf_error *err)
{
    const city *c = ctx->city;
    for (size_t i = 0; i < c->weighing_count; i++) {
        const weighing_row *w = &c->weighings[i];
        if (judged[i] != PRESENCE_ELSEWHERE ||
            has_outage(c, w->vehicle, w->gross_ms - l->silence_ms, w->gross_ms + l->silence_ms))
            continue;
        if (w->manifest != BOOK_NONE &&
            !rule_covers(ctx, (enum waste_stream)c->manifests[w->manifest].stream))
            continue;
        const scale_record *r = &records[w->scale];
        bool own_vehicle =
            w->manifest == BOOK_NONE || c->manifests[w->manifest].vehicle == w->vehicle;
        bool fact = own_vehicle && w->manual == 0 && r->there >= 3 * r->elsewhere &&
                    !has_loose_visit(ctx, l, w, &c->sites[c->scales[w->scale].site]);
        if (r->elsewhere > r->there)
            continue; /* the scale's clock is wrong, not its tickets */
        wf_status status = report(ctx, l, w, fact, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    const rule *r = ctx->rule;
    limits l = {rule_parameter_value(r, "near"), rule_parameter_value(r, "speed") / 3.6,
                (int64_t)rule_parameter_value(r, "silence") * TIME_MINUTE_MS,
                (int64_t)rule_parameter_value(r, "window") * TIME_MINUTE_MS,
                (int64_t)rule_parameter_value(r, "visit_window") * TIME_HOUR_MS};
    uint8_t *judged = calloc(c->weighing_count + 1, 1);
    scale_record *records = calloc(c->scale_count + 1, sizeof *records);
    wf_status status = WF_OK;
    if (judged == NULL || records == NULL) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the tickets"));
    } else {
        for (size_t i = 0; i < c->weighing_count; i++) {
            judged[i] = (uint8_t)judge(c, &l, &c->weighings[i]);
            if (judged[i] == PRESENCE_UNKNOWN)
                continue;
            rule_count_tests(ctx, judged[i] == PRESENCE_ELSEWHERE);
            records[c->weighings[i].scale].there += judged[i] == PRESENCE_THERE;
            records[c->weighings[i].scale].elsewhere += judged[i] == PRESENCE_ELSEWHERE;
        }
        status = report_absent(ctx, &l, judged, records, err);
    }
    free(judged);
    free(records);
    return status;
}

const rule rule_r21 = {
    .id = "R21",
    .name_en = N_("Ghost ticket"),
    .name_zh = "虚假磅单",
    .family = FAMILY_MOVEMENT,
    .streams = STREAMS_ALL,
    .source = "危险废物转移管理办法 第十一条; detection.md 2.1",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 3.5,
};
