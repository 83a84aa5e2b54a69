/*
 * check_private.h: what the parts of the check share (check.h).
 */
#ifndef CRASH_CHECK_PRIVATE_H
#define CRASH_CHECK_PRIVATE_H

#include "check.h"

#include "api/api.h"
#include "ledger_private.h"

/* The party whose key a check enters, to see that the ledger goes on. */
#define CHECK_PARTY "crash.test"

/* What is known of one ledger, or witness, at the point. */
typedef struct expected {
    const char *name;
    const char *root;
    char path[4096];                             /* ROOT/NAME */
    bool by_init, copy, whole, guarded, witness; /* whole: it is promised */
    bool tiles;
    const char *folder;                               /* of a witness: its key, logs and request; of
                                                         tiles: the name of their ledger */
    const char *keys;                                 /* folder of the parties' keys, or NULL */
    unsigned long long cosigned, witnessed, replaced; /* sizes; replaced 0: not */
    unsigned long long exported;                      /* of tiles: their size at least */
    const promise *promises;
    size_t count, point;
} expected;

/* The promise is about this ledger and was made before the point. */
bool check_is_promised(const expected *e, const promise *p);
/* Always false. */
bool check_fail(check_result *out, const expected *e, const char *what, const wf_error *err);

void check_ledger(check_result *out, expected *e, bool rebuild, bool write);
void check_tiles(check_result *out, const expected *e, bool write);
void check_witness(check_result *out, const expected *e);

/* Where rows of answers go. */
extern const wf_sink check_nowhere;
/* NULL or a reason; no signature is looked at. */
const char *check_parse_checkpoint(checkpoint *out, const char *text, size_t size);

/* Before it is opened: a guard that is ahead would only look like a ledger that is refused. */
bool check_guard(check_result *out, const expected *e);
bool check_keys(check_result *out, const expected *e, wf_ledger *l);
bool check_receipts(check_result *out, const expected *e, wf_ledger *l);

#endif
