/*
 * audit/rules/r03_unconfirmed.c: the facility took a load in and did not confirm it in time.
 *
 * Counted from the receipt, or from the arrival while nobody has recorded a receipt. The law counts
 * hazardous waste in whole working days that begin after the day of acceptance, so that the limit
 * ends with the fifth working day, not at the hour of the receipt; the others are in hours.
 * A load that was refused whole is never confirmed: it goes back.
 */
#include "audit/facts.h"

static const rule_parameter parameters[] = {
    {"hazardous_working_days", 5, "working days",
     "Hazardous Waste Transfer Measures (2021 decree 23) art. 18"},
    {"medical_hours", 24, "h", "proposal"},
    {"other_hours", 48, "h", "proposal"},
};

typedef struct limits {
    int working_days;
    int64_t medical_ms, other_ms;
} limits;

static int64_t working_days_end_ms(const city *c, int64_t from_ms, int days)
{
    int64_t at_ms = city_add_working_days(c, from_ms, days);
    return time_day_start(time_day(at_ms, c->utc_offset_minutes) + 1, c->utc_offset_minutes) - 1;
}

/* The last moment in time, `times` limits after `from_ms`. */
static int64_t deadline_ms(const city *c, const limits *l, const manifest_row *m, int64_t from_ms,
                           int times)
{
    if (m->stream == STREAM_HAZARDOUS)
        return working_days_end_ms(c, from_ms, times * l->working_days);
    return from_ms + times * (m->stream == STREAM_MEDICAL ? l->medical_ms : l->other_ms);
}

/* The moment from which the limit runs; TIME_NONE: it does not. */
static int64_t start_ms(const manifest_row *m)
{
    bool refused_whole = m->rejected_g > 0 && (m->received_g == MASS_NONE || m->received_g == 0);
    if (refused_whole || m->state == MANIFEST_CANCELLED)
        return TIME_NONE;
    if (m->received_ms != TIME_NONE)
        return m->received_ms;
    return m->state == MANIFEST_ARRIVED ? m->arrived_ms : TIME_NONE;
}

static const char *sentence(rule_context *ctx, const manifest_row *m, int64_t from_ms,
                            int64_t last_ms)
{
    const city *c = ctx->city;
    const char *key = city_text(c, m->key), *facility = site_key(c, m->facility_site);
    const char *mass = rule_mass(ctx, manifest_mass_g(m));
    if (m->confirmed_ms == TIME_NONE)
        return rule_printf(ctx,
                           _("Manifest %1$s: %2$s came in at %3$s on %4$s and is still not "
                             "confirmed; the limit ended on %5$s."),
                           key, mass, facility, rule_time(ctx, from_ms), rule_time(ctx, last_ms));
    return rule_printf(ctx,
                       _("Manifest %1$s: %2$s came in at %3$s on %4$s and was confirmed only on "
                         "%6$s; the limit ended on %5$s."),
                       key, mass, facility, rule_time(ctx, from_ms), rule_time(ctx, last_ms),
                       rule_time(ctx, m->confirmed_ms));
}

/* When the record that starts the limit was on the ledger. */
static int64_t start_known_ms(const rule_context *ctx, manifest_id id)
{
    bool received = ctx->city->manifests[id].received_ms != TIME_NONE;
    const event_row *e = manifest_first_event(ctx, id, received ? EVENT_RECEIVED : EVENT_ARRIVED);
    return e != NULL ? e->known_ms : ctx->city->manifests[id].known_ms;
}

static wf_status report(rule_context *ctx, const limits *l, manifest_id id, wf_error *err)
{
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[id];
    int64_t from_ms = start_ms(m);
    int64_t until_ms = m->confirmed_ms != TIME_NONE ? m->confirmed_ms : c->now_ms;
    int64_t last_ms = deadline_ms(c, l, m, from_ms, 1);
    bool twice = until_ms > deadline_ms(c, l, m, from_ms, 2);
    finding f = fact_of_manifest(ctx, twice ? SEVERITY_INSPECT : SEVERITY_CHECK, id);
    f.from_ms = from_ms;
    f.to_ms = until_ms;
    f.detected_at_ms =
        later_ms(act_times_after(&ctx->shared->acts, last_ms), start_known_ms(ctx, id));
    f.sentence = sentence(ctx, m, from_ms, last_ms);
    related_list related = {.count = 0};
    related_add_manifest(&related, c, id);
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("came in"), m->seq, "%s", rule_time(ctx, from_ms));
    finding_add_evidence(ctx, &f, N_("limit"), SEQ_COMPUTED, "%s", rule_time(ctx, last_ms));
    return rule_report(ctx, &f, err);
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    limits l = {(int)rule_parameter_value(ctx->rule, "hazardous_working_days"),
                fact_hours_ms(ctx, "medical_hours"), fact_hours_ms(ctx, "other_hours")};
    int64_t least_ms = l.medical_ms < l.other_ms ? l.medical_ms : l.other_ms;
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        int64_t from_ms = start_ms(m);
        if (from_ms == TIME_NONE || !rule_covers(ctx, m->stream))
            continue;
        int64_t until_ms = m->confirmed_ms != TIME_NONE ? m->confirmed_ms : c->now_ms;
        /* The calendar is asked only for the few that took longer than any limit in hours. */
        if (until_ms - from_ms <= least_ms || until_ms <= deadline_ms(c, &l, m, from_ms, 1))
            continue;
        status = report(ctx, &l, (manifest_id)i, err);
    }
    return status;
}

const rule rule_r03 = {
    .id = "R03",
    .name_en = "Receipt not confirmed in time",
    .name_zh = "超期未确认接收",
    .family = FAMILY_PAPER,
    .streams = STREAMS_ALL,
    .source = "Hazardous Waste Transfer Measures (2021 decree 23) art. 18",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 0.5,
};
