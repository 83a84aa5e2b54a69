/*
 * ledger/repair/restore_old.c: the backup held against the log that stands in the place.
 *
 * One must be a beginning of the other, or the backup is not of this ledger. Only what the old log
 * proves of itself counts (its tree at the backup's size belongs to its head): a damaged store, for
 * which a restore is made, must not look like another history. Suspect stores are read in a child.
 */
#include <string.h>

#include "base/text.h"
#include "restore.h"

typedef struct old_found {
    bool differs;
    uint64_t same; /* entries that both begin with */
    char origin[NOTE_NAME_MAX + 1];
} old_found;

typedef struct log_view {
    ledger *l;
    store_txn *txn;
    ledger_head head;
} log_view;

static wf_status view_open(log_view *v, const char *dir, wf_error *err)
{
    const ledger_options options = {.read_only = true, .unchecked = true, .threads = 1};
    wf_status status = ledger_open(&v->l, dir, &options, err);
    if (status == WF_OK)
        status = store_begin(&v->txn, v->l->store, false, err);
    return status == WF_OK ? head_get(&v->head, v->txn, err) : status;
}

static void view_close(log_view *v)
{
    if (v->txn != NULL)
        store_abort(v->txn);
    ledger_close(v->l);
}

static bool root_of(hash *out, const log_view *v, uint64_t size)
{
    wf_error ignored;
    tile_reader reader = {v->txn, v->l->suite->hash, &ignored, NULL};
    return merkle_root_at(out, reader.kind, size, tile_read_hash, &reader);
}

/* That the tree of `size` entries with this root is the beginning of the one in the head row. */
static bool proves(const log_view *v, uint64_t size, const hash *root)
{
    wf_error ignored;
    hash hashes[MERKLE_PROOF_MAX];
    size_t count = 0;
    tile_reader reader = {v->txn, v->l->suite->hash, &ignored, NULL};
    if (size == v->head.size)
        return hash_equal(root, &v->head.root);
    return merkle_prove_consistency(hashes, &count, reader.kind, size, v->head.size, tile_read_hash,
                                    &reader) &&
           merkle_verify_consistency(reader.kind, size, root, v->head.size, &v->head.root, hashes,
                                     count);
}

/* The trees differ at `size`: how many entries are the same. */
static uint64_t count_same(const log_view *a, const log_view *b, uint64_t size)
{
    uint64_t low = 0, high = size; /* the same at low, others at high */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        hash x, y;
        if (root_of(&x, a, middle) && root_of(&y, b, middle) && hash_equal(&x, &y))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void compare(old_found *out, const log_view *old, const log_view *fresh)
{
    hash x, y;
    uint64_t size = old->head.size < fresh->head.size ? old->head.size : fresh->head.size;
    strcpy(out->origin, old->l->genesis.origin);
    if (old->l->suite != fresh->l->suite) {
        out->differs = true;
        return;
    }
    if (size == 0 || !root_of(&x, old, size) || !root_of(&y, fresh, size) || hash_equal(&x, &y) ||
        !proves(old, size, &x))
        return;
    out->differs = true;
    out->same = count_same(old, fresh, size);
}

static wf_status compare_in_child(void *ctx, void *result, wf_error *err)
{
    const restoring *r = ctx;
    log_view old = {0}, fresh = {0};
    wf_status status = view_open(&old, r->place.dir, err);
    if (status == WF_OK)
        status = view_open(&fresh, r->place.temporary, err);
    if (status == WF_OK)
        compare(result, &old, &fresh);
    view_close(&fresh);
    view_close(&old);
    return status;
}

wf_status restore_compare_old(restoring *r, wf_error *err)
{
    old_found found = {0};
    const char *dir = r->place.dir;
    if (!r->old)
        return WF_OK;
    /* One that cannot be read says nothing; what it signed is held against the backup later. */
    r->old_read = ledger_guard(dir, compare_in_child, r, &found, sizeof found, NULL) == WF_OK;
    if (!r->old_read || !found.differs)
        return WF_OK;
    if (found.same == 0)
        return wf_fail(err, WF_USAGE,
                       _("%s is of another ledger, %s: it has another entry 0 than the backup %s. "
                         "Name the place of the backup's own ledger with -L; when it is truly to "
                         "come here, give the folder that stands here another name first"),
                       dir, found.origin, r->backup);
    return wf_fail(err, WF_REFUSED,
                   _("%s is not of the ledger that was signed in %s: both begin with the same %llu "
                     "entries, and from entry %llu on they are two histories; keep both, they are "
                     "evidence. When the backup is truly to come here, give the folder that stands "
                     "here another name first"),
                   r->backup, dir, (unsigned long long)found.same, (unsigned long long)found.same);
}

/* ---- its keys -------------------------------------------------------------------------------- */

typedef struct old_key_job {
    const char *dir;
    uint64_t size;
} old_key_job;

static wf_status key_in_child(void *ctx, void *result, wf_error *err)
{
    const old_key_job *job = ctx;
    operator_key key;
    log_view old = {0};
    wf_status status = view_open(&old, job->dir, err);
    if (status == WF_OK)
        status = key_rows_operator(&key, old.txn,
                                   job->size < old.head.size ? job->size : old.head.size, err);
    if (status == WF_OK)
        *(suite_public_key *)result = key.public_key;
    view_close(&old);
    return status;
}

void restore_old_key(const restoring *r, uint64_t size, suite_public_key *out)
{
    old_key_job job = {r->place.dir, size};
    *out = (suite_public_key){.size = 0};
    if (r->old_read && ledger_guard(job.dir, key_in_child, &job, out, sizeof *out, NULL) != WF_OK)
        out->size = 0;
}
