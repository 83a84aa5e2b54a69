/*
 * R44: the same waste going round: manifests from site to site that come back to where they began,
 * two to six hops within 30 days, each after the one before, of one code family and with at least
 * 80 % of the mass kept. Loads sent back by the receiver are returns and no hops.
 *
 * p is the share of 200 time-shuffles (manifests keep their ends and masses, their times are dealt
 * out anew among the candidates; fixed seed) in which the first site closes a circle as heavy.
 *
 * Only sites that both send and receive can lie on a circle: the others fall away first, which
 * leaves a few per cent of the manifests.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/rules/rules.h"
#include "audit/shared.h"
#include "base/status.h"
#include "base/text.h"

static const rule_parameter parameters[] = {
    {"hops", 6, "manifests", "detection.md 6.4"},
    {"days", 30, "days", "detection.md 6.4"},
    {"retention", 0.8, "share of the mass", "detection.md 6.4"},
    {"shuffles", 200, "shuffles", "detection.md 6.4"},
};

enum { HOPS_MAX = 6, STEPS_MAX = 2000 };

typedef struct hop {
    manifest_id manifest;
    site_id from, to;
    int64_t out_ms, in_ms;
    double mass_g;
    code_id code;
    bool used; /* already part of a circle that was found */
} hop;

typedef struct graph {
    hop *hops; /* by from, then out_ms */
    size_t count;
    uint32_t *first; /* by site */
    size_t site_count;
} graph;

typedef struct limits {
    size_t hops;
    int64_t span_ms;
    double retention;
} limits;

typedef struct path {
    uint32_t hops[HOPS_MAX];
    size_t count;
    double low_g, high_g;
} path;

/* Family of a code: hazardous waste by its HW class (the last two digits), others by the SW number.
 */
static const char *family_of(const city *c, code_id code)
{
    const char *text = city_code(c, code);
    size_t size = strlen(text);
    return text[0] >= '0' && text[0] <= '9' && size > 2 ? text + size - 2 : text;
}

static bool same_family(const city *c, code_id a, code_id b)
{
    return a == b || strncmp(family_of(c, a), family_of(c, b), 4) == 0;
}

static int compare_hops(const void *left, const void *right)
{
    const hop *a = left;
    const hop *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->out_ms != b->out_ms)
        return a->out_ms < b->out_ms ? -1 : 1;
    return (a->manifest > b->manifest) - (a->manifest < b->manifest);
}

static bool is_hop(const rule_context *ctx, const manifest_row *m)
{
    return m->received_ms != TIME_NONE && m->picked_up_ms != TIME_NONE && m->received_g > 0 &&
           m->returned_g == 0 && m->state != MANIFEST_CANCELLED &&
           m->generator_site != m->facility_site && m->generator_site < ctx->city->site_count &&
           m->facility_site < ctx->city->site_count &&
           rule_covers(ctx, (enum waste_stream)m->stream);
}

/* Takes away hops whose ends cannot lie on a circle, until none is left to take. */
static void prune(bool *kept, const rule_context *ctx, uint32_t *sends, uint32_t *receives)
{
    const city *c = ctx->city;
    bool changed = true;
    for (int round = 0; changed && round < 20; round++) {
        changed = false;
        for (size_t i = 0; i < c->manifest_count; i++) {
            const manifest_row *m = &c->manifests[i];
            if (!kept[i] || (receives[m->generator_site] > 0 && sends[m->facility_site] > 0))
                continue;
            kept[i] = false;
            sends[m->generator_site]--;
            receives[m->facility_site]--;
            changed = true;
        }
    }
}

static void index_hops(graph *g)
{
    memset(g->first, 0, (g->site_count + 1) * sizeof *g->first);
    if (g->count > 0)
        qsort(g->hops, g->count, sizeof *g->hops, compare_hops);
    for (size_t i = 0; i < g->count; i++)
        g->first[g->hops[i].from + 1]++;
    for (size_t i = 0; i < g->site_count; i++)
        g->first[i + 1] += g->first[i];
}

static bool make_graph(graph *g, const rule_context *ctx)
{
    const city *c = ctx->city;
    bool *kept = calloc(c->manifest_count + 1, sizeof *kept);
    uint32_t *sends = calloc(c->site_count + 1, sizeof *sends);
    uint32_t *receives = calloc(c->site_count + 1, sizeof *receives);
    g->site_count = c->site_count;
    g->first = calloc(c->site_count + 2, sizeof *g->first);
    bool made = kept != NULL && sends != NULL && receives != NULL && g->first != NULL;
    for (size_t i = 0; made && i < c->manifest_count; i++) {
        kept[i] = is_hop(ctx, &c->manifests[i]);
        if (kept[i]) {
            sends[c->manifests[i].generator_site]++;
            receives[c->manifests[i].facility_site]++;
        }
    }
    if (made)
        prune(kept, ctx, sends, receives);
    size_t count = 0;
    for (size_t i = 0; made && i < c->manifest_count; i++)
        count += kept[i];
    g->hops = made ? malloc((count + 1) * sizeof *g->hops) : NULL;
    made = g->hops != NULL;
    for (size_t i = 0; made && i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        if (kept[i])
            g->hops[g->count++] =
                (hop){(manifest_id)i, m->generator_site,     m->facility_site, m->picked_up_ms,
                      m->received_ms, (double)m->received_g, m->code,          false};
    }
    if (made)
        index_hops(g);
    free(kept);
    free(sends);
    free(receives);
    return made;
}

