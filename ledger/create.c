/*
 * ledger/create.c: a new ledger, whole or not at all.
 *
 * It is made in ".NAME.tmp.PID" beside its place: key, store with the genesis entry, first signed
 * checkpoint; everything is synced before the rename that makes it appear. Whoever makes it holds a
 * lock on that folder. What a killed attempt left is removed by the next one for the same place.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger_private.h"

/* Where it goes and where it is made. */
typedef struct place {
    char *dir;    /* without slashes at the end */
    char *parent; /* "." when dir has no slash */
    char *temporary;
} place;

static void place_free(place *p)
{
    free(p->dir);
    free(p->parent);
    free(p->temporary);
}

static wf_status place_init(place *p, const char *dir, wf_error *err)
{
    *p = (place){strdup(dir), NULL, NULL};
    if (p->dir == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    size_t size = strlen(p->dir);
    while (size > 1 && p->dir[size - 1] == '/')
        p->dir[--size] = '\0';
    const char *slash = strrchr(p->dir, '/');
    const char *name = slash != NULL ? slash + 1 : p->dir;
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return wf_fail(err, WF_USAGE, _("%s: name the new ledger's folder itself"), dir);
    if (slash == NULL)
        p->parent = strdup(".");
    else if (slash == p->dir)
        p->parent = strdup("/");
    else
        p->parent = strndup(p->dir, (size_t)(slash - p->dir));
    size_t room = (p->parent != NULL ? strlen(p->parent) : 0) + strlen(name) + 40;
    p->temporary = malloc(room);
    if (p->parent == NULL || p->temporary == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    snprintf(p->temporary, room, "%s/.%s.tmp.%ld", p->parent, name, (long)getpid());
    return WF_OK;
}

static wf_status check_free(const place *p, wf_error *err)
{
    struct stat st;
    if (stat(p->parent, &st) != 0)
        return wf_fail_errno(err, "%s", p->parent);
    DIR *d = opendir(p->dir);
    if (d == NULL) {
        if (errno == ENOENT)
            return WF_OK;
        if (errno == ENOTDIR)
            return wf_fail(err, WF_REFUSED, _("%s exists and is not a folder"), p->dir);
        return wf_fail_errno(err, "%s", p->dir);
    }
    bool empty = true;
    for (struct dirent *e = readdir(d); e != NULL && empty; e = readdir(d))
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    closedir(d);
    return empty ? WF_OK
                 : wf_fail(err, WF_REFUSED,
                           _("%s exists and is not empty; a ledger is only made in a new or empty "
                             "folder: name another one, or, when it is a ledger already, use it"),
                           p->dir);
}

/* Removes what an attempt left; other people's files stay, and then the folder does too. */
static void remove_attempt(const char *folder)
{
    static const char *const files[] = {FILE_FORMAT,
                                        FILE_CHECKPOINT,
                                        FILE_CHECKPOINT "~",
                                        FILE_FORMAT "~",
                                        FILE_KEY,
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

static wf_status enter_genesis(ledger *l, wf_error *err)
{
    group *g = calloc(1, sizeof *g);
    bool already = false;
    uint64_t seq = 0;
    system_record record = {.kind = SYSTEM_GENESIS, .genesis = l->genesis};
    if (g == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    g->l = l;
    wf_status status = group_begin(g, err);
    /* Its time of author is 0, and so its id is the smallest: an import of last year's records,
       whose ids are older than today, still appends to the table of ids. */
    if (status == WF_OK)
        status = group_enter_system(g, &record, 0, &already, &seq, err);
    if (status == WF_OK)
        status = group_commit(g, err);
    group_free(g);
    free(g);
    return status;
}

static wf_status fill_store(ledger *l, const char *path, const ledger_hooks *hooks, wf_error *err)
{
    const char *tables[STORE_TABLES_MAX + 1];
    ledger_table_names(tables, hooks);
    store_options options = {.create = true, .tables = tables};
    wf_status status = store_open(&l->store, path, &options, err);
    if (status == WF_OK)
        status = enter_genesis(l, err);
    if (status == WF_OK)
        status = signed_head_write(l, err);
    store_close(l->store);
    l->store = NULL;
    return status;
}

static wf_status fill(const place *p, const genesis *wanted, const ledger_hooks *hooks,
                      wf_error *err)
{
    static const char format[] = "wufei-ledger 1\n";
    genesis g = *wanted;
    EVP_PKEY *key = NULL;
    ledger *l = calloc(1, sizeof *l);
    char *store_path = folder_path(p->temporary, FOLDER_STORE);
    wf_status status;
    if (l == NULL || store_path == NULL) {
        free(store_path);
        free(l);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    l->dir = p->temporary;
    l->lock = -1;
    key_table_init(&l->keys);
    status = key_generate(&key, p->temporary, err);
    if (status == WF_OK)
        status = signer_of_key(&l->signer, key, err);
    if (status == WF_OK)
        memcpy(g.operator_key, signer_public(l->signer), PUBLIC_KEY_SIZE);
    if (status == WF_OK)
        status = ledger_take_genesis(l, &g, err);
    if (status == WF_OK && mkdir(store_path, 0777) != 0)
        status = wf_fail_errno(err, "%s", store_path);
    if (status == WF_OK)
        status = fill_store(l, store_path, hooks, err);
    if (status == WF_OK)
        status = folder_sync(store_path, err);
    if (status == WF_OK)
        status = folder_write(p->temporary, FILE_FORMAT, format, sizeof format - 1, 0644, err);
    key_table_free(&l->keys);
    signer_free(l->signer);
    free(store_path);
    free(l);
    return status;
}

wf_status ledger_create(const char *dir, const char *origin, const char *suite_name,
                        int utc_offset_minutes, const ledger_hooks *hooks, wf_error *err)
{
    genesis g = {.version = LEDGER_FORMAT, .utc_offset_minutes = utc_offset_minutes};
    place p;
    bool made = false;
    int lock = -1;
    wf_status status = system_check_origin(origin, err);
    if (status != WF_OK)
        return status;
    if (strcmp(suite_name, SUITE_ED25519) != 0)
        return wf_fail(err, WF_USAGE, _("suite %s: this version of wufei knows %s only"),
                       suite_name, SUITE_ED25519);
    if (utc_offset_minutes < -24 * 60 || utc_offset_minutes > 24 * 60)
        return wf_fail(err, WF_USAGE, _("the offset from UTC is more than a day"));
    strcpy(g.origin, origin);
    strcpy(g.suite, suite_name);
    status = place_init(&p, dir, err);
    if (status == WF_OK)
        status = check_free(&p, err);
    if (status == WF_OK)
        remove_stale_attempts(&p);
    if (status == WF_OK && mkdir(p.temporary, 0777) != 0)
        status = wf_fail_errno(err, "%s", p.temporary);
    else if (status == WF_OK)
        made = true;
    if (made)
        lock = lock_attempt(p.temporary); /* where there are no locks, the process id has to do */
    if (status == WF_OK)
        status = fill(&p, &g, hooks, err);
    if (status == WF_OK && rename(p.temporary, p.dir) != 0)
        status = wf_fail_errno(err, "%s", p.dir);
    else if (status == WF_OK)
        made = false;
    if (status == WF_OK)
        status = folder_sync(p.parent, err);
    if (made)
        remove_attempt(p.temporary);
    if (lock >= 0)
        close(lock);
    place_free(&p);
    return status;
}
