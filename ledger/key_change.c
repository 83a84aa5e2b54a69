/*
 * ledger/key_change.c: who holds the keys changes them: rotation, revocation, offline keys.
 *
 * A change of the operator's own key needs its successor at hand, staged in the folder before the
 * commit and put in place behind it (operator_files.c has the steps).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "ledger_private.h"

/* ---- successors ------------------------------------------------------------------------------ */

static wf_status stage_file(const ledger *l, const char *path, const signer *s, wf_error *err)
{
    static const char mark[] = "BEGIN PUBLIC KEY";
    buffer text = {0};
    char *bytes = malloc(KEY_FILE_MAX + 1);
    FILE *file = fopen(path, "re");
    wf_status status = WF_OK;
    size_t size = 0;
    if (bytes == NULL || !buffer_reserve(&text, (size_t)2 * KEY_FILE_MAX)) {
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    } else if (file == NULL) {
        status = wf_fail_errno(err, "%s", path);
    } else {
        setvbuf(file, NULL, _IONBF, 0);
        size = fread(bytes, 1, KEY_FILE_MAX, file);
        bytes[size] = '\0';
        buffer_append(&text, bytes, size);
        /* It is to be recognised without its passphrase. */
        if (strstr(bytes, mark) == NULL)
            status = key_public_text(&text, signer_public(s), err);
    }
    if (file != NULL)
        fclose(file);
    if (status == WF_OK)
        status = operator_stage_key(l->dir, span_of(text.data, text.size), err);
    if (bytes != NULL)
        OPENSSL_cleanse(bytes, KEY_FILE_MAX);
    free(bytes);
    key_text_free(&text);
    return status;
}

static wf_status stage_new(const ledger *l, bool encrypt, signer **out, wf_error *err)
{
    EVP_PKEY *key = NULL;
    buffer text = {0};
    wf_status status = key_make(&key, l->suite, err);
    if (status == WF_OK)
        status = key_text(&text, key, encrypt, err);
    if (status == WF_OK)
        status = operator_stage_key(l->dir, span_of(text.data, text.size), err);
    key_text_free(&text);
    if (status != WF_OK) {
        EVP_PKEY_free(key);
        return status;
    }
    return signer_of_key(out, key, err);
}

/* Before the commit: l->next_signer, and the file that will be its. */
static wf_status stage(ledger *l, const ledger_successor *next, wf_error *err)
{
    wf_status status;
    signer_free(l->next_signer);
    l->next_signer = NULL;
    if (next->socket_path != NULL) {
        status = signer_of_socket(&l->next_signer, next->socket_path, err);
        if (status == WF_OK)
            status = operator_stage_socket(l->dir, next->socket_path, err);
    } else if (next->key_path != NULL) {
        status = signer_of_file(&l->next_signer, next->key_path, err);
        if (status == WF_OK)
            status = stage_file(l, next->key_path, l->next_signer, err);
    } else {
        status = stage_new(l, next->encrypt, &l->next_signer, err);
    }
    if (status != WF_OK) {
        signer_free(l->next_signer);
        l->next_signer = NULL;
    }
    return status;
}

/* ---- records --------------------------------------------------------------------------------- */

/* reason NULL: it is no revocation. */
static wf_status check_texts(const char *party, const char *reason, wf_error *err)
{
    if (party[0] == '\0' || strlen(party) > AUTHOR_MAX)
        return wf_fail(err, WF_USAGE, _("party '%s': 1 to %d bytes were expected"), party,
                       AUTHOR_MAX);
    if (reason == NULL || (reason[0] != '\0' && strlen(reason) <= REVOKE_REASON_MAX &&
                           strpbrk(reason, "\n\r\t") == NULL))
        return WF_OK;
    return wf_fail(err, WF_USAGE, _("the reason of a revocation is one line of 1 to %d bytes"),
                   REVOKE_REASON_MAX);
}

static wf_status check_change(const ledger *l, const char *party, const char *reason, wf_error *err)
{
    if (l->read_only)
        return wf_fail(err, WF_USAGE, _("%s was opened for reading"), l->dir);
    return check_texts(party, reason, err);
}

