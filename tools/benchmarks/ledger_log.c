/*
 * benchmarks/ledger_log.c: the log without a book: the ledger of many entries that is verified and
 * proved from, and what the parts share. See ledger_bench.h.
 */
#include "ledger_bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAKE_BATCH = 4 * (LEDGER_SEAL_MAX - 1) };

uint64_t log_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

ledger *log_open(const char *dir, bool read_only)
{
    wf_error err = {0};
    ledger *l = NULL;
    ledger_options options = {.read_only = read_only};
    if (ledger_open(&l, dir, &options, &err) != WF_OK)
        bench_die(&err);
    return l;
}

ledger *log_create(const char *dir)
{
    wf_error err = {0};
    bench_remove(dir);
    if (ledger_create(dir, "bench.wufei.example", "ed25519-sha256", 480, NULL, &err) != WF_OK)
        bench_die(&err);
    return log_open(dir, false);
}

/* About as long, and about as repetitive, as a receipt with its weighings. */
static void write_record(char *out, size_t size, uint64_t number)
{
    uint64_t r = number;
    snprintf(out, size,
             "receipt manifest=3301%08" PRIu64 " facility=F%05u vehicle=ZA%05u code=900-%03u-%02u "
             "gross=%u.%03u tare=%u.%03u scale=W%04u operator=U%04u time=2026-03-%02uT%02u:%02u:"
             "%02u+08:00 lat=30.%07u lon=120.%07u method=D%02u accepted=full seal=intact "
             "note=%016" PRIx64,
             number, (unsigned)(log_random(&r) % 400), (unsigned)(log_random(&r) % 90000),
             (unsigned)(log_random(&r) % 60), (unsigned)(log_random(&r) % 49),
             (unsigned)(log_random(&r) % 30), (unsigned)(log_random(&r) % 1000),
             (unsigned)(log_random(&r) % 9), (unsigned)(log_random(&r) % 1000),
             (unsigned)(log_random(&r) % 800), (unsigned)(log_random(&r) % 3000),
             (unsigned)(number / 86400 % 28 + 1), (unsigned)(number / 3600 % 24),
             (unsigned)(number / 60 % 60), (unsigned)(number % 60),
             (unsigned)(log_random(&r) % 10000000), (unsigned)(log_random(&r) % 10000000),
             (unsigned)(log_random(&r) % 16), log_random(&r));
}

static void write_statement(buffer *out, const char *author, uint64_t number)
{
    char record[512];
    uint8_t id[STATEMENT_ID_SIZE];
    int64_t time_ms = INT64_C(1767225600000) + (int64_t)number;
    write_record(record, sizeof record, number);
    span part = span_text(record);
    statement_id_make(id, time_ms, &part, 1);
    statement_view view = {.origin = span_text("bench.wufei.example"),
                           .author = span_text(author),
                           .id = id,
                           .time_ms = time_ms,
                           .record = part};
    statement_write(out, &view);
}

/* The batch, and the bytes that its statements are parts of. */
typedef struct owned_batch {
    submit_batch batch; /* first: one can be had from the other */
    buffer bytes;
} owned_batch;

submit_batch *log_batch_new(const char *author, uint64_t first, size_t count)
{
    owned_batch *b = calloc(1, sizeof *b);
    size_t *ends = calloc(count + 1, sizeof *ends);
    WF_ASSERT(b != NULL && ends != NULL);
    b->batch.items = calloc(count, sizeof *b->batch.items);
    WF_ASSERT(b->batch.items != NULL);
    b->batch.count = count;
    b->batch.seal_kind = SEAL_BY_OPERATOR;
    arena_init(&b->batch.memory, 0);
    for (size_t i = 0; i < count; i++) {
        write_statement(&b->bytes, author, first + i);
        ends[i + 1] = b->bytes.size;
    }
    WF_ASSERT(!b->bytes.failed);
    for (size_t i = 0; i < count; i++)
        b->batch.items[i].statement = span_of(b->bytes.data + ends[i], ends[i + 1] - ends[i]);
    free(ends);
    return &b->batch;
}

void log_batch_free(submit_batch *batch)
{
    owned_batch *b = (owned_batch *)batch;
    arena_free(&b->batch.memory);
    buffer_free(&b->bytes);
    free(b->batch.items);
    free(b);
}

static void batch_done(void *ctx, submit_batch *batch)
{
    (void)ctx;
    if (batch->status != WF_OK)
        bench_die(&batch->error);
    for (size_t i = 0; i < batch->count; i++)
        WF_ASSERT(batch->items[i].outcome == SUBMIT_ENTERED);
    log_batch_free(batch);
}

void log_submit(ledger *l, submit_batch *batch)
{
    wf_error err = {0};
    if (ledger_submit_async(l, batch, batch_done, NULL, &err) != WF_OK)
        bench_die(&err);
}

static void print_bytes(ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_table_stat entries, all = {0};
    if (store_begin(&txn, ledger_store(l), false, &err) != WF_OK ||
        store_table_stats(txn, TABLE_ENTRIES, &entries, &err) != WF_OK)
        bench_die(&err);
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        store_table_stat one;
        if (store_table_stats(txn, t, &one, &err) != WF_OK)
            bench_die(&err);
        all.bytes += one.bytes;
    }
    store_abort(txn);
    double size = (double)ledger_size(l);
    printf("bytes an entry, plain: %.0f in the table of entries, %.0f with ids and tiles\n",
           (double)entries.bytes / size, (double)all.bytes / size);
}

void log_make(const char *dir, uint64_t entries)
{
    wf_error err = {0};
    ledger *l = log_create(dir);
    double start = bench_seconds();
    for (uint64_t first = 0; first < entries; first += MAKE_BATCH) {
        uint64_t left = entries - first;
        log_submit(l,
                   log_batch_new("operator", first, left < MAKE_BATCH ? (size_t)left : MAKE_BATCH));
    }
    if (ledger_drain(l, &err) != WF_OK)
        bench_die(&err);
    double seconds = bench_seconds() - start;
    printf("a ledger of %" PRIu64
           " entries: made in %.1f s, %.0f entries/s in the largest groups\n",
           ledger_size(l), seconds, (double)ledger_size(l) / seconds);
    print_bytes(l);
    ledger_close(l);
}

int bench_log(const char *work, uint64_t entries)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/log", work);
    int missed = log_append(work);
    log_make(dir, entries);
    missed += log_verify(dir);
    missed += log_prove(dir);
    bench_remove(dir);
    missed += log_archive(work);
    return missed;
}
