/*
 * audit/rules/r07_cross_province.c: waste left the province without an approval that covers it.
 *
 * One finding a load. An approval covers a load when it names the generator (or its party), the
 * code, the destination, holds on the day of the pick-up and within twelve months of its first day,
 * and its quantity is not used up by the loads before. General industrial waste needs an approval
 * for storage and disposal only (its use needs a filing, which is no permit), so industrial loads
 * are judged where they go to a landfill or an incinerator. Only loads that leave the province of
 * this register: approvals of other provinces' generators are kept elsewhere.
 */
#include "audit/facts.h"
#include "audit/licence.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const rule_parameter parameters[] = {
    {"approval_months", 12, "months", "Hazardous Waste Transfer Measures art. 27"},
    {"quantity_share", 1.0, "of the approved quantity", "same, art. 28: new application beyond it"},
};

enum obstacle { COVERED, NO_APPROVAL, OTHER_CODE, OTHER_PLACE, NOT_VALID, USED_UP };

static const char *const obstacle_texts[] = {
    [COVERED] = "",
    [NO_APPROVAL] = N_("no approval is on record"),
    [OTHER_CODE] = N_("the approval does not list this waste code"),
    [OTHER_PLACE] = N_("the approval names another destination"),
    [NOT_VALID] = N_("the approval was not valid on the day of the pick-up"),
    [USED_UP] = N_("the approved quantity was used up"),
};

typedef struct verdict {
    enum obstacle obstacle; /* the one that came nearest to being covered */
    uint32_t permit;
    int64_t sum_g; /* of this approval with this load */
} verdict;

/* The two digits of the province in which most sites of the register lie; "" when none has one. */
static void home_province(char out[3], const city *c)
{
    size_t of[100] = {0}, best = 0;
    for (size_t i = 0; i < c->site_count; i++) {
        const char *d = city_text(c, c->sites[i].district);
        if (d[0] >= '0' && d[0] <= '9' && d[1] >= '0' && d[1] <= '9')
            of[(d[0] - '0') * 10 + (d[1] - '0')]++;
    }
    for (size_t i = 1; i < 100; i++)
        best = of[i] > of[best] ? i : best;
    out[0] = of[best] > 0 ? (char)('0' + best / 10) : '\0';
    out[1] = of[best] > 0 ? (char)('0' + best % 10) : '\0';
    out[2] = '\0';
}

/* The first moment that is too late, by the twelve months: a day of grace, because registers write
   a year both as 1 January to 31 December and as 1 January to 1 January. */
static int64_t months_later_ms(const city *c, int64_t from_ms, int months)
{
    int year, month, day;
    time_civil(time_day(from_ms, c->utc_offset_minutes), &year, &month, &day);
    int all = year * 12 + (month - 1) + months;
    int32_t end = time_day_from_civil(all / 12, all % 12 + 1, 1) + (day - 1) + 1;
    return time_day_start(end, c->utc_offset_minutes);
}

static bool goes_where_approved(const city *c, const permit_row *p, const manifest_row *m)
{
    if (p->destination_site != BOOK_NONE)
        return p->destination_site == m->facility_site;
    const char *to = city_text(c, p->destination_district);
    const char *district = city_text(c, c->sites[m->facility_site].district);
    return strncmp(district, to, strlen(to)) == 0;
}

static verdict judge(rule_context *ctx, licence_index *x, const int64_t *used_g,
                     const manifest_row *m)
{
    const city *c = ctx->city;
    int months = (int)rule_parameter_value(ctx->rule, "approval_months");
    double share = rule_parameter_value(ctx->rule, "quantity_share");
    verdict v = {NO_APPROVAL, BOOK_NONE, 0};
    licence_walk w = licence_of_site(x, m->generator_site);
    for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
        const permit_row *row = &c->permits[p];
        if (row->kind != PERMIT_CROSS_REGION)
            continue;
        verdict now = {COVERED, p, used_g[p] + manifest_mass_g(m)};
        if (!licence_covers_code(x, p, m->code))
            now.obstacle = OTHER_CODE;
        else if (!goes_where_approved(c, row, m))
            now.obstacle = OTHER_PLACE;
        else if (!licence_holds_at(x, p, m->picked_up_ms) ||
                 m->picked_up_ms >= months_later_ms(c, row->valid_from_ms, months))
            now.obstacle = NOT_VALID;
        else if (row->limit_g_per_year != MASS_NONE &&
                 (double)now.sum_g > share * (double)row->limit_g_per_year)
            now.obstacle = USED_UP;
        if (now.obstacle == COVERED)
            return now;
        if (now.obstacle > v.obstacle)
            v = now;
    }
    return v;
}

