/*
 * audit/balance.c: see balance.h.
 */
#include "audit/balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/shared.h"
#include "audit/statistics.h"
#include "audit/weighing.h"
#include "base/status.h"
#include "base/text.h"

#define SCALE_SYSTEMATIC 0.0006 /* span bias of a verified scale, detection.md 4.6 */
#define STOCKTAKE_SIGMA 0.03    /* of a stock take that states none */
#define ESTIMATE_SIGMA 0.10     /* of a generation row that is estimated */
#define TREATMENT_SIGMA 0.005   /* of what a treatment takes in or puts out */

enum { GROUPS = 2 };

/* One mass that went into (> 0) or out of (< 0) the stock of a node. */
typedef struct flow {
    uint32_t node;
    scale_id scale; /* BOOK_NONE: no scale */
    int64_t time_ms, known_ms;
    double mass_g, variance_g2;
    double bias; /* of the scale then, one sigma, relative */
} flow;

typedef struct flow_list {
    flow *items;
    size_t count, capacity;
    bool failed;
} flow_list;

/* Nodes: the sites and codes with at least two stock takes, sorted. */
typedef struct node_list {
    uint64_t *keys;
    size_t count;
} node_list;

enum waste_stream code_stream(const char *code)
{
    if (strncmp(code, "841-", 4) == 0)
        return STREAM_MEDICAL;
    if (code[0] >= '0' && code[0] <= '9')
        return STREAM_HAZARDOUS;
    if (strncmp(code, "SW6", 3) == 0)
        return STREAM_HOUSEHOLD;
    return strncmp(code, "SW7", 3) == 0 ? STREAM_CONSTRUCTION : STREAM_INDUSTRIAL;
}

static uint64_t key_of(site_id site, code_id code)
{
    return (uint64_t)site << 32 | code;
}

