/*
 * witness/witness_judge.c: one answer of one witness. See witness_judge.h.
 *
 * A cosignature is kept when it verifies with the key that the policy gives, and at once: a round
 * that fails elsewhere loses none.
 */
#include "witness_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/shown.h"
#include "base/text.h"
#include "ledger_private.h"

enum { PROOF_LINES_MAX = 64 * 46 + 64 };

wf_status witness_request_of(asked *w, uint64_t old_size, wf_error *err)
{
    const ask *a = w->ask;
    hash hashes[MERKLE_PROOF_MAX];
    size_t count = 0, note_size = strlen(a->note);
    wf_status status =
        ledger_prove_consistency(a->l, old_size, a->checkpoint.size, hashes, &count, err);
    if (status != WF_OK)
        return status;
    buffer_clear(&w->body);
    if (!buffer_reserve(&w->body, PROOF_LINES_MAX + note_size))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    w->body.size = witness_request_format((char *)w->body.data, w->body.capacity, old_size, hashes,
                                          count, a->note, note_size);
    WF_ASSERT(w->body.size > 0);
    w->old_size = old_size;
    return WF_OK;
}

static bool refuse(asked *w, const char *format, ...) WF_PRINTF(2, 3);

/* Says why there is no cosignature; false, as witness_judge. */
static bool refuse(asked *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(w->result->reason, sizeof w->result->reason, format, list);
    va_end(list);
    return false;
}

/* A failure of our own: the round ends with it. */
static bool fail(asked *w, const wf_error *err)
{
    if (w->ask->failed.status == WF_OK)
        w->ask->failed = *err;
    return refuse(w, "%s", err->text);
}

/* The answer holds signature lines: behind our checkpoint they make a note. */
static bool take_cosignature(asked *w, const wf_http_post *post)
{
    ask *a = w->ask;
    wf_error err = {0};
    witness_kept fresh = {0};
    buffer whole = {0};
    buffer_append_text(&whole, a->note);
    buffer_append(&whole, post->answer, post->answer_size);
    wf_status status = whole.failed ? wf_fail(&err, WF_SYSTEM, _("out of memory"))
                                    : witness_kept_parse(&fresh, span_of(whole.data, whole.size),
                                                         &w->known->key, &err);
    if (status == WF_OK && fresh.there) {
        /* what others signed beside it is not kept */
        buffer_clear(&whole);
        buffer_append_text(&whole, a->note);
        buffer_append(&whole, fresh.line.data, fresh.line.size);
        status = whole.failed ? wf_fail(&err, WF_SYSTEM, _("out of memory"))
                              : witness_kept_write(a->l, &w->known->key,
                                                   span_of(whole.data, whole.size), &err);
    }
    buffer_free(&whole);
    if (status != WF_OK || !fresh.there) {
        witness_kept_free(&fresh);
        return status != WF_OK
                   ? fail(w, &err)
                   : refuse(w, _("its answer is no cosignature of this checkpoint by the key that "
                                 "the policy gives for it"));
    }
    witness_kept_free(&w->kept);
    w->kept = fresh;
    w->result->outcome = WITNESS_COSIGNED;
    w->result->has_size = true;
    w->result->size = a->checkpoint.size;
    return false;
}

/* 409 tells from which size the witness wants the proof. */
static bool take_size(asked *w, const wf_http_post *post)
{
    static const char type[] = "text/x.tlog.size";
    const ask *a = w->ask;
    uint64_t told = 0;
    wf_error err = {0};
    size_t size = post->answer_size;
    if (strncmp(post->content_type, type, sizeof type - 1) != 0 || size < 2 ||
        post->answer[size - 1] != '\n' || !uint64_parse(&told, post->answer, size - 1))
        return refuse(
            w, _("it answered 409 without the size that belongs to it: some witnesses say so "
                 "that they cosigned another root for this very size"));
    w->result->has_size = true;
    w->result->size = told;
    if (told > a->checkpoint.size)
        return refuse(w,
                      _("it has cosigned %llu entries of a ledger of this name, and this one has "
                        "%llu: this is an older state of that ledger, or a copy of it"),
                      (unsigned long long)told, (unsigned long long)a->checkpoint.size);
    if (told == w->old_size || w->sends == WITNESS_SENDS_MAX)
        return refuse(w,
                      _("it answered 409 again and again: the proof from %llu entries on, which "
                        "it asks for, is not taken"),
                      (unsigned long long)told);
    if (w->kept.there && told < w->kept.checkpoint.size)
        snprintf(w->result->reason, sizeof w->result->reason,
                 _("it has forgotten: it cosigned %llu entries before and now remembers %llu"),
                 (unsigned long long)w->kept.checkpoint.size, (unsigned long long)told);
    return witness_request_of(w, told, &err) == WF_OK || fail(w, &err);
}

/* An error of theirs: what it means here, and the first of what they say themselves. */
static bool explain(asked *w, const wf_http_post *post)
{
    char shown[SHOWN_TEXT];
    const char *meaning = _("it refused");
    text_shown(shown, post->answer, strcspn(post->answer, "\r\n"));
    if (post->status == 404)
        meaning =
            _("it does not know this ledger, or there is no witness at this URL; its operator "
              "needs the line \"log VKEY\" with the ledger's verifier key");
    else if (post->status == 403)
        meaning =
            _("it has another key for this ledger, or does not know it: some witnesses say so with "
              "this number");
    else if (post->status == 422)
        meaning = _("the checkpoint does not extend the one that it cosigned last: there are two "
                    "histories of this ledger");
    else if (post->status >= 500)
        meaning = _("it is in trouble itself");
    return refuse(w, "%s (%d: %s)", meaning, post->status, shown);
}

bool witness_judge(wf_http_post *post)
{
    asked *w = post->owner;
    w->sends++;
    bool again = false;
    if (post->status == 0)
        refuse(w, _("no answer: %s"), post->failure);
    else if (post->status == 200)
        again = take_cosignature(w, post);
    else if (post->status == 409)
        again = take_size(w, post);
    else
        explain(w, post);
    post->body = w->body.data;
    post->body_size = w->body.size;
    return again;
}
