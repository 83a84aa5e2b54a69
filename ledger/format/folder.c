/*
 * ledger/format/folder.c: the small files beside the store: FORMAT, checkpoint, operator.pem, the
 * lock.
 *
 *     FORMAT       "wufei-ledger 1\n"
 *     writer.lock  in store/: flock, and the process id of the holder in decimal
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "folder.h"
#include "store.h"

static const char format_word[] = "wufei-ledger ";

char *folder_path(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

const char *folder_split(const char *path, char **out_folder)
{
    const char *slash = strrchr(path, '/');
    *out_folder = slash == NULL   ? strdup(".")
                  : slash == path ? strdup("/")
                                  : strndup(path, (size_t)(slash - path));
    return slash == NULL ? path : slash + 1;
}

wf_status folder_sync(const char *path, wf_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return wf_fail_errno(err, "%s", path);
    wf_status status = WF_OK;
    if (fsync(fd) != 0)
        status = wf_fail_errno(err, _("%s: cannot be synced"), path);
    close(fd);
    return status;
}

static wf_status write_all(const char *path, const void *data, size_t size, mode_t mode,
                           wf_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return wf_fail_errno(err, "%s", path);
    const uint8_t *at = data;
    wf_status status = WF_OK;
    while (size > 0 && status == WF_OK) {
        ssize_t n = write(fd, at, size);
        if (n >= 0) {
            at += n;
            size -= (size_t)n;
        } else if (errno != EINTR) {
            status = wf_fail_errno(err, _("%s: cannot be written"), path);
        }
    }
    if (status == WF_OK && fsync(fd) != 0)
        status = wf_fail_errno(err, _("%s: cannot be synced"), path);
    close(fd);
    return status;
}

wf_status folder_write(const char *dir, const char *name, const void *data, size_t size,
                       mode_t mode, wf_error *err)
{
    char *path = folder_path(dir, name);
    char *fresh = path != NULL ? folder_path(path, "") : NULL;
    wf_status status;
    if (fresh == NULL) {
        free(path);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    fresh[strlen(fresh) - 1] = '~'; /* "name~" beside it */
    status = write_all(fresh, data, size, mode, err);
    if (status == WF_OK && rename(fresh, path) != 0)
        status = wf_fail_errno(err, _("%s: cannot be replaced"), path);
    if (status == WF_OK)
        status = folder_sync(dir, err);
    else
        unlink(fresh);
    free(fresh);
    free(path);
    return status;
}

wf_status folder_read(const char *dir, const char *name, size_t max, char **out, size_t *out_size,
                      wf_error *err)
{
    *out = NULL;
    *out_size = 0;
    char *path = folder_path(dir, name);
    char *text = malloc(max + 2);
    FILE *file = NULL;
    wf_status status = WF_OK;
    if (path == NULL || text == NULL) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
        goto out;
    }
    file = fopen(path, "re");
    if (file == NULL) {
        if (errno != ENOENT)
            status = wf_fail_errno(err, "%s", path);
        goto out;
    }
    setvbuf(file, NULL, _IONBF, 0); /* it may be a key: no second copy that nobody wipes */
    size_t size = fread(text, 1, max + 1, file);
    if (ferror(file)) {
        status = wf_fail_errno(err, _("%s: cannot be read"), path);
    } else if (size > max) {
        status = wf_fail(err, WF_DAMAGED, _("%s: longer than %zu bytes"), path, max);
    } else {
        text[size] = '\0';
        *out = text;
        *out_size = size;
        text = NULL;
    }
out:
    if (file != NULL)
        fclose(file);
    free(text);
    free(path);
    return status;
}

