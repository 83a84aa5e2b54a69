/*
 * exchange/emanifest.c: EPA e-Manifest documents (JSON of the Save and Get services) into records.
 *
 * A document is checked against EPA's own schema (schema/emanifest.json) first; every field that
 * does not fit is named, and then nothing of the document enters. What fits is read by
 * emanifest_document.c and becomes, in one all-or-nothing batch, the records of
 * emanifest_records.c.
 *
 * All that is told of a document goes through its `statements`, as the refusals of the book do: so
 * one refusal, wherever it arises, keeps the whole document out.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"
#include "exchange/json_schema.h"

extern const unsigned char emanifest_schema[];
extern const size_t emanifest_schema_size;

enum { DOCUMENT_MAX = 16 << 20 };

static void schema_problem(void *ctx, const char *path, const char *text)
{
    emanifest_tell(ctx, path, false, "%s", text);
}

/* ---- one document ---------------------------------------------------------------------------- */

/* Reads a whole file; bytes are in the arena. */
static wf_status file_read(span *out, document *d, const char *path, wf_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        wf_fail_errno(err, "%s", path);
        err->status = WF_USAGE;
        return WF_USAGE;
    }
    buffer all = {0};
    char piece[65536];
    size_t n = 0;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0 && all.size <= DOCUMENT_MAX)
        buffer_append(&all, piece, n);
    wf_status status = WF_OK;
    if (ferror(file)) {
        status = wf_fail_errno(err, "%s", path);
    } else if (all.size > DOCUMENT_MAX) {
        emanifest_tell(d, "Emanifest", false,
                       _("the file is larger than %d bytes; one manifest a file expected"),
                       DOCUMENT_MAX);
        status = WF_REFUSED;
    } else {
        void *copy = arena_copy(d->memory, all.data != NULL ? (char *)all.data : "", all.size);
        *out = span_of(copy, all.size);
        if (copy == NULL || all.failed)
            status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    buffer_free(&all);
    fclose(file);
    return status;
}

static wf_status schema_check(document *d, wf_error *err)
{
    json_t *schema = json_loadb((const char *)emanifest_schema, emanifest_schema_size, 0, NULL);
    WF_ASSERT(schema != NULL);
    schema_sink sink = {schema_problem, d};
    wf_status status = json_schema_check(schema, d->root, "Emanifest", &sink, err);
    json_decref(schema);
    return status;
}

/* jansson says "WHAT near 'TEXT'", in English; the catalogue knows most of WHAT. */
static void json_reason(char *out, size_t size, const char *text)
{
    static const char between[] = " near ", end[] = "end of file";
    char what[JSON_ERROR_TEXT_LENGTH];
    const char *near = strstr(text, between);
    size_t length = near != NULL ? (size_t)(near - text) : strlen(text);
    snprintf(what, sizeof what, "%.*s", (int)length, text);
    if (near == NULL)
        snprintf(out, size, "%s", _(what));
    else if (strcmp(near + sizeof between - 1, end) == 0)
        snprintf(out, size, _("%s near end of file"), _(what));
    else
        snprintf(out, size, _("%s near %s"), _(what), near + sizeof between - 1);
}

static wf_status document_parse(document *d, json_t **root, span bytes)
{
    json_error_t where;
    *root = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, &where);
    if (*root != NULL)
        return WF_OK;
    import_place place = {.file = d->out_file, .line = where.line > 0 ? (uint64_t)where.line : 1};
    char text[WF_ERROR_TEXT], reason[2 * JSON_ERROR_TEXT_LENGTH];
    json_reason(reason, sizeof reason, where.text);
    snprintf(text, sizeof text, _("not JSON, at column %d: %s"), where.column, reason);
    d->problems++;
    statements_refuse(d->out, &place, NULL, 1, text);
    return WF_REFUSED;
}

static wf_status document_read(document *d, const char *path, json_t **root, wf_error *err)
{
    span bytes = {0};
    wf_status status = file_read(&bytes, d, path, err);
    if (status == WF_OK)
        status = document_parse(d, root, bytes);
    d->root = *root;
    if (status == WF_OK)
        status = schema_check(d, err);
    if (status == WF_OK)
        status = emanifest_read(d, bytes) ? emanifest_write(d, err) : WF_REFUSED;
    if (d->out_of_memory)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return status;
}

