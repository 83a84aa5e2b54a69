/*
 * ledger/writer.c: the one writer: a bounded queue, workers that prepare, a thread that commits.
 *
 * A batch waits in the queue while workers prepare it in chunks (signatures are most of that). The
 * writer takes batches in order of submission, as soon as they are prepared, and enters them; it
 * commits when LEDGER_GROUP_MAX entries are together or nothing more is ready, so that small
 * batches share a commit and nobody waits for a timer. After the commit the checkpoint is signed:
 * at most once a second while there is work, and whenever the queue runs empty and is drained.
 *
 * How a batch is entered is in writer_batch.c.
 */
#include "writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/time.h"

enum {
    CHUNK_ITEMS = 128,                       /* what a worker takes at once */
    QUEUE_STATEMENTS = 8 * LEDGER_GROUP_MAX, /* then submitters wait */
    CHECKPOINT_EVERY_US = 1000000,
    ARCHIVE_AFTER_US = 1000000, /* without anything to enter */
    THREADS_MAX = 64
};

struct writer {
    ledger *l;
    pthread_mutex_t lock;
    pthread_cond_t work;  /* for workers: a chunk to prepare, or the end */
    pthread_cond_t ready; /* for the writer: a batch prepared, a wish, or the end */
    pthread_cond_t space; /* for submitters: the queue has room */
    pthread_cond_t idle;  /* for those who drain */
    job *head, *tail;
    job *to_prepare; /* the first with chunks that nobody has taken */
    size_t queued;   /* statements in the queue */
    unsigned draining;
    bool busy;           /* the writer holds work that the queue no longer shows */
    bool checkpoint_due; /* something was committed and not signed */
    bool sign_tried;     /* and signing all that is committed has failed */
    bool sign_wanted;    /* try all the same: who drains or closes asks for one more try */
    bool archive_due;    /* complete runs may wait */
    bool committed;      /* something was, by this writer */
    bool stop;
    wf_error fatal;        /* status not WF_OK: nothing is entered any more */
    wf_error unsigned_err; /* of the last try to sign a checkpoint */
    uint64_t sign_failures;
    int64_t next_checkpoint_us;
    entering entering; /* the writer's thread only */
    pthread_t thread;
    pthread_t workers[THREADS_MAX];
    key_scratch scratch[THREADS_MAX]; /* one a worker */
    unsigned worker_count, scratch_taken;
};

/* ---- workers --------------------------------------------------------------------------------- */

static void prepare_chunk(ledger *l, key_scratch *scratch, job *j, size_t chunk)
{
    const submit_batch *batch = j->batch;
    size_t first = chunk * CHUNK_ITEMS;
    size_t end = first + CHUNK_ITEMS < batch->count ? first + CHUNK_ITEMS : batch->count;
    arena *memory = &j->chunks[chunk];
    for (size_t i = first; i < end; i++)
        prepare_item(l, scratch, memory, batch, &batch->items[i], &j->prepared[i]);
    if (chunk == 0 && batch->seal_kind == SEAL_GIVEN)
        prepare_item(l, scratch, memory, batch, &batch->seal, &j->seal);
}

/* With the lock held: takes a chunk that nobody has. */
static bool take_chunk(writer *w, job **j, size_t *chunk)
{
    while (w->to_prepare != NULL && w->to_prepare->next_chunk == w->to_prepare->chunk_count)
        w->to_prepare = w->to_prepare->next;
    if (w->to_prepare == NULL)
        return false;
    *j = w->to_prepare;
    *chunk = w->to_prepare->next_chunk++;
    return true;
}

