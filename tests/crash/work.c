/*
 * work.c: what the workloads need beside the wufei command itself (workloads.sh).
 *
 *     crash-work mark TEXT                      a mark into the trace
 *     crash-work acknowledge NAME LEDGER        marks that LEDGER is whole and holds what it holds
 *     crash-work import NAME LEDGER BUNDLE N    an import in commits of at most N entries, which
 *                                               marks each statement as it is acknowledged
 *     crash-work witness NAME STATE FOLDER N    a witness that gets the requests FOLDER/request,
 *                                               FOLDER/request.1 ... request.N, and marks the sizes
 *                                               it cosigned; see check.h for FOLDER
 *     crash-work hold LEDGER N                  N readers of one moment, until standard input ends;
 *                                               says "holding" when it has them, or as many as
 *                                               there are places for
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "api/api.h"
#include "exchange/bundle.h"
#include "ledger_private.h"
#include "trace.h"
#include "witness/witness.h"

static const char *ledger_name;

static void mark(const char *text)
{
    ssize_t done = write(TRACE_MARKS, text, strlen(text));
    (void)done; /* nobody listens where nothing is preloaded */
}

static void mark_entry(uint64_t seq, span statement)
{
    char text[200];
    unsigned char digest[32];
    int size = snprintf(text, sizeof text, "entry %s %llu ", ledger_name, (unsigned long long)seq);
    if (EVP_Q_digest(NULL, "SHA256", NULL, statement.data, statement.size, digest, NULL) != 1)
        abort();
    for (size_t i = 0; i < sizeof digest; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, "%02x", digest[i]);
    mark(text);
}

static int fail(const wf_error *err)
{
    fprintf(stderr, "%s\n", err->text);
    return (int)err->status;
}

/* ---- what a ledger holds ------------------------------------------------------------------ */

static wf_status mark_entries(wf_ledger *l, wf_error *err)
{
    store_txn *txn = NULL;
    uint64_t size = wf_size(l);
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    for (uint64_t seq = 0; status == WF_OK && seq < size; seq++) {
        span bytes;
        entry_view entry;
        status = ledger_read(l->log, txn, seq, &bytes, &entry, err);
        if (status == WF_OK)
            mark_entry(seq, entry.statement);
    }
    store_abort(txn);
    return status;
}

static int acknowledge(const char *path)
{
    char text[100];
    wf_error err = {0};
    wf_ledger *l = NULL;
    const wf_open_options options = {.read_only = true, .at = WF_AT_NOW, .threads = 1};
    wf_status status = wf_open(&l, path, &options, &err);
    if (status == WF_OK) {
        snprintf(text, sizeof text, "ledger %s", ledger_name);
        mark(text);
        status = mark_entries(l, &err);
    }
    wf_close(l);
    return status == WF_OK ? 0 : fail(&err);
}

/* ---- an import that tells ----------------------------------------------------------------- */

typedef struct told_batch {
    void (*done)(void *ctx, submit_batch *batch);
    void *ctx;
} told_batch;

static void tell_batch(void *ctx, submit_batch *batch)
{
    told_batch *t = ctx;
    for (size_t i = 0; batch->status == WF_OK && i < batch->count; i++)
        if (batch->items[i].outcome == SUBMIT_ENTERED || batch->items[i].outcome == SUBMIT_ALREADY)
            mark_entry(batch->items[i].seq, batch->items[i].statement);
    t->done(t->ctx, batch);
    free(t);
}

static wf_status tell_submit(void *ctx, submit_batch *batch,
                             void (*done)(void *done_ctx, submit_batch *batch), void *done_ctx,
                             wf_error *err)
{
    const import_target *inner = ctx;
    told_batch *t = calloc(1, sizeof *t);
    if (t == NULL)
        return wf_fail(err, WF_SYSTEM, "out of memory");
    *t = (told_batch){done, done_ctx};
    wf_status status = inner->submit(inner->ctx, batch, tell_batch, t, err);
    if (status != WF_OK)
        free(t);
    return status;
}

static wf_status tell_drain(void *ctx, wf_error *err)
{
    const import_target *inner = ctx;
    return inner->drain(inner->ctx, err);
}

static wf_status tell_track_day(void *ctx, const char *vehicle, int32_t day, arena *a,
                                track_fix **out, size_t *out_count, wf_error *err)
{
    const import_target *inner = ctx;
    return inner->track_day(inner->ctx, vehicle, day, a, out, out_count, err);
}

static void show_problem(void *ctx, const import_problem *problem)
{
    (void)ctx;
    fprintf(stderr, "%s: %s\n", problem->place, problem->text);
}

