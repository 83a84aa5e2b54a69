/*
 * R34: less declared than the activity would make.
 */
#include "suspicion_test.h"

/* Eight factories, ten weeks; all declare half in the first week (its first days were not kept).
   Factory 0 declares `kept` of its waste from week 6 on. */
static city_builder *make_factories(double kept)
{
    city_builder *b = builder_new();
    for (unsigned s = 0; s < 8; s++) {
        char site[40];
        snprintf(site, sizeof site, "S%u", s);
        builder_site(b, site, "P", SITE_FACTORY, 30.0 + 0.01 * s, 120.5);
        builder_site_driver(b, site, DRIVER_KWH, 1000);
        for (int week = 0; week < 10; week++) {
            double kwh = 7000 * (1 + 0.2 * wobble(100 * s + (unsigned)week));
            builder_activity(b, site, DRIVER_KWH, day(7 * week, 0), day(7 * week + 7, 0), kwh);
            for (int d = 0; d < 7; d++) {
                char key[32];
                unsigned n = 1000 * s + 10 * (unsigned)week + (unsigned)d;
                snprintf(key, sizeof key, "B%u", n);
                double kg = 0.05 * kwh / 7 * (1 + 0.1 * wobble(n)) * (week == 0 ? 0.5 : 1);
                builder_generation(b, key, site, day(7 * week + d, 12), "900-249-08",
                                   s == 0 && week >= 6 ? kept * kg : kg);
            }
        }
    }
    builder_generation(b, "LAST", "S7", day(70, 12), "900-249-08", 1);
    return b;
}

static void under_declaration(void **state)
{
    (void)state;
    city_builder *b = make_factories(0.5);
    audit_result *r = run(b, "R34");
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->subject, 0);
    assert_int_equal(f->from_ms, builder_time(day(42, 0)));
    assert_true(f->detected_at_ms >= builder_time(day(56, 0)));
    assert_true(f->mass_low_g <= 700000 && f->mass_high_g >= 700000);
    audit_free(r);
    builder_free(b);
}

static void honest_declaration_is_quiet(void **state)
{
    (void)state;
    city_builder *b = make_factories(1);
    audit_result *r = run(b, "R34");
    assert_int_equal(r->count, 0); /* although every first week is short */
    audit_free(r);
    builder_free(b);
}

static void filings_are_respected(void **state)
{
    (void)state;
    city_builder *b = make_factories(0.5);
    builder_filing(b, "FL1", FILING_PROCESS_CHANGE, "S0", NULL, day(42, 0), day(49, 0));
    audit_result *r = run(b, "R34");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
    b = make_factories(0.02);
    builder_filing(b, "FL2", FILING_SHUTDOWN, "S0", NULL, day(42, 0), day(70, 0));
    r = run(b, "R34");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

/* A fifth less is the least; single findings under a generous q, for the noise is a tenth. */
static void edge(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_factories(0.76), "R34", 0.9), 1);
    assert_int_equal(count_at(make_factories(0.86), "R34", 0.9), 0);
}

/* A batch every third day: two or three fall in a week, and that is no change. */
static city_builder *make_batches(double kept)
{
    city_builder *b = builder_new();
    for (unsigned s = 0; s < 8; s++) {
        char site[40];
        snprintf(site, sizeof site, "S%u", s);
        builder_site(b, site, "P", SITE_FACTORY, 30.0 + 0.01 * s, 120.5);
        builder_site_driver(b, site, DRIVER_KWH, 1000);
        for (int week = 0; week < 12; week++)
            builder_activity(b, site, DRIVER_KWH, day(7 * week, 0), day(7 * week + 7, 0), 7000);
        for (int d = 3; d < 90; d += 3) {
            char key[32];
            unsigned n = 1000 * s + (unsigned)d;
            snprintf(key, sizeof key, "B%u", n);
            double kg = 150 * (1 + 0.05 * wobble(n)) * (s == 0 && d > 42 ? kept : 1);
            builder_generation(b, key, site, day(d, 0), "900-249-08", kg);
        }
    }
    return b;
}

static void batches_are_spread(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_batches(1), "R34", 0), 0);
    city_builder *b = make_batches(0.7);
    audit_result *r = run(b, "R34");
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].subject, 0);
    audit_free(r);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_declaration),     cmocka_unit_test(honest_declaration_is_quiet),
        cmocka_unit_test(filings_are_respected), cmocka_unit_test(edge),
        cmocka_unit_test(batches_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
