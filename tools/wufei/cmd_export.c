/*
 * wufei export: the log for others, as files in a public format.
 */
#include <stdlib.h>

#include "command.h"

enum { EXPORT_TILES, EXPORT_CHECK, EXPORT_CSV };

static const option_spec options[] = {
    {"tiles", 0, "DIR",
     N_("C2SP tlog-tiles in this folder; again brings it up to date, and writes what is missing or "
        "has another size")},
    {"check", 0, NULL,
     N_("read all that is there already too, and write again what was altered (wufei-verify tiles "
        "finds that, here or for others)")},
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

static void export_say(const arguments *args, const wf_ledger *ledger, const wf_exported *exported)
{
    const char *dir = args->value[EXPORT_TILES];
    if (args->quiet)
        return;
    if (exported->mended > 0)
        fprintf(stderr,
                _("note: %llu files of %s were not as they were left and were written again: "
                  "somebody, or the disk, changed them; with --check all of them are read\n"),
                (unsigned long long)exported->mended, dir);
    fprintf(stderr, _("check it with: wufei-verify tiles --vkey '%s' '%s'\n"), wf_vkey(ledger),
            dir);
}

static wf_status export_run(arguments *args)
{
    progress bar;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_exported exported = {0};
    const wf_export_options export = {
        .check = args->value[EXPORT_CHECK] != NULL, .progress = progress_report, .ctx = &bar};
    progress_start(&bar, args);
    wf_status status = export_check(args);
    if (status == WF_OK)
        status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_export_tiles(ledger, args->value[EXPORT_TILES], &export, &sink, &exported,
                                 &args->error);
    }
    progress_clear(&bar);
    if (exported.evidence != NULL)
        fputs(exported.evidence, stderr);
    if (status == WF_OK) {
        command_say_witnessed(args, ledger);
        export_say(args, ledger, &exported);
    }
    free(exported.evidence);
    return command_close(args, out, ledger, status);
}

const command command_export = {
    .name = "export",
    .summary = N_("the whole log in public files that other people's programs verify"),
    .synopsis = "--tiles DIR [--check]",
    .example = "  wufei export --tiles /srv/www/ledger\n"
               "  wufei export --tiles /srv/www/ledger --check\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = export_run,
};
