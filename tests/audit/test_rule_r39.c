/*
 * R39: loaded stops at a place that is on no list.
 */
#include "track_world.h"

/* `stops` days with a stop of twelve minutes on the way, loaded. */
static city_builder *make_stops(int stops)
{
    city_builder *b = make();
    for (int day = 2; day < 2 + stops; day++) {
        char key[16], text[5][40];
        snprintf(key, sizeof key, "M%d", day);
        static const char *const clock[] = {"08:00", "08:20", "08:32", "08:52", "09:05"};
        for (int i = 0; i < 5; i++)
            snprintf(text[i], sizeof text[i], "2026-03-%02dT%s:00+08:00", day, clock[i]);
        trip(b, key, text[0], text[4]);
        drive(b, text[0], 30.0, text[1], 30.04);
        builder_fix(b, "V", text[2], 30.04, 120.5);
        drive(b, text[2], 30.0401, text[3], 30.1);
    }
    return b;
}

static void repeated_stop(void **state)
{
    (void)state;
    city_builder *b = make_stops(5);
    audit_result *r = run(b, "R39");
    assert_int_equal(r->count, 2); /* the place, and the site that its visits came from */
    bool place = false;
    bool site = false;
    for (size_t i = 0; i < r->count; i++) {
        const finding *f = &r->findings[i];
        place |= f->subject_kind == SUBJECT_PLACE;
        site |= f->subject_kind == SUBJECT_SITE && f->subject == 0;
        assert_int_equal(f->detected_at_ms, builder_time("2026-03-05T08:32:00+08:00"));
        assert_non_null(strstr(f->sentence, "checked"));
    }
    assert_true(place && site);
    audit_free(r);
    builder_free(b);
}

static void few_stops_are_rests(void **state)
{
    (void)state;
    city_builder *b = make_stops(3);
    audit_result *r = run(b, "R39");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

/* The fourth visit is enough. */
static void edge_of_visits(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_stops(4), "R39", 0), 2);
    assert_int_equal(count_at(make_stops(3), "R39", 0), 0);
}

static void listed_place_is_no_stop(void **state)
{
    (void)state;
    city_builder *b = make_stops(6);
    builder_place(b, "fuel", PLACE_FUEL, 30.0405, 120.5, 40);
    audit_result *r = run(b, "R39");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeated_stop),
        cmocka_unit_test(few_stops_are_rests),
        cmocka_unit_test(edge_of_visits),
        cmocka_unit_test(listed_place_is_no_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
