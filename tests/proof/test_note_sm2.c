/*
 * proof: notes under type ff with the identifier of SM2 and SM3, by the log of sm2_log/, which none
 * of our code made; and the standard's vectors of shared/vectors/sm, where they are there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "checkpoint.h"

static char vkey[NOTE_VKEY_MAX + 1];
static char note_bytes[4096];
static size_t note_size;

static size_t read_file(char *out, size_t room, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/proof/sm2_log/%s", TEST_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(out, 1, room - 1, file);
    out[size] = '\0';
    fclose(file);
    return size;
}

static int read_log(void **state)
{
    (void)state;
    size_t size = read_file(vkey, sizeof vkey, "vkey");
    vkey[size - 1] = '\0'; /* its line end */
    note_size = read_file(note_bytes, sizeof note_bytes, "checkpoint.3");
    return 0;
}

static const char *open_note(const char *bytes, size_t size, const note_key *key)
{
    static note n;
    bool verified = false;
    const char *reason = note_parse(&n, bytes, size);
    return reason != NULL ? reason : note_verify(&verified, NULL, &n, key, 1);
}

static void vkeys(void **state)
{
    note_key key, made;
    char out[NOTE_VKEY_MAX];
    (void)state;
    assert_null(note_key_parse(&key, vkey));
    assert_int_equal(key.type, NOTE_KEY_TYPE_LONG);
    assert_int_equal(note_key_hash(&key), HASH_SM3);
    assert_string_equal(note_vkey_format(out, sizeof out, &key), vkey);
    note_key_make(&made, NOTE_KEY_TYPE_LONG, "sm2.example/log", key.public_key);
    assert_memory_equal(&made, &key, sizeof key);
    assert_null(open_note(note_bytes, note_size, &key));
    /* The longest name, and room for it. */
    char name[NOTE_NAME_MAX + 1];
    memset(name, 'n', NOTE_NAME_MAX);
    name[NOTE_NAME_MAX] = '\0';
    note_key_make(&made, NOTE_KEY_TYPE_LONG, name, key.public_key);
    assert_null(note_key_parse(&key, note_vkey_format(out, sizeof out, &made)));
    assert_memory_equal(&made, &key, sizeof key);
}

/* The vkey with another third part, whose key id is right for it. */
static const char *parse_with(const uint8_t *bytes, size_t size)
{
    char text[NOTE_VKEY_MAX + 64], base64[256];
    note_key key;
    hash digest;
    uint8_t named[256] = "n\n";
    memcpy(named + 2, bytes, size);
    hash_of(&digest, HASH_SHA256, named, 2 + size);
    base64_encode(base64, sizeof base64, bytes, size);
    snprintf(text, sizeof text, "n+%02x%02x%02x%02x+%s", digest.bytes[0], digest.bytes[1],
             digest.bytes[2], digest.bytes[3], base64);
    return note_key_parse(&key, text);
}

static void bad_vkeys(void **state)
{
    enum { IDENTIFIER = sizeof NOTE_SM2_IDENTIFIER - 1, SIZE = 1 + IDENTIFIER + PUBLIC_KEY_MAX };
    uint8_t bytes[SIZE + 1] = {0xff}, spoilt[SIZE];
    note_key key;
    (void)state;
    assert_null(note_key_parse(&key, vkey));
    memcpy(bytes + 1, NOTE_SM2_IDENTIFIER, IDENTIFIER);
    memcpy(bytes + 1 + IDENTIFIER, key.public_key, PUBLIC_KEY_MAX);
    assert_null(parse_with(bytes, SIZE));
    for (size_t size = 1; size <= SIZE + 1; size++)
        assert_int_equal(parse_with(bytes, size) == NULL, size == SIZE);
    for (size_t at = 0; at < 2 + IDENTIFIER; at++) { /* the type, and the 04 of the key */
        memcpy(spoilt, bytes, SIZE);
        spoilt[at] ^= 1;
        assert_non_null(parse_with(spoilt, SIZE));
    }
}

static void spoilt_signatures(void **state)
{
    note_key key;
    char line[512];
    (void)state;
    assert_null(note_key_parse(&key, vkey));
    note *n = malloc(sizeof *n);
    assert_non_null(n);
    assert_null(note_parse(n, note_bytes, note_size));
    note_signature signature = n->signatures[0];
    size_t text = n->text_size + 1;
    for (size_t bit = 0; bit <= 8 * signature.size; bit++) {
        uint8_t spoilt[sizeof signature.bytes];
        char bytes[sizeof note_bytes];
        memcpy(spoilt, signature.bytes, sizeof spoilt);
        if (bit < 8 * signature.size)
            spoilt[bit / 8] ^= (uint8_t)(1U << bit % 8);
        size_t size = note_signature_line(line, sizeof line, &key, spoilt, signature.size);
        assert_int_not_equal(size, 0);
        memcpy(bytes, note_bytes, text);
        memcpy(bytes + text, line, size);
        assert_int_equal(open_note(bytes, text + size, &key) == NULL, bit == 8 * signature.size);
    }
    free(n);
    assert_int_equal(note_signature_line(line, sizeof line, &key, signature.bytes, 97), 0);
}

/* ---- the shared vectors ---- */

static size_t hex(uint8_t *out, size_t room, const char *text)
{
    size_t size = strlen(text) / 2;
    assert_true(size <= room);
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return size;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    return text;
}

static void shared_vectors(void **state)
{
    char path[4096];
    const char *shared = getenv("WUFEI_SHARED");
    (void)state;
    snprintf(path, sizeof path, "%s/vectors/sm/sm2-sm3.json",
             shared ? shared : TEST_SOURCE_DIR "/../../shared");
    if (access(path, R_OK) != 0) {
        print_message("the shared vectors are absent: skipped\n");
        skip();
    }
    json_t *json = json_load_file(path, 0, NULL), *one;
    size_t i, digests = 0, signatures = 0;
    assert_non_null(json);
    json_array_foreach(json_object_get(json, "sm3"), i, one)
    {
        uint8_t want[HASH_SIZE];
        hash got;
        const char *message = text_of(one, "message_utf8");
        hex(want, sizeof want, text_of(one, "digest_hex"));
        hash_of(&got, HASH_SM3, message, strlen(message));
        assert_memory_equal(got.bytes, want, HASH_SIZE);
        digests++;
    }
    json_array_foreach(json_object_get(json, "cases"), i, one)
    {
        uint8_t public_key[PUBLIC_KEY_MAX], signature[SUITE_SIGNATURE_MAX];
        if (!json_is_string(json_object_get(one, "distid")))
            continue; /* what OpenSSL does without an identifier: we always give one */
        const char *message = text_of(one, "message_utf8");
        hex(public_key, sizeof public_key, text_of(one, "public_key_hex"));
        size_t size = hex(signature, sizeof signature, text_of(one, "signature_der_hex"));
        assert_true(suite_verify(suite_find(SUITE_SM2), public_key, message, strlen(message),
                                 signature, size));
        signatures++;
    }
    json_decref(json);
    assert_int_equal(digests, 2);
    assert_int_equal(signatures, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vkeys),
        cmocka_unit_test(bad_vkeys),
        cmocka_unit_test(spoilt_signatures),
        cmocka_unit_test(shared_vectors),
    };
    return cmocka_run_group_tests(tests, read_log, NULL);
}
