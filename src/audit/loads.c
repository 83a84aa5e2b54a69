/*
 * audit/loads.c: see loads.h.
 */
#include "audit/loads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/shared.h"
#include "audit/statistics.h"
#include "audit/weighing.h"
#include "base/status.h"
#include "base/text.h"

enum { POLISH_ROUNDS = 6, EFFECT_PAIRS_MIN = 5, GROUPS = STREAM_COUNT * 2 };

/* ---- what each end saw ---------------------------------------------------------------------- */

typedef struct load_end {
    int64_t mass_g;
    double variance_g2;
    scale_id scale;
    weighing_id ticket;
    int64_t known_ms;
} load_end;

/* The only ticket of the manifest on a scale of this site; BOOK_NONE when there is none or several.
 */
static weighing_id only_ticket(const city *c, const audit_shared *s, manifest_id m, site_id site)
{
    size_t count = 0;
    const uint32_t *tickets = grouped_items(&s->weighings_of_manifest, m, &count);
    weighing_id found = BOOK_NONE;
    for (size_t i = 0; i < count; i++) {
        const weighing_row *w = &c->weighings[tickets[i]];
        if (w->scale == BOOK_NONE || c->scales[w->scale].site != site)
            continue;
        if (found != BOOK_NONE)
            return BOOK_NONE;
        found = tickets[i];
    }
    return found;
}

static void use_ticket(load_end *end, const city *c, weighing_id ticket)
{
    const weighing_row *w = &c->weighings[ticket];
    if (w->gross_g <= w->tare_g)
        return;
    end->mass_g = w->gross_g - w->tare_g;
    end->variance_g2 = weighing_net_variance_g2(c, w);
    end->scale = w->scale;
    end->ticket = ticket;
    int64_t done = w->tare_ms > w->gross_ms ? w->tare_ms : w->gross_ms;
    end->known_ms = done > end->known_ms ? done : end->known_ms;
}

static void use_event(load_end *end, const city *c, const event_row *e)
{
    end->mass_g = e->mass_g;
    end->scale = e->scale;
    end->known_ms = e->known_ms > end->known_ms ? e->known_ms : end->known_ms;
    if (e->scale != BOOK_NONE && e->mass_g != MASS_NONE)
        end->variance_g2 = weighing_variance_g2(c->scales[e->scale].division_g, e->mass_g);
}

typedef struct load_ends {
    load_end out, in;
    int64_t rejected_g;
    unsigned pick_ups, receipts;
    int64_t corrected_out_g, corrected_in_g; /* agreed afterwards; MASS_NONE: nothing was */
} load_ends;

/* A correction names by its site whose mass was wrong, as the book reads it (book/transit.c): that
   of the pick-up there, else the receipt's. */
static void use_correction(load_ends *ends, const event_row *e, site_id picked_up_at,
                           site_id received_at)
{
    if (e->mass_g == MASS_NONE)
        return;
    bool of_receipt = ends->receipts > 0 && e->site == received_at;
    bool of_pick_up = ends->pick_ups > 0 && e->site == picked_up_at && !of_receipt;
    if (!of_pick_up && ends->receipts == 0)
        return;
    load_end *end = of_pick_up ? &ends->out : &ends->in;
    end->known_ms = e->known_ms > end->known_ms ? e->known_ms : end->known_ms;
    *(of_pick_up ? &ends->corrected_out_g : &ends->corrected_in_g) = e->mass_g;
}

/* Where a part was refused, the vehicle may have gone over the scale again with it on board (the
   ticket shows what was accepted) or empty (it shows all that came): what is nearer. */
static bool ticket_shows_accepted(const load_end *in, int64_t accepted_g, int64_t rejected_g)
{
    return accepted_g != MASS_NONE && in->mass_g - accepted_g < rejected_g / 2;
}

