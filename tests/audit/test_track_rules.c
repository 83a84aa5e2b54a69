/*
 * audit: R21 and R39, which read tracks, and the geometry under them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/geometry.h"
#include "audit/rule.h"
#include "support/city_builder.h"

#define DAY "2026-03-02T"

/* A factory, a tip 11 km north of it, and a tipper with a device. */
static city_builder *make(void)
{
    city_builder *b = builder_new();
    builder_site(b, "G", "PG", SITE_CONSTRUCTION, 30.0, 120.5);
    builder_site(b, "F", "PF", SITE_SPOIL_GROUND, 30.1, 120.5);
    builder_scale(b, "W", "F", 20);
    builder_vehicle(b, "V", "C", "tipper", 13000, 16000);
    return b;
}

/* Drives straight from latitude to latitude, a fix every two minutes. */
static void drive(city_builder *b, const char *from, double lat_from, const char *to, double lat_to)
{
    int64_t start = builder_time(from);
    int64_t end = builder_time(to);
    for (int64_t at = start; at <= end; at += 2 * TIME_MINUTE_MS) {
        double share = (double)(at - start) / (double)(end - start);
        builder_fix(b, "V", builder_ms(at), lat_from + share * (lat_to - lat_from), 120.5);
    }
}

static void trip(city_builder *b, const char *key, const char *out, const char *in)
{
    builder_trip(b, key, STREAM_CONSTRUCTION, "SW70", "G", "V", "F", out, 15000, in, 15000);
}

static audit_result *run(city_builder *b, const char *id)
{
    audit_result *r = NULL;
    wf_error err;
    audit_options o = {.rule = id, .from_ms = TIME_NONE, .to_ms = TIME_NONE};
    if (audit_run(&r, builder_city(b), &o, &err) != WF_OK)
        fail_msg("%s", err.text);
    return r;
}

static void distances(void **state)
{
    (void)state;
    /* One degree of a meridian of the mean sphere. */
    assert_true(fabs(haversine_m(300000000, 1200000000, 310000000, 1200000000) - 111195.08) < 0.1);
    double exact = haversine_m(300000000, 1200000000, 301000000, 1201500000);
    double flat = flat_distance_m(300000000, 1200000000, 301000000, 1201500000);
    assert_true(fabs(flat / exact - 1) < 1e-3);
    assert_true(haversine_m(1, 1, 1, 1) < 1e-9);
}

/* A silence between two fixes of one place belongs to the stay. */
static void stays(void **state)
{
    (void)state;
    const track_fix fixes[] = {{0, 300000000, 1200000000},       {60000, 300100000, 1200000000},
                               {120000, 300100100, 1200000000},  {1800000, 300100200, 1200000000},
                               {1860000, 300200000, 1200000000}, {1920000, 300200100, 1200000000}};
    size_t at = 0;
    stay_point s;
    assert_true(stay_next(&s, fixes, 6, &at, 100, 600000));
    assert_int_equal(s.from_ms, 60000);
    assert_int_equal(s.to_ms, 1800000);
    assert_int_equal(s.count, 3);
    assert_false(stay_next(&s, fixes, 6, &at, 100, 600000));
}

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
        cmocka_unit_test(distances),
        cmocka_unit_test(stays),
        cmocka_unit_test(ghost_is_a_fact),
        cmocka_unit_test(outage_excuses),
        cmocka_unit_test(loose_visit_is_no_fact),
        cmocka_unit_test(silence_proves_nothing),
        cmocka_unit_test(repeated_stop),
        cmocka_unit_test(few_stops_are_rests),
        cmocka_unit_test(listed_place_is_no_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
