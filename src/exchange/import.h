/*
 * exchange/import.h: records in. Each reader turns rows of some format into statements of the
 * operator ("attested") and hands them to the ledger in batches, in the order of their time.
 */
#ifndef EXCHANGE_IMPORT_H
#define EXCHANGE_IMPORT_H

#include "book/book.h"
#include "ledger.h"

/* What is told of one row. place is "FILE:LINE: COLUMN" (or a JSON path). */
typedef struct import_problem {
    const char *place;
    const char *text; /* what is wrong, with the value */
    bool warning;     /* a warning: nothing was refused */
} import_problem;

typedef struct import_file_summary {
    char name[256];
    uint64_t read, entered, already, refused;
} import_file_summary;

enum { IMPORT_FILES_MAX = 64 };

typedef struct import_summary {
    import_file_summary files[IMPORT_FILES_MAX];
    size_t file_count;
    uint64_t statements; /* entered into the log (a track statement holds many rows) */
    double seconds;
} import_summary;

typedef struct import_options {
    bool all_or_nothing;
    void (*problem)(void *ctx,
                    const import_problem *problem); /* called in order of the files' lines */
    void (*progress)(void *ctx, uint64_t done, uint64_t total,
                     const char *phase); /* rows; may be NULL */
    void *ctx;
} import_options;

/* WF_OK when all rows are in, WF_REFUSED when some rows were refused (the rest is in, unless
   all_or_nothing), other statuses with nothing half-entered. */
wf_status import_bundle(ledger *l, book *b, const char *folder, const import_options *options,
                        import_summary *out, wf_error *err);
/* Any CSV through a map file (exchange/map.h documents the INI format). */
wf_status import_map(ledger *l, book *b, const char *map_path, const char *const *csv_paths,
                     size_t csv_count, const import_options *options, import_summary *out,
                     wf_error *err);
/* EPA e-Manifest JSON, one manifest a file. */
wf_status import_emanifest(ledger *l, book *b, const char *const *paths, size_t count,
                           const import_options *options, import_summary *out, wf_error *err);

#endif
