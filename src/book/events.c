/*
 * book/events.c: events of manifests: admission by the table of transitions, and the postings that
 * follow from the manifest's new position (transit.c).
 */
#include <inttypes.h>
#include <string.h>

#include "book/internal.h"

/* ---- admission ------------------------------------------------------------------------------ */

static wf_status check_transition(apply_context *x, const Wufei__ManifestEvent *event,
                                  const manifest_row *row, enum manifest_state *to)
{
    enum manifest_state state = (enum manifest_state)row->state;
    transition t = manifest_transition(state, (enum manifest_event)event->event);
    if (!t.allowed)
        return wf_fail(x->err, WF_REFUSED,
                       _("manifest_id %1$s: %2$s is not possible, the manifest is %3$s: %4$s"),
                       event->manifest_id,
                       text_word(vocabulary_word(&vocabulary_event, event->event)),
                       text_word(manifest_state_name(state)), _(t.why_not));
    if (row->events >= MANIFEST_EVENTS_MAX)
        return wf_fail(
            x->err, WF_REFUSED,
            _("manifest_id %s: has %d events already, the most that one manifest can have; "
              "file another manifest"),
            event->manifest_id, MANIFEST_EVENTS_MAX);
    *to = t.to;
    return WF_OK;
}

/* Where an event happens when it does not say so. */
static site_id default_site(enum manifest_event event, const manifest_row *row)
{
    switch (event) {
    case EVENT_PICKED_UP:
    case EVENT_RETURNED:
    case EVENT_CANCELLED:
        return row->generator_site;
    case EVENT_HANDED_OVER:
        return BOOK_NONE;
    default:
        return row->facility_site;
    }
}

static wf_status read_event(apply_context *x, const Wufei__ManifestEvent *event,
                            const manifest_row *manifest, event_row *row)
{
    *row = (event_row){.seq = x->seq,
                       .time_ms = event->time_ms,
                       .known_ms = event->has_entered_at_ms ? event->entered_at_ms : event->time_ms,
                       .mass_g = given_mass(event->has_mass_g, event->mass_g),
                       .previous = manifest->last_event,
                       .note = BOOK_NONE,
                       .kind = event->event};
    BOOK_TRY(name_if_given(x, OBJECT_SITE, "site_id", event->site_id, &row->site));
    BOOK_TRY(name_if_given(x, OBJECT_PARTY, "party_id", event->party_id, &row->party));
    BOOK_TRY(name_if_given(x, OBJECT_VEHICLE, "vehicle_id", event->vehicle_id, &row->vehicle));
    BOOK_TRY(name_if_given(x, OBJECT_SCALE, "scale_id", event->scale_id, &row->scale));
    if (event->event == EVENT_REDIRECTED && row->site == BOOK_NONE)
        return wf_fail(x->err, WF_REFUSED,
                       _("site_id: missing; redirected names the new facility"));
    if (row->site == BOOK_NONE)
        row->site = default_site((enum manifest_event)event->event, manifest);
    return WF_OK;
}

/* The events of a manifest in order of entry, with room for one more. */
static wf_status load_events(apply_context *x, const manifest_row *manifest, event_row **out)
{
    size_t count = manifest->events;
    event_row *events = arena_alloc_raw(&x->b->scratch, (count + 1) * sizeof *events);
    if (events == NULL)
        return cache_no_memory(x->err);
    event_id id = manifest->last_event;
    for (size_t i = count; i-- > 0;) {
        BOOK_TRY(row_read(x->txn, BOOK_EVENTS, id, &events[i], x->err));
        id = events[i].previous;
    }
    *out = events;
    return WF_OK;
}

static wf_status check_correction(apply_context *x, const Wufei__ManifestEvent *event,
                                  const manifest_row *manifest, const event_row *events,
                                  const event_row *row)
{
    if (row->kind != EVENT_CORRECTED || manifest->received_ms != TIME_NONE ||
        transit_corrects_pick_up(events, manifest->events, row->site))
        return WF_OK;
    return wf_fail(
        x->err, WF_REFUSED,
        _("manifest_id %s: nothing was received yet, and nothing was picked up at the site "
          "of the correction; name the site whose mass is corrected"),
        event->manifest_id);
}

