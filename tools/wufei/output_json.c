/*
 * wufei/output_json.c: RFC 8259. Masses are numbers of kilograms, times and days strings, what is
 * not given is null.
 */
#include <math.h>

#include "output.h"

/* Text of the ledger is UTF-8 by admission; a stray byte becomes U+FFFD rather than broken JSON. */
static size_t json_sequence(const unsigned char *text)
{
    size_t size = text[0] < 0x80 ? 1 : text[0] >= 0xF0 ? 4 : text[0] >= 0xE0 ? 3 : 2;
    if (text[0] >= 0x80 && (text[0] < 0xC2 || text[0] > 0xF4))
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return size;
}

static void json_text(FILE *file, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    fputc('"', file);
    while (*at != '\0') {
        size_t size = json_sequence(at);
        if (size == 0) {
            fputs("\\ufffd", file);
            at++;
            continue;
        }
        if (*at == '"' || *at == '\\')
            fprintf(file, "\\%c", *at);
        else if (*at == '\n')
            fputs("\\n", file);
        else if (*at < 0x20 || *at == 0x7F)
            fprintf(file, "\\u%04x", *at);
        else
            fwrite(at, 1, size, file);
        at += size;
    }
    fputc('"', file);
}

static void json_cell(const output *o, const wf_cell *cell)
{
    char space[OUTPUT_CELL_MAX];
    switch (cell->kind) {
    case WF_CELL_EMPTY:
        fputs("null", o->file);
        break;
    case WF_CELL_REAL:
        if (isfinite(cell->as.real))
            fputs(output_cell_text(o, cell, space), o->file);
        else
            fputs("null", o->file);
        break;
    case WF_CELL_INTEGER:
    case WF_CELL_MASS:
        fputs(output_cell_text(o, cell, space), o->file);
        break;
    default:
        json_text(o->file, output_cell_text(o, cell, space));
    }
}

void output_json_begin(output *o, const char *name)
{
    if (o->many) {
        fputs(o->tables == 0 ? "{\n" : ",\n", o->file);
        json_text(o->file, name);
        fputs(": ", o->file);
    }
    fputc('[', o->file);
}

void output_json_row(output *o, const wf_cell *cells)
{
    fputs(o->rows == 0 ? "\n{" : ",\n{", o->file);
    for (size_t i = 0; i < o->count; i++) {
        if (i > 0)
            fputs(", ", o->file);
        json_text(o->file, o->columns[i].name);
        fputs(": ", o->file);
        json_cell(o, &cells[i]);
    }
    fputc('}', o->file);
}

void output_json_end(output *o)
{
    fputs(o->rows == 0 ? "]" : "\n]", o->file);
}

void output_json_finish(output *o)
{
    if (o->tables == 0)
        return;
    fputs(o->many ? "\n}\n" : "\n", o->file);
}
