/*
 * witness/witness.c: one request to the witness, from bytes to bytes. See witness.h.
 *
 * The compare with the last checkpoint, the cosignature and the store of the new one happen under
 * the lock of the log: of two requests that both extend the last checkpoint, the second finds the
 * first one's and is answered with 409. Nothing is answered before it is stored.
 */
#include "witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger_private.h"

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_size[] = "text/x.tlog.size"; /* of the specification */

/* Others get the reason in English; the witness's own log has it in its operator's language. */
static void answer(witness_answer *out, int status, const char *reason)
{
    out->status = status;
    out->content_type = type_text;
    buffer_clear(&out->body);
    buffer_printf(&out->body, "%s\n", reason);
    snprintf(out->remark, sizeof out->remark, "%s", _(reason));
}

static void answer_failure(witness_answer *out, const wf_error *err)
{
    answer(out, 500, N_("the witness cannot answer now; its operator finds the cause in its log"));
    snprintf(out->remark, sizeof out->remark, "%s", err->text);
}

/* What was cosigned last for one log. */
typedef struct record {
    char *bytes; /* NULL: nothing yet */
    size_t size;
    note note;
    checkpoint checkpoint;
} record;

/* A record that cannot be trusted must not be taken for none: that would roll the log back. */
static wf_status read_record(record *out, witness *w, const witness_submission *s, const char *id,
                             wf_error *err)
{
    note_key keys[WITNESS_KEYS_MAX + 1];
    bool verified[WITNESS_KEYS_MAX + 1];
    memset(out, 0, sizeof *out);
    wf_status status = witness_state_read(&w->state, id, &out->bytes, &out->size, err);
    if (status != WF_OK || out->bytes == NULL)
        return status;
    memcpy(keys, s->keys, s->key_count * sizeof *keys);
    keys[s->key_count] = w->key.note_key;
    const char *reason = note_parse(&out->note, out->bytes, out->size);
    if (reason == NULL)
        reason = note_verify(verified, NULL, &out->note, keys, s->key_count + 1);
    if (reason == NULL)
        reason = checkpoint_parse(&out->checkpoint, out->note.text, out->note.text_size);
    if (reason == NULL && strcmp(out->checkpoint.origin, s->checkpoint.origin) != 0)
        reason = N_("it is of another log");
    if (reason != NULL)
        return wf_fail(err, WF_DAMAGED,
                       _("%s/%s: the last checkpoint cosigned for %s cannot be read, so nothing is "
                         "cosigned for that log until the file is put back: %s"),
                       w->state.dir, id, s->checkpoint.origin, _(reason));
    return WF_OK;
}

/* Text and the log's own signatures: what others put beside them is not ours to keep. */
static void copy_signed(buffer *out, const witness_submission *s)
{
    buffer_append(out, s->note.text, s->note.text_size);
    buffer_append_text(out, "\n");
    const char *line = s->note.text + s->note.text_size + 1;
    for (size_t i = 0; i < s->note.signature_count; i++) {
        const note_signature *signature = &s->note.signatures[i];
        const char *stop = strchr(signature->name, '\n');
        bool known = false;
        for (size_t k = 0; k < s->key_count; k++)
            known = known || (s->keys[k].id == signature->id &&
                              strlen(s->keys[k].name) == signature->name_size &&
                              memcmp(s->keys[k].name, signature->name, signature->name_size) == 0);
        if (known)
            buffer_append(out, line, (size_t)(stop + 1 - line));
        line = stop + 1;
    }
}