static wf_status add_possession(const ledger *l, key_change *change, signer *next, wf_error *err)
{
    buffer text = {0};
    change->replacement = *signer_public(next);
    key_order_possession(&text, l->genesis.origin, change);
    wf_status status = text.failed
                           ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                           : signer_sign(next, text.data, text.size, change->possession.bytes,
                                         &change->possession.size, err);
    buffer_free(&text);
    return status;
}

/* A change of the operator's key whose successor is staged. All that was committed before is signed
   by the old key first, when it is there. */
static wf_status change_operator(ledger *l, system_record *record, wf_error *err)
{
    uint8_t former[KEY_ID_SIZE];
    memcpy(former, l->operator_id, KEY_ID_SIZE);
    wf_status status = l->signer != NULL ? ledger_drain(l, err) : WF_OK;
    if (status == WF_OK)
        status = add_possession(l, &record->change, l->next_signer, err);
    if (status == WF_OK)
        status = system_submit_by(l, OPERATOR_PARTY,
                                  key_rules_own_key(record) != NULL ? l->next_signer : l->signer,
                                  record, err);
    if (status == WF_REFUSED) /* else nobody knows whether the commit came to be */
        operator_unstage(l->dir);
    if (status == WF_OK)
        status = operator_install(l->dir, former, err);
    if (status == WF_OK)
        status = ledger_drain(l, err);
    return status;
}

wf_status ledger_rotate_operator(ledger *l, const ledger_successor *next, wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_ROTATE};
    wf_status status = check_change(l, OPERATOR_PARTY, NULL, err);
    strcpy(record.change.party, OPERATOR_PARTY);
    memcpy(record.change.key, l->operator_id, KEY_ID_SIZE);
    if (status == WF_OK)
        status = stage(l, next, err);
    return status == WF_OK ? change_operator(l, &record, err) : status;
}

wf_status ledger_revoke_operator(ledger *l, const char *reason, const ledger_successor *next,
                                 wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_REVOKE};
    wf_status status = check_change(l, OPERATOR_PARTY, reason, err);
    if (status != WF_OK)
        return status;
    strcpy(record.change.party, OPERATOR_PARTY);
    strcpy(record.change.reason, reason);
    memcpy(record.change.key, l->operator_id, KEY_ID_SIZE);
    status = stage(l, next, err);
    return status == WF_OK ? change_operator(l, &record, err) : status;
}

/* A party's key ends by its own signature. */
static wf_status change_party(ledger *l, const char *party, const char *key_path,
                              const char *next_path, system_record *record, wf_error *err)
{
    signer *old = NULL, *next = NULL;
    wf_status status = signer_of_file(&old, key_path, err);
    if (status == WF_OK && next_path != NULL)
        status = signer_of_file(&next, next_path, err);
    strcpy(record->change.party, party);
    if (status == WF_OK)
        key_id_of(record->change.key, signer_public(old));
    if (status == WF_OK && next != NULL)
        status = add_possession(l, &record->change, next, err);
    if (status == WF_OK)
        status = system_submit_by(l, party, old, record, err);
    if (status == WF_OK)
        status = ledger_drain(l, err);
    signer_free(old);
    signer_free(next);
    return status;
}

static wf_status refuse_operator(const char *party, wf_error *err)
{
    return strcmp(party, OPERATOR_PARTY) != 0
               ? WF_OK
               : wf_fail(err, WF_USAGE,
                         _("the operator's key is in the ledger's folder; leave out --key"));
}

wf_status ledger_rotate_key(ledger *l, const char *party, const char *key_path,
                            const char *next_path, wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_ROTATE};
    wf_status status = check_change(l, party, NULL, err);
    if (status == WF_OK)
        status = refuse_operator(party, err);
    return status == WF_OK ? change_party(l, party, key_path, next_path, &record, err) : status;
}

