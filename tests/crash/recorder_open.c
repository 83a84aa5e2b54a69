/*
 * recorder_open.c: opening, closing and reading files, for the recorder (recorder.h).
 *
 * What is written through a FILE does not come by here, since the C library calls itself: the
 * explorer notices it when it holds the trace against what the program left behind. fopen itself
 * does come by, so that it can be made to fail.
 */
#include "recorder.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- opening and closing ------------------------------------------------------------------ */

static int open_traced(place *p, int flags, mode_t mode)
{
    bool there = recorder_inode(p->path) != 0;
    bool makes = (flags & O_CREAT) != 0 && !there;
    bool cuts = (flags & O_TRUNC) != 0 && there;
    if (recorder_point(!makes && !cuts, NULL, NULL))
        return -1;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, p->path, flags, mode);
    if (fd < 0 || fd >= RECORDER_FILES_MAX)
        return fd;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fd;
    recorder_files[fd] = (open_file){st.st_ino, (flags & (O_DSYNC | O_SYNC)) != 0};
    trace_record cut = {.kind = TRACE_CUT, .inode = st.st_ino};
    if (makes)
        recorder_add_name(TRACE_MAKE, st.st_ino, p);
    else if (cuts)
        recorder_add(&cut, "", NULL, 0);
    return fd;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    place p;
    if (!recorder_place(&p, folder, path))
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    pthread_mutex_lock(&recorder_lock);
    int fd = open_traced(&p, flags, mode);
    pthread_mutex_unlock(&recorder_lock);
    return fd;
}

#pragma GCC visibility push(default)

#define MODE_OF(flags, mode)                                                                       \
    do {                                                                                           \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        if (((flags)&O_CREAT) != 0 || ((flags)&O_TMPFILE) == O_TMPFILE)                            \
            mode = va_arg(list, mode_t);                                                           \
        va_end(list);                                                                              \
    } while (0)

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(folder, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd)
{
    pthread_mutex_lock(&recorder_lock);
    if (fd >= 0 && fd < RECORDER_FILES_MAX)
        recorder_files[fd].inode = 0;
    pthread_mutex_unlock(&recorder_lock);
    return (int)syscall(SYS_close, fd);
}

FILE *fopen(const char *path, const char *how)
{
    static FILE *(*real)(const char *, const char *);
    place p;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    if (recorder_place(&p, AT_FDCWD, path) && recorder_point(true, NULL, NULL))
        return NULL;
    return real(path, how);
}

/* ---- reading ------------------------------------------------------------------------------ */

ssize_t read(int fd, void *out, size_t size)
{
    if (recorder_file(fd) != NULL && recorder_point(true, NULL, NULL))
        return -1;
    return syscall(SYS_read, fd, out, size);
}

ssize_t pread(int fd, void *out, size_t size, off_t offset)
{
    if (recorder_file(fd) != NULL && recorder_point(true, NULL, NULL))
        return -1;
    return syscall(SYS_pread64, fd, out, size, offset);
}

ssize_t pread64(int fd, void *out, size_t size, off_t offset)
{
    return pread(fd, out, size, offset);
}

#pragma GCC visibility pop