static load_ends read_ends(const city *c, const audit_shared *s, manifest_id id)
{
    const manifest_row *m = &c->manifests[id];
    load_end none = {MASS_NONE, NAN, BOOK_NONE, BOOK_NONE, TIME_NONE};
    load_ends ends = {
        .out = none, .in = none, .corrected_out_g = MASS_NONE, .corrected_in_g = MASS_NONE};
    site_id picked_up_at = BOOK_NONE;
    site_id received_at = BOOK_NONE;
    size_t count = 0;
    const uint32_t *events = grouped_items(&s->events_of_manifest, id, &count);
    for (size_t i = 0; i < count; i++) {
        const event_row *e = &c->events[events[i]];
        if (e->kind == EVENT_PICKED_UP && ends.pick_ups++ == 0) {
            use_event(&ends.out, c, e);
            picked_up_at = e->site;
        }
        if (e->kind == EVENT_RECEIVED && ends.receipts++ == 0) {
            use_event(&ends.in, c, e);
            received_at = e->site;
        }
        if (e->kind == EVENT_REJECTED && e->mass_g != MASS_NONE)
            ends.rejected_g += e->mass_g;
        if (e->kind == EVENT_REDIRECTED)
            ends.rejected_g = 0; /* the refused load goes on to the next facility */
        if (e->kind == EVENT_CORRECTED)
            use_correction(&ends, e, picked_up_at, received_at);
    }
    weighing_id out = only_ticket(c, s, id, m->generator_site);
    weighing_id in = only_ticket(c, s, id, m->facility_site);
    if (out != BOOK_NONE && ends.pick_ups == 1)
        use_ticket(&ends.out, c, out);
    if (ends.corrected_out_g != MASS_NONE)
        ends.out.mass_g = ends.corrected_out_g;
    if (in != BOOK_NONE && ends.receipts == 1) {
        int64_t accepted_g =
            ends.corrected_in_g != MASS_NONE ? ends.corrected_in_g : ends.in.mass_g;
        use_ticket(&ends.in, c, in);
        if (ends.corrected_in_g == MASS_NONE &&
            !ticket_shows_accepted(&ends.in, accepted_g, ends.rejected_g))
            ends.rejected_g = 0;
    }
    if (ends.corrected_in_g != MASS_NONE)
        ends.in.mass_g = ends.corrected_in_g;
    return ends;
}

int64_t load_sent_g(const city *c, const audit_shared *s, manifest_id m)
{
    load_ends ends = read_ends(c, s, m);
    return ends.pick_ups == 1 ? ends.out.mass_g : c->manifests[m].picked_up_g;
}

int64_t load_arrived_g(const city *c, const audit_shared *s, manifest_id m)
{
    load_ends ends = read_ends(c, s, m);
    if (ends.receipts != 1 || ends.in.mass_g == MASS_NONE)
        return c->manifests[m].received_g;
    return ends.in.mass_g + ends.rejected_g;
}

int64_t load_accepted_g(const city *c, const audit_shared *s, manifest_id m)
{
    load_ends ends = read_ends(c, s, m);
    if (ends.receipts != 1 || ends.in.mass_g == MASS_NONE)
        return c->manifests[m].received_g;
    /* read_ends left no refused mass beside a ticket that shows all that came. */
    return ends.rejected_g > 0 ? ends.in.mass_g : ends.in.mass_g - c->manifests[m].rejected_g;
}

static bool make_pair(weight_pair *out, const city *c, const audit_shared *s, manifest_id id)
{
    const manifest_row *m = &c->manifests[id];
    if (m->received_ms == TIME_NONE || m->pick_ups != 1)
        return false;
    load_ends ends = read_ends(c, s, id);
    bool weighed = ends.out.scale != BOOK_NONE && ends.in.scale != BOOK_NONE &&
                   ends.out.scale != ends.in.scale && ends.out.mass_g > 0 && ends.in.mass_g > 0;
    if (!weighed || ends.receipts != 1)
        return false;
    loss_allowance loss = transit_loss((enum waste_stream)m->stream, city_code(c, m->code));
    double sent = (double)ends.out.mass_g;
    *out = (weight_pair){.manifest = id,
                         .origin = ends.out.scale,
                         .destination = ends.in.scale,
                         .origin_ticket = ends.out.ticket,
                         .destination_ticket = ends.in.ticket,
                         .at_ms = m->received_ms,
                         .known_ms = ends.out.known_ms > ends.in.known_ms ? ends.out.known_ms
                                                                          : ends.in.known_ms,
                         .sent_g = sent,
                         .arrived_g = (double)(ends.in.mass_g + ends.rejected_g),
                         .allowance_g = loss.mean * sent};
    if (out->known_ms < m->known_ms)
        out->known_ms = m->known_ms;
    out->gap_g = out->sent_g - out->arrived_g - out->allowance_g;
    out->sigma_g =
        sqrt(ends.out.variance_g2 + ends.in.variance_g2 + loss.sd * loss.sd * sent * sent);
    return out->sigma_g > 0;
}