wf_status ledger_revoke_key(ledger *l, const char *party, const char *key_path, const char *reason,
                            const char *next_path, wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_REVOKE};
    wf_status status = check_change(l, party, reason, err);
    if (status == WF_OK)
        status = refuse_operator(party, err);
    if (status != WF_OK)
        return status;
    strcpy(record.change.reason, reason);
    return change_party(l, party, key_path, next_path, &record, err);
}

/* ---- orders of offline keys ------------------------------------------------------------------ */

static wf_status load_keys(ledger *l, wf_error *err)
{
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = key_table_load(&l->keys, txn, err);
    store_abort(txn);
    return status;
}

wf_status ledger_order_revoke(ledger *l, buffer *out, const char *party, const char *key_id,
                              const char *reason, const suite_public_key *replacement,
                              wf_error *err)
{
    key_change change = {.replacement.size = 0};
    wf_status status = check_texts(party, reason, err);
    if (status != WF_OK)
        return status;
    if (!key_id_parse(change.key, key_id, strlen(key_id)))
        return wf_fail(err, WF_USAGE,
                       _("'%s' is not the id of a key: 16 digits 0-9 a-f were expected; see: wufei "
                         "key show"),
                       key_id);
    status = load_keys(l, err);
    if (status != WF_OK)
        return status;
    if (key_table_find(&l->keys, span_text(party), change.key) == NULL)
        return wf_fail(err, WF_REFUSED,
                       _("%s never had a key %s in this ledger; see: wufei key show"), party,
                       key_id);
    strcpy(change.party, party);
    strcpy(change.reason, reason);
    if (replacement != NULL)
        change.replacement = *replacement;
    key_order_revoke(out, l->genesis.origin, &change);
    buffer_append_text(out, "\n");
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

static wf_status make_quorum(ledger *l, key_quorum *out, unsigned threshold,
                             const suite_public_key *keys, size_t count, wf_error *err)
{
    if (count == 0 || count > QUORUM_KEYS_MAX || threshold == 0 || threshold > count)
        return wf_fail(err, WF_USAGE,
                       _("a quorum has 1 to %d keys, and its threshold is 1 to their number"),
                       QUORUM_KEYS_MAX);
    wf_status status = load_keys(l, err);
    if (status != WF_OK)
        return status;
    const quorum_row *before = key_table_quorum(&l->keys, SEQ_ANY);
    *out = (key_quorum){.threshold = threshold, .key_count = count};
    memcpy(out->keys, keys, count * sizeof *keys);
    out->has_previous = before != NULL;
    out->previous = before != NULL ? before->seq : 0;
    return WF_OK;
}

wf_status ledger_order_quorum(ledger *l, buffer *out, unsigned threshold,
                              const suite_public_key *keys, size_t count, wf_error *err)
{
    key_quorum quorum;
    wf_status status = make_quorum(l, &quorum, threshold, keys, count, err);
    if (status == WF_OK && !quorum.has_previous)
        status = wf_fail(err, WF_USAGE,
                         _("this ledger has no offline keys yet: the first need no order"));
    if (status != WF_OK)
        return status;
    key_order_quorum(out, l->genesis.origin, &quorum);
    buffer_append_text(out, "\n");
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

wf_status ledger_set_quorum(ledger *l, unsigned threshold, const suite_public_key *keys,
                            size_t count, wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_QUORUM};
    wf_status status = make_quorum(l, &record.quorum, threshold, keys, count, err);
    if (status == WF_OK && record.quorum.has_previous)
        status = wf_fail(err, WF_REFUSED,
                         _("the offline keys of entry %llu are in force, and only they change "
                           "themselves: write an order with --order FILE, have it signed with: "
                           "wufei key sign, and enter it with: wufei key enter"),
                         (unsigned long long)record.quorum.previous);
    if (status == WF_OK)
        status = system_submit(l, &record, err);
    return status == WF_OK ? ledger_drain(l, err) : status;
}

static wf_status check_replacement(const signer *at_hand, const key_order *order, wf_error *err)
{
    return key_equal(signer_public(at_hand), &order->change.replacement)
               ? WF_OK
               : wf_fail(err, WF_REFUSED, _("the new key is not the one that the order names"));
}

static wf_status replace_operator(ledger *l, system_record *record, const key_order *order,
                                  const ledger_successor *next, wf_error *err)
{
    wf_status status = stage(l, next, err);
    if (status != WF_OK)
        return status;
    status = check_replacement(l->next_signer, order, err);
    if (status == WF_OK)
        return change_operator(l, record, err);
    operator_unstage(l->dir);
    return status;
}

static wf_status enter_revocation(ledger *l, const key_order *order, const ledger_successor *next,
                                  wf_error *err)
{
    system_record record = {.kind = SYSTEM_KEY_REVOKE, .change = order->change};
    bool replaces = order->change.replacement.size > 0;
    bool of_operator = strcmp(order->change.party, OPERATOR_PARTY) == 0;
    signer *s = NULL;
    wf_status status = WF_OK;
    if (replaces && next->key_path == NULL && (!of_operator || next->socket_path == NULL))
        return wf_fail(err, WF_USAGE,
                       _("the order names a new key: give its private key with --new FILE"));
    if (replaces && of_operator)
        return replace_operator(l, &record, order, next, err);
    if (replaces)
        status = signer_of_file(&s, next->key_path, err);
    if (status == WF_OK && s != NULL)
        status = check_replacement(s, order, err);
    if (status == WF_OK && s != NULL)
        status = add_possession(l, &record.change, s, err);
    if (status == WF_OK)
        status = system_submit(l, &record, err);
    if (status == WF_OK)
        status = ledger_drain(l, err);
    signer_free(s);
    return status;
}

static bool is_offline(const quorum_row *quorum, const key_signature *signature)
{
    uint8_t id[KEY_ID_SIZE];
    for (size_t i = 0; i < quorum->key_count; i++) {
        key_id_of(id, &quorum->keys[i]);
        if (memcmp(id, signature->key, KEY_ID_SIZE) == 0)
            return true;
    }
    return false;
}

/* Whoever signed an order that is no business of his does not spoil it: nothing superfluous enters
   the log, and the others count. When none is left, all stay for the message that tells of them. */
static wf_status drop_strangers(ledger *l, key_order *order, wf_error *err)
{
    key_signature *all = order->is_quorum ? order->quorum.signatures : order->change.signatures;
    size_t *count =
        order->is_quorum ? &order->quorum.signature_count : &order->change.signature_count;
    size_t kept = 0;
    wf_status status = load_keys(l, err);
    const quorum_row *quorum = status == WF_OK ? key_table_quorum(&l->keys, SEQ_ANY) : NULL;
    if (quorum == NULL)
        return status;
    for (size_t i = 0; i < *count; i++)
        kept += is_offline(quorum, &all[i]);
    if (kept == 0)
        return WF_OK;
    kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (is_offline(quorum, &all[i]))
            all[kept++] = all[i];
    *count = kept;
    return WF_OK;
}

wf_status ledger_enter_order(ledger *l, const char *text, size_t size, const ledger_successor *next,
                             wf_error *err)
{
    key_order order;
    system_record record = {.kind = SYSTEM_KEY_QUORUM};
    wf_status status = check_change(l, OPERATOR_PARTY, NULL, err);
    if (status == WF_OK)
        status = key_order_parse(&order, text, size, err);
    if (status == WF_OK && strcmp(order.origin, l->genesis.origin) != 0)
        status = wf_fail(err, WF_REFUSED, _("the order is for the ledger %s, this one is %s"),
                         order.origin, l->genesis.origin);
    if (status == WF_OK)
        status = drop_strangers(l, &order, err);
    if (status != WF_OK)
        return status;
    if (!order.is_quorum && order.change.signature_count == 0)
        return wf_fail(err, WF_REFUSED, _("nobody signed the order yet; see: wufei key sign"));
    if (!order.is_quorum)
        return enter_revocation(l, &order, next, err);
    record.quorum = order.quorum;
    status = system_submit(l, &record, err);
    return status == WF_OK ? ledger_drain(l, err) : status;
}
