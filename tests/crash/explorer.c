/*
 * explorer.c: cuts the power at every point of a trace and looks at what is left.
 *
 *     crash-explore [--seed N] [--states N] [--state POINT.ROUND] [--keep] TRACE ROOT
 *     crash-explore --deaf ... TRACE ROOT
 *     crash-explore --whole TRACE ROOT
 *
 * ROOT is the folder that was recorded, as the workload left it. The trace is first held against
 * it: a recorder that misses something is no witness. Then ROOT steps aside, to ROOT.recorded, and
 * comes back at the end: each state is laid out in its place, since files in it name others by
 * their whole path (the guard of a ledger). So round after round each point of the trace behind its
 * mark "begin" gives one state of the disk (disk.h), until so many different ones were looked at,
 * or 40 rounds bring nothing new. A state is named by its point and its round, and with the same
 * seed it is the same state: --state looks at one alone, with --keep its files stay in ROOT.
 *
 * --deaf: on a disk that takes no notice of syncs from the mark "begin" on. Statements must be lost
 * then and guards be ahead, or the search is blind.
 *
 * --whole checks ROOT itself, against everything that the trace promises: for a workload that was
 * killed, or whose calls failed.
 */
#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "disk.h"

enum { ROUNDS_MAX = 2000, ROUNDS_IDLE = 40, REBUILD_EVERY = 8, FAILURES_SHOWN = 10 };

typedef struct exploration {
    disk disk;
    promise *promises;
    size_t promise_count;
    size_t begin; /* the first point */
    uint64_t seed;
    const char *folder; /* where a state is laid out */
    uint64_t *seen;     /* digests, a hash table of seen_size places */
    size_t seen_size, distinct, tried;
    size_t classes[CHECK_CLASSES], guards[CHECK_GUARD_CLASSES];
    char refusal[CHECK_TEXT]; /* the last one, as a sample */
} exploration;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind;
    return where->level == 0 ? 0 : remove(path);
}

