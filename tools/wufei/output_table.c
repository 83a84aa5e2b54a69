/*
 * wufei/output_table.c: tables for people, through libsmartcols, which knows how wide Chinese is.
 *
 * Titles are translated, and so are the closed words of some columns (states, streams, kinds); the
 * machine forms stay in CSV and JSON.
 */
#include <errno.h>
#include <libsmartcols.h>
#include <string.h>

#include "command.h"
#include "output.h"

enum { TABLE_ROWS_MAX = 5000 }; /* one pass of widths; a longer answer is printed in pieces */

/* Columns whose words are a closed list, so that the catalogue has them. */
static bool table_translated(const char *name)
{
    static const char *const columns[] = {
        "stream", "state", "what",    "kind",      "class", "subject_kind", "result",
        "check",  "field", "problem", "direction", "unit",  "file",         "health",
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i], name) == 0)
            return true;
    return false;
}

static bool table_shown(const char *brief, const char *name)
{
    if (brief == NULL)
        return true;
    size_t size = strlen(name);
    for (const char *at = brief; (at = strstr(at, name)) != NULL; at += size) {
        bool begins = at == brief || at[-1] == '|';
        bool ends = at[size] == '\0' || at[size] == '|';
        if (begins && ends)
            return true;
    }
    return false;
}

static wf_status table_error(wf_error *err)
{
    return output_error(err, _("out of memory"));
}

static wf_status table_make(output *o, wf_error *err)
{
    size_t shown = 0;
    o->table = scols_new_table();
    if (o->table == NULL)
        return table_error(err);
    scols_table_enable_noheadings(o->table, o->headed);
    scols_table_enable_colors(o->table, o->colours);
    scols_table_set_stream(o->table, o->file);
    for (size_t i = 0; i < o->count; i++) {
        const wf_column *column = &o->columns[i];
        bool number = column->kind == WF_CELL_INTEGER || column->kind == WF_CELL_REAL ||
                      column->kind == WF_CELL_MASS;
        bool wraps = strcmp(column->name, "sentence") == 0 || strcmp(column->name, "value") == 0;
        o->place[i] = 0;
        if (!table_shown(o->brief, column->name))
            continue;
        if (scols_table_new_column(o->table, column->title, 0,
                                   (number ? SCOLS_FL_RIGHT : 0) | (wraps ? SCOLS_FL_WRAP : 0)) ==
            NULL)
            return table_error(err);
        o->place[i] = ++shown;
    }
    return WF_OK;
}

/* Prints what has come and begins again below it. */
static wf_status table_flush(output *o, wf_error *err)
{
    if (scols_table_get_nlines(o->table) > 0) {
        int code = scols_print_table(o->table);
        if (code != 0)
            return output_error(err, code == -ENOMEM ? _("out of memory")
                                                     : _("cannot write to standard output"));
        o->headed = true;
    }
    scols_unref_table(o->table);
    o->table = NULL;
    return WF_OK;
}

wf_status output_table_begin(output *o, const char *name, const char *title, wf_error *err)
{
    if (o->many) {
        if (o->tables > 0)
            fputc('\n', o->file);
        fprintf(o->file, o->colours ? "\033[1m%s\033[0m\n" : "%s\n", title == NULL ? name : title);
    }
    o->headed = false;
    return table_make(o, err);
}

static void table_colour(const output *o, struct libscols_line *line, const wf_cell *cells)
{
    if (!o->colours)
        return;
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->columns[i].name, "severity") != 0 || cells[i].kind != WF_CELL_INTEGER)
            continue;
        if (cells[i].as.integer >= 4)
            scols_line_set_color(line, "red");
        else if (cells[i].as.integer == 3)
            scols_line_set_color(line, "yellow");
    }
}

wf_status output_table_row(output *o, const wf_cell *cells, wf_error *err)
{
    char space[OUTPUT_CELL_MAX];
    struct libscols_line *line = scols_table_new_line(o->table, NULL);
    if (line == NULL)
        return table_error(err);
    for (size_t i = 0; i < o->count; i++) {
        if (o->place[i] == 0)
            continue;
        const char *text = output_cell_text(o, &cells[i], space);
        /* of a table of fields and values, the field says whether its value is such a word */
        const char *name =
            strcmp(o->columns[i].name, "value") == 0 && i > 0 && cells[i - 1].kind == WF_CELL_TEXT
                ? cells[i - 1].as.text
                : o->columns[i].name;
        if (cells[i].kind == WF_CELL_TEXT && text[0] != '\0' && table_translated(name))
            text = _(text);
        if (scols_line_set_data(line, o->place[i] - 1, text) != 0)
            return table_error(err);
    }
    table_colour(o, line, cells);
    if (scols_table_get_nlines(o->table) < TABLE_ROWS_MAX)
        return WF_OK;
    wf_status status = table_flush(o, err);
    return status == WF_OK ? table_make(o, err) : status;
}

wf_status output_table_end(output *o, wf_error *err)
{
    if (o->table == NULL)
        return WF_OK;
    wf_status status = table_flush(o, err);
    if (status == WF_OK && !o->headed)
        fprintf(o->file, "%s\n", _("(none)"));
    return status;
}
