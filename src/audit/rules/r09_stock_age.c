/*
 * audit/rules/r09_stock_age.c: waste lay longer than the law allows.
 *
 * Medical waste at hospitals and clinics: a batch that no visit has reached within two days. No
 * masses are compared: a pick-up is weighed on another scale than the batches, and by first in,
 * first out the rounding of either would leave grams of last week behind for ever.
 *
 * Hazardous waste: at a stock take, what was counted is more than all that came in within the last
 * year; so by first in, first out the rest is older. Stock takes are the only stock that somebody
 * has seen; book stock would turn a lost pick-up row into an accusation. The stock take's and the
 * weighings' uncertainty is given to the holder. The age of opening stock counts from its first
 * record, so that a ledger younger than a year accuses nobody.
 *
 * No warning below the limit: a fact is a breach, and almost every clinic collects on the second
 * day.
 */
#include "audit/medical_visits.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const rule_parameter parameters[] = {
    {"medical_hours", 48, "h, to the end of that day", "Medical Waste Regulations art. 17"},
    {"hazardous_days", 365, "days", "Solid Waste Law art. 81 (operators; generators by province)"},
    {"stocktake_rel_sigma", 0.03, "of the stock", "proposal, where the stock take gives none"},
    {"sigmas", 3, "standard deviations", "proposal"},
    {"weighing_rel_error", 0.02, "of all inflow", "proposal: bound of systematic scale error"},
};

static wf_status judge_medical(rule_context *ctx, const medical_interval *i, wf_error *err)
{
    const city *c = ctx->city;
    const generation_row *oldest = i->batches[0];
    int64_t limit_ms = fact_hours_ms(ctx, "medical_hours");
    int64_t last_ms = medical_limit_ms(c, oldest->time_ms, limit_ms);
    if (i->next_ms <= last_ms)
        return WF_OK;
    int64_t mass_g = 0;
    for (size_t k = 0; k < i->batch_count; k++)
        if (i->next_ms > medical_limit_ms(c, i->batches[k]->time_ms, limit_ms))
            mass_g += i->batches[k]->mass_g;
    finding f = rule_finding(ctx, FINDING_FACT, SEVERITY_INSPECT);
    f.subject_kind = SUBJECT_SITE;
    f.subject = i->site;
    f.stream = STREAM_MEDICAL;
    f.from_ms = oldest->time_ms;
    f.to_ms = i->next_ms;
    f.detected_at_ms = act_times_after(&ctx->shared->acts, last_ms);
    fact_set_mass(&f, mass_g);
    f.sentence =
        rule_printf(ctx,
                    _("%1$s stored %2$s of medical waste beyond two days: the oldest batch "
                      "was produced on %3$s and not collected by %4$s."),
                    site_key(c, i->site), rule_mass(ctx, mass_g), rule_time(ctx, oldest->time_ms),
                    rule_time(ctx, last_ms));
    related_list related = {.count = 0};
    related_add(&related, site_key(c, i->site));
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("oldest batch"), oldest->seq, "%s, %s",
                         city_text(c, oldest->key), rule_time(ctx, oldest->time_ms));
    return rule_report(ctx, &f, err);
}

/* An inflow or a stock take of hazardous waste. */
typedef struct stock_act {
    int64_t time_ms, mass_g;
    const stocktake_row *take; /* NULL: inflow */
    site_id site;
    code_id code;
} stock_act;

typedef struct stock_acts {
    stock_act *items;
    size_t count, capacity;
    uint8_t *hazardous; /* per code */
    bool failed;
} stock_acts;

/* NNN-NNN-NN, not medical. */
static bool is_hazardous_code(const char *code)
{
    static const char shape[] = "ddd-ddd-dd";
    for (size_t i = 0; i < sizeof shape; i++) {
        bool digit = code[i] >= '0' && code[i] <= '9';
        if (shape[i] == 'd' ? !digit : code[i] != shape[i])
            return false;
    }
    return strncmp(code, "841-", 4) != 0;
}

static void add(stock_acts *a, const city *c, stock_act act)
{
    if (act.site >= c->site_count || act.code >= c->code_count || !a->hazardous[act.code])
        return;
    if (array_grow((void **)&a->items, &a->capacity, a->count + 1, sizeof *a->items))
        a->items[a->count++] = act;
    else
        a->failed = true;
}

static void gather(stock_acts *a, const city *c)
{
    for (size_t i = 0; i < c->stocktake_count; i++) {
        const stocktake_row *s = &c->stocktakes[i];
        add(a, c, (stock_act){s->time_ms, s->mass_g, s, s->site, s->code});
    }
    for (size_t i = 0; i < c->generation_count; i++) {
        const generation_row *g = &c->generations[i];
        add(a, c, (stock_act){g->time_ms, g->mass_g, NULL, g->site, g->code});
    }
    for (size_t i = 0; i < c->treatment_count; i++) {
        const treatment_row *t = &c->treatments[i];
        if (t->output_g != MASS_NONE)
            add(a, c, (stock_act){t->time_ms, t->output_g, NULL, t->site, t->output_code});
    }
    for (size_t i = 0; i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if ((e->kind != EVENT_RECEIVED && e->kind != EVENT_RETURNED) || e->mass_g == MASS_NONE ||
            e->manifest >= c->manifest_count)
            continue;
        const manifest_row *m = &c->manifests[e->manifest];
        site_id place = e->kind == EVENT_RECEIVED ? m->facility_site : m->generator_site;
        place = e->site != BOOK_NONE ? e->site : place;
        add(a, c, (stock_act){e->time_ms, e->mass_g, NULL, place, m->code});
    }
}

