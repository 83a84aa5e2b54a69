/*
 * What was acknowledged survives kill -9 at any moment.
 *
 * A city's import is killed fifty times, at random calls to the file system (kill_points.h) and at
 * random moments. After each kill the ledger is opened and verified, holds no less than its signed
 * checkpoint named, and holds every statement that was acknowledged, byte for byte. Then the import
 * goes on, and in the end the ledger holds the same statements and the same book as one that nobody
 * disturbed. WUFEI_TEST_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "api/api.h"
#include "exchange/bundle.h"
#include "system/kill_points.h"

enum { KILLS = 50, ACKNOWLEDGED_MAX = 100000, PATH_SIZE = 128, STATEMENT_BYTES_SHOWN = 16 };

#define TEST_ORIGIN "kill.test.example/waste"

/* What a killed import leaves behind: it is in memory that parent and child share. */
typedef struct acknowledged {
    uint8_t id[STATEMENT_ID_SIZE];
    uint64_t seq;
    hash statement;
} acknowledged;

typedef struct told {
    atomic_size_t count;
    acknowledged statements[ACKNOWLEDGED_MAX];
    unsigned long points; /* of a child that lived */
} told;

static told *shared;
static char folder[PATH_SIZE / 2];
static char city_dir[PATH_SIZE], target_dir[PATH_SIZE];

/* What two ledgers are compared by: the log's statements in their order, and the book's answers. */
typedef struct fingerprint {
    buffer statements;
    buffer answers;
} fingerprint;

static fingerprint reference;

/* ---- the child: an import that tells what was acknowledged ------------------------------------
 */

typedef struct telling {
    import_target inner;
} telling;

typedef struct told_batch {
    void (*done)(void *ctx, submit_batch *batch);
    void *ctx;
} told_batch;

static void tell_batch(void *ctx, submit_batch *batch)
{
    told_batch *t = ctx;
    size_t count = atomic_load(&shared->count);
    for (size_t i = 0; batch->status == WF_OK && i < batch->count; i++) {
        const submit_item *item = &batch->items[i];
        statement_view view;
        if (item->outcome == SUBMIT_REFUSED || count == ACKNOWLEDGED_MAX ||
            statement_parse(&view, item->statement, NULL) != WF_OK)
            continue;
        acknowledged *a = &shared->statements[count++];
        memcpy(a->id, view.id, sizeof a->id);
        a->seq = item->seq;
        merkle_leaf(&a->statement, HASH_SHA256, item->statement.data, item->statement.size);
    }
    atomic_store(&shared->count, count);
    t->done(t->ctx, batch);
    free(t);
}

static wf_status tell_submit(void *ctx, submit_batch *batch,
                             void (*done)(void *done_ctx, submit_batch *batch), void *done_ctx,
                             wf_error *err)
{
    telling *target = ctx;
    told_batch *t = calloc(1, sizeof *t);
    if (t == NULL)
        return wf_fail(err, WF_SYSTEM, "out of memory");
    *t = (told_batch){done, done_ctx};
    wf_status status = target->inner.submit(target->inner.ctx, batch, tell_batch, t, err);
    if (status != WF_OK)
        free(t);
    return status;
}

static wf_status tell_drain(void *ctx, wf_error *err)
{
    telling *target = ctx;
    return target->inner.drain(target->inner.ctx, err);
}

static wf_status tell_track_day(void *ctx, const char *vehicle, int32_t day, arena *a,
                                track_fix **out, size_t *out_count, wf_error *err)
{
    telling *target = ctx;
    return target->inner.track_day(target->inner.ctx, vehicle, day, a, out, out_count, err);
}

static void show_problem(void *ctx, const import_problem *problem)
{
    (void)ctx;
    if (!problem->warning)
        fprintf(stderr, "%s: %s\n", problem->place, problem->text);
}

static wf_status import_city(wf_error *err)
{
    wf_ledger *l = NULL;
    import_options options = {.problem = show_problem};
    import_summary summary;
    wf_status status = wf_open(&l, target_dir, NULL, err);
    if (status != WF_OK)
        return status;
    ledger_set_group_max(l->log, 1000); /* many commits, so that a kill may come between any two */
    import_binding binding = {l->log, l->book};
    telling target = {import_target_of(&binding)};
    import_target outer = target.inner;
    outer.ctx = &target;
    outer.submit = tell_submit;
    outer.drain = tell_drain;
    outer.track_day = tell_track_day;
    status = bundle_import(&outer, city_dir, &options, &summary, err);
    wf_close(l);
    return status;
}

