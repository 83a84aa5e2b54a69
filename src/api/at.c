/*
 * api/at.c: questions about the past. The book of then is derived from the log of then into a
 * scratch store; every question is asked as always.
 */
#include "api/api.h"

static wf_status at_check(const wf_open_options *options, uint64_t size, wf_error *err)
{
    unsigned long long at = options->at;
    if (!options->read_only)
        return wf_fail(err, WF_USAGE, _("what a ledger was at %llu entries can only be read"), at);
    if (at == 0)
        return wf_fail(err, WF_USAGE,
                       _("--at 0: a ledger without entries has no answers; it has %llu now, and "
                         "--at takes 1 to %llu"),
                       (unsigned long long)size, (unsigned long long)size);
    if (at > size)
        return wf_fail(err, WF_USAGE,
                       _("--at %llu: the ledger has %llu entries; --at takes 1 to %llu"), at,
                       (unsigned long long)size, (unsigned long long)size);
    return WF_OK;
}

wf_status api_stand_at(wf_ledger *l, const wf_open_options *options, wf_error *err)
{
    store *scratch = NULL;
    api_watch watch;
    ledger_progress *progress =
        api_watch_as(&watch, N_("deriving the book of then"), options->progress, options->ctx);
    ledger_hooks hooks = book_hooks(l->book);
    wf_status status = at_check(options, ledger_size(l->log), err);
    if (status == WF_OK)
        status = api_scratch_make(l, true, &l->scratch, err);
    if (status == WF_OK)
        status = book_open_scratch(&scratch, l->log, l->scratch.path, err);
    if (status == WF_OK)
        status = ledger_replay_to(l->log, options->at, &hooks, scratch, progress, err);
    if (status == WF_OK)
        status = ledger_stand_at(l->log, scratch, options->at, err);
    if (status != WF_OK) {
        store_close(scratch);
        return status;
    }
    l->at = options->at;
    return WF_OK;
}
