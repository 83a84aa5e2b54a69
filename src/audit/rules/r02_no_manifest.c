/*
 * audit/rules/r02_no_manifest.c: a loaded waste vehicle was weighed while no manifest existed that
 * could explain its load.
 *
 * Only tickets without a manifest are looked at, and only where three things together say that the
 * load was waste that needs one: the weighbridge stands at a site of that stream (a spoil ground, a
 * hospital, a hazardous waste plant; factories weigh much else), the vehicle carries that stream
 * under manifests at other times, and it was loaded. A ticket is explained by anything that the
 * records say of the vehicle from two hours before to two hours after: a manifest that was open,
 * any act of a manifest, a hand-over to it; and by a load of the same mass and hour on the same
 * scale whose manifest names another plate (a mistyped plate, a missing link). What is left is a
 * movement without manifest.
 */
#include "audit/facts.h"
#include "base/text.h"

#include <stdlib.h>

static const rule_parameter parameters[] = {
    {"around_hours", 2, "h", "proposal"},
    {"least_payload_share", 0.1, "of the rated payload", "proposal: less is mud on an empty truck"},
    {"least_divisions", 5, "scale divisions", "proposal"},
};

typedef struct ticket {
    int64_t from_ms, to_ms; /* of its two weighings */
    int64_t net_g;
    weighing_id weighing;
    vehicle_id vehicle;
    scale_id scale;
    enum waste_stream stream;
    int32_t cover; /* difference array of open manifests, then their sum */
    bool explained;
} ticket;

typedef struct ticket_list {
    ticket *items; /* by vehicle and time */
    size_t count, capacity;
    uint8_t *of_vehicle; /* per vehicle: it has tickets here */
} ticket_list;

static enum waste_stream stream_of_site(uint32_t kind)
{
    switch (kind) {
    case SITE_CONSTRUCTION:
    case SITE_DEMOLITION:
    case SITE_SPOIL_GROUND:
        return STREAM_CONSTRUCTION;
    case SITE_HOSPITAL:
    case SITE_CLINIC:
    case SITE_MEDICAL_TREATMENT:
        return STREAM_MEDICAL;
    case SITE_HAZARDOUS_TREATMENT:
    case SITE_COLLECTION_CENTRE:
        return STREAM_HAZARDOUS;
    default:
        return STREAM_NONE;
    }
}

static int compare_tickets(const void *a, const void *b)
{
    const ticket *x = a, *y = b;
    if (x->vehicle != y->vehicle)
        return x->vehicle < y->vehicle ? -1 : 1;
    if (x->from_ms != y->from_ms)
        return x->from_ms < y->from_ms ? -1 : 1;
    return (x->weighing > y->weighing) - (x->weighing < y->weighing);
}

static bool carries(const rule_context *ctx, vehicle_id vehicle, enum waste_stream stream)
{
    size_t count;
    const uint32_t *loads = grouped_items(&ctx->shared->manifests_of_vehicle, vehicle, &count);
    for (size_t i = 0; i < count; i++)
        if (ctx->city->manifests[loads[i]].stream == stream)
            return true;
    return false;
}

static bool is_loaded(const rule_context *ctx, const weighing_row *w)
{
    const city *c = ctx->city;
    int64_t net_g = w->gross_g - w->tare_g;
    int64_t payload_g = c->vehicles[w->vehicle].max_payload_g;
    double divisions = rule_parameter_value(ctx->rule, "least_divisions");
    double share = rule_parameter_value(ctx->rule, "least_payload_share");
    return (double)net_g > divisions * (double)c->scales[w->scale].division_g &&
           (payload_g <= 0 || (double)net_g > share * (double)payload_g);
}

