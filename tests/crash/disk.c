/*
 * disk.c: see disk.h. Reads a trace and finds out from when on each operation is durable.
 */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The kernel's number of each file, the newest last. */
typedef struct numbers {
    uint64_t *of;
    size_t count;
} numbers;

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static size_t number_new(numbers *n, uint64_t inode)
{
    n->of = must(realloc(n->of, (n->count + 1) * sizeof *n->of));
    n->of[n->count] = inode;
    return n->count++;
}

static size_t number_find(numbers *n, uint64_t inode)
{
    for (size_t i = n->count; i-- > 0;)
        if (n->of[i] == inode)
            return i;
    return number_new(n, inode);
}

bool disk_op_names(const disk_op *op)
{
    switch (op->kind) {
    case TRACE_MAKE:
    case TRACE_FOLDER:
    case TRACE_RENAME:
    case TRACE_SWAP:
    case TRACE_LINK:
    case TRACE_UNLINK:
    case TRACE_RMDIR:
        return true;
    default:
        return false;
    }
}

bool disk_op_writes(const disk_op *op)
{
    return op->kind == TRACE_WRITE || op->kind == TRACE_CUT;
}

static bool is_two(enum trace_kind kind)
{
    return kind == TRACE_RENAME || kind == TRACE_SWAP;
}

static void take(disk *d, numbers *n, const trace_record *r, const uint8_t *name)
{
    disk_op op = {.kind = (enum trace_kind)r->kind,
                  .offset = (uint64_t)r->offset,
                  .data = name + r->name_size,
                  .size = r->data_size,
                  .durable_at = SIZE_MAX};
    if (op.kind == TRACE_MAKE || op.kind == TRACE_FOLDER)
        op.file = number_new(n, r->inode);
    else if (r->inode != 0)
        op.file = number_find(n, r->inode);
    if (disk_op_names(&op))
        op.folder = number_find(n, is_two(op.kind) ? r->other : r->parent);
    if (op.kind == TRACE_MARK) {
        op.name = must(strndup((const char *)op.data, op.size));
    } else if (disk_op_names(&op)) {
        op.name = must(strndup((const char *)name, r->name_size));
        if (is_two(op.kind)) {
            size_t first = strlen(op.name) + 1;
            op.from_folder = number_find(n, r->parent);
            op.to = must(strndup((const char *)name + first, r->name_size - first));
        }
    }
    if (op.kind == TRACE_WRITE && r->other != 0)
        op.durable_at = d->count;
    d->ops = must(realloc(d->ops, (d->count + 1) * sizeof *d->ops));
    d->ops[d->count++] = op;
}

static bool is_covered(const disk_op *op, const disk_op *sync)
{
    if (sync->kind == TRACE_SYNC_ALL)
        return disk_op_names(op) || disk_op_writes(op);
    return (disk_op_names(op) && op->folder == sync->file) ||
           (disk_op_writes(op) && op->file == sync->file);
}

static void find_durable(disk *d)
{
    for (size_t s = 0; s < d->count; s++) {
        if (d->ops[s].kind != TRACE_SYNC && d->ops[s].kind != TRACE_SYNC_ALL)
            continue;
        for (size_t i = 0; i < s; i++) {
            disk_op *op = &d->ops[i];
            if (op->durable_at == SIZE_MAX && is_covered(op, &d->ops[s]))
                op->durable_at = s;
        }
    }
}

static uint8_t *read_whole(const char *path, size_t *size)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0) {
        perror(path);
        exit(2);
    }
    *size = (size_t)st.st_size;
    uint8_t *bytes = must(malloc(*size + 1));
    if (fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

bool disk_load(disk *d, const char *trace)
{
    numbers n = {0};
    size_t size = 0;
    *d = (disk){.trace = read_whole(trace, &size)};
    for (size_t at = 0; at < size;) {
        trace_record r;
        if (size - at < sizeof r)
            return false;
        memcpy(&r, d->trace + at, sizeof r);
        at += sizeof r;
        if (r.kind < TRACE_MAKE || r.kind > TRACE_SYNC_ALL || size - at < r.name_size ||
            size - at - r.name_size < r.data_size) {
            fprintf(stderr, "%s: not a trace from byte %zu on\n", trace, at);
            return false;
        }
        if (n.count == 0 && r.kind != TRACE_MARK)
            number_new(&n, r.parent); /* what is made first is made in the root */
        take(d, &n, &r, d->trace + at);
        at += r.name_size + r.data_size;
    }
    find_durable(d);
    d->files = n.count;
    free(n.of);
    return true;
}

void disk_free(disk *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->ops[i].name);
        free(d->ops[i].to);
    }
    free(d->ops);
    free(d->trace);
}
