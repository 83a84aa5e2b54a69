/*
 * wufei/output_table.c: tables for people, through libsmartcols, which knows how wide Chinese is.
 *
 * Titles are translated, and so are the closed words of some columns (states, streams, kinds); the
 * machine forms stay in CSV and JSON. On a terminal that is too narrow, columns without any value
 * are left out, texts are wrapped; and where even that is not enough each row stands upright, a
 * field a line.
 */
#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "output_layout.h"

enum { TABLE_ROWS_MAX = 5000 }; /* one pass of widths; a longer answer is printed in pieces */

/* Columns whose words are a closed list, so that the catalogue has them. */
static bool table_translated(const char *name)
{
    static const char *const columns[] = {
        "stream",    "state",  "what",    "kind",    "class",     "subject_kind",
        "result",    "check",  "field",   "problem", "direction", "unit",
        "file",      "health", "roles",   "driver",  "basis",     "category",
        "parameter", "source", "streams", "event",   "method",    "facility_state",
    };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(columns[i], name) == 0)
            return true;
    return false;
}

/* The word in a context of the catalogue, or NULL. */
static const char *table_lookup(const char *context, const char *word)
{
    char marked[300];
    int size = snprintf(marked, sizeof marked, "%s\004%s", context, word);
    if (size < 0 || (size_t)size >= sizeof marked)
        return NULL;
    const char *found = dgettext("wufei", marked);
    return found == marked ? NULL : found;
}

/* Some words are another thing elsewhere ("days" is a parameter and a unit, "arrived" an event here
   and a mass in the audit): the catalogue has those by column, or as words at large. */
static const char *table_word(const char *column, const char *word)
{
    const char *found = table_lookup(column, word);
    if (found == NULL)
        found = table_lookup("word", word);
    return found == NULL ? _(word) : found;
}

/* One word, or several joined by '|'; owned by the caller. */
static char *table_words(const char *column, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);
    char *copy = strdup(text), *rest = copy;
    if (stream != NULL && copy != NULL)
        for (char *word = strsep(&rest, "|"); word != NULL; word = strsep(&rest, "|"))
            fprintf(stream, "%s%s", word == copy ? "" : "|",
                    word[0] == '\0' ? "" : table_word(column, word));
    bool good = stream != NULL && fclose(stream) == 0 && copy != NULL;
    free(copy);
    if (!good) {
        free(out);
        return NULL;
    }
    return out;
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

void output_table_forget(output *o)
{
    for (size_t i = 0; i < o->kept_rows * o->count; i++)
        free(o->kept[i]);
    free(o->kept);
    o->kept = NULL;
    o->kept_rows = 0;
    o->kept_capacity = 0;
}

/* ---- printing ------------------------------------------------------------------------------- */

/* The columns that are shown, measured; those without a value are dropped when `used` asks so. */
static size_t table_measure(const output *o, layout_column *columns, size_t *from, bool used)
{
    size_t count = 0;
    for (size_t i = 0; i < o->count; i++) {
        if (!o->shown[i])
            continue;
        layout_column *c = &columns[count];
        *c = (layout_column){.breaks = o->columns[i].kind == WF_CELL_TEXT};
        bool any = false;
        for (size_t row = 0; row < o->kept_rows; row++) {
            const char *text = o->kept[row * o->count + i];
            any = any || text[0] != '\0';
            layout_measure(c, text);
        }
        c->title = layout_text_width(o->columns[i].title);
        if (c->natural < c->title)
            c->natural = c->title;
        c->width = c->natural;
        if (any || !used)
            from[count++] = i;
    }
    return count;
}

static void table_colour(const output *o, struct libscols_line *line, size_t row)
{
    for (size_t i = 0; o->colours && i < o->count; i++) {
        if (strcmp(o->columns[i].name, "severity") != 0 || !o->shown[i])
            continue;
        int severity = atoi(o->kept[row * o->count + i]);
        if (severity >= 3)
            scols_line_set_color(line, severity >= 4 ? "red" : "yellow");
    }
}

static bool table_fill(const output *o, struct libscols_table *table, const layout_column *columns,
                       const size_t *from, size_t count)
{
    for (size_t row = 0; row < o->kept_rows; row++) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        if (line == NULL)
            return false;
        for (size_t i = 0; i < count; i++) {
            const char *text = o->kept[row * o->count + from[i]];
            char *wrapped = columns[i].width < columns[i].natural
                                ? layout_wrap(text, columns[i].width)
                                : strdup(text);
            if (wrapped == NULL || scols_line_refer_data(line, i, wrapped) != 0) {
                free(wrapped);
                return false;
            }
        }
        table_colour(o, line, row);
    }
    return true;
}

static wf_status table_lie(output *o, const layout_column *columns, const size_t *from,
                           size_t count, wf_error *err)
{
    struct libscols_table *table = scols_new_table();
    if (table == NULL)
        return table_error(err);
    scols_table_enable_noheadings(table, o->headed);
    scols_table_enable_colors(table, o->colours);
    scols_table_set_stream(table, o->file);
    /* the widths are found already: it is not to find others */
    scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        const wf_column *column = &o->columns[from[i]];
        bool number = column->kind == WF_CELL_INTEGER || column->kind == WF_CELL_REAL ||
                      column->kind == WF_CELL_MASS;
        bool wraps = columns[i].width < columns[i].natural;
        struct libscols_column *made = scols_table_new_column(
            table, column->title, 0, (number ? SCOLS_FL_RIGHT : 0) | (wraps ? SCOLS_FL_WRAP : 0));
        good = made != NULL &&
               (!wraps || scols_column_set_wrapfunc(made, scols_wrapnl_chunksize,
                                                    scols_wrapnl_nextchunk, NULL) == 0);
        if (good && wraps)
            good = scols_column_set_safechars(made, "\n") == 0;
    }
    good = good && table_fill(o, table, columns, from, count);
    int code = good ? scols_print_table(table) : -ENOMEM;
    scols_unref_table(table);
    if (code == -ENOMEM)
        return table_error(err);
    return code == 0 ? WF_OK : output_error(err, _("cannot write to standard output"));
}

