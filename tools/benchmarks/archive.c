/*
 * benchmarks/archive.c: what the archive saves, and what it costs to read from it.
 *
 * A copy of the ingested ledger is measured, archived as a whole and measured again. Three ways to
 * read entries one by one: in order; here and there among as many runs as the cache holds; here and
 * there in the whole log, where nearly every read inflates a block. The promise is about the first
 * two. The last is the price, printed beside what a person notices of it: `wufei show` of an entry.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive.h"

enum { READS = 200000, READS_APART = 5000, CACHED_RUNS = 32, SHOWS = 40, PASSES = 3 };

typedef struct archive_costs {
    double bytes;                   /* of the tables with entries */
    double in_order, cached, apart; /* seconds a read */
    double show;                    /* seconds */
    double verify;                  /* seconds for all */
} archive_costs;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One transaction for at most 1 000 reads: it keeps what archived reads give out. */
static double time_reads(ledger *l, size_t reads, uint64_t (*pick)(uint64_t *state, uint64_t size))
{
    wf_error err = {0};
    store_txn *txn = NULL;
    uint64_t size = ledger_size(l), state = 88172645463325252U;
    uint64_t counter = 0;
    double start = bench_seconds();
    for (size_t i = 0; i < reads; i++) {
        uint64_t seq = pick != NULL ? pick(&state, size) : counter++ % size;
        if (i % 1000 == 0) {
            store_abort(txn);
            if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK)
                bench_die(&err);
        }
        if (ledger_read(l, txn, seq, NULL, NULL, &err) != WF_OK)
            bench_die(&err);
    }
    store_abort(txn);
    return (bench_seconds() - start) / (double)reads;
}

static uint64_t pick_cached(uint64_t *state, uint64_t size)
{
    uint64_t among = CACHED_RUNS * RUN_ENTRIES;
    return next_random(state) % (size < among ? size : among);
}

static uint64_t pick_apart(uint64_t *state, uint64_t size)
{
    return next_random(state) % size;
}

static double time_show(const char *dir, const char *wufei)
{
    char entry[32];
    double best = 1e9;
    for (int i = 0; i < SHOWS; i++) {
        snprintf(entry, sizeof entry, "entry:%d", 1000 + 997 * i % 3000);
        char *argv[] = {(char *)(uintptr_t)wufei, "show", entry, "-L",
                        (char *)(uintptr_t)dir,   NULL};
        double seconds = bench_spawn(argv);
        if (seconds >= 0 && seconds < best)
            best = seconds;
    }
    return best;
}

static double table_bytes(ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_table_stat rows, bundles;
    if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK ||
        store_table_stats(txn, TABLE_ENTRIES, &rows, &err) != WF_OK ||
        store_table_stats(txn, TABLE_ARCHIVE, &bundles, &err) != WF_OK)
        bench_die(&err);
    store_abort(txn);
    return (double)(rows.bytes + bundles.bytes);
}

static archive_costs measure(const char *dir, const char *wufei, uint64_t *size,
                             uint64_t *manifests)
{
    archive_costs c = {.in_order = 1e9, .cached = 1e9, .apart = 1e9, .verify = 1e9};
    bench_ledger b;
    wf_error err = {0};
    store_txn *txn = NULL;
    bench_open(&b, dir, true);
    *size = ledger_size(b.ledger);
    if (store_begin(&txn, ledger_store(b.ledger), false, &err) != WF_OK ||
        book_count_kind(b.book, txn, OBJECT_MANIFEST, manifests, &err) != WF_OK)
        bench_die(&err);
    store_abort(txn);
    c.bytes = table_bytes(b.ledger);
    for (int pass = 0; pass < PASSES; pass++) {
        ledger_verify_report report;
        double in_order = time_reads(b.ledger, READS, NULL);
        double cached = time_reads(b.ledger, READS, pick_cached);
        double apart = time_reads(b.ledger, READS_APART, pick_apart);
        if (ledger_verify(b.ledger, 0, false, NULL, &report, &err) != WF_OK)
            bench_die(&err);
        c.in_order = in_order < c.in_order ? in_order : c.in_order;
        c.cached = cached < c.cached ? cached : c.cached;
        c.apart = apart < c.apart ? apart : c.apart;
        c.verify = report.seconds < c.verify ? report.seconds : c.verify;
    }
    bench_close(&b);
    c.show = time_show(dir, wufei);
    return c;
}

static void archive_all(const char *dir)
{
    bench_ledger b;
    wf_error err = {0};
    ledger_archive_report report;
    bench_open(&b, dir, false);
    double start = bench_seconds();
    if (ledger_archive(b.ledger, 0, UINT64_MAX, NULL, &report, &err) != WF_OK)
        bench_die(&err);
    double seconds = bench_seconds() - start;
    bench_close(&b);
    printf("archive: %llu entries of %.0f bytes into %.0f bytes each, %.0f entries/s\n",
           (unsigned long long)report.entries, (double)report.entry_bytes / (double)report.entries,
           (double)report.archived_bytes / (double)report.entries,
           (double)report.entries / seconds);
}

static double file_mib(const char *dir)
{
    char path[4200];
    struct stat st;
    snprintf(path, sizeof path, "%s/store/data.mdb", dir);
    return stat(path, &st) == 0 ? (double)st.st_size / (1 << 20) : 0;
}

int bench_archive(const char *work, const char *wufei)
{
    char from[4096], dir[4096], command[9000];
    uint64_t size = 0, manifests = 0;
    snprintf(from, sizeof from, "%s/ledger", work);
    snprintf(dir, sizeof dir, "%s/archived", work);
    bench_remove(dir);
    snprintf(command, sizeof command, "cp -r '%s' '%s'", from, dir);
    WF_ASSERT(system(command) == 0);
    archive_costs plain = measure(dir, wufei, &size, &manifests);
    double file_before = file_mib(dir);
    archive_all(dir);
    archive_costs archived = measure(dir, wufei, &size, &manifests);
    printf("archive: bytes of entries a manifest %.0f before, %.0f after; an entry with its share "
           "of pages %.0f before, %.0f after\n",
           plain.bytes / (double)manifests, archived.bytes / (double)manifests,
           plain.bytes / (double)size, archived.bytes / (double)size);
    printf("archive: the store's file %.0f MiB before, %.0f MiB after, whose free pages are used "
           "by what is entered next\n",
           file_before, file_mib(dir));
    printf("archive: reads all over the log, past the cache: %.1f us plain, %.1f us archived: "
           "ratio %.1f\n",
           plain.apart * 1e6, archived.apart * 1e6, archived.apart / plain.apart);
    printf("archive: verify %.0f entries/s plain, %.0f archived\n", (double)size / plain.verify,
           (double)size / archived.verify);
    bench_remove(dir);
    int missed = 0;
    missed += !bench_at_most("archived reads in order", "times plain ones",
                             archived.in_order / plain.in_order, 3);
    missed += !bench_at_most("archived reads among 32 runs", "times plain ones",
                             archived.cached / plain.cached, 3);
    missed += !bench_at_most("wufei show of an archived entry", "times a plain one",
                             archived.show / plain.show, 3);
    missed += !bench_at_most("10 000 000 archived entries verified", "s",
                             1e7 / ((double)size / archived.verify), 15);
    return missed;
}
