/*
 * recorder.c: stands before the C library's file functions (LD_PRELOAD), for a program and for the
 * libraries it uses, LMDB among them. Of calls on files under the folder CRASH_ROOT it can
 *
 *     CRASH_TRACE=FILE           append each one that changes something to a trace (trace.h)
 *     CRASH_KILL=N               die by SIGKILL before the Nth of them
 *     CRASH_KILL=Nt              the same, when the first half of the Nth, a write, is done
 *     CRASH_FAIL=N:CODE          let the Nth fail with the errno CODE, without doing anything
 *     CRASH_FAIL=N+:CODE         let the Nth and all that follow fail
 *     CRASH_FAILED=FILE          make this file when the Nth was reached
 *
 * A point, of which there is an Nth, is a call that makes, changes, renames or removes a file or
 * makes that durable; with CRASH_FAIL also one that opens or reads a file. Functions inside the C
 * library (fwrite, say) do not come by here: what they do to files under the root is missed, which
 * disk.c notices when it compares the trace with what the program left behind. fopen itself does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trace.h"

enum { FILES_MAX = 4096, TRACE_FD = 998, PARTS_MAX = 16 };

/* What is open, by descriptor; inode 0: not under the root. */
typedef struct open_file {
    uint64_t inode;
    bool synced; /* O_DSYNC, O_SYNC */
    bool append;
} open_file;

static open_file files[FILES_MAX];
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char root[PATH_MAX];
static bool tracing, ready;
static unsigned long passed, kill_at, fail_at;
static bool kill_torn, fail_on;
static int fail_code;

/* ---- what is asked for -------------------------------------------------------------------- */

static void begin(void)
{
    ready = true;
    const char *folder = getenv("CRASH_ROOT");
    const char *trace = getenv("CRASH_TRACE");
    const char *kill = getenv("CRASH_KILL");
    const char *fail = getenv("CRASH_FAIL");
    char *end = NULL;
    if (folder == NULL || realpath(folder, root) == NULL)
        return;
    if (trace != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_APPEND | O_CREAT, 0644);
        if (fd < 0 || syscall(SYS_dup3, fd, TRACE_FD, O_CLOEXEC) < 0)
            abort();
        syscall(SYS_close, fd);
        tracing = true;
    }
    if (kill != NULL) {
        kill_at = strtoul(kill, &end, 10);
        kill_torn = *end == 't';
    }
    if (fail != NULL) {
        fail_at = strtoul(fail, &end, 10);
        fail_on = *end == '+';
        const char *code = strchr(fail, ':');
        fail_code = code != NULL ? atoi(code + 1) : EIO;
    }
}

__attribute__((constructor)) static void recorder_begin(void)
{
    if (!ready)
        begin();
}

/* ---- points ------------------------------------------------------------------------------- */

static void kill_self(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* True: the call is to fail, errno is set. `half`: what is to be done before dying, or NULL. */
static bool point(bool reads, void (*half)(void *), void *ctx)
{
    if (reads && fail_at == 0)
        return false;
    unsigned long number = ++passed;
    if (number == kill_at) {
        if (kill_torn && half != NULL)
            half(ctx);
        kill_self();
    }
    if (fail_at == 0 || number < fail_at || (number > fail_at && !fail_on))
        return false;
    const char *note = getenv("CRASH_FAILED");
    if (note != NULL && number == fail_at)
        syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, note, O_WRONLY | O_CREAT, 0644));
    errno = fail_code;
    return true;
}

/* ---- writing the trace -------------------------------------------------------------------- */

static void record(const trace_record *r, const char *name, const struct iovec *data, int count)
{
    struct iovec parts[PARTS_MAX + 2] = {
        {(void *)(uintptr_t)r, sizeof *r},
        {(void *)(uintptr_t)name, r->name_size},
    };
    if (!tracing)
        return;
    if (count > PARTS_MAX)
        abort();
    for (int i = 0; i < count; i++)
        parts[i + 2] = data[i];
    size_t size = sizeof *r + r->name_size + r->data_size;
    int before = errno;
    if (syscall(SYS_writev, TRACE_FD, parts, count + 2) != (long)size)
        abort();
    errno = before;
}

