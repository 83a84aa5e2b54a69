/*
 * ledger/format/system.h: the records about the ledger itself, read and written; what those about
 * keys may do is said by keys/key_rules.h.
 */
#ifndef LEDGER_SYSTEM_H
#define LEDGER_SYSTEM_H

#include "base/memory.h"
#include "entry.h"
#include "suite.h"

#define OPERATOR_PARTY "operator"

enum { QUORUM_KEYS_MAX = 16, REVOKE_REASON_MAX = 200 };

typedef struct key_signature {
    uint8_t key[KEY_ID_SIZE];
    uint8_t bytes[SIGNATURE_MAX];
    size_t size; /* 0: none */
} key_signature;

/* KeyRotate: all but reason and signatures; `replacement` is the new key. KeyRevoke: all. */
typedef struct key_change {
    char party[AUTHOR_MAX + 1];
    uint8_t key[KEY_ID_SIZE]; /* the one that ends */
    char reason[REVOKE_REASON_MAX + 1];
    suite_public_key replacement;
    key_signature possession; /* its `key` is not used */
    key_signature signatures[QUORUM_KEYS_MAX];
    size_t signature_count;
} key_change;

typedef struct key_quorum {
    unsigned threshold;
    suite_public_key keys[QUORUM_KEYS_MAX];
    size_t key_count;
    bool has_previous;
    uint64_t previous; /* the entry of the quorum before */
    key_signature signatures[QUORUM_KEYS_MAX];
    size_t signature_count;
} key_quorum;

typedef struct genesis {
    unsigned version;
    char origin[ORIGIN_MAX + 1];
    char suite[32];
    suite_public_key operator_key;
    int utc_offset_minutes;
} genesis;

/* The log was put back from a backup. */
typedef struct recovery {
    uint64_t restored_size; /* its own place */
    hash restored_root;
    bool last_known; /* the largest signed checkpoint that was known then */
    uint64_t last_size;
    hash last_root;
} recovery;

typedef struct system_record {
    enum {
        SYSTEM_GENESIS,
        SYSTEM_SEAL,
        SYSTEM_KEY_ADD,
        SYSTEM_KEY_ROTATE,
        SYSTEM_KEY_REVOKE,
        SYSTEM_KEY_QUORUM,
        SYSTEM_RECOVERY
    } kind;
    genesis genesis;
    uint64_t seal_count;
    hash seal_root;
    char party[AUTHOR_MAX + 1]; /* of a KeyAdd */
    suite_public_key public_key;
    recovery recovery;
    key_change change; /* of a KeyRotate or KeyRevoke */
    key_quorum quorum;
} system_record;

wf_status system_parse(system_record *out, span bytes, wf_error *err);
void system_write(buffer *out, const system_record *record);
wf_status system_check_origin(const char *origin, wf_error *err);

#endif
