/*
 * witness/witness_ask.h: asking the witnesses of a policy to cosign the ledger's checkpoint.
 *
 * How posts travel is the caller's: witness_ask gives it all of them at once, and each is judged as
 * it is answered, so that a witness that is down holds up nobody.
 */
#ifndef WITNESS_WITNESS_ASK_H
#define WITNESS_WITNESS_ASK_H

#include "policy.h"
#include "witness_kept.h"
#include "wufei/wufei.h"

enum { WITNESS_SENDS_MAX = 4, WITNESS_REASON_MAX = 400 };

typedef enum witness_outcome {
    WITNESS_NOT_COSIGNED,
    WITNESS_COSIGNED,
    WITNESS_COSIGNED_BEFORE /* not now, but this same checkpoint earlier */
} witness_outcome;

typedef struct witness_result {
    char name[POLICY_NAME_MAX + 1]; /* in the policy */
    witness_outcome outcome;
    uint64_t time_s; /* of its cosignature of this checkpoint */
    bool has_size;
    uint64_t size;                   /* of the last checkpoint that it cosigned for us */
    char reason[WITNESS_REASON_MAX]; /* why not; or what else was odd */
} witness_result;

typedef struct witness_round {
    checkpoint checkpoint; /* that was sent */
    witness_result results[POLICY_WITNESSES_MAX];
    size_t count;
    bool published;
    char missing[POLICY_REASON_MAX]; /* of the quorum, when it was not */
    bool had_before;                 /* one was published before, of `before` entries */
    uint64_t before;
} witness_round;

/* WF_OK also when the quorum was not reached: see `published`. WF_USAGE: the policy is not one for
   this ledger, or a witness has the ledger's own key. WF_DAMAGED: a witness has cosigned what this
   ledger no longer holds. A round is large: on the heap or static. */
wf_status witness_ask(ledger *l, const char *policy_path, wf_post_sender send, void *ctx,
                      witness_round *out, wf_error *err);

#endif
