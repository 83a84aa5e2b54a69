/*
 * proof: signed notes, verifier keys and base64. Small cases of our own; the public vectors are in
 * test_shared_vectors.c. The keys are the ones of the specification's and of Go's examples.
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

#include "note.h"

#define DASH "\xe2\x80\x94 "
#define PETER "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT                                                                                       \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define PETER_BASE64                                                                               \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
#define ENOCH_BASE64                                                                               \
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ="
#define PETER_LINE DASH "PeterNeumann " PETER_BASE64 "\n"
#define ENOCH_LINE DASH "EnochRoot " ENOCH_BASE64 "\n"

/* Parses and verifies with up to two keys; NULL when the note is accepted. */
static const char *open_note(bool verified[2], const char *bytes, size_t size, const char *key1,
                             const char *key2)
{
    note_key keys[2];
    size_t count = 0;
    if (key1)
        assert_null(note_key_parse(&keys[count++], key1));
    if (key2)
        assert_null(note_key_parse(&keys[count++], key2));
    note n;
    const char *reason = note_parse(&n, bytes, size);
    return reason ? reason : note_verify(verified, NULL, &n, keys, count);
}

static void assert_refused(const char *bytes, const char *reason)
{
    bool verified[2];
    const char *got = open_note(verified, bytes, strlen(bytes), PETER, NULL);
    assert_non_null(got);
    if (!strstr(got, reason))
        fail_msg("refused for \"%s\", expected \"%s\"", got, reason);
}

static void accepts(void **state)
{
    (void)state;
    static const char both[] = TEXT "\n" PETER_LINE ENOCH_LINE;
    bool verified[2];
    assert_null(open_note(verified, both, sizeof both - 1, PETER, NULL));
    assert_true(verified[0]);
    assert_null(open_note(verified, both, sizeof both - 1, PETER, ENOCH));
    assert_true(verified[0] && verified[1]);
    /* the order of the keys is the caller's */
    static const char one[] = TEXT "\n" PETER_LINE;
    assert_null(open_note(verified, one, sizeof one - 1, ENOCH, PETER));
    assert_true(!verified[0] && verified[1]);
    note n;
    assert_null(note_parse(&n, both, sizeof both - 1));
    assert_int_equal(n.text_size, strlen(TEXT));
    assert_int_equal(n.signature_count, 2);
    assert_int_equal(n.signatures[1].id, 0xaf0cfe78);
    assert_int_equal(n.signatures[1].size, 64);
}

static void every_bit_counts(void **state)
{
    (void)state;
    char bytes[] = TEXT "\n" PETER_LINE;
    bool verified[2];
    for (size_t bit = 0; bit < 8 * (sizeof bytes - 1); bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << (bit % 8));
        assert_non_null(open_note(verified, bytes, sizeof bytes - 1, PETER, NULL));
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << (bit % 8));
    }
    for (size_t size = 0; size < sizeof bytes - 1; size++)
        assert_non_null(open_note(verified, bytes, size, PETER, NULL));
}

static void refuses(void **state)
{
    (void)state;
    assert_refused("", "no empty line");
    assert_refused(TEXT, "no empty line");
    assert_refused(TEXT "\n", "no signature follows");
    assert_refused(TEXT "\n" PETER_LINE "\n", "no signature follows");
    assert_refused(TEXT "\n" DASH "PeterNeumann " PETER_BASE64, "no line end");
    assert_refused(TEXT "\n" PETER_LINE "another line\n", "em dash");
    assert_refused(TEXT "\n- PeterNeumann " PETER_BASE64 "\n", "em dash");
    assert_refused(TEXT "\n" DASH "PeterNeumann\n", "no space");
    assert_refused(TEXT "\n" DASH " " PETER_BASE64 "\n", "name is empty");
    assert_refused(TEXT "\n" DASH "Peter Neumann " PETER_BASE64 "\n", "base64");
    assert_refused(TEXT "\n" DASH "Peter\xe3\x80\x80Neumann " PETER_BASE64 "\n", "space in it");
    assert_refused(TEXT "\n" DASH "Peter+Neumann " PETER_BASE64 "\n", "plus");
    assert_refused(TEXT "\n" DASH "PeterNeumann  " PETER_BASE64 "\n", "base64");
    assert_refused(TEXT "\n" DASH "PeterNeumann " PETER_BASE64 " \n", "base64");
    assert_refused(TEXT "\n" DASH "PeterNeumann x08gow==\n", "too short");
    assert_refused(TEXT "\n" DASH "PeterNeumann \n", "too short");
    assert_refused("a\tb\n\n" PETER_LINE, "control");
    assert_refused("a\rb\n\n" PETER_LINE, "control");
    assert_refused("a\xc0\xaf\n\n" PETER_LINE, "UTF-8");         /* overlong */
    assert_refused("a\xed\xa0\x80\n\n" PETER_LINE, "UTF-8");     /* surrogate */
    assert_refused("a\xf4\x90\x80\x80\n\n" PETER_LINE, "UTF-8"); /* above U+10FFFF */
    assert_refused("a\xe2\x80", "UTF-8");                        /* cut off */
    assert_refused(TEXT "\n" ENOCH_LINE, "by a given key");
    assert_refused("another text\n\n" PETER_LINE, "does not verify");
    bool verified[2];
    static const char nul[] = "a\0b\n\n" PETER_LINE;
    assert_non_null(open_note(verified, nul, sizeof nul - 1, PETER, NULL));
}

