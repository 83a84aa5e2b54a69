/*
 * witness/witness_ask.c: see witness_ask.h. What is made of one answer is in witness_judge.c.
 */
#include "witness_ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"
#include "witness_judge.h"
#include "witness_policy.h"

/* A policy that names logs must name this one, and none of its witnesses may be the log itself. */
static wf_status check_policy(const ledger *l, const policy *p, const char *path, wf_error *err)
{
    const note_key *own = &l->operator_note_key;
    bool named = p->log_count == 0;
    for (size_t i = 0; i < p->log_count; i++)
        named = named ||
                (strcmp(p->logs[i].key.name, own->name) == 0 &&
                 memcmp(p->logs[i].key.public_key, own->public_key, sizeof own->public_key) == 0);
    if (!named)
        return wf_fail(err, WF_USAGE,
                       _("%s is not a policy for this ledger: it names other logs; add the line: "
                         "log %s"),
                       path, l->vkey);
    for (size_t i = 0; i < p->witness_count; i++)
        if (memcmp(p->witnesses[i].key.public_key, own->public_key,
                   sizeof p->witnesses[i].key.public_key) == 0)
            return wf_fail(err, WF_USAGE,
                           _("%s: witness %s has the key of the ledger: whoever signs a log cannot "
                             "be its witness"),
                           path, p->witnesses[i].key.name);
    return WF_OK;
}

/* What this witness cosigned before must be a beginning of what we have. */
static wf_status check_kept(ask *a, const asked *w, store_txn *txn, wf_error *err)
{
    const checkpoint *kept = &w->kept.checkpoint;
    ledger_head head;
    if (!w->kept.there)
        return WF_OK;
    if (kept->size > a->checkpoint.size)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: witness %s has cosigned %llu entries of this ledger, which now has "
                         "%llu signed ones: it was put back to an older state; restore the newer "
                         "one"),
                       a->l->dir, w->result->name, (unsigned long long)kept->size,
                       (unsigned long long)a->checkpoint.size);
    wf_status status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = signed_head_check(a->l, kept, txn, &head, err);
    if (status != WF_OK)
        wf_error_prefix(err, _("what witness %s cosigned"), w->result->name);
    return status;
}

static wf_status prepare(ask *a, size_t i, store_txn *txn, witness_round *out, wf_error *err)
{
    asked *w = &a->asked[i];
    const policy_witness *known = &a->policy->witnesses[i];
    w->ask = a;
    w->known = known;
    w->result = &out->results[i];
    for (size_t k = 0; k < a->policy->name_count; k++)
        if (!a->policy->names[k].is_group && a->policy->names[k].witness == i)
            snprintf(w->result->name, sizeof w->result->name, "%s", a->policy->names[k].name);
    wf_status status = witness_kept_read(&w->kept, a->l, &known->key, err);
    if (status == WF_OK)
        status = check_kept(a, w, txn, err);
    if (status != WF_OK)
        return status;
    w->result->has_size = w->kept.there;
    w->result->size = w->kept.checkpoint.size;
    if (known->url[0] == '\0') {
        snprintf(w->result->reason, sizeof w->result->reason, "%s",
                 _("the policy has no URL for it"));
        return WF_OK;
    }
    size_t size = strlen(known->url);
    while (size > 0 && known->url[size - 1] == '/')
        size--;
    buffer_printf(&w->url, "%.*s/add-checkpoint", (int)size, known->url);
    buffer_append_byte(&w->url, '\0');
    if (w->url.failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return witness_request_of(w, w->kept.there ? w->kept.checkpoint.size : 0, err);
}

static wf_status prepare_all(ask *a, witness_round *out, wf_error *err)
{
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, a->l->store, false, err);
    out->checkpoint = a->checkpoint;
    out->count = a->policy->witness_count;
    for (size_t i = 0; i < out->count && status == WF_OK; i++)
        status = prepare(a, i, txn, out, err);
    store_abort(txn); /* before the network, which may take long */
    return status;
}

static wf_status send_all(ask *a, wf_post_sender send, void *ctx, wf_error *err)
{
    wf_http_post posts[POLICY_WITNESSES_MAX];
    size_t count = 0;
    memset(posts, 0, sizeof posts);
    for (size_t i = 0; i < a->policy->witness_count; i++) {
        asked *w = &a->asked[i];
        if (w->url.size > 0)
            posts[count++] = (wf_http_post){.url = (char *)w->url.data,
                                            .body = w->body.data,
                                            .body_size = w->body.size,
                                            .owner = w};
    }
    wf_status status = count > 0 ? send(ctx, posts, count, witness_judge, err) : WF_OK;
    if (status == WF_OK && a->failed.status != WF_OK) {
        *err = a->failed;
        status = err->status;
    }
    return status;
}

