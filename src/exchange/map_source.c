/*
 * exchange/map_source.c: the foreign files of an import through a map: their rows, lookups and
 * checks (map.h has the format of maps).
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/map_job.h"

void source_refuse(source *s, uint64_t line)
{
    size_t before = s->line_capacity;
    if (!array_grow((void **)&s->is_refused, &s->line_capacity, (size_t)line + 1,
                    sizeof *s->is_refused)) {
        s->refused++; /* no memory to tell lines apart: counts too many rather than too few */
        return;
    }
    memset(s->is_refused + before, 0, (s->line_capacity - before) * sizeof *s->is_refused);
    s->refused += !s->is_refused[line];
    s->is_refused[line] = true;
}

void source_refuse_row(mapping *m, source *s, uint64_t line, const char *text)
{
    char place[600];
    source_refuse(s, line);
    snprintf(place, sizeof place, "%.500s:%llu", s->name, (unsigned long long)line);
    import_problem p = {place, text, false};
    if (m->options->problem != NULL)
        m->options->problem(m->options->ctx, &p);
}

/* ---- reading the sources -------------------------------------------------------------------- */

static const char *row_cell(void *ctx, const char *name)
{
    const mapping *m = ctx;
    for (size_t i = 0; i < m->header->count; i++)
        if (strcmp(m->header->cells[i].text, name) == 0)
            return i < m->row->count ? m->row->cells[i].text : "";
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const lookup_entry *)a)->key, ((const lookup_entry *)b)->key);
}

static const lookup *lookup_find(const mapping *m, const char *name)
{
    for (size_t i = 0; i < m->lookup_count; i++)
        if (strcmp(m->lookups[i].name, name) == 0)
            return &m->lookups[i];
    return NULL;
}

static bool row_has_lookup(void *ctx, const char *name)
{
    return lookup_find(ctx, name) != NULL;
}

static const char *row_lookup(void *ctx, const char *name, const char *key)
{
    const lookup *l = lookup_find(ctx, name);
    lookup_entry wanted = {key, NULL};
    const lookup_entry *found = l == NULL || l->count == 0 ? NULL
                                                           : bsearch(&wanted, l->entries, l->count,
                                                                     sizeof *l->entries, by_key);
    return found != NULL ? found->value : NULL;
}

map_row row_of(mapping *m)
{
    return (map_row){m, row_cell, row_has_lookup, row_lookup};
}

