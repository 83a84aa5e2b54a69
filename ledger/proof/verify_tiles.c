/*
 * proof/verify_tiles.c: the command "tiles" of wufei-verify: a whole exported log in C2SP
 * tlog-tiles form, from its entries up. Memory does not grow with the log: of each level only the
 * tile that is being filled is held.
 *
 *   checkpoint, checkpoint.*    signed; every one must be of a tree that the entries make
 *   tile/entries/<N>[.p/<W>]    entries, each u16 length (big-endian) || bytes
 *   tile/<L>/<N>[.p/<W>]        hashes
 *
 * Partial tiles of earlier sizes may lie beside the full ones; they must be beginnings of them. A
 * log may be written to while it is read: what lies above the checkpoint's size is not looked at,
 * and a partial tile that is gone is read from the full one, which must begin with it.
 */
#include "lines.h"
#include "verify_command.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: wufei-verify tiles --vkey VKEY [--witness VKEY] [--policy FILE] [--origin NAME]\n"
    "                          [--since FILE] DIR\n"
    "\n"
    "Checks a whole exported log (C2SP tlog-tiles): hashes every entry, compares every tile, full\n"
    "or partial, and every checkpoint (files \"checkpoint\" and \"checkpoint.*\").\n"
    "\n"
    "  --vkey VKEY     a verifier key of the log, NAME+HEX+BASE64. Where the log changed its key:\n"
    "                  --vkey OLD --vkey NEW; of the keys of one name, one must have signed each\n"
    "                  checkpoint\n"
    "  --witness VKEY  a cosigner's key that must have signed every checkpoint; may be repeated\n"
    "  --policy FILE   a C2SP policy; without --vkey one of its logs must have signed every\n"
    "                  checkpoint; its quorum must have cosigned the file \"checkpoint\"\n"
    "  --origin NAME   the origin that the checkpoints must have\n"
    "  --since FILE    a checkpoint that was kept from earlier and that the log must extend; else\n"
    "                  both checkpoints are printed, the evidence; may be repeated\n"
    "  DIR             the folder with checkpoint and tile/\n"
    "\n"
    "Example:\n"
    "  wufei-verify tiles --vkey \"$(cat log.vkey)\" /media/court/log\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

enum { LEVELS = 8, ENTRIES = -1, BUNDLE_MAX = TILE_WIDTH * (2 + 65535) };

typedef struct seen { /* a checkpoint file */
    char *path;
    char *bytes;
    size_t size;
    bool newest; /* the file "checkpoint" */
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
    const seen *contradicted; /* by the entries, though signed; NULL: none so far */
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
    char *bytes = full ? verify_read_part(w->command, full, max, size, &status) : NULL;
    if (!bytes)
        w->status = VERIFY_DOES_NOT_HOLD;
    free(full);
    return bytes;
}

/* A partial tile, or the full one that has taken its place; *from_full tells. */
static char *read_tile(walk *w, int level, uint64_t index, unsigned width, size_t max, size_t *size,
                       bool *from_full)
{
    const unsigned widths[] = {width, TILE_WIDTH};
    char path[TILE_PATH_MAX];
    int status = VERIFY_HOLDS;
    char *bytes = NULL;
    for (size_t i = 0; i < 2 && !bytes && status == VERIFY_HOLDS; i++) {
        char *full = join(w->dir, tile_path_format(path, level, index, widths[i]), "");
        bytes = full ? verify_read_if_there(w->command, full, max, size, &status) : NULL;
        *from_full = widths[i] > width;
        free(full);
    }
    if (!bytes && status == VERIFY_HOLDS) /* neither is there: told of the one that must be */
        return read_part(w, tile_path_format(path, level, index, width), "", max, size);
    if (!bytes)
        w->status = VERIFY_DOES_NOT_HOLD;
    return bytes;
}

static bool begins(const char *bytes, size_t size, const void *expected, size_t expected_size,
                   bool longer)
{
    return (longer ? size >= expected_size : size == expected_size) &&
           (expected_size == 0 || memcmp(bytes, expected, expected_size) == 0);
}