/* Cosigns, stores, and only then answers. */
static wf_status cosign(witness *w, const witness_submission *s, const char *id, int lock,
                        witness_answer *out, wf_error *err)
{
    buffer kept = {0};
    int64_t now_s = clock_now_ms() / TIME_SECOND_MS;
    if (now_s <= 0)
        return wf_fail(err, WF_SYSTEM, _("the clock stands before 1970: nothing is cosigned"));
    buffer_clear(&out->body);
    wf_status status =
        witness_cosign(&out->body, &w->key, s->note.text, s->note.text_size, (uint64_t)now_s, err);
    copy_signed(&kept, s);
    buffer_append(&kept, out->body.data, out->body.size);
    if (status == WF_OK && kept.failed)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status == WF_OK)
        status = witness_state_write(&w->state, id, lock, span_of(kept.data, kept.size), err);
    buffer_free(&kept);
    return status;
}

static void put_vkeys(buffer *out, const witness_submission *s)
{
    char vkey[NOTE_VKEY_MAX];
    for (size_t k = 0; k < s->key_count; k++)
        buffer_printf(out, "%s\n", note_vkey_format(vkey, sizeof vkey, &s->keys[k]));
    buffer_append_byte(out, '\0');
}

/* Keeps what the log signed; a failure to do so is told in the remark and changes no answer. */
static void keep_evidence(witness *w, const witness_submission *s, const record *last,
                          const witness_verdict *verdict, const char *id, span body,
                          witness_answer *out)
{
    char name[WITNESS_EVIDENCE_NAME];
    bool fresh = false;
    wf_error err = {0};
    buffer proof = {0}, vkeys = {0};
    const checkpoint *old = last->bytes != NULL ? &last->checkpoint : NULL;
    if (verdict->evidence == WITNESS_NO_EVIDENCE)
        return;
    put_vkeys(&vkeys, s);
    if (verdict->evidence == WITNESS_FORK && old != NULL && old->size >= s->checkpoint.size) {
        /* equal sizes need no hashes, and what was asked may have been about another size */
        buffer_printf(&proof, "old %" PRIu64 "\n\n", old->size);
        buffer_append(&proof, s->request.checkpoint, s->request.checkpoint_size);
    } else {
        buffer_append(&proof, body.data, body.size);
    }
    witness_conflict conflict = {
        .fork = verdict->evidence == WITNESS_FORK,
        .old_checkpoint = old,
        .new_checkpoint = &s->checkpoint,
        .old_note = span_of(last->bytes, last->size),
        .new_note = span_of(s->request.checkpoint, s->request.checkpoint_size),
        .proof = span_of(proof.data, proof.size),
        .vkeys = (const char *)vkeys.data,
    };
    size_t used = strlen(out->remark);
    wf_status status = proof.failed || vkeys.failed
                           ? wf_fail(&err, WF_SYSTEM, _("out of memory"))
                           : witness_state_keep(&w->state, id, &conflict, name, &fresh, &err);
    if (status == WF_OK)
        snprintf(out->remark + used, sizeof out->remark - used,
                 fresh ? _("; EVIDENCE kept in %s/%s") : _("; evidence is already in %s/%s"),
                 w->state.dir, name);
    else
        snprintf(out->remark + used, sizeof out->remark - used,
                 _("; EVIDENCE could not be kept: %s"), err.text);
    buffer_free(&proof);
    buffer_free(&vkeys);
}

