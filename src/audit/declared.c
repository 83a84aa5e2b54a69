/*
 * audit/declared.c: see declared.h.
 */
#include "audit/declared.h"

#include <stdlib.h>
#include <string.h>

#include "audit/statistics.h"

/* ---- periods of activity --------------------------------------------------------------------- */

static int compare_periods(const void *left, const void *right)
{
    const declared_period *a = left;
    const declared_period *b = right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->from_ms > b->from_ms) - (a->from_ms < b->from_ms);
}

/* The driver that a site states most often (a factory tells its power weekly and its product
   monthly); among equals the one of its registration. */
static bool choose_drivers(uint32_t *driver, const city *c)
{
    uint32_t *counts = calloc((c->site_count + 1) * DRIVER_COUNT, sizeof *counts);
    for (size_t i = 0; counts != NULL && i < c->activity_count; i++)
        counts[(size_t)c->activities[i].site * DRIVER_COUNT + c->activities[i].driver]++;
    for (size_t i = 0; counts != NULL && i < c->site_count; i++) {
        const uint32_t *of = counts + i * DRIVER_COUNT;
        driver[i] = c->sites[i].driver;
        for (uint32_t d = DRIVER_NONE + 1; d < DRIVER_COUNT; d++)
            if (of[d] > of[driver[i]])
                driver[i] = d;
    }
    free(counts);
    return counts != NULL;
}

static bool make_periods(declared_table *t, const city *c)
{
    t->driver = calloc(c->site_count + 1, sizeof *t->driver);
    t->periods = malloc((c->activity_count + 1) * sizeof *t->periods);
    t->first = calloc(c->site_count + 2, sizeof *t->first);
    t->has_generation = calloc(c->site_count + 1, sizeof *t->has_generation);
    bool made = t->driver != NULL && t->periods != NULL && t->first != NULL &&
                t->has_generation != NULL && choose_drivers(t->driver, c);
    for (size_t i = 0; made && i < c->activity_count; i++) {
        const activity_row *a = &c->activities[i];
        if (a->driver != t->driver[a->site] || a->value_micro <= 0)
            continue;
        t->periods[t->count++] = (declared_period){.from_ms = a->from_ms,
                                                   .to_ms = a->to_ms,
                                                   .known_ms = {a->to_ms, a->to_ms},
                                                   .driver = (double)a->value_micro / 1e6,
                                                   .site = a->site};
    }
    if (made && t->count > 0)
        qsort(t->periods, t->count, sizeof *t->periods, compare_periods);
    for (size_t i = 0; made && i < t->count; i++)
        t->first[t->periods[i].site + 1]++;
    for (size_t i = 0; made && i < c->site_count; i++)
        t->first[i + 1] += t->first[i];
    return made;
}

/* ---- what was declared ----------------------------------------------------------------------- */

/* A mass that a site says it made. */
typedef struct batch {
    site_id site;
    code_id code;
    int64_t at_ms, known_ms, mass_g;
} batch;

typedef struct batch_list {
    batch *items;
    size_t count, capacity;
} batch_list;

static int compare_batches(const void *left, const void *right)
{
    const batch *a = left;
    const batch *b = right;
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    if (a->code != b->code)
        return a->code < b->code ? -1 : 1;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->mass_g > b->mass_g) - (a->mass_g < b->mass_g);
}

static bool add_batch(batch_list *l, batch b)
{
    if (b.mass_g <= 0)
        return true;
    if (!array_grow((void **)&l->items, &l->capacity, l->count + 1, sizeof *l->items))
        return false;
    l->items[l->count++] = b;
    return true;
}

