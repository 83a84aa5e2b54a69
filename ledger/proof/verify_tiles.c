/*
 * proof/verify_tiles.c: the command "tiles" of wufei-verify: a whole exported log in C2SP
 * tlog-tiles form, from its entries up. Memory does not grow with the log: of each level only the
 * tile that is being filled is held.
 *
 *   checkpoint, checkpoint.*    signed; every one must be of a tree that the entries make
 *   tile/entries/<N>[.p/<W>]    entries, each u16 length (big-endian) || bytes
 *   tile/<L>/<N>[.p/<W>]        hashes
 *
 * Partial tiles of earlier sizes may lie beside the full ones; they must be beginnings of them.
 */
#include "lines.h"
#include "verify.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: wufei-verify tiles --vkey VKEY [--witness VKEY] [--policy FILE] [--origin NAME] DIR\n"
    "\n"
    "Checks a whole exported log (C2SP tlog-tiles): hashes every entry, compares every tile, full\n"
    "or partial, and every checkpoint (files \"checkpoint\" and \"checkpoint.*\").\n"
    "\n"
    "  --vkey VKEY     a verifier key of the log, NAME+HEX+BASE64; may be repeated\n"
    "  --witness VKEY  a cosigner's key that must have signed every checkpoint; may be repeated\n"
    "  --policy FILE   a C2SP policy; without --vkey one of its logs must have signed every\n"
    "                  checkpoint; its quorum must have cosigned the file \"checkpoint\"\n"
    "  --origin NAME   the origin that the checkpoints must have\n"
    "  DIR             the folder with checkpoint and tile/\n"
    "\n"
    "Example:\n"
    "  wufei-verify tiles --vkey \"$(cat log.vkey)\" /media/court/log\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

enum { LEVELS = 8, ENTRIES = -1, BUNDLE_MAX = TILE_WIDTH * (2 + 65535) };

typedef struct seen { /* a checkpoint file */
    char *path;
    checkpoint c;
} seen;

typedef struct walk {
    const verify_command *command;
    const char *dir;
    int status;
    merkle_frontier tree;
    hash held[LEVELS][TILE_WIDTH]; /* the tile being filled, of each level */
    uint64_t count[LEVELS];        /* hashes of the level so far */
    seen *checkpoints;             /* by size */
    size_t checkpoint_count;
    size_t checkpoints_passed;
} walk;

static char *join(const char *dir, const char *path, const char *after)
{
    size_t size = strlen(dir) + strlen(path) + strlen(after) + 2;
    char *out = malloc(size);
    if (out)
        snprintf(out, size, "%s/%s%s", dir, path, after);
    return out;
}

/* A file of the log; one that is missing is a log that does not hold. NULL: told. */
static char *read_part(walk *w, const char *path, const char *after, size_t max, size_t *size)
{
    char *full = join(w->dir, path, after);
    int status = VERIFY_HOLDS;
    char *bytes = full ? verify_read_file(w->command, full, max, size, &status) : NULL;
    if (!bytes)
        w->status = VERIFY_DOES_NOT_HOLD;
    free(full);
    return bytes;
}

/* Compares one stored file with the bytes that it must have. */
static bool compare(walk *w, const char *path, const char *after, const void *expected,
                    size_t expected_size)
{
    size_t size = 0;
    char *bytes = read_part(w, path, after, expected_size, &size);
    if (!bytes)
        return false;
    bool same = size == expected_size && (size == 0 || memcmp(bytes, expected, size) == 0);
    free(bytes);
    if (!same)
        w->status = verify_fails(w->command,
                                 "%s/%s%s: does not hold: not the %zu bytes that the entries make",
                                 w->dir, path, after, expected_size);
    return same;
}

/* The partial tiles beside a full one or beside a wider one: each a beginning of it. ends[i] is the
   size of the first i + 1 items. `widest` itself is left to the caller. */
