/*
 * R12: carriers, vehicles, vans for medical waste and building sites against their permits, to the
 * first and last day.
 */
#include "fact_test.h"

static city_builder *licensed_city(void)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6);
    builder_party(b, "P3", ROLE_CARRIER);
    builder_party(b, "P4", ROLE_CARRIER);
    builder_vehicle(b, "V1", "P3", "hazmat", 12000, 13000);
    builder_vehicle(b, "V2", "P3", "hazmat", 12000, 13000);
    uint32_t p = builder_permit(b, "L1", "P3", PERMIT_TRANSPORT, "336-*|900-*",
                                MARCH("02", "00:00:00"), MARCH("20", "23:59:59"));
    builder_permit_more(b, p, NULL, "V1|V9", KG_NONE, KG_NONE);
    return b;
}

static void load(city_builder *b, const char *key, const char *code, const char *carrier,
                 const char *vehicle, const char *time)
{
    builder_manifest(b, key, STREAM_HAZARDOUS, code, "S1", carrier, vehicle, "S2", time, 5000);
    builder_event(b, key, EVENT_PICKED_UP, time, 5000);
}

static void the_days_of_the_permit_are_inclusive(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    load(b, "M1", "900-249-08", "P3", "V1", MARCH("02", "00:00:00"));
    load(b, "M2", "900-249-08", "P3", "V1", MARCH("20", "23:59:59"));
    expect_count(b, "R12", NULL, 0);
    load(b, "M3", "900-249-08", "P3", "V1", MARCH("21", "00:00:00"));
    audit_result *r = audit_at(b, "R12", NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_INSPECT);
    assert_true(is_related(&r->findings[0], "M3") && is_related(&r->findings[0], "L1") &&
                is_related(&r->findings[0], "P3"));
    audit_free(r);
    load(b, "M4", "900-249-08", "P3", "V1", MARCH("01", "23:59:59"));
    expect_count(b, "R12", NULL, 2);
    builder_free(b);
}

static void a_renewal_covers_even_when_entered_late(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    load(b, "M1", "900-249-08", "P3", "V1", MARCH("21", "08:00:00"));
    uint32_t p = builder_permit(b, "L2", "P3", PERMIT_TRANSPORT, "900-*", MARCH("21", "00:00:00"),
                                "2029-03-20T23:59:59+08:00");
    builder_city(b)->permits[p].known_ms = builder_time(MARCH("25", "00:00:00"));
    expect_count(b, "R12", MARCH("25", "00:00:00"), 0);
    expect_count(b, "R12", MARCH("24", "23:59:59"), 1); /* as the register stood then */
    builder_free(b);
}

static void code_and_vehicle_must_be_listed(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    load(b, "M1", "336-062-17", "P3", "V1", MARCH("05", "08:00:00"));
    expect_count(b, "R12", NULL, 0);
    load(b, "M2", "336-062-17", "P3", "V2", MARCH("05", "08:00:00"));
    expect_count(b, "R12", NULL, 1);
    builder_permit(b, "L2", "P4", PERMIT_TRANSPORT, "772-*", MARCH("01", "00:00:00"),
                   MARCH("30", "00:00:00"));
    load(b, "M3", "772-002-18", "P3", "V1", MARCH("05", "08:00:00"));
    expect_count(b, "R12", NULL, 2);
    builder_free(b);
}

static void the_vehicle_that_came_counts(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    builder_manifest(b, "M1", STREAM_HAZARDOUS, "900-249-08", "S1", "P3", "V1", "S2",
                     MARCH("05", "07:00:00"), 5000);
    builder_event_at(b, "M1", EVENT_PICKED_UP, MARCH("05", "08:00:00"), 5000, "S1", NULL, "V2",
                     NULL);
    audit_result *r = audit_at(b, "R12", NULL);
    assert_int_equal(r->count, 1);
    assert_true(is_related(&r->findings[0], "V2"));
    audit_free(r);
    builder_free(b);
}

