/*
 * R26 and R27: a site whose stock does not come out. R26 looks at each balance between two stock
 * takes (more than 3 sigma and half a significant mass gone), R27 at the sum from the first stock
 * take on (CUMUF). The two are one idea, with one report, and so one file.
 *
 * A wrong stock take makes one balance short and the next one long by the same mass: such a pair is
 * left to the site's own correction. So is a mass that was typed ten times too large.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/balance.h"
#include "audit/rank.h"
#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/statistics.h"

static const rule_parameter abrupt_parameters[] = {
    {"z", 3, "sigma", "detection.md 4.2"},
    {"significant_share", 0.5, "of the significant mass", "detection.md, R26"},
};

static const rule_parameter protracted_parameters[] = {
    {"z", 1.96, "sigma", "detection.md, R27"},
    {"significant_share", 0.5, "of the significant mass", "detection.md, R26"},
};

/* What is found: balances first to last (inclusive) of one node, with their sum. */
typedef struct shortfall {
    const balance *first, *last;
    double muf_g, sigma_g;
    int64_t known_ms;
} shortfall;

static wf_status report(rule_context *ctx, const shortfall *s, wf_error *err)
{
    const city *c = ctx->city;
    const site_row *site = &c->sites[s->first->site];
    const char *code = city_code(c, s->first->code);
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_INSPECT);
    double in = 0;
    double out = 0;
    for (const balance *b = s->first; b <= s->last; b++) {
        in += b->in_g;
        out += b->out_g;
    }
    f.subject_kind = SUBJECT_SITE;
    f.subject = s->first->site;
    f.stream = code_stream(code);
    f.from_ms = s->first->from_ms;
    f.to_ms = s->last->to_ms;
    f.detected_at_ms = s->known_ms;
    f.p = normal_upper(s->muf_g / s->sigma_g);
    f.mass_g = (int64_t)s->muf_g;
    f.mass_low_g = (int64_t)fmax(0, s->muf_g - 1.96 * s->sigma_g);
    f.mass_high_g = (int64_t)(s->muf_g + 1.96 * s->sigma_g) + 1;
    related_list related = {.count = 0};
    related_add(&related, city_text(c, site->key));
    related_add(&related, city_text(c, c->parties[site->party].key));
    f.sentence = rule_printf(
        ctx,
        _("Site %1$s, %2$s: %3$s at the first stock take, %4$s in and %5$s out leave %6$s more "
          "than "
          "the %7$s found at the last, %8$s times the error: where it went is to be checked"),
        city_text(c, site->key), code, rule_mass(ctx, (int64_t)s->first->opening_g),
        rule_mass(ctx, (int64_t)in), rule_mass(ctx, (int64_t)out), rule_mass(ctx, f.mass_g),
        rule_mass(ctx, (int64_t)s->last->closing_g),
        rule_printf(ctx, "%.1f", s->muf_g / s->sigma_g));
    finding_add_evidence(ctx, &f, N_("opening"), SEQ_COMPUTED, "%.0f g", s->first->opening_g);
    finding_add_evidence(ctx, &f, N_("in"), SEQ_COMPUTED, "%.0f g", in);
    finding_add_evidence(ctx, &f, N_("out"), SEQ_COMPUTED, "%.0f g", out);
    finding_add_evidence(ctx, &f, N_("closing"), SEQ_COMPUTED, "%.0f g", s->last->closing_g);
    finding_add_evidence(ctx, &f, N_("sigma"), SEQ_COMPUTED, "%.0f g", s->sigma_g);
    finding_add_evidence(ctx, &f, N_("smallest mass that would show"), SEQ_COMPUTED, "%.0f g",
                         3.29 * s->sigma_g);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

static bool is_covered(const rule_context *ctx, const balance *b)
{
    return rule_covers(ctx, code_stream(city_code(ctx->city, b->code)));
}

static double significant(const rule_context *ctx, const balance *b)
{
    return rule_parameter_value(ctx->rule, "significant_share") *
           (double)significant_mass_g(code_stream(city_code(ctx->city, b->code)));
}

