/*
 * R25: a carrier or vehicle whose loads arrive a little short week after week. The winsorised z of
 * each load (R17's) makes one figure a week; Page's test with k = 0.5 finds the shift. What scales
 * and origins leave uncorrected makes all loads of a week lean together, so a week's variance has a
 * part that does not average out.
 *
 * Where several vehicles of a carrier lean, the carrier is named; where one does, the vehicle.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"k", 0.5, "sigma", "detection.md 4.4"},
    {"winsor", 3, "sigma", "detection.md 4.6"},
    {"common", 0.3, "sigma", "proposal: what all loads of a week share (uncorrected span bias)"},
    {"share", 0.002, "share of the loads", "proposal: smaller leans are within span biases"},
    {"loads", 12, "loads", "proposal"},
    {"p", 0.05, "", "proposal: what is not below it is not told of at all"},
    {"shared_bias", 0.0006, "share of the loads", "proposal: error that no fit of scales removes"},
    {"stands_alone", 0.1, "",
     "DESIGN 5: q, over the tests of one kind; fixes the day of the alarm"},
};

enum { WEEKS_MAX = 2000 };

/* Loads of one subject: indexes into the table of pairs, in order of time. */
typedef struct alarm {
    double p, highest;
    int64_t from_ms, to_ms, known_ms;
    double gap_g, sent_g, variance_g2, common_g;
    size_t loads;
    bool raised;
} alarm;

typedef struct series {
    const load_table *table;
    const uint32_t *items;
    size_t count;
} series;

static int64_t week_of(const city *c, int64_t ms)
{
    return ((int64_t)time_day(ms, c->utc_offset_minutes) + 3) / 7; /* weeks begin on Monday */
}

/* Loads from the start of the run that Page's statistic stands on up to the moment of the alarm. */
static void weigh_run(alarm *a, const series *s, double shared_bias)
{
    for (size_t i = 0; i < s->count; i++) {
        const weight_pair *p = &s->table->pairs[s->items[i]];
        if (p->at_ms < a->from_ms || p->at_ms > a->to_ms)
            continue;
        a->gap_g += p->gap_g;
        a->sent_g += p->sent_g;
        a->variance_g2 += p->sigma_g * p->sigma_g;
        a->common_g += shared_bias * p->sent_g;
        a->loads++;
    }
}

static bool is_heavy(const rule_context *ctx, double loads, double gap_g, double sent_g)
{
    return loads >= rule_parameter_value(ctx->rule, "loads") &&
           gap_g > rule_parameter_value(ctx->rule, "share") * sent_g;
}

/* Page's test over the weeks of a series. Shown from the first week in which p <= enough over
   enough loads, else from the highest point. */
static alarm page_test(const rule_context *ctx, const series *s, double horizon, double enough)
{
    double k = rule_parameter_value(ctx->rule, "k");
    double winsor = rule_parameter_value(ctx->rule, "winsor");
    double common = rule_parameter_value(ctx->rule, "common");
    alarm a = {.p = 1, .from_ms = TIME_NONE};
    double page = 0;
    int64_t start = TIME_NONE;
    bool shown = false;
    double loads = 0; /* of the run so far */
    double gap_g = 0;
    double sent_g = 0;
    for (size_t i = 0; i < s->count;) {
        if (page <= 0)
            loads = gap_g = sent_g = 0;
        int64_t week = week_of(ctx->city, s->table->pairs[s->items[i]].at_ms);
        double sum = 0;
        double n = 0;
        int64_t first = s->table->pairs[s->items[i]].at_ms;
        int64_t last = first;
        int64_t known = TIME_NONE;
        for (; i < s->count; i++) {
            const weight_pair *p = &s->table->pairs[s->items[i]];
            if (week_of(ctx->city, p->at_ms) != week)
                break;
            sum += fmax(-winsor, fmin(winsor, p->z));
            n++;
            gap_g += p->gap_g;
            sent_g += p->sent_g;
            last = p->at_ms;
            known = p->known_ms > known ? p->known_ms : known;
        }
        loads += n;
        start = page > 0 ? start : first;
        page = page_step(page, sum / sqrt(n + n * n * common * common), k);
        double p = page_p(page, horizon, k);
        if (page <= a.highest)
            continue;
        a.highest = page;
        a.p = p;
        a.from_ms = start;
        a.to_ms = last;
        if (!shown)
            a.known_ms = known > a.known_ms ? known : a.known_ms;
        shown = shown || (p <= enough && is_heavy(ctx, loads, gap_g, sent_g));
    }
    if (a.highest > 0)
        weigh_run(&a, s, rule_parameter_value(ctx->rule, "shared_bias"));
    return a;
}

