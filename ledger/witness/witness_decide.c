/*
 * witness/witness_decide.c: see witness_decide.h.
 */
#include "witness_decide.h"
#include "base/text.h"

#include <string.h>

enum { STATUS_OK = 200, STATUS_BAD = 400, STATUS_FORBIDDEN = 403, STATUS_UNKNOWN = 404 };
enum { STATUS_CONFLICT = 409, STATUS_UNPROCESSABLE = 422 };

static void answer(witness_verdict *out, int status, const char *reason)
{
    *out = (witness_verdict){.status = status, .reason = reason};
}

/* The keys of the log whose origin is the first line of the note. */
static void find_keys(witness_submission *s, const note_key *logs, size_t log_count)
{
    const char *origin = s->note.text;
    const char *stop = memchr(origin, '\n', s->note.text_size);
    size_t size = stop ? (size_t)(stop - origin) : 0;
    s->keys = NULL;
    s->key_count = 0;
    for (size_t i = 0; i < log_count; i++) {
        if (strlen(logs[i].name) != size || memcmp(logs[i].name, origin, size) != 0)
            continue;
        if (s->key_count == 0)
            s->keys = &logs[i];
        s->key_count++;
    }
}

bool witness_admit(witness_verdict *out, witness_submission *submission, const char *body,
                   size_t size, const note_key *logs, size_t log_count)
{
    witness_submission *s = submission;
    const char *reason = witness_request_parse(&s->request, body, size);
    if (!reason)
        reason = note_parse(&s->note, s->request.checkpoint, s->request.checkpoint_size);
    if (reason) {
        answer(out, STATUS_BAD, reason);
        return false;
    }
    find_keys(s, logs, log_count);
    if (s->key_count == 0) {
        answer(out, STATUS_UNKNOWN, N_("this witness knows no log of that origin"));
        return false;
    }
    s->hash = note_key_hash(s->keys);
    reason = note_verify(s->verified, NULL, &s->note, s->keys, s->key_count);
    if (reason) {
        answer(out, STATUS_FORBIDDEN, reason);
        return false;
    }
    reason = checkpoint_parse(&s->checkpoint, s->note.text, s->note.text_size);
    /* the last thing that checkpoint_parse looks at; to it the specification has another answer */
    s->wrong_root = checkpoint_check(&s->checkpoint, s->hash);
    if (reason && reason != s->wrong_root) {
        answer(out, STATUS_BAD, reason);
        return false;
    }
    return true;
}

/* What the specification answers with 422; NULL when all of it holds. */
static const char *check_extension(const witness_submission *s, const checkpoint *last)
{
    const witness_request *request = &s->request;
    const checkpoint *next = &s->checkpoint;
    if (s->wrong_root)
        return s->wrong_root;
    if (request->old_size == 0)
        return request->hash_count == 0 ? NULL : N_("from size 0 on the proof must be empty");
    if (request->old_size == next->size && !hash_equal(&last->root, &next->root))
        return N_("the checkpoint has the size of the last one and another root");
    if (!merkle_verify_consistency(s->hash, last->size, &last->root, next->size, &next->root,
                                   request->hashes, request->hash_count))
        return N_("the consistency proof does not hold");
    return NULL;
}

/* A proof that leads to the new root shows what the first entries of that tree have for a root:
   when it is another one than the log signed for them, the three convict it, as wufei-verify
   extends says of them. Garbage leads nowhere and shows nothing. */
static bool shows_another_root(const witness_submission *s, const checkpoint *last)
{
    hash shown;
    return last && last->size == s->request.old_size &&
           merkle_consistency_old_root(&shown, s->hash, last->size, s->checkpoint.size,
                                       &s->checkpoint.root, s->request.hashes,
                                       s->request.hash_count) &&
           !hash_equal(&shown, &last->root);
}

/* Two roots for one size prove that the log misbehaved, whatever else was asked. */
static witness_evidence find_fork(const witness_submission *s, const checkpoint *last)
{
    bool fork =
        last && last->size == s->checkpoint.size && !hash_equal(&last->root, &s->checkpoint.root);
    return fork || s->wrong_root || shows_another_root(s, last) ? WITNESS_FORK
                                                                : WITNESS_NO_EVIDENCE;
}

void witness_decide(witness_verdict *out, const witness_submission *submission,
                    const checkpoint *last)
{
    uint64_t last_size = last ? last->size : 0;
    uint64_t old_size = submission->request.old_size;
    answer(out, STATUS_OK, NULL);
    if (old_size > submission->checkpoint.size) {
        answer(out, STATUS_BAD, N_("the old size is larger than the checkpoint's"));
    } else if (old_size != last_size) {
        answer(out, STATUS_CONFLICT,
               N_("the old size is not that of the last checkpoint cosigned"));
    } else {
        const char *reason = check_extension(submission, last);
        if (reason)
            answer(out, STATUS_UNPROCESSABLE, reason);
    }
    out->last_size = last_size;
    out->evidence = find_fork(submission, last);
    bool proof_fails = out->status == STATUS_UNPROCESSABLE && old_size > 0;
    if (out->evidence == WITNESS_NO_EVIDENCE && proof_fails)
        out->evidence = WITNESS_UNPROVED;
}
