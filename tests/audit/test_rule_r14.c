/*
 * R14: the gram above the annual scale, the turn of the permit year, and three days too full.
 */
#include "fact_test.h"

static city_builder *plant(double kg_per_year, double kg_per_day)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_INCINERATOR, 30.1, 120.6);
    builder_vehicle(b, "V1", "P3", "truck", 12000, 13000);
    uint32_t p = builder_permit(b, "L1", "S2", PERMIT_TREAT, "SW*", "2024-03-10T00:00:00+08:00",
                                "2029-03-09T23:59:59+08:00");
    builder_permit_more(b, p, "D10", NULL, kg_per_year, kg_per_day);
    return b;
}

static void treat(city_builder *b, const char *key, const char *time, double kg)
{
    builder_treatment(b, key, "S2", time, "SW59", kg, "D10", NULL, 0);
}

static void above_the_annual_scale(void **state)
{
    (void)state;
    city_builder *b = plant(10000, KG_NONE);
    treat(b, "T1", MARCH("12", "20:00:00"), 6000);
    treat(b, "T2", MARCH("13", "20:00:00"), 4000);
    expect_count(b, "R14", NULL, 0);
    treat(b, "T3", MARCH("14", "20:00:00"), 0.001);
    audit_result *r = audit_at(b, "R14", NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_CHECK);
    assert_int_equal(r->findings[0].mass_g, 1);
    assert_int_equal(r->findings[0].detected_at_ms, builder_time(MARCH("14", "20:00:00")));
    assert_true(is_related(&r->findings[0], "S2") && is_related(&r->findings[0], "L1"));
    audit_free(r);
    treat(b, "T4", MARCH("15", "20:00:00"), 1999.999); /* 120 % */
    expect_one(b, "R14", NULL, SEVERITY_CHECK);
    treat(b, "T5", MARCH("16", "20:00:00"), 0.001);
    expect_one(b, "R14", NULL, SEVERITY_URGENT);
    builder_free(b);
}

static void a_permit_year_begins_anew(void **state)
{
    (void)state;
    city_builder *b = plant(10000, KG_NONE);
    treat(b, "T1", MARCH("09", "23:59:59"), 6000);
    treat(b, "T2", MARCH("10", "00:00:00"), 6000);
    expect_count(b, "R14", NULL, 0);
    builder_city(b)->treatments[1].time_ms -= 1000;
    expect_count(b, "R14", NULL, 1);
    builder_free(b);
}

static void two_permits_have_the_room_of_both(void **state)
{
    (void)state;
    city_builder *b = plant(10000, KG_NONE);
    treat(b, "T1", MARCH("12", "20:00:00"), 9000);
    treat(b, "T2", MARCH("13", "20:00:00"), 9000);
    expect_count(b, "R14", NULL, 1);
    uint32_t p = builder_permit(b, "L2", "P2", PERMIT_TREAT, "SW59", MARCH("01", "00:00:00"),
                                MARCH("30", "00:00:00"));
    builder_permit_more(b, p, NULL, NULL, 9000, KG_NONE);
    expect_count(b, "R14", NULL, 0);
    builder_free(b);
}

static void a_site_without_treatments_is_counted_by_receipts(void **state)
{
    (void)state;
    city_builder *b = plant(10000, KG_NONE);
    builder_trip(b, "M1", STREAM_INDUSTRIAL, "SW59", "S1", "V1", "S2", MARCH("12", "08:00:00"),
                 10001, MARCH("12", "10:00:00"), 10001);
    expect_count(b, "R14", NULL, 1);
    treat(b, "T1", MARCH("13", "20:00:00"), 10000);
    expect_count(b, "R14", NULL, 0);
    builder_free(b);
}

static void three_days_too_full(void **state)
{
    (void)state;
    city_builder *b = plant(KG_NONE, 1000);
    treat(b, "T0", MARCH("10", "20:00:00"), 9000); /* may hold the days before the records */
    treat(b, "T1", MARCH("11", "20:00:00"), 1300.001);
    treat(b, "T2", MARCH("12", "20:00:00"), 1300.001);
    treat(b, "T3", MARCH("13", "20:00:00"), 1300);
    expect_count(b, "R14", NULL, 0);
    treat(b, "T4", MARCH("15", "20:00:00"), 2600); /* of two days, 1 300 each */
    expect_count(b, "R14", NULL, 0);
    treat(b, "T5", MARCH("16", "20:00:00"), 1300.001);
    expect_one(b, "R14", NULL, SEVERITY_INSPECT);
    builder_free(b);
}

static void three_days_must_lie_within_thirty(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        city_builder *b = plant(KG_NONE, 1000);
        treat(b, "T0", MARCH("01", "20:00:00"), 10);
        treat(b, "T1", MARCH("02", "20:00:00"), 2000);
        treat(b, "T2", MARCH("03", "20:00:00"), 2000);
        treat(b, "T3", MARCH("30", "20:00:00"), 10);
        treat(b, "T4", MARCH("31", "20:00:00"), late ? 10 : 2000);
        treat(b, "T5", "2026-04-01T20:00:00+08:00", 2000);
        expect_count(b, "R14", NULL, late ? 0 : 1);
        builder_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(above_the_annual_scale),
        cmocka_unit_test(a_permit_year_begins_anew),
        cmocka_unit_test(two_permits_have_the_room_of_both),
        cmocka_unit_test(a_site_without_treatments_is_counted_by_receipts),
        cmocka_unit_test(three_days_too_full),
        cmocka_unit_test(three_days_must_lie_within_thirty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
