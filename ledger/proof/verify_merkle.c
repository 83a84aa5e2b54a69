/*
 * proof/verify_merkle.c: the commands "inclusion" and "consistency" of wufei-verify: bare RFC 6962
 * proofs given on the command line.
 */
#include "verify_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char inclusion_help[] =
    "Usage: wufei-verify inclusion --leaf-hash HEX --index N --size N --root HEX [--hash NAME]\n"
    "                              [HASH...]\n"
    "\n"
    "Checks an RFC 6962 inclusion proof: that the leaf is entry N of the tree.\n"
    "\n"
    "  --leaf-hash HEX  the hash of 00 || entry, 64 hex digits\n"
    "  --index N        the entry's place, from 0\n"
    "  --size N         entries in the tree\n"
    "  --root HEX       root of the tree\n"
    "  --hash NAME      by what the tree is made: sha256 (when not given) or sm3\n"
    "  HASH...          the proof, in hex, the leaf's sibling first\n"
    "\n"
    "Example: the second of two entries (\"\" and one zero byte)\n"
    "  wufei-verify inclusion \\\n"
    "    --leaf-hash 96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7 \\\n"
    "    --index 1 --size 2 \\\n"
    "    --root fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125 \\\n"
    "    6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

static const char consistency_help[] =
    "Usage: wufei-verify consistency --size1 N --root1 HEX --size2 N --root2 HEX [--hash NAME]\n"
    "                                [HASH...]\n"
    "\n"
    "Checks an RFC 6962 consistency proof: that the second tree extends the first.\n"
    "\n"
    "  --size1 N, --root1 HEX  the older tree; size 0 has no proof and never holds\n"
    "  --size2 N, --root2 HEX  the newer tree\n"
    "  --hash NAME             by what the trees are made: sha256 (when not given) or sm3\n"
    "  HASH...                 the proof, in hex, lowest first\n"
    "\n"
    "Example: from one entry (\"\") to two (and one zero byte)\n"
    "  wufei-verify consistency \\\n"
    "    --size1 1 --root1 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d \\\n"
    "    --size2 2 --root2 fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125 \\\n"
    "    96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

/* Both commands are told four things in options, the tree's hash in another, and the proof in
   operands. */
enum { GIVEN = 4 };

typedef struct given {
    const char *name;
    uint64_t *as_number; /* or NULL */
    hash *as_hash;       /* or NULL */
} given;

typedef struct proof_command {
    given given[GIVEN];
    verify_command command;
    verify_option options[GIVEN + 1]; /* the last is --hash */
    const char *values[GIVEN + 1];
    const char *operands[MERKLE_PROOF_MAX + 1]; /* one more than a proof can have, to be refused */
    hash_kind kind;
    hash proof[MERKLE_PROOF_MAX + 1];
} proof_command;

/* `p` is zero but for `given`. False: *status is the exit status. */
static bool read_proof_command(proof_command *p, const char *help, int argc, char **argv,
                               int *status)
{
    for (size_t i = 0; i <= GIVEN; i++)
        p->options[i] =
            (verify_option){i < GIVEN ? p->given[i].name : "--hash", &p->values[i], 1, 0};
    p->command = (verify_command){.name = argv[0],
                                  .help = help,
                                  .options = p->options,
                                  .option_count = GIVEN + 1,
                                  .operands = p->operands,
                                  .operands_max = MERKLE_PROOF_MAX + 1};
    if (!verify_read_arguments(&p->command, argc, argv, status))
        return false;
    *status = VERIFY_WRONG_USE;
    for (size_t i = 0; i < GIVEN; i++) {
        const given *g = &p->given[i];
        if (g->as_number != NULL ? !verify_number(&p->command, &p->options[i], g->as_number)
                                 : !verify_hash(&p->command, &p->options[i], g->as_hash))
            return false;
    }
    if (!verify_hash_kind(&p->command, &p->options[GIVEN], &p->kind) ||
        !verify_hashes(&p->command, p->proof))
        return false;
    *status = VERIFY_HOLDS;
    return true;
}

/* For counting how many hashes a proof must have: a proof made from nothing but zeros, by either
   hash. */
static bool read_zeros(void *ctx, hash *out, unsigned level, uint64_t index)
{
    (void)ctx;
    (void)level;
    (void)index;
    memset(out, 0, sizeof *out);
    return true;
}

static int refuse_inclusion(const verify_command *command, uint64_t index, uint64_t size)
{
    if (index >= size)
        return verify_fails(command,
                            "does not hold: a tree of size %" PRIu64 " has no entry %" PRIu64, size,
                            index);
    hash proof[MERKLE_PROOF_MAX];
    size_t expected = 0;
    merkle_prove_inclusion(proof, &expected, HASH_SHA256, index, size, read_zeros, NULL);
    if (expected != command->operand_count)
        return verify_fails(command, "does not hold: the proof has %zu hashes, expected %zu",
                            command->operand_count, expected);
    return verify_fails(command, "does not hold: leaf and proof do not lead to the root given");
}

int verify_inclusion(int argc, char **argv)
{
    hash leaf;
    hash root;
    uint64_t index = 0;
    uint64_t size = 0;
    proof_command p = {.given = {{"--leaf-hash", .as_hash = &leaf},
                                 {"--index", .as_number = &index},
                                 {"--size", .as_number = &size},
                                 {"--root", .as_hash = &root}}};
    int status = VERIFY_HOLDS;
    if (!read_proof_command(&p, inclusion_help, argc, argv, &status))
        return status;
    if (!merkle_verify_inclusion(p.kind, &leaf, index, size, p.proof, p.command.operand_count,
                                 &root))
        return refuse_inclusion(&p.command, index, size);
    printf("holds: the leaf is entry %" PRIu64 " of the tree of size %" PRIu64 "\n", index, size);
    return VERIFY_HOLDS;
}

static int refuse_consistency(const verify_command *command, uint64_t size1, uint64_t size2)
{
    if (size1 == 0)
        return verify_fails(command, "does not hold: --size1 is 0, and from the empty tree there "
                                     "is no proof");
    if (size1 > size2)
        return verify_fails(command, "does not hold: --size1 %" PRIu64 " is above --size2 %" PRIu64,
                            size1, size2);
    hash proof[MERKLE_PROOF_MAX];
    size_t expected = 0;
    if (merkle_prove_consistency(proof, &expected, HASH_SHA256, size1, size2, read_zeros, NULL) &&
        expected != command->operand_count)
        return verify_fails(command, "does not hold: the proof has %zu hashes, expected %zu",
                            command->operand_count, expected);
    return verify_fails(command, "does not hold: %s",
                        size1 == size2 ? "trees of one size have different roots"
                                       : "the proof does not lead to both roots given");
}

int verify_consistency(int argc, char **argv)
{
    hash root1;
    hash root2;
    uint64_t size1 = 0;
    uint64_t size2 = 0;
    proof_command p = {.given = {{"--size1", .as_number = &size1},
                                 {"--root1", .as_hash = &root1},
                                 {"--size2", .as_number = &size2},
                                 {"--root2", .as_hash = &root2}}};
    int status = VERIFY_HOLDS;
    if (!read_proof_command(&p, consistency_help, argc, argv, &status))
        return status;
    if (!merkle_verify_consistency(p.kind, size1, &root1, size2, &root2, p.proof,
                                   p.command.operand_count))
        return refuse_consistency(&p.command, size1, size2);
    printf("holds: the tree of size %" PRIu64 " extends the tree of size %" PRIu64 "\n", size2,
           size1);
    return VERIFY_HOLDS;
}
