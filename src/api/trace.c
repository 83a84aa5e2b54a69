/*
 * api/trace.c: where mass came from or went, hop by hop.
 *
 * A stock mixes: what leaves it carries every load that is in it in proportion to what the stock
 * held of each (DESIGN section 4). Followed down, a traced part `a` of a stock S loses a * o / S to
 * an outflow o. Followed up it is the same law read backwards: each traced gram of a stock S is
 * equally likely to be any of its grams, so an inflow i into it brought a * i / S. A treatment
 * hands on to each output, in proportion; a load's shortfall is shared likewise.
 *
 * Hops below a thousandth of the traced mass are followed but not listed; their sum is one row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/trace.h"

typedef struct trace_hop {
    bool down;
    uint32_t depth;
    const trace_flow *flow; /* NULL for what is left at the end */
    enum trace_what what;
    uint32_t place, manifest;
    double mass_g, whole_g;
} trace_hop;

typedef struct trace_job {
    const city *city;
    trace_line line;
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
    trace_hop *hops;
    size_t count, capacity;
    double total_g, smaller_g;
    uint64_t smaller;
    bool failed;
} trace_job;

static void hop_add(trace_job *job, trace_hop hop)
{
    hop.down = job->down;
    if (hop.mass_g < 0.5)
        return;
    if (hop.mass_g < job->total_g / 1000) {
        job->smaller++;
        job->smaller_g += hop.mass_g;
        return;
    }
    if (!array_grow((void **)&job->hops, &job->capacity, job->count + 1, sizeof *job->hops)) {
        job->failed = true;
        return;
    }
    job->hops[job->count++] = hop;
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
        return job->line.places[f->place].site == job->start &&
               (f->what == TRACE_GENERATED || f->what == TRACE_RECEIVED || f->what == TRACE_FOUND);
    }
}

/* Mass that all pick-ups of a manifest took. */
static double manifest_whole(const trace_job *job, uint32_t manifest)
{
    const manifest_row *m = &job->city->manifests[manifest];
    int64_t mass_g = m->picked_up_g != MASS_NONE ? m->picked_up_g : m->declared_g;
    return mass_g == MASS_NONE || mass_g <= 0 ? 1 : (double)mass_g;
}

/* ---- down ---------------------------------------------------------------------------------- */

