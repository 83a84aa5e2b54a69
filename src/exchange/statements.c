/*
 * exchange/statements.c: see statements.h. Relies on the ledger's queue for order: batches are
 * entered in the order in which they were submitted. Only the list of finished batches is shared
 * with the writer thread; everything else belongs to the importing thread.
 */
#include "exchange/statements.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/problems.h"

enum { BATCH_BYTES = 4 << 20, PLACE_TEXT = 512, COMPARED_MAX = 100000000 };

/* What is remembered of an item until its outcome is known. */
typedef struct item_place {
    import_place place;
    uint64_t rows;
    size_t offset, size; /* of the statement in `bytes`, which moves while it grows */
    const record_kind *kind;
    uint8_t id[STATEMENT_ID_SIZE]; /* of the statement */
} item_place;

typedef struct batch_slot {
    submit_batch batch;
    size_t item_capacity, place_capacity;
    item_place *places;
    buffer bytes;
    statements *owner;
    struct batch_slot *next; /* in the list of finished ones, or of free ones */
} batch_slot;

/* A refused act of a manifest that nobody had filed so far: told anew when it is filed later. */
typedef struct early_act {
    size_t problem;
    int64_t time_ms;
    char manifest_id[TEXT_ID_MAX + 1];
} early_act;

struct statements {
    import_target target;
    const import_options *options;
    import_summary summary;
    problems problems;
    uint64_t refused_rows;
    bool stopped;        /* some file was not read */
    size_t last_problem; /* its number */
    early_act *early;
    size_t early_count, early_capacity;
    uint64_t compared; /* ids, in search of earlier rows */
    buffer record;     /* scratch */
    batch_slot slots[STATEMENTS_FLIGHT];
    batch_slot *filling;
    batch_slot *free_slots;
    size_t in_flight;
    wf_error failure; /* of a batch as a whole: the import stops */
    pthread_mutex_t lock;
    pthread_cond_t some_done;
    batch_slot *done_first, *done_last; /* under lock */
};

wf_status statements_new(statements **out, const import_target *target,
                         const import_options *options, wf_error *err)
{
    statements *s = calloc(1, sizeof *s);
    if (s == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for an import"));
    s->target = *target;
    s->options = options;
    problems_init(&s->problems, STATEMENTS_PROBLEMS_MAX);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->some_done, NULL);
    for (size_t i = 0; i < STATEMENTS_FLIGHT; i++) {
        s->slots[i].owner = s;
        arena_init(&s->slots[i].batch.memory, 0);
        s->slots[i].next = s->free_slots;
        s->free_slots = &s->slots[i];
    }
    *out = s;
    return WF_OK;
}

