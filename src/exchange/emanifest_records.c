/*
 * exchange/emanifest_records.c: the records that an e-Manifest document becomes: a party and a site
 * for each handler that is not known yet; one manifest for each waste line ("MTN/1", "MTN/2" ...,
 * joined by the consignment MTN), because a line is a load of its own; and the events that the
 * signatures prove: transporter 1's signature is the pick-up, a later transporter's the handover,
 * the facility's the receipt (or the rejection).
 *
 * What the form does not have is not invented: sites have no coordinates (location_unknown), the
 * vehicle is "<transporter>/not stated", a volume without a density has no mass, and of a partial
 * rejection, whose masses the form does not state, only the arrival is entered. What our records
 * have no field for is kept as attributes of the manifest: signatures, UN number, containers,
 * original quantity.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"
#include "merkle.h"
#include "model/record.h"

static wf_status add(document *d, const char *path, const Wufei__Record *record, wf_error *err)
{
    import_place place = {.file = d->out_file, .path = path};
    statements_read(d->out, d->out_file, 1);
    return statements_add(d->out, record, TIME_NONE, &place, 1, err);
}

/* Handlers come again in every document, often with fewer fields: the first to name one stands. */
static wf_status add_if_new(document *d, enum object_kind kind, const char *id, const char *path,
                            const Wufei__Record *record, wf_error *err)
{
    store_txn *txn = NULL;
    enum object_kind found = OBJECT_NONE;
    uint32_t index = 0;
    wf_status status = store_begin(&txn, ledger_store(d->ledger), false, err);
    if (status != WF_OK)
        return status;
    status = book_find_kind(d->book, txn, kind, id, &index, err);
    found = index != BOOK_NONE ? kind : OBJECT_NONE;
    store_abort(txn);
    if (status == WF_OK && found == OBJECT_NONE)
        return add(d, path, record, err);
    return status;
}

/* ---- handlers and their vehicles ------------------------------------------------------------- */

