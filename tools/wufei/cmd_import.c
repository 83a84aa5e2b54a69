/*
 * wufei import: records in. Problems go to standard error as they come, the summary by file to
 * standard output.
 */
#include <string.h>

#include "receipt.h"

enum { IMPORT_AS, IMPORT_MAP, IMPORT_ALL, IMPORT_RECEIPT, IMPORT_RECEIPTS };
enum { PROBLEMS_SHOWN = 1000 };

static const option_spec options[] = {
    {"as", 0, "bundle|emanifest", N_("what the files are (bundle)")},
    {"map", 0, "MAP.ini", N_("any CSV, read through this map")},
    {"all-or-nothing", 0, NULL, N_("one refused row refuses all")},
    RECEIPT_OPTION,
    RECEIPTS_OPTION,
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

/* What was entered is acknowledged with a receipt, also when other rows were refused. */
static wf_status import_acknowledge(arguments *args, wf_ledger *ledger, const receipt_place *place,
                                    uint64_t size_before, wf_status status)
{
    uint64_t size = wf_size(ledger);
    if (status == WF_OK)
        return receipt_write(args, ledger, place, size_before, size);
    if (status != WF_REFUSED || size == size_before)
        return status;
    wf_error refused = args->error;
    if (receipt_write(args, ledger, place, size_before, size) != WF_OK)
        fprintf(stderr, "wufei: %s\n", args->error.text);
    args->error = refused;
    return status;
}

static wf_status import_into(arguments *args, wf_ledger *ledger, output *out,
                             const wf_import_options *import, const receipt_place *place)
{
    import_watch *watch = import->ctx;
    wf_sink sink = output_sink(out);
    uint64_t size_before = wf_size(ledger);
    wf_status status = wf_import(ledger, args->rest, args->rest_count, import, &sink, &args->error);
    progress_clear(&watch->progress);
    if (watch->hidden > 0)
        fprintf(stderr, _("... and %llu more problems; all of them with -v\n"),
                (unsigned long long)watch->hidden);
    return import_acknowledge(args, ledger, place, size_before, status);
}

static wf_status import_run(arguments *args)
{
    import_watch watch = {.args = args};
    wf_import_options import = {.all_or_nothing = args->value[IMPORT_ALL] != NULL,
                                .problem = import_problem,
                                .progress = import_progress,
                                .ctx = &watch};
    receipt_place place;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    progress_start(&watch.progress, args);
    wf_status status = import_format(args, &import);
    if (status == WF_OK)
        status = command_open(args, &ledger, false);
    if (status == WF_OK)
        status =
            receipt_check(args, &place, args->value[IMPORT_RECEIPT], args->value[IMPORT_RECEIPTS]);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK)
        status = import_into(args, ledger, out, &import, &place);
    return command_close(args, out, ledger, status);
}

const command command_import = {
    .name = "import",
    .summary = N_("enter the records of a bundle folder, or of another system's files"),
    .synopsis = "PATH... [--as emanifest | --map MAP.ini] [--all-or-nothing] "
                "[--receipt FILE | --receipts DIR]",
    .example = "  wufei import ./city\n  wufei import --as emanifest manifest.json\n"
               "  wufei import ./city --receipts ./for-the-generators\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = SIZE_MAX,
    .run = import_run,
};