/* ---- postings ------------------------------------------------------------------------------- */

/* Where no stock is kept (construction sites, communities, markets) the pick-up is itself the
   record of generation: of what the stock, as far as the book knows it, does not hold. */
static wf_status post_implied_generation(apply_context *x, const event_row *e, code_id code,
                                         site_id site, int64_t picked_up_g)
{
    const account_value *account = NULL;
    BOOK_TRY(stock_account(x, site, code, &account));
    if (picked_up_g == 0 || account->kept != 0)
        return WF_OK;
    int64_t on_site_g = account->row.balance_g[ACCOUNT_ON_SITE];
    int64_t generated_g = picked_up_g;
    if (picked_up_g > 0 && on_site_g > 0)
        generated_g = picked_up_g > on_site_g ? picked_up_g - on_site_g : 0;
    BOOK_TRY(stock_post(x, site, code, ACCOUNT_GENERATED, -generated_g));
    BOOK_TRY(stock_post(x, site, code, ACCOUNT_ON_SITE, generated_g));
    return stock_flow(x, e->time_ms, site, code, FLOW_GENERATED, generated_g);
}

static wf_status post_position(apply_context *x, const event_row *e, code_id code,
                               const site_position *d)
{
    int64_t out_g = d->picked_up_g - d->returned_g;
    BOOK_TRY(post_implied_generation(x, e, code, d->site, d->picked_up_g));
    BOOK_TRY(stock_post(x, d->site, code, ACCOUNT_ON_SITE, d->received_g - out_g));
    BOOK_TRY(stock_post(x, d->site, code, ACCOUNT_IN_TRANSIT, d->in_transit_g));
    BOOK_TRY(stock_post(x, d->site, code, ACCOUNT_UNACCOUNTED, d->unaccounted_g));
    BOOK_TRY(stock_post(x, d->site, code, ACCOUNT_UNDECLARED, -d->undeclared_g));
    BOOK_TRY(stock_flow(x, e->time_ms, d->site, code, FLOW_OUT, out_g));
    BOOK_TRY(stock_flow(x, e->time_ms, d->site, code, FLOW_IN, d->received_g));
    BOOK_TRY(stock_flow(x, e->time_ms, d->site, code, FLOW_UNACCOUNTED_TRANSIT, d->unaccounted_g));
    return stock_flow(x, e->time_ms, d->site, code, FLOW_UNDECLARED_TRANSIT, d->undeclared_g);
}

static site_position position_minus(site_position a, const site_position *b)
{
    a.picked_up_g -= b->picked_up_g;
    a.returned_g -= b->returned_g;
    a.received_g -= b->received_g;
    a.in_transit_g -= b->in_transit_g;
    a.unaccounted_g -= b->unaccounted_g;
    a.undeclared_g -= b->undeclared_g;
    return a;
}

static const site_position *position_find(const transit *t, site_id site)
{
    for (size_t i = 0; i < t->site_count; i++)
        if (t->sites[i].site == site)
            return &t->sites[i];
    return NULL;
}

/* Events are only ever added, so a site that had a position still has one. */
static wf_status post_difference(apply_context *x, const event_row *e, code_id code,
                                 const transit *before, const transit *after)
{
    for (size_t i = 0; i < after->site_count; i++) {
        site_position difference = after->sites[i];
        const site_position *was = position_find(before, difference.site);
        if (was != NULL)
            difference = position_minus(difference, was);
        BOOK_TRY(post_position(x, e, code, &difference));
    }
    return WF_OK;
}

/* ---- the event ------------------------------------------------------------------------------ */

/* A pick-up of an open manifest changes nothing but its own site: no need to read the others. */
static bool is_plain_pick_up(const manifest_row *manifest, const event_row *row)
{
    return row->kind == EVENT_PICKED_UP && manifest->received_ms == TIME_NONE &&
           manifest->returned_g == 0;
}

static wf_status post_plain_pick_up(apply_context *x, manifest_row *manifest, const event_row *row)
{
    if (row->mass_g == MASS_NONE)
        return WF_OK;
    site_position difference = {
        .site = row->site, .picked_up_g = row->mass_g, .in_transit_g = row->mass_g};
    if (manifest->picked_up_g == MASS_NONE)
        manifest->picked_up_g = 0;
    manifest->picked_up_g += row->mass_g;
    manifest->in_transit_g += row->mass_g;
    return post_position(x, row, manifest->code, &difference);
}

