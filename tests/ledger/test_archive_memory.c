/*
 * ledger: who goes through a whole archived log, to export it or to prove each entry, holds a run
 * of it in memory and not all of it.
 */
#include "ledger_test.h"

enum { BATCH = 5000, BATCHES = 4 };

static ledger *make_archived(void)
{
    wf_error err = {0};
    ledger_archive_report report;
    create_ledger();
    ledger *l = open_ledger(false);
    for (unsigned i = 0; i < BATCHES; i++)
        assert_ok(submit_sealed(l, i * BATCH, BATCH, NULL, &err), &err);
    assert_ok(ledger_archive(l, 0, UINT64_MAX, NULL, &report, &err), &err);
    assert_true(report.entries > BATCH * (BATCHES - 1));
    ledger_close(l);
    return open_ledger(true);
}

/* ---- receipts ---------------------------------------------------------------------------------
 */

typedef struct places {
    const uint8_t *last;
    unsigned changes;
    uint64_t count;
} places;

static wf_status note_place(void *ctx, const ledger_receipt *receipt, wf_error *err)
{
    places *p = ctx;
    (void)err;
    p->changes += receipt->entry.data != p->last;
    p->last = receipt->entry.data;
    p->count++;
    return WF_OK;
}

/* Each entry takes the place of the one before, which moves only when it must be larger. */
static void test_receipts(void **state)
{
    enum { FROM = 256, TO = 256 * 12, GROWTHS_MAX = 32 };
    (void)state;
    wf_error err = {0};
    places p = {0};
    ledger *l = make_archived();
    assert_ok(ledger_receipts(l, FROM, TO, note_place, &p, &err), &err);
    assert_int_equal(p.count, TO - FROM);
    assert_true(p.changes <= GROWTHS_MAX);
    ledger_close(l);
}

/* ---- export -----------------------------------------------------------------------------------
 */

/* Memory of this process that is no file's. */
static uint64_t private_bytes(void)
{
    unsigned long all, resident, shared;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu %lu %lu", &all, &resident, &shared), 3);
    fclose(f);
    return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

typedef struct memory {
    uint64_t first, last;
    unsigned reports;
} memory;

static void note_memory(void *ctx, uint64_t done, uint64_t total)
{
    memory *m = ctx;
    (void)done;
    (void)total;
    m->last = private_bytes();
    if (m->reports++ == 8) /* by then it has all that it will need */
        m->first = m->last;
}

static void test_export(void **state)
{
    (void)state;
    wf_error err = {0};
    memory m = {0};
    ledger_progress progress = {note_memory, &m};
    tiles_options options = {.progress = &progress};
    tiles_report report;
    char out[128];
    ledger *l = make_archived();
    snprintf(out, sizeof out, "%s/tiles", test_folder);
    assert_ok(ledger_export_tiles(l, out, &options, &report, &err), &err);
    assert_true(m.reports > 64);
    uint64_t grown = m.last > m.first ? m.last - m.first : 0;
    print_message("%llu bytes exported, %llu more in memory\n", (unsigned long long)report.bytes,
                  (unsigned long long)grown);
    assert_true(grown < report.bytes / 4);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_receipts, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_export, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
