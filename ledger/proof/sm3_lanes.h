/*
 * proof/sm3_lanes.h: SM3 of many leaves or nodes of a Merkle tree, eight at a time.
 *
 * No processor has instructions for SM3 that OpenSSL 3.0 would use, but independent messages fit
 * side by side into wide registers. Measured on one core of an EPYC, millions a second:
 *
 *                                   65-byte node   201-byte leaf
 *   merkle_leaf, merkle_node (sm3.c)         2.5             1.3
 *   here                                     7.9             4.4
 *
 * Only x86-64 with AVX2 is served, found at run time; on every other processor hash_many.c uses
 * merkle_leaf and merkle_node. tests/proof/test_hash_many.c compares with OpenSSL.
 */
#ifndef PROOF_SM3_LANES_H
#define PROOF_SM3_LANES_H

#include "hash_many.h"

enum { SM3_LANES = 8 };

/* out[i] = SM3(0x00 || leaves[i]). */
void sm3_lanes_leaves(hash *out, const leaf_data *leaves, size_t count);
/* out[i] = SM3(0x01 || child 2i || child 2i + 1), as hash_many_nodes. */
void sm3_lanes_nodes(hash *out, const uint8_t *children, size_t count);

/* Whether this processor is served; the others are only called if so. */
bool sm3_lanes_available(void);

#endif
