/*
 * audit/rules/r13_disposer_licence.c: a facility took in a code, or worked by a method, that is not
 * in its permit on that day.
 *
 * Receipts are judged one by one (a finding a load, by treat or collect permits); treatments by
 * site, code and method together, because a plant that works by a wrong method does so every day. A
 * facility of which the register holds no such permit at all is accused only for hazardous waste,
 * which nobody may take in without one, and only within its own province.
 */
#include "audit/facts.h"
#include "audit/licence.h"
#include "base/text.h"

#include <stdlib.h>

static const rule_parameter parameters[] = {
    {"grace_days", 0, "days after the last", "Solid Waste Law art. 80: none"},
};

enum obstacle { COVERED, NO_PERMIT, OTHER_CODE, NOT_VALID };

static const char *const obstacle_texts[] = {
    [COVERED] = "",
    [NO_PERMIT] = N_("the facility has no permit on record"),
    [OTHER_CODE] = N_("no permit of the facility lists this waste code"),
    [NOT_VALID] = N_("the facility's permit for this code was not valid on that day"),
};

typedef struct verdict {
    enum obstacle obstacle;
    uint32_t permit;
} verdict;

static bool is_disposal_permit(const permit_row *p)
{
    return p->kind == PERMIT_TREAT || p->kind == PERMIT_COLLECT;
}

static verdict judge_receipt(const rule_context *ctx, licence_index *x, site_id site,
                             const manifest_row *m, int64_t at_ms)
{
    const city *c = ctx->city;
    int64_t grace_ms = fact_days_ms(ctx, "grace_days");
    verdict v = {NO_PERMIT, BOOK_NONE};
    licence_walk w = licence_of_site(x, site);
    for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
        if (!is_disposal_permit(&c->permits[p]))
            continue;
        verdict now = {COVERED, p};
        if (!licence_covers_code(x, p, m->code))
            now.obstacle = OTHER_CODE;
        else if (!licence_holds_at(x, p, at_ms) && !licence_holds_at(x, p, at_ms - grace_ms))
            now.obstacle = NOT_VALID;
        if (now.obstacle == COVERED)
            return now;
        if (now.obstacle > v.obstacle)
            v = now;
    }
    bool elsewhere =
        m->generator_site < c->site_count &&
        district_other_province(c, c->sites[m->generator_site].district, c->sites[site].district);
    if (v.obstacle == NO_PERMIT && (m->stream != STREAM_HAZARDOUS || elsewhere))
        v.obstacle = COVERED;
    return v;
}

static wf_status report_receipt(rule_context *ctx, const event_row *e, site_id site,
                                const verdict *v, wf_error *err)
{
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[e->manifest];
    finding f = fact_of_manifest(ctx, SEVERITY_URGENT, e->manifest);
    if (e->mass_g != MASS_NONE)
        fact_set_mass(&f, e->mass_g);
    f.from_ms = f.to_ms = e->time_ms;
    f.detected_at_ms = later_ms(e->known_ms, m->known_ms);
    f.sentence = rule_printf(ctx, _("Manifest %1$s: %2$s took in %3$s of %4$s on %5$s: %6$s."),
                             city_text(c, m->key), site_key(c, site), rule_mass(ctx, f.mass_g),
                             city_code(c, m->code), rule_time(ctx, e->time_ms),
                             _(obstacle_texts[v->obstacle]));
    related_list related = {.count = 0};
    related_add(&related, manifest_key(c, e->manifest));
    related_add(&related, site_key(c, site));
    if (v->permit != BOOK_NONE) {
        const permit_row *p = &c->permits[v->permit];
        related_add(&related, city_text(c, p->key));
        finding_add_evidence(ctx, &f, N_("nearest permit"), p->seq, "%s: %s, %s - %s",
                             city_text(c, p->key), city_text(c, p->waste_codes),
                             rule_time(ctx, p->valid_from_ms), rule_time(ctx, p->valid_to_ms));
    }
    related_add_manifest(&related, c, e->manifest);
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("receipt"), e->seq, "%s", rule_time(ctx, e->time_ms));
    return rule_report(ctx, &f, err);
}

static wf_status judge_receipts(rule_context *ctx, licence_index *x, wf_error *err)
{
    const city *c = ctx->city;
    uint8_t *reported = calloc(c->manifest_count + 1, 1);
    wf_status status =
        reported != NULL ? WF_OK : wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R13");
    for (size_t i = 0; status == WF_OK && i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if (e->kind != EVENT_RECEIVED || e->manifest >= c->manifest_count ||
            reported[e->manifest] || e->mass_g == 0)
            continue;
        const manifest_row *m = &c->manifests[e->manifest];
        site_id site = e->site < c->site_count ? e->site : m->facility_site;
        if (site >= c->site_count || !rule_covers(ctx, m->stream))
            continue;
        verdict v = judge_receipt(ctx, x, site, m, e->time_ms);
        if (v.obstacle == COVERED)
            continue;
        reported[e->manifest] = 1;
        status = report_receipt(ctx, e, site, &v, err);
    }
    free(reported);
    return status;
}

