/*
 * api/trace_walk.c: following mass along the time line of trace.h, and what is found on the way.
 *
 * A stock mixes: what leaves it carries every load that is in it in proportion to what the stock
 * held of each (DESIGN section 4). Followed down, a traced part `a` of a stock S loses a * o / S to
 * an outflow o. Followed up it is the same law read backwards: each traced gram of a stock S is
 * equally likely to be any of its grams, so an inflow i into it brought a * i / S. A treatment
 * hands on to each output, in proportion; a load's shortfall is shared likewise.
 */
#include <math.h>
#include <stdlib.h>

#include "api/trace.h"

typedef struct trace_job {
    const trace_line *line;
    enum object_kind kind; /* where the trace starts */
    uint32_t start;
    bool down;
    double *traced;     /* by place */
    uint32_t *depth;    /* by place */
    double *manifest_g; /* traced on board, by manifest */
    uint32_t *manifest_depth;
    double *treatment_share;  /* down: traced share of the input; up: traced grams of outputs */
    double *treatment_left_g; /* down: traced input that no output has taken yet */
    uint32_t *treatment_depth;
    double total_g; /* traced so far */
    trace_found *found;
} trace_job;

static void hop_add(trace_job *job, trace_hop hop)
{
    hop.down = job->down;
    if (hop.mass_g < 0.5)
        return;
    if (hop.mass_g < job->total_g / 1000) {
        job->found->smaller++;
        job->found->smaller_g += hop.mass_g;
        return;
    }
    if (!array_grow((void **)&job->found->hops, &job->found->capacity, job->found->count + 1,
                    sizeof *job->found->hops)) {
        job->found->failed = true;
        return;
    }
    job->found->hops[job->found->count++] = hop;
}

static void hop_flow(trace_job *job, const trace_flow *f, enum trace_what what, uint32_t depth,
                     double mass_g)
{
    uint32_t manifest =
        f->what == TRACE_PICKED_UP || f->what == TRACE_RECEIVED || f->what == TRACE_RETURNED
            ? f->object
            : BOOK_NONE;
    hop_add(job, (trace_hop){.depth = depth,
                             .flow = f,
                             .what = what,
                             .place = f->place,
                             .manifest = manifest,
                             .mass_g = mass_g,
                             .whole_g = f->mass_g});
}

static void place_put(trace_job *job, uint32_t place, double mass_g, uint32_t depth)
{
    if (mass_g <= 0)
        return;
    if (job->traced[place] < 0.5 || depth < job->depth[place])
        job->depth[place] = depth;
    job->traced[place] += mass_g;
}

/* The traced part of an outflow (down) or inflow (up) that is `mass_g` of a stock `stock_g`. */
static double place_take(trace_job *job, uint32_t place, double mass_g, double stock_g)
{
    double traced_g = job->traced[place];
    if (traced_g <= 0)
        return 0;
    double share = stock_g > mass_g ? mass_g / stock_g : 1;
    double taken_g = fmin(traced_g * share, mass_g);
    job->traced[place] -= taken_g;
    return taken_g;
}

static bool starts_here(const trace_job *job, const trace_flow *f)
{
    switch (job->kind) {
    case OBJECT_MANIFEST:
        return f->what == TRACE_PICKED_UP && f->object == job->start;
    case OBJECT_GENERATION:
        return f->what == TRACE_GENERATED && f->object == job->start;
    case OBJECT_TREATMENT:
        return f->what == TRACE_TREATED && f->object == job->start;
    default: /* a site: all that comes in from elsewhere or arises */
        return job->line->places[f->place].site == job->start &&
               (f->what == TRACE_GENERATED || f->what == TRACE_RECEIVED || f->what == TRACE_FOUND);
    }
}

