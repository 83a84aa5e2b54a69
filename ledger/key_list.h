/*
 * ledger/key_list.h: all keys of a ledger, one after the other, for who wants to see them.
 */
#ifndef LEDGER_KEY_LIST_H
#define LEDGER_KEY_LIST_H

#include "key_rules.h"
#include "ledger.h"
#include "note.h"

typedef struct listed_key {
    const char *party; /* "quorum" for offline keys */
    char id[KEY_ID_TEXT];
    suite_public_key public_key;
    const char *state;        /* "valid", "rotated", "revoked"; of offline keys "followed" */
    uint64_t from, until;     /* entries; until UINT64_MAX: it stands */
    const char *reason;       /* of a revocation; "" */
    char vkey[NOTE_VKEY_MAX]; /* of the operator's keys; else "" */
    unsigned threshold;       /* of offline keys; else 0 */
} listed_key;

typedef wf_status (*key_listener)(void *ctx, const listed_key *key, wf_error *err);

#define QUORUM_PARTY "quorum"

/* The operator's first, then the parties' by name, then the offline keys; each party's in the order
   of their beginning. party NULL: all; "quorum": the offline keys. */
wf_status ledger_list_keys(ledger *l, const char *party, key_listener each, void *ctx,
                           wf_error *err);

/* ---- files of keys and orders, without a ledger ------------------------------------------------
 */

/* A new key in a new file. */
wf_status key_file_new(const char *path, const char *suite_name, bool encrypt,
                       suite_public_key *out, wf_error *err);
/* Adds the signature of a key to the file of an order. */
wf_status key_file_sign_order(const char *order_path, const char *key_path, key_order *out,
                              wf_error *err);

#endif
