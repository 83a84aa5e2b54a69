/*
 * R07: each obstacle to leaving the province, and the gram and the day at which it begins.
 */
#include "fact_test.h"

static city_builder *border_city(void)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_HAZARDOUS_TREATMENT, 30.9, 118.7);
    builder_site(b, "S3", "P4", SITE_DEPOT, 30.0, 120.5); /* the province of most sites is home */
    builder_site_district(b, "S2", "341821");
    builder_vehicle(b, "V1", "P3", "hazmat", 12000, 13000);
    return b;
}

static void load(city_builder *b, const char *key, const char *day_time, double kg)
{
    builder_manifest(b, key, STREAM_HAZARDOUS, "900-006-09", "S1", "P3", "V1", "S2", day_time, kg);
    builder_event(b, key, EVENT_PICKED_UP, day_time, kg);
}

static uint32_t approval(city_builder *b, const char *holder, const char *codes)
{
    uint32_t p = builder_permit(b, "L1", holder, PERMIT_CROSS_REGION, codes,
                                MARCH("02", "00:00:00"), MARCH("20", "23:59:59"));
    builder_permit_more(b, p, NULL, NULL, 10000, KG_NONE);
    builder_permit_destination(b, p, "S2", "341821");
    return p;
}

static void without_approval(void **state)
{
    (void)state;
    city_builder *b = border_city();
    load(b, "M1", MARCH("05", "08:00:00"), 5000);
    audit_result *r = audit_at(b, "R07", NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_URGENT);
    assert_int_equal(r->findings[0].mass_g, 5000000);
    assert_true(is_related(&r->findings[0], "M1") && is_related(&r->findings[0], "S2"));
    audit_free(r);
    approval(b, "P1", "900-*"); /* held by the party, it covers the site */
    expect_count(b, "R07", NULL, 0);
    builder_free(b);
}

static void code_and_destination_must_fit(void **state)
{
    (void)state;
    city_builder *b = border_city();
    load(b, "M1", MARCH("05", "08:00:00"), 5000);
    approval(b, "S1", "336-*|772-*");
    expect_count(b, "R07", NULL, 1);
    builder_free(b);
    b = border_city();
    load(b, "M1", MARCH("05", "08:00:00"), 5000);
    uint32_t p = approval(b, "S1", "336-*|900-006-09");
    expect_count(b, "R07", NULL, 0);
    builder_permit_destination(b, p, "S3", NULL);
    expect_count(b, "R07", NULL, 1);
    builder_free(b);
}

static void the_days_of_the_approval_are_inclusive(void **state)
{
    (void)state;
    city_builder *b = border_city();
    approval(b, "S1", "900-*");
    load(b, "M1", MARCH("02", "00:00:00"), 10);
    load(b, "M2", MARCH("20", "23:59:59"), 10);
    expect_count(b, "R07", NULL, 0);
    load(b, "M3", MARCH("21", "00:00:00"), 10);
    load(b, "M4", MARCH("01", "23:59:59"), 10);
    expect_count(b, "R07", NULL, 2);
    builder_free(b);
}

static void no_approval_holds_longer_than_twelve_months(void **state)
{
    (void)state;
    city_builder *b = border_city();
    uint32_t p = approval(b, "S1", "900-*");
    builder_city(b)->permits[p].valid_to_ms = builder_time("2028-01-01T00:00:00+08:00");
    load(b, "M1", "2027-03-02T23:59:59+08:00", 10);
    expect_count(b, "R07", NULL, 0);
    load(b, "M2", "2027-03-03T00:00:00+08:00", 10);
    expect_count(b, "R07", NULL, 1);
    builder_free(b);
}

static void the_gram_above_the_quantity(void **state)
{
    (void)state;
    city_builder *b = border_city();
    approval(b, "S1", "900-*");
    /* Entered in another order than picked up: the running total follows the pick-ups. */
    load(b, "M2", MARCH("06", "08:00:00"), 5000);
    load(b, "M1", MARCH("05", "08:00:00"), 5000);
    expect_count(b, "R07", NULL, 0);
    load(b, "M3", MARCH("05", "09:00:00"), 0.001);
    audit_result *r = audit_at(b, "R07", NULL);
    assert_int_equal(r->count, 1);
    assert_true(is_related(&r->findings[0], "M2") && is_related(&r->findings[0], "L1"));
    audit_free(r);
    builder_free(b);
}

static void what_is_not_judged(void **state)
{
    (void)state;
    city_builder *b = border_city();
    /* Coming in from another province: that approval is kept elsewhere. */
    builder_manifest(b, "M1", STREAM_HAZARDOUS, "900-006-09", "S2", "P3", "V1", "S1",
                     MARCH("05", "08:00:00"), 5000);
    builder_event(b, "M1", EVENT_PICKED_UP, MARCH("05", "08:00:00"), 5000);
    /* General industrial waste for use needs a filing only; for a landfill an approval. */
    manifest_id m = builder_manifest(b, "M2", STREAM_INDUSTRIAL, "SW59", "S1", "P3", "V1", "S2",
                                     MARCH("05", "08:00:00"), 5000);
    builder_event(b, "M2", EVENT_PICKED_UP, MARCH("05", "08:00:00"), 5000);
    expect_count(b, "R07", NULL, 0);
    builder_city(b)->sites[builder_city(b)->manifests[m].facility_site].kind = SITE_LANDFILL;
    expect_count(b, "R07", NULL, 1);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_approval),
        cmocka_unit_test(code_and_destination_must_fit),
        cmocka_unit_test(the_days_of_the_approval_are_inclusive),
        cmocka_unit_test(no_approval_holds_longer_than_twelve_months),
        cmocka_unit_test(the_gram_above_the_quantity),
        cmocka_unit_test(what_is_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