/* Mass that all pick-ups of a manifest took. */
static double manifest_whole(const trace_job *job, uint32_t manifest)
{
    const manifest_row *m = &job->line->city->manifests[manifest];
    int64_t mass_g = m->picked_up_g != MASS_NONE ? m->picked_up_g : m->declared_g;
    return mass_g == MASS_NONE || mass_g <= 0 ? 1 : (double)mass_g;
}

/* ---- down ------------------------------------------------------------------------------------ */

static void down_pick_up(trace_job *job, const trace_flow *f)
{
    bool start = starts_here(job, f);
    double taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g + f->mass_g);
    uint32_t depth = start ? 1 : job->depth[f->place] + 1;
    if (job->kind == OBJECT_SITE && job->line->places[f->place].site == job->start) {
        taken_g += f->implied_g; /* it arose at the site that is traced */
        job->total_g += f->implied_g;
    }
    if (start) {
        taken_g = f->mass_g;
        job->total_g += taken_g;
    }
    if (taken_g <= 0)
        return;
    job->manifest_g[f->object] += taken_g;
    if (job->manifest_depth[f->object] == 0 || depth < job->manifest_depth[f->object])
        job->manifest_depth[f->object] = depth;
    hop_flow(job, f, TRACE_PICKED_UP, depth, taken_g);
}

static void down_receive(trace_job *job, const trace_flow *f)
{
    const manifest_row *m = &job->line->city->manifests[f->object];
    double share = job->manifest_g[f->object] / manifest_whole(job, f->object);
    double traced_g = share * f->mass_g;
    uint32_t depth = job->manifest_depth[f->object];
    if (starts_here(job, f)) {
        traced_g = f->mass_g;
        depth = 0;
        job->total_g += traced_g;
    }
    if (traced_g <= 0)
        return;
    hop_flow(job, f, f->what, depth, traced_g);
    place_put(job, f->place, traced_g, depth);
    if (f->what == TRACE_RECEIVED && m->unaccounted_g > 0 && m->unaccounted_g != MASS_NONE)
        hop_flow(job, f, TRACE_UNACCOUNTED, depth, share * (double)m->unaccounted_g);
}

static void down_treat(trace_job *job, const trace_flow *f)
{
    bool start = starts_here(job, f);
    double taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g + f->mass_g);
    if (start) {
        taken_g = f->mass_g;
        job->total_g += taken_g;
    }
    if (taken_g <= 0)
        return;
    job->treatment_share[f->object] = taken_g / f->mass_g;
    job->treatment_left_g[f->object] = taken_g;
    job->treatment_depth[f->object] = start ? 1 : job->depth[f->place] + 1;
    hop_flow(job, f, TRACE_TREATED, job->treatment_depth[f->object], taken_g);
}

static void down_output(trace_job *job, const trace_flow *f)
{
    double traced_g = job->treatment_share[f->object] * f->mass_g;
    uint32_t depth = job->treatment_depth[f->object];
    if (traced_g <= 0)
        return;
    job->treatment_left_g[f->object] -= traced_g;
    hop_flow(job, f, f->what, depth, traced_g);
    if (f->what == TRACE_MADE)
        place_put(job, f->place, traced_g, depth);
}

static void down_flow(trace_job *job, const trace_flow *f)
{
    double taken_g;
    switch (f->what) {
    case TRACE_PICKED_UP:
        down_pick_up(job, f);
        break;
    case TRACE_RECEIVED:
    case TRACE_RETURNED:
        down_receive(job, f);
        break;
    case TRACE_TREATED:
        down_treat(job, f);
        break;
    case TRACE_MADE:
    case TRACE_PRODUCT:
        down_output(job, f);
        break;
    case TRACE_MISSING:
        taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g + f->mass_g);
        hop_flow(job, f, TRACE_MISSING, job->depth[f->place] + 1, taken_g);
        break;
    default:
        if (!starts_here(job, f))
            break;
        job->total_g += f->mass_g;
        hop_flow(job, f, f->what, 0, f->mass_g);
        place_put(job, f->place, f->mass_g, 0);
    }
}

