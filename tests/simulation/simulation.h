/*
 * tests/simulation/simulation.h: one run: the ledger, its model, the clients, and the seed that
 * drives them all.
 */
#ifndef TESTS_SIMULATION_SIMULATION_H
#define TESTS_SIMULATION_SIMULATION_H

#include "book/book.h"
#include "faults.h"
#include "naive.h"
#include "world.h"

enum { PARCEL_ACTS_MAX = 6, PARCELS_MAX = 12000, ENTRIES_MAX = 100000 };

#define SIMULATION_ORIGIN "simulation.example/1"

/* What a client hands in at once. */
typedef struct parcel {
    unsigned client;
    enum { SEALED_BY_OPERATOR, SIGNED, SEALED_BY_AUTHOR } how;
    bool whole;            /* all or nothing */
    unsigned first, count; /* of the acts */
    act seal;              /* SEALED_BY_AUTHOR */
} parcel;

typedef struct simulation {
    uint64_t seed, random;
    const char *suite;
    unsigned step;
    unsigned round; /* of predictions, one a submission; from 1, for 0 is none (act.expected) */
    char folder[64], dir[96];
    ledger *l;
    book *b;
    int64_t now_ms;
    EVP_PKEY *keys[CLIENTS]; /* 0: none, the operator's is the ledger's own */

    /* the model */
    act *acts;
    unsigned act_count;
    parcel *parcels;
    unsigned parcel_count;
    unsigned manifest_count, batch_count;
    books *books;     /* of what is in the log */
    books *predicted; /* and of what is being handed in */
    naive_hash *leaves;
    span *entries; /* copies, as they were first read */
    uint64_t size;
    int64_t last_time_ms;

    /* what happened, to show that the run was worth its time */
    unsigned entered, already, refused, faults[FAULT_KINDS], reopened, receipts, archived;
} simulation;

/* Ends the run: the seed and the step first. */
_Noreturn void simulation_fail(const simulation *s, const char *file, int line, const char *format,
                               ...) WF_PRINTF(4, 5);
#define REQUIRE(s, condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition))                                                                          \
            simulation_fail(s, __FILE__, __LINE__, __VA_ARGS__);                                   \
    } while (0)

uint64_t pick(simulation *s, uint64_t below); /* 0 to below - 1 */

/* ---- simulate.c -------------------------------------------------------------------------------
 */

void simulation_open(simulation *s); /* the ledger and its book; sometimes with small groups */
void simulation_close(simulation *s);
void simulation_reopen(simulation *s);

/* ---- submit.c: handing in ----------------------------------------------------------------------
 */

/* Several parcels through the queue, no faults: exactly what the model says. */
void submit_many(simulation *s, parcel *const *parcels, size_t count);
/* One parcel while something fails. */
void submit_with_fault(simulation *s, const parcel *p);

/* ---- clients.c: what is handed in ------------------------------------------------------------ */

void clients_start(simulation *s); /* keys; the registry as the first parcels */
void clients_end(simulation *s);
parcel *clients_new(simulation *s); /* honest */
/* To be refused for a reason that the book does not know. */
parcel *clients_impossible(simulation *s);
parcel *clients_conflict(simulation *s); /* a name that stands for something else; NULL: none */

/* ---- check.c: the ledger against the model --------------------------------------------------- */

/* Takes the entries that the model does not have yet: they must be acts of the parcel (NULL: none)
   in their order, and go on from what was there. */
void check_new_entries(simulation *s, const parcel *const *parcels, size_t count);
/* Size, root, one receipt, one consistency proof, one old entry. */
void check_ledger(simulation *s);
void check_books(simulation *s);
/* No acknowledged statement is lost; the whole ledger and its book verify. */
void check_everything(simulation *s);

#endif
