/*
 * audit/rules/r14_over_capacity.c: a disposer treated more than its permit allows.
 *
 * Counted is what the plant treated (the scale of a licence is a treatment scale); a site without
 * any treatment on record (a collection centre, a plant in another province) is counted by what it
 * took in. Years are permit years, from the anniversary of valid_from. What happened before the
 * records began is not counted, which can only help the plant. Where several permits cover an act,
 * it is charged to the one with the most room.
 *
 * A day counts as over capacity when its tonnes are more than 1.3 times the licensed ones; the
 * tonnes of one record are first spread over the days since the record before, because plants
 * enter a batch of several days at once.
 */
#include "audit/facts.h"
#include "audit/licence.h"
#include "base/text.h"

#include <stdlib.h>

static const rule_parameter parameters[] = {
    {"year_share", 1.0, "of the annual scale", "Hazardous Waste Licence Measures art. 12"},
    {"year_share_urgent", 1.2, "of the annual scale", "same, art. 12 (4): new application"},
    {"day_share", 1.3, "of the licensed day", "proposal"},
    {"days", 3, "days", "proposal"},
    {"days_within", 30, "days", "proposal"},
};

enum { DAYS_MAX = 31 };

typedef struct act {
    int64_t time_ms, known_ms, mass_g;
    uint64_t seq;
    site_id site;
    code_id code;
} act;

/* What one permit has been used for so far. */
typedef struct use {
    int year; /* permit year, 0 the first */
    int64_t year_g, year_start_ms, year_last_ms;
    int64_t full_ms, urgent_ms; /* known moments at which the limits were passed; TIME_NONE */
    uint64_t full_seq;
    int32_t day, previous_day; /* day being summed, and the one with records before it */
    int64_t day_g;
    int64_t known_ms;            /* when all of it was on the ledger */
    int32_t over_days[DAYS_MAX]; /* the latest ones, oldest first */
    int64_t over_g[DAYS_MAX];    /* above the licensed day */
    uint32_t over_count;
    int64_t over_known_ms; /* TIME_NONE: not enough days yet */
    bool begun;
} use;

typedef struct job {
    rule_context *ctx;
    licence_index *index;
    use *uses; /* per permit */
    double share, urgent, day_share;
    uint32_t days;
    int32_t within;
} job;

