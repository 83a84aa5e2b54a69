/*
 * ledger: a checkpoint that could not be signed or written stays due: when what was in the way is
 * gone, whoever drains has it, and closing signs it too.
 */
#include "ledger_test.h"

static char blocker[160];

/* A folder stands where the new checkpoint file is written first. */
static ledger *open_blocked(void)
{
    wf_error err = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    snprintf(blocker, sizeof blocker, "%s/checkpoint~", test_dir);
    assert_int_equal(mkdir(blocker, 0755), 0);
    assert_ok(submit_sealed(l, 0, 10, NULL, &err), &err);
    return l;
}

static uint64_t signed_size(void)
{
    wf_error err = {0};
    char *text = NULL;
    size_t size = 0;
    note n;
    checkpoint c;
    assert_ok(folder_read(test_dir, FILE_CHECKPOINT, NOTE_MAX, &text, &size, &err), &err);
    assert_null(note_parse(&n, text, size));
    assert_null(checkpoint_parse(&c, n.text, n.text_size));
    free(text);
    return c.size;
}

static void test_drain_tries_again(void **state)
{
    (void)state;
    wf_error err = {0};
    char *text = NULL;
    ledger *l = open_blocked();
    for (unsigned i = 0; i < 3; i++) { /* each says so, and none waits for ever */
        assert_int_equal(ledger_drain(l, &err), WF_SYSTEM);
        assert_non_null(strstr(err.text, "checkpoint"));
    }
    assert_int_equal(signed_size(), 1);
    assert_int_equal(rmdir(blocker), 0);
    assert_ok(ledger_checkpoint(l, &text, &err), &err);
    free(text);
    assert_int_equal(signed_size(), ledger_size(l));
    assert_ok(ledger_drain(l, &err), &err);
    ledger_close(l);
}

static void test_receipt_tries_again(void **state)
{
    (void)state;
    wf_error err = {0};
    char *receipt = NULL;
    ledger *l = open_blocked();
    assert_int_equal(ledger_prove(l, 3, &receipt, &err), WF_SYSTEM);
    assert_int_equal(rmdir(blocker), 0);
    assert_ok(ledger_prove(l, 3, &receipt, &err), &err);
    free(receipt);
    ledger_close(l);
}

static void test_commit_goes_on(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger *l = open_blocked();
    assert_int_equal(ledger_drain(l, &err), WF_SYSTEM);
    assert_ok(submit_sealed(l, 100, 10, NULL, &err), &err); /* entered, and not signed */
    assert_int_equal(ledger_drain(l, &err), WF_SYSTEM);
    assert_int_equal(rmdir(blocker), 0);
    assert_ok(submit_sealed(l, 200, 10, NULL, &err), &err);
    assert_ok(ledger_drain(l, &err), &err);
    assert_int_equal(signed_size(), ledger_size(l));
    ledger_close(l);
}

static void test_close_tries_again(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger *l = open_blocked();
    assert_int_equal(ledger_drain(l, &err), WF_SYSTEM);
    uint64_t size = ledger_size(l);
    assert_int_equal(rmdir(blocker), 0);
    ledger_close(l);
    assert_int_equal(signed_size(), size);
}

/* It ends all the same, and what is unsigned is signed at the next opening. */
static void test_close_while_blocked(void **state)
{
    (void)state;
    ledger *l = open_blocked();
    uint64_t size = ledger_size(l);
    ledger_close(l);
    assert_int_equal(signed_size(), 1);
    assert_int_equal(rmdir(blocker), 0);
    ledger_close(open_ledger(false));
    assert_int_equal(signed_size(), size);
}

/* ---- many at once -----------------------------------------------------------------------------
 */

typedef struct drainer {
    ledger *l;
    unsigned failed;
    pthread_t thread;
} drainer;

static void *drain_often(void *argument)
{
    drainer *d = argument;
    for (unsigned i = 0; i < 20; i++)
        d->failed += ledger_drain(d->l, NULL) != WF_OK;
    return NULL;
}

static void test_many_drain(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger *l = open_blocked();
    drainer drainers[4];
    for (unsigned i = 0; i < 4; i++) {
        drainers[i] = (drainer){.l = l};
        assert_int_equal(pthread_create(&drainers[i].thread, NULL, drain_often, &drainers[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(drainers[i].thread, NULL);
        assert_int_equal(drainers[i].failed, 20);
    }
    assert_int_equal(rmdir(blocker), 0);
    assert_ok(ledger_drain(l, &err), &err);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_drain_tries_again, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_receipt_tries_again, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_commit_goes_on, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_close_tries_again, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_close_while_blocked, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_many_drain, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
