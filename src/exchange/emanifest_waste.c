/*
 * exchange/emanifest_waste.c: one waste line of an e-Manifest document: its code and stream, its
 * quantity as a mass where there is one, and as attributes what our records have no field for.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "exchange/emanifest.h"
#include "exchange/quantity.h"
#include "model/record.h"

void emanifest_attribute(document *d, line *l, const char *member, const char *name,
                         const char *value)
{
    const char *path = member != NULL ? emanifest_printf(d, "%s.%s", l->path, member) : l->path;
    if (value == NULL || value[0] == '\0')
        return;
    if (strlen(value) > TEXT_MAX) {
        emanifest_tell(d, path, false, _("is %zu bytes long, the longest is %d"), strlen(value),
                       TEXT_MAX);
        return;
    }
    if (l->manifest.n_attributes == LINE_ATTRIBUTES_MAX) {
        emanifest_tell(d, path, false, _("more than %d attributes; \"%.60s\" has no room"),
                       LINE_ATTRIBUTES_MAX, name);
        return;
    }
    Wufei__Attribute *a = &l->attributes[l->manifest.n_attributes];
    *a = (Wufei__Attribute)WUFEI__ATTRIBUTE__INIT;
    a->name = emanifest_printf(d, "%s", name);
    a->value = emanifest_printf(d, "%s", value);
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
        const char *code =
            json_is_string(one) ? json_string_value(one) : emanifest_text(one, "code");
        if (code != NULL)
            buffer_printf(&joined, "%s%s", joined.size > 0 ? "|" : "", code);
    }
    const char *text = emanifest_printf(d, "%.*s", (int)joined.size,
                                        joined.data != NULL ? (const char *)joined.data : "");
    if (joined.failed)
        d->out_of_memory = true;
    buffer_free(&joined);
    return text;
}

/* Federal code, else Texas, generator's state, facility's state; PCB; else none. */
static void waste_code(document *d, line *l)
{
    static const char *const lists[] = {"federalWasteCodes", "txWasteCodes",
                                        "generatorStateWasteCodes", "tsdfStateWasteCodes"};
    const json_t *hazardous = json_object_get(l->waste, "hazardousWaste");
    l->manifest.waste_code = NULL;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *codes = codes_joined(d, json_object_get(hazardous, lists[i]));
        emanifest_attribute(d, l, emanifest_printf(d, "hazardousWaste.%s", lists[i]), lists[i],
                            codes);
        if (l->manifest.waste_code == NULL && codes[0] != '\0')
            l->manifest.waste_code = emanifest_printf(d, "%.*s", (int)strcspn(codes, "|"), codes);
    }
    bool pcb = json_is_true(json_object_get(l->waste, "pcb"));
    if (l->manifest.waste_code == NULL)
        l->manifest.waste_code = (char *)(uintptr_t)(pcb ? "PCB" : "NO-CODE");
    bool is_hazardous = pcb || json_is_true(json_object_get(l->waste, "epaWaste")) ||
                        json_is_true(json_object_get(l->waste, "dotHazardous"));
    l->manifest.stream = is_hazardous ? STREAM_HAZARDOUS : STREAM_INDUSTRIAL;
}

/* Kilograms a litre; 0 when it is not given or cannot be used, which is told. */
static double waste_density(document *d, line *l)
{
    const json_t *info = json_object_get(l->waste, "brInfo");
    const json_t *density = json_object_get(info, "density");
    if (density == NULL)
        return 0;
    const char *code = emanifest_code(info, "densityUnitOfMeasurement");
    double value = json_number_value(density);
    if (!(value > 0)) {
        emanifest_tell(d, emanifest_printf(d, "%s.brInfo.density", l->path), true,
                       _("%.10g is not above 0; the density is not used"), value);
        return 0;
    }
    if (code != NULL && strcmp(code, "1") == 0)
        return value * POUNDS_PER_GALLON_IN_KG_PER_L;
    if (code != NULL && strcmp(code, "2") == 0)
        return value;
    emanifest_tell(d, emanifest_printf(d, "%s.brInfo.densityUnitOfMeasurement", l->path), true,
                   _("1 (lbs/gal) or 2 (sg) was expected; the density is not used"));
    return 0;
}