/* With the lock of the log held. */
static wf_status answer_locked(witness *w, const witness_submission *s, const char *id, int lock,
                               span body, witness_answer *out, wf_error *err)
{
    witness_verdict verdict;
    record *last = malloc(sizeof *last);
    if (last == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = read_record(last, w, s, id, err);
    if (status == WF_OK) {
        witness_decide(&verdict, s, last->bytes != NULL ? &last->checkpoint : NULL);
        answer(out, verdict.status, verdict.reason != NULL ? verdict.reason : N_("cosigned"));
        if (verdict.status == 200) {
            status = cosign(w, s, id, lock, out, err);
        } else if (verdict.status == 409) {
            out->content_type = type_size;
            buffer_clear(&out->body);
            buffer_printf(&out->body, "%" PRIu64 "\n", verdict.last_size);
        }
        if (status == WF_OK)
            keep_evidence(w, s, last, &verdict, id, body, out);
    }
    free(last->bytes);
    free(last);
    return status;
}

/* "origin size old": what a line of the log begins with. */
static void put_remark(witness_answer *out, const witness_submission *s)
{
    char rest[sizeof out->remark], origin[SHOWN_TEXT];
    snprintf(rest, sizeof rest, "%s", out->remark);
    text_shown(origin, s->checkpoint.origin, strlen(s->checkpoint.origin));
    int used =
        snprintf(out->remark, sizeof out->remark, _("%s %llu to %llu: "), origin,
                 (unsigned long long)s->request.old_size, (unsigned long long)s->checkpoint.size);
    if (used > 0 && (size_t)used < sizeof out->remark)
        snprintf(out->remark + used, sizeof out->remark - (size_t)used, "%.*s",
                 (int)(sizeof out->remark - (size_t)used - 1), rest);
}

static void add_checkpoint(witness *w, span body, witness_answer *out)
{
    char id[WITNESS_ID_MAX];
    witness_verdict verdict;
    wf_error err = {0};
    int lock = -1;
    witness_submission *s = malloc(sizeof *s);
    if (s == NULL) {
        wf_fail(&err, WF_SYSTEM, _("out of memory"));
        answer_failure(out, &err);
        return;
    }
    if (!witness_admit(&verdict, s, (const char *)body.data, body.size, w->logs, w->log_count)) {
        answer(out, verdict.status, verdict.reason);
        free(s);
        return;
    }
    witness_id(id, s->checkpoint.origin, strlen(s->checkpoint.origin));
    wf_status status = witness_state_lock(&lock, &w->state, id, &err);
    if (status == WF_OK)
        status = answer_locked(w, s, id, lock, body, out, &err);
    witness_state_unlock(lock);
    if (status == WF_OK && out->body.failed)
        status = wf_fail(&err, WF_SYSTEM, _("out of memory"));
    if (status != WF_OK)
        answer_failure(out, &err);
    put_remark(out, s);
    free(s);
}

/* GET <id>/checkpoint, for monitors. A file is replaced whole, so reading needs no lock. */
static void get_checkpoint(witness *w, const char *id, witness_answer *out)
{
    char *bytes = NULL;
    size_t size = 0;
    wf_error err = {0};
    if (witness_state_read(&w->state, id, &bytes, &size, &err) != WF_OK) {
        answer_failure(out, &err);
    } else if (bytes == NULL) {
        answer(out, 404, N_("this witness cosigned no checkpoint of that origin"));
    } else {
        answer(out, 200, N_("checkpoint read"));
        buffer_clear(&out->body);
        buffer_append(&out->body, bytes, size);
    }
    free(bytes);
}

void witness_serve(witness *w, const char *method, const char *path, const void *body, size_t size,
                   witness_answer *out)
{
    enum { ID_DIGITS = WITNESS_ID_MAX - 1 };
    bool get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    memset(out, 0, sizeof *out);
    bool is_add = strcmp(path, "/add-checkpoint") == 0;
    bool is_checkpoint = path[0] == '/' && strspn(path + 1, "0123456789abcdef") == ID_DIGITS &&
                         strcmp(path + 1 + ID_DIGITS, "/checkpoint") == 0;
    if (!is_add && !is_checkpoint) {
        answer(out, 404,
               N_("there is POST /add-checkpoint and GET /<SHA-256 of origin>/checkpoint"));
    } else if (is_add ? strcmp(method, "POST") != 0 : !get) {
        answer(out, 405,
               is_add ? N_("add-checkpoint takes POST") : N_("a checkpoint is had by GET"));
        out->allow = is_add ? "POST" : "GET, HEAD";
    } else if (is_add) {
        add_checkpoint(w, span_of(body, size), out);
    } else {
        char id[WITNESS_ID_MAX];
        snprintf(id, sizeof id, "%.*s", ID_DIGITS, path + 1);
        get_checkpoint(w, id, out);
    }
}
