/*
 * audit/rules/r12_carrier_licence.c: a load that its carrier, or this vehicle, may not carry.
 *
 * One finding a load, at the first act that puts it on a vehicle without cover: a pick-up or a
 * hand-over. Four ways:
 *   - no transport permit of the carrier covers the code on that day;
 *   - one does, but it lists its vehicles and this is none of them;
 *   - the vehicle is licensed for medical waste alone and carries something else;
 *   - construction waste leaves a site whose own disposal approval has expired or not begun.
 * Where the register holds no transport permit of any carrier for a code, it evidently does not
 * keep such permits, and nobody is accused; the same for a carrier from another province of which
 * it knows nothing.
 */
#include "audit/facts.h"
#include "audit/licence.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const rule_parameter parameters[] = {
    {"grace_days", 0, "days after the last", "Hazardous Waste Transfer Measures art. 13: none"},
};

/* The streams whose carriers need a permit that registers keep; a van for medical waste may carry
   nothing else of any stream. */
enum {
    LICENSED =
        STREAM_BIT(STREAM_HAZARDOUS) | STREAM_BIT(STREAM_MEDICAL) | STREAM_BIT(STREAM_CONSTRUCTION)
};

enum obstacle {
    COVERED,
    NO_PERMIT,
    OTHER_CODE,
    NOT_VALID,
    VEHICLE_NOT_LISTED,
    MEDICAL_VAN,
    NO_SPOIL
};

static const char *const obstacle_texts[] = {
    [COVERED] = "",
    [NO_PERMIT] = N_("the carrier has no transport permit on record"),
    [OTHER_CODE] = N_("no transport permit of the carrier covers this waste code"),
    [NOT_VALID] = N_("the carrier's transport permit was not valid on that day"),
    [VEHICLE_NOT_LISTED] = N_("the vehicle is not listed in the carrier's transport permit"),
    [MEDICAL_VAN] = N_("a vehicle for medical waste may carry nothing else"),
    [NO_SPOIL] = N_("the site's approval to dispose of construction waste was not valid that day"),
};

typedef struct verdict {
    enum obstacle obstacle;
    uint32_t permit;
} verdict;

typedef struct check {
    rule_context *ctx;
    licence_index *index;
    int64_t grace_ms;
    uint8_t *reported; /* per manifest */
    uint8_t *medical;  /* per vehicle: listed in permits for medical waste, and in no other */
} check;

static bool holds(const check *k, uint32_t permit, int64_t at_ms)
{
    return licence_holds_at(k->index, permit, at_ms) ||
           (k->grace_ms > 0 && licence_holds_at(k->index, permit, at_ms - k->grace_ms));
}

/* Every pattern of its list begins with 841-. */
static bool is_medical_only(const city *c, const permit_row *p)
{
    const char *word = city_text(c, p->waste_codes);
    while (word != NULL) {
        if (strncmp(word, "841-", 4) != 0)
            return false;
        word = strchr(word, '|');
        word = word != NULL ? word + 1 : NULL;
    }
    return true;
}

static void mark_medical_vehicles(check *k)
{
    const city *c = k->ctx->city;
    for (size_t v = 0; v < c->vehicle_count; v++) {
        licence_walk w = licence_of_party(k->index, c->vehicles[v].party);
        bool medical = false, other = false;
        for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
            const permit_row *row = &c->permits[p];
            if (row->kind != PERMIT_TRANSPORT || *city_text(c, row->vehicles) == '\0' ||
                !licence_lists_vehicle(k->index, p, (vehicle_id)v))
                continue;
            medical = medical || is_medical_only(c, row);
            other = other || !is_medical_only(c, row);
        }
        k->medical[v] = medical && !other;
    }
}

static verdict judge_carrier(check *k, const manifest_row *m, party_id carrier, vehicle_id vehicle,
                             int64_t at_ms)
{
    const city *c = k->ctx->city;
    verdict v = {NO_PERMIT, BOOK_NONE};
    licence_walk w = licence_of_party(k->index, carrier);
    for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
        if (c->permits[p].kind != PERMIT_TRANSPORT)
            continue;
        verdict now = {COVERED, p};
        if (!licence_covers_code(k->index, p, m->code))
            now.obstacle = OTHER_CODE;
        else if (!holds(k, p, at_ms))
            now.obstacle = NOT_VALID;
        else if (vehicle != BOOK_NONE && !licence_lists_vehicle(k->index, p, vehicle))
            now.obstacle = VEHICLE_NOT_LISTED;
        if (now.obstacle == COVERED)
            return now;
        if (now.obstacle > v.obstacle)
            v = now;
    }
    bool unknown = v.obstacle == NO_PERMIT && m->generator_site < c->site_count &&
                   carrier < c->party_count &&
                   district_other_province(c, c->parties[carrier].district,
                                           c->sites[m->generator_site].district);
    if (carrier >= c->party_count || unknown ||
        !licence_kept_for(k->index, PERMIT_TRANSPORT, m->code))
        v.obstacle = COVERED;
    return v;
}

/* The approval of a building site. Sites without any on record are not judged: small works need
   none. */