static batch_slot *take_done(statements *s, bool wait)
{
    pthread_mutex_lock(&s->lock);
    while (wait && s->done_first == NULL)
        pthread_cond_wait(&s->some_done, &s->lock);
    batch_slot *slot = s->done_first;
    if (slot != NULL) {
        s->done_first = slot->next;
        if (s->done_first == NULL)
            s->done_last = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return slot;
}

/* On the writer thread: hands the batch back and nothing else. */
static void on_done(void *ctx, submit_batch *batch)
{
    statements *s = ctx;
    batch_slot *slot = batch->owner;
    pthread_mutex_lock(&s->lock);
    slot->next = NULL;
    if (s->done_last != NULL)
        s->done_last->next = slot;
    else
        s->done_first = slot;
    s->done_last = slot;
    pthread_cond_signal(&s->some_done);
    pthread_mutex_unlock(&s->lock);
}

void statements_free(statements *s)
{
    if (s == NULL)
        return;
    for (; s->in_flight > 0; s->in_flight--)
        take_done(s, true);
    for (size_t i = 0; i < STATEMENTS_FLIGHT; i++) {
        free(s->slots[i].batch.items);
        free(s->slots[i].places);
        buffer_free(&s->slots[i].bytes);
        arena_free(&s->slots[i].batch.memory);
    }
    free(s->early);
    buffer_free(&s->record);
    problems_free(&s->problems);
    pthread_cond_destroy(&s->some_done);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

unsigned statements_file(statements *s, const char *name)
{
    if (s->summary.file_count == IMPORT_FILES_MAX)
        return IMPORT_FILES_MAX - 1;
    unsigned number = (unsigned)s->summary.file_count++;
    snprintf(s->summary.files[number].name, sizeof s->summary.files[number].name, "%s", name);
    return number;
}

void statements_read(statements *s, unsigned file, uint64_t rows)
{
    s->summary.files[file].read += rows;
}

void statements_already(statements *s, unsigned file, uint64_t rows)
{
    s->summary.files[file].already += rows;
}

static int place_text(const statements *s, char *out, size_t size, const import_place *place)
{
    const char *file = s->summary.files[place->file].name;
    if (place->path != NULL)
        return snprintf(out, size, "%s: %s", file, place->path);
    if (place->line > 0)
        return snprintf(out, size, "%s:%" PRIu64, file, place->line);
    return snprintf(out, size, "%s", file);
}

static void tell(statements *s, const import_place *place, const char *column_name,
                 const char *text, bool warning)
{
    char where[PLACE_TEXT];
    int size = place_text(s, where, sizeof where, place);
    if (column_name != NULL && size > 0 && (size_t)size < sizeof where)
        snprintf(where + size, sizeof where - (size_t)size, ": %s", column_name);
    s->last_problem = problems_add(&s->problems, place->file, place->line, where, text, warning);
}

void statements_refuse(statements *s, const import_place *place, const char *column_name,
                       uint64_t rows, const char *text)
{
    s->summary.files[place->file].refused += rows;
    s->refused_rows += rows;
    tell(s, place, column_name, text, false);
}

void statements_stop(statements *s, const import_place *place, const char *column_name,
                     const char *text)
{
    s->stopped = true;
    tell(s, place, column_name, text, false);
}

void statements_warn(statements *s, const import_place *place, const char *column_name,
                     const char *text)
{
    tell(s, place, column_name, text, true);
}

void statements_warn_file(statements *s, const char *name, const char *text)
{
    problems_add(&s->problems, IMPORT_FILES_MAX, 0, name, text, true);
}

/* The colon of Chinese sentences. */
#define WIDE_COLON "："

/* The column that a reason begins with ("COLUMN: what", "COLUMN VALUE: what", in Chinese with a
 * wide colon), NULL when it does with none. */
static const column *column_of_reason(const record_kind *kind, const char *reason)
{
    size_t size = strcspn(reason, ": ");
    const char *wide = strstr(reason, WIDE_COLON);
    if (wide != NULL && (size_t)(wide - reason) < size)
        size = (size_t)(wide - reason);
    return reason[size] != '\0' ? record_kind_column(kind, reason, size) : NULL;
}

/* Refuses by the reason of record_check, of the book or of the ledger. Where it begins with a
   column of the record, that is the column of the place; otherwise the record's id column is, and
   its id is named. */
static void refuse_by_reason(statements *s, const import_place *place, const record_kind *kind,
                             uint64_t rows, const char *reason, const char *text_id)
{
    const column *c = column_of_reason(kind, reason);
    if (c != NULL) {
        reason += strlen(c->name);
        reason += *reason == ':';
        if (strncmp(reason, WIDE_COLON, strlen(WIDE_COLON)) == 0)
            reason += strlen(WIDE_COLON);
        reason += *reason == ' ';
        statements_refuse(s, place, c->name, rows, reason);
        return;
    }
    char text[WF_ERROR_TEXT];
    bool named = text_id != NULL && *text_id != '\0';
    snprintf(text, sizeof text, "%s%s%s", named ? text_id : "", named ? ": " : "", reason);
    statements_refuse(s, place, kind->id_column, rows, text);
}

/* ---- batches ------------------------------------------------------------------------------ */

/* " (the same id stands in FILE:LINE)", when the row that has the id stands in the same batch: the
   number of its entry says nothing to somebody who has just the file, and with all_or_nothing it is
   gone. */
static const char *earlier_row(statements *s, char out[PLACE_TEXT], const batch_slot *slot,
                               const item_place *at)
{
    char place[PLACE_TEXT - 40];
    out[0] = '\0';
    for (const item_place *p = slot->places; p < at && s->compared < COMPARED_MAX; p++) {
        s->compared++;
        if (memcmp(p->id, at->id, sizeof p->id) != 0)
            continue;
        place_text(s, place, sizeof place, &p->place);
        snprintf(out, PLACE_TEXT, _(" (the same id stands in %s)"), place);
        break;
    }
    return out;
}

static void note_early(statements *s, const Wufei__Record *record, const char *reason)
{
    const char *id = record->body_case == WUFEI__RECORD__BODY_EVENT ? record->event->manifest_id
                     : record->body_case == WUFEI__RECORD__BODY_WEIGHING
                         ? record->weighing->manifest_id
                         : NULL;
    if (id == NULL || s->last_problem == PROBLEM_NOT_KEPT || s->target.filed_at == NULL ||
        strstr(reason, _("no manifest with this id was entered before; file it first")) == NULL ||
        !array_grow((void **)&s->early, &s->early_capacity, s->early_count + 1, sizeof *s->early))
        return;
    early_act *act = &s->early[s->early_count++];
    *act = (early_act){.problem = s->last_problem, .time_ms = record_time_ms(record)};
    snprintf(act->manifest_id, sizeof act->manifest_id, "%s", id);
}

/* A statement that was refused: seldom, so its text id is read from its bytes again. */
static void refuse_item(statements *s, const batch_slot *slot, const submit_item *item,
                        const item_place *at, arena *a)
{
    char earlier[PLACE_TEXT];
    char reason[WF_ERROR_TEXT];
    statement_view view;
    Wufei__Record *record = NULL;
    wf_error ignored;
    const char *text_id = NULL;
    if (statement_parse(&view, item->statement, &ignored) == WF_OK &&
        record_decode(&record, a, view.record, &ignored) == WF_OK)
        text_id = record_text_id(record, a);
    snprintf(reason, sizeof reason, "%s%s", item->reason != NULL ? item->reason : _("refused"),
             earlier_row(s, earlier, slot, at));
    refuse_by_reason(s, &at->place, at->kind, at->rows, reason, text_id);
    if (record != NULL)
        note_early(s, record, reason);
}

static void count_outcome(statements *s, const batch_slot *slot, const submit_item *item,
                          const item_place *at, arena *a)
{
    import_file_summary *file = &s->summary.files[at->place.file];
    switch (item->outcome) {
    case SUBMIT_ENTERED:
        file->entered += at->rows;
        s->summary.statements++;
        break;
    case SUBMIT_ALREADY:
        file->already += at->rows;
        break;
    case SUBMIT_REFUSED:
        refuse_item(s, slot, item, at, a);
        break;
    case SUBMIT_WITHDRAWN: /* the rows that were refused are told, not those that stood beside them
                            */
        break;
    }
}

/* Counts what became of a finished batch and makes it ready for the next rows. */
static void settle(statements *s, batch_slot *slot)
{
    submit_batch *batch = &slot->batch;
    bool failed = batch->status != WF_OK && batch->status != WF_REFUSED;
    if (failed && s->failure.status == WF_OK)
        s->failure = batch->error;
    bool none = batch->all_or_nothing && batch->status != WF_OK;
    for (size_t i = 0; !failed && i < batch->count; i++)
        if (!none || batch->items[i].outcome == SUBMIT_REFUSED)
            count_outcome(s, slot, &batch->items[i], &slot->places[i], &batch->memory);
    if (none && !failed && s->refused_rows == 0) /* refused as a whole, no item to blame */
        s->failure = batch->error;
    arena_reset(&batch->memory);
    buffer_clear(&slot->bytes);
    batch->count = 0;
    slot->next = s->free_slots;
    s->free_slots = slot;
    s->in_flight--;
}

static wf_status failure_of(const statements *s, wf_error *err)
{
    if (s->failure.status != WF_OK && err != NULL)
        *err = s->failure;
    return s->failure.status;
}

/* A batch to fill: a free one, or the first that is done. */
static wf_status take_slot(statements *s, wf_error *err)
{
    batch_slot *done = NULL;
    while ((done = take_done(s, s->free_slots == NULL)) != NULL)
        settle(s, done);
    s->filling = s->free_slots;
    s->free_slots = s->filling->next;
    return failure_of(s, err);
}

static wf_status submit_filling(statements *s, wf_error *err)
{
    batch_slot *slot = s->filling;
    if (slot == NULL)
        return WF_OK;
    s->filling = NULL;
    submit_batch *batch = &slot->batch;
    for (size_t i = 0; i < batch->count; i++)
        batch->items[i].statement =
            span_of(slot->bytes.data + slot->places[i].offset, slot->places[i].size);
    batch->all_or_nothing = s->options->all_or_nothing;
    batch->seal_kind = SEAL_BY_OPERATOR;
    batch->status = WF_OK;
    batch->owner = slot;
    s->in_flight++;
    wf_status status = s->target.submit(s->target.ctx, batch, on_done, s, err);
    if (status != WF_OK) { /* not taken: `done` will not come */
        s->in_flight--;
        batch->count = 0;
        slot->next = s->free_slots;
        s->free_slots = slot;
    }
    return status;
}

wf_status statements_drain(statements *s, wf_error *err)
{
    wf_status status = submit_filling(s, err);
    if (status == WF_OK)
        status = s->target.drain(s->target.ctx, err);
    while (s->in_flight > 0)
        settle(s, take_done(s, true));
    return s->failure.status != WF_OK ? failure_of(s, err) : status;
}

static wf_status append(statements *s, const statement_view *view, const item_place *at,
                        wf_error *err)
{
    batch_slot *slot = s->filling;
    submit_batch *batch = &slot->batch;
    size_t need = batch->count + 1;
    size_t offset = slot->bytes.size;
    statement_write(&slot->bytes, view);
    if (slot->bytes.failed ||
        !array_grow((void **)&batch->items, &slot->item_capacity, need, sizeof *batch->items) ||
        !array_grow((void **)&slot->places, &slot->place_capacity, need, sizeof *slot->places))
        return wf_fail(err, WF_SYSTEM, _("out of memory for a batch of %zu statements"), need);
    slot->places[batch->count] = *at;
    memcpy(slot->places[batch->count].id, view->id, STATEMENT_ID_SIZE);
    slot->places[batch->count].offset = offset;
    slot->places[batch->count].size = slot->bytes.size - offset;
    batch->items[batch->count] = (submit_item){.tag = batch->count};
    batch->count++;
    return WF_OK;
}

wf_status statements_add(statements *s, const Wufei__Record *record, int64_t time_ms,
                         const import_place *place, uint64_t rows, wf_error *err)
{
    const record_kind *kind = record_kind_of(record->body_case);
    WF_ASSERT(kind != NULL);
    wf_error wrong = {0};
    buffer_clear(&s->record);
    wf_status status = record_check_at(record, s->target.utc_offset_minutes, &wrong);
    if (status == WF_OK)
        status = record_encode(&s->record, record, &wrong);
    if (status == WF_REFUSED) {
        refuse_by_reason(s, place, kind, rows, wrong.text, NULL);
        return WF_OK;
    }
    if (status != WF_OK)
        return wf_fail(err, status, "%s", wrong.text);

    if (s->filling == NULL && (status = take_slot(s, err)) != WF_OK)
        return status;
    uint8_t id[STATEMENT_ID_SIZE];
    span bytes = span_of(s->record.data, s->record.size);
    record_statement_id(id, record, bytes);
    if (time_ms == TIME_NONE)
        time_ms = record_time_ms(record);
    statement_view view = {.origin = span_text(s->target.origin),
                           .author = span_text("operator"),
                           .id = id,
                           .time_ms = time_ms == TIME_NONE ? 0 : time_ms,
                           .record = bytes};
    status = append(s, &view, &(item_place){.place = *place, .rows = rows, .kind = kind}, err);
    if (status != WF_OK || s->options->all_or_nothing)
        return status;
    if (s->filling->batch.count >= STATEMENTS_BATCH || s->filling->bytes.size >= BATCH_BYTES)
        status = submit_filling(s, err);
    return status;
}

/* "File it first" misleads where the manifest is filed in the same bundle, only later. */
static void tell_early_acts(statements *s)
{
    for (size_t i = 0; i < s->early_count; i++) {
        char text[WF_ERROR_TEXT];
        char time[TIME_TEXT];
        wf_error ignored;
        int64_t filed_ms = TIME_NONE;
        const early_act *act = &s->early[i];
        if (s->target.filed_at(s->target.ctx, act->manifest_id, &filed_ms, &ignored) != WF_OK ||
            filed_ms == TIME_NONE || filed_ms <= act->time_ms)
            continue;
        snprintf(text, sizeof text,
                 _("%1$s: is filed only at %2$s (manifests.csv), after this act; correct the time "
                   "of one of them"),
                 act->manifest_id, time_format(time, filed_ms, s->target.utc_offset_minutes));
        problems_replace(&s->problems, act->problem, text);
    }
}

static uint64_t entered_rows(const statements *s)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < s->summary.file_count; i++)
        rows += s->summary.files[i].entered;
    return rows;
}

