/*
 * exchange/emanifest.c: EPA e-Manifest documents (JSON of the Save and Get services) into records.
 *
 * A document is checked against EPA's own schema (schema/emanifest.json) first; every field that
 * does not fit is named, and then nothing of the document enters. What fits becomes, in one
 * all-or-nothing batch: a party and a site for each handler that is not known yet; one manifest for
 * each waste line ("MTN/1", "MTN/2" ..., joined by the consignment MTN), because a line is a load
 * of its own; and the events that the signatures prove: transporter 1's signature is the pick-up, a
 * later transporter's the handover, the facility's the receipt (or the rejection).
 *
 * What the form does not have is not invented: sites have no coordinates (location_unknown), the
 * vehicle is "<transporter>/not stated", a volume without a density has no mass, and of a partial
 * rejection, whose masses the form does not state, only the arrival is entered. What our records
 * have no field for is kept as attributes of the manifest: signatures, UN number, containers,
 * original quantity.
 *
 * All that is told of a document goes through its `statements`, as the refusals of the book do: so
 * one refusal, wherever it arises, keeps the whole document out.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"
#include "exchange/json_schema.h"
#include "merkle.h"
#include "model/record.h"

extern const unsigned char emanifest_schema[];
extern const size_t emanifest_schema_size;

enum {
    DOCUMENT_MAX = 16 << 20,
    SIGNER_MAX = TEXT_MAX - 50 /* with the date it is one attribute */
};

static void schema_problem(void *ctx, const char *path, const char *text)
{
    emanifest_tell(ctx, path, false, "%s", text);
}

/* ---- records out ---------------------------------------------------------------------------- */

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

static const char *line_id(document *d, const json_t *waste)
{
    return emanifest_printf(d, "%s/%.0f", d->number,
                            json_number_value(json_object_get(waste, "lineNumber")));
}

/* When this document's first line was filed, if an earlier import entered it; else TIME_NONE. */
static wf_status filed_before(document *d, int64_t *out_ms, wf_error *err)
{
    const char *id = line_id(d, json_array_get(json_object_get(d->root, "wastes"), 0));
    uint32_t index = BOOK_NONE;
    manifest_row row = {.filed_ms = TIME_NONE};
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, ledger_store(d->ledger), false, err);
    if (status != WF_OK)
        return status;
    status = book_find_kind(d->book, txn, OBJECT_MANIFEST, id, &index, err);
    if (status == WF_OK && index != BOOK_NONE)
        status = book_get_manifest(d->book, txn, index, &row, err);
    store_abort(txn);
    *out_ms = row.filed_ms;
    return status;
}

/* ---- handlers ------------------------------------------------------------------------------- */

static handler *handler_add(document *d, const json_t *site, uint32_t role, uint32_t kind,
                            const char *path)
{
    const char *name = emanifest_text(site, "name");
    const char *id = emanifest_text(site, "epaSiteId");
    if (id == NULL)
        id = name;
    if (id == NULL || strlen(id) > TEXT_ID_MAX) {
        emanifest_tell(d, path, false, _("epaSiteId or name must be given, with at most %d bytes"),
                       TEXT_ID_MAX);
        return NULL;
    }
    handler *h = NULL;
    for (size_t i = 0; i < d->handler_count && h == NULL; i++)
        if (strcmp(d->handlers[i].id, id) == 0)
            h = &d->handlers[i];
    if (h == NULL) {
        if (d->handler_count == HANDLERS_MAX) {
            emanifest_tell(d, path, false, _("more than %d handlers"), HANDLERS_MAX);
            return NULL;
        }
        h = &d->handlers[d->handler_count++];
        *h = (handler){.id = id, .name = id, .path = emanifest_printf(d, "%s", path)};
    }
    if (name != NULL)
        h->name = name;
    h->roles |= role;
    if (kind != 0)
        h->kind = kind;
    const char *state = emanifest_code(json_object_get(site, "siteAddress"), "state");
    if (state != NULL)
        h->district = emanifest_printf(d, "US-%s", state);
    return h;
}

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

/* ---- signatures ----------------------------------------------------------------------------- */

static const char *signer_of(document *d, const json_t *electronic, const json_t *paper)
{
    const char *name = emanifest_text(paper, "printedName");
    if (electronic != NULL) {
        const json_t *signer = json_object_get(electronic, "signer");
        const char *first = emanifest_text(signer, "firstName");
        const char *last = emanifest_text(signer, "lastName");
        name = emanifest_printf(d, "%s%s%s", first != NULL ? first : "",
                                first != NULL && last != NULL ? " " : "", last != NULL ? last : "");
    }
    return name != NULL && name[0] != '\0' ? name : "name not given";
}

