/*
 * R17: less arrived than was sent, by more than the two scales' errors. The scale pair's own effect
 * and the material's loss allowance are taken out first; z stands on the scales' permissible
 * errors, scaled until ordinary loads look normal; Benjamini-Hochberg over all pairs.
 *
 * The effect of the scales may clear a load and never accuse one: what is missing must be missing
 * on the scales' own figures too. A scale goes wrong on some day and is mended on another, and the
 * loads before and behind it in the same window were weighed right.
 *
 * Kept out: loads on a scale that R24 holds for wrong; figures that look typed wrong (a factor of
 * ten, two digits exchanged), for then the paper is at fault and not the load.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"z", 3.29, "sigma", "detection.md 4.2: 5 % false alarm, 95 % detection of a single load"},
    {"share", 0.005, "share of the load", "proposal: below it no inspector can act on one load"},
    {"least_mass", 1, "kg", "proposal"},
    {"severe_mass", 500, "kg", "detection.md, R17"},
};

/* The same digits with two exchanged, or with one digit changed: how people mistype. */
static bool looks_mistyped(double sent_g, double arrived_g)
{
    double ratio = sent_g / arrived_g;
    for (double factor = 10; factor < 2000; factor *= 10)
        if (fabs(ratio / factor - 1) < 0.03 || fabs(ratio * factor - 1) < 0.03)
            return true;
    char a[32];
    char b[32];
    snprintf(a, sizeof a, "%" PRId64, (int64_t)(sent_g / 10));
    snprintf(b, sizeof b, "%" PRId64, (int64_t)(arrived_g / 10));
    if (strlen(a) != strlen(b))
        return false;
    for (size_t i = 0; a[i + 1] != '\0'; i++)
        if (a[i] != a[i + 1] && a[i] == b[i + 1] && a[i + 1] == b[i] && strncmp(a, b, i) == 0 &&
            strcmp(a + i + 2, b + i + 2) == 0)
            return true;
    return false;
}

static bool is_tested(const rule_context *ctx, const weight_pair *p)
{
    const manifest_row *m = &ctx->city->manifests[p->manifest];
    if (!rule_covers(ctx, (enum waste_stream)m->stream) ||
        load_pair_blocked(&ctx->shared->loads, p, 1)) /* one partner will do: rather say nothing */
        return false;
    bool tickets = p->origin_ticket != BOOK_NONE && p->destination_ticket != BOOK_NONE;
    return tickets || !looks_mistyped(p->sent_g, p->arrived_g);
}

/* With and without the effect of the scales: the smaller gap counts. */
static double gap_of(const weight_pair *p)
{
    return fmin(p->gap_g, p->plain_gap_g);
}

