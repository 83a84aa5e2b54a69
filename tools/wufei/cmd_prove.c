/*
 * wufei prove: the offline receipt of an entry, a C2SP tlog-proof, and beside it the entry's exact
 * bytes, which the checker needs.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { PROVE_OUT, PROVE_ENTRY };

static const option_spec options[] = {
    {"output", 'o', "FILE.tlog-proof", N_("where the proof goes (else standard output)")},
    {"entry", 0, "FILE", N_("where the entry's bytes go (else FILE.entry beside -o)")},
};

static void prove_entry_path(char *out, size_t size, const char *proof)
{
    static const char suffix[] = ".tlog-proof";
    size_t stem = strlen(proof);
    if (stem > sizeof suffix - 1 && strcmp(proof + stem - (sizeof suffix - 1), suffix) == 0)
        stem -= sizeof suffix - 1;
    snprintf(out, size, "%.*s.entry", (int)stem, proof);
}

static wf_status prove_answer(arguments *args, const wf_sink *sink, const wf_ledger *ledger,
                              uint64_t seq, const char *entry, const char *proof)
{
    const wf_column columns[] = {
        {"entry", _("entry"), WF_CELL_INTEGER},
        {"proof_file", _("proof"), WF_CELL_TEXT},
        {"entry_file", _("entry's bytes"), WF_CELL_TEXT},
        {"check_with", _("check with"), WF_CELL_TEXT},
    };
    char line[16384];
    snprintf(line, sizeof line, "wufei-verify proof --vkey '%s' --entry %s %s", wf_vkey(ledger),
             entry, proof);
    const wf_cell cells[] = {
        {WF_CELL_INTEGER, {.integer = (int64_t)seq}},
        {WF_CELL_TEXT, {.text = proof}},
        {WF_CELL_TEXT, {.text = entry}},
        {WF_CELL_TEXT, {.text = line}},
    };
    wf_status status = sink->begin(sink->ctx, "proofs", NULL, columns, 4, &args->error);
    if (status == WF_OK)
        status = sink->row(sink->ctx, cells, 4, &args->error);
    if (status == WF_OK)
        status = sink->end(sink->ctx, &args->error);
    return status;
}

static wf_status prove_write(arguments *args, wf_ledger *ledger, output *out, uint64_t seq,
                             const char *proof, size_t proof_size, const uint8_t *entry,
                             size_t entry_size)
{
    char beside[4096];
    const char *proof_path = args->value[PROVE_OUT];
    const char *entry_path = args->value[PROVE_ENTRY];
    wf_status status = WF_OK;
    if (proof_path != NULL && entry_path == NULL) {
        prove_entry_path(beside, sizeof beside, proof_path);
        entry_path = beside;
    }
    if (entry_path != NULL)
        status = command_write_file(args, entry_path, entry, entry_size);
    if (status != WF_OK)
        return status;
    if (proof_path == NULL) {
        fwrite(proof, 1, proof_size, stdout);
        return WF_OK;
    }
    status = command_write_file(args, proof_path, proof, proof_size);
    if (status != WF_OK)
        return status;
    wf_sink sink = output_sink(out);
    return prove_answer(args, &sink, ledger, seq, entry_path, proof_path);
}

static wf_status prove_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    output *out = NULL;
    char *proof = NULL;
    uint8_t *entry = NULL;
    size_t proof_size = 0, entry_size = 0;
    uint64_t seq = 0;
    wf_status status = command_open(args, &ledger, true);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK)
        status = wf_prove(ledger, args->rest[0], &proof, &proof_size, &entry, &entry_size, &seq,
                          &args->error);
    if (status == WF_OK)
        status = prove_write(args, ledger, out, seq, proof, proof_size, entry, entry_size);
    free(proof);
    free(entry);
    return command_close(args, out, ledger, status);
}

const command command_prove = {
    .name = "prove",
    .summary = N_("the offline receipt of an entry number, or of the entry that an id names"),
    .synopsis = "SEQ|ID -o FILE.tlog-proof [--entry FILE]",
    .example = "  wufei prove M000123 -o M000123.tlog-proof\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .run = prove_run,
};
