/*
 * witness/witness.h: a C2SP witness (c2sp.org/tlog-witness) without its network: requests in,
 * answers out, from any number of threads.
 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

#include "witness_state.h"

typedef struct witness {
    witness_key key;
    witness_state state;
    note_key *logs; /* sorted by name: the keys of one origin stand together */
    size_t log_count;
} witness;

/* `logs_path` is a policy file, of which the log lines count; it needs no quorum. WF_USAGE when a
   log has the witness's own key: who cosigns a log of its own proves nothing. */
wf_status witness_open(witness **out, const char *state_dir, const char *key_path, const char *name,
                       const char *logs_path, wf_error *err);
void witness_close(witness *w); /* NULL is fine */

typedef struct witness_answer {
    int status;               /* of HTTP */
    const char *content_type; /* static */
    const char *allow;        /* static; with 405 */
    buffer body;              /* the caller frees it */
    char remark[1024];        /* for the witness's own log: what was asked and what came of it */
} witness_answer;

/* method: "GET", "POST", ...; path: below the witness's prefix, "/add-checkpoint". Failures of the
   system are answered with 500 and told in the remark. */
void witness_serve(witness *w, const char *method, const char *path, const void *body, size_t size,
                   witness_answer *out);

#endif
