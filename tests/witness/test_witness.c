/*
 * witness: requests in, answers out, and what is remembered between them: cosignatures that others
 * verify, evidence, the race of the specification, many threads and several processes.
 */
#include "witness_test.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/time.h"
#include "witness/witness_state.h"

static char *read_file(const char *path, size_t *size)
{
    static char bytes[TEST_REQUEST_MAX];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    *size = fread(bytes, 1, sizeof bytes - 1, f);
    bytes[*size] = '\0';
    fclose(f);
    return bytes;
}

/* The size that is remembered of a log, as a monitor reads it; both signatures are checked. False
   when it is not so. Asserts nothing: threads use it too. */
static bool read_remembered(witness *w, const test_log *log, uint64_t *size)
{
    char path[128], id[WITNESS_ID_MAX];
    witness_answer out;
    note n;
    checkpoint c = {.size = 0};
    bool verified[2];
    uint64_t times_s[2];
    note_key keys[2] = {log->note_key, w->key.note_key};
    snprintf(path, sizeof path, "/%s/checkpoint", witness_id(id, log->origin, strlen(log->origin)));
    witness_serve(w, "GET", path, NULL, 0, &out);
    bool holds =
        out.status == 404 ||
        (out.status == 200 && note_parse(&n, (char *)out.body.data, out.body.size) == NULL &&
         note_verify(verified, times_s, &n, keys, 2) == NULL && verified[0] && verified[1] &&
         checkpoint_parse(&c, n.text, n.text_size) == NULL);
    buffer_free(&out.body);
    *size = c.size;
    return holds;
}

static uint64_t remembered(witness *w, const test_log *log)
{
    uint64_t size = 0;
    assert_true(read_remembered(w, log, &size));
    return size;
}

static void test_cosignature(void **state)
{
    test_log log = log_new(LOG_ORIGIN);
    witness *w = open_witness(&log, 1);
    (void)state;
    clock_freeze(INT64_C(1772000000999));
    assert_int_equal(remembered(w, &log), 0);
    witness_answer out = post(w, log_request(&log, 0, 5));
    assert_int_equal(out.status, 200);
    assert_string_equal(out.content_type, "text/plain; charset=utf-8");

    /* as a client does: the answer behind the checkpoint is a note that the witness signed */
    buffer whole = log_checkpoint(&log, 5);
    buffer_append(&whole, out.body.data, out.body.size);
    note n;
    note_key key;
    bool verified = false;
    uint64_t time_s = 0;
    assert_null(note_key_parse(&key, w->key.vkey));
    assert_int_equal(key.type, NOTE_KEY_TYPE_COSIGNATURE);
    assert_null(note_parse(&n, (char *)whole.data, whole.size));
    assert_null(note_verify(&verified, &time_s, &n, &key, 1));
    assert_int_equal(time_s, 1772000000);
    assert_int_equal(remembered(w, &log), 5);
    buffer_free(&whole);
    buffer_free(&out.body);

    /* answered again after the sender lost the answer */
    out = post(w, log_request(&log, 0, 5));
    assert_int_equal(out.status, 409);
    assert_string_equal(out.content_type, "text/x.tlog.size");
    assert_memory_equal(out.body.data, "5\n", 2);
    assert_int_equal(out.body.size, 2);
    buffer_free(&out.body);
    expect_status(w, log_request(&log, 5, 5), 200);
    expect_status(w, log_request(&log, 5, 300), 200);
    witness_close(w);

    w = open_witness(&log, 1);
    assert_int_equal(remembered(w, &log), 300);
    witness_close(w);
    clock_freeze(TIME_NONE);
    log_free(&log);
}

