/*
 * book/transitions.h: the one table of manifest transitions. It drives admission, the answer to
 * "what may I do now, and why not" and the documentation.
 */
#ifndef BOOK_TRANSITIONS_H
#define BOOK_TRANSITIONS_H

#include <stdbool.h>

#include "book/rows.h"

typedef struct transition {
    bool allowed;
    enum manifest_state to;
    const char *why_not; /* English msgid when not allowed: what stands in the way */
} transition;

/* What `event` does to a manifest in `state`. Events may come in the disorder that reality has
   (a confirmation before the return of a refused part); see transitions.c for each cell's reason.
 */
transition manifest_transition(enum manifest_state state, enum manifest_event event);

const char *manifest_state_name(enum manifest_state state); /* "picked_up" ... */

#endif