/* Lines of a text, each but the first with `indent` spaces before it. */
static wf_status table_text(const output *o, const char *text, size_t indent, wf_error *err)
{
    size_t width = o->width > indent + 20 ? o->width - indent : 20;
    char *wrapped = o->width == 0 ? strdup(text) : layout_wrap(text, width);
    if (wrapped == NULL)
        return table_error(err);
    char *rest = wrapped;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        fprintf(o->file, "%*s%s\n", line == wrapped ? 0 : (int)indent, "", line);
    free(wrapped);
    return WF_OK;
}

static wf_status table_stand(output *o, wf_error *err)
{
    size_t widest = 0;
    for (size_t i = 0; i < o->count; i++) {
        size_t width = o->shown[i] ? layout_text_width(o->columns[i].title) : 0;
        widest = width > widest ? width : widest;
    }
    for (size_t row = 0; row < o->kept_rows; row++) {
        if (row > 0 || o->headed)
            fputc('\n', o->file);
        for (size_t i = 0; i < o->count; i++) {
            const char *text = o->kept[row * o->count + i];
            if (!o->shown[i] || text[0] == '\0')
                continue;
            const char *title = o->columns[i].title;
            fprintf(o->file, "%s%*s", title, (int)(widest - layout_text_width(title) + 2), "");
            wf_status status = table_text(o, text, widest + 2, err);
            if (status != WF_OK)
                return status;
        }
    }
    return WF_OK;
}

/* Prints what has come and begins again below it. */
static wf_status table_flush(output *o, wf_error *err)
{
    layout_column columns[OUTPUT_COLUMNS_MAX];
    size_t from[OUTPUT_COLUMNS_MAX], wide = 0;
    if (o->kept_rows == 0)
        return WF_OK;
    size_t count = table_measure(o, columns, from, false);
    for (size_t i = 0; i < count; i++)
        wide += columns[i].natural + (i > 0 ? LAYOUT_GAP : 0);
    bool upright =
        o->headed ? o->standing : o->upright != NULL && strcmp(o->upright, o->table_name) == 0;
    if (!upright && o->width > 0 && wide > o->width) {
        if (!o->headed) /* a later piece has the columns of the first */
            count = table_measure(o, columns, from, true);
        upright = !layout_fit(columns, count, o->width) && !o->headed;
    }
    wf_status status = upright ? table_stand(o, err) : table_lie(o, columns, from, count, err);
    o->headed = true;
    o->standing = upright;
    output_table_forget(o);
    return status;
}

/* ---- the sink ------------------------------------------------------------------------------- */

wf_status output_table_begin(output *o, const char *name, const char *title, wf_error *err)
{
    (void)err;
    if (o->many) {
        if (o->tables > 0)
            fputc('\n', o->file);
        fprintf(o->file, o->colours ? "\033[1m%s\033[0m\n" : "%s\n", title == NULL ? name : title);
    }
    snprintf(o->table_name, sizeof o->table_name, "%s", name);
    for (size_t i = 0; i < o->count; i++)
        o->shown[i] = table_shown(o->brief, o->columns[i].name);
    o->headed = false;
    return WF_OK;
}

/* The cell as people see it, owned by the caller. */
static char *table_cell(const output *o, const wf_cell *cells, size_t i)
{
    char space[OUTPUT_CELL_MAX];
    const char *text = output_cell_text(o, &cells[i], space);
    /* of a table of fields and values, the field says whether its value is such a word */
    const char *name =
        strcmp(o->columns[i].name, "value") == 0 && i > 0 && cells[i - 1].kind == WF_CELL_TEXT
            ? cells[i - 1].as.text
            : o->columns[i].name;
    if (cells[i].kind == WF_CELL_TEXT && text[0] != '\0' && table_translated(name))
        return table_words(name, text);
    return strdup(text);
}

wf_status output_table_row(output *o, const wf_cell *cells, wf_error *err)
{
    if (o->kept_rows == o->kept_capacity) {
        size_t capacity = o->kept_capacity == 0 ? 64 : 2 * o->kept_capacity;
        char **grown = realloc(o->kept, capacity * o->count * sizeof *grown);
        if (grown == NULL)
            return table_error(err);
        o->kept = grown;
        o->kept_capacity = capacity;
    }
    char **row = &o->kept[o->kept_rows++ * o->count];
    bool good = true;
    for (size_t i = 0; i < o->count; i++) {
        row[i] = o->shown[i] ? table_cell(o, cells, i) : NULL;
        good = good && (!o->shown[i] || row[i] != NULL);
    }
    if (!good)
        return table_error(err);
    return o->kept_rows < TABLE_ROWS_MAX ? WF_OK : table_flush(o, err);
}

wf_status output_table_end(output *o, wf_error *err)
{
    wf_status status = table_flush(o, err);
    if (status != WF_OK || o->headed)
        return status;
    bool named = o->empty_of != NULL && strcmp(o->empty_of, o->table_name) == 0;
    return table_text(o, named ? o->empty_text : _("(none)"), 0, err);
}

void output_line(output *o, const char *format, const char *text)
{
    char line[400];
    /* the format comes from the catalogue, which msgfmt has checked against the text in the source
     */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, format, text);
#pragma GCC diagnostic pop
    table_text(o, line, 0, NULL);
}
