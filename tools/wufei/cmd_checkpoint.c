/*
 * wufei checkpoint: the current signed checkpoint, byte for byte as its signature covers it; with
 * --since the proof that it extends one that somebody kept; with --witnessed the last one that the
 * quorum of the witnesses cosigned.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "receipt.h"

enum { CHECKPOINT_OUT, CHECKPOINT_SINCE, CHECKPOINT_WITNESSED };
enum { CHECKPOINT_FILE_MAX = 1 << 20 }; /* of a signed note */

static const option_spec options[] = {
    {"output", 'o', "FILE", N_("a new file for it (else standard output)")},
    {"since", 0, "FILE", N_("the proof that the ledger extends this older checkpoint")},
    {"witnessed", 0, NULL, N_("the last one that the quorum of witnesses cosigned")},
};

static wf_status checkpoint_json(arguments *args, const wf_ledger *ledger, const char *name,
                                 const char *text)
{
    const wf_column column = {name, name, WF_CELL_TEXT};
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

/* To the file of -o, else to standard output. */
static wf_status checkpoint_put(arguments *args, const wf_ledger *ledger, const char *name,
                                const char *text)
{
    if (args->value[CHECKPOINT_OUT] != NULL)
        return command_write_file(args, "-o", args->value[CHECKPOINT_OUT], text, strlen(text));
    if (args->format != NULL && strcmp(args->format, "json") == 0)
        return checkpoint_json(args, ledger, name, text);
    fputs(text, stdout);
    return WF_OK;
}

/* The kept checkpoint; the caller frees. */
static wf_status checkpoint_read(arguments *args, const char *path, char **out, size_t *out_size)
{
    *out = malloc(CHECKPOINT_FILE_MAX + 2);
    if (*out == NULL)
        return command_fail(args, WF_SYSTEM, "%s", _("out of memory"));
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return command_fail(args, WF_USAGE, _("--since %s: %s"), path, _(strerror(errno)));
    *out_size = fread(*out, 1, CHECKPOINT_FILE_MAX + 1, file);
    bool failed = ferror(file) != 0;
    int saved = errno;
    fclose(file);
    if (failed)
        return command_fail(args, WF_USAGE, _("--since %s: %s"), path, _(strerror(saved)));
    (*out)[*out_size] = '\0';
    return WF_OK;
}

/* How the proof is checked: its checkpoint is in it. Where the operator's key was changed after the
   kept one, both keys are needed. */
static wf_status checkpoint_say(arguments *args, wf_ledger *ledger, const char *kept, size_t size)
{
    char *old_vkey = NULL;
    if (args->value[CHECKPOINT_OUT] == NULL || args->quiet)
        return WF_OK;
    wf_status status = wf_checkpoint_vkey(ledger, kept, size, &old_vkey, &args->error);
    if (status != WF_OK)
        return status;
    fputs(_("check it with: "), stderr);
    fputs("wufei-verify extends --vkey", stderr);
    receipt_print_word(stderr, old_vkey);
    if (strcmp(old_vkey, wf_vkey(ledger)) != 0) {
        fputs(" --vkey", stderr);
        receipt_print_word(stderr, wf_vkey(ledger));
    }
    receipt_print_word(stderr, args->value[CHECKPOINT_SINCE]);
    receipt_print_word(stderr, args->value[CHECKPOINT_OUT]);
    fputc('\n', stderr);
    free(old_vkey);
    return WF_OK;
}

static wf_status checkpoint_since(arguments *args, wf_ledger *ledger)
{
    const char *path = args->value[CHECKPOINT_SINCE];
    char *kept = NULL;
    char *proof = NULL;
    char *now = NULL;
    size_t size = 0;
    wf_status status = checkpoint_read(args, path, &kept, &size);
    if (status == WF_OK) {
        status = wf_checkpoint_since(ledger, kept, size, &proof, &now, &args->error);
        if (status == WF_USAGE) {
            char reason[sizeof args->error.text];
            memcpy(reason, args->error.text, sizeof reason);
            command_fail(args, WF_USAGE, _("--since %s: %s"), path, reason);
        }
    }
    if (status == WF_OK)
        status = checkpoint_put(args, ledger, "proof", proof);
    if (status == WF_OK)
        status = checkpoint_say(args, ledger, kept, size);
    if (status == WF_OK)
        command_say_unsigned(args, now);
    if (status ==
        WF_REFUSED) /* the evidence: what wufei-verify extends reads, behind the kept one */
        fprintf(stderr, "%s\n%s", kept, proof != NULL ? proof : now);
    free(kept);
    free(proof);
    free(now);
    return status;
}

static wf_status checkpoint_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    char *text = NULL;
    bool witnessed = args->value[CHECKPOINT_WITNESSED] != NULL;
    if (witnessed && args->value[CHECKPOINT_SINCE] != NULL)
        return command_fail(args, WF_USAGE, _("--since and --witnessed do not go together"));
    if (witnessed && args->at != NULL)
        return command_fail(args, WF_USAGE, _("--at and --witnessed do not go together"));
    wf_status status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = command_check_file(args, "-o", args->value[CHECKPOINT_OUT]);
    if (status == WF_OK && args->value[CHECKPOINT_SINCE] != NULL) {
        status = checkpoint_since(args, ledger);
    } else if (status == WF_OK) {
        status = witnessed ? wf_witnessed(ledger, &text, &args->error)
                           : wf_checkpoint(ledger, &text, &args->error);
        if (status == WF_OK)
            status = checkpoint_put(args, ledger, "checkpoint", text);
        if (status == WF_OK)
            command_say_unsigned(args, text);
    }
    free(text);
    return command_close(args, NULL, ledger, status);
}

const command command_checkpoint = {
    .name = "checkpoint",
    .summary = N_("the current signed checkpoint, or the proof that it extends an older one"),
    .synopsis = "[--since FILE|--witnessed] [-o FILE]",
    .example = "  wufei checkpoint -o march.checkpoint\n"
               "  wufei checkpoint --since march.checkpoint -o march-to-now.proof\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .past = true,
    .run = checkpoint_run,
};