static int compare_acts(const void *a, const void *b)
{
    const act *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static bool add(act **acts, size_t *count, size_t *capacity, act a)
{
    if (!array_grow((void **)acts, capacity, *count + 1, sizeof **acts))
        return false;
    (*acts)[(*count)++] = a;
    return true;
}

static bool gather(act **acts, size_t *count, const city *c)
{
    size_t capacity = 0;
    uint8_t *treats = calloc(c->site_count + 1, 1);
    bool ok = treats != NULL;
    for (size_t i = 0; ok && i < c->treatment_count; i++) {
        const treatment_row *t = &c->treatments[i];
        if (!t->first || t->site >= c->site_count)
            continue;
        treats[t->site] = 1;
        ok = add(acts, count, &capacity,
                 (act){t->time_ms, t->known_ms, t->mass_g, t->seq, t->site, t->code});
    }
    for (size_t i = 0; ok && i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if (e->kind != EVENT_RECEIVED || e->mass_g == MASS_NONE || e->manifest >= c->manifest_count)
            continue;
        const manifest_row *m = &c->manifests[e->manifest];
        site_id site = e->site != BOOK_NONE ? e->site : m->facility_site;
        if (site < c->site_count && !treats[site])
            ok = add(acts, count, &capacity,
                     (act){e->time_ms, e->known_ms, e->mass_g, e->seq, site, m->code});
    }
    free(treats);
    if (ok && *count > 0)
        qsort(*acts, *count, sizeof **acts, compare_acts);
    return ok;
}

/* Whole years from the first day of the permit to the day of `ms`. */
static int permit_year(const city *c, const permit_row *p, int64_t ms)
{
    int y0, m0, d0, y, m, d;
    time_civil(time_day(p->valid_from_ms, c->utc_offset_minutes), &y0, &m0, &d0);
    time_civil(time_day(ms, c->utc_offset_minutes), &y, &m, &d);
    return y - y0 - (m < m0 || (m == m0 && d < d0));
}

static double used_share(const job *j, uint32_t permit, int64_t at_ms)
{
    const permit_row *p = &j->ctx->city->permits[permit];
    const use *u = &j->uses[permit];
    if (p->limit_g_per_year == MASS_NONE || p->limit_g_per_year <= 0)
        return 0;
    if (!u->begun || permit_year(j->ctx->city, p, at_ms) != u->year)
        return 0;
    return (double)u->year_g / (double)p->limit_g_per_year;
}

/* The permit that covers the act and has the most room; BOOK_NONE: none covers it (R13). */
static uint32_t permit_of(const job *j, const act *a)
{
    const city *c = j->ctx->city;
    uint32_t best = BOOK_NONE;
    double best_share = INFINITY;
    licence_walk w = licence_of_site(j->index, a->site);
    for (uint32_t p = licence_next(&w); p != BOOK_NONE; p = licence_next(&w)) {
        uint32_t kind = c->permits[p].kind;
        if ((kind != PERMIT_TREAT && kind != PERMIT_COLLECT) ||
            !licence_covers_code(j->index, p, a->code) ||
            !licence_holds_at(j->index, p, a->time_ms))
            continue;
        double share = used_share(j, p, a->time_ms);
        if (share < best_share) {
            best = p;
            best_share = share;
        }
    }
    return best;
}

static finding begin(job *j, uint32_t permit, int severity, related_list *related)
{
    const city *c = j->ctx->city;
    const permit_row *p = &c->permits[permit];
    finding f = rule_finding(j->ctx, FINDING_FACT, severity);
    f.subject_kind = p->holder_site != BOOK_NONE ? SUBJECT_SITE : SUBJECT_PARTY;
    f.subject = p->holder_site != BOOK_NONE ? p->holder_site : p->holder_party;
    related->count = 0;
    related_add(related, p->holder_site != BOOK_NONE ? site_key(c, p->holder_site)
                                                     : party_key(c, p->holder_party));
    related_add(related, city_text(c, p->key));
    return f;
}

/* Closes the permit year and reports it when a limit was passed. */
static wf_status close_year(job *j, uint32_t permit, wf_error *err)
{
    const permit_row *p = &j->ctx->city->permits[permit];
    const use *u = &j->uses[permit];
    if (!u->begun || u->full_ms == TIME_NONE)
        return WF_OK;
    rule_context *ctx = j->ctx;
    bool urgent = u->urgent_ms != TIME_NONE;
    related_list related;
    finding f = begin(j, permit, urgent ? SEVERITY_URGENT : SEVERITY_CHECK, &related);
    f.from_ms = u->year_start_ms;
    f.to_ms = u->year_last_ms;
    f.detected_at_ms = urgent ? u->urgent_ms : u->full_ms;
    fact_set_mass(&f, u->year_g - p->limit_g_per_year);
    f.sentence = rule_printf(
        ctx,
        _("%1$s took %2$s under permit %3$s between %4$s and %5$s, %6$.1f %% of "
          "the %7$s allowed a year."),
        related.ids[0], rule_mass(ctx, u->year_g), city_text(ctx->city, p->key),
        rule_time(ctx, u->year_start_ms), rule_time(ctx, u->year_last_ms),
        100 * (double)u->year_g / (double)p->limit_g_per_year, rule_mass(ctx, p->limit_g_per_year));
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("allowed a year"), p->seq, "%s",
                         rule_mass(ctx, p->limit_g_per_year));
    finding_add_evidence(ctx, &f, N_("the load that passed it"), u->full_seq, "%s",
                         rule_time(ctx, u->full_ms));
    return rule_report(ctx, &f, err);
}

/* Judges the day that was being summed. */
static void close_day(job *j, uint32_t permit)
{
    const permit_row *p = &j->ctx->city->permits[permit];
    use *u = &j->uses[permit];
    if (!u->begun || p->limit_g_per_day == MASS_NONE || p->limit_g_per_day <= 0)
        return;
    /* The first day may hold a batch of many days before the records began. */
    if (u->previous_day == INT32_MIN)
        return;
    double per_day_g = (double)u->day_g / (double)(u->day - u->previous_day);
    if (per_day_g <= j->day_share * (double)p->limit_g_per_day || u->over_known_ms != TIME_NONE)
        return;
    if (u->over_count == j->days) {
        for (uint32_t i = 1; i < u->over_count; i++) {
            u->over_days[i - 1] = u->over_days[i];
            u->over_g[i - 1] = u->over_g[i];
        }
        u->over_count--;
    }
    u->over_g[u->over_count] = u->day_g - p->limit_g_per_day;
    u->over_days[u->over_count++] = u->day;
    if (u->over_count == j->days && u->over_days[j->days - 1] - u->over_days[0] < j->within)
        u->over_known_ms = u->known_ms;
}

