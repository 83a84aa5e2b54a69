/*
 * api/verify.c: does everything hold? One row a check.
 */
#include "api/api.h"

static const wf_column verify_columns[] = {
    {"check", N_("check"), WF_CELL_TEXT},
    {"result", N_("result"), WF_CELL_TEXT},
    {"count", N_("count"), WF_CELL_INTEGER},
    {"unit", N_("unit"), WF_CELL_TEXT},
    {"per_second", N_("per second"), WF_CELL_INTEGER},
    {"detail", N_("detail"), WF_CELL_TEXT},
};

static void verify_row(answer *a, const char *check, const char *result, uint64_t count,
                       const char *unit, double seconds, const char *detail)
{
    cell_text(a, check);
    cell_text(a, result);
    if (unit != NULL)
        cell_integer(a, (int64_t)count);
    else
        cell_empty(a);
    cell_text(a, unit);
    if (seconds > 0)
        cell_integer(a, (int64_t)((double)count / seconds));
    else
        cell_empty(a);
    cell_text(a, detail);
    answer_row(a);
}

/* What it means that the log was put back from a backup, one row each. */
static wf_status verify_recovery_rows(answer *a, ledger *l, wf_error *err)
{
    ledger_recovery r = {0};
    char detail[200];
    uint64_t from = 0;
    for (bool found = true; found; from = r.seq + 1) {
        wf_status status = ledger_next_recovery(l, from, &found, &r, err);
        if (status != WF_OK || !found)
            return status;
        if (!r.last_known)
            snprintf(detail, sizeof detail,
                     _("entry %llu: put back from a backup; what was signed since is not known"),
                     (unsigned long long)r.seq);
        else if (r.last_size > r.seq)
            snprintf(detail, sizeof detail,
                     _("entry %llu: put back from a backup; %llu entries that were signed then, "
                       "from this number on, are lost"),
                     (unsigned long long)r.seq, (unsigned long long)(r.last_size - r.seq));
        else
            snprintf(detail, sizeof detail,
                     _("entry %llu: put back from a backup; nothing that was signed is lost"),
                     (unsigned long long)r.seq);
        uint64_t lost = r.last_known && r.last_size > r.seq ? r.last_size - r.seq : 0;
        verify_row(a, "recovery", "recorded", lost, r.last_known ? "entries" : NULL, 0, detail);
    }
    return WF_OK;
}

/* Who only reads goes on without the copy of the checkpoint outside; that it is missing is told. */
static wf_status verify_guard_row(answer *a, ledger *l, wf_error *err)
{
    wf_error why = {0};
    bool wanted = false;
    wf_status status = ledger_look_at_guard(l, &wanted, &why);
    if (status != WF_OK && status != WF_DAMAGED)
        return wf_fail(err, status, "%s", why.text);
    if (wanted)
        verify_row(a, "guard", status == WF_OK ? "holds" : "not compared", 1, "checkpoints", 0,
                   status == WF_OK ? NULL : why.text);
    return WF_OK;
}

static wf_status verify_rows(ledger *l, const ledger_verify_report *r, uint64_t codes,
                             bool signatures, const wf_sink *sink, wf_error *err)
{
    answer a;
    char root[HASH_TEXT];
    hash_text(root, &r->root);
    answer_begin(&a, sink, err, "checks", N_("Checks"), COLUMNS(verify_columns));
    verify_row(&a, "chain", "holds", r->size, "entries", r->seconds, NULL);
    verify_row(&a, "tree", "holds", r->size, "entries", r->seconds, root);
    verify_row(&a, "checkpoint", "holds", 1, "checkpoints", 0, NULL);
    if (signatures) {
        verify_row(&a, "signatures", "holds", r->signatures, "signatures", 0, NULL);
        verify_row(&a, "seals", "holds", r->seals, "seals", 0, NULL);
    }
    verify_row(&a, "zero_sums", "holds", codes, "codes", 0, NULL);
    verify_row(&a, "book", "not compared", 0, NULL, 0,
               _("wufei rebuild --check compares it with the log"));
    verify_row(&a, "bytes", "read", r->bytes, "bytes", r->seconds, NULL);
    wf_status status = verify_guard_row(&a, l, err);
    if (status == WF_OK)
        status = verify_recovery_rows(&a, l, err);
    return status == WF_OK ? answer_end(&a) : status;
}

/* What a verification found, in plain bytes: it may come from another process. */
typedef struct verify_result {
    ledger_verify_report report;
    uint64_t codes;
} verify_result;

static wf_status verify_checks(wf_ledger *l, const wf_verify_options *options, verify_result *out,
                               wf_error *err)
{
    book_counts counts = {0};
    store_txn *txn = NULL;
    api_watch watch;
    wf_status status = ledger_verify(
        l->log, options->from, options->signatures,
        api_watch_as(&watch, N_("verifying"), options->progress, options->ctx), &out->report, err);
    if (status == WF_OK)
        status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = book_check_zero_sums(l->book, txn, err);
    if (status == WF_OK)
        status = book_count(l->book, txn, &counts, err);
    store_abort(txn);
    out->codes = counts.codes;
    return status;
}

typedef struct verify_job {
    const char *dir;
    unsigned threads;
    const wf_verify_options *options;
} verify_job;

/* In the child: a store that was opened before the fork must not be used behind it. */
static wf_status verify_in_child(void *ctx, void *result, wf_error *err)
{
    const verify_job *job = ctx;
    const wf_open_options open = {.read_only = true, .threads = job->threads, .at = WF_AT_NOW};
    wf_ledger *l = NULL;
    wf_status status = wf_open(&l, job->dir, &open, err);
    if (status == WF_OK)
        status = verify_checks(l, job->options, result, err);
    wf_close(l);
    return status;
}

wf_status wf_verify(wf_ledger *l, const wf_verify_options *options, const wf_sink *sink,
                    wf_error *err)
{
    const wf_verify_options defaults = {0};
    verify_result result = {0};
    wf_error_clear(err);
    if (options == NULL)
        options = &defaults;
    if (options->from > 0 && options->from >= ledger_size(l->log))
        return wf_fail(err, WF_USAGE,
                       _("--from %llu is behind the last entry; the ledger has %llu"),
                       (unsigned long long)options->from, (unsigned long long)ledger_size(l->log));
    verify_job job = {ledger_dir(l->log), l->threads, options};
    /* A writer has threads, and a process with threads is not safely doubled. */
    wf_status status = l->read_only && l->at == 0 ? ledger_guard(job.dir, verify_in_child, &job,
                                                                 &result, sizeof result, err)
                                                  : verify_checks(l, options, &result, err);
    if (status != WF_OK)
        return status;
    return verify_rows(l->log, &result.report, result.codes, options->signatures, sink, err);
}
