/*
 * benchmarks/ledger_archive.c: the log as tiles in a folder, beside memcpy of as many bytes and
 * beside files of the same size written plainly; and what the archive of a ledger costs and saves:
 * bytes an entry before and after, packing beside zlib alone, random reads beside those of plain
 * entries.
 */
#include "ledger_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { ARCHIVE_ENTRIES = 200000, READS = 20000, NEAR = 200 };

static double table_bytes(ledger *l, unsigned table)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_table_stat stat;
    if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK ||
        store_table_stats(txn, table, &stat, &err) != WF_OK)
        bench_die(&err);
    store_abort(txn);
    return (double)stat.bytes;
}

/* Microseconds a read, each in a transaction of its own; `near`: so many entries one behind the
   other, then somewhere else. */
static double read_some(ledger *l, uint64_t below, uint64_t near)
{
    wf_error err = {0};
    uint64_t seed = 5;
    uint64_t seq = 0;
    double start = bench_seconds();
    for (uint64_t i = 0; i < READS; i++) {
        store_txn *txn = NULL;
        span bytes;
        seq = i % near == 0 ? log_random(&seed) % (below - near) : seq + 1;
        if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK ||
            ledger_read(l, txn, seq, &bytes, NULL, &err) != WF_OK)
            bench_die(&err);
        store_abort(txn);
    }
    return (bench_seconds() - start) / READS * 1e6;
}

/* Entries a second whose statements zlib alone compresses, at the archive's level. */
static double zlib_rate(ledger *l)
{
    enum { RUNS = 200, LEVEL = 5 };
    wf_error err = {0};
    store_txn *txn = NULL;
    buffer run = {0}, out = {0};
    double seconds = 0;
    if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK)
        bench_die(&err);
    for (uint64_t r = 0; r < RUNS; r++) {
        buffer_clear(&run);
        for (uint64_t i = 0; i < TILE_WIDTH; i++) {
            entry_view entry;
            if (ledger_read(l, txn, r * TILE_WIDTH + i, NULL, &entry, &err) != WF_OK)
                bench_die(&err);
            buffer_append(&run, entry.statement.data, entry.statement.size);
        }
        uLongf room = compressBound(run.size);
        buffer_clear(&out);
        WF_ASSERT(!run.failed && buffer_reserve(&out, room));
        double start = bench_seconds();
        WF_ASSERT(compress2(out.data, &room, run.data, run.size, LEVEL) == Z_OK);
        seconds += bench_seconds() - start;
    }
    store_abort(txn);
    buffer_free(&run);
    buffer_free(&out);
    return RUNS * (double)TILE_WIDTH / seconds;
}

/* Megabytes a second: a memcpy, and `files` files of equal size, synced at the end. */
static void copy_limits(const char *dir, uint64_t bytes, uint64_t files, double *memory,
                        double *disk)
{
    char path[4200];
    size_t size = (size_t)(bytes / files);
    uint8_t *from = calloc(1, bytes), *to = malloc(bytes);
    WF_ASSERT(from != NULL && to != NULL);
    memset(to, 1, bytes); /* its pages are there */
    double start = bench_seconds();
    memcpy(to, from, bytes);
    *memory = (double)bytes / 1e6 / (bench_seconds() - start);
    bench_remove(dir);
    WF_ASSERT(mkdir(dir, 0777) == 0 && to[bytes - 1] == 0);
    start = bench_seconds();
    for (uint64_t i = 0; i < files; i++) {
        snprintf(path, sizeof path, "%s/%llu", dir, (unsigned long long)i);
        FILE *file = fopen(path, "wbe");
        WF_ASSERT(file != NULL && fwrite(to + i * size, 1, size, file) == size &&
                  fclose(file) == 0);
    }
    sync();
    *disk = (double)bytes / 1e6 / (bench_seconds() - start);
    bench_remove(dir);
    free(from);
    free(to);
}

static void export_tiles(ledger *l, const char *work)
{
    wf_error err = {0};
    char dir[4096];
    tiles_report report = {0};
    const tiles_options options = {0};
    double memory, disk;
    snprintf(dir, sizeof dir, "%s/tiles", work);
    bench_remove(dir);
    double start = bench_seconds();
    if (ledger_export_tiles(l, dir, &options, &report, &err) != WF_OK)
        bench_die(&err);
    double rate = (double)report.bytes / 1e6 / (bench_seconds() - start);
    bench_remove(dir);
    copy_limits(dir, report.bytes, report.files, &memory, &disk);
    bench_beside("tile export", "MB/s", rate, memory, "memcpy");
    bench_beside("tile export", "MB/s", rate, disk, "as many plain files, then sync");
}

int log_archive(const char *work)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/log", work);
    wf_error err = {0};
    ledger *l = log_create(dir);
    ledger_archive_report report = {0};
    for (uint64_t first = 0; first < ARCHIVE_ENTRIES; first += LEDGER_SEAL_MAX - 1)
        log_submit(l, log_batch_new("operator", first, LEDGER_SEAL_MAX - 1));
    if (ledger_drain(l, &err) != WF_OK)
        bench_die(&err);
    export_tiles(l, work);
    double limit = zlib_rate(l);
    double plain[2], archived[2];
    for (int pass = 0; pass < 2; pass++) { /* the first one warms */
        plain[0] = read_some(l, ledger_size(l), 1);
        plain[1] = read_some(l, ledger_size(l), NEAR);
    }
    double start = bench_seconds();
    if (ledger_archive(l, 0, UINT64_MAX, NULL, &report, &err) != WF_OK)
        bench_die(&err);
    double seconds = bench_seconds() - start;
    double moved = (double)report.entries;
    printf("bytes an entry, archived: %.0f in the table of the archive; the entry itself has %.0f, "
           "its bundle %.0f\n",
           table_bytes(l, TABLE_ARCHIVE) / moved, (double)report.entry_bytes / moved,
           (double)report.archived_bytes / moved);
    bench_beside("archive", "entries/s", moved / seconds, limit, "zlib alone");
    archived[0] = read_some(l, report.entries, 1);
    archived[1] = read_some(l, report.entries, NEAR);
    printf("reads anywhere: archived %.1f us, plain %.1f us: ratio %.1f\n", archived[0], plain[0],
           archived[0] / plain[0]);
    printf("reads of %d in a row: archived %.1f us, plain %.1f us: ratio %.1f\n", NEAR, archived[1],
           plain[1], archived[1] / plain[1]);
    ledger_close(l);
    bench_remove(dir);
    return 0;
}
