/*
 * ledger/writer_batch.c: how the writer enters a batch.
 *
 * Batches whose items stand alone share transactions. A batch that must be whole (all or nothing,
 * or under its author's seal) has a transaction of its own, because only a transaction can be
 * undone. Outcomes are set as items are entered and taken back for those whose transaction fails.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "writer.h"

void job_free(job *j)
{
    if (j == NULL)
        return;
    for (size_t i = 0; i < j->chunk_count && j->chunks != NULL; i++)
        arena_free(&j->chunks[i]);
    free(j->chunks);
    free(j->prepared);
    free(j);
}

static void refuse_item(job *j, submit_item *item, const char *reason)
{
    const char *copy = arena_strdup(&j->batch->memory, reason);
    item->outcome = SUBMIT_REFUSED;
    item->seq = 0;
    item->reason = copy != NULL ? copy : _("out of memory");
}

void batch_fail(submit_batch *batch, size_t from, const wf_error *err)
{
    const char *reason = from < batch->count ? arena_strdup(&batch->memory, err->text) : NULL;
    for (size_t i = from; i < batch->count; i++) {
        batch->items[i].outcome = SUBMIT_REFUSED;
        batch->items[i].seq = 0;
        batch->items[i].reason = reason != NULL ? reason : _("out of memory");
    }
    batch->status = err->status;
    batch->error = *err;
}

static void job_done(job *j)
{
    submit_batch *batch = j->batch;
    void (*done)(void *, submit_batch *) = j->done;
    void *ctx = j->ctx;
    job_free(j);
    if (done != NULL)
        done(ctx, batch);
}

/* ---- transactions ---------------------------------------------------------------------------- */

/* The open transaction came to nothing: all that stood in it fails. */
static void fail_open(entering *e, const wf_error *err)
{
    for (job *j = e->first; j != NULL; j = j->next)
        batch_fail(j->batch, j->open_from, err);
    if (e->current != NULL)
        batch_fail(e->current->batch, e->current->open_from, err);
}

static void release_jobs(entering *e)
{
    job *j = e->first;
    e->first = e->last = NULL;
    while (j != NULL) {
        job *next = j->next;
        job_done(j);
        j = next;
    }
}

static wf_status begin(entering *e, wf_error *err)
{
    if (e->group.txn != NULL)
        return WF_OK;
    wf_status status = group_begin(&e->group, err);
    if (status != WF_OK)
        fail_open(e, err);
    return status;
}

static void abort_open(entering *e, const wf_error *err)
{
    group_abort(&e->group);
    fail_open(e, err);
    release_jobs(e);
}

/* Commits what is open, unless nothing changed, and tells those whose batches are whole in it. */
static wf_status commit_open(entering *e, wf_error *err)
{
    wf_status status = WF_OK;
    if (e->group.txn != NULL && e->group.count == 0) {
        group_abort(&e->group);
    } else if (e->group.txn != NULL) {
        status = group_commit(&e->group, err);
        if (status != WF_OK)
            fail_open(e, err);
        e->after_commit(e->ctx, status != WF_OK ? err : NULL);
    }
    release_jobs(e);
    return status;
}

void entering_finish(entering *e)
{
    wf_error err = {0};
    commit_open(e, &err);
}

bool entering_is_open(const entering *e)
{
    return e->group.txn != NULL || e->first != NULL;
}

/* ---- items ----------------------------------------------------------------------------------- */

