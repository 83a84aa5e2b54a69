/*
 * trace.h: what a program did to the files of one folder, in the order it did it: written by
 * the recorder (recorder.h), read by disk.c.
 *
 * A trace is a file of records, each a trace_record in the machine's own byte order, followed by
 * `name_size` bytes of name and `data_size` bytes of data:
 *
 *     kind          inode       parent       other       offset     name           data
 *     TRACE_MAKE    the file    its folder                          its name
 *     TRACE_FOLDER  the folder  its folder                          its name
 *     TRACE_RENAME  of either   from folder  to folder              from\0to
 *     TRACE_SWAP    of the 1st  its folder   of the 2nd             from\0to, which change places
 *     TRACE_LINK    the file    its folder                          its new name
 *     TRACE_UNLINK              its folder                          its name
 *     TRACE_RMDIR               its folder                          its name
 *     TRACE_WRITE   the file                 1: synced   where                     the bytes
 *     TRACE_CUT     the file                             new size
 *     TRACE_SYNC    of either
 *     TRACE_SYNC_ALL                                                of everything
 *     TRACE_MARK                                                                   a text
 *
 * A record is appended when its call has come back well, by one write: processes share a trace.
 * Inodes are the kernel's numbers, which are given out again: TRACE_MAKE and TRACE_FOLDER begin a
 * new file. What is made first is made in the root folder itself.
 *
 * A mark is what a program writes to descriptor TRACE_MARKS. Where nothing is preloaded there is
 * no such descriptor, and the write is lost. check.h says what marks mean.
 */
#ifndef CRASH_TRACE_H
#define CRASH_TRACE_H

#include <stdint.h>

enum { TRACE_MARKS = 999 };

enum trace_kind {
    TRACE_MAKE = 1,
    TRACE_FOLDER,
    TRACE_RENAME,
    TRACE_LINK,
    TRACE_UNLINK,
    TRACE_RMDIR,
    TRACE_WRITE,
    TRACE_CUT,
    TRACE_SYNC,
    TRACE_MARK,
    TRACE_SWAP,
    TRACE_SYNC_ALL
};

typedef struct trace_record {
    uint32_t kind;
    uint32_t name_size;
    uint64_t inode;
    uint64_t parent;
    uint64_t other;
    int64_t offset;
    uint64_t data_size;
} trace_record;

#endif
