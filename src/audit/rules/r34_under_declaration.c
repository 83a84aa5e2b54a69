/*
 * R34: less waste declared than the activity would make. Week by week ln(declared / driver) of a
 * site, hazardous and other waste apart, against its own other weeks (a stretch that lies low,
 * scan.h); and the site's whole level against its peers of the same kind and driver where there are
 * eight. declared.h says what a week declares.
 *
 * Weeks that meet a filed shutdown are left out; after a filed process change the level may differ,
 * so the series starts anew.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/declared.h"
#include "audit/rules/rules.h"
#include "audit/scan.h"
#include "audit/shared.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"noise", 0.10, "ln", "proposal: least noise of a week's ratio"},
    {"least_shift", 0.20, "ln", "proposal: 18 % less"},
    {"coefficient_sigma", 0.35, "ln", "detection.md 2.5: s_coef"},
    {"peers", 8, "sites", "proposal"},
    {"peer_z", 1.645, "sigma", "one-sided 5 %"},
    {"p", 0.1, "", "proposal: what is not below it is not told of at all"},
    {"stands_alone", 0.02, "", "proposal: a fifth of DESIGN 5's q; fixes the day of the alarm"},
};

enum { PERIODS_MAX = 400 };

static bool is_generator(uint32_t kind)
{
    return kind >= SITE_FACTORY && kind <= SITE_MARKET;
}

/* Filings that touch a period: a shutdown leaves it out, a process change cuts the series at it. */
static bool is_left_out(const city *c, const declared_period *p, bool *cut)
{
    for (size_t i = 0; i < c->filing_count; i++) {
        const filing_row *f = &c->filings[i];
        if (f->site != p->site)
            continue;
        if (f->kind == FILING_SHUTDOWN && f->from_ms < p->to_ms && f->to_ms > p->from_ms)
            return true;
        if (f->kind == FILING_PROCESS_CHANGE && f->from_ms >= p->from_ms && f->from_ms < p->to_ms)
            *cut = true;
    }
    return false;
}

/* The periods of one class that are judged, in the order of time. */
typedef struct site_series {
    double values[PERIODS_MAX];
    const declared_period *periods[PERIODS_MAX];
    size_t count;
} site_series;

/* ln(declared / driver) of one class; a week of nothing counts as a twentieth of the usual one. */
static void read_series(site_series *s, const city *c, const declared_table *t, site_id site,
                        int class)
{
    double ratios[PERIODS_MAX];
    s->count = 0;
    for (size_t i = t->first[site]; i < t->first[site + 1]; i++) {
        const declared_period *p = &t->periods[i];
        bool cut = false;
        if (is_left_out(c, p, &cut) || p->known_ms[class] > c->now_ms)
            continue;
        if (cut)
            s->count = 0;
        if (s->count == PERIODS_MAX)
            break;
        ratios[s->count] = p->declared_g[class] / p->driver;
        s->periods[s->count++] = p;
    }
    double sorted[PERIODS_MAX];
    memcpy(sorted, ratios, s->count * sizeof *sorted);
    double usual = s->count > 0 ? median_in_place(sorted, s->count) : 0;
    if (!(usual > 0))
        s->count = 0; /* waste that comes in fewer than half the weeks has no weekly level */
    for (size_t i = 0; i < s->count; i++)
        s->values[i] = log(fmax(ratios[i], usual / 20));
}

/* ---- what all sites of a driver share -------------------------------------------------------- */

/* A festival, a short first week, a month's end: the median over the sites of one driver of how far
   a period lies from each site's own median. And the noise that remains, as a prior for each. */
typedef struct common_row {
    uint32_t driver;
    int class;
    int64_t from_ms;
    double value;
} common_row;

typedef struct common {
    common_row *rows; /* by driver, class, time; after make_common one row each */
    size_t count, capacity;
    double noise[DRIVER_COUNT][DECLARED_CLASSES]; /* 0: not known */
} common;

static int compare_common(const void *left, const void *right)
{
    const common_row *a = left;
    const common_row *b = right;
    if (a->driver != b->driver)
        return a->driver < b->driver ? -1 : 1;
    if (a->class != b->class)
        return a->class - b->class;
    if (a->from_ms != b->from_ms)
        return a->from_ms < b->from_ms ? -1 : 1;
    return (a->value > b->value) - (a->value < b->value);
}

static bool add_common(common *m, common_row row)
{
    if (!array_grow((void **)&m->rows, &m->capacity, m->count + 1, sizeof *m->rows))
        return false;
    m->rows[m->count++] = row;
    return true;
}

static bool same_period(const common_row *a, const common_row *b)
{
    return a->driver == b->driver && a->class == b->class && a->from_ms == b->from_ms;
}

/* Rows of one period become one, their median; fewer than five sites have nothing in common. */
static void fold_common(common *m)
{
    size_t kept = 0;
    if (m->count > 0)
        qsort(m->rows, m->count, sizeof *m->rows, compare_common);
    for (size_t first = 0; first < m->count;) {
        size_t end = first;
        while (end < m->count && same_period(&m->rows[first], &m->rows[end]))
            end++;
        common_row row = m->rows[first];
        row.value = end - first >= 5 ? m->rows[first + (end - first) / 2].value : 0;
        m->rows[kept++] = row;
        first = end;
    }
    m->count = kept;
}

