/*
 * ledger: a recovery stands at its own place and says what the tree says; its rows excuse nothing
 * that the log does not record; copies are taken while a writer is at work.
 */
#include "ledger_test.h"

#include <pthread.h>
#include <sys/wait.h>

static void grow(unsigned first, size_t count)
{
    wf_error err = {0};
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, first, count, NULL, &err), &err);
    ledger_close(l);
}

static void a_recovery_record_has_one_encoding(void **state)
{
    wf_error err = {0};
    system_record out, record = {.kind = SYSTEM_RECOVERY, .recovery = {.restored_size = 300}};
    buffer bytes = {0};
    (void)state;
    memset(record.recovery.restored_root.bytes, 7, HASH_SIZE);
    for (int known = 0; known < 2; known++) {
        record.recovery.last_known = known != 0;
        record.recovery.last_size = known != 0 ? 400 : 0;
        buffer_clear(&bytes);
        system_write(&bytes, &record);
        assert_ok(system_parse(&out, span_of(bytes.data, bytes.size), &err), &err);
        assert_int_equal(out.kind, SYSTEM_RECOVERY);
        assert_int_equal(out.recovery.restored_size, 300);
        assert_int_equal(out.recovery.last_known, known);
        assert_int_equal(out.recovery.last_size, known != 0 ? 400 : 0);
        assert_true(hash_equal(&out.recovery.restored_root, &record.recovery.restored_root));
        for (size_t size = 0; size < bytes.size; size++)
            if (system_parse(&out, span_of(bytes.data, size), &err) == WF_OK)
                fail_msg("the first %zu of %zu bytes are a record", size, bytes.size);
    }
    buffer_free(&bytes);
}

static void a_recovery_at_another_place_is_refused(void **state)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    ledger_head head;
    system_record record = {.kind = SYSTEM_RECOVERY};
    (void)state;
    create_ledger();
    grow(1, 5);
    ledger *l = open_ledger(false);
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(head_get(&head, txn, &err), &err);
    store_abort(txn);
    record.recovery = (recovery){.restored_size = head.size - 1, .restored_root = head.root};
    assert_int_equal(system_submit(l, &record, &err), WF_REFUSED);
    record.recovery = (recovery){.restored_size = head.size};
    assert_int_equal(system_submit(l, &record, &err), WF_REFUSED);
    assert_int_equal(ledger_size(l), head.size);
    record.recovery.restored_root = head.root;
    assert_ok(system_submit(l, &record, &err), &err);
    assert_int_equal(ledger_size(l), head.size + 1);
    ledger_close(l);
}

static wf_status verify_signatures(wf_error *err)
{
    ledger_verify_report report;
    ledger *l = open_ledger(true);
    wf_status status = ledger_verify(l, 0, true, NULL, &report, err);
    ledger_close(l);
    return status;
}

/* Puts or deletes the row of a recovery behind the log's back. */
static void change_row(uint64_t seq, bool put)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    uint8_t key[16] = "recovery", row[41] = {0};
    store_key_u64(key + 8, seq);
    ledger *l = open_ledger(false);
    assert_ok(store_begin(&txn, l->store, true, &err), &err);
    if (put)
        assert_ok(store_put(txn, TABLE_META, span_of(key, 16), span_of(row, 41), false, &err),
                  &err);
    else
        assert_ok(store_delete(txn, TABLE_META, span_of(key, 16), &err), &err);
    assert_ok(store_commit(txn, &err), &err);
    ledger_close(l);
}

static void rows_of_recoveries_are_verified(void **state)
{
    char backup[200];
    wf_error err = {0};
    ledger_copy_report copied;
    ledger_restore_report restored;
    const ledger_restore_options options = {0};
    (void)state;
    create_ledger();
    grow(1, 5);
    snprintf(backup, sizeof backup, "%s/backup", test_folder);
    assert_ok(ledger_backup(test_dir, backup, false, NULL, &copied, &err), &err);
    grow(10, 5);
    assert_ok(ledger_restore(backup, test_dir, &options, &restored, &err), &err);
    assert_true(restored.last_known && restored.last_verified);
    assert_int_equal(restored.seq, copied.size);
    assert_int_equal(restored.last_size, copied.size + 6);
    assert_ok(verify_signatures(&err), &err);
    grow(20, 3);
    assert_ok(verify_signatures(&err), &err);
    change_row(3, true);
    assert_int_equal(verify_signatures(&err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "has 2 rows, the log records 1"));
    change_row(3, false);
    change_row(restored.seq, false);
    assert_int_equal(verify_signatures(&err), WF_DAMAGED);
    change_row(restored.seq, true); /* with nothing lost */
    assert_int_equal(verify_signatures(&err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "records a recovery"));
}

typedef struct grower {
    ledger *l;
    atomic_bool stop;
} grower;

static void *grow_on(void *argument)
{
    grower *g = argument;
    wf_error err = {0};
    for (unsigned i = 0; !atomic_load(&g->stop) && err.status == WF_OK; i++)
        submit_sealed(g->l, 1000 + 10 * i, 7, NULL, &err);
    return NULL;
}

/* The folder is copied through another handle, as another process would: LMDB allows one a process,
   so the copying is done in a child that was forked before there were threads. */
static void copies_hold_while_a_writer_is_at_work(void **state)
{
    enum { COPIES = 8 };
    wf_error err = {0};
    int ready[2], how = 0;
    char go = 0;
    (void)state;
    create_ledger();
    grow(1, 300);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        grower g = {0};
        pthread_t thread;
        g.l = open_ledger(false);
        pthread_create(&thread, NULL, grow_on, &g);
        close(ready[1]);
        go = (char)read(ready[0], &go, 1); /* until the copies are made */
        atomic_store(&g.stop, true);
        pthread_join(thread, NULL);
        ledger_close(g.l);
        _exit(0);
    }
    close(ready[0]);
    uint64_t first = 0, last = 0;
    for (int i = 0; i < COPIES; i++) {
        char backup[200];
        ledger_copy_report copied;
        snprintf(backup, sizeof backup, "%s/backup%d", test_folder, i);
        assert_ok(ledger_backup(test_dir, backup, false, NULL, &copied, &err), &err);
        assert_true(copied.signed_size <= copied.size && copied.size >= last);
        last = copied.size;
        first = i == 0 ? last : first;
    }
    close(ready[1]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_true(last > first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recovery_record_has_one_encoding),
        cmocka_unit_test_setup_teardown(a_recovery_at_another_place_is_refused, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(rows_of_recoveries_are_verified, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(copies_hold_while_a_writer_is_at_work, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