static wf_status gather(ticket_list *l, rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    l->of_vehicle = calloc(c->vehicle_count + 1, 1);
    if (l->of_vehicle == NULL)
        return wf_fail(err, WF_SYSTEM, _("rule %s: out of memory"), "R02");
    for (size_t i = 0; i < c->weighing_count; i++) {
        const weighing_row *w = &c->weighings[i];
        if (w->manifest != BOOK_NONE || w->vehicle >= c->vehicle_count ||
            w->scale >= c->scale_count || c->scales[w->scale].site >= c->site_count)
            continue;
        enum waste_stream stream = stream_of_site(c->sites[c->scales[w->scale].site].kind);
        if (!rule_covers(ctx, stream) || !is_loaded(ctx, w) || !carries(ctx, w->vehicle, stream))
            continue;
        if (!array_grow((void **)&l->items, &l->capacity, l->count + 1, sizeof *l->items))
            return wf_fail(err, WF_SYSTEM, _("rule %s: out of memory for %zu tickets"), "R02",
                           l->count);
        l->of_vehicle[w->vehicle] = 1;
        bool two = w->tare_ms != TIME_NONE;
        l->items[l->count++] =
            (ticket){.from_ms = two && w->tare_ms < w->gross_ms ? w->tare_ms : w->gross_ms,
                     .to_ms = two && w->tare_ms > w->gross_ms ? w->tare_ms : w->gross_ms,
                     .net_g = w->gross_g - w->tare_g,
                     .weighing = (weighing_id)i,
                     .vehicle = w->vehicle,
                     .scale = w->scale,
                     .stream = stream};
    }
    if (l->count > 0)
        qsort(l->items, l->count, sizeof *l->items, compare_tickets);
    return WF_OK;
}

/* The first ticket of the vehicle that begins at `ms` or later (or the first of the next vehicle).
 */
