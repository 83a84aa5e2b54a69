/*
 * wufei import: records in. Problems go to standard error as they come, the summary by file to
 * standard output.
 */
#include <string.h>

#include "command.h"

enum { IMPORT_AS, IMPORT_MAP, IMPORT_ALL };
enum { PROBLEMS_SHOWN = 1000 };

static const option_spec options[] = {
    {"as", 0, "bundle|emanifest", N_("what the files are (bundle)")},
    {"map", 0, "MAP.ini", N_("any CSV, read through this map")},
    {"all-or-nothing", 0, NULL, N_("one refused row refuses all")},
};

typedef struct import_watch {
    arguments *args;
    progress progress;
    uint64_t problems, hidden;
} import_watch;

static void import_problem(void *ctx, const char *place, const char *text, bool warning)
{
    import_watch *watch = ctx;
    if (warning && watch->args->quiet)
        return;
    if (watch->problems++ >= PROBLEMS_SHOWN && !watch->args->verbose) {
        watch->hidden++;
        return;
    }
    progress_clear(&watch->progress);
    fprintf(stderr, "%s: %s%s\n", place, warning ? _("warning: ") : "", text);
}

static void import_progress(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    import_watch *watch = ctx;
    progress_report(&watch->progress, phase, done, total);
}

static wf_status import_format(arguments *args, wf_import_options *import)
{
    const char *as = args->value[IMPORT_AS];
    import->format = WF_IMPORT_BUNDLE;
    if (as != NULL && args->value[IMPORT_MAP] != NULL)
        return command_fail(args, WF_USAGE, _("give --as or --map, not both"));
    if (args->value[IMPORT_MAP] != NULL) {
        import->format = WF_IMPORT_MAP;
        import->map_path = args->value[IMPORT_MAP];
    } else if (as != NULL && strcmp(as, "emanifest") == 0) {
        import->format = WF_IMPORT_EMANIFEST;
    } else if (as != NULL && strcmp(as, "bundle") != 0) {
        return command_fail(args, WF_USAGE, _("--as '%s' is not known; allowed: bundle, emanifest"),
                            as);
    }
    return WF_OK;
}

static wf_status import_run(arguments *args)
{
    import_watch watch = {.args = args};
    wf_import_options import = {.all_or_nothing = args->value[IMPORT_ALL] != NULL,
                                .problem = import_problem,
                                .progress = import_progress,
                                .ctx = &watch};
    wf_ledger *ledger = NULL;
    output *out = NULL;
    progress_start(&watch.progress, args);
    wf_status status = import_format(args, &import);
    if (status == WF_OK)
        status = command_open(args, &ledger, false);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_import(ledger, args->rest, args->rest_count, &import, &sink, &args->error);
    }
    progress_clear(&watch.progress);
    if (watch.hidden > 0)
        fprintf(stderr, _("... and %llu more problems; all of them with -v\n"),
                (unsigned long long)watch.hidden);
    return command_close(args, out, ledger, status);
}

const command command_import = {
    .name = "import",
    .summary = N_("enter the records of a bundle folder, or of another system's files"),
    .synopsis = "PATH... [--as emanifest | --map MAP.ini] [--all-or-nothing]",
    .example = "  wufei import ./city\n  wufei import --as emanifest manifest.json\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = SIZE_MAX,
    .run = import_run,
};
