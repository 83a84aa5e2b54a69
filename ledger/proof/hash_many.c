/*
 * proof/hash_many.c: see hash_many.h.
 */
#include "hash_many.h"

#include <string.h>

#include "sha256_pair.h"

void hash_many_leaves(hash *out, hash_kind kind, const leaf_data *leaves, size_t count)
{
    if (kind == HASH_SHA256 && sha256_pair_available()) {
        sha256_pair_leaves(out, leaves, count);
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
    for (size_t i = 0; i < count; i++) {
        hash pair[2];
        memcpy(pair, children + i * sizeof pair, sizeof pair);
        merkle_node(&out[i], kind, &pair[0], &pair[1]);
    }
}