static int compare_stock_acts(const void *a, const void *b)
{
    const stock_act *x = a, *y = b;
    if (x->site != y->site)
        return x->site < y->site ? -1 : 1;
    if (x->code != y->code)
        return x->code < y->code ? -1 : 1;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return (x->take != NULL) - (y->take != NULL);
}

static wf_status report_stock(rule_context *ctx, const stock_act *s, int64_t inflow_g,
                              int64_t margin_g, int64_t limit_ms, wf_error *err)
{
    const city *c = ctx->city;
    int64_t old_g = s->mass_g - inflow_g;
    finding f = rule_finding(ctx, FINDING_FACT, SEVERITY_INSPECT);
    f.subject_kind = SUBJECT_SITE;
    f.subject = s->site;
    f.stream = STREAM_HAZARDOUS;
    f.from_ms = s->time_ms - limit_ms;
    f.to_ms = s->time_ms;
    f.detected_at_ms = s->time_ms;
    f.mass_g = old_g;
    f.mass_low_g = old_g - margin_g;
    f.mass_high_g = old_g + margin_g;
    f.sentence = rule_printf(ctx,
                             _("%1$s held %2$s of %3$s on %4$s, but only %5$s came in within the "
                               "last %6$.0f days: at least %7$s is older."),
                             site_key(c, s->site), rule_mass(ctx, s->mass_g), city_code(c, s->code),
                             rule_time(ctx, s->time_ms), rule_mass(ctx, inflow_g),
                             rule_parameter_value(ctx->rule, "hazardous_days"),
                             rule_mass(ctx, f.mass_low_g));
    related_list related = {.count = 0};
    related_add(&related, site_key(c, s->site));
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("stock take"), s->take->seq, "%s", rule_mass(ctx, s->mass_g));
    finding_add_evidence(ctx, &f, N_("inflow of the period"), SEQ_COMPUTED, "%s",
                         rule_mass(ctx, inflow_g));
    return rule_report(ctx, &f, err);
}

/* The acts of one site and code, by a window of `limit_ms` that moves with the stock takes. One
   finding for a run of stock takes that all show too old a stock. */
static wf_status walk(rule_context *ctx, const stock_act *acts, size_t count, wf_error *err)
{
    int64_t limit_ms = fact_days_ms(ctx, "hazardous_days");
    int64_t inflow_g = 0;
    size_t oldest = 0;
    bool in_breach = false;
    for (size_t i = 0; i < count; i++) {
        const stock_act *s = &acts[i];
        if (s->take == NULL) {
            inflow_g += s->mass_g;
            continue;
        }
        /* At exactly the limit a lot is not yet older than it. */
        for (; acts[oldest].time_ms < s->time_ms - limit_ms; oldest++)
            inflow_g -= acts[oldest].take == NULL ? acts[oldest].mass_g : 0;
        double sigma = s->take->rel_sigma_ppm > 0
                           ? s->take->rel_sigma_ppm * 1e-6
                           : rule_parameter_value(ctx->rule, "stocktake_rel_sigma");
        int64_t margin_g =
            (int64_t)(rule_parameter_value(ctx->rule, "sigmas") * sigma * (double)s->mass_g +
                      rule_parameter_value(ctx->rule, "weighing_rel_error") * (double)inflow_g);
        bool breach = acts[0].time_ms < s->time_ms - limit_ms && s->mass_g - inflow_g > margin_g;
        if (breach && !in_breach) {
            wf_status status = report_stock(ctx, s, inflow_g, margin_g, limit_ms, err);
            if (status != WF_OK)
                return status;
        }
        in_breach = breach;
    }
    return WF_OK;
}

static wf_status judge_hazardous(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    stock_acts a = {.hazardous = calloc(c->code_count + 1, 1)};
    wf_status status = WF_OK;
    if (a.hazardous != NULL) {
        for (size_t i = 0; i < c->code_count; i++)
            a.hazardous[i] = is_hazardous_code(city_code(c, (code_id)i));
        gather(&a, c);
    }
    if (a.hazardous == NULL || a.failed)
        status = wf_fail(err, WF_SYSTEM, _("rule %s: out of memory for %zu acts"), "R09", a.count);
    if (a.count > 0)
        qsort(a.items, a.count, sizeof *a.items, compare_stock_acts);
    for (size_t first = 0; status == WF_OK && first < a.count;) {
        size_t end = first + 1;
        while (end < a.count && a.items[end].site == a.items[first].site &&
               a.items[end].code == a.items[first].code)
            end++;
        status = walk(ctx, a.items + first, end - first, err);
        first = end;
    }
    free(a.items);
    free(a.hazardous);
    return status;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    wf_status status = WF_OK;
    if (rule_covers(ctx, STREAM_MEDICAL))
        status = medical_intervals(ctx, judge_medical, err);
    if (status == WF_OK && rule_covers(ctx, STREAM_HAZARDOUS))
        status = judge_hazardous(ctx, err);
    return status;
}

const rule rule_r09 = {
    .id = "R09",
    .name_en = "Stock over-age",
    .name_zh = "超期贮存",
    .family = FAMILY_BALANCE,
    .streams = STREAM_BIT(STREAM_HAZARDOUS) | STREAM_BIT(STREAM_MEDICAL),
    .source = "Solid Waste Law art. 81; Medical Waste Regulations art. 17",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 1.5,
};
