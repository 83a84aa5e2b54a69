/*
 * exchange/map_import.c: any CSV through a map file (map.h has the format).
 *
 * The rows become a bundle in a temporary folder, and import_bundle enters it: so every rule of the
 * bundle holds, and holds once. What is told of a bundle row is told by the file and line that it
 * was made of.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/csv.h"
#include "exchange/import.h"
#include "exchange/map.h"
#include "model/columns.h"

enum { SOURCES_MAX = 32, TARGETS_MAX = RECORD_KINDS };

typedef struct lookup_entry {
    const char *key, *value;
} lookup_entry;

typedef struct lookup {
    const char *name;
    lookup_entry *entries; /* sorted by key */
    size_t count, capacity;
} lookup;

typedef struct source { /* a CSV file of the command line */
    const char *path;
    const char *name; /* its base name */
    uint64_t read, refused;
    bool *is_refused; /* by line: a line that makes several rows is refused once */
    size_t line_capacity;
} source;

typedef struct origin { /* what a line of a bundle file was made of */
    uint32_t source;    /* SOURCES_MAX: the map itself (a constant) */
    uint32_t line;
} origin;

typedef struct target { /* a bundle file being written */
    const record_kind *kind;
    FILE *file;
    origin *lines; /* lines[i] is line i + 2 */
    size_t count, capacity;
} target;

typedef struct mapping {
    map *m;
    arena memory;
    char folder[64];
    source sources[SOURCES_MAX];
    size_t source_count;
    lookup lookups[MAP_SECTIONS_MAX];
    size_t lookup_count;
    target targets[TARGETS_MAX];
    size_t target_count;
    const import_options *options;
    /* the row being mapped */
    const csv_row *header, *row;
} mapping;

static void source_refuse(source *s, uint64_t line)
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

static void tell(mapping *m, const source *s, uint64_t line, const char *text)
{
    char place[600];
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

static const char *row_lookup(void *ctx, const char *name, const char *key)
{
    const mapping *m = ctx;
    for (size_t i = 0; i < m->lookup_count; i++) {
        const lookup *l = &m->lookups[i];
        if (strcmp(l->name, name) != 0)
            continue;
        lookup_entry wanted = {key, NULL};
        const lookup_entry *found =
            bsearch(&wanted, l->entries, l->count, sizeof *l->entries, by_key);
        return found != NULL ? found->value : NULL;
    }
    return NULL;
}

static map_row row_of(mapping *m)
{
    return (map_row){m, row_cell, row_lookup};
}

/* The header's cells live in the reader's buffer, which the next row overwrites. */
static wf_status header_copy(csv_row *out, mapping *m, const csv_row *header, wf_error *err)
{
    *out = *header;
    out->cells = arena_alloc(&m->memory, header->count * sizeof *out->cells);
    if (out->cells == NULL)
        return wf_fail(err, WF_SYSTEM, "out of memory");
    for (size_t i = 0; i < header->count; i++) {
        out->cells[i].text = arena_strdup(&m->memory, header->cells[i].text);
        out->cells[i].size = header->cells[i].size;
        if (out->cells[i].text == NULL)
            return wf_fail(err, WF_SYSTEM, "out of memory");
    }
    return WF_OK;
}

typedef wf_status (*row_visitor)(mapping *m, source *s, void *ctx, wf_error *err);

/* Visits every row of a source with m->header and m->row set. */
static wf_status source_visit(mapping *m, source *s, bool count, row_visitor visit, void *ctx,
                              wf_error *err)
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
        if (row.problem == NULL) {
            status = visit(m, s, ctx, err);
        } else if (count) {
            source_refuse(s, row.line);
            tell(m, s, row.line, row.problem);
        }
    }
    m->header = NULL;
    m->row = NULL;
    csv_close(reader);
    return status;
}

static source *source_find(mapping *m, const char *name)
{
    for (size_t i = 0; i < m->source_count; i++)
        if (strcmp(m->sources[i].name, name) == 0)
            return &m->sources[i];
    return NULL;
}

/* ---- lookups -------------------------------------------------------------------------------- */

typedef struct lookup_columns {
    lookup *l;
    const char *key, *value;
} lookup_columns;

static wf_status lookup_row(mapping *m, source *s, void *ctx, wf_error *err)
{
    lookup_columns *columns = ctx;
    lookup *l = columns->l;
    const char *key = row_cell(m, columns->key);
    const char *value = row_cell(m, columns->value);
    if (key == NULL || value == NULL)
        return wf_fail(err, WF_USAGE, _("%s: no column \"%s\" for lookup %s"), s->name,
                       key == NULL ? columns->key : columns->value, l->name);
    if (!array_grow((void **)&l->entries, &l->capacity, l->count + 1, sizeof *l->entries))
        return wf_fail(err, WF_SYSTEM, "out of memory");
    l->entries[l->count++] =
        (lookup_entry){arena_strdup(&m->memory, key), arena_strdup(&m->memory, value)};
    return WF_OK;
}

