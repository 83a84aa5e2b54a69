/*
 * ledger/key_list.c: see key_list.h.
 */
#include "key_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

static bool is_operator(const party_key *key)
{
    return span_equal(span_of(key->party, key->party_size), span_text(OPERATOR_PARTY));
}

static int compare(const void *a, const void *b)
{
    const party_key *x = *(const party_key *const *)a, *y = *(const party_key *const *)b;
    if (is_operator(x) != is_operator(y))
        return is_operator(x) ? -1 : 1;
    int order = strcmp(x->party, y->party);
    if (order != 0)
        return order;
    return x->valid_from < y->valid_from ? -1 : x->valid_from > y->valid_from;
}

/* The reason that stands in the entry that ended a key. */
static wf_status read_reason(ledger *l, store_txn *txn, const party_key *key, char *out,
                             wf_error *err)
{
    entry_view entry;
    statement_view statement;
    system_record record;
    out[0] = '\0';
    if (key->why != KEY_REVOKED)
        return WF_OK;
    wf_status status = ledger_read(l, txn, atomic_load(&key->valid_until) - 1, NULL, &entry, err);
    if (status == WF_OK && statement_parse(&statement, entry.statement, err) == WF_OK &&
        statement.system.data != NULL && system_parse(&record, statement.system, err) == WF_OK)
        strcpy(out, record.change.reason);
    return status;
}

static wf_status list_one(ledger *l, store_txn *txn, const party_key *key, key_listener each,
                          void *ctx, wf_error *err)
{
    static const char *const states[] = {
        [KEY_STANDS] = "valid", [KEY_ROTATED] = "rotated", [KEY_REVOKED] = "revoked"};
    char reason[REVOKE_REASON_MAX + 1];
    note_key of_note;
    listed_key out = {.party = key->party,
                      .public_key = key->public_key,
                      .state = states[key->why],
                      .from = key->valid_from,
                      .until = atomic_load(&key->valid_until),
                      .reason = reason};
    key_id_text(out.id, key->id);
    if (is_operator(key)) {
        note_key_make(&of_note, l->suite->note_type, l->genesis.origin, key->public_key.bytes);
        note_vkey_format(out.vkey, sizeof out.vkey, &of_note);
    }
    wf_status status = read_reason(l, txn, key, reason, err);
    return status == WF_OK ? each(ctx, &out, err) : status;
}

static wf_status list_parties(ledger *l, store_txn *txn, key_table *t, const char *party,
                              key_listener each, void *ctx, wf_error *err)
{
    const party_key **all = NULL;
    size_t count = 0, capacity = 0;
    wf_status status = WF_OK;
    for (size_t i = 0; i < KEY_BUCKETS && status == WF_OK; i++) {
        for (const party_key *key = t->buckets[i]; key != NULL && status == WF_OK;
             key = key->next) {
            if (party != NULL && strcmp(key->party, party) != 0)
                continue;
            if (!array_grow((void **)&all, &capacity, count + 1, sizeof *all))
                status = wf_fail(err, WF_SYSTEM, _("out of memory"));
            else
                all[count++] = key;
        }
    }
    if (count > 0)
        qsort(all, count, sizeof *all, compare);
    for (size_t i = 0; i < count && status == WF_OK; i++)
        status = list_one(l, txn, all[i], each, ctx, err);
    free(all);
    return status;
}

/* A quorum is in force from behind its entry until behind that of the next one. */
static wf_status list_quorums(const quorum_row *row, uint64_t until, key_listener each, void *ctx,
                              wf_error *err)
{
    uint8_t id[KEY_ID_SIZE];
    wf_status status = WF_OK;
    if (row == NULL)
        return WF_OK;
    status = list_quorums(row->next, row->seq + 1, each, ctx, err); /* the first one first */
    for (size_t i = 0; i < row->key_count && status == WF_OK; i++) {
        listed_key out = {.party = QUORUM_PARTY,
                          .public_key = row->keys[i],
                          .state = until == UINT64_MAX ? "valid" : "followed",
                          .from = row->seq + 1,
                          .until = until,
                          .reason = "",
                          .threshold = row->threshold};
        key_id_of(id, &row->keys[i]);
        key_id_text(out.id, id);
        status = each(ctx, &out, err);
    }
    return status;
}

