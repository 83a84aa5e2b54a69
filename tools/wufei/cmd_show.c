/*
 * wufei show: anything by its id.
 */
#include "command.h"

static wf_status show_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_status status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, true, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_show(ledger, args->rest[0], &sink, &args->error);
    }
    if (status == WF_OK) {
        status = command_say_meanings(args, ledger, args->rest[0], false);
    }
    status = command_close(args, out, ledger, status);
    if (status == WF_OK)
        command_note(args, _("findings that name it: wufei audit; all about one: "
                             "wufei audit --explain FINDING"));
    return status;
}

const command command_show = {
    .name = "show",
    .summary = N_("show anything by its id, with its history and what is wrong with it"),
    .synopsis = "ID|KIND:ID",
    .example = "  wufei show M000123\n  wufei show site:S1\n  wufei show entry:17\n",
    .rest_min = 1,
    .rest_max = 1,
    .run = show_run,
};
