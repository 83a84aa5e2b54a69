/*
 * wufei rebuild: derive the book again from the log, to replace it or only to compare.
 */
#include "command.h"

enum { REBUILD_CHECK };

static const option_spec options[] = {
    {"check", 0, NULL, N_("compare, and change nothing")},
};

static wf_status rebuild_run(arguments *args)
{
    progress bar;
    bool check = args->value[REBUILD_CHECK] != NULL;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    progress_start(&bar, args);
    wf_status status = command_open(args, &ledger, check);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_rebuild(ledger, check, progress_report, &bar, &sink, &args->error);
    }
    progress_clear(&bar);
    return command_close(args, out, ledger, status);
}

const command command_rebuild = {
    .name = "rebuild",
    .summary = N_("derive the book again from the log"),
    .synopsis = "[--check]",
    .example = "  wufei rebuild --check\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = rebuild_run,
};
