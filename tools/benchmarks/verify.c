/*
 * benchmarks/verify.c: verification against hashing alone.
 *
 * The limit is SHA-256 of the same entries, one message an entry, held in memory, on the same
 * number of threads. Each pass is done five times in turn and the best of each is compared.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"

enum { PASSES = 5 };

/* Copies all entries into memory; offsets has count + 1 places. */
static void read_all(bench_ledger *b, uint8_t **data, size_t **offsets, size_t *count)
{
    wf_error err = {0};
    buffer all = {0};
    *count = (size_t)ledger_size(b->ledger);
    *offsets = calloc(*count + 1, sizeof **offsets);
    WF_ASSERT(*offsets != NULL);
    store_txn *txn = NULL;
    entry_reader reader = {0};
    if (store_begin(&txn, ledger_store(b->ledger), false, &err) != WF_OK ||
        entry_reader_open(&reader, b->ledger, txn, &err) != WF_OK)
        bench_die(&err);
    for (size_t i = 0; i < *count; i++) {
        span bytes;
        if (entry_reader_get(&reader, i, *count, &bytes, &err) != WF_OK)
            bench_die(&err);
        buffer_append(&all, bytes.data, bytes.size);
        (*offsets)[i + 1] = all.size;
    }
    WF_ASSERT(!all.failed);
    entry_reader_close(&reader);
    store_abort(txn);
    *data = all.data;
}

int bench_verify(const char *work)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/ledger", work);
    bench_ledger b;
    bench_open(&b, dir, true);
    uint8_t *data = NULL;
    size_t *offsets = NULL;
    size_t count = 0;
    read_all(&b, &data, &offsets, &count);

    double best_verify = 1e9;
    double best_hash = 1e9;
    ledger_verify_report report = {0};
    for (int pass = 0; pass < PASSES; pass++) {
        wf_error err = {0};
        double start = bench_seconds();
        if (ledger_verify(b.ledger, 0, false, NULL, &report, &err) != WF_OK)
            bench_die(&err);
        double seconds = bench_seconds() - start;
        best_verify = seconds < best_verify ? seconds : best_verify;
        seconds = bench_hash_entries(data, offsets, count);
        best_hash = seconds < best_hash ? seconds : best_hash;
    }
    printf("verify: %zu entries of %.0f bytes on average, best of %d\n", count,
           count > 0 ? (double)offsets[count] / (double)count : 0, PASSES);
    bool ok = bench_ratio("verify without signatures", "entries/s", (double)count / best_verify,
                          (double)count / best_hash, "SHA-256 of the same entries in memory", 0.6);
    free(data);
    free(offsets);
    bench_close(&b);
    return ok ? 0 : 1;
}
