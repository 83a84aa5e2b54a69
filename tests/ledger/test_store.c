/*
 * ledger: the store, its trace, and the replay of a log into another store.
 */
#include "ledger_test.h"

#include "store_trace.h"

static const char *const tables[] = {"a", "b", NULL};

static store *open_store(const char *path, bool create, bool read_only)
{
    wf_error err = {0};
    store *s = NULL;
    store_options options = {.create = create, .read_only = read_only, .tables = tables};
    if (create)
        assert_int_equal(mkdir(path, 0777), 0);
    assert_ok(store_open(&s, path, &options, &err), &err);
    return s;
}

static void put(store_txn *txn, unsigned table, const char *key, const char *value, bool append)
{
    wf_error err = {0};
    assert_ok(store_put(txn, table, span_text(key), span_text(value), append, &err), &err);
}

static void assert_row(store_txn *txn, const char *key, const char *value)
{
    wf_error err = {0};
    span found;
    assert_ok(store_get(txn, 0, span_text(key), &found, &err), &err);
    if (value == NULL)
        assert_null(found.data);
    else
        assert_true(span_equal(found, span_text(value)));
}

static void rows_and_cursors(void **state)
{
    (void)state;
    wf_error err = {0};
    store_txn *txn = NULL, *before = NULL;
    store_cursor *c = NULL;
    span key, value;
    store *s = open_store(test_dir, true, false);
    assert_ok(store_begin(&before, s, false, &err), &err);
    assert_ok(store_begin(&txn, s, true, &err), &err);
    put(txn, 0, "m", "1", true);
    put(txn, 0, "p", "2", true);
    put(txn, 0, "b", "3", true); /* not the largest after all: still put */
    put(txn, 0, "p", "4", false);
    assert_row(txn, "b", "3");
    assert_row(before, "b", NULL); /* a snapshot is a snapshot */
    assert_ok(store_commit(txn, &err), &err);
    assert_row(before, "b", NULL);
    store_abort(before);
    assert_ok(store_begin(&txn, s, true, &err), &err);
    put(txn, 0, "z", "9", false);
    assert_ok(store_delete(txn, 0, span_text("nothing"), &err), &err);
    assert_ok(store_clear(txn, 0, &err), &err);
    store_abort(txn);
    assert_ok(store_begin(&txn, s, false, &err), &err);
    assert_row(txn, "z", NULL);
    assert_ok(store_cursor_open(&c, txn, 0, &err), &err);
    assert_ok(store_cursor_seek(c, span_text("c"), &key, &value, &err), &err);
    assert_true(span_equal(key, span_text("m")));
    assert_ok(store_cursor_next(c, &key, &value, &err), &err);
    assert_true(span_equal(key, span_text("p")) && span_equal(value, span_text("4")));
    assert_ok(store_cursor_next(c, &key, &value, &err), &err);
    assert_null(key.data);
    assert_ok(store_cursor_seek(c, (span){NULL, 0}, &key, &value, &err), &err);
    assert_true(span_equal(key, span_text("b")));
    assert_ok(store_cursor_last(c, &key, &value, &err), &err);
    assert_true(span_equal(key, span_text("p")));
    store_cursor_close(c);
    store_table_stat stat;
    assert_ok(store_table_stats(txn, 0, &stat, &err), &err);
    assert_int_equal(stat.rows, 3);
    store_abort(txn);
    store_close(s);
}

static void absent_tables_are_empty_to_readers(void **state)
{
    (void)state;
    static const char *const more[] = {"a", "b", "later", NULL};
    wf_error err = {0};
    store_txn *txn = NULL;
    store_cursor *c = NULL;
    span key, value;
    store_close(open_store(test_dir, true, false));
    store *s = NULL;
    store_options options = {.read_only = true, .tables = more};
    assert_ok(store_open(&s, test_dir, &options, &err), &err);
    assert_ok(store_begin(&txn, s, false, &err), &err);
    assert_ok(store_get(txn, 2, span_text("x"), &value, &err), &err);
    assert_null(value.data);
    assert_ok(store_cursor_open(&c, txn, 2, &err), &err);
    assert_ok(store_cursor_last(c, &key, &value, &err), &err);
    assert_null(key.data);
    store_cursor_close(c);
    store_abort(txn);
    assert_int_equal(store_begin(&txn, s, true, &err), WF_USAGE);
    store_close(s);
}