static bool refuse_bytes(walk *w, const char *path, const char *after, size_t expected_size)
{
    w->status =
        verify_fails(w->command, "%s/%s%s: does not hold: not the %zu bytes that the entries make",
                     w->dir, path, after, expected_size);
    return false;
}

/* Compares a partial tile of an earlier size with the bytes that it must have. One that was removed
   while we read the log is none. */
static bool compare_partial(walk *w, const char *path, const char *after, const void *expected,
                            size_t expected_size)
{
    size_t size = 0;
    int status = VERIFY_HOLDS;
    char *full = join(w->dir, path, after);
    char *bytes =
        full ? verify_read_if_there(w->command, full, expected_size, &size, &status) : NULL;
    bool good = bytes ? begins(bytes, size, expected, expected_size, false)
                      : full && status == VERIFY_HOLDS;
    free(full);
    free(bytes);
    return good || refuse_bytes(w, path, after, expected_size);
}

/* The partial tiles beside a full one or beside a wider one: each a beginning of it. ends[i] is the
   size of the first i + 1 items. `widest` itself is left to the caller; wider ones are of sizes
   that the checkpoint does not cover. */
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
                     width < TILE_WIDTH;
        if (known && width < widest) {
            good = compare_partial(w, path, after, bytes, ends[width - 1]);
        } else if (!known) {
            good = false;
            w->status = verify_fails(w->command,
                                     "%s/%s%s: does not hold: a partial tile has a width of 1 to "
                                     "255 for its name",
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
    size_t size = 0;
    bool from_full = false;
    for (size_t i = 0; i < TILE_WIDTH; i++)
        ends[i] = (i + 1) * HASH_SIZE;
    char *bytes = read_tile(w, (int)level, index, width, sizeof w->held[level], &size, &from_full);
    if (!bytes)
        return false;
    bool good = begins(bytes, size, w->held[level], ends[width - 1], from_full);
    free(bytes);
    if (!good)
        return refuse_bytes(w, tile_path_format(path, (int)level, index, width), "",
                            ends[width - 1]);
    return check_partials(w, (int)level, index, width, w->held[level], ends);
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
        if (!hash_equal(&root, &s->c.root) && s->newest) {
            w->status = verify_fails(w->command,
                                     "%s: does not hold: its root is not that of the first %" PRIu64
                                     " entries",
                                     s->path, s->c.size);
            return false;
        }
        /* whose fault it is shows when the newest one is reached */
        if (!hash_equal(&root, &s->c.root) && !w->contradicted)
            w->contradicted = s;
        w->checkpoints_passed++;
    }
    return true;
}

