/*
 * wufei repair: what can be known for sure is put right.
 */
#include "command.h"

enum { REPAIR_FROM, REPAIR_GUARD };

static const option_spec options[] = {
    {"from", 0, "DIR",
     N_("a backup, another copy or exported tiles: damaged entries are taken from it where their "
        "hash is right")},
    {"guard", 0, "FILE", N_("only this: keep the last checkpoint also in FILE from now on")},
};

/* Also when it is to be quiet: it is what the command gives up. */
static void repair_notice(void *ctx, const char *text)
{
    (void)ctx;
    fprintf(stderr, "%s\n", text);
}

static wf_status repair_work(arguments *args, const wf_sink *sink, progress *bar, void *ctx)
{
    const wf_repair_options repair = {.from = args->value[REPAIR_FROM],
                                      .guard = args->value[REPAIR_GUARD],
                                      .notice = repair_notice,
                                      .progress = progress_report,
                                      .ctx = bar};
    (void)ctx;
    return wf_repair(args->ledger, &repair, sink, &args->error);
}

static wf_status repair_run(arguments *args)
{
    return command_on_folder(args, false, repair_work, NULL);
}

const command command_repair = {
    .name = "repair",
    .summary = N_("put right what can be known for sure: meta pages, tiles, tables, the book, and "
                  "entries of which a backup has the right bytes"),
    .synopsis = "[--from DIR | --guard FILE]",
    .example = "  wufei repair\n  wufei repair --from /mnt/disk/ledger-2026-11-22\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = repair_run,
};