static verdict judge_spoil(check *k, const manifest_row *m, int64_t at_ms)
{
    const city *c = k->ctx->city;
    verdict v = {COVERED, BOOK_NONE};
    licence_walk w = licence_of_site(k->index, m->generator_site);
    for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
        if (c->permits[p].kind != PERMIT_SPOIL_DISPOSAL ||
            !licence_covers_code(k->index, p, m->code))
            continue;
        if (holds(k, p, at_ms))
            return (verdict){COVERED, p};
        v = (verdict){NO_SPOIL, p};
    }
    return v;
}

static const char *sentence(check *k, manifest_id id, party_id carrier, vehicle_id vehicle,
                            int64_t at_ms, const verdict *v)
{
    rule_context *ctx = k->ctx;
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[id];
    return rule_printf(ctx,
                       _("Manifest %1$s: carrier %2$s took %3$s of %4$s from %5$s with vehicle "
                         "%6$s on %7$s: %8$s."),
                       city_text(c, m->key), party_key(c, carrier),
                       rule_mass(ctx, manifest_mass_g(m)), city_code(c, m->code),
                       site_key(c, m->generator_site), vehicle_key(c, vehicle),
                       rule_time(ctx, at_ms), _(obstacle_texts[v->obstacle]));
}

static wf_status report(check *k, const event_row *e, party_id carrier, vehicle_id vehicle,
                        const verdict *v, wf_error *err)
{
    rule_context *ctx = k->ctx;
    const city *c = ctx->city;
    finding f = fact_of_manifest(ctx, SEVERITY_INSPECT, e->manifest);
    f.from_ms = f.to_ms = e->time_ms;
    f.detected_at_ms = later_ms(e->known_ms, c->manifests[e->manifest].known_ms);
    f.sentence = sentence(k, e->manifest, carrier, vehicle, e->time_ms, v);
    related_list related = {.count = 0};
    related_add(&related, manifest_key(c, e->manifest));
    related_add(&related, vehicle_key(c, vehicle));
    related_add(&related, party_key(c, carrier));
    if (v->permit != BOOK_NONE) {
        const permit_row *p = &c->permits[v->permit];
        related_add(&related, city_text(c, p->key));
        finding_add_evidence(ctx, &f, N_("nearest permit"), p->seq, "%s, %s - %s",
                             city_text(c, p->key), rule_time(ctx, p->valid_from_ms),
                             rule_time(ctx, p->valid_to_ms));
    }
    related_add_manifest(&related, c, e->manifest);
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("taken over"), e->seq, "%s", rule_time(ctx, e->time_ms));
    k->reported[e->manifest] = 1;
    return rule_report(ctx, &f, err);
}

static wf_status judge_event(check *k, const event_row *e, wf_error *err)
{
    const city *c = k->ctx->city;
    const manifest_row *m = &c->manifests[e->manifest];
    bool handed_over = e->kind == EVENT_HANDED_OVER;
    /* A hand-over into a transfer station names a party that is no carrier. */
    if (handed_over && e->party != BOOK_NONE && (c->parties[e->party].roles & ROLE_CARRIER) == 0)
        return WF_OK;
    party_id carrier = handed_over && e->party != BOOK_NONE ? e->party : m->carrier;
    vehicle_id vehicle = e->vehicle != BOOK_NONE ? e->vehicle : m->vehicle;
    verdict v = {COVERED, BOOK_NONE};
    if (m->stream != STREAM_MEDICAL && vehicle < c->vehicle_count && k->medical[vehicle])
        v.obstacle = MEDICAL_VAN;
    else if ((LICENSED & STREAM_BIT(m->stream)) != 0)
        v = judge_carrier(k, m, carrier, vehicle, e->time_ms);
    if (v.obstacle == COVERED && m->stream == STREAM_CONSTRUCTION && !handed_over)
        v = judge_spoil(k, m, e->time_ms);
    return v.obstacle == COVERED ? WF_OK : report(k, e, carrier, vehicle, &v, err);
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    check k = {.ctx = ctx,
               .grace_ms = fact_days_ms(ctx, "grace_days"),
               .reported = calloc(c->manifest_count + 1, 1),
               .medical = calloc(c->vehicle_count + 1, 1)};
    wf_status status = k.reported == NULL || k.medical == NULL
                           ? wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R12")
                           : licence_index_new(&k.index, c, err);
    if (status == WF_OK)
        mark_medical_vehicles(&k);
    for (size_t i = 0; status == WF_OK && i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if ((e->kind != EVENT_PICKED_UP && e->kind != EVENT_HANDED_OVER) ||
            e->manifest >= c->manifest_count || k.reported[e->manifest] ||
            !rule_covers(ctx, c->manifests[e->manifest].stream))
            continue;
        status = judge_event(&k, e, err);
    }
    licence_index_free(k.index);
    free(k.reported);
    free(k.medical);
    return status;
}

const rule rule_r12 = {
    .id = "R12",
    .name_en = "Carrier or vehicle outside licence",
    .name_zh = "承运人超资质",
    .family = FAMILY_LICENCE,
    .streams = STREAMS_ALL,
    .source = "Hazardous Waste Transfer Measures art. 13; Medical Waste Regulations art. 26; "
              "Construction Waste Provisions (decree 139) art. 7",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2,
};
