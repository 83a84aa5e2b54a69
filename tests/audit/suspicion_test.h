/*
 * tests/audit/suspicion_test.h: what the tests of the statistical rules share: run one rule over a
 * built city, and noise that is the same on every machine.
 */
#ifndef TESTS_AUDIT_SUSPICION_TEST_H
#define TESTS_AUDIT_SUSPICION_TEST_H

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
#include "audit/shared.h"
#include "support/city_builder.h"

/* A number that looks random and is always the same, from -1 to 1. */
static inline double wobble(unsigned i)
{
    unsigned x = (i + 1) * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (double)(x % 20001) / 10000 - 1;
}

/* The n-th day from Monday 2 March 2026, at an hour. */
static inline const char *day(int n, int hour)
{
    return builder_ms(builder_time("2026-03-02T00:00:00+08:00") + n * TIME_DAY_MS +
                      hour * (int64_t)TIME_HOUR_MS);
}

/* q 0: the usual one. A generous q lets a test see the rule's own limits. */
static inline audit_result *run_at(city_builder *b, const char *id, double q)
{
    audit_result *r = NULL;
    wf_error err;
    audit_options o = {.rule = id, .from_ms = TIME_NONE, .to_ms = TIME_NONE, .q = q};
    if (audit_run(&r, builder_city(b), &o, &err) != WF_OK)
        fail_msg("%s", err.text);
    return r;
}

static inline audit_result *run(city_builder *b, const char *id)
{
    return run_at(b, id, 0);
}

/* How many findings; the city is freed. */
static inline size_t count_at(city_builder *b, const char *id, double q)
{
    audit_result *r = run_at(b, id, q);
    size_t count = r->count;
    audit_free(r);
    builder_free(b);
    return count;
}

static inline audit_shared *share(city_builder *b)
{
    audit_shared *s = NULL;
    wf_error err;
    if (audit_shared_new(&s, builder_city(b), &err) != WF_OK)
        fail_msg("%s", err.text);
    return s;
}

#endif
