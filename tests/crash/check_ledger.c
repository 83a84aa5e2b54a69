/*
 * check_ledger.c: one ledger after a power cut (check.h): it opens, all of it holds, what was
 * acknowledged is there, and it goes on.
 */
#include "check_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

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

const wf_sink check_nowhere = {NULL, sink_begin, sink_row, sink_end};

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
        return check_fail(out, e, what, &err);
    if (EVP_Q_digest(NULL, "SHA256", NULL, entry.statement.data, entry.statement.size, digest,
                     NULL) != 1 ||
        memcmp(digest, p->statement, sizeof digest) != 0)
        return check_fail(out, e, what, &(wf_error){.text = "holds another statement"});
    return true;
}

static bool check_entries(check_result *out, const expected *e, wf_ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    bool holds = true;
    if (store_begin(&txn, ledger_store(l->log), false, &err) != WF_OK)
        return check_fail(out, e, "cannot be read", &err);
    for (size_t i = 0; i < e->count && holds; i++) {
        const promise *p = &e->promises[i];
        bool asked = e->replaced == 0 || p->seq < e->replaced;
        if (p->kind == PROMISE_ENTRY && check_is_promised(e, p) && asked)
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
    return status == WF_OK || check_fail(out, e, "does not hold", &err);
}

static bool check_witnessed(check_result *out, const expected *e, wf_ledger *l)
{
    wf_error err = {0};
    checkpoint published = {0};
    char *text = NULL;
    if (e->witnessed == 0)
        return true;
    if (ledger_witnessed(l->log, &published, &text, &err) != WF_OK)
        return check_fail(out, e, "what was published", &err);
    bool there = text != NULL;
    free(text);
    return (there && published.size >= e->witnessed) ||
           check_fail(out, e, "the published checkpoint is gone or older", NULL);
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
        check_fail(out, e, "does not open", &err);
        return NULL;
    }
    if (e->whole && (strstr(err.text, "wufei repair") == NULL ||
                     wf_repair(e->path, &repair, &check_nowhere, &mended) != WF_OK ||
                     wf_open(&l, e->path, &options, &mended) != WF_OK)) {
        check_fail(out, e, mended.text[0] != '\0' ? "is not repaired" : "does not open",
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
    wf_ledger *l = e->copy || check_guard(out, e) ? check_open(out, e) : NULL;
    if (l == NULL)
        return false;
    bool holds = check_holds(out, e, l) && check_entries(out, e, l) && check_witnessed(out, e, l) &&
                 check_keys(out, e, l) && check_receipts(out, e, l);
    if (holds && rebuild && wf_rebuild(l, true, NULL, NULL, &check_nowhere, &err) != WF_OK)
        holds = check_fail(out, e, "book", &err);
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
        return check_fail(out, e, "does not open for writing", &err);
    suite_public_key key;
    uint64_t size = wf_size(l);
    make_key(&key, l);
    bool holds = true;
    if (ledger_add_key(l->log, CHECK_PARTY, &key, &err) != WF_OK)
        holds = check_fail(out, e, "does not take another entry", &err);
    else if (wf_size(l) != size + 1)
        holds = check_fail(out, e, "another entry is not there", NULL);
    wf_close(l);
    return holds && check_read(out, e, false);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void check_ledger(check_result *out, expected *e, bool rebuild, bool write)
{
    wf_error err = {0};
    wf_init_options options = {.origin = "crash.test.example/waste", .utc_offset_minutes = 480};
    if (is_folder(e->path)) {
        if (check_read(out, e, rebuild) && write && !e->copy)
            check_write(out, e);
        return;
    }
    if (e->whole) {
        check_fail(out, e, "is gone", NULL);
        return;
    }
    if (e->by_init && write) {
        if (wf_init(e->path, &options, &err) != WF_OK) {
            check_fail(out, e, "cannot be made anew", &err);
            return;
        }
        check_read(out, e, false);
    }
    if (out->class == CHECK_OPENED)
        out->class = CHECK_ABSENT;
}
