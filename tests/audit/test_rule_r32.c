/*
 * R32: a plant whose treatment yields other than it did.
 */
#include "suspicion_test.h"

/* Sixty days of treatment with 25 % ash; from day 30 on the ash is `share` of that. */
static city_builder *make_plant(double share, double leachate_share)
{
    city_builder *b = builder_new();
    builder_site(b, "T", "P", SITE_HAZARDOUS_TREATMENT, 30.0, 120.5);
    for (int d = 0; d < 60; d++) {
        char key[40];
        unsigned n = (unsigned)d;
        double kg = 10000 * (1 + 0.3 * wobble(n));
        double ash = 0.25 * kg * (1 + 0.03 * wobble(n + 500)) * (d >= 30 ? share : 1);
        double water = 0.05 * kg * (1 + 0.03 * wobble(n + 900)) * (d >= 30 ? leachate_share : 1);
        snprintf(key, sizeof key, "T%d", d);
        builder_treatment(b, key, "T", day(d, 20), "900-249-08", kg, "D10", "772-003-18", ash);
        builder_treatment(b, key, "T", day(d, 20), "900-249-08", kg, "D10", "leachate", water);
    }
    return b;
}

static void less_residue(void **state)
{
    (void)state;
    city_builder *b = make_plant(0.85, 1);
    audit_result *r = run(b, "R32");
    assert_int_equal(r->count, 1);
    assert_true(llabs(r->findings[0].from_ms - builder_time(day(30, 0))) <= 3 * TIME_DAY_MS);
    assert_true(r->findings[0].mass_low_g < 45000000 && r->findings[0].mass_high_g > 45000000);
    assert_non_null(strstr(r->findings[0].sentence, "772-003-18"));
    audit_free(r);
    builder_free(b);
}

static void loss_claims(void **state)
{
    (void)state;
    city_builder *b = make_plant(1, 3); /* three times the leachate */
    audit_result *r = run(b, "R32");
    assert_int_equal(r->count, 1);
    assert_non_null(strstr(r->findings[0].sentence, "leachate"));
    audit_free(r);
    builder_free(b);
    b = make_plant(1, 1.15); /* a wet month */
    r = run(b, "R32");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

static void same_yield(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_plant(1, 1), "R32", 0), 0);
}

/* 4 % less residue is the least, 30 % more leachate. */
static void edges(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_plant(0.94, 1), "R32", 0.9), 1);
    assert_int_equal(count_at(make_plant(0.98, 1), "R32", 0.9), 0);
    assert_int_equal(count_at(make_plant(1, 1.36), "R32", 0.9), 1);
    assert_int_equal(count_at(make_plant(1, 1.26), "R32", 0.9), 0);
}

/* Thirty weeks of a plant that burns 10 MWh a week whatever it treats and 0.2 MWh a tonne. It
   treats `busy` times as much from week 10 to 20; from week 20 on it claims `claim` times what it
   treats. */
static city_builder *make_power(double busy, double claim)
{
    city_builder *b = builder_new();
    builder_site(b, "T", "P", SITE_HAZARDOUS_TREATMENT, 30.0, 120.5);
    for (int week = 0; week < 30; week++) {
        double tonnes = 100 * (1 + 0.4 * wobble((unsigned)week));
        tonnes *= week >= 10 && week < 20 ? busy : 1;
        double kwh = (10000 + 200 * tonnes) * (1 + 0.01 * wobble((unsigned)week + 300));
        char key[40];
        snprintf(key, sizeof key, "T%d", week);
        builder_treatment(b, key, "T", day(7 * week + 3, 20), "900-249-08",
                          1000 * tonnes * (week >= 20 ? claim : 1), "D10", NULL, KG_NONE);
        builder_activity(b, "T", DRIVER_KWH, day(7 * week, 0), day(7 * week + 7, 0), kwh);
    }
    builder_generation(b, "LAST", "T", day(212, 0), "900-249-08", 1);
    return b;
}

/* A busy time takes less power per tonne, and that is no claim. */
static void base_load(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_power(1.8, 1), "R32", 0), 0);
    city_builder *b = make_power(1.8, 1.5);
    audit_result *r = run(b, "R32");
    assert_int_equal(r->count, 1);
    assert_non_null(strstr(r->findings[0].sentence, "electricity"));
    assert_int_equal(r->findings[0].from_ms, builder_time(day(140, 0)));
    audit_free(r);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(less_residue), cmocka_unit_test(same_yield), cmocka_unit_test(loss_claims),
        cmocka_unit_test(edges),        cmocka_unit_test(base_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
