/*
 * CSV (exchange/csv.h), also gzipped: lines are counted upwards, a malformed row names its line and
 * has no cells, and read once more, or each row from its own offset, it is the same.
 */
#include "fuzz.h"

#include "exchange/csv.h"

enum { ROWS_MAX = 2000 };

typedef struct seen {
    uint64_t line, offset, fingerprint;
} seen;

static seen rows[ROWS_MAX];

/* FNV-1a over the cells, their limits and the kind of problem. */
static uint64_t fingerprint(const csv_row *row)
{
    uint64_t h = UINT64_C(14695981039346656037) + (row->problem != NULL);
    for (size_t i = 0; i < row->count; i++)
        for (size_t j = 0; j <= row->cells[i].size; j++)
            h = (h ^ (uint8_t)row->cells[i].text[j]) * UINT64_C(1099511628211);
    return h;
}

static void check_row(const csv_row *row, const csv_row *before)
{
    FUZZ_REQUIRE(row->line >= 1 && row->line > before->line, "line %llu after %llu",
                 (unsigned long long)row->line, (unsigned long long)before->line);
    FUZZ_REQUIRE(row->line == 1 || row->offset > before->offset || before->line == 0,
                 "offset %llu after %llu", (unsigned long long)row->offset,
                 (unsigned long long)before->offset);
    FUZZ_REQUIRE(row->problem == NULL || row->count == 0, "a malformed row has cells");
    FUZZ_REQUIRE(row->problem != NULL || row->count > 0, "a row without cells");
    FUZZ_REQUIRE(row->count <= CSV_CELLS_MAX, "%zu cells", row->count);
    for (size_t i = 0; i < row->count; i++)
        FUZZ_REQUIRE(row->cells[i].text[row->cells[i].size] == '\0', "a cell without its zero");
}

/* Reads to the end or to a refusal; the number of rows. `again`: they are as they were. */
static size_t read_all(csv *reader, bool again, wf_status *status, wf_error *err)
{
    size_t count = 0;
    bool found = true;
    csv_row row, before = {0};
    for (;;) {
        *status = csv_next(reader, &row, &found, err);
        if (*status != WF_OK || !found)
            return count;
        check_row(&row, &before);
        before = row;
        if (count == ROWS_MAX)
            return count;
        seen one = {row.line, row.offset, fingerprint(&row)};
        FUZZ_REQUIRE(!again || memcmp(&rows[count], &one, sizeof one) == 0,
                     "row %zu is another one when read again", count);
        rows[count++] = one;
    }
}

static void seek_each(csv *reader, size_t count)
{
    wf_error err = {0};
    FUZZ_REQUIRE(csv_random_access(reader, &err) == WF_OK, "%s", err.text);
    for (size_t i = count; i-- > 0 && count - i < 100;) {
        csv_row row;
        bool found = false;
        FUZZ_REQUIRE(csv_seek(reader, rows[i].offset, rows[i].line, &err) == WF_OK &&
                         csv_next(reader, &row, &found, &err) == WF_OK,
                     "%s", err.text);
        FUZZ_REQUIRE(found && row.line == rows[i].line && row.offset == rows[i].offset &&
                         fingerprint(&row) == rows[i].fingerprint,
                     "row %zu is another one from its offset", i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file file;
    wf_error err = {0};
    csv *reader = NULL;
    wf_status status = WF_OK;
    fuzz_file_open(&file, data, size);
    FUZZ_REQUIRE(csv_open(&reader, file.path, &err) == WF_OK, "%s", err.text);
    size_t count = read_all(reader, false, &status, &err);
    FUZZ_REQUIRE(status == WF_OK || (status == WF_REFUSED && err.text[0] != '\0'), "status %d: %s",
                 (int)status, err.text);
    if (status == WF_OK) {
        FUZZ_REQUIRE(csv_rewind(reader, &err) == WF_OK, "%s", err.text);
        size_t again = read_all(reader, true, &status, &err);
        FUZZ_REQUIRE(status == WF_OK && again == count, "%zu rows, then %zu: %s", count, again,
                     err.text);
        seek_each(reader, count);
    }
    csv_close(reader);
    fuzz_file_close(&file);
    return 0;
}
