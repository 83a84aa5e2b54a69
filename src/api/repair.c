/*
 * api/repair.c: what can be put right, the book last, and what is left then.
 */
#include <stdio.h>

#include "api/api.h"

static const wf_column repair_columns[] = {
    {"what", N_("what"), WF_CELL_TEXT},
    {"result", N_("result"), WF_CELL_TEXT},
    {"detail", N_("detail"), WF_CELL_TEXT},
};

typedef struct repair_job {
    const char *dir;
    const wf_repair_options *options;
    answer repairs;
} repair_job;

static void repair_done(void *ctx, const char *what, bool repaired, const char *detail)
{
    repair_job *job = ctx;
    cell_text(&job->repairs, what);
    cell_text(&job->repairs, repaired ? "repaired" : "left");
    cell_text(&job->repairs, detail);
    answer_row(&job->repairs);
}

/* ---- the book ------------------------------------------------------------------------------ */

/* A book that cannot even be compared is derived again too: that reads nothing of it. */
static wf_status repair_book(repair_job *job, wf_error *err)
{
    wf_error why = {0};
    const wf_repair_options *o = job->options;
    wf_status status = api_rebuild_apart(job->dir, true, o->progress, o->ctx, &why);
    if (status == WF_DAMAGED) {
        status = api_rebuild_apart(job->dir, false, o->progress, o->ctx, &why);
        if (status == WF_OK)
            repair_done(job, "book", true, _("it is derived again from the log"));
        else if (status == WF_DAMAGED)
            repair_done(job, "book", false, why.text);
    }
    if (status != WF_OK && status != WF_DAMAGED)
        return wf_fail(err, status, "%s", why.text);
    return WF_OK;
}

/* ---- the copy outside ---------------------------------------------------------------------- */

static wf_status repair_guard(repair_job *job, wf_error *err)
{
    char text[WF_ERROR_TEXT];
    wf_error lost = {0};
    const wf_repair_options *o = job->options;
    wf_status status = ledger_set_guard(job->dir, o->guard, &lost, err);
    if (status != WF_OK)
        return status;
    repair_done(job, "guard", true, o->guard);
    if (lost.text[0] == '\0' || o->notice == NULL)
        return WF_OK;
    snprintf(text, sizeof text,
             _("from now on %s shows when the ledger is put back; that it was not put back before "
               "now, nothing outside proves any more. Hold a checkpoint or receipt that somebody "
               "kept against it: wufei checkpoint --since FILE. The copy so far: %.400s"),
             o->guard, lost.text);
    o->notice(o->ctx, text);
    return WF_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* The report counts them. */
static void repair_left(void *ctx, const ledger_damage *d)
{
    (void)ctx, (void)d;
}

static wf_status repair_verdict(const char *dir, const ledger_scrub_report *left, wf_error *err)
{
    unsigned long long damages = (unsigned long long)left->damages;
    if (damages == 0)
        return WF_OK;
    if (left->lost)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: %llu damages are left: entries that were signed are missing or are "
                         "not what was signed, and nothing here can bring them back; put a backup "
                         "in place with: wufei restore BACKUP"),
                       dir, damages);
    if (left->entries_bad > 0)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: %llu damages are left, %llu of them entries that are not what was "
                         "signed; see them with wufei scrub; a backup may have right bytes: wufei "
                         "repair --from BACKUP"),
                       dir, damages, (unsigned long long)left->entries_bad);
    if (!left->is_signed)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: %llu damages are left, and the entries could not be compared with "
                         "what was signed; see them with wufei scrub; a backup can be put in "
                         "place: wufei restore BACKUP"),
                       dir, damages);
    return wf_fail(err, WF_DAMAGED,
                   _("%s: %llu damages are left, every entry is what was signed; wufei scrub tells "
                     "them, and what to do about each"),
                   dir, damages);
}

wf_status wf_repair(const char *dir, const wf_repair_options *options, const wf_sink *sink,
                    wf_error *err)
{
    const wf_repair_options defaults = {0};
    wf_error_clear(err);
    if (options == NULL)
        options = &defaults;
    repair_job job = {.dir = dir, .options = options};
    api_watch watch;
    ledger_progress *progress =
        api_watch_as(&watch, N_("scrubbing"), options->progress, options->ctx);
    ledger_repair_options below = {
        .from = options->from, .progress = progress, .done = repair_done, .ctx = &job};
    ledger_scrub_options look = {.found = repair_left, .progress = progress};
    ledger_scrub_report left = {0};
    answer_begin(&job.repairs, sink, err, "repairs", N_("Repairs"), COLUMNS(repair_columns));
    wf_status status = WF_OK;
    if (options->guard != NULL) {
        status = repair_guard(&job, err);
    } else {
        status = ledger_repair(dir, &below, err);
        if (status == WF_OK)
            status = ledger_scrub(dir, &look, &left, err);
        if (status == WF_OK && left.damages == 0)
            status = repair_book(&job, err);
    }
    if (status == WF_OK)
        status = answer_end(&job.repairs);
    return status == WF_OK ? repair_verdict(dir, &left, err) : status;
}
