/*
 * wufei show: anything by its id.
 */
#include <string.h>

#include "command.h"

static wf_status show_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_status status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, true, NULL);
    if (status == WF_OK) {
        out->empty_of = "problems";
        out->empty_text = _("nothing in its own record; the audit was not asked");
        wf_sink sink = output_sink(out);
        status = wf_show(ledger, args->rest[0], &sink, &args->error);
    }
    if (status == WF_OK)
        status = command_say_meanings(args, ledger, args->rest[0], false);
    /* an entry by its number is no object: it has no table of problems */
    if (status == WF_OK && out->format == OUTPUT_TABLE && strcmp(out->table_name, "problems") == 0)
        output_line(out, _("more may be known: wufei audit --about %s"), args->rest[0]);
    return command_close(args, out, ledger, status);
}

const command command_show = {
    .name = "show",
    .summary = N_("show anything by its id, with its history and what is wrong with it"),
    .synopsis = "ID|KIND:ID",
    .example = "  wufei show M000123\n  wufei show site:S1\n  wufei show entry:17\n",
    .rest_min = 1,
    .rest_max = 1,
    .past = true,
    .run = show_run,
};
