/*
 * exchange/bundle_file.c: see bundle_file.h.
 */
#include "exchange/bundle_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"
#include "base/text.h"
#include "base/time.h"

enum { NO_CELL = CSV_CELLS_MAX };

static const column fix_row_columns[] = {
    {"vehicle_id", COLUMN_ID, COLUMN_REQUIRED, offsetof(fix_row, vehicle_id), 0, NULL},
    {"time", COLUMN_TIME, COLUMN_REQUIRED, offsetof(fix_row, fix.time_ms), 0, NULL},
    {"lat", COLUMN_LAT, COLUMN_REQUIRED, offsetof(fix_row, fix.lat_e7), 0, NULL},
    {"lon", COLUMN_LON, COLUMN_REQUIRED, offsetof(fix_row, fix.lon_e7), 0, NULL},
};

static const column *columns_of(const record_kind *kind, size_t *count)
{
    if (kind->body == WUFEI__RECORD__BODY_TRACK) {
        *count = sizeof fix_row_columns / sizeof *fix_row_columns;
        return fix_row_columns;
    }
    *count = kind->column_count;
    return kind->columns;
}

/* ---- the header --------------------------------------------------------------------------- */

static const column *find_column(const record_kind *kind, const csv_cell *cell)
{
    size_t count = 0;
    const column *columns = columns_of(kind, &count);
    for (size_t i = 0; i < count; i++)
        if (columns[i].use != COLUMN_BEYOND && strlen(columns[i].name) == cell->size &&
            memcmp(columns[i].name, cell->text, cell->size) == 0)
            return &columns[i];
    return NULL;
}

static size_t cell_of(const bundle_file *f, const char *name)
{
    for (size_t i = 0; i < f->column_count; i++)
        if (f->columns[i] != NULL && strcmp(f->columns[i]->name, name) == 0)
            return i;
    return NO_CELL;
}

/* The columns that say when a row is applied. */
static void find_times(bundle_file *f)
{
    const char *first = "time";
    const char *second = NULL;
    switch (f->kind->body) {
    case WUFEI__RECORD__BODY_FILING:
        first = "from";
        break;
    case WUFEI__RECORD__BODY_ACTIVITY:
        first = "to";
        break;
    case WUFEI__RECORD__BODY_MANIFEST:
        first = "filed_at";
        break;
    case WUFEI__RECORD__BODY_WEIGHING:
        first = "gross_at";
        second = "tare_at";
        break;
    case WUFEI__RECORD__BODY_CALENDAR_DAY:
        first = "date";
        break;
    default:
        break;
    }
    bool timeless = f->kind->registry;
    f->time_cells[0] = timeless ? NO_CELL : cell_of(f, first);
    f->time_cells[1] = second == NULL ? NO_CELL : cell_of(f, second);
}

static void stop(bundle_file *f, statements *s, uint64_t line, const char *name, const char *text)
{
    import_place place = {.file = f->number, .line = line};
    statements_stop(s, &place, name, text);
    f->stopped = true;
}

/* What a header without our columns looks like, and what to do; NULL when it is just another. */
static const char *likely_cause(const csv_row *header)
{
    size_t semicolons = 0;
    size_t tabs = 0;
    bool utf8 = true;
    for (size_t i = 0; i < header->count; i++) {
        const csv_cell *cell = &header->cells[i];
        const uint8_t *at = (const uint8_t *)cell->text;
        if (cell->size >= 2 && i == 0 &&
            ((at[0] == 0xFF && at[1] == 0xFE) || (at[0] == 0xFE && at[1] == 0xFF)))
            return _("this looks like UTF-16; save the file as CSV UTF-8");
        if (memchr(at, 0, cell->size) != NULL)
            return _("this looks like UTF-16 (it holds zero bytes); save the file as CSV UTF-8");
        for (size_t k = 0; k < cell->size;) {
            uint32_t code = 0;
            size_t size = utf8_sequence(at + k, &code);
            semicolons += at[k] == ';';
            tabs += at[k] == '\t';
            utf8 = utf8 && size > 0;
            k += size > 0 ? size : 1;
        }
    }
    if (!utf8)
        return _("this is not UTF-8 and looks like GBK; save the file as CSV UTF-8");
    if (header->count <= 2 && tabs > 0 && tabs >= semicolons)
        return _("the columns seem to be parted by tabs; save the file as CSV UTF-8, with commas");
    if (header->count <= 2 && semicolons > 0)
        return _("the columns seem to be parted by semicolons; save the file as CSV UTF-8, with "
                 "commas");
    return NULL;
}

