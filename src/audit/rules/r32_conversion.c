/*
 * R32: a disposer whose treatments leave less than they did. Residue and product per tonne treated,
 * and electricity per tonne, week by week, each against the site's own other weeks (scan.h). Each
 * input code has its own usual yield at each site, so a change of what comes in is not a change of
 * how it is treated.
 *
 * A plant burns power when it treats nothing, so power does not grow in proportion to what is
 * treated: the exponent between the two is read from the steps from week to week, which a false
 * claim changes only where it begins and ends.
 *
 * What is claimed as treated and was not leaves no residue and takes no power: only falls are
 * reported.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/rank.h"
#include "audit/rules/rules.h"
#include "audit/scan.h"
#include "audit/shared.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"noise", 0.02, "ln", "proposal: least noise of a bin's yield"},
    {"power_noise", 0.05, "ln", "proposal"},
    {"least_claim", 0.26, "ln", "proposal: 30 % more; a wet month stays below it"},
    {"significant_share", 0.5, "of the significant mass", "detection.md, R26"},
    {"least_shift", 0.04, "ln", "proposal: 4 % less"},
    {"p", 0.1, "", "proposal: what is not below it is not told of at all"},
    {"stands_alone", 0.0005, "",
     "proposal: DESIGN 5's q over 200 series; fixes the day of the alarm"},
};

#define POWER_EXPONENT_LEAST 0.5

enum { WEEKS_MAX = 500, YIELD_DAYS = 3 };

/* What a finding is about. */
enum sign { SIGN_YIELD, SIGN_POWER, SIGN_LOSS_CLAIM };

typedef struct yield {
    site_id site;
    code_id output, input;
    int64_t time_ms, known_ms;
    double in_g, out_g;
    double usual; /* out / in that this site usually gets from this input */
} yield;

