/*
 * ledger: a store, a checkpoint or a whole folder that was put back to an older state is noticed,
 * also while the ledger is open.
 */
#include "ledger_test.h"

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char command[1000];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    if (system(command) != 0)
        fail_msg("%s", command);
}

/* A ledger of 10 entries; then folder/old is its copy at 4. */
static void grow_with_copy(void)
{
    wf_error err = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1, 2, NULL, &err), &err);
    ledger_close(l);
    run("cp -a '%s' '%s/old'", test_dir, test_folder);
    l = open_ledger(false);
    assert_ok(submit_sealed(l, 10, 5, NULL, &err), &err);
    ledger_close(l);
}

static void expect_refused(const char *words)
{
    for (int read_only = 0; read_only < 2; read_only++) {
        wf_error err = {0};
        ledger *l = NULL;
        ledger_options options = {.read_only = read_only != 0, .threads = 2};
        assert_int_equal(ledger_open(&l, test_dir, &options, &err), WF_DAMAGED);
        if (strstr(err.text, words) == NULL)
            fail_msg("%s", err.text);
    }
}

static void an_older_store_is_refused(void **state)
{
    (void)state;
    grow_with_copy();
    run("cp '%s/old/store/data.mdb' '%s/store/data.mdb'", test_folder, test_dir);
    expect_refused("rolled back or truncated ledger: the store holds 4 entries, 10 were signed");
    expect_refused("wufei restore");
}

static void a_missing_checkpoint_is_refused(void **state)
{
    (void)state;
    grow_with_copy();
    run("rm '%s/checkpoint'", test_dir);
    expect_refused("checkpoint is missing");
}

/* Each of them while a writer has the ledger open. */
static void nothing_is_signed_after_an_exchange(void **state)
{
    static const char *const exchanges[][2] = {
        {"cp '%2$s/old/checkpoint' '%1$s/checkpoint'", "somebody else changed it"},
        {"rm '%1$s/checkpoint'", "is missing"},
        {"mv '%1$s' '%2$s/aside' && cp -a '%2$s/old' '%1$s'", "was exchanged"},
        {"mv '%1$s' '%2$s/aside'", "was exchanged"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
        wf_error err = {0};
        char *text = NULL;
        grow_with_copy();
        ledger *l = open_ledger(false);
        assert_ok(submit_sealed(l, 100, 1, NULL, &err), &err);
        assert_ok(ledger_drain(l, &err), &err);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        char command[1000];
        snprintf(command, sizeof command, exchanges[i][0], test_dir, test_folder);
#pragma GCC diagnostic pop
        run("%s", command);
        submit_sealed(l, 200, 1, NULL, &err);
        err = (wf_error){0};
        assert_int_equal(ledger_checkpoint(l, &text, &err), WF_DAMAGED);
        if (strstr(err.text, exchanges[i][1]) == NULL)
            fail_msg("%s", err.text);
        ledger_close(l);
        run("rm -rf '%s' '%s/old' '%s/aside'", test_dir, test_folder, test_folder);
    }
}

static void make_guard(char path[200])
{
    wf_error err = {0};
    snprintf(path, 200, "%s/guard-of-city", test_folder);
    assert_ok(ledger_set_guard(test_dir, path, NULL, &err), &err);
}

static void a_whole_older_folder_is_noticed_by_its_guard(void **state)
{
    char path[200];
    (void)state;
    grow_with_copy();
    make_guard(path);
    run("cp '%s/guard' '%s/old/guard'", test_dir, test_folder);
    run("rm -r '%s' && cp -a '%s/old' '%s'", test_dir, test_folder, test_dir);
    expect_refused("the store holds 4 entries, 10 were signed");
}

static void a_guard_is_replaced_after_the_checkpoint(void **state)
{
    char path[200];
    wf_error err = {0};
    (void)state;
    grow_with_copy();
    make_guard(path);
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 100, 1, NULL, &err), &err);
    ledger_close(l);
    run("cmp -s '%s/checkpoint' '%s'", test_dir, path);
    /* A crash between the two: the copy outside is older. */
    run("cp '%s/old/checkpoint' '%s'", test_folder, path);
    l = open_ledger(false);
    assert_ok(submit_sealed(l, 200, 1, NULL, &err), &err);
    ledger_close(l);
    run("cmp -s '%s/checkpoint' '%s'", test_dir, path);
}