static wf_status post_event(apply_context *x, manifest_row *manifest, event_row *events)
{
    transit before;
    transit after;
    size_t count = manifest->events;
    const event_row *row = &events[count];
    BOOK_TRY(transit_compute(&before, events, count, &x->b->scratch, x->err));
    BOOK_TRY(transit_compute(&after, events, count + 1, &x->b->scratch, x->err));
    BOOK_TRY(post_difference(x, row, manifest->code, &before, &after));
    manifest->picked_up_g = after.picked_up_g;
    manifest->received_g = after.received_g;
    manifest->rejected_g = after.rejected_g;
    manifest->returned_g = after.returned_g;
    manifest->in_transit_g = after.in_transit_g;
    manifest->unaccounted_g = after.unaccounted_g;
    if (row->kind == EVENT_RECEIVED)
        return stock_keep(x, row->site, manifest->code, false);
    return WF_OK;
}

static bool moves_mass(const event_row *row)
{
    return row->kind == EVENT_PICKED_UP || row->kind == EVENT_RECEIVED ||
           row->kind == EVENT_REJECTED || row->kind == EVENT_RETURNED ||
           row->kind == EVENT_REDIRECTED || row->kind == EVENT_CORRECTED;
}

/* The earliest of the times; an event that comes again does not move it. */
static void note_time(int64_t *at_ms, int64_t time_ms)
{
    if (*at_ms == TIME_NONE || time_ms < *at_ms)
        *at_ms = time_ms;
}

static void note_event(manifest_row *manifest, const event_row *row, event_id id,
                       enum manifest_state to)
{
    switch ((enum manifest_event)row->kind) {
    case EVENT_PICKED_UP:
        note_time(&manifest->picked_up_ms, row->time_ms);
        manifest->pick_ups++;
        break;
    case EVENT_ARRIVED:
        note_time(&manifest->arrived_ms, row->time_ms);
        break;
    case EVENT_RECEIVED:
        note_time(&manifest->received_ms, row->time_ms);
        break;
    case EVENT_CONFIRMED:
        note_time(&manifest->confirmed_ms, row->time_ms);
        break;
    case EVENT_REDIRECTED:
        manifest->facility_site = row->site;
        manifest->arrived_ms = TIME_NONE; /* it has not arrived at the facility it now goes to */
        break;
    default:
        break;
    }
    manifest->state = (uint8_t)to;
    manifest->last_event = id;
    manifest->events++;
}

wf_status event_apply(apply_context *x, const Wufei__ManifestEvent *event)
{
    manifest_id manifest_number = BOOK_NONE;
    cache_entry *entry = NULL;
    manifest_value *value = NULL;
    enum manifest_state to = MANIFEST_FILED;
    event_row row;
    event_row *events = NULL;
    event_id id = BOOK_NONE;
    BOOK_TRY(
        name_must_exist(x, OBJECT_MANIFEST, "manifest_id", event->manifest_id, &manifest_number));
    BOOK_TRY(manifest_entry(x, manifest_number, &entry, &value));
    manifest_row *manifest = &value->row;
    BOOK_TRY(check_transition(x, event, manifest, &to));
    BOOK_TRY(read_event(x, event, manifest, &row));
    row.manifest = manifest_number;
    bool plain = is_plain_pick_up(manifest, &row);
    if (!plain && moves_mass(&row)) {
        BOOK_TRY(load_events(x, manifest, &events));
        BOOK_TRY(check_correction(x, event, manifest, events, &row));
        events[manifest->events] = row;
    }
    BOOK_TRY(stock_has_room(x, manifest->code, event->manifest_id));

    BOOK_TRY(string_intern(x, event->note, &row.note));
    BOOK_TRY(row_append(x, BOOK_EVENTS, &row, NULL, &id));
    if (plain)
        BOOK_TRY(post_plain_pick_up(x, manifest, &row));
    else if (events != NULL)
        BOOK_TRY(post_event(x, manifest, events));
    note_event(manifest, &row, id, to);
    return row_cache_dirty(&x->b->manifests, entry, x->err);
}
