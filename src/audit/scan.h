/*
 * audit/scan.h: a stretch of a series that lies below the rest of it.
 *
 * For logarithms of ratios week by week (declared waste per kWh, residue per tonne): the contiguous
 * stretch whose mean is lowest against the weeks outside it. Sigma comes from first differences,
 * which a step in level hardly touches; the t statistic is turned to a normal (Wallace) and p
 * multiplied by the number of stretches tried.
 */
#ifndef AUDIT_SCAN_H
#define AUDIT_SCAN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct scan_low {
    size_t first, end; /* the stretch: [first, end) */
    double shift;      /* mean outside minus mean inside, > 0 */
    double level;      /* mean outside */
    double sigma;      /* of one value */
    double z;          /* as a normal */
    double p;          /* corrected for the stretches tried */
    size_t shown_at;   /* index of the value with which p first fell to `enough`, else end - 1 */
} scan_low;

/* False when the series is too short (fewer than 6 values) or nothing lies low. Stretches have at
   least two values and leave at least three outside. sigma_floor: never believe less noise than
   this. */
bool scan_find_low(scan_low *out, const double *values, size_t count, double sigma_floor,
                   double enough);

#endif
