/*
 * tests/simulation/simulate.c: a deterministic simulation. One seed drives the clock, the faults of
 * the store, and clients that hand in statements, hand them in again, and contradict each other;
 * after each step the ledger's root, receipts and balances are those of a model in plain arrays.
 *
 *     simulate [--steps N] [--suite NAME] SEED...
 *
 * A failure prints the seed and the step. The same seed makes the same decisions; keys are drawn
 * anew each time, so the bytes of signatures differ.
 */
#include "simulation.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "book/book.h"

void simulation_fail(const simulation *s, const char *file, int line, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "simulation failed: seed %llu, suite %s, step %u, %llu entries\n%s:%d: ",
            (unsigned long long)s->seed, s->suite, s->step, (unsigned long long)s->size, file,
            line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nagain: simulate --suite %s --steps %u %llu (the ledger is in %s)\n",
            s->suite, s->step + 1, (unsigned long long)s->seed, s->dir);
    exit(1);
}

uint64_t pick(simulation *s, uint64_t below)
{
    uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

void simulation_open(simulation *s)
{
    wf_error err = {0};
    REQUIRE(s, book_new(&s->b, 480, &err) == WF_OK, "%s", err.text);
    ledger_hooks hooks = book_hooks(s->b);
    ledger_options options = {.hooks = &hooks, .threads = 2, .map_size = (size_t)1 << 30};
    REQUIRE(s, ledger_open(&s->l, s->dir, &options, &err) == WF_OK, "%s", err.text);
    REQUIRE(s, book_attach(s->b, s->l, &err) == WF_OK, "%s", err.text);
    if (pick(s, 2) == 0)
        ledger_set_group_max(s->l, 1 + (size_t)pick(s, 8));
}

void simulation_close(simulation *s)
{
    ledger_close(s->l);
    book_free(s->b);
}

void simulation_reopen(simulation *s)
{
    simulation_close(s);
    simulation_open(s);
    s->reopened++;
}

/* ---- steps ------------------------------------------------------------------------------------
 */

static void move_clock(simulation *s)
{
    if (pick(s, 20) == 0)
        s->now_ms -= (int64_t)pick(s, 3600000); /* somebody set the clock back */
    else
        s->now_ms += (int64_t)pick(s, 60000);
    clock_freeze(s->now_ms);
}

static parcel *old_parcel(simulation *s)
{
    return &s->parcels[pick(s, s->parcel_count)];
}

/* Complete runs of entries move into bundles; nobody who reads must notice. */
static void archive(simulation *s)
{
    wf_error err = {0};
    ledger_archive_report report = {0};
    REQUIRE(s, ledger_archive(s->l, pick(s, 2), 1 + pick(s, 3), NULL, &report, &err) == WF_OK, "%s",
            err.text);
    s->archived += (unsigned)(report.entries / TILE_WIDTH);
}

/* Of a hundred steps, once the registry is in: 45 new parcels, 15 old ones, 8 conflicts, 6 that
   must be refused, 8 times four parcels at once, 13 faults, 2 moves into the archive, 3 reopenings.
 */
static void do_step(simulation *s)
{
    parcel *p[4];
    size_t count = 1; /* of p; 0: nothing to submit here */
    uint64_t what = pick(s, 100);
    move_clock(s);
    if (s->parcel_count < REGISTRY || what < 45) {
        p[0] = clients_new(s);
    } else if (what < 60) {
        p[0] = old_parcel(s); /* a retry, or a duplicate */
    } else if (what < 68) {
        p[0] = clients_conflict(s);
        count = p[0] != NULL ? 1 : 0;
    } else if (what < 74) {
        p[0] = clients_impossible(s);
    } else if (what < 82) {
        for (count = 0; count < 3; count++)
            p[count] = clients_new(s);
        p[count++] = old_parcel(s);
    } else if (what < 95) {
        submit_with_fault(s, pick(s, 4) == 0 ? old_parcel(s) : clients_new(s));
        count = 0;
    } else if (what < 97) {
        archive(s);
        count = 0;
    } else {
        simulation_reopen(s);
        count = 0;
    }
    if (count > 0)
        submit_many(s, p, count);
    check_ledger(s);
    check_books(s);
}

/* ---- a run ------------------------------------------------------------------------------------
 */

static void *room(simulation *s, size_t count, size_t size)
{
    void *out = calloc(count, size);
    REQUIRE(s, out != NULL, "out of memory");
    return out;
}

static void start(simulation *s, uint64_t seed, const char *suite_name)
{
    wf_error err = {0};
    *s = (simulation){.seed = seed, .random = seed, .suite = suite_name};
    s->acts = room(s, ACTS_MAX, sizeof *s->acts);
    s->parcels = room(s, PARCELS_MAX, sizeof *s->parcels);
    s->books = room(s, 1, sizeof *s->books);
    s->predicted = room(s, 1, sizeof *s->predicted);
    s->leaves = room(s, ENTRIES_MAX, sizeof *s->leaves);
    s->entries = room(s, ENTRIES_MAX, sizeof *s->entries);
    s->now_ms = INT64_C(1772294400000);
    s->last_time_ms = INT64_MIN;
    clock_freeze(s->now_ms);
    naive_start(strcmp(suite_name, SUITE_SM2) == 0 ? "SM3" : "SHA256");
    strcpy(s->folder, "/tmp/wufei-simulation-XXXXXX");
    REQUIRE(s, mkdtemp(s->folder) != NULL, "%s", s->folder);
    snprintf(s->dir, sizeof s->dir, "%s/city", s->folder);
    REQUIRE(s, book_new(&s->b, 480, &err) == WF_OK, "%s", err.text);
    ledger_hooks hooks = book_hooks(s->b);
    REQUIRE(s, ledger_create(s->dir, SIMULATION_ORIGIN, suite_name, 480, &hooks, &err) == WF_OK,
            "%s", err.text);
    book_free(s->b);
    simulation_open(s);
    clients_start(s);
    check_new_entries(s, NULL, 0);
}

static void end(simulation *s)
{
    char command[128];
    check_everything(s);
    simulation_close(s);
    clock_freeze(TIME_NONE);
    clients_end(s);
    for (uint64_t i = 0; i < s->size; i++)
        free((void *)(uintptr_t)s->entries[i].data);
    free(s->entries);
    free(s->leaves);
    free(s->predicted);
    free(s->books);
    free(s->parcels);
    free(s->acts);
    naive_end();
    snprintf(command, sizeof command, "rm -rf '%s'", s->folder);
    REQUIRE(s, system(command) == 0, "%s", s->folder);
}

static void run(uint64_t seed, const char *suite_name, unsigned steps)
{
    static simulation s;
    start(&s, seed, suite_name);
    for (s.step = 0; s.step < steps; s.step++) {
        do_step(&s);
        if (s.step % 100 == 99)
            check_everything(&s);
    }
    end(&s);
    printf("seed %llu, %s: %u steps, %llu entries; %u entered, %u already there, %u refused, "
           "%u receipts; faults: %u put, %u begin, %u commit lost, %u commit kept, %u sign; "
           "opened again %u times, %u runs archived\n",
           (unsigned long long)seed, suite_name, steps, (unsigned long long)s.size, s.entered,
           s.already, s.refused, s.receipts, s.faults[FAULT_PUT], s.faults[FAULT_BEGIN],
           s.faults[FAULT_COMMIT_LOST], s.faults[FAULT_COMMIT_KEPT], s.faults[FAULT_SIGN],
           s.reopened, s.archived);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    unsigned steps = 150;
    const char *suites[] = {SUITE_ED25519, SUITE_SM2};
    size_t suite_count = 2;
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (strcmp(argv[i], "--steps") == 0) {
            steps = (unsigned)strtoul(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--suite") == 0) {
            suites[0] = argv[i + 1];
            suite_count = 1;
        } else {
            break;
        }
    }
    if (i >= argc || steps == 0 || steps > PARCELS_MAX / 4) {
        fprintf(stderr, "usage: simulate [--steps N] [--suite NAME] SEED...\n");
        return 2;
    }
    for (; i < argc; i++)
        for (size_t j = 0; j < suite_count; j++)
            run(strtoull(argv[i], NULL, 10), suites[j], steps);
    return 0;
}
