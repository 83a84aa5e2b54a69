/*
 * R27: a site whose stock does not come out little by little. Over the balances of a node between
 * its stock takes, three tests (detection.md 4.2, 9):
 *   - CUMUF: the sum against its own sigma, with all covariances, over 1.96;
 *   - Page's test, slow and fast, on SITMUF: Sigma = C C', y = C^-1 MUF, which is independent and
 *     standard normal when nothing is missing. y_i depends on nothing later than balance i.
 * The three look at the same figures, so the least p counts three times.
 *
 * What is reported is the sum over the run that the test stands on; it must be a significant mass,
 * and the balances behind it must not give it back (a stock take read wrong). A node that has a
 * mass typed ten times too large is left to R18 and to its own correction.
 */
#include <stdlib.h>

#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "audit/shortfall.h"
#include "audit/statistics.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"z", 1.96, "sigma", "detection.md, R27: CUMUF"},
    {"k_slow", 0.25, "sigma", "detection.md, R27: Page on SITMUF"},
    {"h_slow", 8.0, "sigma", "detection.md, R27: 52 balances; for others as in table 4.4"},
    {"k_fast", 1.0, "sigma", "detection.md, R27: Page on SITMUF"},
    {"h_fast", 2.66, "sigma", "detection.md, R27: 52 balances; for others as in table 4.4"},
    {"significant_share", 0.5, "of the significant mass", "detection.md, R26"},
};

enum { TESTS = 3, BALANCES_MAX = 500 };

typedef struct node {
    const balance *items;
    size_t count;
    double *sitmuf;
} node;

/* y = C^-1 MUF. False when the covariance is not positive definite: then CUMUF alone is judged. */
static bool standardise(node *n, const balance_table *t, double *matrix, double *muf)
{
    for (size_t i = 0; i < n->count; i++) {
        muf[i] = n->items[i].muf_g;
        for (size_t k = 0; k < n->count; k++)
            matrix[i * n->count + k] = balance_covariance_g2(t, &n->items[i], &n->items[k]);
    }
    if (!cholesky_in_place(matrix, n->count))
        return false;
    forward_solve(n->sitmuf, matrix, muf, n->count);
    return true;
}

/* Keeps the stronger of two; a weaker one may still be all there is. */
static void keep(shortfall *best, bool *found, shortfall s, double p, const char *test,
                 double statistic)
{
    if (*found && best->p <= p)
        return;
    s.p = p;
    s.test = test;
    s.statistic = statistic;
    *best = s;
    *found = true;
}

static bool is_significant(const rule_context *ctx, const shortfall *s)
{
    return s->muf_g > balance_significant_g(ctx, s->first);
}

/* Page's test on SITMUF; the run it stands on begins behind its last zero. */
static void test_page(const rule_context *ctx, shortfall *best, bool *found, const node *n,
                      double k, double h_52, const char *test)
{
    const balance_table *t = &ctx->shared->balances;
    double horizon = fmax(12, (double)n->count);
    double h = h_52 * page_limit(horizon, k, 0.05) / page_limit(52, k, 0.05);
    double page = 0;
    double highest = 0;
    size_t start = 0;
    for (size_t i = 0; i < n->count; i++) {
        start = page > 0 ? start : i;
        page = page_step(page, n->sitmuf[i], k);
        if (page <= h || page <= highest)
            continue;
        highest = page;
        shortfall s = shortfall_sum(t, &n->items[start], &n->items[i]);
        if (is_significant(ctx, &s))
            keep(best, found, s, fmin(1, TESTS * page_p(page, horizon, k)), test, page);
    }
}

