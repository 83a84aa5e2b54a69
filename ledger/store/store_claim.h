/*
 * ledger/store/store_claim.h: a store is open once in a process.
 *
 * LMDB keeps what its readers read behind locks of fcntl, which belong to the process and not to a
 * handle: when one of two handles on a store is closed, the locks of the other are gone too, and
 * writers in other processes take pages away that it still reads. Opening lock.mdb and closing it
 * does the same. So a second handle is refused before any file is opened for it.
 */
#ifndef LEDGER_STORE_CLAIM_H
#define LEDGER_STORE_CLAIM_H

#include <sys/types.h>

#include "base/status.h"

typedef struct store_claim {
    struct store_claim *next;
    pid_t owner; /* a child of fork has its parent's list, and none of its locks */
    dev_t device;
    ino_t inode;
    int folder; /* held open, so that no other folder gets its number; -1: nothing is claimed */
} store_claim;

/* WF_USAGE: this process has the store in the folder `path` open. The claim stays where it is. */
wf_status store_claim_take(store_claim *claim, const char *path, wf_error *err);
/* After the store's files were closed. */
void store_claim_release(store_claim *claim);

#endif
