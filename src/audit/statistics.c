/*
 * audit/statistics.c: see statistics.h.
 *
 * LAPACKE is loaded when the first audit asks for it, and not with the program: with the nine
 * libraries that it brings (LAPACK, BLAS, Fortran's) it took 1.8 of the 6 ms in which a whole
 * `wufei show` runs, which has no matrix.
 */
#include "audit/statistics.h"

#include <dlfcn.h>
#include <lapacke.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Hoare's selection: afterwards values[k] is what a sort would put there, smaller ones before. */
static double select_kth(double *values, size_t count, size_t k)
{
    size_t low = 0;
    size_t high = count - 1;
    while (low < high) {
        double pivot = values[low + (high - low) / 2];
        size_t i = low;
        size_t j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            double t = values[i];
            values[i++] = values[j];
            values[j--] = t;
        }
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return values[k];
}

double median_in_place(double *values, size_t count)
{
    if (count == 0)
        return NAN;
    if (count <= 16)
        qsort(values, count, sizeof *values, compare_doubles);
    else
        select_kth(values, count, count / 2);
    double upper = values[count / 2];
    if (count % 2 == 1)
        return upper;
    double lower = values[0];
    for (size_t i = 1; i < count / 2; i++)
        lower = fmax(lower, values[i]);
    return (lower + upper) / 2;
}

double mad_sigma_in_place(double *values, size_t count, double centre)
{
    for (size_t i = 0; i < count; i++)
        values[i] = fabs(values[i] - centre);
    return 1.482602218505602 * median_in_place(values, count);
}

double normal_upper(double z)
{
    return 0.5 * erfc(z / sqrt(2.0));
}

/* Regularised upper incomplete gamma: series below a + 1, continued fraction (Lentz) above. */
static double gamma_upper(double a, double x)
{
    if (x <= 0)
        return 1;
    double scale = exp(-x + a * log(x) - lgamma(a));
    if (x < a + 1) {
        double term = 1 / a;
        double sum = term;
        for (double n = a + 1; fabs(term) > fabs(sum) * 1e-16 && n < a + 10000; n++) {
            term *= x / n;
            sum += term;
        }
        return fmax(0, 1 - sum * scale);
    }
    double b = x + 1 - a;
    double c = 1e300;
    double d = 1 / b;
    double h = d;
    for (int i = 1; i < 10000; i++) {
        double an = -i * (i - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        double step = d * c;
        h *= step;
        if (fabs(step - 1) < 1e-15)
            break;
    }
    return scale * h;
}

double chi2_upper(double x, double degrees)
{
    return gamma_upper(degrees / 2, x / 2);
}

double benjamini_hochberg_limit(double *p, size_t count, size_t tests, double q)
{
    qsort(p, count, sizeof *p, compare_doubles);
    for (size_t i = count; i > 0; i--)
        if (p[i - 1] <= q * (double)i / (double)tests)
            return p[i - 1];
    return -1;
}

/* ---- Page's test ---------------------------------------------------------------------------- */

double page_step(double s, double y, double k)
{
    return fmax(0, s + y - k);
}

static const double horizons[] = {12, 26, 52, 104, 365};
enum { HORIZONS = 5 };
/* [k 0.25, 0.5, 1.0][5 %, 1 %][horizon] */
static const double limits[3][2][HORIZONS] = {
    {{4.743, 6.424, 8.003, 9.557, 12.259}, {6.425, 8.675, 10.618, 12.477, 15.481}},
    {{3.350, 4.230, 4.990, 5.709, 6.977}, {4.632, 5.719, 6.515, 7.266, 8.635}},
    {{1.914, 2.308, 2.658, 3.006, 3.657}, {2.672, 3.101, 3.472, 3.824, 4.460}},
};

double page_limit(double n, double k, double alpha)
{
    size_t row = k < 0.375 ? 0 : k < 0.75 ? 1 : 2;
    const double *h = limits[row][alpha < 0.03];
    if (n <= horizons[0])
        return h[0];
    size_t i = 1;
    while (i < HORIZONS - 1 && n > horizons[i])
        i++;
    double share = (log(n) - log(horizons[i - 1])) / (log(horizons[i]) - log(horizons[i - 1]));
    return h[i - 1] + share * (h[i] - h[i - 1]);
}

double page_p(double s, double n, double k)
{
    double five = page_limit(n, k, 0.05);
    double one = page_limit(n, k, 0.01);
    double slope = (log(0.05) - log(0.01)) / (one - five);
    return fmin(1, exp(log(0.05) - slope * (s - five)));
}

/* ---- matrices ------------------------------------------------------------------------------- */

#define LAPACKE_LIBRARY "liblapacke.so.3" /* the ABI of <lapacke.h> */

typedef lapack_int dpotrf(int layout, char part, lapack_int n, double *matrix, lapack_int stride);

/* LAPACKE_dpotrf; NULL: it cannot be had, and dlerror says why. */
static dpotrf *factoriser(void)
{
    static _Atomic(dpotrf *) known;
    dpotrf *found = atomic_load(&known);
    if (found != NULL)
        return found;
    void *library = dlopen(LAPACKE_LIBRARY, RTLD_NOW | RTLD_LOCAL); /* stays until the end */
    void *symbol = library != NULL ? dlsym(library, "LAPACKE_dpotrf") : NULL;
    memcpy(&found, &symbol, sizeof found); /* C has no conversion for what POSIX returns here */
    atomic_store(&known, found);
    return found;
}

wf_status statistics_load(wf_error *err)
{
    if (factoriser() != NULL)
        return WF_OK;
    const char *why = dlerror();
    return wf_fail(err, WF_SYSTEM,
                   _("the library %s cannot be loaded: %s; install it (Debian: liblapacke)"),
                   LAPACKE_LIBRARY, why != NULL ? why : "?");
}

bool cholesky_in_place(double *matrix, size_t n)
{
    dpotrf *factorise = factoriser();
    WF_ASSERT(factorise != NULL); /* statistics_load said so */
    if (n == 0 || factorise(LAPACK_ROW_MAJOR, 'L', (lapack_int)n, matrix, (lapack_int)n) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            matrix[i * n + j] = 0;
    return true;
}

void forward_solve(double *y, const double *factor, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double rest = x[i];
        for (size_t j = 0; j < i; j++)
            rest -= factor[i * n + j] * y[j];
        y[i] = rest / factor[i * n + i];
    }
}
