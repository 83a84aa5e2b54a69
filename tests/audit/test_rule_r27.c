/*
 * R27: a stock that comes out short little by little.
 */
#include "stock_world.h"

static void honest_stock(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_stock(7, 9, 9, 0), "R27", 0), 0);
}

static void protracted_loss(void **state)
{
    (void)state;
    city_builder *b = make_stock(7, 1, 6, 300); /* 1.8 t, never more than 300 kg at once */
    audit_result *r = run(b, "R26");
    assert_int_equal(r->count, 0);
    audit_free(r);
    r = run(b, "R27");
    assert_int_equal(r->count, 1);
    assert_true(llabs(r->findings[0].mass_g - 1800000) < 1000);
    audit_free(r);
    builder_free(b);
}

/* In all exactly half of the 3 t of hazardous waste is not beyond it. */
static void edge_of_mass(void **state)
{
    (void)state;
    assert_int_equal(count_at(make_stock(7, 1, 6, 250), "R27", 0), 0);
    assert_int_equal(count_at(make_stock(7, 1, 6, 251), "R27", 0), 1);
}

/* With stock takes read so coarsely that the sum lies between its limits: beyond 1.96 sigma. */
static void edge_of_cumuf(void **state)
{
    (void)state;
    bool fired = false;
    bool quiet = false;
    for (uint32_t ppm = 100000; ppm <= 900000; ppm += 50000) {
        city_builder *b = make_stock(7, 1, 6, 300);
        city *c = builder_city(b);
        for (size_t i = 0; i < c->stocktake_count; i++)
            c->stocktakes[i].rel_sigma_ppm = ppm;
        /* what is left of the stock is small, so give the sigma of the first to the last */
        c->stocktakes[c->stocktake_count - 1].rel_sigma_ppm = 10 * ppm;
        audit_shared *s = share(b);
        const balance *of = s->balances.items;
        size_t count = s->balances.count;
        double muf = 0;
        double variance = 0;
        for (size_t i = 0; i < count; i++) {
            muf += of[i].muf_g;
            for (size_t k = 0; k < count; k++)
                variance += balance_covariance_g2(&s->balances, &of[i], &of[k]);
        }
        double z = muf / sqrt(variance);
        audit_shared_free(s);
        audit_result *r = run_at(b, "R27", 0.9);
        if (z > 1.96) /* else only Page's test may find it */
            assert_int_equal(r->count, 1);
        else
            assert_true(r->count == 0 || strstr(r->findings[0].evidence[6].name, "Page") != NULL);
        fired |= z > 1.96;
        quiet |= r->count == 0;
        audit_free(r);
        builder_free(b);
    }
    assert_true(fired && quiet);
}

/* A year of balances and a loss in the last months: the sum is blind to it, Page's test is not. */
static void page_sees_late_loss(void **state)
{
    (void)state;
    city_builder *b = make_stock(25, 22, 24, 600);
    city *c = builder_city(b);
    c->stocktakes[0].rel_sigma_ppm = 600000; /* an opening that nobody knew well */
    audit_result *r = run(b, "R27");
    assert_int_equal(r->count, 1);
    const finding *f = &r->findings[0];
    assert_non_null(strstr(f->evidence[f->evidence_count - 1].name, "Page"));
    assert_true(f->from_ms > builder_time(day(250, 0)));
    assert_true(llabs(f->mass_g - 1800000) < 200000);
    audit_free(r);
    builder_free(b);
}

/* A stock take typed wrong is undone by the next one. */
static void wrong_stocktake_is_quiet(void **state)
{
    (void)state;
    city_builder *b = make_stock(4, 9, 9, 0);
    city *c = builder_city(b);
    c->stocktakes[1].mass_g = 200000;
    audit_result *r = run(b, "R27");
    assert_int_equal(r->count, 0);
    audit_free(r);
    builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_stock),        cmocka_unit_test(protracted_loss),
        cmocka_unit_test(edge_of_mass),        cmocka_unit_test(edge_of_cumuf),
        cmocka_unit_test(page_sees_late_loss), cmocka_unit_test(wrong_stocktake_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
