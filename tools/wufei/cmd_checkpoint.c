/*
 * wufei checkpoint: the current signed checkpoint, byte for byte as its signature covers it.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { CHECKPOINT_OUT, CHECKPOINT_SINCE };

static const option_spec options[] = {
    {"output", 'o', "FILE", N_("a new file for it (else standard output)")},
    {"since", 0, "FILE", N_("planned, not in this version")},
};

static wf_status checkpoint_json(arguments *args, const wf_ledger *ledger, const char *text)
{
    const wf_column column = {"checkpoint", _("checkpoint"), WF_CELL_TEXT};
    const wf_cell cell = {WF_CELL_TEXT, {.text = text}};
    output *out = NULL;
    wf_status status = command_output(args, &out, ledger, false, NULL);
    if (status != WF_OK)
        return status;
    wf_sink sink = output_sink(out);
    status = sink.begin(sink.ctx, "checkpoints", NULL, &column, 1, &args->error);
    if (status == WF_OK)
        status = sink.row(sink.ctx, &cell, 1, &args->error);
    if (status == WF_OK)
        status = sink.end(sink.ctx, &args->error);
    return command_close(args, out, NULL, status);
}

static wf_status checkpoint_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    char *text = NULL;
    if (args->value[CHECKPOINT_SINCE] != NULL)
        return command_fail(args, WF_USAGE, _("--since is not in this version"));
    wf_status status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = command_check_file(args, "-o", args->value[CHECKPOINT_OUT]);
    if (status == WF_OK)
        status = wf_checkpoint(ledger, &text, &args->error);
    if (status == WF_OK && args->value[CHECKPOINT_OUT] != NULL)
        status = command_write_file(args, "-o", args->value[CHECKPOINT_OUT], text, strlen(text));
    else if (status == WF_OK && args->format != NULL && strcmp(args->format, "json") == 0)
        status = checkpoint_json(args, ledger, text);
    else if (status == WF_OK)
        fputs(text, stdout);
    free(text);
    return command_close(args, NULL, ledger, status);
}

const command command_checkpoint = {
    .name = "checkpoint",
    .summary = N_("the current signed checkpoint"),
    .synopsis = "[-o FILE]",
    .example = "  wufei checkpoint -o city.checkpoint\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = checkpoint_run,
};
