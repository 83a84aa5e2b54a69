/*
 * audit: a stretch of a series that lies low.
 */
#include "audit/scan.h"
#include "suspicion_test.h"

static void scan_finds_the_stretch(void **state)
{
    (void)state;
    double values[20];
    const scan_noise noise = {0.01, 0, 0};
    scan_low low;
    for (unsigned i = 0; i < 20; i++)
        values[i] = 0.05 * wobble(i);
    assert_true(!scan_find_low(&low, values, 20, &noise, 0.001) || low.p > 0.02);
    for (unsigned i = 8; i < 14; i++)
        values[i] -= 0.3;
    assert_true(scan_find_low(&low, values, 20, &noise, 0.001));
    assert_int_equal(low.first, 8);
    assert_int_equal(low.end, 14);
    assert_true(fabs(low.shift - 0.3) < 0.05);
    assert_true(low.p < 1e-4);
    assert_true(low.shown_at >= 9 && low.shown_at < 14);
    assert_false(scan_find_low(&low, values, 5, &noise, 0.001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_finds_the_stretch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
