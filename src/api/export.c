/*
 * api/export.c: the log for others, as files in a public format.
 */
#include "api/api.h"

static const wf_column export_columns[] = {
    {"folder", N_("folder"), WF_CELL_TEXT},  {"entries", N_("entries"), WF_CELL_INTEGER},
    {"new", N_("new"), WF_CELL_INTEGER},     {"files", N_("files written"), WF_CELL_INTEGER},
    {"bytes", N_("bytes"), WF_CELL_INTEGER},
};

typedef struct export_watch {
    wf_progress progress;
    void *ctx;
} export_watch;

static void export_report(void *ctx, uint64_t done, uint64_t total)
{
    const export_watch *watch = ctx;
    watch->progress(watch->ctx, _("exporting"), done, total);
}

wf_status wf_export_tiles(wf_ledger *l, const char *dir, wf_progress progress, void *ctx,
                          const wf_sink *sink, char **out_evidence, wf_error *err)
{
    export_watch watch = {progress, ctx};
    ledger_progress below = {export_report, &watch};
    tiles_report report;
    answer a;
    wf_error_clear(err);
    wf_status status =
        ledger_export_tiles(l->log, dir, progress == NULL ? NULL : &below, &report, err);
    *out_evidence = report.evidence;
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "exports", NULL, COLUMNS(export_columns));
    cell_text(&a, dir);
    cell_integer(&a, (int64_t)report.size);
    cell_integer(&a, (int64_t)(report.size - report.size_before));
    cell_integer(&a, (int64_t)report.files);
    cell_integer(&a, (int64_t)report.bytes);
    answer_row(&a);
    return answer_end(&a);
}