static void traces_read_back(void **state)
{
    (void)state;
    wf_error err = {0};
    store_txn *txn = NULL;
    store *s = open_store(test_dir, true, false);
    FILE *trace = tmpfile();
    store_set_trace(s, trace);
    assert_ok(store_begin(&txn, s, true, &err), &err);
    put(txn, 0, "key", "value", true);
    put(txn, 1, "other", "", false);
    assert_ok(store_delete(txn, 0, span_text("key"), &err), &err);
    assert_ok(store_clear(txn, 1, &err), &err);
    assert_ok(store_commit(txn, &err), &err);
    assert_ok(store_begin(&txn, s, true, &err), &err);
    store_abort(txn);
    store_set_trace(s, NULL);
    store_close(s);
    rewind(trace);
    store_trace_record r;
    assert_true(store_trace_open(trace));
    assert_true(store_trace_next(trace, &r));
    assert_true(r.kind == STORE_TRACE_PUT && r.table == 0 && r.append && r.value_size == 5);
    assert_true(r.key_size == 3 && memcmp(r.key, "key", 3) == 0);
    assert_true(store_trace_next(trace, &r));
    assert_true(r.kind == STORE_TRACE_PUT && r.table == 1 && !r.append && r.value_size == 0);
    assert_true(store_trace_next(trace, &r) && r.kind == STORE_TRACE_DELETE && r.key_size == 3);
    assert_true(store_trace_next(trace, &r) && r.kind == STORE_TRACE_CLEAR && r.table == 1);
    assert_true(store_trace_next(trace, &r) && r.kind == STORE_TRACE_COMMIT);
    assert_true(store_trace_next(trace, &r) && r.kind == STORE_TRACE_ABORT);
    assert_false(store_trace_next(trace, &r));
    fclose(trace);
}

/* A book of one table: entry number -> size of the record. */
static const char *const book_tables[] = {"sizes", NULL};

static wf_status book_apply(void *ctx, store_txn *txn, uint64_t seq, const statement_view *st,
                            const void *record, bool attested, wf_error *err)
{
    uint8_t key[8], size = (uint8_t)st->record.size;
    unsigned *applied = ctx;
    (void)record;
    assert_true(attested);
    (*applied)++;
    store_key_u64(key, seq);
    return store_put(txn, LEDGER_TABLES, span_of(key, 8), span_of(&size, 1), true, err);
}

static void replay_makes_the_same_book(void **state)
{
    (void)state;
    char scratch[128];
    wf_error err = {0};
    unsigned applied = 0, again = 0;
    const char *names[STORE_TABLES_MAX + 1];
    store_txn *a = NULL, *b = NULL;
    store_table_stat in_ledger, in_copy;
    ledger *l = NULL;
    store *copy = NULL;
    ledger_hooks hooks = {.ctx = &applied, .tables = book_tables, .apply = book_apply};
    ledger_options options = {.threads = 1, .hooks = &hooks};
    assert_ok(ledger_create(test_dir, TEST_ORIGIN, test_suite(), 0, &hooks, &err), &err);
    assert_ok(ledger_open(&l, test_dir, &options, &err), &err);
    assert_ok(submit_sealed(l, 0, 2100, NULL, &err), &err);
    snprintf(scratch, sizeof scratch, "%s/scratch", test_folder);
    assert_int_equal(mkdir(scratch, 0777), 0);
    ledger_table_names(names, &hooks);
    store_options at = {.create = true, .tables = names};
    assert_ok(store_open(&copy, scratch, &at, &err), &err);
    hooks.ctx = &again;
    assert_ok(ledger_replay(l, &hooks, copy, NULL, &err), &err);
    assert_int_equal(applied, 2100);
    assert_int_equal(again, 2100);
    assert_ok(store_begin(&a, ledger_store(l), false, &err), &err);
    assert_ok(store_begin(&b, copy, false, &err), &err);
    assert_ok(store_table_stats(a, LEDGER_TABLES, &in_ledger, &err), &err);
    assert_ok(store_table_stats(b, LEDGER_TABLES, &in_copy, &err), &err);
    assert_int_equal(in_ledger.rows, in_copy.rows);
    store_abort(a);
    store_abort(b);
    store_close(copy);
    ledger_close(l);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        CASE(rows_and_cursors),
        CASE(absent_tables_are_empty_to_readers),
        CASE(traces_read_back),
        CASE(replay_makes_the_same_book),
    };
    return cmocka_run_group_tests_name("ledger/store", tests, NULL, NULL);
}
