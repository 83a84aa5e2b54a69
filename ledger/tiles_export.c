/*
 * ledger/tiles_export.c: the whole log as files that any web server can serve and other people's
 * programs read (c2sp.org/tlog-tiles; paths in proof/tile_path.c).
 *
 *     checkpoint                   the signed checkpoint; with its cosignatures when it has them
 *     tile/entries/<N>[.p/<W>]     256 entries (or W), each u16 length (big-endian) || entry bytes
 *     tile/<L>/<N>[.p/<W>]         256 hashes (or W)
 *
 * No reader who follows the checkpoint ever misses a file: tiles and bundles are written first,
 * whole or not at all, and synced; then the checkpoint is replaced. What an export that was killed
 * left behind lies above the checkpoint's size, is compared by the next one and written again where
 * it differs, or removed where nobody needs it. Partial tiles are removed once the checkpoint has
 * moved on to the full one, as the specification allows; the full tile begins with them.
 *
 * Only what is new since the checkpoint in the folder is written, and that must be of this log and
 * a beginning of it. Of what should be there already the sizes are looked at, and a file that is
 * missing or has another one is written again; with `check` all of it is read and compared, which
 * takes as long as a first export. What is written was checked: entries against their leaf hashes,
 * each full tile against its hash one level up, the partial ones against the signed root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "base/text.h"

#define TEMPORARY_NAME ".tmp"
enum { LEVEL_ENTRIES = -1, BUNDLE_MAX = TILE_WIDTH * (2 + UINT16_MAX) };

typedef struct exporter {
    ledger *l;
    store_txn *txn;
    entry_reader entries; /* inflates a run once, and keeps one at a time */
    const char *dir;
    int lock;
    ledger_extension kept; /* the folder's checkpoint (size 0: none yet) and what it is to become */
    char *path;            /* room for the path of a file, and of a temporary one beside it */
    char *temporary;
    size_t path_room;
    uint8_t *bytes;
    const tiles_options *options;
    tiles_report *report;
    wf_error *err;
} exporter;

/* ---- files ---------------------------------------------------------------------------------- */

