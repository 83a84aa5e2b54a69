/*
 * model/record.c: a Record as bytes and as a struct. The one place that packs and unpacks with
 * protobuf-c, into an arena and without malloc, because millions of records pass here.
 *
 * Canonical is what protobuf-c itself writes: fields in ascending order, shortest varints. A
 * decoded record is packed again and compared, which finds every other form (a repeated singular
 * field, a body given twice, a long varint, disorder, a zero byte in a text). Unknown fields alone
 * survive that, because protobuf-c keeps them and packs them at the end: they are looked for.
 */
#include "model/record.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "entry.h"
#include "model/columns.h"
#include "model/track.h"

enum {
    RECORD_MAX = 64000,   /* bytes; with origin and author it stays below STATEMENT_MAX */
    ON_STACK_BYTES = 4096 /* most records are a few hundred bytes */
};

wf_status record_encode(buffer *out, const Wufei__Record *record, wf_error *err)
{
    size_t size = wufei__record__get_packed_size(record);
    if (size > RECORD_MAX)
        return wf_fail(err, WF_REFUSED, _("the record is %zu bytes long, the longest is %d"), size,
                       RECORD_MAX);
    if (!buffer_reserve(out, size))
        return wf_fail(err, WF_SYSTEM, _("out of memory for a record of %zu bytes"), size);
    out->size += wufei__record__pack(record, out->data + out->size);
    return WF_OK;
}

/* Protobuf-c says no more than that it failed: want of memory must not be called a bad record. */
typedef struct record_memory {
    arena *arena;
    bool failed;
} record_memory;

static void *arena_of_protobuf(void *allocator_data, size_t size)
{
    record_memory *memory = allocator_data;
    void *out = arena_alloc_raw(memory->arena, size > 0 ? size : 1);
    memory->failed = memory->failed || out == NULL;
    return out;
}

static void keep(void *allocator_data, void *pointer)
{
    (void)allocator_data;
    (void)pointer;
}

static bool has_unknown_fields(const Wufei__Record *record)
{
    if (record->base.n_unknown_fields > 0)
        return true;
    const ProtobufCMessage *body = (const ProtobufCMessage *)record->party;
    if (body->n_unknown_fields > 0)
        return true;
    if (record->body_case == WUFEI__RECORD__BODY_MANIFEST)
        for (size_t i = 0; i < record->manifest->n_attributes; i++)
            if (record->manifest->attributes[i]->base.n_unknown_fields > 0)
                return true;
    return false;
}

static bool packs_to(const Wufei__Record *record, span bytes, record_memory *memory)
{
    uint8_t on_stack[ON_STACK_BYTES];
    if (wufei__record__get_packed_size(record) != bytes.size)
        return false;
    uint8_t *packed =
        bytes.size <= sizeof on_stack ? on_stack : arena_of_protobuf(memory, bytes.size);
    if (packed == NULL)
        return false;
    wufei__record__pack(record, packed);
    return memcmp(packed, bytes.data, bytes.size) == 0;
}

