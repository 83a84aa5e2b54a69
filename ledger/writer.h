/*
 * ledger/writer.h: between writer.c (threads and queue) and writer_batch.c (how a batch is
 * entered).
 */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "archive.h"

/* A batch on its way. */
typedef struct job {
    struct job *next;
    submit_batch *batch;
    void (*done)(void *ctx, submit_batch *batch);
    void *ctx;
    prepared *prepared; /* one an item */
    prepared seal;      /* of SEAL_GIVEN */
    arena *chunks;      /* what was prepared, one arena a chunk */
    size_t chunk_count, next_chunk, chunks_done;
    size_t open_from; /* items from here on stand in the open transaction */
} job;

void job_free(job *j);
/* The items from `from` on are not entered, and the batch has the error. */
void batch_fail(submit_batch *batch, size_t from, const wf_error *err);

/* Entering jobs one behind the other, several to a transaction. */
typedef struct entering {
    ledger *l;
    group group;
    key_scratch scratch;
    job *first, *last; /* entered, waiting for the commit */
    job *current;
    merkle_frontier seal; /* over the accepted statements that are not sealed yet */
    int64_t seal_time_ms;
    /* After each commit (fatal NULL), and when one failed. */
    void (*after_commit)(void *ctx, const wf_error *fatal);
    void *ctx;
} entering;

wf_status entering_init(entering *e, ledger *l,
                        void (*after_commit)(void *ctx, const wf_error *fatal), void *ctx,
                        wf_error *err);
void entering_free(entering *e);
/* Enters a prepared job; it is done at once or with a later commit. fatal: it only fails. */
void entering_take(entering *e, job *j, const wf_error *fatal);
bool entering_is_open(const entering *e);
void entering_finish(entering *e);

#endif
