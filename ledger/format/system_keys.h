/*
 * ledger/format/system_keys.h: between system.c (SystemRecord) and system_keys.c (its records that
 * change keys).
 */
#ifndef LEDGER_SYSTEM_KEYS_H
#define LEDGER_SYSTEM_KEYS_H

#include "ledger.pb-c.h"
#include "system.h"

/* A message of protobuf-c and what it points to. */
typedef struct system_message {
    Wufei__SystemRecord record;
    Wufei__KeyRotate rotate;
    Wufei__KeyRevoke revoke;
    Wufei__KeyQuorum quorum;
    ProtobufCBinaryData keys[QUORUM_KEYS_MAX];
    Wufei__KeySignature signatures[QUORUM_KEYS_MAX];
    Wufei__KeySignature *signature_pointers[QUORUM_KEYS_MAX];
} system_message;

wf_status system_take_party(char out[AUTHOR_MAX + 1], const char *party, wf_error *err);

wf_status system_take_rotate(system_record *out, const Wufei__KeyRotate *from, wf_error *err);
wf_status system_take_revoke(system_record *out, const Wufei__KeyRevoke *from, wf_error *err);
wf_status system_take_quorum(system_record *out, const Wufei__KeyQuorum *from, wf_error *err);

/* The message borrows from the record (protobuf-c has no const). */
void system_fill_rotate(system_message *m, system_record *from);
void system_fill_revoke(system_message *m, system_record *from);
void system_fill_quorum(system_message *m, system_record *from);

#endif
