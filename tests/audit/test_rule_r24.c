/*
 * R24: a scale that is off goes to metrology.
 */
#include "weight_world.h"

static void honest_scales(void **state)
{
    (void)state;
    const world honest = {0};
    assert_int_equal(count_of(&honest, "R24"), 0);
}

/* Thirty days of a scale that shows 1.2 % too little. */
static void wrong_scale(void **state)
{
    (void)state;
    const world w = {.scale_effect = -0.012};
    city_builder *b = make_world(&w);
    audit_result *r = run(b, "R24");
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->severity, SEVERITY_INFORMATION);
    assert_int_equal(f->class, FINDING_SUSPICION);
    assert_string_equal(finding_subject_text(builder_city(b), f, &r->memory), "WF0");
    assert_true(f->detected_at_ms > builder_time(day(30, 0)));
    audit_free(r);
    builder_free(b);
}

/* Thirty pairs are enough, twenty-nine are not: fifteen days, two loads a day, and the last one. */
static void edge_of_pairs(void **state)
{
    (void)state;
    world w = {.scale_effect = -0.012, .loads = 45 * SITES};
    assert_int_equal(count_of(&w, "R24"), 1);
    w.loads = 45 * SITES - 2; /* one of the last two went to the wrong scale */
    assert_int_equal(count_of(&w, "R24"), 0);
}

/* With two partners it could as well be both of them. */
static void edge_of_partners(void **state)
{
    (void)state;
    world w = {.scale_effect = -0.012, .sites = 3};
    assert_int_equal(count_of(&w, "R24"), 1);
    w.sites = 2;
    assert_int_equal(count_of(&w, "R24"), 0);
}

/* 0.4 % is the least that is sent to metrology. */
static void edge_of_effect(void **state)
{
    (void)state;
    world w = {.scale_effect = -0.0055};
    assert_int_equal(count_of(&w, "R24"), 1);
    w.scale_effect = -0.0035;
    assert_int_equal(count_of(&w, "R24"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_scales),  cmocka_unit_test(wrong_scale),
        cmocka_unit_test(edge_of_pairs),  cmocka_unit_test(edge_of_partners),
        cmocka_unit_test(edge_of_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
