/*
 * ledger: making a ledger is whole or not at all, and a killed attempt leaves nothing for ever.
 */
#include "ledger_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* The number of attempts beside the ledger's place; the last one's path in `path`. */
static unsigned count_attempts(char path[400])
{
    unsigned count = 0;
    DIR *d = opendir(test_folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strncmp(e->d_name, ".city.tmp.", 10) != 0)
            continue;
        snprintf(path, 400, "%s/%s", test_folder, e->d_name);
        count++;
    }
    closedir(d);
    return count;
}

/* A child that is killed when the store is to be written: the key is there by then. */
static void leave_attempt(char path[400])
{
    int how = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit small = {2000, 2000};
        signal(SIGXFSZ, SIG_DFL);
        setrlimit(RLIMIT_FSIZE, &small);
        _exit((int)ledger_create(test_dir, TEST_ORIGIN, test_suite(), 480, NULL, NULL));
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGXFSZ);
    assert_int_equal(count_attempts(path), 1);
}

static void killed_attempts_are_removed(void **state)
{
    char path[400];
    (void)state;
    leave_attempt(path);
    create_ledger();
    assert_int_equal(count_attempts(path), 0);
    ledger_close(open_ledger(false));
}

static void an_attempt_under_our_own_number_is_removed(void **state)
{
    char path[400], own[400];
    (void)state;
    leave_attempt(path);
    snprintf(own, sizeof own, "%s/.city.tmp.%ld", test_folder, (long)getpid());
    assert_int_equal(rename(path, own), 0);
    create_ledger();
    assert_int_equal(count_attempts(path), 0);
}

/* Of another place, of no process, or with a file that is not ours. */
static void what_is_not_ours_stays(void **state)
{
    char path[400], other[500];
    (void)state;
    leave_attempt(path);
    snprintf(other, sizeof other, "%s/letter", path);
    int fd = open(other, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    close(fd);
    snprintf(other, sizeof other, "%s/.city2.tmp.7", test_folder);
    assert_int_equal(mkdir(other, 0777), 0);
    snprintf(other, sizeof other, "%s/.city.tmp.x", test_folder);
    assert_int_equal(mkdir(other, 0777), 0);
    create_ledger();
    assert_int_equal(rmdir(other), 0);
    snprintf(other, sizeof other, "%s/.city2.tmp.7", test_folder);
    assert_int_equal(rmdir(other), 0);
    snprintf(other, sizeof other, "%s/letter", path);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(rmdir(path), 0); /* all else in it is gone */
}

/* Of a process that lives, or of one that cannot be seen from here and holds its lock. */
static void attempts_under_way_stay(void **state)
{
    char path[400], alive[400];
    (void)state;
    snprintf(alive, sizeof alive, "%s/.city.tmp.%ld", test_folder, (long)getppid());
    leave_attempt(path);
    int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(mkdir(alive, 0777), 0);
    create_ledger();
    assert_int_equal(count_attempts(path), 2);
    close(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(killed_attempts_are_removed, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(an_attempt_under_our_own_number_is_removed, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(what_is_not_ours_stays, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(attempts_under_way_stay, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
