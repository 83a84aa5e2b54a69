/*
 * tests/audit/fact_test.h: what the tests of the fact rules share: run one rule over a built city.
 */
#ifndef TESTS_AUDIT_FACT_TEST_H
#define TESTS_AUDIT_FACT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/rule.h"
#include "support/city_builder.h"

/* Day D of March 2026 (1 March is a Sunday) at a time of day, in the city's offset. */
#define MARCH(day, clock) "2026-03-" day "T" clock "+08:00"

/* now NULL: the latest act. */
static inline audit_result *audit_at(city_builder *b, const char *rule_id, const char *now)
{
    city *c = builder_city(b);
    if (now != NULL)
        c->now_ms = builder_time(now);
    audit_options options = {.rule = rule_id, .from_ms = TIME_NONE, .to_ms = TIME_NONE};
    audit_result *r = NULL;
    wf_error err = {0};
    wf_status status = audit_run(&r, c, &options, &err);
    if (status != WF_OK)
        print_error("%s\n", err.text);
    assert_int_equal(status, WF_OK);
    for (size_t i = 0; i < r->count; i++) {
        assert_int_equal(r->findings[i].class, FINDING_FACT);
        assert_string_equal(r->findings[i].rule->id, rule_id);
        assert_true(strlen(r->findings[i].sentence) > 20);
        assert_true(r->findings[i].related_count > 0);
    }
    return r;
}

static inline void expect_count(city_builder *b, const char *rule_id, const char *now, size_t count)
{
    audit_result *r = audit_at(b, rule_id, now);
    for (size_t i = 0; i < r->count && r->count != count; i++)
        print_error("%s\n", r->findings[i].sentence);
    assert_int_equal(r->count, count);
    audit_free(r);
}

/* Exactly one finding of this severity. */
static inline void expect_one(city_builder *b, const char *rule_id, const char *now, int severity)
{
    audit_result *r = audit_at(b, rule_id, now);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].severity, severity);
    audit_free(r);
}

static inline bool is_related(const finding *f, const char *id)
{
    for (size_t i = 0; i < f->related_count; i++)
        if (strcmp(f->related[i], id) == 0)
            return true;
    return false;
}

#endif
