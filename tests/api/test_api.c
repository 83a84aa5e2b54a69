/*
 * The public API as a program outside sees it: open, ask, read the cells, and be told what is
 * wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wufei/wufei.h"

static char work[64];
static char dir[96];

typedef struct collected {
    size_t tables, rows;
    char columns[600]; /* names of the last table, joined by '|' */
    wf_cell_kind kinds[40];
    int64_t last[40]; /* integers of the last row */
    wf_status answer; /* what row returns */
} collected;

static wf_status begin(void *ctx, const char *name, const char *title, const wf_column *columns,
                       size_t count, wf_error *err)
{
    collected *c = ctx;
    (void)name, (void)title, (void)err;
    c->tables++;
    c->columns[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_non_null(columns[i].title);
        strcat(strcat(c->columns, i == 0 ? "" : "|"), columns[i].name);
        c->kinds[i] = columns[i].kind;
    }
    return WF_OK;
}

static wf_status row(void *ctx, const wf_cell *cells, size_t count, wf_error *err)
{
    collected *c = ctx;
    c->rows++;
    for (size_t i = 0; i < count; i++) {
        assert_true(cells[i].kind == WF_CELL_EMPTY || cells[i].kind == c->kinds[i]);
        c->last[i] = cells[i].kind == WF_CELL_TEXT ? 0 : cells[i].as.integer;
    }
    if (c->answer != WF_OK)
        snprintf(err->text, sizeof err->text, "the reader has seen enough");
    return c->answer;
}

static wf_status end(void *ctx, wf_error *err)
{
    (void)ctx, (void)err;
    return WF_OK;
}

static wf_sink sink_of(collected *c)
{
    *c = (collected){0};
    return (wf_sink){.ctx = c, .begin = begin, .row = row, .end = end};
}

static wf_ledger *open_ledger(bool read_only)
{
    wf_open_options options = {.read_only = read_only, .at = WF_AT_NOW};
    wf_ledger *ledger = NULL;
    wf_error error;
    if (wf_open(&ledger, dir, &options, &error) != WF_OK)
        fail_msg("%s", error.text);
    return ledger;
}

static int setup(void **state)
{
    char line[600];
    collected c;
    wf_error error;
    (void)state;
    snprintf(work, sizeof work, "/tmp/wufei-api-XXXXXX");
    assert_non_null(mkdtemp(work));
    snprintf(dir, sizeof dir, "%s/ledger", work);
    snprintf(line, sizeof line, "bash -c '. \"%s/command/bundle.sh\"; write_bundle \"%s/city\"'",
             TEST_SOURCE_DIR, work);
    assert_int_equal(system(line), 0);
    assert_int_equal(wf_init(dir, NULL, &error), WF_OK);
    wf_ledger *ledger = open_ledger(false);
    wf_sink sink = sink_of(&c);
    snprintf(line, sizeof line, "%s/city", work);
    assert_int_equal(wf_import(ledger, (const char *const[]){line}, 1, NULL, &sink, &error), WF_OK);
    assert_string_equal(c.columns, "file|read|entered|already|refused");
    wf_close(ledger);
    return 0;
}

static int teardown(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf '%s'", work);
    return system(line);
}

static void test_init_refuses_a_full_folder(void **state)
{
    wf_error error;
    (void)state;
    assert_int_equal(wf_init(work, NULL, &error), WF_USAGE);
    assert_string_not_equal(error.text, "");
}

static void test_defaults(void **state)
{
    (void)state;
    wf_ledger *ledger = open_ledger(true);
    assert_int_equal(wf_utc_offset(ledger), 480);
    assert_ptr_equal(strstr(wf_origin(ledger), "wufei.example/"), wf_origin(ledger));
    assert_true(wf_size(ledger) > 30);
    wf_close(ledger);
    wf_close(NULL);
}

