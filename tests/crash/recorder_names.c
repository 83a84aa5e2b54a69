/*
 * recorder_names.c: names, for the recorder (recorder.h): making folders, renaming, linking,
 * removing.
 */
#include "recorder.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#pragma GCC visibility push(default)

/* ---- names -------------------------------------------------------------------------------- */

static int rename_by(int from_folder, const char *from, int to_folder, const char *to,
                     unsigned flags)
{
    place a, b;
    char names[2 * NAME_MAX + 3];
    if (!recorder_place(&a, from_folder, from) || !recorder_place(&b, to_folder, to))
        return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    pthread_mutex_lock(&recorder_lock);
    bool swap = (flags & RENAME_EXCHANGE) != 0;
    trace_record r = {.kind = swap ? TRACE_SWAP : TRACE_RENAME,
                      .inode = recorder_inode(a.path),
                      .parent = a.folder,
                      .other = b.folder};
    int size = snprintf(names, sizeof names, "%s%c%s", a.name, '\0', b.name);
    r.name_size = (uint32_t)size;
    int code = -1;
    if (!recorder_point(false, NULL, NULL))
        code = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (code == 0)
        recorder_add(&r, names, NULL, 0);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

int rename(const char *from, const char *to)
{
    return rename_by(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return rename_by(from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return rename_by(from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    place a, b;
    if (!recorder_place(&a, from_folder, from) || !recorder_place(&b, to_folder, to))
        return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    pthread_mutex_lock(&recorder_lock);
    int code = -1;
    if (!recorder_point(false, NULL, NULL))
        code = (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    if (code == 0)
        recorder_add_name(TRACE_LINK, recorder_inode(b.path), &b);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int folder, const char *path, int flags)
{
    place p;
    uint32_t kind = (flags & AT_REMOVEDIR) != 0 ? TRACE_RMDIR : TRACE_UNLINK;
    if (!recorder_place(&p, folder, path) || recorder_inode(p.path) == 0)
        return (int)syscall(SYS_unlinkat, folder, path, flags);
    pthread_mutex_lock(&recorder_lock);
    int code = -1;
    if (!recorder_point(false, NULL, NULL))
        code = (int)syscall(SYS_unlinkat, folder, path, flags);
    if (code == 0)
        recorder_add_name(kind, 0, &p);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode)
{
    place p;
    if (!recorder_place(&p, AT_FDCWD, path))
        return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    pthread_mutex_lock(&recorder_lock);
    int code = -1;
    if (!recorder_point(false, NULL, NULL))
        code = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (code == 0)
        recorder_add_name(TRACE_FOLDER, recorder_inode(p.path), &p);
    pthread_mutex_unlock(&recorder_lock);
    return code;
}

#pragma GCC visibility pop
