/*
 * base/number.c: see number.h.
 */
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool parse(int64_t *out, const char *text, size_t size, int decimals, bool round)
{
    size_t at = 0;
    bool negative = false;
    if (at < size && text[at] == '-') {
        negative = true;
        at++;
    }
    int64_t value = 0;
    size_t whole = 0;
    int seen = -1; /* decimals seen, -1 before the point */
    bool up = false;
    for (; at < size; at++) {
        char c = text[at];
        if (c == '.' && seen < 0 && whole > 0) {
            seen = 0;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        if (seen >= decimals) {
            if (!round)
                return false;
            if (seen == decimals)
                up = c >= '5';
            seen = decimals + 1;
            continue;
        }
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, c - '0', &value))
            return false;
        if (seen < 0)
            whole++;
        else
            seen++;
    }
    if (whole == 0 || seen == 0)
        return false;
    for (int i = seen < 0 ? 0 : seen; i < decimals; i++)
        if (__builtin_mul_overflow(value, 10, &value))
            return false;
    if (up && __builtin_add_overflow(value, 1, &value))
        return false;
    *out = negative ? -value : value;
    return true;
}

bool decimal_parse(int64_t *out, const char *text, size_t size, int decimals)
{
    return parse(out, text, size, decimals, false);
}

bool decimal_parse_rounded(int64_t *out, const char *text, size_t size, int decimals)
{
    return parse(out, text, size, decimals, true);
}

char *decimal_format(char out[NUMBER_TEXT], int64_t value, int decimals)
{
    uint64_t scale = 1;
    for (int i = 0; i < decimals; i++)
        scale *= 10;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int size = snprintf(out, NUMBER_TEXT, "%s%" PRIu64, value < 0 ? "-" : "", magnitude / scale);
    uint64_t rest = magnitude % scale;
    if (rest == 0)
        return out;
    int places = decimals;
    while (rest % 10 == 0) {
        rest /= 10;
        places--;
    }
    snprintf(out + size, NUMBER_TEXT - (size_t)size, ".%0*" PRIu64, places, rest);
    return out;
}

bool mass_parse_kg(int64_t *out_g, const char *text, size_t size)
{
    return decimal_parse(out_g, text, size, 3) && *out_g >= 0 && *out_g <= MASS_MAX_G;
}

char *mass_format_kg(char out[NUMBER_TEXT], int64_t mass_g)
{
    return decimal_format(out, mass_g, 3);
}

bool degrees_parse(int32_t *out_e7, const char *text, size_t size, int limit_degrees)
{
    int64_t value = 0;
    if (!decimal_parse_rounded(&value, text, size, 7))
        return false;
    int64_t limit = (int64_t)limit_degrees * 10000000;
    if (value < -limit || value > limit)
        return false;
    *out_e7 = (int32_t)value;
    return true;
}

bool uint64_parse(uint64_t *out, const char *text, size_t size)
{
    if (size == 0 || size > 20 || (size > 1 && text[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}
