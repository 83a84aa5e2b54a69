/*
 * exchange/emanifest_document.c: what an e-Manifest document says of itself, read into a
 * `document`: its number, its handlers and their signatures, its lines' numbers; and telling what
 * of it cannot be. A line's own members are read by emanifest_waste.c when its record is made.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"
#include "merkle.h"

enum { SIGNER_MAX = TEXT_MAX - 50 /* with the date it is one attribute */ };

/* ---- handlers -------------------------------------------------------------------------------- */

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

/* ---- signatures ------------------------------------------------------------------------------ */

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

/* ---- the document ---------------------------------------------------------------------------- */

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

const char *emanifest_handler_id(const json_t *site)
{
    const char *id = emanifest_text(site, "epaSiteId");
    return id != NULL ? id : emanifest_text(site, "name");
}

uint32_t emanifest_facility_event(const document *d)
{
    const char *type = emanifest_text(json_object_get(d->root, "rejectionInfo"), "rejectionType");
    if (!json_is_true(json_object_get(d->root, "rejection")))
        return EVENT_RECEIVED;
    return type != NULL && strcmp(type, "PartialReject") == 0 ? EVENT_ARRIVED : EVENT_REJECTED;
}

bool emanifest_read(document *d, span bytes)
{
    document_number(d, bytes);
    document_handlers(d);
    document_lines(d);
    if (emanifest_facility_event(d) == EVENT_ARRIVED)
        emanifest_tell(d, "Emanifest.rejectionInfo.rejectionType", true,
                       _("PartialReject, and the form does not say how much of which line was "
                         "refused: the arrival is entered, and no receipt"));
    return d->problems == 0;
}
