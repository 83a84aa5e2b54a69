/*
 * wufei scrub: everything that is stored, looked at; every damage told.
 */
#include "command.h"

enum { SCRUB_NO_SIGNATURES, SCRUB_NO_BOOK };

static const option_spec options[] = {
    {"no-signatures", 0, NULL, N_("leave out the signatures, which take longest")},
    {"no-book", 0, NULL, N_("leave out the book, which is derived again to be compared")},
};

static wf_status scrub_run(arguments *args)
{
    progress bar;
    output *out = NULL;
    wf_scrub_options scrub = {.signatures = args->value[SCRUB_NO_SIGNATURES] == NULL,
                              .book = args->value[SCRUB_NO_BOOK] == NULL,
                              .progress = progress_report,
                              .ctx = &bar};
    progress_start(&bar, args);
    wf_explain_faults();
    wf_status status = command_output(args, &out, NULL, true, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_scrub(args->ledger, &scrub, &sink, &args->error);
    }
    progress_clear(&bar);
    return command_close(args, out, NULL, status);
}

const command command_scrub = {
    .name = "scrub",
    .summary = N_("look at everything that is stored and tell every damage, with what is still "
                  "provable"),
    .synopsis = "[--no-signatures] [--no-book]",
    .example = "  wufei scrub\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = scrub_run,
};
