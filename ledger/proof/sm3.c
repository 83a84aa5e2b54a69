/*
 * proof/sm3.c: see sm3.h. Names are those of the standard, section 5.3.
 */
#include "sm3.h"

#include <string.h>

enum { ROUNDS = 64, LENGTH_SIZE = 8 };

static inline uint32_t rotate(uint32_t x, unsigned n)
{
    n &= 31;
    return x << n | x >> ((32 - n) & 31);
}

static inline uint32_t p0(uint32_t x)
{
    return x ^ rotate(x, 9) ^ rotate(x, 17);
}

static inline uint32_t p1(uint32_t x)
{
    return x ^ rotate(x, 15) ^ rotate(x, 23);
}

static inline uint32_t load_word(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return __builtin_bswap32(word);
}

/* The message words w[0] to w[67]; w'[j] is w[j] ^ w[j + 4]. */
static void expand(uint32_t w[ROUNDS + 4], const uint8_t *block)
{
#pragma GCC unroll 16
    for (unsigned j = 0; j < 16; j++)
        w[j] = load_word(block + 4 * j);
#pragma GCC unroll 4
    for (unsigned j = 16; j < ROUNDS + 4; j++)
        w[j] = p1(w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)) ^ rotate(w[j - 13], 7) ^ w[j - 6];
}

static void compress(uint32_t v[8], const uint8_t *block)
{
    uint32_t w[ROUNDS + 4];
    uint32_t a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    expand(w, block);
#pragma GCC unroll 64
    for (unsigned j = 0; j < ROUNDS; j++) {
        uint32_t t = rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j);
        uint32_t ss1 = rotate(rotate(a, 12) + e + t, 7);
        uint32_t ss2 = ss1 ^ rotate(a, 12);
        uint32_t ff = j < 16 ? a ^ b ^ c : (a & b) | (c & (a | b));
        uint32_t gg = j < 16 ? e ^ f ^ g : g ^ (e & (f ^ g));
        uint32_t tt1 = ff + d + ss2 + (w[j] ^ w[j + 4]);
        uint32_t tt2 = gg + h + ss1 + w[j];
        d = c;
        c = rotate(b, 9);
        b = a;
        a = tt1;
        h = g;
        g = rotate(f, 19);
        f = e;
        e = p0(tt2);
    }
    v[0] ^= a;
    v[1] ^= b;
    v[2] ^= c;
    v[3] ^= d;
    v[4] ^= e;
    v[5] ^= f;
    v[6] ^= g;
    v[7] ^= h;
}

void sm3_start(sm3_state *s)
{
    static const uint32_t first[8] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                      0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
    memcpy(s->words, first, sizeof first);
    s->size = 0;
}

void sm3_add(sm3_state *s, const void *data, size_t size)
{
    const uint8_t *at = data;
    size_t held = (size_t)(s->size % SM3_BLOCK_SIZE);
    s->size += size;
    if (held > 0) {
        size_t part = SM3_BLOCK_SIZE - held;
        if (part > size)
            part = size;
        if (part > 0)
            memcpy(s->block + held, at, part);
        if (held + part < SM3_BLOCK_SIZE)
            return;
        compress(s->words, s->block);
        at += part;
        size -= part;
    }
    for (; size >= SM3_BLOCK_SIZE; size -= SM3_BLOCK_SIZE, at += SM3_BLOCK_SIZE)
        compress(s->words, at);
    if (size > 0)
        memcpy(s->block, at, size);
}

void sm3_end(uint8_t out[SM3_SIZE], sm3_state *s)
{
    static const uint8_t padding[SM3_BLOCK_SIZE] = {0x80};
    uint64_t bits = __builtin_bswap64(s->size * 8);
    size_t held = (size_t)(s->size % SM3_BLOCK_SIZE);
    size_t room = SM3_BLOCK_SIZE - LENGTH_SIZE;
    sm3_add(s, padding, held < room ? room - held : room + SM3_BLOCK_SIZE - held);
    sm3_add(s, &bits, sizeof bits);
    for (unsigned i = 0; i < 8; i++) {
        uint32_t word = __builtin_bswap32(s->words[i]);
        memcpy(out + 4 * i, &word, sizeof word);
    }
}
