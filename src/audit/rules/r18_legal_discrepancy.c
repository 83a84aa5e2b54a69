/*
 * audit/rules/r18_legal_discrepancy.c: what was received differs from what was sent by more than a
 * tenth, and nobody has settled it.
 *
 * Sent is the sum of the weighed pick-ups; a manifest with a pick-up that nobody weighed or
 * recorded is not judged, because a declared mass is an estimate. Received is what was accepted
 * plus what was refused. The gap must be larger than a tenth and larger than the two weighings may
 * be wrong by law (class III, in service): 0.6 kg against 0.7 kg on scales of 50 g proves nothing.
 * A correction that both sides agreed within fifteen days settles the matter: at the generator's
 * site it replaces the pick-up, elsewhere the receipt. A load weighed wrong and never corrected is
 * a discrepancy all the same.
 */
#include "audit/facts.h"
#include "base/text.h"

#include <stdlib.h>

static const rule_parameter parameters[] = {
    {"bulk_share", 0.10, "of the mass sent", "40 CFR 264.72(b)(1)"},
    {"settle_days", 15, "days after receipt", "40 CFR 264.72(c)"},
    {"unknown_scale_share", 0.2, "of the mass",
     "proposal: without a scale on record nobody knows how it was weighed"},
};

typedef struct account {
    int64_t sent_g, received_g, rejected_g;
    int64_t allowed_g; /* what the weighings may be wrong by, together */
    int64_t receipt_ms, known_ms;
    int64_t settled_ms; /* a correction too late to settle it; TIME_NONE: none */
    uint64_t pick_up_seq, receipt_seq;
    bool complete; /* every pick-up has a mass */
} account;

static bool is_at_pick_up(const rule_context *ctx, const uint32_t *events, size_t count,
                          const event_row *correction)
{
    const city *c = ctx->city;
    if (correction->site == BOOK_NONE)
        return false;
    for (size_t i = 0; i < count; i++) {
        const event_row *e = &c->events[events[i]];
        if (e->kind == EVENT_PICKED_UP && e->site == correction->site)
            return true;
    }
    return correction->site == c->manifests[correction->manifest].generator_site;
}

/* Gross and tare of a net weighing on one scale; the tare of a scale for small loads is small. The
   permissible error is that of the scale before it rounds (OIML R 76, 3.5.3.2): each of the two
   indications may be half a division further off. */
static int64_t weighing_error_g(const rule_context *ctx, const event_row *e)
{
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[e->manifest];
    int64_t division_g = 0, tare_g = 0;
    if (e->scale < c->scale_count)
        division_g = c->scales[e->scale].division_g;
    if (division_g <= 0)
        return (int64_t)(rule_parameter_value(ctx->rule, "unknown_scale_share") *
                         (double)e->mass_g);
    vehicle_id vehicle = e->vehicle != BOOK_NONE ? e->vehicle : m->vehicle;
    bool truck_scale = division_g >= 5000;
    if (truck_scale && vehicle < c->vehicle_count && c->vehicles[vehicle].tare_g > 0)
        tare_g = c->vehicles[vehicle].tare_g;
    return scale_permissible_error_g(division_g, tare_g + e->mass_g) +
           scale_permissible_error_g(division_g, tare_g) + division_g;
}

static void apply_correction(const rule_context *ctx, account *a, const uint32_t *events,
                             size_t count, const event_row *e)
{
    if (e->mass_g == MASS_NONE)
        return;
    bool received = a->receipt_ms != TIME_NONE;
    if (received && e->time_ms > a->receipt_ms + fact_days_ms(ctx, "settle_days")) {
        a->settled_ms = e->time_ms;
        return;
    }
    if (!is_at_pick_up(ctx, events, count, e)) {
        a->received_g = received ? e->mass_g : a->received_g;
        return;
    }
    /* Of several pick-ups, only the one at that site is replaced. */
    int64_t before_g = 0;
    for (size_t i = 0; i < count; i++) {
        const event_row *p = &ctx->city->events[events[i]];
        if (p->kind == EVENT_PICKED_UP && (p->site == e->site || p->site == BOOK_NONE))
            before_g += p->mass_g == MASS_NONE ? 0 : p->mass_g;
    }
    a->sent_g += e->mass_g - before_g;
}

static account account_of(const rule_context *ctx, manifest_id id)
{
    const city *c = ctx->city;
    account a = {.receipt_ms = TIME_NONE, .settled_ms = TIME_NONE, .complete = true};
    size_t count, pick_ups = 0;
    const uint32_t *events = grouped_items(&ctx->shared->events_of_manifest, id, &count);
    for (size_t i = 0; i < count; i++) {
        const event_row *e = &c->events[events[i]];
        bool came_in = e->kind == EVENT_RECEIVED || e->kind == EVENT_REJECTED;
        if (e->kind == EVENT_CORRECTED)
            apply_correction(ctx, &a, events, count, e);
        if (e->kind != EVENT_PICKED_UP && !came_in)
            continue;
        if (e->mass_g == MASS_NONE) {
            a.complete = false;
            continue;
        }
        a.known_ms = later_ms(a.known_ms, e->known_ms);
        if (e->kind == EVENT_PICKED_UP) {
            a.sent_g += e->mass_g;
            a.pick_up_seq = e->seq;
            pick_ups++;
        } else if (e->kind == EVENT_RECEIVED) {
            a.received_g += e->mass_g;
        } else {
            a.rejected_g += e->mass_g;
        }
        if (came_in) {
            a.receipt_ms = later_ms(a.receipt_ms, e->time_ms);
            a.receipt_seq = e->seq;
        }
        /* What is refused is the remainder of a receipt, not a weighing of its own. */
        if (e->kind != EVENT_REJECTED || a.received_g == 0)
            a.allowed_g += weighing_error_g(ctx, e);
    }
    a.complete = a.complete && pick_ups > 0 && a.receipt_ms != TIME_NONE;
    return a;
}

