/*
 * wufei verify: chain, tree, checkpoint, zero sums and, when asked, signatures.
 */
#include "command.h"

enum { VERIFY_SIGNATURES, VERIFY_FROM };

static const option_spec options[] = {
    {"signatures", 0, NULL, N_("every signature and seal too")},
    {"from", 0, "SEQ", N_("take the entries before this number as checked")},
};

static wf_status verify_run(arguments *args)
{
    progress bar;
    wf_verify_options verify = {.signatures = args->value[VERIFY_SIGNATURES] != NULL,
                                .progress = progress_report,
                                .ctx = &bar};
    wf_ledger *ledger = NULL;
    output *out = NULL;
    progress_start(&bar, args);
    wf_status status = options_number(args, "from", args->value[VERIFY_FROM], &verify.from);
    if (status == WF_OK)
        status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status =
            command_output(args, &out, ledger, false, "check|result|count|unit|per_second|detail");
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_verify(ledger, &verify, &sink, &args->error);
    }
    progress_clear(&bar);
    if (status == WF_OK)
        command_say_witnessed(args, ledger);
    return command_close(args, out, ledger, status);
}

const command command_verify = {
    .name = "verify",
    .summary = N_(
        "check the chain, the tree, the checkpoint, the sums and the signatures; whether the book "
        "follows from the log is checked by: wufei rebuild --check"),
    .synopsis = "[--signatures] [--from SEQ]",
    .example = "  wufei verify --signatures\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .past = true,
    .run = verify_run,
};
