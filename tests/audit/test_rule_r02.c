/*
 * R02: a loaded ticket without manifest, and everything that explains one.
 */
#include "fact_test.h"

/* Tipper V1 carries spoil from S1 to the ground S2 on 2 March; the ticket W1 is of 3 March. */
static city_builder *spoil_city(void)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_CONSTRUCTION, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_SPOIL_GROUND, 30.1, 120.6);
    builder_scale(b, "W", "S2", 20);
    builder_vehicle(b, "V1", "P3", "tipper", 12000, 18000);
    builder_vehicle(b, "V2", "P3", "tipper", 12000, 18000);
    builder_trip(b, "M1", STREAM_CONSTRUCTION, "SW70", "S1", "V1", "S2", MARCH("02", "08:00:00"),
                 15000, MARCH("02", "09:00:00"), 15000);
    return b;
}

static void ticket(city_builder *b, double gross_kg)
{
    builder_weighing(b, "W1", "W", "V1", MARCH("03", "10:00:00"), gross_kg, MARCH("03", "10:20:00"),
                     12000, NULL);
}

static void a_load_without_manifest_is_found(void **state)
{
    (void)state;
    city_builder *b = spoil_city();
    ticket(b, 27000);
    expect_count(b, "R02", MARCH("03", "12:19:59"), 0); /* the manifest may still come */
    audit_result *r = audit_at(b, "R02", MARCH("03", "12:20:00"));
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->severity, SEVERITY_URGENT);
    assert_int_equal(f->subject_kind, SUBJECT_VEHICLE);
    assert_int_equal(f->mass_g, 15000000);
    assert_true(is_related(f, "W1") && is_related(f, "S2") && is_related(f, "V1"));
    audit_free(r);
    builder_free(b);
}

static void an_empty_vehicle_is_no_load(void **state)
{
    (void)state;
    city_builder *b = spoil_city();
    ticket(b, 13800); /* a tenth of the payload */
    expect_count(b, "R02", MARCH("04", "00:00:00"), 0);
    builder_city(b)->weighings[0].gross_g++;
    expect_count(b, "R02", MARCH("04", "00:00:00"), 1);
    builder_free(b);
}

static void a_manifest_two_hours_away_explains(void **state)
{
    (void)state;
    city_builder *b = spoil_city();
    ticket(b, 27000);
    manifest_id m = builder_manifest(b, "M2", STREAM_CONSTRUCTION, "SW70", "S1", "P3", "V1", "S2",
                                     MARCH("03", "12:20:00"), 15000);
    expect_count(b, "R02", MARCH("04", "00:00:00"), 0);
    builder_city(b)->manifests[m].filed_ms += 1000;
    expect_count(b, "R02", MARCH("04", "00:00:00"), 1);
    builder_free(b);
}

static void an_act_of_another_vehicles_manifest_explains(void **state)
{
    (void)state;
    city_builder *b = spoil_city();
    ticket(b, 27000);
    builder_manifest(b, "M2", STREAM_CONSTRUCTION, "SW70", "S1", "P3", "V2", "S2",
                     MARCH("03", "06:00:00"), 15000);
    builder_event_at(b, "M2", EVENT_PICKED_UP, MARCH("03", "09:00:00"), 15010, "S1", NULL, "V1",
                     NULL);
    expect_count(b, "R02", MARCH("04", "00:00:00"), 0);
    builder_free(b);
}

static void the_same_mass_on_the_same_scale_explains(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        city_builder *b = spoil_city();
        ticket(b, 27000);
        builder_manifest(b, "M2", STREAM_CONSTRUCTION, "SW70", "S1", "P3", "V2", "S2",
                         MARCH("03", "06:00:00"), 15000);
        builder_event(b, "M2", EVENT_PICKED_UP, MARCH("03", "09:00:00"), 15010);
        builder_event_at(b, "M2", EVENT_RECEIVED, MARCH("03", "10:10:00"), i == 0 ? 15000 : 15020,
                         "S2", NULL, NULL, "W");
        expect_count(b, "R02", MARCH("04", "00:00:00"), i == 0 ? 0 : 1);
        builder_free(b);
    }
}

static void strangers_and_other_sites_are_left_alone(void **state)
{
    (void)state;
    city_builder *b = spoil_city();
    builder_weighing(b, "W1", "W", "V2", MARCH("03", "10:00:00"), 27000, NULL, 12000, NULL);
    builder_site(b, "S3", "P4", SITE_FACTORY, 30.0, 120.5);
    builder_scale(b, "F", "S3", 20);
    builder_weighing(b, "W2", "F", "V1", MARCH("03", "10:00:00"), 27000, NULL, 12000, NULL);
    expect_count(b, "R02", MARCH("04", "00:00:00"), 0);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_without_manifest_is_found),
        cmocka_unit_test(an_empty_vehicle_is_no_load),
        cmocka_unit_test(a_manifest_two_hours_away_explains),
        cmocka_unit_test(an_act_of_another_vehicles_manifest_explains),
        cmocka_unit_test(the_same_mass_on_the_same_scale_explains),
        cmocka_unit_test(strangers_and_other_sites_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
