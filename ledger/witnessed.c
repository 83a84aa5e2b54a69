/*
 * ledger/witnessed.c: the published checkpoint, the file "witnessed": read here alone.
 *
 * Who reads it passes it on as witnessed, so it is judged first: a note that the operator signed,
 * of this log and a beginning of it, and cosigned so that the quorum of the file "policy" is met by
 * signatures that verify. A ledger without a policy (its witnesses were asked with another file)
 * knows no key of a witness: then somebody other than the log must have signed, and that is all
 * that can be said.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"
#include "policy.h"

enum { MISSING_MAX = 512 };

/* The policy in the ledger's folder; *out NULL when there is none. */
static wf_status read_policy(policy **out, const char *dir, wf_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    *out = NULL;
    wf_status status = folder_read(dir, FILE_POLICY, POLICY_FILE_MAX, &bytes, &size, err);
    if (status != WF_OK || bytes == NULL)
        return status;
    policy *p = malloc(sizeof *p);
    const char *reason = p == NULL ? NULL : policy_parse(p, bytes, size);
    if (p == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if (reason != NULL)
        status = wf_fail(err, WF_DAMAGED, _("%s/%s: %s; put the file back as it was"), dir,
                         FILE_POLICY, _(reason));
    free(bytes);
    if (status == WF_OK)
        *out = p;
    else
        free(p);
    return status;
}

wf_status witnessed_check_policy(const char *dir, wf_error *err)
{
    policy *p = NULL;
    wf_status status = read_policy(&p, dir, err);
    free(p);
    return status;
}

static bool names_key(const note *n, const note_key *key)
{
    for (size_t i = 0; i < n->signature_count; i++)
        if (n->signatures[i].id == key->id && n->signatures[i].name_size == strlen(key->name) &&
            memcmp(n->signatures[i].name, key->name, n->signatures[i].name_size) == 0)
            return true;
    return false;
}

/* Each signature of a witness that the policy knows verifies, and they are enough. */
static wf_status check_quorum(const policy *p, const note *n, wf_error *err)
{
    bool cosigned[POLICY_WITNESSES_MAX] = {false};
    char missing[MISSING_MAX];
    for (size_t i = 0; i < p->witness_count; i++) {
        const note_key *key = &p->witnesses[i].key;
        bool verified = false;
        const char *reason = names_key(n, key) ? note_verify(&verified, NULL, n, key, 1) : NULL;
        if (reason != NULL)
            return wf_fail(err, WF_DAMAGED, _("the cosignature of %s does not hold: %s"), key->name,
                           _(reason));
        cosigned[i] = verified;
    }
    if (policy_satisfied(p, cosigned))
        return WF_OK;
    return wf_fail(err, WF_REFUSED, _("it is below the quorum of the file policy: %s"),
                   policy_missing(missing, sizeof missing, p, cosigned));
}

static wf_status check_cosignatures(const ledger *l, const char *text, size_t size, wf_error *err)
{
    policy *p = NULL;
    wf_status status = read_policy(&p, l->dir, err);
    note *n = status == WF_OK ? malloc(sizeof *n) : NULL;
    if (status != WF_OK)
        return status;
    const char *reason = n != NULL ? note_parse(n, text, size) : NULL;
    if (n == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if (reason != NULL)
        status = wf_fail(err, WF_DAMAGED, "%s", _(reason));
    else if (p != NULL)
        status = check_quorum(p, n, err);
    else if (n->signature_count < 2) /* the first was found to be the operator's */
        status = wf_fail(err, WF_REFUSED, _("nobody but the ledger itself has signed it"));
    free(n);
    free(p);
    return status;
}

/* What it is that is wrong, and with which file; whatever is a finding says the way out. */
static wf_status explain(const ledger *l, wf_status status, const wf_error *why, wf_error *err)
{
    if (status != WF_DAMAGED && status != WF_REFUSED)
        return wf_fail(err, status, "%s", why->text);
    return wf_fail(
        err, status,
        _("%s/%s is not a checkpoint that the witnesses of this ledger cosigned: %s; ask "
          "them again with: wufei witness ask"),
        l->dir, FILE_WITNESSED, why->text);
}

wf_status witnessed_read_signed(const ledger *l, checkpoint *out, char **text, size_t *size,
                                wf_error *err)
{
    wf_error why = {0};
    *text = NULL;
    wf_status status = folder_read(l->dir, FILE_WITNESSED, NOTE_MAX, text, size, err);
    if (status != WF_OK || *text == NULL)
        return status;
    status = signed_head_parse(l, out, FILE_WITNESSED, *text, *size, &why);
    if (status == WF_OK)
        return WF_OK;
    free(*text);
    *text = NULL;
    return explain(l, status, &why, err);
}

/* The rest of the judgement, of what witnessed_read_signed gave; *text is freed when it fails. */
static wf_status judge(ledger *l, store_txn *txn, const ledger_head *head, const checkpoint *c,
                       char **text, size_t size, wf_error *err)
{
    wf_error why = {0};
    if (*text == NULL)
        return WF_OK;
    wf_status status = signed_head_check(l, c, txn, head, &why);
    if (status == WF_OK)
        status = check_cosignatures(l, *text, size, &why);
    if (status == WF_OK)
        return WF_OK;
    free(*text);
    *text = NULL;
    if (l->at == 0 && c->size > head->size) /* then the file may be right and the store is not */
        return wf_fail(err, status, "%s/%s: %s", l->dir, FILE_WITNESSED, why.text);
    return explain(l, status, &why, err);
}

wf_status witnessed_read(ledger *l, store_txn *txn, const ledger_head *head, checkpoint *out,
                         char **text, wf_error *err)
{
    size_t size = 0;
    wf_status status = witnessed_read_signed(l, out, text, &size, err);
    return status == WF_OK ? judge(l, txn, head, out, text, size, err) : status;
}

wf_status witnessed_read_if(ledger *l, store_txn *txn, const ledger_head *head, checkpoint *out,
                            char **text, wf_error *err)
{
    wf_error why = {0};
    wf_status status = witnessed_read(l, txn, head, out, text, &why);
    return status == WF_SYSTEM ? wf_fail(err, status, "%s", why.text) : WF_OK;
}

wf_status ledger_witnessed(ledger *l, checkpoint *out, char **text, wf_error *err)
{
    ledger_head head;
    size_t size = 0;
    store_txn *txn = NULL;
    /* the file before the store: it is never ahead of it then, whoever writes beside us */
    wf_status status = witnessed_read_signed(l, out, text, &size, err);
    if (status != WF_OK || *text == NULL)
        return status;
    status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK) {
        status = judge(l, txn, &head, out, text, size, err);
    } else {
        free(*text);
        *text = NULL;
    }
    store_abort(txn);
    return status;
}
