/*
 * ledger/repair/repair.c: puts right what can be known for sure, and nothing else.
 *
 *     meta pages     from the other page or the kept copy, when the log that they lead to holds
 *     other pages    when the log can still be read whole: its tables in a new store
 *     tiles, head,   computed from the entries
 *     ids
 *     entries        from a backup or exported tiles that have bytes of the right hash
 *
 * What is replaced outside of a transaction is kept beside it first. The book is the layer above's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "repair.h"
#include "store_meta.h"

void repair_say(const ledger_repair_options *options, const char *what, bool repaired,
                const char *format, ...)
{
    char text[600];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    options->done(options->ctx, what, repaired, text);
}

char *repair_free_name(const char *dir, const char *name)
{
    char *base = folder_path(dir, name);
    size_t room = base == NULL ? 0 : strlen(base) + 40;
    char *out = base == NULL ? NULL : malloc(room);
    struct stat st;
    bool taken = out != NULL;
    for (unsigned i = 1; taken; i++) {
        snprintf(out, room, "%s.before-repair-%u", base, i);
        taken = lstat(out, &st) == 0;
    }
    free(base);
    return out;
}

/* ---- meta pages ---------------------------------------------------------------------------- */

typedef struct tried {
    bool clean;    /* all pages are what they should be */
    uint64_t size; /* of the log */
    uint64_t signed_size;
} tried;

static void count_only(void *ctx, const char *table, uint64_t page, const char *text)
{
    (void)ctx, (void)table, (void)page, (void)text;
}

static wf_status try_in_child(void *ctx, void *result, wf_error *err)
{
    const char *dir = ctx;
    tried *out = result;
    uint64_t found = 0;
    ledger_head head;
    scrub_state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    scrubber c = {.s = s};
    wf_status status = scrub_open(&c, dir, false, err);
    if (status == WF_OK)
        status = store_check_pages(c.txn, count_only, NULL, &found, err);
    if (status == WF_OK)
        status = head_get(&head, c.txn, err);
    if (status == WF_OK) {
        out->clean = found == 0;
        out->size = head.size;
        out->signed_size = s->signed_head.size;
    }
    scrub_close(&c);
    free(s);
    return status;
}

/* It opens, and is not before what was signed. */
static bool is_current(const char *dir, tried *t)
{
    wf_error ignored;
    *t = (tried){0};
    return ledger_guard(dir, try_in_child, (void *)(uintptr_t)dir, t, sizeof *t, &ignored) ==
               WF_OK &&
           t->signed_size > 0 && t->size >= t->signed_size;
}

/* That with the meta pages as they are now the log is the one that was signed. */
static bool store_holds(const char *dir)
{
    tried t = {0};
    ledger_verify_report report;
    wf_error ignored;
    if (is_current(dir, &t) && t.clean)
        return true;
    return scrub_verify(dir, false, NULL, &report, &ignored) == WF_OK;
}

/* The bytes before anything is written: as many as both meta pages may reach over, or all there
   are; *name is the file that keeps them. */
static wf_status keep_pages(const char *dir, int fd, buffer *out, char **name, wf_error *err)
{
    char *folder = folder_path(dir, FOLDER_STORE);
    *name = folder == NULL ? NULL : repair_free_name(folder, "meta-pages");
    wf_status status = WF_OK;
    ssize_t got = 0;
    if (*name == NULL || !buffer_reserve(out, META_REACH))
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if ((got = pread(fd, out->data, META_REACH, 0)) < 0)
        status = wf_fail_errno(err, "%s/%s", dir, FOLDER_STORE "/data.mdb");
    out->size = (size_t)(got > 0 ? got : 0);
    if (status == WF_OK)
        status = folder_write(folder, strrchr(*name, '/') + 1, out->data, out->size, 0644, err);
    free(folder);
    return status;
}

