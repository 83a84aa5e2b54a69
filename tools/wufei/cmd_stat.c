/*
 * wufei stat: sizes, counts, rates, the last checkpoint, health.
 */
#include "command.h"

static wf_status stat_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_status status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, true, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_stat(ledger, &sink, &args->error);
    }
    return command_close(args, out, ledger, status);
}

const command command_stat = {
    .name = "stat",
    .summary = N_("sizes, counts, rates, the last checkpoint, health"),
    .synopsis = "",
    .example = "  wufei stat\n",
    .past = true,
    .run = stat_run,
};