static double common_value(const common *m, uint32_t driver, int class, int64_t from_ms)
{
    size_t low = 0;
    size_t high = m->count;
    common_row key = {driver, class, from_ms, -INFINITY};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_common(&m->rows[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->count && same_period(&m->rows[low], &key) ? m->rows[low].value : 0;
}

static void take_common_out(site_series *s, const common *m, uint32_t driver, int class)
{
    for (size_t i = 0; i < s->count; i++)
        s->values[i] -= common_value(m, driver, class, s->periods[i]->from_ms);
}

static double median_of(const double *values, size_t count)
{
    double sorted[PERIODS_MAX];
    memcpy(sorted, values, count * sizeof *sorted);
    return median_in_place(sorted, count);
}

static bool make_common(common *m, const city *c, const declared_table *t, site_series *s)
{
    for (site_id site = 0; site < c->site_count; site++)
        for (int class = 0; class < DECLARED_CLASSES && is_generator(c->sites[site].kind);
             class ++) {
            read_series(s, c, t, site, class);
            double centre = s->count > 0 ? median_of(s->values, s->count) : 0;
            for (size_t i = 0; i < s->count; i++)
                if (!add_common(m, (common_row){t->driver[site], class, s->periods[i]->from_ms,
                                                s->values[i] - centre}))
                    return false;
        }
    fold_common(m);
    common spread = {0}; /* the same fold, with each site's noise for a value */
    bool made = true;
    for (site_id site = 0; made && site < c->site_count; site++)
        for (int class = 0; made && class < DECLARED_CLASSES && is_generator(c->sites[site].kind);
             class ++) {
            read_series(s, c, t, site, class);
            take_common_out(s, m, t->driver[site], class);
            if (s->count >= 6)
                made = add_common(&spread, (common_row){t->driver[site], class, 0,
                                                        scan_sigma(s->values, s->count)});
        }
    fold_common(&spread);
    for (size_t i = 0; i < spread.count; i++)
        m->noise[spread.rows[i].driver][spread.rows[i].class] = spread.rows[i].value;
    free(spread.rows);
    return made;
}

static wf_status report(rule_context *ctx, const site_series *s, const scan_low *low, int class,
                        uint32_t driver, wf_error *err)
{
    const city *c = ctx->city;
    const declared_period *first = s->periods[low->first];
    const site_row *site = &c->sites[first->site];
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_INSPECT);
    double expected = 0;
    double declared = 0;
    for (size_t i = low->first; i < low->end; i++) {
        /* the value of a period is ln(declared / driver) less what all share, so put that back */
        double share = log(fmax(s->periods[i]->declared_g[class], 1) / s->periods[i]->driver);
        double all = s->periods[i]->declared_g[class] > 0 ? share - s->values[i] : 0;
        expected += s->periods[i]->driver * exp(low->level + all);
        declared += s->periods[i]->declared_g[class];
    }
    double n = (double)(low->end - low->first);
    double rest = (double)s->count - n;
    double u = 1.96 * low->sigma * sqrt(1 / n + 1 / rest);
    f.subject_kind = SUBJECT_SITE;
    f.subject = first->site;
    f.stream = class == 0 ? STREAM_NONE : STREAM_HAZARDOUS;
    if (site->kind == SITE_HOSPITAL || site->kind == SITE_CLINIC)
        f.stream = STREAM_MEDICAL;
    else if (class == 0 && (site->kind == SITE_FACTORY || site->kind == SITE_WORKSHOP))
        f.stream = STREAM_INDUSTRIAL;
    f.from_ms = first->from_ms;
    f.to_ms = s->periods[low->end - 1]->to_ms;
    f.detected_at_ms = s->periods[low->shown_at]->known_ms[class];
    f.p = low->p;
    f.mass_g = (int64_t)fmax(0, expected - declared);
    f.mass_low_g = (int64_t)fmax(0, expected * exp(-u) - declared);
    f.mass_high_g = (int64_t)fmax((double)f.mass_g, expected * exp(u) - declared) + 1;
    related_list related = {.count = 0};
    related_add(&related, city_text(c, site->key));
    related_add(&related, city_text(c, c->parties[site->party].key));
    f.sentence = rule_printf(
        ctx,
        _("Site %1$s declared %2$s in %3$s periods where its %4$s and its own other periods make "
          "%5$s likely, %6$s %% less: to be checked"),
        city_text(c, site->key), rule_mass(ctx, (int64_t)declared),
        rule_printf(ctx, "%zu", low->end - low->first),
        text_word(vocabulary_word(&vocabulary_driver, driver)), rule_mass(ctx, (int64_t)expected),
        rule_printf(ctx, "%.0f", 100 * (1 - exp(-low->shift))));
    finding_add_evidence(ctx, &f, N_("expected"), SEQ_COMPUTED, "%.0f g", expected);
    finding_add_evidence(ctx, &f, N_("declared"), SEQ_COMPUTED, "%.0f g", declared);
    finding_add_evidence(ctx, &f, N_("noise of one period, ln"), SEQ_COMPUTED, "%.3f", low->sigma);
    finding_add_evidence(ctx, &f, N_("shift, ln"), SEQ_COMPUTED, "%.3f", -low->shift);
    finding_add_evidence(ctx, &f, N_("z"), SEQ_COMPUTED, "%.2f", low->z);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

/* ---- peers ----------------------------------------------------------------------------------- */

/* The level of a site against its peers, as a stretch that covers everything. */
static bool find_peer_low(scan_low *out, const rule_context *ctx, const double *levels,
                          site_id site, size_t periods)
{
    const city *c = ctx->city;
    double *peers = malloc((c->site_count + 1) * sizeof *peers);
    size_t count = 0;
    for (size_t i = 0; peers != NULL && i < c->site_count; i++)
        if (i != site && c->sites[i].kind == c->sites[site].kind &&
            c->sites[i].driver == c->sites[site].driver && !isnan(levels[i]))
            peers[count++] = levels[i];
    bool enough = peers != NULL && count >= rule_parameter_value(ctx->rule, "peers");
    if (enough) {
        double level = median_in_place(peers, count);
        double spread = fmax(mad_sigma_in_place(peers, count, level),
                             rule_parameter_value(ctx->rule, "coefficient_sigma"));
        double z = (level - levels[site]) / spread;
        *out = (scan_low){
            0, periods,         level - levels[site], level, spread * sqrt((double)periods),
            z, normal_upper(z), periods - 1};
        enough = z > rule_parameter_value(ctx->rule, "peer_z");
    }
    free(peers);
    return enough;
}

static wf_status test_site(rule_context *ctx, const declared_table *t, const common *m,
                           double *levels, site_id site, site_series *s, int class, bool peers,
                           wf_error *err)
{
    const rule *r = ctx->rule;
    uint32_t driver = t->driver[site];
    read_series(s, ctx->city, t, site, class);
    take_common_out(s, m, driver, class);
    double sum = 0;
    for (size_t i = 0; i < s->count; i++)
        sum += s->values[i];
    if (!peers)
        levels[site] = s->count >= 2 ? sum / (double)s->count : NAN;
    if (s->count < 2)
        return WF_OK;
    scan_low low = {0};
    /* Alone among the tests of both classes, and with something to spare: what all sites share was
       known less well then. */
    double enough =
        rule_parameter_value(r, "stands_alone") / (double)(2 * ctx->city->site_count + 1);
    scan_noise noise = {rule_parameter_value(r, "noise"), m->noise[driver][class], 8};
    bool found = peers ? find_peer_low(&low, ctx, levels, site, s->count)
                       : scan_find_low(&low, s->values, s->count, &noise, enough);
    rule_count_tests(ctx, peers || s->count >= 6 ? 1 : 0);
    if (!found || low.p > rule_parameter_value(r, "p") ||
        low.shift < rule_parameter_value(r, "least_shift"))
        return WF_OK;
    return report(ctx, s, &low, class, t->driver[site], err);
}

static wf_status test_class(rule_context *ctx, const declared_table *t, const common *m,
                            double *levels, site_series *s, int class, wf_error *err)
{
    const city *c = ctx->city;
    for (int peers = 0; peers < 2; peers++)
        for (site_id site = 0; site < c->site_count; site++) {
            if (peers == 0)
                levels[site] = NAN;
            uint32_t kind = c->sites[site].kind;
            /* Factories make what they make; only like sites have like coefficients. */
            bool comparable = kind == SITE_CLINIC || kind == SITE_HOSPITAL ||
                              kind == SITE_COMMUNITY || kind == SITE_MARKET;
            if (!is_generator(kind) || (peers == 1 && (!comparable || isnan(levels[site]))))
                continue;
            wf_status status = test_site(ctx, t, m, levels, site, s, class, peers == 1, err);
            if (status != WF_OK)
                return status;
        }
    return WF_OK;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    declared_table t = {0};
    common m = {0};
    double *levels = malloc((c->site_count + 1) * sizeof *levels);
    site_series *s = malloc(sizeof *s);
    wf_status status = WF_OK;
    if (levels == NULL || s == NULL || !declared_make(&t, c)) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the activity of sites"));
    } else {
        if (!make_common(&m, c, &t, s))
            status = wf_fail(err, WF_SYSTEM, _("out of memory for what sites share"));
        for (int class = 0; class < DECLARED_CLASSES && status == WF_OK; class ++)
            status = test_class(ctx, &t, &m, levels, s, class, err);
    }
    declared_free(&t);
    free(m.rows);
    free(levels);
    free(s);
    return status;
}

const rule rule_r34 = {
    .id = "R34",
    .name_en = N_("Less declared than the activity would make"),
    .name_zh = "申报量偏低",
    .family = FAMILY_GENERATION,
    .streams = STREAMS_ALL,
    .source = "法释〔2023〕7号 第十五条; 固废法 第三十六条; detection.md 2.5",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.2,
};
