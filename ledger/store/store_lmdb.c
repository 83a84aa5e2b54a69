/*
 * ledger/store/store_lmdb.c: the store on LMDB 0.9.24; the only file that knows LMDB.
 *
 * Durable defaults only: no NOSYNC, NOMETASYNC, WRITEMAP, MAPASYNC; their gains are losses at the
 * first power cut. No DUPSORT (bugs after 0.9.24 concern it). NOTLS, because a read transaction may
 * move between threads.
 *
 * LMDB reads its file through a map and trusts it: a file that is shorter than its meta page says
 * ends in SIGBUS. So the length is checked before any page but the two meta pages is touched. A
 * short file is not always a broken one, though: pages that a transaction took and gave back are
 * counted by the meta page and never written. Such a file is walked by a child process first, which
 * may die of it, and after every commit the file is lengthened to what the meta page says, so that
 * this stays rare.
 *
 * A store whose rows carry checks (store_check.h) has the table "row checks", with the name of each
 * checked table as a key: a flipped bit can make a table vanish, which would be one without rows. A
 * store that was made before there were any checks does not have it, and its rows are taken as they
 * are; that it has not vanished itself is told by an empty table "row checks too".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/text.h"
#include "store.h"
#include "store_check.h"
#include "store_fault.h"
#include "store_meta.h"
#include "store_room.h"
#include "store_trace.h"

struct store {
    store *under;   /* has the tables of `below`; NULL: this store has all */
    uint64_t below; /* a bit a table */
    MDB_env *env;
    char *path;
    FILE *trace;
    bool read_only;
    bool scratch;
    bool checked;
    unsigned checked_from;
    unsigned count;
    uint64_t seeds[STORE_TABLES_MAX]; /* of the checks */
    char *names[STORE_TABLES_MAX];
    MDB_dbi tables[STORE_TABLES_MAX]; /* NO_TABLE: not there, in a store opened for reading */
};

struct store_txn {
    store *owner;
    MDB_txn *txn;
    store_txn *under; /* of the store below */
    bool write;
    arena memory;
};

struct store_cursor {
    store *owner;
    unsigned table;
    MDB_cursor *cursor; /* NULL: the table is not there, so there is nothing in it */
    bool snapshot;      /* of a read transaction: nothing changes under it, pointers stay */
    bool from_first;    /* it has come all the way from the first row */
    uint64_t passed;    /* rows, since then */
    MDB_val last;       /* the key it is at */
};

#define NO_TABLE ((MDB_dbi)-1)

static const char data_file[] = "data.mdb";
static const char checks_table[] = "row checks";
static const char checks_too[] = "row checks too";
static const size_t map_default = (size_t)1 << 40;
static const size_t map_smallest = (size_t)1 << 28;
enum { READERS_MAX = 1024, META_PAGES = 2, PAGE_SMALLEST = 512 };

static wf_status fail(const store *s, int code, const char *what, wf_error *err)
{
    char path[4096];
    switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        if (s->scratch)
            return wf_fail(err, WF_SYSTEM,
                           _("%s/%s: %s: %s; this was a store for the moment and the ledger did "
                             "not suffer: check the disk under it, and try again"),
                           s->path, data_file, what, mdb_strerror(code));
        return wf_fail(err, WF_DAMAGED, _("%s/%s: %s: %s; restore it from a backup"), s->path,
                       data_file, what, mdb_strerror(code));
    case MDB_PANIC: /* says LMDB after a meta page could not be written: the old one is in force */
        return wf_fail(err, WF_SYSTEM,
                       _("%s/%s: %s: a write failed before; look at the disk and run it again"),
                       s->path, data_file, what);
    case MDB_READERS_FULL:
        return wf_fail(err, WF_SYSTEM,
                       _("%s: as many readers as there is room for (%d) look at this ledger; end "
                         "some of these programs and run it again"),
                       s->path, READERS_MAX);
    case MDB_MAP_FULL:
        return wf_fail(err, WF_SYSTEM, _("%s/%s: %s: the store has reached its largest size"),
                       s->path, data_file, what);
    default:
        snprintf(path, sizeof path, "%s/%s", s->path, data_file);
        if (store_room_explains(code, path, what, err))
            return WF_SYSTEM;
        return wf_fail(err, WF_SYSTEM, "%s/%s: %s: %s", s->path, data_file, what,
                       mdb_strerror(code));
    }
}

