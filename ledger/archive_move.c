/*
 * ledger/archive_move.c: complete runs of entries from rows of their own into compressed bundles.
 *
 * Runs are taken from the oldest on, some at a time, by one thread of the process at a time: the
 * writer does it when it is idle, and whoever calls ledger_archive. Threads read and pack them;
 * then one transaction puts the bundles and deletes the rows, so that an entry is always in exactly
 * one of the two places. Before that each entry is compared with its hash in the tree, and each
 * bundle is unpacked again and compared with what went in: a damaged entry stays where it is, and
 * nothing is deleted that the bundle does not give back.
 *
 * The pages that become free are used again by what is entered next. The file itself does not
 * shrink, nor does a copy of it (store_copy): an archive pays when the log goes on growing.
 */
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/text.h"

enum {
    STEP_RUNS = 64,   /* of one transaction: 16 384 entries */
    PACK_THREADS = 8, /* at the most */
    SOME_RUNS = 4     /* of archive_some: some milliseconds */
};

/* Runs that are packed together. */
typedef struct packing {
    ledger *l;
    uint64_t first; /* run */
    size_t count;
    atomic_size_t next;
    buffer rows[STEP_RUNS];
    uint64_t entry_bytes;
    pthread_mutex_t lock; /* for the two below */
    uint64_t broken;      /* the lowest run that failed */
    wf_error err;
} packing;

/* ---- packing ----------------------------------------------------------------------------------
 */

static void note_failure(packing *p, uint64_t run, const wf_error *err)
{
    pthread_mutex_lock(&p->lock);
    if (p->err.status == WF_OK || run < p->broken) {
        p->broken = run;
        p->err = *err;
    }
    pthread_mutex_unlock(&p->lock);
}

static wf_status check_entries(const packing *p, entry_reader *r, span tile, wf_error *err)
{
    hash leaves[RUN_ENTRIES];
    if (tile.data == NULL || tile.size != sizeof leaves)
        return wf_fail(err, WF_DAMAGED, _("entry %llu: its tile is missing or too short"),
                       (unsigned long long)r->first);
    hash_many_leaves(leaves, p->l->suite->hash, r->entries, RUN_ENTRIES);
    for (size_t i = 0; i < RUN_ENTRIES; i++) {
        size_t cut;
        span entry = span_of(r->entries[i].data, r->entries[i].size);
        if (memcmp(leaves[i].bytes, tile.data + i * HASH_SIZE, HASH_SIZE) != 0 ||
            !entry_prev_hash_at(&cut, entry) || cut + HASH_SIZE > entry.size)
            return wf_fail(err, WF_DAMAGED,
                           _("entry %llu: its bytes are not those that the tree holds the hash of; "
                             "restore the ledger from a backup"),
                           (unsigned long long)(r->first + i));
    }
    return WF_OK;
}

/* What was packed must give back what went in. */
static wf_status check_packed(const packing *p, entry_reader *r, span row, span tile, wf_error *err)
{
    archive_run *back = &r->run; /* the reader reads rows, and has no use for it */
    wf_status status = archive_unpack(&r->tools, back, p->l->suite->hash, row, tile, err);
    bool same = status == WF_OK && back->damage == NULL;
    for (size_t i = 0; i < RUN_ENTRIES && same; i++)
        same = back->at[i + 1] - back->at[i] == r->entries[i].size &&
               memcmp(back->bytes + back->at[i], r->entries[i].data, r->entries[i].size) == 0;
    if (status == WF_OK && !same)
        status = wf_fail(err, WF_DAMAGED,
                         _("entry %llu: what was packed of its run is not what went in: an entry "
                           "does not continue from the one before; run wufei verify"),
                         (unsigned long long)r->first);
    return status;
}

