/*
 * audit/scan.c: see scan.h.
 */
#include "audit/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/statistics.h"

enum { VALUES_MAX = 512, INSIDE_MIN = 2, OUTSIDE_MIN = 3 };

double scan_sigma(const double *values, size_t count)
{
    double differences[VALUES_MAX];
    if (count < 3 || count > VALUES_MAX)
        return NAN;
    for (size_t i = 0; i + 1 < count; i++)
        differences[i] = values[i + 1] - values[i];
    return mad_sigma_in_place(differences, count - 1, 0) / sqrt(2.0);
}

/* One wild week must neither make nor hide a stretch. */
static void winsorise(double *out, const double *values, size_t count, double sigma)
{
    memcpy(out, values, count * sizeof *out);
    double median = median_in_place(out, count);
    memcpy(out, values, count * sizeof *out);
    double spread = mad_sigma_in_place(out, count, median);
    double limit = 4 * fmax(sigma, spread);
    for (size_t i = 0; i < count; i++)
        out[i] = fmax(median - limit, fmin(median + limit, values[i]));
}

static bool find(scan_low *out, const double *raw, size_t count, const scan_noise *noise)
{
    if (count < INSIDE_MIN + OUTSIDE_MIN + 1 || count > VALUES_MAX)
        return false;
    double own_df = (double)count - 2;
    double df = own_df + (noise->prior > 0 ? noise->prior_df : 0);
    double sigma = scan_sigma(raw, count);
    if (noise->prior > 0)
        sigma = sqrt((own_df * sigma * sigma + noise->prior_df * noise->prior * noise->prior) / df);
    sigma = fmax(sigma, noise->floor);
    double values[VALUES_MAX];
    double sums[VALUES_MAX + 1];
    winsorise(values, raw, count, sigma);
    sums[0] = 0;
    for (size_t i = 0; i < count; i++)
        sums[i + 1] = sums[i] + values[i];
    double best = 0;
    double tried = 0;
    for (size_t first = 0; first < count; first++) {
        for (size_t end = first + INSIDE_MIN; end <= count; end++) {
            double inside = (double)(end - first);
            double outside = (double)count - inside;
            if (outside < OUTSIDE_MIN)
                break;
            tried++;
            double low = (sums[end] - sums[first]) / inside;
            double rest = (sums[count] - sums[end] + sums[first]) / outside;
            double t = (rest - low) / (sigma * sqrt(1 / inside + 1 / outside));
            if (t <= best)
                continue;
            best = t;
            *out = (scan_low){
                .first = first, .end = end, .shift = rest - low, .level = rest, .sigma = sigma};
        }
    }
    if (best <= 0)
        return false;
    out->z = (8 * df + 1) / (8 * df + 3) * sqrt(df * log1p(best * best / df));
    out->p = fmin(1, normal_upper(out->z) * pow(tried, 0.87));
    return true;
}

bool scan_find_low(scan_low *out, const double *values, size_t count, const scan_noise *noise,
                   double enough)
{
    if (!find(out, values, count, noise))
        return false;
    out->shown_at = out->end - 1;
    for (size_t n = out->first + INSIDE_MIN; n < out->end && out->p <= enough; n++) {
        scan_low before;
        if (find(&before, values, n, noise) && before.p <= enough && before.end > out->first) {
            out->shown_at = n - 1;
            break;
        }
    }
    /* A stretch with too few values before it shows only with those that follow. */
    size_t least = INSIDE_MIN + OUTSIDE_MIN;
    if (out->shown_at < least)
        out->shown_at = count - 1 < least ? count - 1 : least;
    return true;
}
