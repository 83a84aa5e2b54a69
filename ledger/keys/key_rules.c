/*
 * ledger/keys/key_rules.c: what the records about keys may do, judged at their place; see
 * key_rules.h.
 *
 * The writer asks before it enters a record, and a verification asks again, entry by entry, from
 * the log alone: both get the same answer from here.
 */
#include "key_rules.h"

#include <string.h>

#include "base/text.h"
#include "key_table.h"

static bool is_operator(span party)
{
    return span_equal(party, span_text(OPERATOR_PARTY));
}

const char *key_id_text(char out[KEY_ID_TEXT], const uint8_t id[KEY_ID_SIZE])
{
    for (int i = 0; i < KEY_ID_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", id[i]);
    return out;
}

const suite_public_key *key_rules_own_key(const system_record *record)
{
    return record->kind == SYSTEM_KEY_REVOKE && record->change.signature_count > 0 &&
                   record->change.replacement.size > 0 &&
                   is_operator(span_text(record->change.party))
               ? &record->change.replacement
               : NULL;
}

/* ---- single conditions ------------------------------------------------------------------------
 */

/* A key that was given up never comes back: its later signatures would be good again. */
static wf_status check_new(const key_place *at, span party, const suite_public_key *public_key,
                           wf_error *err)
{
    uint8_t id[KEY_ID_SIZE];
    wf_status status = key_check(at->suite, public_key, err);
    if (status != WF_OK)
        return status;
    key_id_of(id, public_key);
    const party_key *key = key_table_find(at->keys, party, id);
    if (key == NULL)
        return WF_OK;
    return wf_fail(err, WF_REFUSED, _("this key of %.*s is known already, since entry %llu"),
                   (int)party.size, (const char *)party.data, (unsigned long long)key->valid_from);
}

/* The key that is to end must stand. */
static wf_status check_stands(const key_place *at, const key_change *change, wf_error *err)
{
    char id[KEY_ID_TEXT];
    const party_key *key = key_table_find(at->keys, span_text(change->party), change->key);
    key_id_text(id, change->key);
    if (key == NULL)
        return wf_fail(err, WF_REFUSED,
                       _("%s never had a key %s in this ledger; see: wufei key show"),
                       change->party, id);
    if (key_is_valid(key, at->seq))
        return WF_OK;
    unsigned long long seq = (unsigned long long)atomic_load(&key->valid_until) - 1;
    return wf_fail(err, WF_REFUSED,
                   key->why == KEY_REVOKED ? _("key %s of %s was revoked already, in entry %llu")
                                           : _("key %s of %s was rotated already, in entry %llu"),
                   id, change->party, seq);
}

static const suite_public_key *find_in_quorum(const quorum_row *quorum,
                                              const uint8_t id[KEY_ID_SIZE])
{
    uint8_t other[KEY_ID_SIZE];
    for (size_t i = 0; i < quorum->key_count; i++) {
        key_id_of(other, &quorum->keys[i]);
        if (memcmp(other, id, KEY_ID_SIZE) == 0)
            return &quorum->keys[i];
    }
    return NULL;
}

static wf_status check_not_offline(const key_place *at, const suite_public_key *key, wf_error *err)
{
    char text[KEY_ID_TEXT];
    uint8_t id[KEY_ID_SIZE];
    const quorum_row *quorum = key_table_quorum(at->keys, at->seq);
    key_id_of(id, key);
    if (quorum == NULL || find_in_quorum(quorum, id) == NULL)
        return WF_OK;
    return wf_fail(err, WF_REFUSED,
                   _("key %s is an offline key, which is kept apart from what it can revoke"),
                   key_id_text(text, id));
}

static wf_status check_replacement(const key_place *at, const key_change *change, wf_error *err)
{
    buffer text = {0};
    wf_status status = check_new(at, span_text(change->party), &change->replacement, err);
    if (status != WF_OK)
        return status;
    if (is_operator(span_text(change->party)))
        status = check_not_offline(at, &change->replacement, err);
    if (status != WF_OK)
        return status;
    key_order_possession(&text, at->origin, change);
    if (text.failed)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if (!suite_verify(at->suite, change->replacement.bytes, text.data, text.size,
                           change->possession.bytes, change->possession.size))
        status = wf_fail(err, WF_REFUSED,
                         _("the new key of %s did not sign that it is to be that party's: who "
                           "enters a key must hold it"),
                         change->party);
    buffer_free(&text);
    return status;
}

/* Every signature must hold and be by another key: nothing superfluous enters the log. */
static wf_status check_signatures(const key_place *at, const buffer *text,
                                  const key_signature *signatures, size_t count, wf_error *err)
{
    char id[KEY_ID_TEXT];
    const quorum_row *quorum = key_table_quorum(at->keys, at->seq);
    if (text->failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (quorum == NULL)
        return wf_fail(err, WF_REFUSED,
                       _("this ledger has no offline keys yet; the operator enters them with: "
                         "wufei key quorum"));
    for (size_t i = 0; i < count; i++) {
        const suite_public_key *key = find_in_quorum(quorum, signatures[i].key);
        key_id_text(id, signatures[i].key);
        for (size_t j = 0; j < i; j++)
            if (memcmp(signatures[j].key, signatures[i].key, KEY_ID_SIZE) == 0)
                return wf_fail(err, WF_REFUSED, _("offline key %s signed twice"), id);
        if (key == NULL)
            return wf_fail(err, WF_REFUSED, _("key %s is none of the offline keys of entry %llu"),
                           id, (unsigned long long)quorum->seq);
        if (!suite_verify(at->suite, key->bytes, text->data, text->size, signatures[i].bytes,
                          signatures[i].size))
            return wf_fail(err, WF_REFUSED,
                           _("the signature of offline key %s does not hold for this order"), id);
    }
    if (count < quorum->threshold)
        return wf_fail(err, WF_REFUSED,
                       _("%zu of the offline keys signed, %u must; the quorum is that of entry "
                         "%llu"),
                       count, quorum->threshold, (unsigned long long)quorum->seq);
    return WF_OK;
}

/* ---- records ----------------------------------------------------------------------------------
 */

static wf_status check_add(const key_place *at, span author, const system_record *record,
                           wf_error *err)
{
    if (!is_operator(author))
        return wf_fail(err, WF_REFUSED, _("only the operator adds keys"));
    return check_new(at, span_text(record->party), &record->public_key, err);
}

static wf_status check_rotate(const key_place *at, span author,
                              const uint8_t author_key[KEY_ID_SIZE], const key_change *change,
                              wf_error *err)
{
    if (!span_equal(author, span_text(change->party)))
        return wf_fail(err, WF_REFUSED, _("%.*s cannot rotate a key of %s: only its holder does"),
                       (int)author.size, (const char *)author.data, change->party);
    wf_status status = check_stands(at, change, err);
    if (status == WF_OK && memcmp(author_key, change->key, KEY_ID_SIZE) != 0)
        status = wf_fail(err, WF_REFUSED, _("a rotation is signed by the key that it ends"));
    return status == WF_OK ? check_replacement(at, change, err) : status;
}

/* Who enters it: the key itself, or the operator for the quorum. */
static wf_status check_revoker(const key_place *at, span author,
                               const uint8_t author_key[KEY_ID_SIZE], const system_record *record,
                               wf_error *err)
{
    const key_change *change = &record->change;
    const suite_public_key *own = key_rules_own_key(record);
    buffer text = {0};
    uint8_t id[KEY_ID_SIZE];
    if (change->signature_count == 0)
        return span_equal(author, span_text(change->party)) &&
                       memcmp(author_key, change->key, KEY_ID_SIZE) == 0
                   ? WF_OK
                   : wf_fail(err, WF_REFUSED,
                             _("a key of %s is revoked by that key itself, or by the order of the "
                               "offline keys"),
                             change->party);
    if (!is_operator(author))
        return wf_fail(err, WF_REFUSED,
                       _("an order of the offline keys is entered by the operator"));
    if (own != NULL) {
        key_id_of(id, own);
        if (memcmp(author_key, id, KEY_ID_SIZE) != 0)
            return wf_fail(err, WF_REFUSED,
                           _("who replaces the operator's key signs with the replacement"));
    }
    key_order_revoke(&text, at->origin, change);
    wf_status status =
        check_signatures(at, &text, change->signatures, change->signature_count, err);
    buffer_free(&text);
    return status;
}

static wf_status check_revoke(const key_place *at, span author,
                              const uint8_t author_key[KEY_ID_SIZE], const system_record *record,
                              wf_error *err)
{
    const key_change *change = &record->change;
    wf_status status = check_stands(at, change, err);
    if (status == WF_OK)
        status = check_revoker(at, author, author_key, record, err);
    if (status == WF_OK && change->replacement.size > 0)
        return check_replacement(at, change, err);
    if (status == WF_OK && is_operator(span_text(change->party)))
        return wf_fail(err, WF_REFUSED,
                       _("the operator's key is only revoked together with its replacement: a "
                         "ledger that nobody can sign would stand still"));
    return status;
}

static wf_status check_quorum_keys(const key_place *at, const key_quorum *quorum, wf_error *err)
{
    wf_status status = WF_OK;
    char text[KEY_ID_TEXT];
    uint8_t id[KEY_ID_SIZE];
    for (size_t i = 0; i < quorum->key_count && status == WF_OK; i++) {
        status = key_check(at->suite, &quorum->keys[i], err);
        if (status != WF_OK)
            break;
        key_id_of(id, &quorum->keys[i]);
        key_id_text(text, id);
        for (size_t j = 0; j < i; j++)
            if (key_equal(&quorum->keys[j], &quorum->keys[i]))
                return wf_fail(err, WF_REFUSED, _("key %s is named twice in the quorum"), text);
        if (key_table_find(at->keys, span_text(OPERATOR_PARTY), id) != NULL)
            status = wf_fail(err, WF_REFUSED,
                             _("key %s is or was the operator's: an offline key is kept apart from "
                               "what it can revoke"),
                             text);
    }
    return status;
}

static wf_status check_quorum(const key_place *at, span author, const key_quorum *quorum,
                              wf_error *err)
{
    const quorum_row *before = key_table_quorum(at->keys, at->seq);
    buffer text = {0};
    if (!is_operator(author))
        return wf_fail(err, WF_REFUSED, _("offline keys are entered by the operator"));
    wf_status status = check_quorum_keys(at, quorum, err);
    if (status != WF_OK)
        return status;
    if (before == NULL)
        return quorum->has_previous || quorum->signature_count > 0
                   ? wf_fail(err, WF_REFUSED, _("the first quorum follows none and needs no order"))
                   : WF_OK;
    if (!quorum->has_previous || quorum->previous != before->seq)
        return wf_fail(err, WF_REFUSED,
                       _("the offline keys of entry %llu are in force: they are changed by an "
                         "order that names that entry and that %u of them signed"),
                       (unsigned long long)before->seq, before->threshold);
    key_order_quorum(&text, at->origin, quorum);
    status = check_signatures(at, &text, quorum->signatures, quorum->signature_count, err);
    buffer_free(&text);
    return status;
}

wf_status key_rules_check(const key_place *at, span author, const uint8_t author_key[KEY_ID_SIZE],
                          const system_record *record, wf_error *err)
{
    switch (record->kind) {
    case SYSTEM_GENESIS:
        return at->seq == 0 && is_operator(author)
                   ? WF_OK
                   : wf_fail(err, WF_REFUSED, _("only the first entry can be a genesis"));
    case SYSTEM_KEY_ADD:
        return check_add(at, author, record, err);
    case SYSTEM_KEY_ROTATE:
        return check_rotate(at, author, author_key, &record->change, err);
    case SYSTEM_KEY_REVOKE:
        return check_revoke(at, author, author_key, record, err);
    case SYSTEM_KEY_QUORUM:
        return check_quorum(at, author, &record->quorum, err);
    case SYSTEM_RECOVERY:
        return is_operator(author)
                   ? WF_OK
                   : wf_fail(err, WF_REFUSED, _("only the operator records a recovery"));
    case SYSTEM_SEAL:
        break;
    }
    return WF_OK;
}

/* ---- what they change -------------------------------------------------------------------------
 */

static wf_status apply_change(const key_place *at, const key_change *change, enum key_end why,
                              wf_error *err)
{
    span party = span_text(change->party);
    if (change->replacement.size > 0) {
        wf_status status =
            key_table_add(at->keys, party, &change->replacement, at->seq, at->seq + 1, err);
        if (status != WF_OK)
            return status;
    }
    bool ended = key_table_end(at->keys, party, change->key, at->seq + 1, why);
    WF_ASSERT(ended);
    return WF_OK;
}

wf_status key_rules_apply(const key_place *at, const system_record *record, wf_error *err)
{
    switch (record->kind) {
    case SYSTEM_GENESIS:
        return key_table_add(at->keys, span_text(OPERATOR_PARTY), &record->genesis.operator_key,
                             at->seq, at->seq, err);
    case SYSTEM_KEY_ADD:
        return key_table_add(at->keys, span_text(record->party), &record->public_key, at->seq,
                             at->seq, err);
    case SYSTEM_KEY_ROTATE:
        return apply_change(at, &record->change, KEY_ROTATED, err);
    case SYSTEM_KEY_REVOKE:
        return apply_change(at, &record->change, KEY_REVOKED, err);
    case SYSTEM_KEY_QUORUM:
        return key_table_add_quorum(at->keys, at->seq, &record->quorum, err);
    case SYSTEM_RECOVERY:
    case SYSTEM_SEAL:
        break;
    }
    return WF_OK;
}

static wf_status store_change(store_txn *txn, const key_place *at, const key_change *change,
                              enum key_end why, wf_error *err)
{
    span party = span_text(change->party);
    wf_status status = WF_OK;
    if (change->replacement.size > 0)
        status = key_row_put(txn, party, &change->replacement, at->seq + 1, err);
    return status == WF_OK ? key_row_end(txn, party, change->key, at->seq + 1, why, err) : status;
}

wf_status key_rules_store(store_txn *txn, const key_place *at, const system_record *record,
                          wf_error *err)
{
    switch (record->kind) {
    case SYSTEM_GENESIS:
        return key_row_put(txn, span_text(OPERATOR_PARTY), &record->genesis.operator_key, at->seq,
                           err);
    case SYSTEM_KEY_ADD:
        return key_row_put(txn, span_text(record->party), &record->public_key, at->seq, err);
    case SYSTEM_KEY_ROTATE:
        return store_change(txn, at, &record->change, KEY_ROTATED, err);
    case SYSTEM_KEY_REVOKE:
        return store_change(txn, at, &record->change, KEY_REVOKED, err);
    case SYSTEM_KEY_QUORUM:
        return quorum_row_put(txn, at->seq, &record->quorum, err);
    case SYSTEM_RECOVERY:
    case SYSTEM_SEAL:
        break;
    }
    return WF_OK;
}
