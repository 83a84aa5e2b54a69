/*
 * book/find.c: single questions to the store, for `show` in a few milliseconds. Nothing here
 * touches the writer's caches, so readers may ask from any thread in their own transaction.
 */
#include <inttypes.h>
#include <string.h>

#include "book/internal.h"
#include "book/tracks.h"

/* "T1/SW59" names one output row of a treatment. */
static wf_status find_treatment_row(store_txn *txn, const char *text_id, bool *found, uint32_t *out,
                                    wf_error *err)
{
    char name[NAME_KEY_MAX];
    size_t size = strlen(text_id);
    const char *slash = strrchr(text_id, '/');
    *found = false;
    if (slash == NULL || size >= sizeof name)
        return WF_OK;
    memcpy(name, text_id, size);
    name[slash - text_id] = '\0';
    return name_lookup(txn, OBJECT_TREATMENT, name, size, found, out, err);
}

wf_status book_find(book *b, store_txn *txn, const char *text_id, enum object_kind *kind,
                    uint32_t *index, wf_error *err)
{
    (void)b;
    bool found = false;
    size_t size = strlen(text_id);
    *kind = OBJECT_NONE;
    *index = BOOK_NONE;
    if (size > 2 * TEXT_ID_MAX + 1)
        return WF_OK;
    for (unsigned k = OBJECT_NONE + 1; k < OBJECT_KIND_COUNT && !found; k++) {
        BOOK_TRY(name_lookup(txn, (enum object_kind)k, text_id, size, &found, index, err));
        if (!found && k == OBJECT_TREATMENT)
            BOOK_TRY(find_treatment_row(txn, text_id, &found, index, err));
        if (found)
            *kind = (enum object_kind)k;
    }
    if (!found)
        *index = BOOK_NONE;
    return WF_OK;
}

wf_status book_find_kind(book *b, store_txn *txn, enum object_kind kind, const char *text_id,
                         uint32_t *index, wf_error *err)
{
    (void)b;
    bool found = false;
    size_t size = strlen(text_id);
    *index = BOOK_NONE;
    if (size > 2 * TEXT_ID_MAX + 1)
        return WF_OK;
    BOOK_TRY(name_lookup(txn, kind, text_id, size, &found, index, err));
    if (!found && kind == OBJECT_TREATMENT)
        BOOK_TRY(find_treatment_row(txn, text_id, &found, index, err));
    if (!found)
        *index = BOOK_NONE;
    return WF_OK;
}

wf_status book_get_manifest(book *b, store_txn *txn, manifest_id id, manifest_row *out,
                            wf_error *err)
{
    (void)b;
    return row_read(txn, BOOK_MANIFESTS, id, out, err);
}

wf_status book_get_event(book *b, store_txn *txn, event_id id, event_row *out, wf_error *err)
{
    (void)b;
    return row_read(txn, BOOK_EVENTS, id, out, err);
}

wf_status book_get_weighing(book *b, store_txn *txn, weighing_id id, weighing_row *out,
                            wf_error *err)
{
    (void)b;
    return row_read(txn, BOOK_WEIGHINGS, id, out, err);
}

wf_status book_get_site(book *b, store_txn *txn, site_id id, site_row *out, wf_error *err)
{
    (void)b;
    return row_read(txn, BOOK_SITES, id, out, err);
}

wf_status book_get_party(book *b, store_txn *txn, party_id id, party_row *out, wf_error *err)
{
    (void)b;
    return row_read(txn, BOOK_PARTIES, id, out, err);
}

wf_status book_get_vehicle(book *b, store_txn *txn, vehicle_id id, vehicle_row *out, wf_error *err)
{
    (void)b;
    return row_read(txn, BOOK_VEHICLES, id, out, err);
}

wf_status book_get_row(book *b, store_txn *txn, enum object_kind kind, uint32_t index, void *out,
                       size_t size, wf_error *err)
{
    (void)b;
    enum book_table table = book_table_of(kind);
    WF_ASSERT(table != BOOK_TABLE_COUNT && size == book_shapes[table].row_size);
    return row_read(txn, table, index, out, err);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static wf_status copy_text(span bytes, arena *a, const char **out, wf_error *err)
{
    *out = arena_strndup(a, (const char *)bytes.data, bytes.size);
    return *out != NULL ? WF_OK : cache_no_memory(err);
}

/* The value of a dense id, which must be there. */
static wf_status dense_value(store_txn *txn, enum book_table table, uint32_t id, span *out,
                             wf_error *err)
{
    uint8_t key[4];
    key_u32(key, id);
    BOOK_TRY(store_get(txn, book_table_number(table), span_of(key, sizeof key), out, err));
    if (out->data == NULL || out->size < book_shapes[table].row_size)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: row %" PRIu32 " is missing or broken; run wufei verify, then wufei "
                         "rebuild"),
                       book_shapes[table].name, id);
    return WF_OK;
}