static bool check_partials(walk *w, int level, uint64_t index, unsigned widest, const void *bytes,
                           const size_t *ends)
{
    char path[TILE_PATH_MAX];
    tile_path_format(path, level, index, TILE_WIDTH);
    char *folder = join(w->dir, path, ".p");
    DIR *dir = folder ? opendir(folder) : NULL;
    free(folder);
    struct dirent *entry = NULL;
    bool good = true;
    while (good && dir && (entry = readdir(dir))) {
        uint64_t width = 0;
        char after[300];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(after, sizeof after, ".p/%s", entry->d_name);
        bool known = line_number_parse(&width, entry->d_name, strlen(entry->d_name)) && width > 0 &&
                     width < TILE_WIDTH && width <= widest;
        if (known && width < widest) {
            good = compare(w, path, after, bytes, ends[width - 1]);
        } else if (!known) {
            good = false;
            w->status = verify_fails(w->command,
                                     "%s/%s%s: does not hold: not a partial tile of this log's "
                                     "size",
                                     w->dir, path, after);
        }
    }
    if (dir)
        closedir(dir);
    return good;
}

/* The stored tile of a level against the hashes held for it, `width` of them. */
static bool check_tile(walk *w, unsigned level, unsigned width)
{
    uint64_t index = (w->count[level] - 1) / TILE_WIDTH;
    char path[TILE_PATH_MAX];
    size_t ends[TILE_WIDTH];
    for (size_t i = 0; i < TILE_WIDTH; i++)
        ends[i] = (i + 1) * HASH_SIZE;
    tile_path_format(path, (int)level, index, width);
    return compare(w, path, "", w->held[level], ends[width - 1]) &&
           check_partials(w, (int)level, index, width, w->held[level], ends);
}

/* One more hash on a level; a tile that is full with it is checked and gives one hash above. */
static bool add_hash(walk *w, unsigned level, hash h)
{
    for (; level < LEVELS; level++) {
        w->held[level][w->count[level] % TILE_WIDTH] = h;
        w->count[level]++;
        if (w->count[level] % TILE_WIDTH != 0)
            return true;
        if (!check_tile(w, level, TILE_WIDTH))
            return false;
        merkle_frontier tile;
        merkle_frontier_init(&tile, w->tree.kind);
        for (size_t i = 0; i < TILE_WIDTH; i++)
            merkle_frontier_append(&tile, &w->held[level][i]);
        merkle_frontier_root(&h, &tile);
    }
    return true;
}

/* Checkpoints of the size reached so far have the root reached so far. */
static bool pass_checkpoints(walk *w)
{
    while (w->checkpoints_passed < w->checkpoint_count) {
        const seen *s = &w->checkpoints[w->checkpoints_passed];
        if (s->c.size != w->tree.size)
            return true;
        hash root;
        merkle_frontier_root(&root, &w->tree);
        if (!hash_equal(&root, &s->c.root)) {
            w->status = verify_fails(w->command,
                                     "%s: does not hold: its root is not that of the first %" PRIu64
                                     " entries",
                                     s->path, s->c.size);
            return false;
        }
        w->checkpoints_passed++;
    }
    return true;
}

/* The entries of one bundle: `width` of them, and nothing after. */
static bool check_entries(walk *w, uint64_t index, unsigned width, const uint8_t *bytes,
                          size_t size)
{
    size_t ends[TILE_WIDTH];
    size_t at = 0;
    for (unsigned i = 0; i < width; i++) {
        size_t length = size - at >= 2 ? (size_t)bytes[at] << 8 | bytes[at + 1] : SIZE_MAX;
        if (length > size - at || length + 2 > size - at) {
            w->status =
                verify_fails(w->command, "entry %" PRIu64 ": does not hold: its bundle is cut off",
                             w->tree.size);
            return false;
        }
        hash leaf;
        merkle_leaf(&leaf, w->tree.kind, bytes + at + 2, length);
        at += 2 + length;
        ends[i] = at;
        merkle_frontier_append(&w->tree, &leaf);
        if (!add_hash(w, 0, leaf) || !pass_checkpoints(w))
            return false;
    }
    if (at != size) {
        w->status = verify_fails(
            w->command, "bundle %" PRIu64 ": does not hold: %zu bytes follow its last entry", index,
            size - at);
        return false;
    }
    return check_partials(w, ENTRIES, index, width, bytes, ends);
}

