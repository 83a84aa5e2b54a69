/*
 * ledger/keys/signer_memory.h: the last checkpoint that a signer signed of each origin, in a file
 * of its own, so that it forgets nothing when it is started anew.
 *
 * One signer at a time has it: two would each write their own over the other's. The lock is a file
 * beside it, because the file itself is replaced.
 *
 * The file: for each origin the three lines of its checkpoint and an empty line.
 */
#ifndef LEDGER_SIGNER_MEMORY_H
#define LEDGER_SIGNER_MEMORY_H

#include "base/memory.h"
#include "checkpoint.h"
#include "signer.h"

enum { SIGNER_ORIGINS_MAX = 64 };

typedef struct signer_memory {
    char *dir, *name; /* of the file */
    int lock;         /* of NAME.lock beside it; -1: none */
    checkpoint last[SIGNER_ORIGINS_MAX];
    size_t count;
} signer_memory;

wf_status signer_memory_open(signer_memory *out, const char *path, wf_error *err);
void signer_memory_free(signer_memory *m);
/* Takes a checkpoint that is about to be signed; durable when it returns. WF_REFUSED: another
   history was signed; or, when *from is not 0, only a proof is wanting that it extends the tree of
   *from entries. `proof` NULL: none was sent. */
wf_status signer_memory_take(signer_memory *m, const checkpoint *c, hash_kind kind,
                             const extension_proof *proof, uint64_t *from, wf_error *err);

#endif
