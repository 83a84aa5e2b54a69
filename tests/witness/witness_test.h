/*
 * What the tests of the witness share: a log of its own kind (leaves are numbers), which may fork,
 * the requests it sends, and a witness in a folder.
 */
#ifndef WITNESS_TEST_H
#define WITNESS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "checkpoint.h"
#include "support/test_folder.h"
#include "witness/witness.h"

#define LOG_ORIGIN "waste.test.example/ledger/1"
#define WITNESS_NAME "witness.test.example/w1"

enum { TEST_LEAVES_MAX = 512, TEST_REQUEST_MAX = 64 << 10 };

static inline int folder_setup(void **state)
{
    (void)state;
    /* in memory where there is room for it: these tests sync a great deal */
    bool memory = access("/dev/shm", W_OK) == 0;
    return test_folder_make(memory ? "/dev/shm" : "/tmp", "witness");
}

/* A log whose leaves from `fork_at` on depend on `branch`. */
typedef struct test_log {
    const char *origin;
    EVP_PKEY *key;
    note_key note_key;
    uint64_t fork_at;
    unsigned branch;
} test_log;

static inline test_log log_new(const char *origin)
{
    test_log log = {.origin = origin, .fork_at = UINT64_MAX};
    uint8_t public_key[32];
    size_t size = sizeof public_key;
    log.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(log.key);
    assert_int_equal(EVP_PKEY_get_raw_public_key(log.key, public_key, &size), 1);
    note_key_make(&log.note_key, NOTE_KEY_TYPE_ED25519, origin, public_key);
    return log;
}

static inline void log_leaf(const test_log *log, hash *out, uint64_t index)
{
    uint64_t data[2] = {index, index >= log->fork_at ? log->branch : 0};
    merkle_leaf(out, HASH_SHA256, data, sizeof data);
}

/* A merkle_reader that computes the subtree; complete ones only are asked for. */
static inline bool log_read(void *ctx, hash *out, unsigned level, uint64_t index)
{
    hash left, right;
    if (level == 0) {
        log_leaf(ctx, out, index);
        return true;
    }
    log_read(ctx, &left, level - 1, 2 * index);
    log_read(ctx, &right, level - 1, 2 * index + 1);
    merkle_node(out, HASH_SHA256, &left, &right);
    return true;
}

static inline void sign_note(buffer *out, const test_log *log, const char *text, size_t size)
{
    uint8_t signature[64];
    char line[512];
    size_t signature_size = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, log->key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &signature_size, (const uint8_t *)text, size),
                     1);
    EVP_MD_CTX_free(ctx);
    size_t length =
        note_signature_line(line, sizeof line, &log->note_key, signature, signature_size);
    assert_true(length > 0);
    buffer_append(out, text, size);
    buffer_append_text(out, "\n");
    buffer_append(out, line, length);
}

/* The signed checkpoint of the first `size` leaves. */
static inline buffer log_checkpoint(test_log *log, uint64_t size)
{
    char text[512];
    buffer out = {0};
    checkpoint c = {.size = size};
    strcpy(c.origin, log->origin);
    if (size == 0)
        merkle_empty(&c.root, HASH_SHA256);
    else
        assert_true(merkle_root_at(&c.root, HASH_SHA256, size, log_read, log));
    sign_note(&out, log, text, checkpoint_format(text, sizeof text, &c));
    return out;
}

/* An add-checkpoint request from `old_size` to `size`; the proof is of `prover` (the log itself, or
   another branch of it). */
static inline buffer log_request_by(test_log *log, test_log *prover, uint64_t old_size,
                                    uint64_t size)
{
    hash proof[MERKLE_PROOF_MAX];
    size_t count = 0;
    buffer note_bytes = log_checkpoint(log, size);
    buffer out = {0};
    if (old_size > 0 && old_size < size)
        assert_true(
            merkle_prove_consistency(proof, &count, HASH_SHA256, old_size, size, log_read, prover));
    assert_true(buffer_reserve(&out, TEST_REQUEST_MAX));
    out.size = witness_request_format((char *)out.data, out.capacity, old_size, proof, count,
                                      (char *)note_bytes.data, note_bytes.size);
    assert_true(out.size > 0);
    buffer_free(&note_bytes);
    return out;
}

static inline buffer log_request(test_log *log, uint64_t old_size, uint64_t size)
{
    return log_request_by(log, log, old_size, size);
}

static inline void log_free(test_log *log)
{
    EVP_PKEY_free(log->key);
}

static inline char *test_path(char out[160], const char *name)
{
    snprintf(out, 160, "%s/%s", test_folder, name);
    return out;
}

/* Writes the logs file; makes the key when there is none. */
static inline witness *open_witness(const test_log *logs, size_t count)
{
    char state[160], key[160], file[160], vkey[512];
    wf_error err = {0};
    witness *w = NULL;
    FILE *f = fopen(test_path(file, "logs"), "w");
    assert_non_null(f);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "log %s\n", note_vkey_format(vkey, sizeof vkey, &logs[i].note_key));
    fclose(f);
    if (access(test_path(key, "witness.pem"), F_OK) != 0)
        assert_ok(witness_key_create(key, false, &err), &err);
    assert_ok(witness_open(&w, test_path(state, "state"), key, WITNESS_NAME, file, &err), &err);
    return w;
}

/* Posts the request, which is freed. */
static inline witness_answer post(witness *w, buffer request)
{
    witness_answer out;
    witness_serve(w, "POST", "/add-checkpoint", request.data, request.size, &out);
    buffer_free(&request);
    return out;
}

static inline void expect_status(witness *w, buffer request, int status)
{
    witness_answer out = post(w, request);
    if (out.status != status)
        print_error("%s\n", out.remark);
    assert_int_equal(out.status, status);
    buffer_free(&out.body);
}

#endif
