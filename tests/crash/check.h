/*
 * check.h: what must hold of the ledgers in a folder after anything that may befall it.
 *
 *     check.c            the promises, and all of the checks in a process of their own
 *     check_ledger.c     one ledger: it opens, holds, has what was acknowledged, and goes on
 *     check_files.c      what a ledger writes beside its store: keys, the guard, receipts
 *     check_tiles.c      exported tiles: all that their checkpoint promises is there
 *     check_witness.c    a witness: it knows what it cosigned
 *
 * What was promised stands in the trace, in marks that the workload wrote when it was true:
 *
 *     begin                    what came before is only the preparation
 *     may NAME [init|copy]     from here on there may be a ledger in the folder NAME of the root;
 *                              init: when there is none, init must be able to make it; copy: it is
 *                              only to be read
 *     ledger NAME              there is one, whole: the command that made it has come back
 *     entry NAME SEQ HASH      its entry SEQ is acknowledged; HASH is the SHA-256 of its statement
 *     receipt NAME SEQ         so is its receipt, in the folder NAME.receipts of the root
 *     guard NAME               its last checkpoint is kept outside of it, too
 *     keys NAME FOLDER         in FOLDER of the root is the private key of every party in its log
 *     replaced NAME SIZE       something takes the ledger's place now: entries from SIZE on, which
 *                              the new one is not to have, are no longer asked for
 *     witnessed NAME SIZE      its checkpoint of SIZE entries is published with its quorum
 *     tiles NAME LEDGER        in the folder NAME are the tiles of LEDGER, once there is a
 * checkpoint exported NAME SIZE       there is one, of SIZE entries or more witness NAME FOLDER
 * NAME is the folder of a witness; in FOLDER, an absolute path, are its key (key), its logs (logs)
 * and the first request it gets (request) cosigned NAME SIZE       the witness NAME has cosigned
 * SIZE entries
 *
 * Each ledger that is there opens, all of it verifies, it holds every acknowledged statement, its
 * masses sum up to zero, its book is the one that its log makes, and it takes another entry. One
 * that was acknowledged must be there. One that was not may be refused, if the text says what to
 * do.
 *
 * Whether or not it was acknowledged: the log names no key of the operator whose private key is not
 * in the ledger's folder, nor a party's that is nowhere; where the folder names a guard, that is
 * there, whole, and not ahead of the ledger; and a receipt that has its name is one.
 */
#ifndef CRASH_CHECK_H
#define CRASH_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum { CHECK_TEXT = 600, CHECK_LEDGERS = 4 };

typedef enum check_class {
    CHECK_OPENED,
    CHECK_ABSENT,  /* nothing there yet; where init was at work, it made a new one */
    CHECK_REFUSED, /* with the way out named */
    CHECK_FAILED,
    CHECK_CLASSES
} check_class;

/* A ledger's copy of its checkpoint outside, held against the ledger. */
typedef enum check_guard_class {
    CHECK_GUARD_NONE,
    CHECK_GUARD_EQUAL,
    CHECK_GUARD_OLDER,
    CHECK_GUARD_AHEAD, /* of a ledger that was put back only: else it is a failure */
    CHECK_GUARD_CLASSES
} check_guard_class;

typedef struct check_result {
    bool finished; /* false: the check itself died */
    check_class class;
    check_guard_class guard;
    char text[CHECK_TEXT];
} check_result;

/* One promise, of a mark; parsed once. */
typedef struct promise {
    enum {
        PROMISE_MAY,
        PROMISE_LEDGER,
        PROMISE_ENTRY,
        PROMISE_RECEIPT,
        PROMISE_GUARD,
        PROMISE_KEYS,
        PROMISE_REPLACED,
        PROMISE_WITNESSED,
        PROMISE_TILES,
        PROMISE_EXPORTED,
        PROMISE_WITNESS,
        PROMISE_COSIGNED
    } kind;
    size_t at; /* the op in the trace */
    char name[64];
    bool by_init, copy;
    char folder[192];       /* of a witness; of the keys of parties; a ledger */
    unsigned long long seq; /* or a size */
    unsigned char statement[32];
} promise;

/* False: the text is no mark of these ("begin" is not one either). */
bool check_parse(promise *out, const char *mark);

/* Checks the ledgers in `root` against the promises made before op `point`, in a process of its
   own. `rebuild`: also that the book is what the log makes. `write`: also that the ledger goes on;
   this changes the files. */
void check_root(check_result *out, const char *root, const promise *promises, size_t count,
                size_t point, bool rebuild, bool write);
/* Once, before the first check: what each child would otherwise load for itself. */
void check_warm_up(void);

#endif
