/*
 * exchange/map.h: map files, by which `wufei import --map MAP.ini FILE.csv...` reads any CSV.
 *
 * A map turns rows of foreign CSV files into rows of the exchange bundle (spec bundle.md), which
 * then enter by all the rules of a bundle; an error is named by the line of the foreign file. It is
 * an INI file of such sections:
 *
 *     [lookup NAME]                 a table from one of the CSV files: {column|lookup:NAME}
 *     file = skips.csv
 *     key = Name
 *     value = capacity
 *
 *     [FILE.csv check]              rows of FILE.csv that fail are refused, with their line
 *     not_empty = origin, emptier   the cells must be given
 *     in_order = start, end         both are times, and the second is not before the first
 *     within = start, 2020-12-01, 2022-01-01   a time in [first, second)
 *     known = origin, capacity      the lookup has the cell
 *
 *     [FILE.csv BUNDLEFILE LABEL]   every row of FILE.csv that passed makes one row of BUNDLEFILE
 *     site_id = {origin}            column of the bundle = template
 *     time = {start|time}
 *
 *     [constant BUNDLEFILE LABEL]   one row, with no input
 *     party_id = bcc
 *
 * A template is text with {column} or {column|filter|filter:argument}. Filters: `time` (RFC 3339,
 * also with an offset of hours only, "+02"), `digits` (keeps the digits), `trim`, `lookup:NAME`,
 * `times:FACTOR` (decimal product, rounded to three decimals). "{{" is a brace. FILE.csv is the
 * base name, without spaces, of one of the files on the command line. Dates in `within` begin at
 * the ledger's offset. A line has at most MAP_LINE_MAX - 2 bytes. Two cells of one key with
 * different values make a lookup unusable, and a column given twice a section.
 */
#ifndef EXCHANGE_MAP_H
#define EXCHANGE_MAP_H

#include "base/memory.h"

enum { MAP_SECTIONS_MAX = 64, MAP_KEYS_MAX = 40, MAP_CELL_MAX = 4096, MAP_LINE_MAX = 200 };

typedef enum map_section_kind { MAP_LOOKUP, MAP_CHECK, MAP_RECORD, MAP_CONSTANT } map_section_kind;

typedef struct map_key {
    const char *name;
    const char *value;
    int line;
} map_key;

typedef struct map_section {
    map_section_kind kind;
    const char *file;   /* the CSV it reads; NULL for MAP_CONSTANT */
    const char *target; /* bundle file ("sites") or lookup name */
    map_key keys[MAP_KEYS_MAX];
    size_t key_count;
    int line;
} map_section;

typedef struct map {
    const char *path;
    map_section sections[MAP_SECTIONS_MAX];
    size_t section_count;
} map;

/* Reads and checks a map file; texts live in the arena. WF_USAGE names file, line and what was
 * expected. */
wf_status map_read(map **out, arena *memory, const char *path, wf_error *err);
const char *map_section_value(const map_section *s, const char *name); /* NULL when absent */

/* What a template reads its row through. */
typedef struct map_row {
    void *ctx;
    /* NULL when the file has no such column; "" for an empty cell. */
    const char *(*cell)(void *ctx, const char *column);
    bool (*has_lookup)(void *ctx, const char *name);
    /* NULL when the lookup has no such key. */
    const char *(*lookup)(void *ctx, const char *name, const char *key);
} map_row;

/* Appends the template's text. WF_REFUSED with "COLUMN: what is wrong". */
wf_status map_template(buffer *out, const char *text, const map_row *row, wf_error *err);

/* Makes "+02" offsets "+02:00" and parses; false when it is no time. */
bool map_time(int64_t *out_ms, const char *text);

#endif