static void empty_folder(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void take_marks(exploration *x)
{
    for (size_t i = 0; i < x->disk.count; i++) {
        const disk_op *op = &x->disk.ops[i];
        promise p;
        if (op->kind != TRACE_MARK)
            continue;
        if (strcmp(op->name, "begin") == 0) {
            x->begin = i + 1;
        } else if (check_parse(&p, op->name)) {
            p.at = i;
            x->promises = realloc(x->promises, (x->promise_count + 1) * sizeof p);
            if (x->promises == NULL)
                abort();
            x->promises[x->promise_count++] = p;
        } else {
            fprintf(stderr, "'%s' is no mark\n", op->name);
            exit(2);
        }
    }
}

/* True when this digest was not seen before. */
static bool is_new(exploration *x, uint64_t digest)
{
    if (digest == 0)
        digest = 1;
    for (size_t at = digest % x->seen_size;; at = (at + 1) % x->seen_size) {
        if (x->seen[at] == digest)
            return false;
        if (x->seen[at] == 0) {
            x->seen[at] = digest;
            x->distinct++;
            return true;
        }
    }
}

/* What was promised counts too: the same files are another state when more was acknowledged. */
static uint64_t promised(const exploration *x, size_t point)
{
    uint64_t count = 0;
    for (size_t i = 0; i < x->promise_count; i++)
        count += x->promises[i].at < point;
    return count * UINT64_C(0x9e3779b97f4a7c15);
}

static void try_state(exploration *x, size_t point, size_t round, bool always)
{
    disk_mode mode = (disk_mode)((round + point) % DISK_MODES);
    uint64_t seed = x->seed ^ (uint64_t)point << 20 ^ (uint64_t)round << 44;
    check_result result;
    disk_image *image = disk_after(&x->disk, point, mode, disk_random(&seed));
    bool fresh = is_new(x, disk_image_digest(image) ^ promised(x, point));
    if (fresh || always) {
        x->tried++;
        if (!disk_image_write(image, x->folder)) {
            perror(x->folder);
            exit(2);
        }
        check_root(&result, x->folder, x->promises, x->promise_count, point,
                   always || x->tried % REBUILD_EVERY == 0, true);
        x->classes[result.class]++;
        x->guards[result.guard]++;
        if (result.class == CHECK_REFUSED)
            strcpy(x->refusal, result.text);
        if (result.class == CHECK_FAILED && x->classes[CHECK_FAILED] <= FAILURES_SHOWN)
            printf("FAILED: --seed %llu --state %zu.%zu (mode %d): %s\n",
                   (unsigned long long)x->seed, point, round, (int)mode, result.text);
    }
    disk_image_free(image);
}

/* A step by which all of so many points are come by, far from each other at first. */
static size_t step_of(size_t points)
{
    size_t step = points * 618 / 1000 + 1;
    for (;; step++) {
        size_t a = points, b = step;
        while (b != 0) {
            size_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            return step;
    }
}

/* A mark or a sync changes nothing: the point behind it is the same but for promises. */
static void explore(exploration *x, size_t states)
{
    size_t idle = 0;
    size_t points = x->disk.count + 2 - x->begin;
    size_t step = step_of(points);
    for (size_t round = 0; round < ROUNDS_MAX && idle < ROUNDS_IDLE && x->tried < states; round++) {
        size_t before = x->distinct;
        for (size_t i = 0; i < points && x->tried < states; i++) {
            try_state(x, x->begin + i * step % points, round, false);
            empty_folder(x->folder);
        }
        idle = x->distinct == before ? idle + 1 : 0;
    }
}

static int report(const exploration *x, const char *trace)
{
    const char *name = strrchr(trace, '/');
    printf("%s: %zu states at %zu points: %zu opened, %zu absent, %zu refused with a way out, "
           "%zu failed (seed %llu)\n",
           name != NULL ? name + 1 : trace, x->tried, x->disk.count + 2 - x->begin,
           x->classes[CHECK_OPENED], x->classes[CHECK_ABSENT], x->classes[CHECK_REFUSED],
           x->classes[CHECK_FAILED], (unsigned long long)x->seed);
    if (x->guards[CHECK_GUARD_NONE] < x->tried)
        printf("  the guard: %zu as the ledger, %zu older, %zu of what was put back, %zu none\n",
               x->guards[CHECK_GUARD_EQUAL], x->guards[CHECK_GUARD_OLDER],
               x->guards[CHECK_GUARD_AHEAD], x->guards[CHECK_GUARD_NONE]);
    if (x->refusal[0] != '\0')
        printf("  refused, for example: %s\n", x->refusal);
    return x->classes[CHECK_FAILED] == 0 && x->tried > 0 ? 0 : 1;
}

static int check_whole(exploration *x, const char *root)
{
    check_result result;
    check_root(&result, root, x->promises, x->promise_count, x->disk.count + 1, true, true);
    if (result.class == CHECK_FAILED)
        printf("FAILED: %s\n", result.text);
    return result.class == CHECK_FAILED ? 1 : 0;
}

static bool recorder_saw_all(const exploration *x, const char *root)
{
    disk_image *image = disk_after(&x->disk, x->disk.count + 1, DISK_ALL, 0);
    bool same = disk_image_is(image, root);
    disk_image_free(image);
    return same;
}

typedef struct settings {
    bool whole, keep, deaf;
    size_t states, point, round; /* point 0: all of them */
    const char *trace, *root;
} settings;

static bool take_arguments(settings *out, exploration *x, int argc, char **argv)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++) {
        const char *value = at + 1 < argc ? argv[at + 1] : "";
        if (strcmp(argv[at], "--whole") == 0)
            out->whole = true;
        else if (strcmp(argv[at], "--deaf") == 0)
            out->deaf = true;
        else if (strcmp(argv[at], "--keep") == 0)
            out->keep = true;
        else if (strcmp(argv[at], "--seed") == 0 && ++at < argc)
            x->seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[at], "--states") == 0 && ++at < argc)
            out->states = strtoul(value, NULL, 10);
        else if (strcmp(argv[at], "--state") == 0 && ++at < argc)
            sscanf(value, "%zu.%zu", &out->point, &out->round);
        else
            return false;
    }
    if (argc - at != 2)
        return false;
    out->trace = argv[at];
    out->root = argv[at + 1];
    return true;
}

/* The states, laid out in the place of the root. */
static int explore_root(exploration *x, const settings *s)
{
    char aside[PATH_MAX];
    x->folder = s->root;
    x->seen_size = 4 * s->states + 64;
    x->seen = calloc(x->seen_size, sizeof *x->seen);
    snprintf(aside, sizeof aside, "%s.recorded", s->root);
    if (x->seen == NULL || rename(s->root, aside) != 0 || mkdir(s->root, 0777) != 0) {
        perror(aside);
        return 2;
    }
    if (s->point > 0)
        try_state(x, s->point, s->round, true);
    else
        explore(x, s->states);
    if (s->keep) {
        printf("the files are in %s; what was recorded is in %s\n", s->root, aside);
    } else {
        empty_folder(s->root);
        if (rmdir(s->root) != 0 || rename(aside, s->root) != 0)
            perror(aside);
    }
    free(x->seen);
    return report(x, s->trace);
}

int main(int argc, char **argv)
{
    exploration x = {.seed = 1};
    settings s = {.states = 500};
    if (!take_arguments(&s, &x, argc, argv) || !disk_load(&x.disk, s.trace)) {
        fprintf(stderr, "usage: see the beginning of explorer.c\n");
        return 2;
    }
    take_marks(&x);
    for (size_t i = 0; s.deaf && i < x.disk.count; i++)
        if (x.disk.ops[i].durable_at != SIZE_MAX && x.disk.ops[i].durable_at >= x.begin)
            x.disk.ops[i].durable_at = SIZE_MAX;
    check_warm_up();
    int status = s.whole                        ? check_whole(&x, s.root)
                 : recorder_saw_all(&x, s.root) ? explore_root(&x, &s)
                                                : 2;
    free(x.promises);
    disk_free(&x.disk);
    return status;
}
