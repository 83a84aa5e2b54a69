/*
 * ledger/keys/signer_memory.h: the last checkpoint that a signer signed of each origin, in a file
 * of its own, so that it forgets nothing when it is started anew.
 *
 * The file: for each origin the three lines of its checkpoint and an empty line.
 */
#ifndef LEDGER_SIGNER_MEMORY_H
#define LEDGER_SIGNER_MEMORY_H

#include "base/memory.h"
#include "checkpoint.h"

enum { SIGNER_ORIGINS_MAX = 64 };

typedef struct signer_memory {
    char *dir, *name; /* of the file */
    checkpoint last[SIGNER_ORIGINS_MAX];
    size_t count;
} signer_memory;

wf_status signer_memory_open(signer_memory *out, const char *path, wf_error *err);
void signer_memory_free(signer_memory *m);
/* Takes a checkpoint that is about to be signed; durable when it returns. WF_REFUSED: another
   history was signed. */
wf_status signer_memory_take(signer_memory *m, const checkpoint *c, wf_error *err);

#endif
