/*
 * benchmarks/suites.c: the two suites side by side: hashes of leaves and nodes, signatures.
 *
 * Beside a hash stands OpenSSL's, with a fetched digest and a context used again, over as many
 * bytes; ours is above it where the processor hashes several messages at once. Beside signing
 * stands OpenSSL's own over 32 bytes: what ours adds is the statement's hash, and for SM2 the check
 * of each signature before it is let out.
 */
#include "bench.h"

#include <stdio.h>

#include "hash_many.h"
#include "ledger_private.h"

enum { LEAVES = 256, LEAF_SIZE = 201, STATEMENT_SIZE = 300 };

static const double wanted_s = 0.3; /* of each measurement */

typedef struct subject {
    const suite *suite;
    const EVP_MD *digest;
    EVP_MD_CTX *ctx;
    EVP_PKEY *key;
    party_key verifier;
    key_scratch scratch;
    uint8_t statement[STATEMENT_SIZE];
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size;
} subject;

/* How often a second; `work` does so many at a time. */
static double rate(void (*work)(subject *s), subject *s, double count)
{
    double start = bench_seconds(), took = 0, turns = 0;
    for (; took < wanted_s; turns++) {
        work(s);
        took = bench_seconds() - start;
    }
    return turns * count / took;
}

static void hash_leaves(subject *s)
{
    static const uint8_t bytes[LEAVES + LEAF_SIZE];
    static leaf_data leaves[LEAVES];
    static hash out[LEAVES];
    for (size_t i = 0; i < LEAVES; i++)
        leaves[i] = (leaf_data){bytes + i, LEAF_SIZE};
    hash_many_leaves(out, s->suite->hash, leaves, LEAVES);
}

static void hash_nodes(subject *s)
{
    static const uint8_t children[LEAVES * 2 * HASH_SIZE];
    static hash out[LEAVES];
    hash_many_nodes(out, s->suite->hash, children, LEAVES);
}

static void hash_by_openssl(subject *s, size_t size)
{
    static const uint8_t bytes[1 + LEAF_SIZE];
    uint8_t out[EVP_MAX_MD_SIZE];
    for (size_t i = 0; i < LEAVES; i++)
        WF_ASSERT(EVP_DigestInit_ex2(s->ctx, s->digest, NULL) == 1 &&
                  EVP_DigestUpdate(s->ctx, bytes, size) == 1 &&
                  EVP_DigestFinal_ex(s->ctx, out, NULL) == 1);
}

static void leaves_by_openssl(subject *s)
{
    hash_by_openssl(s, 1 + LEAF_SIZE);
}

static void nodes_by_openssl(subject *s)
{
    hash_by_openssl(s, 1 + 2 * HASH_SIZE);
}

static void sign(subject *s)
{
    WF_ASSERT(key_sign_statement(s->signature, &s->signature_size, s->key,
                                 span_of(s->statement, sizeof s->statement)));
}

static void verify(subject *s)
{
    WF_ASSERT(key_verify_statement(&s->verifier, &s->scratch,
                                   span_of(s->statement, sizeof s->statement),
                                   span_of(s->signature, s->signature_size)));
}

static void sign_by_openssl(subject *s)
{
    uint8_t out[SIGNATURE_MAX];
    size_t size = sizeof out;
    EVP_MD_CTX_reset(s->ctx);
    WF_ASSERT(EVP_DigestSignInit_ex(s->ctx, NULL, suite_digest_name(s->suite), NULL, NULL, s->key,
                                    NULL) == 1 &&
              EVP_DigestSign(s->ctx, out, &size, s->statement, HASH_SIZE) == 1);
}

static void subject_init(subject *s, const char *name)
{
    suite_public_key public_key;
    *s = (subject){.suite = suite_find(name), .ctx = EVP_MD_CTX_new()};
    s->digest = EVP_MD_fetch(NULL, s->suite->hash == HASH_SM3 ? "SM3" : "SHA256", NULL);
    s->key = EVP_PKEY_Q_keygen(NULL, NULL, suite_key_type(s->suite));
    WF_ASSERT(s->ctx != NULL && s->digest != NULL && s->key != NULL &&
              key_public(&public_key, s->key) && key_scratch_init(&s->scratch));
    s->verifier.suite = s->suite;
    s->verifier.pkey = suite_key(s->suite, public_key.bytes);
    WF_ASSERT(s->verifier.pkey != NULL);
}

static void subject_free(subject *s)
{
    EVP_PKEY_free(s->verifier.pkey);
    key_scratch_free(&s->scratch);
    EVP_PKEY_free(s->key);
    EVP_MD_free((EVP_MD *)(uintptr_t)s->digest);
    EVP_MD_CTX_free(s->ctx);
}

void bench_suites(void)
{
    static const char *const names[] = {SUITE_ED25519, SUITE_SM2};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        subject s;
        subject_init(&s, names[i]);
        printf("%s\n", names[i]);
        bench_beside("  leaf hashes", "k/s", rate(hash_leaves, &s, LEAVES) / 1e3,
                     rate(leaves_by_openssl, &s, LEAVES) / 1e3, "OpenSSL, one by one");
        bench_beside("  node hashes", "k/s", rate(hash_nodes, &s, LEAVES) / 1e3,
                     rate(nodes_by_openssl, &s, LEAVES) / 1e3, "OpenSSL, one by one");
        bench_beside("  signing", "/s", rate(sign, &s, 1), rate(sign_by_openssl, &s, 1),
                     "OpenSSL, not checked");
        printf("  verifying: %.0f/s\n", rate(verify, &s, 1));
        subject_free(&s);
    }
}
