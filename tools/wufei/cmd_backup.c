/*
 * wufei backup: a verified copy of the ledger, while others go on writing.
 */
#include "command.h"

enum { BACKUP_WITH_KEY };

static const option_spec options[] = {
    {"with-key", 0, NULL,
     N_("the operator's private key too; without it the backup can be given away, and the key "
        "needs a backup of its own")},
};

static wf_status backup_work(arguments *args, const wf_sink *sink, progress *bar, void *ctx)
{
    const wf_backup_options backup = {
        .with_key = args->value[BACKUP_WITH_KEY] != NULL, .progress = progress_report, .ctx = bar};
    (void)ctx;
    return wf_backup(args->ledger, args->rest[0], &backup, sink, &args->error);
}

static wf_status backup_run(arguments *args)
{
    return command_on_folder(args, false, backup_work, NULL);
}

const command command_backup = {
    .name = "backup",
    .summary = N_("copy the ledger into a new folder, verified, while others go on writing"),
    .synopsis = "DIR [--with-key]",
    .example = "  wufei backup /mnt/disk/ledger-2026-11-22\n"
               "  wufei -L /mnt/disk/ledger-2026-11-22 verify\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .run = backup_run,
};
