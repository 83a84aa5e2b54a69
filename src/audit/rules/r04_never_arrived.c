/*
 * audit/rules/r04_never_arrived.c: a load left and neither arrived nor came back.
 *
 * A load is overdue when it is on the road for longer than all of: the 99th percentile of the
 * travel times of its own pair of sites, twice the free-flow time plus two hours, and one day (a
 * driver may lawfully sleep on the way). Only loads that are still open at the end of the records:
 * a late arrival is a matter for the movement rules.
 */
#include "audit/facts.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

static const rule_parameter parameters[] = {
    {"quantile", 0.99, "of travel times", "proposal, after 40 CFR 262.42 (exception report)"},
    {"free_flow_km_per_h", 40, "km/h", "proposal"},
    {"detour", 1.3, "road over straight line", "proposal"},
    {"free_flow_times", 2, "times", "proposal"},
    {"free_flow_more_hours", 2, "h", "proposal"},
    {"least_hours", 24, "h", "proposal: a night's rest on the way is no breach"},
    {"hazardous_urgent_hours", 24, "h after the limit", "proposal"},
};

typedef struct travel {
    uint64_t pair; /* generator site and facility site */
    int64_t ms;
} travel;

static int compare_travel(const void *a, const void *b)
{
    const travel *x = a, *y = b;
    if (x->pair != y->pair)
        return x->pair < y->pair ? -1 : 1;
    return (x->ms > y->ms) - (x->ms < y->ms);
}

static uint64_t pair_of(const manifest_row *m)
{
    return (uint64_t)m->generator_site << 32 | m->facility_site;
}

static bool is_on_the_road(const manifest_row *m)
{
    return m->received_ms == TIME_NONE && m->rejected_g == 0 && m->picked_up_ms != TIME_NONE &&
           (m->state == MANIFEST_PICKED_UP || m->state == MANIFEST_HANDED_OVER ||
            m->state == MANIFEST_REDIRECTED);
}

/* Travel times of all loads that arrived, sorted by pair and time. */
static wf_status gather(travel **out, size_t *out_count, const city *c, wf_error *err)
{
    travel *all = malloc((c->manifest_count + 1) * sizeof *all);
    if (all == NULL)
        return wf_fail(err, WF_SYSTEM, _("rule %s: out of memory for %zu travel times"), "R04",
                       c->manifest_count);
    size_t count = 0;
    for (size_t i = 0; i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        if (m->picked_up_ms != TIME_NONE && m->arrived_ms != TIME_NONE &&
            m->arrived_ms >= m->picked_up_ms)
            all[count++] = (travel){pair_of(m), m->arrived_ms - m->picked_up_ms};
    }
    qsort(all, count, sizeof *all, compare_travel);
    *out = all;
    *out_count = count;
    return WF_OK;
}

/* Place of the first that is not below `key`. */
static size_t lower_bound(const travel *all, size_t count, uint64_t key)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].pair < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* 0 when no load of this pair ever arrived. */
static int64_t quantile_ms(const travel *all, size_t count, uint64_t pair, double quantile)
{
    size_t first = lower_bound(all, count, pair), end = lower_bound(all, count, pair + 1);
    if (first == end)
        return 0;
    return all[first + (size_t)ceil(quantile * (double)(end - first - 1))].ms;
}

static int64_t free_flow_ms(const rule_context *ctx, const manifest_row *m)
{
    const city *c = ctx->city;
    if (m->generator_site >= c->site_count || m->facility_site >= c->site_count)
        return 0;
    const site_row *a = &c->sites[m->generator_site], *b = &c->sites[m->facility_site];
    if (a->location_unknown || b->location_unknown)
        return 0;
    const double radians = 1e-7 * M_PI / 180;
    double lat = (a->lat_e7 + (double)b->lat_e7) / 2 * radians;
    double y = (b->lat_e7 - (double)a->lat_e7) * radians;
    double x = (b->lon_e7 - (double)a->lon_e7) * radians * cos(lat);
    double km = 6371 * sqrt(x * x + y * y) * rule_parameter_value(ctx->rule, "detour");
    return (int64_t)(km / rule_parameter_value(ctx->rule, "free_flow_km_per_h") * TIME_HOUR_MS);
}

