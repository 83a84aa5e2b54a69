/*
 * book: what each record posts, what is refused, and that a refusal or an abort leaves no trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/vocabulary.h"
#include "support/book_fixture.h"

#define T(hour) (FIXTURE_DAY_MS + (hour)*INT64_C(3600000))

static book_fixture f;

static int setup(void **state)
{
    (void)state;
    fixture_open(&f);
    fixture_registry(&f);
    return 0;
}

static store_txn *reading(void)
{
    store_txn *txn = NULL;
    wf_error err = {0};
    assert_int_equal(store_begin(&txn, ledger_store(f.l), false, &err), WF_OK);
    return txn;
}

static int teardown(void **state)
{
    wf_error err = {0};
    (void)state;
    store_txn *txn = reading();
    assert_int_equal(book_check_zero_sums(f.b, txn, &err), WF_OK);
    store_abort(txn);
    fixture_close(&f);
    return 0;
}

static uint32_t index_of(const char *id, enum object_kind expected)
{
    wf_error err = {0};
    enum object_kind kind = OBJECT_NONE;
    uint32_t index = BOOK_NONE;
    store_txn *txn = reading();
    assert_int_equal(book_find(f.b, txn, id, &kind, &index, &err), WF_OK);
    store_abort(txn);
    assert_int_equal(kind, expected);
    return index;
}

static manifest_row manifest(const char *id)
{
    wf_error err = {0};
    manifest_row row;
    uint32_t index = index_of(id, OBJECT_MANIFEST);
    store_txn *txn = reading();
    assert_int_equal(book_get_manifest(f.b, txn, index, &row, &err), WF_OK);
    store_abort(txn);
    return row;
}

/* The sum of a flow over all days. */
static int64_t flow(const char *site, const char *code, enum flow_kind kind)
{
    city *c = fixture_city(&f);
    site_id at = index_of(site, OBJECT_SITE);
    int64_t sum = 0;
    for (size_t i = 0; i < c->day_count; i++)
        if (c->days[i].site == at && strcmp(city_code(c, c->days[i].code), code) == 0)
            sum += c->days[i].mass_g[kind];
    city_free(c);
    return sum;
}

/* What the stock must be by the flows. */
static int64_t stock(const char *site, const char *code)
{
    return flow(site, code, FLOW_OPENING) + flow(site, code, FLOW_GENERATED) +
           flow(site, code, FLOW_IN) + flow(site, code, FLOW_MADE) +
           flow(site, code, FLOW_UNDECLARED_STOCK) - flow(site, code, FLOW_OUT) -
           flow(site, code, FLOW_TREATED) - flow(site, code, FLOW_PRODUCT) -
           flow(site, code, FLOW_LOSS) - flow(site, code, FLOW_UNACCOUNTED_STOCK);
}

static void a_plain_transport(void **state)
{
    (void)state;
    assert_true(fixture_generation(&f, "B1", "S1", T(1), "SW1", 1000));
    assert_true(fixture_manifest(&f, "M1", "SW1", "S1", "S2", T(2)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(3), "S1", 700));
    assert_int_equal(manifest("M1").in_transit_g, 700);
    assert_int_equal(stock("S1", "SW1"), 300);
    assert_true(fixture_event(&f, "M1", EVENT_ARRIVED, T(4), NULL, NO_MASS));
    assert_true(fixture_event(&f, "M1", EVENT_RECEIVED, T(5), NULL, 650));
    assert_true(fixture_event(&f, "M1", EVENT_CONFIRMED, T(6), NULL, NO_MASS));
    manifest_row m = manifest("M1");
    assert_int_equal(m.state, MANIFEST_CONFIRMED);
    assert_int_equal(m.unaccounted_g, 50);
    assert_int_equal(m.in_transit_g, 0);
    assert_int_equal(m.received_ms, T(5));
    assert_int_equal(m.events, 4);
    assert_int_equal(stock("S2", "SW1"), 650);
    assert_int_equal(flow("S1", "SW1", FLOW_UNACCOUNTED_TRANSIT), 50);
}

