/*
 * audit/rules/r10_pick_up_gap.c: the collector did not come to a hospital or clinic for more than
 * two days although waste was waiting there.
 *
 * The subject is the institution that waited; the carrier stands in the related ids. Without waste
 * produced within the limit there was nothing to collect (a closed clinic, a holiday), and a place
 * that was never visited is counted from its first batch. How two days are counted:
 * medical_visits.h.
 */
#include "audit/medical_visits.h"

static const rule_parameter parameters[] = {
    {"limit_hours", 48, "h, to the end of that day", "Medical Waste Regulations art. 25"},
};

static int64_t waiting_g(const medical_interval *i, int64_t until_ms)
{
    int64_t sum_g = 0;
    for (size_t k = 0; k < i->batch_count && i->batches[k]->time_ms <= until_ms; k++)
        sum_g += i->batches[k]->mass_g;
    return sum_g;
}

static wf_status judge(rule_context *ctx, const medical_interval *i, wf_error *err)
{
    const city *c = ctx->city;
    const generation_row *first = i->batches[0];
    int64_t limit_ms = fact_hours_ms(ctx, "limit_hours");
    int64_t from_ms = i->previous_ms != TIME_NONE ? i->previous_ms : first->time_ms;
    int64_t last_ms = medical_limit_ms(c, from_ms, limit_ms);
    if (i->next_ms <= last_ms || first->time_ms > from_ms + limit_ms)
        return WF_OK;
    finding f = rule_finding(ctx, FINDING_FACT, SEVERITY_INSPECT);
    f.subject_kind = SUBJECT_SITE;
    f.subject = i->site;
    f.stream = STREAM_MEDICAL;
    f.from_ms = from_ms;
    f.to_ms = i->next_ms;
    f.detected_at_ms = act_times_after(&ctx->shared->acts, last_ms);
    fact_set_mass(&f, waiting_g(i, last_ms));
    double hours = (double)(i->next_ms - from_ms) / TIME_HOUR_MS;
    const char *format =
        i->open ? _("%1$s: medical waste has not been collected since %2$s, %3$.1f h; %4$s was "
                    "waiting when the limit ended on %5$s.")
                : _("%1$s: medical waste was not collected from %2$s for %3$.1f h; %4$s was "
                    "waiting when the limit ended on %5$s.");
    f.sentence = rule_printf(ctx, format, site_key(c, i->site), rule_time(ctx, from_ms), hours,
                             rule_mass(ctx, f.mass_g), rule_time(ctx, last_ms));
    related_list related = {.count = 0};
    related_add(&related, site_key(c, i->site));
    if (i->previous_load != BOOK_NONE) {
        related_add(&related, party_key(c, c->manifests[i->previous_load].carrier));
        related_add(&related, manifest_key(c, i->previous_load));
    }
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("first batch after the visit"), first->seq, "%s, %s",
                         city_text(c, first->key), rule_time(ctx, first->time_ms));
    finding_add_evidence(ctx, &f, N_("limit"), SEQ_COMPUTED, "%s", rule_time(ctx, last_ms));
    return rule_report(ctx, &f, err);
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    return rule_covers(ctx, STREAM_MEDICAL) ? medical_intervals(ctx, judge, err) : WF_OK;
}

const rule rule_r10 = {
    .id = "R10",
    .name_en = "Medical pick-up gap",
    .name_zh = "医废收运间隔超期",
    .family = FAMILY_CONDUCT,
    .streams = STREAM_BIT(STREAM_MEDICAL),
    .source = "Medical Waste Regulations art. 25",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 1,
};
