/*
 * audit/medical_visits.h: the intervals between the visits of the medical collector at each
 * hospital and clinic, with the waste that waited: what R09 and R10 judge.
 *
 * Two days are counted as the regulations write them: a limit of two days that begins on Monday
 * ends with Wednesday's last moment, and never before 48 hours are over. A visit on every second
 * day is lawful even when Wednesday's van comes an hour later than Monday's. A load without a
 * recorded pick-up counts as visits at its filing and at its arrival: the row was lost, not the
 * van.
 */
#ifndef AUDIT_MEDICAL_VISITS_H
#define AUDIT_MEDICAL_VISITS_H

#include "audit/facts.h"

typedef struct medical_interval {
    site_id site;
    int64_t previous_ms; /* TIME_NONE: never visited before */
    int64_t next_ms;     /* the visit that ended it, or city->now_ms */
    int64_t next_known_ms;
    manifest_id previous_load;            /* of the visit before; BOOK_NONE: none */
    bool open;                            /* not visited again in the records */
    const generation_row *const *batches; /* produced in it, in order of time; at least one */
    size_t batch_count;
} medical_interval;

/* Calls `visit` for every interval in which waste was produced. */
typedef wf_status medical_interval_function(rule_context *ctx, const medical_interval *i,
                                            wf_error *err);
wf_status medical_intervals(rule_context *ctx, medical_interval_function *judge, wf_error *err);

/* The last lawful moment of a limit in hours that began at `from_ms`. */
int64_t medical_limit_ms(const city *c, int64_t from_ms, int64_t hours_ms);

#endif