/* The same base64 with a bit set that no byte holds: Go accepts it, we do not. */
static void refuses_loose_base64(void **state)
{
    (void)state;
    assert_refused(TEXT "\n" DASH
                        "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZS"
                        "NXgKvqfqdngotpRZb6KE6RyyBwJnAN=\n",
                   "base64");
}

/* An empty line may stand in the text; the last one parts text and signatures. */
static void splits_at_the_last_empty_line(void **state)
{
    (void)state;
    static const char bytes[] = "a\n\n" PETER_LINE "b\n\n" ENOCH_LINE;
    note n;
    assert_null(note_parse(&n, bytes, sizeof bytes - 1));
    assert_int_equal(n.signature_count, 1);
    assert_memory_equal(n.signatures[0].name, "EnochRoot", 9);
    assert_int_equal(n.text_size, strlen("a\n\n" PETER_LINE "b\n"));
}

/* A second signature of a known key has to hold too; the second line here is the first with
   another signature. */
static void second_signature(void **state)
{
    (void)state;
    bool verified[2];
    static const char twice[] = TEXT "\n" PETER_LINE PETER_LINE;
    assert_null(open_note(verified, twice, sizeof twice - 1, PETER, NULL));
    assert_refused(TEXT "\n" PETER_LINE DASH
                        "PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZIABCDnNIuGUgYN1FFYC"
                        "2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
                   "does not verify");
}

static void ambiguous_keys(void **state)
{
    (void)state;
    bool verified[2];
    static const char bytes[] = TEXT "\n" PETER_LINE;
    assert_non_null(open_note(verified, bytes, sizeof bytes - 1, PETER, PETER));
    assert_non_null(open_note(verified, bytes, sizeof bytes - 1, NULL, NULL));
}

/* Repeats a signature line of an unknown key after the real one. */
static const char *with_lines(size_t count)
{
    static char bytes[64 * 1024];
    size_t at = (size_t)snprintf(bytes, sizeof bytes, "%s", TEXT "\n" PETER_LINE);
    for (size_t i = 1; i < count; i++)
        at += (size_t)snprintf(bytes + at, sizeof bytes - at, "%s", ENOCH_LINE);
    bool verified[2];
    return open_note(verified, bytes, at, PETER, NULL);
}

static void limits(void **state)
{
    (void)state;
    assert_null(with_lines(NOTE_SIGNATURES_MAX));
    assert_non_null(strstr(with_lines(NOTE_SIGNATURES_MAX + 1), "more than 100"));
    char *big = calloc(1, NOTE_MAX + 1);
    assert_non_null(big);
    note n;
    assert_non_null(strstr(note_parse(&n, big, NOTE_MAX + 1), "1 MiB"));
    free(big);
}

