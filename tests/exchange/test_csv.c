/*
 * exchange/csv: RFC 4180 and its edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "exchange/csv.h"

static char path[] = "/tmp/wufei-test-csv-XXXXXX";

static void put(const char *bytes, size_t size, bool zipped)
{
    if (zipped) {
        gzFile out = gzopen(path, "wb1");
        assert_non_null(out);
        for (size_t at = 0; at < size;) {
            unsigned piece = size - at > 1000000 ? 1000000 : (unsigned)(size - at);
            assert_int_equal(gzwrite(out, bytes + at, piece), piece);
            at += piece;
        }
        assert_int_equal(gzclose(out), Z_OK);
        return;
    }
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

/* All rows as "line:cell|cell;" and "line!;". */
static void rows_of(char *out, size_t out_size)
{
    csv *reader = NULL;
    wf_error err = {0};
    assert_int_equal(csv_open(&reader, path, &err), WF_OK);
    size_t at = 0;
    out[0] = '\0';
    for (;;) {
        csv_row row;
        bool found = false;
        wf_status status = csv_next(reader, &row, &found, &err);
        if (status != WF_OK) {
            snprintf(out + at, out_size - at, "E%d", (int)status);
            break;
        }
        if (!found)
            break;
        at += (size_t)snprintf(out + at, out_size - at, "%d%s", (int)row.line,
                               row.problem != NULL ? "!" : ":");
        for (size_t i = 0; i < row.count; i++) {
            assert_int_equal(row.cells[i].text[row.cells[i].size], 0);
            at += (size_t)snprintf(out + at, out_size - at, "%s%s", i > 0 ? "|" : "",
                                   row.cells[i].text);
        }
        at += (size_t)snprintf(out + at, out_size - at, ";");
    }
    csv_close(reader);
}

static void cells_are_cut_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *rows;
    } files[] = {
        {"", ""},
        {"\n\n", ""},
        {"a", "1:a;"},
        {"a,b\n1,2\n", "1:a|b;2:1|2;"},
        {"a,b\r\n1,2\r\n", "1:a|b;2:1|2;"},
        {"a,b\n1,2", "1:a|b;2:1|2;"},
        {"a,b\n\n\n1,2\n", "1:a|b;4:1|2;"},
        {",\n,,", "1:|;2:||;"},
        {"\xEF\xBB\xBF"
         "a,b\n",
         "1:a|b;"},
        {"\xEF\xBB\xBF\"a\",b\n", "1:a|b;"},
        {"\"a\",\"b,c\"\n", "1:a|b,c;"},
        {"\"a \"\"quoted\"\" word\",b\n", "1:a \"quoted\" word|b;"},
        {"\"\",\"\"\"\"\n", "1:|\";"},
        {"\"two\nlines\",b\nc,d\n", "1:two\nlines|b;3:c|d;"},
        {"\"two\r\nlines\",b\r\nc,d", "1:two\r\nlines|b;3:c|d;"},
        {"a,\"b\"", "1:a|b;"},
        {"a,\"b\"\r\n", "1:a|b;"},
        {"a b, c \n", "1:a b| c ;"},
        {"a\"b,c\nd\n", "1!;2:d;"},
        {"\"a\"b,c\nd\n", "1!;2:d;"},
        {"\"a\"\r,b\nd\n", "1!;2:d;"},
        {"a,\"never closed\nb,c\nd,e\n", "1!;2:b|c;3:d|e;"},
        {"a,\"", "1!;"},
        {"废,\"物\"\n", "1:废|物;"},
    };
    for (int zipped = 0; zipped < 2; zipped++) {
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            char rows[1000];
            put(files[i].bytes, strlen(files[i].bytes), zipped != 0);
            rows_of(rows, sizeof rows);
            assert_string_equal(rows, files[i].rows);
        }
    }
}

enum { ROWS = 40000, MARKED = 23456 };

static void read_all(csv *reader, csv_row *marked)
{
    wf_error err = {0};
    uint64_t line = 1;
    for (int i = 0; i < ROWS; i++) {
        csv_row row;
        bool found = false;
        assert_int_equal(csv_next(reader, &row, &found, &err), WF_OK);
        assert_true(found);
        assert_null(row.problem);
        assert_int_equal(row.line, line);
        assert_int_equal(row.count, 3);
        assert_int_equal(atoi(row.cells[0].text), i);
        line += i % 7 == 0 ? 2 : 1;
        if (i == MARKED)
            *marked = row;
    }
}

