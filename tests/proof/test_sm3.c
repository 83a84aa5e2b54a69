/*
 * proof: SM3 as the standard's examples have it (GM/T 0004-2012 appendix A), and as OpenSSL has it
 * for every length and however the message comes in parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "sm3.h"

enum { LENGTH_MAX = 400, LONG_SIZE = 100003 };

static void hash_in_parts(uint8_t out[SM3_SIZE], const uint8_t *data, size_t size, size_t part)
{
    sm3_state s;
    sm3_start(&s);
    for (size_t at = 0; at < size; at += part)
        sm3_add(&s, data + at, size - at < part ? size - at : part);
    sm3_end(out, &s);
}

static void the_standards_examples(void **state)
{
    static const struct {
        const char *message, *digest;
    } examples[] = {{"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
                    {"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
                     "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"}};
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t digest[SM3_SIZE];
        char hex[2 * SM3_SIZE + 1];
        const char *message = examples[i].message;
        hash_in_parts(digest, (const uint8_t *)message, strlen(message), LONG_SIZE);
        for (size_t b = 0; b < SM3_SIZE; b++)
            snprintf(hex + 2 * b, 3, "%02x", digest[b]);
        assert_string_equal(hex, examples[i].digest);
    }
}

static void as_openssl(void **state)
{
    static uint8_t data[LONG_SIZE];
    static const size_t parts[] = {1, 7, 55, 56, 63, 64, 65, 128, LONG_SIZE};
    uint8_t got[SM3_SIZE], want[EVP_MAX_MD_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * i + (i >> 8));
    for (size_t size = 0; size <= LENGTH_MAX + 1; size++) {
        size_t length = size <= LENGTH_MAX ? size : LONG_SIZE;
        assert_int_equal(EVP_Digest(data, length, want, NULL, EVP_sm3(), NULL), 1);
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            hash_in_parts(got, data, length, parts[p]);
            assert_memory_equal(got, want, sizeof got);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_examples),
        cmocka_unit_test(as_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
