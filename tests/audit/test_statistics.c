/*
 * audit: the statistics, against published values and (where present) the shared reference files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "audit/statistics.h"

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.10g is not within %.3g of %.10g", value, tolerance, expected);
}

static void medians(void **state)
{
    (void)state;
    double odd[] = {3, 1, 2};
    near(median_in_place(odd, 3), 2, 0);
    double even[40];
    for (int i = 0; i < 40; i++)
        even[i] = (i * 17) % 40; /* 0 .. 39 in disorder */
    near(median_in_place(even, 40), 19.5, 0);
    double same[50] = {0};
    near(median_in_place(same, 50), 0, 0);
    double spread[] = {1, 2, 3, 4, 100};
    near(mad_sigma_in_place(spread, 5, 3), 1.4826, 1e-4);
    assert_true(isnan(median_in_place(spread, 0)));
}

static void tails(void **state)
{
    (void)state;
    near(normal_upper(1.645), 0.0499849, 1e-7);
    near(normal_upper(3), 0.0013498980, 1e-10);
    near(normal_upper(0), 0.5, 0);
    near(normal_upper(-1), 0.8413447460685429, 1e-15);
    near(normal_upper(5) / 2.866515718791939e-7, 1, 1e-9); /* far out it is the ratio that counts */
    near(normal_upper(7) / 1.279812543885835e-12, 1, 1e-9);
    near(chi2_upper(3.841458821, 1), 0.05, 1e-9);
    near(chi2_upper(18.307038, 10), 0.05, 1e-7);
    near(chi2_upper(12.813201, 1), 0.000344182, 1e-8); /* Rao and Narasimhan 1996, problem P1 */
    near(chi2_upper(0.5, 12), 0.9999999, 1e-5);
}

/* The manual example of BenHoch, mSTEM's fdrBH and section 3.1 of Benjamini and Hochberg (1995). */
static void benjamini_hochberg(void **state)
{
    (void)state;
    double a[] = {0.50, 0.01, 0.001, 0.69, 0.02, 0.05, 0.0025};
    near(benjamini_hochberg_limit(a, 7, 7, 0.05), 0.02, 0);
    double b[] = {0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10};
    near(benjamini_hochberg_limit(b, 10, 10, 0.1), 0.10, 0);
    double c[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                  0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    near(benjamini_hochberg_limit(c, 15, 15, 0.05), 0.0095, 0);
    /* Tests that were made but not handed over count. */
    near(benjamini_hochberg_limit(c, 3, 15, 0.05), 0.0019, 0);
    assert_true(benjamini_hochberg_limit(c, 3, 100000, 0.05) < 0);
    assert_true(benjamini_hochberg_limit(c, 0, 0, 0.05) < 0);
}

/* The hand example of the reference: Sigma = [[4,2],[2,5]], MUF = (3,4). */
static void hand_example(void **state)
{
    (void)state;
    double sigma[] = {4, 2, 2, 5};
    assert_true(cholesky_in_place(sigma, 2));
    near(sigma[0], 2, 1e-12);
    near(sigma[1], 0, 0);
    near(sigma[2], 1, 1e-12);
    near(sigma[3], 2, 1e-12);
    const double muf[] = {3, 4};
    double y[2];
    forward_solve(y, sigma, muf, 2);
    near(y[0], 1.5, 1e-12);
    near(y[1], 1.25, 1e-12);
    double s = page_step(0, y[0], 0.5);
    near(s, 1.0, 1e-12);
    near(page_step(s, y[1], 0.5), 1.75, 1e-12);
    near(y[0] * y[0] + y[1] * y[1], 3.8125, 1e-12); /* GEMUF */
    double singular[] = {1, 1, 1, 1};
    assert_false(cholesky_in_place(singular, 2) && singular[3] > 1e-7);
}

static void page_limits(void **state)
{
    (void)state;
    near(page_limit(52, 0.5, 0.01), 6.515, 1e-12);
    near(page_limit(12, 0.25, 0.05), 4.743, 1e-12);
    near(page_limit(5, 0.25, 0.05), 4.743, 1e-12);
    near(page_limit(365, 1.0, 0.01), 4.460, 1e-12);
    assert_true(page_limit(40, 0.5, 0.05) > 4.23 && page_limit(40, 0.5, 0.05) < 4.99);
    near(page_p(6.515, 52, 0.5), 0.01, 1e-9);
    near(page_p(4.990, 52, 0.5), 0.05, 1e-9);
    near(page_p(0, 52, 0.5), 1, 0);
}

static void page_table(void **state)
{
    (void)state;
    const char *shared = getenv("WUFEI_SHARED");
    char path[1024];
    snprintf(path, sizeof path, "%s/data/statistics/page_horizon.csv",
             shared != NULL ? shared : TEST_SOURCE_DIR "/../../shared");
    FILE *file = fopen(path, "r");
    if (file == NULL)
        skip();
    char line[512];
    assert_non_null(fgets(line, sizeof line, file));
    size_t rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        double n = 0;
        double k = 0;
        double alpha = 0;
        double h = 0;
        assert_int_equal(sscanf(line, "%lf,%lf,%lf,%lf", &n, &k, &alpha, &h), 4);
        near(page_limit(n, k, alpha), h, 0.005);
        rows++;
    }
    fclose(file);
    assert_true(rows >= 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians),
        cmocka_unit_test(tails),
        cmocka_unit_test(benjamini_hochberg),
        cmocka_unit_test(hand_example),
        cmocka_unit_test(page_limits),
        cmocka_unit_test(page_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