static wf_status make_ledger(wf_error *err)
{
    wf_init_options options = {.origin = TEST_ORIGIN, .utc_offset_minutes = 480};
    return wf_init(target_dir, &options, err);
}

/* Runs `work` in a child that dies at its point `last` (0: lives) or after `delay_us` (0: lives).
   True when it was killed; false when it came to its end, well. */
static bool run_child(wf_status (*work)(wf_error *err), unsigned long last, bool torn,
                      useconds_t delay_us)
{
    int status = 0;
    atomic_store(&shared->count, 0);
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        wf_error err = {0};
        atomic_store(&kill_points_passed, 0);
        kill_points_last = last;
        kill_points_torn = torn;
        if (work(&err) != WF_OK) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
        shared->points = atomic_load(&kill_points_passed);
        _exit(0);
    }
    if (delay_us > 0) {
        usleep(delay_us);
        kill(child, SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        return true;
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

/* ---- what a ledger holds ----------------------------------------------------------------------
 */

static void assert_ok(wf_status status, const wf_error *err)
{
    if (status != WF_OK)
        print_error("%s\n", err->text);
    assert_int_equal(status, WF_OK);
}

static wf_ledger *open_to_read(void)
{
    wf_error err = {0};
    wf_ledger *l = NULL;
    wf_open_options options = {.read_only = true, .at = WF_AT_NOW};
    assert_ok(wf_open(&l, target_dir, &options, &err), &err);
    return l;
}

/* A sink that writes everything into a buffer, but for entry numbers: seals stand elsewhere in the
   log of an import that was begun several times. */
typedef struct text_sink {
    buffer *out;
    size_t entry_column;
} text_sink;

static wf_status text_begin(void *ctx, const char *name, const char *title,
                            const wf_column *columns, size_t count, wf_error *err)
{
    text_sink *sink = ctx;
    (void)title;
    (void)err;
    sink->entry_column = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, "entry") == 0)
            sink->entry_column = i;
    buffer_printf(sink->out, "== %s\n", name);
    return WF_OK;
}

static wf_status text_row(void *ctx, const wf_cell *cells, size_t count, wf_error *err)
{
    text_sink *sink = ctx;
    (void)err;
    for (size_t i = 0; i < count; i++) {
        if (i == sink->entry_column || cells[i].kind == WF_CELL_EMPTY)
            buffer_append_text(sink->out, ",");
        else if (cells[i].kind == WF_CELL_TEXT)
            buffer_printf(sink->out, "%s,", cells[i].as.text);
        else if (cells[i].kind == WF_CELL_REAL)
            buffer_printf(sink->out, "%.17g,", cells[i].as.real);
        else
            buffer_printf(sink->out, "%lld,", (long long)cells[i].as.integer);
    }
    buffer_append_text(sink->out, "\n");
    return WF_OK;
}

static wf_status text_end(void *ctx, wf_error *err)
{
    (void)ctx;
    (void)err;
    return WF_OK;
}

static void take_answers(buffer *out, wf_ledger *l)
{
    static const char *const lists[] = {"manifests", "sites",   "parties",
                                        "vehicles",  "permits", "scales"};
    static const char *const groupings[] = {"site", "party", "code", "stream", "district", "day"};
    wf_error err = {0};
    wf_filter all = {.from_ms = WF_TIME_NONE, .to_ms = WF_TIME_NONE};
    text_sink text = {.out = out};
    wf_sink sink = {&text, text_begin, text_row, text_end};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_ok(wf_list(l, lists[i], &all, &sink, &err), &err);
    for (size_t i = 0; i < sizeof groupings / sizeof *groupings; i++)
        assert_ok(wf_balance(l, groupings[i], &all, &sink, &err), &err);
}

/* The statements of the log in their order, one line each: id and hash. Those about the ledger
   itself (its genesis, the seals) are each import's own. */