static wf_status report(rule_context *ctx, manifest_id id, const account *a, int64_t gap_g,
                        wf_error *err)
{
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[id];
    int64_t late_ms = a->receipt_ms + fact_days_ms(ctx, "settle_days");
    bool urgent = c->now_ms > late_ms;
    int64_t size_g = gap_g < 0 ? -gap_g : gap_g;
    finding f = fact_of_manifest(ctx, urgent ? SEVERITY_URGENT : SEVERITY_INSPECT, id);
    f.from_ms = a->receipt_ms;
    f.to_ms = a->settled_ms != TIME_NONE ? a->settled_ms : c->now_ms;
    f.to_ms = later_ms(f.to_ms, f.from_ms);
    f.detected_at_ms = a->known_ms;
    f.mass_g = size_g;
    f.mass_low_g = size_g > a->allowed_g ? size_g - a->allowed_g : 0;
    f.mass_high_g = size_g + a->allowed_g;
    const char *format =
        urgent
            ? _("Manifest %1$s: %2$s was sent and %3$s received, a difference of %4$s (%5$+.1f %%) "
                "that was not settled within %6$.0f days.")
            : _("Manifest %1$s: %2$s was sent and %3$s received, a difference of %4$s (%5$+.1f %%) "
                "that has to be settled within %6$.0f days.");
    f.sentence = rule_printf(ctx, format, city_text(c, m->key), rule_mass(ctx, a->sent_g),
                             rule_mass(ctx, a->received_g + a->rejected_g), rule_mass(ctx, gap_g),
                             100 * (double)gap_g / (double)a->sent_g,
                             rule_parameter_value(ctx->rule, "settle_days"));
    related_list related = {.count = 0};
    related_add_manifest(&related, c, id);
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("sent"), a->pick_up_seq, "%s", rule_mass(ctx, a->sent_g));
    finding_add_evidence(ctx, &f, N_("accepted"), a->receipt_seq, "%s",
                         rule_mass(ctx, a->received_g));
    finding_add_evidence(ctx, &f, N_("refused mass"), a->receipt_seq, "%s",
                         rule_mass(ctx, a->rejected_g));
    finding_add_evidence(ctx, &f, N_("largest error of the weighings"), SEQ_COMPUTED, "%s",
                         rule_mass(ctx, a->allowed_g));
    return rule_report(ctx, &f, err);
}

/* A correction changes the masses in the manifest's row: the row may agree today although it did
   not for weeks. Those manifests are looked at event by event whatever their row says. */
static uint8_t *corrected_manifests(const city *c)
{
    uint8_t *corrected = calloc(c->manifest_count + 1, 1);
    for (size_t i = 0; corrected != NULL && i < c->event_count; i++)
        if (c->events[i].kind == EVENT_CORRECTED && c->events[i].manifest < c->manifest_count)
            corrected[c->events[i].manifest] = 1;
    return corrected;
}

static bool differs(double share, int64_t sent_g, int64_t got_g)
{
    int64_t gap_g = got_g > sent_g ? got_g - sent_g : sent_g - got_g;
    return sent_g > 0 && (double)gap_g > share * (double)sent_g;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    double share = rule_parameter_value(ctx->rule, "bulk_share");
    uint8_t *corrected = corrected_manifests(c);
    if (corrected == NULL)
        return wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R18");
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        if (!rule_covers(ctx, m->stream) || m->picked_up_g == MASS_NONE ||
            (m->received_g == MASS_NONE && m->rejected_g == 0))
            continue;
        int64_t got_g = (m->received_g == MASS_NONE ? 0 : m->received_g) + m->rejected_g;
        if (!corrected[i] && !differs(share, m->picked_up_g, got_g))
            continue;
        account a = account_of(ctx, (manifest_id)i);
        int64_t gap_g = a.received_g + a.rejected_g - a.sent_g;
        int64_t size_g = gap_g < 0 ? -gap_g : gap_g;
        if (a.complete && differs(share, a.sent_g, a.sent_g + gap_g) && size_g > a.allowed_g)
            status = report(ctx, (manifest_id)i, &a, gap_g, err);
    }
    free(corrected);
    return status;
}

const rule rule_r18 = {
    .id = "R18",
    .name_en = "Legal-size discrepancy",
    .name_zh = "重大数量差异",
    .family = FAMILY_WEIGHT,
    .streams = STREAM_BIT(STREAM_HAZARDOUS) | STREAM_BIT(STREAM_MEDICAL),
    .source = "Hazardous Waste Transfer Measures art. 18; 40 CFR 264.72",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 1.5,
};