static wf_status lookups_load(mapping *m, wf_error *err)
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
        lookup_columns columns = {l, map_section_value(section, "key"),
                                  map_section_value(section, "value")};
        wf_status status = source_visit(m, s, false, lookup_row, &columns, err);
        if (status != WF_OK)
            return status;
        qsort(l->entries, l->count, sizeof *l->entries, by_key);
    }
    return WF_OK;
}

/* ---- checks --------------------------------------------------------------------------------- */

enum { WORDS_MAX = 8 };

typedef struct words {
    char buffer[256];
    char *at[WORDS_MAX];
    size_t count;
} words;

static void split(words *w, const char *text)
{
    snprintf(w->buffer, sizeof w->buffer, "%s", text);
    char *save = NULL;
    w->count = 0;
    for (char *word = strtok_r(w->buffer, ",", &save); word != NULL && w->count < WORDS_MAX;
         word = strtok_r(NULL, ",", &save)) {
        word += strspn(word, " \t");
        for (size_t n = strlen(word); n > 0 && (word[n - 1] == ' ' || word[n - 1] == '\t'); n--)
            word[n - 1] = '\0';
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
    if (!time_parse_date_or_time(&from, w->at[1], 0) || !time_parse_date_or_time(&to, w->at[2], 0))
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
        if (w.count == 0 || (c->words != 0 && w.count != c->words))
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

/* ---- bundle rows ---------------------------------------------------------------------------- */

static void cell_write(FILE *file, const char *text, size_t size)
{
    if (memchr(text, ',', size) == NULL && memchr(text, '"', size) == NULL &&
        memchr(text, '\n', size) == NULL && memchr(text, '\r', size) == NULL) {
        fwrite(text, 1, size, file);
        return;
    }
    fputc('"', file);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            fputc('"', file);
        fputc(text[i], file);
    }
    fputc('"', file);
}

static wf_status target_open(mapping *m, target **out, const map_section *section, wf_error *err)
{
    const record_kind *kind = record_kind_of_file(section->target, strlen(section->target));
    if (kind == NULL)
        return wf_fail(err, WF_USAGE,
                       _("%s:%d: \"%s\" is not a file of the bundle (sites, manifests, "
                         "manifest_events ...)"),
                       m->m->path, section->line, section->target);
    for (size_t i = 0; i < m->target_count; i++)
        if (m->targets[i].kind == kind) {
            *out = &m->targets[i];
            return WF_OK;
        }
    target *t = &m->targets[m->target_count];
    char path[256];
    snprintf(path, sizeof path, "%s/%s.csv", m->folder, kind->file);
    t->kind = kind;
    t->file = fopen(path, "we");
    if (t->file == NULL)
        return wf_fail_errno(err, "%s", path);
    m->target_count++;
    for (size_t i = 0, written = 0; i < kind->column_count; i++)
        if (kind->columns[i].use != COLUMN_BEYOND)
            fprintf(t->file, "%s%s", written++ > 0 ? "," : "", kind->columns[i].name);
    fputc('\n', t->file);
    *out = t;
    return WF_OK;
}

static wf_status keys_check(const mapping *m, const map_section *section, const record_kind *kind,
                            wf_error *err)
{
    for (size_t i = 0; i < section->key_count; i++) {
        const map_key *key = &section->keys[i];
        const column *c = record_kind_column(kind, key->name, strlen(key->name));
        if (c == NULL || c->use == COLUMN_BEYOND)
            return wf_fail(err, WF_USAGE, _("%s:%d: %s.csv has no column \"%s\""), m->m->path,
                           key->line, kind->file, key->name);
    }
    return WF_OK;
}

/* Makes one bundle row of the present row (or of none, for a constant). */
static wf_status record_row(mapping *m, const map_section *section, uint32_t from, uint32_t line,
                            wf_error *err)
{
    target *t = NULL;
    wf_status status = target_open(m, &t, section, err);
    if (status == WF_OK)
        status = keys_check(m, section, t->kind, err);
    if (status == WF_OK &&
        !array_grow((void **)&t->lines, &t->capacity, t->count + 1, sizeof *t->lines))
        status = wf_fail(err, WF_SYSTEM, "out of memory");
    map_row row = row_of(m);
    buffer cells = {0};
    size_t ends[MAP_KEYS_MAX];
    for (size_t i = 0; i < section->key_count && status == WF_OK; i++) {
        status = map_template(&cells, section->keys[i].value, &row, err);
        ends[i] = cells.size;
        if (status == WF_USAGE)
            wf_error_prefix(err, "%s:%d", m->m->path, section->keys[i].line);
    }
    if (status == WF_OK) {
        for (size_t i = 0, written = 0; i < t->kind->column_count; i++) {
            if (t->kind->columns[i].use == COLUMN_BEYOND)
                continue;
            if (written++ > 0)
                fputc(',', t->file);
            for (size_t k = 0; k < section->key_count; k++) {
                size_t start = k > 0 ? ends[k - 1] : 0;
                if (strcmp(section->keys[k].name, t->kind->columns[i].name) == 0)
                    cell_write(t->file, (const char *)cells.data + start, ends[k] - start);
            }
        }
        fputc('\n', t->file);
        t->lines[t->count++] = (origin){from, line};
    }
    buffer_free(&cells);
    return status;
}

/* Checks a row, then makes all its bundle rows; a refused row makes none. */
static wf_status map_one_row(mapping *m, source *s, void *ctx, wf_error *err)
{
    (void)ctx;
    wf_status status = WF_OK;
    for (int pass = 0; pass < 2 && status == WF_OK; pass++) {
        for (size_t i = 0; i < m->m->section_count && status == WF_OK; i++) {
            const map_section *section = &m->m->sections[i];
            if (section->file == NULL || strcmp(section->file, s->name) != 0)
                continue;
            if (pass == 0 && section->kind == MAP_CHECK)
                for (size_t k = 0; k < section->key_count && status == WF_OK; k++)
                    status = check_one(m, section, &section->keys[k], err);
            if (pass == 1 && section->kind == MAP_RECORD)
                status =
                    record_row(m, section, (uint32_t)(s - m->sources), (uint32_t)m->row->line, err);
        }
    }
    if (status != WF_REFUSED)
        return status;
    source_refuse(s, m->row->line);
    tell(m, s, m->row->line, err->text);
    wf_error_clear(err);
    return WF_OK;
}

/* Every section must find its file, and constants make their rows. */
static wf_status constants_write(mapping *m, wf_error *err)
{
    for (size_t i = 0; i < m->m->section_count; i++) {
        const map_section *section = &m->m->sections[i];
        if (section->file != NULL && source_find(m, section->file) == NULL)
            return wf_fail(err, WF_USAGE, _("%s:%d: %s is not on the command line"), m->m->path,
                           section->line, section->file);
        if (section->kind != MAP_CONSTANT)
            continue;
        const csv_row none = {0};
        m->header = &none;
        m->row = &none;
        wf_status status = record_row(m, section, SOURCES_MAX, (uint32_t)section->line, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

/* ---- the bundle, entered -------------------------------------------------------------------- */

/* "manifests.csv:17: COLUMN" as the source's "deliveries.csv:16: manifests.COLUMN". */
static void on_problem(void *ctx, const import_problem *p)
{
    mapping *m = ctx;
    char file[64];
    unsigned long long line = 0;
    int consumed = 0;
    import_problem translated = *p;
    char place[700];
    if (sscanf(p->place, "%63[^.].csv:%llu%n", file, &line, &consumed) == 2) {
        for (size_t i = 0; i < m->target_count; i++) {
            const target *t = &m->targets[i];
            if (strcmp(t->kind->file, file) != 0 || line < 2 || line - 2 >= t->count)
                continue;
            origin from = t->lines[line - 2];
            const char *name =
                from.source == SOURCES_MAX ? m->m->path : m->sources[from.source].name;
            const char *rest = p->place + consumed;
            snprintf(place, sizeof place, "%.300s:%u: %s%.200s", name, from.line, file,
                     rest[0] == ':' ? rest : "");
            if (from.source != SOURCES_MAX && !p->warning)
                source_refuse(&m->sources[from.source], from.line);
            translated.place = place;
        }
    }
    if (m->options->problem != NULL)
        m->options->problem(m->options->ctx, &translated);
}

static void on_progress(void *ctx, uint64_t done, uint64_t total, const char *phase)
{
    const mapping *m = ctx;
    if (m->options->progress != NULL)
        m->options->progress(m->options->ctx, done, total, phase);
}

static wf_status targets_close(mapping *m, wf_error *err)
{
    wf_status status = WF_OK;
    for (size_t i = 0; i < m->target_count; i++) {
        target *t = &m->targets[i];
        bool failed = t->file != NULL && (ferror(t->file) != 0);
        if (t->file != NULL && fclose(t->file) != 0)
            failed = true;
        t->file = NULL;
        if (failed && status == WF_OK)
            status = wf_fail_errno(err, _("writing the mapped rows to %s"), m->folder);
    }
    return status;
}

/* The files of the command line stand before the bundle files that were made of them. When nothing
   new was entered, their good rows were there already. */
static void summary_join(const mapping *m, import_summary *out)
{
    import_summary made = *out;
    out->file_count = 0;
    for (size_t i = 0; i < m->source_count; i++) {
        import_file_summary *f = &out->files[out->file_count++];
        uint64_t good = m->sources[i].read - m->sources[i].refused;
        *f = (import_file_summary){.read = m->sources[i].read,
                                   .entered = out->statements > 0 ? good : 0,
                                   .already = out->statements > 0 ? 0 : good,
                                   .refused = m->sources[i].refused};
        snprintf(f->name, sizeof f->name, "%s", m->sources[i].name);
    }
    for (size_t i = 0; i < made.file_count && out->file_count < IMPORT_FILES_MAX; i++)
        out->files[out->file_count++] = made.files[i];
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

static wf_status mapping_run(mapping *m, ledger *l, book *b, import_summary *out, wf_error *err)
{
    wf_status status = lookups_load(m, err);
    if (status == WF_OK)
        status = constants_write(m, err);
    uint64_t refused = 0;
    for (size_t i = 0; i < m->source_count && status == WF_OK; i++) {
        status = source_visit(m, &m->sources[i], true, map_one_row, NULL, err);
        refused += m->sources[i].refused;
    }
    wf_status closed = targets_close(m, status == WF_OK ? err : NULL);
    if (status == WF_OK)
        status = closed;
    if (status == WF_OK && refused > 0 && m->options->all_or_nothing)
        return wf_fail(err, WF_REFUSED, _("%llu rows were refused, so nothing was entered"),
                       (unsigned long long)refused);
    if (status != WF_OK)
        return status;
    import_options options = {.all_or_nothing = m->options->all_or_nothing,
                              .problem = on_problem,
                              .progress = on_progress,
                              .ctx = m};
    status = import_bundle(l, b, m->folder, &options, out, err);
    if (status != WF_OK && status != WF_REFUSED)
        return status;
    refused = 0;
    uint64_t read = 0;
    for (size_t i = 0; i < m->source_count; i++) {
        refused += m->sources[i].refused;
        read += m->sources[i].read;
    }
    if (refused > 0)
        status = wf_fail(err, WF_REFUSED, _("%llu of %llu rows were refused"),
                         (unsigned long long)refused, (unsigned long long)read);
    summary_join(m, out);
    return status;
}

wf_status import_map(ledger *l, book *b, const char *map_path, const char *const *csv_paths,
                     size_t csv_count, const import_options *options, import_summary *out,
                     wf_error *err)
{
    *out = (import_summary){0};
    if (csv_count == 0 || csv_count > SOURCES_MAX)
        return wf_fail(err, WF_USAGE, _("%zu CSV files; 1 to %d expected"), csv_count, SOURCES_MAX);
    mapping *m = calloc(1, sizeof *m);
    if (m == NULL)
        return wf_fail(err, WF_SYSTEM, "out of memory");
    arena_init(&m->memory, 0);
    m->options = options;
    for (size_t i = 0; i < csv_count; i++) {
        const char *slash = strrchr(csv_paths[i], '/');
        m->sources[m->source_count++] =
            (source){.path = csv_paths[i], .name = slash != NULL ? slash + 1 : csv_paths[i]};
    }
    const char *temporary = getenv("TMPDIR");
    wf_status status = map_read(&m->m, &m->memory, map_path, err);
    if (status == WF_OK) {
        snprintf(m->folder, sizeof m->folder, "%.40s/wufei-map-XXXXXX",
                 temporary != NULL && strlen(temporary) < 40 ? temporary : "/tmp");
        if (mkdtemp(m->folder) == NULL)
            status = wf_fail_errno(err, _("temporary folder %s"), m->folder);
        else
            status = mapping_run(m, l, b, out, err);
        nftw(m->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    for (size_t i = 0; i < m->lookup_count; i++)
        free(m->lookups[i].entries);
    for (size_t i = 0; i < m->target_count; i++)
        free(m->targets[i].lines);
    for (size_t i = 0; i < m->source_count; i++)
        free(m->sources[i].is_refused);
    arena_free(&m->memory);
    free(m);
    return status;
}
