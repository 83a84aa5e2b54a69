/*
 * exchange/csv.h: a streaming reader of CSV as RFC 4180 has it.
 *
 * Lines end with LF or CRLF; cells may be quoted, and then hold commas, line ends and doubled
 * quotes; a UTF-8 byte order mark at the beginning is passed over; empty lines are skipped; the
 * last line may lack its end. A file that begins with gzip's magic is inflated, whatever its name.
 * Memory is one buffer a reader.
 *
 * A row that breaks the rules is given with `problem` set and no cells; the reader goes on with the
 * line behind it. (A quote that is never closed costs its own line, not the rest of the file.)
 */
#ifndef EXCHANGE_CSV_H
#define EXCHANGE_CSV_H

#include "base/memory.h"

enum { CSV_CELLS_MAX = 256, CSV_ROW_MAX = 256 * 1024 };

/* A cell, unquoted; zero-terminated, and may be written to. Lives until the reader's next call. */
typedef struct csv_cell {
    char *text;
    size_t size;
} csv_cell;

typedef struct csv_row {
    csv_cell *cells; /* count of them; owned by the reader */
    size_t count;
    uint64_t line;       /* of its first character, from 1 */
    uint64_t offset;     /* in the inflated bytes, for csv_seek */
    bool without_end;    /* the file ends within its line, and was perhaps cut short there */
    const char *problem; /* what is malformed (translated), NULL when nothing is */
} csv_row;

typedef struct csv csv;

wf_status csv_open(csv **out, const char *path, wf_error *err);
void csv_close(csv *reader); /* NULL is fine */

/* The next row; *found is false at the end. The header is a row as any other. WF_REFUSED when a
   gzip file is damaged or cut short, WF_SYSTEM when reading fails. */
wf_status csv_next(csv *reader, csv_row *out, bool *found, wf_error *err);

/* Back to the first row. */
wf_status csv_rewind(csv *reader, wf_error *err);
/* Makes ready for csv_seek: a gzip file is inflated into a file without a name in $TMPDIR. From
   here on the reader reads in small pieces. */
wf_status csv_random_access(csv *reader, wf_error *err);
/* The next row is the one that began at `offset` in `line`. */
wf_status csv_seek(csv *reader, uint64_t offset, uint64_t line, wf_error *err);

#endif