static signature signature_of(document *d, const json_t *site, const char *site_path)
{
    signature s = {NULL, TIME_NONE};
    const json_t *paper = json_object_get(site, "paperSignatureInfo");
    const json_t *electronic = json_array_get(json_object_get(site, "electronicSignaturesInfo"), 0);
    if (electronic == NULL && paper == NULL)
        return s;
    const char *path =
        emanifest_printf(d, "%s.%s", site_path,
                         electronic != NULL ? "electronicSignaturesInfo.0" : "paperSignatureInfo");
    s.at_ms = emanifest_date(d, electronic != NULL ? electronic : paper, "signatureDate", path);
    s.signer = signer_of(d, electronic, paper);
    if (strlen(s.signer) > SIGNER_MAX)
        emanifest_tell(d, path, false, _("the signer's name is %zu bytes long, the longest is %d"),
                       strlen(s.signer), SIGNER_MAX);
    return s;
}

static void line_signature(document *d, line *l, const char *who, const signature *s)
{
    char when[TIME_TEXT];
    if (s->signer != NULL)
        emanifest_attribute(d, l, NULL, who,
                            emanifest_printf(d, "%s, %s", s->signer,
                                             s->at_ms != TIME_NONE ? time_format(when, s->at_ms, 0)
                                                                   : "date not given"));
}

/* ---- the document --------------------------------------------------------------------------- */

static void earliest(int64_t *ms, int64_t candidate)
{
    if (candidate != TIME_NONE && (*ms == TIME_NONE || candidate < *ms))
        *ms = candidate;
}

/* When it was filed: the shipping date, else the creation date, else the earliest signature; an
   undated document keeps the time at which it was first imported. */
static wf_status document_time(document *d, wf_error *err)
{
    int64_t ms = emanifest_date(d, d->root, "shippedDate", "Emanifest");
    if (ms == TIME_NONE)
        ms = emanifest_date(d, d->root, "createdDate", "Emanifest");
    if (ms == TIME_NONE) {
        earliest(&ms, d->by_generator.at_ms);
        for (size_t i = 0; i < d->transporter_count; i++)
            earliest(&ms, d->by_transporter[i].at_ms);
        earliest(&ms, d->by_facility.at_ms);
    }
    if (ms == TIME_NONE) {
        wf_status status = filed_before(d, &ms, err);
        if (status != WF_OK)
            return status;
    }
    if (ms == TIME_NONE) {
        ms = clock_now_ms();
        emanifest_tell(d, "Emanifest.shippedDate", true,
                       _("the document bears no date: filed_at is the time of this import"));
    }
    d->filed_ms = ms;
    return WF_OK;
}

/* A name that stands for a missing id must be able to be one: blanks are joined. */
static void handler_name_squeeze(document *d, json_t *site)
{
    const char *name = emanifest_text(site, "name");
    if (name == NULL || emanifest_text(site, "epaSiteId") != NULL)
        return;
    char *squeezed = emanifest_printf(d, "%s", name);
    size_t size = 0;
    for (const char *at = name; *at != '\0'; at++)
        if (*at != ' ' || (size > 0 && squeezed[size - 1] != ' '))
            squeezed[size++] = *at;
    while (size > 0 && squeezed[size - 1] == ' ')
        size--;
    if (size < strlen(name) && size > 0 && !d->out_of_memory &&
        json_object_set_new(site, "name", json_stringn(squeezed, size)) != 0)
        d->out_of_memory = true;
}

/* 9 digits and 3 letters; anything else is replaced by a name made of the contents. */
static void document_number(document *d, span bytes)
{
    const char *number = emanifest_text(d->root, "manifestTrackingNumber");
    bool good = number != NULL && strlen(number) == 12;
    for (size_t i = 0; good && i < 12; i++)
        good = i < 9 ? number[i] >= '0' && number[i] <= '9' : number[i] >= 'A' && number[i] <= 'Z';
    if (good) {
        d->number = number;
        return;
    }
    hash h;
    merkle_leaf(&h, HASH_SHA256, bytes.data, bytes.size);
    d->number = emanifest_printf(d, "EM-%02X%02X%02X%02X%02X%02X", h.bytes[0], h.bytes[1],
                                 h.bytes[2], h.bytes[3], h.bytes[4], h.bytes[5]);
    if (number != NULL)
        emanifest_tell(d, "Emanifest.manifestTrackingNumber", true,
                       _("\"%.40s\" is not 9 digits and 3 letters; entered as %s"), number,
                       d->number);
    else
        emanifest_tell(d, "Emanifest.manifestTrackingNumber", true, _("not given; entered as %s"),
                       d->number);
}

