/*
 * ledger: the idle writer and whoever calls ledger_archive take turns: each run is moved once, and
 * nobody takes what the other has moved for damage.
 */
#include "ledger_test.h"

#include <pthread.h>

#include "archive.h"

enum {
    BATCH = 5000,
    BATCHES = 5,
    RUNS = BATCHES * BATCH / RUN_ENTRIES /* more than one step of ledger_archive */
};

static ledger *make_long_log(void)
{
    wf_error err = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    for (unsigned i = 0; i < BATCHES; i++)
        assert_ok(submit_sealed(l, i * BATCH, BATCH, NULL, &err), &err);
    assert_int_equal(ledger_size(l) / RUN_ENTRIES, RUNS); /* the seals make none more */
    return l;
}

static void assert_archived(ledger *l, uint64_t runs)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_table_stat stat;
    ledger_verify_report report;
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(store_table_stats(txn, TABLE_ARCHIVE, &stat, &err), &err);
    store_abort(txn);
    assert_int_equal(stat.rows, runs);
    assert_ok(ledger_verify(l, 0, false, NULL, &report, &err), &err);
}

/* ---- the writer between two steps -------------------------------------------------------------
 */

typedef struct interruption {
    ledger *l;
    unsigned reports;
    uint64_t last_done;
} interruption;

/* What the writer does when it has nothing to enter for a while. */
static void archive_between(void *ctx, uint64_t done, uint64_t total)
{
    interruption *i = ctx;
    i->reports++;
    assert_true(done <= total);
    i->last_done = done;
    if (i->reports == 1)
        assert_true(archive_some(i->l));
}

static void test_writer_between_steps(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_archive_report report;
    ledger *l = make_long_log();
    interruption i = {.l = l};
    ledger_progress progress = {archive_between, &i};
    assert_ok(ledger_archive(l, LEDGER_ARCHIVE_KEEP, UINT64_MAX, &progress, &report, &err), &err);
    uint64_t to_move = RUNS - LEDGER_ARCHIVE_KEEP;
    assert_true(i.reports >= 2);
    assert_true(report.entries < to_move * RUN_ENTRIES); /* the writer's are not counted as ours */
    assert_int_equal(report.entries, i.last_done);
    assert_archived(l, to_move);
    ledger_close(l);
}

/* ---- two at once ------------------------------------------------------------------------------
 */

typedef struct archiver {
    ledger *l;
    wf_status status;
    wf_error err;
    ledger_archive_report report;
    pthread_t thread;
} archiver;

static void *archive_all(void *argument)
{
    archiver *a = argument;
    a->status = ledger_archive(a->l, 0, UINT64_MAX, NULL, &a->report, &a->err);
    return NULL;
}

static void test_two_at_once(void **state)
{
    (void)state;
    uint64_t moved = 0;
    ledger *l = make_long_log();
    archiver archivers[2] = {{.l = l}, {.l = l}};
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&archivers[i].thread, NULL, archive_all, &archivers[i]), 0);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(archivers[i].thread, NULL);
        assert_ok(archivers[i].status, &archivers[i].err);
        moved += archivers[i].report.entries;
    }
    assert_int_equal(moved, RUNS * RUN_ENTRIES);
    assert_archived(l, RUNS);
    ledger_close(l);
}

/* The writer does not wait for whoever is at it, and comes back. */
static void test_writer_does_not_wait(void **state)
{
    (void)state;
    create_ledger();
    ledger *l = open_ledger(false);
    pthread_mutex_lock(&l->archiving);
    assert_true(archive_some(l));
    pthread_mutex_unlock(&l->archiving);
    assert_false(archive_some(l));
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_writer_between_steps, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_two_at_once, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_writer_does_not_wait, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
