/*
 * ledger/repair/copy.c: a copy of a ledger's folder, taken while others write and verified before
 * it counts.
 *
 * The small files first, the store after: a writer commits before it signs, so that a checkpoint
 * which was there before the store was copied is a beginning of the copy. Both steps run in child
 * processes, because the pages that are read may be damaged (guard.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "base/time.h"
#include "ledger_private.h"

enum { SMALL_FILE_MAX = 1 << 20 };

wf_status copy_small_file(const char *from, const char *to, const char *name, mode_t mode,
                          bool *there, wf_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    wf_status status = folder_read(from, name, SMALL_FILE_MAX, &bytes, &size, err);
    *there = status == WF_OK && bytes != NULL;
    if (*there)
        status = folder_write(to, name, bytes, size, mode, err);
    if (bytes != NULL)
        OPENSSL_cleanse(bytes, size); /* it may be a key */
    free(bytes);
    return status;
}

wf_status copy_check_outside(const char *dir, const char *to, wf_error *err)
{
    char real[PATH_MAX], above[PATH_MAX];
    char *parent = NULL;
    folder_split(to, &parent);
    bool known = parent != NULL && realpath(dir, real) != NULL && realpath(parent, above) != NULL;
    size_t size = known ? strlen(real) : 0;
    free(parent);
    /* What is missing is told where it is wanted. */
    if (!known || strncmp(above, real, size) != 0 || (above[size] != '/' && above[size] != '\0'))
        return WF_OK;
    return wf_fail(err, WF_USAGE,
                   _("%s is inside the ledger %s and would be lost with it; name a folder "
                     "elsewhere, best on another disk"),
                   to, dir);
}

typedef struct copy_job {
    const char *from, *to;
    bool with_key;
    ledger_progress *progress;
} copy_job;

static wf_status copy_files(const copy_job *job, bool *key_there, wf_error *err)
{
    static const char *const files[] = {FILE_CHECKPOINT, FILE_WITNESSED, FILE_POLICY, FILE_FORMAT};
    bool there = false;
    wf_status status = WF_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == WF_OK; i++)
        status = copy_small_file(job->from, job->to, files[i], 0644, &there, err);
    if (status == WF_OK && job->with_key)
        status = copy_small_file(job->from, job->to, FILE_KEY, 0600, key_there, err);
    return status;
}

static wf_status copy_store(const copy_job *job, wf_error *err)
{
    ledger *l = NULL;
    ledger_options options = {.read_only = true};
    char *path = folder_path(job->to, FOLDER_STORE);
    wf_status status = path != NULL ? ledger_open(&l, job->from, &options, err)
                                    : wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status == WF_OK && mkdir(path, 0777) != 0)
        status = wf_fail_errno(err, "%s", path);
    if (status == WF_OK)
        status = store_copy(l->store, path, err);
    if (status == WF_OK)
        status = folder_sync(path, err);
    if (status == WF_OK)
        status = folder_sync(job->to, err);
    ledger_close(l);
    free(path);
    return status;
}

static wf_status copy_in_child(void *ctx, void *result, wf_error *err)
{
    const copy_job *job = ctx;
    ledger_copy_report *out = result;
    wf_status status = copy_files(job, &out->with_key, err);
    return status == WF_OK ? copy_store(job, err) : status;
}

static wf_status verify_in_child(void *ctx, void *result, wf_error *err)
{
    const copy_job *job = ctx;
    ledger_copy_report *out = result;
    ledger *l = NULL;
    ledger_options options = {.read_only = true};
    ledger_verify_report found;
    checkpoint signed_head = {0};
    wf_status status = ledger_open(&l, job->to, &options, err);
    if (status == WF_OK)
        status = ledger_verify(l, 0, false, job->progress, &found, err);
    if (status == WF_OK)
        status = signed_head_read(l, &signed_head, NULL, err);
    if (status == WF_OK) {
        out->size = found.size;
        out->root = found.root;
        out->signed_size = signed_head.size;
        out->operator_key = l->operator_key;
        store_keep_meta(l->store, job->to);
    }
    ledger_close(l);
    return status;
}

/* The reader that verified left its lock file. */
static void remove_lock_file(const char *dir)
{
    char *path = folder_path(dir, FOLDER_STORE "/lock.mdb");
    if (path != NULL)
        unlink(path);
    free(path);
}

static uint64_t store_bytes(const char *dir)
{
    struct stat st;
    char *path = folder_path(dir, FOLDER_STORE "/data.mdb");
    uint64_t bytes = path != NULL && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
    free(path);
    return bytes;
}

/* The key was copied before the store: it may have been followed by another in between. */
static wf_status check_copied_key(const char *to, const ledger_copy_report *copy, wf_error *err)
{
    suite_public_key key = {.size = 0};
    char *path = folder_path(to, FILE_KEY);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : key_load_public(&key, path, err);
    free(path);
    if (status == WF_OK && !key_equal(&key, &copy->operator_key))
        status = wf_fail(err, WF_REFUSED,
                         _("the key in operator.pem is not the one that the log names as its "
                           "operator's: it was changed while the copy was taken, or is the wrong "
                           "one; try again"));
    return status;
}

wf_status ledger_copy(const char *from, const char *to, bool with_key, ledger_progress *progress,
                      ledger_copy_report *out, wf_error *err)
{
    int64_t start_us = clock_monotonic_us();
    copy_job job = {from, to, with_key, progress};
    ledger_copy_report copied = {0};
    *out = (ledger_copy_report){0};
    wf_status status = ledger_guard(from, copy_in_child, &job, &copied, sizeof copied, err);
    if (status == WF_OK)
        status = ledger_guard(to, verify_in_child, &job, out, sizeof *out, err);
    if (status == WF_OK && copied.with_key)
        status = check_copied_key(to, out, err);
    remove_lock_file(to);
    out->with_key = copied.with_key;
    out->bytes = store_bytes(to);
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    return status;
}
