/*
 * api/rebuild.c: deriving the book again from the log, to compare or to replace it.
 */
#include "api/api.h"

static const wf_column rebuild_columns[] = {
    {"check", N_("check"), WF_CELL_TEXT},
    {"result", N_("result"), WF_CELL_TEXT},
    {"entries", N_("entries"), WF_CELL_INTEGER},
    {"seconds", N_("seconds"), WF_CELL_REAL},
};

typedef struct rebuild_watch {
    wf_progress progress;
    void *ctx;
} rebuild_watch;

static void rebuild_report_progress(void *ctx, uint64_t done, uint64_t total)
{
    const rebuild_watch *watch = ctx;
    watch->progress(watch->ctx, _("rebuilding"), done, total);
}

wf_status wf_rebuild(wf_ledger *l, bool check, wf_progress progress, void *ctx, const wf_sink *sink,
                     wf_error *err)
{
    api_scratch scratch;
    rebuild_watch watch = {progress, ctx};
    ledger_progress below = {rebuild_report_progress, &watch};
    answer a;
    wf_error_clear(err);
    wf_status status = api_scratch_make(l, check, &scratch, err);
    if (status != WF_OK)
        return status;
    int64_t start_us = clock_monotonic_us();
    status =
        book_rebuild(l->book, l->log, scratch.path, check, progress == NULL ? NULL : &below, err);
    api_scratch_remove(&scratch);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "rebuild", N_("Book derived again from the log"),
                 COLUMNS(rebuild_columns));
    cell_text(&a, "book");
    cell_text(&a, check ? "equal" : "replaced");
    cell_integer(&a, (int64_t)ledger_size(l->log));
    cell_real(&a, (double)(clock_monotonic_us() - start_us) / 1e6);
    answer_row(&a);
    return answer_end(&a);
}
