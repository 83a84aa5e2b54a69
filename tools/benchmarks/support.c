/*
 * benchmarks/support.c: see bench.h.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

double bench_seconds(void)
{
    return (double)clock_monotonic_us() / 1e6;
}

unsigned bench_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

struct memory_watch {
    pthread_t thread;
    atomic_bool stop;
    long peak_kib;
};

static long rss_anon_kib(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    if (f == NULL)
        return -1;
    char line[256];
    long kib = -1;
    while (fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "RssAnon: %ld kB", &kib) == 1)
            break;
    fclose(f);
    return kib;
}

static void *watch_memory(void *argument)
{
    memory_watch *w = argument;
    while (!atomic_load(&w->stop)) {
        long kib = rss_anon_kib();
        if (kib > w->peak_kib)
            w->peak_kib = kib;
        usleep(20000);
    }
    return NULL;
}

memory_watch *memory_watch_start(void)
{
    memory_watch *w = calloc(1, sizeof *w);
    WF_ASSERT(w != NULL);
    WF_ASSERT(pthread_create(&w->thread, NULL, watch_memory, w) == 0);
    return w;
}

double memory_watch_stop_mib(memory_watch *w)
{
    atomic_store(&w->stop, true);
    pthread_join(w->thread, NULL);
    WF_ASSERT(w->peak_kib > 0); /* else nothing was measured, and nothing would hold any bound */
    double mib = (double)w->peak_kib / 1024.0;
    free(w);
    return mib;
}

static bool verdict(bool ok)
{
    printf(": %s\n", ok ? "ok" : "MISSED");
    fflush(stdout);
    return ok;
}

void bench_beside(const char *name, const char *unit, double ours, double limit,
                  const char *limit_what)
{
    printf("%s: %.0f %s, %s %.0f %s: ratio %.2f\n", name, ours, unit, limit_what, limit, unit,
           limit > 0 ? ours / limit : 0);
    fflush(stdout);
}

bool bench_ratio(const char *name, const char *unit, double ours, double limit,
                 const char *limit_what, double wanted)
{
    double ratio = limit > 0 ? ours / limit : 0;
    printf("%s: %.0f %s, %s %.0f %s: ratio %.2f, wanted >= %.2f", name, ours, unit, limit_what,
           limit, unit, ratio, wanted);
    return verdict(ratio >= wanted);
}

bool bench_at_most(const char *name, const char *unit, double value, double bound)
{
    printf("%s: %.2f %s, wanted <= %g", name, value, unit, bound);
    return verdict(value <= bound);
}

bool bench_at_least(const char *name, const char *unit, double value, double bound)
{
    printf("%s: %.0f %s, wanted >= %.0f", name, value, unit, bound);
    return verdict(value >= bound);
}

void bench_die(const wf_error *err)
{
    fprintf(stderr, "wufei-bench: %s\n", err->text);
    exit(4);
}

void bench_create(const char *dir)
{
    wf_error err = {0};
    book *b = NULL;
    if (book_new(&b, 480, &err) != WF_OK)
        bench_die(&err);
    ledger_hooks hooks = book_hooks(b);
    if (ledger_create(dir, "bench.wufei.example", "ed25519-sha256", 480, &hooks, &err) != WF_OK)
        bench_die(&err);
    book_free(b);
}

void bench_open(bench_ledger *out, const char *dir, bool read_only)
{
    wf_error err = {0};
    if (book_new(&out->book, 480, &err) != WF_OK)
        bench_die(&err);
    out->hooks = book_hooks(out->book);
    ledger_options options = {.read_only = read_only, .hooks = &out->hooks};
    if (ledger_open(&out->ledger, dir, &options, &err) != WF_OK ||
        book_attach(out->book, out->ledger, &err) != WF_OK)
        bench_die(&err);
}

void bench_close(bench_ledger *b)
{
    ledger_close(b->ledger);
    book_free(b->book);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

void bench_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

double bench_spawn(char *const argv[])
{
    /* posix_spawn, not fork: copying the page tables of a benchmark that has a large ledger mapped
       would be timed as if it were the program's */
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    double start = bench_seconds();
    int rc = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0)
        return -1;
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    double seconds = bench_seconds() - start;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? seconds : -1;
}