wf_status book_text(book *b, store_txn *txn, text_ref ref, arena *a, const char **out,
                    wf_error *err)
{
    (void)b;
    span text = {0};
    *out = "";
    if (ref == BOOK_NONE)
        return WF_OK;
    BOOK_TRY(dense_value(txn, BOOK_STRINGS, ref, &text, err));
    return copy_text(text, a, out, err);
}

wf_status book_key_text(book *b, store_txn *txn, enum object_kind kind, uint32_t index, arena *a,
                        const char **out, wf_error *err)
{
    (void)b;
    span value = {0};
    enum book_table table = book_table_of(kind);
    *out = "";
    if (index == BOOK_NONE || table == BOOK_TABLE_COUNT)
        return WF_OK;
    BOOK_TRY(dense_value(txn, table, index, &value, err));
    size_t row_size = book_shapes[table].row_size;
    return copy_text(span_of(value.data + row_size, value.size - row_size), a, out, err);
}

wf_status book_code_text(book *b, store_txn *txn, code_id code, arena *a, const char **out,
                         wf_error *err)
{
    (void)b;
    span text = {0};
    *out = "";
    if (code == BOOK_NONE)
        return WF_OK;
    BOOK_TRY(dense_value(txn, BOOK_CODES, code, &text, err));
    return copy_text(text, a, out, err);
}

/* ---- counts --------------------------------------------------------------------------------- */

static wf_status count_table(store_txn *txn, enum book_table table, uint64_t *out, wf_error *err)
{
    store_table_stat stat = {0};
    BOOK_TRY(store_table_stats(txn, book_table_number(table), &stat, err));
    *out = stat.rows;
    return WF_OK;
}

wf_status book_count_kind(book *b, store_txn *txn, enum object_kind kind, uint64_t *out,
                          wf_error *err)
{
    (void)b;
    enum book_table table = book_table_of(kind);
    WF_ASSERT(table != BOOK_TABLE_COUNT);
    return count_table(txn, table, out, err);
}

wf_status book_count_codes(book *b, store_txn *txn, uint64_t *out, wf_error *err)
{
    (void)b;
    return count_table(txn, BOOK_CODES, out, err);
}

static wf_status count_fixes(store_cursor *cursor, book_counts *out, wf_error *err)
{
    span key = {0};
    span value = {0};
    track_chunk last = {.vehicle = BOOK_NONE};
    BOOK_TRY(store_cursor_seek(cursor, span_of(NULL, 0), &key, &value, err));
    while (key.data != NULL) {
        track_chunk chunk;
        BOOK_TRY(track_chunk_parse(&chunk, key, value, err));
        out->track_days += chunk.vehicle != last.vehicle || chunk.day != last.day;
        out->fixes += chunk.count;
        last = chunk;
        BOOK_TRY(store_cursor_next(cursor, &key, &value, err));
    }
    return WF_OK;
}

wf_status book_count(book *b, store_txn *txn, book_counts *out, wf_error *err)
{
    (void)b;
    store_cursor *cursor = NULL;
    *out = (book_counts){0};
    for (unsigned t = 0; t < BOOK_DENSE_COUNT; t++)
        if (book_shapes[t].kind != OBJECT_NONE)
            BOOK_TRY(count_table(txn, (enum book_table)t, &out->of[book_shapes[t].kind], err));
    BOOK_TRY(count_table(txn, BOOK_EVENTS, &out->events, err));
    BOOK_TRY(count_table(txn, BOOK_STOCKTAKES, &out->stocktakes, err));
    BOOK_TRY(count_table(txn, BOOK_ACTIVITIES, &out->activities, err));
    BOOK_TRY(count_table(txn, BOOK_DAYS, &out->days, err));
    BOOK_TRY(count_table(txn, BOOK_CODES, &out->codes, err));
    BOOK_TRY(count_table(txn, BOOK_STRINGS, &out->strings, err));
    BOOK_TRY(store_cursor_open(&cursor, txn, book_table_number(BOOK_TRACKS), err));
    wf_status status = count_fixes(cursor, out, err);
    store_cursor_close(cursor);
    return status;
}
