/*
 * proof/hash_many.c: see hash_many.h.
 */
#include "hash_many.h"

#include <string.h>

#include "sha256_pair.h"
#include "sm3_lanes.h"

/* From so many messages on the lanes are worth their while. */
enum { SM3_LANES_MIN = SM3_LANES / 2 };

void hash_many_leaves(hash *out, hash_kind kind, const leaf_data *leaves, size_t count)
{
    if (kind == HASH_SHA256 && sha256_pair_available()) {
        sha256_pair_leaves(out, leaves, count);
        return;
    }
    if (kind == HASH_SM3 && count >= SM3_LANES_MIN && sm3_lanes_available()) {
        sm3_lanes_leaves(out, leaves, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        merkle_leaf(&out[i], kind, leaves[i].data, leaves[i].size);
}

void hash_many_nodes(hash *out, hash_kind kind, const uint8_t *children, size_t count)
{
    if (kind == HASH_SHA256 && sha256_pair_available()) {
        sha256_pair_nodes(out, children, count);
        return;
    }
    if (kind == HASH_SM3 && count >= SM3_LANES_MIN && sm3_lanes_available()) {
        sm3_lanes_nodes(out, children, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        hash pair[2];
        memcpy(pair, children + i * sizeof pair, sizeof pair);
        merkle_node(&out[i], kind, &pair[0], &pair[1]);
    }
}
