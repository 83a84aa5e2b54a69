/*
 * api/answer.c: rows of answers, cell by cell; see api.h.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

void answer_begin(answer *a, const wf_sink *sink, wf_error *err, const char *name,
                  const char *title, const wf_column *columns, size_t count)
{
    wf_column translated[ANSWER_COLUMNS_MAX];
    WF_ASSERT(count <= ANSWER_COLUMNS_MAX);
    a->sink = sink;
    a->err = err;
    a->count = 0;
    a->columns = count;
    for (size_t i = 0; i < count; i++) {
        translated[i] = columns[i];
        translated[i].title = columns[i].title == NULL ? columns[i].name : _(columns[i].title);
    }
    a->status =
        sink->begin(sink->ctx, name, title == NULL ? NULL : _(title), translated, count, err);
}

void answer_row(answer *a)
{
    WF_ASSERT(a->status != WF_OK || a->count == a->columns);
    if (a->status == WF_OK)
        a->status = a->sink->row(a->sink->ctx, a->cells, a->count, a->err);
    a->count = 0;
}

wf_status answer_end(answer *a)
{
    if (a->status == WF_OK)
        a->status = a->sink->end(a->sink->ctx, a->err);
    return a->status;
}

static wf_cell *cell_next(answer *a, wf_cell_kind kind)
{
    WF_ASSERT(a->count < ANSWER_COLUMNS_MAX);
    wf_cell *cell = &a->cells[a->count++];
    memset(cell, 0, sizeof *cell);
    cell->kind = kind;
    return cell;
}

void cell_empty(answer *a)
{
    cell_next(a, WF_CELL_EMPTY);
}

void cell_text(answer *a, const char *text)
{
    if (text == NULL || text[0] == '\0')
        cell_empty(a);
    else
        cell_next(a, WF_CELL_TEXT)->as.text = text;
}

void cell_integer(answer *a, int64_t value)
{
    cell_next(a, WF_CELL_INTEGER)->as.integer = value;
}

void cell_real(answer *a, double value)
{
    cell_next(a, WF_CELL_REAL)->as.real = value;
}

void cell_mass(answer *a, int64_t mass_g)
{
    if (mass_g == MASS_NONE)
        cell_empty(a);
    else
        cell_next(a, WF_CELL_MASS)->as.integer = mass_g;
}

void cell_time(answer *a, int64_t ms)
{
    if (ms == TIME_NONE)
        cell_empty(a);
    else
        cell_next(a, WF_CELL_TIME)->as.integer = ms;
}

void cell_day(answer *a, int32_t day)
{
    cell_next(a, WF_CELL_DAY)->as.integer = day;
}

void cell_degrees(answer *a, int32_t e7)
{
    char *text = a->texts[a->count];
    cell_text(a, decimal_format(text, e7, 7));
}

const char *hash_text(char out[HASH_TEXT], const hash *h)
{
    for (size_t i = 0; i < HASH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", h->bytes[i]);
    return out;
}
