/*
 * ledger/signer.c: signing with the private key in this process.
 */
#include "signer.h"

#include <stdlib.h>

#include "base/text.h"
#include "ledger_private.h"

struct signer {
    EVP_PKEY *key;
    suite_public_key public_key;
};

wf_status signer_of_key(signer **out, EVP_PKEY *key, wf_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        EVP_PKEY_free(key);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    (*out)->key = key;
    if (key_public(&(*out)->public_key, key))
        return WF_OK;
    signer_free(*out);
    *out = NULL;
    return wf_fail(err, WF_REFUSED, _("the private key has no public key that can be used"));
}

void signer_free(signer *s)
{
    if (s == NULL)
        return;
    EVP_PKEY_free(s->key);
    free(s);
}

const suite_public_key *signer_public(const signer *s)
{
    return &s->public_key;
}

wf_status signer_sign(signer *s, const void *message, size_t size, uint8_t out[SIGNATURE_MAX],
                      size_t *out_size, wf_error *err)
{
    return key_sign(out, out_size, s->key, message, size)
               ? WF_OK
               : wf_fail(err, WF_SYSTEM, _("the operator's key does not sign"));
}

wf_status signer_sign_statement(signer *s, span statement, uint8_t out[SIGNATURE_MAX],
                                size_t *out_size, wf_error *err)
{
    buffer message = {0};
    buffer_append(&message, STATEMENT_DOMAIN, sizeof STATEMENT_DOMAIN - 1);
    buffer_append(&message, statement.data, statement.size);
    wf_status status = message.failed
                           ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                           : signer_sign(s, message.data, message.size, out, out_size, err);
    buffer_free(&message);
    return status;
}