static bool check_log(walk *w, uint64_t log_size)
{
    if (!pass_checkpoints(w))
        return false;
    for (uint64_t index = 0; index * TILE_WIDTH < log_size; index++) {
        uint64_t left = log_size - index * TILE_WIDTH;
        unsigned width = left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
        char path[TILE_PATH_MAX];
        size_t size = 0;
        char *bytes =
            read_part(w, tile_path_format(path, ENTRIES, index, width), "", BUNDLE_MAX, &size);
        bool good = bytes && check_entries(w, index, width, (const uint8_t *)bytes, size);
        free(bytes);
        if (!good)
            return false;
    }
    for (unsigned level = 0; level < LEVELS; level++)
        if (w->count[level] % TILE_WIDTH != 0 &&
            !check_tile(w, level, (unsigned)(w->count[level] % TILE_WIDTH)))
            return false;
    return true;
}

/* Reads and checks the signatures of one checkpoint and keeps it. */
static bool keep_checkpoint(walk *w, const char *origin, const char *name, bool quorum)
{
    size_t size = 0;
    char *path = join(w->dir, name, "");
    char *bytes = path ? verify_read_file(w->command, path, NOTE_MAX, &size, &w->status) : NULL;
    seen *grown = bytes ? realloc(w->checkpoints, (w->checkpoint_count + 1) * sizeof *grown) : NULL;
    if (grown) {
        w->checkpoints = grown;
        grown[w->checkpoint_count].path = path;
        w->status = verify_signed_checkpoint(w->command, path, bytes, size, origin, quorum,
                                             &grown[w->checkpoint_count].c);
        path = NULL;
        w->checkpoint_count++;
    } else if (w->status == VERIFY_HOLDS) {
        w->status = verify_wrong_use(w->command, "%s: not enough memory", w->dir);
    }
    free(path);
    free(bytes);
    return w->status == VERIFY_HOLDS;
}

static int by_size(const void *a, const void *b)
{
    uint64_t first = ((const seen *)a)->c.size;
    uint64_t second = ((const seen *)b)->c.size;
    return first < second ? -1 : first > second;
}

/* The newest checkpoint first, since its origin is that of all; then what lies beside it. */
static bool read_checkpoints(walk *w, checkpoint *newest)
{
    if (!keep_checkpoint(w, w->command->trust->origin, "checkpoint", true))
        return false;
    *newest = w->checkpoints[0].c;
    verify_signers signers = w->command->trust->signers;
    DIR *dir = opendir(w->dir);
    struct dirent *entry = NULL;
    bool good = true;
    while (good && dir && (entry = readdir(dir)))
        if (strncmp(entry->d_name, "checkpoint.", strlen("checkpoint.")) == 0)
            good = keep_checkpoint(w, newest->origin, entry->d_name, false);
    if (dir)
        closedir(dir);
    w->command->trust->signers = signers; /* for what is told of the newest */
    qsort(w->checkpoints, w->checkpoint_count, sizeof *w->checkpoints, by_size);
    const seen *last = &w->checkpoints[w->checkpoint_count - 1];
    if (good && last->c.size > newest->size) {
        good = false;
        w->status = verify_fails(w->command,
                                 "%s: does not hold: its size %" PRIu64 " is above %" PRIu64
                                 ", that of the file \"checkpoint\"",
                                 last->path, last->c.size, newest->size);
    }
    return good;
}

static int check(const verify_command *command, const char *dir)
{
    walk *w = calloc(1, sizeof *w);
    if (!w)
        return verify_wrong_use(command, "%s: not enough memory", dir);
    w->command = command;
    w->dir = dir;
    checkpoint newest;
    bool good = read_checkpoints(w, &newest);
    merkle_frontier_init(&w->tree, command->trust->signers.hash);
    if (good && check_log(w, newest.size)) {
        printf("holds: %" PRIu64 " entries, their tiles and %zu checkpoints\n", newest.size,
               w->checkpoint_count);
        verify_print_checkpoint(command, &newest);
    }
    int status = w->status;
    for (size_t i = 0; i < w->checkpoint_count; i++)
        free(w->checkpoints[i].path);
    free(w->checkpoints);
    free(w);
    return status;
}

int verify_tiles(int argc, char **argv)
{
    static verify_trust trust;
    const char *dir = NULL;
    verify_command command = {.name = argv[0],
                              .help = help,
                              .trust = verify_trust_init(&trust, TRUST_OPTIONS),
                              .operands_usage = "DIR",
                              .operands = &dir,
                              .operands_min = 1,
                              .operands_max = 1};
    int status = VERIFY_HOLDS;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    return check(&command, dir);
}
