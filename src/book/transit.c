/*
 * book/transit.c: what the events of one manifest mean for the accounts: a pure function.
 *
 * After every event the manifest's whole position is computed from all its events, and the
 * difference to the position before is posted. So a late refusal, a return or a correction undoes
 * by itself what an earlier event had booked, and what is booked always equals what the events say.
 *
 *   P  picked up        R  received        J  refused        T  returned
 *   before a receipt:   in transit = P - T (not below 0; the excess was undeclared)
 *   after a receipt:    unaccounted = P - R - max(J, T); in transit = max(J, T) - T
 *   always:             P = R + T + in transit + unaccounted (negative: undeclared)
 *
 * A mass that is not given:
 * - pick-up: nothing before the receipt; then what was received or refused and not stated by other
 *   pick-ups, in equal parts. The declared mass is a plan and never stands in for a weight.
 * - receipt: all that was picked up and not refused. Refusal: all the rest. Return: all that was
 *   refused, or, when nothing was, the whole load.
 *
 * Of several pick-ups each bears its part of the unaccounted mass and of what is in transit, in
 * proportion to its mass; by cumulative rounding down, so that the parts add up exactly.
 *
 * `corrected` names by its site whose mass it corrects: that of the pick-up at the site (the last
 * one there), else the received mass. It is not always the receipt that was wrong: a correction of
 * 158.4 t to 15.84 t at the generator, booked on the receipt of 15.9 t, would invent 142 t missing.
 *
 * `redirected` takes refusals back: the refused load goes on to the next facility.
 */
#include "book/internal.h"

typedef struct load {
    site_id site;
    bool given;
    int64_t mass_g;
} load;

typedef struct load_return {
    site_id site;
    int64_t mass_g; /* MASS_NONE: not given */
} load_return;

/* What the events say, before anything is concluded from it. */
typedef struct account_of_events {
    load *loads;
    size_t load_count;
    load_return *returns;
    size_t return_count;
    bool received, received_given, rejected_rest;
    site_id receipt_site;
    int64_t received_g, rejected_g;
} account_of_events;

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static load *load_at(const account_of_events *a, site_id site)
{
    for (size_t i = a->load_count; i-- > 0;)
        if (a->loads[i].site == site)
            return &a->loads[i];
    return NULL;
}

static void read_correction(account_of_events *a, const event_row *e)
{
    if (e->mass_g == MASS_NONE)
        return;
    load *at = a->received && e->site == a->receipt_site ? NULL : load_at(a, e->site);
    if (at != NULL) {
        at->given = true;
        at->mass_g = e->mass_g;
    } else if (a->received) {
        a->received_given = true;
        a->received_g = e->mass_g;
    }
}

static void read_event(account_of_events *a, const event_row *e)
{
    bool given = e->mass_g != MASS_NONE;
    switch ((enum manifest_event)e->kind) {
    case EVENT_PICKED_UP:
        a->loads[a->load_count++] = (load){e->site, given, given ? e->mass_g : 0};
        break;
    case EVENT_RECEIVED:
        a->received = true;
        a->received_given = given;
        a->receipt_site = e->site;
        a->received_g = given ? e->mass_g : 0;
        break;
    case EVENT_REJECTED:
        a->rejected_rest |= !given;
        a->rejected_g += given ? e->mass_g : 0;
        break;
    case EVENT_RETURNED:
        a->returns[a->return_count++] = (load_return){e->site, e->mass_g};
        break;
    case EVENT_REDIRECTED:
        a->rejected_rest = false;
        a->rejected_g = 0;
        break;
    case EVENT_CORRECTED:
        read_correction(a, e);
        break;
    default:
        break;
    }
}

/* Fills in the masses of returns; their sum. */
static int64_t fill_returns(account_of_events *a, int64_t picked_up_g)
{
    int64_t basis_g = a->rejected_g;
    if (!a->received && basis_g == 0)
        basis_g = picked_up_g;
    int64_t sum_g = 0;
    for (size_t i = 0; i < a->return_count; i++) {
        if (a->returns[i].mass_g == MASS_NONE)
            a->returns[i].mass_g = largest(0, basis_g - sum_g);
        sum_g += a->returns[i].mass_g;
    }
    return sum_g;
}

/* Gives the pick-ups without a mass what was received or refused beyond the stated ones. */
static int64_t fill_loads(account_of_events *a, int64_t known_g, int64_t arrived_g)
{
    size_t unknown = 0;
    for (size_t i = 0; i < a->load_count; i++)
        unknown += !a->loads[i].given;
    int64_t rest_g = largest(0, arrived_g - known_g);
    if (unknown == 0 || rest_g == 0)
        return known_g;
    int64_t left_g = rest_g;
    for (size_t i = 0; i < a->load_count; i++) {
        if (a->loads[i].given)
            continue;
        int64_t part_g = left_g / (int64_t)unknown--;
        a->loads[i].mass_g = part_g;
        left_g -= part_g;
    }
    return known_g + rest_g;
}

