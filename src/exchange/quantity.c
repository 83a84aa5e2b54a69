/*
 * exchange/quantity.c: see quantity.h.
 */
#include "exchange/quantity.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/number.h"

static const unit units[] = {
    {"P", "pounds", 453.59237, 0},
    {"T", "short tons", 907184.74, 0},
    {"K", "kilograms", 1000, 0},
    {"M", "metric tons", 1000000, 0},
    {"G", "gallons", 0, 3.785411784},
    {"L", "litres", 0, 1},
    {"Y", "cubic yards", 0, 764.554857984},
    {"N", "cubic metres", 0, 1000},
};

const unit *unit_find(const char *code)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].code, code) == 0)
            return &units[i];
    return NULL;
}

bool quantity_to_grams(int64_t *out_g, double quantity, const unit *u, double density_kg_per_l)
{
    double grams =
        u->grams > 0 ? quantity * u->grams : quantity * u->litres * density_kg_per_l * 1000;
    if (u->grams <= 0 && !(density_kg_per_l > 0))
        return false;
    if (!(grams >= 0) || grams > (double)MASS_MAX_G)
        return false;
    *out_g = llround(grams);
    return true;
}
