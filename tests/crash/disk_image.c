/*
 * disk_image.c: chooses which operations of a trace reached the disk, and makes files of them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"

typedef struct entry {
    char *name;
    size_t file;
} entry;

typedef struct image_file {
    bool folder;
    uint8_t *bytes;
    size_t size, capacity;
    entry *entries; /* of a folder, sorted by name */
    size_t count;
} image_file;

struct disk_image {
    image_file *files;
    size_t count;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

uint64_t disk_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool coin(uint64_t *seed)
{
    return disk_random(seed) >> 63 != 0;
}

/* ---- applying ----------------------------------------------------------------------------- */

static void set_size(image_file *f, size_t size)
{
    if (size > f->capacity) {
        f->capacity = size + size / 2;
        f->bytes = must(realloc(f->bytes, f->capacity));
    }
    if (size > f->size)
        memset(f->bytes + f->size, 0, size - f->size);
    f->size = size;
}

static void put_bytes(image_file *f, uint64_t offset, const uint8_t *data, size_t size)
{
    if (offset + size > f->size)
        set_size(f, offset + size);
    if (data != NULL)
        memcpy(f->bytes + offset, data, size);
    else
        memset(f->bytes + offset, 0, size);
}

static size_t find_entry(const image_file *folder, const char *name)
{
    for (size_t i = 0; i < folder->count; i++)
        if (strcmp(folder->entries[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void remove_entry(image_file *folder, const char *name)
{
    size_t at = find_entry(folder, name);
    if (at == SIZE_MAX)
        return;
    free(folder->entries[at].name);
    folder->count--;
    memmove(folder->entries + at, folder->entries + at + 1,
            (folder->count - at) * sizeof *folder->entries);
}

static void add_entry(image_file *folder, const char *name, size_t file)
{
    size_t at = 0;
    remove_entry(folder, name);
    folder->entries = must(realloc(folder->entries, (folder->count + 1) * sizeof(entry)));
    while (at < folder->count && strcmp(folder->entries[at].name, name) < 0)
        at++;
    memmove(folder->entries + at + 1, folder->entries + at, (folder->count - at) * sizeof(entry));
    folder->entries[at] = (entry){must(strdup(name)), file};
    folder->count++;
}

static void swap_entries(image_file *a, const char *a_name, image_file *b, const char *b_name)
{
    size_t a_at = find_entry(a, a_name), b_at = find_entry(b, b_name);
    if (a_at == SIZE_MAX || b_at == SIZE_MAX)
        return;
    size_t file = a->entries[a_at].file;
    a->entries[a_at].file = b->entries[b_at].file;
    b->entries[b_at].file = file;
}

static void apply_name(disk_image *image, const disk_op *op)
{
    image_file *folder = &image->files[op->folder];
    switch (op->kind) {
    case TRACE_FOLDER:
        image->files[op->file].folder = true;
        add_entry(folder, op->name, op->file);
        break;
    case TRACE_MAKE:
    case TRACE_LINK:
        add_entry(folder, op->name, op->file);
        break;
    case TRACE_RENAME:
        remove_entry(&image->files[op->from_folder], op->name);
        add_entry(folder, op->to, op->file);
        break;
    case TRACE_SWAP:
        swap_entries(&image->files[op->from_folder], op->name, folder, op->to);
        break;
    default:
        remove_entry(folder, op->name);
    }
}

static void apply_torn(image_file *f, const disk_op *op, size_t unit, uint64_t *seed)
{
    for (size_t at = 0; at < op->size;) {
        size_t end = (size_t)((op->offset + at) / unit * unit + unit - op->offset);
        end = end < op->size ? end : op->size;
        if (coin(seed))
            put_bytes(f, op->offset + at, op->data + at, end - at);
        at = end;
    }
}

static void apply_data(image_file *f, const disk_op *op)
{
    if (op->kind == TRACE_CUT)
        set_size(f, (size_t)op->offset);
    else
        put_bytes(f, op->offset, op->data, op->size);
}

/* ---- choosing ----------------------------------------------------------------------------- */

/* Whether op i is on the disk for sure: what made it so came back before the point. */
static bool is_durable(const disk_op *op, size_t point)
{
    return op->durable_at != SIZE_MAX && op->durable_at + 2 <= point;
}

/* How many of the changes of each folder, or of the writes to each file, that are not there for
   sure are there. */
static void choose_counts(size_t *keep, const disk *d, size_t point, disk_mode mode, bool names,
                          uint64_t *seed)
{
    size_t ops = point <= d->count ? point : d->count;
    memset(keep, 0, d->files * sizeof *keep);
    for (size_t i = 0; i < ops; i++) {
        const disk_op *op = &d->ops[i];
        if ((names ? disk_op_names(op) : disk_op_writes(op)) && !is_durable(op, point))
            keep[names ? op->folder : op->file]++;
    }
    for (size_t i = 0; i < d->files; i++) {
        if (mode == DISK_NOTHING)
            keep[i] = 0;
        else if (mode != DISK_ALL)
            keep[i] = (size_t)(disk_random(seed) % (keep[i] + 1));
    }
}

static void apply_chosen(image_file *f, const disk_op *op, disk_mode mode, size_t *keep,
                         uint64_t *seed)
{
    bool there = mode == DISK_ALL || (mode != DISK_NOTHING && coin(seed));
    if (mode == DISK_BEGINNING) {
        there = keep[op->file] > 0;
        keep[op->file] -= there;
    }
    bool tear = op->kind == TRACE_WRITE && mode != DISK_ALL && coin(seed);
    if (mode == DISK_ZEROS && !there && op->kind == TRACE_WRITE)
        put_bytes(f, op->offset, NULL, op->size);
    else if (there && tear && mode == DISK_TORN_512)
        apply_torn(f, op, 512, seed);
    else if (there && tear && (mode == DISK_TORN_4096 || mode == DISK_REORDERED))
        apply_torn(f, op, 4096, seed);
    else if (there)
        apply_data(f, op);
}

/* The order in which the bytes reach the disk. */
static size_t *choose_order(const disk *d, size_t ops, size_t point, disk_mode mode, uint64_t *seed)
{
    size_t *order = must(malloc((ops + 1) * sizeof *order));
    for (size_t i = 0; i < ops; i++)
        order[i] = i;
    for (size_t i = ops; mode == DISK_REORDERED && i-- > 0;) {
        size_t other = (size_t)(disk_random(seed) % (i + 1));
        if (disk_op_writes(&d->ops[i]) && disk_op_writes(&d->ops[other]) &&
            !is_durable(&d->ops[i], point) && !is_durable(&d->ops[other], point)) {
            order[i] = other;
            order[other] = i;
        }
    }
    return order;
}

disk_image *disk_after(const disk *d, size_t point, disk_mode mode, uint64_t seed)
{
    size_t ops = point <= d->count ? point : d->count;
    disk_image *image = must(calloc(1, sizeof *image));
    size_t *keep = must(calloc(d->files + 1, sizeof *keep));
    image->files = must(calloc(d->files + 1, sizeof *image->files));
    image->count = d->files;
    image->files[0].folder = true;
    choose_counts(keep, d, point, mode, true, &seed);
    for (size_t i = 0; i < ops; i++) {
        const disk_op *op = &d->ops[i];
        if (!disk_op_names(op))
            continue;
        if (is_durable(op, point))
            apply_name(image, op);
        else if (keep[op->folder] > 0) {
            keep[op->folder]--;
            apply_name(image, op);
        }
    }
    choose_counts(keep, d, point, mode, false, &seed);
    size_t *order = choose_order(d, ops, point, mode, &seed);
    for (size_t i = 0; i < ops; i++) {
        const disk_op *op = &d->ops[order[i]];
        if (!disk_op_writes(op))
            continue;
        if (is_durable(op, point))
            apply_data(&image->files[op->file], op);
        else
            apply_chosen(&image->files[op->file], op, mode, keep, &seed);
    }
    free(order);
    free(keep);
    return image;
}

void disk_image_free(disk_image *image)
{
    for (size_t i = 0; i < image->count; i++) {
        for (size_t e = 0; e < image->files[i].count; e++)
            free(image->files[i].entries[e].name);
        free(image->files[i].entries);
        free(image->files[i].bytes);
    }
    free(image->files);
    free(image);
}

/* ---- what an image is worth --------------------------------------------------------------- */

static bool is_lock(const char *name)
{
    return strcmp(name, "lock.mdb") == 0;
}

static uint64_t mix(uint64_t h, const void *data, size_t size)
{
    const uint8_t *at = data;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        h = (h ^ word) * UINT64_C(0x9fb21c651e98df25);
        h ^= h >> 32;
    }
    for (; size > 0; at++, size--)
        h = (h ^ *at) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

static uint64_t digest_folder(const disk_image *image, size_t folder, uint64_t h)
{
    const image_file *f = &image->files[folder];
    for (size_t i = 0; i < f->count; i++) {
        const image_file *child = &image->files[f->entries[i].file];
        if (is_lock(f->entries[i].name))
            continue;
        h = mix(h, f->entries[i].name, strlen(f->entries[i].name) + 1);
        if (child->folder)
            h = digest_folder(image, f->entries[i].file, h ^ 1);
        else
            h = mix(mix(h, &child->size, sizeof child->size), child->bytes, child->size);
    }
    return h * 31 + 7;
}

uint64_t disk_image_digest(const disk_image *image)
{
    return digest_folder(image, 0, UINT64_C(0xcbf29ce484222325));
}

static bool write_file(const char *path, const image_file *f)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return false;
    size_t done = 0;
    while (done < f->size) {
        ssize_t n = write(fd, f->bytes + done, f->size - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    close(fd);
    return done == f->size;
}

static bool write_folder(const disk_image *image, size_t folder, const char *path)
{
    const image_file *f = &image->files[folder];
    bool done = true;
    for (size_t i = 0; i < f->count && done; i++) {
        const image_file *child = &image->files[f->entries[i].file];
        char name[PATH_MAX];
        snprintf(name, sizeof name, "%s/%s", path, f->entries[i].name);
        if (child->folder)
            done = mkdir(name, 0777) == 0 && write_folder(image, f->entries[i].file, name);
        else
            done = write_file(name, child);
    }
    return done;
}

bool disk_image_write(const disk_image *image, const char *folder)
{
    return write_folder(image, 0, folder);
}

/* ---- whether the recorder saw everything -------------------------------------------------- */

static bool file_is(const char *path, const image_file *f)
{
    struct stat st;
    bool same = false;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0)
        return false;
    uint8_t *bytes = must(malloc((size_t)st.st_size + 1));
    same = (size_t)st.st_size == f->size && fread(bytes, 1, f->size, file) == f->size &&
           (f->size == 0 || memcmp(bytes, f->bytes, f->size) == 0);
    free(bytes);
    fclose(file);
    return same;
}

static bool folder_is(const disk_image *image, size_t folder, const char *path)
{
    const image_file *f = &image->files[folder];
    size_t seen = 0;
    bool same = true;
    DIR *d = opendir(path);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        char name[PATH_MAX];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        size_t at = find_entry(f, e->d_name);
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        bool equal = at != SIZE_MAX;
        if (equal && image->files[f->entries[at].file].folder)
            equal = folder_is(image, f->entries[at].file, name);
        else if (equal && !is_lock(e->d_name))
            equal = file_is(name, &image->files[f->entries[at].file]);
        if (!equal)
            fprintf(stderr, "%s is not what the trace makes of it\n", name);
        same = same && equal;
        seen++;
    }
    if (d != NULL)
        closedir(d);
    return same && seen == f->count;
}

bool disk_image_is(const disk_image *image, const char *folder)
{
    return folder_is(image, 0, folder);
}
