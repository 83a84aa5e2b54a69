/*
 * audit: distances and stay points.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "audit/geometry.h"

/* The great-circle distance, which the flat one comes near to. */
static double haversine_m(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7, int32_t lon2_e7)
{
    static const double radians_per_e7 = 3.14159265358979323846 / 180 / 1e7;
    double lat1 = lat1_e7 * radians_per_e7;
    double lat2 = lat2_e7 * radians_per_e7;
    double a = sin((lat2 - lat1) / 2);
    double b = sin(((double)lon2_e7 - lon1_e7) * radians_per_e7 / 2);
    double h = a * a + cos(lat1) * cos(lat2) * b * b;
    return 2 * 6371008.8 * asin(fmin(1, sqrt(h)));
}

static void distances(void **state)
{
    (void)state;
    /* One degree of a meridian of the mean sphere. */
    assert_true(fabs(haversine_m(300000000, 1200000000, 310000000, 1200000000) - 111195.08) < 0.1);
    double degree = flat_distance_m(300000000, 1200000000, 310000000, 1200000000);
    assert_true(fabs(degree - 111195.08) < 0.1);
    double exact = haversine_m(300000000, 1200000000, 301000000, 1201500000);
    double flat = flat_distance_m(300000000, 1200000000, 301000000, 1201500000);
    assert_true(fabs(flat / exact - 1) < 1e-3);
    assert_true(flat_distance_m(1, 1, 1, 1) < 1e-9);
}

/* A silence between two fixes of one place belongs to the stay. */
static void stays(void **state)
{
    (void)state;
    const track_fix fixes[] = {{0, 300000000, 1200000000},       {60000, 300100000, 1200000000},
                               {120000, 300100100, 1200000000},  {1800000, 300100200, 1200000000},
                               {1860000, 300200000, 1200000000}, {1920000, 300200100, 1200000000}};
    size_t at = 0;
    stay_point s;
    assert_true(stay_next(&s, fixes, 6, &at, 100, 600000));
    assert_int_equal(s.from_ms, 60000);
    assert_int_equal(s.to_ms, 1800000);
    assert_int_equal(s.count, 3);
    assert_false(stay_next(&s, fixes, 6, &at, 100, 600000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
