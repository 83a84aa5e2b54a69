/*
 * recorder_write.c: bytes on their way to the disk, for the recorder (recorder.h): writing,
 * cutting, syncing; and the marks of the programs under test, which they write to a descriptor that
 * is none.
 */
#include "recorder.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- writing ------------------------------------------------------------------------------ */

/* One write of any kind; offset below zero: where the descriptor stands. */
typedef struct write_call {
    int fd;
    const struct iovec *parts;
    int count;
    off_t offset;
} write_call;

static ssize_t write_now(const write_call *w)
{
    return w->offset < 0 ? syscall(SYS_writev, w->fd, w->parts, w->count)
                         : syscall(SYS_pwritev, w->fd, w->parts, w->count, w->offset, 0);
}

static void write_half(void *ctx)
{
    const write_call *w = ctx;
    if (w->count > 1) {
        write_call half = {w->fd, w->parts, w->count / 2, w->offset};
        write_now(&half);
    } else {
        struct iovec first = {w->parts->iov_base, w->parts->iov_len / 2};
        write_call half = {w->fd, &first, 1, w->offset};
        write_now(&half);
    }
}

static void record_write(const write_call *w, const open_file *f, ssize_t done)
{
    struct iovec parts[RECORDER_PARTS_MAX * 4];
    off_t end = w->offset >= 0 ? w->offset + done : (off_t)syscall(SYS_lseek, w->fd, 0, SEEK_CUR);
    trace_record r = {
        .kind = TRACE_WRITE, .inode = f->inode, .other = f->synced, .offset = end - done};
    ssize_t left = done;
    /* In pieces: LMDB writes up to 64 pages at once. Each is one write to the explorer, which
       keeps or loses it by itself: the system promises no more. */
    for (int at = 0; at < w->count && left > 0;) {
        int count = 0;
        r.data_size = 0;
        for (; at < w->count && count < RECORDER_PARTS_MAX && left > 0; at++, count++) {
            parts[count] = w->parts[at];
            if ((ssize_t)parts[count].iov_len > left)
                parts[count].iov_len = (size_t)left;
            r.data_size += parts[count].iov_len;
            left -= (ssize_t)parts[count].iov_len;
        }
        recorder_add(&r, "", parts, count);
        r.offset += (int64_t)r.data_size;
    }
}

static ssize_t write_parts(const write_call *w)
{
    open_file *f = recorder_file(w->fd);
    if (f == NULL)
        return write_now(w);
    pthread_mutex_lock(&recorder_lock);
    ssize_t done = recorder_point(false, write_half, (void *)(uintptr_t)w) ? -1 : write_now(w);
    if (done > 0)
        record_write(w, f, done);
    pthread_mutex_unlock(&recorder_lock);
    return done;
}

#pragma GCC visibility push(default)

ssize_t write(int fd, const void *data, size_t size)
{
    struct iovec part = {(void *)(uintptr_t)data, size};
    if (fd == TRACE_MARKS) {
        trace_record r = {.kind = TRACE_MARK, .data_size = size};
        pthread_mutex_lock(&recorder_lock);
        recorder_add(&r, "", &part, 1);
        pthread_mutex_unlock(&recorder_lock);
        return (ssize_t)size;
    }
    write_call w = {fd, &part, 1, -1};
    return write_parts(&w);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    struct iovec part = {(void *)(uintptr_t)data, size};
    write_call w = {fd, &part, 1, offset};
    return write_parts(&w);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    write_call w = {fd, parts, count, -1};
    return write_parts(&w);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    write_call w = {fd, parts, count, offset};
    return write_parts(&w);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
{
    return pwritev(fd, parts, count, offset);
}

static int cut(int fd, off_t size, bool grow_only)
{
    open_file *f = recorder_file(fd);
    struct stat st;
    trace_record r = {.kind = TRACE_CUT, .offset = size};
    if (f == NULL)
        return (int)(grow_only ? syscall(SYS_fallocate, fd, 0, (off_t)0, size)
                               : syscall(SYS_ftruncate, fd, size));
    pthread_mutex_lock(&recorder_lock);
    r.inode = f->inode;
    bool changes = !grow_only || (fstat(fd, &st) == 0 && st.st_size < size);
    int code = -1;
    if (!recorder_point(false, NULL, NULL))
        code = (int)(grow_only ? syscall(SYS_fallocate, fd, 0, (off_t)0, size)
                               : syscall(SYS_ftruncate, fd, size));
    if (code == 0 && changes)
        recorder_add(&r, "", NULL, 0);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

int ftruncate(int fd, off_t size)
{
    return cut(fd, size, false);
}

int ftruncate64(int fd, off_t size)
{
    return cut(fd, size, false);
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    if (mode != 0)
        return (int)syscall(SYS_fallocate, fd, mode, offset, size);
    return cut(fd, offset + size, true);
}

int fallocate64(int fd, int mode, off_t offset, off_t size)
{
    return fallocate(fd, mode, offset, size);
}

static int sync_by(long number, int fd)
{
    open_file *f = recorder_file(fd);
    if (f == NULL)
        return (int)syscall(number, fd);
    trace_record r = {.kind = TRACE_SYNC};
    pthread_mutex_lock(&recorder_lock);
    r.inode = f->inode;
    int code = recorder_point(false, NULL, NULL) ? -1 : (int)syscall(number, fd);
    if (code == 0)
        recorder_add(&r, "", NULL, 0);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

int fsync(int fd)
{
    return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_by(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
    trace_record r = {.kind = TRACE_SYNC_ALL};
    if (!recorder_same_disk(fd))
        return (int)syscall(SYS_syncfs, fd);
    pthread_mutex_lock(&recorder_lock);
    /* A sync of the whole machine's disk takes long and tells the trace nothing. */
    int code = recorder_point(false, NULL, NULL) ? -1 : 0;
    if (code == 0)
        recorder_add(&r, "", NULL, 0);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

#pragma GCC visibility pop
