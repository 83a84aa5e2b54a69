/*
 * api/scratch.c: a folder for a book that is derived again, and for no longer than that.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "api/api.h"

/* Removes the scratch folder and the files in it (the store makes no folders of its own). */
static void scratch_remove(const char *path)
{
    char name[1024 + 257];
    DIR *folder = opendir(path);
    if (folder != NULL) {
        const struct dirent *entry;
        while ((entry = readdir(folder)) != NULL) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            unlink(name);
        }
        closedir(folder);
    }
    rmdir(path);
}

static const char scratch_word[] = "wufei-rebuild-";
static const char scratch_word_before[] = "rebuild-"; /* without a process id, until 0.1.0 */

/* "wufei-rebuild-PID-XXXXXX" of a process that is no more; `name` may be anything. */
static bool scratch_is_stale(int folder, const char *name)
{
    struct stat info;
    char *end;
    bool before = strncmp(name, scratch_word_before, sizeof scratch_word_before - 1) == 0;
    bool now = strncmp(name, scratch_word, sizeof scratch_word - 1) == 0;
    if ((!before && !now) || fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(info.st_mode) || info.st_uid != geteuid())
        return false;
    if (now) {
        long pid = strtol(name + sizeof scratch_word - 1, &end, 10);
        if (*end != '-' || pid <= 0 || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
            return false;
    }
    /* Its maker holds this lock, also one in another container, whose process ids say nothing. */
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool stale = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0)
        close(fd);
    return stale;
}

/* What those that were killed left in `path`. */
static void scratch_remove_stale(const char *path)
{
    char name[1024 + 257];
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (scratch_is_stale(dirfd(folder), entry->d_name) &&
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name)
            scratch_remove(name);
    if (folder != NULL)
        closedir(folder);
}

/* A scratch folder in `folder`, with *lock held on it. */
static bool scratch_make_in(const char *folder, char *out, size_t size, int *lock)
{
    scratch_remove_stale(folder);
    if (snprintf(out, size, "%s/%s%ld-XXXXXX", folder, scratch_word, (long)getpid()) >= (int)size) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (mkdtemp(out) == NULL)
        return false;
    *lock = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock >= 0)
        (void)flock(*lock,
                    LOCK_EX | LOCK_NB); /* ours alone; a file system without locks has none */
    return true;
}

/* As much as the whole store takes, and some more. */
static bool scratch_has_room(wf_ledger *l, const char *folder)
{
    char data[4096];
    struct stat info;
    struct statvfs fs;
    const uint64_t more = (uint64_t)64 << 20;
    return snprintf(data, sizeof data, "%s/store/data.mdb", ledger_dir(l->log)) <
               (int)sizeof data &&
           stat(data, &info) == 0 && statvfs(folder, &fs) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize > (uint64_t)info.st_size + more;
}

wf_status api_scratch_make(wf_ledger *l, bool elsewhere, api_scratch *out, wf_error *err)
{
    const char *temporary = getenv("TMPDIR");
    char *path = out->path;
    size_t size = sizeof out->path;
    out->lock = -1;
    if (temporary == NULL || temporary[0] == '\0')
        temporary = "/tmp";
    if (elsewhere && scratch_has_room(l, temporary) &&
        scratch_make_in(temporary, path, size, &out->lock))
        return WF_OK;
    if (scratch_make_in(ledger_dir(l->log), path, size, &out->lock))
        return WF_OK;
    if (elsewhere && scratch_make_in(temporary, path, size, &out->lock))
        return WF_OK;
    wf_fail_errno(err, _("cannot make a scratch folder at %s"), path);
    path[0] = '\0';
    return WF_SYSTEM;
}

void api_scratch_remove(api_scratch *s)
{
    if (s->path[0] == '\0')
        return;
    scratch_remove(s->path);
    if (s->lock >= 0)
        close(s->lock);
    s->path[0] = '\0';
}
