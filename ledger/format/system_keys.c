/*
 * ledger/format/system_keys.c: KeyRotate, KeyRevoke and KeyQuorum between their messages and our
 * structs; and a party's name, which all records of keys have. Shapes are checked here; what the
 * records may do is key_rules.c's to say.
 */
#include "system_keys.h"

#include <string.h>

#include "base/text.h"

static wf_status bad(wf_error *err, const char *what)
{
    return wf_fail(err, WF_REFUSED, _("system record: %s"), what);
}

/* 1 to `max` bytes without control characters. */
static bool is_name(const char *text, size_t max)
{
    size_t size = strlen(text);
    if (size == 0 || size > max)
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    }
    return true;
}

wf_status system_take_party(char out[AUTHOR_MAX + 1], const char *party, wf_error *err)
{
    if (!is_name(party, AUTHOR_MAX))
        return bad(err, _("the party of a key is empty, too long or has control characters"));
    strcpy(out, party);
    return WF_OK;
}

static wf_status take_key(suite_public_key *out, ProtobufCBinaryData from, wf_error *err)
{
    if (from.len == 0 || from.len > sizeof out->bytes)
        return bad(err, _("a public key has another size"));
    memcpy(out->bytes, from.data, from.len);
    out->size = from.len;
    return WF_OK;
}

static wf_status take_id(uint8_t out[KEY_ID_SIZE], ProtobufCBinaryData from, wf_error *err)
{
    if (from.len != KEY_ID_SIZE)
        return bad(err, _("a key id has 8 bytes"));
    memcpy(out, from.data, KEY_ID_SIZE);
    return WF_OK;
}

static wf_status take_signature(key_signature *out, ProtobufCBinaryData from, wf_error *err)
{
    if (from.len == 0 || from.len > sizeof out->bytes)
        return bad(err, _("a signature has another size"));
    memcpy(out->bytes, from.data, from.len);
    out->size = from.len;
    return WF_OK;
}

static wf_status take_signatures(key_signature *out, size_t *out_count,
                                 Wufei__KeySignature *const *from, size_t count, wf_error *err)
{
    wf_status status = WF_OK;
    if (count > QUORUM_KEYS_MAX)
        return bad(err, _("it carries more than 16 signatures"));
    for (size_t i = 0; i < count && status == WF_OK; i++) {
        status = take_id(out[i].key, from[i]->key, err);
        if (status == WF_OK)
            status = take_signature(&out[i], from[i]->signature, err);
    }
    *out_count = count;
    return status;
}

wf_status system_take_rotate(system_record *out, const Wufei__KeyRotate *from, wf_error *err)
{
    out->kind = SYSTEM_KEY_ROTATE;
    wf_status status = system_take_party(out->change.party, from->party, err);
    if (status == WF_OK)
        status = take_id(out->change.key, from->old_key, err);
    if (status == WF_OK)
        status = take_key(&out->change.replacement, from->public_key, err);
    return status == WF_OK ? take_signature(&out->change.possession, from->possession, err)
                           : status;
}

wf_status system_take_revoke(system_record *out, const Wufei__KeyRevoke *from, wf_error *err)
{
    out->kind = SYSTEM_KEY_REVOKE;
    wf_status status = system_take_party(out->change.party, from->party, err);
    if (status == WF_OK && !is_name(from->reason, REVOKE_REASON_MAX))
        status =
            bad(err, _("the reason is empty, longer than 200 bytes or has control characters"));
    if (status == WF_OK && from->has_replacement != from->has_possession)
        status = bad(err, _("a replacement comes with a signature of its own key, and only then"));
    if (status != WF_OK)
        return status;
    strcpy(out->change.reason, from->reason);
    status = take_id(out->change.key, from->key, err);
    if (status == WF_OK && from->has_replacement)
        status = take_key(&out->change.replacement, from->replacement, err);
    if (status == WF_OK && from->has_replacement)
        status = take_signature(&out->change.possession, from->possession, err);
    return status == WF_OK ? take_signatures(out->change.signatures, &out->change.signature_count,
                                             from->signatures, from->n_signatures, err)
                           : status;
}

