/*
 * R39: stops at a place that is on no list. A stay of at least four minutes, farther than 250 m
 * from every site and outside every fuel station, park and workshop, by a vehicle that is loaded or
 * on its way from where it loads. One such stop is a queue or a rest; the same spot again and again
 * is to be checked: the number of visits within 150 m is set against a Poisson background.
 *
 * Named is the place, and beside it each site from which three or more of its visits came.
 * A stop loaded counts 1, one on the way from a generator without a manifest 1, one at night 1
 * more; a stop that is neither does not count. Reports of dumping within 300 m multiply p by a
 * tenth.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/geometry.h"
#include "audit/off_list_visits.h"
#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"stay_radius", 100, "m", "detection.md 2.1"},
    {"stay", 4, "minutes",
     "proposal: a tipper empties in less than the 10 min of detection.md 2.1"},
    {"site_distance", 250, "m", "bundle.md: 200 m, and 50 m of position error"},
    {"place_margin", 100, "m", "detection.md 2.1"},
    {"same_place", 150, "m", "proposal: between CN112348091A's 100 m and Chengdu's 200 m grid"},
    {"background", 0.15, "visits per place", "proposal: chance stops at one spot"},
    {"visits", 4, "visits", "CN112348091A: five by several vehicles"},
    {"origin_visits", 3, "visits", "proposal"},
    {"night_from", 22, "h", "proposal"},
    {"night_to", 5, "h", "proposal"},
    {"closure_margin", 500, "m", "proposal: the queue before a closed road"},
    {"longest_trip", 4, "h", "proposal: how long a load that never arrived stays on the vehicle"},
    {"report_distance", 300, "m", "proposal: how well a citizen names a place"},
    {"report_factor", 0.1, "", "proposal: what a report of dumping makes of p"},
    {"usual_fill", 0.6, "of the payload", "proposal: a load that no manifest tells"},
    {"least_fill", 0.1, "of the payload", "proposal"},
    {"most_fill", 1.05, "of the payload", "proposal: loads above the permit are small"},
    {"usual_payload", 5, "t", "proposal: a vehicle whose payload is not registered"},
};

typedef struct limits {
    off_list_limits stops;
    double same_m, background, visits, origin_visits, report_m, report_factor;
    double usual_fill, least_fill, most_fill, payload_g;
} limits;

/* ---- places ---------------------------------------------------------------------------------- */

static int compare_latitude(const void *left, const void *right)
{
    const off_list_visit *a = left;
    const off_list_visit *b = right;
    if (a->lat_e7 != b->lat_e7)
        return a->lat_e7 < b->lat_e7 ? -1 : 1;
    if (a->lon_e7 != b->lon_e7)
        return a->lon_e7 < b->lon_e7 ? -1 : 1;
    return (a->from_ms > b->from_ms) - (a->from_ms < b->from_ms);
}

static int compare_cluster(const void *left, const void *right)
{
    const off_list_visit *a = left;
    const off_list_visit *b = right;
    if (a->cluster != b->cluster)
        return a->cluster < b->cluster ? -1 : 1;
    if (a->from_ms != b->from_ms)
        return a->from_ms < b->from_ms ? -1 : 1;
    return (a->vehicle > b->vehicle) - (a->vehicle < b->vehicle);
}

/* Greedy: each loose visit, from the south, takes all loose ones within reach of it. Visits are few
   (stops off every list), and the sweep over latitude keeps the search short. */
static uint32_t cluster_visits(off_list_visits *list, double same_m)
{
    uint32_t clusters = 0;
    int32_t reach_e7 = (int32_t)(same_m / 111195.0 * 1e7) + 1;
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare_latitude);
    for (size_t i = 0; i < list->count; i++) {
        off_list_visit *seed = &list->items[i];
        if (seed->cluster != BOOK_NONE)
            continue;
        seed->cluster = clusters++;
        for (size_t k = i + 1;
             k < list->count && list->items[k].lat_e7 - seed->lat_e7 <= 2 * reach_e7; k++) {
            off_list_visit *v = &list->items[k];
            if (v->cluster == BOOK_NONE &&
                flat_distance_m(seed->lat_e7, seed->lon_e7, v->lat_e7, v->lon_e7) <= 1.5 * same_m)
                v->cluster = seed->cluster;
        }
    }
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare_cluster);
    return clusters;
}

