/*
 * ledger/store/store_room.c: see store_room.h.
 */
#include "store_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"

/* LMDB writes up to 64 pages at once, and a write that is cut short takes what there was: what is
   left then is less than this. */
static const uint64_t little = (uint64_t)1 << 20;

static bool at_size_limit(const char *path)
{
    struct rlimit limit;
    struct stat st;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           stat(path, &st) == 0 && (uint64_t)st.st_size + little > limit.rlim_cur;
}

static bool disk_is_full(const char *path, uint64_t *out_free)
{
    struct statvfs fs;
    *out_free = 0;
    if (statvfs(path, &fs) != 0)
        return false;
    *out_free = (uint64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * fs.f_frsize;
    return *out_free < little;
}

bool store_room_explains(int code, const char *path, const char *what, wf_error *err)
{
    uint64_t left = 0;
    if (code == EFBIG || (code == EIO && at_size_limit(path))) {
        wf_fail(err, WF_SYSTEM,
                _("%s: %s: the file would be larger than this process may write; raise the limit "
                  "(ulimit -f) and run it again"),
                path, what);
        return true;
    }
    if (code == EDQUOT) {
        wf_fail(err, WF_SYSTEM,
                _("%s: %s: your disk quota is used up; remove files or have it raised, and run it "
                  "again"),
                path, what);
        return true;
    }
    bool full = disk_is_full(path, &left);
    if (code != ENOSPC && !(code == EIO && full))
        return false;
    wf_fail(err, WF_SYSTEM,
            _("%s: %s: no space left on device (%llu KiB are free); free space on that disk and "
              "run it again: what was entered before is safe"),
            path, what, (unsigned long long)(left >> 10));
    return true;
}

wf_status store_room_for_lock(const char *folder, unsigned readers, wf_error *err)
{
    enum { READER_SIZE = 64, HEAD_SIZE = 4096 }; /* of LMDB; the head is smaller everywhere */
    char path[4096];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/lock.mdb", folder) >= (int)sizeof path)
        return WF_OK; /* the store's own path is too long then, and is refused as such */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return WF_OK;
    off_t size = (off_t)readers * READER_SIZE + HEAD_SIZE;
    wf_status status = WF_OK;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        size = st.st_size; /* as large as its maker wanted it */
    /* Not posix_fallocate, which writes where the system cannot reserve: a reader may be in it. */
    if (fallocate(fd, 0, 0, size) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
        int code = errno;
        if (!store_room_explains(code, path, _("cannot be made"), err)) {
            errno = code;
            wf_fail_errno(err, _("%s: cannot be made"), path);
        }
        status = WF_SYSTEM;
    }
    close(fd);
    return status;
}