/* One document: all of it or nothing. WF_REFUSED when its problems have been told. */
static wf_status document_import(document *d, const char *path, const import_options *options,
                                 import_summary *out, wf_error *err)
{
    json_t *root = NULL;
    import_options whole = *options;
    whole.all_or_nothing = true;
    import_binding binding = {d->ledger, d->book};
    import_target target = import_target_of(&binding);
    wf_status status = statements_new(&d->out, &target, &whole, err);
    if (status != WF_OK)
        return status;
    d->out_file = statements_file(d->out, d->file);
    status = document_read(d, path, &root, err);
    WF_ASSERT(status != WF_REFUSED || d->problems > 0); /* else it would be entered below */
    if (status == WF_OK || status == WF_REFUSED)
        status = statements_finish(d->out, out, err);
    statements_free(d->out);
    d->out = NULL;
    json_decref(root);
    return status;
}

/* ---- many documents -------------------------------------------------------------------------- */

/* Of a document that was refused all records were, or, when none was made, the document itself. */
static void summary_join(import_summary *all, const import_summary *one, const char *file,
                         bool refused)
{
    import_file_summary f = {0};
    if (one->file_count > 0)
        f = one->files[0];
    if (refused) {
        f.read = f.read > 0 ? f.read : 1;
        f.refused = f.read;
        f.entered = 0;
        f.already = 0;
    }
    all->statements += one->statements;
    if (all->file_count < IMPORT_FILES_MAX) {
        snprintf(f.name, sizeof f.name, "%s", file);
        all->files[all->file_count++] = f;
        return;
    }
    import_file_summary *last = &all->files[IMPORT_FILES_MAX - 1]; /* takes all further */
    snprintf(last->name, sizeof last->name, "...");
    last->read += f.read;
    last->entered += f.entered;
    last->already += f.already;
    last->refused += f.refused;
}

static wf_status path_import(ledger *l, book *b, const char *path, const import_options *options,
                             import_summary *out, wf_error *err)
{
    arena memory;
    arena_init(&memory, 0);
    const char *slash = strrchr(path, '/');
    import_summary one = {0};
    wf_status status = WF_SYSTEM;
    document *d = arena_alloc(&memory, sizeof *d);
    if (d == NULL) {
        wf_fail(err, WF_SYSTEM, _("out of memory"));
    } else {
        *d = (document){
            .file = slash != NULL ? slash + 1 : path, .memory = &memory, .ledger = l, .book = b};
        status = document_import(d, path, options, &one, err);
        if (status == WF_OK || status == WF_REFUSED)
            summary_join(out, &one, d->file, status == WF_REFUSED);
    }
    arena_free(&memory);
    return status;
}

/* Files that cannot be opened are found before the first document enters. */
static wf_status paths_check(const char *const *paths, size_t count, wf_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct stat about;
        if (stat(paths[i], &about) != 0 || access(paths[i], R_OK) != 0) {
            wf_fail_errno(err, "%s", paths[i]);
            err->status = WF_USAGE;
            return WF_USAGE;
        }
        if (S_ISDIR(about.st_mode))
            return wf_fail(err, WF_USAGE, _("%s is a folder; e-Manifest documents are files"),
                           paths[i]);
    }
    return WF_OK;
}

wf_status import_emanifest(ledger *l, book *b, const char *const *paths, size_t count,
                           const import_options *options, import_summary *out, wf_error *err)
{
    *out = (import_summary){0};
    if (options->all_or_nothing && count > 1)
        return wf_fail(err, WF_USAGE,
                       _("each e-Manifest document enters whole or not at all; all or "
                         "nothing over %zu documents is not possible: import them "
                         "one by one"),
                       count);
    int64_t start_us = clock_monotonic_us();
    size_t refused = 0;
    wf_status status = paths_check(paths, count, err);
    for (size_t i = 0; i < count && status == WF_OK; i++) {
        status = path_import(l, b, paths[i], options, out, err);
        if (status == WF_REFUSED) {
            refused++;
            status = WF_OK;
        }
    }
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    if (status == WF_OK && refused > 0)
        status = wf_fail(err, WF_REFUSED, _("%zu of %zu documents were refused"), refused, count);
    return status;
}
