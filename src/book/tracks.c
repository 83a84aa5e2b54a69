/*
 * book/tracks.c: fixes of vehicles, one row a record, in the packed form in which they came. A
 * vehicle and day may have several (a device that sends late); readers merge them by time.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "book/internal.h"
#include "book/tracks.h"

void track_key(uint8_t out[TRACK_KEY_SIZE], vehicle_id vehicle, int32_t day, uint64_t seq)
{
    key_u32(out, vehicle);
    key_u32(out + 4, day_key(day));
    store_key_u64(out + 8, seq);
}

wf_status track_apply(apply_context *x, const Wufei__Track *track)
{
    uint32_t vehicle = BOOK_NONE;
    uint8_t key[TRACK_KEY_SIZE];
    track_fix first;
    track_fix last;
    span packed = span_of(track->fixes.data, track->fixes.len);
    BOOK_TRY(name_must_exist(x, OBJECT_VEHICLE, "vehicle_id", track->vehicle_id, &vehicle));
    BOOK_TRY(track_bounds(&first, &last, track->count, packed, x->err));
    int offset = x->b->utc_offset_minutes;
    if (time_day(first.time_ms, offset) != track->day ||
        time_day(last.time_ms, offset) != track->day) {
        char day[TIME_TEXT];
        char fix[TIME_TEXT];
        bool early = time_day(first.time_ms, offset) != track->day;
        return wf_fail(x->err, WF_REFUSED,
                       _("vehicle_id %1$s: the track of %2$s holds a fix of %3$s, which is another "
                         "day; send one track a day"),
                       track->vehicle_id, time_format_day(day, track->day),
                       time_format(fix, early ? first.time_ms : last.time_ms, offset));
    }
    uint8_t *value = arena_alloc_raw(&x->b->scratch, sizeof track->count + packed.size);
    if (value == NULL)
        return cache_no_memory(x->err);
    memcpy(value, &track->count, sizeof track->count);
    memcpy(value + sizeof track->count, packed.data, packed.size);
    track_key(key, vehicle, track->day, x->seq);
    return store_put(x->txn, book_table_number(BOOK_TRACKS), span_of(key, sizeof key),
                     span_of(value, sizeof track->count + packed.size), false, x->err);
}

wf_status track_chunk_parse(track_chunk *out, span key, span value, wf_error *err)
{
    if (key.size != TRACK_KEY_SIZE || value.size < sizeof out->count)
        return book_row_broken(BOOK_TRACKS, err);
    out->vehicle = u32_key(key.data);
    out->day = (int32_t)day_key((int32_t)u32_key(key.data + 4));
    out->seq = store_u64_key(key.data + 8);
    memcpy(&out->count, value.data, sizeof out->count);
    out->packed = span_of(value.data + sizeof out->count, value.size - sizeof out->count);
    if (out->count > TRACK_FIXES_MAX)
        return book_row_broken(BOOK_TRACKS, err);
    return WF_OK;
}

/* What the log entered, it had unpacked: here it must unpack again. */
wf_status track_chunk_unpack(track_fix *out, const track_chunk *chunk, wf_error *err)
{
    if (track_unpack(out, chunk->count, chunk->packed, NULL) != WF_OK)
        return book_row_broken(BOOK_TRACKS, err);
    return WF_OK;
}

static int compare_fixes(const void *a, const void *b)
{
    return track_fix_compare(a, b);
}

size_t track_merge(track_fix *fixes, size_t count)
{
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++)
        sorted = compare_fixes(&fixes[i - 1], &fixes[i]) < 0;
    if (sorted)
        return count;
    qsort(fixes, count, sizeof *fixes, compare_fixes);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (compare_fixes(&fixes[kept - 1], &fixes[i]) != 0)
            fixes[kept++] = fixes[i];
    return kept;
}

/* Unpacks one chunk behind the `*count` fixes that an arena array of `*capacity` holds. */
static wf_status append_chunk(track_fix **fixes, size_t *capacity, size_t *count,
                              const track_chunk *chunk, arena *a, wf_error *err)
{
    if (*count + chunk->count > *capacity) {
        size_t grown = (*count + chunk->count) * 2;
        track_fix *bigger = arena_alloc_raw(a, grown * sizeof *bigger);
        if (bigger == NULL)
            return cache_no_memory(err);
        if (*count > 0)
            memcpy(bigger, *fixes, *count * sizeof *bigger);
        *fixes = bigger;
        *capacity = grown;
    }
    BOOK_TRY(track_chunk_unpack(*fixes + *count, chunk, err));
    *count += chunk->count;
    return WF_OK;
}

static wf_status read_day(store_cursor *cursor, vehicle_id vehicle, int32_t day, arena *a,
                          track_fix **out, size_t *out_count, wf_error *err)
{
    uint8_t start[TRACK_KEY_SIZE];
    size_t capacity = 0;
    span key = {0};
    span value = {0};
    track_key(start, vehicle, day, 0);
    BOOK_TRY(store_cursor_seek(cursor, span_of(start, sizeof start), &key, &value, err));
    while (key.data != NULL) {
        track_chunk chunk;
        BOOK_TRY(track_chunk_parse(&chunk, key, value, err));
        if (chunk.vehicle != vehicle || chunk.day != day)
            break;
        BOOK_TRY(append_chunk(out, &capacity, out_count, &chunk, a, err));
        BOOK_TRY(store_cursor_next(cursor, &key, &value, err));
    }
    *out_count = track_merge(*out, *out_count);
    return WF_OK;
}

wf_status book_track_day(book *b, store_txn *txn, const char *vehicle, int32_t day, arena *a,
                         track_fix **out, size_t *out_count, wf_error *err)
{
    (void)b;
    bool found = false;
    uint32_t id = BOOK_NONE;
    store_cursor *cursor = NULL;
    *out = NULL;
    *out_count = 0;
    BOOK_TRY(name_lookup(txn, OBJECT_VEHICLE, vehicle, strlen(vehicle), &found, &id, err));
    if (!found)
        return WF_OK; /* a vehicle that is not known has no fixes */
    BOOK_TRY(store_cursor_open(&cursor, txn, book_table_number(BOOK_TRACKS), err));
    wf_status status = read_day(cursor, id, day, a, out, out_count, err);
    store_cursor_close(cursor);
    return status;
}
