/*
 * exchange/track_days.h: the rows of tracks.csv gathered into one Track record a vehicle and day.
 *
 * Rows come in the order of time, so only one day is open. Fixes that the book already holds, and
 * fixes given twice, are left out and counted as already there.
 */
#ifndef EXCHANGE_TRACK_DAYS_H
#define EXCHANGE_TRACK_DAYS_H

#include "exchange/statements.h"

typedef struct track_days track_days;

wf_status track_days_new(track_days **out, statements *s, const import_target *target,
                         wf_error *err);
void track_days_free(track_days *t); /* forgets what was not flushed */

wf_status track_days_add(track_days *t, const char *vehicle, const track_fix *fix,
                         const import_place *place, wf_error *err);
/* Time has come to `time_ms`: a day that is over is entered. */
wf_status track_days_pass(track_days *t, int64_t time_ms, wf_error *err);
/* Enters what is open. */
wf_status track_days_flush(track_days *t, wf_error *err);

#endif
