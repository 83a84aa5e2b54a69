/*
 * base/time.c: see time.h. Civil dates after Howard Hinnant's "chrono-compatible low-level date
 * algorithms" (days_from_civil, civil_from_days), exact for the proleptic Gregorian calendar.
 */
#include "base/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t frozen_ms = TIME_NONE;

int64_t clock_now_ms(void)
{
    int64_t frozen = atomic_load(&frozen_ms);
    if (frozen != TIME_NONE)
        return frozen;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_freeze(int64_t ms)
{
    atomic_store(&frozen_ms, ms);
}

int32_t time_day_from_civil(int year, int month, int day_of_month)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day_of_month - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void time_civil(int32_t day, int *year, int *month, int *day_of_month)
{
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    *day_of_month = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

/* Reads exactly `count` digits at *at; -1 when there are fewer. */
static int digits(const char *text, size_t size, size_t *at, size_t count)
{
    int value = 0;
    if (size - *at < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        char c = text[*at + i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    *at += count;
    return value;
}

static bool literal(const char *text, size_t size, size_t *at, char c)
{
    if (*at >= size || text[*at] != c)
        return false;
    (*at)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool parse_date(int32_t *out_day, const char *text, size_t size, size_t *at)
{
    int year = digits(text, size, at, 4);
    if (year < 1900 || year > 2199 || !literal(text, size, at, '-'))
        return false;
    int month = digits(text, size, at, 2);
    if (month < 1 || month > 12 || !literal(text, size, at, '-'))
        return false;
    int day = digits(text, size, at, 2);
    if (day < 1 || day > days_in_month(year, month))
        return false;
    *out_day = time_day_from_civil(year, month, day);
    return true;
}

static bool parse_offset_at(int *out_minutes, const char *text, size_t size, size_t *at)
{
    if (literal(text, size, at, 'Z') || literal(text, size, at, 'z')) {
        *out_minutes = 0;
        return true;
    }
    int sign = literal(text, size, at, '+') ? 1 : literal(text, size, at, '-') ? -1 : 0;
    if (sign == 0)
        return false;
    int hours = digits(text, size, at, 2);
    if (hours < 0 || hours > 23 || !literal(text, size, at, ':'))
        return false;
    int minutes = digits(text, size, at, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *out_minutes = sign * (hours * 60 + minutes);
    return true;
}

bool time_parse(int64_t *out_ms, const char *text, size_t size)
{
    size_t at = 0;
    int32_t day = 0;
    if (!parse_date(&day, text, size, &at))
        return false;
    if (!literal(text, size, &at, 'T') && !literal(text, size, &at, 't'))
        return false;
    int hour = digits(text, size, &at, 2);
    if (hour < 0 || hour > 23 || !literal(text, size, &at, ':'))
        return false;
    int minute = digits(text, size, &at, 2);
    if (minute < 0 || minute > 59 || !literal(text, size, &at, ':'))
        return false;
    int second = digits(text, size, &at, 2);
    if (second < 0 || second > 59)
        return false;
    int64_t ms = 0;
    if (literal(text, size, &at, '.')) {
        int scale = 100;
        size_t count = 0;
        while (at < size && text[at] >= '0' && text[at] <= '9' && count < 9) {
            ms += (text[at] - '0') * scale;
            scale /= 10;
            at++;
            count++;
        }
        if (count == 0)
            return false;
    }
    int offset = 0;
    if (!parse_offset_at(&offset, text, size, &at) || at != size)
        return false;
    int64_t seconds = (int64_t)hour * 3600 + minute * 60 + second - (int64_t)offset * 60;
    *out_ms = (int64_t)day * TIME_DAY_MS + seconds * 1000 + ms;
    return true;
}

bool time_parse_day(int32_t *out_day, const char *text, size_t size)
{
    size_t at = 0;
    return parse_date(out_day, text, size, &at) && at == size;
}

bool time_parse_date_or_time(int64_t *out_ms, const char *text, int offset_minutes)
{
    int32_t day = 0;
    if (time_parse_day(&day, text, strlen(text))) {
        *out_ms = time_day_start(day, offset_minutes);
        return true;
    }
    return time_parse(out_ms, text, strlen(text));
}

int32_t time_day(int64_t ms, int offset_minutes)
{
    int64_t local = ms + (int64_t)offset_minutes * TIME_MINUTE_MS;
    int64_t day = local / TIME_DAY_MS;
    if (local % TIME_DAY_MS < 0)
        day--;
    return (int32_t)day;
}

int64_t time_day_start(int32_t day, int offset_minutes)
{
    return (int64_t)day * TIME_DAY_MS - (int64_t)offset_minutes * TIME_MINUTE_MS;
}

int time_weekday(int32_t day)
{
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return weekday < 0 ? weekday + 7 : weekday;
}

char *time_format_day(char out[TIME_TEXT], int32_t day)
{
    int y = 0;
    int m = 0;
    int d = 0;
    time_civil(day, &y, &m, &d);
    snprintf(out, TIME_TEXT, "%04d-%02d-%02d", y, m, d);
    return out;
}

char *time_format(char out[TIME_TEXT], int64_t ms, int offset_minutes)
{
    if (ms == TIME_NONE) {
        out[0] = '\0';
        return out;
    }
    int32_t day = time_day(ms, offset_minutes);
    int64_t rest = ms - time_day_start(day, offset_minutes);
    int y = 0;
    int m = 0;
    int d = 0;
    time_civil(day, &y, &m, &d);
    int seconds = (int)(rest / 1000);
    int milli = (int)(rest % 1000);
    int size = snprintf(out, TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d, seconds / 3600,
                        seconds / 60 % 60, seconds % 60);
    if (milli != 0)
        size += snprintf(out + size, TIME_TEXT - (size_t)size, ".%03d", milli);
    int offset = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    if (offset_minutes == 0)
        snprintf(out + size, TIME_TEXT - (size_t)size, "Z");
    else
        snprintf(out + size, TIME_TEXT - (size_t)size, "%c%02d:%02d",
                 offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
    return out;
}
