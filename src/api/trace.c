/*
 * api/trace.c: where mass came from or went, hop by hop: what an id stands for, and the hops that
 * trace_walk.c finds as an answer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/trace.h"

/* ---- where a trace starts -------------------------------------------------------------------- */

typedef struct trace_start {
    enum object_kind kind;
    uint32_t index;
} trace_start;

/* All rows of a treatment are one act: its first row stands for it, as in the time line. */
static void trace_first_row(trace_start *start, const city *c)
{
    if (start->kind != OBJECT_TREATMENT || start->index >= c->treatment_count)
        return;
    const treatment_row *wanted = &c->treatments[start->index];
    for (uint32_t i = 0; i < start->index; i++)
        if (c->treatments[i].site == wanted->site &&
            strcmp(city_text(c, c->treatments[i].key), city_text(c, wanted->key)) == 0) {
            start->index = i;
            return;
        }
}

static wf_status trace_find(trace_start *start, wf_ledger *l, const char *id, wf_error *err)
{
    api_thing thing = {.kind = OBJECT_NONE};
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = api_identify(l, txn, id, true, &thing, err);
    if (status == WF_OK && !thing.found)
        status = api_unknown_id(l, txn, id, err);
    store_abort(txn);
    start->kind = thing.kind;
    start->index = thing.index;
    if (status != WF_OK)
        return status;
    if (start->kind == OBJECT_MANIFEST || start->kind == OBJECT_SITE ||
        start->kind == OBJECT_GENERATION || start->kind == OBJECT_TREATMENT)
        return WF_OK;
    return wf_fail(
        err, WF_USAGE,
        _("'%s' carries no mass of its own; trace a manifest, a site, a generation batch "
          "or a treatment"),
        id);
}

/* ---- the answer ------------------------------------------------------------------------------ */

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

static void hop_row(answer *a, const trace_line *line, const trace_hop *hop)
{
    const city *c = line->city;
    site_id from = BOOK_NONE, to = BOOK_NONE;
    code_id code = BOOK_NONE;
    if (hop->place != TRACE_NONE) {
        from = to = line->places[hop->place].site;
        code = line->places[hop->place].code;
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

static wf_status trace_answer(trace_found *found, const trace_line *line, const wf_sink *sink,
                              wf_error *err)
{
    answer a;
    if (found->count > 0)
        qsort(found->hops, found->count, sizeof *found->hops, hop_compare);
    answer_begin(&a, sink, err, "hops", N_("Trace; mixed stocks in proportion to what they held"),
                 COLUMNS(trace_columns));
    for (size_t i = 0; i < found->count; i++)
        hop_row(&a, line, &found->hops[i]);
    if (found->smaller > 0) {
        char text[64];
        snprintf(text, sizeof text, _("%llu smaller"), (unsigned long long)found->smaller);
        for (int i = 0; i < 2; i++)
            cell_empty(&a);
        cell_text(&a, text);
        for (int i = 0; i < 5; i++)
            cell_empty(&a);
        cell_mass(&a, llround(found->smaller_g));
        for (int i = 0; i < 2; i++)
            cell_empty(&a);
        answer_row(&a);
    }
    return answer_end(&a);
}

wf_status wf_trace(wf_ledger *l, const char *id, wf_direction direction, const wf_sink *sink,
                   wf_error *err)
{
    city *c = NULL;
    trace_start start = {0};
    trace_line line = {0};
    trace_found found = {0};
    wf_error_clear(err);
    wf_status status = trace_find(&start, l, id, err);
    if (status == WF_OK)
        status = city_load(&c, l->book, false, err);
    if (status == WF_OK)
        status = trace_line_make(&line, c, err);
    if (status == WF_OK) {
        trace_first_row(&start, c);
        if (direction != WF_TRACE_DOWN)
            trace_walk(&found, &line, start.kind, start.index, false);
        if (direction != WF_TRACE_UP)
            trace_walk(&found, &line, start.kind, start.index, true);
        status = found.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                              : trace_answer(&found, &line, sink, err);
    }
    free(found.hops);
    trace_line_free(&line);
    city_free(c);
    return status;
}