static bool lacks_required(const bundle_file *f)
{
    size_t count = 0;
    const column *columns = columns_of(f->kind, &count);
    for (size_t i = 0; i < count; i++)
        if (columns[i].use == COLUMN_REQUIRED && cell_of(f, columns[i].name) == NO_CELL)
            return true;
    return false;
}

static void check_required(bundle_file *f, statements *s, uint64_t line)
{
    size_t count = 0;
    const column *columns = columns_of(f->kind, &count);
    for (size_t i = 0; i < count; i++)
        if (columns[i].use == COLUMN_REQUIRED && cell_of(f, columns[i].name) == NO_CELL)
            stop(f, s, line, columns[i].name,
                 _("the column is missing, and the file is not read without it"));
}

static void take_header(bundle_file *f, statements *s, const csv_row *header)
{
    buffer unknown = {0};
    char shown[SHOWN_TEXT];
    f->column_count = header->count;
    for (size_t i = 0; i < header->count; i++) {
        const csv_cell *cell = &header->cells[i];
        f->columns[i] = find_column(f->kind, cell);
        if (f->columns[i] == NULL)
            buffer_printf(&unknown, "%s\"%s\"", unknown.size > 0 ? ", " : "",
                          text_shown(shown, cell->text, cell->size));
        for (size_t k = 0; f->columns[i] != NULL && k < i; k++)
            if (f->columns[k] == f->columns[i])
                stop(f, s, header->line, f->columns[i]->name,
                     _("the column is there twice, and the file is not read"));
    }
    const char *cause = lacks_required(f) ? likely_cause(header) : NULL;
    if (cause != NULL) { /* its unknown columns would be the same said again */
        char text[512];
        snprintf(text, sizeof text, _("a header with the columns of %s.csv was expected; %s"),
                 f->kind->file, cause);
        stop(f, s, header->line, NULL, text);
        buffer_free(&unknown);
        return;
    }
    check_required(f, s, header->line);
    if (unknown.size > 0 && !unknown.failed) {
        char text[512];
        import_place place = {.file = f->number, .line = header->line};
        buffer_append_byte(&unknown, 0);
        snprintf(text, sizeof text, _("unknown columns are kept out: %s"), (char *)unknown.data);
        statements_warn(s, &place, NULL, text);
    }
    buffer_free(&unknown);
    find_times(f);
}

static wf_status read_header(bundle_file *f, statements *s, wf_error *err)
{
    csv_row header;
    bool found = false;
    wf_status status = csv_next(f->reader, &header, &found, err);
    if (status == WF_REFUSED) {
        stop(f, s, 1, NULL, err->text);
        return WF_OK;
    }
    if (status != WF_OK)
        return status;
    if (!found)
        stop(f, s, 1, NULL, _("the file is empty, a header line was expected"));
    else if (header.problem != NULL)
        stop(f, s, header.line, NULL, header.problem);
    else
        take_header(f, s, &header);
    return WF_OK;
}

wf_status bundle_file_open(bundle_file *f, statements *s, const record_kind *kind, const char *path,
                           int utc_offset_minutes, wf_error *err)
{
    const char *slash = strrchr(path, '/');
    *f = (bundle_file){.kind = kind, .utc_offset_minutes = utc_offset_minutes};
    f->number = statements_file(s, slash != NULL ? slash + 1 : path);
    wf_status status = csv_open(&f->reader, path, err);
    return status == WF_OK ? read_header(f, s, err) : status;
}

void bundle_file_close(bundle_file *f)
{
    csv_close(f->reader);
    free(f->index);
    f->reader = NULL;
    f->index = NULL;
}

/* ---- the order of rows -------------------------------------------------------------------- */

static int64_t row_time(const bundle_file *f, const csv_row *row, int64_t before_ms)
{
    int64_t latest = TIME_NONE;
    for (int i = 0; i < 2; i++) {
        int64_t ms = 0;
        int32_t day = 0;
        if (f->time_cells[i] >= row->count)
            continue;
        const csv_cell *cell = &row->cells[f->time_cells[i]];
        if (f->kind->body == WUFEI__RECORD__BODY_CALENDAR_DAY) {
            if (time_parse_day(&day, cell->text, cell->size))
                latest = time_day_start(day, f->utc_offset_minutes);
        } else if (time_parse(&ms, cell->text, cell->size) && ms > latest) {
            latest = ms;
        }
    }
    return latest != TIME_NONE ? latest : before_ms;
}

/* Runs through all rows behind the header. Fills the index where there is one (of f->rows entries).
   A damaged end is told once, without an index. */