/* Makes the folders on the way to e->path below e->dir. */
static wf_status make_folders(exporter *e)
{
    for (char *at = strchr(e->path + strlen(e->dir) + 1, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        *at = '\0';
        bool made = mkdir(e->path, 0777) == 0 || errno == EEXIST;
        if (!made)
            wf_fail_errno(e->err, _("%s: cannot be made"), e->path);
        *at = '/';
        if (!made)
            return WF_SYSTEM;
    }
    return WF_OK;
}

static bool holds_already(const char *path, const uint8_t *data, size_t size)
{
    uint8_t part[16384];
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool same = fd >= 0 && fstat(fd, &info) == 0 && (uint64_t)info.st_size == size;
    for (size_t at = 0; same && at < size;) {
        ssize_t n = read(fd, part, sizeof part);
        same = n > 0 && (size_t)n <= size - at && memcmp(part, data + at, (size_t)n) == 0;
        at += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
    return same;
}

static wf_status fill(exporter *e, int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR)
            return wf_fail_errno(e->err, _("%s: cannot be written"), e->path);
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return WF_OK;
}

/* Synced with all others before the checkpoint: one by one would take a sync a tile. */
static wf_status put_file(exporter *e, int level, uint64_t index, unsigned width,
                          const uint8_t *data, size_t size)
{
    char name[TILE_PATH_MAX];
    snprintf(e->path, e->path_room, "%s/%s", e->dir, tile_path_format(name, level, index, width));
    if (holds_already(e->path, data, size))
        return WF_OK;
    wf_status status = make_folders(e);
    if (status != WF_OK)
        return status;
    snprintf(e->temporary, e->path_room, "%.*s/%s", (int)(strrchr(e->path, '/') - e->path), e->path,
             TEMPORARY_NAME);
    int fd = open(e->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return wf_fail_errno(e->err, "%s", e->temporary);
    status = fill(e, fd, data, size);
    if (close(fd) != 0 && status == WF_OK)
        status = wf_fail_errno(e->err, _("%s: cannot be written"), e->path);
    if (status == WF_OK && rename(e->temporary, e->path) != 0)
        status = wf_fail_errno(e->err, _("%s: cannot be replaced"), e->path);
    if (status != WF_OK)
        unlink(e->temporary);
    e->report->files++;
    e->report->bytes += size;
    return status;
}

/* ---- tiles ---------------------------------------------------------------------------------- */

static wf_status put_bundle(exporter *e, uint64_t index, unsigned width)
{
    size_t size = 0;
    for (unsigned i = 0; i < width; i++) {
        span entry;
        entry_view view;
        uint64_t seq = index * TILE_WIDTH + i;
        wf_status status = entry_reader_get(&e->entries, seq, e->kept.now.size, &entry, e->err);
        if (status == WF_OK)
            status = entry_check(e->l, e->txn, seq, entry, &view, e->err);
        if (status != WF_OK)
            return status;
        WF_ASSERT(entry.size <= UINT16_MAX);
        e->bytes[size++] = (uint8_t)(entry.size >> 8);
        e->bytes[size++] = (uint8_t)entry.size;
        memcpy(e->bytes + size, entry.data, entry.size);
        size += entry.size;
    }
    return put_file(e, LEVEL_ENTRIES, index, width, e->bytes, size);
}

/* A full tile hashes to its place one level up. */
static wf_status check_full(exporter *e, unsigned level, uint64_t index, const hash *hashes)
{
    merkle_frontier tile;
    hash root, above;
    tile_reader reader = {e->txn, e->l->suite->hash, e->err, NULL};
    merkle_frontier_init(&tile, reader.kind);
    for (unsigned i = 0; i < TILE_WIDTH; i++)
        merkle_frontier_append(&tile, &hashes[i]);
    merkle_frontier_root(&root, &tile);
    if (!tile_read_hash(&reader, &above, (level + 1) * TILE_BITS, index))
        return e->err->status;
    if (!hash_equal(&root, &above))
        return wf_fail(e->err, WF_DAMAGED, _("tile %u/%llu is not what the tile above it says"),
                       level, (unsigned long long)index);
    return WF_OK;
}

static wf_status put_tile(exporter *e, unsigned level, uint64_t index, unsigned width)
{
    hash hashes[TILE_WIDTH];
    span row;
    size_t size = (size_t)width * HASH_SIZE;
    wf_status status = tile_get(e->txn, level, index, &row, e->err);
    if (status != WF_OK)
        return status;
    if (row.data == NULL || row.size < size)
        return wf_fail(e->err, WF_DAMAGED, _("tile %u/%llu is missing or too short"), level,
                       (unsigned long long)index);
    memcpy(hashes, row.data, size);
    if (width == TILE_WIDTH)
        status = check_full(e, level, index, hashes);
    if (status != WF_OK)
        return status;
    return put_file(e, (int)level, index, width, (const uint8_t *)hashes, size);
}

/* ---- what is new, and what is not as it was left ----------------------------------------------
 */

/* The bytes that the bundle of a full run has. */
static wf_status bundle_size(exporter *e, uint64_t index, uint64_t *out)
{
    span row;
    wf_status status = archive_row(e->txn, index, &row, e->err);
    *out = row.data == NULL ? 0 : archive_bundle_size(row);
    for (unsigned i = 0; row.data == NULL && i < TILE_WIDTH && status == WF_OK; i++) {
        span entry = {NULL, 0};
        status = ledger_fetch(e->l, e->txn, index * TILE_WIDTH + i, NULL, &entry, e->err);
        *out += 2 + entry.size;
    }
    return status;
}

/* Of a full tile or bundle that was exported before: false when it is to be written again. */
static wf_status is_as_left(exporter *e, int level, uint64_t index, bool *out)
{
    char name[TILE_PATH_MAX];
    struct stat info;
    uint64_t size = TILE_WIDTH * HASH_SIZE;
    wf_status status = WF_OK;
    snprintf(e->path, e->path_room, "%s/%s", e->dir,
             tile_path_format(name, level, index, TILE_WIDTH));
    *out = stat(e->path, &info) == 0 && S_ISREG(info.st_mode);
    if (*out && level == LEVEL_ENTRIES)
        status = bundle_size(e, index, &size);
    *out = *out && (uint64_t)info.st_size == size;
    return status;
}

/* One tile or bundle. `due`: it should be there already. */
static wf_status put_one(exporter *e, int level, uint64_t index, unsigned width, bool due)
{
    uint64_t before = e->report->files;
    wf_status status = level == LEVEL_ENTRIES ? put_bundle(e, index, width)
                                              : put_tile(e, (unsigned)level, index, width);
    if (due)
        e->report->mended += e->report->files - before;
    return status;
}

/* The tiles of a level (or the bundles of entries), between two counts of whose items the new ones
   are. */
static wf_status put_level(exporter *e, int level, uint64_t before, uint64_t count)
{
    ledger_progress *progress = e->options->progress;
    wf_status status = WF_OK;
    for (uint64_t index = 0; index * TILE_WIDTH < count && status == WF_OK; index++) {
        uint64_t left = count - index * TILE_WIDTH;
        unsigned width = left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH;
        bool due = index * TILE_WIDTH + width <= before, as_left = false;
        if (due && width == TILE_WIDTH && !e->options->check)
            status = is_as_left(e, level, index, &as_left);
        if (status != WF_OK || as_left)
            continue;
        status = put_one(e, level, index, width, due);
        if (level == LEVEL_ENTRIES && progress != NULL && progress->report != NULL)
            progress->report(progress->ctx, index * TILE_WIDTH + width, count);
    }
    return status;
}

static wf_status put_tiles(exporter *e)
{
    uint64_t before = e->kept.old.size;
    uint64_t count = e->kept.now.size;
    wf_status status = put_level(e, LEVEL_ENTRIES, before, count);
    for (int level = 0; level < TREE_LEVELS && count > 0 && status == WF_OK; level++) {
        status = put_level(e, level, before, count);
        before /= TILE_WIDTH;
        count /= TILE_WIDTH;
    }
    return status;
}

/* ---- partial tiles that nobody needs ----------------------------------------------------------
 */

/* Those of one place that have more than `above` items, but for the one that has `but` of them.
   What cannot be removed is in nobody's way. */
static void remove_partial(exporter *e, int level, uint64_t index, uint64_t above, uint64_t but)
{
    char name[TILE_PATH_MAX];
    tile_path_format(name, level, index, TILE_WIDTH);
    snprintf(e->path, e->path_room, "%s/%s.p", e->dir, name);
    DIR *folder = opendir(e->path);
    struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        uint64_t width = strtoull(entry->d_name, NULL, 10);
        bool is_partial = width > above && width != but;
        if (is_partial || strcmp(entry->d_name, TEMPORARY_NAME) == 0)
            unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL)
        closedir(folder);
    rmdir(e->path); /* when it is empty */
}

/* What no checkpoint of the folder has named: an export that did not come to its end left it, after
   a power cut perhaps torn, and the new checkpoint would not make it right. */
static void remove_unfinished(exporter *e)
{
    uint64_t before = e->kept.old.size;
    uint64_t count = e->kept.now.size;
    for (int level = LEVEL_ENTRIES; level < TREE_LEVELS && count > 0; level++) {
        for (uint64_t index = before / TILE_WIDTH; index <= count / TILE_WIDTH; index++)
            remove_partial(e, level, index, index == before / TILE_WIDTH ? before % TILE_WIDTH : 0,
                           index == count / TILE_WIDTH ? count % TILE_WIDTH : 0);
        if (level != LEVEL_ENTRIES) {
            before /= TILE_WIDTH;
            count /= TILE_WIDTH;
        }
    }
}

/* Of each level only the tile that was partial under the old checkpoint can have become full. */
static void remove_superseded(exporter *e)
{
    uint64_t before = e->kept.old.size;
    uint64_t count = e->kept.now.size;
    for (int level = LEVEL_ENTRIES; level < TREE_LEVELS; level++) {
        uint64_t index = before / TILE_WIDTH;
        if (before % TILE_WIDTH != 0 && count / TILE_WIDTH > index)
            remove_partial(e, level, index, 0, 0);
        if (level != LEVEL_ENTRIES) {
            before /= TILE_WIDTH;
            count /= TILE_WIDTH;
        }
    }
}

/* ---- the folder ----------------------------------------------------------------------------- */

/* A folder without a checkpoint is empty, or a first export into it did not come to its end. */
static wf_status check_fresh(exporter *e)
{
    DIR *folder = opendir(e->dir);
    struct dirent *entry = NULL;
    wf_status status = WF_OK;
    if (folder == NULL)
        return wf_fail_errno(e->err, "%s", e->dir);
    while (status == WF_OK && (entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "tile") != 0 &&
            strcmp(name, FILE_CHECKPOINT "~") != 0)
            status = wf_fail(e->err, WF_USAGE,
                             _("%s is no export and not empty: it has \"%s\"; name a new folder"),
                             e->dir, name);
    }
    closedir(folder);
    return status;
}

