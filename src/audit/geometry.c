/*
 * audit/geometry.c: see geometry.h.
 */
#include "audit/geometry.h"

#include <math.h>

#define EARTH_M 6371008.8
#define RADIANS_PER_E7 (3.14159265358979323846 / 180 / 1e7)

double flat_distance_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
    double x = ((double)lon2_e7 - lon1_e7) * RADIANS_PER_E7 *
               cos(((double)lat1_e7 + lat2_e7) / 2 * RADIANS_PER_E7);
    double y = ((double)lat2_e7 - lat1_e7) * RADIANS_PER_E7;
    return EARTH_M * sqrt(x * x + y * y);
}

bool stay_next(stay_point *out, const track_fix *fixes, size_t count, size_t *at, double radius_m,
               int64_t min_ms)
{
    while (*at < count) {
        size_t first = *at;
        size_t end = first + 1;
        double lat = fixes[first].lat_e7;
        double lon = fixes[first].lon_e7;
        while (end < count && flat_distance_m(fixes[first].lat_e7, fixes[first].lon_e7,
                                              fixes[end].lat_e7, fixes[end].lon_e7) <= radius_m) {
            lat += fixes[end].lat_e7;
            lon += fixes[end].lon_e7;
            end++;
        }
        if (fixes[end - 1].time_ms - fixes[first].time_ms >= min_ms) {
            double n = (double)(end - first);
            *out = (stay_point){fixes[first].time_ms,
                                fixes[end - 1].time_ms,
                                (int32_t)lround(lat / n),
                                (int32_t)lround(lon / n),
                                first,
                                end - first};
            *at = end;
            return true;
        }
        *at = first + 1;
    }
    return false;
}
