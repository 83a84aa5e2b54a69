/*
 * api/archive.c: complete runs of entries into compressed bundles, on request.
 */
#include "api/api.h"

static const wf_column archive_columns[] = {
    {"archived", N_("entries archived"), WF_CELL_INTEGER},
    {"entry_bytes", N_("their bytes"), WF_CELL_INTEGER},
    {"archived_bytes", N_("bytes in the archive"), WF_CELL_INTEGER},
    {"entries", N_("entries"), WF_CELL_INTEGER},
    {"seconds", N_("seconds"), WF_CELL_REAL},
};

wf_status wf_archive(wf_ledger *l, bool all, wf_progress progress, void *ctx, const wf_sink *sink,
                     wf_error *err)
{
    api_watch watch;
    ledger_archive_report report;
    answer a;
    int64_t start_us = clock_monotonic_us();
    wf_error_clear(err);
    wf_status status =
        ledger_archive(l->log, all ? 0 : LEDGER_ARCHIVE_KEEP, UINT64_MAX,
                       api_watch_as(&watch, N_("archiving"), progress, ctx), &report, err);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "archive", N_("Archive"), COLUMNS(archive_columns));
    cell_integer(&a, (int64_t)report.entries);
    cell_integer(&a, (int64_t)report.entry_bytes);
    cell_integer(&a, (int64_t)report.archived_bytes);
    cell_integer(&a, (int64_t)ledger_size(l->log));
    cell_real(&a, (double)(clock_monotonic_us() - start_us) / 1e6);
    answer_row(&a);
    return answer_end(&a);
}
