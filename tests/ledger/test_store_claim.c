/*
 * ledger: a process opens a store once at a time, so that nothing takes its readers' locks away.
 */
#include "ledger_test.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "store.h"

static const char *const tables[] = {"a", NULL};

static wf_status try_open(store **out, const char *path, bool create, wf_error *err)
{
    store_options options = {.create = create, .read_only = !create, .tables = tables};
    return store_open(out, path, &options, err);
}

static store *make_store(const char *path)
{
    wf_error err = {0};
    store *s = NULL;
    assert_int_equal(mkdir(path, 0777), 0);
    assert_ok(try_open(&s, path, true, &err), &err);
    return s;
}

/* As another process sees it: whether somebody has a lock on the store's lock file. */
static bool is_locked(const char *path)
{
    char file[160];
    int how = 0;
    snprintf(file, sizeof file, "%s/lock.mdb", path);
    pid_t child = fork();
    if (child == 0) {
        struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
        int fd = open(file, O_RDWR);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &wanted) != 0 ? 2 : wanted.l_type != F_UNLCK);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) < 2);
    return WEXITSTATUS(how) == 1;
}

static void test_second_is_refused(void **state)
{
    (void)state;
    wf_error err = {0};
    char other_path[128];
    store *second = NULL;
    store *s = make_store(test_dir);
    assert_true(is_locked(test_dir));
    assert_int_equal(try_open(&second, test_dir, false, &err), WF_USAGE);
    assert_null(second);
    assert_non_null(strstr(err.text, test_dir));
    assert_non_null(strstr(err.text, "this process has it open already"));
    snprintf(other_path, sizeof other_path, "%s/same", test_folder); /* by another name */
    assert_int_equal(symlink(test_dir, other_path), 0);
    assert_int_equal(try_open(&second, other_path, false, NULL), WF_USAGE);
    assert_true(is_locked(test_dir));
    store_close(s);
    assert_false(is_locked(test_dir));
    assert_ok(try_open(&second, test_dir, false, &err), &err);
    store_close(second);
}

static void test_others_are_open_beside_it(void **state)
{
    (void)state;
    wf_error err = {0};
    char second_path[128];
    int how = 0;
    store *again = NULL;
    snprintf(second_path, sizeof second_path, "%s/second", test_folder);
    store *s = make_store(test_dir);
    store *second = make_store(second_path);
    pid_t child = fork();
    if (child == 0) { /* has none of its parent's locks, and nothing to lose */
        wf_status status = try_open(&again, test_dir, false, NULL);
        wf_status twice = status == WF_OK ? try_open(&s, test_dir, false, NULL) : WF_OK;
        store_close(again);
        _exit(status == WF_OK && twice == WF_USAGE ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_true(is_locked(test_dir));
    store_close(s);
    assert_ok(try_open(&again, test_dir, false, &err), &err);
    store_close(again);
    store_close(second);
}

/* The number of a folder that was removed is given to the next one. */
static void test_removed_folder(void **state)
{
    (void)state;
    char file[160];
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    store *s = make_store(test_dir);
    for (size_t i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s/%s", test_dir, files[i]);
        assert_int_equal(unlink(file), 0);
    }
    assert_int_equal(rmdir(test_dir), 0);
    store *fresh = make_store(test_dir);
    store_close(s);
    assert_true(is_locked(test_dir));
    store_close(fresh);
}

/* An opening that failed leaves nothing behind. */
static void test_after_a_failure(void **state)
{
    (void)state;
    wf_error err = {0};
    store *s = NULL;
    assert_int_equal(mkdir(test_dir, 0777), 0);
    assert_int_equal(try_open(&s, test_dir, false, &err), WF_DAMAGED); /* data.mdb is missing */
    assert_ok(try_open(&s, test_dir, true, &err), &err);
    store_close(s);
}

static void test_ledger(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger *second = NULL;
    const ledger_options options = {.read_only = true};
    create_ledger();
    ledger *l = open_ledger(false);
    assert_int_equal(ledger_open(&second, test_dir, &options, &err), WF_USAGE);
    assert_null(second);
    assert_ok(submit_sealed(l, 0, 10, NULL, &err), &err);
    ledger_close(l);
    ledger_close(open_ledger(true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_second_is_refused, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_others_are_open_beside_it, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(test_removed_folder, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_after_a_failure, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_ledger, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