static void take_statements(buffer *out, wf_ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    uint64_t size = ledger_size(l->log);
    assert_ok(store_begin(&txn, ledger_store(l->log), false, &err), &err);
    for (uint64_t seq = 0; seq < size; seq++) {
        span bytes;
        entry_view entry;
        statement_view statement;
        hash digest;
        assert_ok(ledger_read(l->log, txn, seq, &bytes, &entry, &err), &err);
        assert_ok(statement_parse(&statement, entry.statement, &err), &err);
        if (statement.system.data != NULL)
            continue;
        merkle_leaf(&digest, HASH_SHA256, entry.statement.data, entry.statement.size);
        for (size_t i = 0; i < STATEMENT_ID_SIZE; i++)
            buffer_printf(out, "%02x", statement.id[i]);
        buffer_printf(out, " ");
        for (size_t i = 0; i < STATEMENT_BYTES_SHOWN; i++)
            buffer_printf(out, "%02x", digest.bytes[i]);
        buffer_printf(out, "\n");
    }
    store_abort(txn);
}

static void check_whole(wf_ledger *l, bool rebuild)
{
    wf_error err = {0};
    buffer report = {0};
    text_sink text = {.out = &report};
    wf_sink sink = {&text, text_begin, text_row, text_end};
    wf_verify_options options = {.signatures = true};
    assert_ok(wf_verify(l, &options, &sink, &err), &err);
    if (rebuild)
        assert_ok(wf_rebuild(l, true, NULL, NULL, &sink, &err), &err);
    buffer_free(&report);
}

static void take_fingerprint(fingerprint *out)
{
    wf_ledger *l = open_to_read();
    check_whole(l, true);
    take_statements(&out->statements, l);
    take_answers(&out->answers, l);
    assert_false(out->statements.failed || out->answers.failed);
    wf_close(l);
}

static void assert_same(const buffer *a, const buffer *b, const char *what)
{
    size_t at = 0;
    while (at < a->size && at < b->size && a->data[at] == b->data[at])
        at++;
    if (at == a->size && at == b->size)
        return;
    while (at > 0 && a->data[at - 1] != '\n')
        at--;
    fail_msg("%s differ at byte %zu of %zu and %zu:\n%.160s\n%.160s", what, at, a->size, b->size,
             (const char *)a->data + at, (const char *)b->data + at);
}

static void check_finished(void)
{
    fingerprint now = {0};
    take_fingerprint(&now);
    buffer_append_byte(&now.statements, 0);
    buffer_append_byte(&now.answers, 0);
    assert_same(&reference.statements, &now.statements, "statements");
    assert_same(&reference.answers, &now.answers, "the books' answers");
    buffer_free(&now.statements);
    buffer_free(&now.answers);
}

/* ---- after a kill -----------------------------------------------------------------------------
 */

/* The size in the checkpoint file: its second line. */
static uint64_t signed_size(void)
{
    char path[PATH_SIZE + 16], line[256] = "";
    snprintf(path, sizeof path, "%s/checkpoint", target_dir);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    return strtoull(line, NULL, 10);
}

static void check_acknowledged(wf_ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    size_t count = atomic_load(&shared->count);
    assert_true(count < ACKNOWLEDGED_MAX);
    assert_ok(store_begin(&txn, ledger_store(l->log), false, &err), &err);
    for (size_t i = 0; i < count; i++) {
        const acknowledged *a = &shared->statements[i];
        bool found = false;
        uint64_t seq = 0;
        span bytes;
        entry_view entry;
        hash digest;
        assert_ok(ledger_find(l->log, txn, a->id, &found, &seq, &err), &err);
        assert_true(found);
        assert_int_equal(seq, a->seq);
        assert_ok(ledger_read(l->log, txn, seq, &bytes, &entry, &err), &err);
        merkle_leaf(&digest, HASH_SHA256, entry.statement.data, entry.statement.size);
        assert_memory_equal(digest.bytes, a->statement.bytes, sizeof digest.bytes);
    }
    store_abort(txn);
}

static void check_survived(void)
{
    uint64_t signed_before = signed_size();
    wf_ledger *l = open_to_read();
    assert_true(wf_size(l) >= signed_before);
    check_whole(l, false);
    check_acknowledged(l);
    wf_close(l);
}

