/*
 * api/export.c: the log for others, as files in a public format.
 */
#include "api/api.h"

static const wf_column export_columns[] = {
    {"folder", N_("folder"), WF_CELL_TEXT},  {"entries", N_("entries"), WF_CELL_INTEGER},
    {"new", N_("new"), WF_CELL_INTEGER},     {"files", N_("files written"), WF_CELL_INTEGER},
    {"bytes", N_("bytes"), WF_CELL_INTEGER}, {"mended", N_("files mended"), WF_CELL_INTEGER},
};

static const char export_phase[] = N_("exporting");

wf_status wf_export_tiles(wf_ledger *l, const char *dir, const wf_export_options *options,
                          const wf_sink *sink, wf_exported *out, wf_error *err)
{
    const wf_export_options defaults = {0};
    tiles_report report;
    answer a;
    api_watch watch;
    wf_error_clear(err);
    *out = (wf_exported){0};
    if (options == NULL)
        options = &defaults;
    const tiles_options below = {
        .check = options->check,
        .progress = api_watch_as(&watch, export_phase, options->progress, options->ctx)};
    wf_status status = ledger_export_tiles(l->log, dir, &below, &report, err);
    out->evidence = report.evidence;
    out->mended = report.mended;
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "exports", NULL, COLUMNS(export_columns));
    cell_text(&a, dir);
    cell_integer(&a, (int64_t)report.size);
    cell_integer(&a, (int64_t)(report.size - report.size_before));
    cell_integer(&a, (int64_t)report.files);
    cell_integer(&a, (int64_t)report.bytes);
    cell_integer(&a, (int64_t)report.mended);
    answer_row(&a);
    return answer_end(&a);
}
