/*
 * book/city_load.c: the whole book into plain arrays: one pass over each table, in key order.
 *
 * In the store a text_ref is a number of the table strings and the text id stands behind its row;
 * here both become offsets into city->texts. BOOK_NONE stays BOOK_NONE.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "book/internal.h"
#include "book/tracks.h"

/* How the rows of a table become an array of the city. */
typedef struct load_plan {
    enum book_table table;
    size_t array_offset, count_offset; /* in struct city */
    size_t key_offset;                 /* of the text_ref `key`; NO_TEXT: rows without a text id */
    size_t text_offsets[5];            /* of the other text_refs, ended by NO_TEXT */
} load_plan;

#define NO_TEXT SIZE_MAX
#define INTO(array, count) offsetof(city, array), offsetof(city, count)

static const load_plan plans[] = {
    {BOOK_PARTIES,
     INTO(parties, party_count),
     offsetof(party_row, key),
     {offsetof(party_row, name), offsetof(party_row, legal_id), offsetof(party_row, district),
      NO_TEXT}},
    {BOOK_SITES,
     INTO(sites, site_count),
     offsetof(site_row, key),
     {offsetof(site_row, name), offsetof(site_row, district), offsetof(site_row, grid), NO_TEXT}},
    {BOOK_PLACES, INTO(places, place_count), offsetof(place_row, key), {NO_TEXT}},
    {BOOK_PERMITS,
     INTO(permits, permit_count),
     offsetof(permit_row, key),
     {offsetof(permit_row, destination_district), offsetof(permit_row, waste_codes),
      offsetof(permit_row, methods), offsetof(permit_row, vehicles), NO_TEXT}},
    {BOOK_VEHICLES,
     INTO(vehicles, vehicle_count),
     offsetof(vehicle_row, key),
     {offsetof(vehicle_row, kind), NO_TEXT}},
    {BOOK_SCALES, INTO(scales, scale_count), offsetof(scale_row, key), {NO_TEXT}},
    {BOOK_FILINGS,
     INTO(filings, filing_count),
     offsetof(filing_row, key),
     {offsetof(filing_row, text), NO_TEXT}},
    {BOOK_ACTIVITIES, INTO(activities, activity_count), NO_TEXT, {NO_TEXT}},
    {BOOK_GENERATIONS,
     INTO(generations, generation_count),
     offsetof(generation_row, key),
     {NO_TEXT}},
    {BOOK_MANIFESTS,
     INTO(manifests, manifest_count),
     offsetof(manifest_row, key),
     {offsetof(manifest_row, consignment), NO_TEXT}},
    {BOOK_EVENTS, INTO(events, event_count), NO_TEXT, {offsetof(event_row, note), NO_TEXT}},
    {BOOK_WEIGHINGS, INTO(weighings, weighing_count), offsetof(weighing_row, key), {NO_TEXT}},
    {BOOK_STOCKTAKES, INTO(stocktakes, stocktake_count), NO_TEXT, {NO_TEXT}},
    {BOOK_TREATMENTS,
     INTO(treatments, treatment_count),
     offsetof(treatment_row, key),
     {offsetof(treatment_row, method), NO_TEXT}},
    {BOOK_REPORTS,
     INTO(reports, report_count),
     offsetof(report_row, key),
     {offsetof(report_row, text), NO_TEXT}},
};

typedef struct loader {
    city *c;
    store_txn *txn;
    wf_error *err;
    size_t texts_capacity;
    text_ref *strings; /* number in the store -> offset */
    size_t string_count;
} loader;

static wf_status add_text(loader *l, span text, text_ref *out)
{
    city *c = l->c;
    if (c->texts_size + text.size + 1 >= BOOK_NONE)
        return wf_fail(l->err, WF_SYSTEM, _("the texts of the book are larger than 4 GiB"));
    if (!array_grow((void **)&c->texts, &l->texts_capacity, c->texts_size + text.size + 1, 1))
        return cache_no_memory(l->err);
    if (text.size > 0)
        memcpy(c->texts + c->texts_size, text.data, text.size);
    c->texts[c->texts_size + text.size] = '\0';
    *out = (text_ref)c->texts_size;
    c->texts_size += text.size + 1;
    return WF_OK;
}

/* ---- walking a table ------------------------------------------------------------------------ */

typedef wf_status (*row_reader)(loader *l, const void *how, void *array, size_t *count, span key,
                                span value);

static wf_status damaged(loader *l, enum book_table table)
{
    return book_row_broken(table, l->err);
}

static wf_status walk(loader *l, enum book_table table, store_cursor *cursor, row_reader read,
                      const void *how, void *array, size_t capacity, size_t *count)
{
    span key = {0};
    span value = {0};
    BOOK_TRY(store_cursor_seek(cursor, span_of(NULL, 0), &key, &value, l->err));
    while (key.data != NULL) {
        if (*count == capacity)
            return damaged(l, table);
        BOOK_TRY(read(l, how, array, count, key, value));
        BOOK_TRY(store_cursor_next(cursor, &key, &value, l->err));
    }
    return WF_OK;
}