static void down_pick_up(trace_job *job, const trace_flow *f)
{
    bool start = starts_here(job, f);
    double taken_g = place_take(job, f->place, f->mass_g, f->stock_after_g + f->mass_g);
    uint32_t depth = start ? 1 : job->depth[f->place] + 1;
    if (job->kind == OBJECT_SITE && job->line.places[f->place].site == job->start) {
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
    const manifest_row *m = &job->city->manifests[f->object];
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
    for (size_t i = 0; i < job->line.place_count; i++)
        hop_add(job, (trace_hop){.depth = job->depth[i] + 1,
                                 .what = TRACE_ON_SITE,
                                 .place = (uint32_t)i,
                                 .manifest = BOOK_NONE,
                                 .mass_g = job->traced[i],
                                 .whole_g = job->line.stocks[i]});
    for (size_t i = 0; i < job->city->manifest_count; i++) {
        const manifest_row *m = &job->city->manifests[i];
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
    size_t count = job->count;
    for (size_t i = 0; i < count && !job->failed; i++) {
        const trace_hop hop = job->hops[i];
        if (!hop.down || hop.what != TRACE_TREATED)
            continue;
        trace_hop rest = hop;
        rest.what = TRACE_DESTROYED;
        rest.mass_g = job->treatment_left_g[hop.flow->object];
        hop_add(job, rest);
    }
}

/* ---- up ------------------------------------------------------------------------------------ */

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
    for (size_t i = 0; i < job->line.place_count; i++) {
        if (job->line.places[i].site != job->start || job->line.stocks[i] <= 0)
            continue;
        job->total_g += job->line.stocks[i];
        job->traced[i] = job->line.stocks[i];
    }
    for (size_t i = 0; i < job->line.place_count; i++)
        if (job->traced[i] > 0)
            hop_add(job, (trace_hop){.what = TRACE_ON_SITE,
                                     .place = (uint32_t)i,
                                     .manifest = BOOK_NONE,
                                     .mass_g = job->traced[i],
                                     .whole_g = job->traced[i]});
}

static void up_end(trace_job *job)
{
    for (size_t i = 0; i < job->line.place_count; i++)
        hop_add(job, (trace_hop){.depth = job->depth[i] + 1,
                                 .what = TRACE_NO_SOURCE,
                                 .place = (uint32_t)i,
                                 .manifest = BOOK_NONE,
                                 .mass_g = job->traced[i],
                                 .whole_g = job->traced[i]});
}

/* ---- the walk ------------------------------------------------------------------------------ */

static void walk_free(trace_job *job)
{
    free(job->traced);
    free(job->depth);
    free(job->manifest_g);
    free(job->manifest_depth);
    free(job->treatment_share);
    free(job->treatment_left_g);
    free(job->treatment_depth);
    job->traced = job->manifest_g = job->treatment_share = job->treatment_left_g = NULL;
    job->depth = job->manifest_depth = job->treatment_depth = NULL;
}

static void walk(trace_job *job, bool down)
{
    const city *c = job->city;
    job->down = down;
    job->total_g = 0;
    job->traced = calloc(job->line.place_count + 1, sizeof *job->traced);
    job->depth = calloc(job->line.place_count + 1, sizeof *job->depth);
    job->manifest_g = calloc(c->manifest_count + 1, sizeof *job->manifest_g);
    job->manifest_depth = calloc(c->manifest_count + 1, sizeof *job->manifest_depth);
    job->treatment_share = calloc(c->treatment_count + 1, sizeof *job->treatment_share);
    job->treatment_left_g = calloc(c->treatment_count + 1, sizeof *job->treatment_left_g);
    job->treatment_depth = calloc(c->treatment_count + 1, sizeof *job->treatment_depth);
    if (job->traced == NULL || job->depth == NULL || job->manifest_g == NULL ||
        job->manifest_depth == NULL || job->treatment_share == NULL ||
        job->treatment_left_g == NULL || job->treatment_depth == NULL) {
        job->failed = true;
    } else if (down) {
        for (size_t i = 0; i < job->line.count; i++)
            down_flow(job, &job->line.flows[i]);
        down_destroyed(job);
        down_end(job);
    } else {
        if (job->kind == OBJECT_SITE)
            up_start_site(job);
        for (size_t i = job->line.count; i-- > 0;)
            up_flow(job, &job->line.flows[i]);
        up_end(job);
    }
    walk_free(job);
}

/* Up before down; nearest first; up against the time, down along it. */
static int hop_compare(const void *left, const void *right)
{
    const trace_hop *a = left, *b = right;
    if (a->down != b->down)
        return a->down ? 1 : -1;
    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    int64_t a_ms = a->flow == NULL ? INT64_MAX : a->flow->time_ms;
    int64_t b_ms = b->flow == NULL ? INT64_MAX : b->flow->time_ms;
    if (a_ms != b_ms)
        return (a_ms < b_ms) == a->down ? -1 : 1;
    if (a->what != b->what)
        return a->what < b->what ? -1 : 1;
    if (a->mass_g > b->mass_g || a->mass_g < b->mass_g)
        return a->mass_g > b->mass_g ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static const wf_column trace_columns[] = {
    {"direction", N_("direction"), WF_CELL_TEXT},
    {"hop", N_("hop"), WF_CELL_INTEGER},
    {"what", N_("what"), WF_CELL_TEXT},
    {"time", N_("time"), WF_CELL_TIME},
    {"id", N_("id"), WF_CELL_TEXT},
    {"from_site", N_("from site"), WF_CELL_TEXT},
    {"to_site", N_("to site"), WF_CELL_TEXT},
    {"waste_code", N_("waste code"), WF_CELL_TEXT},
    {"mass_kg", N_("traced kg"), WF_CELL_MASS},
    {"of_kg", N_("of kg"), WF_CELL_MASS},
    {"entry", N_("entry"), WF_CELL_INTEGER},
};

static const char *hop_id(const city *c, const trace_hop *hop)
{
    if (hop->manifest != BOOK_NONE)
        return city_text(c, c->manifests[hop->manifest].key);
    if (hop->flow == NULL)
        return NULL;
    if (hop->flow->what == TRACE_GENERATED)
        return city_text(c, c->generations[hop->flow->object].key);
    if (hop->flow->what == TRACE_FOUND || hop->flow->what == TRACE_MISSING)
        return NULL;
    return city_text(c, c->treatments[hop->flow->object].key);
}

static void hop_row(answer *a, const trace_job *job, const trace_hop *hop)
{
    const city *c = job->city;
    site_id from = BOOK_NONE, to = BOOK_NONE;
    code_id code = BOOK_NONE;
    if (hop->place != TRACE_NONE) {
        from = to = job->line.places[hop->place].site;
        code = job->line.places[hop->place].code;
    }
    if (hop->manifest != BOOK_NONE) {
        const manifest_row *m = &c->manifests[hop->manifest];
        code = m->code;
        if (hop->what != TRACE_PICKED_UP && hop->what != TRACE_GENERATED)
            from = hop->what == TRACE_RETURNED ? m->facility_site : m->generator_site;
        if (hop->what == TRACE_PICKED_UP || hop->place == TRACE_NONE)
            to = m->facility_site;
    }
    cell_text(a, hop->down ? "down" : "up");
    cell_integer(a, hop->depth);
    cell_text(a, trace_what_name(hop->what));
    cell_time(a, hop->flow == NULL ? TIME_NONE : hop->flow->time_ms);
    cell_text(a, hop_id(c, hop));
    cell_text(a, from == BOOK_NONE ? NULL : city_text(c, c->sites[from].key));
    cell_text(a, to == BOOK_NONE ? NULL : city_text(c, c->sites[to].key));
    cell_text(a, code == BOOK_NONE ? NULL : city_code(c, code));
    cell_mass(a, llround(hop->mass_g));
    cell_mass(a, llround(hop->whole_g));
    if (hop->flow == NULL)
        cell_empty(a);
    else
        cell_integer(a, (int64_t)hop->flow->seq);
    answer_row(a);
}

static wf_status trace_answer(trace_job *job, const wf_sink *sink, wf_error *err)
{
    answer a;
    if (job->count > 0)
        qsort(job->hops, job->count, sizeof *job->hops, hop_compare);
    answer_begin(&a, sink, err, "hops", N_("Trace; mixed stocks in proportion to what they held"),
                 COLUMNS(trace_columns));
    for (size_t i = 0; i < job->count; i++)
        hop_row(&a, job, &job->hops[i]);
    if (job->smaller > 0) {
        char text[64];
        snprintf(text, sizeof text, _("%llu smaller"), (unsigned long long)job->smaller);
        for (int i = 0; i < 2; i++)
            cell_empty(&a);
        cell_text(&a, text);
        for (int i = 0; i < 5; i++)
            cell_empty(&a);
        cell_mass(&a, llround(job->smaller_g));
        for (int i = 0; i < 2; i++)
            cell_empty(&a);
        answer_row(&a);
    }
    return answer_end(&a);
}

/* All rows of a treatment are one act: its first row stands for it, as in the time line. */
static void trace_first_row(trace_job *job)
{
    const city *c = job->city;
    if (job->kind != OBJECT_TREATMENT || job->start >= c->treatment_count)
        return;
    const treatment_row *wanted = &c->treatments[job->start];
    for (uint32_t i = 0; i < job->start; i++)
        if (c->treatments[i].site == wanted->site &&
            strcmp(city_text(c, c->treatments[i].key), city_text(c, wanted->key)) == 0) {
            job->start = i;
            return;
        }
}

static wf_status trace_find(trace_job *job, wf_ledger *l, const char *id, wf_error *err)
{
    api_thing thing = {.kind = OBJECT_NONE};
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = api_identify(l, txn, id, true, &thing, err);
    if (status == WF_OK && !thing.found)
        status = api_unknown_id(l, txn, id, err);
    store_abort(txn);
    job->kind = thing.kind;
    job->start = thing.index;
    if (status != WF_OK)
        return status;
    if (job->kind == OBJECT_MANIFEST || job->kind == OBJECT_SITE ||
        job->kind == OBJECT_GENERATION || job->kind == OBJECT_TREATMENT)
        return WF_OK;
    return wf_fail(
        err, WF_USAGE,
        _("'%s' carries no mass of its own; trace a manifest, a site, a generation batch "
          "or a treatment"),
        id);
}

wf_status wf_trace(wf_ledger *l, const char *id, wf_direction direction, const wf_sink *sink,
                   wf_error *err)
{
    city *c = NULL;
    trace_job job = {0};
    wf_error_clear(err);
    wf_status status = trace_find(&job, l, id, err);
    if (status == WF_OK)
        status = city_load(&c, l->book, false, err);
    if (status == WF_OK)
        status = trace_line_make(&job.line, c, err);
    job.city = c;
    if (status == WF_OK) {
        trace_first_row(&job);
        if (direction != WF_TRACE_DOWN)
            walk(&job, false);
        if (direction != WF_TRACE_UP)
            walk(&job, true);
        status = job.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                            : trace_answer(&job, sink, err);
    }
    free(job.hops);
    trace_line_free(&job.line);
    city_free(c);
    return status;
}
