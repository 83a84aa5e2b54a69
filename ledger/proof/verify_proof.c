/*
 * proof/verify_proof.c: the command "proof" of wufei-verify: a receipt, checked offline.
 */
#include "verify_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries of tlog-tiles logs have at most 65,535 bytes; the proof format itself sets no limit. */
enum { ENTRY_MAX = 64 << 20 };

static const char help[] =
    "Usage: wufei-verify proof --vkey VKEY [--witness VKEY] [--policy FILE] [--origin NAME]\n"
    "                          --entry FILE PROOF\n"
    "\n"
    "Checks a C2SP .tlog-proof: that the entry is in the log whose checkpoint the proof carries,\n"
    "and that every key given signed that checkpoint, and the quorum of the policy.\n"
    "\n"
    "  --vkey VKEY     a verifier key of the log, NAME+HEX+BASE64; may be repeated\n"
    "  --witness VKEY  a cosigner's key, published as type 04 or 01; may be repeated\n"
    "  --policy FILE   a C2SP policy (log, witness, group, quorum); without --vkey one of its "
    "logs\n"
    "                  must have signed\n"
    "  --origin NAME   the origin that the checkpoint must have\n"
    "  --entry FILE    the exact bytes of the entry, at most 64 MiB; - is standard input\n"
    "  PROOF           the proof, at most 1 MiB; - is standard input\n"
    "\n"
    "Example:\n"
    "  wufei-verify proof --vkey \"$(cat log.vkey)\" --entry 17.entry 17.tlog-proof\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

/* The proof's bytes against the entry's. */
static int check(const verify_command *command, const char *path, const char *bytes, size_t size,
                 const char *entry, size_t entry_size)
{
    tlog_proof proof;
    checkpoint c;
    hash leaf;
    const char *reason = tlog_proof_parse(&proof, bytes, size);
    const char *kind = verify_kind_of(bytes, size);
    if (reason && kind && strncmp(kind, "a receipt", strlen("a receipt")) != 0)
        return verify_fails(command, "%s: does not hold: this is %s, a receipt was expected", path,
                            kind);
    if (reason)
        return verify_fails(command, "%s: does not hold: %s", path, reason);
    int status = verify_signed_checkpoint(command, path, proof.checkpoint, proof.checkpoint_size,
                                          command->trust->origin, true, &c);
    if (status != VERIFY_HOLDS)
        return status;
    if (proof.index >= c.size)
        return verify_fails(command,
                            "%s: does not hold: index %" PRIu64
                            " is not below the checkpoint's size %" PRIu64,
                            path, proof.index, c.size);
    char hex[2 * HASH_SIZE + 1];
    merkle_leaf(&leaf, command->trust->signers.hash, entry, entry_size);
    if (!merkle_verify_inclusion(command->trust->signers.hash, &leaf, proof.index, c.size,
                                 proof.hashes, proof.hash_count, &c.root))
        return verify_fails(command,
                            "%s: does not hold: the entry (leaf hash %s) is not entry %" PRIu64
                            " of the tree of the checkpoint, or the proof's hashes are wrong",
                            path, verify_hex(hex, &leaf), proof.index);
    printf("holds: the entry is in the log\nindex: %" PRIu64 "\nleaf: %s\n", proof.index,
           verify_hex(hex, &leaf));
    verify_print_checkpoint(command, &c);
    return VERIFY_HOLDS;
}

static int check_files(const verify_command *command, const char *entry_path,
                       const char *proof_path)
{
    int status = VERIFY_HOLDS;
    size_t entry_size = 0;
    size_t size = 0;
    char *entry = verify_read_file(command, entry_path, ENTRY_MAX, &entry_size, &status);
    if (!entry)
        return status;
    char *bytes = verify_read_file(command, proof_path, NOTE_MAX, &size, &status);
    if (bytes)
        status = check(command, proof_path, bytes, size, entry, entry_size);
    free(bytes);
    free(entry);
    return status;
}

int verify_proof(int argc, char **argv)
{
    static verify_trust trust;
    const char *entry = NULL;
    const char *path = NULL;
    verify_option option = {"--entry", &entry, 1, 0};
    verify_command command = {.name = argv[0],
                              .help = help,
                              .options = &option,
                              .option_count = 1,
                              .trust = verify_trust_init(&trust, TRUST_OPTIONS),
                              .operands_usage = "PROOF",
                              .operands = &path,
                              .operands_min = 1,
                              .operands_max = 1};
    int status = VERIFY_HOLDS;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    if (!verify_is_there(&command, &option))
        return VERIFY_WRONG_USE;
    return check_files(&command, entry, path);
}
