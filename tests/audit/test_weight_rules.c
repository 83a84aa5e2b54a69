/*
 * audit: R17, R24, R25: pairs of weights, scales that are off, carriers that shave. And the errors
 * of weighings that they stand on.
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
#include "audit/weighing.h"
#include "support/city_builder.h"

enum { SITES = 4, VEHICLES = 4, DAYS = 60, TARE_KG = 12000, NET_KG = 13000 };

/* A number that looks random and is always the same, from -1 to 1. */
static double wobble(unsigned i)
{
    unsigned x = (i + 1) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (double)(x % 20001) / 10000 - 1;
}

typedef struct world {
    unsigned lost_load;  /* number of the load that loses half a tonne; 0: none */
    double shaved_share; /* what vehicle 0 loses of each load from day 20 on */
    double scale_effect; /* what the scale of facility 0 shows too much from day 30 on */
    bool mistyped;       /* the lost load is a factor of ten instead, and without tickets */
} world;

/* Two loads a day from each of four factories to two plants, by four vehicles of two carriers. */
static city_builder *make(const world *w)
{
    city_builder *b = builder_new();
    char key[32];
    char other[32];
    for (unsigned i = 0; i < SITES; i++) {
        snprintf(key, sizeof key, "G%u", i);
        builder_site(b, key, "PG", SITE_FACTORY, 30.0 + 0.01 * i, 120.5);
        snprintf(other, sizeof other, "WG%u", i);
        builder_scale(b, other, key, 20);
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(key, sizeof key, "F%u", i);
        builder_site(b, key, "PF", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6 + 0.01 * i);
        snprintf(other, sizeof other, "WF%u", i);
        builder_scale(b, other, key, 20);
    }
    for (unsigned i = 0; i < VEHICLES; i++) {
        snprintf(key, sizeof key, "V%u", i);
        builder_vehicle(b, key, i < 2 ? "C0" : "C1", "hazmat", TARE_KG, 15000);
    }
    int64_t start = builder_time("2026-03-02T08:00:00+08:00");
    for (unsigned n = 0; n < DAYS * SITES; n++) {
        unsigned day = n / SITES;
        unsigned from = n % SITES;
        unsigned vehicle = (n + day) % VEHICLES;
        unsigned to = (n + day / 2) % 2;
        int64_t out_ms = start + day * TIME_DAY_MS + from * (int64_t)TIME_HOUR_MS;
        int64_t in_ms = out_ms + TIME_HOUR_MS;
        double true_kg = NET_KG + 500 * wobble(n);
        double sent = true_kg + 25 * wobble(3 * n + 1);
        double arrived = true_kg + 25 * wobble(7 * n + 2);
        if (vehicle == 0 && day >= 20)
            arrived -= w->shaved_share * true_kg;
        if (to == 0 && day >= 30)
            arrived += w->scale_effect * true_kg;
        bool lost = w->lost_load != 0 && n == w->lost_load;
        if (lost)
            arrived = w->mistyped ? sent / 10 : arrived - 500;
        char m[32], v[32], g[32], f[32], ws[32], wr[32], t1[32], t2[32];
        snprintf(m, sizeof m, "M%04u", n);
        snprintf(v, sizeof v, "V%u", vehicle);
        snprintf(g, sizeof g, "G%u", from);
        snprintf(f, sizeof f, "F%u", to);
        snprintf(ws, sizeof ws, "WG%u", from);
        snprintf(wr, sizeof wr, "WF%u", to);
        snprintf(t1, sizeof t1, "TS%04u", n);
        snprintf(t2, sizeof t2, "TR%04u", n);
        builder_manifest(b, m, STREAM_HAZARDOUS, "336-062-17", g, NULL, v, f,
                         builder_ms(out_ms - TIME_HOUR_MS), sent);
        builder_event_at(b, m, EVENT_PICKED_UP, builder_ms(out_ms), sent, g, NULL, v, ws);
        builder_event_at(b, m, EVENT_RECEIVED, builder_ms(in_ms), arrived, f, NULL, v, wr);
        if (lost && w->mistyped)
            continue;
        builder_weighing(b, t1, ws, v, builder_ms(out_ms), TARE_KG + sent,
                         builder_ms(out_ms - 10 * TIME_MINUTE_MS), TARE_KG, m);
        builder_weighing(b, t2, wr, v, builder_ms(in_ms - 10 * TIME_MINUTE_MS), TARE_KG + arrived,
                         builder_ms(in_ms), TARE_KG, m);
    }
    return b;
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

static size_t count_of(const world *w, const char *id)
{
    city_builder *b = make(w);
    audit_result *r = run(b, id);
    size_t count = r->count;
    audit_free(r);
    builder_free(b);
    return count;
}

/* The table of detection.md 3.3: e = 20 kg, 25 t gross, 12 t tare: u(net) 33.7 kg. */
static void weighing_errors(void **state)
{
    (void)state;
    double u = sqrt(weighing_variance_g2(20000, 25000000) + weighing_variance_g2(20000, 12000000));
    assert_true(fabs(u - 33700) < 100);
    u = sqrt(weighing_variance_g2(50000, 49000000) + weighing_variance_g2(50000, 17000000));
    assert_true(fabs(u - 67700) < 15000); /* 67.7 kg in the table, which takes 2e for both */
    assert_true(weighing_variance_g2(20000, 10000000) < weighing_variance_g2(20000, 10000001));
}

static void honest_city_is_quiet(void **state)
{
    (void)state;
    const world honest = {0};
    assert_int_equal(count_of(&honest, "R17"), 0);
    assert_int_equal(count_of(&honest, "R24"), 0);
    assert_int_equal(count_of(&honest, "R25"), 0);
}

static void one_short_load(void **state)
{
    (void)state;
    const world w = {.lost_load = 101};
    city_builder *b = make(&w);
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

/* Thirty days of a scale that shows 1.2 % too little: metrology, and nobody is accused. */
static void wrong_scale_accuses_nobody(void **state)
{
    (void)state;
    const world w = {.scale_effect = -0.012};
    city_builder *b = make(&w);
    audit_result *r = run(b, "R24");
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, SEVERITY_INFORMATION);
    assert_string_equal(finding_subject_text(builder_city(b), &r->findings[0], &r->memory), "WF0");
    audit_free(r);
    builder_free(b);
    assert_int_equal(count_of(&w, "R17"), 0);
    assert_int_equal(count_of(&w, "R25"), 0);
}

/* 0.8 % of every load of one vehicle: single loads stay below the line, the weeks do not. */
static void shaving_vehicle(void **state)
{
    (void)state;
    const world w = {.shaved_share = 0.008};
    city_builder *b = make(&w);
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

/* The same findings in the same order on one thread and on four. */
static void threads_do_not_matter(void **state)
{
    (void)state;
    const world w = {.lost_load = 101, .shaved_share = 0.01};
    city_builder *b = make(&w);
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
        cmocka_unit_test(weighing_errors),
        cmocka_unit_test(honest_city_is_quiet),
        cmocka_unit_test(one_short_load),
        cmocka_unit_test(mistyped_load_is_quiet),
        cmocka_unit_test(wrong_scale_accuses_nobody),
        cmocka_unit_test(shaving_vehicle),
        cmocka_unit_test(threads_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
