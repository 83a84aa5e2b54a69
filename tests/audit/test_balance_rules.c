/*
 * audit: R26, R27 (balances), R32 (conversion), R34 (declaration), R44 (circles).
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

#include "audit/rule.h"
#include "audit/scan.h"
#include "audit/shared.h"
#include "support/city_builder.h"

#define MIDNIGHT "T00:00:00+08:00"
#define START "2026-03-02" MIDNIGHT

static double wobble(unsigned i)
{
    unsigned x = (i + 1) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (double)(x % 20001) / 10000 - 1;
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

static const char *day(int n, int hour)
{
    return builder_ms(builder_time(START) + n * TIME_DAY_MS + hour * (int64_t)TIME_HOUR_MS);
}

/* ---- balances ------------------------------------------------------------------------------- */

/* Generates 500 kg a day, sends 7 t at the end of each of `takes` - 1 half months; `gone_kg` of
   stock vanishes in each of the half months from `first` to `last`. */
static city_builder *make_stock(int takes, int first, int last, double gone_kg)
{
    city_builder *b = builder_new();
    builder_site(b, "G", "PG", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "F", "PF", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6);
    builder_scale(b, "WG", "G", 20);
    builder_scale(b, "WF", "F", 20);
    builder_vehicle(b, "V", "C", "hazmat", 12000, 13000);
    double stock = 2000;
    builder_stocktake(b, "G", day(0, 1), "336-062-17", stock);
    for (int take = 1; take < takes; take++) {
        char key[40];
        for (int d = 0; d < 14; d++) {
            snprintf(key, sizeof key, "B%d-%d", take, d);
            builder_generation(b, key, "G", day((take - 1) * 15 + d, 10), "336-062-17", 500);
        }
        snprintf(key, sizeof key, "M%d", take);
        builder_manifest(b, key, STREAM_HAZARDOUS, "336-062-17", "G", NULL, "V", "F",
                         day(take * 15 - 1, 8), 7000);
        builder_event_at(b, key, EVENT_PICKED_UP, day(take * 15 - 1, 9), 7000, "G", NULL, "V",
                         "WG");
        builder_event_at(b, key, EVENT_RECEIVED, day(take * 15 - 1, 10), 7000, "F", NULL, "V",
                         "WF");
        if (take >= first && take <= last)
            stock -= gone_kg;
        builder_stocktake(b, "G", day(take * 15, 1), "336-062-17", stock);
    }
    return b;
}

static void balance_figures(void **state)
{
    (void)state;
    city_builder *b = make_stock(3, 2, 2, 1700);
    audit_shared *s = NULL;
    wf_error err;
    assert_int_equal(audit_shared_new(&s, builder_city(b), &err), WF_OK);
    assert_int_equal(s->balances.count, 2);
    assert_true(fabs(s->balances.items[0].muf_g) < 1);
    assert_true(fabs(s->balances.items[1].muf_g - 1700000) < 1);
    assert_true(s->balances.items[1].sigma_g > 30000 && s->balances.items[1].sigma_g < 300000);
    audit_shared_free(s);
    builder_free(b);
}

static void abrupt_loss(void **state)
{
    (void)state;
    city_builder *b = make_stock(4, 2, 2, 1700); /* more than half of 3 t */
    audit_result *r = run(b, "R26");
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].detected_at_ms, builder_time(day(30, 1)));
    assert_true(llabs(r->findings[0].mass_g - 1700000) < 1000);
    audit_free(r);
    builder_free(b);
    b = make_stock(4, 2, 2, 1400); /* less than half of it: no significant mass */
    r = run(b, "R26");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