/* Who cosigned this checkpoint, now or before; their lines behind the log's own. */
static wf_status gather(ask *a, bool cosigned[POLICY_WITNESSES_MAX], buffer *out, wf_error *err)
{
    buffer_append_text(out, a->note);
    for (size_t i = 0; i < a->policy->witness_count; i++) {
        asked *w = &a->asked[i];
        bool same = w->kept.there && span_equal(span_of(w->kept.text.data, w->kept.text.size),
                                                span_of(a->note, a->text_size));
        cosigned[i] = same;
        if (!same)
            continue;
        if (w->result->outcome == WITNESS_NOT_COSIGNED)
            w->result->outcome = WITNESS_COSIGNED_BEFORE;
        w->result->time_s = w->kept.time_s;
        buffer_append(out, w->kept.line.data, w->kept.line.size);
    }
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

/* What was published before, also below a quorum that asks for more now. One that the ledger did
   not sign is no such thing: it is replaced. */
static wf_status read_before(const ledger *l, checkpoint *out, bool *there, wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    wf_error why = {0};
    wf_status status = witnessed_read_signed(l, out, &text, &size, &why);
    *there = text != NULL;
    free(text);
    return status == WF_SYSTEM ? wf_fail(err, status, "%s", why.text) : WF_OK;
}

/* Only with the quorum, and never a smaller one than was published before. */
static wf_status publish(ask *a, witness_round *out, wf_error *err)
{
    bool cosigned[POLICY_WITNESSES_MAX] = {false};
    buffer whole = {0};
    checkpoint before;
    wf_status status = read_before(a->l, &before, &out->had_before, err);
    if (status == WF_OK)
        status = gather(a, cosigned, &whole, err);
    out->before = out->had_before ? before.size : 0;
    if (status == WF_OK && out->before > a->checkpoint.size)
        status =
            wf_fail(err, WF_DAMAGED,
                    _("%s/%s has %llu entries, and the checkpoint now %llu: the ledger was put "
                      "back to an older state; restore the newer one"),
                    a->l->dir, FILE_WITNESSED, (unsigned long long)out->before,
                    (unsigned long long)a->checkpoint.size);
    if (status == WF_OK && policy_satisfied(a->policy, cosigned)) {
        status = witness_publish(a->l, span_of(whole.data, whole.size), err);
        out->published = status == WF_OK;
    } else if (status == WF_OK) {
        policy_missing(out->missing, sizeof out->missing, a->policy, cosigned);
    }
    buffer_free(&whole);
    return status;
}

static wf_status read_checkpoint(ask *a, wf_error *err)
{
    note *n = malloc(sizeof *n);
    wf_status status = n == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                 : ledger_checkpoint(a->l, &a->note, err);
    if (status == WF_OK) {
        const char *reason = note_parse(n, a->note, strlen(a->note));
        if (reason == NULL)
            reason = checkpoint_parse(&a->checkpoint, n->text, n->text_size);
        a->text_size = n->text_size;
        if (reason != NULL)
            status =
                wf_fail(err, WF_DAMAGED, _("%s/%s: %s"), a->l->dir, FILE_CHECKPOINT, _(reason));
    }
    free(n);
    return status;
}

static void ask_free(ask *a)
{
    for (size_t i = 0; i < POLICY_WITNESSES_MAX; i++) {
        witness_kept_free(&a->asked[i].kept);
        buffer_free(&a->asked[i].url);
        buffer_free(&a->asked[i].body);
    }
    free(a->policy);
    free(a->note);
    free(a);
}

wf_status witness_ask(ledger *l, const char *policy_path, wf_post_sender send, void *ctx,
                      witness_round *out, wf_error *err)
{
    int lock = -1;
    memset(out, 0, sizeof *out);
    ask *a = calloc(1, sizeof *a);
    char *own_path = folder_path(l->dir, "policy");
    if (a == NULL || own_path == NULL) {
        free(a);
        free(own_path);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    const char *path = policy_path != NULL ? policy_path : own_path;
    a->l = l;
    wf_status status = witness_policy_read(&a->policy, path, true, err);
    if (status == WF_OK)
        status = check_policy(l, a->policy, path, err);
    if (status == WF_OK)
        status = witness_kept_lock(&lock, l, err);
    if (status == WF_OK)
        status = read_checkpoint(a, err);
    if (status == WF_OK)
        status = prepare_all(a, out, err);
    if (status == WF_OK)
        status = send_all(a, send, ctx, err);
    if (status == WF_OK)
        status = publish(a, out, err);
    ask_free(a);
    if (lock >= 0)
        close(lock);
    free(own_path);
    return status;
}
