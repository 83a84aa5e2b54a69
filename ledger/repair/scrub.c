/*
 * ledger/repair/scrub.c: everything that is stored, looked at; every damage reported, not only the
 * first.
 *
 * Reading damaged pages can end a process, so the work is done in children (guard.c), and what they
 * found and how far they came stands in memory that all share. A child that died is followed by one
 * that goes on behind what killed it.
 */
#include "scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

void scrub_note(scrub_state *s, enum ledger_damage_kind kind, uint64_t number, unsigned level,
                const hash *leaf, const char *format, ...)
{
    va_list list;
    if (s->damage_count >= SCRUB_DAMAGES_MAX) {
        s->damage_count++;
        return;
    }
    ledger_damage *d = &s->damages[s->damage_count];
    *d = (ledger_damage){.kind = kind, .level = level, .number = number, .has_leaf = leaf != NULL};
    if (leaf != NULL)
        d->leaf = *leaf;
    va_start(list, format);
    vsnprintf(d->text, sizeof d->text, format, list);
    va_end(list);
    s->damage_count++;
}

void scrub_note_missing(scrub_state *s, const char *name, uint64_t size, uint64_t signed_size)
{
    s->lost = true;
    if (signed_size <= s->missing_to) /* said already */
        return;
    s->missing_to = signed_size;
    scrub_note(s, DAMAGE_SIGNED, size, 0, NULL,
               _("the log has %1$llu entries, %2$llu were signed, as the file %3$s says: at least "
                 "%4$llu are missing"),
               (unsigned long long)size, (unsigned long long)signed_size, name,
               (unsigned long long)(signed_size - size));
}

/* A failure of a phase that is damage is one more finding; any other ends the scrub. */
static wf_status note_failure(scrub_state *s, enum ledger_damage_kind kind, wf_status status,
                              const wf_error *err)
{
    if (status != WF_DAMAGED)
        return status;
    scrub_note(s, kind, UINT64_MAX, 0, NULL, "%s", err->text);
    return WF_OK;
}

typedef struct scrub_job {
    const char *dir;
    scrub_state *s;
    ledger_progress *progress;
    bool opens; /* the store can be opened */
} scrub_job;

/* ---- the store's pages --------------------------------------------------------------------- */

/* Whether the log can be read and written in spite of it. */
static bool is_of_the_log(const char *table)
{
    const char *tables[STORE_TABLES_MAX + 1];
    ledger_table_names(tables, NULL);
    for (size_t i = 0; table != NULL && tables[i] != NULL; i++)
        if (strcmp(tables[i], table) == 0)
            return true;
    return table == NULL;
}

static void note_page(void *ctx, const char *table, uint64_t page, const char *text)
{
    scrub_state *s = ctx;
    unsigned level = is_of_the_log(table) ? 0 : LEVEL_BOOK;
    if (page == UINT64_MAX)
        scrub_note(s, DAMAGE_STORE, page, level, NULL, "%s", text);
    else
        scrub_note(s, DAMAGE_STORE, page, level, NULL, _("page %llu, table %s: %s"),
                   (unsigned long long)page, table == NULL ? "-" : table, text);
}