static wf_status report(rule_context *ctx, const weight_pair *p, wf_error *err)
{
    double gap_g = gap_of(p);
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[p->manifest];
    bool severe = gap_g > 1000 * rule_parameter_value(ctx->rule, "severe_mass");
    finding f = rule_finding(ctx, FINDING_SUSPICION, severe ? SEVERITY_INSPECT : SEVERITY_CHECK);
    f.subject_kind = SUBJECT_MANIFEST;
    f.subject = p->manifest;
    f.stream = (enum waste_stream)m->stream;
    f.from_ms = m->picked_up_ms < p->at_ms ? m->picked_up_ms : p->at_ms;
    f.to_ms = p->at_ms;
    f.detected_at_ms = p->known_ms;
    f.p = normal_upper(gap_g / p->sigma_g);
    f.mass_g = (int64_t)gap_g;
    f.mass_low_g = (int64_t)fmax(0, gap_g - 1.96 * p->sigma_g);
    f.mass_high_g = (int64_t)(gap_g + 1.96 * p->sigma_g) + 1;
    related_list related = {.count = 0};
    related_add(&related, city_text(c, m->key));
    related_add(&related, city_text(c, c->vehicles[m->vehicle].key));
    related_add(&related, city_text(c, c->sites[m->generator_site].key));
    related_add(&related, city_text(c, c->sites[m->facility_site].key));
    if (p->origin_ticket != BOOK_NONE)
        related_add(&related, city_text(c, c->weighings[p->origin_ticket].key));
    if (p->destination_ticket != BOOK_NONE)
        related_add(&related, city_text(c, c->weighings[p->destination_ticket].key));
    related_add(&related, city_text(c, c->parties[m->carrier].key));
    f.sentence = rule_printf(
        ctx,
        _("Manifest %1$s: %2$s left on scale %3$s and %4$s arrived on scale %5$s; after a loss "
          "allowance of %6$s and the scales' own effect of %7$s, %8$s is missing, %9$s times the "
          "error: to be checked"),
        city_text(c, m->key), rule_mass(ctx, (int64_t)p->sent_g),
        city_text(c, c->scales[p->origin].key), rule_mass(ctx, (int64_t)p->arrived_g),
        city_text(c, c->scales[p->destination].key), rule_mass(ctx, (int64_t)p->allowance_g),
        rule_mass(ctx, (int64_t)p->bias_g), rule_mass(ctx, (int64_t)gap_g),
        rule_printf(ctx, "%.1f", gap_g / p->sigma_g));
    finding_add_evidence(ctx, &f, N_("sent"), m->seq, "%.0f g", p->sent_g);
    finding_add_evidence(ctx, &f, N_("arrived"), m->seq, "%.0f g", p->arrived_g);
    finding_add_evidence(ctx, &f, N_("loss allowance"), SEQ_COMPUTED, "%.0f g", p->allowance_g);
    finding_add_evidence(ctx, &f, N_("effect of the scales"), SEQ_COMPUTED, "%.0f g", p->bias_g);
    finding_add_evidence(ctx, &f, N_("sigma"), SEQ_COMPUTED, "%.0f g", p->sigma_g);
    finding_add_evidence(ctx, &f, N_("z"), SEQ_COMPUTED, "%.2f", gap_g / p->sigma_g);
    finding_add_evidence(ctx, &f, N_("smallest mass that would show"), SEQ_COMPUTED, "%.0f g",
                         3.29 * p->sigma_g);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

/* ---- when a finding could first be shown ----------------------------------------------------- */

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int compare_known(const void *left, const void *right)
{
    const finding *a = *(finding *const *)left;
    const finding *b = *(finding *const *)right;
    if (a->detected_at_ms != b->detected_at_ms)
        return a->detected_at_ms < b->detected_at_ms ? -1 : 1;
    return (a->subject > b->subject) - (a->subject < b->subject);
}

/* Largest p that stands among `count` sorted ones and so many tests. */
static double standing_limit(const double *p, size_t count, size_t tests, double q)
{
    for (size_t i = count; i > 0; i--)
        if (p[i - 1] <= q * (double)i / (double)tests)
            return p[i - 1];
    return -1;
}

/* Benjamini-Hochberg grows more generous with each discovery: a weak finding stands only when
   enough others are known beside it. Replays the discoveries in the order in which they were
   known; what stands nowhere keeps its time, for it does not stand at the end either. */
static void date_findings(rule_context *ctx, int64_t *test_ms, size_t tests, finding **order,
                          double *p)
{
    double q = ctx->options->q > 0 ? ctx->options->q : 0.10;
    qsort(test_ms, tests, sizeof *test_ms, compare_times);
    for (size_t i = 0; i < ctx->count; i++)
        order[i] = &ctx->findings[i];
    qsort(order, ctx->count, sizeof(finding *), compare_known);
    size_t known = 0;
    size_t waiting = 0; /* order[0 .. waiting) are known and do not stand yet */
    for (size_t i = 0; i < ctx->count; i++) {
        finding *f = order[i];
        int64_t now_ms = f->detected_at_ms;
        while (known < tests && test_ms[known] <= now_ms)
            known++;
        size_t at = i;
        for (; at > 0 && p[at - 1] > f->p; at--)
            p[at] = p[at - 1];
        p[at] = f->p;
        order[waiting++] = f;
        double limit = standing_limit(p, i + 1, known, q);
        size_t kept = 0;
        for (size_t k = 0; k < waiting; k++) {
            if (order[k]->p <= limit)
                order[k]->detected_at_ms = now_ms;
            else
                order[kept++] = order[k];
        }
        waiting = kept;
    }
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const load_table *t = &ctx->shared->loads;
    int64_t *test_ms = malloc((t->count + 1) * sizeof *test_ms);
    if (test_ms == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for the times of the tests"));
    double z = rule_parameter_value(ctx->rule, "z");
    double share = rule_parameter_value(ctx->rule, "share");
    double least_kg = rule_parameter_value(ctx->rule, "least_mass");
    size_t tests = 0;
    wf_status status = WF_OK;
    for (size_t i = 0; i < t->count && status == WF_OK; i++) {
        const weight_pair *p = &t->pairs[i];
        if (!is_tested(ctx, p))
            continue;
        rule_count_tests(ctx, 1);
        test_ms[tests++] = p->known_ms;
        double gap_g = gap_of(p);
        if (gap_g <= z * p->sigma_g || gap_g < share * p->sent_g || gap_g < 1000 * least_kg)
            continue;
        status = report(ctx, p, err);
    }
    finding **order = malloc((ctx->count + 1) * sizeof(finding *));
    double *p = malloc((ctx->count + 1) * sizeof *p);
    if (status == WF_OK && (order == NULL || p == NULL))
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the order of the findings"));
    if (status == WF_OK)
        date_findings(ctx, test_ms, tests, order, p);
    free(order);
    free(p);
    free(test_ms);
    return status;
}

static const char *const after[] = {"R24", NULL};

const rule rule_r17 = {
    .id = "R17",
    .name_en = N_("Sent and received weights differ"),
    .name_zh = "收发重量不符",
    .family = FAMILY_WEIGHT,
    .streams = STREAMS_ALL,
    .source = "危险废物转移管理办法 第十八条; OIML R 76; detection.md 4.6",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.2,
    .after = after,
};
