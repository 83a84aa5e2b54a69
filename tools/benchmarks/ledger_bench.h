/*
 * benchmarks/ledger_bench.h: what the benchmarks of the log alone share: statements of about 250
 * bytes of record, and a ledger without a book, so that what is measured is the ledger.
 */
#ifndef LEDGER_BENCH_H
#define LEDGER_BENCH_H

#include "bench.h"
#include "ledger_private.h"

enum { LOG_PASSES = 3 };

/* A new ledger without hooks in `dir`, opened for writing. */
ledger *log_create(const char *dir);
ledger *log_open(const char *dir, bool read_only);

/* A batch of `count` statements, numbered from `first`, set up to be sealed by the operator; on the
   heap with its statements, freed by log_batch_free. */
submit_batch *log_batch_new(const char *author, uint64_t first, size_t count);
void log_batch_free(submit_batch *batch);
/* Queues the batch, which is freed when it is done; dies when anything was refused. */
void log_submit(ledger *l, submit_batch *batch);

/* A small generator of numbers, the same in every run. */
uint64_t log_random(uint64_t *state);

/* Each returns the number of missed bounds. */
int log_append(const char *work);
void log_make(const char *dir, uint64_t entries);
int log_verify(const char *dir);
int log_prove(const char *dir);
int log_archive(const char *work); /* with a ledger of its own; tiles, too */

#endif
