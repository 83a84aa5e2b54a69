/*
 * ledger/keys/key_sign.c: what one key does: its id, signing, verifying, by its suite
 * (proof/suite.h) with OpenSSL.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/text.h"
#include "key_table.h"

static const char domain[] = STATEMENT_DOMAIN;
enum { DOMAIN_SIZE = sizeof domain - 1 };

const suite *key_suite(const EVP_PKEY *key)
{
    const suite *const suites[] = {suite_find(SUITE_ED25519), suite_find(SUITE_SM2)};
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (EVP_PKEY_is_a(key, suite_key_type(suites[i])))
            return suites[i];
    }
    return NULL;
}

void key_id_of(uint8_t out[KEY_ID_SIZE], const suite_public_key *key)
{
    const suite *s = suite_of_size(key->size);
    hash digest;
    WF_ASSERT(s != NULL);
    hash_of(&digest, s->hash, key->bytes, key->size);
    memcpy(out, digest.bytes, KEY_ID_SIZE);
}

bool key_equal(const suite_public_key *a, const suite_public_key *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

wf_status key_check(const suite *s, const suite_public_key *key, wf_error *err)
{
    if (key->size != s->public_key_size)
        return wf_fail(err, WF_REFUSED,
                       _("a public key of %zu bytes; this ledger's suite is %s, whose public keys "
                         "have %zu"),
                       key->size, s->name, s->public_key_size);
    ERR_clear_error();
    EVP_PKEY *made = suite_key(s, key->bytes);
    if (made != NULL) {
        EVP_PKEY_free(made);
        return WF_OK;
    }
    /* Any 32 bytes are an Ed25519 key. Of SM2 we refuse other forms of a point without an error of
       OpenSSL, and its elliptic curves refuse what is no point. */
    unsigned long why = ERR_peek_last_error();
    bool wrong = why == 0 || ERR_GET_LIB(why) == ERR_LIB_EC;
    if (wrong && ERR_GET_REASON(why) != ERR_R_MALLOC_FAILURE)
        return wf_fail(err, WF_REFUSED, _("the bytes are no public key of suite %s"), s->name);
    return wf_fail(err, WF_SYSTEM, _("out of memory"));
}

/* SM2 needs a fresh nonce for each signature, and a repeated one gives the key away. What does not
   verify was made by a broken module: it is not let out. */
bool key_sign(uint8_t out[SIGNATURE_MAX], size_t *out_size, EVP_PKEY *key, const void *message,
              size_t size)
{
    const suite *s = key_suite(key);
    EVP_PKEY_CTX *key_ctx = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    *out_size = SIGNATURE_MAX;
    bool done =
        ctx != NULL && s != NULL &&
        EVP_DigestSignInit_ex(ctx, &key_ctx, suite_digest_name(s), NULL, NULL, key, NULL) == 1 &&
        suite_set_parameters(s, key_ctx) &&
        EVP_DigestSign(ctx, out, out_size, message, size) == 1 && *out_size <= s->signature_max &&
        (s->hash != HASH_SM3 || suite_verify_by(s, key, ctx, message, size, out, *out_size));
    EVP_MD_CTX_free(ctx);
    return done;
}

bool key_sign_statement(uint8_t out[SIGNATURE_MAX], size_t *out_size, EVP_PKEY *key, span statement)
{
    buffer message = {0};
    buffer_append(&message, domain, DOMAIN_SIZE);
    buffer_append(&message, statement.data, statement.size);
    bool done = !message.failed && key_sign(out, out_size, key, message.data, message.size);
    buffer_free(&message);
    return done;
}

bool key_scratch_init(key_scratch *s)
{
    s->ctx = EVP_MD_CTX_new();
    s->message = malloc(DOMAIN_SIZE + STATEMENT_MAX);
    if (s->ctx == NULL || s->message == NULL) {
        key_scratch_free(s);
        return false;
    }
    memcpy(s->message, domain, DOMAIN_SIZE);
    return true;
}

void key_scratch_free(key_scratch *s)
{
    EVP_MD_CTX_free(s->ctx);
    free(s->message);
    *s = (key_scratch){NULL, NULL};
}

bool key_verify_statement(const party_key *key, key_scratch *scratch, span statement,
                          span signature)
{
    if (statement.size > STATEMENT_MAX)
        return false;
    memcpy(scratch->message + DOMAIN_SIZE, statement.data, statement.size);
    return suite_verify_by(key->suite, key->pkey, scratch->ctx, scratch->message,
                           DOMAIN_SIZE + statement.size, signature.data, signature.size);
}
