/*
 * exchange/emanifest.c: EPA e-Manifest documents (JSON of the Save and Get services) into records.
 *
 * A document is checked against EPA's own schema (schema/emanifest.json) first; every field that
 * does not fit is named, and then nothing of the document enters. What fits becomes, in one
 * all-or-nothing batch: a party and a site for each handler that is not known yet; one manifest for
 * each waste line
 * ("MTN/1", "MTN/2" ..., joined by the consignment MTN), because a line is a load of its own; and
 * the events that the signatures prove: transporter 1's signature is the pick-up, a later
 * transporter's the handover, the facility's the receipt (or the rejection).
 *
 * What the form does not have is not invented: sites have no coordinates (location_unknown), the
 * vehicle is
 * "<transporter>/vehicle not stated", a volume without a density has no mass. What our records have
 * no field for is kept as attributes of the manifest: signatures, UN number, containers, original
 * quantity.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/time.h"
#include "exchange/json_schema.h"
#include "exchange/quantity.h"
#include "exchange/statements.h"

extern const unsigned char emanifest_schema[];
extern const size_t emanifest_schema_size;

enum { HANDLERS_MAX = 64, LINES_MAX = 200, ATTRIBUTES_MAX = 48, DOCUMENT_MAX = 16 << 20 };

typedef struct handler {
    const char *id; /* EPA id, or "name" when it has none */
    const char *name;
    uint32_t roles;
    uint32_t kind; /* of its site, 0: no site (a transporter's office) */
    const char *district;
    const char *path;
} handler;

typedef struct document {
    const json_t *root;
    const char *file;
    const char *number; /* the MTN, or a name made of the contents */
    handler handlers[HANDLERS_MAX];
    size_t handler_count;
    int64_t filed_ms;
    arena *memory;
    statements *out;
    unsigned out_file;
    ledger *ledger;
    book *book;
    const import_options *options;
    uint64_t problems;
} document;

static void tell(document *d, const char *path, bool warning, const char *format, ...)
    WF_PRINTF(4, 5);

