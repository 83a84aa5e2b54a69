/*
 * ledger/keys/key_rules.h: the life of keys: the records that change who may sign, the orders that
 * offline keys sign, and the rules by which both are judged at their place in the log.
 *
 * A key of a party is valid from one entry number on and, once it was rotated or revoked, until
 * another (half open). What signs entry N, or a checkpoint of size N, must be valid at N. A change
 * at entry S ends the old key behind S and lets the new one begin at S + 1.
 *
 * record      entered by                             what else it must carry
 * KeyAdd      operator                               -
 * KeyRotate   the party, with the old key            possession: a signature of the new key
 * KeyRevoke   the party, with the key itself; or     signatures of the quorum's keys
 *             the operator (of the operator's own    (possession, when there is a replacement)
 *             key: with the replacement)
 * KeyQuorum   operator                               from the second on: signatures of the one
 *                                                    before
 */
#ifndef LEDGER_KEY_RULES_H
#define LEDGER_KEY_RULES_H

#include "base/memory.h"
#include "suite.h"
#include "system.h"

enum { KEY_ORDER_MAX = 4096 /* bytes of the text of an order */ };

/* ---- key_orders.c: what is signed beside statements and checkpoints -------------------------- */

#define POSSESSION_DOMAIN "wufei/possession/v1\n"
#define REVOKE_DOMAIN "wufei/revoke/v1\n"
#define QUORUM_DOMAIN "wufei/quorum/v1\n"

/* Each appends the exact bytes that are signed. */
void key_order_possession(buffer *out, const char *origin, const key_change *change);
void key_order_revoke(buffer *out, const char *origin, const key_change *change);
void key_order_quorum(buffer *out, const char *origin, const key_quorum *quorum);

/* An order and the signatures that were gathered under it, as a file (key_order_file.c). */
typedef struct key_order {
    bool is_quorum;
    char origin[ORIGIN_MAX + 1];
    key_change change; /* without possession */
    key_quorum quorum;
    size_t text_size; /* of the part that is signed, domain line included */
} key_order;
wf_status key_order_parse(key_order *out, const char *text, size_t size, wf_error *err);
/* The line that a signature adds to the file. */
void key_order_signature_line(buffer *out, const key_signature *signature);

/* The first bytes of its suite's hash of a public key (key_sign.c). */
void key_id_of(uint8_t out[KEY_ID_SIZE], const suite_public_key *key);
enum { KEY_ID_TEXT = 2 * KEY_ID_SIZE + 1 };
const char *key_id_text(char out[KEY_ID_TEXT], const uint8_t id[KEY_ID_SIZE]);
bool key_id_parse(uint8_t out[KEY_ID_SIZE], const char *text, size_t size);

/* ---- key_rules.c ----------------------------------------------------------------------------- */

struct key_table;
struct store_txn;

/* What a record is judged with. */
typedef struct key_place {
    struct key_table *keys;
    const suite *suite;
    const char *origin;
    uint64_t seq;
} key_place;

/* The record of `author`, in an entry that `author_key` signed, against the keys valid there.
   WF_REFUSED says what is wrong with it. Changes nothing. */
wf_status key_rules_check(const key_place *at, span author, const uint8_t author_key[KEY_ID_SIZE],
                          const system_record *record, wf_error *err);
/* Enters into the table, or into the store, what the record, which was checked, changes. WF_REFUSED
   from the first: a KeyAdd or a genesis whose key is none of the suite; nothing has changed. */
wf_status key_rules_apply(const key_place *at, const system_record *record, wf_error *err);
wf_status key_rules_store(struct store_txn *txn, const key_place *at, const system_record *record,
                          wf_error *err);
/* The key that signs the entry of its own record, not being in the table yet: the replacement of an
   operator's key that offline keys revoke. NULL for all other records. */
const suite_public_key *key_rules_own_key(const system_record *record);

#endif
