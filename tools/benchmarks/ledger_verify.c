/*
 * benchmarks/ledger_verify.c: verification of the large ledger, hashes alone and with signatures.
 *
 * The limit is SHA-256 (OpenSSL, one message an entry) of the ledger's first entries, held in
 * memory, on the same number of threads; with signatures twice that, because each statement is
 * hashed once more under its seal, and Ed25519 once a seal.
 */
#include "ledger_bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE = 500000, SIGNATURES = 4000 };

static const double wanted_a_second = 10e6 / 15; /* ten million within 15 s, on two cores */

static size_t read_sample(ledger *l, buffer *bytes, size_t *ends)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    size_t count = ledger_size(l) < SAMPLE ? (size_t)ledger_size(l) : SAMPLE;
    if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK)
        bench_die(&err);
    for (size_t i = 0; i < count; i++) {
        span entry;
        if (ledger_read(l, txn, i, &entry, NULL, &err) != WF_OK)
            bench_die(&err);
        buffer_append(bytes, entry.data, entry.size);
        ends[i + 1] = bytes->size;
    }
    store_abort(txn);
    WF_ASSERT(!bytes->failed);
    return count;
}

/* Ed25519 verifications a second, on one thread. */
static double signature_rate(void)
{
    static const uint8_t message[128];
    uint8_t signature[64];
    size_t size = sizeof signature;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    WF_ASSERT(key != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestSign(ctx, signature, &size, message, sizeof message) == 1);
    double start = bench_seconds();
    for (int i = 0; i < SIGNATURES; i++)
        WF_ASSERT(EVP_MD_CTX_reset(ctx) == 1 &&
                  EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                  EVP_DigestVerify(ctx, signature, size, message, sizeof message) == 1);
    double seconds = bench_seconds() - start;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return SIGNATURES / seconds;
}

static double verify_once(ledger *l, bool signatures, ledger_verify_report *report)
{
    wf_error err = {0};
    double start = bench_seconds();
    if (ledger_verify(l, 0, signatures, NULL, report, &err) != WF_OK)
        bench_die(&err);
    return bench_seconds() - start;
}

int log_verify(const char *dir)
{
    buffer bytes = {0};
    size_t *ends = calloc(SAMPLE + 1, sizeof *ends);
    WF_ASSERT(ends != NULL);
    ledger *l = log_open(dir, true);
    size_t count = read_sample(l, &bytes, ends);
    ledger_verify_report report = {0};
    double best = 0, best_signed = 0, hashes = 0;
    for (int pass = 0; pass < LOG_PASSES; pass++) {
        double seconds = verify_once(l, false, &report);
        best = best == 0 || seconds < best ? seconds : best;
        seconds = verify_once(l, true, &report);
        best_signed = best_signed == 0 || seconds < best_signed ? seconds : best_signed;
        double rate = (double)count / bench_hash_entries(bytes.data, ends, count);
        hashes = rate > hashes ? rate : hashes;
    }
    double size = (double)report.size;
    double signatures = (double)report.signatures;
    double limit_signed =
        2 * size / hashes + signatures / (signature_rate() * (double)bench_processors());
    printf("verify: %.0f entries of %.0f bytes, hashes in %.2f s, with %.0f signatures and %llu "
           "seals in %.2f s\n",
           size, (double)report.bytes / size, best, signatures, (unsigned long long)report.seals,
           best_signed);
    int missed =
        !bench_at_least("verify without signatures", "entries/s", size / best, wanted_a_second);
    bench_beside("verify without signatures", "entries/s", size / best, hashes,
                 "SHA-256 of the same entries in memory");
    bench_beside("verify with signatures", "entries/s", size / best_signed, size / limit_signed,
                 "SHA-256 twice, Ed25519 a seal");
    ledger_close(l);
    buffer_free(&bytes);
    free(ends);
    return missed;
}