/* 27 460 picked up, 20 150 received, 7 310 refused, and confirmed before the rest was home. */
static void a_partial_refusal_after_the_receipt(void **state)
{
    (void)state;
    assert_true(fixture_generation(&f, "B1", "S1", T(1), "SW7", 30000));
    assert_true(fixture_manifest(&f, "M1", "SW7", "S1", "S2", T(2)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(3), "S1", 27460));
    assert_true(fixture_event(&f, "M1", EVENT_RECEIVED, T(4), "S2", 20150));
    assert_int_equal(manifest("M1").unaccounted_g, 7310);
    assert_true(fixture_event(&f, "M1", EVENT_REJECTED, T(5), "S2", 7310));
    assert_int_equal(manifest("M1").unaccounted_g, 0);
    assert_int_equal(manifest("M1").in_transit_g, 7310);
    assert_int_equal(manifest("M1").state, MANIFEST_RECEIVED);
    assert_true(fixture_event(&f, "M1", EVENT_CONFIRMED, T(6), "S2", NO_MASS));
    assert_true(fixture_event(&f, "M1", EVENT_RETURNED, T(30), "S1", 7310));
    manifest_row m = manifest("M1");
    assert_int_equal(m.state, MANIFEST_CONFIRMED);
    assert_int_equal(m.in_transit_g, 0);
    assert_int_equal(m.returned_g, 7310);
    assert_int_equal(stock("S1", "SW7"), 30000 - 20150);
    assert_int_equal(stock("S2", "SW7"), 20150);
    assert_int_equal(flow("S1", "SW7", FLOW_UNACCOUNTED_TRANSIT), 0);
}

/* A zero too much at the pick-up, corrected by naming its site; then the receipt, too. */
static void a_correction_names_whose_mass_was_wrong(void **state)
{
    (void)state;
    assert_true(fixture_generation(&f, "B1", "S1", T(1), "SW16", 16000));
    assert_true(fixture_manifest(&f, "M1", "SW16", "S1", "S2", T(2)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(3), "S1", 158400));
    assert_true(fixture_event(&f, "M1", EVENT_RECEIVED, T(4), "S2", 15900));
    assert_int_equal(manifest("M1").unaccounted_g, 142500);
    assert_true(fixture_event(&f, "M1", EVENT_CORRECTED, T(5), "S1", 15840));
    assert_int_equal(manifest("M1").picked_up_g, 15840);
    assert_int_equal(manifest("M1").received_g, 15900);
    assert_int_equal(manifest("M1").unaccounted_g, -60);
    assert_int_equal(stock("S1", "SW16"), 160);
    assert_true(fixture_event(&f, "M1", EVENT_CORRECTED, T(6), "S2", 15830));
    assert_int_equal(manifest("M1").received_g, 15830);
    assert_int_equal(manifest("M1").unaccounted_g, 10);
    assert_int_equal(flow("S1", "SW16", FLOW_UNDECLARED_TRANSIT), 0);
    assert_int_equal(flow("S1", "SW16", FLOW_UNACCOUNTED_TRANSIT), 10);
    assert_int_equal(stock("S2", "SW16"), 15830);
}

static void a_correction_of_nothing_is_refused(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW16", "S1", "S2", T(2)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(3), "S1", 100));
    assert_false(fixture_event(&f, "M1", EVENT_CORRECTED, T(4), "S2", 90));
    assert_true(fixture_event(&f, "M1", EVENT_CORRECTED, T(5), "S1", 90));
    assert_int_equal(manifest("M1").in_transit_g, 90);
}

static void a_round_shares_what_is_missing(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW61", "S1", "S4", T(1)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(2), "S1", 100));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(3), "S2", 100));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(4), "S3", 100));
    assert_int_equal(manifest("M1").pick_ups, 3);
    assert_true(fixture_event(&f, "M1", EVENT_RECEIVED, T(5), "S4", 290));
    assert_int_equal(flow("S1", "SW61", FLOW_UNACCOUNTED_TRANSIT), 3);
    assert_int_equal(flow("S2", "SW61", FLOW_UNACCOUNTED_TRANSIT), 3);
    assert_int_equal(flow("S3", "SW61", FLOW_UNACCOUNTED_TRANSIT), 4);
    /* communities keep no stock: the pick-up was the generation */
    assert_int_equal(flow("S2", "SW61", FLOW_GENERATED), 100);
    assert_int_equal(stock("S2", "SW61"), 0);
    /* the form of a fourth pick-up comes late */
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(4), "S5", 20));
    assert_int_equal(manifest("M1").unaccounted_g, 30);
    assert_int_equal(manifest("M1").state, MANIFEST_RECEIVED);
}