static void test_paths(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
    } cases[] = {
        {"GET", "/add-checkpoint", 405},
        {"POST", "/", 404},
        {"POST", "/sign-subtree", 404},
        {"POST", "/add-checkpoint/", 404},
        {"GET", "/../FORMAT", 404},
        {"GET", "/evidence/checkpoint", 404},
        {"GET", "/0000000000000000000000000000000000000000000000000000000000000000/checkpoint",
         404},
        {"HEAD", "/0000000000000000000000000000000000000000000000000000000000000000/checkpoint",
         404},
        {"POST", "/0000000000000000000000000000000000000000000000000000000000000000/checkpoint",
         405},
        {"GET", "/0000000000000000000000000000000000000000000000000000000000000000", 404},
        {"GET", "/00000000000000000000000000000000000000000000000000000000000000AA/checkpoint",
         404},
        {"POST", "/add-checkpoint", 400},
    };
    test_log log = log_new(LOG_ORIGIN);
    witness *w = open_witness(&log, 1);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        witness_answer out;
        witness_serve(w, cases[i].method, cases[i].path, "", 0, &out);
        assert_int_equal(out.status, cases[i].status);
        buffer_free(&out.body);
    }
    witness_close(w);
    log_free(&log);
}

static size_t count_evidence(char last[512])
{
    char folder[160];
    size_t count = 0;
    DIR *d = opendir(test_path(folder, "state/evidence"));
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            snprintf(last, 512, "%s/%s", folder, e->d_name);
            count++;
        }
    closedir(d);
    return count;
}

static void assert_file(const char *folder, const char *name, buffer expected)
{
    char path[640];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *bytes = read_file(path, &size);
    assert_int_equal(size, expected.size);
    assert_memory_equal(bytes, expected.data, size);
    buffer_free(&expected);
}

static void test_evidence(void **state)
{
    char folder[512] = "", path[640];
    test_log log = log_new(LOG_ORIGIN), fork = log;
    witness *w = open_witness(&log, 1);
    size_t size = 0;
    (void)state;
    fork.fork_at = 3;
    fork.branch = 7;
    expect_status(w, log_request(&log, 0, 6), 200);
    expect_status(w, log_request(&log, 2, 9), 409);
    assert_int_equal(count_evidence(folder), 0);

    /* two roots for one size, seen even though the sender asked about another */
    expect_status(w, log_request(&fork, 0, 6), 409);
    assert_int_equal(count_evidence(folder), 1);
    assert_non_null(strstr(folder, "-fork-6-6-"));
    assert_file(folder, "new", log_checkpoint(&fork, 6));
    assert_file(folder, "proof", log_request(&fork, 6, 6));
    snprintf(path, sizeof path, "%s/old", folder);
    buffer old = log_checkpoint(&log, 6);
    assert_memory_equal(read_file(path, &size), old.data, old.size);
    buffer_free(&old);

    /* the same again is kept once, and stays as it was */
    snprintf(path, sizeof path, "%s/vkey", folder);
    struct stat before, after;
    assert_int_equal(stat(path, &before), 0);
    expect_status(w, log_request(&fork, 6, 6), 422);
    assert_int_equal(count_evidence(folder), 1);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);

    /* a proof that does not lead from the one to the other */
    expect_status(w, log_request(&fork, 6, 9), 422);
    assert_int_equal(count_evidence(folder), 2);
    /* the log goes on as it was */
    assert_int_equal(remembered(w, &log), 6);
    expect_status(w, log_request(&log, 6, 9), 200);
    assert_int_equal(count_evidence(folder), 2);
    witness_close(w);
    log_free(&log);
}

/* A record that was changed on the disk is not taken for none, which would allow another history.
 */
static void test_damaged_record(void **state)
{
    char path[160], name[WITNESS_ID_MAX + 8], id[WITNESS_ID_MAX];
    test_log log = log_new(LOG_ORIGIN), fork = log;
    witness *w = open_witness(&log, 1);
    (void)state;
    fork.fork_at = 0;
    fork.branch = 1;
    expect_status(w, log_request(&log, 0, 6), 200);
    snprintf(name, sizeof name, "state/%s", witness_id(id, LOG_ORIGIN, strlen(LOG_ORIGIN)));
    test_path(path, name);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    for (off_t at = 0; at < info.st_size; at += 7) {
        FILE *f = fopen(path, "r+");
        fseek(f, at, SEEK_SET);
        int c = fgetc(f);
        fseek(f, at, SEEK_SET);
        fputc(c ^ 1, f);
        fclose(f);
        witness_answer out = post(w, log_request(&fork, 0, 9));
        assert_true(out.status == 500 || out.status == 409);
        buffer_free(&out.body);
        f = fopen(path, "r+");
        fseek(f, at, SEEK_SET);
        fputc(c, f);
        fclose(f);
    }
    assert_int_equal(truncate(path, 0), 0);
    expect_status(w, log_request(&fork, 0, 9), 500);
    witness_close(w);
    log_free(&log);
}

