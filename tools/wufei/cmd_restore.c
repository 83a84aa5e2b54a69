/*
 * wufei restore: a backup in the place of the ledger, recorded in its log.
 */
#include "command.h"

enum { RESTORE_KEY, RESTORE_LAST };

static const option_spec options[] = {
    {"key", 0, "FILE", N_("the operator's private key (else the backup's, else the old ledger's)")},
    {"last", 0, "FILE",
     N_("the newest checkpoint that somebody kept, for the record of what is lost")},
};

/* What follows for others is said also in a pipe: a witness will refuse, and for good reason. */
static void restore_say(const arguments *args, uint64_t lost)
{
    if (args->quiet)
        return;
    if (lost > 0)
        fprintf(stderr,
                _("%llu entries that were signed are lost: whoever holds a later checkpoint or a "
                  "receipt can show it, and the log now says so\n"),
                (unsigned long long)lost);
    fprintf(stderr, "%s\n",
            _("a witness that cosigned a later checkpoint answers 409 from now on: show its "
              "keeper the recovery entry and ask for a new agreement"));
}

static wf_status restore_run(arguments *args)
{
    progress bar;
    output *out = NULL;
    uint64_t lost = 0;
    wf_restore_options restore = {.key = args->value[RESTORE_KEY],
                                  .last = args->value[RESTORE_LAST],
                                  .progress = progress_report,
                                  .ctx = &bar};
    progress_start(&bar, args);
    wf_explain_faults();
    wf_status status = command_output(args, &out, NULL, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_restore(args->rest[0], args->ledger, &restore, &sink, &lost, &args->error);
    }
    progress_clear(&bar);
    if (status == WF_OK)
        restore_say(args, lost);
    return command_close(args, out, NULL, status);
}

const command command_restore = {
    .name = "restore",
    .summary = N_("put a backup in place as the ledger, and record that in its log; a ledger that "
                  "stands there is kept aside"),
    .synopsis = "BACKUP [--key FILE] [--last CHECKPOINT]",
    .example = "  wufei restore /mnt/disk/ledger-2026-11-22 -L ./ledger\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .run = restore_run,
};
