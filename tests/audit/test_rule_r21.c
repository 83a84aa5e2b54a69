/*
 * R21: a ticket for a vehicle that was somewhere else.
 */
#include "track_world.h"

static void ghost_ticket(city_builder *b)
{
    for (int day = 2; day <= 9; day++) { /* tickets that find the vehicle at the scale */
        char m[16], t[16], out[40], in[40], tare[40];
        snprintf(m, sizeof m, "H%d", day);
        snprintf(t, sizeof t, "T%d", day);
        snprintf(out, sizeof out, "2026-03-%02dT13:00:00+08:00", day);
        snprintf(in, sizeof in, "2026-03-%02dT13:30:00+08:00", day);
        snprintf(tare, sizeof tare, "2026-03-%02dT13:36:00+08:00", day);
        trip(b, m, out, in);
        drive(b, out, 30.0, in, 30.1);
        builder_fix(b, "V", tare, 30.1, 120.5);
        builder_weighing(b, t, "W", "V", in, 28000, tare, 13000, m);
    }
    trip(b, "GHOST", DAY "08:00:00+08:00", DAY "09:00:00+08:00");
    drive(b, DAY "08:00:00+08:00", 30.0, DAY "09:30:00+08:00", 30.01);
    builder_weighing(b, "TG", "W", "V", DAY "08:50:00+08:00", 28000, DAY "08:58:00+08:00", 13000,
                     "GHOST");
}

static void ghost_is_a_fact(void **state)
{
    (void)state;
    city_builder *b = make();
    ghost_ticket(b);
    audit_result *r = run(b, "R21");
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].class, FINDING_FACT);
    assert_string_equal(finding_subject_text(builder_city(b), &r->findings[0], &r->memory),
                        "GHOST");
    assert_int_equal(r->findings[0].mass_g, 15000000);
    audit_free(r);
    builder_free(b);
}

static void outage_excuses(void **state)
{
    (void)state;
    city_builder *b = make();
    ghost_ticket(b);
    builder_filing(b, "FL", FILING_DEVICE_OUTAGE, NULL, "V", DAY "08:55:00+08:00",
                   DAY "12:00:00+08:00");
    audit_result *r = run(b, "R21");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

/* A visit to the site two hours later that no ticket explains: the ticket's clock may be wrong. */
static void loose_visit_is_no_fact(void **state)
{
    (void)state;
    city_builder *b = make();
    ghost_ticket(b);
    drive(b, DAY "09:32:00+08:00", 30.01, DAY "10:00:00+08:00", 30.1);
    builder_fix(b, "V", DAY "10:10:00+08:00", 30.1, 120.5);
    audit_result *r = run(b, "R21");
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].class, FINDING_SUSPICION);
    audit_free(r);
    builder_free(b);
}

/* A silent device proves nothing, and a vehicle without one is not judged at all. */
static void silence_proves_nothing(void **state)
{
    (void)state;
    city_builder *b = make();
    trip(b, "M", DAY "08:00:00+08:00", DAY "09:00:00+08:00");
    builder_fix(b, "V", DAY "08:00:00+08:00", 30.0, 120.5);
    builder_fix(b, "V", DAY "12:00:00+08:00", 30.0, 120.5);
    builder_weighing(b, "T", "W", "V", DAY "08:50:00+08:00", 28000, NULL, 13000, "M");
    audit_result *r = run(b, "R21");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

/* The vehicle stands `km` north of the scale around a ticket, with a fix every two minutes. */
static size_t standing(double km)
{
    city_builder *b = make();
    ghost_ticket(b);
    double lat = 30.1 + km / 111.195;
    trip(b, "EDGE", "2026-03-12T08:00:00+08:00", "2026-03-12T09:00:00+08:00");
    for (int minute = 20; minute <= 70; minute += 2)
        builder_fix(b, "V",
                    builder_ms(builder_time("2026-03-12T08:00:00+08:00") +
                               minute * (int64_t)TIME_MINUTE_MS),
                    lat, 120.5);
    builder_weighing(b, "TE", "W", "V", "2026-03-12T08:51:00+08:00", 28000,
                     "2026-03-12T08:59:00+08:00", 13000, "EDGE");
    return count_at(b, "R21", 0) - 1; /* beside the ghost ticket */
}

/* There and back within the two minutes between fixes, at 120 km/h: 4 km, and 1 km at each end that
   counts as near. */
static void edge_of_speed(void **state)
{
    (void)state;
    assert_int_equal(standing(2.98), 0);
    assert_int_equal(standing(3.02), 1);
    assert_int_equal(standing(0.99), 0);
}

/* Ten minutes are near in time, eleven are not when the way is too long. */
static void edge_of_window(void **state)
{
    (void)state;
    for (int minutes = 10; minutes <= 12; minutes += 2) {
        city_builder *b = make();
        ghost_ticket(b);
        trip(b, "EDGE", "2026-03-12T08:00:00+08:00", "2026-03-12T09:00:00+08:00");
        int64_t at = builder_time("2026-03-12T09:00:00+08:00");
        builder_fix(b, "V", builder_ms(at - minutes * (int64_t)TIME_MINUTE_MS), 30.1, 120.5);
        for (int m = -2; m <= 10; m += 4) /* and 20 km away two minutes before and after */
            builder_fix(b, "V", builder_ms(at + m * (int64_t)TIME_MINUTE_MS), 30.28, 120.5);
        builder_weighing(b, "TE", "W", "V", "2026-03-12T09:00:00+08:00", 28000, NULL, 13000,
                         "EDGE");
        assert_int_equal(count_at(b, "R21", 0), minutes == 10 ? 1 : 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ghost_is_a_fact),        cmocka_unit_test(outage_excuses),
        cmocka_unit_test(loose_visit_is_no_fact), cmocka_unit_test(silence_proves_nothing),
        cmocka_unit_test(edge_of_speed),          cmocka_unit_test(edge_of_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
