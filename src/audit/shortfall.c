/*
 * audit/shortfall.c: see shortfall.h.
 */
#include "audit/shortfall.h"

#include "audit/rank.h"
#include "audit/shared.h"

shortfall shortfall_sum(const balance_table *t, const balance *first, const balance *last)
{
    shortfall s = {.first = first, .last = last, .shown_ms = TIME_NONE};
    double variance = 0;
    for (const balance *a = first; a <= last; a++) {
        s.muf_g += a->muf_g;
        s.shown_ms = a->known_ms > s.shown_ms ? a->known_ms : s.shown_ms;
        variance += a->sigma_g * a->sigma_g;
        for (const balance *b = first; b < a; b++)
            variance += 2 * balance_covariance_g2(t, a, b);
    }
    /* The stock takes at the two ends are in every sum. */
    double ends = first->opening_sigma_g * first->opening_sigma_g +
                  last->closing_sigma_g * last->closing_sigma_g;
    s.sigma_g = sqrt(fmax(variance, ends));
    return s;
}

wf_status shortfall_report(rule_context *ctx, const shortfall *s, wf_error *err)
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
    f.detected_at_ms = s->shown_ms;
    f.p = s->p;
    f.mass_g = (int64_t)s->muf_g;
    f.mass_low_g = (int64_t)fmax(0, s->muf_g - 1.96 * s->sigma_g);
    f.mass_high_g = (int64_t)(s->muf_g + 1.96 * s->sigma_g) + 1;
    related_list related = {.count = 0};
    related_add(&related, city_text(c, site->key));
    related_add(&related, city_text(c, c->parties[site->party].key));
    f.sentence = rule_printf(
        ctx,
        _("Site %1$s, %2$s: %3$s at the first stock take, %4$s in and %5$s out leave %6$s more "
          "than the %7$s found at the last, %8$s times the error: where it went is to be checked"),
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
    if (s->test != NULL)
        finding_add_evidence(ctx, &f, s->test, SEQ_COMPUTED, "%.2f", s->statistic);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

bool balance_is_covered(const rule_context *ctx, const balance *b)
{
    return rule_covers(ctx, code_stream(city_code(ctx->city, b->code)));
}

double balance_significant_g(const rule_context *ctx, const balance *b)
{
    return rule_parameter_value(ctx->rule, "significant_share") *
           (double)significant_mass_g(code_stream(city_code(ctx->city, b->code)));
}

bool balance_looks_mistyped(const balance *b)
{
    return b->largest_in_g > 4 * b->second_in_g &&
           fabs(b->muf_g - 0.9 * b->largest_in_g) < 3 * b->sigma_g;
}
