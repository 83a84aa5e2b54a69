/*
 * audit/shared.h: what several rules need and an audit makes once, before the rules run. Nothing
 * in it changes afterwards, so that rules may read it from many threads.
 */
#ifndef AUDIT_SHARED_H
#define AUDIT_SHARED_H

#include "audit/act_times.h"
#include "audit/balance.h"
#include "audit/loads.h"
#include "audit/rule.h"

/* Indexes grouped by a key, in compressed rows: the items of key k are
   item[first[k]] ... item[first[k + 1] - 1]. */
typedef struct grouped {
    uint32_t *first; /* key_count + 1 */
    uint32_t *item;
    size_t key_count;
} grouped;

typedef struct audit_shared {
    const city *city;
    act_times acts;                /* when a moment was seen to be past */
    grouped events_of_manifest;    /* event ids in order of time (ties: order of entry) */
    grouped weighings_of_manifest; /* weighing ids in order of gross time */
    grouped weighings_of_vehicle;  /* weighing ids in order of gross time */
    grouped manifests_of_vehicle;  /* manifest ids in order of first pick-up, those picked up */
    balance_table balances;        /* of sites and codes, between their stock takes */
    load_table loads;              /* pairs of weights and the effects of scales */
} audit_shared;

wf_status audit_shared_new(audit_shared **out, const city *c, wf_error *err);
void audit_shared_free(audit_shared *s); /* NULL is fine */

/* The items of a key; *out_count 0 when the key is BOOK_NONE. */
static inline const uint32_t *grouped_items(const grouped *g, uint32_t key, size_t *out_count)
{
    if (key >= g->key_count) {
        *out_count = 0;
        return NULL;
    }
    *out_count = g->first[key + 1] - g->first[key];
    return g->item + g->first[key];
}

#endif
