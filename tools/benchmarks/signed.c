/*
 * benchmarks/signed.c: individually signed statements against bare Ed25519 verification.
 *
 * The limit is EVP_DigestVerify over the same messages with the same keys, on the same number of
 * threads, in the same run. tools/bench prints `openssl speed ed25519` beside it.
 */
#include "bench.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "model/record.h"

enum { PARTIES = 16, STATEMENTS = 40000, BATCH = 1000 };

typedef struct signed_set {
    EVP_PKEY *keys[PARTIES];
    buffer statements;
    size_t offsets[STATEMENTS + 1];
    uint8_t signatures[STATEMENTS][64];
} signed_set;

static void make_message(buffer *out, span statement)
{
    buffer_clear(out);
    buffer_append_text(out, STATEMENT_DOMAIN);
    buffer_append(out, statement.data, statement.size);
    WF_ASSERT(!out->failed);
}

static span statement_at(const signed_set *s, size_t i)
{
    return span_of(s->statements.data + s->offsets[i], s->offsets[i + 1] - s->offsets[i]);
}

static void write_statement(signed_set *s, const char *origin, size_t i, buffer *record)
{
    wf_error err = {0};
    char report_id[32];
    char author[32];
    snprintf(report_id, sizeof report_id, "R%08zu", i);
    snprintf(author, sizeof author, "P%05zu", i % PARTIES);
    Wufei__Report report = WUFEI__REPORT__INIT;
    report.report_id = report_id;
    report.time_ms = INT64_C(1767225600000) + (int64_t)i * 1000;
    report.lat_e7 = 300000000 + (int32_t)i;
    report.lon_e7 = 1205000000 - (int32_t)i;
    report.category = REPORT_DUMPING;
    Wufei__Record body = WUFEI__RECORD__INIT;
    body.body_case = WUFEI__RECORD__BODY_REPORT;
    body.report = &report;
    buffer_clear(record);
    if (record_encode(record, &body, &err) != WF_OK)
        bench_die(&err);
    uint8_t id[STATEMENT_ID_SIZE];
    span bytes = span_of(record->data, record->size);
    record_statement_id(id, &body, bytes);
    statement_view view = {.origin = span_text(origin),
                           .author = span_text(author),
                           .id = id,
                           .time_ms = report.time_ms,
                           .record = bytes};
    statement_write(&s->statements, &view);
    s->offsets[i + 1] = s->statements.size;
}

static void sign_all(signed_set *s)
{
    buffer message = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    for (size_t i = 0; i < STATEMENTS; i++) {
        size_t size = 64;
        make_message(&message, statement_at(s, i));
        WF_ASSERT(ctx != NULL && EVP_MD_CTX_reset(ctx) == 1 &&
                  EVP_DigestSignInit(ctx, NULL, NULL, NULL, s->keys[i % PARTIES]) == 1 &&
                  EVP_DigestSign(ctx, s->signatures[i], &size, message.data, message.size) == 1);
    }
    EVP_MD_CTX_free(ctx);
    buffer_free(&message);
}

typedef struct checker {
    signed_set *set;
    size_t first, last;
    pthread_t thread;
} checker;

static void *check_slice(void *argument)
{
    checker *c = argument;
    buffer message = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    WF_ASSERT(ctx != NULL);
    for (size_t i = c->first; i < c->last; i++) {
        make_message(&message, statement_at(c->set, i));
        WF_ASSERT(EVP_MD_CTX_reset(ctx) == 1 &&
                  EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, c->set->keys[i % PARTIES]) == 1 &&
                  EVP_DigestVerify(ctx, c->set->signatures[i], 64, message.data, message.size) ==
                      1);
    }
    EVP_MD_CTX_free(ctx);
    buffer_free(&message);
    return NULL;
}

static double verify_bare(signed_set *s)
{
    unsigned threads = bench_processors();
    checker *slices = calloc(threads, sizeof *slices);
    WF_ASSERT(slices != NULL);
    double start = bench_seconds();
    for (unsigned i = 0; i < threads; i++) {
        size_t n = STATEMENTS;
        slices[i] = (checker){s, n * i / threads, n * (i + 1) / threads, 0};
        WF_ASSERT(pthread_create(&slices[i].thread, NULL, check_slice, &slices[i]) == 0);
    }
    for (unsigned i = 0; i < threads; i++)
        pthread_join(slices[i].thread, NULL);
    free(slices);
    return bench_seconds() - start;
}

static void batch_done(void *ctx, submit_batch *batch)
{
    (void)ctx;
    if (batch->status != WF_OK)
        bench_die(&batch->error);
    for (size_t i = 0; i < batch->count; i++)
        WF_ASSERT(batch->items[i].outcome == SUBMIT_ENTERED);
    arena_free(&batch->memory);
    free(batch->items);
    free(batch);
}

static double submit_all(signed_set *s, ledger *l)
{
    wf_error err = {0};
    double start = bench_seconds();
    for (size_t first = 0; first < STATEMENTS; first += BATCH) {
        submit_batch *batch = calloc(1, sizeof *batch);
        WF_ASSERT(batch != NULL);
        batch->items = calloc(BATCH, sizeof *batch->items);
        WF_ASSERT(batch->items != NULL);
        batch->count = BATCH;
        batch->seal_kind = SEAL_NONE;
        arena_init(&batch->memory, 0);
        for (size_t i = 0; i < BATCH; i++) {
            batch->items[i].statement = statement_at(s, first + i);
            batch->items[i].signature = span_of(s->signatures[first + i], 64);
        }
        if (ledger_submit_async(l, batch, batch_done, NULL, &err) != WF_OK)
            bench_die(&err);
    }
    if (ledger_drain(l, &err) != WF_OK)
        bench_die(&err);
    return bench_seconds() - start;
}

static void make_keys(signed_set *s, ledger *l)
{
    wf_error err = {0};
    for (size_t i = 0; i < PARTIES; i++) {
        char party[32];
        suite_public_key public_key = {.size = 32};
        snprintf(party, sizeof party, "P%05zu", i);
        s->keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        WF_ASSERT(s->keys[i] != NULL &&
                  EVP_PKEY_get_raw_public_key(s->keys[i], public_key.bytes, &public_key.size) == 1);
        if (ledger_add_key(l, party, &public_key, &err) != WF_OK)
            bench_die(&err);
    }
}

int bench_signed(const char *work)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/signed", work);
    bench_remove(dir);
    bench_create(dir);
    bench_ledger b;
    bench_open(&b, dir, false);
    signed_set *s = calloc(1, sizeof *s);
    WF_ASSERT(s != NULL);
    make_keys(s, b.ledger);
    buffer record = {0};
    for (size_t i = 0; i < STATEMENTS; i++)
        write_statement(s, ledger_origin(b.ledger), i, &record);
    sign_all(s);
    /* before and after, because the machine is shared: the better of the two is the limit */
    double bare = verify_bare(s);
    double ours = submit_all(s, b.ledger);
    double again = verify_bare(s);
    if (again < bare)
        bare = again;
    bool ok = bench_ratio("individually signed statements", "statements/s", STATEMENTS / ours,
                          STATEMENTS / bare, "OpenSSL verification of the same signatures", 0.8);
    buffer_free(&record);
    buffer_free(&s->statements);
    for (size_t i = 0; i < PARTIES; i++)
        EVP_PKEY_free(s->keys[i]);
    free(s);
    bench_close(&b);
    bench_remove(dir);
    return ok ? 0 : 1;
}
