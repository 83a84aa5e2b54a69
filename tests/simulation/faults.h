/*
 * tests/simulation/faults.h: failures of the store and of signing, at the Nth call. The linker puts
 * these functions before the real ones (--wrap).
 */
#ifndef TESTS_SIMULATION_FAULTS_H
#define TESTS_SIMULATION_FAULTS_H

#include <stdbool.h>

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_PUT,         /* the Nth put fails */
    FAULT_BEGIN,       /* the Nth write transaction does not begin */
    FAULT_COMMIT_LOST, /* the Nth commit fails, and nothing of it is there */
    FAULT_COMMIT_KEPT, /* the Nth commit fails, and all of it is there: nobody was told */
    FAULT_SIGN,        /* no checkpoint is written from now on: a crash after the commit */
    FAULT_KINDS
} fault_kind;

void fault_arm(fault_kind kind, unsigned nth); /* from 1 */
/* No faults from here on; whether the armed one happened. */
bool fault_disarm(void);

#endif
