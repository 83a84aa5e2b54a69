/*
 * model/column_parse.c: the text of a cell into the field of its column. What is wrong with the
 * text itself (not a number, not a time, no such word) is told here, with the value and what was
 * expected; length and UTF-8 are record_check's.
 */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/shown.h"
#include "base/text.h"
#include "base/time.h"
#include "model/columns.h"

enum { WORDS_TEXT = 512 };

static wf_status wrong(const char *text, size_t size, const char *expected, wf_error *err)
{
    char cell[SHOWN_TEXT];
    return wf_fail(err, WF_REFUSED, _("\"%s\" is not %s"), text_shown(cell, text, size), expected);
}

static wf_status wrong_word(const column *c, const char *text, size_t size, wf_error *err)
{
    char words[WORDS_TEXT];
    char cell[SHOWN_TEXT];
    return wf_fail(err, WF_REFUSED, _("\"%s\" is none of: %s"), text_shown(cell, text, size),
                   vocabulary_all(words, sizeof words, c->words));
}

/* Cuts the list in place at each '|' and keeps the pointers in the arena. */
static wf_status parse_list(const column *c, char *base, char *text, size_t size, arena *a,
                            wf_error *err)
{
    size_t count = 1;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '|';
    if (count > LIST_MAX)
        return wf_fail(err, WF_REFUSED, _("lists %zu ids, the most is %d"), count, LIST_MAX);
    char **items = arena_alloc_raw(a, count * sizeof *items);
    if (items == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for a list of %zu ids"), count);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        char *bar = strchr(at, '|');
        items[i] = at;
        if ((bar != NULL ? (size_t)(bar - at) : strlen(at)) == 0)
            return wf_fail(err, WF_REFUSED,
                           _("the list has an empty place, ids joined by '|' "
                             "were expected"));
        if (bar != NULL) {
            *bar = '\0';
            at = bar + 1;
        }
    }
    *(char ***)(void *)(base + c->offset) = items;
    *(size_t *)(void *)(base + c->has_offset) = count;
    return WF_OK;
}

static wf_status parse_roles(const column *c, void *field, const char *text, size_t size,
                             wf_error *err)
{
    uint32_t roles = 0;
    for (size_t from = 0; from <= size;) {
        const char *bar = memchr(text + from, '|', size - from);
        size_t length = bar != NULL ? (size_t)(bar - (text + from)) : size - from;
        uint32_t word = vocabulary_find(c->words, text + from, length);
        if (word == 0)
            return wrong_word(c, text + from, length, err);
        roles |= 1U << (word - 1);
        from += length + 1;
    }
    *(uint32_t *)field = roles;
    return WF_OK;
}

static wf_status parse_time(void *field, const char *text, size_t size, wf_error *err)
{
    if (!time_parse(field, text, size))
        return wrong(text, size, _("a time as 2026-03-01T08:30:00+08:00 (RFC 3339 with an offset)"),
                     err);
    return WF_OK;
}

static wf_status parse_mass(int64_t *field, const char *text, size_t size, wf_error *err)
{
    if (mass_parse_kg(field, text, size))
        return WF_OK;
    return wrong(text, size, _("a mass in kilograms, 0 to 10000000000 with at most three decimals"),
                 err);
}

/* A decimal that is rounded to `decimals` and lies in 0 to `limit`. */
static wf_status parse_share(uint32_t *field, const char *text, size_t size, int decimals,
                             int64_t limit, const char *expected, wf_error *err)
{
    int64_t value = 0;
    if (!decimal_parse_rounded(&value, text, size, decimals) || value < 0 || value > limit)
        return wrong(text, size, expected, err);
    *field = (uint32_t)value;
    return WF_OK;
}

static wf_status parse_degrees(const column *c, int32_t *field, const char *text, size_t size,
                               wf_error *err)
{
    bool lat = c->type == COLUMN_LAT;
    if (degrees_parse(field, text, size, lat ? 90 : 180))
        return WF_OK;
    return wrong(text, size,
                 lat ? _("a latitude in decimal degrees, -90 to 90")
                     : _("a longitude in decimal degrees, -180 to 180"),
                 err);
}

static wf_status parse_flag(const column *c, char *base, const char *text, size_t size,
                            wf_error *err)
{
    if (size != 1 || (*text != '0' && *text != '1'))
        return wrong(text, size, _("0 or 1"), err);
    *(protobuf_c_boolean *)(void *)(base + c->offset) = *text == '1';
    if (c->has_offset != 0) /* an optional flag is given only when it is true */
        *(protobuf_c_boolean *)(void *)(base + c->has_offset) = *text == '1';
    return WF_OK;
}

static wf_status parse_number(const column *c, void *field, const char *text, size_t size,
                              wf_error *err)
{
    switch (c->type) {
    case COLUMN_TIME:
        return parse_time(field, text, size, err);
    case COLUMN_DATE:
        return time_parse_day(field, text, size)
                   ? WF_OK
                   : wrong(text, size, _("a date as 2026-03-01"), err);
    case COLUMN_MASS:
        return parse_mass(field, text, size, err);
    case COLUMN_QUANTITY:
        if (decimal_parse_rounded(field, text, size, 6) && *(int64_t *)field >= 0)
            return WF_OK;
        return wrong(text, size, _("a decimal number, not negative"), err);
    case COLUMN_LAT:
    case COLUMN_LON:
        return parse_degrees(c, field, text, size, err);
    case COLUMN_RADIUS:
        return parse_share(field, text, size, 3, RADIUS_MAX_MM,
                           _("a radius in metres, 0 to 1000000"), err);
    case COLUMN_SHARE:
        return parse_share(field, text, size, 6, SHARE_MAX_PPM,
                           _("a share as 0.03 for 3 %, 0 to 100"), err);
    case COLUMN_WORD:
        *(uint32_t *)field = vocabulary_find(c->words, text, size);
        return *(uint32_t *)field != 0 ? WF_OK : wrong_word(c, text, size, err);
    default:
        break;
    }
    return parse_roles(c, field, text, size, err);
}

wf_status column_parse(const column *c, void *message, char *text, size_t size, arena *a,
                       wf_error *err)
{
    char *base = message;
    WF_ASSERT(c->type != COLUMN_ATTRIBUTES && c->type != COLUMN_FIXES);
    if (memchr(text, '\0', size) != NULL)
        return wf_fail(err, WF_REFUSED, _("holds a zero byte"));
    if (c->type == COLUMN_ID || c->type == COLUMN_TEXT) {
        *(char **)(void *)(base + c->offset) = text;
        return WF_OK;
    }
    if (c->type == COLUMN_IDS)
        return parse_list(c, base, text, size, a, err);
    if (c->type == COLUMN_FLAG)
        return parse_flag(c, base, text, size, err);
    if (c->has_offset != 0)
        *(protobuf_c_boolean *)(void *)(base + c->has_offset) = 1;
    return parse_number(c, base + c->offset, text, size, err);
}