/* Where the traced mass is now. */
static void down_end(trace_job *job)
{
    for (size_t i = 0; i < job->line->place_count; i++)
        hop_add(job, (trace_hop){.depth = job->depth[i] + 1,
                                 .what = TRACE_ON_SITE,
                                 .place = (uint32_t)i,
                                 .manifest = BOOK_NONE,
                                 .mass_g = job->traced[i],
                                 .whole_g = job->line->stocks[i]});
    for (size_t i = 0; i < job->line->city->manifest_count; i++) {
        const manifest_row *m = &job->line->city->manifests[i];
        if (job->manifest_g[i] <= 0 || m->in_transit_g <= 0)
            continue;
        double share = job->manifest_g[i] / manifest_whole(job, (uint32_t)i);
        hop_add(job, (trace_hop){.depth = job->manifest_depth[i],
                                 .what = TRACE_IN_TRANSIT,
                                 .place = TRACE_NONE,
                                 .manifest = (uint32_t)i,
                                 .mass_g = share * (double)m->in_transit_g,
                                 .whole_g = (double)m->in_transit_g});
    }
}

/* Treated mass for which no output was stated; listed behind its treatment's outputs. */
static void down_destroyed(trace_job *job)
{
    size_t count = job->found->count;
    for (size_t i = 0; i < count && !job->found->failed; i++) {
        const trace_hop hop = job->found->hops[i];
        if (!hop.down || hop.what != TRACE_TREATED)
            continue;
        trace_hop rest = hop;
        rest.what = TRACE_DESTROYED;
        rest.mass_g = job->treatment_left_g[hop.flow->object];
        hop_add(job, rest);
    }
}

/* ---- up -------------------------------------------------------------------------------------- */

static void up_pick_up(trace_job *job, const trace_flow *f)
{
    double wanted_g = job->manifest_g[f->object] * f->mass_g / manifest_whole(job, f->object);
    uint32_t depth = job->manifest_depth[f->object];
    if (starts_here(job, f)) {
        wanted_g = f->mass_g;
        depth = 1;
        job->total_g += wanted_g;
    }
    if (wanted_g <= 0)
        return;
    double implied_g = wanted_g * f->implied_g / f->mass_g;
    hop_flow(job, f, TRACE_PICKED_UP, depth, wanted_g);
    hop_flow(job, f, TRACE_GENERATED, depth + 1, implied_g);
    place_put(job, f->place, wanted_g - implied_g, depth);
}

static void up_receive(trace_job *job, const trace_flow *f)
{
    uint32_t depth = job->depth[f->place] + 1;
    double taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g);
    if (taken_g <= 0)
        return;
    job->manifest_g[f->object] += taken_g;
    if (job->manifest_depth[f->object] == 0 || depth < job->manifest_depth[f->object])
        job->manifest_depth[f->object] = depth;
    hop_flow(job, f, f->what, depth, taken_g);
}

static void up_output(trace_job *job, const trace_flow *f)
{
    uint32_t depth = job->depth[f->place] + 1;
    double taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g);
    if (taken_g <= 0)
        return;
    hop_flow(job, f, TRACE_MADE, depth, taken_g);
    job->treatment_share[f->object] += taken_g;
    if (job->treatment_depth[f->object] == 0 || depth < job->treatment_depth[f->object])
        job->treatment_depth[f->object] = depth;
}

static void up_treat(trace_job *job, const trace_flow *f)
{
    bool start = starts_here(job, f);
    double wanted_g = start ? f->mass_g : job->treatment_share[f->object];
    uint32_t depth = start ? 1 : job->treatment_depth[f->object];
    if (wanted_g <= 0)
        return;
    job->total_g += start ? wanted_g : 0;
    hop_flow(job, f, TRACE_TREATED, depth, wanted_g);
    place_put(job, f->place, wanted_g, depth);
}

