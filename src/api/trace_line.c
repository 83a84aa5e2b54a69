/*
 * api/trace_line.c: makes the time line of trace.h from a city.
 */
#include <stdlib.h>
#include <string.h>

#include "api/trace.h"

/* From a 64-bit key to a dense number: open addressing, at most half full. */
typedef struct number_map {
    uint64_t *keys;
    uint32_t *numbers; /* number + 1; 0: free */
    size_t capacity;   /* a power of two */
    size_t count;
} number_map;

static bool map_grow(number_map *m)
{
    number_map bigger = {.capacity = m->capacity == 0 ? 1024 : 2 * m->capacity, .count = m->count};
    bigger.keys = calloc(bigger.capacity, sizeof *bigger.keys);
    bigger.numbers = calloc(bigger.capacity, sizeof *bigger.numbers);
    if (bigger.keys == NULL || bigger.numbers == NULL) {
        free(bigger.keys);
        free(bigger.numbers);
        return false;
    }
    for (size_t i = 0; i < m->capacity; i++) {
        if (m->numbers[i] == 0)
            continue;
        size_t slot = (m->keys[i] * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (bigger.capacity - 1);
        while (bigger.numbers[slot] != 0)
            slot = (slot + 1) & (bigger.capacity - 1);
        bigger.keys[slot] = m->keys[i];
        bigger.numbers[slot] = m->numbers[i];
    }
    free(m->keys);
    free(m->numbers);
    *m = bigger;
    return true;
}

/* The number of a key; `fresh` when it was not there. TRACE_NONE when memory ran out. */
static uint32_t map_number(number_map *m, uint64_t key, uint32_t fresh)
{
    if (2 * (m->count + 1) > m->capacity && !map_grow(m))
        return TRACE_NONE;
    size_t slot = (key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (m->capacity - 1);
    while (m->numbers[slot] != 0) {
        if (m->keys[slot] == key)
            return m->numbers[slot] - 1;
        slot = (slot + 1) & (m->capacity - 1);
    }
    m->keys[slot] = key;
    m->numbers[slot] = fresh + 1;
    m->count++;
    return fresh;
}

static void map_free(number_map *m)
{
    free(m->keys);
    free(m->numbers);
}

static uint32_t line_place(trace_line *line, number_map *places, site_id site, code_id code)
{
    uint32_t fresh = (uint32_t)line->place_count;
    uint32_t place = map_number(places, (uint64_t)site << 32 | code, fresh);
    if (place != fresh)
        return place;
    if (place == TRACE_NONE || !array_grow((void **)&line->places, &line->place_capacity,
                                           line->place_count + 1, sizeof *line->places))
        return TRACE_NONE;
    line->places[line->place_count++] = (trace_place){site, code};
    return place;
}

static void line_add(trace_line *line, number_map *places, enum trace_what what, site_id site,
                     code_id code, uint32_t object, int64_t time_ms, uint64_t seq, int64_t mass_g)
{
    if (site == BOOK_NONE || code == BOOK_NONE || mass_g == MASS_NONE || mass_g <= 0)
        return;
    uint32_t place = line_place(line, places, site, code);
    if (place == TRACE_NONE ||
        !array_grow((void **)&line->flows, &line->capacity, line->count + 1, sizeof *line->flows)) {
        line->failed = true;
        return;
    }
    line->flows[line->count] = (trace_flow){.time_ms = time_ms,
                                            .seq = seq,
                                            .mass_g = (double)mass_g,
                                            .place = place,
                                            .object = object,
                                            .ordinal = (uint32_t)line->count,
                                            .what = (uint8_t)what};
    line->count++;
}

/* A receipt counts with what was agreed in the end (corrections), on its first event. */
static void line_add_event(trace_line *line, number_map *places, const event_row *e,
                           uint8_t *received)
{
    const manifest_row *m = &line->city->manifests[e->manifest];
    int64_t mass_g = e->mass_g;
    switch (e->kind) {
    case EVENT_PICKED_UP:
        if (mass_g == MASS_NONE)
            mass_g = m->declared_g;
        line_add(line, places, TRACE_PICKED_UP, e->site == BOOK_NONE ? m->generator_site : e->site,
                 m->code, e->manifest, e->time_ms, e->seq, mass_g);
        break;
    case EVENT_RECEIVED:
        if (received[e->manifest])
            break;
        received[e->manifest] = 1;
        line_add(line, places, TRACE_RECEIVED, e->site == BOOK_NONE ? m->facility_site : e->site,
                 m->code, e->manifest, e->time_ms, e->seq, m->received_g);
        break;
    case EVENT_RETURNED:
        line_add(line, places, TRACE_RETURNED, m->generator_site, m->code, e->manifest, e->time_ms,
                 e->seq, mass_g == MASS_NONE ? m->returned_g : mass_g);
        break;
    default:
        break;
    }
}

static bool line_leaves_books(const char *code)
{
    return strcmp(code, "product") == 0 || strcmp(code, "leachate") == 0 ||
           strcmp(code, "water") == 0;
}

static uint64_t line_text_key(const char *text, site_id site)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325) ^ site;
    for (; *text != '\0'; text++)
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001B3);
    return h;
}