static void document_handlers(document *d)
{
    size_t each = 0;
    json_t *transporter = NULL;
    handler_name_squeeze(d, json_object_get(d->root, "generator"));
    handler_name_squeeze(d, json_object_get(d->root, "designatedFacility"));
    json_array_foreach(json_object_get(d->root, "transporters"), each, transporter)
        handler_name_squeeze(d, transporter);
    handler_add(d, json_object_get(d->root, "generator"), ROLE_GENERATOR, SITE_FACTORY,
                "Emanifest.generator");
    d->by_generator = signature_of(d, json_object_get(d->root, "generator"), "Emanifest.generator");
    size_t i = 0;
    const json_t *site = NULL;
    json_array_foreach(json_object_get(d->root, "transporters"), i, site)
    {
        char path[64];
        snprintf(path, sizeof path, "Emanifest.transporters.%zu", i);
        handler_add(d, site, ROLE_CARRIER, 0, path);
        if (i < HANDLERS_MAX)
            d->by_transporter[d->transporter_count++] = signature_of(d, site, path);
        else if (i == HANDLERS_MAX)
            emanifest_tell(d, path, false, _("more than %d transporters"), HANDLERS_MAX);
    }
    if (i == 0)
        emanifest_tell(d, "Emanifest.transporters", false,
                       _("at least one transporter must be given"));
    handler_add(d, json_object_get(d->root, "designatedFacility"), ROLE_FACILITY,
                SITE_HAZARDOUS_TREATMENT, "Emanifest.designatedFacility");
    d->by_facility = signature_of(d, json_object_get(d->root, "designatedFacility"),
                                  "Emanifest.designatedFacility");
}

