/*
 * proof/suite.h: the two suites, each a hash and a signature. A ledger has one, its genesis names
 * it; a verifier key says by its type which one it is of.
 *
 *   name             hash      signature                        public key            note type
 *   ed25519-sha256   SHA-256   Ed25519, 64 bytes                32 bytes              01
 *   sm2-sm3          SM3       SM2 with SM3, DER of (r, s),     65 bytes,             ff
 *                              8 to 72 bytes                    04 || x || y
 *
 * SM2 signs with the distinguishing identifier 1234567812345678 of GM/T 0009. OpenSSL before 4.0
 * takes an empty one unless it is told, and no Chinese tool accepts what it makes then.
 */
#ifndef PROOF_SUITE_H
#define PROOF_SUITE_H

#include <openssl/types.h>

#include "merkle.h"

#define SUITE_ED25519 "ed25519-sha256"
#define SUITE_SM2 "sm2-sm3"

enum { PUBLIC_KEY_MAX = 65, SUITE_SIGNATURE_MAX = 72 };

typedef struct suite {
    const char *name;
    hash_kind hash;
    uint8_t note_type;
    size_t public_key_size;
    size_t signature_max;
} suite;

const suite *suite_find(const char *name); /* NULL: unknown */

/* A public key. Its size tells the suite. */
typedef struct suite_public_key {
    size_t size;
    uint8_t bytes[PUBLIC_KEY_MAX];
} suite_public_key;

const suite *suite_of_size(size_t public_key_size); /* NULL: of none */

/* False also when public key or signature are not in their one encoding. */
bool suite_verify(const suite *s, const uint8_t *public_key, const void *message, size_t size,
                  const uint8_t *signature, size_t signature_size);

/* The same in two steps, for who verifies often: the key is made once, the context used again.
   NULL: not a public key of the suite, or out of memory. */
EVP_PKEY *suite_key(const suite *s, const uint8_t *public_key);
bool suite_verify_by(const suite *s, EVP_PKEY *key, EVP_MD_CTX *context, const void *message,
                     size_t size, const uint8_t *signature, size_t signature_size);

/* What both sides of SM2 must say, between DigestSignInit or DigestVerifyInit and the message.
   Nothing to say for Ed25519. */
bool suite_set_parameters(const suite *s, EVP_PKEY_CTX *context);
/* OpenSSL's name of the kind of key. */
const char *suite_key_type(const suite *s);
/* The digest to give to DigestSignInit and DigestVerifyInit: NULL for Ed25519. */
const char *suite_digest_name(const suite *s);

#endif