static int compare_pairs(const void *left, const void *right)
{
    const weight_pair *a = left;
    const weight_pair *b = right;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->manifest > b->manifest) - (a->manifest < b->manifest);
}

/* ---- the two-way fit ------------------------------------------------------------------------ */

size_t load_window(const load_table *t, int64_t ms)
{
    if (ms < t->start_ms || t->window_count == 0)
        return 0;
    size_t window = (size_t)((ms - t->start_ms) / (SCALE_WINDOW_DAYS * TIME_DAY_MS));
    return window < t->window_count ? window : t->window_count - 1;
}

/* A scale is off when its effect is more than its class may err and sure: proposals. */
static const double off_effect = 0.004; /* of the mass: twice what class III errs at 500 e */
static const double off_sigmas = 4;
enum { OFF_PAIRS = 10 };

bool load_scale_off(const load_table *t, scale_id scale, size_t window, uint32_t partners)
{
    const scale_effect *e = &t->effects[(size_t)scale * t->window_count + window];
    return e->pairs >= OFF_PAIRS && e->partners >= partners && fabs(e->effect) > off_effect &&
           fabs(e->effect) > off_sigmas * e->sigma;
}

bool load_pair_blocked(const load_table *t, const weight_pair *p, uint32_t partners)
{
    size_t at = load_window(t, p->at_ms);
    size_t first = at > 0 ? at - 1 : 0;
    for (size_t w = first; w <= at + 1 && w < t->window_count; w++)
        if (load_scale_off(t, p->origin, w, partners) ||
            load_scale_off(t, p->destination, w, partners))
            return true;
    return false;
}

static scale_effect *effect_of(const load_table *t, scale_id scale, int64_t ms)
{
    return &t->effects[(size_t)scale * t->window_count + load_window(t, ms)];
}

/* Pairs of each scale end and window, in compressed rows, with the scratch for medians. */
typedef struct polish {
    grouped by_origin, by_destination; /* keys: scale * windows + window; items: pairs */
    bool *fitted_origin;               /* by scale */
    double *scratch;
    double *origin, *destination; /* effects by key */
} polish;

static bool group_pairs(grouped *g, const load_table *t, size_t keys, bool by_origin)
{
    g->key_count = keys;
    g->first = calloc(keys + 2, sizeof *g->first);
    g->item = malloc((t->count + 1) * sizeof *g->item);
    if (g->first == NULL || g->item == NULL)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < t->count; i++) {
            const weight_pair *p = &t->pairs[i];
            size_t key = (size_t)(by_origin ? p->origin : p->destination) * t->window_count +
                         load_window(t, p->at_ms);
            if (pass == 0)
                g->first[key + 2]++;
            else
                g->item[g->first[key + 1]++] = (uint32_t)i;
        }
        for (size_t k = 2; pass == 0 && k < keys + 2; k++)
            g->first[k] += g->first[k - 1];
    }
    return true;
}

/* An origin scale is fitted when at least two carriers use it, none of them for nearly all loads.
 */
static bool find_fitted_origins(polish *p, const load_table *t, const city *c)
{
    uint32_t *counts = calloc(c->scale_count + 1, 3 * sizeof *counts);
    party_id *first = malloc((c->scale_count + 1) * sizeof *first);
    bool made = counts != NULL && first != NULL;
    for (size_t i = 0; made && i < t->count; i++) {
        scale_id scale = t->pairs[i].origin;
        party_id carrier = c->manifests[t->pairs[i].manifest].carrier;
        if (counts[3 * scale] == 0)
            first[scale] = carrier;
        counts[3 * scale]++;
        counts[3 * scale + 1] += carrier == first[scale];
    }
    for (size_t k = 0; made && k < c->scale_count; k++)
        p->fitted_origin[k] =
            counts[3 * k + 1] <= counts[3 * k] * 4 / 5 && counts[3 * k + 1] >= counts[3 * k] / 5;
    free(counts);
    free(first);
    return made;
}

