/*
 * check_files.c: what a ledger writes beside its store (check.h): private keys, the guard (the copy
 * of its last checkpoint outside of its folder), receipts.
 */
#include "check_private.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key_file.h"
#include "key_list.h"

/* ---- keys --------------------------------------------------------------------------------- */

enum { KEYS_MAX = 32 };

/* The keys whose private files are in a folder. */
typedef struct key_files {
    suite_public_key keys[KEYS_MAX];
    size_t count;
} key_files;

/* operator.pem.next counts: whoever opens the ledger next puts it into its place. What still has
   another name does not: nobody looks for it there. */
static bool is_key_name(const char *name)
{
    size_t size = strlen(name);
    return name[0] != '.' && strstr(name, ".pem") != NULL && name[size - 1] != '~' &&
           strstr(name, ".pub") == NULL;
}

static void read_keys(key_files *out, const char *folder)
{
    char path[4096 + NAME_MAX + 2];
    out->count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        EVP_PKEY *key = NULL;
        if (!is_key_name(e->d_name) || out->count == KEYS_MAX)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (key_load(&key, path, NULL) == WF_OK && key_public(&out->keys[out->count], key))
            out->count++;
        EVP_PKEY_free(key);
    }
    if (d != NULL)
        closedir(d);
}

static bool has_key(const key_files *files, const suite_public_key *key)
{
    for (size_t i = 0; i < files->count; i++)
        if (key_equal(&files->keys[i], key))
            return true;
    return false;
}

typedef struct key_search {
    check_result *out;
    const expected *e;
    key_files of_operator, of_parties;
} key_search;

/* The operator's former keys count as well: a backup of older days is opened with them. */
static wf_status find_key(void *ctx, const listed_key *key, wf_error *err)
{
    key_search *s = ctx;
    bool is_operator = strcmp(key->party, OPERATOR_PARTY) == 0;
    bool asked = is_operator || (s->e->keys != NULL && strcmp(key->party, CHECK_PARTY) != 0);
    if (!asked || has_key(is_operator ? &s->of_operator : &s->of_parties, &key->public_key))
        return WF_OK;
    return wf_fail(err, WF_DAMAGED, "%s's %s key %s", key->party, key->state, key->id);
}

bool check_keys(check_result *out, const expected *e, wf_ledger *l)
{
    char folder[4096];
    wf_error err = {0};
    key_search *s = calloc(1, sizeof *s);
    if (s == NULL)
        abort();
    s->out = out;
    s->e = e;
    read_keys(&s->of_operator, e->path);
    if (e->keys != NULL) {
        snprintf(folder, sizeof folder, "%s/%s", e->root, e->keys);
        read_keys(&s->of_parties, folder);
    }
    bool holds = e->copy || ledger_list_keys(l->log, NULL, find_key, s, &err) == WF_OK ||
                 check_fail(out, e, "the private file is not on the disk of", &err);
    free(s);
    return holds;
}

/* ---- the guard ---------------------------------------------------------------------------- */

const char *check_parse_checkpoint(checkpoint *out, const char *text, size_t size)
{
    note *n = malloc(sizeof *n);
    if (n == NULL)
        abort();
    const char *reason = note_parse(n, text, size);
    if (reason == NULL)
        reason = checkpoint_parse(out, n->text, n->text_size);
    free(n);
    return reason;
}

/* NULL text: the guard is missing. */
static bool read_guard(check_result *out, const expected *e, checkpoint *c, const char *path)
{
    wf_error err = {0};
    char *folder = NULL, *text = NULL;
    size_t size = 0;
    const char *name = folder_split(path, &folder);
    if (folder_read(folder, name, NOTE_MAX, &text, &size, &err) != WF_OK || text == NULL)
        snprintf(err.text, sizeof err.text, "it is missing");
    else
        snprintf(err.text, sizeof err.text, "%s", check_parse_checkpoint(c, text, size));
    bool holds = text != NULL && check_parse_checkpoint(c, text, size) == NULL;
    free(text);
    free(folder);
    return holds || check_fail(out, e, "the guard", &err);
}

/* The order is: commit, checkpoint, guard, each synced before the next. */
static bool compare_guard(check_result *out, const expected *e, const checkpoint *guard)
{
    wf_error err = {0};
    ledger *l = NULL;
    const ledger_options options = {.read_only = true, .unchecked = true};
    if (ledger_open(&l, e->path, &options, &err) != WF_OK)
        return true; /* that is another matter, of check_ledger.c */
    uint64_t size = ledger_size(l);
    uint64_t signed_size = l->last_signed.size;
    ledger_close(l);
    if (out->guard == CHECK_GUARD_NONE) /* as it was found: the check itself goes on */
        out->guard = guard->size > size   ? CHECK_GUARD_AHEAD
                     : guard->size < size ? CHECK_GUARD_OLDER
                                          : CHECK_GUARD_EQUAL;
    snprintf(err.text, sizeof err.text,
             "%" PRIu64 " entries; checkpoint %" PRIu64 ", store %" PRIu64, guard->size,
             signed_size, size);
    if (guard->size <= size && guard->size <= signed_size)
        return true;
    /* A backup was put in its place, which is older, and says so in its log. */
    return e->replaced > 0 || check_fail(out, e, "the guard is ahead", &err);
}

