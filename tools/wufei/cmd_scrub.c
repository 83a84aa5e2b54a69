/*
 * wufei scrub: everything that is stored, looked at; every damage told.
 */
#include "command.h"

enum { SCRUB_NO_SIGNATURES, SCRUB_NO_BOOK };

static const option_spec options[] = {
    {"no-signatures", 0, NULL, N_("leave out the signatures, which take longest")},
    {"no-book", 0, NULL, N_("leave out the book, which is derived again to be compared")},
};

static wf_status scrub_work(arguments *args, const wf_sink *sink, progress *bar, void *ctx)
{
    const wf_scrub_options scrub = {.signatures = args->value[SCRUB_NO_SIGNATURES] == NULL,
                                    .book = args->value[SCRUB_NO_BOOK] == NULL,
                                    .progress = progress_report,
                                    .ctx = bar};
    (void)ctx;
    return wf_scrub(args->ledger, &scrub, sink, &args->error);
}

static wf_status scrub_run(arguments *args)
{
    return command_on_folder(args, true, scrub_work, NULL);
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