static site_position *position_at(transit *t, site_id site)
{
    for (size_t i = 0; i < t->site_count; i++)
        if (t->sites[i].site == site)
            return &t->sites[i];
    t->sites[t->site_count] = (site_position){.site = site};
    return &t->sites[t->site_count++];
}

/* `whole` × up_to / total, rounded down; the last part then takes the rest. */
static int64_t share(int64_t whole_g, int64_t up_to_g, int64_t total_g, bool last)
{
    if (last || total_g == 0)
        return last ? whole_g : 0;
    return (int64_t)((__int128)whole_g * up_to_g / total_g);
}

static void place_loads(transit *t, const account_of_events *a, int64_t picked_up_g)
{
    int64_t missing_g = largest(0, t->unaccounted_g);
    int64_t surplus_g = largest(0, -t->unaccounted_g);
    int64_t up_to_g = 0;
    int64_t placed[3] = {0};
    for (size_t i = 0; i < a->load_count; i++) {
        bool last = i + 1 == a->load_count;
        up_to_g += a->loads[i].mass_g;
        int64_t reached[3] = {share(t->in_transit_g, up_to_g, picked_up_g, last),
                              share(missing_g, up_to_g, picked_up_g, last),
                              share(surplus_g, up_to_g, picked_up_g, last)};
        site_position *p = position_at(t, a->loads[i].site);
        p->picked_up_g += a->loads[i].mass_g;
        p->in_transit_g += reached[0] - placed[0];
        p->unaccounted_g += reached[1] - placed[1];
        p->undeclared_g += reached[2] - placed[2];
        for (size_t k = 0; k < 3; k++)
            placed[k] = reached[k];
    }
}

static void conclude(transit *t, account_of_events *a)
{
    int64_t known_g = 0;
    bool any_given = false;
    for (size_t i = 0; i < a->load_count; i++) {
        known_g += a->loads[i].mass_g;
        any_given |= a->loads[i].given;
    }
    if (a->received && !a->received_given)
        a->received_g = largest(0, known_g - a->rejected_g);
    if (a->rejected_rest)
        a->rejected_g = largest(a->rejected_g, known_g - a->received_g);
    t->returned_g = fill_returns(a, known_g);
    int64_t refused_g = largest(a->rejected_g, t->returned_g);
    int64_t picked_up_g = known_g;
    if (a->received)
        picked_up_g = fill_loads(a, known_g, a->received_g + refused_g);

    int64_t left_g = picked_up_g - t->returned_g;
    t->in_transit_g = a->received ? refused_g - t->returned_g : largest(0, left_g);
    t->unaccounted_g = a->received  ? picked_up_g - a->received_g - refused_g
                       : left_g < 0 ? left_g
                                    : 0;
    t->picked_up_g = any_given ? known_g : MASS_NONE;
    t->received_g = a->received && (a->received_given || any_given) ? a->received_g : MASS_NONE;
    t->rejected_g = a->rejected_g;

    place_loads(t, a, picked_up_g);
    if (a->received)
        position_at(t, a->receipt_site)->received_g += a->received_g;
    for (size_t i = 0; i < a->return_count; i++)
        position_at(t, a->returns[i].site)->returned_g += a->returns[i].mass_g;
}

wf_status transit_compute(transit *out, const event_row *events, size_t count, arena *memory,
                          wf_error *err)
{
    account_of_events a = {.receipt_site = BOOK_NONE};
    *out = (transit){.picked_up_g = MASS_NONE, .received_g = MASS_NONE};
    if (count == 0)
        return WF_OK;
    a.loads = arena_alloc_raw(memory, count * sizeof *a.loads);
    a.returns = arena_alloc_raw(memory, count * sizeof *a.returns);
    out->sites = arena_alloc_raw(memory, count * sizeof *out->sites);
    if (a.loads == NULL || a.returns == NULL || out->sites == NULL)
        return cache_no_memory(err);
    for (size_t i = 0; i < count; i++)
        read_event(&a, &events[i]);
    if (a.load_count > 0)
        conclude(out, &a);
    return WF_OK;
}

bool transit_corrects_pick_up(const event_row *events, size_t count, site_id site)
{
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == EVENT_PICKED_UP && events[i].site == site)
            return true;
    return false;
}