static wf_status report_days(job *j, uint32_t permit, wf_error *err)
{
    rule_context *ctx = j->ctx;
    const city *c = ctx->city;
    const permit_row *p = &c->permits[permit];
    const use *u = &j->uses[permit];
    if (u->over_known_ms == TIME_NONE)
        return WF_OK;
    related_list related;
    finding f = begin(j, permit, SEVERITY_INSPECT, &related);
    int32_t first = u->over_days[0], last = u->over_days[u->over_count - 1];
    f.from_ms = time_day_start(first, c->utc_offset_minutes);
    f.to_ms = time_day_start(last + 1, c->utc_offset_minutes) - 1;
    f.detected_at_ms = u->over_known_ms;
    for (uint32_t i = 0; i < u->over_count; i++)
        f.mass_g += u->over_g[i];
    fact_set_mass(&f, f.mass_g);
    char from[TIME_TEXT], to[TIME_TEXT];
    f.sentence = rule_printf(
        ctx,
        _("%1$s worked above %2$.1f times the %3$s a day of permit %4$s on %5$u days "
          "between %6$s and %7$s."),
        related.ids[0], j->day_share, rule_mass(ctx, p->limit_g_per_day), city_text(c, p->key),
        (unsigned)u->over_count, time_format_day(from, first), time_format_day(to, last));
    finding_set_related(ctx, &f, &related);
    for (uint32_t i = 0; i < u->over_count; i++)
        finding_add_evidence(ctx, &f, N_("day over capacity"), SEQ_COMPUTED, "%s",
                             time_format_day(from, u->over_days[i]));
    return rule_report(ctx, &f, err);
}

static wf_status charge(job *j, uint32_t permit, const act *a, wf_error *err)
{
    const city *c = j->ctx->city;
    const permit_row *p = &c->permits[permit];
    use *u = &j->uses[permit];
    int year = permit_year(c, p, a->time_ms);
    int32_t day = time_day(a->time_ms, c->utc_offset_minutes);
    if (!u->begun || year != u->year) {
        wf_status status = close_year(j, permit, err);
        if (status != WF_OK)
            return status;
        u->year = year;
        u->year_g = 0;
        u->year_start_ms = a->time_ms;
        u->full_ms = u->urgent_ms = TIME_NONE;
    }
    if (!u->begun || day != u->day) {
        close_day(j, permit);
        u->previous_day = u->begun ? u->day : INT32_MIN;
        u->day = day;
        u->day_g = 0;
    }
    if (!u->begun)
        u->over_known_ms = TIME_NONE;
    u->begun = true;
    u->day_g += a->mass_g;
    u->known_ms = later_ms(u->known_ms, a->known_ms);
    u->year_g += a->mass_g;
    u->year_last_ms = a->time_ms;
    if (p->limit_g_per_year == MASS_NONE || p->limit_g_per_year <= 0)
        return WF_OK;
    double share = (double)u->year_g / (double)p->limit_g_per_year;
    if (share > j->share && u->full_ms == TIME_NONE) {
        u->full_ms = u->known_ms;
        u->full_seq = a->seq;
    }
    if (share > j->urgent && u->urgent_ms == TIME_NONE)
        u->urgent_ms = u->known_ms;
    return WF_OK;
}

static wf_status charge_all(job *j, const act *acts, size_t count, wf_error *err)
{
    wf_status status = WF_OK;
    for (size_t i = 0; status == WF_OK && i < count; i++) {
        uint32_t permit = permit_of(j, &acts[i]);
        if (permit != BOOK_NONE)
            status = charge(j, permit, &acts[i], err);
    }
    for (size_t p = 0; status == WF_OK && p < j->ctx->city->permit_count; p++) {
        if (!j->uses[p].begun)
            continue;
        close_day(j, (uint32_t)p);
        status = close_year(j, (uint32_t)p, err);
        if (status == WF_OK)
            status = report_days(j, (uint32_t)p, err);
    }
    return status;
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    job j = {.ctx = ctx,
             .uses = calloc(c->permit_count + 1, sizeof *j.uses),
             .share = rule_parameter_value(ctx->rule, "year_share"),
             .urgent = rule_parameter_value(ctx->rule, "year_share_urgent"),
             .day_share = rule_parameter_value(ctx->rule, "day_share"),
             .days = (uint32_t)rule_parameter_value(ctx->rule, "days"),
             .within = (int32_t)rule_parameter_value(ctx->rule, "days_within")};
    WF_ASSERT(j.days >= 1 && j.days <= DAYS_MAX);
    act *acts = NULL;
    size_t count = 0;
    wf_status status = WF_OK;
    if (j.uses == NULL || !gather(&acts, &count, c))
        status = wf_fail(err, WF_SYSTEM, _("rule %s: out of memory for %zu acts"), "R14", count);
    if (status == WF_OK)
        status = licence_index_new(&j.index, c, err);
    if (status == WF_OK)
        status = charge_all(&j, acts, count, err);
    licence_index_free(j.index);
    free(j.uses);
    free(acts);
    return status;
}

const rule rule_r14 = {
    .id = "R14",
    .name_en = "Disposer over capacity",
    .name_zh = "超能力经营",
    .family = FAMILY_LICENCE,
    .streams = STREAMS_ALL,
    .source = "Hazardous Waste Licence Measures art. 12 (4)",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2,
};
