/*
 * ledger/place.c: a folder that appears at its place whole or not at all.
 */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "ledger_private.h"

wf_status place_init(place *p, const char *dir, wf_error *err)
{
    *p = (place){.dir = strdup(dir), .lock = -1};
    if (p->dir == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    size_t size = strlen(p->dir);
    while (size > 1 && p->dir[size - 1] == '/')
        p->dir[--size] = '\0';
    const char *name = folder_split(p->dir, &p->parent);
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return wf_fail(err, WF_USAGE, _("%s: name the new folder itself"), dir);
    size_t room = (p->parent != NULL ? strlen(p->parent) : 0) + strlen(name) + 40;
    p->temporary = malloc(room);
    if (p->parent == NULL || p->temporary == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    snprintf(p->temporary, room, "%s/.%s.tmp.%ld", p->parent, name, (long)getpid());
    return WF_OK;
}

wf_status place_is_free(const place *p, bool *out, wf_error *err)
{
    struct stat st;
    *out = true;
    if (stat(p->parent, &st) != 0)
        return wf_fail_errno(err, "%s", p->parent);
    DIR *d = opendir(p->dir);
    if (d == NULL) {
        if (errno == ENOENT)
            return WF_OK;
        if (errno == ENOTDIR)
            return wf_fail(err, WF_USAGE, _("%s exists and is not a folder"), p->dir);
        return wf_fail_errno(err, "%s", p->dir);
    }
    for (struct dirent *e = readdir(d); e != NULL && *out; e = readdir(d))
        *out = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return WF_OK;
}

/* Removes what an attempt left; other people's files stay, and then the folder does too. */
static void remove_attempt(const char *folder)
{
    static const char *const files[] = {FILE_FORMAT,
                                        FILE_FORMAT "~",
                                        FILE_CHECKPOINT,
                                        FILE_CHECKPOINT "~",
                                        FILE_GUARD,
                                        FILE_GUARD "~",
                                        FILE_GUARD_LOST,
                                        FILE_GUARD_LOST "~",
                                        FILE_META,
                                        FILE_META "~",
                                        FILE_POLICY,
                                        FILE_POLICY "~",
                                        FILE_WITNESSED,
                                        FILE_WITNESSED "~",
                                        FILE_KEY,
                                        FILE_KEY "~",
                                        FILE_SIGNER,
                                        FILE_SIGNER "~",
                                        FOLDER_STORE "/data.mdb",
                                        FOLDER_STORE "/lock.mdb",
                                        FOLDER_STORE "/" FILE_LOCK};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = folder_path(folder, files[i]);
        if (path != NULL)
            unlink(path);
        free(path);
    }
    char *store_path = folder_path(folder, FOLDER_STORE);
    if (store_path != NULL)
        rmdir(store_path);
    free(store_path);
    rmdir(folder);
}

/* The descriptor that holds the lock of a folder; below zero: somebody else does, or there is none.
 */
static int lock_attempt(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The lock tells also of processes that cannot be seen from here (containers); the process id of
   the moment before the lock is taken. A process with our own id is dead, as we have not begun. */
static void remove_if_stale(const char *folder, pid_t pid)
{
    if (pid != getpid() && (kill(pid, 0) == 0 || errno != ESRCH))
        return;
    int lock = lock_attempt(folder);
    if (lock < 0)
        return;
    remove_attempt(folder);
    close(lock);
}

/* As far as it can be done: what stays hurts nobody. */
static void remove_stale_attempts(const place *p)
{
    const char *name = strrchr(p->temporary, '/') + 1; /* ".NAME.tmp.PID" */
    size_t prefix = (size_t)(strrchr(name, '.') + 1 - name);
    DIR *d = opendir(p->parent);
    if (d == NULL)
        return;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        uint64_t pid = 0;
        const char *number = e->d_name + prefix;
        if (strncmp(e->d_name, name, prefix) != 0 || !uint64_parse(&pid, number, strlen(number)) ||
            pid == 0 || pid > INT32_MAX)
            continue;
        char *folder = folder_path(p->parent, e->d_name);
        if (folder != NULL)
            remove_if_stale(folder, (pid_t)pid);
        free(folder);
    }
    closedir(d);
}

wf_status place_make(place *p, wf_error *err)
{
    remove_stale_attempts(p);
    if (mkdir(p->temporary, 0777) != 0)
        return wf_fail_errno(err, _("%s: cannot be made"), p->dir);
    p->made = true;
    p->lock = lock_attempt(p->temporary); /* where there are no locks, the process id has to do */
    return WF_OK;
}

wf_status place_take(place *p, wf_error *err)
{
    if (rename(p->temporary, p->dir) != 0)
        return wf_fail_errno(err, "%s", p->dir);
    p->made = false;
    return folder_sync(p->parent, err);
}

void place_free(place *p)
{
    if (p->made)
        remove_attempt(p->temporary);
    if (p->lock >= 0)
        close(p->lock);
    free(p->dir);
    free(p->parent);
    free(p->temporary);
}