/* NULL: `err` says why. */
static const uint8_t *key_for(entering *e, const prepared *p, const submit_item *item,
                              wf_error *err)
{
    uint64_t seq = e->group.head.size;
    const party_key *key = p->key;
    char id[KEY_ID_TEXT];
    if (p->has_own_key)
        return p->own_key;
    /* A worker may have looked before the key's entry was there, or at one that was not committed.
     */
    if (key == NULL || !key_is_valid(key, seq) || atomic_load(&key->forgotten))
        key = key_table_find_signer(&e->l->keys, &e->scratch, p->view.author, item->statement,
                                    item->signature, seq);
    if (key != NULL)
        return key->id;
    uint64_t until = p->key != NULL ? atomic_load(&p->key->valid_until) : UINT64_MAX;
    if (until <= seq)
        wf_fail(err, WF_REFUSED,
                p->key->why == KEY_REVOKED
                    ? _("it is signed by key %s of %.*s, which was revoked in entry %llu; whatever "
                        "time it claims, it comes too late")
                    : _("it is signed by key %s of %.*s, which was rotated in entry %llu; sign it "
                        "with the new key"),
                key_id_text(id, p->key->id), (int)p->view.author.size,
                (const char *)p->view.author.data, (unsigned long long)until - 1);
    else
        wf_fail(err, WF_REFUSED,
                _("the signature is not by any key of %.*s that this ledger knows"),
                (int)p->view.author.size, (const char *)p->view.author.data);
    return NULL;
}

/* WF_REFUSED: *item says why. `author_key` NULL: by the item's own signature. */
static wf_status enter_item(entering *e, job *j, submit_item *item, const prepared *p,
                            const uint8_t *author_key, wf_error *err)
{
    bool already = false;
    group_item entry = {&p->view, p->record, author_key, item->signature};
    item->reason = NULL;
    if (p->status != WF_OK) {
        wf_status status =
            wf_fail(err, p->status, "%s", p->reason != NULL ? p->reason : _("out of memory"));
        if (status == WF_REFUSED)
            refuse_item(j, item, err->text);
        return status;
    }
    if (author_key == NULL && (entry.author_key = key_for(e, p, item, err)) == NULL) {
        refuse_item(j, item, err->text);
        return WF_REFUSED;
    }
    wf_status status = group_enter(&e->group, &entry, &already, &item->seq, err);
    if (status == WF_REFUSED)
        refuse_item(j, item, err->text);
    else if (status == WF_OK)
        item->outcome = already ? SUBMIT_ALREADY : SUBMIT_ENTERED;
    return status;
}

static void seal_start(entering *e)
{
    merkle_frontier_init(&e->seal, e->l->suite->hash);
    e->seal_time_ms = INT64_MIN;
}

static void seal_add(entering *e, const prepared *p)
{
    merkle_frontier_append(&e->seal, &p->leaf);
    if (p->view.time_ms > e->seal_time_ms)
        e->seal_time_ms = p->view.time_ms;
}

/* The seal has the time of the latest statement under it: its id then grows with theirs. */
static wf_status seal_end(entering *e, wf_error *err)
{
    bool already = false;
    uint64_t seq = 0;
    system_record record = {.kind = SYSTEM_SEAL, .seal_count = e->seal.size};
    if (e->seal.size == 0)
        return WF_OK;
    merkle_frontier_root(&record.seal_root, &e->seal);
    wf_status status = group_enter_system(&e->group, &record, e->seal_time_ms, &already, &seq, err);
    WF_ASSERT(status != WF_OK || !already);
    seal_start(e);
    return status == WF_REFUSED ? wf_fail(err, WF_SYSTEM, _("the seal was refused")) : status;
}

/* Enters all items. `parts`: commits whenever a transaction is full. A failure that is not a
   refusal is returned, and the transaction must go. */
