/*
 * wufei/output_file.c: files that options like -o name. What is there already is never written
 * over, and nothing is put into the ledger's own folder, whatever way leads there: its key and its
 * store are files too. A file appears whole or not at all: it is made under another name in the
 * same folder first, synced, and named; then the folder is synced. A name that gets to the disk
 * before its bytes would be a torn file, and one that does not get there no file, after a power
 * cut.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

enum { TEMPORARY_MAX = PATH_MAX + 64 };

/* "DIR/NAME" to the real path of DIR and to NAME, which points into `path`. */
static bool output_file_place(const char *path, char folder[PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    char given[PATH_MAX];
    size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    *name = path + size;
    if (size >= sizeof given || strlen(path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(given, path, size);
    given[size] = '\0';
    return realpath(size == 0 ? "." : given, folder) != NULL;
}

static bool output_file_same_folder(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Folders are compared by what they are, not by name: a mount shows one under two names. */
static bool output_file_in_ledger(const arguments *args, const char *folder)
{
    char up[PATH_MAX], store[PATH_MAX];
    bool known = snprintf(store, sizeof store, "%s/store", args->ledger) < (int)sizeof store;
    snprintf(up, sizeof up, "%s", folder);
    for (;;) {
        if (output_file_same_folder(up, args->ledger) ||
            (known && output_file_same_folder(up, store)))
            return true;
        char *slash = strrchr(up, '/');
        if (slash == NULL || strcmp(up, "/") == 0)
            return false;
        slash[slash == up ? 1 : 0] = '\0';
    }
}

/* A pipe or a terminal is written to where it is. */
static bool output_file_is_stream(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && (S_ISCHR(info.st_mode) || S_ISFIFO(info.st_mode));
}

wf_status command_check_file(arguments *args, const char *option, const char *path)
{
    char folder[PATH_MAX];
    const char *name;
    struct stat info;
    if (path == NULL)
        return WF_OK;
    if (path[0] == '\0')
        return command_fail(args, WF_USAGE, _("%s '' names no file; give it the name of a new one"),
                            option);
    if (!output_file_place(path, folder, &name))
        return command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), path, _(strerror(errno)));
    if (output_file_in_ledger(args, folder))
        return command_fail(args, WF_USAGE,
                            _("%s %s is inside the ledger %s, which only wufei itself writes; name "
                              "a file outside of it"),
                            option, path, args->ledger);
    if (lstat(path, &info) == 0 && !output_file_is_stream(path))
        return command_fail(args, WF_USAGE,
                            S_ISDIR(info.st_mode)
                                ? _("%s %s is a folder; name a new file, in it or elsewhere")
                                : _("%s %s exists already; name another file or remove it first"),
                            option, path);
    return WF_OK;
}

wf_status command_check_folder(arguments *args, const char *option, const char *folder)
{
    char real[PATH_MAX];
    struct stat info;
    if (folder[0] == '\0')
        return command_fail(args, WF_USAGE, _("%s '' names no folder"), option);
    if (stat(folder, &info) != 0)
        return command_check_file(args, option, folder);
    if (!S_ISDIR(info.st_mode))
        return command_fail(args, WF_USAGE, _("%s %s is not a folder"), option, folder);
    if (realpath(folder, real) == NULL)
        return command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), folder, _(strerror(errno)));
    if (output_file_in_ledger(args, real))
        return command_fail(args, WF_USAGE,
                            _("%s %s is inside the ledger %s, which only wufei itself writes; name "
                              "a folder outside of it"),
                            option, folder, args->ledger);
    return WF_OK;
}

bool command_same_file(const char *a, const char *b)
{
    char a_folder[PATH_MAX], b_folder[PATH_MAX];
    const char *a_name, *b_name;
    return output_file_place(a, a_folder, &a_name) && output_file_place(b, b_folder, &b_name) &&
           strcmp(a_folder, b_folder) == 0 && strcmp(a_name, b_name) == 0;
}

