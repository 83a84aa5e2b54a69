/*
 * ledger/repair/restore.h: between restore.c, restore_key.c, restore_last.c and restore_old.c.
 */
#ifndef LEDGER_RESTORE_H
#define LEDGER_RESTORE_H

#include "ledger_private.h"
#include "place.h"

typedef struct restoring {
    const char *backup;
    const ledger_restore_options *options;
    place place;
    bool old;                 /* a ledger stands at the place */
    bool old_read;            /* its log could be read, and goes with the backup */
    int old_lock;             /* its writer's; below zero: it has no store */
    suite_public_key present; /* of its operator, as its folder says; size 0: not known */
    ledger *l;                /* the new one */
    recovery record;
    store_txn *txn;   /* of the new one, in which checkpoints are compared with its tree */
    ledger_head head; /* of the new one */
    ledger_restore_report *report;
} restoring;

/* ---- restore_key.c: who signs the recovery --------------------------------------------------- */

/* Puts the operator's key, or the name of the socket behind which it is, into the new ledger's
   folder: the one that the log of the backup names, which need not be the last. */
wf_status restore_take_key(restoring *r, wf_error *err);
/* In r->txn: tells in the report when the operator's present key is none that the new ledger knows:
   the change to it is lost. */
wf_status restore_look_for_lost_key(restoring *r, wf_error *err);

/* ---- restore_old.c: the log in the place ----------------------------------------------------- */

/* That it and the backup, which is copied, are one history: else WF_REFUSED, or WF_USAGE when not
   even the first entry is the same. */
wf_status restore_compare_old(restoring *r, wf_error *err);
/* The operator's key in it that signs a checkpoint of `size`; size 0: not known. */
void restore_old_key(const restoring *r, uint64_t size, suite_public_key *out);

/* ---- restore_last.c: what was signed last ---------------------------------------------------- */

/* As far as anybody here knows, into r->record; WF_REFUSED: the backup is of another history. In
   r->txn, and r->head is read. */
wf_status restore_find_last(restoring *r, wf_error *err);

#endif
