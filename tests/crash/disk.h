/*
 * disk.h: what a disk may hold after the power failed at some point of a trace.
 *
 * The rules, stricter than any file system that people use:
 *   - what was written to a file is on the disk for sure once a sync of that file has come back; a
 *     write through a descriptor with O_DSYNC once it has come back itself;
 *   - a name (made, renamed, removed) is on the disk for sure once a sync of its folder has come
 *     back; a sync of the file does not help. Of the later changes of one folder, a beginning is
 *     there: file systems keep the order of names in one folder, and not between folders. A rename
 *     between two folders is there or not there in both, with the changes of the one it goes to;
 *   - a sync of the whole disk makes all of that sure at once;
 *   - of everything else any part may be there, in pieces of 512 or 4 096 bytes, in any order, and
 *     a file may have its length without its bytes (zeros).
 *
 * The call at the point itself has not come back: what it does is there, in part, or not.
 */
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

typedef enum disk_mode {
    DISK_NOTHING,   /* nothing that was not synced is there */
    DISK_ALL,       /* all of it */
    DISK_BEGINNING, /* the writes up to some one */
    DISK_SOME,      /* any of them */
    DISK_TORN_512,  /* any, some of them torn */
    DISK_TORN_4096,
    DISK_REORDERED, /* any, some torn, a later one lying under an earlier one */
    DISK_ZEROS,     /* any, the others as zeros */
    DISK_MODES
} disk_mode;

typedef struct disk_op {
    enum trace_kind kind;
    size_t file;        /* written, cut, synced or named */
    size_t folder;      /* whose names change: for two names the second's */
    size_t from_folder; /* of TRACE_RENAME, TRACE_SWAP */
    char *name, *to;    /* `to` of TRACE_RENAME, TRACE_SWAP; a mark's text is in `name` */
    uint64_t offset;    /* for TRACE_CUT the size */
    const uint8_t *data;
    size_t size;
    size_t durable_at; /* the op with which it is on the disk for sure; SIZE_MAX: none */
} disk_op;

/* It changes the names of a folder; the bytes of a file. */
bool disk_op_names(const disk_op *op);
bool disk_op_writes(const disk_op *op);

typedef struct disk {
    uint8_t *trace;
    disk_op *ops;
    size_t count;
    size_t files; /* file 0 is the root folder */
} disk;

typedef struct disk_image disk_image;

/* False, with a word on standard error: there is no such trace, or it is not one. */
bool disk_load(disk *d, const char *trace);
void disk_free(disk *d);

/* What is there when the power fails in the middle of op `point - 1`, or, with point = count + 1,
   after the last. `seed` chooses among what `mode` allows. */
disk_image *disk_after(const disk *d, size_t point, disk_mode mode, uint64_t seed);
void disk_image_free(disk_image *image);
/* Equal images have equal numbers. Lock files do not count. */
uint64_t disk_image_digest(const disk_image *image);
/* Makes the files in `folder`, which exists and is empty. */
bool disk_image_write(const disk_image *image, const char *folder);
/* Whether `folder` holds what the image holds, lock.mdb apart, which is written through a map. */
bool disk_image_is(const disk_image *image, const char *folder);

uint64_t disk_random(uint64_t *state);

#endif