static void tell(document *d, const char *path, bool warning, const char *format, ...)
{
    char text[WF_ERROR_TEXT];
    char place[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(place, sizeof place, "%.500s: %.500s", d->file, path);
    if (!warning)
        d->problems++;
    if (d->options->problem != NULL) {
        import_problem p = {place, text, warning};
        d->options->problem(d->options->ctx, &p);
    }
}

static void schema_problem(void *ctx, const char *path, const char *text)
{
    tell(ctx, path, false, "%s", text);
}

/* ---- small readers of JSON members ---------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *code_of(const json_t *object, const char *name)
{
    return text_of(json_object_get(object, name), "code");
}

/* "2018-03-18T04:00:00.000+0000": RFC 3339 but for the colon in the offset. */
static bool date_parse(int64_t *out_ms, const char *text)
{
    char fixed[TIME_TEXT];
    size_t size = strlen(text);
    if (size + 2 > sizeof fixed)
        return false;
    if (size > 5 && (text[size - 5] == '+' || text[size - 5] == '-'))
        snprintf(fixed, sizeof fixed, "%.*s:%s", (int)(size - 2), text, text + size - 2);
    else
        snprintf(fixed, sizeof fixed, "%s", text);
    return time_parse(out_ms, fixed, strlen(fixed));
}

/* TIME_NONE when absent; a malformed one is a problem. */
static int64_t date_of(document *d, const json_t *object, const char *name, const char *path)
{
    const char *text = text_of(object, name);
    int64_t ms = TIME_NONE;
    if (text != NULL && !date_parse(&ms, text)) {
        tell(d, path, false, _("%s: \"%.60s\" is not a date and time such as %s"), name, text,
             "2018-03-18T04:00:00.000+0000");
        return TIME_NONE;
    }
    return ms;
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

/* When this document's first line was filed, if an earlier import entered it; else TIME_NONE. */
static wf_status filed_before(document *d, int64_t *out_ms, wf_error *err)
{
    const char *id = arena_printf(d->memory, "%s/1", d->number);
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
    const char *name = text_of(site, "name");
    const char *id = text_of(site, "epaSiteId");
    if (id == NULL)
        id = name;
    if (id == NULL || strlen(id) > TEXT_ID_MAX) {
        tell(d, path, false, _("epaSiteId or name must be given, with at most %d bytes"),
             TEXT_ID_MAX);
        return NULL;
    }
    handler *h = NULL;
    for (size_t i = 0; i < d->handler_count && h == NULL; i++)
        if (strcmp(d->handlers[i].id, id) == 0)
            h = &d->handlers[i];
    if (h == NULL) {
        if (d->handler_count == HANDLERS_MAX) {
            tell(d, path, false, _("more than %d handlers"), HANDLERS_MAX);
            return NULL;
        }
        h = &d->handlers[d->handler_count++];
        *h = (handler){.id = id, .name = id, .path = arena_strdup(d->memory, path)};
    }
    if (name != NULL)
        h->name = name;
    h->roles |= role;
    if (kind != 0)
        h->kind = kind;
    const char *state = code_of(json_object_get(site, "siteAddress"), "state");
    if (state != NULL)
        h->district = arena_printf(d->memory, "US-%s", state);
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

typedef struct signature {
    const char *signer; /* NULL: not signed */
    int64_t at_ms;
} signature;

static signature signature_of(document *d, const json_t *site, const char *path)
{
    signature s = {NULL, TIME_NONE};
    const json_t *paper = json_object_get(site, "paperSignatureInfo");
    const json_t *electronic = json_array_get(json_object_get(site, "electronicSignaturesInfo"), 0);
    const json_t *taken = electronic != NULL ? electronic : paper;
    if (taken == NULL)
        return s;
    s.at_ms = date_of(d, taken, "signatureDate", path);
    if (electronic != NULL) {
        const json_t *signer = json_object_get(electronic, "signer");
        const char *first = text_of(signer, "firstName");
        const char *last = text_of(signer, "lastName");
        s.signer = arena_printf(d->memory, "%s%s%s", first != NULL ? first : "",
                                first != NULL && last != NULL ? " " : "", last != NULL ? last : "");
    } else {
        s.signer = text_of(paper, "printedName");
    }
    if (s.signer == NULL || s.signer[0] == '\0')
        s.signer = "name not given";
    return s;
}

/* ---- waste lines ---------------------------------------------------------------------------- */

typedef struct line {
    const json_t *waste;
    char path[64];
    Wufei__Manifest manifest;
    Wufei__Attribute attributes[ATTRIBUTES_MAX];
    Wufei__Attribute *pointers[ATTRIBUTES_MAX];
} line;

static void attribute_add(document *d, line *l, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    if (l->manifest.n_attributes == ATTRIBUTES_MAX) {
        tell(d, l->path, true, _("more than %d attributes, \"%.60s\" is left out"), ATTRIBUTES_MAX,
             name);
        return;
    }
    Wufei__Attribute *a = &l->attributes[l->manifest.n_attributes];
    *a = (Wufei__Attribute)WUFEI__ATTRIBUTE__INIT;
    a->name = arena_strdup(d->memory, name);
    a->value = arena_strdup(d->memory, value);
    l->pointers[l->manifest.n_attributes++] = a;
}

/* All codes of a list joined by '|'. */
static const char *codes_joined(document *d, const json_t *list)
{
    buffer joined = {0};
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(list, i, one)
    {
        const char *code = json_is_string(one) ? json_string_value(one) : text_of(one, "code");
        if (code != NULL)
            buffer_printf(&joined, "%s%s", joined.size > 0 ? "|" : "", code);
    }
    const char *text =
        arena_strndup(d->memory, joined.data != NULL ? (char *)joined.data : "", joined.size);
    buffer_free(&joined);
    return text;
}

static const char *first_code(document *d, const char *codes)
{
    return arena_strndup(d->memory, codes, strcspn(codes, "|"));
}

/* Federal code, else Texas, generator's state, facility's state; PCB; else what it is described as.
 */
static void line_code(document *d, line *l)
{
    static const char *const lists[] = {"federalWasteCodes", "txWasteCodes",
                                        "generatorStateWasteCodes", "tsdfStateWasteCodes"};
    const json_t *hazardous = json_object_get(l->waste, "hazardousWaste");
    l->manifest.waste_code = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *codes = codes_joined(d, json_object_get(hazardous, lists[i]));
        attribute_add(d, l, lists[i], codes);
        if (l->manifest.waste_code == NULL && codes != NULL && codes[0] != '\0')
            l->manifest.waste_code = (char *)(uintptr_t)first_code(d, codes);
    }
    bool pcb = json_is_true(json_object_get(l->waste, "pcb"));
    if (l->manifest.waste_code == NULL)
        l->manifest.waste_code = (char *)(uintptr_t)(pcb ? "PCB" : "NO-CODE");
    bool is_hazardous = pcb || json_is_true(json_object_get(l->waste, "epaWaste")) ||
                        json_is_true(json_object_get(l->waste, "dotHazardous"));
    l->manifest.stream = is_hazardous ? STREAM_HAZARDOUS : STREAM_INDUSTRIAL;
}

static double line_density(document *d, line *l)
{
    const json_t *info = json_object_get(l->waste, "brInfo");
    const json_t *density = json_object_get(info, "density");
    if (density == NULL)
        return 0;
    const json_t *unit_object = json_object_get(info, "densityUnitOfMeasurement");
    const char *code = text_of(unit_object, "code");
    double value = json_number_value(density);
    if (code != NULL && strcmp(code, "1") == 0)
        return value * POUNDS_PER_GALLON_IN_KG_PER_L;
    if (code != NULL && strcmp(code, "2") == 0)
        return value;
    tell(d, l->path, true,
         _("brInfo.densityUnitOfMeasurement must be 1 (lbs/gal) or 2 (sg); the "
           "density is not used"));
    return 0;
}

static void line_quantity(document *d, line *l)
{
    const json_t *quantity = json_object_get(l->waste, "quantity");
    const json_t *amount = json_object_get(quantity, "quantity");
    const char *code = code_of(quantity, "unitOfMeasurement");
    const char *container = code_of(quantity, "containerType");
    const json_t *containers = json_object_get(quantity, "containerNumber");
    if (containers != NULL)
        attribute_add(d, l, "containers",
                      arena_printf(d->memory, "%" JSON_INTEGER_FORMAT " %s",
                                   json_integer_value(containers),
                                   container != NULL ? container : ""));
    if (amount == NULL || code == NULL)
        return;
    const unit *u = unit_find(code);
    WF_ASSERT(u != NULL); /* the schema knows no other code */
    attribute_add(d, l, "quantity",
                  arena_printf(d->memory, "%.10g %s", json_number_value(amount), u->name));
    double density = u->litres > 0 ? line_density(d, l) : 0;
    int64_t mass_g = 0;
    if (quantity_to_grams(&mass_g, json_number_value(amount), u, density)) {
        l->manifest.has_declared_g = 1;
        l->manifest.declared_g = mass_g;
        if (density > 0)
            attribute_add(d, l, "density",
                          arena_printf(d->memory, "%.6g kg/L (brInfo.density)", density));
    } else if (u->litres > 0) {
        tell(d, l->path, true,
             _("quantity: %.10g %s is a volume and brInfo.density is not given: "
               "no mass is entered, the volume is kept in the record"),
             json_number_value(amount), u->name);
    } else {
        tell(d, l->path, false, _("quantity: %.10g %s is more than one load can be"),
             json_number_value(amount), u->name);
    }
}

static void line_attributes(document *d, line *l)
{
    const json_t *dot = json_object_get(l->waste, "dotInformation");
    attribute_add(d, l, "un_number", code_of(dot, "idNumber"));
    attribute_add(d, l, "description", text_of(dot, "printedDotInformation"));
    attribute_add(d, l, "description", text_of(l->waste, "wasteDescription"));
    attribute_add(d, l, "management_method", code_of(l->waste, "managementMethod"));
    attribute_add(d, l, "submission", text_of(d->root, "submissionType"));
    attribute_add(d, l, "status", text_of(d->root, "status"));
    const json_t *pcb = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(l->waste, "pcbInfos"), i, pcb)
    {
        const json_t *weight = json_object_get(pcb, "weight");
        const char *load = code_of(pcb, "loadType");
        attribute_add(d, l, "pcb",
                      arena_printf(d->memory, "%s %.10g kg, removed %s", load != NULL ? load : "",
                                   json_number_value(weight),
                                   text_of(pcb, "dateOfRemoval") != NULL
                                       ? text_of(pcb, "dateOfRemoval")
                                       : "date not given"));
    }
}

static void line_signature(document *d, line *l, const char *who, const json_t *site)
{
    signature s = signature_of(d, site, l->path);
    char when[TIME_TEXT];
    if (s.signer != NULL)
        attribute_add(d, l, who,
                      arena_printf(d->memory, "%s, %s", s.signer, time_format(when, s.at_ms, 0)));
}

/* ---- the document --------------------------------------------------------------------------- */

static void earliest(int64_t *ms, int64_t candidate)
{
    if (candidate != TIME_NONE && (*ms == TIME_NONE || candidate < *ms))
        *ms = candidate;
}

/* When it was filed: the shipping date, else the creation date, else the earliest signature, else
   the earliest date in it; an undated document keeps the time at which it was first imported. */
static wf_status document_time(document *d, wf_error *err)
{
    int64_t ms = date_of(d, d->root, "shippedDate", "shippedDate");
    if (ms == TIME_NONE)
        ms = date_of(d, d->root, "createdDate", "createdDate");
    if (ms == TIME_NONE) {
        earliest(&ms, signature_of(d, json_object_get(d->root, "generator"), "generator").at_ms);
        size_t i = 0;
        const json_t *site = NULL;
        json_array_foreach(json_object_get(d->root, "transporters"), i, site)
            earliest(&ms, signature_of(d, site, "transporters").at_ms);
        earliest(&ms, signature_of(d, json_object_get(d->root, "designatedFacility"),
                                   "designatedFacility")
                          .at_ms);
    }
    if (ms == TIME_NONE) {
        wf_status status = filed_before(d, &ms, err);
        if (status != WF_OK)
            return status;
    }
    d->filed_ms = ms != TIME_NONE ? ms : clock_now_ms();
    return WF_OK;
}

/* 9 digits and 3 letters; anything else is replaced by a name made of the contents. */
static void document_number(document *d, span bytes)
{
    const char *number = text_of(d->root, "manifestTrackingNumber");
    bool good = number != NULL && strlen(number) == 12;
    for (size_t i = 0; good && i < 12; i++)
        good = i < 9 ? number[i] >= '0' && number[i] <= '9' : number[i] >= 'A' && number[i] <= 'Z';
    if (good) {
        d->number = number;
        return;
    }
    hash h;
    merkle_leaf(&h, bytes.data, bytes.size);
    d->number = arena_printf(d->memory, "EM-%02X%02X%02X%02X%02X%02X", h.bytes[0], h.bytes[1],
                             h.bytes[2], h.bytes[3], h.bytes[4], h.bytes[5]);
    if (number != NULL)
        tell(d, "Emanifest.manifestTrackingNumber", true,
             _("\"%.40s\" is not 9 digits and 3 letters; entered as %s"), number, d->number);
    else
        tell(d, "Emanifest.manifestTrackingNumber", true, _("not given; entered as %s"), d->number);
}

static void document_handlers(document *d)
{
    handler_add(d, json_object_get(d->root, "generator"), ROLE_GENERATOR, SITE_FACTORY,
                "Emanifest.generator");
    size_t i = 0;
    const json_t *site = NULL;
    json_array_foreach(json_object_get(d->root, "transporters"), i, site)
    {
        char path[64];
        snprintf(path, sizeof path, "Emanifest.transporters.%zu", i);
        handler_add(d, site, ROLE_CARRIER, 0, path);
    }
    if (i == 0)
        tell(d, "Emanifest.transporters", false, _("at least one transporter must be given"));
    handler_add(d, json_object_get(d->root, "designatedFacility"), ROLE_FACILITY,
                SITE_HAZARDOUS_TREATMENT, "Emanifest.designatedFacility");
}

static const char *handler_id(const json_t *site)
{
    const char *id = text_of(site, "epaSiteId");
    return id != NULL ? id : text_of(site, "name");
}

static char *vehicle_name(document *d, const char *transporter)
{
    return arena_printf(d->memory, "%.40s/not stated", transporter);
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

/* The events that the signatures of one line prove, in the order of the hands it went through. */
static wf_status line_events(document *d, const line *l, wf_error *err)
{
    size_t i = 0;
    const json_t *site = NULL;
    const char *generator = handler_id(json_object_get(d->root, "generator"));
    bool picked_up = false;
    json_array_foreach(json_object_get(d->root, "transporters"), i, site)
    {
        signature s = signature_of(d, site, l->path);
        if (s.signer == NULL || s.at_ms == TIME_NONE)
            break;
        wf_status status = event_write(d, l, i == 0 ? EVENT_PICKED_UP : EVENT_HANDED_OVER, site, s,
                                       i == 0, i == 0 ? generator : NULL, err);
        if (status != WF_OK)
            return status;
        picked_up = true;
    }
    const json_t *facility = json_object_get(d->root, "designatedFacility");
    signature s = signature_of(d, facility, l->path);
    if (!picked_up || s.signer == NULL || s.at_ms == TIME_NONE)
        return WF_OK;
    bool rejected = json_is_true(json_object_get(d->root, "rejection"));
    return event_write(d, l, rejected ? EVENT_REJECTED : EVENT_RECEIVED, facility, s, true,
                       handler_id(facility), err);
}

static wf_status line_write(document *d, line *l, const json_t *waste, size_t index, wf_error *err)
{
    l->waste = waste;
    snprintf(l->path, sizeof l->path, "Emanifest.wastes.%zu", index);
    l->manifest = (Wufei__Manifest)WUFEI__MANIFEST__INIT;
    l->manifest.attributes = l->pointers;
    l->manifest.manifest_id =
        arena_printf(d->memory, "%s/%" JSON_INTEGER_FORMAT, d->number,
                     json_integer_value(json_object_get(waste, "lineNumber")));
    l->manifest.consignment = (char *)(uintptr_t)d->number;
    const json_t *first = json_array_get(json_object_get(d->root, "transporters"), 0);
    l->manifest.generator_site =
        (char *)(uintptr_t)handler_id(json_object_get(d->root, "generator"));
    l->manifest.facility_site =
        (char *)(uintptr_t)handler_id(json_object_get(d->root, "designatedFacility"));
    l->manifest.carrier_id = (char *)(uintptr_t)handler_id(first);
    l->manifest.vehicle_id = vehicle_name(d, l->manifest.carrier_id);
    l->manifest.filed_at_ms = d->filed_ms;
    line_code(d, l);
    line_quantity(d, l);
    line_attributes(d, l);
    line_signature(d, l, "signature.generator", json_object_get(d->root, "generator"));
    size_t i = 0;
    const json_t *site = NULL;
    json_array_foreach(json_object_get(d->root, "transporters"), i, site)
        line_signature(d, l, arena_printf(d->memory, "signature.transporter.%zu", i + 1), site);
    line_signature(d, l, "signature.facility", json_object_get(d->root, "designatedFacility"));

    Wufei__Record record = WUFEI__RECORD__INIT;
    record.body_case = WUFEI__RECORD__BODY_MANIFEST;
    record.manifest = &l->manifest;
    wf_status status = add(d, l->path, &record, err);
    return status == WF_OK ? line_events(d, l, err) : status;
}

static wf_status document_write(document *d, span bytes, wf_error *err)
{
    document_number(d, bytes);
    document_handlers(d);
    const json_t *wastes = json_object_get(d->root, "wastes");
    if (json_array_size(wastes) == 0 || json_array_size(wastes) > LINES_MAX)
        tell(d, "Emanifest.wastes", false, _("%zu waste lines; 1 to %d expected"),
             json_array_size(wastes), LINES_MAX);
    if (d->problems > 0)
        return WF_REFUSED;
    wf_status status = document_time(d, err);
    if (status == WF_OK)
        status = handlers_write(d, err);
    if (status == WF_OK)
        status = vehicles_write(d, err);
    for (size_t i = 0; i < json_array_size(wastes) && status == WF_OK; i++) {
        line *l = arena_alloc(d->memory, sizeof *l);
        if (l == NULL)
            return wf_fail(err, WF_SYSTEM, "out of memory");
        status = line_write(d, l, json_array_get(wastes, i), i, err);
    }
    return status == WF_OK && d->problems > 0 ? WF_REFUSED : status;
}

/* Reads a whole file; bytes are in the arena. */
static wf_status file_read(span *out, arena *memory, const char *path, wf_error *err)
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
    if (ferror(file))
        status = wf_fail_errno(err, "%s", path);
    else if (all.size > DOCUMENT_MAX)
        status =
            wf_fail(err, WF_REFUSED, _("%s: larger than %d bytes; one manifest a file expected"),
                    path, DOCUMENT_MAX);
    else
        *out = span_of(arena_copy(memory, all.data != NULL ? (char *)all.data : "", all.size),
                       all.size);
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

/* One document: all of it or nothing. WF_REFUSED when its problems have been told. */
static wf_status document_import(document *d, const char *path, import_summary *out, wf_error *err)
{
    span bytes = {0};
    wf_status status = file_read(&bytes, d->memory, path, err);
    if (status != WF_OK)
        return status;
    json_error_t where;
    json_t *root = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) {
        tell(d, arena_printf(d->memory, "%d:%d", where.line, where.column), false,
             _("not JSON: %s"), where.text);
        return WF_REFUSED;
    }
    d->root = root;
    status = schema_check(d, err);
    import_options whole = *d->options;
    whole.all_or_nothing = true;
    import_binding binding = {d->ledger, d->book};
    import_target target = import_target_of(&binding);
    if (status == WF_OK)
        status = statements_new(&d->out, &target, &whole, err);
    if (status == WF_OK) {
        d->out_file = statements_file(d->out, d->file);
        status = document_write(d, bytes, err);
    }
    if (status == WF_OK)
        status = statements_finish(d->out, out, err);
    statements_free(d->out);
    d->out = NULL;
    json_decref(root);
    return status;
}

static void summary_join(import_summary *all, const import_summary *one, const char *file,
                         bool refused)
{
    all->statements += one->statements;
    if (all->file_count == IMPORT_FILES_MAX)
        return;
    import_file_summary *f = &all->files[all->file_count++];
    *f = (import_file_summary){0};
    if (one->file_count > 0)
        *f = one->files[0];
    snprintf(f->name, sizeof f->name, "%s", file);
    if (refused &&
        f->refused == 0) { /* refused before a record was made: the document is the row */
        f->read = 1;
        f->refused = 1;
    }
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
    wf_status status = WF_OK;
    for (size_t i = 0; i < count && status == WF_OK; i++) {
        arena memory;
        arena_init(&memory, 0);
        const char *slash = strrchr(paths[i], '/');
        document *d = arena_alloc(&memory, sizeof *d);
        if (d == NULL)
            return wf_fail(err, WF_SYSTEM, "out of memory");
        *d = (document){.file = slash != NULL ? slash + 1 : paths[i],
                        .memory = &memory,
                        .ledger = l,
                        .book = b,
                        .options = options};
        import_summary one = {0};
        status = document_import(d, paths[i], &one, err);
        summary_join(out, &one, d->file, status == WF_REFUSED);
        if (status == WF_REFUSED) {
            refused++;
            status = WF_OK;
        }
        arena_free(&memory);
    }
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    if (status == WF_OK && refused > 0)
        status = wf_fail(err, WF_REFUSED, _("%zu of %zu documents were refused"), refused, count);
    return status;
}
