/*
 * wufei init: a new ledger with its operator key.
 */
#include <stdlib.h>
#include <string.h>

#include "receipt.h"

enum { INIT_ORIGIN, INIT_SUITE, INIT_UTC_OFFSET, INIT_GUARD, INIT_RECEIPT };

static const option_spec options[] = {
    {"origin", 0, "NAME", N_("the ledger's name for ever, like city.example/waste")},
    {"suite", 0, "SUITE", N_("hash and signatures: ed25519-sha256 (default) or sm2-sm3")},
    {"utc-offset", 0, "+HH:MM", N_("where its days begin (+08:00)")},
    {"guard", 0, "FILE",
     N_("keep the last checkpoint also in FILE, on another disk: a folder that was put back to an "
        "older state is noticed too")},
    RECEIPT_OPTION,
};

static wf_status init_offset(arguments *args, const char *text, int *out_minutes)
{
    *out_minutes = 480;
    if (text == NULL)
        return WF_OK;
    bool formed = strlen(text) == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
                  strspn(text + 1, "0123456789") == 2 && strspn(text + 4, "0123456789") == 2;
    int hours = formed ? atoi(text + 1) : 0;
    int minutes = formed ? atoi(text + 4) : 0;
    if (!formed || hours > 18 || minutes > 59)
        return command_fail(args, WF_USAGE,
                            _("--utc-offset '%s' is not an offset; expected one like +08:00"),
                            text);
    *out_minutes = (text[0] == '-' ? -1 : 1) * (60 * hours + minutes);
    return WF_OK;
}

static wf_status init_answer(arguments *args, const wf_sink *sink, const wf_ledger *ledger)
{
    const wf_column columns[] = {
        {"ledger", _("ledger"), WF_CELL_TEXT},
        {"origin", _("origin"), WF_CELL_TEXT},
        {"operator_key", _("operator key"), WF_CELL_TEXT},
        {"vkey", _("verifier key"), WF_CELL_TEXT},
    };
    char key[4096];
    snprintf(key, sizeof key, "%s/operator.pem", args->ledger);
    const wf_cell cells[] = {
        {WF_CELL_TEXT, {.text = args->ledger}},
        {WF_CELL_TEXT, {.text = wf_origin(ledger)}},
        {WF_CELL_TEXT, {.text = key}},
        {WF_CELL_TEXT, {.text = wf_vkey(ledger)}},
    };
    wf_status status = sink->begin(sink->ctx, "ledgers", NULL, columns, 4, &args->error);
    if (status == WF_OK)
        status = sink->row(sink->ctx, cells, 4, &args->error);
    if (status == WF_OK)
        status = sink->end(sink->ctx, &args->error);
    return status;
}

static wf_status init_run(arguments *args)
{
    wf_init_options init = {.origin = args->value[INIT_ORIGIN],
                            .suite = args->value[INIT_SUITE],
                            .guard = args->value[INIT_GUARD]};
    receipt_place place;
    wf_ledger *ledger = NULL;
    output *out = NULL;
    if (args->rest_count == 1)
        args->ledger = args->rest[0];
    wf_status status = init_offset(args, args->value[INIT_UTC_OFFSET], &init.utc_offset_minutes);
    if (status == WF_OK)
        status = receipt_check(args, &place, args->value[INIT_RECEIPT], NULL);
    if (status == WF_OK)
        status = wf_init(args->ledger, &init, &args->error);
    if (status == WF_OK)
        status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        wf_sink sink = output_sink(out);
        status = init_answer(args, &sink, ledger);
    }
    if (status == WF_OK)
        status = receipt_write(args, ledger, &place, 0, 1);
    return command_close(args, out, ledger, status);
}

const command command_init = {
    .name = "init",
    .summary = N_("make a new ledger with its operator key"),
    .synopsis = "[DIR] [--origin NAME] [--utc-offset +HH:MM] [--guard FILE] [--receipt FILE]",
    .example = "  wufei init -L ./ledger --origin city.example/waste\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_max = 1,
    .run = init_run,
};
