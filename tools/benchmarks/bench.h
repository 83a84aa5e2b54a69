/*
 * benchmarks/bench.h: what the benchmarks share: a stop-watch, memory beside the map, spawning.
 *
 * Every figure is printed beside its limit, measured in the same run: the ratio travels between
 * machines, the absolute number does not.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "book/book.h"
#include "ledger.h"

double bench_seconds(void); /* monotonic */
unsigned bench_processors(void);

/* Peak of RssAnon (heap and stacks, not the mapped store), sampled 50 times a second. */
typedef struct memory_watch memory_watch;
memory_watch *memory_watch_start(void);
double memory_watch_stop_mib(memory_watch *w);

/* Prints "name: ours UNIT, limit UNIT (what): ratio R, wanted >= W: ok|MISSED"; false when missed.
 */
bool bench_ratio(const char *name, const char *unit, double ours, double limit,
                 const char *limit_what, double wanted);
/* The same where nothing is promised. */
void bench_beside(const char *name, const char *unit, double ours, double limit,
                  const char *limit_what);
/* Prints "name: value UNIT, wanted <= (or >=) bound: ok|MISSED". */
bool bench_at_most(const char *name, const char *unit, double value, double bound);
bool bench_at_least(const char *name, const char *unit, double value, double bound);

/* A ledger with its book, opened for a benchmark; exits with a message on failure. */
typedef struct bench_ledger {
    book *book;
    ledger_hooks hooks;
    ledger *ledger;
} bench_ledger;
void bench_create(const char *dir);
void bench_open(bench_ledger *out, const char *dir, bool read_only);
void bench_close(bench_ledger *b);

_Noreturn void bench_die(const wf_error *err);
void bench_remove(const char *dir); /* rm -rf of a folder that a benchmark made */

/* Runs an argument vector, output to /dev/null; seconds, or a negative number when it failed. */
double bench_spawn(char *const argv[]);

/* Reads a whole recording; with `dir` also replays it into bare LMDB in that folder. Seconds. */
double bench_replay(const char *trace_path, const char *dir, uint64_t *puts, uint64_t *commits);

/* Seconds that SHA-256 of entries in memory takes on all processors, one message an entry: entry i
   lies from offsets[i] to offsets[i + 1]. The limit of every verification. */
double bench_hash_entries(const uint8_t *data, const size_t *offsets, size_t count);

/* The benchmarks; each returns the number of missed bounds. */
int bench_ingest(const char *bundle, const char *work);
int bench_signed(const char *work);
int bench_verify(const char *work);
int bench_audit(const char *work);
int bench_show(const char *work, const char *wufei);
int bench_archive(const char *work, const char *wufei);
void bench_suites(void);                           /* promises nothing */
int bench_log(const char *work, uint64_t entries); /* the ledger without a book: ledger_log.c */

#endif