static void masses_that_are_not_given(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW61", "S1", "S2", T(1)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(2), NULL, NO_MASS));
    assert_int_equal(manifest("M1").picked_up_g, MASS_NONE);
    assert_int_equal(manifest("M1").in_transit_g, 0);
    assert_true(fixture_event(&f, "M1", EVENT_RECEIVED, T(3), NULL, 500));
    assert_int_equal(manifest("M1").picked_up_g, MASS_NONE);
    assert_int_equal(manifest("M1").unaccounted_g, 0);
    assert_int_equal(flow("S1", "SW61", FLOW_OUT), 500);
    assert_int_equal(flow("S1", "SW61", FLOW_GENERATED), 500);

    assert_true(fixture_manifest(&f, "M2", "SW61", "S1", "S2", T(4)));
    assert_true(fixture_event(&f, "M2", EVENT_PICKED_UP, T(5), NULL, 300));
    assert_true(fixture_event(&f, "M2", EVENT_REJECTED, T(6), NULL, NO_MASS));
    assert_int_equal(manifest("M2").rejected_g, 300);
    assert_true(fixture_event(&f, "M2", EVENT_RETURNED, T(7), NULL, NO_MASS));
    assert_int_equal(manifest("M2").in_transit_g, 0);
    assert_int_equal(manifest("M2").unaccounted_g, 0);
    /* what came back is there to be picked up again, and is not generated twice */
    assert_int_equal(stock("S1", "SW61"), 300);
    assert_true(fixture_manifest(&f, "M3", "SW61", "S1", "S2", T(8)));
    assert_true(fixture_event(&f, "M3", EVENT_PICKED_UP, T(9), NULL, 310));
    assert_int_equal(flow("S1", "SW61", FLOW_GENERATED), 500 + 300 + 10);
    assert_true(fixture_event(&f, "M3", EVENT_RECEIVED, T(10), NULL, NO_MASS));
    assert_int_equal(manifest("M3").received_g, 310);
}

static void a_redirected_load(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW3", "S1", "S2", T(1)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(2), NULL, 100));
    assert_true(fixture_event(&f, "M1", EVENT_ARRIVED, T(3), NULL, NO_MASS));
    assert_true(fixture_event(&f, "M1", EVENT_REJECTED, T(3), NULL, 100));
    assert_true(fixture_event(&f, "M1", EVENT_REDIRECTED, T(4), "S3", NO_MASS));
    manifest_row m = manifest("M1");
    assert_int_equal(m.facility_site, index_of("S3", OBJECT_SITE));
    assert_int_equal(m.arrived_ms, TIME_NONE);
    assert_int_equal(m.rejected_g, 0);
    assert_true(fixture_event(&f, "M1", EVENT_RECEIVED, T(5), NULL, 100));
    assert_int_equal(manifest("M1").unaccounted_g, 0);
    assert_int_equal(stock("S3", "SW3"), 100);
    assert_int_equal(stock("S2", "SW3"), 0);
}

static void treatments_and_stock_takes(void **state)
{
    (void)state;
    assert_true(fixture_stocktake(&f, "S1", T(1), "SW14", 1000));
    assert_int_equal(flow("S1", "SW14", FLOW_OPENING), 1000);
    assert_true(fixture_treatment(&f, "T1", "S1", T(2), "SW14", 500, "product", 400));
    assert_true(fixture_treatment(&f, "T1", "S1", T(2), "SW14", 500, "SW59", 60));
    assert_true(fixture_treatment(&f, "T1", "S1", T(2), "SW14", 500, "leachate", 30));
    assert_int_equal(stock("S1", "SW14"), 500);
    assert_int_equal(stock("S1", "SW59"), 60);
    assert_int_equal(flow("S1", "product", FLOW_PRODUCT), 400);
    assert_int_equal(flow("S1", "leachate", FLOW_LOSS), 30);
    assert_int_equal(flow("S1", "SW59", FLOW_MADE), 60);
    assert_int_equal(flow("S1", "product", FLOW_MADE), 400);
    assert_int_equal(stock("S1", "product"), 0);
    assert_int_equal(index_of("T1/SW59", OBJECT_TREATMENT), 1);
    assert_int_equal(index_of("T1", OBJECT_TREATMENT), 0);
    /* another input under the same id contradicts the first row */
    assert_false(fixture_treatment(&f, "T1", "S1", T(2), "SW14", 501, "water", 1));
    assert_non_null(strstr(f.reason, "mass_kg"));
    assert_true(fixture_stocktake(&f, "S1", T(3), "SW14", 480));
    assert_int_equal(flow("S1", "SW14", FLOW_UNACCOUNTED_STOCK), 20);
    assert_true(fixture_stocktake(&f, "S1", T(4), "SW14", 495));
    assert_int_equal(flow("S1", "SW14", FLOW_UNDECLARED_STOCK), 15);
    assert_int_equal(stock("S1", "SW14"), 495);
    city *c = fixture_city(&f);
    assert_int_equal(c->stocktake_count, 3);
    assert_int_equal(c->stocktakes[1].book_g, 500);
    assert_int_equal(c->stocktakes[0].first, 1);
    assert_int_equal(c->stocktakes[1].first, 0);
    assert_int_equal(c->treatment_count, 3);
    assert_int_equal(c->treatments[1].first, 0);
    assert_string_equal(city_text(c, c->treatments[2].key), "T1");
    assert_string_equal(city_text(c, c->treatments[2].method), "R5");
    assert_string_equal(city_code(c, c->treatments[2].output_code), "leachate");
    assert_int_equal(c->first_ms, T(1));
    assert_int_equal(c->now_ms, T(4));
    city_free(c);
}

