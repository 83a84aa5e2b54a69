/*
 * recorder.h: what the parts of the recorder share. Preloaded (LD_PRELOAD), it stands before the C
 * library's file functions, for a program and for the libraries it uses, LMDB among them.
 *
 *     recorder.c         what is asked for, the points, the trace, what lies under the root
 *     recorder_open.c    opening, closing, reading
 *     recorder_write.c   bytes: writing, cutting, syncing
 *     recorder_names.c   names: making folders, renaming, linking, removing
 *
 * Of calls on files under the folder CRASH_ROOT it can
 *
 *     CRASH_TRACE=FILE           append each one that changes something to a trace (trace.h)
 *     CRASH_KILL=N               die by SIGKILL before the Nth of them
 *     CRASH_KILL=Nt              the same, when the first half of the Nth, a write, is done
 *     CRASH_FAIL=N:CODE          let the Nth fail with the errno CODE, without doing anything
 *     CRASH_FAIL=N+:CODE         let the Nth and all that follow fail
 *     CRASH_FAILED=FILE          make this file when the Nth was reached
 *
 * A point, of which there is an Nth, is a call that makes, changes, renames or removes a file or
 * makes that durable; with CRASH_FAIL also one that opens or reads a file.
 *
 * A call is made by syscall(): its name in the C library is our own here. Each is made and recorded
 * under recorder_lock, so that the trace has the order in which the kernel saw them.
 */
#ifndef CRASH_RECORDER_H
#define CRASH_RECORDER_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "trace.h"

enum { RECORDER_FILES_MAX = 4096, RECORDER_PARTS_MAX = 16 };

/* What is open, by descriptor; inode 0: not under the root. */
typedef struct open_file {
    uint64_t inode;
    bool synced; /* O_DSYNC, O_SYNC */
} open_file;

extern open_file recorder_files[RECORDER_FILES_MAX];
extern pthread_mutex_t recorder_lock; /* recursive */

/* NULL: not under the root. */
open_file *recorder_file(int fd);

/* A path under the root, taken apart. */
typedef struct place {
    char path[PATH_MAX];
    const char *name;
    uint64_t folder; /* inode */
} place;

/* False: not under the root. `folder` is a descriptor or AT_FDCWD, as for openat. */
bool recorder_place(place *p, int folder, const char *path);
/* 0: there is nothing. */
uint64_t recorder_inode(const char *path);
/* Whether the descriptor is on the disk that the root is on. */
bool recorder_same_disk(int fd);

/* Before a call. True: it is to fail, errno is set. `reads`: it changes nothing. `half`: what is
   to be done before dying in the middle of it, or NULL. */
bool recorder_point(bool reads, void (*half)(void *), void *ctx);

/* Behind a call that came back well. */
void recorder_add(const trace_record *r, const char *name, const struct iovec *data, int count);
void recorder_add_name(uint32_t kind, uint64_t inode, const place *p);

#endif