static wf_status try_candidates(const char *dir, int fd, const ledger_repair_options *options,
                                const char *kept_as, const buffer *before, wf_error *err)
{
    meta_image images[META_IMAGES_MAX];
    unsigned count = 0;
    wf_status status = meta_candidates(fd, dir, images, &count, err);
    for (unsigned i = 0; i < count && status == WF_OK; i++) {
        status = meta_write(fd, &images[i], err);
        if (status == WF_OK && store_holds(dir)) {
            repair_say(
                options, "meta", true,
                _("both are of transaction %llu now, and the log is the one that was signed; "
                  "what they were is in %s"),
                (unsigned long long)images[i].txnid, kept_as);
            return WF_OK;
        }
    }
    if (status == WF_OK)
        repair_say(options, "meta", false,
                   _("of %u states that they may have had none leads to the log that was signed; "
                     "they are as they were: put a backup in place with wufei restore"),
                   count);
    if (pwrite(fd, before->data, before->size, 0) != (ssize_t)before->size || fsync(fd) != 0)
        return wf_fail_errno(err, _("%s: its first pages cannot be put back; they are in %s"), dir,
                             kept_as);
    return status;
}

/* Whether a meta page is damaged, and what can be done. The store is open nowhere here. */
static wf_status mend_meta(const char *dir, const ledger_repair_options *options, wf_error *err)
{
    meta_image images[2];
    const char *problems[2];
    buffer before = {0};
    tried now;
    char *kept_as = NULL;
    int lock = -1;
    char *path = folder_path(dir, FOLDER_STORE "/data.mdb");
    wf_status status = repair_check_alone(dir, err);
    if (status == WF_OK)
        status = folder_lock(&lock, dir, err);
    int fd = path == NULL || lock < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (status == WF_OK && fd < 0 && path != NULL && errno == ENOENT)
        status =
            wf_fail(err, WF_DAMAGED,
                    _("%s is missing; put a backup in place with: wufei restore BACKUP"), path);
    else if (status == WF_OK && fd < 0)
        status = wf_fail_errno(err, "%s", path == NULL ? dir : path);
    if (status == WF_OK)
        status = meta_read(fd, images, problems, err);
    if (status == WF_OK && (problems[0] != NULL || problems[1] != NULL || !is_current(dir, &now))) {
        status = keep_pages(dir, fd, &before, &kept_as, err);
        if (status == WF_OK)
            status = try_candidates(dir, fd, options, kept_as, &before, err);
    }
    if (fd >= 0)
        close(fd);
    if (lock >= 0)
        close(lock);
    buffer_free(&before);
    free(kept_as);
    free(path);
    return status;
}

/* ---- rows ---------------------------------------------------------------------------------- */

typedef struct fix_job {
    const char *dir, *from;
    scrub_state *s;
    ledger_progress *progress;
} fix_job;

static wf_status fix_in_child(void *ctx, void *result, wf_error *err)
{
    const fix_job *job = ctx;
    scrubber c = {.s = job->s, .progress = job->progress};
    (void)result;
    wf_status status = scrub_open(&c, job->dir, true, err);
    if (status == WF_OK && job->from != NULL)
        status = scrub_source_open(&c.source, job->from, job->s->kind, err);
    if (status == WF_OK)
        status = scrub_entries(&c);
    if (status == WF_OK)
        status = scrub_tables(&c);
    if (status == WF_OK && !job->s->is_signed) {
        job->s->fixed_any = false;
        status = wf_fail(
            err, WF_DAMAGED,
            job->s->signed_head.size == 0
                ? _("%s: there is no signed checkpoint to compare the entries with: nothing was "
                    "changed")
                : _("%s: the entries are not those that were signed: nothing was changed; put a "
                    "backup in place with: wufei restore BACKUP"),
            job->dir);
    } else if (status == WF_OK && job->s->fixed_any) {
        status = store_commit(c.txn, err);
        c.txn = NULL;
    }
    scrub_close(&c);
    scrub_source_close(c.source);
    return status;
}

