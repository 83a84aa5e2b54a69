/*
 * audit/weighing.h: the standard uncertainty of a weighing (design, section 4) and what a load may
 * lose on its way.
 */
#ifndef AUDIT_WEIGHING_H
#define AUDIT_WEIGHING_H

#include "book/city.h"

/* Variance in g^2 of one weighing of mass_g on a class III scale of division e: (MPE/sqrt 3)^2 +
   (e/sqrt 12)^2, MPE in service 1e to 500e, 2e to 2 000e, 3e above (OIML R 76; GB/T 7723). */
double weighing_variance_g2(int64_t division_g, int64_t mass_g);
/* Of a net weight: gross and tare together. A stored tare (tare_ms TIME_NONE) adds 0.3 % of the
   tare, for fuel, mud and a changed trailer. */
double weighing_net_variance_g2(const city *c, const weighing_row *w);

/* Share lost in transit (mean, sd), by what it is: detection.md 3.2. */
typedef struct loss_allowance {
    double mean, sd;
} loss_allowance;
loss_allowance transit_loss(enum waste_stream stream, const char *code);

/* Relative standard deviation of a mass that no scale is named for. */
#define UNWEIGHED_SIGMA 0.05

#endif