/* The header's cells live in the reader's buffer, which the next row overwrites. */
static wf_status header_copy(csv_row *out, mapping *m, const csv_row *header, wf_error *err)
{
    *out = *header;
    out->cells = arena_alloc(&m->memory, header->count * sizeof *out->cells);
    if (out->cells == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    for (size_t i = 0; i < header->count; i++) {
        out->cells[i].text = arena_strdup(&m->memory, header->cells[i].text);
        out->cells[i].size = header->cells[i].size;
        if (out->cells[i].text == NULL)
            return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    return WF_OK;
}

/* Cells that a row lacks are empty ones, but not where the file ends within the row. */
static const char *row_problem(const csv_row *row, const csv_row *header)
{
    if (row->problem == NULL && row->without_end && row->count < header->count)
        return _("the file ends within this row, without a line end: it may have been cut short; "
                 "get it again, whole");
    return row->problem;
}

/* Visits every row of a source with m->header and m->row set. */
wf_status source_visit(mapping *m, source *s, bool count, row_visitor visit, wf_error *err)
{
    csv *reader = NULL;
    csv_row row = {0};
    csv_row header = {0};
    bool found = false;
    wf_status status = csv_open(&reader, s->path, err);
    if (status == WF_OK)
        status = csv_next(reader, &row, &found, err);
    if (status == WF_OK && (!found || row.problem != NULL))
        status = wf_fail(err, WF_USAGE, _("%s:1: no header line"), s->name);
    if (status == WF_OK)
        status = header_copy(&header, m, &row, err);
    m->header = &header;
    m->row = &row;
    while (status == WF_OK) {
        status = csv_next(reader, &row, &found, err);
        if (status != WF_OK || !found)
            break;
        if (count)
            s->read++;
        const char *problem = row_problem(&row, &header);
        if (problem == NULL) {
            status = visit(m, s, err);
        } else if (count) {
            source_refuse_row(m, s, row.line, problem);
        }
    }
    m->header = NULL;
    m->row = NULL;
    csv_close(reader);
    return status;
}

source *source_find(mapping *m, const char *name)
{
    for (size_t i = 0; i < m->source_count; i++)
        if (strcmp(m->sources[i].name, name) == 0)
            return &m->sources[i];
    return NULL;
}

bool section_reads(const map_section *section, enum map_section_kind kind, const source *s)
{
    return section->kind == kind && section->file != NULL && strcmp(section->file, s->name) == 0;
}

/* ---- lookups -------------------------------------------------------------------------------- */

/* Into the lookup that is being filled: the last. */
static wf_status lookup_row(mapping *m, source *s, wf_error *err)
{
    lookup *l = &m->lookups[m->lookup_count - 1];
    const char *key = row_cell(m, l->key_column);
    const char *value = row_cell(m, l->value_column);
    if (key == NULL || value == NULL)
        return wf_fail(err, WF_USAGE, _("%s: no column \"%s\" for lookup %s"), s->name,
                       key == NULL ? l->key_column : l->value_column, l->name);
    if (!array_grow((void **)&l->entries, &l->capacity, l->count + 1, sizeof *l->entries))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    lookup_entry entry = {arena_strdup(&m->memory, key), arena_strdup(&m->memory, value)};
    if (entry.key == NULL || entry.value == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    l->entries[l->count++] = entry;
    return WF_OK;
}

/* Sorts it; a key that leads to two values leads nowhere. */
static wf_status lookup_sort(const mapping *m, lookup *l, const map_section *section, wf_error *err)
{
    if (l->count > 0)
        qsort(l->entries, l->count, sizeof *l->entries, by_key);
    for (size_t i = 1; i < l->count; i++) {
        const lookup_entry *a = &l->entries[i - 1];
        const lookup_entry *b = &l->entries[i];
        if (strcmp(a->key, b->key) == 0 && strcmp(a->value, b->value) != 0)
            return wf_fail(err, WF_USAGE,
                           _("%s:%d: lookup %s: \"%.60s\" is both \"%.60s\" and \"%.60s\""),
                           m->m->path, section->line, l->name, a->key, a->value, b->value);
    }
    return WF_OK;
}

wf_status lookups_load(mapping *m, wf_error *err)
{
    for (size_t i = 0; i < m->m->section_count; i++) {
        const map_section *section = &m->m->sections[i];
        if (section->kind != MAP_LOOKUP)
            continue;
        const char *file = map_section_value(section, "file");
        source *s = source_find(m, file);
        if (s == NULL)
            return wf_fail(err, WF_USAGE,
                           _("%s:%d: lookup %s reads %s, which is not on the command line"),
                           m->m->path, section->line, section->target, file);
        lookup *l = &m->lookups[m->lookup_count++];
        l->name = section->target;
        l->key_column = map_section_value(section, "key");
        l->value_column = map_section_value(section, "value");
        wf_status status = source_visit(m, s, false, lookup_row, err);
        if (status == WF_OK)
            status = lookup_sort(m, l, section, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

/* ---- checks --------------------------------------------------------------------------------- */

enum { WORDS_MAX = 40 };

typedef struct words {
    char buffer[MAP_LINE_MAX];
    char *at[WORDS_MAX];
    size_t count;
    bool too_many;
} words;

static void split(words *w, const char *text)
{
    char *save = NULL;
    w->count = 0;
    w->too_many = strlen(text) >= sizeof w->buffer;
    snprintf(w->buffer, sizeof w->buffer, "%s", text);
    for (char *word = strtok_r(w->buffer, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        word += strspn(word, " \t");
        for (size_t n = strlen(word); n > 0 && (word[n - 1] == ' ' || word[n - 1] == '\t'); n--)
            word[n - 1] = '\0';
        if (w->count == WORDS_MAX) {
            w->too_many = true;
            return;
        }
        w->at[w->count++] = word;
    }
}

static wf_status check_time(mapping *m, int64_t *out_ms, const char *name, wf_error *err)
{
    const char *cell = row_cell(m, name);
    if (cell == NULL)
        return wf_fail(err, WF_USAGE, _("the file has no column \"%s\""), name);
    if (!map_time(out_ms, cell))
        return wf_fail(err, WF_REFUSED,
                       _("%s: \"%.60s\" is not a time such as 2026-03-01T08:30:00+08:00"), name,
                       cell);
    return WF_OK;
}

static wf_status check_not_empty(mapping *m, const words *w, wf_error *err)
{
    for (size_t i = 0; i < w->count; i++) {
        const char *cell = row_cell(m, w->at[i]);
        if (cell == NULL)
            return wf_fail(err, WF_USAGE, _("the file has no column \"%s\""), w->at[i]);
        if (cell[strspn(cell, " \t")] == '\0')
            return wf_fail(err, WF_REFUSED, _("%s: not given"), w->at[i]);
    }
    return WF_OK;
}

static wf_status check_in_order(mapping *m, const words *w, wf_error *err)
{
    int64_t first = 0;
    int64_t second = 0;
    wf_status status = check_time(m, &first, w->at[0], err);
    if (status == WF_OK)
        status = check_time(m, &second, w->at[1], err);
    if (status == WF_OK && second < first)
        return wf_fail(err, WF_REFUSED, _("%s: %s is before %s (%s)"), w->at[1],
                       row_cell(m, w->at[1]), w->at[0], row_cell(m, w->at[0]));
    return status;
}

static wf_status check_within(mapping *m, const words *w, wf_error *err)
{
    int64_t ms = 0;
    int64_t from = 0;
    int64_t to = 0;
    if (!time_parse_date_or_time(&from, w->at[1], m->utc_offset_minutes) ||
        !time_parse_date_or_time(&to, w->at[2], m->utc_offset_minutes))
        return wf_fail(err, WF_USAGE, _("\"%s %s\": two dates or times expected"), w->at[1],
                       w->at[2]);
    wf_status status = check_time(m, &ms, w->at[0], err);
    if (status == WF_OK && (ms < from || ms >= to))
        return wf_fail(err, WF_REFUSED, _("%s: %s is not from %s to before %s"), w->at[0],
                       row_cell(m, w->at[0]), w->at[1], w->at[2]);
    return status;
}

static wf_status check_known(mapping *m, const words *w, wf_error *err)
{
    const char *cell = row_cell(m, w->at[0]);
    if (cell == NULL)
        return wf_fail(err, WF_USAGE, _("the file has no column \"%s\""), w->at[0]);
    if (!row_has_lookup(m, w->at[1]))
        return wf_fail(err, WF_USAGE, _("there is no [lookup %s]"), w->at[1]);
    if (row_lookup(m, w->at[1], cell) == NULL)
        return wf_fail(err, WF_REFUSED, _("%s: \"%.60s\" is not in lookup %s"), w->at[0], cell,
                       w->at[1]);
    return WF_OK;
}

typedef struct check {
    const char *name;
    size_t words; /* exactly so many, 0: any number above zero */
    wf_status (*run)(mapping *m, const words *w, wf_error *err);
} check;

static const check checks[] = {
    {"not_empty", 0, check_not_empty},
    {"in_order", 2, check_in_order},
    {"within", 3, check_within},
    {"known", 2, check_known},
};

static wf_status check_one(mapping *m, const map_section *section, const map_key *key,
                           wf_error *err)
{
    words w;
    split(&w, key->value);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const check *c = &checks[i];
        if (strcmp(c->name, key->name) != 0)
            continue;
        if (w.count == 0 || w.too_many || (c->words != 0 && w.count != c->words))
            break;
        wf_status status = c->run(m, &w, err);
        if (status == WF_USAGE)
            wf_error_prefix(err, "%s:%d", m->m->path, key->line);
        return status;
    }
    return wf_fail(
        err, WF_USAGE,
        _("%s:%d: [%s check] %s = %s; expected not_empty = COLUMN, ..., in_order = COLUMN, "
          "COLUMN, within = COLUMN, TIME, TIME or known = COLUMN, LOOKUP"),
        m->m->path, key->line, section->file, key->name, key->value);
}

wf_status row_checks(mapping *m, const source *s, wf_error *err)
{
    wf_status status = WF_OK;
    for (size_t i = 0; i < m->m->section_count && status == WF_OK; i++) {
        const map_section *section = &m->m->sections[i];
        for (size_t k = 0; k < section->key_count && status == WF_OK; k++)
            if (section_reads(section, MAP_CHECK, s))
                status = check_one(m, section, &section->keys[k], err);
    }
    return status;
}
