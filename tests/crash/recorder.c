/*
 * recorder.c: see recorder.h.
 */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRACE_FD = 998 };

open_file recorder_files[RECORDER_FILES_MAX];
pthread_mutex_t recorder_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char root[PATH_MAX];
static dev_t root_disk;
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
    struct stat st;
    if (folder == NULL || realpath(folder, root) == NULL || stat(root, &st) != 0)
        return;
    root_disk = st.st_dev;
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
bool recorder_point(bool reads, void (*half)(void *), void *ctx)
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

void recorder_add(const trace_record *r, const char *name, const struct iovec *data, int count)
{
    struct iovec parts[RECORDER_PARTS_MAX + 2] = {
        {(void *)(uintptr_t)r, sizeof *r},
        {(void *)(uintptr_t)name, r->name_size},
    };
    if (!tracing)
        return;
    if (count > RECORDER_PARTS_MAX)
        abort();
    for (int i = 0; i < count; i++)
        parts[i + 2] = data[i];
    size_t size = sizeof *r + r->name_size + r->data_size;
    int before = errno;
    if (syscall(SYS_writev, TRACE_FD, parts, count + 2) != (long)size)
        abort();
    errno = before;
}

/* ---- what lies under the root -------------------------------------------------------------- */

uint64_t recorder_inode(const char *path)
{
    struct stat st;
    return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

bool recorder_same_disk(int fd)
{
    struct stat st;
    return ready && fstat(fd, &st) == 0 && st.st_dev == root_disk;
}

/* The path of the folder that relative names are in. */
static bool path_of(char out[PATH_MAX], int folder)
{
    char link[40];
    if (folder == AT_FDCWD)
        return syscall(SYS_getcwd, out, PATH_MAX) > 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t size = readlink(link, out, PATH_MAX - 1);
    out[size > 0 ? size : 0] = '\0';
    return size > 0;
}

bool recorder_place(place *p, int folder, const char *path)
{
    char whole[PATH_MAX + PATH_MAX];
    char base[PATH_MAX] = "";
    p->folder = 0;
    if (!ready)
        begin();
    size_t root_size = strlen(root);
    if (root_size == 0 || path == NULL || (path[0] != '/' && !path_of(base, folder)))
        return false;
    snprintf(whole, sizeof whole, "%s%s%s", base, path[0] != '/' ? "/" : "", path);
    if (strncmp(whole, root, root_size) != 0 ||
        (whole[root_size] != '/' && whole[root_size] != '\0') || strlen(whole) >= PATH_MAX)
        return false;
    strcpy(p->path, whole);
    for (size_t size = strlen(p->path); size > 1 && p->path[size - 1] == '/';)
        p->path[--size] = '\0';
    char *slash = strrchr(p->path, '/');
    p->name = slash + 1;
    *slash = '\0';
    p->folder = recorder_inode(slash == p->path ? "/" : p->path);
    *slash = '/';
    return p->folder != 0;
}

void recorder_add_name(uint32_t kind, uint64_t inode, const place *p)
{
    trace_record r = {
        .kind = kind, .inode = inode, .parent = p->folder, .name_size = (uint32_t)strlen(p->name)};
    recorder_add(&r, p->name, NULL, 0);
}

open_file *recorder_file(int fd)
{
    return fd >= 0 && fd < RECORDER_FILES_MAX && recorder_files[fd].inode != 0 ? &recorder_files[fd]
                                                                               : NULL;
}
