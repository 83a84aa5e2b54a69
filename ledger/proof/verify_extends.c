/*
 * proof/verify_extends.c: the command "extends" of wufei-verify: one signed checkpoint extends
 * another. Two that were signed by one log and cannot be joined prove that the log misbehaved.
 */
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: wufei-verify extends --vkey VKEY [--origin NAME] OLD NEW PROOF\n"
    "\n"
    "Checks that the checkpoint NEW extends the checkpoint OLD: the entries of OLD are in NEW,\n"
    "unchanged and in their places. Every key given must have signed both. When it does not hold,\n"
    "prints both checkpoints.\n"
    "\n"
    "  --vkey VKEY    a verifier key of the log, NAME+HEX+BASE64; may be repeated\n"
    "  --origin NAME  the origin that both checkpoints must have\n"
    "  OLD, NEW       signed checkpoints, at most 1 MiB each\n"
    "  PROOF          lines \"old N\", the hashes of the consistency proof in base64, an empty\n"
    "                 line; the checkpoint may follow: it is a C2SP add-checkpoint request\n"
    "\n"
    "Example:\n"
    "  wufei-verify extends --vkey \"$(cat log.vkey)\" march.note april.note march-april.proof\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

enum { OLD, NEW, PROOF, FILES };

typedef struct files {
    const char *paths[FILES];
    char *bytes[FILES];
    size_t sizes[FILES];
} files;

/* The proof must be about these two checkpoints. */
static const char *check_request(const witness_request *request, const checkpoint *old,
                                 const files *f)
{
    if (request->old_size != old->size)
        return "its \"old\" size is not that of the old checkpoint";
    if (request->checkpoint_size == 0)
        return NULL;
    note *carried = malloc(sizeof *carried);
    note *given = malloc(sizeof *given);
    const char *reason = "not enough memory";
    if (carried && given) {
        reason = note_parse(carried, request->checkpoint, request->checkpoint_size);
        if (!reason)
            reason = note_parse(given, f->bytes[NEW], f->sizes[NEW]);
        if (!reason && (carried->text_size != given->text_size ||
                        memcmp(carried->text, given->text, given->text_size) != 0))
            reason = "the checkpoint in it is not the new checkpoint";
    }
    free(carried);
    free(given);
    return reason;
}

/* Evidence goes to standard output, byte for byte, so that it can be kept and shown. */
static int refuse(const verify_command *command, const files *f, const checkpoint *old,
                  const checkpoint *new)
{
    fwrite(f->bytes[OLD], 1, f->sizes[OLD], stdout);
    fputc('\n', stdout);
    fwrite(f->bytes[NEW], 1, f->sizes[NEW], stdout);
    if (old->size == new->size)
        return verify_fails(command,
                            "does not hold: the log signed two roots for one size, %" PRIu64
                            "; the two checkpoints above prove it",
                            old->size);
    return verify_fails(command,
                        "does not hold: %s; if the log cannot give a proof from size %" PRIu64
                        " to size %" PRIu64 ", the two checkpoints above are the evidence",
                        old->size > new->size ? "the old checkpoint is of the larger tree"
                                              : "the proof does not lead to both roots",
                        old->size < new->size ? old->size : new->size,
                        old->size < new->size ? new->size : old->size);
}

static int check(const verify_command *command, const files *f)
{
    checkpoint old;
    checkpoint new;
    int status = verify_signed_checkpoint(command, f->paths[OLD], f->bytes[OLD], f->sizes[OLD],
                                          command->trust->origin, false, &old);
    if (status == VERIFY_HOLDS)
        status = verify_signed_checkpoint(command, f->paths[NEW], f->bytes[NEW], f->sizes[NEW],
                                          old.origin, false, &new);
    if (status != VERIFY_HOLDS)
        return status;
    witness_request request;
    const char *reason = witness_request_parse(&request, f->bytes[PROOF], f->sizes[PROOF]);
    if (!reason)
        reason = check_request(&request, &old, f);
    if (reason)
        return verify_fails(command, "%s: does not hold: %s", f->paths[PROOF], reason);
    /* The empty tree is extended by every tree and needs no proof: true, and worth nothing. */
    bool empty = old.size == 0 && request.hash_count == 0;
    if (!empty &&
        !merkle_verify_consistency(command->trust->signers.hash, old.size, &old.root, new.size,
                                   &new.root, request.hashes, request.hash_count))
        return refuse(command, f, &old, &new);
    printf("holds: size %" PRIu64 " extends size %" PRIu64 "%s\n", new.size, old.size,
           empty ? " (the empty tree, which every tree extends)" : "");
    verify_print_checkpoint(command, &new);
    return VERIFY_HOLDS;
}

int verify_extends(int argc, char **argv)
{
    static verify_trust trust;
    files f = {0};
    verify_command command = {.name = argv[0],
                              .help = help,
                              .trust = verify_trust_init(&trust, TRUST_ORIGIN + 1),
                              .operands_usage = "OLD NEW PROOF",
                              .operands = f.paths,
                              .operands_min = FILES,
                              .operands_max = FILES};
    int status = VERIFY_HOLDS;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    for (int i = 0; i < FILES && status == VERIFY_HOLDS; i++)
        f.bytes[i] = verify_read_file(&command, f.paths[i], NOTE_MAX, &f.sizes[i], &status);
    if (status == VERIFY_HOLDS)
        status = check(&command, &f);
    for (int i = 0; i < FILES; i++)
        free(f.bytes[i]);
    return status;
}
