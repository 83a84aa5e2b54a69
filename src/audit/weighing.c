/*
 * audit/weighing.c: see weighing.h.
 */
#include "audit/weighing.h"

#include <string.h>

double weighing_variance_g2(int64_t division_g, int64_t mass_g)
{
    double e = (double)division_g;
    double divisions = e > 0 ? (double)mass_g / e : 0;
    double mpe = (divisions <= 500 ? 1 : divisions <= 2000 ? 2 : 3) * e;
    return mpe * mpe / 3 + e * e / 12;
}

double weighing_net_variance_g2(const city *c, const weighing_row *w)
{
    int64_t division_g = w->scale != BOOK_NONE ? c->scales[w->scale].division_g : 50000;
    double tare_g2 = weighing_variance_g2(division_g, w->tare_g);
    if (w->tare_ms == TIME_NONE)
        tare_g2 += 0.003 * 0.003 * (double)w->tare_g * (double)w->tare_g;
    return weighing_variance_g2(division_g, w->gross_g) + tare_g2;
}

loss_allowance transit_loss(enum waste_stream stream, const char *code)
{
    switch (stream) {
    case STREAM_HAZARDOUS:
    case STREAM_MEDICAL:
        return (loss_allowance){0, 0.0005};
    case STREAM_CONSTRUCTION:
        return (loss_allowance){0.002, 0.003};
    case STREAM_HOUSEHOLD:
        if (strncmp(code, "SW61", 4) == 0) /* food waste drips */
            return (loss_allowance){0.005, 0.01};
        return (loss_allowance){0.001, 0.004};
    case STREAM_INDUSTRIAL:
        if (strncmp(code, "SW07", 4) == 0) /* sludge */
            return (loss_allowance){0.001, 0.003};
        return (loss_allowance){0.001, 0.002};
    default:
        return (loss_allowance){0, 0.002};
    }
}