/* The strongest of the three tests over the first `count` balances of a node. */
static bool judge(const rule_context *ctx, shortfall *best, const node *whole, size_t count,
                  bool standard)
{
    const rule *r = ctx->rule;
    node n = *whole;
    n.count = count;
    bool found = false;
    shortfall all = shortfall_sum(&ctx->shared->balances, n.items, n.items + count - 1);
    double z = all.muf_g / all.sigma_g;
    if (z > rule_parameter_value(r, "z") && is_significant(ctx, &all))
        keep(best, &found, all, fmin(1, TESTS * normal_upper(z)), N_("CUMUF"), z);
    if (standard) {
        test_page(ctx, best, &found, &n, rule_parameter_value(r, "k_slow"),
                  rule_parameter_value(r, "h_slow"), N_("Page statistic, slow"));
        test_page(ctx, best, &found, &n, rule_parameter_value(r, "k_fast"),
                  rule_parameter_value(r, "h_fast"), N_("Page statistic, fast"));
    }
    return found;
}

/* What the balances from the run on have given back by the end. */
static bool is_given_back(const node *n, const shortfall *s)
{
    double rest = 0;
    for (const balance *b = s->last + 1; b < n->items + n->count; b++)
        rest += b->muf_g;
    bool undone_before = s->first > n->items && (s->first - 1)->muf_g < -0.5 * s->muf_g;
    return rest < -0.5 * s->muf_g || undone_before;
}

static wf_status test_node(rule_context *ctx, const node *n, bool standard, double enough,
                           wf_error *err)
{
    shortfall s;
    if (!judge(ctx, &s, n, n->count, standard) || is_given_back(n, &s))
        return WF_OK;
    /* The earliest balance with which the finding would have stood alone among all tests. */
    for (size_t count = 2; count < n->count; count++) {
        shortfall before;
        if (judge(ctx, &before, n, count, standard) && before.p <= enough) {
            s.shown_ms = before.shown_ms < s.shown_ms ? before.shown_ms : s.shown_ms;
            break;
        }
    }
    return shortfall_report(ctx, &s, err);
}

/* From the first balance of a node to behind its last. */
static size_t node_end(const balance_table *t, size_t first, bool *mistyped)
{
    size_t end = first;
    *mistyped = false;
    for (; end < t->count && t->items[end].index == t->items[first].index; end++)
        *mistyped |= balance_looks_mistyped(&t->items[end]);
    return end;
}

static size_t count_nodes(const rule_context *ctx)
{
    const balance_table *t = &ctx->shared->balances;
    size_t nodes = 0;
    bool mistyped;
    for (size_t first = 0, end; first < t->count; first = end) {
        end = node_end(t, first, &mistyped);
        nodes += end - first >= 2 && balance_is_covered(ctx, &t->items[first]);
    }
    return nodes;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const balance_table *t = &ctx->shared->balances;
    size_t room = t->count < BALANCES_MAX ? t->count : BALANCES_MAX;
    double *matrix = malloc((room * room + 1) * sizeof *matrix);
    double *muf = malloc((room + 1) * sizeof *muf);
    double *sitmuf = malloc((room + 1) * sizeof *sitmuf);
    wf_status status = WF_OK;
    if (matrix == NULL || muf == NULL || sitmuf == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the sequences of balances"));
    size_t nodes = count_nodes(ctx);
    rule_count_tests(ctx, nodes);
    bool mistyped;
    for (size_t first = 0, end; status == WF_OK && first < t->count; first = end) {
        end = node_end(t, first, &mistyped);
        if (end - first < 2 || mistyped || !balance_is_covered(ctx, &t->items[first]))
            continue;
        size_t count = end - first < BALANCES_MAX ? end - first : BALANCES_MAX;
        node n = {&t->items[end - count], count, sitmuf}; /* of a very long series the latest */
        bool standard = standardise(&n, t, matrix, muf);
        status = test_node(ctx, &n, standard, 0.1 / (double)nodes, err);
    }
    free(matrix);
    free(muf);
    free(sitmuf);
    return status;
}

const rule rule_r27 = {
    .id = "R27",
    .name_en = N_("Site balance broken little by little"),
    .name_zh = "节点物料不平衡(累积)",
    .family = FAMILY_BALANCE,
    .streams = STREAMS_ALL,
    .source = "固废法 第三十六条; detection.md 4.1, 4.2, 4.4",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.0,
};