static wf_status pack_run(packing *p, entry_reader *r, size_t i, uint64_t *bytes, wf_error *err)
{
    span tile;
    uint64_t first = (p->first + i) * RUN_ENTRIES;
    wf_status status = entry_reader_run(r, first, RUN_ENTRIES, err);
    if (status == WF_OK && r->archived)
        status = wf_fail(err, WF_DAMAGED, _("entry %llu stands in two places: run wufei verify"),
                         (unsigned long long)first);
    if (status == WF_OK)
        status = tile_get(r->txn, 0, p->first + i, &tile, err);
    if (status == WF_OK)
        status = check_entries(p, r, tile, err);
    if (status == WF_OK)
        status = archive_pack(&r->tools, &p->rows[i], r->entries, err);
    if (status == WF_OK)
        status = check_packed(p, r, span_of(p->rows[i].data, p->rows[i].size), tile, err);
    for (size_t e = 0; e < RUN_ENTRIES && status == WF_OK; e++)
        *bytes += r->entries[e].size;
    return status;
}

static void *pack_main(void *argument)
{
    packing *p = argument;
    entry_reader reader = {0};
    store_txn *txn = NULL;
    wf_error err = {0};
    size_t i;
    uint64_t bytes = 0;
    wf_status status = store_begin(&txn, p->l->store, false, &err);
    if (status == WF_OK)
        status = entry_reader_open(&reader, p->l, txn, &err);
    if (status != WF_OK)
        note_failure(p, p->first, &err);
    while (status == WF_OK && (i = atomic_fetch_add(&p->next, 1)) < p->count) {
        status = pack_run(p, &reader, i, &bytes, &err);
        if (status != WF_OK)
            note_failure(p, p->first + i, &err);
    }
    entry_reader_close(&reader);
    store_abort(txn);
    pthread_mutex_lock(&p->lock);
    p->entry_bytes += bytes;
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void pack_all(packing *p)
{
    enum { RUNS_A_THREAD = 8 }; /* for fewer it is not worth to start one */
    pthread_t threads[PACK_THREADS];
    unsigned started = 0;
    unsigned wanted = p->l->threads < PACK_THREADS ? p->l->threads : PACK_THREADS;
    while (started + 1 < wanted && (started + 1) * RUNS_A_THREAD < p->count &&
           pthread_create(&threads[started], NULL, pack_main, p) == 0)
        started++;
    pack_main(p);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* ---- moving -----------------------------------------------------------------------------------
 */

/* The first entry that has a row of its own; *found false: none has. */
static wf_status first_row(store_txn *txn, bool *found, uint64_t *seq, wf_error *err)
{
    store_cursor *c = NULL;
    span key = {NULL, 0}, value;
    wf_status status = store_cursor_open(&c, txn, TABLE_ENTRIES, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, (span){NULL, 0}, &key, &value, err);
    *found = status == WF_OK && key.data != NULL;
    if (*found && key.size != 8)
        status = wf_fail(err, WF_DAMAGED, _("the table entries has a key of %zu bytes, expected 8"),
                         key.size);
    else if (*found)
        *seq = store_u64_key(key.data);
    store_cursor_close(c);
    return status;
}

/* The runs that may be moved: [*first, *end). */
static wf_status find_runs(ledger *l, uint64_t keep, uint64_t *first, uint64_t *end, wf_error *err)
{
    store_txn *txn = NULL;
    ledger_head head;
    bool found = false;
    uint64_t seq = 0;
    *first = *end = 0;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = first_row(txn, &found, &seq, err);
    store_abort(txn);
    if (status != WF_OK || !found)
        return status;
    if (seq % RUN_ENTRIES != 0)
        return wf_fail(err, WF_DAMAGED, _("entry %llu is missing"), (unsigned long long)seq - 1);
    uint64_t complete = head.size / RUN_ENTRIES;
    *first = seq / RUN_ENTRIES;
    *end = complete > keep ? complete - keep : 0;
    return WF_OK;
}

static wf_status move_run(store_txn *txn, uint64_t run, span row, wf_error *err)
{
    uint8_t key[8];
    store_key_u64(key, run);
    wf_status status = store_put(txn, TABLE_ARCHIVE, span_of(key, sizeof key), row, true, err);
    for (uint64_t i = 0; i < RUN_ENTRIES && status == WF_OK; i++) {
        store_key_u64(key, run * RUN_ENTRIES + i);
        status = store_delete(txn, TABLE_ENTRIES, span_of(key, sizeof key), err);
    }
    return status;
}

static wf_status move_all(packing *p, ledger_archive_report *report, wf_error *err)
{
    store_txn *txn = NULL;
    uint64_t bytes = 0;
    wf_status status = store_begin(&txn, p->l->store, true, err);
    for (size_t i = 0; i < p->count && status == WF_OK; i++) {
        status = move_run(txn, p->first + i, span_of(p->rows[i].data, p->rows[i].size), err);
        bytes += p->rows[i].size;
    }
    if (status != WF_OK) {
        store_abort(txn);
        return status;
    }
    status = store_commit(txn, err);
    if (status == WF_OK) {
        report->entries += p->count * RUN_ENTRIES;
        report->entry_bytes += p->entry_bytes;
        report->archived_bytes += bytes;
    }
    return status;
}

static wf_status move_step(ledger *l, uint64_t first, size_t count, ledger_archive_report *report,
                           wf_error *err)
{
    packing *p = calloc(1, sizeof *p);
    if (p == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    *p = (packing){.l = l, .first = first, .count = count};
    pthread_mutex_init(&p->lock, NULL);
    pack_all(p);
    wf_status status = p->err.status == WF_OK ? move_all(p, report, err)
                                              : wf_fail(err, p->err.status, "%s", p->err.text);
    pthread_mutex_destroy(&p->lock);
    for (size_t i = 0; i < count; i++)
        buffer_free(&p->rows[i]);
    free(p);
    return status;
}

/* With l->archiving held: the oldest runs, at most `most` of them. They are found here and not by
   the caller: between two steps another thread may have moved some. *waiting: how many there were.
 */
static wf_status move_oldest(ledger *l, uint64_t keep, uint64_t most, uint64_t *waiting,
                             uint64_t *moved, ledger_archive_report *report, wf_error *err)
{
    uint64_t first = 0, end = 0;
    *moved = 0;
    wf_status status = find_runs(l, keep, &first, &end, err);
    *waiting = end > first ? end - first : 0;
    uint64_t count = *waiting < most ? *waiting : most;
    if (count > STEP_RUNS)
        count = STEP_RUNS;
    if (status == WF_OK && count > 0)
        status = move_step(l, first, (size_t)count, report, err);
    if (status == WF_OK)
        *moved = count;
    return status;
}

wf_status ledger_archive(ledger *l, uint64_t keep_runs, uint64_t max_runs,
                         ledger_progress *progress, ledger_archive_report *out, wf_error *err)
{
    uint64_t total = max_runs, waiting, moved, done = 0;
    wf_status status;
    *out = (ledger_archive_report){0};
    if (l->read_only)
        return wf_fail(err, WF_USAGE, _("%s was opened for reading"), l->dir);
    do {
        pthread_mutex_lock(&l->archiving);
        status = move_oldest(l, keep_runs, total - done, &waiting, &moved, out, err);
        pthread_mutex_unlock(&l->archiving);
        if (done == 0 && waiting < total)
            total = waiting;
        done += moved;
        if (moved > 0 && progress != NULL && progress->report != NULL)
            progress->report(progress->ctx, done * RUN_ENTRIES, total * RUN_ENTRIES);
    } while (status == WF_OK && moved > 0 && done < total);
    return status;
}

bool archive_some(ledger *l)
{
    ledger_archive_report report = {0};
    uint64_t waiting, moved;
    if (pthread_mutex_trylock(&l->archiving) != 0)
        return true; /* another thread is at it, and may leave some */
    wf_status status =
        move_oldest(l, LEDGER_ARCHIVE_KEEP, SOME_RUNS, &waiting, &moved, &report, NULL);
    pthread_mutex_unlock(&l->archiving);
    return status == WF_OK && moved > 0;
}