wf_status folder_check_format(const char *dir, wf_error *err)
{
    enum { FORMAT_SIZE_MAX = 256 };
    char *text = NULL;
    size_t size = 0;
    struct stat st;
    if (stat(dir, &st) != 0)
        return errno == ENOENT ? wf_fail(err, WF_USAGE, _("%s: there is no such ledger"), dir)
                               : wf_fail_errno(err, "%s", dir);
    if (!S_ISDIR(st.st_mode))
        return wf_fail(err, WF_USAGE,
                       _("%s is not a folder: name that of the ledger or backup; an archive is "
                         "unpacked first"),
                       dir);
    wf_status status = folder_read(dir, FILE_FORMAT, FORMAT_SIZE_MAX, &text, &size, err);
    if (status != WF_OK)
        return status;
    if (text == NULL)
        return wf_fail(err, WF_USAGE, _("%s is not a ledger: it has no file %s"), dir, FILE_FORMAT);
    size_t word = strlen(format_word);
    uint64_t version = 0;
    if (size <= word + 1 || memcmp(text, format_word, word) != 0 || text[size - 1] != '\n' ||
        !uint64_parse(&version, text + word, size - word - 1) || version == 0)
        status =
            wf_fail(err, WF_DAMAGED,
                    _("%s/%s does not say \"%s%d\"; put it back from a backup, or, when this is "
                      "not a ledger, name the right folder with -L"),
                    dir, FILE_FORMAT, format_word, LEDGER_FORMAT);
    else if (version > LEDGER_FORMAT)
        status = wf_fail(err, WF_USAGE,
                         _("%s was made by a newer version of wufei (format %llu, this program "
                           "knows %d): use a newer wufei"),
                         dir, (unsigned long long)version, LEDGER_FORMAT);
    free(text);
    return status;
}

/* Who holds the flock on the file, by the kernel's table; 0: that does not say. The file itself
   says nothing, or who was there before, until its holder has written into it. */
static long lock_holder(int fd)
{
    char line[256], inode[64];
    struct stat st;
    long pid = 0, found = 0;
    FILE *table = fstat(fd, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
    if (table == NULL)
        return 0;
    snprintf(inode, sizeof inode, " %02x:%02x:%llu ", major(st.st_dev), minor(st.st_dev),
             (unsigned long long)st.st_ino);
    while (found <= 0 && fgets(line, sizeof line, table) != NULL)
        if (strstr(line, inode) != NULL && sscanf(line, "%*d: FLOCK %*s %*s %ld", &pid) == 1)
            found = pid; /* -1 and 0: a process that cannot be seen from here (containers) */
    fclose(table);
    return found > 0 ? found : 0;
}

static wf_status say_who_writes(const char *dir, int fd, wf_error *err)
{
    char pid[24] = "";
    long holder = lock_holder(fd);
    if (holder > 0)
        snprintf(pid, sizeof pid, "%ld", holder);
    else if (pread(fd, pid, sizeof pid - 1, 0) <= 0)
        return wf_fail(err, WF_SYSTEM, _("%s: another process is writing; wait for it or stop it"),
                       dir);
    return wf_fail(err, WF_SYSTEM, _("%s: another process (%s) is writing; wait for it or stop it"),
                   dir, pid);
}

wf_status folder_remove_unfinished(const char *dir, wf_error *err)
{
    char *path = folder_path(dir, FILE_CHECKPOINT "~");
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = WF_OK;
    if (unlink(path) != 0 && errno != ENOENT)
        status = wf_fail_errno(err, _("%s: cannot be removed"), path);
    free(path);
    return status;
}

wf_status folder_lock(int *out, const char *dir, wf_error *err)
{
    *out = -1;
    char *path = folder_path(dir, FOLDER_STORE "/" FILE_LOCK);
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = WF_OK;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 && errno == ENOENT) {
        status =
            wf_fail(err, WF_DAMAGED, _("%s: the folder %s is missing; restore it from a backup"),
                    dir, FOLDER_STORE);
    } else if (fd < 0) {
        status = wf_fail_errno(err, "%s", path);
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK ? say_who_writes(dir, fd, err)
                                      : wf_fail_errno(err, _("%s: cannot be locked"), path);
        close(fd);
    } else {
        char pid[24];
        int size = snprintf(pid, sizeof pid, "%ld", (long)getpid());
        if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)size, 0) != size) {
            status = wf_fail_errno(err, _("%s: cannot be written"), path);
            close(fd);
        } else {
            *out = fd;
        }
    }
    free(path);
    return status;
}

wf_status folder_check_lock(const char *dir, int lock, wf_error *err)
{
    struct stat held, now;
    char *path = folder_path(dir, FOLDER_STORE "/" FILE_LOCK);
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    bool same = fstat(lock, &held) == 0 && stat(path, &now) == 0 && held.st_dev == now.st_dev &&
                held.st_ino == now.st_ino;
    free(path);
    if (!same)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: the folder, or its store, was exchanged while it was written to; "
                         "nothing more is signed: see which of the two is the ledger, and open it "
                         "again"),
                       dir);
    return WF_OK;
}
