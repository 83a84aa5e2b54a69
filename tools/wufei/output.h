/*
 * wufei/output.h: answers on standard output, as a table for people, as CSV (RFC 4180 with line
 * feeds) or as JSON.
 *
 * JSON is one value: an array of objects for an answer of one table, an object of such arrays for
 * an answer of several. Rows are written as they come; nothing waits for the last one but the
 * widths of a table's columns, which are found for every few thousand rows.
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
    struct libscols_table *table;     /* OUTPUT_TABLE */
    size_t place[OUTPUT_COLUMNS_MAX]; /* table column + 1 of each answer column, 0: not shown */
    bool headed;                      /* the header of the present table was printed */
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

/* The three writers, one file each. */
wf_status output_table_begin(output *o, const char *name, const char *title, wf_error *err);
wf_status output_table_row(output *o, const wf_cell *cells, wf_error *err);
wf_status output_table_end(output *o, wf_error *err);
void output_csv_begin(output *o);
void output_csv_row(output *o, const wf_cell *cells);
void output_json_begin(output *o, const char *name);
void output_json_row(output *o, const wf_cell *cells);
void output_json_end(output *o);
void output_json_finish(output *o);

#endif