static wf_status report(rule_context *ctx, manifest_id id, const verdict *v, wf_error *err)
{
    const city *c = ctx->city;
    const manifest_row *m = &c->manifests[id];
    const event_row *left = manifest_first_event(ctx, id, EVENT_PICKED_UP);
    finding f = fact_of_manifest(ctx, SEVERITY_URGENT, id);
    f.from_ms = f.to_ms = m->picked_up_ms;
    f.detected_at_ms = later_ms(m->known_ms, left != NULL ? left->known_ms : m->picked_up_ms);
    f.sentence = rule_printf(
        ctx,
        _("Manifest %1$s took %2$s of %3$s from %4$s out of the province to %5$s on %6$s: %7$s."),
        city_text(c, m->key), rule_mass(ctx, f.mass_g), city_code(c, m->code),
        site_key(c, m->generator_site), site_key(c, m->facility_site),
        rule_time(ctx, m->picked_up_ms), _(obstacle_texts[v->obstacle]));
    related_list related = {.count = 0};
    related_add(&related, manifest_key(c, id));
    if (v->permit != BOOK_NONE) {
        const permit_row *p = &c->permits[v->permit];
        related_add(&related, city_text(c, p->key));
        finding_add_evidence(ctx, &f, N_("approval"), p->seq, "%s", city_text(c, p->key));
        if (v->obstacle == USED_UP) {
            finding_add_evidence(ctx, &f, N_("approved quantity"), p->seq, "%s",
                                 rule_mass(ctx, p->limit_g_per_year));
            finding_add_evidence(ctx, &f, N_("sum with this load"), SEQ_COMPUTED, "%s",
                                 rule_mass(ctx, v->sum_g));
        }
    }
    related_add_manifest(&related, c, id);
    finding_set_related(ctx, &f, &related);
    return rule_report(ctx, &f, err);
}

static bool leaves_the_province(const rule_context *ctx, const char *home, const manifest_row *m)
{
    const city *c = ctx->city;
    if (m->picked_up_ms == TIME_NONE || m->generator_site >= c->site_count ||
        m->facility_site >= c->site_count)
        return false;
    const site_row *from = &c->sites[m->generator_site], *to = &c->sites[m->facility_site];
    if (!district_other_province(c, from->district, to->district) ||
        strncmp(city_text(c, from->district), home, 2) != 0)
        return false;
    return m->stream == STREAM_HAZARDOUS || to->kind == SITE_LANDFILL ||
           to->kind == SITE_INCINERATOR;
}

typedef struct leaving {
    int64_t picked_up_ms;
    manifest_id id;
} leaving;

static int compare_leaving(const void *a, const void *b)
{
    const leaving *x = a, *y = b;
    if (x->picked_up_ms != y->picked_up_ms)
        return x->picked_up_ms < y->picked_up_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* In order of pick-up, because each load uses up a part of its approval. */
static wf_status judge_all(rule_context *ctx, const leaving *loads, size_t count, wf_error *err)
{
    const city *c = ctx->city;
    licence_index *x = NULL;
    int64_t *used_g = calloc(c->permit_count + 1, sizeof *used_g);
    wf_status status = used_g == NULL ? wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R07")
                                      : licence_index_new(&x, c, err);
    for (size_t i = 0; status == WF_OK && i < count; i++) {
        const manifest_row *m = &c->manifests[loads[i].id];
        verdict v = judge(ctx, x, used_g, m);
        if (v.obstacle == COVERED || v.obstacle == USED_UP)
            used_g[v.permit] = v.sum_g;
        if (v.obstacle != COVERED)
            status = report(ctx, loads[i].id, &v, err);
    }
    licence_index_free(x);
    free(used_g);
    return status;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    char home[3];
    home_province(home, c);
    leaving *loads = NULL;
    size_t count = 0, capacity = 0;
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        if (!rule_covers(ctx, m->stream) || !leaves_the_province(ctx, home, m))
            continue;
        if (array_grow((void **)&loads, &capacity, count + 1, sizeof *loads))
            loads[count++] = (leaving){m->picked_up_ms, (manifest_id)i};
        else
            status = wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R07");
    }
    if (count > 0)
        qsort(loads, count, sizeof *loads, compare_leaving);
    if (status == WF_OK && count > 0)
        status = judge_all(ctx, loads, count, err);
    free(loads);
    return status;
}

const rule rule_r07 = {
    .id = "R07",
    .name_en = "Cross-province breach",
    .name_zh = "跨省转移违规",
    .family = FAMILY_LICENCE,
    .streams = STREAM_BIT(STREAM_HAZARDOUS) | STREAM_BIT(STREAM_INDUSTRIAL),
    .source = "Hazardous Waste Transfer Measures art. 21-28; Solid Waste Law art. 22",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 3,
};