static void a_missing_guard_stops_writers_only(void **state)
{
    char path[200];
    wf_error err = {0};
    ledger *l = NULL;
    ledger_options options = {.threads = 2};
    (void)state;
    grow_with_copy();
    make_guard(path);
    assert_int_equal(ledger_set_guard(test_dir, path, NULL, &err), WF_USAGE); /* it is evidence */
    run("rm '%s'", path);
    assert_int_equal(ledger_open(&l, test_dir, &options, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "repair --guard"));
    ledger_close(open_ledger(true));
    assert_ok(ledger_set_guard(test_dir, path, NULL, &err), &err);
    ledger_close(open_ledger(false));
    run("echo guard > '%s/guard'", test_dir);
    expect_refused("does not hold one line with an absolute path");
}

/* Grown again to sizes that the recovery lost, the log is still not to be put back. */
static void a_recovery_excuses_only_what_it_lost(void **state)
{
    char path[200], backup[200];
    wf_error err = {0};
    ledger_restore_report restored;
    const ledger_restore_options options = {0};
    (void)state;
    grow_with_copy();
    make_guard(path);
    snprintf(backup, sizeof backup, "%s/old", test_folder);
    run("cp '%s' '%s/lost'", path, test_folder);
    assert_ok(ledger_restore(backup, test_dir, &options, &restored, &err), &err);
    assert_int_equal(restored.last_size, 10);
    /* A crash before the copy outside was renewed. */
    run("cp '%s/lost' '%s'", test_folder, path);
    ledger *l = open_ledger(true);
    ledger_close(l);
    l = open_ledger(false);
    assert_ok(submit_sealed(l, 100, 1, NULL, &err), &err);
    ledger_close(l);
    run("cmp -s '%s/checkpoint' '%s'", test_dir, path);
    run("cp -a '%s' '%s/older'", test_dir, test_folder);
    l = open_ledger(false);
    assert_ok(submit_sealed(l, 200, 1, NULL, &err), &err);
    ledger_close(l);
    run("rm -r '%s' && cp -a '%s/older' '%s'", test_dir, test_folder, test_dir);
    expect_refused("the store holds 7 entries, 9 were signed");
}

/* That the last checkpoint known is beyond the backup does not hide another that contradicts it. */
static void a_backup_of_another_history_is_refused(void **state)
{
    char backup[200], last[200];
    wf_error err = {0};
    ledger_restore_report restored;
    const ledger_restore_options options = {.last = last};
    (void)state;
    grow_with_copy();
    snprintf(backup, sizeof backup, "%s/forked", test_folder);
    snprintf(last, sizeof last, "%s/last", test_folder);
    run("cp -a '%s' '%s/now'", test_dir, test_folder);
    run("rm -r '%s' && cp -a '%s/old' '%s'", test_dir, test_folder, test_dir);
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 500, 7, NULL, &err), &err);
    ledger_close(l);
    run("mv '%s' '%s' && cp -a '%s/now' '%s'", test_dir, backup, test_folder, test_dir);
    /* Kept by somebody: beyond the backup's 12. */
    l = open_ledger(false);
    assert_ok(submit_sealed(l, 20, 7, NULL, &err), &err);
    ledger_close(l);
    run("cp '%s/checkpoint' '%s'", test_dir, last);
    run("rm -r '%s' && mv '%s/now' '%s'", test_dir, test_folder, test_dir);
    assert_int_equal(ledger_restore(backup, test_dir, &options, &restored, &err), WF_REFUSED);
    assert_non_null(strstr(err.text, "they are two histories"));
    /* The store that would tell cannot be read: what it signed still does. */
    run("truncate -s 0 '%s/store/data.mdb'", test_dir);
    assert_int_equal(ledger_restore(backup, test_dir, &options, &restored, &err), WF_REFUSED);
    assert_non_null(strstr(err.text, "a checkpoint of 10 entries has another root"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_older_store_is_refused, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_missing_checkpoint_is_refused, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_signed_after_an_exchange, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_whole_older_folder_is_noticed_by_its_guard, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_guard_is_replaced_after_the_checkpoint, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_recovery_excuses_only_what_it_lost, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_backup_of_another_history_is_refused, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_missing_guard_stops_writers_only, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