static void *worker_main(void *argument)
{
    writer *w = argument;
    pthread_mutex_lock(&w->lock);
    key_scratch *scratch = &w->scratch[w->scratch_taken++];
    for (;;) {
        job *j;
        size_t chunk;
        if (take_chunk(w, &j, &chunk)) {
            pthread_mutex_unlock(&w->lock);
            prepare_chunk(w->l, scratch, j, chunk);
            pthread_mutex_lock(&w->lock);
            if (++j->chunks_done == j->chunk_count)
                pthread_cond_signal(&w->ready);
            continue;
        }
        if (w->stop)
            break;
        pthread_cond_wait(&w->work, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- the writer's thread --------------------------------------------------------------------- */

/* A failure may pass: a signer that is started again, a disk that has room again. What is not
   signed stays due, and is tried again after the next commit, and once for each who drains. */
static void sign_now(writer *w)
{
    wf_error err = {0};
    pthread_mutex_lock(&w->lock);
    w->sign_wanted = false;
    pthread_mutex_unlock(&w->lock);
    wf_status status = signed_head_write(w->l, &err);
    pthread_mutex_lock(&w->lock);
    w->checkpoint_due = w->sign_tried = status != WF_OK;
    w->unsigned_err = err;
    if (status != WF_OK) {
        w->sign_failures++;
        pthread_cond_broadcast(&w->idle); /* also when somebody else wants another try */
    }
    /* A log that is not the one we signed must not grow any further. */
    if (status == WF_DAMAGED)
        w->fatal = err;
    w->next_checkpoint_us = clock_monotonic_us() + CHECKPOINT_EVERY_US;
    pthread_mutex_unlock(&w->lock);
}

/* Called after each commit, on the writer's thread. */
static void after_commit(void *ctx, const wf_error *fatal)
{
    writer *w = ctx;
    pthread_mutex_lock(&w->lock);
    if (fatal != NULL)
        w->fatal = *fatal;
    else
        w->checkpoint_due = w->archive_due = w->committed = true;
    if (fatal == NULL)
        w->sign_tried = false;
    bool sign = fatal == NULL && clock_monotonic_us() >= w->next_checkpoint_us;
    pthread_mutex_unlock(&w->lock);
    if (sign)
        sign_now(w);
}

/* With the lock held. True when `us` went by and nobody woke us. */
static bool wait_for(writer *w, int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    if (us < 0)
        us = 0;
    int64_t nanoseconds = until.tv_nsec + us % 1000000 * 1000;
    until.tv_sec += (time_t)(us / 1000000 + nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    return pthread_cond_timedwait(&w->ready, &w->lock, &until) == ETIMEDOUT;
}

/* A batch in preparation will wake us; after a fatal error nothing is signed any more. Nothing to
   enter for a while is the time to archive, a few runs after each such while. */
static void wait_for_work(writer *w)
{
    bool quiet = w->head == NULL && w->fatal.status == WF_OK;
    if (quiet && w->checkpoint_due && !w->sign_tried) {
        wait_for(w, w->next_checkpoint_us - clock_monotonic_us());
    } else if (!quiet || !w->archive_due) {
        pthread_cond_wait(&w->ready, &w->lock);
    } else if (wait_for(w, ARCHIVE_AFTER_US) && w->head == NULL && !w->stop) {
        pthread_mutex_unlock(&w->lock);
        bool more = archive_some(w->l);
        pthread_mutex_lock(&w->lock);
        w->archive_due = more;
    }
}

/* With the lock held. The first batch of the queue if it is prepared. */
static job *take_job(writer *w)
{
    job *j = w->head;
    if (j == NULL || j->chunks_done < j->chunk_count)
        return NULL;
    if (w->to_prepare == j)
        w->to_prepare = j->next;
    w->head = j->next;
    if (w->head == NULL)
        w->tail = NULL;
    w->queued -= j->batch->count;
    w->busy = true;
    pthread_cond_broadcast(&w->space);
    return j;
}

static bool should_sign(const writer *w)
{
    bool in_time = w->draining > 0 || w->stop || clock_monotonic_us() >= w->next_checkpoint_us;
    return w->checkpoint_due && w->fatal.status == WF_OK && w->head == NULL &&
           (w->sign_wanted || (!w->sign_tried && in_time));
}

static void *writer_main(void *argument)
{
    writer *w = argument;
    pthread_mutex_lock(&w->lock);
    for (;;) {
        job *j = take_job(w);
        wf_error fatal = w->fatal;
        if (j != NULL) {
            pthread_mutex_unlock(&w->lock);
            entering_take(&w->entering, j, fatal.status != WF_OK ? &fatal : NULL);
            pthread_mutex_lock(&w->lock);
        } else if (entering_is_open(&w->entering)) {
            pthread_mutex_unlock(&w->lock);
            entering_finish(&w->entering); /* nothing else is ready: nobody waits */
            pthread_mutex_lock(&w->lock);
        } else if (should_sign(w)) {
            w->busy = false;
            pthread_mutex_unlock(&w->lock);
            sign_now(w);
            pthread_mutex_lock(&w->lock);
        } else {
            w->busy = false;
            if (w->head == NULL)
                pthread_cond_broadcast(&w->idle);
            if (w->head == NULL && w->stop)
                break;
            wait_for_work(w);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- starting and stopping ---------------------------------------------------------------------
 */

static void stop_threads(writer *w, bool with_writer)
{
    pthread_mutex_lock(&w->lock);
    w->stop = w->sign_wanted = true;
    pthread_cond_broadcast(&w->work);
    pthread_cond_broadcast(&w->ready);
    pthread_mutex_unlock(&w->lock);
    if (with_writer)
        pthread_join(w->thread, NULL);
    for (unsigned i = 0; i < w->worker_count; i++)
        pthread_join(w->workers[i], NULL);
}

static void writer_free(writer *w)
{
    entering_free(&w->entering);
    for (unsigned i = 0; i < THREADS_MAX; i++)
        key_scratch_free(&w->scratch[i]);
    pthread_cond_destroy(&w->idle);
    pthread_cond_destroy(&w->space);
    pthread_cond_destroy(&w->ready);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static wf_status start_threads(writer *w, wf_error *err)
{
    unsigned wanted = w->l->threads < THREADS_MAX ? w->l->threads : THREADS_MAX;
    for (unsigned i = 0; i < wanted; i++) {
        if (!key_scratch_init(&w->scratch[i]) ||
            pthread_create(&w->workers[i], NULL, worker_main, w) != 0)
            break;
        w->worker_count++;
    }
    if (w->worker_count > 0 && pthread_create(&w->thread, NULL, writer_main, w) == 0)
        return WF_OK;
    stop_threads(w, false);
    return wf_fail(err, WF_SYSTEM, _("threads cannot be started"));
}

static wf_status load_tail(writer *w, wf_error *err)
{
    store_txn *txn = NULL;
    wf_status status = entering_init(&w->entering, w->l, after_commit, w, err);
    if (status == WF_OK)
        status = store_begin(&txn, w->l->store, false, err);
    if (status == WF_OK)
        status = key_table_load(&w->l->keys, txn, err);
    store_abort(txn);
    return status;
}

static wf_status writer_start(ledger *l, wf_error *err)
{
    writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    w->l = l;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->ready, NULL);
    pthread_cond_init(&w->space, NULL);
    pthread_cond_init(&w->idle, NULL);
    wf_status status = load_tail(w, err);
    if (status == WF_OK)
        status = start_threads(w, err);
    if (status == WF_OK)
        l->writer = w;
    else
        writer_free(w);
    return status;
}

static wf_status get_writer(ledger *l, writer **out, wf_error *err)
{
    wf_status status = WF_OK;
    if (l->read_only)
        return wf_fail(err, WF_USAGE, _("%s was opened for reading"), l->dir);
    pthread_mutex_lock(&l->start);
    if (l->writer == NULL)
        status = writer_start(l, err);
    *out = l->writer;
    pthread_mutex_unlock(&l->start);
    return status;
}

void writer_close(ledger *l)
{
    if (l->writer == NULL)
        return;
    stop_threads(l->writer, true);
    if (l->writer->committed && l->writer->fatal.status == WF_OK)
        archive_some(l);
    writer_free(l->writer);
    l->writer = NULL;
}

/* ---- submitting --------------------------------------------------------------------------------
 */

static job *job_new(submit_batch *batch, void (*done)(void *ctx, submit_batch *batch), void *ctx)
{
    size_t chunks = (batch->count + CHUNK_ITEMS - 1) / CHUNK_ITEMS;
    if (chunks == 0 && batch->seal_kind == SEAL_GIVEN)
        chunks = 1; /* the seal itself */
    job *j = calloc(1, sizeof *j);
    if (j == NULL)
        return NULL;
    j->batch = batch;
    j->done = done;
    j->ctx = ctx;
    j->chunk_count = chunks;
    j->prepared = calloc(batch->count + 1, sizeof *j->prepared);
    j->chunks = calloc(chunks + 1, sizeof *j->chunks);
    if (j->prepared == NULL || j->chunks == NULL) {
        job_free(j);
        return NULL;
    }
    for (size_t i = 0; i < chunks; i++)
        arena_init(&j->chunks[i], 0);
    return j;
}

static wf_status put_in_queue(ledger *l, submit_batch *batch,
                              void (*done)(void *ctx, submit_batch *batch), void *ctx,
                              wf_error *err)
{
    writer *w = NULL;
    wf_status status = get_writer(l, &w, err);
    if (status != WF_OK)
        return status;
    batch->status = WF_OK;
    wf_error_clear(&batch->error);
    job *j = job_new(batch, done, ctx);
    if (j == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    pthread_mutex_lock(&w->lock);
    WF_ASSERT(!pthread_equal(pthread_self(), w->thread)); /* it would wait for itself */
    while (w->queued > 0 && w->queued + batch->count > QUEUE_STATEMENTS && w->fatal.status == WF_OK)
        pthread_cond_wait(&w->space, &w->lock);
    if (w->fatal.status != WF_OK) {
        wf_fail(err, w->fatal.status, "%s", w->fatal.text);
        status = w->fatal.status;
    } else {
        if (w->tail != NULL)
            w->tail->next = j;
        else
            w->head = j;
        w->tail = j;
        if (w->to_prepare == NULL)
            w->to_prepare = j;
        w->queued += batch->count;
        if (j->chunk_count > 1)
            pthread_cond_broadcast(&w->work);
        else if (j->chunk_count == 1)
            pthread_cond_signal(&w->work);
        else
            pthread_cond_signal(&w->ready);
        j = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    if (j != NULL)
        job_free(j);
    return status;
}

wf_status ledger_submit_async(ledger *l, submit_batch *batch,
                              void (*done)(void *ctx, submit_batch *batch), void *ctx,
                              wf_error *err)
{
    wf_error why = {0};
    wf_status status = put_in_queue(l, batch, done, ctx, &why);
    if (status == WF_OK)
        return WF_OK;
    batch_fail(batch, 0, &why); /* no item may look as if it had been entered */
    return wf_fail(err, status, "%s", why.text);
}

typedef struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
} waiter;

static void wake(void *ctx, submit_batch *batch)
{
    waiter *wait = ctx;
    (void)batch;
    pthread_mutex_lock(&wait->lock);
    wait->done = true;
    pthread_cond_signal(&wait->cond);
    pthread_mutex_unlock(&wait->lock);
}

wf_status ledger_submit(ledger *l, submit_batch *batch, wf_error *err)
{
    waiter wait = {.done = false};
    pthread_mutex_init(&wait.lock, NULL);
    pthread_cond_init(&wait.cond, NULL);
    wf_status status = ledger_submit_async(l, batch, wake, &wait, err);
    if (status == WF_OK) {
        pthread_mutex_lock(&wait.lock);
        while (!wait.done)
            pthread_cond_wait(&wait.cond, &wait.lock);
        pthread_mutex_unlock(&wait.lock);
        status = batch->status;
        if (status != WF_OK)
            wf_fail(err, status, "%s", batch->error.text);
    }
    pthread_cond_destroy(&wait.cond);
    pthread_mutex_destroy(&wait.lock);
    return status;
}

/* With the lock held. Whether all is signed that can be, by one who began to drain when signing had
   failed that many times. */
static bool is_settled(const writer *w, uint64_t sign_failures)
{
    bool tried = w->sign_tried && w->sign_failures != sign_failures;
    return w->head == NULL && !w->busy && (!w->checkpoint_due || tried || w->fatal.status != WF_OK);
}

wf_status ledger_drain(ledger *l, wf_error *err)
{
    pthread_mutex_lock(&l->start);
    writer *w = l->writer;
    pthread_mutex_unlock(&l->start);
    if (w == NULL)
        return WF_OK;
    pthread_mutex_lock(&w->lock);
    uint64_t sign_failures = w->sign_failures;
    w->draining++;
    if (w->sign_tried)
        w->sign_wanted = true;
    pthread_cond_signal(&w->ready);
    while (!is_settled(w, sign_failures))
        pthread_cond_wait(&w->idle, &w->lock);
    w->draining--;
    const wf_error *failure = w->fatal.status != WF_OK ? &w->fatal : &w->unsigned_err;
    wf_status status = failure->status;
    if (status != WF_OK)
        wf_fail(err, status, "%s", failure->text);
    pthread_mutex_unlock(&w->lock);
    return status;
}