/* One export at a time: they would remove each other's temporary files. */
static wf_status lock_folder(exporter *e)
{
    if (mkdir(e->dir, 0777) != 0 && errno != EEXIST)
        return wf_fail_errno(e->err, _("%s: cannot be made"), e->dir);
    e->lock = open(e->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (e->lock < 0)
        return wf_fail_errno(e->err, "%s", e->dir);
    if (flock(e->lock, LOCK_EX | LOCK_NB) == 0)
        return WF_OK;
    return errno == EWOULDBLOCK ? wf_fail(e->err, WF_SYSTEM,
                                          _("%s: another export writes to it; wait for it"), e->dir)
                                : wf_fail_errno(e->err, _("%s: cannot be locked"), e->dir);
}

/* What the folder holds already, and what it is to hold. */
static wf_status read_kept(exporter *e)
{
    char *text = NULL;
    size_t size = 0;
    wf_status status = folder_read(e->dir, FILE_CHECKPOINT, NOTE_MAX, &text, &size, e->err);
    if (status == WF_DAMAGED) /* too long: not our ledger's damage */
        status = WF_USAGE;
    if (status == WF_OK && text == NULL) {
        status = check_fresh(e);
        if (status == WF_OK)
            status = ledger_drain(e->l, e->err);
        if (status == WF_OK)
            status = signed_head_read(e->l, &e->kept.now, &e->kept.now_text, e->err);
        return status;
    }
    if (status == WF_OK) {
        status = ledger_extends(e->l, text, size, &e->kept, e->err);
        if (status == WF_USAGE)
            wf_error_prefix(e->err, "%s/%s", e->dir, FILE_CHECKPOINT);
    }
    if (status == WF_REFUSED) {
        const char *with = e->kept.request != NULL ? e->kept.request : e->kept.now_text;
        e->report->evidence = malloc(size + strlen(with) + 2);
        if (e->report->evidence != NULL)
            sprintf(e->report->evidence, "%s\n%s", text, with);
    }
    free(text);
    return status;
}

/* The same checkpoint with its cosignatures, when there is one. */
static wf_status prefer_witnessed(exporter *e, const ledger_head *head)
{
    checkpoint witnessed;
    char *text = NULL;
    wf_status status = witnessed_read_if(e->l, e->txn, head, &witnessed, &text, e->err);
    if (text != NULL && witnessed.size == e->kept.now.size) {
        free(e->kept.now_text);
        e->kept.now_text = text;
        text = NULL;
    }
    free(text);
    return status;
}

static wf_status export(exporter *e)
{
    ledger_head head;
    wf_status status = store_begin(&e->txn, e->l->store, false, e->err);
    if (status == WF_OK)
        status = head_get(&head, e->txn, e->err);
    if (status == WF_OK)
        status = signed_head_check(e->l, &e->kept.now, e->txn, &head, e->err);
    if (status == WF_OK)
        status = entry_reader_open(&e->entries, e->l, e->txn, e->err);
    if (status == WF_OK)
        status = put_tiles(e);
    entry_reader_close(&e->entries);
    if (status == WF_OK)
        status = prefer_witnessed(e, &head);
    store_abort(e->txn);
    if (status == WF_OK)
        remove_unfinished(e);
    if (status == WF_OK && syncfs(e->lock) != 0)
        status = wf_fail_errno(e->err, _("%s: cannot be synced"), e->dir);
    if (status == WF_OK)
        status = folder_write(e->dir, FILE_CHECKPOINT, e->kept.now_text, strlen(e->kept.now_text),
                              0644, e->err);
    if (status == WF_OK)
        remove_superseded(e);
    return status;
}

wf_status ledger_export_tiles(ledger *l, const char *dir, const tiles_options *options,
                              tiles_report *out, wf_error *err)
{
    wf_error own = {0};
    exporter e = {.l = l,
                  .dir = dir,
                  .lock = -1,
                  .path_room = strlen(dir) + TILE_PATH_MAX + 16,
                  .options = options,
                  .report = out,
                  .err = err != NULL ? err : &own};
    memset(out, 0, sizeof *out);
    e.path = malloc(e.path_room);
    e.temporary = malloc(e.path_room);
    e.bytes = malloc(BUNDLE_MAX);
    wf_status status = e.path == NULL || e.temporary == NULL || e.bytes == NULL
                           ? wf_fail(e.err, WF_SYSTEM, _("out of memory"))
                           : lock_folder(&e);
    if (status == WF_OK)
        status = read_kept(&e);
    if (status == WF_OK)
        status = export(&e);
    out->size_before = e.kept.old.size;
    out->size = e.kept.now.size;
    if (e.lock >= 0)
        close(e.lock);
    ledger_extension_free(&e.kept);
    free(e.path);
    free(e.temporary);
    free(e.bytes);
    return status;
}