wf_status ledger_list_keys(ledger *l, const char *party, key_listener each, void *ctx,
                           wf_error *err)
{
    store_txn *txn = NULL;
    key_table *t = malloc(sizeof *t);
    if (t == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    key_table_init(t); /* of this moment; that of a reader may be older */
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = key_table_load(t, txn, err);
    if (status == WF_OK && (party == NULL || strcmp(party, QUORUM_PARTY) != 0))
        status = list_parties(l, txn, t, party, each, ctx, err);
    if (status == WF_OK && (party == NULL || strcmp(party, QUORUM_PARTY) == 0))
        status = list_quorums(t->quorums, UINT64_MAX, each, ctx, err);
    store_abort(txn);
    key_table_free(t);
    free(t);
    return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

wf_status key_file_new(const char *path, const char *suite_name, bool encrypt,
                       suite_public_key *out, wf_error *err)
{
    const suite *s = suite_find(suite_name);
    EVP_PKEY *key = NULL;
    buffer text = {0};
    char *dir = NULL;
    if (s == NULL)
        return wf_fail(err, WF_USAGE, _("unknown suite '%s'; allowed: %s, %s"), suite_name,
                       SUITE_ED25519, SUITE_SM2);
    const char *name = folder_split(path, &dir);
    wf_status status =
        dir == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory")) : key_make(&key, s, err);
    if (status == WF_OK)
        status = key_text(&text, key, encrypt, err);
    if (status == WF_OK && !key_public(out, key))
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status == WF_OK)
        status = folder_write(dir, name, text.data, text.size, 0600, err);
    key_text_free(&text);
    EVP_PKEY_free(key);
    free(dir);
    return status;
}

static wf_status add_signature(buffer *text, key_order *order, const char *key_path, wf_error *err)
{
    signer *s = NULL;
    char id[KEY_ID_TEXT];
    bool quorum = order->is_quorum;
    key_signature *all = quorum ? order->quorum.signatures : order->change.signatures;
    size_t *count = quorum ? &order->quorum.signature_count : &order->change.signature_count;
    wf_status status = signer_of_file(&s, key_path, err);
    if (status != WF_OK)
        return status;
    key_signature fresh = {.size = 0};
    key_id_of(fresh.key, signer_public(s));
    for (size_t i = 0; i < *count; i++)
        if (memcmp(all[i].key, fresh.key, KEY_ID_SIZE) == 0)
            status = wf_fail(err, WF_REFUSED, _("key %s signed this order already"),
                             key_id_text(id, fresh.key));
    if (status == WF_OK && *count == QUORUM_KEYS_MAX)
        status =
            wf_fail(err, WF_REFUSED, _("the order has %d signatures already"), QUORUM_KEYS_MAX);
    if (status == WF_OK)
        status = signer_sign(s, text->data, order->text_size, fresh.bytes, &fresh.size, err);
    if (status == WF_OK) {
        key_order_signature_line(text, &fresh);
        all[(*count)++] = fresh;
    }
    signer_free(s);
    return status;
}

wf_status key_file_sign_order(const char *order_path, const char *key_path, key_order *out,
                              wf_error *err)
{
    char *dir = NULL, *bytes = NULL;
    size_t size = 0;
    buffer text = {0};
    const char *name = folder_split(order_path, &dir);
    wf_status status = dir == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                   : folder_read(dir, name, KEY_ORDER_MAX, &bytes, &size, err);
    if (status == WF_OK && bytes == NULL)
        status = wf_fail(err, WF_USAGE, _("%s: there is no such file"), order_path);
    if (status == WF_OK)
        status = key_order_parse(out, bytes, size, err);
    if (status == WF_OK) {
        buffer_append(&text, bytes, size);
        status = add_signature(&text, out, key_path, err);
    }
    if (status == WF_OK && text.failed)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status == WF_OK)
        status = folder_write(dir, name, text.data, text.size, 0644, err);
    buffer_free(&text);
    free(bytes);
    free(dir);
    return status;
}
