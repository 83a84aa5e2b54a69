/*
 * audit/act_times.h: when the ledger first showed that a moment was past.
 *
 * The audit's now is the latest act on record, so a limit that ends at 10:00 is seen to have passed
 * only with the first act after 10:00: a finding about something that was not done in time is
 * detected then, and not at 10:00 sharp, when an audit of the ledger as it stood would still be
 * silent. Rows that were written down later than their time do not count: at their time they were
 * not on the ledger.
 */
#ifndef AUDIT_ACT_TIMES_H
#define AUDIT_ACT_TIMES_H

#include "book/city.h"

typedef struct act_times {
    int64_t *first_ms; /* the earliest act in this step of time or any later one; count + 1 */
    size_t count;
    int64_t from_ms, step_ms;
} act_times;

/* A minute a step, longer where the city's span would need over a million. False: no memory. */
bool act_times_make(act_times *t, const city *c);
void act_times_free(act_times *t);

/* The first act after `ms`, but for those in the same step: an act on record, at most a step later
   than the first. The city's now when there is none (then `ms` should lie before it). */
int64_t act_times_after(const act_times *t, int64_t ms);

#endif
