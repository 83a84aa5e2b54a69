/*
 * kill_points.h: dying by SIGKILL at a chosen call to the file system.
 *
 * The functions below stand before those of the C library for the whole process, LMDB included.
 * Each call that changes a file or makes a change durable is one point; at the chosen one the
 * process dies: before the call, or, of a write longer than a page, when half of its pages are
 * written, as the kernel may do to a write that a fatal signal interrupts. They do their work by
 * system calls, so that the sanitizers' own stand-ins are not missed. Include it in one file only.
 */
#ifndef SYSTEM_KILL_POINTS_H
#define SYSTEM_KILL_POINTS_H

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL_PAGE = 4096 };

static atomic_ulong kill_points_passed;
static unsigned long kill_points_last; /* 0: live on */
static bool kill_points_torn;          /* half of the last write is done */

static void kill_self(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

static bool kill_is_here(int fd)
{
    if (fd >= 0 && fd <= STDERR_FILENO)
        return false;
    return atomic_fetch_add(&kill_points_passed, 1) + 1 == kill_points_last;
}

static size_t kill_torn_size(size_t size)
{
    return kill_points_torn ? size / KILL_PAGE / 2 * KILL_PAGE : 0;
}

/* Seen by liblmdb.so: the build hides what is not marked. */
#pragma GCC visibility push(default)

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    if (kill_is_here(fd)) {
        if (kill_torn_size(size) > 0)
            syscall(SYS_pwrite64, fd, data, kill_torn_size(size), offset);
        kill_self();
    }
    return syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size)
{
    if (kill_is_here(fd)) {
        if (kill_torn_size(size) > 0)
            syscall(SYS_write, fd, data, kill_torn_size(size));
        kill_self();
    }
    return syscall(SYS_write, fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (kill_is_here(fd)) {
        if (kill_points_torn && count > 1)
            syscall(SYS_writev, fd, parts, count / 2);
        kill_self();
    }
    return syscall(SYS_writev, fd, parts, count);
}

int fsync(int fd)
{
    if (kill_is_here(fd))
        kill_self();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    if (kill_is_here(fd))
        kill_self();
    return (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size)
{
    if (kill_is_here(fd))
        kill_self();
    return (int)syscall(SYS_ftruncate, fd, size);
}

int rename(const char *from, const char *to)
{
    if (kill_is_here(-1))
        kill_self();
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

#pragma GCC visibility pop

#endif