bool check_guard(check_result *out, const expected *e)
{
    wf_error err = {0};
    char *path = NULL;
    checkpoint guard;
    if (outside_path(e->path, &path, &err) != WF_OK)
        return check_fail(out, e, "the name of the guard", &err);
    if (path == NULL)
        return !e->guarded || check_fail(out, e, "has forgotten its guard", NULL);
    bool holds = read_guard(out, e, &guard, path) && compare_guard(out, e, &guard);
    free(path);
    return holds;
}

/* ---- receipts ----------------------------------------------------------------------------- */

typedef struct receipt {
    char *entry, *proof; /* NULL: not there */
    size_t entry_size, proof_size;
} receipt;

/* `stem`: the number of the entry, or "36-2", another one with that number. */
static void read_receipt(receipt *out, const expected *e, const char *stem)
{
    char folder[4200], name[NAME_MAX + 16];
    wf_error ignored = {0};
    *out = (receipt){NULL, NULL, 0, 0};
    snprintf(folder, sizeof folder, "%s.receipts", e->path);
    snprintf(name, sizeof name, "%s.entry", stem);
    folder_read(folder, name, ENTRY_MAX, &out->entry, &out->entry_size, &ignored);
    snprintf(name, sizeof name, "%s.tlog-proof", stem);
    folder_read(folder, name, NOTE_MAX, &out->proof, &out->proof_size, &ignored);
}

static const char *check_proof(const receipt *r, uint64_t seq, hash_kind kind)
{
    tlog_proof proof;
    checkpoint c;
    hash leaf;
    if (r->proof == NULL || r->entry == NULL)
        return "half of it is missing";
    const char *reason = tlog_proof_parse(&proof, r->proof, r->proof_size);
    if (reason == NULL)
        reason = check_parse_checkpoint(&c, proof.checkpoint, proof.checkpoint_size);
    if (reason != NULL)
        return reason;
    merkle_leaf(&leaf, kind, r->entry, r->entry_size);
    return proof.index == seq && merkle_verify_inclusion(kind, &leaf, seq, c.size, proof.hashes,
                                                         proof.hash_count, &c.root)
               ? NULL
               : "it does not prove its entry";
}

/* `lost`: it may be of a history that a backup has taken the place of: evidence, which stays. */
static bool check_receipt(check_result *out, const expected *e, wf_ledger *l, store_txn *txn,
                          const char *stem, bool lost)
{
    wf_error err = {0};
    receipt r;
    span bytes;
    char what[600];
    uint64_t seq = strtoull(stem, NULL, 10);
    read_receipt(&r, e, stem);
    const char *reason = check_proof(&r, seq, l->log->suite->hash);
    if (reason == NULL && !lost) {
        if (ledger_read(l->log, txn, seq, &bytes, NULL, &err) != WF_OK)
            reason = err.text;
        else if (!span_equal(bytes, span_of(r.entry, r.entry_size)))
            reason = "the log has another entry";
    }
    free(r.entry);
    free(r.proof);
    if (reason == NULL)
        return true;
    snprintf(what, sizeof what, "the receipt %s: %.500s", stem, reason);
    return check_fail(out, e, what, NULL);
}

static bool check_receipts_in(check_result *out, const expected *e, wf_ledger *l, store_txn *txn)
{
    static const char suffix[] = ".tlog-proof";
    char folder[4200], stem[NAME_MAX + 1];
    bool holds = true;
    snprintf(folder, sizeof folder, "%s.receipts", e->path);
    DIR *d = opendir(folder);
    for (struct dirent *f = d != NULL ? readdir(d) : NULL; f != NULL && holds; f = readdir(d)) {
        size_t size = strlen(f->d_name);
        if (size < sizeof suffix || strcmp(f->d_name + size - (sizeof suffix - 1), suffix) != 0)
            continue;
        snprintf(stem, sizeof stem, "%.*s", (int)(size - (sizeof suffix - 1)), f->d_name);
        holds = check_receipt(out, e, l, txn, stem, e->replaced > 0);
    }
    if (d != NULL)
        closedir(d);
    return holds;
}

/* The promised ones, and, promised or not, those whose proof has its name: it comes last. */
bool check_receipts(check_result *out, const expected *e, wf_ledger *l)
{
    char stem[32];
    wf_error err = {0};
    store_txn *txn = NULL;
    bool holds = true;
    if (store_begin(&txn, ledger_store(l->log), false, &err) != WF_OK)
        return check_fail(out, e, "cannot be read", &err);
    for (size_t i = 0; i < e->count && holds; i++) {
        const promise *p = &e->promises[i];
        if (p->kind != PROMISE_RECEIPT || !check_is_promised(e, p))
            continue;
        snprintf(stem, sizeof stem, "%llu", p->seq);
        holds = check_receipt(out, e, l, txn, stem, false);
    }
    holds = holds && check_receipts_in(out, e, l, txn);
    store_abort(txn);
    return holds;
}
