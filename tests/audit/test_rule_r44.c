/*
 * R44: the same waste going round.
 */
#include "suspicion_test.h"

/* Three recyclers and a factory that feeds them; `closing_kg` goes back to the first, and
   `returned` says it was a load sent back. */
static city_builder *make_circle(double closing_kg, bool returned, int closing_day)
{
    city_builder *b = builder_new();
    static const char *const sites[] = {"A", "B", "C"};
    builder_site(b, "G", "PG", SITE_FACTORY, 30.0, 120.4);
    for (int i = 0; i < 3; i++)
        builder_site(b, sites[i], "P", SITE_RECYCLER, 30.0, 120.5 + 0.1 * i);
    builder_vehicle(b, "V", "C1", "truck", 10000, 20000);
    for (int n = 0; n < 12; n++) {
        char key[40];
        snprintf(key, sizeof key, "G%d", n);
        builder_trip(b, key, STREAM_INDUSTRIAL, "SW17", "G", "V", sites[n % 3], day(3 * n, 8), 4000,
                     day(3 * n, 9), 4000);
    }
    builder_trip(b, "AB", STREAM_INDUSTRIAL, "SW17", "A", "V", "B", day(10, 8), 10000, day(10, 9),
                 10000);
    builder_trip(b, "BC", STREAM_INDUSTRIAL, "SW17", "B", "V", "C", day(14, 8), 9900, day(14, 9),
                 9900);
    builder_trip(b, "CA", STREAM_INDUSTRIAL, "SW17", "C", "V", "A", day(closing_day, 8), closing_kg,
                 day(closing_day, 9), closing_kg);
    if (returned) {
        builder_event(b, "CA", EVENT_REJECTED, day(closing_day, 10), 100);
        builder_event(b, "CA", EVENT_RETURNED, day(closing_day, 12), 100);
    }
    return b;
}

static size_t circles(double closing_kg, bool returned, int closing_day)
{
    city_builder *b = make_circle(closing_kg, returned, closing_day);
    audit_result *r = run_at(b, "R44", 0.9);
    size_t count = r->count;
    if (count > 0) {
        assert_string_equal(r->findings[0].related[0], "AB");
        assert_string_equal(r->findings[0].related[2], "CA");
        assert_non_null(strstr(r->findings[0].sentence, "A → B → C → A"));
    }
    audit_free(r);
    builder_free(b);
    return count;
}

static void circle(void **state)
{
    (void)state;
    assert_int_equal(circles(9700, false, 18), 1);
    assert_int_equal(circles(9700, true, 18), 0);
}

/* Four fifths of the mass kept, and within thirty days of the first departure. */
static void edges(void **state)
{
    (void)state;
    assert_int_equal(circles(8000, false, 18), 1);
    assert_int_equal(circles(7999, false, 18), 0);
    assert_int_equal(circles(9700, false, 39), 1);
    assert_int_equal(circles(9700, false, 41), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circle),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
