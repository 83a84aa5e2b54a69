/*
 * proof/hash_lanes.h: many messages through a few lanes, for code that hashes one block of each
 * lane at a time (sha256_pair.c, sm3_lanes.c). A lane that has finished its message takes the next
 * one at once, so that messages of unequal length cost nothing.
 *
 * A message is a prefix byte and data. SHA-256 and SM3 cut it into blocks and pad it alike: 80,
 * zeros, the length in bits as u64 BE. Only the first and the last blocks are copied, to put the
 * prefix before the data and the padding behind it; those between are read where they stand.
 */
#ifndef PROOF_HASH_LANES_H
#define PROOF_HASH_LANES_H

#include <string.h>

#include "hash_many.h"

enum { LANE_BLOCK_SIZE = 64, LANE_LENGTH_SIZE = 8 };

typedef struct hash_lane {
    const uint8_t *data;
    size_t size; /* of data; the message is the prefix and data */
    size_t block, blocks;
    hash *out;
    _Alignas(16) uint8_t copy[LANE_BLOCK_SIZE];
} hash_lane;

/* The messages, and how many of them are in the lanes already. */
typedef struct lane_messages {
    uint8_t prefix;
    size_t count, taken;
    const leaf_data *leaves; /* NULL: nodes */
    const uint8_t *children;
    hash *out;
    hash ignored; /* of a lane that has nothing left to do while another still has */
} lane_messages;

static inline void lane_start(hash_lane *l, hash *out, const uint8_t *data, size_t size)
{
    l->data = data;
    l->size = size;
    l->block = 0;
    l->blocks = (1 + size + 1 + LANE_LENGTH_SIZE + LANE_BLOCK_SIZE - 1) / LANE_BLOCK_SIZE;
    l->out = out;
}

static inline void lane_take_next(hash_lane *l, lane_messages *m)
{
    static const uint8_t none[1];
    size_t i = m->taken;
    if (i == m->count) {
        lane_start(l, &m->ignored, none, 0);
        return;
    }
    if (m->leaves != NULL)
        lane_start(l, &m->out[i], m->leaves[i].data, m->leaves[i].size);
    else
        lane_start(l, &m->out[i], m->children + i * 2 * HASH_SIZE, 2 * HASH_SIZE);
    m->taken++;
}

/* The lane's present block: where it stands, or put together in the lane. */
static inline const uint8_t *lane_block(hash_lane *l, uint8_t prefix)
{
    size_t total = 1 + l->size;
    size_t offset = l->block * LANE_BLOCK_SIZE;
    if (l->block > 0 && offset + LANE_BLOCK_SIZE <= total)
        return l->data + offset - 1;
    if (l->block == 0 && total >= LANE_BLOCK_SIZE) { /* apart: a copy of fixed size is quick */
        l->copy[0] = prefix;
        memcpy(l->copy + 1, l->data, LANE_BLOCK_SIZE - 1);
        return l->copy;
    }
    memset(l->copy, 0, sizeof l->copy);
    if (l->block == 0) {
        l->copy[0] = prefix;
        if (l->size > 0)
            memcpy(l->copy + 1, l->data, l->size);
    } else if (total > offset) {
        memcpy(l->copy, l->data + offset - 1, total - offset);
    }
    if (total >= offset)
        l->copy[total - offset] = 0x80;
    if (l->block + 1 == l->blocks) {
        uint64_t bits = __builtin_bswap64((uint64_t)total * 8);
        memcpy(l->copy + LANE_BLOCK_SIZE - LANE_LENGTH_SIZE, &bits, sizeof bits);
    }
    return l->copy;
}

#endif
