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
    "unchanged and in their places. When it does not hold, prints the evidence: OLD, the proof,\n"
    "NEW.\n"
    "\n"
    "  --vkey VKEY    a verifier key of the log, NAME+HEX+BASE64. Where the log changed its key\n"
    "                 between the two: --vkey OLD --vkey NEW; of the keys of one name, one must\n"
    "                 have signed each of the two\n"
    "  --policy FILE  a C2SP policy, of whose logs one must have signed each, instead of --vkey;\n"
    "                 its quorum is not asked\n"
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
    const char *reason; /* that PROOF is none; NULL: it is one */
    char other_kind[96];
} files;

/* The proof must be about these two checkpoints. */
static int check_request(const verify_command *command, const files *f,
                         const witness_request *request, const checkpoint *old)
{
    const char *path = f->paths[PROOF];
    if (request->old_size != old->size)
        return verify_fails(command,
                            "%s: does not hold: its \"old\" size, %" PRIu64
                            ", is not that of the old checkpoint, %" PRIu64,
                            path, request->old_size, old->size);
    if (request->checkpoint_size == 0)
        return VERIFY_HOLDS;
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
    return reason ? verify_fails(command, "%s: does not hold: %s", path, reason) : VERIFY_HOLDS;
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

/* Two roots for one size need no proof: the two notes are the whole evidence. */
static int refuse_fork(const verify_command *command, const files *f, const checkpoint *old)
{
    const witness_request none = {.old_size = old->size};
    print_evidence(f, &none);
    return verify_fails(command,
                        "does not hold: the log signed two roots for one size, %" PRIu64
                        "; the two checkpoints above prove that it misbehaved",
                        old->size);
}

/* The older one is of the larger tree. A proof that begins at the size of NEW was made for the two
   the other way round. */
static int refuse_order(const verify_command *command, const files *f,
                        const witness_request *request, const checkpoint *old,
                        const checkpoint *new)
{
    bool other_way = !f->reason && request->old_size == new->size;
    const witness_request none = {.old_size = old->size};
    if (!other_way)
        print_evidence(f, &none);
    return verify_fails(command,
                        "does not hold: OLD is of %" PRIu64 " entries and NEW of %" PRIu64
                        ": did you swap OLD and NEW?%s",
                        old->size, new->size,
                        other_way ? ""
                                  : " If the log signed NEW after OLD, it was rolled back, and the "
                                    "two checkpoints above are the evidence");
}

static int refuse_proof(const verify_command *command, const files *f, const checkpoint *old,
                        const checkpoint *new, const witness_request *request)
{
    char signed_root[2 * HASH_SIZE + 1], shown_root[2 * HASH_SIZE + 1];
    hash shown;
    print_evidence(f, request);
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

/* Both as they were signed, each by a key of the log; they must be of one suite. */
static int read_checkpoints(const verify_command *command, const files *f, checkpoint *old,
                            checkpoint *new)
{
    int status = verify_signed_checkpoint(command, f->paths[OLD], f->bytes[OLD], f->sizes[OLD],
                                          command->trust->origin, false, old);
    if (status != VERIFY_HOLDS)
        return status;
    hash_kind kind = command->trust->signers.hash;
    status = verify_signed_checkpoint(command, f->paths[NEW], f->bytes[NEW], f->sizes[NEW],
                                      old->origin, false, new);
    if (status == VERIFY_HOLDS && kind != command->trust->signers.hash)
        return verify_fails(command, "does not hold: the two are signed by keys of two suites, and "
                                     "no tree is made by two hashes");
    return status;
}

static int check(const verify_command *command, const files *f, const witness_request *request)
{
    checkpoint old;
    checkpoint new;
    int status = read_checkpoints(command, f, &old, &new);
    if (status != VERIFY_HOLDS)
        return status;
    if (old.size == new.size && !hash_equal(&old.root, &new.root))
        return refuse_fork(command, f, &old);
    if (old.size > new.size)
        return refuse_order(command, f, request, &old, &new);
    if (f->reason)
        return verify_fails(command, "%s: does not hold: %s", f->paths[PROOF], f->reason);
    status = check_request(command, f, request, &old);
    if (status != VERIFY_HOLDS)
        return status;
    /* The empty tree is extended by every tree and needs no proof: true, and worth nothing. */
    bool empty = old.size == 0 && request->hash_count == 0;
    if (!empty &&
        !merkle_verify_consistency(command->trust->signers.hash, old.size, &old.root, new.size,
                                   &new.root, request->hashes, request->hash_count))
        return refuse_proof(command, f, &old, &new, request);
    printf("holds: size %" PRIu64 " extends size %" PRIu64 "%s\n", new.size, old.size,
           empty ? " (the empty tree, which every tree extends)" : "");
    verify_print_checkpoint(command, &new);
    return VERIFY_HOLDS;
}

static bool is_of_kind(const files *f, int file, const char *kind)
{
    const char *is = f->bytes[file] ? verify_kind_of(f->bytes[file], f->sizes[file]) : NULL;
    return is && strcmp(is, kind) == 0;
}

/* The proof's file; when no new checkpoint is given, it is in there. One that cannot be read is
   told once the checkpoints are, which may be evidence without it. */
static int take_proof(const verify_command *command, files *f, witness_request *request)
{
    int other = f->bytes[NEW] ? NEW : OLD;
    const char *kind = verify_kind_of(f->bytes[PROOF], f->sizes[PROOF]);
    f->reason = witness_request_parse(request, f->bytes[PROOF], f->sizes[PROOF]);
    if (f->reason && is_of_kind(f, PROOF, "a checkpoint") &&
        is_of_kind(f, other, "a consistency proof"))
        return verify_fails(command,
                            "does not hold: %s is a checkpoint and %s a consistency proof: did you "
                            "swap %s and PROOF?",
                            f->paths[PROOF], f->paths[other], other == NEW ? "NEW" : "OLD");
    if (f->reason && kind && !is_of_kind(f, PROOF, "a consistency proof")) {
        snprintf(f->other_kind, sizeof f->other_kind,
                 "this is %s, a consistency proof was expected", kind);
        f->reason = f->other_kind;
    }
    if (f->bytes[NEW])
        return VERIFY_HOLDS;
    if (f->reason)
        return verify_fails(command, "%s: does not hold: %s", f->paths[PROOF], f->reason);
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
    trust.any_vkey = true;
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
