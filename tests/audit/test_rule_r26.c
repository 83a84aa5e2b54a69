/*
 * R26: one balance between two stock takes that is short.
 */
#include "stock_world.h"

static void balance_figures(void **state)
{
    (void)state;
    city_builder *b = make_stock(3, 2, 2, 1700);
    audit_shared *s = share(b);
    assert_int_equal(s->balances.count, 2);
    assert_true(fabs(s->balances.items[0].muf_g) < 1);
    assert_true(fabs(s->balances.items[1].muf_g - 1700000) < 1);
    assert_true(s->balances.items[1].sigma_g > 30000 && s->balances.items[1].sigma_g < 300000);
    const balance *one = &s->balances.items[0];
    const balance *two = &s->balances.items[1];
    double both = balance_covariance_g2(&s->balances, one, two);
    /* The stock take between them counts against, the one scale for. */
    double take = one->closing_sigma_g * one->closing_sigma_g;
    double bias = 0.0006 * 7e6 * one->inflation;
    assert_true(fabs(both - (bias * bias - take)) < 1e-6 * take);
    audit_shared_free(s);
    builder_free(b);
}

static void honest_stock(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_stock(7, 9, 9, 0), "R26", 0), 0);
}

static void abrupt_loss(void **state)
{
    (void)state;
    city_builder *b = make_stock(4, 2, 2, 1700); /* more than half of 3 t */
    audit_result *r = run(b, "R26");
    assert_int_equal(r->count, 1);
    assert_int_equal(r->findings[0].detected_at_ms, builder_time(day(30, 1)));
    assert_true(llabs(r->findings[0].mass_g - 1700000) < 1000);
    audit_free(r);
    builder_free(b);
    b = make_stock(4, 2, 2, 1400); /* less than half of it: no significant mass */
    r = run(b, "R26");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

/* Half of the 3 t of hazardous waste is not beyond it. */
static void edge_of_mass(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_stock(4, 2, 2, 1500), "R26", 0), 0);
    assert_int_equal(count_at(make_stock(4, 2, 2, 1501), "R26", 0), 1);
}

/* Stock takes that are read within 45 % put 3 sigma above the significant mass. */
static void edge_of_sigma(void **state)
{
    (void)state;
    bool fired = false;
    bool quiet = false;
    for (double gone_kg = 1510; gone_kg < 1990; gone_kg += 20) {
        city_builder *b = make_stock(4, 2, 2, gone_kg);
        city *c = builder_city(b);
        for (size_t i = 0; i < c->stocktake_count; i++)
            c->stocktakes[i].rel_sigma_ppm = 280000;
        audit_shared *s = share(b);
        bool beyond = s->balances.items[1].muf_g > 3 * s->balances.items[1].sigma_g;
        audit_shared_free(s);
        fired |= beyond;
        quiet |= !beyond;
        assert_int_equal(count_at(b, "R26", 0.9), beyond ? 1 : 0);
    }
    assert_true(fired && quiet);
}

/* A stock take typed wrong is undone by the next one. */
static void wrong_stocktake_is_quiet(void **state)
{
    (void)state;
    city_builder *b = make_stock(4, 9, 9, 0);
    city *c = builder_city(b);
    c->stocktakes[1].mass_g = 200000;
    audit_result *r = run(b, "R26");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balance_figures), cmocka_unit_test(honest_stock),
        cmocka_unit_test(abrupt_loss),     cmocka_unit_test(edge_of_mass),
        cmocka_unit_test(edge_of_sigma),   cmocka_unit_test(wrong_stocktake_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
