/*
 * ledger/store/store_lmdb_env.c: data.mdb and its map, opened with care.
 *
 * LMDB reads its file through a map and trusts it: a file that is shorter than its meta page says
 * ends in SIGBUS. So the length is checked before any page but the two meta pages is touched. A
 * short file is not always a broken one, though: pages that a transaction took and gave back are
 * counted by the meta page and never written. Such a file is walked by a child process first, which
 * may die of it, and after every commit the file is lengthened to what the meta page says, so that
 * this stays rare.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "store_fault.h"
#include "store_lmdb.h"
#include "store_room.h"

static const size_t map_default = (size_t)1 << 40;
static const size_t map_smallest = (size_t)1 << 28;
enum { META_PAGES = 2, PAGE_SMALLEST = 512 };

/* LMDB calls abort when this returns. */
static void assertion_failed(MDB_env *env, const char *text)
{
    const char *path = NULL;
    if (mdb_env_get_path(env, &path) == 0)
        store_fault_end(path, text);
}

static int env_open(MDB_env **out, const char *path, unsigned flags, size_t map_size)
{
    MDB_env *env = NULL;
    int code = mdb_env_create(&env);
    if (code == 0)
        code = mdb_env_set_mapsize(env, map_size);
    if (code == 0)
        code = mdb_env_set_maxdbs(env, STORE_TABLES_MAX + 2); /* with those of the checks */
    if (code == 0)
        code = mdb_env_set_maxreaders(env, STORE_READERS_MAX);
    if (code == 0)
        code = mdb_env_set_assert(env, assertion_failed);
    if (code == 0)
        code = mdb_env_open(env, path, flags, 0644);
    if (code != 0 && env != NULL) {
        mdb_env_close(env);
        env = NULL;
    }
    *out = env;
    return code;
}

static bool lock_is_writable(const store *s)
{
    char path[4096];
    return snprintf(path, sizeof path, "%s/lock.mdb", s->path) < (int)sizeof path &&
           (access(path, R_OK | W_OK) == 0 || (errno == ENOENT && access(s->path, W_OK) == 0));
}

/* The map is address space, not memory; where even that is limited (RLIMIT_AS), less will do. A
   lock file that may not be written is no reason to go without (MDB_NOLOCK): a writer that does not
   see a reader takes pages away from under it. LMDB itself does so only where nobody can write. */
static wf_status open_with_some_map(store *s, const store_options *options, wf_error *err)
{
    unsigned flags = MDB_NOTLS | (options->read_only ? MDB_RDONLY : 0U) |
                     (options->point_reads ? MDB_NORDAHEAD : 0U);
    size_t map_size = options->map_size != 0 ? options->map_size : map_default;
    wf_status status = store_room_for_lock(s->path, STORE_READERS_MAX, err);
    if (status != WF_OK)
        return status;
    for (;;) {
        int code = env_open(&s->env, s->path, flags, map_size);
        if (code == 0)
            return WF_OK;
        if (code == EACCES && options->read_only && !lock_is_writable(s))
            return wf_fail(err, WF_SYSTEM,
                           _("%s/lock.mdb cannot be opened for writing: every reader notes in it "
                             "what it reads, so that no writer takes those pages; get write "
                             "permission on this one file, or read a copy of the ledger"),
                           s->path);
        if (code != ENOMEM || options->map_size != 0 || map_size <= map_smallest)
            return store_fail(s, code, _("cannot be opened"), err);
        map_size /= 2;
    }
}

static wf_status check_data_file(const store *s, uint64_t *out_size, wf_error *err)
{
    char path[4096];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", s->path, STORE_DATA_FILE) >= (int)sizeof path)
        return wf_fail(err, WF_USAGE, _("%s: the path is too long"), s->path);
    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return wf_fail(err, WF_DAMAGED,
                           _("%s is missing; put a backup in place with: wufei restore BACKUP"),
                           path);
        return wf_fail_errno(err, "%s", path);
    }
    if (!S_ISREG(st.st_mode) || st.st_size < META_PAGES * PAGE_SMALLEST)
        return wf_fail(
            err, WF_DAMAGED,
            _("%s is not a store: %lld bytes, too short for its first pages; put a backup in "
              "place with: wufei restore BACKUP"),
            path, (long long)st.st_size);
    *out_size = (uint64_t)st.st_size;
    return WF_OK;
}

/* LMDB divides by the page size of the first meta page, whatever it says; with zeros there the
   process would end in SIGFPE before anybody could say why. */