static bool is_raised(const rule_context *ctx, const alarm *a)
{
    return a->p <= rule_parameter_value(ctx->rule, "p") &&
           is_heavy(ctx, (double)a->loads, a->gap_g, a->sent_g);
}

static wf_status report(rule_context *ctx, enum subject_kind kind, uint32_t subject,
                        const series *s, const alarm *a, wf_error *err)
{
    const city *c = ctx->city;
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_INSPECT);
    f.subject_kind = kind;
    f.subject = subject;
    f.from_ms = a->from_ms;
    f.to_ms = a->to_ms;
    f.detected_at_ms = a->known_ms;
    f.p = a->p;
    double spread = 1.96 * sqrt(a->variance_g2 + a->common_g * a->common_g);
    f.mass_g = (int64_t)a->gap_g;
    f.mass_low_g = (int64_t)fmax(0, a->gap_g - spread);
    f.mass_high_g = (int64_t)(a->gap_g + spread) + 1;
    const char *name = kind == SUBJECT_PARTY ? city_text(c, c->parties[subject].key)
                                             : city_text(c, c->vehicles[subject].key);
    related_list related = {.count = 0};
    related_add(&related, name);
    if (kind == SUBJECT_VEHICLE && c->vehicles[subject].party != BOOK_NONE)
        related_add(&related, city_text(c, c->parties[c->vehicles[subject].party].key));
    /* The loads that lean most first, as far as they were known when the finding was. */
    for (double from = 1e9, to = 2; to > -1e9; from = to, to = to > 0.5 ? to - 1 : -1e9)
        for (size_t i = 0; i < s->count && to > 0; i++) {
            const weight_pair *p = &s->table->pairs[s->items[i]];
            if (p->at_ms < a->from_ms || p->known_ms > a->known_ms || p->z >= from || p->z < to)
                continue;
            related_add(&related, city_text(c, c->manifests[p->manifest].key));
            f.stream = (enum waste_stream)c->manifests[p->manifest].stream;
        }
    f.sentence = rule_printf(
        ctx,
        _("%1$s: %2$s loads of %3$s in all arrived %4$s (%5$s %%) short after loss allowance and "
          "scale effects, week after week (Page's test at %6$s): to be checked"),
        name, rule_printf(ctx, "%zu", a->loads), rule_mass(ctx, (int64_t)a->sent_g),
        rule_mass(ctx, f.mass_g), rule_printf(ctx, "%.2f", 100 * a->gap_g / a->sent_g),
        rule_printf(ctx, "%.1f", a->highest));
    finding_add_evidence(ctx, &f, N_("Page statistic"), SEQ_COMPUTED, "%.2f", a->highest);
    finding_add_evidence(ctx, &f, N_("loads"), SEQ_COMPUTED, "%zu", a->loads);
    finding_add_evidence(ctx, &f, N_("smallest mass that would show"), SEQ_COMPUTED, "%.0f g",
                         3.29 * spread / 1.96);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

/* Pairs grouped by vehicle or by carrier, in order of time within each. */
static bool group_loads(grouped *g, const rule_context *ctx, bool by_vehicle)
{
    const load_table *t = &ctx->shared->loads;
    const city *c = ctx->city;
    g->key_count = by_vehicle ? c->vehicle_count : c->party_count;
    g->first = calloc(g->key_count + 2, sizeof *g->first);
    g->item = malloc((t->count + 1) * sizeof *g->item);
    if (g->first == NULL || g->item == NULL)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < t->count; i++) {
            const manifest_row *m = &c->manifests[t->pairs[i].manifest];
            uint32_t key = by_vehicle ? m->vehicle : m->carrier;
            if (key >= g->key_count || !rule_covers(ctx, (enum waste_stream)m->stream) ||
                load_pair_blocked(t, &t->pairs[i], 2))
                continue;
            if (pass == 0)
                g->first[key + 2]++;
            else
                g->item[g->first[key + 1]++] = (uint32_t)i;
        }
        for (size_t k = 2; pass == 0 && k < g->key_count + 2; k++)
            g->first[k] += g->first[k - 1];
    }
    return true;
}

