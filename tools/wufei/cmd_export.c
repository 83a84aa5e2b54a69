/*
 * wufei export: the log for others, as files in a public format.
 */
#include <stdlib.h>

#include "command.h"

enum { EXPORT_TILES, EXPORT_CSV };

static const option_spec options[] = {
    {"tiles", 0, "DIR", N_("C2SP tlog-tiles in this folder; again brings it up to date")},
    {"csv", 0, "DIR", N_("planned, not in this version")},
};

static wf_status export_check(arguments *args)
{
    if (args->value[EXPORT_CSV] != NULL)
        return command_fail(args, WF_USAGE,
                            _("--csv is not in this version; tables are had one by one: wufei list "
                              "manifests --format csv"));
    if (args->value[EXPORT_TILES] == NULL)
        return command_fail(args, WF_USAGE, _("export what? see: wufei export --help"));
    return command_check_folder(args, "--tiles", args->value[EXPORT_TILES]);
}

static wf_status export_run(arguments *args)
{
    const char *dir = args->value[EXPORT_TILES];
    progress bar;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    char *evidence = NULL;
    progress_start(&bar, args);
    wf_status status = export_check(args);
    if (status == WF_OK)
        status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status =
            wf_export_tiles(ledger, dir, progress_report, &bar, &sink, &evidence, &args->error);
    }
    progress_clear(&bar);
    if (evidence != NULL)
        fputs(evidence, stderr);
    if (status == WF_OK && !args->quiet)
        fprintf(stderr, _("check it with: wufei-verify tiles --vkey '%s' '%s'\n"), wf_vkey(ledger),
                dir);
    free(evidence);
    return command_close(args, out, ledger, status);
}

const command command_export = {
    .name = "export",
    .summary = N_("the whole log in public files that other people's programs verify"),
    .synopsis = "--tiles DIR",
    .example = "  wufei export --tiles /srv/www/ledger\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = export_run,
};
