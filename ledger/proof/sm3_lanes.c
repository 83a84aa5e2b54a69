/*
 * proof/sm3_lanes.c: see sm3_lanes.h. The rounds are those of sm3.c, on eight words where that has
 * one: word l of each belongs to lane l.
 */
#include "sm3_lanes.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include "hash_lanes.h"

#define WITH_AVX2 __attribute__((target("avx2")))
#define INLINE WITH_AVX2 inline __attribute__((always_inline))

enum { ROUNDS = 64, RING = 16, STATE = 8 };

typedef uint32_t words __attribute__((vector_size(4 * SM3_LANES)));

bool sm3_lanes_available(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}

static INLINE words rotate(words x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* The constant of round j. */
static inline uint32_t constant(unsigned j)
{
    uint32_t t = j < 16 ? 0x79cc4519 : 0x7a879d8a;
    return t << (j & 31) | t >> ((32 - j) & 31);
}

/* The message words w[j], in place of w[j - 16]. The first 16 are there from the beginning. */
static INLINE words next_words(words ring[RING], unsigned j)
{
    words *at = &ring[j % RING];
    if (j >= RING) {
        words x = *at ^ ring[(j + 7) % RING] ^ rotate(ring[(j + 13) % RING], 15);
        *at = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(ring[(j + 3) % RING], 7) ^
              ring[(j + 10) % RING];
    }
    return *at;
}

static INLINE void one_round(words s[STATE], words ring[RING], unsigned j)
{
    words *a = &s[(0U - j) % 4], *b = &s[(1U - j) % 4], *c = &s[(2U - j) % 4];
    words *d = &s[(3U - j) % 4], *e = a + 4, *f = b + 4, *g = c + 4, *h = d + 4;
    words w = ring[j % RING];
    words a12 = rotate(*a, 12);
    words ss1 = rotate(a12 + *e + constant(j), 7);
    words ff = j < 16 ? *a ^ *b ^ *c : (*a & *b) | (*c & (*a | *b));
    words gg = j < 16 ? *e ^ *f ^ *g : *g ^ (*e & (*f ^ *g));
    words tt2 = *h + gg + ss1 + w;
    *d += ff + (ss1 ^ a12) + (w ^ next_words(ring, j + 4));
    *h = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17);
    *b = rotate(*b, 9);
    *f = rotate(*f, 19);
}

/* One block into the state of each lane. */
WITH_AVX2 static void compress(words v[STATE], const uint8_t *const blocks[SM3_LANES])
{
    words ring[RING], s[STATE];
    uint32_t turned[RING][SM3_LANES];
    for (unsigned l = 0; l < SM3_LANES; l++) {
        uint32_t block[RING];
        memcpy(block, blocks[l], sizeof block);
        for (unsigned j = 0; j < RING; j++)
            turned[j][l] = __builtin_bswap32(block[j]);
    }
    memcpy(ring, turned, sizeof ring);
    memcpy(s, v, sizeof s);
#pragma GCC unroll 64
    for (unsigned j = 0; j < ROUNDS; j++)
        one_round(s, ring, j);
    for (unsigned i = 0; i < STATE; i++)
        v[i] ^= s[i];
}

/* Lane l's hash out of the state, and its state for the next message. */
WITH_AVX2 static void end_message(uint32_t state[STATE][SM3_LANES], unsigned l, hash *out)
{
    static const uint32_t first[STATE] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                          0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
    for (unsigned i = 0; i < STATE; i++) {
        uint32_t word = __builtin_bswap32(state[i][l]);
        memcpy(out->bytes + 4 * i, &word, sizeof word);
        state[i][l] = first[i];
    }
}

WITH_AVX2 static void hash_messages(lane_messages *m)
{
    union {
        words all[STATE];
        uint32_t of[STATE][SM3_LANES];
    } state = {0};
    hash_lane lanes[SM3_LANES];
    const uint8_t *blocks[SM3_LANES];
    size_t left = m->count;
    for (unsigned l = 0; l < SM3_LANES; l++) {
        end_message(state.of, l, &m->ignored); /* for the beginning of the next */
        lane_take_next(&lanes[l], m);
    }
    while (left > 0) {
        for (unsigned l = 0; l < SM3_LANES; l++)
            blocks[l] = lane_block(&lanes[l], m->prefix);
        compress(state.all, blocks);
        for (unsigned l = 0; l < SM3_LANES; l++) {
            if (++lanes[l].block < lanes[l].blocks)
                continue;
            end_message(state.of, l, lanes[l].out);
            left -= lanes[l].out != &m->ignored;
            lane_take_next(&lanes[l], m);
        }
    }
}

void sm3_lanes_leaves(hash *out, const leaf_data *leaves, size_t count)
{
    lane_messages m = {.prefix = 0x00, .count = count, .leaves = leaves, .out = out};
    hash_messages(&m);
}

void sm3_lanes_nodes(hash *out, const uint8_t *children, size_t count)
{
    lane_messages m = {.prefix = 0x01, .count = count, .children = children, .out = out};
    hash_messages(&m);
}

#else

bool sm3_lanes_available(void)
{
    return false;
}

/* Never called, but the linker wants them: they do the right thing all the same. */
void sm3_lanes_leaves(hash *out, const leaf_data *leaves, size_t count)
{
    for (size_t i = 0; i < count; i++)
        merkle_leaf(&out[i], HASH_SM3, leaves[i].data, leaves[i].size);
}

void sm3_lanes_nodes(hash *out, const uint8_t *children, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const hash *pair = (const hash *)(const void *)(children + i * 2 * HASH_SIZE);
        merkle_node(&out[i], HASH_SM3, &pair[0], &pair[1]);
    }
}

#endif
