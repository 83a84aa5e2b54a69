/*
 * check.c: see check.h.
 */
#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "api/api.h"
#include "ledger_private.h"
#include "witness/witness.h"
#include "witness/witness_kept.h"

enum { CHECK_SECONDS = 60 };

static const struct {
    const char *word;
    int kind;
} words[] = {
    {"may", PROMISE_MAY},           {"ledger", PROMISE_LEDGER},       {"entry", PROMISE_ENTRY},
    {"replaced", PROMISE_REPLACED}, {"witnessed", PROMISE_WITNESSED}, {"witness", PROMISE_WITNESS},
    {"cosigned", PROMISE_COSIGNED},
};
enum { WORDS = sizeof words / sizeof *words };

static bool parse_digest(unsigned char out[32], const char *mark)
{
    char hex[65] = "";
    if (sscanf(mark, "%*s %*s %*s %64s", hex) != 1)
        return false;
    for (size_t i = 0; i < 32; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        out[i] = (unsigned char)byte;
    }
    return true;
}

bool check_parse(promise *out, const char *mark)
{
    char word[16] = "", third[192] = "";
    size_t at = 0;
    *out = (promise){0};
    int fields = sscanf(mark, "%15s %63s %191s", word, out->name, third);
    while (at < WORDS && strcmp(words[at].word, word) != 0)
        at++;
    if (at == WORDS || fields < 2)
        return false;
    memcpy(&out->kind, &words[at].kind, sizeof words[at].kind);
    out->by_init = strcmp(third, "init") == 0;
    out->copy = strcmp(third, "copy") == 0;
    strcpy(out->folder, third);
    out->seq = strtoull(third, NULL, 10);
    if (out->kind == PROMISE_ENTRY)
        return parse_digest(out->statement, mark);
    return fields == 3 || out->kind == PROMISE_LEDGER || out->kind == PROMISE_MAY;
}

/* ---- one ledger --------------------------------------------------------------------------- */

static wf_status sink_begin(void *ctx, const char *name, const char *title,
                            const wf_column *columns, size_t count, wf_error *err)
{
    (void)ctx, (void)name, (void)title, (void)columns, (void)count, (void)err;
    return WF_OK;
}

static wf_status sink_row(void *ctx, const wf_cell *cells, size_t count, wf_error *err)
{
    (void)ctx, (void)cells, (void)count, (void)err;
    return WF_OK;
}

static wf_status sink_end(void *ctx, wf_error *err)
{
    (void)ctx, (void)err;
    return WF_OK;
}

static const wf_sink nowhere = {NULL, sink_begin, sink_row, sink_end};

/* What is known of one ledger at the point. */
typedef struct expected {
    const char *name;
    char path[4096];
    bool by_init, copy, whole, witness;
    const char *folder;                               /* of a witness: its key, logs and request */
    unsigned long long cosigned, witnessed, replaced; /* sizes; replaced 0: not */
    const promise *promises;
    size_t count, point;
} expected;

static bool fail(check_result *out, const expected *e, const char *what, const wf_error *err)
{
    out->class = CHECK_FAILED;
    snprintf(out->text, sizeof out->text, "%s: %s: %.400s", e->name, what,
             err != NULL ? err->text : "");
    return false;
}

static bool check_entry(check_result *out, const expected *e, wf_ledger *l, store_txn *txn,
                        const promise *p)
{
    wf_error err = {0};
    span bytes;
    entry_view entry;
    unsigned char digest[32];
    char what[80];
    snprintf(what, sizeof what, "acknowledged entry %llu", p->seq);
    if (ledger_read(l->log, txn, p->seq, &bytes, &entry, &err) != WF_OK)
        return fail(out, e, what, &err);
    if (EVP_Q_digest(NULL, "SHA256", NULL, entry.statement.data, entry.statement.size, digest,
                     NULL) != 1 ||
        memcmp(digest, p->statement, sizeof digest) != 0)
        return fail(out, e, what, &(wf_error){.text = "holds another statement"});
    return true;
}

static bool check_entries(check_result *out, const expected *e, wf_ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    bool holds = true;
    if (store_begin(&txn, ledger_store(l->log), false, &err) != WF_OK)
        return fail(out, e, "cannot be read", &err);
    for (size_t i = 0; i < e->count && holds; i++) {
        const promise *p = &e->promises[i];
        bool asked = e->replaced == 0 || p->seq < e->replaced;
        if (p->kind == PROMISE_ENTRY && p->at < e->point && strcmp(p->name, e->name) == 0 && asked)
            holds = check_entry(out, e, l, txn, p);
    }
    store_abort(txn);
    return holds;
}

