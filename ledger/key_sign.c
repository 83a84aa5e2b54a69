/*
 * ledger/key_sign.c: what one key does: its id, signing, verifying. Ed25519 with OpenSSL; another
 * suite would put its own sign and verify here.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/text.h"
#include "ledger_private.h"

static const char domain[] = STATEMENT_DOMAIN;
enum { DOMAIN_SIZE = sizeof domain - 1 };

void key_id_of(uint8_t out[KEY_ID_SIZE], const uint8_t public_key[PUBLIC_KEY_SIZE])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(public_key, PUBLIC_KEY_SIZE, digest);
    memcpy(out, digest, KEY_ID_SIZE);
}

bool key_sign(uint8_t out[ED25519_SIZE], EVP_PKEY *key, const void *message, size_t size)
{
    size_t out_size = ED25519_SIZE;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, out, &out_size, message, size) == 1 && out_size == ED25519_SIZE;
    EVP_MD_CTX_free(ctx);
    return done;
}

bool key_sign_statement(uint8_t out[ED25519_SIZE], EVP_PKEY *key, span statement)
{
    buffer message = {0};
    buffer_append(&message, domain, DOMAIN_SIZE);
    buffer_append(&message, statement.data, statement.size);
    bool done = !message.failed && key_sign(out, key, message.data, message.size);
    buffer_free(&message);
    return done;
}

wf_status statement_sign(uint8_t out[64], const char *pem_path, span statement, wf_error *err)
{
    EVP_PKEY *key = NULL;
    wf_status status = key_load(&key, pem_path, err);
    if (status == WF_OK && !key_sign_statement(out, key, statement))
        status = wf_fail(err, WF_SYSTEM, _("%s: signing failed"), pem_path);
    EVP_PKEY_free(key);
    return status;
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
    if (statement.size > STATEMENT_MAX || signature.size != ED25519_SIZE)
        return false;
    memcpy(scratch->message + DOMAIN_SIZE, statement.data, statement.size);
    EVP_MD_CTX_reset(scratch->ctx);
    return EVP_DigestVerifyInit(scratch->ctx, NULL, NULL, NULL, key->pkey) == 1 &&
           EVP_DigestVerify(scratch->ctx, signature.data, signature.size, scratch->message,
                            DOMAIN_SIZE + statement.size) == 1;
}
