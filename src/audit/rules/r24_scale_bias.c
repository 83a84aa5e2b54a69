/*
 * R24: a scale that is probably out of adjustment. The median residual of one scale's loads, after
 * the other end's own effect was taken out, over at least 30 pairs with at least 3 partners. It
 * routes to metrology: severity 1, nobody is accused, and R17 and R25 leave that scale's loads
 * alone.
 */
#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/statistics.h"

static const rule_parameter parameters[] = {
    {"pairs", 30, "pairs", "detection.md 4.8: two-way fit of scales"},
    {"partners", 3, "scales", "detection.md 4.8: two-way fit of scales"},
    {"effect", 0.004, "share of the load", "proposal: seven times the usual span bias of 0.058 %"},
};

typedef struct run_of_windows {
    size_t first, last;
    uint32_t pairs, partners;
    double effect, sigma; /* weighted by pairs */
} run_of_windows;

static run_of_windows read_run(const load_table *t, scale_id scale, size_t first)
{
    run_of_windows r = {.first = first, .last = first};
    double variance = 0;
    for (size_t w = first; w < t->window_count && load_scale_off(t, scale, w, 3); w++) {
        const scale_effect *e = &t->effects[(size_t)scale * t->window_count + w];
        r.last = w;
        r.pairs += e->pairs;
        r.partners = e->partners > r.partners ? e->partners : r.partners;
        r.effect += e->effect * e->pairs;
        variance += e->sigma * e->sigma * e->pairs * e->pairs;
    }
    r.effect /= r.pairs;
    r.sigma = sqrt(variance) / r.pairs;
    return r;
}

static wf_status report(rule_context *ctx, scale_id scale, const run_of_windows *r, wf_error *err)
{
    const city *c = ctx->city;
    const load_table *t = &ctx->shared->loads;
    const scale_row *row = &c->scales[scale];
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_INFORMATION);
    related_list related = {.count = 0};
    related_add(&related, row->site != BOOK_NONE ? city_text(c, c->sites[row->site].key) : NULL);
    double weighed = 0;
    uint32_t used = 0;
    double pairs_needed = rule_parameter_value(ctx->rule, "pairs");
    for (size_t i = 0; i < t->count; i++) {
        const weight_pair *p = &t->pairs[i];
        size_t window = load_window(t, p->at_ms);
        if ((p->origin != scale && p->destination != scale) || window < r->first ||
            window > r->last)
            continue;
        weighed += p->arrived_g;
        f.from_ms = f.from_ms == TIME_NONE ? p->at_ms : f.from_ms;
        f.to_ms = p->at_ms;
        if (used++ < pairs_needed || window == r->first) {
            f.detected_at_ms = p->known_ms > f.detected_at_ms ? p->known_ms : f.detected_at_ms;
            related_add(&related, city_text(c, c->manifests[p->manifest].key));
        }
    }
    f.subject_kind = SUBJECT_SCALE;
    f.subject = scale;
    f.p = fmin(1, 2 * normal_upper(fabs(r->effect) / fmax(r->sigma, 0.0006)));
    f.mass_g = (int64_t)fabs(r->effect * weighed);
    f.mass_low_g = (int64_t)fmax(0, (fabs(r->effect) - 1.96 * r->sigma) * weighed);
    f.mass_high_g = (int64_t)((fabs(r->effect) + 1.96 * r->sigma) * weighed) + 1;
    f.sentence = rule_printf(
        ctx,
        _("Scale %1$s shows %2$s %% against its partners over %3$s loads with %4$s other scales: "
          "have it verified before its weights are held against anybody"),
        city_text(c, row->key), rule_printf(ctx, "%+.2f", 100 * r->effect),
        rule_printf(ctx, "%u", r->pairs), rule_printf(ctx, "%u", r->partners));
    finding_add_evidence(ctx, &f, N_("effect of the scale"), SEQ_COMPUTED, "%+.3f %%",
                         100 * r->effect);
    finding_add_evidence(ctx, &f, N_("standard error"), SEQ_COMPUTED, "%.3f %%", 100 * r->sigma);
    finding_add_evidence(ctx, &f, N_("pairs"), row->seq, "%u", r->pairs);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const load_table *t = &ctx->shared->loads;
    double pairs = rule_parameter_value(ctx->rule, "pairs");
    double partners = rule_parameter_value(ctx->rule, "partners");
    double effect = rule_parameter_value(ctx->rule, "effect");
    for (scale_id scale = 0; t->count > 0 && scale < ctx->city->scale_count; scale++) {
        rule_count_tests(ctx, 1);
        for (size_t w = 0; w < t->window_count; w++) {
            if (!load_scale_off(t, scale, w, 3))
                continue;
            run_of_windows r = read_run(t, scale, w);
            w = r.last;
            if (r.pairs < pairs || r.partners < partners || fabs(r.effect) < effect)
                continue;
            wf_status status = report(ctx, scale, &r, err);
            if (status != WF_OK)
                return status;
        }
    }
    return WF_OK;
}

const rule rule_r24 = {
    .id = "R24",
    .name_en = N_("Scale bias"),
    .name_zh = "地磅疑似失准",
    .family = FAMILY_WEIGHT,
    .streams = STREAMS_ALL,
    .source = "detection.md 4.6, 4.8; GB/T 7723-2017; OIML R 76",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 0.5,
};