static wf_status check_page_size(const store *s, wf_error *err)
{
    enum { PAGE_SIZE_AT = 40 };
    char path[4096];
    uint32_t size = 0;
    if (snprintf(path, sizeof path, "%s/%s", s->path, STORE_DATA_FILE) >= (int)sizeof path)
        return wf_fail(err, WF_USAGE, _("%s: the path is too long"), s->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return wf_fail_errno(err, "%s", path);
    ssize_t got = pread(fd, &size, sizeof size, PAGE_SIZE_AT);
    int code = errno;
    close(fd);
    errno = code;
    if (got < 0)
        return wf_fail_errno(err, _("%s: cannot be read"), path);
    if (got == sizeof size && size >= PAGE_SMALLEST && (size & (size - 1)) == 0)
        return WF_OK;
    return wf_fail(
        err, WF_DAMAGED,
        _("%s: its first meta page is damaged: it names no page size; wufei repair mends "
          "it from the kept copy"),
        path);
}

static int walk_table(MDB_txn *txn, MDB_dbi table)
{
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    int code = mdb_cursor_open(txn, table, &cursor);
    if (code != 0)
        return code;
    volatile uint8_t sink = 0;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        const uint8_t *data = value.mv_data;
        for (size_t i = 0; i < value.mv_size; i += PAGE_SMALLEST)
            sink = data[i];
        if (value.mv_size > 0)
            sink = data[value.mv_size - 1];
    }
    (void)sink;
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

/* Touches every page in use: those of the free list, of the list of tables, of every table. */
static int walk_store(const char *path)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_dbi list = 0;
    MDB_val name, value;
    int code = env_open(&env, path, MDB_RDONLY | MDB_NOTLS | MDB_NOLOCK, map_smallest);
    if (code == 0)
        code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    if (code == 0)
        code = walk_table(txn, 0);
    if (code == 0)
        code = mdb_dbi_open(txn, NULL, 0, &list);
    if (code == 0)
        code = mdb_cursor_open(txn, list, &cursor);
    while (code == 0 && (code = mdb_cursor_get(cursor, &name, &value, MDB_NEXT)) == 0) {
        char text[STORE_KEY_MAX + 1] = {0};
        MDB_dbi table = 0;
        memcpy(text, name.mv_data, name.mv_size < STORE_KEY_MAX ? name.mv_size : STORE_KEY_MAX);
        code = mdb_dbi_open(txn, text, 0, &table);
        if (code == 0)
            code = walk_table(txn, table);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

/* The store at `path` is not open in this process. */
static bool walk_in_child(const char *path)
{
    pid_t child = fork();
    if (child == 0) {
        /* Whatever handlers the program has would run the program on, here in its copy. */
        signal(SIGBUS, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        _exit(walk_store(path) == 0 ? 0 : 1);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static uint64_t size_by_meta(MDB_env *env)
{
    MDB_envinfo info;
    MDB_stat stat;
    if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat) != 0)
        return 0;
    return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

/* The pages between the end of the file and what the meta page counts hold nothing. */
void store_env_lengthen(const store *s)
{
    mdb_filehandle_t file;
    struct stat st;
    uint64_t need = size_by_meta(s->env);
    if (mdb_env_get_fd(s->env, &file) == 0 && fstat(file, &st) == 0 &&
        (uint64_t)st.st_size < need) {
        int code = ftruncate(file, (off_t)need); /* without it the next open walks, no more */
        (void)code;
    }
}

wf_status store_env_open(store *s, const store_options *options, wf_error *err)
{
    uint64_t file_size = 0;
    if (options->create)
        return open_with_some_map(s, options, err);
    wf_status status = check_data_file(s, &file_size, err);
    if (status == WF_OK)
        status = check_page_size(s, err);
    if (status == WF_OK)
        status = open_with_some_map(s, options, err);
    if (status != WF_OK)
        return status;
    uint64_t need = size_by_meta(s->env);
    /* Asked for after the meta page was read: a writer lengthens first and counts afterwards. */
    status = check_data_file(s, &file_size, err);
    if (status != WF_OK || file_size >= need)
        return status;
    mdb_env_close(s->env);
    s->env = NULL;
    if (!walk_in_child(s->path))
        return wf_fail(
            err, WF_DAMAGED,
            _("%s/%s is cut short: %llu bytes, %llu were expected; restore it from a backup"),
            s->path, STORE_DATA_FILE, (unsigned long long)file_size, (unsigned long long)need);
    status = open_with_some_map(s, options, err);
    if (status == WF_OK && !options->read_only)
        store_env_lengthen(s);
    return status;
}
