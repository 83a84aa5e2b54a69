/*
 * R17: sent and received weights differ.
 */
#include "weight_world.h"

static void honest_loads(void **state)
{
    (void)state;
    const world honest = {0};
    assert_int_equal(count_of(&honest, "R17"), 0);
}

static void one_short_load(void **state)
{
    (void)state;
    const world w = {.lost_load = 101};
    city_builder *b = make_world(&w);
    audit_result *r = run(b, "R17");
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->subject, 101);
    assert_int_equal(f->class, FINDING_SUSPICION);
    assert_true(f->mass_low_g < 500000 && f->mass_high_g > 500000);
    assert_int_equal(f->detected_at_ms, builder_city(b)->manifests[101].received_ms);
    assert_non_null(strstr(f->sentence, "M0101"));
    audit_free(r);
    builder_free(b);
}

/* A tenth of the mass without any ticket is a typing error, not a theft. */
static void mistyped_load_is_quiet(void **state)
{
    (void)state;
    const world w = {.lost_load = 101, .mistyped = true};
    assert_int_equal(count_of(&w, "R17"), 0);
}

/* Fires beyond 3.29 sigma of the load and half a per cent of it, and not at or below either. */
static void edge(void **state)
{
    (void)state;
    bool fired = false;
    bool quiet = false;
    for (double lost_kg = 20; lost_kg <= 200; lost_kg += 4) {
        const world w = {.lost_load = 101, .lost_kg = lost_kg};
        city_builder *b = make_world(&w);
        audit_shared *s = share(b);
        const weight_pair *p = s->loads.pairs;
        while (p->manifest != 101)
            p++;
        double gap_g = fmin(p->gap_g, p->plain_gap_g);
        bool beyond = gap_g > 3.29 * p->sigma_g && gap_g >= 0.005 * p->sent_g;
        audit_result *r = run_at(b, "R17", 0.9);
        assert_int_equal(r->count, beyond ? 1 : 0);
        fired |= beyond;
        quiet |= !beyond;
        audit_free(r);
        audit_shared_free(s);
        builder_free(b);
    }
    assert_true(fired && quiet);
}

/* The pick-up was typed a tonne too large, and both sides corrected it there. */
static void corrected_pick_up_is_quiet(void **state)
{
    (void)state;
    const world w = {.lost_load = 101, .corrected = true};
    assert_int_equal(count_of(&w, "R17"), 0);
}

/* A refused tonne stays on the vehicle: the ticket shows what was accepted. */
static void refused_part_is_quiet(void **state)
{
    (void)state;
    const world w = {.lost_load = 101, .refused = true};
    assert_int_equal(count_of(&w, "R17"), 0);
}

/* A scale that is off, and the loads before it went wrong: nobody is accused. */
static void wrong_scale_accuses_nobody(void **state)
{
    (void)state;
    for (double effect = -0.02; effect < 0.021; effect += 0.01) {
        const world w = {.scale_effect = effect};
        assert_int_equal(count_of(&w, "R17"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_loads),
        cmocka_unit_test(one_short_load),
        cmocka_unit_test(edge),
        cmocka_unit_test(mistyped_load_is_quiet),
        cmocka_unit_test(corrected_pick_up_is_quiet),
        cmocka_unit_test(refused_part_is_quiet),
        cmocka_unit_test(wrong_scale_accuses_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