static int import(const char *path, const char *bundle, size_t group_max)
{
    wf_error err = {0};
    wf_ledger *l = NULL;
    const wf_open_options open = {.at = WF_AT_NOW, .threads = 1};
    const import_options options = {.problem = show_problem};
    import_summary *summary = calloc(1, sizeof *summary);
    if (summary == NULL || wf_open(&l, path, &open, &err) != WF_OK) {
        free(summary);
        return fail(&err);
    }
    ledger_set_group_max(l->log, group_max);
    import_binding binding = {l->log, l->book};
    import_target inner = import_target_of(&binding);
    import_target outer = inner;
    outer.ctx = &inner;
    outer.submit = tell_submit;
    outer.drain = tell_drain;
    outer.track_day = tell_track_day;
    wf_status status = bundle_import(&outer, bundle, &options, summary, &err);
    wf_close(l);
    free(summary);
    return status == WF_OK ? 0 : fail(&err);
}

/* ---- a witness ---------------------------------------------------------------------------- */

/* The size stands in the second line of the checkpoint, which is behind the proof's empty line. */
static unsigned long long size_of(const char *request)
{
    const char *proof_end = strstr(request, "\n\n");
    const char *line = proof_end != NULL ? strchr(proof_end + 2, '\n') : NULL;
    return line != NULL ? strtoull(line + 1, NULL, 10) : 0;
}

static int serve_one(witness *w, const char *folder, const char *name)
{
    enum { REQUEST_MAX = 1 << 20 };
    char *request = NULL, text[100];
    size_t size = 0;
    wf_error err = {0};
    witness_answer said = {0};
    if (folder_read(folder, name, REQUEST_MAX, &request, &size, &err) != WF_OK || request == NULL)
        return fail(&err);
    witness_serve(w, "POST", "/add-checkpoint", request, size, &said);
    if (said.status == 200) {
        snprintf(text, sizeof text, "cosigned %s %llu", ledger_name, size_of(request));
        mark(text);
    } else if (said.status >= 500) {
        fprintf(stderr, "%s: %d %s\n", name, said.status, said.remark);
    }
    buffer_free(&said.body);
    free(request);
    return said.status >= 500 ? WF_SYSTEM : 0;
}

static int be_witness(const char *state, const char *folder, unsigned requests)
{
    char key[4096], logs[4096], name[32];
    wf_error err = {0};
    witness *w = NULL;
    snprintf(key, sizeof key, "%s/key", folder);
    snprintf(logs, sizeof logs, "%s/logs", folder);
    if (witness_open(&w, state, key, "witness.crash.test/w", logs, &err) != WF_OK)
        return fail(&err);
    int status = serve_one(w, folder, "request");
    for (unsigned i = 1; i <= requests && status == 0; i++) {
        snprintf(name, sizeof name, "request.%u", i);
        status = serve_one(w, folder, name);
    }
    witness_close(w);
    return status;
}

/* ---- readers that stay -------------------------------------------------------------------- */

static int hold(const char *path, size_t count)
{
    wf_error err = {0};
    wf_ledger *l = NULL;
    char byte;
    size_t held = 0;
    const wf_open_options options = {.read_only = true, .at = WF_AT_NOW, .threads = 1};
    store_txn **readers = calloc(count, sizeof(store_txn *));
    wf_status status = readers != NULL ? wf_open(&l, path, &options, &err) : WF_SYSTEM;
    while (status == WF_OK && held < count &&
           store_begin(&readers[held], ledger_store(l->log), false, &err) == WF_OK)
        held++;
    if (status == WF_OK) {
        printf("holding %zu%s%s\n", held, held < count ? ", then: " : "",
               held < count ? err.text : "");
        fflush(stdout);
        while (read(STDIN_FILENO, &byte, 1) > 0)
            continue;
    }
    for (size_t i = 0; i < held; i++)
        store_abort(readers[i]);
    free(readers);
    wf_close(l);
    return status == WF_OK ? 0 : fail(&err);
}

int main(int argc, char **argv)
{
    wf_end_without_memory();
    if (argc == 3 && strcmp(argv[1], "mark") == 0) {
        mark(argv[2]);
        return 0;
    }
    if (argc > 2)
        ledger_name = argv[2];
    if (argc == 4 && strcmp(argv[1], "acknowledge") == 0)
        return acknowledge(argv[3]);
    if (argc == 6 && strcmp(argv[1], "import") == 0)
        return import(argv[3], argv[4], strtoul(argv[5], NULL, 10));
    if (argc == 6 && strcmp(argv[1], "witness") == 0)
        return be_witness(argv[3], argv[4], (unsigned)strtoul(argv[5], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2], strtoul(argv[3], NULL, 10));
    fprintf(stderr, "usage: see the beginning of work.c\n");
    return 2;
}