/* A long signature of an unknown kind (ML-DSA-44 has 2420 bytes) is ignored, not refused. */
static void long_signature(void **state)
{
    (void)state;
    uint8_t raw[4 + 2420] = {0xde, 0xad, 0xbe, 0xef};
    char base64[4096];
    assert_int_not_equal(base64_encode(base64, sizeof base64, raw, sizeof raw), 0);
    char bytes[8192];
    int size =
        snprintf(bytes, sizeof bytes, "%s" DASH "someone %s\n", TEXT "\n" PETER_LINE, base64);
    bool verified[2];
    assert_null(open_note(verified, bytes, (size_t)size, PETER, NULL));
    note n;
    assert_null(note_parse(&n, bytes, (size_t)size));
    assert_int_equal(n.signatures[1].id, 0xdeadbeef);
    assert_int_equal(n.signatures[1].size, 0);
}

static void keys(void **state)
{
    (void)state;
    note_key key;
    assert_null(note_key_parse(
        &key, "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"));
    assert_string_equal(key.name, "sum.golang.org");
    assert_int_equal(key.id, 0x033de0ae);
    assert_int_equal(key.type, NOTE_KEY_TYPE_ED25519);
    char out[NOTE_VKEY_MAX];
    assert_string_equal(note_vkey_format(out, sizeof out, &key),
                        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8");
    assert_null(note_key_parse(
        &key, "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"));
    assert_int_equal(key.type, NOTE_KEY_TYPE_COSIGNATURE);
    static const char *const bad[] = {
        "",
        "+",
        "++",
        "sum.golang.org",
        "sum.golang.org+033de0ae",
        "sum.golang.org+033de0ae+",
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+33de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+0x3de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\n",
        "sum golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        /* right id, but an ECDSA key */
        ("pixel_transparency_log+72c878db+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFPN7lzVIk2BOd3Nk33Vp"
         "qqVttGwV8uChH+RX/HVfBiypVQFyh8o8Ny6fSdxNMgkSf9/VynrgADBeys0r4Q9uPA="),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(note_key_parse(&key, bad[i]));
}

/* Go's known answer: the seed of "PeterNeumann" must sign to exactly the line above. */
static void signs_known_answer(void **state)
{
    (void)state;
    uint8_t skey[33];
    static const char encoded[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    assert_int_equal(base64_decode(skey, sizeof skey, encoded, strlen(encoded)), 33);
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, skey + 1, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &size, (const uint8_t *)TEXT, strlen(TEXT)),
                     1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    note_key peter;
    assert_null(note_key_parse(&peter, PETER));
    char line[256];
    size_t written = note_signature_line(line, sizeof line, &peter, signature, sizeof signature);
    assert_int_equal(written, strlen(PETER_LINE));
    assert_string_equal(line, PETER_LINE);
    assert_int_equal(
        note_signature_line(line, strlen(PETER_LINE), &peter, signature, sizeof signature), 0);
}

static void base64(void **state)
{
    (void)state;
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const coded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < 7; i++) {
        char text[16];
        uint8_t bytes[16];
        assert_int_equal(base64_encode(text, sizeof text, plain[i], i), strlen(coded[i]));
        assert_string_equal(text, coded[i]);
        assert_int_equal(base64_decode(bytes, sizeof bytes, text, strlen(text)), i);
        assert_memory_equal(bytes, plain[i], i);
        assert_int_equal(base64_decode(NULL, 0, text, strlen(text)), i);
    }
    static const char *const bad[] = {
        "Z",    "Zg",    "Zg=",  "Zh==", "Zm9=",   "Z===",   "====", "=m9v",
        "Zm=v", "Zm9v=", "Zm-v", "Zm_v", "Zg==\n", "Zm9v\n", " Zm9", "Zg==Zg=="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t bytes[16];
        assert_true(base64_decode(bytes, sizeof bytes, bad[i], strlen(bad[i])) == SIZE_MAX);
    }
    uint8_t two[2];
    assert_true(base64_decode(two, sizeof two, "Zm9v", 4) == SIZE_MAX);
    char four[4];
    assert_int_equal(base64_encode(four, sizeof four, "foo", 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_loose_base64),
        cmocka_unit_test(splits_at_the_last_empty_line),
        cmocka_unit_test(second_signature),
        cmocka_unit_test(ambiguous_keys),
        cmocka_unit_test(limits),
        cmocka_unit_test(long_signature),
        cmocka_unit_test(keys),
        cmocka_unit_test(signs_known_answer),
        cmocka_unit_test(base64),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