static void waste_mass(document *d, line *l, long long amount, const unit *u)
{
    const char *path = emanifest_printf(d, "%s.quantity", l->path);
    double density = u->litres > 0 ? waste_density(d, l) : 0;
    int64_t mass_g = 0;
    if (u->litres > 0 && !(density > 0)) {
        emanifest_tell(d, path, true,
                       _("%lld %s is a volume and no density is known (brInfo.density): no mass is "
                         "entered, the volume is kept in the record"),
                       amount, u->name);
        return;
    }
    if (!quantity_to_grams(&mass_g, (double)amount, u, density)) {
        emanifest_tell(d, path, false, _("%lld %s is more than one load can be"), amount, u->name);
        return;
    }
    l->manifest.has_declared_g = 1;
    l->manifest.declared_g = mass_g;
    if (density > 0)
        emanifest_attribute(d, l, NULL, "density",
                            emanifest_printf(d, "%.6g kg/L (brInfo.density)", density));
}

static void waste_quantity(document *d, line *l)
{
    const json_t *quantity = json_object_get(l->waste, "quantity");
    const json_t *amount = json_object_get(quantity, "quantity");
    const char *code = emanifest_code(quantity, "unitOfMeasurement");
    const char *container = emanifest_code(quantity, "containerType");
    const json_t *containers = json_object_get(quantity, "containerNumber");
    if (containers != NULL)
        emanifest_attribute(
            d, l, NULL, "containers",
            emanifest_printf(d, "%" JSON_INTEGER_FORMAT "%s%s", json_integer_value(containers),
                             container != NULL ? " " : "", container != NULL ? container : ""));
    if (amount == NULL || code == NULL)
        return;
    const unit *u = unit_find(code);
    WF_ASSERT(u != NULL); /* the schema knows no other code, nor an amount that is no integer */
    long long value = json_integer_value(amount);
    emanifest_attribute(d, l, NULL, "quantity", emanifest_printf(d, "%lld %s", value, u->name));
    waste_mass(d, l, value, u);
}

static void waste_attributes(document *d, line *l)
{
    const json_t *dot = json_object_get(l->waste, "dotInformation");
    emanifest_attribute(d, l, "dotInformation.idNumber", "un_number",
                        emanifest_code(dot, "idNumber"));
    emanifest_attribute(d, l, "dotInformation.printedDotInformation", "description",
                        emanifest_text(dot, "printedDotInformation"));
    emanifest_attribute(d, l, "wasteDescription", "description",
                        emanifest_text(l->waste, "wasteDescription"));
    emanifest_attribute(d, l, "managementMethod", "management_method",
                        emanifest_code(l->waste, "managementMethod"));
    emanifest_attribute(d, l, NULL, "submission", emanifest_text(d->root, "submissionType"));
    emanifest_attribute(d, l, NULL, "status", emanifest_text(d->root, "status"));
    const json_t *pcb = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(l->waste, "pcbInfos"), i, pcb)
    {
        const char *load = emanifest_code(pcb, "loadType");
        const char *removed = emanifest_text(pcb, "dateOfRemoval");
        emanifest_attribute(d, l, emanifest_printf(d, "pcbInfos.%zu", i), "pcb",
                            emanifest_printf(d, "%s%s%.10g kg, removed %s",
                                             load != NULL ? load : "", load != NULL ? " " : "",
                                             json_number_value(json_object_get(pcb, "weight")),
                                             removed != NULL ? removed : "date not given"));
    }
}

void emanifest_waste(document *d, line *l)
{
    waste_code(d, l);
    waste_quantity(d, l);
    waste_attributes(d, l);
}
