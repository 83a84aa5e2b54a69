/*
 * book: rows that the log cannot have made are damage (3), with what to do, whatever reads them; no
 * number of theirs is an index, a size or a chain without end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "book/internal.h"
#include "book/tracks.h"
#include "model/vocabulary.h"
#include "support/book_fixture.h"

#define T(hour) (FIXTURE_DAY_MS + (hour)*INT64_C(3600000))

static book_fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    fixture_registry(&f);
    assert_true(fixture_generation(&f, "B1", "S1", T(0), "SW59", 1000000));
    assert_true(fixture_manifest(&f, "M1", "SW59", "S1", "S2", T(1)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(2), "S1", 900000));
    assert_true(fixture_event(&f, "M1", EVENT_ARRIVED, T(3), "S2", NO_MASS));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void put(enum book_table table, span key, span value)
{
    store_txn *txn = NULL;
    wf_error err = {0};
    assert_int_equal(store_begin(&txn, ledger_store(f.l), true, &err), WF_OK);
    assert_int_equal(store_put(txn, book_table_number(table), key, value, false, &err), WF_OK);
    assert_int_equal(store_commit(txn, &err), WF_OK);
}

/* Puts `size` bytes at `offset` of row `id`; `undo` gets what was there. */
static void patch(enum book_table table, uint32_t id, size_t offset, const void *bytes, size_t size,
                  void *undo)
{
    uint8_t key[4], row[512];
    store_txn *txn = NULL;
    span value;
    wf_error err = {0};
    key_u32(key, id);
    assert_int_equal(store_begin(&txn, ledger_store(f.l), false, &err), WF_OK);
    assert_int_equal(
        store_get(txn, book_table_number(table), span_of(key, sizeof key), &value, &err), WF_OK);
    assert_non_null(value.data);
    assert_true(value.size <= sizeof row && offset + size <= value.size);
    size_t row_size = value.size;
    memcpy(row, value.data, row_size);
    store_abort(txn);
    if (undo != NULL)
        memcpy(undo, row + offset, size);
    memcpy(row + offset, bytes, size);
    put(table, span_of(key, sizeof key), span_of(row, row_size));
}

static wf_status load(bool tracks, wf_error *err)
{
    city *c = NULL;
    wf_status status = city_load(&c, f.b, tracks, err);
    city_free(c);
    return status;
}

static void must_be_damaged(wf_status status, const wf_error *err)
{
    assert_int_equal(status, WF_DAMAGED);
    assert_non_null(strstr(err->text, "run wufei verify, then wufei rebuild"));
}

static void impossible_fields(void **state)
{
    static const struct {
        enum book_table table;
        size_t offset, size;
        uint64_t value; /* little-endian, as the rows are */
    } cases[] = {
        {BOOK_SITES, offsetof(site_row, party), 4, 7777},
        {BOOK_SITES, offsetof(site_row, party), 4, BOOK_NONE},
        {BOOK_SITES, offsetof(site_row, kind), 4, SITE_KIND_COUNT},
        {BOOK_SITES, offsetof(site_row, name), 4, 7777},
        {BOOK_SCALES, offsetof(scale_row, site), 4, 5},
        {BOOK_VEHICLES, offsetof(vehicle_row, party), 4, 1},
        {BOOK_GENERATIONS, offsetof(generation_row, code), 4, 1},
        {BOOK_GENERATIONS, offsetof(generation_row, time_ms), 8, UINT64_C(1) << 62},
        {BOOK_MANIFESTS, offsetof(manifest_row, stream), 1, STREAM_COUNT},
        {BOOK_MANIFESTS, offsetof(manifest_row, state), 1, 200},
        {BOOK_MANIFESTS, offsetof(manifest_row, facility_site), 4, 5},
        {BOOK_MANIFESTS, offsetof(manifest_row, last_event), 4, 2},
        {BOOK_MANIFESTS, offsetof(manifest_row, received_ms), 8, UINT64_C(1) << 61},
        {BOOK_EVENTS, offsetof(event_row, previous), 4, 0},
        {BOOK_EVENTS, offsetof(event_row, manifest), 4, 1},
        {BOOK_EVENTS, offsetof(event_row, kind), 4, EVENT_COUNT},
        {BOOK_EVENTS, offsetof(event_row, time_ms), 8, UINT64_C(1) << 60},
    };
    (void)state;
    wf_error err = {0};
    assert_int_equal(load(true, &err), WF_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t undo[8];
        patch(cases[i].table, 0, cases[i].offset, &cases[i].value, cases[i].size, undo);
        must_be_damaged(load(false, &err), &err);
        patch(cases[i].table, 0, cases[i].offset, undo, cases[i].size, NULL);
    }
    assert_int_equal(load(true, &err), WF_OK);
}

static void impossible_tracks(void **state)
{
    const track_fix fixes[2] = {{.time_ms = T(1), .lat_e7 = 1, .lon_e7 = 1},
                                {.time_ms = T(2), .lat_e7 = 2, .lon_e7 = 2}};
    uint8_t key[TRACK_KEY_SIZE], value[64];
    int32_t day = time_day(T(1), 480);
    wf_error err = {0};
    buffer packed = {0};
    (void)state;
    assert_int_equal(track_pack(&packed, fixes, 2, &err), WF_OK);
    for (int wrong = 0; wrong < 6; wrong++) {
        uint32_t count = wrong == 1 ? 3 : wrong == 2 ? TRACK_FIXES_MAX + 1 : wrong == 3 ? 0 : 2;
        memcpy(value, &count, sizeof count);
        memcpy(value + sizeof count, packed.data, packed.size);
        track_key(key, wrong == 4 ? 99 : 0, wrong == 5 ? day + 1 : day, 9);
        put(BOOK_TRACKS, span_of(key, sizeof key), span_of(value, sizeof count + packed.size));
        if (wrong == 0)
            assert_int_equal(load(true, &err), WF_OK);
        else
            must_be_damaged(load(true, &err), &err);
        store_txn *txn = NULL;
        assert_int_equal(store_begin(&txn, ledger_store(f.l), true, &err), WF_OK);
        assert_int_equal(store_clear(txn, book_table_number(BOOK_TRACKS), &err), WF_OK);
        assert_int_equal(store_commit(txn, &err), WF_OK);
    }
    buffer_free(&packed);
}

static void single_reads(void **state)
{
    wf_error err = {0};
    manifest_row row;
    enum object_kind kind;
    uint32_t index;
    store_txn *txn = NULL;
    const uint8_t name[] = {OBJECT_SITE, 'S', '1'};
    (void)state;
    assert_int_equal(store_begin(&txn, ledger_store(f.l), false, &err), WF_OK);
    must_be_damaged(book_get_manifest(f.b, txn, 4000000000, &row, &err), &err);
    store_abort(txn);
    put(BOOK_NAMES, span_of(name, sizeof name), span_of("x", 1));
    assert_int_equal(store_begin(&txn, ledger_store(f.l), false, &err), WF_OK);
    must_be_damaged(book_find(f.b, txn, "S1", &kind, &index, &err), &err);
    store_abort(txn);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(impossible_fields),
        CASE(impossible_tracks),
        CASE(single_reads),
    };
    return cmocka_run_group_tests_name("book/impossible_rows", tests, NULL, NULL);
}
