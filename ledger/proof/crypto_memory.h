/*
 * proof/crypto_memory.h: what becomes of a program when libcrypto gets no memory.
 *
 * OpenSSL 3 does not come through that: its start ends in a signal (a lock that was not made is
 * taken), and later a good signature does not verify, which would be called damage. So the program
 * says what is the matter and ends at once; a ledger takes no harm from that at any moment.
 */
#ifndef PROOF_CRYPTO_MEMORY_H
#define PROOF_CRYPTO_MEMORY_H

/* For programs, before anything else that uses libcrypto. `words` (kept) go to standard error, then
   the process ends with `status`. */
void crypto_memory_or_end(const char *words, int status);

#endif
