/*
 * tests/simulation/naive.h: the Merkle tree of RFC 6962 as its definition reads, over all leaves,
 * with OpenSSL's digests and nothing of the ledger's code: the judge of roots and proofs.
 */
#ifndef TESTS_SIMULATION_NAIVE_H
#define TESTS_SIMULATION_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct naive_hash {
    uint8_t bytes[32];
} naive_hash;

/* "SHA256" or "SM3". */
void naive_start(const char *digest);
void naive_end(void);

void naive_leaf(naive_hash *out, const void *data, size_t size);
void naive_root(naive_hash *out, const naive_hash *leaves, size_t count);
/* PATH(index, D[count]) and PROOF(older, D[count]); the number of hashes. */
size_t naive_inclusion(naive_hash *out, size_t index, const naive_hash *leaves, size_t count);
size_t naive_consistency(naive_hash *out, size_t older, const naive_hash *leaves, size_t count);

#endif
