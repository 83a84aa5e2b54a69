/*
 * model/track: packing and unpacking, and every packed form that is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/track.h"

static void fixes_round_trip(void **state)
{
    (void)state;
    track_fix fixes[500];
    for (int i = 0; i < 500; i++)
        fixes[i] = (track_fix){INT64_C(1772323200000) + i / 2 * 30000,
                               300000000 - i * 977 * (i % 3), 1205000000 + i * 10007};
    for (int i = 0; i < 500; i += 2) /* two fixes at one time, in their order */
        if (track_fix_compare(&fixes[i], &fixes[i + 1]) > 0) {
            track_fix swap = fixes[i];
            fixes[i] = fixes[i + 1];
            fixes[i + 1] = swap;
        }
    buffer out = {0};
    wf_error err = {0};
    assert_int_equal(track_pack(&out, fixes, 500, &err), WF_OK);
    track_fix back[500];
    span packed = span_of(out.data, out.size);
    assert_int_equal(track_unpack(back, 500, packed, &err), WF_OK);
    for (int i = 0; i < 500; i++)
        assert_int_equal(track_fix_compare(&fixes[i], &back[i]), 0);
    track_fix first;
    track_fix last;
    assert_int_equal(track_bounds(&first, &last, 500, packed, &err), WF_OK);
    assert_int_equal(track_fix_compare(&first, &fixes[0]), 0);
    assert_int_equal(track_fix_compare(&last, &fixes[499]), 0);
    assert_int_equal(track_unpack(back, 499, packed, &err), WF_REFUSED);
    for (size_t cut = 0; cut < packed.size; cut++)
        assert_int_equal(track_unpack(back, 500, span_of(out.data, cut), &err), WF_REFUSED);
    buffer_free(&out);
}

static void extremes_round_trip(void **state)
{
    (void)state;
    track_fix fixes[2] = {{-2208988800000, -900000000, -1800000000},
                          {7258118399999, 900000000, 1800000000}};
    track_fix back[2];
    buffer out = {0};
    wf_error err = {0};
    assert_int_equal(track_pack(&out, fixes, 2, &err), WF_OK);
    assert_int_equal(track_unpack(back, 2, span_of(out.data, out.size), &err), WF_OK);
    assert_int_equal(track_fix_compare(&fixes[1], &back[1]), 0);
    buffer_free(&out);
}

static void disorder_is_refused(void **state)
{
    (void)state;
    buffer out = {0};
    wf_error err = {0};
    track_fix same[2] = {{1, 2, 3}, {1, 2, 3}};
    assert_int_equal(track_pack(&out, same, 2, &err), WF_REFUSED);
    track_fix back_in_time[2] = {{2, 2, 3}, {1, 2, 3}};
    assert_int_equal(track_pack(&out, back_in_time, 2, &err), WF_REFUSED);
    track_fix off_the_earth[1] = {{2, 900000001, 3}};
    assert_int_equal(track_pack(&out, off_the_earth, 1, &err), WF_REFUSED);
    buffer_free(&out);

    static const struct {
        const char *bytes;
        size_t size, count;
        wf_status expected;
    } forms[] = {
        {"\x02\x04\x06", 3, 1, WF_OK},
        {"\x02\x04\x06\x00\x00\x02", 6, 2, WF_OK},
        {"\x02\x04\x06\x00\x00\x00", 6, 2, WF_REFUSED},     /* the same fix again */
        {"\x02\x04\x06\x01\x00\x00", 6, 2, WF_REFUSED},     /* back in time */
        {"\x02\x04\x06\x00\x01\x00", 6, 2, WF_REFUSED},     /* lat in disorder */
        {"\x82\x00\x04\x06", 4, 1, WF_REFUSED},             /* long varint */
        {"\x02\x04\x06\x00", 4, 1, WF_REFUSED},             /* a byte behind */
        {"\x02\x84\xd2\xa5\xda\x06\x06", 7, 1, WF_OK},      /* lat 89.9999362 */
        {"\x02\x84\xd2\xa5\xdb\x06\x06", 7, 1, WF_REFUSED}, /* lat beyond 90 */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00", 12, 1, WF_OK},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00\x00", 12, 1, WF_REFUSED}, /* 65 bits */
        {"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x02\x00\x00", 15, 2,
         WF_REFUSED}, /* the sum overflows */
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        track_fix fixes[2];
        wf_status status =
            track_unpack(fixes, forms[i].count, span_of(forms[i].bytes, forms[i].size), &err);
        if (status != forms[i].expected)
            fail_msg("form %zu: %d", i, (int)status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixes_round_trip),
        cmocka_unit_test(extremes_round_trip),
        cmocka_unit_test(disorder_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
