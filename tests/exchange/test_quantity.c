/*
 * exchange/quantity: quantities in the units of other systems as whole grams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/number.h"
#include "exchange/quantity.h"

static int64_t grams(const char *code, double quantity, double density)
{
    int64_t out_g = -1;
    const unit *u = unit_find(code);
    assert_non_null(u);
    return quantity_to_grams(&out_g, quantity, u, density) ? out_g : -1;
}

/* By hand from 1 lb = 453.59237 g and 1 gal = 3.785411784 L. */
static void masses(void **state)
{
    (void)state;
    assert_int_equal(grams("P", 1, 0), 454);
    assert_int_equal(grams("P", 100000, 0), 45359237);
    assert_int_equal(grams("T", 1, 0), 907185);
    assert_int_equal(grams("T", 100, 0), 90718474);
    assert_int_equal(grams("K", 1, 0), 1000);
    assert_int_equal(grams("K", 0.0005, 0), 1); /* half a gram is rounded away from zero */
    assert_int_equal(grams("M", 3, 0), 3000000);
    assert_int_equal(grams("K", 0, 0), 0);
    assert_int_equal(grams("P", 5, 17), 2268); /* a density is nothing to a mass */
}

static void volumes(void **state)
{
    (void)state;
    assert_int_equal(grams("L", 1, 1), 1000);
    assert_int_equal(grams("G", 1000000, 1), INT64_C(3785411784));
    assert_int_equal(grams("Y", 1000, 1), INT64_C(764554858));
    assert_int_equal(grams("N", 2, 0.5), 1000000);
    /* a gallon at one pound a gallon is a pound */
    assert_int_equal(grams("G", 100000, POUNDS_PER_GALLON_IN_KG_PER_L), 45359237);
}

static void what_is_no_mass(void **state)
{
    (void)state;
    static const char *const volumes_of[] = {"G", "L", "Y", "N"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(grams(volumes_of[i], 1, 0), -1);
        assert_int_equal(grams(volumes_of[i], 1, -1), -1);
        assert_int_equal(grams(volumes_of[i], 1, 0.0 / 0.0), -1);
        assert_int_equal(grams(volumes_of[i], 1e300, 1e300), -1);
    }
    assert_int_equal(grams("K", -1, 0), -1);
    assert_int_equal(grams("K", 0.0 / 0.0, 0), -1);
    assert_int_equal(grams("K", (double)MASS_MAX_G / 1000, 0), MASS_MAX_G);
    assert_int_equal(grams("K", (double)MASS_MAX_G / 1000 + 1, 0), -1);
    assert_null(unit_find("Z"));
    assert_null(unit_find(""));
    assert_null(unit_find("k"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masses),
        cmocka_unit_test(volumes),
        cmocka_unit_test(what_is_no_mass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
