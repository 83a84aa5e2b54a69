/*
 * benchmarks/ledger_append.c: entering statements in groups of 1, 10, 100 and 1 000.
 *
 * A group is one commit: its statements and their seal; a group of one is a statement that its
 * author signed, without a seal. Batches come through the queue, as from many clients. The limits
 * beside it: bare LMDB that is given the same puts in the same commits (replay.c), and a file that
 * is written 4 096 bytes and synced as often as there were commits. Passes are taken in turn, the
 * best of each is compared.
 */
#include "ledger_bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZES = 4, PARTY_SIGNATURE = 64 };

static const struct {
    size_t width, groups;
    double wanted; /* of bare LMDB; 0: nothing is promised */
} sizes[SIZES] = {{1, 2000, 0}, {10, 1500, 0}, {100, 1000, 0.5}, {1000, 300, 0}};

#define AUTHOR "P00001" /* of groups of one */
static EVP_PKEY *author_key;

/* Statements of an author: signed, not sealed. */
static void sign_items(submit_batch *batch, buffer *signatures)
{
    buffer message = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    for (size_t i = 0; i < batch->count; i++) {
        uint8_t signature[PARTY_SIGNATURE];
        size_t size = sizeof signature;
        span statement = batch->items[i].statement;
        buffer_clear(&message);
        buffer_append_text(&message, STATEMENT_DOMAIN);
        buffer_append(&message, statement.data, statement.size);
        WF_ASSERT(ctx != NULL && !message.failed && EVP_MD_CTX_reset(ctx) == 1 &&
                  EVP_DigestSignInit(ctx, NULL, NULL, NULL, author_key) == 1 &&
                  EVP_DigestSign(ctx, signature, &size, message.data, message.size) == 1);
        buffer_append(signatures, signature, sizeof signature);
    }
    EVP_MD_CTX_free(ctx);
    buffer_free(&message);
    WF_ASSERT(!signatures->failed);
}

static void add_author_key(ledger *l)
{
    wf_error err = {0};
    suite_public_key public_key = {.size = sizeof public_key.bytes};
    EVP_PKEY_free(author_key);
    author_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    WF_ASSERT(author_key != NULL &&
              EVP_PKEY_get_raw_public_key(author_key, public_key.bytes, &public_key.size) == 1);
    if (ledger_add_key(l, AUTHOR, &public_key, &err) != WF_OK)
        bench_die(&err);
}

/* Enters the groups into a new ledger; seconds. */
static double append_once(const char *dir, size_t width, size_t groups, FILE *trace)
{
    wf_error err = {0};
    buffer signatures = {0};
    ledger *l = log_create(dir);
    submit_batch **batches = calloc(groups, sizeof(submit_batch *));
    WF_ASSERT(batches != NULL);
    if (width == 1)
        add_author_key(l);
    for (size_t i = 0; i < groups; i++) {
        batches[i] = log_batch_new(width == 1 ? AUTHOR : "operator", i * width, width);
        if (width == 1)
            sign_items(batches[i], &signatures);
    }
    for (size_t i = 0; i < groups && width == 1; i++) {
        batches[i]->seal_kind = SEAL_NONE;
        batches[i]->items[0].signature =
            span_of(signatures.data + i * PARTY_SIGNATURE, PARTY_SIGNATURE);
    }
    ledger_set_group_max(l, width == 1 ? 1 : width + 1);
    if (trace != NULL)
        store_set_trace(ledger_store(l), trace);
    double start = bench_seconds();
    for (size_t i = 0; i < groups; i++)
        log_submit(l, batches[i]);
    if (ledger_drain(l, &err) != WF_OK)
        bench_die(&err);
    double seconds = bench_seconds() - start;
    store_set_trace(ledger_store(l), NULL); /* closing may archive */
    ledger_close(l);
    free(batches);
    buffer_free(&signatures);
    return seconds;
}

static double sync_loop(const char *path, size_t count)
{
    static const uint8_t page[4096];
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    WF_ASSERT(file >= 0);
    double start = bench_seconds();
    for (size_t i = 0; i < count; i++)
        WF_ASSERT(pwrite(file, page, sizeof page, (off_t)(i * sizeof page)) == sizeof page &&
                  fdatasync(file) == 0);
    double seconds = bench_seconds() - start;
    close(file);
    unlink(path);
    return seconds;
}

static void keep_best(double *best, double seconds)
{
    if (*best == 0 || seconds < *best)
        *best = seconds;
}

static bool append_size(const char *work, size_t width, size_t groups, double wanted)
{
    char dir[4096], bare[4096], path[4096], name[64];
    double ours = 0, replayed = 0, synced = 0;
    snprintf(dir, sizeof dir, "%s/append", work);
    snprintf(bare, sizeof bare, "%s/replay", work);
    snprintf(path, sizeof path, "%s/trace", work);
    FILE *trace = fopen(path, "wbe");
    WF_ASSERT(trace != NULL);
    append_once(dir, width, groups, trace);
    WF_ASSERT(ferror(trace) == 0 && fclose(trace) == 0);
    uint64_t puts = 0, commits = 0;
    for (int pass = 0; pass < LOG_PASSES; pass++) {
        keep_best(&ours, append_once(dir, width, groups, NULL));
        double reading = bench_replay(path, NULL, &puts, &commits);
        keep_best(&replayed, bench_replay(path, bare, &puts, &commits) - reading);
        char file[4100];
        snprintf(file, sizeof file, "%s.s", path);
        keep_best(&synced, sync_loop(file, groups));
    }
    WF_ASSERT(commits == groups);
    bench_remove(dir);
    bench_remove(bare);
    remove(path);
    double entries = (double)(width * groups);
    snprintf(name, sizeof name, "append, groups of %zu", width);
    printf("%s: %.0f commits/s, one 4 KiB write and fdatasync %.0f/s\n", name,
           (double)groups / ours, (double)groups / synced);
    const char *what = "bare LMDB with the same puts";
    if (wanted > 0)
        return bench_ratio(name, "statements/s", entries / ours, entries / replayed, what, wanted);
    bench_beside(name, "statements/s", entries / ours, entries / replayed, what);
    return true;
}

int log_append(const char *work)
{
    int missed = 0;
    for (size_t i = 0; i < SIZES; i++)
        missed += !append_size(work, sizes[i].width, sizes[i].groups, sizes[i].wanted);
    EVP_PKEY_free(author_key);
    author_key = NULL;
    return missed;
}