/* wf_verify goes to a child for one that is open for reading; this is one already. */
static bool check_holds(check_result *out, const expected *e, wf_ledger *l)
{
    wf_error err = {0};
    ledger_verify_report report;
    store_txn *txn = NULL;
    wf_status status = ledger_verify(l->log, 0, true, NULL, &report, &err);
    if (status == WF_OK)
        status = store_begin(&txn, ledger_store(l->log), false, &err);
    if (status == WF_OK)
        status = book_check_zero_sums(l->book, txn, &err);
    store_abort(txn);
    return status == WF_OK || fail(out, e, "does not hold", &err);
}

static bool check_witnessed(check_result *out, const expected *e, wf_ledger *l)
{
    wf_error err = {0};
    checkpoint published = {0};
    bool there = false;
    if (e->witnessed == 0)
        return true;
    if (witness_published(l->log, &published, &there, NULL, NULL, &err) != WF_OK)
        return fail(out, e, "what was published", &err);
    return (there && published.size >= e->witnessed) ||
           fail(out, e, "the published checkpoint is gone or older", NULL);
}

/* A text that leaves nobody alone: it names a command or what to do. */
static bool names_way_out(const char *text)
{
    static const char *const ways[] = {"wufei repair", "wufei restore", "wufei init", "backup",
                                       "restore"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strstr(text, ways[i]) != NULL)
            return true;
    return false;
}

/* Opens; one that is refused and was promised must open by the way out that the refusal names. */
static wf_ledger *check_open(check_result *out, const expected *e)
{
    wf_error err = {0};
    wf_error mended = {0};
    wf_ledger *l = NULL;
    const wf_open_options options = {.read_only = true, .at = WF_AT_NOW, .threads = 1};
    const wf_repair_options repair = {0};
    if (wf_open(&l, e->path, &options, &err) == WF_OK)
        return l;
    if (!names_way_out(err.text)) {
        fail(out, e, "does not open", &err);
        return NULL;
    }
    if (e->whole && (strstr(err.text, "wufei repair") == NULL ||
                     wf_repair(e->path, &repair, &nowhere, &mended) != WF_OK ||
                     wf_open(&l, e->path, &options, &mended) != WF_OK)) {
        fail(out, e, mended.text[0] != '\0' ? "is not repaired" : "does not open",
             mended.text[0] != '\0' ? &mended : &err);
        return NULL;
    }
    out->class = CHECK_REFUSED;
    snprintf(out->text, sizeof out->text, "%s: %.500s", e->name, err.text);
    return l;
}

static bool check_read(check_result *out, const expected *e, bool rebuild)
{
    wf_error err = {0};
    wf_ledger *l = check_open(out, e);
    if (l == NULL)
        return false;
    bool holds = check_holds(out, e, l) && check_entries(out, e, l) && check_witnessed(out, e, l);
    if (holds && rebuild && wf_rebuild(l, true, NULL, NULL, &nowhere, &err) != WF_OK)
        holds = fail(out, e, "book", &err);
    wf_close(l);
    return holds;
}

/* A new public key of the ledger's suite. */
static void make_key(suite_public_key *out, const wf_ledger *l)
{
    bool sm2 = l->log->suite->hash == HASH_SM3;
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, sm2 ? "SM2" : "ED25519");
    if (EVP_PKEY_get_octet_string_param(pair, sm2 ? "encoded-pub-key" : "pub", out->bytes,
                                        sizeof out->bytes, &out->size) != 1)
        abort();
    EVP_PKEY_free(pair);
}