/* P(X >= n) of a Poisson. */
static double poisson_upper(double n, double lambda)
{
    return n <= 0 ? 1 : 1 - chi2_upper(2 * lambda, 2 * n);
}

typedef struct place {
    const off_list_visit *visits;
    size_t count;
    double score;
    int32_t lat_e7, lon_e7;
    uint32_t reports;
    int64_t known_ms; /* the visit that made it enough */
    double p;
} place;

static bool has_other_origin(const off_list_visit *v, size_t count, site_id site)
{
    for (size_t i = 0; i < count; i++)
        if (v[i].origin == site)
            return true;
    return false;
}

static double score_of(const city *c, const off_list_visit *v)
{
    bool from_generator = v->origin != BOOK_NONE && c->sites[v->origin].kind != SITE_DEPOT;
    double score = v->manifest != BOOK_NONE || from_generator ? 1 : 0;
    return score + (v->night ? 1 : 0);
}

static double place_p(const limits *l, double score, uint32_t reports)
{
    /* 1 - Q loses its digits below 1e-15; the exact tail is smaller still. */
    double p = fmax(poisson_upper(floor(score), l->background), 1e-15);
    return reports > 0 ? p * l->report_factor : p;
}

static place judge_place(const city *c, const limits *l, const off_list_visit *visits, size_t count)
{
    place p = {.visits = visits, .count = count, .known_ms = TIME_NONE};
    double lat = 0;
    double lon = 0;
    for (size_t i = 0; i < count; i++) {
        lat += visits[i].lat_e7;
        lon += visits[i].lon_e7;
        p.score += score_of(c, &visits[i]);
        if (p.known_ms == TIME_NONE && p.score >= l->visits)
            p.known_ms = visits[i].to_ms;
    }
    p.lat_e7 = (int32_t)lround(lat / (double)count);
    p.lon_e7 = (int32_t)lround(lon / (double)count);
    for (size_t i = 0; i < c->report_count; i++) {
        const report_row *r = &c->reports[i];
        if (flat_distance_m(p.lat_e7, p.lon_e7, r->lat_e7, r->lon_e7) <= l->report_m &&
            (r->category == REPORT_DUMPING || r->category == REPORT_ODOUR))
            p.reports++;
    }
    p.p = place_p(l, p.score, p.reports);
    return p;
}

/* Mass of the visits: the manifest's pick-up, else the payload that the vehicle may carry,
 * unsurely. */
static void add_mass(const city *c, const limits *l, const off_list_visit *v, double *mass_g,
                     double *low_g, double *high_g)
{
    const vehicle_row *vehicle = &c->vehicles[v->vehicle];
    double payload =
        vehicle->max_payload_g != MASS_NONE ? (double)vehicle->max_payload_g : l->payload_g;
    if (v->manifest != BOOK_NONE && c->manifests[v->manifest].picked_up_g > 0) {
        const manifest_row *m = &c->manifests[v->manifest];
        *mass_g += (double)m->picked_up_g;
        *low_g += m->unaccounted_g > 0 ? (double)m->unaccounted_g : 0;
        *high_g += (double)m->picked_up_g * l->most_fill;
    } else {
        *mass_g += l->usual_fill * payload;
        *low_g += l->least_fill * payload;
        *high_g += l->most_fill * payload;
    }
}

