/*
 * wufei balance: what came, went, is left and is missing.
 */
#include "command.h"

enum { BALANCE_BY, BALANCE_STREAM, BALANCE_SITE, BALANCE_PARTY, BALANCE_DISTRICT, BALANCE_CODE };

static const option_spec options[] = {
    {"by", 0, "WHAT", N_("site, party, code, stream (as without it), district or day")},
    {"stream", 0, "STREAM", N_("only this stream")},
    {"site", 0, "ID", N_("only this site")},
    {"party", 0, "ID", N_("only sites of this party")},
    {"district", 0, "CODE", N_("only sites in this district")},
    {"code", 0, "CODE", N_("only this waste code, or a prefix ending in *")},
};

static wf_status balance_run(arguments *args)
{
    const char *const *value = args->value;
    wf_filter filter = {.stream = value[BALANCE_STREAM],
                        .site = value[BALANCE_SITE],
                        .party = value[BALANCE_PARTY],
                        .district = value[BALANCE_DISTRICT],
                        .code = value[BALANCE_CODE]};
    const char *by = value[BALANCE_BY] == NULL ? "stream" : value[BALANCE_BY];
    wf_ledger *ledger = NULL;
    output *out = NULL;
    wf_status status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = options_window(args, ledger, &filter);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = wf_balance(ledger, by, &filter, &sink, &args->error);
    }
    return command_close(args, out, ledger, status);
}

const command command_balance = {
    .name = "balance",
    .summary = N_("opening, generated, in, out, treated, unaccounted, closing; exact to the gram"),
    .synopsis = "[--by site|party|code|stream|district|day] [--from TIME] [--to TIME]",
    .example = "  wufei balance --by stream --from 2026-03-01 --to 2026-04-01\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .window = true,
    .past = true,
    .run = balance_run,
};
