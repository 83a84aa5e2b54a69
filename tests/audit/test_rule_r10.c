/*
 * R10: how two days between visits are counted, and that an idle clinic needs no visit.
 */
#include "fact_test.h"

#define MEDICAL "841-001-01"

static city_builder *clinic(void)
{
    city_builder *b = builder_new();
    builder_site(b, "C1", "P1", SITE_CLINIC, 30.0, 120.5);
    builder_site(b, "T1", "P2", SITE_MEDICAL_TREATMENT, 30.1, 120.6);
    builder_vehicle(b, "V1", "P3", "van", 2900, 1500);
    return b;
}

static void collect(city_builder *b, const char *key, const char *time)
{
    builder_manifest(b, key, STREAM_MEDICAL, MEDICAL, "C1", "P3", "V1", "T1", time, 5);
    builder_event(b, key, EVENT_PICKED_UP, time, 5);
}

static void every_second_day_is_lawful(void **state)
{
    (void)state;
    city_builder *b = clinic();
    collect(b, "M1", MARCH("02", "07:00:00"));
    builder_generation(b, "B1", "C1", MARCH("02", "08:00:00"), MEDICAL, 5);
    collect(b, "M2", MARCH("04", "23:59:59")); /* 65 hours, and still the second day */
    expect_count(b, "R10", MARCH("05", "00:00:00"), 0);
    builder_free(b);
}

static void the_third_day_is_too_late(void **state)
{
    (void)state;
    city_builder *b = clinic();
    collect(b, "M1", MARCH("02", "07:00:00"));
    builder_generation(b, "B1", "C1", MARCH("03", "17:00:00"), MEDICAL, 5);
    expect_count(b, "R10", MARCH("04", "23:59:59"), 0);
    expect_one(b, "R10", MARCH("05", "00:00:00"), SEVERITY_INSPECT);
    collect(b, "M2", MARCH("05", "00:00:00"));
    audit_result *r = audit_at(b, "R10", MARCH("20", "00:00:00"));
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->subject_kind, SUBJECT_SITE);
    assert_int_equal(f->mass_g, 5000);
    assert_int_equal(f->from_ms, builder_time(MARCH("02", "07:00:00")));
    assert_int_equal(f->detected_at_ms, builder_time(MARCH("05", "00:00:00")));
    assert_true(is_related(f, "C1") && is_related(f, "P3"));
    audit_free(r);
    builder_free(b);
}

static void without_waste_nothing_is_due(void **state)
{
    (void)state;
    city_builder *b = clinic();
    collect(b, "M1", MARCH("02", "07:00:00"));
    expect_count(b, "R10", MARCH("20", "00:00:00"), 0);
    /* Reopened on the 10th: waste came after the two days, and the van on the second day then. */
    builder_generation(b, "B1", "C1", MARCH("10", "17:00:00"), MEDICAL, 5);
    collect(b, "M2", MARCH("12", "07:00:00"));
    expect_count(b, "R10", MARCH("20", "00:00:00"), 0);
    builder_free(b);
}

static void waste_of_the_last_second_of_48_hours_counts(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        city_builder *b = clinic();
        collect(b, "M1", MARCH("02", "07:00:00"));
        builder_generation(b, "B1", "C1", late ? MARCH("04", "07:00:01") : MARCH("04", "07:00:00"),
                           MEDICAL, 5);
        collect(b, "M2", MARCH("06", "07:00:00"));
        expect_count(b, "R10", MARCH("07", "00:00:00"), late ? 0 : 1);
        builder_free(b);
    }
}

static void a_place_never_visited_counts_from_its_first_batch(void **state)
{
    (void)state;
    city_builder *b = clinic();
    builder_generation(b, "B1", "C1", MARCH("02", "17:00:00"), MEDICAL, 5);
    expect_count(b, "R10", MARCH("04", "23:59:59"), 0);
    expect_count(b, "R10", MARCH("05", "00:00:00"), 1);
    builder_free(b);
}

static void a_load_that_lost_its_pick_up_row_was_a_visit(void **state)
{
    (void)state;
    city_builder *b = clinic();
    collect(b, "M1", MARCH("02", "07:00:00"));
    builder_generation(b, "B1", "C1", MARCH("02", "17:00:00"), MEDICAL, 5);
    builder_manifest(b, "M2", STREAM_MEDICAL, MEDICAL, "C1", "P3", "V1", "T1",
                     MARCH("04", "06:00:00"), 5);
    builder_event(b, "M2", EVENT_ARRIVED, MARCH("04", "08:00:00"), KG_NONE);
    expect_count(b, "R10", MARCH("20", "00:00:00"), 0);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_second_day_is_lawful),
        cmocka_unit_test(the_third_day_is_too_late),
        cmocka_unit_test(without_waste_nothing_is_due),
        cmocka_unit_test(waste_of_the_last_second_of_48_hours_counts),
        cmocka_unit_test(a_place_never_visited_counts_from_its_first_batch),
        cmocka_unit_test(a_load_that_lost_its_pick_up_row_was_a_visit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
