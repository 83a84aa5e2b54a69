/*
 * audit/shared.c: see shared.h. Every grouped index is one counting sort over a table.
 */
#include "audit/shared.h"

#include <stdlib.h>

#include "base/status.h"
#include "base/text.h"

/* Key of the i-th row, or BOOK_NONE to leave it out; its time. */
typedef uint32_t key_function(const city *c, size_t i);
typedef int64_t time_function(const city *c, uint32_t i);

static uint32_t event_manifest(const city *c, size_t i)
{
    return c->events[i].manifest;
}

static int64_t event_time(const city *c, uint32_t i)
{
    return c->events[i].time_ms;
}

static uint32_t weighing_manifest(const city *c, size_t i)
{
    return c->weighings[i].manifest;
}

static uint32_t weighing_vehicle(const city *c, size_t i)
{
    return c->weighings[i].vehicle;
}

static int64_t weighing_time(const city *c, uint32_t i)
{
    return c->weighings[i].gross_ms;
}

static uint32_t manifest_vehicle(const city *c, size_t i)
{
    const manifest_row *m = &c->manifests[i];
    return m->picked_up_ms == TIME_NONE ? BOOK_NONE : m->vehicle;
}

static int64_t manifest_time(const city *c, uint32_t i)
{
    return c->manifests[i].picked_up_ms;
}

/* Rows enter nearly in order of time, so insertion sort is linear here in practice; a long
   disordered run (back-dated entries) falls back to a merge through the spare array. */
static void sort_run(uint32_t *item, size_t count, const city *c, time_function *time_of,
                     uint32_t *spare)
{
    if (count > 32) {
        size_t half = count / 2;
        sort_run(item, half, c, time_of, spare);
        sort_run(item + half, count - half, c, time_of, spare);
        if (time_of(c, item[half - 1]) <= time_of(c, item[half]))
            return;
        size_t left = 0;
        size_t right = half;
        for (size_t i = 0; i < count; i++) {
            bool take_left = right >= count ||
                             (left < half && time_of(c, item[left]) <= time_of(c, item[right]));
            spare[i] = take_left ? item[left++] : item[right++];
        }
        for (size_t i = 0; i < count; i++)
            item[i] = spare[i];
        return;
    }
    for (size_t i = 1; i < count; i++) {
        uint32_t moving = item[i];
        int64_t at = time_of(c, moving);
        size_t j = i;
        for (; j > 0 && time_of(c, item[j - 1]) > at; j--)
            item[j] = item[j - 1];
        item[j] = moving;
    }
}

static bool group(grouped *out, const city *c, size_t key_count, size_t rows, key_function *key_of,
                  time_function *time_of)
{
    out->key_count = key_count;
    out->first = calloc(key_count + 2, sizeof *out->first);
    out->item = malloc((rows + 1) * sizeof *out->item);
    uint32_t *spare = malloc((rows + 1) * sizeof *spare);
    if (out->first == NULL || out->item == NULL || spare == NULL) {
        free(spare);
        return false;
    }
    for (size_t i = 0; i < rows; i++) {
        uint32_t key = key_of(c, i);
        if (key < key_count)
            out->first[key + 2]++;
    }
    for (size_t k = 2; k < key_count + 2; k++)
        out->first[k] += out->first[k - 1];
    for (size_t i = 0; i < rows; i++) {
        uint32_t key = key_of(c, i);
        if (key < key_count)
            out->item[out->first[key + 1]++] = (uint32_t)i;
    }
    for (size_t k = 0; k < key_count; k++)
        sort_run(out->item + out->first[k], out->first[k + 1] - out->first[k], c, time_of, spare);
    free(spare);
    return true;
}

static void grouped_free(grouped *g)
{
    free(g->first);
    free(g->item);
}

wf_status audit_shared_new(audit_shared **out, const city *c, wf_error *err)
{
    *out = NULL;
    audit_shared *s = calloc(1, sizeof *s);
    if (s == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for the audit's indexes"));
    s->city = c;
    bool made = act_times_make(&s->acts, c) &&
                group(&s->events_of_manifest, c, c->manifest_count, c->event_count, event_manifest,
                      event_time) &&
                group(&s->weighings_of_manifest, c, c->manifest_count, c->weighing_count,
                      weighing_manifest, weighing_time) &&
                group(&s->weighings_of_vehicle, c, c->vehicle_count, c->weighing_count,
                      weighing_vehicle, weighing_time) &&
                group(&s->manifests_of_vehicle, c, c->vehicle_count, c->manifest_count,
                      manifest_vehicle, manifest_time);
    if (!made) {
        audit_shared_free(s);
        return wf_fail(err, WF_SYSTEM, _("out of memory for the audit's indexes"));
    }
    wf_status status = load_table_make(&s->loads, c, s, err);
    if (status == WF_OK)
        status = balance_table_make(&s->balances, c, s, err);
    if (status != WF_OK) {
        audit_shared_free(s);
        return status;
    }
    *out = s;
    return WF_OK;
}

void audit_shared_free(audit_shared *s)
{
    if (s == NULL)
        return;
    act_times_free(&s->acts);
    grouped_free(&s->events_of_manifest);
    grouped_free(&s->weighings_of_manifest);
    grouped_free(&s->weighings_of_vehicle);
    grouped_free(&s->manifests_of_vehicle);
    load_table_free(&s->loads);
    balance_table_free(&s->balances);
    free(s);
}
