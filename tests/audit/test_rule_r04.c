/*
 * R04: a load on the road is overdue after a day, later when its road is long or its pair is slow.
 */
#include "fact_test.h"

static city_builder *on_the_road(enum waste_stream stream, double facility_lat)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_HAZARDOUS_TREATMENT, facility_lat, 120.6);
    builder_vehicle(b, "V1", "P3", "hazmat", 12000, 13000);
    builder_manifest(b, "M1", stream, "900-249-08", "S1", "P3", "V1", "S2", MARCH("02", "07:00:00"),
                     5000);
    builder_event(b, "M1", EVENT_PICKED_UP, MARCH("02", "08:00:00"), 5000);
    return b;
}

static void overdue_after_a_day(void **state)
{
    (void)state;
    city_builder *b = on_the_road(STREAM_HAZARDOUS, 30.1);
    expect_count(b, "R04", MARCH("03", "08:00:00"), 0);
    audit_result *r = audit_at(b, "R04", MARCH("03", "08:00:01"));
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_INSPECT);
    assert_int_equal(r->findings[0].mass_g, 5000000);
    assert_int_equal(r->findings[0].detected_at_ms, builder_time(MARCH("03", "08:00:01")));
    assert_true(is_related(&r->findings[0], "V1") && is_related(&r->findings[0], "P3"));
    audit_free(r);
    expect_one(b, "R04", MARCH("04", "08:00:00"), SEVERITY_INSPECT);
    expect_one(b, "R04", MARCH("04", "08:00:01"), SEVERITY_URGENT);
    builder_free(b);
}

static void only_hazardous_waste_becomes_urgent(void **state)
{
    (void)state;
    city_builder *b = on_the_road(STREAM_INDUSTRIAL, 30.1);
    expect_one(b, "R04", MARCH("30", "00:00:00"), SEVERITY_INSPECT);
    builder_free(b);
}

static void arrived_or_received_is_quiet(void **state)
{
    (void)state;
    city_builder *b = on_the_road(STREAM_HAZARDOUS, 30.1);
    builder_event(b, "M1", EVENT_ARRIVED, MARCH("05", "08:00:00"), KG_NONE);
    expect_count(b, "R04", MARCH("30", "00:00:00"), 0);
    builder_free(b);
    b = on_the_road(STREAM_HAZARDOUS, 30.1);
    builder_event(b, "M1", EVENT_RECEIVED, MARCH("05", "08:00:00"), 4990);
    expect_count(b, "R04", MARCH("30", "00:00:00"), 0);
    builder_free(b);
}

static void a_long_road_has_more_time(void **state)
{
    (void)state;
    /* 9 degrees are 1 000 km, 1 301 km by road: twice 32.5 h and 2 h. */
    city_builder *b = on_the_road(STREAM_HAZARDOUS, 39.0);
    expect_count(b, "R04", MARCH("05", "02:00:00"), 0);
    expect_count(b, "R04", MARCH("05", "05:00:00"), 1);
    builder_city(b)->sites[1].location_unknown = 1;
    expect_count(b, "R04", MARCH("03", "08:00:01"), 1);
    builder_free(b);
}

static void a_slow_pair_has_its_own_time(void **state)
{
    (void)state;
    city_builder *b = on_the_road(STREAM_HAZARDOUS, 30.1);
    builder_manifest(b, "M2", STREAM_HAZARDOUS, "900-249-08", "S1", "P3", "V1", "S2",
                     MARCH("02", "07:00:00"), 5000);
    builder_event(b, "M2", EVENT_PICKED_UP, MARCH("02", "08:00:00"), 5000);
    builder_event(b, "M2", EVENT_ARRIVED, MARCH("04", "08:00:00"), KG_NONE);
    expect_count(b, "R04", MARCH("04", "08:00:00"), 0);
    expect_count(b, "R04", MARCH("04", "08:00:01"), 1);
    builder_free(b);
}

static void a_hand_over_begins_the_road_again(void **state)
{
    (void)state;
    city_builder *b = on_the_road(STREAM_HAZARDOUS, 30.1);
    builder_event(b, "M1", EVENT_HANDED_OVER, MARCH("02", "20:00:00"), KG_NONE);
    expect_count(b, "R04", MARCH("03", "20:00:00"), 0);
    expect_count(b, "R04", MARCH("03", "20:00:01"), 1);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overdue_after_a_day),
        cmocka_unit_test(only_hazardous_waste_becomes_urgent),
        cmocka_unit_test(arrived_or_received_is_quiet),
        cmocka_unit_test(a_long_road_has_more_time),
        cmocka_unit_test(a_slow_pair_has_its_own_time),
        cmocka_unit_test(a_hand_over_begins_the_road_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
