/*
 * tests/exchange/foreign_test.h: what the tests of readers of foreign formats share: what was told,
 * files in the fixture's folder, and all records of the log as JSON, one a line.
 */
#ifndef TESTS_EXCHANGE_FOREIGN_TEST_H
#define TESTS_EXCHANGE_FOREIGN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange/import.h"
#include "model/record.h"
#include "support/book_fixture.h"

static book_fixture fixture;
static buffer heard;   /* "[warning ]PLACE: TEXT\n" of the last import */
static buffer records; /* of foreign_records */
static wf_error told;  /* of the last import */

static int foreign_set_up(void **state)
{
    (void)state;
    fixture_open(&fixture);
    return 0;
}

static int foreign_tear_down(void **state)
{
    (void)state;
    fixture_close(&fixture);
    buffer_free(&heard);
    buffer_free(&records);
    return 0;
}

static void foreign_hear(void *ctx, const import_problem *p)
{
    (void)ctx;
    buffer_printf(&heard, "%s%s: %s\n", p->warning ? "warning " : "", p->place, p->text);
}

static const char *foreign_heard(void)
{
    buffer_append_byte(&heard, 0);
    heard.size--;
    return (const char *)heard.data;
}

/* `out` has 200 bytes. */
static const char *foreign_put(char *out, const char *name, const void *data, size_t size)
{
    snprintf(out, 200, "%s/%s", fixture.folder, name);
    FILE *file = fopen(out, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return out;
}

/* A file of the shared data; false when it is not there, and the test is to be skipped. */
__attribute__((unused)) static bool foreign_shared(char *out, size_t size, const char *name)
{
    const char *shared = getenv("WUFEI_SHARED");
    if (shared != NULL)
        snprintf(out, size, "%s/data/%s", shared, name);
    else
        snprintf(out, size, "%s/../../shared/data/%s", TEST_SOURCE_DIR, name);
    return access(out, R_OK) == 0;
}

/* All records from entry `from`, as JSON. */
static const char *foreign_records(uint64_t from)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    arena memory;
    buffer_clear(&records);
    assert_int_equal(store_begin(&txn, ledger_store(fixture.l), false, &err), WF_OK);
    for (uint64_t seq = from; seq < ledger_size(fixture.l); seq++) {
        span bytes;
        entry_view entry;
        statement_view st;
        Wufei__Record *record = NULL;
        arena_init(&memory, 0);
        assert_int_equal(ledger_read(fixture.l, txn, seq, &bytes, &entry, &err), WF_OK);
        if (statement_parse(&st, entry.statement, &err) == WF_OK && st.record.data != NULL) {
            assert_int_equal(record_decode(&record, &memory, st.record, &err), WF_OK);
            assert_int_equal(record_to_json(&records, record, 0, &err), WF_OK);
            buffer_append_byte(&records, '\n');
        }
        arena_free(&memory);
    }
    store_abort(txn);
    buffer_append_byte(&records, 0);
    records.size--;
    return (const char *)records.data;
}

/* The first line of `all` that holds every one of the texts (NULL ends them); NULL when none. */
static const char *foreign_line(const char *all, ...)
{
    static char line[8192];
    for (const char *at = all; *at != '\0';) {
        size_t size = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, at);
        at += size + (at[size] == '\n');
        const char *text = NULL;
        bool fits = true;
        va_list args;
        va_start(args, all);
        while ((text = va_arg(args, const char *)) != NULL)
            fits = fits && strstr(line, text) != NULL;
        va_end(args);
        if (fits)
            return line;
    }
    return NULL;
}

#define assert_line(all, ...)                                                                      \
    do {                                                                                           \
        const char *all_lines = (all);                                                             \
        if (foreign_line(all_lines, __VA_ARGS__, (const char *)NULL) == NULL)                      \
            fail_msg("no line with %s in:\n%s", #__VA_ARGS__, all_lines);                          \
    } while (0)

#endif