static wf_status handlers_write(document *d, wf_error *err)
{
    for (size_t i = 0; i < d->handler_count; i++) {
        const handler *h = &d->handlers[i];
        Wufei__Party party = WUFEI__PARTY__INIT;
        party.party_id = (char *)(uintptr_t)h->id;
        party.name = (char *)(uintptr_t)h->name;
        party.roles = h->roles;
        party.district = (char *)(uintptr_t)h->district;
        Wufei__Record record = WUFEI__RECORD__INIT;
        record.body_case = WUFEI__RECORD__BODY_PARTY;
        record.party = &party;
        wf_status status = add_if_new(d, OBJECT_PARTY, h->id, h->path, &record, err);
        if (status == WF_OK && h->kind != 0) {
            Wufei__Site site = WUFEI__SITE__INIT;
            site.site_id = party.party_id;
            site.party_id = party.party_id;
            site.name = party.name;
            site.kind = h->kind;
            site.district = party.district;
            site.has_location_unknown = 1;
            site.location_unknown = 1;
            record = (Wufei__Record)WUFEI__RECORD__INIT;
            record.body_case = WUFEI__RECORD__BODY_SITE;
            record.site = &site;
            status = add_if_new(d, OBJECT_SITE, h->id, h->path, &record, err);
        }
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

/* The form names no vehicle. A long name is cut where a character ends, and told from others by a
   hash. */
static char *vehicle_name(document *d, const char *transporter)
{
    static const char end[] = "/not stated";
    if (strlen(transporter) + sizeof end - 1 <= TEXT_ID_MAX)
        return emanifest_printf(d, "%s%s", transporter, end);
    int size = 40;
    while (size > 0 && ((unsigned char)transporter[size] & 0xC0) == 0x80)
        size--;
    hash h;
    merkle_leaf(&h, HASH_SHA256, transporter, strlen(transporter));
    return emanifest_printf(d, "%.*s~%02x%02x%02x%02x%s", size, transporter, h.bytes[0], h.bytes[1],
                            h.bytes[2], h.bytes[3], end);
}

static wf_status vehicles_write(document *d, wf_error *err)
{
    size_t i = 0;
    const json_t *site = NULL;
    json_array_foreach(json_object_get(d->root, "transporters"), i, site)
    {
        Wufei__Vehicle vehicle = WUFEI__VEHICLE__INIT;
        vehicle.party_id = (char *)(uintptr_t)emanifest_handler_id(site);
        vehicle.vehicle_id = vehicle_name(d, vehicle.party_id);
        vehicle.kind = (char *)(uintptr_t) "not stated";
        Wufei__Record record = WUFEI__RECORD__INIT;
        record.body_case = WUFEI__RECORD__BODY_VEHICLE;
        record.vehicle = &vehicle;
        wf_status status = add_if_new(d, OBJECT_VEHICLE, vehicle.vehicle_id,
                                      "Emanifest.transporters", &record, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

/* ---- events ---------------------------------------------------------------------------------- */

static wf_status event_write(document *d, const line *l, uint32_t kind, const json_t *site,
                             signature s, bool with_mass, const char *where, wf_error *err)
{
    Wufei__ManifestEvent event = WUFEI__MANIFEST_EVENT__INIT;
    event.manifest_id = l->manifest.manifest_id;
    event.event = kind;
    event.time_ms = s.at_ms < d->filed_ms ? d->filed_ms : s.at_ms;
    event.site_id = (char *)(uintptr_t)where;
    event.party_id = (char *)(uintptr_t)emanifest_handler_id(site);
    if (kind == EVENT_PICKED_UP || kind == EVENT_HANDED_OVER)
        event.vehicle_id = vehicle_name(d, event.party_id);
    if (with_mass && l->manifest.has_declared_g) {
        event.has_mass_g = 1;
        event.mass_g = l->manifest.declared_g;
    }
    event.signer = (char *)(uintptr_t)s.signer;
    event.has_signed_at_ms = 1;
    event.signed_at_ms = s.at_ms;
    Wufei__Record record = WUFEI__RECORD__INIT;
    record.body_case = WUFEI__RECORD__BODY_EVENT;
    record.event = &event;
    return add(d, l->path, &record, err);
}

/* The events that the signatures prove of one line, in the order of the hands it went through. */
static wf_status line_events(document *d, const line *l, wf_error *err)
{
    const json_t *transporters = json_object_get(d->root, "transporters");
    const char *generator = emanifest_handler_id(json_object_get(d->root, "generator"));
    bool picked_up = false;
    for (size_t i = 0; i < d->transporter_count; i++) {
        const signature *s = &d->by_transporter[i];
        if (s->signer == NULL || s->at_ms == TIME_NONE)
            break;
        wf_status status = event_write(d, l, i == 0 ? EVENT_PICKED_UP : EVENT_HANDED_OVER,
                                       json_array_get(transporters, i), *s, i == 0,
                                       i == 0 ? generator : NULL, err);
        if (status != WF_OK)
            return status;
        picked_up = true;
    }
    const signature *s = &d->by_facility;
    if (!picked_up || s->signer == NULL || s->at_ms == TIME_NONE)
        return WF_OK;
    const json_t *facility = json_object_get(d->root, "designatedFacility");
    uint32_t kind = emanifest_facility_event(d);
    return event_write(d, l, kind, facility, *s, kind != EVENT_ARRIVED,
                       emanifest_handler_id(facility), err);
}

/* ---- waste lines ----------------------------------------------------------------------------- */

static void line_signature(document *d, line *l, const char *who, const signature *s)
{
    char when[TIME_TEXT];
    if (s->signer != NULL)
        emanifest_attribute(d, l, NULL, who,
                            emanifest_printf(d, "%s, %s", s->signer,
                                             s->at_ms != TIME_NONE ? time_format(when, s->at_ms, 0)
                                                                   : "date not given"));
}

static void line_attributes(document *d, line *l)
{
    line_signature(d, l, "signature.generator", &d->by_generator);
    for (size_t i = 0; i < d->transporter_count; i++)
        line_signature(d, l, emanifest_printf(d, "signature.transporter.%zu", i + 1),
                       &d->by_transporter[i]);
    line_signature(d, l, "signature.facility", &d->by_facility);
    if (json_is_true(json_object_get(d->root, "rejection")))
        emanifest_attribute(
            d, l, NULL, "rejection",
            emanifest_text(json_object_get(d->root, "rejectionInfo"), "rejectionType"));
}

static wf_status line_write(document *d, line *l, const json_t *waste, size_t index, wf_error *err)
{
    l->waste = waste;
    snprintf(l->path, sizeof l->path, "Emanifest.wastes.%zu", index);
    Wufei__Manifest *m = &l->manifest;
    *m = (Wufei__Manifest)WUFEI__MANIFEST__INIT;
    m->attributes = l->pointers;
    m->manifest_id = (char *)(uintptr_t)emanifest_line_id(d, waste);
    m->consignment = (char *)(uintptr_t)d->number;
    const json_t *first = json_array_get(json_object_get(d->root, "transporters"), 0);
    const json_t *facility = json_object_get(d->root, "designatedFacility");
    m->generator_site =
        (char *)(uintptr_t)emanifest_handler_id(json_object_get(d->root, "generator"));
    m->facility_site = (char *)(uintptr_t)emanifest_handler_id(facility);
    m->carrier_id = (char *)(uintptr_t)emanifest_handler_id(first);
    m->vehicle_id = vehicle_name(d, m->carrier_id);
    m->filed_at_ms = d->filed_ms;
    emanifest_waste(d, l);
    line_attributes(d, l);

    Wufei__Record record = WUFEI__RECORD__INIT;
    record.body_case = WUFEI__RECORD__BODY_MANIFEST;
    record.manifest = m;
    wf_status status = add(d, l->path, &record, err);
    return status == WF_OK ? line_events(d, l, err) : status;
}

wf_status emanifest_write(document *d, wf_error *err)
{
    wf_status status = emanifest_filing_time(d, err);
    emanifest_signature_times(d);
    if (status == WF_OK)
        status = handlers_write(d, err);
    if (status == WF_OK)
        status = vehicles_write(d, err);
    const json_t *wastes = json_object_get(d->root, "wastes");
    for (size_t i = 0; i < json_array_size(wastes) && status == WF_OK; i++) {
        line *l = arena_alloc(d->memory, sizeof *l);
        if (l == NULL)
            return wf_fail(err, WF_SYSTEM, _("out of memory"));
        status = line_write(d, l, json_array_get(wastes, i), i, err);
    }
    return status;
}