static int compare_keys(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static bool make_nodes(node_list *out, const city *c)
{
    out->keys = malloc((c->stocktake_count + 1) * sizeof *out->keys);
    if (out->keys == NULL)
        return false;
    for (size_t i = 0; i < c->stocktake_count; i++)
        out->keys[i] = key_of(c->stocktakes[i].site, c->stocktakes[i].code);
    if (c->stocktake_count > 0)
        qsort(out->keys, c->stocktake_count, sizeof *out->keys, compare_keys);
    for (size_t i = 0; i + 1 < c->stocktake_count; i++) {
        bool repeated = out->keys[i] == out->keys[i + 1];
        bool known = out->count > 0 && out->keys[out->count - 1] == out->keys[i];
        if (repeated && !known)
            out->keys[out->count++] = out->keys[i];
    }
    return true;
}

static uint32_t node_of(const node_list *n, site_id site, code_id code)
{
    if (site == BOOK_NONE || code == BOOK_NONE || n->count == 0)
        return BOOK_NONE;
    uint64_t key = key_of(site, code);
    const uint64_t *found = bsearch(&key, n->keys, n->count, sizeof key, compare_keys);
    return found != NULL ? (uint32_t)(found - n->keys) : BOOK_NONE;
}

static void add_flow(flow_list *l, flow f)
{
    if (f.node == BOOK_NONE || isnan(f.mass_g))
        return;
    if (!array_grow((void **)&l->items, &l->capacity, l->count + 1, sizeof *l->items)) {
        l->failed = true;
        return;
    }
    l->items[l->count++] = f;
}

static double square(double x)
{
    return x * x;
}

/* Of a round with many pick-ups: the mass of this one, as corrected at its site. */
static int64_t corrected_pick_up_g(const city *c, const audit_shared *s, const event_row *e)
{
    size_t count = 0;
    const uint32_t *events = grouped_items(&s->events_of_manifest, e->manifest, &count);
    int64_t mass_g = e->mass_g;
    for (size_t i = 0; i < count; i++) {
        const event_row *o = &c->events[events[i]];
        if (o->kind == EVENT_CORRECTED && o->site == e->site && o->mass_g != MASS_NONE)
            mass_g = o->mass_g;
    }
    return mass_g;
}

/* What left a generator's stock: as weighed there, else as weighed at the other end, else as
 * stated. */
static void add_pick_up(flow_list *l, const city *c, const audit_shared *s, const node_list *nodes,
                        const event_row *e)
{
    const manifest_row *m = &c->manifests[e->manifest];
    site_id site = e->site != BOOK_NONE ? e->site : m->generator_site;
    uint32_t node = node_of(nodes, site, m->code);
    if (node == BOOK_NONE || e->mass_g == MASS_NONE)
        return;
    double mass = (double)(m->pick_ups > 1 ? corrected_pick_up_g(c, s, e) : e->mass_g);
    double variance = square(UNWEIGHED_SIGMA * mass);
    scale_id scale = e->scale;
    if (m->pick_ups == 1) {
        int64_t sent = load_sent_g(c, s, e->manifest);
        int64_t arrived = load_arrived_g(c, s, e->manifest);
        if (scale == BOOK_NONE && sent == e->mass_g && m->received_ms != TIME_NONE && arrived > 0) {
            loss_allowance loss = transit_loss((enum waste_stream)m->stream, city_code(c, m->code));
            mass = (double)arrived / (1 - loss.mean);
            variance = square(fmax(loss.sd, 0.003) * mass);
        } else {
            mass = (double)sent;
        }
    }
    if (scale != BOOK_NONE)
        variance = 2 * weighing_variance_g2(c->scales[scale].division_g, (int64_t)(2 * mass));
    add_flow(l, (flow){node, scale, e->time_ms, e->known_ms, -mass, variance, 0});
}

static void add_events(flow_list *l, const city *c, const audit_shared *s, const node_list *nodes)
{
    for (size_t i = 0; i < c->event_count && !l->failed; i++) {
        const event_row *e = &c->events[i];
        const manifest_row *m = &c->manifests[e->manifest];
        if (e->kind == EVENT_PICKED_UP) {
            add_pick_up(l, c, s, nodes, e);
        } else if (e->kind == EVENT_RECEIVED && e->mass_g != MASS_NONE) {
            site_id site = e->site != BOOK_NONE ? e->site : m->facility_site;
            int64_t arrived = load_accepted_g(c, s, e->manifest);
            double mass = e->time_ms == m->received_ms ? (double)arrived : (double)e->mass_g;
            double variance =
                e->scale != BOOK_NONE
                    ? 2 * weighing_variance_g2(c->scales[e->scale].division_g, (int64_t)(2 * mass))
                    : square(UNWEIGHED_SIGMA * mass);
            add_flow(l, (flow){node_of(nodes, site, m->code), e->scale, e->time_ms, e->known_ms,
                               mass, variance, 0});
        } else if (e->kind == EVENT_RETURNED && e->mass_g != MASS_NONE) {
            double mass = (double)e->mass_g;
            add_flow(l, (flow){node_of(nodes, m->generator_site, m->code), BOOK_NONE, e->time_ms,
                               e->known_ms, mass, square(UNWEIGHED_SIGMA * mass), 0});
        }
    }
}

static void add_rest(flow_list *l, const city *c, const node_list *nodes)
{
    for (size_t i = 0; i < c->generation_count && !l->failed; i++) {
        const generation_row *g = &c->generations[i];
        double sigma = g->basis == BASIS_ESTIMATED ? ESTIMATE_SIGMA : 0.005;
        double mass = (double)g->mass_g;
        add_flow(l, (flow){node_of(nodes, g->site, g->code), BOOK_NONE, g->time_ms, g->time_ms,
                           mass, square(sigma * mass), 0});
    }
    for (size_t i = 0; i < c->treatment_count && !l->failed; i++) {
        const treatment_row *t = &c->treatments[i];
        double in = (double)t->mass_g;
        if (t->first != 0)
            add_flow(l, (flow){node_of(nodes, t->site, t->code), BOOK_NONE, t->time_ms, t->known_ms,
                               -in, square(TREATMENT_SIGMA * in), 0});
        double out = t->output_g != MASS_NONE ? (double)t->output_g : NAN;
        add_flow(l, (flow){node_of(nodes, t->site, t->output_code), BOOK_NONE, t->time_ms,
                           t->known_ms, out, square(TREATMENT_SIGMA * out), 0});
    }
}

static int compare_flows(const void *left, const void *right)
{
    const flow *a = left;
    const flow *b = right;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return (a->mass_g > b->mass_g) - (a->mass_g < b->mass_g);
}

static int compare_takes(const void *left, const void *right)
{
    const stocktake_row *a = *(const stocktake_row *const *)left;
    const stocktake_row *b = *(const stocktake_row *const *)right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    if (a->code != b->code)
        return a->code < b->code ? -1 : 1;
    return (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
}

static double take_sigma(const stocktake_row *t)
{
    double relative = t->rel_sigma_ppm > 0 ? t->rel_sigma_ppm / 1e6 : STOCKTAKE_SIGMA;
    return fmax(relative * (double)t->mass_g, 1000);
}

/* What the scale may have shown too much at that time. One that R24 holds for wrong, then or in
   the windows beside, may be wrong by all that R24 found: what was weighed on it proves nothing
   smaller. */
static double scale_bias(const load_table *t, scale_id scale, int64_t at_ms)
{
    if (t->count == 0)
        return SCALE_SYSTEMATIC;
    size_t at = load_window(t, at_ms);
    double bias = SCALE_SYSTEMATIC;
    for (size_t w = at > 0 ? at - 1 : 0; w <= at + 1 && w < t->window_count; w++)
        if (load_scale_off(t, scale, w, 1))
            bias = fmax(bias, fabs(t->effects[(size_t)scale * t->window_count + w].effect));
    return bias;
}

static void add_up(balance *b, const flow *f)
{
    b->known_ms = f->known_ms > b->known_ms ? f->known_ms : b->known_ms;
    if (f->mass_g < 0) {
        b->out_g -= f->mass_g;
        return;
    }
    b->in_g += f->mass_g;
    if (f->mass_g > b->largest_in_g) {
        b->second_in_g = b->largest_in_g;
        b->largest_in_g = f->mass_g;
    } else {
        b->second_in_g = fmax(b->second_in_g, f->mass_g);
    }
}

/* The flows of [from, to] go into the balance; by_scale has a zero for every scale before and
 * after. False when memory ran out. */
static bool sum_flows(balance_table *t, balance *b, const flow *flows, size_t count,
                      double *by_scale)
{
    double variance = square(b->opening_sigma_g) + square(b->closing_sigma_g);
    b->first_share = (uint32_t)t->share_count;
    for (size_t i = 0; i < count; i++) {
        variance += flows[i].variance_g2;
        add_up(b, &flows[i]);
        if (flows[i].scale != BOOK_NONE)
            by_scale[flows[i].scale] += flows[i].bias * flows[i].mass_g;
    }
    bool made = true;
    for (size_t i = 0; i < count; i++) {
        scale_id scale = flows[i].scale;
        if (scale == BOOK_NONE || by_scale[scale] == 0)
            continue;
        variance += square(by_scale[scale]);
        made = made && array_grow((void **)&t->shares, &t->share_capacity, t->share_count + 1,
                                  sizeof *t->shares);
        if (made)
            t->shares[t->share_count++] = (scale_share){scale, by_scale[scale]};
        by_scale[scale] = 0;
    }
    b->share_count = (uint32_t)t->share_count - b->first_share;
    b->muf_g = b->opening_g + b->in_g - b->out_g - b->closing_g;
    b->sigma_g = sqrt(variance);
    return made;
}

double balance_covariance_g2(const balance_table *t, const balance *a, const balance *b)
{
    if (a == b)
        return square(a->sigma_g);
    double sum = 0;
    for (size_t i = 0; i < a->share_count; i++)
        for (size_t k = 0; k < b->share_count; k++) {
            const scale_share *x = &t->shares[a->first_share + i];
            const scale_share *y = &t->shares[b->first_share + k];
            if (x->scale == y->scale)
                sum += x->error_g * y->error_g * a->inflation * b->inflation;
        }
    if (a->to_ms == b->from_ms)
        sum -= a->closing_sigma_g * b->opening_sigma_g;
    if (b->to_ms == a->from_ms)
        sum -= b->closing_sigma_g * a->opening_sigma_g;
    return sum;
}

static bool make_balances(balance_table *out, const city *c, const node_list *nodes,
                          const flow_list *flows)
{
    const stocktake_row **takes = malloc((c->stocktake_count + 1) * sizeof(stocktake_row *));
    double *by_scale = calloc(c->scale_count + 1, sizeof *by_scale);
    size_t capacity = 0;
    bool made = takes != NULL && by_scale != NULL;
    for (size_t i = 0; made && i < c->stocktake_count; i++)
        takes[i] = &c->stocktakes[i];
    if (made && c->stocktake_count > 0)
        qsort(takes, c->stocktake_count, sizeof *takes, compare_takes);
    size_t at = 0;
    for (size_t i = 0; made && i + 1 < c->stocktake_count; i++) {
        const stocktake_row *a = takes[i];
        const stocktake_row *b = takes[i + 1];
        if (a->site != b->site || a->code != b->code || a->time_ms == b->time_ms)
            continue;
        uint32_t node = node_of(nodes, a->site, a->code);
        while (at < flows->count &&
               (flows->items[at].node < node ||
                (flows->items[at].node == node && flows->items[at].time_ms < a->time_ms)))
            at++;
        size_t end = at;
        while (end < flows->count && flows->items[end].node == node &&
               flows->items[end].time_ms < b->time_ms)
            end++;
        made = array_grow((void **)&out->items, &capacity, out->count + 1, sizeof *out->items);
        if (!made)
            break;
        balance *fresh = &out->items[out->count++];
        *fresh = (balance){.site = a->site,
                           .code = a->code,
                           .from_ms = a->time_ms,
                           .to_ms = b->time_ms,
                           .known_ms = b->time_ms,
                           .opening_g = (double)a->mass_g,
                           .closing_g = (double)b->mass_g,
                           .opening_sigma_g = take_sigma(a),
                           .closing_sigma_g = take_sigma(b),
                           .inflation = 1,
                           .index = node};
        made = sum_flows(out, fresh, flows->items + at, end - at, by_scale);
        at = end;
    }
    free(takes);
    free(by_scale);
    return made;
}

static void widen(balance *b, double factor)
{
    b->sigma_g *= factor;
    b->opening_sigma_g *= factor;
    b->closing_sigma_g *= factor;
    b->inflation = factor;
}

/* Generators and facilities apart: sigma grows until ordinary balances look normal. It never
   shrinks: with a few balances a node, a small spread is luck. */
static bool inflate(balance_table *t, const city *c)
{
    double *z = malloc((t->count + 1) * sizeof *z);
    if (z == NULL)
        return false;
    for (int group = 0; group < GROUPS; group++) {
        size_t count = 0;
        for (size_t i = 0; i < t->count; i++)
            if ((c->sites[t->items[i].site].kind <= SITE_MARKET) == (group == 0))
                z[count++] = t->items[i].muf_g / t->items[i].sigma_g;
        double factor = count >= 20 ? fmax(1, mad_sigma_in_place(z, count, 0)) : 1;
        for (size_t i = 0; i < t->count; i++)
            if ((c->sites[t->items[i].site].kind <= SITE_MARKET) == (group == 0))
                widen(&t->items[i], factor);
    }
    free(z);
    return true;
}

wf_status balance_table_make(balance_table *out, const city *c, const audit_shared *s,
                             wf_error *err)
{
    *out = (balance_table){0};
    node_list nodes = {0};
    flow_list flows = {0};
    bool made = make_nodes(&nodes, c);
    if (made && nodes.count > 0) {
        add_events(&flows, c, s, &nodes);
        add_rest(&flows, c, &nodes);
        for (size_t i = 0; i < flows.count; i++)
            if (flows.items[i].scale != BOOK_NONE)
                flows.items[i].bias =
                    scale_bias(&s->loads, flows.items[i].scale, flows.items[i].time_ms);
        made = !flows.failed;
        if (made && flows.count > 0)
            qsort(flows.items, flows.count, sizeof *flows.items, compare_flows);
        made = made && make_balances(out, c, &nodes, &flows) && inflate(out, c);
    }
    free(nodes.keys);
    free(flows.items);
    if (!made)
        return wf_fail(err, WF_SYSTEM, _("out of memory for the balances of sites"));
    return WF_OK;
}

void balance_table_free(balance_table *t)
{
    free(t->items);
    free(t->shares);
    *t = (balance_table){0};
}