static void relate_visits(rule_context *ctx, related_list *related, const place *p, site_id only,
                          int64_t known_ms)
{
    const city *c = ctx->city;
    for (int part = 0; part < 4; part++)
        for (size_t i = 0; i < p->count; i++) {
            const off_list_visit *v = &p->visits[i];
            if (v->to_ms > known_ms || (only != BOOK_NONE && v->origin != only))
                continue;
            const char *id = NULL;
            if (part == 0)
                id = city_text(c, c->vehicles[v->vehicle].key);
            else if (part == 1 && v->origin != BOOK_NONE)
                id = city_text(c, c->sites[v->origin].key);
            else if (part == 2 && c->vehicles[v->vehicle].party != BOOK_NONE)
                id = city_text(c, c->parties[c->vehicles[v->vehicle].party].key);
            else if (part == 3 && v->manifest != BOOK_NONE)
                id = city_text(c, c->manifests[v->manifest].key);
            related_add(related, id);
        }
}

static enum waste_stream place_stream(const city *c, const place *p)
{
    size_t counts[STREAM_COUNT] = {0};
    enum waste_stream best = STREAM_NONE;
    for (size_t i = 0; i < p->count; i++)
        if (p->visits[i].manifest != BOOK_NONE)
            counts[c->manifests[p->visits[i].manifest].stream]++;
    for (int s = 1; s < STREAM_COUNT; s++)
        if (counts[s] > counts[best])
            best = (enum waste_stream)s;
    const char *kind = city_text(c, c->vehicles[p->visits[0].vehicle].kind);
    if (best == STREAM_NONE && strncmp(kind, "hazmat", 6) == 0)
        best = STREAM_HAZARDOUS;
    return best;
}

/* One finding for the place (only == BOOK_NONE) or for a site that its visits came from. */
static wf_status report(rule_context *ctx, const limits *l, const place *p, site_id only,
                        int64_t known_ms, wf_error *err)
{
    const city *c = ctx->city;
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_URGENT);
    const char *spot =
        rule_printf(ctx, "%.5f,%.5f", (double)p->lat_e7 / 1e7, (double)p->lon_e7 / 1e7);
    related_list related = {.count = 0};
    f.subject_kind = only == BOOK_NONE ? SUBJECT_PLACE : SUBJECT_SITE;
    f.subject = only == BOOK_NONE ? 0 : only;
    f.lat_e7 = p->lat_e7;
    f.lon_e7 = p->lon_e7;
    f.stream = place_stream(c, p);
    f.detected_at_ms = known_ms;
    f.p = p->p;
    if (only != BOOK_NONE)
        related_add(&related, spot);
    relate_visits(ctx, &related, p, only, known_ms);
    double mass = 0;
    double low = 0;
    double high = 0;
    size_t visits = 0;
    size_t nights = 0;
    for (size_t i = 0; i < p->count; i++) {
        const off_list_visit *v = &p->visits[i];
        if (only != BOOK_NONE && v->origin != only)
            continue;
        add_mass(c, l, v, &mass, &low, &high);
        f.from_ms = f.from_ms == TIME_NONE ? v->from_ms : f.from_ms;
        f.to_ms = v->to_ms;
        visits++;
        nights += v->night;
    }
    f.mass_g = (int64_t)mass;
    f.mass_low_g = (int64_t)low;
    f.mass_high_g = (int64_t)high + 1;
    if (f.mass_low_g > f.mass_g)
        f.mass_low_g = f.mass_g;
    f.sentence =
        only == BOOK_NONE
            ? rule_printf(ctx,
                          _("%1$s stops at %2$s, which is on no list, by vehicles loaded or coming "
                            "from where they load, %3$s of them at night, %4$s reports nearby: the "
                            "place is to be checked"),
                          rule_printf(ctx, "%zu", visits), spot, rule_printf(ctx, "%zu", nights),
                          rule_printf(ctx, "%u", p->reports))
            : rule_printf(ctx,
                          _("%1$s trips from site %2$s stopped at %3$s, which is on no list, %4$s "
                            "of them at night: what was done there is to be checked"),
                          rule_printf(ctx, "%zu", visits), city_text(c, c->sites[only].key), spot,
                          rule_printf(ctx, "%zu", nights));
    finding_add_evidence(ctx, &f, N_("visits"), SEQ_COMPUTED, "%zu", visits);
    finding_add_evidence(ctx, &f, N_("visits at night"), SEQ_COMPUTED, "%zu", nights);
    finding_add_evidence(ctx, &f, N_("reports nearby"), SEQ_COMPUTED, "%u", p->reports);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

