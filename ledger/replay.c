/*
 * ledger/replay.c: the whole log once more through the hooks, into another store.
 */
#include "archive.h"
#include "base/text.h"

typedef struct replay {
    ledger *l;
    const ledger_hooks *into;
    store *target;
    store_txn *log; /* read */
    entry_reader reader;
    store_txn *book; /* written; NULL: none open */
    arena memory;    /* of the statement at hand */
    size_t count;    /* statements in the open transaction */
} replay;

static void end(replay *r, bool committed)
{
    r->book = NULL;
    r->count = 0;
    if (r->into->after_end != NULL)
        r->into->after_end(r->into->ctx, committed);
}

static wf_status commit(replay *r, wf_error *err)
{
    wf_status status = WF_OK;
    if (r->book == NULL)
        return WF_OK;
    if (r->into->before_commit != NULL)
        status = r->into->before_commit(r->into->ctx, r->book, err);
    if (status != WF_OK)
        return status; /* the caller aborts */
    status = store_commit(r->book, err);
    end(r, status == WF_OK);
    return status;
}

static wf_status apply(replay *r, uint64_t seq, const statement_view *view, wf_error *err)
{
    const ledger_hooks *h = r->into;
    void *record = NULL;
    wf_status status = WF_OK;
    if (r->book == NULL)
        status = store_begin(&r->book, r->target, true, err);
    arena_reset(&r->memory);
    if (status == WF_OK && h->prepare != NULL)
        status = h->prepare(h->ctx, &r->memory, view, &record, err);
    if (status == WF_OK && h->apply != NULL)
        status = h->apply(h->ctx, r->book, seq, view, record,
                          span_equal(view->author, span_text(OPERATOR_PARTY)), err);
    if (status == WF_REFUSED) {
        /* It was taken once: log or program are not what they were. */
        err->status = WF_DAMAGED;
        return wf_error_prefix(err, _("entry %llu cannot be applied again"),
                               (unsigned long long)seq);
    }
    if (status == WF_OK && ++r->count >= LEDGER_GROUP_MAX)
        status = commit(r, err);
    return status;
}

static wf_status replay_all(replay *r, uint64_t size, ledger_progress *progress, wf_error *err)
{
    enum { REPORT_EVERY = 4096 };
    ledger_head head;
    wf_status status = head_get(&head, r->log, err);
    if (size > head.size)
        size = head.size;
    for (uint64_t seq = 0; status == WF_OK && seq < size; seq++) {
        span bytes;
        entry_view entry;
        statement_view view;
        status = entry_reader_get(&r->reader, seq, size, &bytes, err);
        if (status == WF_OK)
            status = entry_check(r->l, r->log, seq, bytes, &entry, err);
        if (status == WF_OK && statement_parse(&view, entry.statement, err) != WF_OK)
            status = wf_fail(err, WF_DAMAGED, _("entry %llu does not hold a statement"),
                             (unsigned long long)seq);
        if (status == WF_OK && view.record.data != NULL)
            status = apply(r, seq, &view, err);
        if (progress != NULL && progress->report != NULL && seq % REPORT_EVERY == 0)
            progress->report(progress->ctx, seq, size);
    }
    if (status == WF_OK)
        status = commit(r, err);
    if (status == WF_OK && progress != NULL && progress->report != NULL)
        progress->report(progress->ctx, size, size);
    return status;
}

wf_status ledger_replay(ledger *l, const ledger_hooks *into, store *target,
                        ledger_progress *progress, wf_error *err)
{
    return ledger_replay_to(l, UINT64_MAX, into, target, progress, err);
}

wf_status ledger_replay_to(ledger *l, uint64_t size, const ledger_hooks *into, store *target,
                           ledger_progress *progress, wf_error *err)
{
    replay r = {.l = l, .into = into, .target = target};
    arena_init(&r.memory, 0);
    wf_status status = store_begin(&r.log, l->store, false, err);
    if (status == WF_OK)
        status = entry_reader_open(&r.reader, l, r.log, err);
    if (status == WF_OK)
        status = replay_all(&r, size, progress, err);
    entry_reader_close(&r.reader);
    if (r.book != NULL) {
        store_abort(r.book);
        end(&r, false);
    }
    store_abort(r.log);
    arena_free(&r.memory);
    return status;
}