/* It goes on: opened for writing it signs what was not signed, and takes another entry. */
static bool check_write(check_result *out, const expected *e)
{
    wf_error err = {0};
    wf_ledger *l = NULL;
    const wf_open_options options = {.at = WF_AT_NOW, .threads = 1};
    if (wf_open(&l, e->path, &options, &err) != WF_OK)
        return fail(out, e, "does not open for writing", &err);
    suite_public_key key;
    uint64_t size = wf_size(l);
    make_key(&key, l);
    bool holds = true;
    if (ledger_add_key(l->log, "crash.test", &key, &err) != WF_OK)
        holds = fail(out, e, "does not take another entry", &err);
    else if (wf_size(l) != size + 1)
        holds = fail(out, e, "another entry is not there", NULL);
    wf_close(l);
    return holds && check_read(out, e, false);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void check_ledger(check_result *out, expected *e, bool rebuild, bool write)
{
    wf_error err = {0};
    wf_init_options options = {.origin = "crash.test.example/waste", .utc_offset_minutes = 480};
    if (is_folder(e->path)) {
        if (check_read(out, e, rebuild) && write && !e->copy)
            check_write(out, e);
        return;
    }
    if (e->whole) {
        fail(out, e, "is gone", NULL);
        return;
    }
    if (e->by_init && write) {
        if (wf_init(e->path, &options, &err) != WF_OK) {
            fail(out, e, "cannot be made anew", &err);
            return;
        }
        check_read(out, e, false);
    }
    if (out->class == CHECK_OPENED)
        out->class = CHECK_ABSENT;
}

/* The first request once more: it is refused with the size that the witness knows. */
static void check_witness(check_result *out, expected *e)
{
    wf_error err = {0};
    witness *w = NULL;
    witness_answer said = {0};
    char *request = NULL, key[256], logs[256];
    size_t size = 0;
    snprintf(key, sizeof key, "%s/key", e->folder);
    snprintf(logs, sizeof logs, "%s/logs", e->folder);
    if (folder_read(e->folder, "request", 1 << 20, &request, &size, &err) != WF_OK ||
        witness_open(&w, e->path, key, "witness.crash.test/w", logs, &err) != WF_OK) {
        free(request);
        fail(out, e, "the witness does not begin", &err);
        return;
    }
    witness_serve(w, "POST", "/add-checkpoint", request, size, &said);
    buffer_append_byte(&said.body, 0);
    snprintf(err.text, sizeof err.text, "%d %.40s; it had cosigned %llu", said.status,
             (const char *)said.body.data, e->cosigned);
    bool knows =
        said.status == 409 && strtoull((const char *)said.body.data, NULL, 10) >= e->cosigned;
    if (!knows && !(said.status == 200 && e->cosigned == 0))
        fail(out, e, "what the witness says", &err);
    buffer_free(&said.body);
    witness_close(w);
    free(request);
}

static void take_promise(expected *e, const promise *p)
{
    e->whole = e->whole || p->kind == PROMISE_LEDGER;
    e->by_init = e->by_init || p->by_init;
    e->copy = e->copy || p->copy;
    if (p->kind == PROMISE_WITNESS) {
        e->witness = true;
        e->folder = p->folder;
    } else if (p->kind == PROMISE_COSIGNED && p->seq > e->cosigned) {
        e->cosigned = p->seq;
    } else if (p->kind == PROMISE_WITNESSED) {
        e->witnessed = p->seq;
    } else if (p->kind == PROMISE_REPLACED) {
        e->replaced = p->seq;
    }
}

static void check_all(check_result *out, const char *root, const promise *promises, size_t count,
                      size_t point, bool rebuild, bool write)
{
    expected ledgers[CHECK_LEDGERS];
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        const promise *p = &promises[i];
        size_t at = 0;
        if (p->at >= point || p->kind == PROMISE_ENTRY)
            continue;
        while (at < known && strcmp(ledgers[at].name, p->name) != 0)
            at++;
        if (at == known) {
            if (known == CHECK_LEDGERS)
                abort();
            ledgers[known++] =
                (expected){.name = p->name, .promises = promises, .count = count, .point = point};
            snprintf(ledgers[at].path, sizeof ledgers[at].path, "%s/%s", root, p->name);
        }
        take_promise(&ledgers[at], p);
    }
    out->class = CHECK_OPENED;
    for (size_t i = 0; i < known && out->class != CHECK_FAILED; i++)
        if (ledgers[i].witness)
            check_witness(out, &ledgers[i]);
        else
            check_ledger(out, &ledgers[i], rebuild, write);
    out->finished = true;
}

/* ---- in a process of its own -------------------------------------------------------------- */

void check_warm_up(void)
{
    unsigned char digest[32];
    EVP_Q_digest(NULL, "SHA256", NULL, "", 0, digest, NULL);
    EVP_PKEY_free(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

void check_root(check_result *out, const char *root, const promise *promises, size_t count,
                size_t point, bool rebuild, bool write)
{
    int how = 0;
    check_result *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        abort();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(CHECK_SECONDS);
        check_all(shared, root, promises, count, point, rebuild, write);
        _exit(0);
    }
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    *out = *shared;
    munmap(shared, sizeof *shared);
    if (!out->finished) {
        out->class = CHECK_FAILED;
        snprintf(out->text, sizeof out->text, "the check ended in signal %d, status %d",
                 WIFSIGNALED(how) ? WTERMSIG(how) : 0, WIFEXITED(how) ? WEXITSTATUS(how) : 0);
    }
}