/* Lines are named by their number, so each must have one of its own. */
static void document_lines(document *d)
{
    const json_t *wastes = json_object_get(d->root, "wastes");
    size_t count = json_array_size(wastes);
    if (count == 0 || count > LINES_MAX) {
        emanifest_tell(d, "Emanifest.wastes", false, _("%zu waste lines; 1 to %d expected"), count,
                       LINES_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double number = json_number_value(json_object_get(json_array_get(wastes, i), "lineNumber"));
        const char *path = emanifest_printf(d, "Emanifest.wastes.%zu.lineNumber", i);
        if (!(number >= 1 && number <= 9999) || number != floor(number))
            emanifest_tell(d, path, false, _("%.10g is not a whole number from 1 to 9999"), number);
        for (size_t k = 0; k < i; k++)
            if (json_number_value(json_object_get(json_array_get(wastes, k), "lineNumber")) ==
                number) {
                emanifest_tell(d, path, false, _("%.10g is the number of wastes.%zu too"), number,
                               k);
                break;
            }
    }
}

static const char *handler_id(const json_t *site)
{
    const char *id = emanifest_text(site, "epaSiteId");
    return id != NULL ? id : emanifest_text(site, "name");
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
        vehicle.party_id = (char *)(uintptr_t)handler_id(site);
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

static wf_status event_write(document *d, const line *l, uint32_t kind, const json_t *site,
                             signature s, bool with_mass, const char *where, wf_error *err)
{
    Wufei__ManifestEvent event = WUFEI__MANIFEST_EVENT__INIT;
    event.manifest_id = l->manifest.manifest_id;
    event.event = kind;
    event.time_ms = s.at_ms < d->filed_ms ? d->filed_ms : s.at_ms;
    event.site_id = (char *)(uintptr_t)where;
    event.party_id = (char *)(uintptr_t)handler_id(site);
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

/* What the facility's signature says. */
static uint32_t facility_event(document *d)
{
    const char *type = emanifest_text(json_object_get(d->root, "rejectionInfo"), "rejectionType");
    if (!json_is_true(json_object_get(d->root, "rejection")))
        return EVENT_RECEIVED;
    return type != NULL && strcmp(type, "PartialReject") == 0 ? EVENT_ARRIVED : EVENT_REJECTED;
}

/* The events that the signatures prove of one line, in the order of the hands it went through. */
static wf_status line_events(document *d, const line *l, wf_error *err)
{
    const json_t *transporters = json_object_get(d->root, "transporters");
    const char *generator = handler_id(json_object_get(d->root, "generator"));
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
    uint32_t kind = facility_event(d);
    return event_write(d, l, kind, facility, *s, kind != EVENT_ARRIVED, handler_id(facility), err);
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
    m->manifest_id = (char *)(uintptr_t)line_id(d, waste);
    m->consignment = (char *)(uintptr_t)d->number;
    const json_t *first = json_array_get(json_object_get(d->root, "transporters"), 0);
    const json_t *facility = json_object_get(d->root, "designatedFacility");
    m->generator_site = (char *)(uintptr_t)handler_id(json_object_get(d->root, "generator"));
    m->facility_site = (char *)(uintptr_t)handler_id(facility);
    m->carrier_id = (char *)(uintptr_t)handler_id(first);
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

/* WF_REFUSED when a problem keeps the document from being written on; it has been told. */
static wf_status document_write(document *d, span bytes, wf_error *err)
{
    document_number(d, bytes);
    document_handlers(d);
    document_lines(d);
    if (facility_event(d) == EVENT_ARRIVED)
        emanifest_tell(d, "Emanifest.rejectionInfo.rejectionType", true,
                       _("PartialReject, and the form does not say how much of which line was "
                         "refused: the arrival is entered, and no receipt"));
    if (d->problems > 0)
        return WF_REFUSED;
    wf_status status = document_time(d, err);
    emanifest_signature_times(d);
    if (status == WF_OK)
        status = handlers_write(d, err);
    if (status == WF_OK)
        status = vehicles_write(d, err);
    const json_t *wastes = json_object_get(d->root, "wastes");
    for (size_t i = 0; i < json_array_size(wastes) && status == WF_OK; i++) {
        line *l = arena_alloc(d->memory, sizeof *l);
        if (l == NULL)
            return wf_fail(err, WF_SYSTEM, "out of memory");
        status = line_write(d, l, json_array_get(wastes, i), i, err);
    }
    return status;
}

/* Reads a whole file; bytes are in the arena. */
static wf_status file_read(span *out, document *d, const char *path, wf_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        wf_fail_errno(err, "%s", path);
        err->status = WF_USAGE;
        return WF_USAGE;
    }
    buffer all = {0};
    char piece[65536];
    size_t n = 0;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0 && all.size <= DOCUMENT_MAX)
        buffer_append(&all, piece, n);
    wf_status status = WF_OK;
    if (ferror(file)) {
        status = wf_fail_errno(err, "%s", path);
    } else if (all.size > DOCUMENT_MAX) {
        emanifest_tell(d, "Emanifest", false,
                       _("the file is larger than %d bytes; one manifest a file expected"),
                       DOCUMENT_MAX);
        status = WF_REFUSED;
    } else {
        void *copy = arena_copy(d->memory, all.data != NULL ? (char *)all.data : "", all.size);
        *out = span_of(copy, all.size);
        if (copy == NULL || all.failed)
            status = wf_fail(err, WF_SYSTEM, "out of memory");
    }
    buffer_free(&all);
    fclose(file);
    return status;
}

static wf_status schema_check(document *d, wf_error *err)
{
    json_t *schema = json_loadb((const char *)emanifest_schema, emanifest_schema_size, 0, NULL);
    WF_ASSERT(schema != NULL);
    schema_sink sink = {schema_problem, d};
    wf_status status = json_schema_check(schema, d->root, "Emanifest", &sink, err);
    json_decref(schema);
    return status;
}

static wf_status document_parse(document *d, json_t **root, span bytes)
{
    json_error_t where;
    *root = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &where);
    if (*root != NULL)
        return WF_OK;
    import_place place = {.file = d->out_file, .line = where.line > 0 ? (uint64_t)where.line : 1};
    char text[WF_ERROR_TEXT];
    snprintf(text, sizeof text, _("not JSON, at column %d: %s"), where.column, where.text);
    d->problems++;
    statements_refuse(d->out, &place, NULL, 1, text);
    return WF_REFUSED;
}

static wf_status document_read(document *d, const char *path, json_t **root, wf_error *err)
{
    span bytes = {0};
    wf_status status = file_read(&bytes, d, path, err);
    if (status == WF_OK)
        status = document_parse(d, root, bytes);
    d->root = *root;
    if (status == WF_OK)
        status = schema_check(d, err);
    if (status == WF_OK)
        status = document_write(d, bytes, err);
    if (d->out_of_memory)
        return wf_fail(err, WF_SYSTEM, "out of memory");
    return status;
}

/* One document: all of it or nothing. WF_REFUSED when its problems have been told. */
static wf_status document_import(document *d, const char *path, const import_options *options,
                                 import_summary *out, wf_error *err)
{
    json_t *root = NULL;
    import_options whole = *options;
    whole.all_or_nothing = true;
    import_binding binding = {d->ledger, d->book};
    import_target target = import_target_of(&binding);
    wf_status status = statements_new(&d->out, &target, &whole, err);
    if (status != WF_OK)
        return status;
    d->out_file = statements_file(d->out, d->file);
    status = document_read(d, path, &root, err);
    WF_ASSERT(status != WF_REFUSED || d->problems > 0); /* else it would be entered below */
    if (status == WF_OK || status == WF_REFUSED)
        status = statements_finish(d->out, out, err);
    statements_free(d->out);
    d->out = NULL;
    json_decref(root);
    return status;
}

/* Of a document that was refused all records were, or, when none was made, the document itself. */
static void summary_join(import_summary *all, const import_summary *one, const char *file,
                         bool refused)
{
    import_file_summary f = {0};
    if (one->file_count > 0)
        f = one->files[0];
    if (refused) {
        f.read = f.read > 0 ? f.read : 1;
        f.refused = f.read;
        f.entered = 0;
        f.already = 0;
    }
    all->statements += one->statements;
    if (all->file_count < IMPORT_FILES_MAX) {
        snprintf(f.name, sizeof f.name, "%s", file);
        all->files[all->file_count++] = f;
        return;
    }
    import_file_summary *last = &all->files[IMPORT_FILES_MAX - 1]; /* takes all further */
    snprintf(last->name, sizeof last->name, "...");
    last->read += f.read;
    last->entered += f.entered;
    last->already += f.already;
    last->refused += f.refused;
}

static wf_status path_import(ledger *l, book *b, const char *path, const import_options *options,
                             import_summary *out, wf_error *err)
{
    arena memory;
    arena_init(&memory, 0);
    const char *slash = strrchr(path, '/');
    import_summary one = {0};
    wf_status status = WF_SYSTEM;
    document *d = arena_alloc(&memory, sizeof *d);
    if (d == NULL) {
        wf_fail(err, WF_SYSTEM, "out of memory");
    } else {
        *d = (document){
            .file = slash != NULL ? slash + 1 : path, .memory = &memory, .ledger = l, .book = b};
        status = document_import(d, path, options, &one, err);
        if (status == WF_OK || status == WF_REFUSED)
            summary_join(out, &one, d->file, status == WF_REFUSED);
    }
    arena_free(&memory);
    return status;
}

/* Files that cannot be opened are found before the first document enters. */
static wf_status paths_check(const char *const *paths, size_t count, wf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct stat about;
        if (stat(paths[i], &about) != 0 || access(paths[i], R_OK) != 0) {
            wf_fail_errno(err, "%s", paths[i]);
            err->status = WF_USAGE;
            return WF_USAGE;
        }
        if (S_ISDIR(about.st_mode))
            return wf_fail(err, WF_USAGE, _("%s is a folder; e-Manifest documents are files"),
                           paths[i]);
    }
    return WF_OK;
}

wf_status import_emanifest(ledger *l, book *b, const char *const *paths, size_t count,
                           const import_options *options, import_summary *out, wf_error *err)
{
    *out = (import_summary){0};
    if (options->all_or_nothing && count > 1)
        return wf_fail(err, WF_USAGE,
                       _("each e-Manifest document enters whole or not at all; all or "
                         "nothing over %zu documents is not possible: import them "
                         "one by one"),
                       count);
    int64_t start_us = clock_monotonic_us();
    size_t refused = 0;
    wf_status status = paths_check(paths, count, err);
    for (size_t i = 0; i < count && status == WF_OK; i++) {
        status = path_import(l, b, paths[i], options, out, err);
        if (status == WF_REFUSED) {
            refused++;
            status = WF_OK;
        }
    }
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    if (status == WF_OK && refused > 0)
        status = wf_fail(err, WF_REFUSED, _("%zu of %zu documents were refused"), refused, count);
    return status;
}