static void unknown_ids_are_named(void **state)
{
    (void)state;
    assert_false(fixture_site(&f, "S9", "P9", SITE_FACTORY));
    assert_non_null(strstr(f.reason, "party_id P9"));
    assert_false(fixture_scale(&f, "W9", "S9"));
    assert_non_null(strstr(f.reason, "site_id S9"));
    assert_false(fixture_vehicle(&f, "V9", "P9"));
    assert_false(fixture_manifest(&f, "M1", "SW1", "S1", "S9", T(1)));
    assert_non_null(strstr(f.reason, "facility_site S9"));
    assert_false(fixture_event(&f, "M1", EVENT_PICKED_UP, T(1), NULL, 1));
    assert_non_null(strstr(f.reason, "manifest_id M1"));
    assert_false(fixture_generation(&f, "B1", "S9", T(1), "NEW", 1));
    assert_false(fixture_stocktake(&f, "S9", T(1), "NEW", 1));
    assert_false(fixture_treatment(&f, "T1", "S9", T(1), "NEW", 1, "NEWER", 1));
    city *c = fixture_city(&f);
    assert_int_equal(c->code_count, 0); /* a refused record leaves nothing behind */
    assert_int_equal(c->site_count, 5);
    city_free(c);
}

static void conflicts_say_what_differs(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW1", "S1", "S2", T(1)));
    uint64_t entry = f.seq;
    char expected[64];
    assert_true(fixture_manifest(&f, "M1", "SW1", "S1", "S2", T(1)));
    assert_int_equal(f.outcome, SUBMIT_ALREADY);
    assert_int_equal(f.seq, entry);
    assert_false(fixture_manifest(&f, "M1", "SW2", "S1", "S2", T(1)));
    assert_non_null(strstr(f.reason, "manifest_id M1"));
    assert_non_null(strstr(f.reason, "waste_code SW1, here SW2"));
    /* another time makes it another statement, so that the book has to notice */
    assert_false(fixture_manifest(&f, "M1", "SW1", "S1", "S3", T(2)));
    snprintf(expected, sizeof expected, "entry %llu", (unsigned long long)entry);
    assert_non_null(strstr(f.reason, "manifest_id M1"));
    assert_non_null(strstr(f.reason, expected));
    assert_non_null(strstr(f.reason, "facility_site S2, here S3"));
}

static void events_out_of_turn(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW1", "S1", "S2", T(1)));
    assert_false(fixture_event(&f, "M1", EVENT_RECEIVED, T(2), NULL, 5));
    assert_non_null(strstr(f.reason, "received is not possible"));
    assert_true(fixture_event(&f, "M1", EVENT_CANCELLED, T(2), NULL, NO_MASS));
    assert_false(fixture_event(&f, "M1", EVENT_PICKED_UP, T(3), NULL, 5));
    assert_non_null(strstr(f.reason, "cancelled"));
}

