/*
 * proof/verify_extends.c: the command "extends" of wufei-verify: one signed checkpoint extends
 * another. Two that were signed by one log and cannot be joined prove that the log misbehaved.
 */
#include "lines.h"
#include "verify_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: wufei-verify extends --vkey VKEY [--policy FILE] [--origin NAME]\n"
    "                            OLD [NEW] PROOF\n"
    "\n"
    "Checks that the checkpoint NEW extends the checkpoint OLD: the entries of OLD are in NEW,\n"
    "unchanged and in their places. Every key given must have signed both. When it does not hold,\n"
    "prints the evidence: OLD, the proof, NEW.\n"
    "\n"
    "  --vkey VKEY    a verifier key of the log, NAME+HEX+BASE64; may be repeated\n"
    "  --policy FILE  a C2SP policy, of whose logs one must have signed each, instead of --vkey:\n"
    "                 for a log whose key was changed between the two; its quorum is not asked\n"
    "  --origin NAME  the origin that both checkpoints must have\n"
    "  OLD, NEW       signed checkpoints, at most 1 MiB each; without NEW it is the one in PROOF\n"
    "  PROOF          lines \"old N\", the hashes of the consistency proof in base64, an empty\n"
    "                 line; the checkpoint may follow: it is a C2SP add-checkpoint request, and\n"
    "                 what \"wufei checkpoint --since\" and the evidence behind OLD are\n"
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

/* Evidence goes to standard output, so that it can be kept and shown: the old checkpoint byte for
   byte, an empty line, and a request of the proof's hashes with the new checkpoint. */
static void print_evidence(const files *f, const witness_request *request)
{
    fwrite(f->bytes[OLD], 1, f->sizes[OLD], stdout);
    printf("\nold %" PRIu64 "\n", request->old_size);
    for (size_t i = 0; i < request->hash_count; i++) {
        char text[HASH_BASE64_SIZE + 1];
        base64_encode(text, sizeof text, request->hashes[i].bytes, HASH_SIZE);
        printf("%s\n", text);
    }
    fputc('\n', stdout);
    fwrite(f->bytes[NEW], 1, f->sizes[NEW], stdout);
}

static int refuse(const verify_command *command, const files *f, const checkpoint *old,
                  const checkpoint *new, const witness_request *request)
{
    char signed_root[2 * HASH_SIZE + 1], shown_root[2 * HASH_SIZE + 1];
    hash shown;
    print_evidence(f, request);
    if (old->size == new->size)
        return verify_fails(command,
                            "does not hold: the log signed two roots for one size, %" PRIu64
                            "; the two checkpoints above prove that it misbehaved",
                            old->size);
    if (old->size > new->size)
        return verify_fails(command,
                            "does not hold: the old checkpoint is of the larger tree, %" PRIu64
                            " entries, and the new one of %" PRIu64
                            "; unless they are given in the wrong order, the two checkpoints above "
                            "are the evidence that the log was rolled back",
                            old->size, new->size);
    if (merkle_consistency_old_root(&shown, command->trust->signers.hash, old->size, new->size,
                                    &new->root, request->hashes, request->hash_count))
        return verify_fails(command,
                            "does not hold: in the tree that the new checkpoint signs the first "
                            "%" PRIu64 " entries have the root %s, as the proof shows, and the old "
                            "checkpoint signs %s for them; the three above prove that the log "
                            "misbehaved",
                            old->size, verify_hex(shown_root, &shown),
                            verify_hex(signed_root, &old->root));
    return verify_fails(command,
                        "does not hold: the proof does not lead to both roots; if the log cannot "
                        "give a proof from size %" PRIu64 " to size %" PRIu64
                        ", the two checkpoints above are the evidence that it misbehaved",
                        old->size, new->size);
}

static int check(const verify_command *command, const files *f, const witness_request *request)
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
    const char *reason = check_request(request, &old, f);
    if (reason)
        return verify_fails(command, "%s: does not hold: %s", f->paths[PROOF], reason);
    /* The empty tree is extended by every tree and needs no proof: true, and worth nothing. */
    bool empty = old.size == 0 && request->hash_count == 0;
    if (!empty &&
        !merkle_verify_consistency(command->trust->signers.hash, old.size, &old.root, new.size,
                                   &new.root, request->hashes, request->hash_count))
        return refuse(command, f, &old, &new, request);
    printf("holds: size %" PRIu64 " extends size %" PRIu64 "%s\n", new.size, old.size,
           empty ? " (the empty tree, which every tree extends)" : "");
    verify_print_checkpoint(command, &new);
    return VERIFY_HOLDS;
}

/* The proof's file; when no new checkpoint is given, it is in there. */
static int take_proof(const verify_command *command, files *f, witness_request *request)
{
    const char *reason = witness_request_parse(request, f->bytes[PROOF], f->sizes[PROOF]);
    if (reason)
        return verify_fails(command, "%s: does not hold: %s", f->paths[PROOF], reason);
    if (f->bytes[NEW])
        return VERIFY_HOLDS;
    if (request->checkpoint_size == 0)
        return verify_wrong_use(command, "%s: carries no checkpoint; give the new one before it",
                                f->paths[PROOF]);
    f->paths[NEW] = f->paths[PROOF];
    f->sizes[NEW] = request->checkpoint_size;
    f->bytes[NEW] = malloc(request->checkpoint_size);
    if (!f->bytes[NEW])
        return verify_wrong_use(command, "%s: not enough memory", f->paths[PROOF]);
    memcpy(f->bytes[NEW], request->checkpoint, request->checkpoint_size);
    return VERIFY_HOLDS;
}

int verify_extends(int argc, char **argv)
{
    static verify_trust trust;
    files f = {0};
    witness_request request;
    verify_command command = {.name = argv[0],
                              .help = help,
                              .trust = verify_trust_init(&trust, TRUST_OPTIONS),
                              .operands_usage = "OLD [NEW] PROOF",
                              .operands = f.paths,
                              .operands_min = FILES - 1,
                              .operands_max = FILES};
    int status = VERIFY_HOLDS;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    if (command.operand_count < FILES) {
        f.paths[PROOF] = f.paths[NEW];
        f.paths[NEW] = NULL;
    }
    for (int i = 0; i < FILES && status == VERIFY_HOLDS; i++)
        if (f.paths[i])
            f.bytes[i] = verify_read_file(&command, f.paths[i], NOTE_MAX, &f.sizes[i], &status);
    if (status == VERIFY_HOLDS)
        status = take_proof(&command, &f, &request);
    if (status == VERIFY_HOLDS)
        status = check(&command, &f, &request);
    for (int i = 0; i < FILES; i++)
        free(f.bytes[i]);
    return status;
}
