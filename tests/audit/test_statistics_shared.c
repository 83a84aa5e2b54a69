/*
 * audit: the statistics against reference files of other people's programs: MAPIT's balance
 * sequences, Benjamini-Hochberg examples of R packages, run lengths of R's spc. Skipped where the
 * files are absent (WUFEI_SHARED, else ../shared beside the source tree).
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

#include <jansson.h>

#include "audit/statistics.h"

enum { PERIODS_MAX = 64, RUNS = 20000 };

static const char *shared_file(const char *name)
{
    static char path[1024];
    const char *shared = getenv("WUFEI_SHARED");
    snprintf(path, sizeof path, "%s/data/statistics/%s",
             shared != NULL ? shared : TEST_SOURCE_DIR "/../../shared", name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        skip();
    fclose(file);
    return path;
}

static json_t *load_cases(const char *name)
{
    json_error_t error;
    json_t *whole = json_load_file(shared_file(name), 0, &error);
    if (whole == NULL)
        fail_msg("%s:%d: %s", name, error.line, error.text);
    return whole;
}

static void near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.10g is not within %.3g of %.10g", value, tolerance, expected);
}

static size_t numbers(double *out, const json_t *array, size_t room)
{
    size_t count = json_array_size(array);
    assert_true(count <= room);
    for (size_t i = 0; i < count; i++)
        out[i] = json_number_value(json_array_get(array, i));
    return count;
}

/* From the covariance of a sequence: SITMUF, Page (k = 0.5), GEMUF and CUMUF. */
static void check_sequence(const json_t *expected)
{
    double muf[PERIODS_MAX], cov[PERIODS_MAX * PERIODS_MAX], y[PERIODS_MAX];
    double sitmuf[PERIODS_MAX], page[PERIODS_MAX];
    size_t n = numbers(muf, json_object_get(expected, "MUF"), PERIODS_MAX);
    const json_t *rows = json_object_get(expected, "cov");
    assert_int_equal(json_array_size(rows), n);
    double sum = 0;
    double variance = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(numbers(cov + i * n, json_array_get(rows, i), n), n);
        sum += muf[i];
        for (size_t k = 0; k < n; k++)
            variance += cov[i * n + k];
    }
    assert_int_equal(numbers(sitmuf, json_object_get(expected, "SITMUF"), n), n);
    assert_int_equal(numbers(page, json_object_get(expected, "Page_k05_standard"), n), n);
    assert_true(cholesky_in_place(cov, n));
    forward_solve(y, cov, muf, n);
    double s = 0;
    double gemuf = 0;
    for (size_t i = 0; i < n; i++) {
        near(y[i], sitmuf[i], 2e-4);
        s = page_step(s, y[i], 0.5);
        near(s, page[i], 2e-3);
        gemuf += y[i] * y[i];
    }
    const json_t *v1 = json_object_get(expected, "GEMUF_V1");
    size_t last = json_array_size(v1);
    near(gemuf, last > 0 ? json_number_value(json_array_get(v1, last - 1)) : json_number_value(v1),
         1e-2);
    near(sum / sqrt(variance),
         json_number_value(json_object_get(expected, "CUMUF_over_sigma_final")), 1e-3);
}

static void balance_sequences(void **state)
{
    (void)state;
    json_t *whole = load_cases("muf_sequence.json");
    const json_t *cases = json_object_get(whole, "cases");
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_sequence(json_object_get(json_array_get(cases, i), "expected"));
    json_decref(whole);
}

static void false_discoveries(void **state)
{
    (void)state;
    json_t *whole = load_cases("benjamini_hochberg.json");
    const json_t *cases = json_object_get(whole, "cases");
    assert_true(json_array_size(cases) > 0);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *of = json_array_get(cases, i);
        double p[PERIODS_MAX], sorted[PERIODS_MAX];
        size_t n = numbers(p, json_object_get(of, "p"), PERIODS_MAX);
        memcpy(sorted, p, n * sizeof *p);
        double alpha = json_number_value(json_object_get(of, "alpha"));
        double limit = benjamini_hochberg_limit(sorted, n, n, alpha);
        const json_t *reject = json_object_get(of, "reject");
        const json_t *threshold = json_object_get(of, "threshold");
        size_t rejected = 0;
        for (size_t k = 0; k < n; k++) {
            rejected += p[k] <= limit;
            if (reject != NULL)
                assert_int_equal(p[k] <= limit, json_integer_value(json_array_get(reject, k)));
        }
        if (threshold != NULL)
            near(limit, json_number_value(threshold), 1e-12);
        if (json_object_get(of, "n_reject") != NULL)
            assert_int_equal(rejected, json_integer_value(json_object_get(of, "n_reject")));
    }
    json_decref(whole);
}

/* A standard normal by Box and Muller from a 64-bit congruential generator: the same numbers
   everywhere. */
static double draw(uint64_t *seed)
{
    double u[2];
    for (int i = 0; i < 2; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        u[i] = ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
    }
    return sqrt(-2 * log(u[0])) * cos(6.283185307179586 * u[1]);
}

/* Mean steps of Page's test until it passes h, one-sided and two-sided, over many runs. */
static void run_lengths(void **state)
{
    (void)state;
    FILE *file = fopen(shared_file("cusum_arl.csv"), "r");
    char line[256];
    assert_non_null(fgets(line, sizeof line, file));
    uint64_t seed = 20260302;
    size_t rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        double k, h, mu, one, two;
        assert_int_equal(sscanf(line, "%lf,%lf,%lf,%lf,%lf", &k, &h, &mu, &one, &two), 5);
        if (one > 20)
            continue; /* long runs take long; the short ones show the same */
        double steps = 0;
        double both = 0;
        for (int run = 0; run < RUNS; run++) {
            double up = 0;
            double down = 0;
            bool passed = false;
            while (up <= h) {
                double y = mu + draw(&seed);
                up = page_step(up, y, k);
                down = page_step(down, -y, k);
                steps++;
                both += !passed;
                passed = passed || up > h || down > h;
            }
        }
        near(steps / RUNS / one, 1, 0.03);
        near(both / RUNS / two, 1, 0.03);
        rows++;
    }
    fclose(file);
    assert_true(rows > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balance_sequences),
        cmocka_unit_test(false_discoveries),
        cmocka_unit_test(run_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
