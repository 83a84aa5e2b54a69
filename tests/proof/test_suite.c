/*
 * proof: signatures of both suites. SM2: the example of GM/T 0003.5-2012 annex A (GB/T 32918.5-2016
 * annex A), which only verifies with the identifier 1234567812345678. Ed25519: RFC 8032, 7.1
 * test 3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "suite.h"

typedef struct vector {
    const char *suite, *public_key, *signature, *message;
} vector;

static const vector vectors[] = {
    {SUITE_ED25519, "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
     "\xaf\x82"},
    {SUITE_SM2,
     "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
     "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
     "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
     "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
     "message digest"},
};

typedef struct sample {
    const suite *suite;
    uint8_t public_key[PUBLIC_KEY_MAX];
    uint8_t signature[SUITE_SIGNATURE_MAX + 8];
    size_t signature_size;
    const char *message;
} sample;

static size_t from_hex(uint8_t *out, size_t room, const char *hex)
{
    size_t size = strlen(hex) / 2;
    assert_true(size <= room);
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return size;
}

static sample take(size_t i)
{
    sample s = {.suite = suite_find(vectors[i].suite), .message = vectors[i].message};
    assert_non_null(s.suite);
    assert_int_equal(from_hex(s.public_key, sizeof s.public_key, vectors[i].public_key),
                     s.suite->public_key_size);
    s.signature_size = from_hex(s.signature, SUITE_SIGNATURE_MAX, vectors[i].signature);
    assert_true(s.signature_size <= s.suite->signature_max);
    return s;
}

static bool verifies(const sample *s)
{
    return suite_verify(s->suite, s->public_key, s->message, strlen(s->message), s->signature,
                        s->signature_size);
}

static void the_standards_signatures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        sample s = take(i);
        assert_true(verifies(&s));
    }
}

static void no_bit_can_be_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        sample s = take(i);
        for (size_t bit = 0; bit < 8 * s.signature_size; bit++) {
            s.signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_false(verifies(&s));
            s.signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t bit = 0; bit < 8 * s.suite->public_key_size; bit++) {
            s.public_key[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_false(verifies(&s));
            s.public_key[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        s.message = "message digesu";
        assert_false(verifies(&s));
    }
}

static void no_other_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        sample s = take(i);
        size_t size = s.signature_size;
        for (s.signature_size = 0; s.signature_size < size + 8; s.signature_size++)
            assert_int_equal(verifies(&s), s.signature_size == size);
    }
}

/* 06 and 07 before x and y, which OpenSSL would read as the same point, and r with a zero too many:
   one key and one signature must not have two spellings. */
static void one_encoding(void **state)
{
    (void)state;
    sample s = take(1);
    s.public_key[0] = (uint8_t)(0x06 | (s.public_key[64] & 1));
    assert_false(verifies(&s));
    s = take(1);
    s.signature[0] = 0x31; /* a SET of r and s */
    assert_false(verifies(&s));
    s = take(1);
    memmove(s.signature + 3, s.signature + 2, s.signature_size - 2);
    s.signature[1] = 0x81; /* the long form of the length */
    s.signature[2] = 0x46;
    s.signature_size++;
    assert_false(verifies(&s));
}

/* By OpenSSL's command line over the same message with the same key: with the empty identifier,
   which it takes when it is told none, and with that of an example of the standard's first version.
 */
static void another_identifier(void **state)
{
    static const char *const others[] = {
        "3046022100bfcf343bc64a95bfcd46a899e00478af7af2f94663d21456306df3976da8b82e"
        "022100dd5e11b79d0aea1e33744d098bb0d293ebd8c10f140aaa6dd291ca883ae925d9",
        "304402204c166b1f0cdf6500a92efd672b163181cefc5e144ba775f91a0c48ead39c9507"
        "02204ae326421039fd85b3a490f8e78f2950d57ad050dca0f76d72ab1de6914d8db3"};
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        sample s = take(1);
        s.signature_size = from_hex(s.signature, SUITE_SIGNATURE_MAX, others[i]);
        assert_false(verifies(&s));
    }
}

static void unknown_suites(void **state)
{
    (void)state;
    assert_null(suite_find(""));
    assert_null(suite_find("sm2"));
    assert_null(suite_find("sm2-sm3 "));
    assert_string_equal(suite_find(SUITE_SM2)->name, SUITE_SM2);
    assert_int_equal(suite_find(SUITE_SM2)->hash, HASH_SM3);
    assert_int_equal(suite_find(SUITE_ED25519)->hash, HASH_SHA256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_signatures), cmocka_unit_test(no_bit_can_be_changed),
        cmocka_unit_test(no_other_length),          cmocka_unit_test(one_encoding),
        cmocka_unit_test(another_identifier),       cmocka_unit_test(unknown_suites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
