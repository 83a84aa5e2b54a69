/*
 * wufei archive: complete runs of entries into compressed bundles, now. Import and the commands
 * that enter do it by themselves, a little at a time; this is for a ledger of before, and for
 * --all.
 */
#include "command.h"

enum { ARCHIVE_ALL };

static const option_spec options[] = {
    {"all", 0, NULL, N_("also the last runs, which are asked for most")},
};

static wf_status archive_run(arguments *args)
{
    progress bar;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    progress_start(&bar, args);
    wf_status status = command_open(args, &ledger, false);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_archive(ledger, args->value[ARCHIVE_ALL] != NULL, progress_report, &bar, &sink,
                            &args->error);
    }
    progress_clear(&bar);
    return command_close(args, out, ledger, status);
}

const command command_archive = {
    .name = "archive",
    .summary =
        N_("put complete runs of old entries into compressed bundles; answers stay the same"),
    .synopsis = "[--all]",
    .example = "  wufei archive\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = archive_run,
};
