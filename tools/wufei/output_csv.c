/*
 * wufei/output_csv.c: RFC 4180, UTF-8, line feeds, machine column names. Tables of one answer are
 * separated by an empty line.
 */
#include <string.h>

#include "output.h"

static void csv_text(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', file);
        fputc(*text, file);
    }
    fputc('"', file);
}

void output_csv_begin(output *o)
{
    if (o->tables > 0)
        fputc('\n', o->file);
    for (size_t i = 0; i < o->count; i++) {
        if (i > 0)
            fputc(',', o->file);
        csv_text(o->file, o->columns[i].name);
    }
    fputc('\n', o->file);
}

void output_csv_row(output *o, const wf_cell *cells)
{
    char space[OUTPUT_CELL_MAX];
    for (size_t i = 0; i < o->count; i++) {
        if (i > 0)
            fputc(',', o->file);
        csv_text(o->file, output_cell_text(o, &cells[i], space));
    }
    fputc('\n', o->file);
}
