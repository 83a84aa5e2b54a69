/*
 * audit: the engine's order of findings, ids and texts, and the builder that rule tests stand on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/rank.h"
#include "audit/shared.h"
#include "support/city_builder.h"

#define AT(clock) "2026-03-01T" clock "+08:00"

static const rule_parameter parameters[] = {{"limit", 2.5, "t", "test"}};
static const rule fact_rule = {.id = "T01",
                               .family = FAMILY_PAPER,
                               .streams = STREAMS_ALL,
                               .parameters = parameters,
                               .parameter_count = 1,
                               .weight = 3};
static const rule weight_rule = {
    .id = "T02", .family = FAMILY_WEIGHT, .streams = STREAM_BIT(STREAM_HAZARDOUS), .weight = 2};
static const rule second_weight_rule = {
    .id = "T03", .family = FAMILY_WEIGHT, .streams = STREAMS_ALL, .weight = 2};
static const rule movement_rule = {
    .id = "T04", .family = FAMILY_MOVEMENT, .streams = STREAMS_ALL, .weight = 2};

static city_builder *small_city(void)
{
    city_builder *b = builder_new();
    builder_site(b, "S1", "P1", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S2", "P2", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6);
    builder_vehicle(b, "V1", "P3", "hazmat", 12000, 13000);
    builder_trip(b, "M1", STREAM_HAZARDOUS, "900-249-08", "S1", "V1", "S2", AT("08:00:00"), 5000,
                 AT("10:00:00"), 4900);
    return b;
}

static finding suspicion(const rule *r, enum subject_kind kind, uint32_t subject, double p,
                         int64_t mass_g)
{
    return (finding){.rule = r,
                     .class = FINDING_SUSPICION,
                     .severity = SEVERITY_INSPECT,
                     .subject_kind = kind,
                     .subject = subject,
                     .stream = STREAM_HAZARDOUS,
                     .from_ms = 1000,
                     .to_ms = 2000,
                     .p = p,
                     .mass_g = mass_g,
                     .sentence = "x"};
}

static void builder_keeps_manifests(void **state)
{
    (void)state;
    city_builder *b = small_city();
    const city *c = builder_city(b);
    const manifest_row *m = &c->manifests[0];
    assert_int_equal(m->state, MANIFEST_RECEIVED);
    assert_int_equal(m->picked_up_g, 5000000);
    assert_int_equal(m->received_g, 4900000);
    assert_int_equal(m->unaccounted_g, 100000);
    assert_int_equal(m->in_transit_g, 0);
    assert_int_equal(m->received_ms, builder_time(AT("10:00:00")));
    assert_string_equal(city_text(c, c->vehicles[m->vehicle].key), "V1");
    assert_int_equal(c->events[m->last_event].kind, EVENT_RECEIVED);
    assert_int_equal(c->events[c->events[m->last_event].previous].kind, EVENT_ARRIVED);
    assert_int_equal(c->now_ms, builder_time(AT("10:00:00")));
    builder_free(b);
}

static void builder_sorts_tracks(void **state)
{
    (void)state;
    city_builder *b = small_city();
    builder_fix(b, "V1", AT("09:00:00"), 30.05, 120.55);
    builder_fix(b, "V1", AT("08:30:00"), 30.02, 120.52);
    builder_fix(b, "V1", "2026-03-02T08:30:00+08:00", 30.0, 120.5);
    const city *c = builder_city(b);
    assert_int_equal(c->track_count, 2);
    assert_int_equal(c->tracks[0].count, 2);
    assert_int_equal(c->fixes[0].time_ms, builder_time(AT("08:30:00")));
    assert_true(city_has_track(c, 0));
    fix_range r;
    fix_range_start(&r, c, 0, builder_time(AT("08:45:00")),
                    builder_time("2026-03-03T00:00:00+08:00"));
    assert_int_equal(fix_range_next(&r)->time_ms, builder_time(AT("09:00:00")));
    assert_non_null(fix_range_next(&r));
    assert_null(fix_range_next(&r));
    builder_free(b);
}

/* A back-dated event is in its place by time, although it was entered last. */
static void shared_orders_by_time(void **state)
{
    (void)state;
    city_builder *b = small_city();
    event_id late = builder_event(b, "M1", EVENT_CORRECTED, AT("09:00:00"), 4950);
    audit_shared *s = NULL;
    wf_error err;
    assert_int_equal(audit_shared_new(&s, builder_city(b), &err), WF_OK);
    size_t count = 0;
    const uint32_t *events = grouped_items(&s->events_of_manifest, 0, &count);
    assert_int_equal(count, 4);
    assert_int_equal(events[1], late);
    grouped_items(&s->events_of_manifest, BOOK_NONE, &count);
    assert_int_equal(count, 0);
    audit_shared_free(s);
    builder_free(b);
}

