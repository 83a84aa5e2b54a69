/*
 * api/backup.c: copies of a ledger, and a copy in the ledger's place.
 */
#include <stdio.h>

#include "api/api.h"

static const char copy_phase[] = N_("verifying the copy");

static const wf_column backup_columns[] = {
    {"backup", N_("backup"), WF_CELL_TEXT},    {"entries", N_("entries"), WF_CELL_INTEGER},
    {"signed", N_("signed"), WF_CELL_INTEGER}, {"root", N_("root"), WF_CELL_TEXT},
    {"bytes", N_("bytes"), WF_CELL_INTEGER},   {"operator_key", N_("operator key"), WF_CELL_TEXT},
    {"seconds", N_("seconds"), WF_CELL_REAL},
};

wf_status wf_backup(const char *dir, const char *to, const wf_backup_options *options,
                    const wf_sink *sink, wf_error *err)
{
    const wf_backup_options defaults = {0};
    ledger_copy_report report;
    char root[HASH_TEXT];
    answer a;
    api_watch watch;
    wf_error_clear(err);
    if (options == NULL)
        options = &defaults;
    ledger_progress *progress = api_watch_as(&watch, copy_phase, options->progress, options->ctx);
    wf_status status = ledger_backup(dir, to, options->with_key, progress, &report, err);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "backups", N_("Backup, verified"), COLUMNS(backup_columns));
    cell_text(&a, to);
    cell_integer(&a, (int64_t)report.size);
    cell_integer(&a, (int64_t)report.signed_size);
    cell_text(&a, hash_text(root, &report.root));
    cell_integer(&a, (int64_t)report.bytes);
    cell_text(&a, report.with_key ? "included" : "left out");
    cell_real(&a, report.seconds);
    answer_row(&a);
    return answer_end(&a);
}

static const wf_column restore_columns[] = {
    {"ledger", N_("ledger"), WF_CELL_TEXT},
    {"restored", N_("restored"), WF_CELL_INTEGER},
    {"root", N_("root"), WF_CELL_TEXT},
    {"recovery_entry", N_("recovery entry"), WF_CELL_INTEGER},
    {"last_signed", N_("last signed"), WF_CELL_INTEGER},
    {"lost", N_("lost"), WF_CELL_INTEGER},
    {"kept_aside", N_("kept aside"), WF_CELL_TEXT},
    {"seconds", N_("seconds"), WF_CELL_REAL},
    {"operator_key", N_("operator key"), WF_CELL_TEXT},
};

static wf_status restore_rows(const char *dir, const ledger_restore_report *r,
                              const wf_restored *restored, const wf_sink *sink, wf_error *err)
{
    answer a;
    char root[HASH_TEXT];
    answer_begin(&a, sink, err, "restored", N_("Backup put in place"), COLUMNS(restore_columns));
    cell_text(&a, dir);
    cell_integer(&a, (int64_t)r->copy.size);
    cell_text(&a, hash_text(root, &r->copy.root));
    cell_integer(&a, (int64_t)r->seq);
    if (r->last_known)
        cell_integer(&a, (int64_t)r->last_size);
    else
        cell_empty(&a);
    if (r->last_known)
        cell_integer(&a, (int64_t)restored->lost);
    else
        cell_empty(&a);
    cell_text(&a, r->aside);
    cell_real(&a, r->copy.seconds);
    cell_text(&a, r->key);
    answer_row(&a);
    return answer_end(&a);
}

wf_status wf_restore(const char *backup, const char *dir, const wf_restore_options *options,
                     const wf_sink *sink, wf_restored *out, wf_error *err)
{
    const wf_restore_options defaults = {0};
    ledger_restore_report report;
    api_watch watch;
    wf_error_clear(err);
    *out = (wf_restored){0};
    if (options == NULL)
        options = &defaults;
    ledger_restore_options below = {
        .key = options->key,
        .last = options->last,
        .vkey = options->vkey,
        .progress = api_watch_as(&watch, copy_phase, options->progress, options->ctx)};
    wf_status status = ledger_restore(backup, dir, &below, &report, err);
    if (status != WF_OK)
        return status;
    out->entry = report.seq;
    out->lost_known = report.last_known;
    out->unverified = report.last_known && !report.last_verified;
    if (report.last_known && report.last_size > report.seq)
        out->lost = report.last_size - report.seq;
    snprintf(out->key, sizeof out->key, "%s", report.key);
    snprintf(out->lost_key, sizeof out->lost_key, "%s", report.lost_key);
    snprintf(out->aside, sizeof out->aside, "%s", report.aside);
    return restore_rows(dir, &report, out, sink, err);
}
