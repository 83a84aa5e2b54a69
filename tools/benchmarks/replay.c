/*
 * benchmarks/replay.c: a recording of a ledger's puts (store_trace.h), put again into bare LMDB.
 *
 * The same keys, sizes of values, flags and commits; the values themselves are zeros. So the pages
 * that are written are the same, and what is left is LMDB and nothing else.
 */
#include "bench.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store_trace.h"

double bench_replay(const char *trace_path, const char *dir, uint64_t *puts, uint64_t *commits)
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