/* The treatments of one site, code and method that no permit of that day allows. */
typedef struct misuse {
    site_id site;
    code_id code;
    text_ref method;
    uint32_t permit, count;
    int64_t from_ms, to_ms, known_ms, mass_g;
    uint64_t seq;
} misuse;

/* The permit that lists the code on that day but not the method; BOOK_NONE when one lists both, or
   none lists the code (then the receipts say so, or it is the plant's own residue). */
static uint32_t permit_without_method(const city *c, licence_index *x, const treatment_row *t)
{
    uint32_t without = BOOK_NONE;
    const char *method = city_text(c, t->method);
    licence_walk w = licence_of_site(x, t->site);
    for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
        const permit_row *row = &c->permits[p];
        if (!is_disposal_permit(row) || !licence_covers_code(x, p, t->code) ||
            !licence_holds_at(x, p, t->time_ms))
            continue;
        const char *methods = city_text(c, row->methods);
        if (*methods == '\0' || list_has(methods, method))
            return BOOK_NONE;
        without = p;
    }
    return without;
}

static wf_status report_misuse(rule_context *ctx, const misuse *u, wf_error *err)
{
    const city *c = ctx->city;
    const permit_row *p = &c->permits[u->permit];
    finding f = rule_finding(ctx, FINDING_FACT, SEVERITY_URGENT);
    f.subject_kind = SUBJECT_SITE;
    f.subject = u->site;
    f.from_ms = u->from_ms;
    f.to_ms = u->to_ms;
    f.detected_at_ms = u->known_ms;
    fact_set_mass(&f, u->mass_g);
    f.sentence =
        rule_printf(ctx,
                    _("%1$s treated %2$s of %3$s by %4$s, which its permit %5$s does not "
                      "allow (%6$s)."),
                    site_key(c, u->site), rule_mass(ctx, u->mass_g), city_code(c, u->code),
                    city_text(c, u->method), city_text(c, p->key), city_text(c, p->methods));
    related_list related = {.count = 0};
    related_add(&related, site_key(c, u->site));
    related_add(&related, city_text(c, p->key));
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("first treatment"), u->seq, "%s", rule_time(ctx, u->from_ms));
    finding_add_evidence(ctx, &f, N_("treatments"), SEQ_COMPUTED, "%u", (unsigned)u->count);
    return rule_report(ctx, &f, err);
}

/* Few differ, if any: a list is enough. */
static misuse *misuse_of(misuse **all, size_t *count, size_t *capacity, const treatment_row *t)
{
    for (size_t i = 0; i < *count; i++)
        if ((*all)[i].site == t->site && (*all)[i].code == t->code && (*all)[i].method == t->method)
            return &(*all)[i];
    if (!array_grow((void **)all, capacity, *count + 1, sizeof **all))
        return NULL;
    misuse *u = &(*all)[(*count)++];
    *u = (misuse){.site = t->site,
                  .code = t->code,
                  .method = t->method,
                  .from_ms = t->time_ms,
                  .known_ms = t->known_ms,
                  .seq = t->seq};
    return u;
}

static wf_status judge_treatments(rule_context *ctx, licence_index *x, wf_error *err)
{
    const city *c = ctx->city;
    misuse *all = NULL;
    size_t count = 0, capacity = 0;
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < c->treatment_count; i++) {
        const treatment_row *t = &c->treatments[i];
        if (!t->first || t->site >= c->site_count || *city_text(c, t->method) == '\0')
            continue;
        uint32_t permit = permit_without_method(c, x, t);
        if (permit == BOOK_NONE)
            continue;
        misuse *u = misuse_of(&all, &count, &capacity, t);
        if (u == NULL) {
            status = wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R13");
            break;
        }
        u->permit = permit;
        u->count++;
        u->mass_g += t->mass_g;
        u->to_ms = later_ms(t->time_ms, u->from_ms);
    }
    for (size_t i = 0; status == WF_OK && i < count; i++)
        status = report_misuse(ctx, &all[i], err);
    free(all);
    return status;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    licence_index *x;
    wf_status status = licence_index_new(&x, ctx->city, err);
    if (status == WF_OK)
        status = judge_receipts(ctx, x, err);
    /* A treatment names no stream: it is reported where no single stream was asked for. */
    if (status == WF_OK && (ctx->options == NULL || ctx->options->stream == STREAM_NONE))
        status = judge_treatments(ctx, x, err);
    licence_index_free(x);
    return status;
}

const rule rule_r13 = {
    .id = "R13",
    .name_en = "Disposer outside code or method",
    .name_zh = "处置单位超范围",
    .family = FAMILY_LICENCE,
    .streams = STREAM_BIT(STREAM_HAZARDOUS) | STREAM_BIT(STREAM_INDUSTRIAL) |
               STREAM_BIT(STREAM_CONSTRUCTION),
    .source = "Solid Waste Law art. 80; Hazardous Waste Licence Measures",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 3,
};