/* A batch that is refused as a whole is aborted after some of it was applied to the caches. */
static void an_abort_leaves_the_caches_right(void **state)
{
    (void)state;
    char b1[] = "B1", b2[] = "B2", s1[] = "S1", s9[] = "S9", m1[] = "M1", sw2[] = "SW2";
    assert_true(fixture_manifest(&f, "M1", "SW1", "S1", "S2", T(1)));
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(2), NULL, 100));
    Wufei__Generation good = WUFEI__GENERATION__INIT;
    good.batch_id = b1;
    good.site_id = s1;
    good.time_ms = T(3);
    good.waste_code = sw2;
    good.mass_g = 77;
    Wufei__ManifestEvent received = WUFEI__MANIFEST_EVENT__INIT;
    received.manifest_id = m1;
    received.event = EVENT_RECEIVED;
    received.time_ms = T(4);
    received.has_mass_g = 1;
    received.mass_g = 60;
    Wufei__Generation bad = good;
    bad.batch_id = b2;
    bad.site_id = s9;
    Wufei__Record records[3] = {WUFEI__RECORD__INIT, WUFEI__RECORD__INIT, WUFEI__RECORD__INIT};
    records[0].body_case = WUFEI__RECORD__BODY_GENERATION;
    records[0].generation = &good;
    records[1].body_case = WUFEI__RECORD__BODY_EVENT;
    records[1].event = &received;
    records[2].body_case = WUFEI__RECORD__BODY_GENERATION;
    records[2].generation = &bad;
    Wufei__Record *const all[] = {&records[0], &records[1], &records[2]};
    assert_int_not_equal(fixture_submit_all(&f, all, 3, true), 0);
    assert_int_equal(manifest("M1").state, MANIFEST_PICKED_UP);
    /* the same again, without the bad one, goes through as if nothing had been */
    assert_int_equal(fixture_submit_all(&f, all, 2, true), 0);
    assert_int_equal(manifest("M1").unaccounted_g, 40);
    assert_int_equal(stock("S1", "SW2"), 77);
    city *c = fixture_city(&f);
    assert_int_equal(c->generation_count, 1);
    assert_int_equal(c->event_count, 2);
    assert_string_equal(city_text(c, c->manifests[0].key), "M1");
    city_free(c);
}

static void reading_after_reopening(void **state)
{
    (void)state;
    assert_true(fixture_manifest(&f, "M1", "SW1", "S1", "S2", T(1)));
    fixture_reopen(&f);
    assert_true(fixture_event(&f, "M1", EVENT_PICKED_UP, T(2), NULL, 100));
    assert_true(fixture_manifest(&f, "M2", "SW2", "S1", "S2", T(3)));
    city *c = fixture_city(&f);
    assert_int_equal(c->manifest_count, 2);
    assert_int_equal(c->manifests[0].in_transit_g, 100);
    assert_int_equal(c->code_count, 2);
    assert_int_equal(c->size, ledger_size(f.l));
    city_free(c);
}

/* A year typed wrong must not make everything look overdue. */
static void a_stray_year_is_not_now(void **state)
{
    (void)state;
    char id[16];
    for (int i = 0; i < 101; i++) {
        snprintf(id, sizeof id, "B%d", i);
        assert_true(fixture_generation(&f, id, "S1", T(i), "SW59", 1000));
    }
    int64_t stray_ms = T(24 * 365 * 100);
    assert_true(fixture_generation(&f, "B-typo", "S1", stray_ms, "SW59", 1000));
    city *c = fixture_city(&f);
    assert_int_equal(c->now_ms, T(100));
    city_free(c);
    /* 30 days and no more is no gap */
    assert_true(fixture_generation(&f, "B-late", "S1", T(100 + 24 * 30), "SW59", 1000));
    c = fixture_city(&f);
    assert_int_equal(c->now_ms, T(100 + 24 * 30));
    city_free(c);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_stray_year_is_not_now),
        CASE(a_plain_transport),
        CASE(a_partial_refusal_after_the_receipt),
        CASE(a_correction_names_whose_mass_was_wrong),
        CASE(a_correction_of_nothing_is_refused),
        CASE(a_round_shares_what_is_missing),
        CASE(masses_that_are_not_given),
        CASE(a_redirected_load),
        CASE(treatments_and_stock_takes),
        CASE(unknown_ids_are_named),
        CASE(conflicts_say_what_differs),
        CASE(events_out_of_turn),
        CASE(an_abort_leaves_the_caches_right),
        CASE(reading_after_reopening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