static wf_status run_through(bundle_file *f, statements *s, bool *sorted, wf_error *err)
{
    csv_row row;
    bool found = true;
    int64_t before_ms = TIME_NONE;
    uint64_t count = 0;
    uint64_t last_line = 1;
    wf_status status = csv_rewind(f->reader, err);
    if (status == WF_OK)
        status = csv_next(f->reader, &row, &found, err);
    while (status == WF_OK && found) {
        status = csv_next(f->reader, &row, &found, err);
        if (status != WF_OK || !found || (f->index != NULL && count == f->rows))
            break;
        int64_t time_ms = row_time(f, &row, before_ms);
        if (f->index != NULL)
            f->index[count] = (index_entry){time_ms, row.offset, row.line};
        if (f->index == NULL && f->times != NULL) /* the index is a second pass */
            far_times_count(f->times, time_ms);
        *sorted = *sorted && time_ms >= before_ms;
        before_ms = time_ms;
        last_line = row.line;
        count++;
    }
    f->rows = count; /* with an index: fewer, should the file have been cut in between */
    if (status == WF_REFUSED) {
        import_place place = {.file = f->number, .line = last_line};
        if (f->index == NULL)
            statements_refuse(s, &place, NULL, 1, err->text);
        status = WF_OK;
    }
    return status;
}

static int by_time(const void *one, const void *other)
{
    const index_entry *a = one;
    const index_entry *b = other;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static wf_status make_index(bundle_file *f, statements *s, wf_error *err)
{
    bool sorted = true;
    f->index = calloc(f->rows, sizeof *f->index);
    if (f->index == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory for an index of %" PRIu64 " rows"),
                       f->rows);
    wf_status status = run_through(f, s, &sorted, err);
    if (status == WF_OK)
        status = csv_random_access(f->reader, err);
    if (status == WF_OK)
        qsort(f->index, f->rows, sizeof *f->index, by_time);
    return status;
}

wf_status bundle_file_scan(bundle_file *f, statements *s, wf_error *err)
{
    bool sorted = true;
    wf_status status = run_through(f, s, &sorted, err);
    if (status == WF_OK && !sorted) {
        status = make_index(f, s, err);
    } else if (status == WF_OK) {
        csv_row header;
        bool found = false;
        status = csv_rewind(f->reader, err);
        if (status == WF_OK)
            status = csv_next(f->reader, &header, &found, err);
    }
    f->time_ms = TIME_NONE;
    return status == WF_OK ? bundle_file_next(f, err) : status;
}

wf_status bundle_file_next(bundle_file *f, wf_error *err)
{
    wf_status status = WF_OK;
    f->found = false;
    if (f->index != NULL) {
        if (f->index_at == f->rows)
            return WF_OK;
        const index_entry *entry = &f->index[f->index_at++];
        f->time_ms = entry->time_ms;
        status = csv_seek(f->reader, entry->offset, entry->line, err);
    }
    if (status == WF_OK)
        status = csv_next(f->reader, &f->row, &f->found, err);
    if (status == WF_REFUSED) { /* the damaged end, told by the scan */
        f->found = false;
        return WF_OK;
    }
    if (status == WF_OK && f->found && f->index == NULL)
        f->time_ms = row_time(f, &f->row, f->time_ms);
    return status;
}

/* ---- a row into a struct ------------------------------------------------------------------ */

wf_status bundle_file_fill(const bundle_file *f, void *message, arena *a, const char **column_name,
                           wf_error *err)
{
    const csv_row *row = &f->row;
    *column_name = NULL;
    if (row->problem != NULL)
        return wf_fail(err, WF_REFUSED, "%s", row->problem);
    if (row->count < f->column_count && row->without_end)
        return wf_fail(err, WF_REFUSED,
                       _("the row has %zu cells, the header has %zu, and the file ends within it, "
                         "without a line end: it may have been cut short; get it again, whole"),
                       row->count, f->column_count);
    if (row->count != f->column_count)
        return wf_fail(err, WF_REFUSED, _("the row has %zu cells, the header has %zu"), row->count,
                       f->column_count);
    for (size_t i = 0; i < row->count; i++) {
        const column *c = f->columns[i];
        const csv_cell *cell = &row->cells[i];
        if (c == NULL)
            continue;
        *column_name = c->name;
        if (cell->size == 0) {
            if (c->use == COLUMN_REQUIRED)
                return wf_fail(err, WF_REFUSED, _("the cell is empty, a value is required"));
            continue;
        }
        wf_status status = column_parse(c, message, cell->text, cell->size, a, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}
