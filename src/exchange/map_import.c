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
#include "exchange/map_job.h"
#include "exchange/statements.h"

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
    const char *path = arena_printf(&m->memory, "%s/%s.csv", m->folder, kind->file);
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
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
        for (size_t k = 0; k < i; k++)
            if (strcmp(section->keys[k].name, key->name) == 0)
                return wf_fail(err, WF_USAGE, _("%s:%d: \"%s\" is there already, on line %d"),
                               m->m->path, key->line, key->name, section->keys[k].line);
    }
    return WF_OK;
}

/* Makes the cells of one section's bundle row of the present row (or of none, for a constant). */
static wf_status record_make(mapping *m, const map_section *section, wf_error *err)
{
    map_row row = row_of(m);
    for (size_t i = 0; i < section->key_count; i++) {
        wf_status status = map_template(&m->cells, section->keys[i].value, &row, err);
        if (status == WF_USAGE)
            wf_error_prefix(err, "%s:%d", m->m->path, section->keys[i].line);
        if (status == WF_OK &&
            !array_grow((void **)&m->ends, &m->end_capacity, m->end_count + 1, sizeof *m->ends))
            status = wf_fail(err, WF_SYSTEM, _("out of memory"));
        if (status != WF_OK)
            return status;
        m->ends[m->end_count++] = m->cells.size;
    }
    return WF_OK;
}

/* Writes the row whose first cell is number `first` of those that were made. */
static wf_status record_write(mapping *m, const map_section *section, size_t first, origin from,
                              wf_error *err)
{
    target *t = NULL;
    wf_status status = target_open(m, &t, section, err);
    if (status == WF_OK &&
        !array_grow((void **)&t->lines, &t->capacity, t->count + 1, sizeof *t->lines))
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status != WF_OK)
        return status;
    for (size_t i = 0, written = 0; i < t->kind->column_count; i++) {
        if (t->kind->columns[i].use == COLUMN_BEYOND)
            continue;
        if (written++ > 0)
            fputc(',', t->file);
        for (size_t k = 0; k < section->key_count; k++) {
            size_t start = first + k > 0 ? m->ends[first + k - 1] : 0;
            if (strcmp(section->keys[k].name, t->kind->columns[i].name) == 0)
                cell_write(t->file, (const char *)m->cells.data + start,
                           m->ends[first + k] - start);
        }
    }
    fputc('\n', t->file);
    t->lines[t->count++] = from;
    return WF_OK;
}

/* Makes all bundle rows of a row before the first is written: a refused row makes none. */
static wf_status row_records(mapping *m, const source *s, wf_error *err)
{
    wf_status status = WF_OK;
    buffer_clear(&m->cells);
    m->end_count = 0;
    for (size_t i = 0; i < m->m->section_count && status == WF_OK; i++)
        if (section_reads(&m->m->sections[i], MAP_RECORD, s))
            status = record_make(m, &m->m->sections[i], err);
    size_t first = 0;
    origin from = {(uint32_t)(s - m->sources), (uint32_t)m->row->line};
    for (size_t i = 0; i < m->m->section_count && status == WF_OK; i++) {
        const map_section *section = &m->m->sections[i];
        if (!section_reads(section, MAP_RECORD, s))
            continue;
        status = record_write(m, section, first, from, err);
        first += section->key_count;
    }
    return status;
}

static wf_status map_one_row(mapping *m, source *s, wf_error *err)
{
    wf_status status = row_checks(m, s, err);
    if (status == WF_OK)
        status = row_records(m, s, err);
    if (status != WF_REFUSED)
        return status;
    source_refuse_row(m, s, m->row->line, err->text);
    wf_error_clear(err);
    return WF_OK;
}

static wf_status constant_write(mapping *m, const map_section *section, wf_error *err)
{
    const csv_row none = {0};
    m->header = &none;
    m->row = &none;
    buffer_clear(&m->cells);
    m->end_count = 0;
    wf_status status = record_make(m, section, err);
    if (status == WF_OK)
        status = record_write(m, section, 0, (origin){SOURCES_MAX, (uint32_t)section->line}, err);
    m->header = NULL;
    m->row = NULL;
    if (status == WF_REFUSED) { /* of a constant the map is to blame */
        wf_error_prefix(err, "%s:%d", m->m->path, section->line);
        err->status = status = WF_USAGE;
    }
    return status;
}

/* Every section must find its file and its columns, before any row is read; constants make their
   rows. */
