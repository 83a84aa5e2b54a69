/*
 * proof/hash_many.h: leaf hashes and interior hashes of a Merkle tree, many at a time, by either
 * hash. The same as merkle_leaf and merkle_node one by one, and faster where the processor allows
 * (sha256_pair.h, sm3_lanes.h).
 */
#ifndef PROOF_HASH_MANY_H
#define PROOF_HASH_MANY_H

#include "merkle.h"

typedef struct leaf_data {
    const uint8_t *data;
    size_t size;
} leaf_data;

/* out[i] = H(0x00 || leaves[i]). */
void hash_many_leaves(hash *out, hash_kind kind, const leaf_data *leaves, size_t count);
/* out[i] = H(0x01 || child 2i || child 2i + 1), of 2 * count children that stand together; `out`
   does not overlap them. */
void hash_many_nodes(hash *out, hash_kind kind, const uint8_t *children, size_t count);

#endif