static int compare_yields(const void *left, const void *right)
{
    const yield *a = left;
    const yield *b = right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    if (a->output != b->output)
        return a->output < b->output ? -1 : 1;
    if (a->input != b->input)
        return a->input < b->input ? -1 : 1;
    return (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
}

static yield *read_yields(const city *c, size_t *out_count)
{
    yield *list = malloc((c->treatment_count + 1) * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; list != NULL && i < c->treatment_count; i++) {
        const treatment_row *t = &c->treatments[i];
        if (t->output_code == BOOK_NONE || t->output_g <= 0 || t->mass_g <= 0 ||
            t->output_code == t->code)
            continue;
        list[count++] =
            (yield){t->site,           t->output_code,      t->code, t->time_ms, t->known_ms,
                    (double)t->mass_g, (double)t->output_g, 0};
    }
    if (count > 0)
        qsort(list, count, sizeof *list, compare_yields);
    *out_count = count;
    return list;
}

/* The median yield of each site, output and input. Scratch has room for all. */
static void set_usual(yield *list, size_t count, double *scratch)
{
    for (size_t first = 0; first < count;) {
        size_t end = first;
        while (end < count && list[end].site == list[first].site &&
               list[end].output == list[first].output && list[end].input == list[first].input) {
            scratch[end - first] = list[end].out_g / list[end].in_g;
            end++;
        }
        double usual = median_in_place(scratch, end - first);
        for (size_t i = first; i < end; i++)
            list[i].usual = usual;
        first = end;
    }
}

typedef struct weekly {
    double values[WEEKS_MAX], in_g[WEEKS_MAX], out_g[WEEKS_MAX];
    int64_t known_ms[WEEKS_MAX], from_ms[WEEKS_MAX];
    size_t count;
} weekly;

/* Sums of one site and output by week: ln(out / what the inputs usually give). */
static void read_weeks(weekly *w, const city *c, const yield *list, size_t count)
{
    static const int64_t week_ms = YIELD_DAYS * TIME_DAY_MS;
    double made[WEEKS_MAX] = {0};
    double usual[WEEKS_MAX] = {0};
    double in[WEEKS_MAX] = {0};
    int64_t known[WEEKS_MAX] = {0};
    for (size_t i = 0; i < count; i++) {
        int64_t week = (list[i].time_ms - c->first_ms) / week_ms;
        if (week < 0 || week >= WEEKS_MAX)
            continue;
        made[week] += list[i].out_g;
        usual[week] += list[i].in_g * list[i].usual;
        in[week] += list[i].in_g;
        known[week] = list[i].known_ms > known[week] ? list[i].known_ms : known[week];
    }
    w->count = 0;
    for (size_t week = 0; week < WEEKS_MAX; week++) {
        if (!(usual[week] > 0) || !(made[week] > 0))
            continue;
        w->values[w->count] = log(made[week] / usual[week]);
        w->in_g[w->count] = in[week];
        w->out_g[w->count] = made[week];
        w->known_ms[w->count] = known[week];
        w->from_ms[w->count++] = c->first_ms + (int64_t)week * week_ms;
    }
}

typedef struct slope {
    double value, weight;
} slope;

static int compare_slopes(const void *left, const void *right)
{
    const slope *a = left;
    const slope *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return (a->weight > b->weight) - (a->weight < b->weight);
}

/* ln power grows by so much of ln treated: the median slope of the steps between weeks, each
   weighted by its length. 1 with fewer than twelve weeks. values holds ln power. */
static double power_exponent(const weekly *w)
{
    slope slopes[WEEKS_MAX];
    size_t count = 0;
    double total = 0;
    for (size_t i = 0; i + 1 < w->count; i++) {
        double step = log(w->in_g[i + 1] / w->in_g[i]);
        if (fabs(step) < 1e-6)
            continue;
        slopes[count++] = (slope){(w->values[i + 1] - w->values[i]) / step, fabs(step)};
        total += fabs(step);
    }
    if (count < 11)
        return 1;
    qsort(slopes, count, sizeof *slopes, compare_slopes);
    double sum = 0;
    size_t middle = 0;
    while (middle + 1 < count && (sum += slopes[middle].weight) < total / 2)
        middle++;
    return fmin(1, slopes[middle].value);
}

/* Electricity of a site per tonne treated, by its own activity periods. */
static void read_power(weekly *w, const city *c, const activity_row *const *rows, size_t row_count,
                       const treatment_row *const *treated, size_t count)
{
    w->count = 0;
    size_t at = 0;
    for (size_t i = 0; i < row_count && w->count < WEEKS_MAX; i++) {
        const activity_row *a = rows[i];
        double in = 0;
        int64_t known = a->to_ms;
        while (at < count && treated[at]->time_ms < a->from_ms)
            at++;
        for (; at < count && treated[at]->time_ms < a->to_ms; at++) {
            in += (double)treated[at]->mass_g;
            known = treated[at]->known_ms > known ? treated[at]->known_ms : known;
        }
        if (!(in > 0) || a->value_micro <= 0 || a->to_ms > c->now_ms)
            continue;
        w->values[w->count] = log((double)a->value_micro);
        w->in_g[w->count] = in;
        w->out_g[w->count] = 0;
        w->known_ms[w->count] = known;
        w->from_ms[w->count++] = a->from_ms;
    }
    double exponent = power_exponent(w);
    if (exponent < POWER_EXPONENT_LEAST)
        w->count = 0; /* power that hardly follows what is treated tells nothing about it */
    for (size_t i = 0; i < w->count;
         i++) /* what the power could have treated, over what is stated */
        w->values[i] = w->values[i] / exponent - log(w->in_g[i]);
}

static const char *sentence_of(rule_context *ctx, enum sign sign, site_id site, code_id output,
                               const scan_low *low, const char *days, double in_g, int64_t mass_g)
{
    const city *c = ctx->city;
    const char *name = city_text(c, c->sites[site].key);
    const char *treated = rule_mass(ctx, (int64_t)in_g);
    const char *less = rule_printf(ctx, "%.1f", 100 * (1 - exp(-low->shift)));
    if (sign == SIGN_LOSS_CLAIM)
        return rule_printf(ctx,
                           _("Site %1$s: for %2$s days it stated %3$s more %4$s per tonne than in "
                             "its other days (%5$s treated): whether that much was lost is to be "
                             "checked"),
                           name, days, rule_mass(ctx, mass_g), city_code(c, output), treated);
    if (sign == SIGN_POWER)
        return rule_printf(
            ctx,
            _("Site %1$s: for %2$s days its treatments took %3$s %% less electricity "
              "per tonne than in its other days, while %4$s was stated as treated: to "
              "be checked"),
            name, days, less, treated);
    return rule_printf(ctx,
                       _("Site %1$s: for %2$s days its treatments gave %3$s %% less %4$s per tonne "
                         "than in its other days, while %5$s was stated as treated: to be checked"),
                       name, days, less, city_code(c, output), treated);
}

/* When p was small enough and what was in doubt by then a significant mass. */
static int64_t shown_ms(enum sign sign, const weekly *w, const scan_low *low, double significant_g)
{
    int64_t known_ms = TIME_NONE;
    double mass_g = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (i >= low->first && i < low->end)
            mass_g += (sign == SIGN_LOSS_CLAIM ? w->out_g[i] : w->in_g[i]) * (1 - exp(-low->shift));
        known_ms = w->known_ms[i] > known_ms ? w->known_ms[i] : known_ms;
        if (i >= low->shown_at && mass_g >= significant_g)
            break;
    }
    return known_ms;
}

