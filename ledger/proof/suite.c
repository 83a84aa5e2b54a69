/*
 * proof/suite.c: see suite.h.
 */
#include "suite.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "note.h"

enum { ED25519_SIGNATURE_SIZE = 64, POINT_UNCOMPRESSED = 0x04 };

static const suite suites[] = {
    {SUITE_ED25519, HASH_SHA256, NOTE_KEY_TYPE_ED25519, 32, ED25519_SIGNATURE_SIZE},
    {SUITE_SM2, HASH_SM3, NOTE_KEY_TYPE_LONG, PUBLIC_KEY_MAX, SUITE_SIGNATURE_MAX},
};

const suite *suite_find(const char *name)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (strcmp(suites[i].name, name) == 0)
            return &suites[i];
    return NULL;
}

const suite *suite_of_size(size_t public_key_size)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (suites[i].public_key_size == public_key_size)
            return &suites[i];
    return NULL;
}

/* The hash tells the two apart here; a third suite would need more than this. */
static bool is_sm2(const suite *s)
{
    return s->hash == HASH_SM3;
}

const char *suite_key_type(const suite *s)
{
    return is_sm2(s) ? "SM2" : "ED25519";
}

const char *suite_digest_name(const suite *s)
{
    return is_sm2(s) ? "SM3" : NULL;
}

bool suite_set_parameters(const suite *s, EVP_PKEY_CTX *context)
{
    static const char identifier[] = "1234567812345678";
    return !is_sm2(s) ||
           EVP_PKEY_CTX_set1_id(context, identifier, (int)(sizeof identifier - 1)) == 1;
}

/* OpenSSL would take the hybrid forms 06 and 07 of a point as well: one key, one encoding. That the
   point is on the curve is checked by it. */
static EVP_PKEY *sm2_key(const uint8_t *public_key)
{
    char group[] = "SM2";
    uint8_t point[PUBLIC_KEY_MAX];
    if (public_key[0] != POINT_UNCOMPRESSED)
        return NULL;
    memcpy(point, public_key, sizeof point); /* OSSL_PARAM has no const */
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end()};
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

EVP_PKEY *suite_key(const suite *s, const uint8_t *public_key)
{
    return is_sm2(s) ? sm2_key(public_key)
                     : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key,
                                                   s->public_key_size);
}

/* OpenSSL refuses SM2 signatures that are not the one DER of r and s. */
bool suite_verify_by(const suite *s, EVP_PKEY *key, EVP_MD_CTX *context, const void *message,
                     size_t size, const uint8_t *signature, size_t signature_size)
{
    EVP_PKEY_CTX *key_context = NULL;
    if (is_sm2(s) ? signature_size > s->signature_max : signature_size != ED25519_SIGNATURE_SIZE)
        return false;
    EVP_MD_CTX_reset(context);
    return EVP_DigestVerifyInit_ex(context, &key_context, suite_digest_name(s), NULL, NULL, key,
                                   NULL) == 1 &&
           suite_set_parameters(s, key_context) &&
           EVP_DigestVerify(context, signature, signature_size, message, size) == 1;
}

bool suite_verify(const suite *s, const uint8_t *public_key, const void *message, size_t size,
                  const uint8_t *signature, size_t signature_size)
{
    EVP_PKEY *key = suite_key(s, public_key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool valid = key != NULL && context != NULL &&
                 suite_verify_by(s, key, context, message, size, signature, signature_size);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return valid;
}