wf_status system_take_quorum(system_record *out, const Wufei__KeyQuorum *from, wf_error *err)
{
    key_quorum *q = &out->quorum;
    wf_status status = WF_OK;
    out->kind = SYSTEM_KEY_QUORUM;
    if (from->n_keys == 0 || from->n_keys > QUORUM_KEYS_MAX)
        return bad(err, _("a quorum has 1 to 16 keys"));
    if (from->threshold == 0 || from->threshold > from->n_keys)
        return bad(err, _("the threshold of a quorum is 1 to the number of its keys"));
    q->threshold = from->threshold;
    q->has_previous = from->has_previous;
    q->previous = from->has_previous ? from->previous : 0;
    q->key_count = from->n_keys;
    for (size_t i = 0; i < from->n_keys && status == WF_OK; i++)
        status = take_key(&q->keys[i], from->keys[i], err);
    return status == WF_OK ? take_signatures(q->signatures, &q->signature_count, from->signatures,
                                             from->n_signatures, err)
                           : status;
}

static void fill_signatures(system_message *m, key_signature *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        m->signatures[i] = (Wufei__KeySignature)WUFEI__KEY_SIGNATURE__INIT;
        m->signatures[i].key = (ProtobufCBinaryData){KEY_ID_SIZE, from[i].key};
        m->signatures[i].signature = (ProtobufCBinaryData){from[i].size, from[i].bytes};
        m->signature_pointers[i] = &m->signatures[i];
    }
}

void system_fill_rotate(system_message *m, system_record *from)
{
    key_change *c = &from->change;
    m->rotate = (Wufei__KeyRotate)WUFEI__KEY_ROTATE__INIT;
    m->rotate.party = c->party;
    m->rotate.old_key = (ProtobufCBinaryData){KEY_ID_SIZE, c->key};
    m->rotate.public_key = (ProtobufCBinaryData){c->replacement.size, c->replacement.bytes};
    m->rotate.possession = (ProtobufCBinaryData){c->possession.size, c->possession.bytes};
    m->record.body_case = WUFEI__SYSTEM_RECORD__BODY_KEY_ROTATE;
    m->record.key_rotate = &m->rotate;
}

void system_fill_revoke(system_message *m, system_record *from)
{
    key_change *c = &from->change;
    m->revoke = (Wufei__KeyRevoke)WUFEI__KEY_REVOKE__INIT;
    m->revoke.party = c->party;
    m->revoke.key = (ProtobufCBinaryData){KEY_ID_SIZE, c->key};
    m->revoke.reason = c->reason;
    m->revoke.has_replacement = c->replacement.size > 0;
    m->revoke.replacement = (ProtobufCBinaryData){c->replacement.size, c->replacement.bytes};
    m->revoke.has_possession = c->possession.size > 0;
    m->revoke.possession = (ProtobufCBinaryData){c->possession.size, c->possession.bytes};
    fill_signatures(m, c->signatures, c->signature_count);
    m->revoke.n_signatures = c->signature_count;
    m->revoke.signatures = m->signature_pointers;
    m->record.body_case = WUFEI__SYSTEM_RECORD__BODY_KEY_REVOKE;
    m->record.key_revoke = &m->revoke;
}

void system_fill_quorum(system_message *m, system_record *from)
{
    key_quorum *q = &from->quorum;
    m->quorum = (Wufei__KeyQuorum)WUFEI__KEY_QUORUM__INIT;
    m->quorum.threshold = q->threshold;
    for (size_t i = 0; i < q->key_count; i++)
        m->keys[i] = (ProtobufCBinaryData){q->keys[i].size, q->keys[i].bytes};
    m->quorum.n_keys = q->key_count;
    m->quorum.keys = m->keys;
    m->quorum.has_previous = q->has_previous;
    m->quorum.previous = q->previous;
    fill_signatures(m, q->signatures, q->signature_count);
    m->quorum.n_signatures = q->signature_count;
    m->quorum.signatures = m->signature_pointers;
    m->record.body_case = WUFEI__SYSTEM_RECORD__BODY_KEY_QUORUM;
    m->record.key_quorum = &m->quorum;
}
