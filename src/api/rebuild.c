/*
 * api/rebuild.c: deriving the book again from the log, to compare or to replace it.
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

static const wf_column rebuild_columns[] = {
    {"check", N_("check"), WF_CELL_TEXT},
    {"result", N_("result"), WF_CELL_TEXT},
    {"entries", N_("entries"), WF_CELL_INTEGER},
    {"seconds", N_("seconds"), WF_CELL_REAL},
};

typedef struct rebuild_watch {
    wf_progress progress;
    void *ctx;
} rebuild_watch;

static void rebuild_report_progress(void *ctx, uint64_t done, uint64_t total)
{
    const rebuild_watch *watch = ctx;
    watch->progress(watch->ctx, _("rebuilding"), done, total);
}

/* Removes the scratch folder and the files in it (the store makes no folders of its own). */
static void rebuild_remove_scratch(const char *path)
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
static bool rebuild_is_stale(int folder, const char *name)
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

/* What rebuilds that were killed left in `path`. */
static void rebuild_remove_stale(const char *path)
{
    char name[1024 + 257];
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (rebuild_is_stale(dirfd(folder), entry->d_name) &&
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name)
            rebuild_remove_scratch(name);
    if (folder != NULL)
        closedir(folder);
}

/* A scratch folder in `folder`, with *lock held on it. */
static bool rebuild_make_in(const char *folder, char *out, size_t size, int *lock)
{
    rebuild_remove_stale(folder);
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
static bool rebuild_has_room(wf_ledger *l, const char *folder)
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

/* A check changes nothing, not even for a while: it works in the folder for temporary files, where
   that has the room. Else beside the ledger's store, where there is room of the same kind. */
static wf_status rebuild_make_scratch(wf_ledger *l, bool check, char *out, size_t size, int *lock,
                                      wf_error *err)
{
    const char *temporary = getenv("TMPDIR");
    *lock = -1;
    if (temporary == NULL || temporary[0] == '\0')
        temporary = "/tmp";
    if (check && rebuild_has_room(l, temporary) && rebuild_make_in(temporary, out, size, lock))
        return WF_OK;
    if (rebuild_make_in(ledger_dir(l->log), out, size, lock))
        return WF_OK;
    if (check && rebuild_make_in(temporary, out, size, lock))
        return WF_OK;
    return wf_fail_errno(err, _("cannot make a scratch folder at %s"), out);
}

wf_status wf_rebuild(wf_ledger *l, bool check, wf_progress progress, void *ctx, const wf_sink *sink,
                     wf_error *err)
{
    char scratch[1024];
    rebuild_watch watch = {progress, ctx};
    ledger_progress below = {rebuild_report_progress, &watch};
    answer a;
    int lock = -1;
    wf_error_clear(err);
    wf_status status = rebuild_make_scratch(l, check, scratch, sizeof scratch, &lock, err);
    if (status != WF_OK)
        return status;
    int64_t start_us = clock_monotonic_us();
    status = book_rebuild(l->book, l->log, scratch, check, progress == NULL ? NULL : &below, err);
    rebuild_remove_scratch(scratch);
    if (lock >= 0)
        close(lock);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "rebuild", N_("Book derived again from the log"),
                 COLUMNS(rebuild_columns));
    cell_text(&a, "book");
    cell_text(&a, check ? "equal" : "replaced");
    cell_integer(&a, (int64_t)ledger_size(l->log));
    cell_real(&a, (double)(clock_monotonic_us() - start_us) / 1e6);
    answer_row(&a);
    return answer_end(&a);
}
