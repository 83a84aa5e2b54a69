/*
 * exchange/quantity.h: quantities in the units of other systems, converted to grams.
 *
 * Exact factors: 1 lb = 453.59237 g and 1 US gallon = 3.785411784 L (NIST Handbook 44, appendix C),
 * 1 cubic yard = 764.554857984 L, 1 short ton = 2 000 lb. A volume needs a density; without one
 * there is no mass, and none is invented.
 */
#ifndef EXCHANGE_QUANTITY_H
#define EXCHANGE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct unit {
    const char *code; /* e-Manifest code: P T K M G L Y N */
    const char *name;
    double grams;  /* per unit, 0 for a volume */
    double litres; /* per unit, 0 for a mass */
} unit;

const unit *unit_find(const char *code); /* NULL when unknown */

/* Mass in grams, rounded to the nearest. density_kg_per_l is used for volumes only. False when it
   is a volume without a density (<= 0), negative, or above MASS_MAX_G. */
bool quantity_to_grams(int64_t *out_g, double quantity, const unit *u, double density_kg_per_l);

#define POUNDS_PER_GALLON_IN_KG_PER_L (453.59237 / 3785.411784)

#endif
