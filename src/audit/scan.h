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

typedef struct scan_noise {
    double floor;    /* never believe less noise than this */
    double prior;    /* sigma of like series; 0: none */
    double prior_df; /* what it weighs, in degrees of freedom */
} scan_noise;

/* Sigma of one value from first differences. NAN with fewer than three values. */
double scan_sigma(const double *values, size_t count);

/* False when the series is too short (fewer than 6 values) or nothing lies low. Stretches have at
   least two values and leave at least three outside. */
bool scan_find_low(scan_low *out, const double *values, size_t count, const scan_noise *noise,
                   double enough);

#endif