static wf_status report(rule_context *ctx, enum sign sign, site_id site, code_id output,
                        const weekly *w, const scan_low *low, wf_error *err)
{
    const city *c = ctx->city;
    const site_row *row = &c->sites[site];
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_INSPECT);
    int64_t bin_ms = (sign == SIGN_POWER ? 7 : YIELD_DAYS) * TIME_DAY_MS;
    double in = 0;
    double base = 0; /* what the share that is in doubt is a share of */
    for (size_t i = low->first; i < low->end; i++) {
        in += w->in_g[i];
        base += sign == SIGN_LOSS_CLAIM ? w->out_g[i] : w->in_g[i];
    }
    double n = (double)(low->end - low->first);
    double u = 1.96 * low->sigma * sqrt(1 / n + 1 / ((double)w->count - n));
    f.subject_kind = SUBJECT_SITE;
    f.subject = site;
    f.from_ms = w->from_ms[low->first];
    f.to_ms = w->from_ms[low->end - 1] + bin_ms;
    f.p = low->p;
    f.mass_g = (int64_t)(base * (1 - exp(-low->shift)));
    f.mass_low_g = (int64_t)(base * fmax(0, 1 - exp(-low->shift + u)));
    f.mass_high_g = (int64_t)(base * (1 - exp(-low->shift - u))) + 1;
    double significant_g = rule_parameter_value(ctx->rule, "significant_share") *
                           (double)significant_mass_g(finding_stream(c, &f));
    if ((double)f.mass_g < significant_g)
        return WF_OK; /* a kilogram of ash more or less is how scales are read */
    f.detected_at_ms = shown_ms(sign, w, low, significant_g);
    related_list related = {.count = 0};
    related_add(&related, city_text(c, row->key));
    related_add(&related, city_text(c, c->parties[row->party].key));
    const char *days =
        rule_printf(ctx, "%.0f", (double)(f.to_ms - f.from_ms) / (double)TIME_DAY_MS);
    f.sentence = sentence_of(ctx, sign, site, output, low, days, in, f.mass_g);
    finding_add_evidence(ctx, &f, N_("shift, ln"), SEQ_COMPUTED, "%.3f", -low->shift);
    finding_add_evidence(ctx, &f, N_("noise of one period, ln"), SEQ_COMPUTED, "%.3f", low->sigma);
    finding_add_evidence(ctx, &f, N_("stated as treated"), SEQ_COMPUTED, "%.0f g", in);
    finding_add_evidence(ctx, &f, N_("z"), SEQ_COMPUTED, "%.2f", low->z);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

static wf_status test(rule_context *ctx, enum sign sign, site_id site, code_id output, weekly *w,
                      double prior, wf_error *err)
{
    if (w->count < 6)
        return WF_OK;
    rule_count_tests(ctx, 1);
    scan_low low;
    scan_noise noise = {
        rule_parameter_value(ctx->rule, sign == SIGN_POWER ? "power_noise" : "noise"), prior, 8};
    if (sign == SIGN_LOSS_CLAIM)
        for (size_t i = 0; i < w->count; i++)
            w->values[i] = -w->values[i];
    if (!scan_find_low(&low, w->values, w->count, &noise,
                       rule_parameter_value(ctx->rule, "stands_alone")) ||
        low.p > rule_parameter_value(ctx->rule, "p") ||
        low.shift < rule_parameter_value(ctx->rule,
                                         sign == SIGN_LOSS_CLAIM ? "least_claim" : "least_shift"))
        return WF_OK;
    return report(ctx, sign, site, output, w, &low, err);
}

static size_t end_of_series(const yield *list, size_t count, size_t first)
{
    size_t end = first;
    while (end < count && list[end].site == list[first].site &&
           list[end].output == list[first].output)
        end++;
    return end;
}

