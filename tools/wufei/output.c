/*
 * wufei/output.c: the sink that answers go to; the three forms have a file each.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"

wf_status output_error(wf_error *err, const char *text)
{
    if (err != NULL) {
        err->status = WF_SYSTEM;
        snprintf(err->text, sizeof err->text, "%s", text);
    }
    return WF_SYSTEM;
}

const char *output_cell_text(const output *o, const wf_cell *cell, char *space)
{
    space[0] = '\0';
    switch (cell->kind) {
    case WF_CELL_EMPTY:
        break;
    case WF_CELL_TEXT:
        return cell->as.text;
    case WF_CELL_INTEGER:
        snprintf(space, OUTPUT_CELL_MAX, "%lld", (long long)cell->as.integer);
        break;
    case WF_CELL_REAL:
        snprintf(space, OUTPUT_CELL_MAX, "%.9g", cell->as.real);
        break;
    case WF_CELL_MASS:
        return wf_format_mass_kg(space, cell->as.integer);
    case WF_CELL_TIME:
        return wf_format_time(space, cell->as.integer, o->utc_offset_minutes);
    case WF_CELL_DAY:
        return wf_format_day(space, (int32_t)cell->as.integer);
    }
    return space;
}

static void output_forget_columns(output *o)
{
    for (size_t i = 0; i < o->count; i++) {
        free((void *)(uintptr_t)o->columns[i].name);
        free((void *)(uintptr_t)o->columns[i].title);
    }
    o->count = 0;
}

static wf_status output_begin(void *ctx, const char *name, const char *title,
                              const wf_column *columns, size_t count, wf_error *err)
{
    output *o = ctx;
    if (count > OUTPUT_COLUMNS_MAX)
        return output_error(err, _("an answer has too many columns"));
    output_forget_columns(o);
    for (size_t i = 0; i < count; i++) {
        o->columns[i] = columns[i];
        o->columns[i].name = strdup(columns[i].name);
        o->columns[i].title = strdup(columns[i].title);
        o->count = i + 1;
        if (o->columns[i].name == NULL || o->columns[i].title == NULL)
            return output_error(err, _("out of memory"));
    }
    wf_status status = WF_OK;
    o->rows = 0;
    o->open = true;
    if (o->format == OUTPUT_TABLE)
        status = output_table_begin(o, name, title, err);
    else if (o->format == OUTPUT_CSV)
        output_csv_begin(o);
    else
        output_json_begin(o, name);
    o->tables++;
    return status;
}

static wf_status output_row(void *ctx, const wf_cell *cells, size_t count, wf_error *err)
{
    output *o = ctx;
    wf_status status = WF_OK;
    (void)count;
    if (o->format == OUTPUT_TABLE)
        status = output_table_row(o, cells, err);
    else if (o->format == OUTPUT_CSV)
        output_csv_row(o, cells);
    else
        output_json_row(o, cells);
    o->rows++;
    if (status == WF_OK && ferror(o->file))
        return output_error(err, _("cannot write to standard output"));
    return status;
}

static wf_status output_end(void *ctx, wf_error *err)
{
    output *o = ctx;
    wf_status status = WF_OK;
    if (o->format == OUTPUT_TABLE)
        status = output_table_end(o, err);
    else if (o->format == OUTPUT_JSON)
        output_json_end(o);
    o->open = false;
    return status;
}

/* 0: not a terminal, or one that does not know. */
static size_t output_terminal_width(FILE *file)
{
    struct winsize size = {0};
    if (!isatty(fileno(file)) || ioctl(fileno(file), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

wf_status output_new(output **out, output_format format, FILE *file, int utc_offset_minutes,
                     bool many, const char *brief, wf_error *err)
{
    output *o = calloc(1, sizeof *o);
    if (o == NULL)
        return output_error(err, _("out of memory"));
    o->format = format;
    o->file = file;
    o->utc_offset_minutes = utc_offset_minutes;
    o->many = many;
    o->brief = brief;
    o->width = output_terminal_width(file);
    o->colours = isatty(fileno(file)) && getenv("NO_COLOR") == NULL;
    *out = o;
    return WF_OK;
}

wf_sink output_sink(output *o)
{
    return (wf_sink){.ctx = o, .begin = output_begin, .row = output_row, .end = output_end};
}

wf_status output_finish(output *o, wf_error *err)
{
    wf_status status = WF_OK;
    if (o == NULL)
        return WF_OK;
    if (o->open)
        status = output_end(o, err);
    if (o->format == OUTPUT_JSON)
        output_json_finish(o);
    if (fflush(o->file) != 0 || ferror(o->file)) {
        char text[200];
        snprintf(text, sizeof text, "%s: %s", _("cannot write to standard output"),
                 _(strerror(errno)));
        status = output_error(err, text);
    }
    output_table_forget(o);
    output_forget_columns(o);
    free(o);
    return status;
}