/* The entries of one bundle: `width` of them, and nothing after unless it is the full one. */
static bool check_entries(walk *w, uint64_t index, unsigned width, const uint8_t *bytes,
                          size_t size, bool from_full)
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
    if (at != size && !from_full) {
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
        size_t size = 0;
        bool from_full = false;
        char *bytes = read_tile(w, ENTRIES, index, width, BUNDLE_MAX, &size, &from_full);
        bool good =
            bytes && check_entries(w, index, width, (const uint8_t *)bytes, size, from_full);
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

/* Reads and checks the signatures of one checkpoint and keeps it. Takes `path`. */
static bool keep_checkpoint(walk *w, const char *origin, char *path, bool newest)
{
    size_t size = 0;
    bool ours =
        path && strncmp(path, w->dir, strlen(w->dir)) == 0; /* else the user's, of --since */
    char *bytes = NULL;
    if (path)
        bytes = ours ? verify_read_part(w->command, path, NOTE_MAX, &size, &w->status)
                     : verify_read_file(w->command, path, NOTE_MAX, &size, &w->status);
    seen *grown = bytes ? realloc(w->checkpoints, (w->checkpoint_count + 1) * sizeof *grown) : NULL;
    if (grown) {
        w->checkpoints = grown;
        seen *s = &grown[w->checkpoint_count++];
        *s = (seen){.path = path, .bytes = bytes, .size = size, .newest = newest};
        w->status = verify_signed_checkpoint(w->command, path, bytes, size, origin, newest, &s->c);
        return w->status == VERIFY_HOLDS;
    }
    if (w->status == VERIFY_HOLDS)
        w->status = verify_wrong_use(w->command, "%s: not enough memory", w->dir);
    free(path);
    free(bytes);
    return false;
}

static int by_size(const void *a, const void *b)
{
    uint64_t first = ((const seen *)a)->c.size;
    uint64_t second = ((const seen *)b)->c.size;
    return first < second ? -1 : first > second;
}

static const seen *find_newest(const walk *w)
{
    size_t i = 0;
    while (!w->checkpoints[i].newest)
        i++;
    return &w->checkpoints[i];
}

/* Evidence goes to standard output: the older checkpoint, an empty line, the newest one. */
static bool contradict(walk *w, const seen *s, const char *how)
{
    const seen *newest = find_newest(w);
    fwrite(s->bytes, 1, s->size, stdout);
    fputc('\n', stdout);
    fwrite(newest->bytes, 1, newest->size, stdout);
    w->status = verify_fails(w->command, "%s: does not hold: its %s %s", s->path,
                             s->c.size > newest->c.size ? "size is above that of" : "root", how);
    return false;
}

/* The newest checkpoint first, since its origin is that of all; then what lies beside it and what
   was kept. */
static bool read_checkpoints(walk *w, const verify_option *since, checkpoint *newest)
{
    if (!keep_checkpoint(w, w->command->trust->origin, join(w->dir, "checkpoint", ""), true))
        return false;
    *newest = w->checkpoints[0].c;
    verify_signers signers = w->command->trust->signers;
    DIR *dir = opendir(w->dir);
    struct dirent *entry = NULL;
    bool good = true;
    while (good && dir && (entry = readdir(dir)))
        if (strncmp(entry->d_name, "checkpoint.", strlen("checkpoint.")) == 0)
            good = keep_checkpoint(w, newest->origin, join(w->dir, entry->d_name, ""), false);
    if (dir)
        closedir(dir);
    for (size_t i = 0; i < since->count && good; i++)
        good = keep_checkpoint(w, newest->origin, strdup(since->values[i]), false);
    w->command->trust->signers = signers; /* for what is told of the newest */
    qsort(w->checkpoints, w->checkpoint_count, sizeof *w->checkpoints, by_size);
    const seen *last = &w->checkpoints[w->checkpoint_count - 1];
    if (good && last->c.size > newest->size)
        return contradict(w, last,
                          "the file \"checkpoint\"; the two above are the evidence that the log "
                          "was rolled back");
    return good;
}

static int check(const verify_command *command, const verify_option *since, const char *dir)
{
    walk *w = calloc(1, sizeof *w);
    if (!w)
        return verify_wrong_use(command, "%s: not enough memory", dir);
    w->command = command;
    w->dir = dir;
    checkpoint newest;
    bool holds = read_checkpoints(w, since, &newest);
    merkle_frontier_init(&w->tree, command->trust->signers.hash);
    holds = holds && check_log(w, newest.size);
    if (holds && w->contradicted)
        holds = contradict(w, w->contradicted,
                           "is not that of the first entries, which lead to the root that the file "
                           "\"checkpoint\" signs; the two above and the log prove that it "
                           "misbehaved");
    if (holds) {
        printf("holds: %" PRIu64 " entries, their tiles and %zu checkpoints\n", newest.size,
               w->checkpoint_count);
        verify_print_checkpoint(command, &newest);
    }
    int status = w->status;
    for (size_t i = 0; i < w->checkpoint_count; i++) {
        free(w->checkpoints[i].path);
        free(w->checkpoints[i].bytes);
    }
    free(w->checkpoints);
    free(w);
    return status;
}

int verify_tiles(int argc, char **argv)
{
    static verify_trust trust;
    const char *dir = NULL;
    const char *kept[VERIFY_KEYS_MAX];
    verify_option since = {"--since", kept, VERIFY_KEYS_MAX, 0};
    verify_command command = {.name = argv[0],
                              .help = help,
                              .options = &since,
                              .option_count = 1,
                              .trust = verify_trust_init(&trust, TRUST_OPTIONS),
                              .operands_usage = "DIR",
                              .operands = &dir,
                              .operands_min = 1,
                              .operands_max = 1};
    int status = VERIFY_HOLDS;
    trust.any_vkey = true;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    return check(&command, &since, dir);
}
