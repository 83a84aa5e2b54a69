/*
 * api/import.c: records in, with a summary by file.
 */
#include <string.h>

#include "api/api.h"
#include "exchange/import.h"

static const wf_column import_columns[] = {
    {"file", N_("file"), WF_CELL_TEXT},          {"read", N_("read"), WF_CELL_INTEGER},
    {"entered", N_("entered"), WF_CELL_INTEGER}, {"already", N_("already there"), WF_CELL_INTEGER},
    {"refused", N_("refused"), WF_CELL_INTEGER},
};

static void import_problem_up(void *ctx, const import_problem *problem)
{
    const wf_import_options *options = ctx;
    if (options->problem != NULL)
        options->problem(options->ctx, problem->place, problem->text, problem->warning);
}

static void import_progress_up(void *ctx, uint64_t done, uint64_t total, const char *phase)
{
    const wf_import_options *options = ctx;
    options->progress(options->ctx, phase, done, total);
}

static wf_status import_run(wf_ledger *l, const char *const *paths, size_t count,
                            const wf_import_options *options, const import_options *below,
                            import_summary *summary, wf_error *err)
{
    switch (options->format) {
    case WF_IMPORT_BUNDLE:
        if (count != 1)
            return wf_fail(err, WF_USAGE,
                           _("%zu folders given; a bundle is one folder of CSV files: import them "
                             "one after the other"),
                           count);
        return import_bundle(l->log, l->book, paths[0], below, summary, err);
    case WF_IMPORT_EMANIFEST:
        return import_emanifest(l->log, l->book, paths, count, below, summary, err);
    case WF_IMPORT_MAP:
        if (options->map_path == NULL)
            return wf_fail(err, WF_USAGE, _("no map file is named"));
        return import_map(l->log, l->book, options->map_path, paths, count, below, summary, err);
    }
    return wf_fail(err, WF_USAGE, _("unknown import format %d"), (int)options->format);
}

static wf_status import_answer(const import_summary *summary, const wf_sink *sink, wf_error *err)
{
    answer a;
    answer_begin(&a, sink, err, "files", N_("Import"), COLUMNS(import_columns));
    for (size_t i = 0; i < summary->file_count; i++) {
        const import_file_summary *f = &summary->files[i];
        cell_text(&a, f->name);
        cell_integer(&a, (int64_t)f->read);
        cell_integer(&a, (int64_t)f->entered);
        cell_integer(&a, (int64_t)f->already);
        cell_integer(&a, (int64_t)f->refused);
        answer_row(&a);
    }
    return answer_end(&a);
}

/* After a failure that is not the rows': what is in, and that the same import can be run again. */
static wf_status import_explain(wf_ledger *l, uint64_t size_before, wf_status status, wf_error *err)
{
    uint64_t size = ledger_size(l->log);
    char reason[WF_ERROR_TEXT];
    if (status != WF_SYSTEM || err == NULL || size == 0)
        return status;
    memcpy(reason, err->text, sizeof reason);
    if (size == size_before)
        return wf_fail(err, status, _("%s; nothing was entered: import again to go on"), reason);
    return wf_fail(
        err, status, _("%s; entries up to %llu are in, %llu of them new: import again to go on"),
        reason, (unsigned long long)(size - 1), (unsigned long long)(size - size_before));
}

/* Moves what has become old into the archive: as much as was entered, and some of what may wait
   from before. A failure of the system takes nothing away and is tried again next time; damage that
   it meets is told. */
static wf_status import_archive(wf_ledger *l, uint64_t size_before,
                                const wf_import_options *options, wf_error *err)
{
    enum { RUN = 256, RUNS_BEFORE = 64 };
    uint64_t entered = ledger_size(l->log) - size_before;
    api_watch watch;
    ledger_progress *progress =
        api_watch_as(&watch, N_("archiving"), options->progress, options->ctx);
    ledger_archive_report report;
    wf_error reason = {0};
    if (entered == 0)
        return WF_OK;
    wf_status status = ledger_archive(l->log, LEDGER_ARCHIVE_KEEP, entered / RUN + RUNS_BEFORE,
                                      progress, &report, &reason);
    return status == WF_DAMAGED ? wf_fail(err, status, "%s", reason.text) : WF_OK;
}

wf_status wf_import(wf_ledger *l, const char *const *paths, size_t count,
                    const wf_import_options *options, const wf_sink *sink, wf_error *err)
{
    const wf_import_options defaults = {.format = WF_IMPORT_BUNDLE};
    import_summary summary = {0};
    wf_error_clear(err);
    if (options == NULL)
        options = &defaults;
    if (count == 0)
        return wf_fail(err, WF_USAGE, _("nothing to import: name a folder or files"));
    import_options below = {.all_or_nothing = options->all_or_nothing,
                            .problem = import_problem_up,
                            .progress = options->progress == NULL ? NULL : import_progress_up,
                            .ctx = (void *)(uintptr_t)options};
    uint64_t size_before = ledger_size(l->log);
    wf_status status = import_run(l, paths, count, options, &below, &summary, err);
    if (status != WF_OK && status != WF_REFUSED)
        return import_explain(l, size_before, status, err);
    wf_status written = import_answer(&summary, sink, status == WF_OK ? err : NULL);
    if (written == WF_OK) {
        wf_error reason = {0};
        written = import_archive(l, size_before, options, &reason);
        if (written != WF_OK) /* worse than refused rows */
            status = wf_fail(err, written, "%s", reason.text);
    }
    return status != WF_OK ? status : written;
}