/* ---- the tests --------------------------------------------------------------------------------
 */

static void start_anew(void)
{
    wf_error err = {0};
    char command[2 * PATH_SIZE];
    snprintf(command, sizeof command, "rm -rf '%s'", target_dir);
    assert_int_equal(system(command), 0);
    assert_ok(make_ledger(&err), &err);
}

static useconds_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (useconds_t)(now.tv_sec % 1000 * 1000000 + now.tv_nsec / 1000);
}

static unsigned long below(unsigned long limit)
{
    return (unsigned long)random() % limit;
}

static void an_import_is_killed_at_fifty_points(void **state)
{
    (void)state;
    const char *given = getenv("WUFEI_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    srandom(seed);
    start_anew();
    useconds_t begun = now_us();
    assert_false(run_child(import_city, 0, false, 0));
    useconds_t duration_us = now_us() - begun;
    unsigned long points = shared->points;
    take_fingerprint(&reference);
    buffer_append_byte(&reference.statements, 0);
    buffer_append_byte(&reference.answers, 0);
    print_message("seed %u: %zu statements acknowledged, %lu points, %u ms\n", seed,
                  atomic_load(&shared->count), points, duration_us / 1000);
    assert_true(points > 30);

    start_anew();
    unsigned finished = 0, kills = 0;
    bool fresh = true;
    while (kills < KILLS || finished == 0) {
        bool by_point = kills % 3 != 2;
        unsigned long last = by_point ? 1 + below(points) : 0;
        useconds_t delay_us = by_point ? 0 : 1 + (useconds_t)below(duration_us);
        /* A ledger is killed three times or so, then brought to its end. */
        bool undisturbed = kills == KILLS || (kills > 0 && below(6) == 0);
        bool killed = undisturbed ? run_child(import_city, 0, false, 0)
                                  : run_child(import_city, last, below(2) == 0, delay_us);
        if (killed) {
            kills++;
            fresh = false;
            check_survived();
        } else {
            finished++;
            if (fresh && delay_us > 0 && !undisturbed)
                duration_us = delay_us; /* it takes less time than the first did */
            fresh = true;
            check_finished();
            start_anew();
        }
    }
    print_message("%u kills, %u ledgers brought to their end\n", kills, finished);
}

static void a_killed_init_leaves_nothing_or_all(void **state)
{
    (void)state;
    wf_error err = {0};
    char command[2 * PATH_SIZE];
    struct stat about;
    unsigned whole = 0, nothing = 0;
    for (unsigned long last = 1;; last++) {
        snprintf(command, sizeof command, "rm -rf '%s'", target_dir);
        assert_int_equal(system(command), 0);
        if (!run_child(make_ledger, last, false, 0))
            break;
        if (stat(target_dir, &about) != 0) {
            nothing++;
            assert_ok(make_ledger(&err), &err);
        } else {
            whole++;
        }
        check_survived();
    }
    print_message("killed at %u points: nothing %u times, all of it %u times\n", nothing + whole,
                  nothing, whole);
    assert_true(nothing > 5);
}

static int setup(void **state)
{
    char program[512], command[1024];
    (void)state;
    strcpy(folder, "/tmp/wufei-kill-XXXXXX");
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    if (size < 0 || mkdtemp(folder) == NULL)
        return -1;
    program[size] = '\0';
    *strrchr(program, '/') = '\0';
    snprintf(city_dir, sizeof city_dir, "%s/city", folder);
    snprintf(target_dir, sizeof target_dir, "%s/ledger", folder);
    snprintf(command, sizeof command,
             "'%s/../bin/wufei-sim' --out '%s' --seed 5 --days 24 "
             "--size 0.6 2>/dev/null",
             program, city_dir);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared != MAP_FAILED && system(command) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    char command[2 * PATH_SIZE];
    (void)state;
    buffer_free(&reference.statements);
    buffer_free(&reference.answers);
    munmap(shared, sizeof *shared);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_init_leaves_nothing_or_all),
        cmocka_unit_test(an_import_is_killed_at_fifty_points),
    };
    return cmocka_run_group_tests_name("system/kill", tests, setup, teardown);
}
