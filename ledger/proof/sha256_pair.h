/*
 * proof/sha256_pair.h: SHA-256 of many leaves or nodes of a Merkle tree, two at a time.
 *
 * Why there is SHA-256 of our own here at all. The rounds of SHA-256 wait for each other, so one
 * message leaves a processor's SHA unit idle half of the time; two independent messages in one loop
 * take hardly longer than one. OpenSSL has no public way to hash several messages side by side.
 * Verifying a ledger is nothing but such independent hashes: 3 to 4 blocks of an entry, 2 of a
 * node. Measured on one core of an EPYC with SHA-NI, millions a second:
 *
 *                                   65-byte node   201-byte leaf
 *   merkle_leaf, merkle_node (OpenSSL)      10.4             5.7
 *   here                                    19              11
 *
 * Only x86-64 with SHA-NI is served, found at run time; on every other processor hash_many.c uses
 * merkle_leaf and merkle_node. OpenSSL stays the judge: tests/proof/test_sha256_pair.c compares
 * with it over all lengths, and everything that is written (tiles, heads, checkpoints) is still
 * hashed by merkle.c. A receipt's hashes come from here, but no receipt is given out before
 * merkle.c has verified it.
 */
#ifndef PROOF_SHA256_PAIR_H
#define PROOF_SHA256_PAIR_H

#include "hash_many.h"

/* out[i] = SHA-256(0x00 || leaves[i]). */
void sha256_pair_leaves(hash *out, const leaf_data *leaves, size_t count);
/* out[i] = SHA-256(0x01 || child 2i || child 2i + 1), of 2 * count children that stand together;
   `out` does not overlap them. */
void sha256_pair_nodes(hash *out, const uint8_t *children, size_t count);

/* Whether this processor is served; the others are only called if so. */
bool sha256_pair_available(void);

#endif
