/*
 * witness/witness_decide.h: what a C2SP witness answers to an add-checkpoint request
 * (c2sp.org/tlog-witness). Decisions alone: no files, no clock, no network.
 *
 *   200  the checkpoint is to be cosigned
 *   400  not a request, or its old size is above the checkpoint's
 *   403  no signature of the log's keys, or one that does not verify
 *   404  the origin is of no log that this witness knows
 *   409  the old size is not that of the last checkpoint cosigned; the body tells that size
 *   422  the proof does not hold, or the log contradicts itself
 *
 * They are checked in the order of the specification: 400 for what is no request, 404, 403, 400
 * for the sizes, 409, 422.
 */
#ifndef WITNESS_WITNESS_DECIDE_H
#define WITNESS_WITNESS_DECIDE_H

#include "checkpoint.h"

enum { WITNESS_KEYS_MAX = 16 }; /* of one log */

typedef enum witness_evidence {
    WITNESS_NO_EVIDENCE,
    /* The log signed something that contradicts what it signed before: proved by the two notes, or
       by them and the proof, which leads to the new root and shows another old one. */
    WITNESS_FORK,
    /* A signed checkpoint came with a proof that fails. It may be the sender's mistake, and anybody
       can send a log's checkpoint with a bad proof; it is the log's misbehaviour when the log can
       give no other proof. */
    WITNESS_UNPROVED
} witness_evidence;

typedef struct witness_verdict {
    int status;         /* of HTTP */
    const char *reason; /* English, static; NULL with 200 */
    uint64_t last_size; /* with 409 */
    witness_evidence evidence;
} witness_verdict;

/* A request that was read; points into its bytes. */
typedef struct witness_submission {
    witness_request request;
    note note;
    checkpoint checkpoint;
    const char *wrong_root; /* of a tree of that size; NULL when it can be right */
    const note_key *keys;   /* of the checkpoint's origin, at most WITNESS_KEYS_MAX */
    size_t key_count;
    hash_kind hash;                  /* of its tree, as its keys tell */
    bool verified[WITNESS_KEYS_MAX]; /* which of them signed */
} witness_submission;

/* The part that needs no memory of the log. Keys of one name stand together in `logs` and are those
   of one origin. True: go on with witness_decide. False: `out` is the answer. */
bool witness_admit(witness_verdict *out, witness_submission *submission, const char *body,
                   size_t size, const note_key *logs, size_t log_count);
/* The part that does; `last` is the last checkpoint cosigned for this origin, NULL when there was
   none. */
void witness_decide(witness_verdict *out, const witness_submission *submission,
                    const checkpoint *last);

#endif
