/*
 * ledger/signer.h: what makes the operator's signatures. Whoever signs asks a `signer` and does not
 * see the private key, which may be in another process.
 */
#ifndef LEDGER_SIGNER_H
#define LEDGER_SIGNER_H

#include <openssl/evp.h>

#include "base/memory.h"
#include "base/status.h"
#include "entry.h"
#include "suite.h"

typedef struct signer signer;

/* Signs with a private key in this process; takes `key`, also when it fails. */
wf_status signer_of_key(signer **out, EVP_PKEY *key, wf_error *err);
void signer_free(signer *s); /* NULL is fine */

/* Borrowed. */
const suite_public_key *signer_public(const signer *s);
/* Any thread, one at a time. */
wf_status signer_sign(signer *s, const void *message, size_t size, uint8_t out[SIGNATURE_MAX],
                      size_t *out_size, wf_error *err);
/* Over STATEMENT_DOMAIN || statement. */
wf_status signer_sign_statement(signer *s, span statement, uint8_t out[SIGNATURE_MAX],
                                size_t *out_size, wf_error *err);

#endif
