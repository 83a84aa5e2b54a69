/*
 * R03: confirmed in time, late, never; the fifth working day to its last second.
 */
#include "fact_test.h"

static city_builder *load(enum waste_stream stream, const char *code)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6);
    builder_vehicle(b, "V1", "P3", "hazmat", 12000, 13000);
    /* Monday 2 March. */
    builder_trip(b, "M1", stream, code, "S1", "V1", "S2", MARCH("02", "08:00:00"), 5000,
                 MARCH("02", "10:00:00"), 4900);
    return b;
}

static void other_streams_have_48_hours(void **state)
{
    (void)state;
    city_builder *b = load(STREAM_CONSTRUCTION, "SW70");
    expect_count(b, "R03", MARCH("04", "10:00:00"), 0);
    expect_one(b, "R03", MARCH("04", "10:00:01"), SEVERITY_CHECK);
    expect_one(b, "R03", MARCH("06", "10:00:00"), SEVERITY_CHECK);
    expect_one(b, "R03", MARCH("06", "10:00:01"), SEVERITY_INSPECT);
    builder_free(b);
}

static void medical_waste_has_24_hours(void **state)
{
    (void)state;
    city_builder *b = load(STREAM_MEDICAL, "841-001-01");
    expect_count(b, "R03", MARCH("03", "10:00:00"), 0);
    expect_one(b, "R03", MARCH("03", "10:00:01"), SEVERITY_CHECK);
    builder_free(b);
}

static void hazardous_waste_has_five_working_days(void **state)
{
    (void)state;
    city_builder *b = load(STREAM_HAZARDOUS, "900-249-08");
    expect_count(b, "R03", MARCH("09", "23:59:59"), 0);
    expect_one(b, "R03", MARCH("10", "00:00:00"), SEVERITY_CHECK);
    expect_one(b, "R03", MARCH("16", "23:59:59"), SEVERITY_CHECK);
    expect_one(b, "R03", MARCH("17", "00:00:00"), SEVERITY_INSPECT);
    builder_calendar(b, "2026-03-04", false); /* a holiday moves the limit by a day */
    expect_count(b, "R03", MARCH("10", "23:59:59"), 0);
    expect_count(b, "R03", MARCH("11", "00:00:00"), 1);
    builder_free(b);
}

static void a_late_confirmation_is_found_with_the_first_act_after_its_deadline(void **state)
{
    (void)state;
    city_builder *b = load(STREAM_INDUSTRIAL, "SW59");
    builder_event(b, "M1", EVENT_CONFIRMED, MARCH("04", "10:00:01"), KG_NONE);
    audit_result *r = audit_at(b, "R03", MARCH("30", "00:00:00"));
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->severity, SEVERITY_CHECK);
    assert_int_equal(f->subject_kind, SUBJECT_MANIFEST);
    assert_int_equal(f->detected_at_ms, builder_time(MARCH("04", "10:00:01")));
    assert_int_equal(f->to_ms, builder_time(MARCH("04", "10:00:01")));
    assert_true(is_related(f, "M1") && is_related(f, "S2") && is_related(f, "V1"));
    audit_free(r);
    builder_free(b);
}

/* The audit's now is the latest act, so a ledger that ends just after the deadline, or with an act
   at the deadline, does not show the breach yet: it is detected with the next act. */
static void an_audit_at_the_moment_of_detection_shows_it(void **state)
{
    (void)state;
    static const char *const later[] = {MARCH("04", "10:00:00"), MARCH("04", "11:17:00"),
                                        MARCH("20", "09:00:00")};
    for (size_t acts = 1; acts <= 3; acts++) {
        city_builder *b = load(STREAM_INDUSTRIAL, "SW59");
        for (size_t i = 0; i < acts; i++)
            builder_stocktake(b, "S2", later[i], "SW59", 100);
        audit_result *r = audit_at(b, "R03", NULL);
        assert_int_equal(r->count, acts > 1); /* at exactly the limit it is in time */
        for (size_t i = 0; i < r->count; i++)
            assert_int_equal(r->findings[i].detected_at_ms, builder_time(later[1]));
        audit_free(r);
        builder_free(b);
    }
}

static void confirmed_in_the_last_second_is_in_time(void **state)
{
    (void)state;
    city_builder *b = load(STREAM_INDUSTRIAL, "SW59");
    builder_event(b, "M1", EVENT_CONFIRMED, MARCH("04", "10:00:00"), KG_NONE);
    expect_count(b, "R03", MARCH("30", "00:00:00"), 0);
    builder_free(b);
}

static void a_load_refused_whole_is_not_confirmed(void **state)
{
    (void)state;
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_RECYCLER, 30.1, 120.6);
    builder_vehicle(b, "V1", "P3", "truck", 12000, 13000);
    builder_manifest(b, "M1", STREAM_INDUSTRIAL, "SW59", "S1", "P3", "V1", "S2",
                     MARCH("02", "07:00:00"), 5000);
    builder_event(b, "M1", EVENT_PICKED_UP, MARCH("02", "08:00:00"), 5000);
    builder_event(b, "M1", EVENT_ARRIVED, MARCH("02", "09:00:00"), KG_NONE);
    expect_count(b, "R03", MARCH("04", "09:00:00"), 0);
    expect_count(b, "R03", MARCH("04", "09:00:01"), 1); /* arrived, and nobody took it in */
    builder_event(b, "M1", EVENT_REJECTED, MARCH("02", "10:00:00"), 5000);
    expect_count(b, "R03", MARCH("30", "00:00:00"), 0);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_streams_have_48_hours),
        cmocka_unit_test(medical_waste_has_24_hours),
        cmocka_unit_test(hazardous_waste_has_five_working_days),
        cmocka_unit_test(a_late_confirmation_is_found_with_the_first_act_after_its_deadline),
        cmocka_unit_test(an_audit_at_the_moment_of_detection_shows_it),
        cmocka_unit_test(confirmed_in_the_last_second_is_in_time),
        cmocka_unit_test(a_load_refused_whole_is_not_confirmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
