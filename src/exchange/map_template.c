/*
 * exchange/map_template.c: templates of map files: "{start|time}",
 * "{skip|lookup:volume|times:0.25}".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/time.h"
#include "exchange/map.h"

enum { FACTOR_DECIMALS = 6 };

bool map_time(int64_t *out_ms, const char *text)
{
    size_t n = strlen(text);
    char fixed[TIME_TEXT];
    if (n + 4 > sizeof fixed)
        return false;
    bool hours_only = n > 3 && (text[n - 3] == '+' || text[n - 3] == '-') && n > 19;
    snprintf(fixed, sizeof fixed, "%s%s", text, hours_only ? ":00" : "");
    return time_parse(out_ms, fixed, strlen(fixed));
}

/* value * factor, both decimals, rounded half away from zero to three decimals. */
static wf_status filter_times(char *value, const char *factor, const char *column, wf_error *err)
{
    int64_t a = 0;
    int64_t b = 0;
    if (!decimal_parse_rounded(&a, value, strlen(value), FACTOR_DECIMALS) ||
        !decimal_parse_rounded(&b, factor, strlen(factor), FACTOR_DECIMALS))
        return wf_fail(err, WF_REFUSED,
                       _("%s: \"%.60s\" times \"%.60s\" is not a product of two "
                         "decimal numbers"),
                       column, value, factor);
    __int128 product = (__int128)a * b; /* 10^-12 */
    __int128 unit = 1000000000;
    __int128 rounded = (product + (product < 0 ? -unit / 2 : unit / 2)) / unit;
    if (rounded > MASS_MAX_G || rounded < -(__int128)MASS_MAX_G)
        return wf_fail(err, WF_REFUSED, _("%s: %.60s times %.60s is out of range"), column, value,
                       factor);
    decimal_format(value, (int64_t)rounded, 3);
    return WF_OK;
}

static wf_status filter_time(char *value, const char *column, wf_error *err)
{
    int64_t ms = 0;
    if (!map_time(&ms, value))
        return wf_fail(err, WF_REFUSED,
                       _("%s: \"%.60s\" is not a time such as 2026-03-01T08:30:00+08:00"), column,
                       value);
    time_format(value, ms, 0);
    return WF_OK;
}

static void filter_digits(char *value)
{
    char *to = value;
    for (const char *from = value; *from != '\0'; from++)
        if (*from >= '0' && *from <= '9')
            *to++ = *from;
    *to = '\0';
}

static void filter_trim(char *value)
{
    size_t start = strspn(value, " \t");
    size_t n = strlen(value);
    while (n > start && (value[n - 1] == ' ' || value[n - 1] == '\t'))
        n--;
    memmove(value, value + start, n - start);
    value[n - start] = '\0';
}

static wf_status filter_lookup(char *value, const char *name, const char *column,
                               const map_row *row, wf_error *err)
{
    const char *found = row->lookup(row->ctx, name, value);
    if (found == NULL)
        return wf_fail(err, WF_REFUSED, _("%s: lookup %s has no \"%.60s\""), column, name, value);
    if (strlen(found) >= MAP_CELL_MAX)
        return wf_fail(err, WF_REFUSED, _("%s: longer than %d bytes"), column, MAP_CELL_MAX - 1);
    snprintf(value, MAP_CELL_MAX, "%s", found);
    return WF_OK;
}

/* A filter that is wrong is told also when the first cells are empty. */
static wf_status filter_check(const char *filter, const char *argument, const map_row *row,
                              wf_error *err)
{
    static const char *const plain[] = {"time", "digits", "trim"};
    static const char *const with[] = {"lookup", "times"};
    bool known = false;
    for (size_t i = 0; i < sizeof plain / sizeof *plain && argument == NULL; i++)
        known |= strcmp(filter, plain[i]) == 0;
    for (size_t i = 0; i < sizeof with / sizeof *with && argument != NULL; i++)
        known |= strcmp(filter, with[i]) == 0;
    if (!known)
        return wf_fail(err, WF_USAGE,
                       _("filter \"%s%s%s\" is not known; expected time, digits, trim, "
                         "lookup:NAME or times:FACTOR"),
                       filter, argument != NULL ? ":" : "", argument != NULL ? argument : "");
    int64_t factor = 0;
    if (argument != NULL && strcmp(filter, "times") == 0 &&
        !decimal_parse_rounded(&factor, argument, strlen(argument), FACTOR_DECIMALS))
        return wf_fail(err, WF_USAGE, _("times:%.60s: a decimal number was expected"), argument);
    if (argument != NULL && strcmp(filter, "lookup") == 0 && !row->has_lookup(row->ctx, argument))
        return wf_fail(err, WF_USAGE, _("there is no [lookup %s]"), argument);
    return WF_OK;
}

/* Applies one filter to value, which has MAP_CELL_MAX bytes. Empty stays empty. */
static wf_status filter_apply(char *value, char *filter, const char *column, const map_row *row,
                              wf_error *err)
{
    char *argument = strchr(filter, ':');
    if (argument != NULL)
        *argument++ = '\0';
    wf_status status = filter_check(filter, argument, row, err);
    if (status != WF_OK || value[0] == '\0')
        return status;
    if (strcmp(filter, "time") == 0)
        return filter_time(value, column, err);
    if (argument != NULL && strcmp(filter, "times") == 0)
        return filter_times(value, argument, column, err);
    if (argument != NULL && strcmp(filter, "lookup") == 0)
        return filter_lookup(value, argument, column, row, err);
    if (strcmp(filter, "digits") == 0)
        filter_digits(value);
    else
        filter_trim(value);
    return WF_OK;
}

/* One "column|filter|filter" between braces. */
static wf_status expression(buffer *out, char *text, const map_row *row, wf_error *err)
{
    char *save = NULL;
    char *column = strtok_r(text, "|", &save);
    const char *cell = column != NULL ? row->cell(row->ctx, column) : NULL;
    if (cell == NULL)
        return wf_fail(err, WF_USAGE, _("the file has no column \"%s\""),
                       column != NULL ? column : "");
    char value[MAP_CELL_MAX];
    if (strlen(cell) >= sizeof value)
        return wf_fail(err, WF_REFUSED, _("%s: longer than %d bytes"), column, MAP_CELL_MAX - 1);
    snprintf(value, sizeof value, "%s", cell);
    for (char *filter = strtok_r(NULL, "|", &save); filter != NULL;
         filter = strtok_r(NULL, "|", &save)) {
        wf_status status = filter_apply(value, filter, column, row, err);
        if (status != WF_OK)
            return status;
    }
    buffer_append_text(out, value);
    return WF_OK;
}

wf_status map_template(buffer *out, const char *text, const map_row *row, wf_error *err)
{
    for (const char *at = text; *at != '\0';) {
        if (at[0] != '{') {
            buffer_append_byte(out, (uint8_t)*at++);
            continue;
        }
        if (at[1] == '{') {
            buffer_append_byte(out, '{');
            at += 2;
            continue;
        }
        const char *end = strchr(at, '}');
        char inside[256];
        if (end == NULL || (size_t)(end - at) > sizeof inside)
            return wf_fail(err, WF_USAGE, _("\"%.80s\": a brace is not closed"), text);
        snprintf(inside, sizeof inside, "%.*s", (int)(end - at - 1), at + 1);
        wf_status status = expression(out, inside, row, err);
        if (status != WF_OK)
            return status;
        at = end + 1;
    }
    if (out->failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return WF_OK;
}
