/*
 * benchmarks/ingest.c: a sealed bundle into a new ledger, against bare LMDB.
 *
 * Three passes over the same city: (1) the import that is timed; (2) the import again with every
 * put and commit recorded (keys, sizes, groups); (3) bare LMDB that replays the recorded puts
 * in the same groups with the same flags (replay.c). Reading the recording is timed alone and taken
 * off the replay, so that the limit is LMDB and nothing else.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/import.h"
#include "store_trace.h"

static void on_problem(void *ctx, const import_problem *problem)
{
    uint64_t *count = ctx;
    if ((*count)++ < 5)
        printf("  %s: %s\n", problem->place, problem->text);
}

/* Imports into a new ledger at dir; seconds. */
static double import_once(const char *bundle, const char *dir, FILE *trace, import_summary *summary)
{
    wf_error err = {0};
    bench_remove(dir);
    bench_create(dir);
    bench_ledger b;
    bench_open(&b, dir, false);
    if (trace != NULL)
        store_set_trace(ledger_store(b.ledger), trace);
    uint64_t problems = 0;
    import_options options = {.problem = on_problem, .ctx = &problems};
    double start = bench_seconds();
    wf_status status = import_bundle(b.ledger, b.book, bundle, &options, summary, &err);
    double seconds = bench_seconds() - start;
    if (status != WF_OK && status != WF_REFUSED)
        bench_die(&err);
    if (problems > 0)
        printf("  %llu problems\n", (unsigned long long)problems);
    bench_close(&b);
    return seconds;
}

int bench_ingest(const char *bundle, const char *work)
{
    char dir[4096];
    char traced[4096];
    char bare[4096];
    char trace_path[4096];
    snprintf(dir, sizeof dir, "%s/ledger", work);
    snprintf(traced, sizeof traced, "%s/traced", work);
    snprintf(bare, sizeof bare, "%s/replay", work);
    snprintf(trace_path, sizeof trace_path, "%s/trace", work);

    import_summary summary = {0};
    memory_watch *watch = memory_watch_start();
    double seconds = import_once(bundle, dir, NULL, &summary);
    double mib = memory_watch_stop_mib(watch);
    uint64_t rows = 0;
    for (size_t i = 0; i < summary.file_count; i++)
        rows += summary.files[i].entered;
    printf("ingest: %llu rows in %.1f s\n", (unsigned long long)rows, seconds);

    FILE *trace = fopen(trace_path, "wbe");
    WF_ASSERT(trace != NULL);
    import_summary again = {0};
    import_once(bundle, traced, trace, &again);
    WF_ASSERT(ferror(trace) == 0 && fclose(trace) == 0);
    bench_remove(traced);

    uint64_t puts = 0;
    uint64_t commits = 0;
    double reading = bench_replay(trace_path, NULL, &puts, &commits);
    double replayed = bench_replay(trace_path, bare, &puts, &commits) - reading;
    bench_remove(bare);
    remove(trace_path);
    printf("ingest: bare LMDB replays %llu puts in %llu commits in %.1f s\n",
           (unsigned long long)puts, (unsigned long long)commits, replayed);
    int missed = 0;
    missed += !bench_at_least("ingest", "records/s", (double)rows / seconds, 100000);
    missed += !bench_ratio("ingest", "records/s", (double)rows / seconds, (double)rows / replayed,
                           "bare LMDB with the same puts", 0.4);
    missed += !bench_at_most("ingest: memory beside the map", "MiB", mib, 300);
    return missed;
}