static void line_add_treatments(trace_line *line, number_map *places)
{
    number_map firsts = {0};
    const city *c = line->city;
    for (size_t i = 0; i < c->treatment_count; i++) {
        const treatment_row *t = &c->treatments[i];
        uint32_t first =
            map_number(&firsts, line_text_key(city_text(c, t->key), t->site), (uint32_t)i);
        if (first == TRACE_NONE) {
            line->failed = true;
            break;
        }
        if (t->first)
            line_add(line, places, TRACE_TREATED, t->site, t->code, first, t->time_ms, t->seq,
                     t->mass_g);
        if (t->output_code != BOOK_NONE)
            line_add(line, places,
                     line_leaves_books(city_code(c, t->output_code)) ? TRACE_PRODUCT : TRACE_MADE,
                     t->site, t->output_code, first, t->time_ms, t->seq, t->output_g);
    }
    map_free(&firsts);
}

static void line_add_stocktake(trace_line *line, number_map *places, size_t index)
{
    const stocktake_row *s = &line->city->stocktakes[index];
    int64_t found_g = s->mass_g - s->book_g;
    line_add(line, places, found_g > 0 ? TRACE_FOUND : TRACE_MISSING, s->site, s->code,
             (uint32_t)index, s->time_ms, s->seq, found_g > 0 ? found_g : -found_g);
}

/* At one moment: what comes in, then treatments each with its outputs, then what goes out. */
static int line_rank(const trace_flow *f)
{
    switch (f->what) {
    case TRACE_GENERATED:
    case TRACE_RECEIVED:
    case TRACE_RETURNED:
        return 0;
    case TRACE_TREATED:
    case TRACE_MADE:
    case TRACE_PRODUCT:
        return 1;
    case TRACE_PICKED_UP:
        return 2;
    default:
        return 3;
    }
}

static int line_compare(const void *left, const void *right)
{
    const trace_flow *a = left, *b = right;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    int rank_a = line_rank(a), rank_b = line_rank(b);
    if (rank_a != rank_b)
        return rank_a - rank_b;
    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    return 0;
}

/* Runs the stocks along the line. Where none is kept (communities, markets, building sites: no
   generation and no stock take so far) a pick-up is itself the record of generation, as in the book
   (book/events.c). */
static bool line_run_stocks(trace_line *line)
{
    uint8_t *kept = calloc(line->place_count + 1, 1);
    line->stocks = calloc(line->place_count + 1, sizeof *line->stocks);
    if (line->stocks == NULL || kept == NULL) {
        free(kept);
        return false;
    }
    for (size_t i = 0; i < line->count; i++) {
        trace_flow *f = &line->flows[i];
        double *stock_g = &line->stocks[f->place];
        bool out =
            f->what == TRACE_TREATED || f->what == TRACE_PICKED_UP || f->what == TRACE_MISSING;
        if (f->what == TRACE_GENERATED || f->what == TRACE_FOUND || f->what == TRACE_MISSING)
            kept[f->place] = 1;
        if (f->what == TRACE_PICKED_UP && !kept[f->place] && f->mass_g > *stock_g) {
            f->implied_g = f->mass_g - (*stock_g > 0 ? *stock_g : 0);
            *stock_g += f->implied_g;
        }
        if (f->what != TRACE_PRODUCT)
            *stock_g += out ? -f->mass_g : f->mass_g;
        f->stock_after_g = *stock_g;
    }
    free(kept);
    return true;
}

wf_status trace_line_make(trace_line *out, const city *c, wf_error *err)
{
    number_map places = {0};
    uint8_t *received = calloc(c->manifest_count + 1, 1);
    *out = (trace_line){.city = c, .failed = received == NULL};
    for (size_t i = 0; i < c->generation_count; i++) {
        const generation_row *g = &c->generations[i];
        line_add(out, &places, TRACE_GENERATED, g->site, g->code, (uint32_t)i, g->time_ms, g->seq,
                 g->mass_g);
    }
    for (size_t i = 0; i < c->event_count && !out->failed; i++)
        line_add_event(out, &places, &c->events[i], received);
    line_add_treatments(out, &places);
    for (size_t i = 0; i < c->stocktake_count; i++)
        line_add_stocktake(out, &places, i);
    free(received);
    map_free(&places);
    if (out->count > 0)
        qsort(out->flows, out->count, sizeof *out->flows, line_compare);
    if (!out->failed && line_run_stocks(out))
        return WF_OK;
    trace_line_free(out);
    return wf_fail(err, WF_SYSTEM, _("out of memory"));
}

void trace_line_free(trace_line *line)
{
    free(line->flows);
    free(line->places);
    free(line->stocks);
    *line = (trace_line){0};
}

const char *trace_what_name(enum trace_what what)
{
    static const char *const words[TRACE_WHAT_COUNT] = {
        [TRACE_GENERATED] = "generated",
        [TRACE_RECEIVED] = "received",
        [TRACE_RETURNED] = "returned",
        [TRACE_TREATED] = "treated",
        [TRACE_MADE] = "made",
        [TRACE_PRODUCT] = "product",
        [TRACE_PICKED_UP] = "picked_up",
        [TRACE_FOUND] = "found",
        [TRACE_MISSING] = "missing",
        [TRACE_UNACCOUNTED] = "unaccounted",
        [TRACE_IN_TRANSIT] = "in_transit",
        [TRACE_ON_SITE] = "on_site",
        [TRACE_DESTROYED] = "destroyed",
        [TRACE_NO_SOURCE] = "no_source",
    };
    return what < TRACE_WHAT_COUNT ? words[what] : "?";
}