/* An array for all rows of a table, filled by `read`. */
static wf_status load_table(loader *l, enum book_table table, size_t element, row_reader read,
                            const void *how, void **out, size_t *count)
{
    store_table_stat stat = {0};
    store_cursor *cursor = NULL;
    unsigned number = book_table_number(table);
    *count = 0;
    BOOK_TRY(store_table_stats(l->txn, number, &stat, l->err));
    *out = malloc((size_t)stat.rows * element + 1);
    if (*out == NULL)
        return cache_no_memory(l->err);
    BOOK_TRY(store_cursor_open(&cursor, l->txn, number, l->err));
    wf_status status = walk(l, table, cursor, read, how, *out, (size_t)stat.rows, count);
    store_cursor_close(cursor);
    return status;
}

static wf_status read_text(loader *l, const void *how, void *array, size_t *count, span key,
                           span value)
{
    (void)how;
    (void)key;
    text_ref *refs = array;
    return add_text(l, value, &refs[(*count)++]);
}

/* Turns the number of a text at `at` into its offset. */
static bool relocate(const loader *l, void *at)
{
    text_ref ref;
    memcpy(&ref, at, sizeof ref);
    if (ref == BOOK_NONE)
        return true;
    if (ref >= l->string_count)
        return false;
    memcpy(at, &l->strings[ref], sizeof ref);
    return true;
}

static wf_status read_row(loader *l, const void *how, void *array, size_t *count, span key,
                          span value)
{
    const load_plan *plan = how;
    size_t size = book_shapes[plan->table].row_size;
    if (value.size < size || key.size != 4 || u32_key(key.data) != *count)
        return damaged(l, plan->table);
    char *row = (char *)array + *count * size;
    memcpy(row, value.data, size);
    if (plan->key_offset != NO_TEXT) {
        text_ref text = BOOK_NONE;
        BOOK_TRY(add_text(l, span_of(value.data + size, value.size - size), &text));
        memcpy(row + plan->key_offset, &text, sizeof text);
    }
    for (const size_t *at = plan->text_offsets; *at != NO_TEXT; at++)
        if (!relocate(l, row + *at))
            return damaged(l, plan->table);
    (*count)++;
    return WF_OK;
}

static wf_status read_day(loader *l, const void *how, void *array, size_t *count, span key,
                          span value)
{
    (void)how;
    (void)key;
    if (value.size != sizeof(day_row))
        return damaged(l, BOOK_DAYS);
    memcpy((day_row *)array + (*count)++, value.data, value.size);
    return WF_OK;
}

static wf_status read_calendar(loader *l, const void *how, void *array, size_t *count, span key,
                               span value)
{
    (void)how;
    (void)key;
    if (value.size != sizeof(calendar_row))
        return damaged(l, BOOK_CALENDAR);
    memcpy((calendar_row *)array + (*count)++, value.data, value.size);
    return WF_OK;
}

/* ---- tracks --------------------------------------------------------------------------------- */

/* Fixes come sorted: the first and the last tell. */
static bool chunk_is_of_its_day(const city *c, const track_chunk *chunk)
{
    const track_fix *fixes = c->fixes + c->fix_count;
    int offset = c->utc_offset_minutes;
    return chunk->count > 0 && chunk->vehicle < c->vehicle_count &&
           time_day(fixes[0].time_ms, offset) == chunk->day &&
           time_day(fixes[chunk->count - 1].time_ms, offset) == chunk->day;
}

/* Chunks of one vehicle and day stand side by side: they become one row, merged by time. */
static wf_status read_chunk(loader *l, const void *how, void *array, size_t *count, span key,
                            span value)
{
    size_t *fix_capacity = (size_t *)(uintptr_t)how;
    city *c = l->c;
    track_chunk chunk;
    track_row *rows = array;
    BOOK_TRY(track_chunk_parse(&chunk, key, value, l->err));
    if (!array_grow((void **)&c->fixes, fix_capacity, c->fix_count + chunk.count, sizeof *c->fixes))
        return cache_no_memory(l->err);
    BOOK_TRY(track_chunk_unpack(c->fixes + c->fix_count, &chunk, l->err));
    if (!chunk_is_of_its_day(c, &chunk))
        return damaged(l, BOOK_TRACKS);
    track_row *last = *count > 0 ? &rows[*count - 1] : NULL;
    if (c->fix_count + chunk.count >= BOOK_NONE)
        return wf_fail(l->err, WF_SYSTEM, _("the book holds more than 4 thousand million fixes"));
    if (last == NULL || last->vehicle != chunk.vehicle || last->day != chunk.day) {
        rows[(*count)++] =
            (track_row){chunk.vehicle, chunk.day, (uint32_t)c->fix_count, chunk.count, chunk.seq};
        c->fix_count += chunk.count;
        return WF_OK;
    }
    last->count = (uint32_t)track_merge(c->fixes + last->first, last->count + chunk.count);
    c->fix_count = (size_t)last->first + last->count;
    return WF_OK;
}

