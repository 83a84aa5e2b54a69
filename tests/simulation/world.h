/*
 * tests/simulation/world.h: the model: acts, and what they do to accounts, in plain arrays. It
 * knows of the book only what its README says: postings and transitions.
 */
#ifndef TESTS_SIMULATION_WORLD_H
#define TESTS_SIMULATION_WORLD_H

#include "book/rows.h"
#include "ledger_private.h"

enum {
    SITES = 6,
    REGISTRY = SITES + 2, /* parcels that enter party, vehicle and sites; all else comes after */
    CODES = 3,
    CLIENTS = 4,
    ACTS_MAX = 60000,
    MANIFESTS_MAX = 20000
};

typedef enum act_kind {
    ACT_PARTY,
    ACT_VEHICLE,
    ACT_SITE,
    ACT_GENERATION,
    ACT_MANIFEST,
    ACT_PICK_UP,
    ACT_RECEIPT,
    ACT_STOCKTAKE
} act_kind;

#define NOT_ENTERED UINT64_MAX

/* One statement of one client. */
typedef struct act {
    act_kind kind;
    unsigned client;   /* 0: the operator */
    unsigned number;   /* of its text id: of the manifest, the site, the batch */
    unsigned site;     /* SITES: one that does not exist */
    unsigned facility; /* of a manifest */
    unsigned code;
    int64_t mass_g, time_ms;
    bool impossible;   /* made to be refused, whatever the book says */
    span bytes;        /* the statement, on the heap */
    span signature;    /* on the heap; data NULL: sealed */
    uint64_t seq;      /* in the log, NOT_ENTERED */
    unsigned expected; /* the round of predictions that counts it as entered; 0: none */
    bool acknowledged; /* somebody was told that it is in */
} act;

typedef struct manifest {
    enum { UNKNOWN, FILED, PICKED_UP, RECEIVED } state;
    unsigned site, facility, code;
    int64_t picked_up_g, received_g; /* sums of its pick-ups; its receipt */
} manifest;

/* What the book should hold. */
typedef struct books {
    int64_t balance_g[SITES][CODES][ACCOUNT_COUNT];
    bool kept[SITES][CODES], stocktaken[SITES][CODES];
    bool party, vehicle, site[SITES];
    manifest manifests[MANIFESTS_MAX];
    bool generated[ACTS_MAX]; /* by the number of the batch */
} books;

/* Whether the book takes the act, and then what it does. */
bool books_admit(books *b, const act *a);

/* The act's statement for a ledger of this origin; `author` as the client is called. */
void act_write(act *a, const char *origin);
const char *client_name(unsigned client);
const char *code_name(unsigned code);

#endif