static void test_open(void **state)
{
    char key[160], logs[160], dir[160], vkey[512];
    wf_error err = {0};
    witness *w = NULL;
    (void)state;
    test_path(key, "k.pem");
    test_path(logs, "l");
    test_path(dir, "s");
    assert_int_equal(witness_open(&w, dir, key, "w", logs, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "--new-key"));
    assert_ok(witness_key_create(key, false, &err), &err);
    struct stat info;
    assert_int_equal(stat(key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(witness_key_create(key, false, &err), WF_USAGE);
    assert_int_equal(witness_open(&w, dir, key, "w", logs, &err), WF_USAGE);
    witness_key own;
    assert_int_equal(witness_key_load(&own, key, "a b", &err), WF_USAGE);
    assert_int_equal(witness_key_load(&own, key, "", &err), WF_USAGE);

    /* a witness of its own log is none */
    assert_ok(witness_key_load(&own, key, "w", &err), &err);
    note_key as_log;
    note_key_make(&as_log, NOTE_KEY_TYPE_ED25519, "city.example/log", own.note_key.public_key);
    FILE *f = fopen(logs, "w");
    fprintf(f, "log %s\n", note_vkey_format(vkey, sizeof vkey, &as_log));
    fclose(f);
    witness_key_free(&own);
    assert_int_equal(witness_open(&w, dir, key, "w", logs, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "key of its own"));

    /* nobody else's folder */
    test_log log = log_new(LOG_ORIGIN);
    f = fopen(logs, "w");
    fprintf(f, "# ours\nlog %s\nquorum none\n", note_vkey_format(vkey, sizeof vkey, &log.note_key));
    fclose(f);
    assert_int_equal(witness_open(&w, test_folder, key, "w", logs, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "not empty"));
    assert_ok(witness_open(&w, dir, key, "w", logs, &err), &err);
    witness_close(w);
    log_free(&log);
}

/* ---- the race of the specification ---------------------------------------------------------- */

enum { RACERS = 8, RACE_SIZE = 200 };

typedef struct racer {
    test_log *log;
    witness *w;
    unsigned seed;
    pthread_t thread;
    uint64_t largest; /* that was cosigned for this one */
    unsigned cosigned, conflicts, shrunk, other;
} racer;

/* Asks for a random extension of what it saw last, as one of many senders of one log. After each
   cosignature the witness must remember at least that size. */
static void *race(void *ctx)
{
    racer *r = ctx;
    uint64_t known = 0;
    while (known < RACE_SIZE) {
        uint64_t size = known + 1 + (uint64_t)rand_r(&r->seed) % 5;
        witness_answer out = post(r->w, log_request(r->log, known, size));
        if (out.status == 409) {
            uint64_t told = strtoull((char *)out.body.data, NULL, 10);
            r->shrunk += told < known;
            known = told;
            r->conflicts++;
        } else if (out.status == 200) {
            known = size;
            r->largest = size;
            r->cosigned++;
            uint64_t now = 0;
            r->other += !read_remembered(r->w, r->log, &now);
            r->shrunk += now < size;
        } else {
            r->other++;
        }
        buffer_free(&out.body);
        if (out.status != 409 && out.status != 200)
            break;
    }
    return NULL;
}

static unsigned run_race(witness *w, test_log *log, unsigned seed)
{
    racer racers[RACERS];
    unsigned conflicts = 0;
    for (unsigned i = 0; i < RACERS; i++) {
        racers[i] = (racer){.log = log, .w = w, .seed = seed * 100 + i};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (unsigned i = 0; i < RACERS; i++) {
        pthread_join(racers[i].thread, NULL);
        assert_int_equal(racers[i].shrunk, 0);
        assert_int_equal(racers[i].other, 0);
        assert_true(remembered(w, log) >= racers[i].largest);
        conflicts += racers[i].conflicts;
    }
    return conflicts;
}

static void test_race_of_threads(void **state)
{
    test_log log = log_new(LOG_ORIGIN);
    witness *w = open_witness(&log, 1);
    (void)state;
    assert_true(run_race(w, &log, 1) > 0); /* they did meet */
    assert_true(remembered(w, &log) >= RACE_SIZE);
    witness_close(w);
    log_free(&log);
}

/* Two witnesses over one folder, in two processes: the lock is the folder's, not the program's. */
static void test_race_of_processes(void **state)
{
    test_log log = log_new(LOG_ORIGIN);
    (void)state;
    witness_close(open_witness(&log, 1)); /* key and folder are made */
    pid_t children[2];
    for (unsigned i = 0; i < 2; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            witness *w = open_witness(&log, 1);
            run_race(w, &log, 2 + i);
            witness_close(w);
            _exit(0);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    log_free(&log);
}

/* A witness that lost what it cosigned does not begin anew by itself; one that never cosigned does.
 */
static void test_lost_record(void **state)
{
    char id[WITNESS_ID_MAX], folder[160], path[256], lock[256];
    static const char *const origins[] = {"lost.test/1", "lost.test/2", "lost.test/3"};
    (void)state;
    for (int left = 0; left < 3; left++) { /* the lock file, the evidence, nothing */
        test_log log = log_new(origins[left]), fork = log;
        fork.fork_at = 3;
        fork.branch = 7;
        witness *w = open_witness(&log, 1);
        witness_id(id, log.origin, strlen(log.origin));
        test_path(folder, "state");
        snprintf(path, sizeof path, "%s/%s", folder, id);
        snprintf(lock, sizeof lock, "%s/%s.lock", folder, id);
        /* interrupted before anything was stored: the lock file alone locks nobody out */
        expect_status(w, log_request(&log, 4, 6), 409);
        assert_int_equal(access(lock, F_OK), 0);
        expect_status(w, log_request(&log, 0, 6), 200);
        if (left == 1)
            expect_status(w, log_request(&fork, 0, 6), 409); /* and kept as evidence */
        assert_int_equal(unlink(path), 0);
        if (left > 0)
            assert_int_equal(unlink(lock), 0);
        expect_status(w, log_request(&fork, 0, 9), left < 2 ? 500 : 200);
        witness_close(w);
        log_free(&log);
    }
}

/* Anybody can send a bad proof, and does not make room for himself in the place of forks. */
static void test_evidence_has_its_place(void **state)
{
    (void)state;
    wf_error err = {0};
    witness_state w;
    bool fresh = false;
    char id[WITNESS_ID_MAX], name[WITNESS_EVIDENCE_NAME], path[512];
    checkpoint old = {.size = 5}, new = {.size = 5, .root = {{1}}};
    witness_conflict c = {.old_checkpoint = &old,
                          .new_checkpoint = &new,
                          .new_note = span_text("note"),
                          .proof = span_text("proof"),
                          .vkeys = "key\n"};
    snprintf(path, sizeof path, "%s/state", test_folder);
    assert_ok(witness_state_open(&w, path, &err), &err);
    witness_id(id, "log", 3);
    for (int i = 0; i < WITNESS_EVIDENCE_MAX; i++) {
        snprintf(path, sizeof path, "%s/evidence/%s-unproved-5-%d-x", w.dir, id, i + 6);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_int_equal(witness_state_keep(&w, id, &c, name, &fresh, &err), WF_SYSTEM);
    wf_error_clear(&err);
    c.fork = true;
    assert_ok(witness_state_keep(&w, id, &c, name, &fresh, &err), &err);
    assert_true(fresh);
    witness_state_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cosignature, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_paths, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_evidence, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_evidence_has_its_place, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_damaged_record, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_lost_record, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_open, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_race_of_threads, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_race_of_processes, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
