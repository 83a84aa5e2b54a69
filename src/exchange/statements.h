/*
 * exchange/statements.h: where every importer puts its records: checked, coded, batched, submitted
 * with a few batches in flight, and each outcome told by the place that the record came from.
 *
 * How to use it (import_bundle, import_map and import_emanifest do):
 *
 *     statements_new(&s, &target, options, err);
 *     unsigned file = statements_file(s, "manifests.csv");
 *     for each row:
 *         statements_read(s, file, 1);
 *         ... a bad cell:   statements_refuse(s, &place, "column", 1, text);
 *         ... a good row:   statements_add(s, &record, TIME_NONE, &place, 1, err);
 *     statements_finish(s, summary, err);    waits, tells the problems, fills the summary
 *     statements_free(s);
 *
 * A refusal of one record is no error of these functions: it is kept, told at the end in the order
 * of files and lines, and counted. They fail only when the import as a whole cannot go on.
 *
 * Memory: FLIGHT batches of BATCH_ITEMS statements, and at most PROBLEMS_MAX problems (the rest is
 * counted). With all_or_nothing the whole import is one batch, and memory grows with it: about 400
 * bytes a record.
 */
#ifndef EXCHANGE_STATEMENTS_H
#define EXCHANGE_STATEMENTS_H

#include "exchange/import.h"
#include "model/columns.h"
#include "model/track.h"

enum { STATEMENTS_BATCH = 3999, STATEMENTS_FLIGHT = 6, STATEMENTS_PROBLEMS_MAX = 100000 };

/* Where the statements go: a ledger with its book, or a stand-in of a test or a benchmark. */
typedef struct import_target {
    void *ctx;
    const char *origin;
    int utc_offset_minutes;
    /* As ledger_submit_async and ledger_drain. */
    wf_status (*submit)(void *ctx, submit_batch *batch,
                        void (*done)(void *done_ctx, submit_batch *batch), void *done_ctx,
                        wf_error *err);
    wf_status (*drain)(void *ctx, wf_error *err);
    /* As book_track_day, with a snapshot of its own. */
    wf_status (*track_day)(void *ctx, const char *vehicle, int32_t day, arena *a, track_fix **out,
                           size_t *out_count, wf_error *err);
    /* When the manifest was filed, TIME_NONE when the book does not know it; asked when all is
       done. May be NULL. */
    wf_status (*filed_at)(void *ctx, const char *manifest_id, int64_t *out_ms, wf_error *err);
} import_target;

/* The target that is a ledger and its book; `binding` must live as long as the target. */
typedef struct import_binding {
    ledger *l;
    book *b;
} import_binding;
import_target import_target_of(import_binding *binding);

typedef struct statements statements;

/* Where a record came from. */
typedef struct import_place {
    unsigned file; /* of statements_file */
    uint64_t line; /* 0: the file as a whole, or a document without lines */
    const char
        *path; /* of a document without lines: its JSON path, NULL otherwise; must outlive `s` */
} import_place;

/* The origin of the target is copied into every statement, its author is "operator". `options` and
   `target` are borrowed. */
wf_status statements_new(statements **out, const import_target *target,
                         const import_options *options, wf_error *err);
void statements_free(statements *s); /* NULL is fine; waits for what is in flight */

/* The number of a file of the summary, in the order of the calls. With more than IMPORT_FILES_MAX
   the last one takes all further. */
unsigned statements_file(statements *s, const char *name);
void statements_read(statements *s, unsigned file, uint64_t rows);
void statements_already(statements *s, unsigned file, uint64_t rows);

/* Rows that are refused, with the column (NULL: none) and what is wrong; copies the texts. */
void statements_refuse(statements *s, const import_place *place, const char *column_name,
                       uint64_t rows, const char *text);
void statements_warn(statements *s, const import_place *place, const char *column_name,
                     const char *text);

/* A file that is not read, for a header that cannot be used: its rows are neither counted as read
   nor as refused, and the import is refused nevertheless. */
void statements_stop(statements *s, const import_place *place, const char *column_name,
                     const char *text);

/* About a file that is not read at all, and is no file of the summary. */
void statements_warn_file(statements *s, const char *name, const char *text);

/* Checks, codes and enters one record that stands for `rows` rows. Nothing of the record is kept,
   it may live in a buffer that the next row overwrites. The statement's time is `time_ms`, or with
   TIME_NONE the record's own (0 for registry kinds). */
wf_status statements_add(statements *s, const Wufei__Record *record, int64_t time_ms,
                         const import_place *place, uint64_t rows, wf_error *err);

/* Submits what is collected and waits until all of it is done. */
wf_status statements_drain(statements *s, wf_error *err);

/* Drains, tells the problems, fills the summary (except seconds). WF_REFUSED when rows were
 * refused. */
wf_status statements_finish(statements *s, import_summary *out, wf_error *err);

#endif
