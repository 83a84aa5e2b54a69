/*
 * wufei trace: where mass came from or went, hop by hop.
 */
#include "command.h"

enum { TRACE_UP, TRACE_DOWN };

static const option_spec options[] = {
    {"up", 0, NULL, N_("only where it came from")},
    {"down", 0, NULL, N_("only where it went")},
};

static wf_status trace_run(arguments *args)
{
    bool up = args->value[TRACE_UP] != NULL;
    bool down = args->value[TRACE_DOWN] != NULL;
    wf_direction direction = up == down ? WF_TRACE_BOTH : up ? WF_TRACE_UP : WF_TRACE_DOWN;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_status status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_trace(ledger, args->rest[0], direction, &sink, &args->error);
    }
    if (status == WF_OK)
        status = command_say_meanings(args, ledger, args->rest[0], true);
    return command_close(args, out, ledger, status);
}

const command command_trace = {
    .name = "trace",
    .summary = N_("where the mass of a manifest, site, batch or treatment came from and went"),
    .synopsis = "ID|KIND:ID [--up|--down]",
    .example = "  wufei trace M000123 --down\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .past = true,
    .run = trace_run,
};
