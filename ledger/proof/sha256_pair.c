/*
 * proof/sha256_pair.c: see sha256_pair.h.
 *
 * Two lanes (hash_lanes.h) go through the compression function in step, one block of each.
 */
#include "sha256_pair.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#include "hash_lanes.h"

#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

enum { LANES = 2, ROUND_GROUPS = 16 };

/* The eight words of the state, in the order in which the instructions take them. */
typedef struct state {
    __m128i abef, cdgh;
} state;

typedef struct lane {
    state state;
    hash_lane message;
} lane;

static const uint32_t round_constants[4 * ROUND_GROUPS] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

bool sha256_pair_available(void)
{
    enum { UNKNOWN, NO, YES };
    static atomic_int answer = UNKNOWN; /* asking the processor is slow in a virtual machine */
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known == UNKNOWN) {
        unsigned a = 0, b = 0, c = 0, d = 0, a7 = 0, b7 = 0, c7 = 0, d7 = 0;
        bool yes = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSSE3) != 0 &&
                   (c & bit_SSE4_1) != 0 && __get_cpuid_count(7, 0, &a7, &b7, &c7, &d7) != 0 &&
                   (b7 & bit_SHA) != 0;
        known = yes ? YES : NO;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == YES;
}

/* Four rounds with the message words of `w`. */
WITH_SHA static inline __attribute__((always_inline)) void four_rounds(state *s, __m128i w,
                                                                       unsigned group)
{
    __m128i k = _mm_load_si128((const __m128i *)(const void *)&round_constants[4 * group]);
    __m128i sum = _mm_add_epi32(w, k);
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

/* The four message words that follow on those of w[0] to w[3], the latest last. */
WITH_SHA static inline __attribute__((always_inline)) __m128i next_words(__m128i w0, __m128i w1,
                                                                         __m128i w2, __m128i w3)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sum, w3);
}

WITH_SHA static inline __attribute__((always_inline)) __m128i load_words(const uint8_t *bytes)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)bytes), big_endian);
}

/* One block into each of two states. */
WITH_SHA static void compress_pair(state *first, const uint8_t *first_block, state *second,
                                   const uint8_t *second_block)
{
    state s = *first, t = *second;
    __m128i v[4], w[4];
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        v[i] = load_words(first_block + 16 * i);
        w[i] = load_words(second_block + 16 * i);
    }
#pragma GCC unroll 16
    for (unsigned i = 0; i < ROUND_GROUPS; i++) {
        four_rounds(&s, v[i % 4], i);
        four_rounds(&t, w[i % 4], i);
        if (i + 4 < ROUND_GROUPS) {
            v[i % 4] = next_words(v[i % 4], v[(i + 1) % 4], v[(i + 2) % 4], v[(i + 3) % 4]);
            w[i % 4] = next_words(w[i % 4], w[(i + 1) % 4], w[(i + 2) % 4], w[(i + 3) % 4]);
        }
    }
    first->abef = _mm_add_epi32(first->abef, s.abef);
    first->cdgh = _mm_add_epi32(first->cdgh, s.cdgh);
    second->abef = _mm_add_epi32(second->abef, t.abef);
    second->cdgh = _mm_add_epi32(second->cdgh, t.cdgh);
}

WITH_SHA static void write_hash(hash *out, const state *s)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i abef = _mm_shuffle_epi32(s->abef, 0x1B); /* a first in memory */
    __m128i ghcd = _mm_shuffle_epi32(s->cdgh, 0xB1);
    __m128i abcd = _mm_blend_epi16(abef, ghcd, 0xF0);
    __m128i efgh = _mm_alignr_epi8(ghcd, abef, 8);
    _mm_storeu_si128((__m128i *)(void *)out->bytes, _mm_shuffle_epi8(abcd, big_endian));
    _mm_storeu_si128((__m128i *)(void *)(out->bytes + 16), _mm_shuffle_epi8(efgh, big_endian));
}

WITH_SHA static void take_next(lane *l, lane_messages *m)
{
    l->state.abef =
        _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c); /* a b e f */
    l->state.cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
    lane_take_next(&l->message, m);
}

static void hash_messages(lane_messages *m)
{
    lane lanes[LANES];
    size_t left = m->count;
    for (unsigned i = 0; i < LANES; i++)
        take_next(&lanes[i], m);
    while (left > 0) {
        const uint8_t *first = lane_block(&lanes[0].message, m->prefix);
        const uint8_t *second = lane_block(&lanes[1].message, m->prefix);
        compress_pair(&lanes[0].state, first, &lanes[1].state, second);
        for (unsigned i = 0; i < LANES; i++) {
            hash_lane *l = &lanes[i].message;
            if (++l->block < l->blocks)
                continue;
            write_hash(l->out, &lanes[i].state);
            left -= l->out != &m->ignored;
            take_next(&lanes[i], m);
        }
    }
}

void sha256_pair_leaves(hash *out, const leaf_data *leaves, size_t count)
{
    lane_messages m = {.prefix = 0x00, .count = count, .leaves = leaves, .out = out};
    hash_messages(&m);
}

void sha256_pair_nodes(hash *out, const uint8_t *children, size_t count)
{
    lane_messages m = {.prefix = 0x01, .count = count, .children = children, .out = out};
    hash_messages(&m);
}

#else

bool sha256_pair_available(void)
{
    return false;
}

/* Never called, but the linker wants them: they do the right thing all the same. */
void sha256_pair_leaves(hash *out, const leaf_data *leaves, size_t count)
{
    for (size_t i = 0; i < count; i++)
        merkle_leaf(&out[i], HASH_SHA256, leaves[i].data, leaves[i].size);
}

void sha256_pair_nodes(hash *out, const uint8_t *children, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hash pair[2];
        memcpy(pair, children + i * sizeof pair, sizeof pair);
        merkle_node(&out[i], HASH_SHA256, &pair[0], &pair[1]);
    }
}

#endif