static void up_flow(trace_job *job, const trace_flow *f)
{
    double taken_g;
    switch (f->what) {
    case TRACE_PICKED_UP:
        up_pick_up(job, f);
        break;
    case TRACE_RECEIVED:
    case TRACE_RETURNED:
        up_receive(job, f);
        break;
    case TRACE_MADE:
        up_output(job, f);
        break;
    case TRACE_TREATED:
        up_treat(job, f);
        break;
    case TRACE_GENERATED:
    case TRACE_FOUND:
        taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g);
        hop_flow(job, f, f->what, job->depth[f->place] + 1, taken_g);
        break;
    default:
        break;
    }
}

static void up_start_site(trace_job *job)
{
    for (size_t i = 0; i < job->line->place_count; i++) {
        if (job->line->places[i].site != job->start || job->line->stocks[i] <= 0)
            continue;
        job->total_g += job->line->stocks[i];
        job->traced[i] = job->line->stocks[i];
    }
    for (size_t i = 0; i < job->line->place_count; i++)
        if (job->traced[i] > 0)
            hop_add(job, (trace_hop){.what = TRACE_ON_SITE,
                                     .place = (uint32_t)i,
                                     .manifest = BOOK_NONE,
                                     .mass_g = job->traced[i],
                                     .whole_g = job->traced[i]});
}

static void up_end(trace_job *job)
{
    for (size_t i = 0; i < job->line->place_count; i++)
        hop_add(job, (trace_hop){.depth = job->depth[i] + 1,
                                 .what = TRACE_NO_SOURCE,
                                 .place = (uint32_t)i,
                                 .manifest = BOOK_NONE,
                                 .mass_g = job->traced[i],
                                 .whole_g = job->traced[i]});
}

/* ---- the walk -------------------------------------------------------------------------------- */

static bool walk_alloc(trace_job *job)
{
    size_t places = job->line->place_count + 1;
    size_t manifests = job->line->city->manifest_count + 1;
    size_t treatments = job->line->city->treatment_count + 1;
    job->traced = calloc(places, sizeof *job->traced);
    job->depth = calloc(places, sizeof *job->depth);
    job->manifest_g = calloc(manifests, sizeof *job->manifest_g);
    job->manifest_depth = calloc(manifests, sizeof *job->manifest_depth);
    job->treatment_share = calloc(treatments, sizeof *job->treatment_share);
    job->treatment_left_g = calloc(treatments, sizeof *job->treatment_left_g);
    job->treatment_depth = calloc(treatments, sizeof *job->treatment_depth);
    return job->traced != NULL && job->depth != NULL && job->manifest_g != NULL &&
           job->manifest_depth != NULL && job->treatment_share != NULL &&
           job->treatment_left_g != NULL && job->treatment_depth != NULL;
}

static void walk_free(trace_job *job)
{
    free(job->traced);
    free(job->depth);
    free(job->manifest_g);
    free(job->manifest_depth);
    free(job->treatment_share);
    free(job->treatment_left_g);
    free(job->treatment_depth);
}

static void walk_down(trace_job *job)
{
    for (size_t i = 0; i < job->line->count; i++)
        down_flow(job, &job->line->flows[i]);
    down_destroyed(job);
    down_end(job);
}

static void walk_up(trace_job *job)
{
    if (job->kind == OBJECT_SITE)
        up_start_site(job);
    for (size_t i = job->line->count; i-- > 0;)
        up_flow(job, &job->line->flows[i]);
    up_end(job);
}

void trace_walk(trace_found *found, const trace_line *line, enum object_kind kind, uint32_t start,
                bool down)
{
    trace_job job = {.line = line, .kind = kind, .start = start, .down = down, .found = found};
    if (!walk_alloc(&job))
        found->failed = true;
    else if (down)
        walk_down(&job);
    else
        walk_up(&job);
    walk_free(&job);
}
