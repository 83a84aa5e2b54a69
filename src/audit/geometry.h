/*
 * audit/geometry.h: distances on the ground and stay points of a track.
 */
#ifndef AUDIT_GEOMETRY_H
#define AUDIT_GEOMETRY_H

#include <stdbool.h>
#include <stddef.h>

#include "model/track.h"

/* Distance in metres on a sphere of radius 6 371 008.8 m, within 0.1 % of the great circle below
   50 km and 60 degrees of latitude, at a tenth of its cost. Coordinates in 1e-7 degrees. */
double flat_distance_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7);

/* A run of fixes that stay within a radius of its first fix. */
typedef struct stay_point {
    int64_t from_ms, to_ms;
    int32_t lat_e7, lon_e7; /* mean of its fixes */
    size_t first, count;    /* fixes */
} stay_point;

/* The next stay from fix *at on that lasts at least min_ms, within radius_m of its first fix
   (detection.md 2.1: 100 m, 10 min, for trucks). Moves *at behind it; false at the end. Fixes are
   sorted by time; a silence between two fixes of one place belongs to the stay, for tracks are
   thinned while parked. */
bool stay_next(stay_point *out, const track_fix *fixes, size_t count, size_t *at, double radius_m,
               int64_t min_ms);

#endif