static size_t test_all(rule_context *ctx, const grouped *g, alarm *alarms, double horizon,
                       double enough)
{
    size_t tests = 0;
    for (size_t key = 0; key < g->key_count; key++) {
        series s = {&ctx->shared->loads, NULL, 0};
        s.items = grouped_items(g, (uint32_t)key, &s.count);
        if (s.count < rule_parameter_value(ctx->rule, "loads"))
            continue;
        tests++;
        alarms[key] = page_test(ctx, &s, horizon, enough);
        alarms[key].raised = is_raised(ctx, &alarms[key]);
    }
    return tests;
}

static wf_status report_all(rule_context *ctx, const grouped *carriers, alarm *of_carrier,
                            const grouped *vehicles, alarm *of_vehicle, uint32_t *raised_vehicles,
                            wf_error *err)
{
    const city *c = ctx->city;
    wf_status status = WF_OK;
    for (vehicle_id v = 0; v < c->vehicle_count; v++)
        if (of_vehicle[v].raised && c->vehicles[v].party < c->party_count)
            raised_vehicles[c->vehicles[v].party]++;
    for (party_id k = 0; k < c->party_count && status == WF_OK; k++) {
        of_carrier[k].raised = of_carrier[k].raised && raised_vehicles[k] != 1;
        series s = {&ctx->shared->loads, NULL, 0};
        s.items = grouped_items(carriers, k, &s.count);
        if (of_carrier[k].raised)
            status = report(ctx, SUBJECT_PARTY, k, &s, &of_carrier[k], err);
    }
    for (vehicle_id v = 0; v < c->vehicle_count && status == WF_OK; v++) {
        party_id owner = c->vehicles[v].party;
        series s = {&ctx->shared->loads, NULL, 0};
        s.items = grouped_items(vehicles, v, &s.count);
        if (of_vehicle[v].raised && (owner >= c->party_count || !of_carrier[owner].raised))
            status = report(ctx, SUBJECT_VEHICLE, v, &s, &of_vehicle[v], err);
    }
    return status;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const load_table *t = &ctx->shared->loads;
    const city *c = ctx->city;
    if (t->count == 0)
        return WF_OK;
    double weeks = (double)(t->pairs[t->count - 1].at_ms - t->pairs[0].at_ms) / (7.0 * TIME_DAY_MS);
    double horizon = fmax(12, fmin(weeks, WEEKS_MAX));
    grouped vehicles = {0};
    grouped carriers = {0};
    alarm *of_vehicle = calloc(c->vehicle_count + 1, sizeof *of_vehicle);
    alarm *of_carrier = calloc(c->party_count + 1, sizeof *of_carrier);
    uint32_t *raised_vehicles = calloc(c->party_count + 1, sizeof *raised_vehicles);
    wf_status status = WF_OK;
    if (of_vehicle == NULL || of_carrier == NULL || raised_vehicles == NULL ||
        !group_loads(&vehicles, ctx, true) || !group_loads(&carriers, ctx, false)) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the loads by carrier"));
    } else {
        double enough =
            rule_parameter_value(ctx->rule, "stands_alone") / (double)(c->vehicle_count + 1);
        rule_count_tests(ctx, test_all(ctx, &carriers, of_carrier, horizon, enough));
        rule_count_tests(ctx, test_all(ctx, &vehicles, of_vehicle, horizon, enough));
        status =
            report_all(ctx, &carriers, of_carrier, &vehicles, of_vehicle, raised_vehicles, err);
    }
    free(vehicles.first);
    free(vehicles.item);
    free(carriers.first);
    free(carriers.item);
    free(of_vehicle);
    free(of_carrier);
    free(raised_vehicles);
    return status;
}

static const char *const after[] = {"R24", NULL};

const rule rule_r25 = {
    .id = "R25",
    .name_en = N_("Systematic short weight by a carrier or vehicle"),
    .name_zh = "承运环节持续短重",
    .family = FAMILY_WEIGHT,
    .streams = STREAMS_ALL,
    .source = "Page (1954); detection.md 4.4, 4.6",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 3.0,
    .after = after,
};
