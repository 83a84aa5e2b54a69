/*
 * proof: many hashes at a time are what OpenSSL gives for each, with either hash. On a processor
 * without SHA-NI, or without AVX2, they are made one by one; the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "hash_many.h"
#include "sha256_pair.h"
#include "sm3_lanes.h"

static hash_kind kind; /* of all hashes here */

enum { LENGTH_MAX = 300, LEAVES = 257, LANES_MAX = SM3_LANES };

static uint64_t random_state = 88172645463325252U;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* On the heap with nothing behind it, so that reading past its end is noticed. */
static uint8_t *random_bytes(size_t size)
{
    uint8_t *out = malloc(size > 0 ? size : 1);
    assert_non_null(out);
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(next_random() >> 32);
    return out;
}

static void assert_hash_of(const hash *got, uint8_t prefix, const uint8_t *data, size_t size)
{
    hash want;
    unsigned want_size = 0;
    uint8_t *message = malloc(size + 1);
    assert_non_null(message);
    message[0] = prefix;
    if (size > 0)
        memcpy(message + 1, data, size);
    assert_int_equal(EVP_Digest(message, size + 1, want.bytes, &want_size,
                                kind == HASH_SM3 ? EVP_sm3() : EVP_sha256(), NULL),
                     1);
    free(message);
    if (!hash_equal(got, &want))
        print_error("a message of %zu bytes after the prefix %u\n", size, prefix);
    assert_memory_equal(got->bytes, want.bytes, HASH_SIZE);
}

static void free_leaves(leaf_data *leaves, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)leaves[i].data);
}

static void every_length_in_every_lane(void **state)
{
    (void)state;
    bool ours = kind == HASH_SM3 ? sm3_lanes_available() : sha256_pair_available();
    print_message("hashed %s\n", ours ? "many at a time" : "one by one");
    for (size_t a = 0; a <= LENGTH_MAX; a++) {
        /* Lengths around every block's end, and some others. */
        for (size_t b = next_random() % 7; b <= LENGTH_MAX; b += 1 + next_random() % 7) {
            leaf_data leaves[LANES_MAX + 1];
            hash out[LANES_MAX + 1];
            size_t count = kind == HASH_SM3 ? SM3_LANES + 1 : 2;
            for (size_t i = 0; i < count; i++) {
                size_t size = i == a % count ? a : b;
                leaves[i] = (leaf_data){random_bytes(size), size};
            }
            hash_many_leaves(out, kind, leaves, count);
            for (size_t i = 0; i < count; i++)
                assert_hash_of(&out[i], 0x00, leaves[i].data, leaves[i].size);
            free_leaves(leaves, count);
        }
    }
}

static void any_number_of_leaves(void **state)
{
    static const size_t counts[] = {0, 1, 2, 3, 4, 7, 100, LEAVES - 1, LEAVES};
    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        leaf_data leaves[LEAVES];
        hash out[LEAVES + 1];
        memset(out, 0xA5, sizeof out);
        for (size_t i = 0; i < counts[c]; i++) {
            size_t size = (size_t)(next_random() % (i % 16 == 0 ? 65536 : 400));
            leaves[i] = (leaf_data){random_bytes(size), size};
        }
        hash_many_leaves(out, kind, leaves, counts[c]);
        for (size_t i = 0; i < counts[c]; i++)
            assert_hash_of(&out[i], 0x00, leaves[i].data, leaves[i].size);
        for (size_t i = 0; i < sizeof out[0]; i++) /* nothing behind the last */
            assert_int_equal(out[counts[c]].bytes[i], 0xA5);
        free_leaves(leaves, counts[c]);
    }
}

static void any_number_of_nodes(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 129; count++) {
        size_t size = count * 2 * HASH_SIZE;
        uint8_t *children = random_bytes(size);
        hash out[130];
        hash_many_nodes(out, kind, children, count);
        for (size_t i = 0; i < count; i++)
            assert_hash_of(&out[i], 0x01, children + i * 2 * HASH_SIZE, 2 * HASH_SIZE);
        free(children);
    }
}

/* The empty leaf: of RFC 6962's trees, from the page; with SM3, by Python's hashlib. */
static void the_empty_leaf(void **state)
{
    static const uint8_t want[2][HASH_SIZE] = {
        {0x6e, 0x34, 0x0b, 0x9c, 0xff, 0xb3, 0x7a, 0x98, 0x9c, 0xa5, 0x44,
         0xe6, 0xbb, 0x78, 0x0a, 0x2c, 0x78, 0x90, 0x1d, 0x3f, 0xb3, 0x37,
         0x38, 0x76, 0x85, 0x11, 0xa3, 0x06, 0x17, 0xaf, 0xa0, 0x1d},
        {0x2d, 0xae, 0xf6, 0x0e, 0x7a, 0x0b, 0x8f, 0x5e, 0x02, 0x4c, 0x81,
         0xcd, 0x2a, 0xb3, 0x10, 0x9f, 0x2b, 0x4f, 0x15, 0x5c, 0xf8, 0x3a,
         0xde, 0xb2, 0xae, 0x55, 0x32, 0xf7, 0x4a, 0x15, 0x7f, 0xdf}};
    hash out;
    leaf_data empty = {(const uint8_t *)"", 0};
    (void)state;
    hash_many_leaves(&out, kind, &empty, 1);
    assert_memory_equal(out.bytes, want[kind], HASH_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_in_every_lane),
        cmocka_unit_test(any_number_of_leaves),
        cmocka_unit_test(any_number_of_nodes),
        cmocka_unit_test(the_empty_leaf),
    };
    int failed = cmocka_run_group_tests_name("SHA-256", tests, NULL, NULL);
    kind = HASH_SM3;
    return failed + cmocka_run_group_tests_name("SM3", tests, NULL, NULL);
}