static size_t ticket_from(const ticket_list *l, vehicle_id vehicle, int64_t ms)
{
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const ticket *t = &l->items[middle];
        if (t->vehicle < vehicle || (t->vehicle == vehicle && t->from_ms < ms))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum { WEIGHING_HOURS_MAX = 12 }; /* between gross and tare of one ticket */

/* The tickets of the vehicle that meet [from, to] become explained. */
static void cover(ticket_list *l, vehicle_id vehicle, int64_t from_ms, int64_t to_ms)
{
    if (!l->of_vehicle[vehicle])
        return;
    size_t i = ticket_from(l, vehicle, from_ms - (int64_t)WEIGHING_HOURS_MAX * TIME_HOUR_MS);
    while (i < l->count && l->items[i].vehicle == vehicle && l->items[i].to_ms < from_ms)
        i++;
    size_t end = to_ms == INT64_MAX ? ticket_from(l, vehicle + 1, INT64_MIN)
                                    : ticket_from(l, vehicle, to_ms + 1);
    if (i >= end)
        return;
    l->items[i].cover++;
    if (end < l->count)
        l->items[end].cover--;
}

/* A manifest is open from its filing to its last act; one that was picked up and never came in, for
   ever. */
static void cover_by_manifests(ticket_list *l, const city *c, int64_t around_ms)
{
    for (size_t i = 0; i < c->manifest_count; i++) {
        const manifest_row *m = &c->manifests[i];
        if (m->vehicle >= c->vehicle_count)
            continue;
        int64_t end_ms = later_ms(later_ms(m->filed_ms, m->picked_up_ms),
                                  later_ms(m->arrived_ms, m->received_ms));
        if (m->state == MANIFEST_FILED || m->state == MANIFEST_PICKED_UP ||
            m->state == MANIFEST_HANDED_OVER || m->state == MANIFEST_REDIRECTED ||
            m->state == MANIFEST_ARRIVED)
            cover(l, m->vehicle, m->filed_ms - around_ms, INT64_MAX);
        else
            cover(l, m->vehicle, m->filed_ms - around_ms, end_ms + around_ms);
    }
}

static void cover_by_events(ticket_list *l, const city *c, int64_t around_ms)
{
    for (size_t i = 0; i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if (e->manifest >= c->manifest_count)
            continue;
        vehicle_id planned = c->manifests[e->manifest].vehicle;
        if (planned < c->vehicle_count)
            cover(l, planned, e->time_ms - around_ms, e->time_ms + around_ms);
        if (e->vehicle < c->vehicle_count && e->vehicle != planned)
            cover(l, e->vehicle, e->time_ms - around_ms, e->time_ms + around_ms);
    }
}

static void sum_covers(ticket_list *l)
{
    int32_t open = 0;
    for (size_t i = 0; i < l->count; i++) {
        open += l->items[i].cover;
        l->items[i].explained = open > 0;
    }
}

static int compare_scale_mass(const void *a, const void *b)
{
    const ticket *x = a, *y = b;
    if (x->scale != y->scale)
        return x->scale < y->scale ? -1 : 1;
    return (x->net_g > y->net_g) - (x->net_g < y->net_g);
}

static size_t ticket_of_mass(const ticket_list *l, scale_id scale, int64_t net_g)
{
    ticket key = {.scale = scale, .net_g = net_g};
    size_t low = 0, high = l->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_scale_mass(&l->items[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Keeps the tickets that are still without explanation, now by scale and mass, and looks for a load
   of the same mass and hour on the same scale. */
static void explain_by_mass(ticket_list *l, const city *c, int64_t around_ms)
{
    size_t left = 0;
    for (size_t i = 0; i < l->count; i++)
        if (!l->items[i].explained)
            l->items[left++] = l->items[i];
    l->count = left;
    if (left == 0)
        return;
    qsort(l->items, left, sizeof *l->items, compare_scale_mass);
    for (size_t i = 0; i < c->event_count; i++) {
        const event_row *e = &c->events[i];
        if (e->scale == BOOK_NONE || e->mass_g == MASS_NONE)
            continue;
        for (size_t k = ticket_of_mass(l, e->scale, e->mass_g);
             k < left && l->items[k].scale == e->scale && l->items[k].net_g == e->mass_g; k++)
            if (e->time_ms >= l->items[k].from_ms - around_ms &&
                e->time_ms <= l->items[k].to_ms + around_ms)
                l->items[k].explained = true;
    }
}

static wf_status report(rule_context *ctx, const ticket *t, wf_error *err)
{
    const city *c = ctx->city;
    const weighing_row *w = &c->weighings[t->weighing];
    site_id site = c->scales[w->scale].site;
    finding f = rule_finding(ctx, FINDING_FACT, SEVERITY_URGENT);
    f.subject_kind = SUBJECT_VEHICLE;
    f.subject = t->vehicle;
    f.stream = t->stream;
    f.from_ms = t->from_ms;
    f.to_ms = t->to_ms;
    /* A manifest filed in the hours after could still explain it. */
    f.detected_at_ms =
        act_times_after(&ctx->shared->acts, t->to_ms + fact_hours_ms(ctx, "around_hours") - 1);
    fact_set_mass(&f, t->net_g);
    f.sentence =
        rule_printf(ctx,
                    _("Vehicle %1$s was weighed at %2$s on %3$s with a load of %4$s "
                      "(ticket %5$s), and no manifest covers it."),
                    vehicle_key(c, t->vehicle), site_key(c, site), rule_time(ctx, t->from_ms),
                    rule_mass(ctx, t->net_g), city_text(c, w->key));
    related_list related = {.count = 0};
    related_add(&related, vehicle_key(c, t->vehicle));
    related_add(&related, city_text(c, w->key));
    related_add(&related, site_key(c, site));
    related_add(&related, party_key(c, c->vehicles[t->vehicle].party));
    finding_set_related(ctx, &f, &related);
    finding_add_evidence(ctx, &f, N_("ticket"), w->seq, "%s: %s - %s", city_text(c, w->key),
                         rule_mass(ctx, w->gross_g), rule_mass(ctx, w->tare_g));
    return rule_report(ctx, &f, err);
}

static wf_status run(rule_context *ctx, wf_error *err)
{
    const city *c = ctx->city;
    int64_t around_ms = fact_hours_ms(ctx, "around_hours");
    ticket_list l = {0};
    wf_status status = gather(&l, ctx, err);
    if (status == WF_OK && l.count > 0) {
        cover_by_manifests(&l, c, around_ms);
        cover_by_events(&l, c, around_ms);
        sum_covers(&l);
        explain_by_mass(&l, c, around_ms);
    }
    for (size_t i = 0; status == WF_OK && i < l.count; i++)
        /* Within the hours before now, the manifest may still be on its way. */
        if (!l.items[i].explained && l.items[i].to_ms + around_ms <= c->now_ms)
            status = report(ctx, &l.items[i], err);
    free(l.items);
    free(l.of_vehicle);
    return status;
}

const rule rule_r02 = {
    .id = "R02",
    .name_en = "Movement without manifest",
    .name_zh = "无联单转移",
    .family = FAMILY_PAPER,
    .streams =
        STREAM_BIT(STREAM_HAZARDOUS) | STREAM_BIT(STREAM_MEDICAL) | STREAM_BIT(STREAM_CONSTRUCTION),
    .source = "Hazardous Waste Transfer Measures art. 6, 11",
    .parameters = parameters,
    .parameter_count = sizeof parameters / sizeof *parameters,
    .run = run,
    .weight = 2.5,
};
