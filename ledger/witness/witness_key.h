/*
 * witness/witness_key.h: the key of a witness and the cosignatures it makes
 * (c2sp.org/tlog-cosignature, Ed25519, type 04).
 */
#ifndef WITNESS_WITNESS_KEY_H
#define WITNESS_WITNESS_KEY_H

#include "base/memory.h"
#include "note.h"
#include "signer.h"

typedef struct witness_key {
    signer *signer;
    note_key note_key; /* type 04 */
    char vkey[NOTE_VKEY_MAX];
} witness_key;

/* WF_USAGE when nobody can be called so. */
wf_status witness_name_check(const char *name, wf_error *err);
/* Makes a new Ed25519 private key (key_file.h). WF_USAGE when there is a file. */
wf_status witness_key_create(const char *path, bool encrypt, wf_error *err);
/* The verifier key of the file under this name; asks for no passphrase unless it must. */
wf_status witness_key_name(char vkey[NOTE_VKEY_MAX], const char *path, const char *name,
                           wf_error *err);
/* `name` is the witness's name in its cosignatures. */
wf_status witness_key_load(witness_key *out, const char *path, const char *name, wf_error *err);
void witness_key_free(witness_key *key);

/* Appends the cosignature line of a checkpoint's text. `time_s` is not 0. */
wf_status witness_cosign(buffer *out, const witness_key *key, const char *text, size_t size,
                         uint64_t time_s, wf_error *err);

/* The name of the file that keeps what belongs to `bytes`: its SHA-256 in lowercase hex. */
enum { WITNESS_ID_MAX = 65 };
char *witness_id(char out[WITNESS_ID_MAX], const void *bytes, size_t size);

#endif