static wf_status report_origins(rule_context *ctx, const limits *l, const place *p, wf_error *err)
{
    const city *c = ctx->city;
    for (size_t i = 0; i < p->count; i++) {
        site_id origin = p->visits[i].origin;
        if (origin == BOOK_NONE || c->sites[origin].kind == SITE_DEPOT ||
            has_other_origin(p->visits, i, origin))
            continue;
        double visits = 0;
        int64_t known = TIME_NONE;
        for (size_t k = i; k < p->count; k++)
            if (p->visits[k].origin == origin && ++visits <= l->origin_visits)
                known = p->visits[k].to_ms;
        if (visits < l->origin_visits)
            continue;
        wf_status status =
            report(ctx, l, p, origin, known > p->known_ms ? known : p->known_ms, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static wf_status report_places(rule_context *ctx, const limits *l, const off_list_visits *list,
                               wf_error *err)
{
    for (size_t first = 0; first < list->count;) {
        size_t end = first;
        while (end < list->count && list->items[end].cluster == list->items[first].cluster)
            end++;
        rule_count_tests(ctx, 1);
        place p = judge_place(ctx->city, l, list->items + first, end - first);
        first = end;
        if (p.known_ms == TIME_NONE)
            continue;
        wf_status status = report(ctx, l, &p, BOOK_NONE, p.known_ms, err);
        if (status == WF_OK)
            status = report_origins(ctx, l, &p, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static limits limits_of(const rule *r)
{
    return (limits){
        .stops = {.stay_m = rule_parameter_value(r, "stay_radius"),
                  .site_m = rule_parameter_value(r, "site_distance"),
                  .place_m = rule_parameter_value(r, "place_margin"),
                  .closure_m = rule_parameter_value(r, "closure_margin"),
                  .stay_ms = (int64_t)(rule_parameter_value(r, "stay") * TIME_MINUTE_MS),
                  .night_from_ms = (int64_t)(rule_parameter_value(r, "night_from") * TIME_HOUR_MS),
                  .night_to_ms = (int64_t)(rule_parameter_value(r, "night_to") * TIME_HOUR_MS),
                  .trip_ms = (int64_t)(rule_parameter_value(r, "longest_trip") * TIME_HOUR_MS)},
        .same_m = rule_parameter_value(r, "same_place"),
        .background = rule_parameter_value(r, "background"),
        .visits = rule_parameter_value(r, "visits"),
        .origin_visits = rule_parameter_value(r, "origin_visits"),
        .report_m = rule_parameter_value(r, "report_distance"),
        .report_factor = rule_parameter_value(r, "report_factor"),
        .usual_fill = rule_parameter_value(r, "usual_fill"),
        .least_fill = rule_parameter_value(r, "least_fill"),
        .most_fill = rule_parameter_value(r, "most_fill"),
        .payload_g = rule_parameter_value(r, "usual_payload") * 1e6,
    };
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    limits l = limits_of(ctx->rule);
    off_list_visits list = {0};
    wf_status status = WF_OK;
    if (!off_list_visits_find(&list, ctx, &l.stops)) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the stops of vehicles"));
    } else {
        cluster_visits(&list, l.same_m);
        status = report_places(ctx, &l, &list, err);
    }
    free(list.items);
    return status;
}

const rule rule_r39 = {
    .id = "R39",
    .name_en = N_("Loaded stops at a place on no list"),
    .name_zh = "载货异地停留",
    .family = FAMILY_MOVEMENT,
    .streams = STREAM_BIT(STREAM_CONSTRUCTION) | STREAM_BIT(STREAM_HAZARDOUS) |
               STREAM_BIT(STREAM_INDUSTRIAL) | STREAM_BIT(STREAM_HOUSEHOLD) |
               STREAM_BIT(STREAM_MEDICAL),
    .source = "detection.md 2.1; CN112348091A; 固废法 第二十条",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 3.5,
};