static int64_t limit_ms(const rule_context *ctx, const travel *all, size_t count,
                        const manifest_row *m)
{
    double times = rule_parameter_value(ctx->rule, "free_flow_times");
    int64_t flow_ms = (int64_t)(times * (double)free_flow_ms(ctx, m)) +
                      fact_hours_ms(ctx, "free_flow_more_hours");
    int64_t usual_ms =
        quantile_ms(all, count, pair_of(m), rule_parameter_value(ctx->rule, "quantile"));
    return later_ms(later_ms(usual_ms, flow_ms), fact_hours_ms(ctx, "least_hours"));
}

/* The last act that put the load on the road: a later pick-up, a hand-over, a new destination. */
static const event_row *departure(const rule_context *ctx, manifest_id id)
{
    size_t count;
    const uint32_t *events = grouped_items(&ctx->shared->events_of_manifest, id, &count);
    for (size_t i = count; i-- > 0;) {
        const event_row *e = &ctx->city->events[events[i]];
        if (e->kind == EVENT_PICKED_UP || e->kind == EVENT_HANDED_OVER ||
            e->kind == EVENT_REDIRECTED)
            return e;
    }
    return NULL;
}

static wf_status judge(rule_context *ctx, const travel *all, size_t count, manifest_id id,
                       wf_error *err)
{
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[id];
    const event_row *left = departure(ctx, id);
    if (left == NULL)
        return WF_OK;
    int64_t last_ms = left->time_ms + limit_ms(ctx, all, count, m);
    if (c->now_ms <= last_ms)
        return WF_OK;
    bool urgent = m->stream == STREAM_HAZARDOUS &&
                  c->now_ms > last_ms + fact_hours_ms(ctx, "hazardous_urgent_hours");
    finding f = fact_of_manifest(ctx, urgent ? SEVERITY_URGENT : SEVERITY_INSPECT, id);
    f.from_ms = left->time_ms;
    f.to_ms = c->now_ms;
    f.detected_at_ms = later_ms(act_times_after(&ctx->shared->acts, last_ms), left->known_ms);
    if (m->in_transit_g > 0)
        fact_set_mass(&f, m->in_transit_g);
    f.sentence = rule_printf(
        ctx,
        _("Manifest %1$s: %2$s left %3$s for %4$s on %5$s with vehicle %6$s and has not arrived; "
          "it was due by %7$s."),
        city_text(c, m->key), rule_mass(ctx, f.mass_g), site_key(c, m->generator_site),
        site_key(c, m->facility_site), rule_time(ctx, left->time_ms), vehicle_key(c, m->vehicle),
        rule_time(ctx, last_ms));
    related_list related = {.count = 0};
    related_add_manifest(&related, c, id);
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("departure"), left->seq, "%s", rule_time(ctx, left->time_ms));
    finding_add_evidence(ctx, &f, N_("due by"), SEQ_COMPUTED, "%s", rule_time(ctx, last_ms));
    return rule_report(ctx, &f, err);
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    travel *all = NULL;
    size_t count = 0;
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < c->manifest_count; i++) {
        if (!is_on_the_road(&c->manifests[i]) || !rule_covers(ctx, c->manifests[i].stream))
            continue;
        if (all == NULL)
            status = gather(&all, &count, c, err); /* only when a load is open at all */
        if (status == WF_OK)
            status = judge(ctx, all, count, (manifest_id)i, err);
    }
    free(all);
    return status;
}

const rule rule_r04 = {
    .id = "R04",
    .name_en = "Sent, never arrived",
    .name_zh = "在途失联",
    .family = FAMILY_PAPER,
    .streams = STREAMS_ALL,
    .source = "Hazardous Waste Transfer Measures art. 11; analogue of 40 CFR 262.42",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.5,
};
