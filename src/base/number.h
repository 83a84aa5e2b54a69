/*
 * base/number.h: decimal numbers held exactly.
 *
 * A mass is int64_t grams; its text is decimal kilograms with at most three decimals. A quantity
 * (driver values) is int64_t millionths. Coordinates are int32_t 1e-7 degrees (about 1 cm).
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT = 40 };

/* The largest mass of one record: 10 million tonnes. Keeps every sum of 900 000 of them exact. */
#define MASS_MAX_G INT64_C(10000000000000)

/* Parses [-]digits[.digits] with at most `decimals` decimals into value * 10^decimals. No
   exponent, no plus sign, no spaces, no empty text. False on anything else or on overflow. */
bool decimal_parse(int64_t *out, const char *text, size_t size, int decimals);

/* As decimal_parse, but decimals beyond `decimals` are rounded half away from zero. */
bool decimal_parse_rounded(int64_t *out, const char *text, size_t size, int decimals);

/* Writes value / 10^decimals without trailing zeros; returns `out`. */
char *decimal_format(char out[NUMBER_TEXT], int64_t value, int decimals);

/* Kilograms with at most three decimals, 0 <= mass <= MASS_MAX_G. */
bool mass_parse_kg(int64_t *out_g, const char *text, size_t size);
char *mass_format_kg(char out[NUMBER_TEXT], int64_t mass_g);

/* Degrees to 1e-7 degrees (more decimals are rounded); |value| <= limit_degrees. */
bool degrees_parse(int32_t *out_e7, const char *text, size_t size, int limit_degrees);

/* Decimal integer without sign or leading zeros ("0" itself is fine). */
bool uint64_parse(uint64_t *out, const char *text, size_t size);

#endif