/* One half of a round: the medians of what the other side leaves. sign: +1 origin, -1 destination.
 */
static void polish_side(polish *p, const load_table *t, const grouped *g, double *effects,
                        const double *other, double sign)
{
    for (size_t key = 0; key < g->key_count; key++) {
        size_t count = g->first[key + 1] - g->first[key];
        bool origin = sign > 0;
        if (count < EFFECT_PAIRS_MIN || (origin && !p->fitted_origin[key / t->window_count]))
            continue;
        for (size_t i = 0; i < count; i++) {
            const weight_pair *pair = &t->pairs[g->item[g->first[key] + i]];
            size_t across = (size_t)(origin ? pair->destination : pair->origin) * t->window_count +
                            key % t->window_count;
            p->scratch[i] = sign * pair->gap_g / pair->sent_g + other[across];
        }
        /* Shrunk towards no effect: five pairs say little, thirty nearly all. */
        double shrink = (double)count / ((double)count + 4);
        effects[key] = shrink * median_in_place(p->scratch, count);
    }
}

/* Distinct partners and the spread of each effect. */
static void describe_effects(load_table *t, polish *p, const grouped *g, bool origin,
                             uint32_t *seen, uint32_t *stamp)
{
    for (size_t key = 0; key < g->key_count; key++) {
        size_t count = g->first[key + 1] - g->first[key];
        if (count == 0)
            continue;
        scale_effect *e = &t->effects[key];
        (*stamp)++;
        uint32_t partners = 0;
        for (size_t i = 0; i < count; i++) {
            const weight_pair *pair = &t->pairs[g->item[g->first[key] + i]];
            scale_id other = origin ? pair->destination : pair->origin;
            size_t across = (size_t)other * t->window_count + key % t->window_count;
            partners += seen[other] != *stamp;
            seen[other] = *stamp;
            double own = origin ? p->origin[key] : p->destination[key];
            double rest = origin ? -p->destination[across] : p->origin[across];
            p->scratch[i] = pair->gap_g / pair->sent_g - (origin ? own + rest : rest - own);
        }
        if (count <= e->pairs)
            continue; /* a scale at both ends is described by the busier one */
        double centre = median_in_place(p->scratch, count);
        double spread = fmax(mad_sigma_in_place(p->scratch, count, centre), 2e-4);
        *e = (scale_effect){origin ? p->origin[key] : p->destination[key],
                            1.2533 * spread / sqrt((double)count), (uint32_t)count, partners};
    }
}

static void polish_free(polish *p)
{
    free(p->by_origin.first);
    free(p->by_origin.item);
    free(p->by_destination.first);
    free(p->by_destination.item);
    free(p->fitted_origin);
    free(p->scratch);
    free(p->origin);
    free(p->destination);
}

static bool fit(load_table *t, const city *c)
{
    size_t keys = c->scale_count * t->window_count;
    polish p = {.fitted_origin = calloc(c->scale_count + 1, sizeof *p.fitted_origin),
                .scratch = malloc((t->count + 1) * sizeof *p.scratch),
                .origin = calloc(keys + 1, sizeof *p.origin),
                .destination = calloc(keys + 1, sizeof *p.destination)};
    uint32_t *seen = calloc(c->scale_count + 1, sizeof *seen);
    uint32_t stamp = 0;
    bool made = seen != NULL && p.fitted_origin != NULL && p.scratch != NULL && p.origin != NULL &&
                p.destination != NULL && group_pairs(&p.by_origin, t, keys, true) &&
                group_pairs(&p.by_destination, t, keys, false) && find_fitted_origins(&p, t, c);
    for (int round = 0; made && round < POLISH_ROUNDS; round++) {
        polish_side(&p, t, &p.by_destination, p.destination, p.origin, -1);
        polish_side(&p, t, &p.by_origin, p.origin, p.destination, 1);
    }
    if (made) {
        describe_effects(t, &p, &p.by_destination, false, seen, &stamp);
        describe_effects(t, &p, &p.by_origin, true, seen, &stamp);
        for (size_t i = 0; i < t->count; i++) {
            weight_pair *pair = &t->pairs[i];
            size_t window = load_window(t, pair->at_ms);
            pair->bias_g =
                pair->sent_g * (p.origin[pair->origin * t->window_count + window] -
                                p.destination[pair->destination * t->window_count + window]);
            pair->plain_gap_g = pair->gap_g;
            pair->gap_g -= pair->bias_g;
            double u = effect_of(t, pair->destination, pair->at_ms)->sigma * pair->sent_g;
            pair->sigma_g = sqrt(pair->sigma_g * pair->sigma_g + u * u);
        }
    }
    free(seen);
    polish_free(&p);
    return made;
}

