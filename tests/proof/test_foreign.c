/*
 * proof: what programs of others made, byte by byte, with keys of their making. Notes and proofs:
 * golang.org/x/mod/sumdb of 2026-06-13 (fe2ec04), vkeys of witnesses: filippo.io/torchwood of
 * 2025-06-08 (341dc2f), receipt: transparency-dev/formats of 2026-07-20 (0b850f1), which also
 * verified the cosignatures; built with Go 1.24.4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint.h"

#define LOG_VKEY "go.example/log+7f8677f6+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
#define WITNESS_VKEY "go.example/witness+cdc78d60+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
/* as bytes: of what width the character is depends on the machine that formats this file */
#define DASH "\xe2\x80\x94 "
#define CHECKPOINT                                                                                 \
    "go.example/log\n"                                                                             \
    "5\n"                                                                                          \
    "fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n"                                               \
    "an extension line\n"                                                                          \
    "\n" DASH "go.example/log f4Z39qorqvJM9Trb+TcPvJpgyqi7bD/fXEPoGaUYJtV+sd0QE5/"                 \
    "h2XIyK23cg05TMFCDcwLP+TlQ86ayN+TvKC58awQ=\n"

/* Times in seconds: 1 700 000 000, 2^63 - 1, 2^63. */
static const char now[] =
    DASH "go.example/witness zceNYAAAAABlU/EAFp0804ANqTBCv1K1/"
         "Dc9VvTBMBOviXpASBwJcRe1EcfmG1CJgzZ2a+GTmZJSRwCaQpBvbd807/sKZWmM1Fi0Ag==\n";
static const char latest[] = DASH "go.example/witness zceNYH//////////"
                                  "V60Cw1Oa58UieWlSiFbC4I7RkodCVV7bGs/G4JT3I2b9mKak4RuCy/"
                                  "ul/s7GURBoOZE3fNKpNVn3m6cv7gYdAA==\n";
static const char too_late[] =
    DASH "go.example/witness "
         "zceNYIAAAAAAAAAAYCendLlVU5Fr+CAQ4sXJQnX3P18tJTPznHupYLOGJte86QUZXoFsZ4/"
         "8H/WhjUN065J+IO5EHdpka1LCC6eyCA==\n";
static const char receipt[] = "c2sp.org/tlog-proof@v1\n"
                              "extra ZXh0cmE=\n"
                              "index 2\n"
                              "YcoROfaBWEHVuvLQ0tm9nf7pfImN1ve6DAqpQe5sAes=\n"
                              "WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=\n"
                              "SFM123z+yWXxX/dF/GJcQdXqJkaTaTAWWCj3PdS2iFQ=\n"
                              "\n" CHECKPOINT;

/* NULL when the log and the witness signed the checkpoint with this line behind it. */
static const char *verify(uint64_t times_s[2], const char *cosignature)
{
    static char text[2048];
    static note n;
    note_key keys[2];
    bool verified[2];
    snprintf(text, sizeof text, "%s%s", CHECKPOINT, cosignature);
    assert_null(note_key_parse(&keys[0], LOG_VKEY));
    assert_null(note_key_parse(&keys[1], WITNESS_VKEY));
    assert_null(note_parse(&n, text, strlen(text)));
    const char *reason = note_verify(verified, times_s, &n, keys, 2);
    if (reason == NULL)
        assert_true(verified[0] && verified[1]);
    return reason;
}

/* The extension line is part of what is cosigned. */
static void cosignatures(void **state)
{
    (void)state;
    uint64_t times_s[2] = {0};
    assert_null(verify(times_s, now));
    assert_int_equal(times_s[1], 1700000000);
    assert_null(verify(times_s, latest));
    assert_true(times_s[1] == INT64_MAX);
}

/* The signature is good; the specification ends its times at 2^63 - 1. */
static void a_time_that_cannot_be(void **state)
{
    (void)state;
    uint64_t times_s[2] = {0};
    assert_non_null(verify(times_s, too_late));
}

static void a_receipt(void **state)
{
    (void)state;
    static note n;
    tlog_proof proof;
    checkpoint c;
    note_key key;
    hash leaf;
    bool verified = false;
    assert_null(tlog_proof_parse(&proof, receipt, sizeof receipt - 1));
    assert_int_equal(proof.index, 2);
    assert_memory_equal(proof.extra, "ZXh0cmE=", proof.extra_size);
    assert_null(note_key_parse(&key, LOG_VKEY));
    assert_null(note_parse(&n, proof.checkpoint, proof.checkpoint_size));
    assert_null(note_verify(&verified, NULL, &n, &key, 1));
    assert_null(checkpoint_parse(&c, n.text, n.text_size));
    merkle_leaf(&leaf, HASH_SHA256, "entry 2", 7);
    assert_true(merkle_verify_inclusion(HASH_SHA256, &leaf, proof.index, c.size, proof.hashes,
                                        proof.hash_count, &c.root));
    merkle_leaf(&leaf, HASH_SHA256, "entry 3", 7);
    assert_false(merkle_verify_inclusion(HASH_SHA256, &leaf, proof.index, c.size, proof.hashes,
                                         proof.hash_count, &c.root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cosignatures),
                                       cmocka_unit_test(a_time_that_cannot_be),
                                       cmocka_unit_test(a_receipt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