wf_status record_decode(Wufei__Record **out, arena *a, span bytes, wf_error *err)
{
    if (bytes.size > RECORD_MAX)
        return wf_fail(err, WF_REFUSED, _("the record is %zu bytes long, the longest is %d"),
                       bytes.size, RECORD_MAX);
    record_memory memory = {a, false};
    ProtobufCAllocator allocator = {arena_of_protobuf, keep, &memory};
    Wufei__Record *record = wufei__record__unpack(&allocator, bytes.size, bytes.data);
    if (memory.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory for a record of %zu bytes"), bytes.size);
    if (record == NULL)
        return wf_fail(err, WF_REFUSED,
                       _("the bytes are not a record: broken coding or a required field is "
                         "missing"));
    if (record_kind_of(record->body_case) == NULL)
        return wf_fail(err, WF_REFUSED, _("the record is of no kind that this version knows"));
    if (has_unknown_fields(record))
        return wf_fail(err, WF_REFUSED,
                       _("the record holds a field that this version does not know"));
    bool packs = packs_to(record, bytes, &memory);
    if (memory.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory for a record of %zu bytes"), bytes.size);
    if (!packs)
        return wf_fail(
            err, WF_REFUSED,
            _("the record is not in its one canonical coding (fields ascending and once, "
              "shortest numbers, nothing behind)"));
    wf_status status = record_check(record, err);
    if (status == WF_OK)
        *out = record;
    return status;
}

const char *record_file(const Wufei__Record *record)
{
    const record_kind *kind = record_kind_of(record->body_case);
    return kind != NULL ? kind->file : "";
}

/* The value of the id column. */
static const char *own_id(const Wufei__Record *record, const record_kind *kind)
{
    const column *c = record_kind_column(kind, kind->id_column, strlen(kind->id_column));
    return *(char *const *)column_at(c, record->party);
}

const char *record_text_id(const Wufei__Record *record, arena *a)
{
    const record_kind *kind = record_kind_of(record->body_case);
    if (kind == NULL || !kind->has_text_id)
        return "";
    const char *id = own_id(record, kind);
    if (record->body_case == WUFEI__RECORD__BODY_TREATMENT) {
        const char *output = record->treatment->output_code;
        id = arena_printf(a, "%s/%s", id, output != NULL ? output : "");
    }
    return id;
}

static int64_t weighing_time_ms(const Wufei__Weighing *w)
{
    return w->has_tare_at_ms && w->tare_at_ms > w->gross_at_ms ? w->tare_at_ms : w->gross_at_ms;
}

static int64_t track_time_ms(const Wufei__Track *track)
{
    track_fix first;
    track_fix last;
    wf_error ignored; /* a record that passed record_check has good fixes */
    track_bounds(&first, &last, track->count, span_of(track->fixes.data, track->fixes.len),
                 &ignored);
    return last.time_ms;
}

int64_t record_time_ms(const Wufei__Record *record)
{
    switch (record->body_case) {
    case WUFEI__RECORD__BODY_FILING:
        return record->filing->from_ms;
    case WUFEI__RECORD__BODY_ACTIVITY:
        return record->activity->to_ms;
    case WUFEI__RECORD__BODY_GENERATION:
        return record->generation->time_ms;
    case WUFEI__RECORD__BODY_MANIFEST:
        return record->manifest->filed_at_ms;
    case WUFEI__RECORD__BODY_EVENT:
        return record->event->time_ms;
    case WUFEI__RECORD__BODY_WEIGHING:
        return weighing_time_ms(record->weighing);
    case WUFEI__RECORD__BODY_STOCKTAKE:
        return record->stocktake->time_ms;
    case WUFEI__RECORD__BODY_TREATMENT:
        return record->treatment->time_ms;
    case WUFEI__RECORD__BODY_TRACK:
        return track_time_ms(record->track);
    case WUFEI__RECORD__BODY_REPORT:
        return record->report->time_ms;
    case WUFEI__RECORD__BODY_CALENDAR_DAY:
        return record->calendar_day->day * TIME_DAY_MS;
    default:
        return TIME_NONE;
    }
}

void record_statement_id(uint8_t out[16], const Wufei__Record *record, span record_bytes)
{
    const record_kind *kind = record_kind_of(record->body_case);
    WF_ASSERT(kind != NULL);
    int64_t time_ms = record_time_ms(record);
    if (time_ms < 0) /* registry kinds, and times before 1970, which 48 bits cannot hold */
        time_ms = 0;
    span parts[2] = {span_text(kind->file), record_bytes};
    char text[2 * TEXT_ID_MAX + 1];
    if (kind->has_text_id)
        parts[1] = span_text(own_id(record, kind));
    if (record->body_case == WUFEI__RECORD__BODY_TREATMENT) {
        /* a zero byte between the two, which no text holds, keeps "a/b" + "c" and "a" + "b/c" apart
         */
        const char *output = record->treatment->output_code;
        span second = span_text(output != NULL ? output : "");
        WF_ASSERT(parts[1].size + 1 + second.size <= sizeof text);
        memcpy(text, parts[1].data, parts[1].size);
        text[parts[1].size] = '\0';
        memcpy(text + parts[1].size + 1, second.data, second.size);
        parts[1] = span_of(text, parts[1].size + 1 + second.size);
    }
    statement_id_make(out, time_ms, parts, 2);
}