static bool output_file_fill(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

/* errno tells what failed. */
static bool output_file_make(const char *path, int flags, const void *data, size_t size, bool sync)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return false;
    bool written = output_file_fill(fd, data, size) && (!sync || fsync(fd) == 0);
    int saved = errno;
    if (close(fd) != 0 && written)
        return false;
    errno = saved;
    return written;
}

/* A file that came there in the meantime stays. Not every file system can say so in one step. */
static bool output_file_move(const char *from, const char *to)
{
    struct stat info;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (lstat(to, &info) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

bool command_sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *name;
    if (!output_file_place(path, folder, &name))
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return synced;
}

/* ".PID.tmp": behind the name that the file is to have. */
static const char *output_file_unfinished(char out[32])
{
    snprintf(out, 32, ".%ld.tmp", (long)getpid());
    return out;
}

wf_status command_put_file(arguments *args, const char *path, const void *data, size_t size)
{
    char temporary[TEMPORARY_MAX], suffix[32];
    snprintf(temporary, sizeof temporary, "%s%s", path, output_file_unfinished(suffix));
    if (output_file_make(temporary, O_CREAT | O_EXCL, data, size, true) &&
        output_file_move(temporary, path)) {
        if (command_sync_folder_of(path))
            return WF_OK;
        return command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), path, _(strerror(errno)));
    }
    command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), path, _(strerror(errno)));
    unlink(temporary);
    return WF_SYSTEM;
}

/* ---- many files of one folder ---------------------------------------------------------------- */

wf_status command_stage_file(arguments *args, const char *path, const void *data, size_t size)
{
    char temporary[TEMPORARY_MAX], suffix[32];
    snprintf(temporary, sizeof temporary, "%s%s", path, output_file_unfinished(suffix));
    return output_file_make(temporary, O_CREAT | O_EXCL, data, size, false)
               ? WF_OK
               : command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), temporary,
                              _(strerror(errno)));
}

/* Each staged file whose name ends so: named, or removed. errno tells what failed. */
static bool output_file_end_staged(const char *folder, const char *ending, bool keep)
{
    char path[TEMPORARY_MAX], named[TEMPORARY_MAX], suffix[32], last[64];
    bool done = true;
    snprintf(last, sizeof last, "%s%s", ending, output_file_unfinished(suffix));
    DIR *d = opendir(folder);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL && done; e = readdir(d)) {
        size_t size = strlen(e->d_name);
        if (size <= strlen(last) || strcmp(e->d_name + size - strlen(last), last) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        snprintf(named, sizeof named, "%.*s", (int)(strlen(path) - strlen(suffix)), path);
        done = keep ? output_file_move(path, named) : unlink(path) == 0;
    }
    int saved = errno;
    if (d != NULL)
        closedir(d);
    errno = saved;
    return d != NULL && done;
}

/* One by one, the syncs of a thousand files would take a minute. */
static bool output_file_sync_all(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && syncfs(fd) == 0;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return synced;
}

wf_status command_name_staged(arguments *args, const char *folder, const char *const *endings)
{
    char inside[PATH_MAX + 2];
    bool done = output_file_sync_all(folder);
    snprintf(inside, sizeof inside, "%s/.", folder);
    for (size_t i = 0; endings[i] != NULL && done; i++)
        done = output_file_end_staged(folder, endings[i], true);
    if (done && command_sync_folder_of(inside))
        return WF_OK;
    return command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), folder, _(strerror(errno)));
}

void command_drop_staged(const char *folder)
{
    (void)output_file_end_staged(folder, "", false);
}

/* ---- one file -------------------------------------------------------------------------------- */

wf_status command_write_file(arguments *args, const char *option, const char *path,
                             const void *data, size_t size)
{
    wf_status status = command_check_file(args, option, path);
    if (status != WF_OK)
        return status;
    if (output_file_is_stream(path))
        return output_file_make(path, 0, data, size, false)
                   ? WF_OK
                   : command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), path,
                                  _(strerror(errno)));
    return command_put_file(args, path, data, size);
}
