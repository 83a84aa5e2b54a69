/*
 * wufei prove: the offline receipt of an entry, a C2SP tlog-proof, and beside it the entry's exact
 * bytes, which the checker needs.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "receipt.h"

enum { PROVE_OUT, PROVE_ENTRY };

static const option_spec options[] = {
    {"output", 'o', "FILE.tlog-proof", N_("a new file for the proof (else standard output)")},
    {"entry", 0, "FILE", N_("a new file for the entry's bytes (else FILE.entry beside -o)")},
};

/* Where the proof and the entry's bytes go; NULL: not to a file. */
typedef struct prove_files {
    const char *proof, *entry;
    char beside[PATH_MAX + 16];
} prove_files;

static wf_status prove_check_files(arguments *args, prove_files *out)
{
    out->proof = args->value[PROVE_OUT];
    out->entry = args->value[PROVE_ENTRY];
    wf_status status = command_check_file(args, "-o", out->proof);
    if (status == WF_OK && out->proof != NULL && out->entry == NULL) {
        receipt_entry_path(out->beside, sizeof out->beside, out->proof);
        out->entry = out->beside;
    }
    if (status == WF_OK)
        status = command_check_file(args, "--entry", out->entry);
    if (status == WF_OK && out->proof != NULL && command_same_file(out->proof, out->entry))
        return command_fail(args, WF_USAGE,
                            _("-o and --entry both name %s; the proof and the entry need a file "
                              "each"),
                            out->proof);
    return status;
}

/* What is without its signature, with --at, passes no check as it stands: there is no command for
   it, but a remark what is missing. */
static wf_status prove_answer(arguments *args, const wf_sink *sink, const wf_ledger *ledger,
                              uint64_t seq, bool is_signed, const prove_files *files)
{
    const wf_column columns[] = {
        {"entry", _("entry"), WF_CELL_INTEGER},
        {"proof_file", _("proof"), WF_CELL_TEXT},
        {"entry_file", _("entry's bytes"), WF_CELL_TEXT},
        {"check_with", _("check with"), WF_CELL_TEXT},
    };
    char *line = receipt_check_with(wf_vkey(ledger), files->entry, files->proof);
    if (line == NULL)
        return command_fail(args, WF_SYSTEM, "%s", _("out of memory"));
    wf_cell cells[] = {
        {WF_CELL_INTEGER, {.integer = (int64_t)seq}},
        {WF_CELL_TEXT, {.text = files->proof}},
        {WF_CELL_TEXT, {.text = files->entry}},
        {WF_CELL_TEXT, {.text = line}},
    };
    if (!is_signed)
        cells[3] = (wf_cell){.kind = WF_CELL_EMPTY};
    wf_status status = sink->begin(sink->ctx, "proofs", NULL, columns, 4, &args->error);
    if (status == WF_OK)
        status = sink->row(sink->ctx, cells, 4, &args->error);
    if (status == WF_OK)
        status = sink->end(sink->ctx, &args->error);
    if (status == WF_OK && !is_signed && !args->quiet)
        fprintf(stderr,
                _("with a signed checkpoint at its end instead of this one, check it with: %s\n"),
                line);
    free(line);
    return status;
}

/* A receipt in memory. */
typedef struct prove_receipt {
    char *proof;
    uint8_t *entry;
    size_t proof_size, entry_size;
    uint64_t seq;
} prove_receipt;

static wf_status prove_write(arguments *args, wf_ledger *ledger, output *out,
                             const prove_files *files, const prove_receipt *receipt)
{
    wf_status status = WF_OK;
    if (files->entry != NULL)
        status =
            command_write_file(args, "--entry", files->entry, receipt->entry, receipt->entry_size);
    if (status != WF_OK)
        return status;
    if (files->proof == NULL) {
        fwrite(receipt->proof, 1, receipt->proof_size, stdout);
        return WF_OK;
    }
    status = command_write_file(args, "-o", files->proof, receipt->proof, receipt->proof_size);
    if (status != WF_OK) {
        unlink(files->entry); /* ours, of a moment ago, and of no use alone */
        return status;
    }
    wf_sink sink = output_sink(out);
    return prove_answer(args, &sink, ledger, receipt->seq, command_is_signed(receipt->proof),
                        files);
}

static wf_status prove_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    output *out = NULL;
    prove_files files;
    prove_receipt r = {0};
    wf_status status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = prove_check_files(args, &files);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK)
        status = wf_prove(ledger, args->rest[0], &r.proof, &r.proof_size, &r.entry, &r.entry_size,
                          &r.seq, &args->error);
    if (status == WF_OK)
        status = command_say_meanings(args, ledger, args->rest[0], false);
    if (status == WF_OK) {
        command_say_unsigned(args, r.proof);
        command_say_witnessed(args, ledger);
        status = prove_write(args, ledger, out, &files, &r);
    }
    free(r.proof);
    free(r.entry);
    return command_close(args, out, ledger, status);
}

const command command_prove = {
    .name = "prove",
    .summary = N_("the offline receipt of an entry number, or of the entry that an id names"),
    .synopsis = "SEQ|ID|KIND:ID -o FILE.tlog-proof [--entry FILE]",
    .example = "  wufei prove M000123 -o M000123.tlog-proof\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .past = true,
    .run = prove_run,
};
