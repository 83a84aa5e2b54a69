/*
 * exchange/map_job.h: the state of one import through a map, shared by its two halves: map_source.c
 * reads the foreign files, their lookups and checks; map_import.c makes and enters the bundle.
 */
#ifndef EXCHANGE_MAP_JOB_H
#define EXCHANGE_MAP_JOB_H

#include <stdio.h>

#include "exchange/csv.h"
#include "exchange/import.h"
#include "exchange/map.h"
#include "model/columns.h"

enum { SOURCES_MAX = 32, TARGETS_MAX = RECORD_KINDS };

typedef struct lookup_entry {
    const char *key, *value;
} lookup_entry;

typedef struct lookup {
    const char *name;
    const char *key_column, *value_column;
    lookup_entry *entries; /* sorted by key */
    size_t count, capacity;
} lookup;

typedef struct source { /* a CSV file of the command line */
    const char *path;
    const char *name; /* its base name */
    uint64_t read, refused;
    bool *is_refused; /* by line: a line that makes several rows is refused once */
    size_t line_capacity;
} source;

typedef struct origin { /* what a line of a bundle file was made of */
    uint32_t source;    /* SOURCES_MAX: the map itself (a constant) */
    uint32_t line;
} origin;

typedef struct target { /* a bundle file being written */
    const record_kind *kind;
    FILE *file;
    origin *lines; /* lines[i] is line i + 2 */
    size_t count, capacity;
} target;

typedef struct mapping {
    map *m;
    arena memory;
    char *folder; /* temporary, with the bundle; NULL until it is made */
    int utc_offset_minutes;
    source sources[SOURCES_MAX];
    size_t source_count;
    lookup lookups[MAP_SECTIONS_MAX];
    size_t lookup_count;
    target targets[TARGETS_MAX];
    size_t target_count;
    const import_options *options;
    /* the row being mapped; and the cells of the bundle rows that it makes, kept until all of them
       are good */
    const csv_row *header, *row;
    buffer cells;
    size_t *ends; /* of each cell, in the order of the sections and their keys */
    size_t end_count, end_capacity;
} mapping;

source *source_find(mapping *m, const char *name); /* by base name; NULL when there is none */
/* Counts a line as refused, once. */
void source_refuse(source *s, uint64_t line);
/* Counts it and tells why. */
void source_refuse_row(mapping *m, source *s, uint64_t line, const char *text);

/* Calls `visit` with m->header and m->row set for every row; with `count` rows are counted, and the
   malformed ones told. */
typedef wf_status (*row_visitor)(mapping *m, source *s, wf_error *err);
wf_status source_visit(mapping *m, source *s, bool count, row_visitor visit, wf_error *err);

map_row row_of(mapping *m); /* how templates read the present row */
bool section_reads(const map_section *section, enum map_section_kind kind, const source *s);

wf_status lookups_load(mapping *m, wf_error *err);
/* All checks of the present row: WF_REFUSED with "COLUMN: what is wrong". */
wf_status row_checks(mapping *m, const source *s, wf_error *err);

#endif
