/*
 * R09: a medical batch beyond two days, and a counted stock that is more than a year's inflow.
 */
#include "fact_test.h"

#define MEDICAL "841-001-01"
#define OIL "900-249-08"

static city_builder *clinic(void)
{
    city_builder *b = builder_new();
    builder_site(b, "C1", "P1", SITE_CLINIC, 30.0, 120.5);
    builder_site(b, "T1", "P2", SITE_MEDICAL_TREATMENT, 30.1, 120.6);
    builder_vehicle(b, "V1", "P3", "van", 2900, 1500);
    builder_generation(b, "B1", "C1", MARCH("02", "17:00:00"), MEDICAL, 5);
    return b;
}

static void collect(city_builder *b, const char *key, const char *time, double kg)
{
    builder_manifest(b, key, STREAM_MEDICAL, MEDICAL, "C1", "P3", "V1", "T1", time, kg);
    builder_event(b, key, EVENT_PICKED_UP, time, kg);
}

static void a_batch_that_waited_beyond_the_second_day(void **state)
{
    (void)state;
    city_builder *b = clinic();
    expect_count(b, "R09", MARCH("04", "23:59:59"), 0);
    audit_result *r = audit_at(b, "R09", MARCH("05", "00:00:00"));
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_INSPECT);
    assert_int_equal(r->findings[0].mass_g, 5000);
    assert_int_equal(r->findings[0].detected_at_ms, builder_time(MARCH("05", "00:00:00")));
    assert_true(is_related(&r->findings[0], "C1"));
    audit_free(r);
    builder_free(b);
}

static void a_visit_takes_all_even_when_the_scales_differ(void **state)
{
    (void)state;
    city_builder *b = clinic();
    collect(b, "M1", MARCH("04", "07:00:00"), 4.5); /* half a kilogram less than the batch */
    expect_count(b, "R09", MARCH("30", "00:00:00"), 0);
    builder_free(b);
}

static void only_the_batches_that_are_too_old_are_at_stake(void **state)
{
    (void)state;
    city_builder *b = clinic();
    builder_generation(b, "B2", "C1", MARCH("03", "17:00:00"), MEDICAL, 3);
    collect(b, "M1", MARCH("05", "07:00:00"), 8);
    audit_result *r = audit_at(b, "R09", MARCH("30", "00:00:00"));
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].mass_g, 5000);
    audit_free(r);
    builder_free(b);
}

static city_builder *factory(double stock_kg)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_stocktake(b, "S1", "2025-03-01T12:00:00+08:00", OIL, 1000);
    builder_generation(b, "B1", "S1", "2025-10-01T12:00:00+08:00", OIL, 500);
    builder_stocktake(b, "S1", "2026-03-01T12:00:01+08:00", OIL, stock_kg);
    return b;
}

static void stock_that_a_years_inflow_cannot_explain(void **state)
{
    (void)state;
    /* Margin: 3 x 3 % of the stock and 2 % of the inflow. 0.91 x stock - 510 kg > 0. */
    city_builder *b = factory(560.439);
    expect_count(b, "R09", NULL, 0);
    builder_free(b);
    b = factory(560.441);
    expect_one(b, "R09", NULL, SEVERITY_INSPECT);
    builder_free(b);
    b = factory(1400);
    audit_result *r = audit_at(b, "R09", NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].mass_g, 900000);
    assert_int_equal(r->findings[0].mass_low_g, 900000 - 136000);
    audit_free(r);
    builder_free(b);
}

static void opening_stock_is_as_old_as_its_first_record(void **state)
{
    (void)state;
    city_builder *b = factory(1400);
    builder_city(b)->stocktakes[1].time_ms -= 1000; /* 365 days to the second */
    expect_count(b, "R09", NULL, 0);
    builder_free(b);
}

static void general_waste_may_lie(void **state)
{
    (void)state;
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_stocktake(b, "S1", "2024-03-01T12:00:00+08:00", "SW59", 1000);
    builder_stocktake(b, "S1", "2026-03-01T12:00:00+08:00", "SW59", 1000);
    builder_stocktake(b, "S1", "2024-03-01T12:00:00+08:00", "900-001-S17", 1000);
    builder_stocktake(b, "S1", "2026-03-01T12:00:00+08:00", "900-001-S17", 1000);
    expect_count(b, "R09", NULL, 0);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_waited_beyond_the_second_day),
        cmocka_unit_test(a_visit_takes_all_even_when_the_scales_differ),
        cmocka_unit_test(only_the_batches_that_are_too_old_are_at_stake),
        cmocka_unit_test(stock_that_a_years_inflow_cannot_explain),
        cmocka_unit_test(opening_stock_is_as_old_as_its_first_record),
        cmocka_unit_test(general_waste_may_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