/* One transaction: all of it or nothing. */
static wf_status fix_rows(const char *dir, const ledger_repair_options *options, wf_error *err)
{
    char none;
    wf_error why = {0};
    scrub_state *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    fix_job job = {dir, options->from, s, options->progress};
    wf_status status = ledger_guard(dir, fix_in_child, &job, &none, 1, &why);
    if (status == WF_OK && s->fixed_any)
        repair_say(options, "rows", true,
                   _("%llu tiles, entries or rows were put right; see what is left"),
                   (unsigned long long)s->fixed_count);
    else if (status == WF_DAMAGED)
        repair_say(options, "rows", false, "%s", why.text);
    munmap(s, sizeof *s);
    if (status != WF_OK && status != WF_DAMAGED)
        return wf_fail(err, status, "%s", why.text);
    return WF_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

typedef struct kinds {
    bool store; /* pages */
    bool log;   /* among them some that the log stands on */
    bool rows;
} kinds;

static void note_kind(void *ctx, const ledger_damage *d)
{
    kinds *k = ctx;
    k->store |= d->kind == DAMAGE_STORE;
    k->log |= d->kind == DAMAGE_STORE && d->level != LEVEL_BOOK;
    k->rows |= d->kind == DAMAGE_ENTRY || d->kind == DAMAGE_TILE || d->kind == DAMAGE_HEAD ||
               d->kind == DAMAGE_SIGNED || d->kind == DAMAGE_TABLE;
}

static wf_status look(const char *dir, const ledger_repair_options *options, kinds *out,
                      wf_error *err)
{
    ledger_scrub_report report;
    *out = (kinds){0};
    ledger_scrub_options scrub = {.progress = options->progress, .found = note_kind, .ctx = out};
    return ledger_scrub(dir, &scrub, &report, err);
}

/* FORMAT says one thing in every ledger of this format. */
static wf_status mend_format(const char *dir, const ledger_repair_options *options, wf_error *err)
{
    static const char right[] = "wufei-ledger 1\n";
    wf_status status = folder_check_format(dir, NULL);
    if (status != WF_DAMAGED)
        return status == WF_OK ? WF_OK : folder_check_format(dir, err);
    status = folder_write(dir, FILE_FORMAT, right, sizeof right - 1, 0644, err);
    if (status == WF_OK)
        repair_say(options, FILE_FORMAT, true, _("it is written anew"));
    return status;
}

/* The kept copy of the meta pages is written without a sync, so that a power cut may tear it. It
   may be gone, too. */
static wf_status mend_kept_meta(const char *dir, const ledger_repair_options *options,
                                wf_error *err)
{
    int lock = -1;
    char *path = folder_path(dir, FOLDER_STORE "/data.mdb");
    char *kept = folder_path(dir, FILE_META);
    wf_status status = WF_OK;
    if (path == NULL || kept == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status == WF_OK && !(scrub_file_is_there(dir, FILE_META) && meta_kept_is_whole(dir))) {
        status = folder_lock(&lock, dir, err);
        int fd = lock < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        if (status == WF_OK && (fd < 0 || (unlink(kept) != 0 && errno != ENOENT)))
            status = wf_fail_errno(err, "%s", fd < 0 ? path : kept);
        if (status == WF_OK) {
            meta_keep(fd, dir);
            repair_say(options, FILE_META, true, _("it is written anew"));
        }
        if (fd >= 0)
            close(fd);
        if (lock >= 0)
            close(lock);
    }
    free(kept);
    free(path);
    return status;
}

wf_status ledger_repair(const char *dir, const ledger_repair_options *options, wf_error *err)
{
    kinds found;
    wf_status status = mend_format(dir, options, err);
    if (status == WF_OK)
        status = look(dir, options, &found, err);
    if (status == WF_OK && found.log) {
        status = mend_meta(dir, options, err);
        if (status == WF_OK)
            status = look(dir, options, &found, err);
    }
    /* Nothing is written where pages are damaged that the log stands on: that would damage more. */
    if (status == WF_OK && found.rows && !found.log) {
        status = fix_rows(dir, options, err);
        if (status == WF_OK)
            status = look(dir, options, &found, err);
    }
    if (status == WF_OK && found.store) {
        status = repair_new_store(dir, options, err);
        if (status == WF_OK)
            status = look(dir, options, &found, err);
        if (status == WF_OK && found.rows && !found.log) {
            status = fix_rows(dir, options, err);
            if (status == WF_OK)
                status = look(dir, options, &found, err);
        }
    }
    if (status == WF_OK && !found.log && !found.store && !found.rows) /* else it may be needed */
        status = mend_kept_meta(dir, options, err);
    return status;
}
