/*
 * proof/sm3.h: SM3 (GM/T 0004-2012, GB/T 32905-2016), the hash of the suite sm2-sm3.
 *
 * OpenSSL 3 gives SM3 only through EVP, whose contexts are allocated and can fail; the hashes of a
 * tree cannot fail and share nothing between threads. So the function stands here, and OpenSSL
 * stays its judge: tests/proof/test_sm3.c compares with it over all lengths, beside the standard's
 * own examples.
 */
#ifndef PROOF_SM3_H
#define PROOF_SM3_H

#include <stddef.h>
#include <stdint.h>

enum { SM3_SIZE = 32, SM3_BLOCK_SIZE = 64 };

typedef struct sm3_state {
    uint32_t words[8];
    uint64_t size; /* bytes so far */
    uint8_t block[SM3_BLOCK_SIZE];
} sm3_state;

void sm3_start(sm3_state *s);
void sm3_add(sm3_state *s, const void *data, size_t size);
void sm3_end(uint8_t out[SM3_SIZE], sm3_state *s);

#endif
