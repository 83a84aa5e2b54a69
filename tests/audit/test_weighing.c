/*
 * audit: the errors of weighings.
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

#include "audit/weighing.h"

/* The table of detection.md 3.3: e = 20 kg, 25 t gross, 12 t tare: u(net) 33.7 kg. */
static void weighing_errors(void **state)
{
    (void)state;
    double u = sqrt(weighing_variance_g2(20000, 25000000) + weighing_variance_g2(20000, 12000000));
    assert_true(fabs(u - 33700) < 100);
    u = sqrt(weighing_variance_g2(50000, 49000000) + weighing_variance_g2(50000, 17000000));
    assert_true(fabs(u - 67700) < 15000); /* 67.7 kg in the table, which takes 2e for both */
    assert_true(weighing_variance_g2(20000, 10000000) < weighing_variance_g2(20000, 10000001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighing_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
