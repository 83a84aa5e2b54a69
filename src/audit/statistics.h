/*
 * audit/statistics.h: the statistics that rules stand on. Pure functions of plain arrays.
 */
#ifndef AUDIT_STATISTICS_H
#define AUDIT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "wufei/status.h"

/* Median; sorts nothing that the caller sees but reorders `values`. NAN when count is 0. */
double median_in_place(double *values, size_t count);
/* 1.4826 x median absolute deviation from `centre`: the sigma of a normal. Reorders `values` and
   replaces them by their deviations. NAN when count is 0. */
double mad_sigma_in_place(double *values, size_t count, double centre);

/* P(Z > z) of the standard normal. */
double normal_upper(double z);
/* P(X > x) of chi square with `degrees` degrees of freedom. */
double chi2_upper(double x, double degrees);

/* Benjamini-Hochberg (1995): the largest p that is rejected among `tests` tests at q, of which the
   `count` given p-values are the smallest ones worth keeping (the others count as larger). A value
   below zero when nothing is rejected. Sorts `p`. */
double benjamini_hochberg_limit(double *p, size_t count, size_t tests, double q);

/* Page's test: S = max(0, S + y - k). */
double page_step(double s, double y, double k);
/* h so that the false alarm over n periods is alpha (0.05 or 0.01), k of 0.25, 0.5 or 1.0: table of
   detection.md 4.4 (simulated), linear in ln n between its lines, never below n = 12. */
double page_limit(double n, double k, double alpha);
/* The false-alarm probability over n periods of a Page maximum s: ln p is nearly linear in h,
   through the table's 5 % and 1 %. At most 1. */
double page_p(double s, double n, double k);

/* Loads the library that factorises matrices, once, before an audit begins; WF_SYSTEM when it is
   not installed. */
wf_status statistics_load(wf_error *err);

/* Lower Cholesky factor in place (row-major n x n, upper part zeroed), and y = C^-1 x: SITMUF.
   False when the matrix is not positive definite. */
bool cholesky_in_place(double *matrix, size_t n);
void forward_solve(double *y, const double *factor, const double *x, size_t n);

#endif