static uint64_t inode_at(const char *path)
{
    struct stat st;
    return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

/* A path under the root, taken apart; its folder's inode is 0 when it is not. */
typedef struct place {
    char path[PATH_MAX];
    const char *name;
    uint64_t folder;
} place;

static bool place_of(place *p, const char *path)
{
    char whole[PATH_MAX + PATH_MAX];
    char folder[PATH_MAX];
    p->folder = 0;
    if (!ready)
        begin();
    size_t root_size = strlen(root);
    if (root_size == 0 || path == NULL)
        return false;
    if (path[0] != '/') {
        if (syscall(SYS_getcwd, folder, sizeof folder) < 0)
            return false;
        snprintf(whole, sizeof whole, "%s/%s", folder, path);
    } else {
        snprintf(whole, sizeof whole, "%s", path);
    }
    if (strncmp(whole, root, root_size) != 0 ||
        (whole[root_size] != '/' && whole[root_size] != '\0') || strlen(whole) >= PATH_MAX)
        return false;
    strcpy(p->path, whole);
    for (size_t size = strlen(p->path); size > 1 && p->path[size - 1] == '/';)
        p->path[--size] = '\0';
    char *slash = strrchr(p->path, '/');
    p->name = slash + 1;
    *slash = '\0';
    p->folder = inode_at(slash == p->path ? "/" : p->path);
    *slash = '/';
    return p->folder != 0;
}

static void record_name(uint32_t kind, uint64_t inode, const place *p)
{
    trace_record r = {
        .kind = kind, .inode = inode, .parent = p->folder, .name_size = (uint32_t)strlen(p->name)};
    record(&r, p->name, NULL, 0);
}

static open_file *file_of(int fd)
{
    return fd >= 0 && fd < FILES_MAX && files[fd].inode != 0 ? &files[fd] : NULL;
}

/* ---- opening and closing ------------------------------------------------------------------ */

static int open_traced(place *p, int flags, mode_t mode)
{
    bool there = inode_at(p->path) != 0;
    bool makes = (flags & O_CREAT) != 0 && !there;
    bool cuts = (flags & O_TRUNC) != 0 && there;
    if (point(!makes && !cuts, NULL, NULL))
        return -1;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, p->path, flags, mode);
    if (fd < 0 || fd >= FILES_MAX)
        return fd;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fd;
    files[fd] = (open_file){st.st_ino, (flags & (O_DSYNC | O_SYNC)) != 0, (flags & O_APPEND) != 0};
    trace_record cut = {.kind = TRACE_CUT, .inode = st.st_ino};
    if (makes)
        record_name(TRACE_MAKE, st.st_ino, p);
    else if (cuts)
        record(&cut, "", NULL, 0);
    return fd;
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    place p;
    if (folder != AT_FDCWD || !place_of(&p, path))
        return (int)syscall(SYS_openat, folder, path, flags, mode);
    pthread_mutex_lock(&lock);
    int fd = open_traced(&p, flags, mode);
    pthread_mutex_unlock(&lock);
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
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FILES_MAX)
        files[fd].inode = 0;
    pthread_mutex_unlock(&lock);
    return (int)syscall(SYS_close, fd);
}

FILE *fopen(const char *path, const char *how)
{
    static FILE *(*real)(const char *, const char *);
    place p;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    if (place_of(&p, path) && point(true, NULL, NULL))
        return NULL;
    return real(path, how);
}

/* ---- reading ------------------------------------------------------------------------------ */

ssize_t read(int fd, void *out, size_t size)
{
    if (file_of(fd) != NULL && point(true, NULL, NULL))
        return -1;
    return syscall(SYS_read, fd, out, size);
}

ssize_t pread(int fd, void *out, size_t size, off_t offset)
{
    if (file_of(fd) != NULL && point(true, NULL, NULL))
        return -1;
    return syscall(SYS_pread64, fd, out, size, offset);
}

ssize_t pread64(int fd, void *out, size_t size, off_t offset)
{
    return pread(fd, out, size, offset);
}

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
    struct iovec parts[PARTS_MAX * 4];
    off_t end = w->offset >= 0 ? w->offset + done : (off_t)syscall(SYS_lseek, w->fd, 0, SEEK_CUR);
    trace_record r = {
        .kind = TRACE_WRITE, .inode = f->inode, .other = f->synced, .offset = end - done};
    ssize_t left = done;
    /* In pieces: LMDB writes up to 64 pages at once. Each is one write to the explorer, which
       keeps or loses it by itself: the system promises no more. */
    for (int at = 0; at < w->count && left > 0;) {
        int count = 0;
        r.data_size = 0;
        for (; at < w->count && count < PARTS_MAX && left > 0; at++, count++) {
            parts[count] = w->parts[at];
            if ((ssize_t)parts[count].iov_len > left)
                parts[count].iov_len = (size_t)left;
            r.data_size += parts[count].iov_len;
            left -= (ssize_t)parts[count].iov_len;
        }
        record(&r, "", parts, count);
        r.offset += (int64_t)r.data_size;
    }
}

