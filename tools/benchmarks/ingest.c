/*
 * benchmarks/ingest.c: a sealed bundle into a new ledger, against bare LMDB.
 *
 * Three passes over the same city: (1) the import that is timed; (2) the import again with every
 * put and commit recorded (keys, sizes, groups); (3) a bare LMDB program that replays the recorded
 * puts in the same groups with the same flags. Reading the recording is timed alone and taken off
 * the replay, so that the limit is LMDB and nothing else.
 */
#include "bench.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* Reads the whole recording; with an environment also replays it. Seconds. */
static double replay(const char *trace_path, const char *dir, uint64_t *puts, uint64_t *commits)
{
    FILE *trace = fopen(trace_path, "rbe");
    WF_ASSERT(trace != NULL);
    static char io_buffer[1 << 20];
    setvbuf(trace, io_buffer, _IOFBF, sizeof io_buffer);
    WF_ASSERT(store_trace_open(trace));
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi tables[STORE_TABLES_MAX] = {0};
    bool opened[STORE_TABLES_MAX] = {false};
    uint8_t *value = calloc(1, 1 << 20);
    WF_ASSERT(value != NULL);
    if (dir != NULL) {
        bench_remove(dir);
        WF_ASSERT(mkdir(dir, 0777) == 0 && mdb_env_create(&env) == 0 &&
                  mdb_env_set_mapsize(env, (size_t)1 << 40) == 0 &&
                  mdb_env_set_maxdbs(env, STORE_TABLES_MAX) == 0 &&
                  mdb_env_open(env, dir, MDB_NOTLS, 0666) == 0);
    }
    *puts = 0;
    *commits = 0;
    double start = bench_seconds();
    store_trace_record record;
    while (store_trace_next(trace, &record)) {
        *puts += record.kind == STORE_TRACE_PUT;
        *commits += record.kind == STORE_TRACE_COMMIT;
        if (dir == NULL)
            continue;
        if (txn == NULL)
            WF_ASSERT(mdb_txn_begin(env, NULL, 0, &txn) == 0);
        if (record.kind == STORE_TRACE_COMMIT) {
            WF_ASSERT(mdb_txn_commit(txn) == 0);
            txn = NULL;
            continue;
        }
        if (record.kind == STORE_TRACE_ABORT) {
            mdb_txn_abort(txn);
            txn = NULL;
            continue;
        }
        if (!opened[record.table]) {
            char name[16];
            snprintf(name, sizeof name, "t%u", record.table);
            WF_ASSERT(mdb_dbi_open(txn, name, MDB_CREATE, &tables[record.table]) == 0);
            opened[record.table] = true;
        }
        MDB_val key = {record.key_size, record.key};
        MDB_val data = {record.value_size, value};
        int rc = 0;
        if (record.kind == STORE_TRACE_PUT)
            rc = mdb_put(txn, tables[record.table], &key, &data, record.append ? MDB_APPEND : 0);
        else if (record.kind == STORE_TRACE_DELETE)
            rc = mdb_del(txn, tables[record.table], &key, NULL);
        else
            rc = mdb_drop(txn, tables[record.table], 0);
        WF_ASSERT(rc == 0 || rc == MDB_NOTFOUND);
    }
    if (txn != NULL)
        mdb_txn_abort(txn);
    double seconds = bench_seconds() - start;
    if (env != NULL)
        mdb_env_close(env);
    free(value);
    fclose(trace);
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
    double reading = replay(trace_path, NULL, &puts, &commits);
    double replayed = replay(trace_path, bare, &puts, &commits) - reading;
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