static wf_status sections_prepare(mapping *m, wf_error *err)
{
    for (size_t i = 0; i < m->m->section_count; i++) {
        const map_section *section = &m->m->sections[i];
        target *t = NULL;
        if (section->file != NULL && source_find(m, section->file) == NULL)
            return wf_fail(err, WF_USAGE, _("%s:%d: %s is not on the command line"), m->m->path,
                           section->line, section->file);
        if (section->kind != MAP_CONSTANT && section->kind != MAP_RECORD)
            continue;
        wf_status status = target_open(m, &t, section, err);
        if (status == WF_OK)
            status = keys_check(m, section, t->kind, err);
        if (status == WF_OK && section->kind == MAP_CONSTANT)
            status = constant_write(m, section, err);
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

/* The bundle file that is made of this source alone, one row of a row: what became of its rows
   became of the source's. NULL when there is none. */
static const target *target_of_one(const mapping *m, const source *s)
{
    for (size_t i = 0; i < m->target_count; i++) {
        const target *t = &m->targets[i];
        size_t all = 0;
        size_t own = 0;
        for (size_t k = 0; k < m->m->section_count; k++) {
            const map_section *section = &m->m->sections[k];
            bool writes = section->kind == MAP_RECORD || section->kind == MAP_CONSTANT;
            if (!writes || record_kind_of_file(section->target, strlen(section->target)) != t->kind)
                continue;
            all++;
            own += section_reads(section, MAP_RECORD, s);
        }
        if (all == 1 && own == 1)
            return t;
    }
    return NULL;
}

static const import_file_summary *summary_find(const import_summary *made, const target *t)
{
    size_t size = t != NULL ? strlen(t->kind->file) : 0;
    for (size_t i = 0; t != NULL && i < made->file_count; i++)
        if (strncmp(made->files[i].name, t->kind->file, size) == 0 &&
            strcmp(made->files[i].name + size, ".csv") == 0)
            return &made->files[i];
    return NULL;
}

/* The files of the command line stand before the bundle files that were made of them. Where their
   rows are mixed with others in every bundle file, all of them count as entered when something
   was. */
static void summary_join(const mapping *m, import_summary *out)
{
    import_summary made = *out;
    uint64_t already = 0;
    for (size_t i = 0; i < made.file_count; i++)
        already += made.files[i].already;
    out->file_count = 0;
    for (size_t i = 0; i < m->source_count; i++) {
        const source *s = &m->sources[i];
        const import_file_summary *own = summary_find(&made, target_of_one(m, s));
        uint64_t good = s->read - s->refused;
        uint64_t entered = own != NULL ? own->entered : made.statements > 0 ? good : 0;
        uint64_t before = own != NULL ? own->already : already > 0 ? good : 0;
        entered = entered < good ? entered : good;
        before = before < good - entered ? before : good - entered;
        import_file_summary *f = &out->files[out->file_count++];
        *f = (import_file_summary){
            .read = s->read, .entered = entered, .already = before, .refused = s->refused};
        snprintf(f->name, sizeof f->name, "%s", s->name);
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
        status = sections_prepare(m, err);
    uint64_t refused = 0;
    for (size_t i = 0; i < m->source_count && status == WF_OK; i++) {
        status = source_visit(m, &m->sources[i], true, map_one_row, err);
        refused += m->sources[i].refused;
    }
    wf_status closed = targets_close(m, status == WF_OK ? err : NULL);
    if (status == WF_OK)
        status = closed;
    if (status == WF_OK && refused > 0 && m->options->all_or_nothing) {
        summary_join(m, out);
        return refused == 1
                   ? wf_fail(err, WF_REFUSED, _("1 row was refused, so nothing was entered"))
                   : wf_fail(err, WF_REFUSED, _("%llu rows were refused, so nothing was entered"),
                             (unsigned long long)refused);
    }
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
    if (refused > 0 && !m->options->all_or_nothing)
        status = wf_fail(err, WF_REFUSED,
                         refused == 1 ? _("%llu of %llu rows was refused")
                                      : _("%llu of %llu rows were refused"),
                         (unsigned long long)refused, (unsigned long long)read);
    summary_join(m, out);
    return status;
}

static wf_status folder_make(mapping *m, wf_error *err)
{
    const char *temporary = getenv("TMPDIR");
    if (temporary == NULL || temporary[0] == '\0')
        temporary = "/tmp";
    char *folder = arena_printf(&m->memory, "%s/wufei-map-XXXXXX", temporary);
    if (folder == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (mkdtemp(folder) == NULL)
        return wf_fail_errno(err, _("temporary folder in %s (TMPDIR names another)"), temporary);
    m->folder = folder;
    return WF_OK;
}

static void mapping_free(mapping *m)
{
    for (size_t i = 0; i < m->lookup_count; i++)
        free(m->lookups[i].entries);
    for (size_t i = 0; i < m->target_count; i++)
        free(m->targets[i].lines);
    for (size_t i = 0; i < m->source_count; i++)
        free(m->sources[i].is_refused);
    free(m->ends);
    buffer_free(&m->cells);
    arena_free(&m->memory);
    free(m);
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
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    arena_init(&m->memory, 0);
    m->options = options;
    m->utc_offset_minutes = import_target_of(&(import_binding){l, b}).utc_offset_minutes;
    for (size_t i = 0; i < csv_count; i++) {
        const char *slash = strrchr(csv_paths[i], '/');
        m->sources[m->source_count++] =
            (source){.path = csv_paths[i], .name = slash != NULL ? slash + 1 : csv_paths[i]};
    }
    wf_status status = map_read(&m->m, &m->memory, map_path, err);
    if (status == WF_OK)
        status = folder_make(m, err);
    if (status == WF_OK)
        status = mapping_run(m, l, b, out, err);
    targets_close(m, NULL); /* what an error left open */
    if (m->folder != NULL)
        nftw(m->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    mapping_free(m);
    return status;
}
