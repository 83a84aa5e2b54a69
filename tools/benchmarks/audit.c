/*
 * benchmarks/audit.c: the full audit of the large ledger, and `wufei show` as a whole process.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "audit/audit.h"

int bench_audit(const char *work)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/ledger", work);
    bench_ledger b;
    bench_open(&b, dir, true);
    wf_error err = {0};
    city *c = NULL;
    double start = bench_seconds();
    if (city_load(&c, b.book, true, &err) != WF_OK)
        bench_die(&err);
    double loaded = bench_seconds();
    audit_options options = {.from_ms = TIME_NONE, .to_ms = TIME_NONE};
    audit_result *result = NULL;
    if (audit_run(&result, c, &options, &err) != WF_OK)
        bench_die(&err);
    double done = bench_seconds();
    printf("audit: %zu manifests, %zu events, %zu findings; load %.2f s, rules %.2f s\n",
           c->manifest_count, c->event_count, result->count, loaded - start, done - loaded);
    bool ok = bench_at_most("full audit", "s", done - start, 20);
    audit_free(result);
    city_free(c);
    bench_close(&b);
    return ok ? 0 : 1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int bench_show(const char *work, const char *wufei)
{
    enum { RUNS = 101 };
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/ledger", work);
    bench_ledger b;
    bench_open(&b, dir, true);
    wf_error err = {0};
    store_txn *txn = NULL;
    book_counts counts;
    if (store_begin(&txn, ledger_store(b.ledger), false, &err) != WF_OK ||
        book_count(b.book, txn, &counts, &err) != WF_OK)
        bench_die(&err);
    uint64_t manifests = counts.of[OBJECT_MANIFEST];
    WF_ASSERT(manifests > 0);
    arena a;
    arena_init(&a, 0);
    double seconds[RUNS];
    double bare[RUNS];
    for (int i = 0; i < RUNS; i++) {
        const char *id = NULL;
        uint32_t index = (uint32_t)((uint64_t)i * 2654435761u % manifests);
        if (book_key_text(b.book, txn, OBJECT_MANIFEST, index, &a, &id, &err) != WF_OK)
            bench_die(&err);
        char program[4096];
        char manifest[256];
        snprintf(program, sizeof program, "%s", wufei);
        snprintf(manifest, sizeof manifest, "%s", id);
        char option[] = "-L";
        char command[] = "show";
        char version[] = "--version";
        char *const show[] = {program, command, option, dir, manifest, NULL};
        char *const nothing[] = {program, version, NULL};
        seconds[i] = bench_spawn(show);
        bare[i] = bench_spawn(nothing);
        if (seconds[i] < 0) {
            fprintf(stderr, "wufei-bench: %s show -L %s %s failed\n", wufei, dir, manifest);
            exit(4);
        }
    }
    store_abort(txn);
    arena_free(&a);
    bench_close(&b);
    qsort(seconds, RUNS, sizeof *seconds, by_value);
    qsort(bare, RUNS, sizeof *bare, by_value);
    printf("show: median of %d whole processes; `wufei --version` beside it %.2f ms\n", RUNS,
           bare[RUNS / 2] * 1000);
    return bench_at_most("show of one manifest", "ms", seconds[RUNS / 2] * 1000, 5) ? 0 : 1;
}
