/*
 * api/watch.c: the progress of a layer below, told to the caller as one phase of the whole.
 */
#include "api/api.h"

static void watch_report(void *ctx, uint64_t done, uint64_t total)
{
    const api_watch *watch = ctx;
    watch->progress(watch->ctx, _(watch->phase), done, total);
}

ledger_progress *api_watch_as(api_watch *watch, const char *phase, wf_progress progress, void *ctx)
{
    *watch = (api_watch){progress, ctx, phase, {watch_report, watch}};
    return progress != NULL ? &watch->below : NULL;
}
