/*
 * ledger/place.h: a folder that appears at its place whole or not at all.
 *
 * It is made under a temporary name (".NAME.tmp.PID") beside its place, filled, synced and renamed.
 * Whoever makes it holds a lock on that folder. What a killed attempt left is removed by the next
 * one for the same place.
 */
#ifndef LEDGER_PLACE_H
#define LEDGER_PLACE_H

#include <stdbool.h>

#include "base/status.h"

typedef struct place {
    char *dir;       /* where it goes, without slashes at the end */
    char *parent;    /* "." when dir has no slash */
    char *temporary; /* where it is made */
    bool made;       /* temporary is there, and ours */
    int lock;        /* below zero: none */
} place;

/* Only thinks of the names. Free it in any case. */
wf_status place_init(place *p, const char *dir, wf_error *err);
/* False: there is something in the folder; WF_USAGE: it is no folder. */
wf_status place_is_free(const place *p, bool *out, wf_error *err);
/* Makes the temporary folder. */
wf_status place_make(place *p, wf_error *err);
/* Renames what was made to its place, durably. Its contents are synced by the caller. */
wf_status place_take(place *p, wf_error *err);
/* Removes what was made and not taken. */
void place_free(place *p);

#endif