static double coarser_division_g(const city *c, const weight_pair *p)
{
    int64_t a = c->scales[p->origin].division_g;
    int64_t b = c->scales[p->destination].division_g;
    return (double)(a > b ? a : b);
}

/* Robust inflation (detection.md 2.4.3): in each group (stream, with or without tickets) the z of
   ordinary loads must have the MAD of a normal. The model's sigma is from permissible errors and so
   is often too wide: it may shrink to half, too. */
static bool inflate(load_table *t, const city *c)
{
    double *z = malloc((t->count + 1) * sizeof *z);
    if (z == NULL)
        return false;
    for (unsigned group = 0; group < GROUPS; group++) {
        size_t count = 0;
        for (int pass = 0; pass < 2; pass++) {
            double factor = 1;
            if (pass == 1 && count >= 20)
                factor =
                    fmax(0.5, fmin(mad_sigma_in_place(z, count, median_in_place(z, count)), 10));
            for (size_t i = 0; i < t->count; i++) {
                weight_pair *p = &t->pairs[i];
                unsigned of = 2u * c->manifests[p->manifest].stream +
                              (p->destination_ticket != BOOK_NONE ? 1u : 0u);
                if (of != group)
                    continue;
                if (pass == 0) {
                    z[count++] = p->gap_g / p->sigma_g;
                } else {
                    /* Ordinary loads may be large ones: a small load is still read in whole
                     * divisions. */
                    p->sigma_g = fmax(p->sigma_g * factor, coarser_division_g(c, p));
                    p->z = p->gap_g / p->sigma_g;
                }
            }
        }
    }
    free(z);
    return true;
}

wf_status load_table_make(load_table *out, const city *c, const audit_shared *s, wf_error *err)
{
    *out = (load_table){.start_ms = c->first_ms};
    size_t capacity = 0;
    for (size_t i = 0; i < c->manifest_count; i++) {
        weight_pair pair;
        if (!make_pair(&pair, c, s, (manifest_id)i))
            continue;
        if (!array_grow((void **)&out->pairs, &capacity, out->count + 1, sizeof *out->pairs))
            return wf_fail(err, WF_SYSTEM, _("out of memory for the pairs of weights"));
        out->pairs[out->count++] = pair;
    }
    if (out->count == 0)
        return WF_OK;
    qsort(out->pairs, out->count, sizeof *out->pairs, compare_pairs);
    int64_t last = out->pairs[out->count - 1].at_ms;
    if (out->start_ms == TIME_NONE || out->start_ms > out->pairs[0].at_ms)
        out->start_ms = out->pairs[0].at_ms;
    out->window_count = (size_t)((last - out->start_ms) / (SCALE_WINDOW_DAYS * TIME_DAY_MS)) + 1;
    out->effects = calloc(c->scale_count * out->window_count + 1, sizeof *out->effects);
    if (out->effects == NULL || !fit(out, c) || !inflate(out, c))
        return wf_fail(err, WF_SYSTEM, _("out of memory for the fit of the scales"));
    return WF_OK;
}

void load_table_free(load_table *t)
{
    free(t->pairs);
    free(t->effects);
    *t = (load_table){0};
}