static bool has_check(const store *s, unsigned table)
{
    return s->checked && table >= s->checked_from;
}

static wf_status say_damaged(const store *s, unsigned table, wf_error *err)
{
    if (s->scratch)
        return fail(s, MDB_CORRUPTED, s->names[table], err);
    return wf_fail(err, WF_DAMAGED,
                   _("%s/%s: a row of the table %s is not what was written, or is missing; wufei "
                     "rebuild derives the book again from the log, or restore it from a backup"),
                   s->path, data_file, s->names[table]);
}

static MDB_val val_of(span bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

static span span_of_val(MDB_val val)
{
    return span_of(val.mv_data, val.mv_size);
}

/* ---- opening ------------------------------------------------------------------------------- */

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
        code = mdb_env_set_maxreaders(env, READERS_MAX);
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
    wf_status status = store_room_for_lock(s->path, READERS_MAX, err);
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
            return fail(s, code, _("cannot be opened"), err);
        map_size /= 2;
    }
}

static wf_status check_data_file(const store *s, uint64_t *out_size, wf_error *err)
{
    char path[4096];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", s->path, data_file) >= (int)sizeof path)
        return wf_fail(err, WF_USAGE, _("%s: the path is too long"), s->path);
    if (stat(path, &st) != 0) {
        if (errno == ENOENT)
            return wf_fail(err, WF_DAMAGED, _("%s is missing; restore it from a backup"), path);
        return wf_fail_errno(err, "%s", path);
    }
    if (!S_ISREG(st.st_mode) || st.st_size < META_PAGES * PAGE_SMALLEST)
        return wf_fail(err, WF_DAMAGED,
                       _("%s is not a store: %lld bytes, too short for its first pages; restore it "
                         "from a backup"),
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
    if (snprintf(path, sizeof path, "%s/%s", s->path, data_file) >= (int)sizeof path)
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
static void lengthen(const store *s)
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

static wf_status open_env(store *s, const store_options *options, wf_error *err)
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
            s->path, data_file, (unsigned long long)file_size, (unsigned long long)need);
    status = open_with_some_map(s, options, err);
    if (status == WF_OK && !options->read_only)
        lengthen(s);
    return status;
}

/* One table, made when it is not there and may be written. *damaged: it is there and not on the
   list, or the other way about. */
static int open_table(store *s, MDB_txn *txn, MDB_dbi list, unsigned table, bool *damaged)
{
    MDB_val name = {strlen(s->names[table]), s->names[table]};
    MDB_val value = {0, NULL};
    MDB_stat stat = {0};
    bool checked = has_check(s, table);
    int code = checked ? mdb_get(txn, list, &name, &value) : MDB_NOTFOUND;
    bool listed = code == 0;
    bool make = !s->read_only && !listed;
    if (code != 0 && code != MDB_NOTFOUND)
        return code;
    code = mdb_dbi_open(txn, s->names[table], make ? MDB_CREATE : 0, &s->tables[table]);
    if (code == 0 && checked && !listed)
        code = mdb_stat(txn, s->tables[table], &stat);
    *damaged = (code == MDB_NOTFOUND && listed) || stat.ms_entries > 0 ||
               (code == 0 && checked && !listed && s->read_only);
    if (code == 0 && checked && make && !*damaged)
        code = mdb_put(txn, list, &name, &value, 0);
    if (code == MDB_NOTFOUND && s->read_only && !*damaged) {
        s->tables[table] = NO_TABLE;
        code = 0;
    }
    return code;
}

/* Whether the rows carry checks. Two tables say so: one of them alone is a name that has changed.
 */
static int open_checks(store *s, MDB_txn *txn, bool create, MDB_dbi *list)
{
    MDB_dbi too = 0;
    unsigned flags = create ? MDB_CREATE : 0;
    int first = mdb_dbi_open(txn, checks_table, flags, list);
    int second = mdb_dbi_open(txn, checks_too, flags, &too);
    s->checked = first == 0 && second == 0;
    if (s->checked || (first == MDB_NOTFOUND && second == MDB_NOTFOUND))
        return 0;
    if (first == MDB_NOTFOUND || second == MDB_NOTFOUND)
        return MDB_CORRUPTED;
    return first != 0 ? first : second;
}

