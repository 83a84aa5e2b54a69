/*
 * ledger/store_fault: a fault in a mapped data.mdb ends with status 3 and its path; a fault of the
 * program itself stays what it is.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "store_fault.h"
#include "wufei/status.h"

enum { PAGE = 4096, SAID_SIZE = 1024 };

static char said[SAID_SIZE];
static char folder[] = "/tmp/wufei-fault-XXXXXX";

/* Runs `fault` in a child whose standard error is kept in `said`; returns its wait status. */
static int status_of(void (*fault)(void))
{
    int pipes[2], status = 0;
    size_t size = 0;
    ssize_t got;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would end it otherwise */
        signal(SIGBUS, SIG_DFL);
        store_fault_install();
        fault();
        _exit(0);
    }
    close(pipes[1]);
    while (size < SAID_SIZE - 1 && (got = read(pipes[0], said + size, SAID_SIZE - 1 - size)) > 0)
        size += (size_t)got;
    said[size] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Reads behind the end of a mapped file of that name, in the test's folder. */
static void read_behind(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w+");
    if (file == NULL || ftruncate(fileno(file), PAGE) != 0)
        _exit(9);
    const volatile uint8_t *map = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fileno(file), 0);
    uint8_t byte = map[2 * PAGE];
    _exit(byte == 0 ? 0 : 1);
}

/* As a flipped flag of a node does: LMDB follows a cursor that is not there. */
static void fault_inside_lmdb(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/data.mdb", folder);
    FILE *file = fopen(path, "w+");
    if (file == NULL || ftruncate(fileno(file), PAGE) != 0 ||
        mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fileno(file), 0) == MAP_FAILED)
        _exit(9);
    _exit(mdb_txn_id((MDB_txn *)(uintptr_t)(PAGE / 2)) == 0 ? 0 : 1);
}

static void read_behind_a_store(void)
{
    read_behind("data.mdb");
}

static void read_behind_another_file(void)
{
    read_behind("other.mdb");
}

static void read_behind_a_store_quietly(void)
{
    store_fault_quiet();
    read_behind("data.mdb");
}

static void read_behind_a_scratch_store(void)
{
    store_fault_scratch(folder);
    read_behind("data.mdb");
}

static void read_behind_what_was_scratch(void)
{
    store_fault_scratch(folder);
    store_fault_scratch(NULL);
    read_behind("data.mdb");
}

static void read_behind_a_lock_file(void)
{
    read_behind("lock.mdb");
}

static void fail_an_assertion_of_a_scratch_store(void)
{
    store_fault_scratch(folder);
    store_fault_end(folder, "mdb.c:1: Assertion failed");
}

static void be_killed_by_name(void)
{
    raise(SIGSEGV);
}

static void fail_an_assertion(void)
{
    store_fault_end("/some/store", "mdb.c:1: Assertion failed");
}

static void faults_in_a_store_are_explained(void **state)
{
    (void)state;
    int status = status_of(read_behind_a_store);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WF_DAMAGED);
    assert_non_null(strstr(said, "/data.mdb: the store is damaged"));
    status = status_of(fault_inside_lmdb);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WF_DAMAGED);
    assert_non_null(strstr(said, "/data.mdb: the store is damaged"));
    status = status_of(fail_an_assertion);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WF_DAMAGED);
    assert_non_null(strstr(said, "/some/store: the store is damaged"));
    assert_non_null(strstr(said, "(mdb.c:1: Assertion failed)"));
}

/* Neither says anything about the ledger: the disk is full, or it fails. */
static void faults_in_scratch_stores_and_lock_files_are_the_disks(void **state)
{
    void (*const faults[])(void) = {read_behind_a_scratch_store, read_behind_a_lock_file,
                                    fail_an_assertion_of_a_scratch_store};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        int status = status_of(faults[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), WF_SYSTEM);
        assert_non_null(strstr(said, "no space left on device"));
        assert_null(strstr(said, "damaged"));
    }
    int status = status_of(read_behind_what_was_scratch);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WF_DAMAGED);
}

static void other_faults_stay_what_they_are(void **state)
{
    (void)state;
    int status = status_of(read_behind_another_file);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
    assert_string_equal(said, "");
    status = status_of(be_killed_by_name);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    status = status_of(read_behind_a_store_quietly);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
    assert_string_equal(said, "");
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_in_a_store_are_explained),
        cmocka_unit_test(faults_in_scratch_stores_and_lock_files_are_the_disks),
        cmocka_unit_test(other_faults_stay_what_they_are),
    };
    return cmocka_run_group_tests_name("ledger/store_fault", tests, setup, teardown);
}