/* A store that LMDB does not open: what its own bytes say. */
static wf_status look_at_closed(const scrub_job *job, wf_error *err)
{
    meta_image images[2];
    const char *problems[2];
    uint64_t found = 0;
    char *path = folder_path(job->dir, FOLDER_STORE "/data.mdb");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (path != NULL && fd < 0 && errno == ENOENT) { /* that was said */
        free(path);
        return WF_OK;
    }
    wf_status status = fd < 0 ? wf_fail_errno(err, "%s", path == NULL ? job->dir : path)
                              : meta_read(fd, images, problems, err);
    for (unsigned i = 0; i < 2 && status == WF_OK; i++)
        if (problems[i] != NULL)
            note_page(job->s, NULL, i, problems[i]);
    for (unsigned i = 0; i < 2 && status == WF_OK; i++)
        if (problems[i] == NULL &&
            (problems[1 - i] != NULL || images[i].txnid >= images[1 - i].txnid))
            status = pages_check(fd, &images[i], note_page, job->s, &found, err);
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

static wf_status store_in_child(void *ctx, void *result, wf_error *err)
{
    const scrub_job *job = ctx;
    bool *opens = result;
    const char *tables[STORE_TABLES_MAX + 1];
    store_options options = {.read_only = true, .checked_from = LEDGER_TABLES, .tables = tables};
    store *s = NULL;
    store_txn *txn = NULL;
    wf_error why = {0};
    uint64_t found = 0;
    char *path = folder_path(job->dir, FOLDER_STORE);
    ledger_table_names(tables, NULL);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : store_open(&s, path, &options, &why);
    free(path);
    if (status == WF_DAMAGED) {
        scrub_note(job->s, DAMAGE_STORE, UINT64_MAX, 0, NULL, "%s", why.text);
        return look_at_closed(job, err);
    }
    if (status != WF_OK)
        return wf_fail(err, status, "%s", why.text);
    *opens = true;
    status = store_begin(&txn, s, false, err);
    if (status == WF_OK)
        status = store_check_pages(txn, note_page, job->s, &found, err);
    store_abort(txn);
    store_close(s);
    return status;
}

/* ---- entries and tables -------------------------------------------------------------------- */

/* How many entries there are, when the three that say so disagree: what two of them say. */
static uint64_t decide_size(store_txn *txn)
{
    ledger_head head = {0};
    store_table_stat ids = {0};
    store_cursor *cursor = NULL;
    span key = {0}, value;
    uint64_t last = 0;
    bool has_head = head_get(&head, txn, NULL) == WF_OK;
    bool has_ids = store_table_stats(txn, TABLE_IDS, &ids, NULL) == WF_OK;
    if (store_cursor_open(&cursor, txn, TABLE_ENTRIES, NULL) == WF_OK &&
        store_cursor_last(cursor, &key, &value, NULL) == WF_OK && key.size == 8)
        last = store_u64_key(key.data) + 1;
    store_cursor_close(cursor);
    if (has_head && ((has_ids && head.size == ids.rows) || head.size == last))
        return head.size;
    return has_ids ? ids.rows : last;
}

wf_status scrub_open(scrubber *c, const char *dir, bool fix, wf_error *err)
{
    ledger_options options = {.read_only = !fix, .threads = 1, .unchecked = true};
    c->err = err;
    c->fix = fix;
    wf_status status = ledger_open(&c->l, dir, &options, err);
    if (status == WF_OK)
        status = store_begin(&c->txn, c->l->store, fix, err);
    if (status != WF_OK)
        return status;
    c->size_now = decide_size(c->txn);
    if (!c->s->started) {
        c->s->kind = c->l->suite->hash;
        c->s->size = c->size_now;
        c->s->signed_head = c->l->last_signed; /* read before this transaction began */
    }
    return status;
}

void scrub_close(scrubber *c)
{
    store_abort(c->txn);
    c->txn = NULL;
    ledger_close(c->l);
    c->l = NULL;
    buffer_free(&c->room);
    archive_tools_free(&c->tools);
    archive_run_free(&c->run);
}

static wf_status entries_in_child(void *ctx, void *result, wf_error *err)
{
    const scrub_job *job = ctx;
    scrubber c = {.s = job->s, .progress = job->progress};
    (void)result;
    wf_status status = scrub_open(&c, job->dir, false, err);
    if (status == WF_OK)
        status = scrub_entries(&c);
    scrub_close(&c);
    return status;
}

static wf_status tables_in_child(void *ctx, void *result, wf_error *err)
{
    const scrub_job *job = ctx;
    scrubber c = {.s = job->s};
    (void)result;
    wf_status status = scrub_open(&c, job->dir, false, err);
    if (status == WF_OK)
        status = scrub_tables(&c);
    scrub_close(&c);
    return status;
}

static wf_status files_in_child(void *ctx, void *result, wf_error *err)
{
    const scrub_job *job = ctx;
    scrubber c = {.s = job->s};
    (void)result;
    wf_status status = scrub_open(&c, job->dir, false, err);
    if (status == WF_OK)
        status = scrub_files(&c, job->dir, err);
    scrub_close(&c);
    return status;
}

/* A child that died says in the shared memory what it was reading: that is left out next time. */
static wf_status run_entries(scrub_job *job, wf_error *err)
{
    enum { DEATHS_MAX = 2000 };
    scrub_state *s = job->s;
    char none;
    for (unsigned deaths = 0; deaths < DEATHS_MAX; deaths++) {
        wf_error why = {0};
        s->reading = READING_NOTHING;
        wf_status status = ledger_guard(job->dir, entries_in_child, job, &none, 1, &why);
        if (status == WF_OK)
            return WF_OK;
        if (status != WF_DAMAGED || s->reading == READING_NOTHING || s->poison[s->reading]) {
            wf_fail(err, status, "%s", why.text);
            return note_failure(s, DAMAGE_STORE, status, &why);
        }
        s->poison[s->reading] = true;
        if (s->reading == READING_ENDS) {
            scrub_note(s, DAMAGE_STORE, UINT64_MAX, 0, NULL, "%s", why.text);
            return WF_OK;
        }
    }
    scrub_note(s, DAMAGE_STORE, UINT64_MAX, 0, NULL, _("from entry %llu on nothing was read"),
               (unsigned long long)s->next);
    return WF_OK;
}

/* ---- what a verification says -------------------------------------------------------------- */

typedef struct verify_job {
    const char *dir;
    bool signatures;
    ledger_progress *progress;
} verify_job;

static wf_status verify_in_child(void *ctx, void *result, wf_error *err)
{
    const verify_job *job = ctx;
    ledger *l = NULL;
    ledger_options options = {.read_only = true};
    wf_status status = ledger_open(&l, job->dir, &options, err);
    if (status == WF_OK)
        status = ledger_verify(l, 0, job->signatures, job->progress, result, err);
    ledger_close(l);
    return status;
}

wf_status scrub_verify(const char *dir, bool signatures, ledger_progress *progress,
                       ledger_verify_report *out, wf_error *err)
{
    verify_job job = {dir, signatures, progress};
    return ledger_guard(dir, verify_in_child, &job, out, sizeof *out, err);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static wf_status run_phases(scrub_job *job, const ledger_scrub_options *options,
                            ledger_scrub_report *out, wf_error *err)
{
    scrub_state *s = job->s;
    ledger_verify_report verified = {0};
    wf_error why = {0};
    char none;
    wf_status status = note_failure(s, DAMAGE_FILE, folder_check_format(job->dir, &why), &why);
    if (status != WF_OK)
        return wf_fail(err, status, "%s", why.text);
    scrub_kept_meta(s, job->dir);
    status = ledger_guard(job->dir, store_in_child, job, &job->opens, sizeof job->opens, &why);
    status = note_failure(s, DAMAGE_STORE, status, &why);
    out->opens = job->opens;
    if (status == WF_OK && job->opens)
        status = run_entries(job, &why);
    if (status == WF_OK && job->opens)
        status = note_failure(s, DAMAGE_STORE,
                              ledger_guard(job->dir, tables_in_child, job, &none, 1, &why), &why);
    if (status == WF_OK && job->opens)
        status = note_failure(s, DAMAGE_STORE,
                              ledger_guard(job->dir, files_in_child, job, &none, 1, &why), &why);
    /* Keys, signatures, the checkpoint: read only where all that they stand on is whole. */
    if (status == WF_OK && job->opens && s->damage_count == s->aside)
        status = note_failure(
            s, DAMAGE_HEAD,
            scrub_verify(job->dir, options->signatures, job->progress, &verified, &why), &why);
    out->signatures = verified.signatures;
    return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", why.text);
}

wf_status ledger_scrub(const char *dir, const ledger_scrub_options *options,
                       ledger_scrub_report *out, wf_error *err)
{
    int64_t start_us = clock_monotonic_us();
    scrub_state *s =
        mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *out = (ledger_scrub_report){0};
    if (s == MAP_FAILED)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    scrub_job job = {.dir = dir, .s = s, .progress = options->progress};
    wf_status status = run_phases(&job, options, out, err);
    out->damages = s->damage_count;
    out->entries_bad = s->entries_bad;
    out->size = s->size;
    out->entries = s->entries;
    out->bytes = s->bytes;
    out->tiles = s->tiles;
    out->ids = s->ids;
    out->is_signed = s->is_signed;
    out->aside = s->aside;
    out->lost = s->lost;
    out->proved = s->proved;
    out->key_absent = s->key_absent;
    if (s->size > 0 && s->frontier.size == s->size)
        merkle_frontier_root(&out->root, &s->frontier);
    for (uint64_t i = 0; i < s->damage_count && i < SCRUB_DAMAGES_MAX && status == WF_OK; i++)
        options->found(options->ctx, &s->damages[i]);
    munmap(s, sizeof *s);
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    return status;
}
