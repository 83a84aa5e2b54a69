/*
 * base/time.h: the one place where time comes from, and its text form.
 *
 * A time is int64_t milliseconds since 1970-01-01T00:00:00Z (leap seconds not counted).
 * Text is RFC 3339. A day is the number of days since 1970-01-01 at a fixed offset from UTC;
 * a ledger has one such offset, chosen at init (+08:00 by default).
 */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_NONE INT64_MIN

enum { TIME_TEXT = 40 };
enum { TIME_SECOND_MS = 1000, TIME_MINUTE_MS = 60000, TIME_HOUR_MS = 3600000 };
#define TIME_DAY_MS INT64_C(86400000)

/* Now, from the system clock, or from the clock that a test has set. */
int64_t clock_now_ms(void);
/* A monotonic clock for rates and timeouts, never stored. */
int64_t clock_monotonic_us(void);
/* Tests only: clock_now_ms returns `ms` until called with TIME_NONE. */
void clock_freeze(int64_t ms);

/* Parses RFC 3339 with an offset ("2026-03-01T08:30:00+08:00", fraction of up to 9 digits cut to
   milliseconds, "Z" accepted, years 1900 to 2199). False when `text` is anything else. */
bool time_parse(int64_t *out_ms, const char *text, size_t size);

/* "2026-03-01" or a whole RFC 3339 time; a date is its first moment at the offset. */
bool time_parse_date_or_time(int64_t *out_ms, const char *text, int offset_minutes);

/* Parses "2026-03-01" to a day number. */
bool time_parse_day(int32_t *out_day, const char *text, size_t size);

/* Writes RFC 3339 at the offset, with milliseconds only when they are not zero; returns `out`. */
char *time_format(char out[TIME_TEXT], int64_t ms, int offset_minutes);
/* Writes "2026-03-01"; returns `out`. */
char *time_format_day(char out[TIME_TEXT], int32_t day);

/* The day number in which `ms` falls at the offset. Floors, also before 1970. */
int32_t time_day(int64_t ms, int offset_minutes);
/* The first moment of a day at the offset. */
int64_t time_day_start(int32_t day, int offset_minutes);
/* 0 = Monday ... 6 = Sunday. */
int time_weekday(int32_t day);
/* Calendar date of a day number. */
void time_civil(int32_t day, int *year, int *month, int *day_of_month);
int32_t time_day_from_civil(int year, int month, int day_of_month);

#endif