static wf_status open_tables(store *s, const store_options *options, wf_error *err)
{
    MDB_txn *txn = NULL;
    MDB_dbi checks = 0;
    int code = mdb_txn_begin(s->env, NULL, s->read_only ? MDB_RDONLY : 0, &txn);
    if (code != 0)
        return fail(s, code, _("cannot begin"), err);
    s->checked_from = options->checked_from;
    code = open_checks(s, txn, options->create, &checks);
    if (code != 0) {
        mdb_txn_abort(txn);
        return fail(s, code, _("cannot be opened"), err);
    }
    for (unsigned i = 0; options->tables[i] != NULL; i++) {
        WF_ASSERT(i < STORE_TABLES_MAX);
        s->names[i] = strdup(options->tables[i]);
        if (s->names[i] == NULL) {
            mdb_txn_abort(txn);
            return wf_fail(err, WF_SYSTEM, _("out of memory"));
        }
        s->count = i + 1;
        s->seeds[i] = store_check_seed(s->names[i]);
        bool damaged = false;
        code = open_table(s, txn, checks, i, &damaged);
        if (code != 0 || damaged) {
            mdb_txn_abort(txn);
            return damaged ? say_damaged(s, i, err) : fail(s, code, s->names[i], err);
        }
    }
    code = mdb_txn_commit(txn);
    return code == 0 ? WF_OK : fail(s, code, _("cannot commit"), err);
}

wf_status store_open(store **out, const char *path, const store_options *options, wf_error *err)
{
    *out = NULL;
    WF_ASSERT(!(options->create && options->read_only));
    store *s = calloc(1, sizeof *s);
    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    s->read_only = options->read_only;
    s->scratch = options->scratch;
    if (s->scratch)
        store_fault_scratch(path);
    wf_status status = open_env(s, options, err);
    if (status == WF_OK) {
        int dead = 0;
        int code = mdb_reader_check(s->env, &dead); /* slots of killed readers hold pages back */
        if (code != 0)
            status = fail(s, code, _("cannot check its readers"), err);
    }
    if (status == WF_OK)
        status = open_tables(s, options, err);
    if (status != WF_OK) {
        store_close(s);
        return status;
    }
    *out = s;
    return WF_OK;
}

void store_close(store *s)
{
    if (s == NULL)
        return;
    store_close(s->under);
    if (s->env != NULL)
        mdb_env_close(s->env);
    if (s->scratch)
        store_fault_scratch(NULL);
    for (unsigned i = 0; i < s->count; i++)
        free(s->names[i]);
    free(s->path);
    free(s);
}

void store_lay_over(store *s, store *under, uint64_t below)
{
    s->under = under;
    s->below = below;
    s->read_only = true;
}

/* ---- transactions -------------------------------------------------------------------------- */

wf_status store_begin(store_txn **out, store *s, bool write, wf_error *err)
{
    *out = NULL;
    if (write && s->read_only)
        return wf_fail(err, WF_USAGE, _("%s was opened for reading"), s->path);
    store_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    txn->owner = s;
    txn->write = write;
    if (s->under != NULL && store_begin(&txn->under, s->under, false, err) != WF_OK) {
        free(txn);
        return err != NULL ? err->status : WF_SYSTEM;
    }
    int code = mdb_txn_begin(s->env, NULL, write ? 0 : MDB_RDONLY, &txn->txn);
    if (code != 0) {
        store_abort(txn->under);
        free(txn);
        return fail(s, code, _("cannot begin"), err);
    }
    arena_init(&txn->memory, 0);
    *out = txn;
    return WF_OK;
}

arena *store_txn_memory(store_txn *txn)
{
    return &txn->memory;
}

wf_status store_commit(store_txn *txn, wf_error *err)
{
    store *s = txn->owner;
    bool write = txn->write;
    int code = mdb_txn_commit(txn->txn);
    store_abort(txn->under);
    arena_free(&txn->memory);
    free(txn);
    if (write && s->trace != NULL)
        store_trace_write(s->trace, code == 0 ? STORE_TRACE_COMMIT : STORE_TRACE_ABORT, 0,
                          (span){NULL, 0}, 0, false);
    if (code != 0)
        return fail(s, code, _("cannot commit"), err);
    if (write)
        lengthen(s);
    return WF_OK;
}

