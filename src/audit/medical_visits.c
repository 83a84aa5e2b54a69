/*
 * audit/medical_visits.c: gathers batches and visits as one list of acts by site and time, and
 * walks it once.
 */
#include "audit/medical_visits.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct act {
    int64_t time_ms, known_ms;
    const generation_row *batch; /* NULL: a visit */
    site_id site;
    manifest_id load; /* of a visit */
} act;

typedef struct act_list {
    act *items;
    size_t count, capacity;
    bool failed;
} act_list;

static void add(act_list *l, act a)
{
    if (a.time_ms == TIME_NONE || a.site == BOOK_NONE)
        return;
    if (array_grow((void **)&l->items, &l->capacity, l->count + 1, sizeof *l->items))
        l->items[l->count++] = a;
    else
        l->failed = true;
}

/* A visit comes before a batch of the same moment: what is made then waits for the next. */
static int compare_acts(const void *a, const void *b)
{
    const act *x = a, *y = b;
    if (x->site != y->site)
        return x->site < y->site ? -1 : 1;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return (x->batch != NULL) - (y->batch != NULL);
}

static bool is_institution(const city *c, site_id site)
{
    return site < c->site_count &&
           (c->sites[site].kind == SITE_HOSPITAL || c->sites[site].kind == SITE_CLINIC);
}

static void gather_batches(act_list *l, const city *c)
{
    for (size_t i = 0; i < c->generation_count; i++) {
        const generation_row *g = &c->generations[i];
        if (g->mass_g > 0 && is_institution(c, g->site) &&
            strncmp(city_code(c, g->code), "841-", 4) == 0)
            add(l, (act){g->time_ms, g->time_ms, g, g->site, BOOK_NONE});
    }
}

static void gather_visits(act_list *l, const city *c)
{
    for (size_t i = 0; i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if (e->kind != EVENT_PICKED_UP || e->manifest >= c->manifest_count)
            continue;
        const manifest_row *m = &c->manifests[e->manifest];
        site_id site = e->site != BOOK_NONE ? e->site : m->generator_site;
        if (m->stream == STREAM_MEDICAL && is_institution(c, site))
            add(l, (act){e->time_ms, e->known_ms, NULL, site, e->manifest});
    }
    for (size_t i = 0; i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        if (m->stream != STREAM_MEDICAL || m->pick_ups > 0 || m->state == MANIFEST_CANCELLED ||
            m->state == MANIFEST_FILED || !is_institution(c, m->generator_site))
            continue;
        add(l, (act){m->filed_ms, m->known_ms, NULL, m->generator_site, (manifest_id)i});
        add(l, (act){m->arrived_ms, m->known_ms, NULL, m->generator_site, (manifest_id)i});
        add(l, (act){m->received_ms, m->known_ms, NULL, m->generator_site, (manifest_id)i});
    }
}

/* The acts of one site. */
static wf_status walk(rule_context *ctx, const act *acts, size_t count,
                      const generation_row **batches, medical_interval_function *judge,
                      wf_error *err)
{
    int64_t now_ms = ctx->city->now_ms;
    medical_interval i = {.site = acts[0].site,
                          .previous_ms = TIME_NONE,
                          .previous_load = BOOK_NONE,
                          .batches = batches,
                          .batch_count = 0};
    wf_status status = WF_OK;
    for (size_t k = 0; status == WF_OK && k <= count; k++) {
        if (k < count && acts[k].batch != NULL) {
            batches[i.batch_count++] = acts[k].batch;
            continue;
        }
        i.open = k == count;
        i.next_ms = i.open ? now_ms : acts[k].time_ms;
        i.next_known_ms = i.open ? now_ms : acts[k].known_ms;
        if (i.batch_count > 0)
            status = judge(ctx, &i, err);
        i.previous_ms = i.next_ms;
        i.previous_load = i.open ? BOOK_NONE : acts[k].load;
        i.batch_count = 0;
    }
    return status;
}

wf_status medical_intervals(rule_context *ctx, medical_interval_function *judge, wf_error *err)
{
    act_list l = {0};
    gather_batches(&l, ctx->city);
    gather_visits(&l, ctx->city);
    const generation_row **batches = malloc((l.count + 1) * sizeof *batches);
    wf_status status = WF_OK;
    if (l.failed || batches == NULL)
        status = wf_fail(err, WF_SYSTEM, _("rule %s: out of memory for %zu visits"), ctx->rule->id,
                         l.count);
    if (l.count > 0)
        qsort(l.items, l.count, sizeof *l.items, compare_acts);
    for (size_t first = 0; status == WF_OK && first < l.count;) {
        size_t end = first + 1;
        while (end < l.count && l.items[end].site == l.items[first].site)
            end++;
        status = walk(ctx, l.items + first, end - first, batches, judge, err);
        first = end;
    }
    free(batches);
    free(l.items);
    return status;
}

int64_t medical_limit_ms(const city *c, int64_t from_ms, int64_t hours_ms)
{
    int64_t exact_ms = from_ms + hours_ms;
    int32_t last_day = time_day(exact_ms, c->utc_offset_minutes);
    return time_day_start(last_day + 1, c->utc_offset_minutes) - 1;
}
