/*
 * wufei/output.h: answers on standard output, as a table for people, as CSV (RFC 4180 with line
 * feeds) or as JSON.
 *
 * JSON is one value: an array of objects for an answer of one table, an object of such arrays for
 * an answer of several. Rows are written as they come; nothing waits for the last one but the
 * widths of a table's columns, which are found for every few thousand rows. A table that is too
 * wide for its terminal is wrapped, or printed a field a line.
 */
#ifndef WUFEI_OUTPUT_H
#define WUFEI_OUTPUT_H

#include <stdio.h>

#include "wufei/wufei.h"

typedef enum output_format { OUTPUT_TABLE, OUTPUT_CSV, OUTPUT_JSON } output_format;

enum { OUTPUT_COLUMNS_MAX = 40, OUTPUT_CELL_MAX = 48 };

typedef struct output {
    output_format format;
    FILE *file;
    int utc_offset_minutes;
    bool many;                             /* several tables are coming */
    bool colours;                          /* a terminal, and NO_COLOR is not set */
    const char *brief;                     /* columns shown to people, joined by '|'; NULL: all */
    size_t tables;                         /* begun so far */
    uint64_t rows;                         /* of the present table */
    bool open;                             /* a table has begun and not ended */
    wf_column columns[OUTPUT_COLUMNS_MAX]; /* of the present table, names and titles owned */
    size_t count;

    /* OUTPUT_TABLE: rows are kept until the widths of their columns are known. */
    size_t width;                    /* of the terminal; 0: no terminal, as wide as it takes */
    const char *upright;             /* the table of this name is printed a field a line */
    const char *empty_of;            /* when the table of this name is empty ... */
    const char *empty_text;          /* ... this is said instead of "(none)" */
    char table_name[32];             /* of the present or last table */
    bool shown[OUTPUT_COLUMNS_MAX];  /* of the answer's columns */
    char **kept;                     /* cells, row by row, owned; not shown: NULL */
    size_t kept_rows, kept_capacity; /* rows */
    bool headed;                     /* a piece of the present table was printed */
    bool standing;                   /* and it was a field a line */
} output;

wf_status output_new(output **out, output_format format, FILE *file, int utc_offset_minutes,
                     bool many, const char *brief, wf_error *err);
wf_sink output_sink(output *o);
/* Closes what is open, flushes, frees; WF_SYSTEM when the file could not be written. */
wf_status output_finish(output *o, wf_error *err);

/* The text of a cell as CSV and JSON write it, without quotes; `space` is OUTPUT_CELL_MAX bytes. */
const char *output_cell_text(const output *o, const wf_cell *cell, char *space);

/* Sets err, when it is not NULL, and returns WF_SYSTEM. */
wf_status output_error(wf_error *err, const char *text);
/* A line below a table, wrapped like one. `format` has one %s, for `text`. */
void output_line(output *o, const char *format, const char *text);

/* The three writers, one file each. */
wf_status output_table_begin(output *o, const char *name, const char *title, wf_error *err);
wf_status output_table_row(output *o, const wf_cell *cells, wf_error *err);
wf_status output_table_end(output *o, wf_error *err);
void output_table_forget(output *o); /* frees the rows that are kept */
void output_csv_begin(output *o);
void output_csv_row(output *o, const wf_cell *cells);
void output_json_begin(output *o, const char *name);
void output_json_row(output *o, const wf_cell *cells);
void output_json_end(output *o);
void output_json_finish(output *o);

#endif