/* Rows of many lengths, so that they lie across the ends of the buffer in every way. */
static void long_files_are_streamed(void **state)
{
    (void)state;
    buffer bytes = {0};
    for (int i = 0; i < ROWS; i++)
        buffer_printf(&bytes, i % 7 == 0 ? "%d,\"%d,\n\"\"%0*d\"\"\",x\n" : "%d,%d,%0*d\n", i, i,
                      i % 331 + 1, i);
    assert_false(bytes.failed);
    for (int zipped = 0; zipped < 2; zipped++) {
        put((const char *)bytes.data, bytes.size, zipped != 0);
        csv *reader = NULL;
        csv_row marked;
        wf_error err = {0};
        assert_int_equal(csv_open(&reader, path, &err), WF_OK);
        read_all(reader, &marked);
        assert_int_equal(csv_rewind(reader, &err), WF_OK);
        read_all(reader, &marked);
        assert_int_equal(csv_random_access(reader, &err), WF_OK);
        for (int turn = 0; turn < 3; turn++) {
            csv_row row;
            bool found = false;
            assert_int_equal(csv_seek(reader, marked.offset, marked.line, &err), WF_OK);
            assert_int_equal(csv_next(reader, &row, &found, &err), WF_OK);
            assert_int_equal(atoi(row.cells[0].text), MARKED);
            assert_int_equal(row.line, marked.line);
            assert_int_equal(csv_next(reader, &row, &found, &err), WF_OK);
            assert_int_equal(atoi(row.cells[0].text), MARKED + 1);
        }
        csv_close(reader);
    }
    buffer_free(&bytes);
}

static void oversized_rows_cost_themselves_only(void **state)
{
    (void)state;
    buffer bytes = {0};
    buffer_append_text(&bytes, "a,b\n\"");
    for (int i = 0; i < 3 * CSV_ROW_MAX; i++)
        buffer_append_byte(&bytes, 'x');
    buffer_append_text(&bytes, "\",c\nd,e\n");
    for (int i = 0; i < CSV_CELLS_MAX; i++)
        buffer_append_byte(&bytes, ',');
    buffer_append_text(&bytes, "\nf,g\n");
    put((const char *)bytes.data, bytes.size, false);
    buffer_free(&bytes);
    csv *reader = NULL;
    wf_error err = {0};
    assert_int_equal(csv_open(&reader, path, &err), WF_OK);
    int good = 0;
    int bad = 0;
    csv_row row;
    for (bool found = true; found;) {
        assert_int_equal(csv_next(reader, &row, &found, &err), WF_OK);
        good += found && row.problem == NULL;
        bad += found && row.problem != NULL;
    }
    csv_close(reader);
    assert_int_equal(good, 3); /* a,b and d,e and f,g */
    assert_int_equal(bad, 2);
}

static void damaged_gzip_is_told(void **state)
{
    (void)state;
    char rows[4000];
    put("a,b\n1,2\n3,4\n", 12, true);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char bytes[200];
    size_t size = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    for (size_t cut = 2; cut < size; cut++) {
        put(bytes, cut, false);
        rows_of(rows, sizeof rows);
        if (strlen(rows) < 2 || strcmp(rows + strlen(rows) - 2, "E1") != 0)
            fail_msg("cut at %zu of %zu: %s", cut, size, rows);
    }
    bytes[size - 6] ^= 1; /* the check sum */
    put(bytes, size, false);
    rows_of(rows, sizeof rows);
    assert_string_equal(rows + strlen(rows) - 2, "E1");
}

static void missing_files_are_told(void **state)
{
    (void)state;
    csv *reader = NULL;
    wf_error err = {0};
    assert_int_equal(csv_open(&reader, "/nowhere/a.csv", &err), WF_SYSTEM);
    assert_string_equal(err.text, "cannot open /nowhere/a.csv: No such file or directory");
}

int main(void)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_cut_as_the_rfc_says),
        cmocka_unit_test(long_files_are_streamed),
        cmocka_unit_test(oversized_rows_cost_themselves_only),
        cmocka_unit_test(damaged_gzip_is_told),
        cmocka_unit_test(missing_files_are_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