static wf_status enter_items(entering *e, job *j, bool parts, size_t *refused, wf_error *err)
{
    submit_batch *batch = j->batch;
    bool sealing = batch->seal_kind == SEAL_BY_OPERATOR;
    size_t group_max = atomic_load(&e->l->group_max);
    wf_status status = WF_OK;
    seal_start(e);
    for (size_t i = 0; i < batch->count && status == WF_OK; i++) {
        if (parts && e->group.txn != NULL && e->group.count + (sealing ? 1 : 0) >= group_max) {
            status = seal_end(e, err);
            if (status == WF_OK)
                status = commit_open(e, err);
            if (status != WF_OK)
                break;
            j->open_from = i;
        } else if (e->seal.size >= LEDGER_SEAL_MAX - 1) {
            status = seal_end(e, err);
        }
        if (status == WF_OK)
            status = begin(e, err);
        if (status != WF_OK)
            break;
        status = enter_item(e, j, &batch->items[i], &j->prepared[i],
                            sealing ? e->l->operator_id : NULL, err);
        if (status == WF_OK && sealing && batch->items[i].outcome == SUBMIT_ENTERED)
            seal_add(e, &j->prepared[i]);
        if (status == WF_REFUSED) {
            (*refused)++;
            status = WF_OK;
        }
    }
    return status == WF_OK ? seal_end(e, err) : status;
}

/* ---- batches ----------------------------------------------------------------------------------
 */

static void take_shared(entering *e, job *j)
{
    wf_error err = {0};
    size_t refused = 0;
    e->current = j;
    wf_status status = enter_items(e, j, true, &refused, &err);
    if (status != WF_OK)
        abort_open(e, &err);
    e->current = NULL;
    if (status != WF_OK) {
        job_done(j);
        return;
    }
    j->next = NULL;
    if (e->last != NULL)
        e->last->next = j;
    else
        e->first = j;
    e->last = j;
    if (e->group.count >= atomic_load(&e->l->group_max))
        commit_open(e, &err);
}

/* One refusal refused the batch: what had been entered is told why it is not. The batch's error is
   that of its seal, or of the first item that was refused. */
static void refuse_rest(job *j, const wf_error *of_seal)
{
    submit_batch *batch = j->batch;
    const char *first = of_seal != NULL ? of_seal->text : NULL;
    for (size_t i = 0; i < batch->count; i++) {
        submit_item *item = &batch->items[i];
        if (item->outcome == SUBMIT_REFUSED) {
            if (first == NULL)
                first = item->reason;
            continue;
        }
        item->outcome = SUBMIT_WITHDRAWN;
        item->seq = 0;
        item->reason = _("nothing was entered, because another statement of the batch was refused");
    }
    batch->status = wf_fail(&batch->error, WF_REFUSED, "%s",
                            first != NULL ? first : _("the batch was refused"));
}

static wf_status check_given_seal(entering *e, job *j, const uint8_t **author_key, wf_error *err)
{
    submit_batch *batch = j->batch;
    const prepared *seal = &j->seal;
    system_record record;
    merkle_frontier f;
    hash root;
    if (batch->count == 0 || batch->count >= LEDGER_SEAL_MAX)
        return wf_fail(err, WF_REFUSED, _("a seal over %zu statements: 1 to %d are possible"),
                       batch->count, LEDGER_SEAL_MAX - 1);
    if (seal->status != WF_OK)
        return wf_fail(err, seal->status, _("seal: %s"),
                       seal->reason != NULL ? seal->reason : _("out of memory"));
    *author_key = key_for(e, seal, &batch->seal, err);
    if (*author_key == NULL)
        return wf_error_prefix(err, "%s", _("seal"));
    wf_status status = system_parse(&record, seal->view.system, err);
    if (status != WF_OK)
        return status;
    merkle_frontier_init(&f, e->l->suite->hash);
    for (size_t i = 0; i < batch->count; i++) {
        if (j->prepared[i].status == WF_OK &&
            !span_equal(j->prepared[i].view.author, seal->view.author))
            return wf_fail(err, WF_REFUSED, _("seal: statement %zu is by another author"), i + 1);
        merkle_leaf(&j->prepared[i].leaf, e->l->suite->hash, batch->items[i].statement.data,
                    batch->items[i].statement.size);
        merkle_frontier_append(&f, &j->prepared[i].leaf);
    }
    merkle_frontier_root(&root, &f);
    if (record.seal_count != batch->count || !hash_equal(&root, &record.seal_root))
        return wf_fail(err, WF_REFUSED,
                       _("seal: it is over %llu statements that are not these %zu"),
                       (unsigned long long)record.seal_count, batch->count);
    return WF_OK;
}