/* The median noise of all yields of the city, which each series' own is drawn to. */
static double usual_noise(const city *c, const yield *list, size_t count, weekly *w,
                          double *scratch)
{
    size_t n = 0;
    for (size_t first = 0; first < count;) {
        size_t end = end_of_series(list, count, first);
        read_weeks(w, c, list + first, end - first);
        if (w->count >= 6)
            scratch[n++] = scan_sigma(w->values, w->count);
        first = end;
    }
    return n >= 5 ? median_in_place(scratch, n) : 0;
}

static wf_status test_yields(rule_context *ctx, const yield *list, size_t count, weekly *w,
                             double *scratch, wf_error *err)
{
    const city *c = ctx->city;
    double prior = usual_noise(c, list, count, w, scratch);
    wf_status status = WF_OK;
    for (size_t first = 0; first < count && status == WF_OK;) {
        size_t end = end_of_series(list, count, first);
        site_id site = list[first].site;
        code_id output = list[first].output;
        const char *word = city_code(c, output);
        read_weeks(w, c, list + first, end - first);
        bool claim = strcmp(word, "leachate") == 0 || strcmp(word, "water") == 0;
        status = test(ctx, claim ? SIGN_LOSS_CLAIM : SIGN_YIELD, site, output, w, prior, err);
        first = end;
    }
    return status;
}

/* ---- electricity ---------------------------------------------------------------------------- */

static int compare_activity(const void *left, const void *right)
{
    const activity_row *a = *(const activity_row *const *)left;
    const activity_row *b = *(const activity_row *const *)right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->from_ms > b->from_ms) - (a->from_ms < b->from_ms);
}

static int compare_treatments(const void *left, const void *right)
{
    const treatment_row *a = *(const treatment_row *const *)left;
    const treatment_row *b = *(const treatment_row *const *)right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
}

static wf_status test_power(rule_context *ctx, weekly *w, wf_error *err)
{
    const city *c = ctx->city;
    const activity_row **rows = malloc((c->activity_count + 1) * sizeof(activity_row *));
    const treatment_row **treated = malloc((c->treatment_count + 1) * sizeof(treatment_row *));
    size_t row_count = 0;
    size_t count = 0;
    wf_status status = WF_OK;
    if (rows == NULL || treated == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the electricity of sites"));
    for (size_t i = 0; status == WF_OK && i < c->activity_count; i++)
        if (c->activities[i].driver == DRIVER_KWH)
            rows[row_count++] = &c->activities[i];
    for (size_t i = 0; status == WF_OK && i < c->treatment_count; i++)
        if (c->treatments[i].first != 0)
            treated[count++] = &c->treatments[i];
    if (row_count > 0)
        qsort(rows, row_count, sizeof *rows, compare_activity);
    if (count > 0)
        qsort(treated, count, sizeof *treated, compare_treatments);
    for (size_t i = 0, k = 0; status == WF_OK && i < row_count;) {
        site_id site = rows[i]->site;
        size_t row_end = i;
        while (row_end < row_count && rows[row_end]->site == site)
            row_end++;
        while (k < count && treated[k]->site < site)
            k++;
        size_t end = k;
        while (end < count && treated[end]->site == site)
            end++;
        if (end > k) {
            read_power(w, c, rows + i, row_end - i, treated + k, end - k);
            status = test(ctx, SIGN_POWER, site, BOOK_NONE, w, 0, err);
        }
        i = row_end;
        k = end;
    }
    free(rows);
    free(treated);
    return status;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    size_t count = 0;
    yield *list = read_yields(ctx->city, &count);
    double *scratch = malloc((count + 1) * sizeof *scratch);
    weekly *w = malloc(sizeof *w);
    wf_status status = WF_OK;
    if (list == NULL || scratch == NULL || w == NULL) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the yields of treatments"));
    } else {
        set_usual(list, count, scratch);
        status = test_yields(ctx, list, count, w, scratch, err);
        if (status == WF_OK)
            status = test_power(ctx, w, err);
    }
    free(list);
    free(scratch);
    free(w);
    return status;
}

const rule rule_r32 = {
    .id = "R32",
    .name_en = N_("Treatment yields less than it did"),
    .name_zh = "处置转化率异常",
    .family = FAMILY_GENERATION,
    .streams = STREAMS_ALL,
    .source = "仉博 (2020), 上海; 法释〔2023〕7号 第十五条; detection.md 2.1",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.8,
};