static bool read_batches(batch_list *l, declared_table *t, const city *c)
{
    for (size_t i = 0; i < c->generation_count; i++) {
        const generation_row *g = &c->generations[i];
        t->has_generation[g->site] = true;
        if (!add_batch(l, (batch){g->site, g->code, g->time_ms, g->time_ms, g->mass_g}))
            return false;
    }
    for (size_t i = 0; i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if (e->kind != EVENT_PICKED_UP)
            continue;
        const manifest_row *m = &c->manifests[e->manifest];
        site_id site = e->site != BOOK_NONE ? e->site : m->generator_site;
        if (site < c->site_count && !t->has_generation[site] &&
            !add_batch(l, (batch){site, m->code, e->time_ms, e->known_ms, e->mass_g}))
            return false;
    }
    if (l->count > 0)
        qsort(l->items, l->count, sizeof *l->items, compare_batches);
    return true;
}

/* The median time between two batches of one site and code; 0 with fewer than four. */
static int64_t usual_gap_ms(const batch *batches, size_t count, double *scratch)
{
    if (count < 4)
        return 0;
    for (size_t i = 0; i + 1 < count; i++)
        scratch[i] = (double)(batches[i + 1].at_ms - batches[i].at_ms);
    return (int64_t)median_in_place(scratch, count - 1);
}

static int class_of(const city *c, code_id code)
{
    const char *text = city_code(c, code);
    return text[0] >= '0' && text[0] <= '9' ? 1 : 0;
}

/* The first period of the site that ends behind a moment. */
static size_t period_behind(const declared_table *t, site_id site, int64_t at_ms)
{
    size_t low = t->first[site];
    size_t high = t->first[site + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->periods[middle].to_ms <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void declare(declared_table *t, const batch *b, int64_t span_ms, int class)
{
    int64_t from_ms = b->at_ms - span_ms;
    for (size_t i = period_behind(t, b->site, from_ms);
         i < t->first[b->site + 1] && t->periods[i].from_ms <= b->at_ms; i++) {
        declared_period *p = &t->periods[i];
        int64_t start = p->from_ms > from_ms ? p->from_ms : from_ms;
        int64_t end = p->to_ms < b->at_ms ? p->to_ms : b->at_ms;
        double share = span_ms > 0       ? (double)(end - start) / (double)span_ms
                       : end == b->at_ms ? 1
                                         : 0;
        p->declared_g[class] += share * (double)b->mass_g;
        p->known_ms[class] = b->known_ms > p->known_ms[class] ? b->known_ms : p->known_ms[class];
    }
}

static bool fill(declared_table *t, const city *c)
{
    batch_list l = {0};
    bool made = read_batches(&l, t, c);
    double *scratch = malloc((l.count + 1) * sizeof *scratch);
    made = made && scratch != NULL;
    for (size_t first = 0; made && first < l.count;) {
        const batch *of = &l.items[first];
        size_t end = first + 1;
        while (end < l.count && l.items[end].site == of->site && l.items[end].code == of->code)
            end++;
        int class = class_of(c, of->code);
        int64_t usual_ms = usual_gap_ms(of, end - first, scratch);
        for (size_t i = first; i < end; i++) {
            int64_t since_ms = i > first ? l.items[i].at_ms - l.items[i - 1].at_ms : usual_ms;
            declare(t, &l.items[i], since_ms < usual_ms ? since_ms : usual_ms, class);
        }
        for (size_t i = t->first[of->site]; i < t->first[of->site + 1]; i++) {
            /* Whole days and one of grace, or each new batch would move the moment a little. */
            int64_t days = (usual_ms + TIME_DAY_MS / 2) / TIME_DAY_MS + 1;
            int64_t due_ms = t->periods[i].to_ms + days * TIME_DAY_MS;
            if (due_ms > t->periods[i].known_ms[class])
                t->periods[i].known_ms[class] = due_ms;
        }
        first = end;
    }
    free(scratch);
    free(l.items);
    return made;
}

bool declared_make(declared_table *out, const city *c)
{
    return make_periods(out, c) && fill(out, c);
}

void declared_free(declared_table *t)
{
    free(t->periods);
    free(t->first);
    free(t->driver);
    free(t->has_generation);
}