/* A stock take typed wrong is undone by the next one. */
static void wrong_stocktake_is_quiet(void **state)
{
    (void)state;
    city_builder *b = make_stock(4, 9, 9, 0);
    city *c = builder_city(b);
    c->stocktakes[1].mass_g = 200000;
    audit_result *r = run(b, "R26");
    assert_int_equal(r->count, 0);
    audit_free(r);
    r = run(b, "R27");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

static void protracted_loss(void **state)
{
    (void)state;
    city_builder *b = make_stock(7, 1, 6, 300); /* 1.8 t, never more than 300 kg at once */
    audit_result *r = run(b, "R26");
    assert_int_equal(r->count, 0);
    audit_free(r);
    r = run(b, "R27");
    assert_int_equal(r->count, 1);
    assert_true(llabs(r->findings[0].mass_g - 1800000) < 1000);
    audit_free(r);
    builder_free(b);
}

/* ---- stretches ------------------------------------------------------------------------------ */

static void scan_finds_the_stretch(void **state)
{
    (void)state;
    double values[20];
    const scan_noise noise = {0.01, 0, 0};
    scan_low low;
    for (unsigned i = 0; i < 20; i++)
        values[i] = 0.05 * wobble(i);
    assert_true(!scan_find_low(&low, values, 20, &noise, 0.001) || low.p > 0.02);
    for (unsigned i = 8; i < 14; i++)
        values[i] -= 0.3;
    assert_true(scan_find_low(&low, values, 20, &noise, 0.001));
    assert_int_equal(low.first, 8);
    assert_int_equal(low.end, 14);
    assert_true(fabs(low.shift - 0.3) < 0.05);
    assert_true(low.p < 1e-4);
    assert_true(low.shown_at >= 9 && low.shown_at < 14);
    assert_false(scan_find_low(&low, values, 5, &noise, 0.001));
}

/* ---- declaration ---------------------------------------------------------------------------- */

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

/* ---- conversion ----------------------------------------------------------------------------- */

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

/* ---- circles -------------------------------------------------------------------------------- */

/* Three recyclers and a factory that feeds them; `closing_kg` goes back to the first, and
   `returned` says it was a load sent back. */
static city_builder *make_circle(double closing_kg, bool returned)
{
    city_builder *b = builder_new();
    static const char *const sites[] = {"A", "B", "C"};
    builder_site(b, "G", "PG", SITE_FACTORY, 30.0, 120.4);
    for (int i = 0; i < 3; i++)
        builder_site(b, sites[i], "P", SITE_RECYCLER, 30.0, 120.5 + 0.1 * i);
    builder_vehicle(b, "V", "C1", "truck", 10000, 20000);
    for (int n = 0; n < 12; n++) {
        char key[40];
        snprintf(key, sizeof key, "G%d", n);
        builder_trip(b, key, STREAM_INDUSTRIAL, "SW17", "G", "V", sites[n % 3], day(3 * n, 8), 4000,
                     day(3 * n, 9), 4000);
    }
    builder_trip(b, "AB", STREAM_INDUSTRIAL, "SW17", "A", "V", "B", day(10, 8), 10000, day(10, 9),
                 10000);
    builder_trip(b, "BC", STREAM_INDUSTRIAL, "SW17", "B", "V", "C", day(14, 8), 9900, day(14, 9),
                 9900);
    builder_trip(b, "CA", STREAM_INDUSTRIAL, "SW17", "C", "V", "A", day(18, 8), closing_kg,
                 day(18, 9), closing_kg);
    if (returned) {
        builder_event(b, "CA", EVENT_REJECTED, day(18, 10), 100);
        builder_event(b, "CA", EVENT_RETURNED, day(18, 12), 100);
    }
    return b;
}

static size_t circles(double closing_kg, bool returned)
{
    city_builder *b = make_circle(closing_kg, returned);
    audit_result *r = NULL;
    wf_error err;
    audit_options o = {.rule = "R44", .from_ms = TIME_NONE, .to_ms = TIME_NONE, .q = 0.9};
    assert_int_equal(audit_run(&r, builder_city(b), &o, &err), WF_OK);
    size_t count = r->count;
    if (count > 0) {
        assert_string_equal(r->findings[0].related[0], "AB");
        assert_string_equal(r->findings[0].related[2], "CA");
        assert_non_null(strstr(r->findings[0].sentence, "A → B → C → A"));
    }
    audit_free(r);
    builder_free(b);
    return count;
}

static void circle(void **state)
{
    (void)state;
    assert_int_equal(circles(9700, false), 1);
    assert_int_equal(circles(7900, false), 0); /* 79 % kept */
    assert_int_equal(circles(9700, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balance_figures),
        cmocka_unit_test(abrupt_loss),
        cmocka_unit_test(wrong_stocktake_is_quiet),
        cmocka_unit_test(protracted_loss),
        cmocka_unit_test(scan_finds_the_stretch),
        cmocka_unit_test(under_declaration),
        cmocka_unit_test(honest_declaration_is_quiet),
        cmocka_unit_test(filings_are_respected),
        cmocka_unit_test(less_residue),
        cmocka_unit_test(loss_claims),
        cmocka_unit_test(circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