static void report_helpers(void **state)
{
    (void)state;
    city_builder *b = small_city();
    arena memory;
    arena_init(&memory, 0);
    rule_context ctx = {.city = builder_city(b), .rule = &fact_rule, .memory = &memory};
    assert_true(rule_parameter_value(&fact_rule, "limit") > 2.4);
    assert_string_equal(rule_mass(&ctx, 1234500), "1 234.5 kg");
    assert_string_equal(rule_mass(&ctx, -999), "-0.999 kg");
    assert_string_equal(rule_mass(&ctx, 12345678), "12.35 t");
    assert_string_equal(rule_time(&ctx, builder_time(AT("10:00:00"))), AT("10:00:00"));
    related_list l = {.count = 0};
    related_add(&l, "a");
    related_add(&l, "");
    related_add(&l, "b");
    related_add(&l, "a");
    finding f = rule_finding(&ctx, FINDING_FACT, SEVERITY_CHECK);
    finding_set_related(&ctx, &f, &l);
    finding_add_evidence(&ctx, &f, "gap", SEQ_COMPUTED, "%d kg", 3);
    finding_add_evidence(&ctx, &f, "sent", 7, "%d kg", 4);
    assert_int_equal(f.related_count, 2);
    assert_string_equal(f.related[1], "b");
    assert_int_equal(f.evidence_count, 2);
    assert_string_equal(f.evidence[0].value, "3 kg");
    assert_int_equal(f.evidence[1].seq, 7);
    arena_free(&memory);
    builder_free(b);
}

/* Two rules of one family are one sign; two families are more than one. */
static void families_add(void **state)
{
    (void)state;
    city_builder *b = small_city();
    builder_site(b, "S3", "P4", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "S4", "P4", SITE_FACTORY, 30.0, 120.5);
    finding all[] = {
        suspicion(&weight_rule, SUBJECT_SITE, 0, 1e-3, 3000000),
        suspicion(&second_weight_rule, SUBJECT_SITE, 0, 1e-3, 3000000),
        suspicion(&second_weight_rule, SUBJECT_SITE, 2, 1e-3, 3000000),
        suspicion(&weight_rule, SUBJECT_SITE, 3, 1e-3, 3000000),
        suspicion(&movement_rule, SUBJECT_SITE, 3, 1e-3, 3000000),
    };
    audit_result r = {.findings = all, .count = 5};
    arena_init(&r.memory, 0);
    wf_error err;
    assert_int_equal(rank_findings(&r, builder_city(b), &err), WF_OK);
    assert_int_equal(all[0].subject, 3);
    assert_int_equal(all[1].subject, 3);
    assert_true(all[1].priority > all[2].priority * 2);
    assert_true(all[2].priority >= all[4].priority && all[2].priority <= all[4].priority);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = i + 1; k < 5; k++)
            assert_string_not_equal(all[i].id, all[k].id);
    arena_free(&r.memory);
    builder_free(b);
}

static void ids_are_stable(void **state)
{
    (void)state;
    city_builder *b = small_city();
    finding once[] = {suspicion(&weight_rule, SUBJECT_SITE, 0, 1e-3, 3000000)};
    finding twice[] = {suspicion(&weight_rule, SUBJECT_SITE, 1, 1e-3, 9000000),
                       suspicion(&weight_rule, SUBJECT_SITE, 0, 1e-9, 3000000),
                       suspicion(&weight_rule, SUBJECT_SITE, 0, 1e-9, 9000)};
    audit_result first = {.findings = once, .count = 1};
    audit_result second = {.findings = twice, .count = 3};
    arena_init(&first.memory, 0);
    arena_init(&second.memory, 0);
    wf_error err;
    assert_int_equal(rank_findings(&first, builder_city(b), &err), WF_OK);
    assert_int_equal(rank_findings(&second, builder_city(b), &err), WF_OK);
    assert_int_equal(strlen(once[0].id), 13);
    size_t same = 0;
    for (size_t i = 0; i < 3; i++)
        same += strcmp(once[0].id, twice[i].id) == 0;
    assert_int_equal(same, 1); /* the two of site 0 that begin together still differ */
    arena_free(&first.memory);
    arena_free(&second.memory);
    builder_free(b);
}

static void wrong_options(void **state)
{
    (void)state;
    city_builder *b = small_city();
    audit_result *r = NULL;
    wf_error err;
    audit_options o = {.rule = "R99", .from_ms = TIME_NONE, .to_ms = TIME_NONE};
    assert_int_equal(audit_run(&r, builder_city(b), &o, &err), WF_USAGE);
    assert_null(r);
    assert_non_null(strstr(err.text, "R99"));
    o = (audit_options){.q = 1.5, .from_ms = TIME_NONE, .to_ms = TIME_NONE};
    assert_int_equal(audit_run(&r, builder_city(b), &o, &err), WF_USAGE);
    builder_free(b);
}

static void empty_city(void **state)
{
    (void)state;
    city_builder *b = builder_new();
    audit_result *r = NULL;
    wf_error err;
    assert_int_equal(audit_run(&r, builder_city(b), NULL, &err), WF_OK);
    assert_int_equal(r->count, 0);
    audit_free(r);
    audit_free(NULL);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builder_keeps_manifests),
        cmocka_unit_test(builder_sorts_tracks),
        cmocka_unit_test(shared_orders_by_time),
        cmocka_unit_test(report_helpers),
        cmocka_unit_test(families_add),
        cmocka_unit_test(ids_are_stable),
        cmocka_unit_test(wrong_options),
        cmocka_unit_test(empty_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