static ssize_t write_parts(const write_call *w)
{
    open_file *f = file_of(w->fd);
    if (f == NULL)
        return write_now(w);
    pthread_mutex_lock(&lock);
    ssize_t done = point(false, write_half, (void *)(uintptr_t)w) ? -1 : write_now(w);
    if (done > 0)
        record_write(w, f, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t size)
{
    struct iovec part = {(void *)(uintptr_t)data, size};
    if (fd == TRACE_MARKS) {
        trace_record r = {.kind = TRACE_MARK, .data_size = size};
        pthread_mutex_lock(&lock);
        record(&r, "", &part, 1);
        pthread_mutex_unlock(&lock);
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
    open_file *f = file_of(fd);
    struct stat st;
    trace_record r = {.kind = TRACE_CUT, .offset = size};
    if (f == NULL)
        return (int)(grow_only ? syscall(SYS_fallocate, fd, 0, (off_t)0, size)
                               : syscall(SYS_ftruncate, fd, size));
    pthread_mutex_lock(&lock);
    r.inode = f->inode;
    bool changes = !grow_only || (fstat(fd, &st) == 0 && st.st_size < size);
    int code = -1;
    if (!point(false, NULL, NULL))
        code = (int)(grow_only ? syscall(SYS_fallocate, fd, 0, (off_t)0, size)
                               : syscall(SYS_ftruncate, fd, size));
    if (code == 0 && changes)
        record(&r, "", NULL, 0);
    pthread_mutex_unlock(&lock);
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
    open_file *f = file_of(fd);
    if (f == NULL)
        return (int)syscall(number, fd);
    trace_record r = {.kind = TRACE_SYNC};
    pthread_mutex_lock(&lock);
    r.inode = f->inode;
    int code = point(false, NULL, NULL) ? -1 : (int)syscall(number, fd);
    if (code == 0)
        record(&r, "", NULL, 0);
    pthread_mutex_unlock(&lock);
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

/* ---- names -------------------------------------------------------------------------------- */

static int rename_by(const char *from, const char *to, unsigned flags)
{
    place a, b;
    char names[2 * NAME_MAX + 3];
    if (!place_of(&a, from) || !place_of(&b, to))
        return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
    pthread_mutex_lock(&lock);
    bool swap = (flags & RENAME_EXCHANGE) != 0;
    trace_record r = {.kind = swap ? TRACE_SWAP : TRACE_RENAME,
                      .inode = inode_at(a.path),
                      .parent = a.folder,
                      .other = b.folder};
    int size = snprintf(names, sizeof names, "%s%c%s", a.name, '\0', b.name);
    r.name_size = (uint32_t)size;
    int code = -1;
    if (!point(false, NULL, NULL))
        code = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
    if (code == 0)
        record(&r, names, NULL, 0);
    pthread_mutex_unlock(&lock);
    return code;
}

int rename(const char *from, const char *to)
{
    return rename_by(from, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    if (from_folder != AT_FDCWD || to_folder != AT_FDCWD)
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    return rename_by(from, to, flags);
}

int link(const char *from, const char *to)
{
    place a, b;
    if (!place_of(&a, from) || !place_of(&b, to))
        return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&lock);
    int code =
        point(false, NULL, NULL) ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (code == 0)
        record_name(TRACE_LINK, inode_at(b.path), &b);
    pthread_mutex_unlock(&lock);
    return code;
}

static int remove_name(const char *path, uint32_t kind)
{
    place p;
    int flags = kind == TRACE_RMDIR ? AT_REMOVEDIR : 0;
    if (!place_of(&p, path) || inode_at(p.path) == 0)
        return (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
    pthread_mutex_lock(&lock);
    int code = point(false, NULL, NULL) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
    if (code == 0)
        record_name(kind, 0, &p);
    pthread_mutex_unlock(&lock);
    return code;
}

int unlink(const char *path)
{
    return remove_name(path, TRACE_UNLINK);
}

int rmdir(const char *path)
{
    return remove_name(path, TRACE_RMDIR);
}

int mkdir(const char *path, mode_t mode)
{
    place p;
    if (!place_of(&p, path))
        return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    pthread_mutex_lock(&lock);
    int code = point(false, NULL, NULL) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (code == 0)
        record_name(TRACE_FOLDER, inode_at(p.path), &p);
    pthread_mutex_unlock(&lock);
    return code;
}

#pragma GCC visibility pop