/* The statements are there already, and so must their seal be: a second one would seal nothing, and
   every later verification would call the ledger damaged. */
static wf_status check_seal_is_there(entering *e, const job *j, size_t *refused, wf_error *err)
{
    bool found = false;
    uint64_t seq = 0;
    wf_status status = ledger_find(e->l, e->group.txn, j->seal.view.id, &found, &seq, err);
    if (status != WF_OK || found)
        return status;
    (*refused)++;
    return wf_fail(
        err, WF_REFUSED,
        _("seal: all of the %zu statements are in the ledger already, without this seal"),
        j->batch->count);
}

/* All of it or, on a retry, all of it already there. */
static wf_status enter_sealed(entering *e, job *j, size_t *refused, wf_error *err)
{
    submit_batch *batch = j->batch;
    const uint8_t *author_key = NULL;
    size_t entered = 0;
    wf_status status = check_given_seal(e, j, &author_key, err);
    if (status == WF_REFUSED) {
        for (size_t i = 0; i < batch->count; i++)
            refuse_item(j, &batch->items[i], err->text);
        (*refused)++;
    }
    if (status != WF_OK)
        return status;
    for (size_t i = 0; i < batch->count; i++) {
        status = enter_item(e, j, &batch->items[i], &j->prepared[i], author_key, err);
        if (status == WF_REFUSED)
            (*refused)++;
        else if (status != WF_OK)
            return status;
        else if (batch->items[i].outcome == SUBMIT_ENTERED)
            entered++;
    }
    if (*refused > 0)
        return WF_REFUSED;
    if (entered > 0 && entered < batch->count) {
        (*refused)++;
        return wf_fail(
            err, WF_REFUSED,
            _("seal: %zu of the %zu statements are in the ledger already; seal the others alone"),
            batch->count - entered, batch->count);
    }
    if (entered == 0)
        status = check_seal_is_there(e, j, refused, err);
    if (status != WF_OK)
        return status;
    return enter_item(e, j, &batch->seal, &j->seal, author_key, err);
}

static void take_whole(entering *e, job *j)
{
    wf_error err = {0};
    size_t refused = 0;
    e->current = j;
    wf_status status = begin(e, &err);
    if (status == WF_OK && j->batch->seal_kind == SEAL_GIVEN)
        status = enter_sealed(e, j, &refused, &err);
    else if (status == WF_OK)
        status = enter_items(e, j, false, &refused, &err);
    if (refused > 0 && (status == WF_OK || status == WF_REFUSED)) {
        group_abort(&e->group);
        refuse_rest(j, status == WF_REFUSED ? &err : NULL);
    } else if (status != WF_OK) {
        abort_open(e, &err);
    } else {
        commit_open(e, &err); /* which tells the items when it fails */
    }
    e->current = NULL;
    job_done(j);
}

void entering_take(entering *e, job *j, const wf_error *fatal)
{
    j->open_from = 0;
    if (fatal != NULL) {
        batch_fail(j->batch, 0, fatal);
        job_done(j);
        return;
    }
    if (!j->batch->all_or_nothing && j->batch->seal_kind != SEAL_GIVEN) {
        take_shared(e, j);
        return;
    }
    wf_error err = {0};
    if (commit_open(e, &err) != WF_OK) {
        batch_fail(j->batch, 0, &err);
        job_done(j);
        return;
    }
    take_whole(e, j);
}

wf_status entering_init(entering *e, ledger *l,
                        void (*after_commit)(void *ctx, const wf_error *fatal), void *ctx,
                        wf_error *err)
{
    *e = (entering){.l = l, .after_commit = after_commit, .ctx = ctx};
    if (!key_scratch_init(&e->scratch))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return group_init(&e->group, l, err);
}

void entering_free(entering *e)
{
    if (e->l == NULL)
        return; /* never initialised */
    group_free(&e->group);
    key_scratch_free(&e->scratch);
}