static size_t first_after(const graph *g, site_id site, int64_t ms)
{
    size_t low = g->first[site];
    size_t high = g->first[site + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (g->hops[middle].out_ms < ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Depth first from the last hop of the path; the earliest way back wins. Steps are limited: a
   search that long has found no simple story. */
static bool close_circle(path *p, const graph *g, const city *c, const limits *l, size_t *steps)
{
    const hop *start = &g->hops[p->hops[0]];
    const hop *last = &g->hops[p->hops[p->count - 1]];
    if (last->to == start->from && p->count > 1)
        return true;
    if (p->count == l->hops)
        return false;
    for (size_t i = first_after(g, last->to, last->in_ms); i < g->first[last->to + 1]; i++) {
        const hop *h = &g->hops[i];
        if (h->out_ms > start->out_ms + l->span_ms || ++*steps > STEPS_MAX)
            return false;
        double low = h->mass_g < p->low_g ? h->mass_g : p->low_g;
        double high = h->mass_g > p->high_g ? h->mass_g : p->high_g;
        if (h->used || low < l->retention * high || !same_family(c, h->code, start->code))
            continue;
        path longer = *p;
        longer.hops[longer.count++] = (uint32_t)i;
        longer.low_g = low;
        longer.high_g = high;
        if (close_circle(&longer, g, c, l, steps)) {
            *p = longer;
            return true;
        }
    }
    return false;
}

static bool find_from(path *p, const graph *g, const city *c, const limits *l, size_t start)
{
    const hop *h = &g->hops[start];
    *p = (path){.hops = {(uint32_t)start}, .count = 1, .low_g = h->mass_g, .high_g = h->mass_g};
    size_t steps = 0;
    return !h->used && close_circle(p, g, c, l, &steps);
}

/* ---- shuffles ------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* How many circles a graph holds from each starting site. */
static void count_circles(uint32_t *counts, const graph *g, const city *c, const limits *l)
{
    for (size_t i = 0; i < g->count; i++) {
        path p;
        if (!find_from(&p, g, c, l, i))
            continue;
        counts[g->hops[i].from]++;
        for (size_t k = 0; k < p.count; k++)
            g->hops[p.hops[k]].used = true;
    }
}

/* Deals the times out anew; a hop keeps its own duration. */
static void shuffle(graph *out, const graph *g, uint64_t *state)
{
    out->count = g->count;
    memcpy(out->hops, g->hops, g->count * sizeof *g->hops);
    for (size_t i = g->count; i > 1; i--) {
        size_t k = next_random(state) % i;
        int64_t taken = out->hops[i - 1].out_ms;
        out->hops[i - 1].out_ms = out->hops[k].out_ms;
        out->hops[k].out_ms = taken;
    }
    for (size_t i = 0; i < g->count; i++) {
        out->hops[i].in_ms = out->hops[i].out_ms + g->hops[i].in_ms - g->hops[i].out_ms;
        out->hops[i].used = false;
    }
    index_hops(out);
}

/* at_least[site]: shuffles with at least as many circles from that site as were found. */
static bool run_shuffles(uint32_t *at_least, const uint32_t *found, const graph *g, const city *c,
                         const limits *l, size_t shuffles)
{
    graph dealt = {.hops = malloc((g->count + 1) * sizeof *g->hops),
                   .first = calloc(g->site_count + 2, sizeof *g->first),
                   .site_count = g->site_count};
    uint32_t *counts = malloc((g->site_count + 1) * sizeof *counts);
    bool made = dealt.hops != NULL && dealt.first != NULL && counts != NULL;
    uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    for (size_t s = 0; made && s < shuffles; s++) {
        shuffle(&dealt, g, &state);
        memset(counts, 0, (g->site_count + 1) * sizeof *counts);
        count_circles(counts, &dealt, c, l);
        for (size_t i = 0; i < g->site_count; i++)
            at_least[i] += found[i] > 0 && counts[i] >= found[i];
    }
    free(dealt.hops);
    free(dealt.first);
    free(counts);
    return made;
}

/* ---- findings ------------------------------------------------------------------------------- */

static wf_status report(rule_context *ctx, const graph *g, const path *p, double probability,
                        wf_error *err)
{
    const city *c = ctx->city;
    const hop *first = &g->hops[p->hops[0]];
    finding f = rule_finding(ctx, FINDING_SUSPICION, SEVERITY_INSPECT);
    related_list related = {.count = 0};
    buffer way = {0};
    buffer_append_text(&way, city_text(c, c->sites[first->from].key));
    for (size_t i = 0; i < p->count; i++) {
        const hop *h = &g->hops[p->hops[i]];
        related_add(&related, city_text(c, c->manifests[h->manifest].key));
        buffer_printf(&way, " → %s", city_text(c, c->sites[h->to].key));
        f.to_ms = h->in_ms;
        int64_t known = c->manifests[h->manifest].known_ms;
        known = known > h->in_ms ? known : h->in_ms;
        f.detected_at_ms = known > f.detected_at_ms ? known : f.detected_at_ms;
    }
    for (size_t i = 0; i < p->count; i++) {
        const hop *h = &g->hops[p->hops[i]];
        related_add(&related, city_text(c, c->sites[h->from].key));
        related_add(&related, city_text(c, c->parties[c->sites[h->from].party].key));
    }
    buffer_append_byte(&way, 0);
    ctx->failed = ctx->failed || way.failed;
    f.subject_kind = SUBJECT_SITE;
    f.subject = first->from;
    f.stream = (enum waste_stream)c->manifests[first->manifest].stream;
    f.from_ms = first->out_ms;
    f.p = probability;
    f.mass_g = (int64_t)p->high_g;
    f.mass_low_g = (int64_t)p->low_g;
    f.mass_high_g = (int64_t)p->high_g;
    f.sentence = rule_printf(
        ctx,
        _("%1$s of %2$s went round in %3$s manifests within %4$s days, %5$s, with %6$s %% of its "
          "mass kept: whether anything moved is to be checked"),
        rule_mass(ctx, f.mass_g), city_code(c, first->code), rule_printf(ctx, "%zu", p->count),
        rule_printf(ctx, "%.1f", (double)(f.to_ms - f.from_ms) / (double)TIME_DAY_MS),
        way.failed ? "" : rule_printf(ctx, "%s", (const char *)way.data),
        rule_printf(ctx, "%.0f", 100 * p->low_g / p->high_g));
    buffer_free(&way);
    finding_add_evidence(ctx, &f, N_("share of shuffles with as many circles"), SEQ_COMPUTED,
                         "%.3f", probability);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

static wf_status search(rule_context *ctx, graph *g, const limits *l, uint32_t *found,
                        uint32_t *at_least, wf_error *err)
{
    const city *c = ctx->city;
    size_t shuffles = (size_t)rule_parameter_value(ctx->rule, "shuffles");
    if (g->count > 2000) /* time stays bounded; fewer shuffles are a coarser p */
        shuffles = shuffles * 2000 / g->count + 19;
    count_circles(found, g, c, l);
    size_t circles = 0;
    for (size_t i = 0; i < g->site_count; i++)
        circles += found[i];
    if (circles == 0)
        return WF_OK;
    for (size_t i = 0; i < g->count; i++)
        g->hops[i].used = false;
    if (!run_shuffles(at_least, found, g, c, l, shuffles))
        return wf_fail(err, WF_SYSTEM, _("out of memory for the shuffles of transfers"));
    rule_count_tests(ctx, circles);
    for (size_t i = 0; i < g->count; i++) {
        path p;
        if (!find_from(&p, g, c, l, i))
            continue;
        for (size_t k = 0; k < p.count; k++)
            g->hops[p.hops[k]].used = true;
        double probability = (at_least[g->hops[i].from] + 1.0) / ((double)shuffles + 1);
        wf_status status = report(ctx, g, &p, probability, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    limits l = {(size_t)rule_parameter_value(ctx->rule, "hops"),
                (int64_t)(rule_parameter_value(ctx->rule, "days") * (double)TIME_DAY_MS),
                rule_parameter_value(ctx->rule, "retention")};
    graph g = {0};
    uint32_t *found = calloc(ctx->city->site_count + 1, sizeof *found);
    uint32_t *at_least = calloc(ctx->city->site_count + 1, sizeof *at_least);
    wf_status status = WF_OK;
    if (found == NULL || at_least == NULL || !make_graph(&g, ctx))
        status = wf_fail(err, WF_SYSTEM, _("out of memory for the graph of transfers"));
    else
        status = search(ctx, &g, &l, found, at_least, err);
    free(g.hops);
    free(g.first);
    free(found);
    free(at_least);
    return status;
}

const rule rule_r44 = {
    .id = "R44",
    .name_en = N_("Circular transfer"),
    .name_zh = "循环转移",
    .family = FAMILY_GRAPH,
    .streams = STREAMS_ALL,
    .source = "AMLSim typologies; detection.md 6.4",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 3.0,
};