static void test_open_elsewhere_is_wrong_use(void **state)
{
    wf_ledger *ledger = (wf_ledger *)1;
    wf_open_options past = {.read_only = true, .at = 5000000};
    wf_open_options nothing = {.read_only = true, .at = 0};
    wf_open_options writing = {.at = 5};
    wf_error error;
    (void)state;
    assert_int_equal(wf_open(&ledger, "/nonexistent", NULL, &error), WF_USAGE);
    assert_null(ledger);
    assert_int_equal(wf_open(&ledger, dir, &past, &error), WF_USAGE);
    assert_int_equal(wf_open(&ledger, dir, &nothing, &error), WF_USAGE);
    assert_int_equal(wf_open(&ledger, dir, &writing, &error), WF_USAGE);
    assert_null(ledger);
    past.at = 5;
    assert_int_equal(wf_open(&ledger, dir, &past, &error), WF_OK);
    assert_int_equal(wf_size(ledger), 5);
    wf_close(ledger);
}

static void test_audit_columns_are_the_contract(void **state)
{
    collected c;
    wf_error error;
    wf_audit_summary summary;
    (void)state;
    wf_ledger *ledger = open_ledger(true);
    wf_sink sink = sink_of(&c);
    assert_int_equal(wf_audit(ledger, NULL, &sink, &summary, &error), WF_OK);
    assert_string_equal(c.columns, "finding_id|rule|class|severity|subject_kind|subject_id|from|to|"
                                   "kg|kg_low|kg_high|p|detected_at|related|sentence");
    assert_int_equal(c.rows, summary.facts + summary.suspicions);
    wf_close(ledger);
}

static void test_balance_of_a_code_adds_up(void **state)
{
    collected c;
    wf_error error;
    wf_filter filter = {.code = "336-064-17", .from_ms = WF_TIME_NONE, .to_ms = WF_TIME_NONE};
    (void)state;
    wf_ledger *ledger = open_ledger(true);
    wf_sink sink = sink_of(&c);
    assert_int_equal(wf_balance(ledger, "code", &filter, &sink, &error), WF_OK);
    assert_int_equal(c.rows, 1);
    assert_int_equal(c.last[2], 1000000); /* generated, in grams */
    assert_int_equal(c.last[9], 10000);   /* unaccounted */
    assert_int_equal(c.last[11], 690000); /* closing */
    wf_close(ledger);
}

static void test_a_sink_that_stops_is_obeyed(void **state)
{
    collected c;
    wf_error error;
    (void)state;
    wf_ledger *ledger = open_ledger(true);
    wf_sink sink = sink_of(&c);
    c.answer = WF_REFUSED;
    assert_int_equal(wf_list(ledger, "manifests", NULL, &sink, &error), WF_REFUSED);
    assert_int_equal(c.rows, 1);
    wf_close(ledger);
}

static void test_prove_gives_the_entry_that_was_asked_for(void **state)
{
    char *proof;
    uint8_t *entry;
    size_t proof_size, entry_size;
    uint64_t seq = 0;
    wf_error error;
    (void)state;
    wf_ledger *ledger = open_ledger(true);
    assert_int_equal(wf_prove(ledger, "M1", &proof, &proof_size, &entry, &entry_size, &seq, &error),
                     WF_OK);
    assert_true(seq > 0 && entry_size > 0 && proof_size > 0);
    assert_non_null(memmem(entry, entry_size, "M1", 2));
    free(proof);
    free(entry);
    assert_int_equal(wf_prove(ledger, "M9", &proof, &proof_size, &entry, &entry_size, &seq, &error),
                     WF_USAGE);
    assert_null(proof);
    assert_null(entry);
    wf_close(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_refuses_a_full_folder),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_open_elsewhere_is_wrong_use),
        cmocka_unit_test(test_audit_columns_are_the_contract),
        cmocka_unit_test(test_balance_of_a_code_adds_up),
        cmocka_unit_test(test_a_sink_that_stops_is_obeyed),
        cmocka_unit_test(test_prove_gives_the_entry_that_was_asked_for),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
