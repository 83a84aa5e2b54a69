/*
 * base: times, decimals, memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "base/time.h"

static void time_round_trip(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2026-03-01T08:30:00+08:00", "1969-12-31T23:59:59.001+08:00", "2024-02-29T00:00:00+08:00",
        "2199-12-31T23:59:59.999+08:00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t ms = 0;
        char out[TIME_TEXT];
        assert_true(time_parse(&ms, texts[i], strlen(texts[i])));
        assert_string_equal(time_format(out, ms, 480), texts[i]);
    }
    int64_t ms = 0;
    assert_true(time_parse(&ms, "1970-01-01T08:00:00+08:00", 25));
    assert_int_equal(ms, 0);
}

static void time_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026-03-01",
                                      "2026-03-01T08:30:00",
                                      "2026-02-29T08:30:00Z",
                                      "2026-13-01T08:30:00Z",
                                      "2026-03-01T24:00:00Z",
                                      "2026-03-01T08:30:60Z",
                                      "2026-03-01T08:30:00.Z",
                                      "2026-03-01T08:30:00+0800",
                                      "2026-03-01T08:30:00+08:00 ",
                                      "0021-03-01T08:30:00Z",
                                      " 2026-03-01T08:30:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 0;
        assert_false(time_parse(&ms, bad[i], strlen(bad[i])));
    }
}

static void days(void **state)
{
    (void)state;
    assert_int_equal(time_day(-1, 0), -1);
    assert_int_equal(time_day(0, 0), 0);
    assert_int_equal(time_day(TIME_DAY_MS - 1, 0), 0);
    assert_int_equal(time_day(TIME_DAY_MS - 1, 1), 1);
    assert_int_equal(time_weekday(0), 3);
    assert_int_equal(time_weekday(time_day_from_civil(2026, 11, 21)), 5); /* a Saturday */
    for (int32_t day = -200000; day < 200000; day += 997) {
        int y = 0;
        int m = 0;
        int d = 0;
        time_civil(day, &y, &m, &d);
        assert_int_equal(time_day_from_civil(y, m, d), day);
    }
}

static void decimals(void **state)
{
    (void)state;
    int64_t g = 0;
    char out[NUMBER_TEXT];
    assert_true(mass_parse_kg(&g, "12.345", 6));
    assert_int_equal(g, 12345);
    assert_true(mass_parse_kg(&g, "0.5", 3));
    assert_int_equal(g, 500);
    assert_string_equal(mass_format_kg(out, -500), "-0.5");
    assert_string_equal(mass_format_kg(out, 12000), "12");
    assert_string_equal(mass_format_kg(out, INT64_MIN), "-9223372036854775.808");
    static const char *const bad[] = {"",
                                      "-1",
                                      "1.2345",
                                      "1.",
                                      ".5",
                                      "1e3",
                                      "+1",
                                      "1,5",
                                      " 1",
                                      "NaN",
                                      "99999999999999999999",
                                      "10000000000.001",
                                      "--1",
                                      "1..2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(mass_parse_kg(&g, bad[i], strlen(bad[i])));
    int32_t e7 = 0;
    assert_true(degrees_parse(&e7, "35.0506292882367", 16, 180));
    assert_int_equal(e7, 350506293);
    assert_false(degrees_parse(&e7, "90.0000001", 10, 90));
}

static void memory(void **state)
{
    (void)state;
    arena a;
    arena_init(&a, 64);
    char *text = arena_printf(&a, "%d-%s", 7, "废");
    assert_string_equal(text, "7-废");
    void *large = arena_alloc(&a, 1000);
    assert_non_null(large);
    assert_string_equal(text, "7-废");
    arena_free(&a);

    buffer b = {0};
    for (int i = 0; i < 1000; i++)
        buffer_printf(&b, "%d,", i);
    assert_false(b.failed);
    assert_int_equal(b.size, 10 * 2 + 90 * 3 + 900 * 4);
    buffer_free(&b);
}

static void messages_end_whole(void **state)
{
    (void)state;
    wf_error err;
    char text[WF_ERROR_TEXT + 10];
    memset(text, 'a', sizeof text);
    memcpy(text + WF_ERROR_TEXT - 3, "废废", 7);
    assert_int_equal(wf_fail(&err, WF_REFUSED, "%s", text), WF_REFUSED);
    assert_int_equal(strlen(err.text), WF_ERROR_TEXT - 3);
    assert_int_equal(wf_fail(&err, WF_REFUSED, "x"), WF_REFUSED);
    wf_error_prefix(&err, "%s:%d", "f.csv", 3);
    assert_string_equal(err.text, "f.csv:3: x");
}

static void unknown_languages_follow_the_locale(void **state)
{
    (void)state;
    setenv("LANGUAGE", "fr", 1);
    text_set_language(NULL);
    assert_string_equal(getenv("LANGUAGE"), "fr");
    text_set_language("klingon"); /* was taken for "en" */
    assert_string_equal(getenv("LANGUAGE"), "fr");
    text_set_language("zh");
    assert_string_equal(getenv("LANGUAGE"), "zh_CN");
    text_set_language("en");
    assert_string_equal(getenv("LANGUAGE"), "en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_round_trip),
        cmocka_unit_test(time_refuses),
        cmocka_unit_test(days),
        cmocka_unit_test(decimals),
        cmocka_unit_test(memory),
        cmocka_unit_test(messages_end_whole),
        cmocka_unit_test(unknown_languages_follow_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
