/*
 * R25: a carrier or vehicle whose loads arrive short week after week.
 */
#include "weight_world.h"

static void honest_loads(void **state)
{
    (void)state;
    const world honest = {0};
    assert_int_equal(count_of(&honest, "R25"), 0);
}

/* 0.8 % of every load of one vehicle: single loads stay below the line, the weeks do not. */
static void shaving_vehicle(void **state)
{
    (void)state;
    const world w = {.shaved_share = 0.008};
    city_builder *b = make_world(&w);
    audit_result *r = run(b, "R25");
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_int_equal(f->subject_kind, SUBJECT_VEHICLE);
    assert_string_equal(finding_subject_text(builder_city(b), f, &r->memory), "V0");
    double stolen = 40 * 0.008 * NET_KG * 1000.0;
    assert_true((double)f->mass_g > 0.6 * stolen && (double)f->mass_g < 1.4 * stolen);
    assert_true(f->detected_at_ms > builder_time("2026-03-22T00:00:00+08:00"));
    assert_true(f->detected_at_ms < builder_time("2026-04-20T00:00:00+08:00"));
    audit_free(r);
    builder_free(b);
    const world faint = {.shaved_share = 0.0004}; /* within the span bias of a verified scale */
    assert_int_equal(count_of(&faint, "R25"), 0);
}

static enum subject_kind subject_of(const world *w)
{
    city_builder *b = make_world(w);
    audit_result *r = run(b, "R25");
    assert_int_equal(r->count, 1);
    enum subject_kind kind = r->findings[0].subject_kind;
    audit_free(r);
    builder_free(b);
    return kind;
}

/* Twelve loads make a series, eleven do not. A vehicle drives one a day, its carrier two: after
   eleven days the carrier is all that can be named, after five nobody. */
static void edge_of_loads(void **state)
{
    (void)state;
    world w = {.shaved_day = 1, .shaved_share = 0.05, .loads = 12 * SITES};
    assert_int_equal(subject_of(&w), SUBJECT_VEHICLE);
    w.loads = 11 * SITES;
    assert_int_equal(subject_of(&w), SUBJECT_PARTY);
    w.loads = 5 * SITES;
    assert_int_equal(count_of(&w, "R25"), 0);
}

/* A scale that is off accuses no carrier. */
static void wrong_scale_accuses_nobody(void **state)
{
    (void)state;
    const world w = {.scale_effect = -0.012};
    assert_int_equal(count_of(&w, "R25"), 0);
}

/* The same findings in the same order on one thread and on four. */
static void threads_do_not_matter(void **state)
{
    (void)state;
    const world w = {.lost_load = 101, .shaved_share = 0.01};
    city_builder *b = make_world(&w);
    audit_result *one = NULL;
    audit_result *four = NULL;
    wf_error err;
    audit_options o = {.from_ms = TIME_NONE, .to_ms = TIME_NONE, .threads = 1};
    assert_int_equal(audit_run(&one, builder_city(b), &o, &err), WF_OK);
    o.threads = 4;
    assert_int_equal(audit_run(&four, builder_city(b), &o, &err), WF_OK);
    assert_int_equal(one->count, four->count);
    assert_true(one->count > 1);
    for (size_t i = 0; i < one->count; i++) {
        assert_string_equal(one->findings[i].id, four->findings[i].id);
        assert_string_equal(one->findings[i].sentence, four->findings[i].sentence);
    }
    audit_free(one);
    audit_free(four);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_loads),          cmocka_unit_test(shaving_vehicle),
        cmocka_unit_test(edge_of_loads),         cmocka_unit_test(wrong_scale_accuses_nobody),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
