/*
 * witness/witness_state.h: what a witness remembers, in a folder of small files.
 *
 *   FORMAT             "wufei-witness 1\n"
 *   <id>               the last checkpoint cosigned for one log: the note with the log's signature
 *                      and our cosignature. <id> is SHA-256(origin) in lowercase hex.
 *   <id>.lock          flock: one request at a time for one log, over threads and processes. Empty
 *                      until the first checkpoint of the log is stored, then "cosigned\n": if <id>
 *                      is gone after that, it was lost, and nothing is cosigned for that log
 *   evidence/<id>-<kind>-<size>-<size>-<pair>/
 *                      what a log signed that does not fit together; kind is "fork" or "unproved"
 *                      (witness_decide.h), the sizes are those of the two checkpoints, pair the
 *                      first 16 digits of SHA-256(old root || new root)
 *       old            the last checkpoint cosigned; absent when there was none
 *       new            the checkpoint that was sent
 *       proof          the proof that came with it, as an add-checkpoint request
 *       vkey           the log's verifier keys, one a line
 *                      To be judged by anybody: wufei-verify extends --vkey "$(cat vkey)" old new
 *                      proof
 *
 * A file is replaced whole (written beside, synced, renamed, the folder synced) before the request
 * is answered. Evidence is never replaced: the same pair is kept once.
 */
#ifndef WITNESS_WITNESS_STATE_H
#define WITNESS_WITNESS_STATE_H

#include "witness_decide.h"
#include "witness_key.h"

/* Kept of one log: so many forks, and so many failed proofs; beyond that they are told in the lines
   of the witness's log. */
enum { WITNESS_EVIDENCE_MAX = 1000 };

typedef struct witness_state {
    char *dir;
} witness_state;

/* Makes the folder when there is none. */
wf_status witness_state_open(witness_state *out, const char *dir, wf_error *err);
void witness_state_close(witness_state *state);

/* Holds one log's record until witness_state_unlock; *out is the descriptor. */
wf_status witness_state_lock(int *out, const witness_state *state, const char *id, wf_error *err);
void witness_state_unlock(int lock);

/* The record; *out is malloced and ends in a zero, NULL when there never was one. WF_DAMAGED: there
   was one, as its lock file or evidence tells, and it is gone. */
wf_status witness_state_read(const witness_state *state, const char *id, char **out,
                             size_t *out_size, wf_error *err);
/* For who holds `lock`, which is marked when the record is on the disk. */
wf_status witness_state_write(const witness_state *state, const char *id, int lock, span note_bytes,
                              wf_error *err);

typedef struct witness_conflict {
    bool fork;
    const checkpoint *old_checkpoint; /* NULL: none */
    const checkpoint *new_checkpoint;
    span old_note; /* data NULL: none */
    span new_note;
    span proof;
    const char *vkeys; /* lines */
} witness_conflict;

/* For who holds the lock. *name (WITNESS_EVIDENCE_NAME bytes) is the folder's name below the
   state's; *fresh tells whether it was not kept before. */
enum { WITNESS_EVIDENCE_NAME = 192 };
wf_status witness_state_keep(const witness_state *state, const char *id,
                             const witness_conflict *conflict, char name[WITNESS_EVIDENCE_NAME],
                             bool *fresh, wf_error *err);

#endif
