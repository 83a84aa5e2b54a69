/*
 * audit/act_times.c: see act_times.h. No list of all acts is kept or sorted: there may be some
 * hundred million fixes.
 */
#include "audit/act_times.h"

#include <stdlib.h>

#include "base/time.h"

enum { STEPS_MAX = 1 << 20 };

static void note(act_times *t, int64_t at_ms)
{
    /* After now lie only strays (book/city.h). */
    if (at_ms < t->from_ms || at_ms > t->first_ms[t->count])
        return;
    size_t step = (size_t)((at_ms - t->from_ms) / t->step_ms);
    if (at_ms < t->first_ms[step])
        t->first_ms[step] = at_ms;
}

static void note_all(act_times *t, const city *c)
{
    for (size_t i = 0; i < c->event_count; i++)
        if (c->events[i].known_ms == c->events[i].time_ms)
            note(t, c->events[i].time_ms);
    for (size_t i = 0; i < c->weighing_count; i++) {
        const weighing_row *w = &c->weighings[i];
        note(t, w->gross_ms > w->tare_ms ? w->gross_ms : w->tare_ms); /* TIME_NONE is the least */
    }
    for (size_t i = 0; i < c->generation_count; i++)
        note(t, c->generations[i].time_ms);
    for (size_t i = 0; i < c->stocktake_count; i++)
        note(t, c->stocktakes[i].time_ms);
    for (size_t i = 0; i < c->treatment_count; i++)
        if (c->treatments[i].known_ms == c->treatments[i].time_ms)
            note(t, c->treatments[i].time_ms);
    for (size_t i = 0; i < c->fix_count; i++)
        note(t, c->fixes[i].time_ms);
}

bool act_times_make(act_times *t, const city *c)
{
    t->from_ms = c->first_ms != TIME_NONE ? c->first_ms : c->now_ms; /* no acts: one step */
    int64_t span_ms = c->now_ms > t->from_ms ? c->now_ms - t->from_ms : 0;
    t->step_ms = span_ms / STEPS_MAX + 1;
    if (t->step_ms < TIME_MINUTE_MS)
        t->step_ms = TIME_MINUTE_MS;
    t->count = (size_t)(span_ms / t->step_ms) + 1;
    t->first_ms = malloc((t->count + 1) * sizeof *t->first_ms);
    if (t->first_ms == NULL)
        return false;
    for (size_t i = 0; i <= t->count; i++)
        t->first_ms[i] = c->now_ms;
    note_all(t, c);
    for (size_t i = t->count; i-- > 0;)
        if (t->first_ms[i + 1] < t->first_ms[i])
            t->first_ms[i] = t->first_ms[i + 1];
    return true;
}

void act_times_free(act_times *t)
{
    free(t->first_ms);
}

int64_t act_times_after(const act_times *t, int64_t ms)
{
    if (ms < t->from_ms)
        return t->first_ms[0];
    int64_t step = (ms - t->from_ms) / t->step_ms;
    if (step >= (int64_t)t->count)
        return t->first_ms[t->count];
    return t->first_ms[step] > ms ? t->first_ms[step] : t->first_ms[step + 1];
}
