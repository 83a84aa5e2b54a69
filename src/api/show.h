/*
 * api/show.h: what the parts of `show` share: show.c has the object and its history,
 * show_problems.c what is wrong with it, show_chain.c the rows that both go through.
 */
#ifndef API_SHOW_H
#define API_SHOW_H

#include "api/api.h"

typedef struct show_job {
    wf_ledger *ledger;
    store_txn *txn;
    const wf_sink *sink;
    wf_error *err;
    names names;
    arena memory;
} show_job;

/* ---- show_chain.c ---- */

/* WF_DAMAGED: a row that should point at an earlier one does not. */
wf_status show_broken_chain(show_job *job, const char *table, uint32_t id);
/* The manifest's events in the order of their entry; they live in the job's memory. */
wf_status show_load_events(show_job *job, const manifest_row *m, event_row **out, size_t *count);

/* ---- show_problems.c ---- */

/* The table of problems, for kinds that have one; `m` is the row of a manifest, else NULL. */
wf_status show_problems(show_job *job, enum object_kind kind, uint32_t index,
                        const manifest_row *m);

#endif
