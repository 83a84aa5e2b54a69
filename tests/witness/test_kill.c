/*
 * witness: killed at every call that changes a file. What was answered is remembered, a record is
 * never half, evidence is there whole or not at all, and the next start goes on from there.
 */
#include "witness_test.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "system/kill_points.h"

/* What the child tells before it dies. */
typedef struct told {
    uint64_t cosigned; /* the largest size answered with 200 */
    unsigned evidence; /* forks that were answered */
    unsigned long points;
    bool finished;
} told;

static told *shared;
static test_log log_here, fork_here;

static int setup(void **state)
{
    (void)state;
    log_here = log_new(LOG_ORIGIN);
    fork_here = log_here;
    fork_here.fork_at = 2;
    fork_here.branch = 1;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    log_free(&log_here);
    return munmap(shared, sizeof *shared);
}

static void act(void)
{
    static const uint64_t sizes[] = {3, 7, 7, 20};
    uint64_t known = 0;
    witness *w = open_witness(&log_here, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        witness_answer out = post(w, log_request(&log_here, known, sizes[i]));
        known = sizes[i];
        if (out.status == 200)
            shared->cosigned = known;
        buffer_free(&out.body);
        out = post(w, log_request(&fork_here, 0, known));
        if (strstr(out.remark, "EVIDENCE kept") != NULL)
            shared->evidence++;
        buffer_free(&out.body);
    }
    shared->points = atomic_load(&kill_points_passed);
    shared->finished = true;
    witness_close(w);
}

/* Folders of evidence; each has all of its files. */
static unsigned count_whole_evidence(void)
{
    static const char *const files[] = {"old", "new", "proof", "vkey"};
    char folder[160], path[640];
    unsigned count = 0;
    DIR *d = opendir(test_path(folder, "state/evidence"));
    if (d == NULL)
        return 0;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue; /* one that was being made: no evidence yet */
        count++;
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            struct stat info;
            snprintf(path, sizeof path, "%s/%s/%s", folder, e->d_name, files[i]);
            assert_int_equal(stat(path, &info), 0);
            assert_true(info.st_size > 0);
        }
    }
    closedir(d);
    return count;
}

/* The next start: it has what was answered, and goes on to size 30. */
static void go_on(void)
{
    witness *w = open_witness(&log_here, 1);
    witness_answer out = post(w, log_request(&log_here, 30, 30));
    uint64_t last = 30;
    assert_int_equal(out.status, 409);
    last = strtoull((char *)out.body.data, NULL, 10);
    buffer_free(&out.body);
    assert_true(last >= shared->cosigned);
    assert_true(count_whole_evidence() >= shared->evidence);
    expect_status(w, log_request(&log_here, last, 30), 200);
    expect_status(w, log_request(&fork_here, 30, 30), 422);
    assert_true(count_whole_evidence() >= shared->evidence + 1);
    witness_close(w);
}

static void test_every_call(void **state)
{
    unsigned long point = 0;
    (void)state;
    for (;;) {
        assert_int_equal(folder_setup(NULL), 0);
        /* the key is made before: a start that is killed while it makes one is made again by hand
         */
        char key[160];
        wf_error err = {0};
        assert_ok(witness_key_create(test_path(key, "witness.pem"), false, &err), &err);
        memset(shared, 0, sizeof *shared);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            atomic_store(&kill_points_passed, 0);
            kill_points_last = ++point;
            act();
            _exit(0);
        }
        point++;
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(shared->finished ? WIFEXITED(status) && WEXITSTATUS(status) == 0
                                     : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        go_on();
        assert_int_equal(folder_teardown(NULL), 0);
        if (shared->finished)
            break;
    }
    /* it was there to be killed: opening, four records, three forks of four files each */
    assert_true(point > 60);
    print_message("killed at %lu calls\n", point - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_call)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