/* ---- the span of time ----------------------------------------------------------------------- */

/* A typing error in a year must not make the whole city look overdue: so up to STRAY_ACTS latest
   acts do not move "now" when more than STRAY_GAP_MS lies between them and all others, of which
   there must be STRAY_OTHERS at least: the few acts of a young ledger are all meant. */
enum { STRAY_ACTS = 3, STRAY_OTHERS = 100 };
#define STRAY_GAP_MS (30 * TIME_DAY_MS)

typedef struct act_span {
    size_t count;
    int64_t first_ms;
    int64_t latest_ms[STRAY_ACTS + 1]; /* the latest first; TIME_NONE: fewer acts */
} act_span;

static void note_act(act_span *s, int64_t ms)
{
    if (ms == TIME_NONE)
        return;
    s->count++;
    if (s->first_ms == TIME_NONE || ms < s->first_ms)
        s->first_ms = ms;
    for (int i = 0; i <= STRAY_ACTS; i++) {
        if (ms <= s->latest_ms[i])
            continue;
        int64_t smaller = s->latest_ms[i];
        s->latest_ms[i] = ms;
        ms = smaller;
    }
}

static int64_t span_now(const act_span *s)
{
    for (int i = STRAY_ACTS; i > 0 && s->count > STRAY_OTHERS; i--)
        if (s->latest_ms[i] != TIME_NONE && s->latest_ms[i - 1] - s->latest_ms[i] > STRAY_GAP_MS)
            return s->latest_ms[i];
    return s->latest_ms[0];
}

static void find_span(city *c)
{
    act_span s = {.first_ms = TIME_NONE};
    for (int i = 0; i <= STRAY_ACTS; i++)
        s.latest_ms[i] = TIME_NONE;
    for (size_t i = 0; i < c->event_count; i++)
        note_act(&s, c->events[i].time_ms);
    for (size_t i = 0; i < c->weighing_count; i++) {
        note_act(&s, c->weighings[i].gross_ms);
        note_act(&s, c->weighings[i].tare_ms);
    }
    for (size_t i = 0; i < c->generation_count; i++)
        note_act(&s, c->generations[i].time_ms);
    for (size_t i = 0; i < c->stocktake_count; i++)
        note_act(&s, c->stocktakes[i].time_ms);
    for (size_t i = 0; i < c->treatment_count; i++)
        note_act(&s, c->treatments[i].time_ms);
    for (size_t i = 0; i < c->fix_count; i++)
        note_act(&s, c->fixes[i].time_ms);
    /* an empty city has no acts; any day is as good */
    c->first_ms = s.first_ms != TIME_NONE ? s.first_ms : 0;
    c->now_ms = s.first_ms != TIME_NONE ? span_now(&s) : 0;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static wf_status load_all(loader *l, bool tracks)
{
    city *c = l->c;
    size_t fix_capacity = 0;
    BOOK_TRY(ledger_size_in(l->txn, &c->size, l->err));
    BOOK_TRY(load_table(l, BOOK_STRINGS, sizeof(text_ref), read_text, NULL, (void **)&l->strings,
                        &l->string_count));
    BOOK_TRY(load_table(l, BOOK_CODES, sizeof(text_ref), read_text, NULL, (void **)&c->codes,
                        &c->code_count));
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        const load_plan *plan = &plans[i];
        void **array = (void **)(void *)((char *)c + plan->array_offset);
        size_t *count = (size_t *)(void *)((char *)c + plan->count_offset);
        BOOK_TRY(load_table(l, plan->table, book_shapes[plan->table].row_size, read_row, plan,
                            array, count));
    }
    BOOK_TRY(load_table(l, BOOK_DAYS, sizeof(day_row), read_day, NULL, (void **)&c->days,
                        &c->day_count));
    BOOK_TRY(load_table(l, BOOK_CALENDAR, sizeof(calendar_row), read_calendar, NULL,
                        (void **)&c->calendar, &c->calendar_count));
    if (tracks)
        BOOK_TRY(load_table(l, BOOK_TRACKS, sizeof(track_row), read_chunk, &fix_capacity,
                            (void **)&c->tracks, &c->track_count));
    BOOK_TRY(city_check(c, l->err));
    find_span(c);
    return WF_OK;
}

wf_status city_load(city **out, book *b, bool tracks, wf_error *err)
{
    loader l = {.err = err};
    *out = NULL;
    if (b->ledger == NULL)
        return wf_fail(err, WF_USAGE, _("the book is not attached to a ledger"));
    l.c = calloc(1, sizeof *l.c);
    if (l.c == NULL)
        return cache_no_memory(err);
    l.c->utc_offset_minutes = b->utc_offset_minutes;
    wf_status status = store_begin(&l.txn, ledger_store(b->ledger), false, err);
    if (status == WF_OK)
        status = load_all(&l, tracks);
    store_abort(l.txn);
    free(l.strings);
    if (status == WF_OK)
        *out = l.c;
    else
        city_free(l.c);
    return status;
}
