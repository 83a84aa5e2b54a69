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

/* The answer is left to the caller. */
static wf_status rebuild(wf_ledger *l, bool check, wf_progress progress, void *ctx, wf_error *err)
{
    api_scratch scratch;
    api_watch watch;
    wf_status status = api_scratch_make(l, check, &scratch, err);
    if (status != WF_OK)
        return status;
    status = book_rebuild(l->book, l->log, scratch.path, check,
                          api_watch_as(&watch, N_("rebuilding"), progress, ctx), err);
    api_scratch_remove(&scratch);
    return status;
}

typedef struct rebuild_job {
    const char *dir;
    bool check;
    wf_progress progress;
    void *ctx;
} rebuild_job;

static wf_status rebuild_in_child(void *ctx, void *result, wf_error *err)
{
    const rebuild_job *job = ctx;
    const wf_open_options open = {.read_only = job->check, .at = WF_AT_NOW};
    wf_ledger *l = NULL;
    (void)result;
    wf_status status = wf_open(&l, job->dir, &open, err);
    if (status == WF_OK)
        status = rebuild(l, job->check, job->progress, job->ctx, err);
    wf_close(l);
    return status;
}

wf_status api_rebuild_apart(const char *dir, bool check, wf_progress progress, void *ctx,
                            wf_error *err)
{
    char none;
    rebuild_job job = {dir, check, progress, ctx};
    return ledger_guard(dir, rebuild_in_child, &job, &none, 1, err);
}

wf_status wf_rebuild(wf_ledger *l, bool check, wf_progress progress, void *ctx, const wf_sink *sink,
                     wf_error *err)
{
    answer a;
    wf_error_clear(err);
    int64_t start_us = clock_monotonic_us();
    wf_status status = rebuild(l, check, progress, ctx, err);
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
