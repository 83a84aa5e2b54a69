/*
 * exchange/bundle_file.h: one CSV file of a bundle as a stream of rows in the order of their time.
 *
 * A file is read through once (bundle_file_scan) to see whether it is in that order already. If it
 * is, it is then streamed. If it is not, an index of 24 bytes a row is sorted, and the rows are
 * fetched one by one.
 */
#ifndef EXCHANGE_BUNDLE_FILE_H
#define EXCHANGE_BUNDLE_FILE_H

#include "exchange/csv.h"
#include "exchange/far_times.h"
#include "exchange/statements.h"

/* A row of tracks.csv; many of them become one Track record. */
typedef struct fix_row {
    char *vehicle_id;
    track_fix fix;
} fix_row;

typedef struct index_entry {
    int64_t time_ms;
    uint64_t offset, line;
} index_entry;

typedef struct bundle_file {
    const record_kind *kind;
    unsigned number; /* in the summary */
    int utc_offset_minutes;
    csv *reader;
    const column *columns[CSV_CELLS_MAX]; /* by place in the row; NULL: an unknown column */
    size_t column_count;
    size_t time_cells[2]; /* the row's time is the later of them; CSV_CELLS_MAX: none */
    uint64_t rows;
    index_entry *index; /* NULL: the file is in order */
    size_t index_at;
    far_times *times; /* where the scan counts the rows by day; NULL: nowhere */
    bool stopped;     /* told already: no header that can be used */

    /* the present row */
    bool found;
    csv_row row;
    int64_t time_ms; /* of rows without a readable time: that of the row before. TIME_NONE in the
                        registry */
} bundle_file;

/* Opens the file and reads its header; what is wrong with it goes to `s`, and the file is
 * `stopped`. */
wf_status bundle_file_open(bundle_file *f, statements *s, const record_kind *kind, const char *path,
                           int utc_offset_minutes, wf_error *err);
void bundle_file_close(bundle_file *f);

/* Counts the rows, and indexes them if need be. The first row is then present. */
wf_status bundle_file_scan(bundle_file *f, statements *s, wf_error *err);
/* Makes the next row in time present; found tells. */
wf_status bundle_file_next(bundle_file *f, wf_error *err);

/* Fills `message` (a struct of the kind, or a fix_row) from the present row. WF_REFUSED with the
   column (NULL: the row as a whole) and what is wrong. Texts live until the next row. */
wf_status bundle_file_fill(const bundle_file *f, void *message, arena *a, const char **column_name,
                           wf_error *err);

#endif