static wf_status refused_rows(const statements *s, wf_error *err)
{
    uint64_t entered = entered_rows(s);
    char text[WF_ERROR_TEXT / 2];
    if (s->refused_rows == 0)
        snprintf(text, sizeof text, "%s", _("a file was not read"));
    else if (s->refused_rows == 1)
        snprintf(text, sizeof text, "%s", _("1 row was refused"));
    else
        snprintf(text, sizeof text, _("%" PRIu64 " rows were refused"), s->refused_rows);
    if (s->options->all_or_nothing)
        return wf_fail(err, WF_REFUSED, _("%s, so nothing was entered"), text);
    if (entered == 1)
        return wf_fail(err, WF_REFUSED, _("%s, 1 row was entered"), text);
    return wf_fail(err, WF_REFUSED, _("%1$s, %2$" PRIu64 " rows were entered"), text, entered);
}

wf_status statements_finish(statements *s, import_summary *out, wf_error *err)
{
    wf_status status = WF_OK;
    if (s->options->all_or_nothing && (s->refused_rows > 0 || s->stopped) && s->filling != NULL)
        s->filling->batch.count = 0; /* one is refused, so none is offered */
    else
        status = statements_drain(s, err);
    if (status == WF_OK)
        tell_early_acts(s);
    problems_tell(&s->problems, s->options);
    *out = s->summary;
    if (status != WF_OK)
        return status;
    if (s->refused_rows == 0 && !s->stopped)
        return WF_OK;
    return refused_rows(s, err);
}