void store_abort(store_txn *txn)
{
    if (txn == NULL)
        return;
    if (txn->write && txn->owner->trace != NULL)
        store_trace_write(txn->owner->trace, STORE_TRACE_ABORT, 0, (span){NULL, 0}, 0, false);
    mdb_txn_abort(txn->txn);
    store_abort(txn->under);
    arena_free(&txn->memory);
    free(txn);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static MDB_dbi table_of(const store *s, unsigned table)
{
    WF_ASSERT(table < s->count);
    return s->tables[table];
}

/* The transaction that has the table. */
static store_txn *txn_with(store_txn *txn, unsigned table)
{
    return txn->under != NULL && (txn->owner->below >> table & 1) != 0 ? txn->under : txn;
}

/* What is stored under a key as what was put there. */
static wf_status take_value(const store *s, unsigned table, MDB_val key, MDB_val stored, span *out,
                            wf_error *err)
{
    *out = span_of_val(stored);
    if (!has_check(s, table) || store_check_take(out, s->seeds[table], span_of_val(key)))
        return WF_OK;
    *out = (span){NULL, 0};
    return say_damaged(s, table, err);
}

wf_status store_get(store_txn *txn, unsigned table, span key, span *out, wf_error *err)
{
    txn = txn_with(txn, table);
    MDB_dbi dbi = table_of(txn->owner, table);
    MDB_val k = val_of(key);
    MDB_val value = {0, NULL};
    *out = (span){NULL, 0};
    if (dbi == NO_TABLE)
        return WF_OK;
    int code = mdb_get(txn->txn, dbi, &k, &value);
    if (code == MDB_NOTFOUND)
        return WF_OK;
    if (code != 0)
        return fail(txn->owner, code, store_table_name(txn->owner, table), err);
    return take_value(txn->owner, table, k, value, out, err);
}

static int put(store_txn *txn, unsigned table, span key, span value, unsigned flags)
{
    const store *s = txn->owner;
    MDB_val k = val_of(key);
    MDB_val v = val_of(value);
    if (!has_check(s, table))
        return mdb_put(txn->txn, s->tables[table], &k, &v, flags);
    v.mv_size += STORE_CHECK_SIZE;
    int code = mdb_put(txn->txn, s->tables[table], &k, &v, flags | MDB_RESERVE);
    if (code != 0)
        return code;
    if (value.size > 0)
        memcpy(v.mv_data, value.data, value.size);
    store_check_put((uint8_t *)v.mv_data + value.size, s->seeds[table], key, value);
    return 0;
}

wf_status store_put(store_txn *txn, unsigned table, span key, span value, bool append,
                    wf_error *err)
{
    store *s = txn->owner;
    WF_ASSERT(table < s->count && txn->write && key.size > 0 && key.size <= STORE_KEY_MAX);
    int code = put(txn, table, key, value, append ? MDB_APPEND : 0);
    if (code == MDB_KEYEXIST && append) /* it was not the largest after all */
        code = put(txn, table, key, value, 0);
    if (code != 0)
        return fail(s, code, store_table_name(s, table), err);
    if (s->trace != NULL)
        store_trace_write(s->trace, STORE_TRACE_PUT, table, key, value.size, append);
    return WF_OK;
}

wf_status store_delete(store_txn *txn, unsigned table, span key, wf_error *err)
{
    store *s = txn->owner;
    MDB_val k = val_of(key);
    WF_ASSERT(txn->write);
    int code = mdb_del(txn->txn, table_of(s, table), &k, NULL);
    if (code != 0 && code != MDB_NOTFOUND)
        return fail(s, code, store_table_name(s, table), err);
    if (s->trace != NULL && code == 0)
        store_trace_write(s->trace, STORE_TRACE_DELETE, table, key, 0, false);
    return WF_OK;
}

wf_status store_clear(store_txn *txn, unsigned table, wf_error *err)
{
    store *s = txn->owner;
    WF_ASSERT(txn->write);
    int code = mdb_drop(txn->txn, table_of(s, table), 0);
    if (code != 0)
        return fail(s, code, store_table_name(s, table), err);
    if (s->trace != NULL)
        store_trace_write(s->trace, STORE_TRACE_CLEAR, table, (span){NULL, 0}, 0, false);
    return WF_OK;
}

/* ---- cursors ------------------------------------------------------------------------------- */

wf_status store_cursor_open(store_cursor **out, store_txn *txn, unsigned table, wf_error *err)
{
    txn = txn_with(txn, table);
    MDB_dbi dbi = table_of(txn->owner, table);
    *out = NULL;
    store_cursor *c = calloc(1, sizeof *c);
    if (c == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    c->owner = txn->owner;
    c->table = table;
    c->snapshot = !txn->write;
    if (dbi != NO_TABLE) {
        int code = mdb_cursor_open(txn->txn, dbi, &c->cursor);
        if (code != 0) {
            free(c);
            return fail(txn->owner, code, store_table_name(txn->owner, table), err);
        }
    }
    *out = c;
    return WF_OK;
}

/* Damage of a page can lose rows or bring others in: a walk over all rows counts them, and each key
   is larger than the one before. Only where nothing is written meanwhile. */
static wf_status check_walk(store_cursor *c, MDB_cursor_op op, int code, MDB_val key, wf_error *err)
{
    MDB_stat stat;
    if (!c->snapshot)
        return WF_OK;
    if (op == MDB_FIRST)
        c->passed = 0;
    c->from_first = op == MDB_FIRST || (op == MDB_NEXT && c->from_first);
    if (code == MDB_NOTFOUND) {
        bool all = !c->from_first ||
                   mdb_stat(mdb_cursor_txn(c->cursor), mdb_cursor_dbi(c->cursor), &stat) != 0 ||
                   stat.ms_entries == c->passed;
        return all ? WF_OK : say_damaged(c->owner, c->table, err);
    }
    size_t both = key.mv_size < c->last.mv_size ? key.mv_size : c->last.mv_size;
    if (op == MDB_NEXT && c->last.mv_data != NULL) {
        int order = memcmp(c->last.mv_data, key.mv_data, both);
        if (order > 0 || (order == 0 && c->last.mv_size >= key.mv_size))
            return say_damaged(c->owner, c->table, err);
    }
    c->passed++;
    c->last = key;
    return WF_OK;
}

static wf_status move(store_cursor *c, MDB_cursor_op op, MDB_val key, span *key_out,
                      span *value_out, wf_error *err)
{
    MDB_val value = {0, NULL};
    *key_out = *value_out = (span){NULL, 0};
    if (c->cursor == NULL)
        return WF_OK;
    int code = mdb_cursor_get(c->cursor, &key, &value, op);
    if (code != 0 && code != MDB_NOTFOUND)
        return fail(c->owner, code, _("cannot be read"), err);
    wf_status status = has_check(c->owner, c->table) ? check_walk(c, op, code, key, err) : WF_OK;
    if (status == WF_OK && code == 0)
        status = take_value(c->owner, c->table, key, value, value_out, err);
    if (status == WF_OK && code == 0)
        *key_out = span_of_val(key);
    return status;
}

wf_status store_cursor_seek(store_cursor *c, span key, span *key_out, span *value_out,
                            wf_error *err)
{
    bool first = key.data == NULL || key.size == 0;
    return move(c, first ? MDB_FIRST : MDB_SET_RANGE, val_of(key), key_out, value_out, err);
}

wf_status store_cursor_last(store_cursor *c, span *key_out, span *value_out, wf_error *err)
{
    return move(c, MDB_LAST, (MDB_val){0, NULL}, key_out, value_out, err);
}

wf_status store_cursor_next(store_cursor *c, span *key_out, span *value_out, wf_error *err)
{
    return move(c, MDB_NEXT, (MDB_val){0, NULL}, key_out, value_out, err);
}

void store_cursor_close(store_cursor *c)
{
    if (c == NULL)
        return;
    if (c->cursor != NULL)
        mdb_cursor_close(c->cursor);
    free(c);
}

/* ---- copying ------------------------------------------------------------------------------- */

/* Not compacted: of a store of 3.9 GB that took twice as long (12.7 s, 6.3 s) and saved 0.3 %, and
   a plain copy keeps the pages, and so what is wrong with one, where they were. */
wf_status store_copy(store *s, const char *path, wf_error *err)
{
    char file[4096];
    if (snprintf(file, sizeof file, "%s/%s", path, data_file) >= (int)sizeof file)
        return wf_fail(err, WF_USAGE, _("%s: the path is too long"), path);
    int code = mdb_env_copy(s->env, path);
    if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID)
        return fail(s, code, _("cannot be copied"), err);
    if (code != 0 && store_room_explains(code, file, _("cannot be written"), err))
        return WF_SYSTEM;
    if (code != 0)
        return wf_fail(err, WF_SYSTEM, "%s: %s", file, mdb_strerror(code));
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    wf_status status = WF_OK;
    if (fd < 0 || fsync(fd) != 0)
        status = wf_fail_errno(err, _("%s: cannot be synced"), file);
    if (fd >= 0)
        close(fd);
    return status;
}

/* ---- the pages themselves ------------------------------------------------------------------ */

wf_status store_check_pages(store_txn *txn,
                            void (*report)(void *ctx, const char *table, uint64_t page,
                                           const char *text),
                            void *ctx, uint64_t *found, wf_error *err)
{
    mdb_filehandle_t file;
    meta_image images[2];
    const char *problems[2];
    uint64_t more = 0;
    int code = mdb_env_get_fd(txn->owner->env, &file);
    if (code != 0)
        return fail(txn->owner, code, _("cannot be read"), err);
    *found = 0;
    wf_status status = meta_read(file, images, problems, err);
    for (unsigned i = 0; i < 2 && status == WF_OK; i++) {
        if (problems[i] != NULL) {
            report(ctx, NULL, i, problems[i]);
            (*found)++;
        } else if (images[i].txnid == mdb_txn_id(txn->txn)) {
            /* The pages of this snapshot stay while the transaction is open. */
            status = pages_check(file, &images[i], report, ctx, &more, err);
        }
    }
    *found += more;
    return status;
}

void store_keep_meta(store *s, const char *folder)
{
    mdb_filehandle_t file;
    if (mdb_env_get_fd(s->env, &file) == 0)
        meta_keep(file, folder);
}

/* ---- about the store ----------------------------------------------------------------------- */

/* Numbers of a damaged page: more pages than the file has, or more rows than would fit into them
   (each is ROW_SMALLEST bytes at least). Callers ask for memory by them. */
static bool stat_is_possible(const store_txn *txn, const MDB_stat *stat)
{
    enum { ROW_SMALLEST = 10 };
    MDB_envinfo info;
    if (mdb_env_info(txn->owner->env, &info) != 0)
        return false;
    /* a write transaction counts pages that the file does not have yet */
    size_t pages = txn->write ? info.me_mapsize / stat->ms_psize : info.me_last_pgno + 1;
    return stat->ms_branch_pages <= pages && stat->ms_leaf_pages <= pages &&
           stat->ms_overflow_pages <= pages &&
           stat->ms_entries <= stat->ms_leaf_pages * (stat->ms_psize / ROW_SMALLEST);
}

wf_status store_table_stats(store_txn *txn, unsigned table, store_table_stat *out, wf_error *err)
{
    txn = txn_with(txn, table);
    MDB_dbi dbi = table_of(txn->owner, table);
    MDB_stat stat;
    *out = (store_table_stat){0};
    if (dbi == NO_TABLE)
        return WF_OK;
    int code = mdb_stat(txn->txn, dbi, &stat);
    if (code == 0 && !stat_is_possible(txn, &stat))
        code = MDB_CORRUPTED;
    if (code != 0)
        return fail(txn->owner, code, store_table_name(txn->owner, table), err);
    out->rows = stat.ms_entries;
    out->bytes = (uint64_t)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
                 stat.ms_psize;
    return WF_OK;
}

const char *store_table_name(const store *s, unsigned table)
{
    WF_ASSERT(table < s->count);
    return s->names[table];
}

unsigned store_table_count(const store *s)
{
    return s->count;
}

void store_set_trace(store *s, FILE *trace)
{
    s->trace = trace;
    if (trace != NULL)
        store_trace_begin(trace);
}