/* One mass ten times too large explains it: nine tenths of the largest are missing. */
static bool looks_mistyped(const balance *b)
{
    return b->largest_in_g > 4 * b->second_in_g &&
           fabs(b->muf_g - 0.9 * b->largest_in_g) < 3 * b->sigma_g;
}

static bool is_undone_by(const balance *b, const balance *other)
{
    return other->index == b->index && other->muf_g < -0.5 * b->muf_g;
}

static wf_status run_abrupt(rule_context *ctx, wf_error *err)
{
    const balance_table *t = &ctx->shared->balances;
    double z = rule_parameter_value(ctx->rule, "z");
    for (size_t i = 0; i < t->count; i++) {
        const balance *b = &t->items[i];
        if (!is_covered(ctx, b))
            continue;
        rule_count_tests(ctx, 1);
        bool undone =
            (i > 0 && is_undone_by(b, b - 1)) || (i + 1 < t->count && is_undone_by(b, b + 1));
        if (b->muf_g <= z * b->sigma_g || b->muf_g <= significant(ctx, b) || undone ||
            looks_mistyped(b))
            continue;
        shortfall s = {b, b, b->muf_g, b->sigma_g, b->known_ms};
        wf_status status = report(ctx, &s, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

/* Neighbours share a stock take, which cancels in their sum: its variance counts once at each end
 * only. */
static shortfall accumulate(const balance *first, const balance *last)
{
    shortfall s = {first, last, 0, 0, TIME_NONE};
    double variance = 0;
    for (const balance *b = first; b <= last; b++) {
        double shared = b != last ? 2 * b->closing_sigma_g * b->closing_sigma_g : 0;
        s.muf_g += b->muf_g;
        variance += b->sigma_g * b->sigma_g - shared;
        s.known_ms = b->known_ms > s.known_ms ? b->known_ms : s.known_ms;
    }
    double ends = first->opening_sigma_g * first->opening_sigma_g +
                  last->closing_sigma_g * last->closing_sigma_g;
    s.sigma_g = sqrt(fmax(variance, ends));
    return s;
}

static wf_status run_protracted(rule_context *ctx, wf_error *err)
{
    const balance_table *t = &ctx->shared->balances;
    double z = rule_parameter_value(ctx->rule, "z");
    for (size_t first = 0; first < t->count;) {
        size_t end = first + 1;
        bool mistyped = looks_mistyped(&t->items[first]);
        while (end < t->count && t->items[end].index == t->items[first].index)
            mistyped = looks_mistyped(&t->items[end++]) || mistyped;
        const balance *from = &t->items[first];
        size_t count = end - first;
        first = end;
        if (count < 2 || !is_covered(ctx, from))
            continue;
        rule_count_tests(ctx, 1);
        shortfall s = accumulate(from, from + count - 1);
        if (s.muf_g <= z * s.sigma_g || s.muf_g <= significant(ctx, from) || mistyped)
            continue;
        wf_status status = report(ctx, &s, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

const rule rule_r26 = {
    .id = "R26",
    .name_en = N_("Site balance broken at once"),
    .name_zh = "节点物料不平衡(突变)",
    .family = FAMILY_BALANCE,
    .streams = STREAMS_ALL,
    .source = "固废法 第三十六条; detection.md 4.1, 4.2",
    .parameters = abrupt_parameters,
    .parameter_count = sizeof abrupt_parameters / sizeof *abrupt_parameters,
    .run = run_abrupt,
    .weight = 2.5,
};

const rule rule_r27 = {
    .id = "R27",
    .name_en = N_("Site balance broken little by little"),
    .name_zh = "节点物料不平衡(累积)",
    .family = FAMILY_BALANCE,
    .streams = STREAMS_ALL,
    .source = "固废法 第三十六条; detection.md 4.1, 4.2",
    .parameters = protracted_parameters,
    .parameter_count = sizeof protracted_parameters / sizeof *protracted_parameters,
    .run = run_protracted,
    .weight = 2.0,
};