static void a_hand_over_to_an_unlicensed_carrier(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    load(b, "M1", "900-249-08", "P3", "V1", MARCH("05", "08:00:00"));
    builder_event_at(b, "M1", EVENT_HANDED_OVER, MARCH("05", "09:00:00"), KG_NONE, NULL, "P4", NULL,
                     NULL);
    audit_result *r = audit_at(b, "R12", NULL);
    assert_int_equal(r->count, 1);
    assert_true(is_related(&r->findings[0], "P4"));
    audit_free(r);
    builder_free(b);
}

static void a_register_without_such_permits_accuses_nobody(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    builder_manifest(b, "M1", STREAM_CONSTRUCTION, "SW70", "S1", "P4", "V2", "S2",
                     MARCH("05", "07:00:00"), 5000);
    builder_event(b, "M1", EVENT_PICKED_UP, MARCH("05", "08:00:00"), 5000);
    expect_count(b, "R12", NULL, 0);
    builder_permit(b, "L2", "P3", PERMIT_TRANSPORT, "SW7*", MARCH("01", "00:00:00"),
                   MARCH("30", "00:00:00"));
    expect_count(b, "R12", NULL, 1); /* it keeps them now, and P4 has none */
    builder_free(b);
}

static void a_medical_van_carries_nothing_else(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    builder_vehicle(b, "V3", "P4", "van", 2900, 1500);
    uint32_t p = builder_permit(b, "L2", "P4", PERMIT_TRANSPORT, "841-*", MARCH("01", "00:00:00"),
                                MARCH("30", "00:00:00"));
    builder_permit_more(b, p, NULL, "V3", KG_NONE, KG_NONE);
    builder_manifest(b, "M1", STREAM_MEDICAL, "841-001-01", "S1", "P4", "V3", "S2",
                     MARCH("05", "07:00:00"), 50);
    builder_event(b, "M1", EVENT_PICKED_UP, MARCH("05", "08:00:00"), 50);
    expect_count(b, "R12", NULL, 0);
    builder_manifest(b, "M2", STREAM_HOUSEHOLD, "SW64", "S1", "P4", "V3", "S2",
                     MARCH("05", "07:00:00"), 50);
    builder_event(b, "M2", EVENT_PICKED_UP, MARCH("05", "09:00:00"), 50);
    expect_count(b, "R12", NULL, 1);
    builder_free(b);
}

static void a_building_site_after_its_approval(void **state)
{
    (void)state;
    city_builder *b = licensed_city();
    builder_site(b, "B1", "P5", SITE_CONSTRUCTION, 30.0, 120.5);
    builder_permit(b, "L2", "P4", PERMIT_TRANSPORT, "SW7*", "2025-01-01T00:00:00+08:00",
                   "2028-01-01T00:00:00+08:00");
    builder_manifest(b, "M1", STREAM_CONSTRUCTION, "SW70", "B1", "P4", "V2", "S2",
                     MARCH("12", "07:00:00"), 5000);
    builder_event(b, "M1", EVENT_PICKED_UP, MARCH("12", "23:59:59"), 5000);
    expect_count(b, "R12", NULL, 0); /* no approval on record: not judged */
    builder_permit(b, "L3", "B1", PERMIT_SPOIL_DISPOSAL, "SW70", MARCH("01", "00:00:00"),
                   MARCH("12", "00:00:00"));
    expect_count(b, "R12", NULL, 0);
    builder_city(b)->events[0].time_ms += 1000;
    expect_count(b, "R12", MARCH("30", "00:00:00"), 1);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_days_of_the_permit_are_inclusive),
        cmocka_unit_test(a_renewal_covers_even_when_entered_late),
        cmocka_unit_test(code_and_vehicle_must_be_listed),
        cmocka_unit_test(the_vehicle_that_came_counts),
        cmocka_unit_test(a_hand_over_to_an_unlicensed_carrier),
        cmocka_unit_test(a_register_without_such_permits_accuses_nobody),
        cmocka_unit_test(a_medical_van_carries_nothing_else),
        cmocka_unit_test(a_building_site_after_its_approval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
