/*
 * R13: codes and days of receipts, and methods of treatments, against a facility's permits.
 */
#include "fact_test.h"

static city_builder *plant(enum permit_kind kind)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6);
    builder_site(b, "S3", "P4", SITE_HAZARDOUS_TREATMENT, 30.1, 120.7);
    builder_vehicle(b, "V1", "P3", "hazmat", 12000, 13000);
    uint32_t p = builder_permit(b, "L1", "S2", kind, "336-*|900-*", MARCH("02", "00:00:00"),
                                MARCH("20", "23:59:59"));
    builder_permit_more(b, p, "D9|D10", NULL, KG_NONE, KG_NONE);
    return b;
}

static void receipt(city_builder *b, const char *key, const char *code, const char *facility,
                    const char *time)
{
    builder_manifest(b, key, STREAM_HAZARDOUS, code, "S1", "P3", "V1", facility,
                     MARCH("01", "07:00:00"), 5000);
    builder_event(b, key, EVENT_PICKED_UP, MARCH("01", "08:00:00"), 5000);
    builder_event(b, key, EVENT_RECEIVED, time, 5000);
}

static void the_day_of_the_receipt_counts(void **state)
{
    (void)state;
    city_builder *b = plant(PERMIT_TREAT);
    receipt(b, "M1", "900-249-08", "S2", MARCH("02", "00:00:00"));
    receipt(b, "M2", "900-249-08", "S2", MARCH("20", "23:59:59"));
    expect_count(b, "R13", NULL, 0);
    receipt(b, "M3", "900-249-08", "S2", MARCH("21", "00:00:00"));
    audit_result *r = audit_at(b, "R13", NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_URGENT);
    assert_true(is_related(&r->findings[0], "M3") && is_related(&r->findings[0], "L1") &&
                is_related(&r->findings[0], "S2"));
    audit_free(r);
    builder_permit(b, "L2", "P2", PERMIT_TREAT, "900-*", MARCH("21", "00:00:00"),
                   "2031-01-01T00:00:00+08:00"); /* renewed, in the party's name */
    expect_count(b, "R13", NULL, 0);
    builder_free(b);
}

static void a_code_outside_the_permit(void **state)
{
    (void)state;
    city_builder *b = plant(PERMIT_COLLECT);
    receipt(b, "M1", "336-062-17", "S2", MARCH("05", "08:00:00"));
    expect_count(b, "R13", NULL, 0);
    receipt(b, "M2", "772-002-18", "S2", MARCH("05", "08:00:00"));
    expect_one(b, "R13", NULL, SEVERITY_URGENT);
    builder_free(b);
}

static void nobody_takes_hazardous_waste_without_permit(void **state)
{
    (void)state;
    city_builder *b = plant(PERMIT_TREAT);
    receipt(b, "M1", "900-249-08", "S3", MARCH("05", "08:00:00"));
    expect_count(b, "R13", NULL, 1);
    builder_site_district(b, "S3", "341821"); /* its permit is kept in its own province */
    expect_count(b, "R13", NULL, 0);
    builder_free(b);
}

static void other_waste_only_where_the_register_knows_a_permit(void **state)
{
    (void)state;
    city_builder *b = plant(PERMIT_TREAT);
    for (int i = 0; i < 2; i++) {
        const char *key = i == 0 ? "M1" : "M2";
        builder_manifest(b, key, STREAM_INDUSTRIAL, "SW59", "S1", "P3", "V1", i == 0 ? "S3" : "S2",
                         MARCH("05", "07:00:00"), 5000);
        builder_event(b, key, EVENT_PICKED_UP, MARCH("05", "08:00:00"), 5000);
        builder_event(b, key, EVENT_RECEIVED, MARCH("05", "09:00:00"), 5000);
        expect_count(b, "R13", NULL, (size_t)i);
    }
    builder_free(b);
}

static void a_method_outside_the_permit(void **state)
{
    (void)state;
    city_builder *b = plant(PERMIT_TREAT);
    builder_treatment(b, "T1", "S2", MARCH("05", "20:00:00"), "900-249-08", 4000, "D10", NULL, 0);
    expect_count(b, "R13", NULL, 0);
    builder_treatment(b, "T2", "S2", MARCH("06", "20:00:00"), "900-249-08", 4000, "D1",
                      "772-003-18", 100);
    builder_treatment(b, "T2", "S2", MARCH("06", "20:00:00"), "900-249-08", 4000, "D1", "product",
                      100);
    builder_treatment(b, "T3", "S2", MARCH("07", "20:00:00"), "900-249-08", 1000, "D1", NULL, 0);
    audit_result *r = audit_at(b, "R13", NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].subject_kind, SUBJECT_SITE);
    assert_int_equal(r->findings[0].mass_g, 5000000); /* the input of T2 once, and T3 */
    audit_free(r);
    uint32_t p = builder_permit(b, "L2", "P2", PERMIT_TREAT, "900-*", MARCH("01", "00:00:00"),
                                MARCH("30", "00:00:00"));
    builder_permit_more(b, p, "D1", NULL, KG_NONE, KG_NONE);
    expect_count(b, "R13", NULL, 0);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_day_of_the_receipt_counts),
        cmocka_unit_test(a_code_outside_the_permit),
        cmocka_unit_test(nobody_takes_hazardous_waste_without_permit),
        cmocka_unit_test(other_waste_only_where_the_register_knows_a_permit),
        cmocka_unit_test(a_method_outside_the_permit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
