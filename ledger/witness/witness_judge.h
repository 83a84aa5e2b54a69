/*
 * witness/witness_judge.h: what witness_ask knows of each witness while it is being asked, and what
 * it makes of an answer. Internal to asking.
 */
#ifndef WITNESS_WITNESS_JUDGE_H
#define WITNESS_WITNESS_JUDGE_H

#include "witness_ask.h"

struct ask;

typedef struct asked {
    struct ask *ask;
    const policy_witness *known;
    witness_result *result;
    witness_kept kept; /* replaced when it cosigns */
    buffer url;        /* ends in a zero; empty: it is not asked */
    buffer body;       /* the request */
    uint64_t old_size; /* in the request */
    unsigned sends;
} asked;

typedef struct ask {
    ledger *l;
    policy *policy;
    checkpoint checkpoint;
    char *note;       /* our checkpoint, signed */
    size_t text_size; /* of its text */
    asked asked[POLICY_WITNESSES_MAX];
    wf_error failed; /* of our own side: the first one */
} ask;

/* Makes the request from `old_size` on. */
wf_status witness_request_of(asked *w, uint64_t old_size, wf_error *err);
/* Takes an answer; true: there is a new request to send. */
bool witness_judge(wf_http_post *post);

#endif
