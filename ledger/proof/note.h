/*
 * proof/note.h: C2SP signed notes (c2sp.org/signed-note@v1.0.0), vkeys, and the key suites.
 */
#ifndef PROOF_NOTE_H
#define PROOF_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "suite.h"

/* A vkey of type ff has this before the public key: our identifier for SM2 with SM3 (README.md). */
#define NOTE_SM2_IDENTIFIER "wufei/sm2-sm3/v1\n"

enum {
    NOTE_MAX = 1 << 20,        /* bytes of a note that we read */
    NOTE_SIGNATURES_MAX = 100, /* as Go's sumdb/note */
    NOTE_NAME_MAX = 255,
    NOTE_VKEY_MAX = NOTE_NAME_MAX + 128, /* of the text, with its zero */
    NOTE_KEY_TYPE_ED25519 = 0x01,
    NOTE_KEY_TYPE_COSIGNATURE = 0x04,
    NOTE_KEY_TYPE_LONG = 0xff /* followed by an identifier; ours is SM2 */
};

typedef struct note_key { /* a verifier key */
    char name[NOTE_NAME_MAX + 1];
    uint32_t id;
    uint8_t type;
    uint8_t public_key[PUBLIC_KEY_MAX]; /* 65 bytes of type ff, else 32 */
} note_key;

typedef struct note_signature {
    const char *name; /* points into the note */
    size_t name_size;
    uint32_t id;
    uint8_t bytes[96]; /* the signature after the four id bytes; longer ones are kept as size 0 */
    size_t size;
} note_signature;

typedef struct note {
    const char *text; /* includes its last LF; points into the parsed bytes */
    size_t text_size;
    note_signature signatures[NOTE_SIGNATURES_MAX];
    size_t signature_count;
} note;

/* Each returns NULL when it holds, else an English reason (static text). */
const char *note_key_parse(note_key *out, const char *vkey);
const char *note_parse(note *out, const char *bytes, size_t size);
/* Verifies the signatures of known keys: a known name and id whose signature fails rejects the
   note; unknown keys are ignored; at least one known key must verify. verified[i] is set for
   keys[i]. For cosignature keys (type 04) timestamps[i] gets the POSIX seconds (may be NULL). */
const char *note_verify(bool *verified, uint64_t *timestamps, const note *n, const note_key *keys,
                        size_t key_count);

/* The reason of note_verify when no signature is by any of the keys. */
extern const char note_by_no_given_key[];

/* For type ff the identifier is put in before the key. */
uint32_t note_key_id(const char *name, uint8_t type, const uint8_t *key, size_t key_size);
/* The name has at most NOTE_NAME_MAX bytes, the public key as many as its type has. */
void note_key_make(note_key *out, uint8_t type, const char *name, const uint8_t *public_key);
size_t note_key_size(uint8_t type); /* bytes of its public key */
/* What a log with this key builds its tree with. */
hash_kind note_key_hash(const note_key *key);
/* "name+hex+base64" into out; returns out. out_size >= NOTE_VKEY_MAX. */
char *note_vkey_format(char *out, size_t out_size, const note_key *key);
/* Writes the signature line "— name base64\n" of a key; what stands behind the key id is made by
   the caller. Returns bytes written, 0 when out is too small. */
size_t note_signature_line(char *out, size_t out_size, const note_key *key,
                           const uint8_t *signature, size_t signature_size);

bool ed25519_verify(const uint8_t public_key[32], const void *message, size_t size,
                    const uint8_t signature[64]);

/* Strict standard base64: padding required, no white space, unused bits zero. SIZE_MAX on error,
   else the bytes decoded. With out NULL it only checks and counts. */
size_t base64_decode(uint8_t *out, size_t out_size, const char *text, size_t size);
/* Returns characters written without the terminating zero, which is added. */
size_t base64_encode(char *out, size_t out_size, const void *data, size_t size);

#endif
