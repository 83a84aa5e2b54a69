/*
 * ledger/format/system.c: SystemRecord, the records about the ledger itself (proto/ledger.proto).
 *
 * Rare, so protobuf-c does the work; canonical means: decode, encode, compare.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "system_keys.h"

static wf_status bad(wf_error *err, const char *what)
{
    return wf_fail(err, WF_REFUSED, _("system record: %s"), what);
}

wf_status system_check_origin(const char *origin, wf_error *err)
{
    size_t size = strlen(origin);
    if (size == 0 || size > ORIGIN_MAX)
        return wf_fail(err, WF_USAGE, _("origin: %zu bytes, 1 to %d were expected"), size,
                       ORIGIN_MAX);
    for (size_t i = 0; i < size; i++) {
        /* It becomes a line of a signed note and the name of a key: printable, no space, no plus.
         */
        if ((uint8_t)origin[i] <= 0x20 || (uint8_t)origin[i] >= 0x7f || origin[i] == '+')
            return wf_fail(err, WF_USAGE,
                           _("origin: byte %zu (0x%02x) is not allowed; use letters, digits and . "
                             "/ - _ as in waste.hangzhou.example/ledger/1"),
                           i + 1, (unsigned)(uint8_t)origin[i]);
    }
    return WF_OK;
}

/* Whether it is of the ledger's suite is looked at where the ledger is known: key_check. */
static bool take_key(suite_public_key *out, const ProtobufCBinaryData *bytes)
{
    if (suite_of_size(bytes->len) == NULL)
        return false;
    out->size = bytes->len;
    memcpy(out->bytes, bytes->data, bytes->len);
    return true;
}

static wf_status take_genesis(system_record *out, const Wufei__Genesis *g, wf_error *err)
{
    out->kind = SYSTEM_GENESIS;
    if (system_check_origin(g->origin, err) != WF_OK)
        return WF_REFUSED;
    if (strlen(g->suite) >= sizeof out->genesis.suite)
        return bad(err, _("the name of the suite is too long"));
    if (!take_key(&out->genesis.operator_key, &g->operator_key))
        return bad(err, _("the operator's key has neither 32 nor 65 bytes"));
    if (g->utc_offset_minutes < -24 * 60 || g->utc_offset_minutes > 24 * 60)
        return bad(err, _("the offset from UTC is more than a day"));
    out->genesis.version = g->version;
    strcpy(out->genesis.origin, g->origin);
    strcpy(out->genesis.suite, g->suite);
    out->genesis.utc_offset_minutes = g->utc_offset_minutes;
    return WF_OK;
}

static wf_status take_seal(system_record *out, const Wufei__Seal *seal, wf_error *err)
{
    out->kind = SYSTEM_SEAL;
    if (seal->root.len != HASH_SIZE)
        return bad(err, _("the root of a seal does not have 32 bytes"));
    out->seal_count = seal->count;
    memcpy(out->seal_root.bytes, seal->root.data, HASH_SIZE);
    return WF_OK;
}

static wf_status take_key_add(system_record *out, const Wufei__KeyAdd *add, wf_error *err)
{
    out->kind = SYSTEM_KEY_ADD;
    wf_status status = system_take_party(out->party, add->party, err);
    if (status != WF_OK)
        return status;
    if (strcmp(add->party, OPERATOR_PARTY) == 0)
        return bad(
            err,
            _("the operator's own key is the one of the first entry, or what it was rotated to"));
    if (!take_key(&out->public_key, &add->public_key))
        return bad(err, _("a public key has 32 bytes, of SM2 65"));
    return WF_OK;
}

static wf_status take_recovery(system_record *out, const Wufei__Recovery *r, wf_error *err)
{
    out->kind = SYSTEM_RECOVERY;
    if (r->restored_root.len != HASH_SIZE || (r->has_last_root && r->last_root.len != HASH_SIZE))
        return bad(err, _("a root does not have 32 bytes"));
    if (r->has_last_root != r->has_last_size)
        return bad(err, _("the last checkpoint needs both its size and its root"));
    out->recovery.restored_size = r->restored_size;
    memcpy(out->recovery.restored_root.bytes, r->restored_root.data, HASH_SIZE);
    out->recovery.last_known = r->has_last_size;
    if (r->has_last_size) {
        out->recovery.last_size = r->last_size;
        memcpy(out->recovery.last_root.bytes, r->last_root.data, HASH_SIZE);
    }
    return WF_OK;
}

static void give_recovery(Wufei__Recovery *out, recovery *r)
{
    out->restored_size = r->restored_size;
    out->restored_root = (ProtobufCBinaryData){HASH_SIZE, r->restored_root.bytes};
    out->has_last_size = out->has_last_root = r->last_known;
    out->last_size = r->last_size;
    if (r->last_known)
        out->last_root = (ProtobufCBinaryData){HASH_SIZE, r->last_root.bytes};
}

/* What was understood is written again and compared, not the message: protobuf-c keeps fields that
   it does not know, in whatever depth, and would write them again. */
static wf_status check_canonical(const system_record *record, span bytes, wf_error *err)
{
    buffer again = {0};
    system_write(&again, record);
    bool failed = again.failed;
    bool same = !failed && span_equal(span_of(again.data, again.size), bytes);
    buffer_free(&again);
    if (failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return same ? WF_OK : bad(err, _("it is not in its one canonical encoding"));
}

/* Protobuf-c says no more than that it failed: want of memory must not be called a bad record. */
static void *noted_malloc(void *failed, size_t size)
{
    void *out = malloc(size);
    if (out == NULL)
        *(bool *)failed = true;
    return out;
}

static void noted_free(void *failed, void *memory)
{
    (void)failed;
    free(memory);
}

wf_status system_parse(system_record *out, span bytes, wf_error *err)
{
    wf_status status = WF_OK;
    bool failed = false;
    ProtobufCAllocator allocator = {noted_malloc, noted_free, &failed};
    *out = (system_record){0};
    Wufei__SystemRecord *message = wufei__system_record__unpack(&allocator, bytes.size, bytes.data);
    if (message == NULL && failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (message == NULL)
        return bad(err, _("it cannot be decoded"));
    if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_GENESIS)
        status = take_genesis(out, message->genesis, err);
    else if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_SEAL)
        status = take_seal(out, message->seal, err);
    else if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_KEY_ADD)
        status = take_key_add(out, message->key_add, err);
    else if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_RECOVERY)
        status = take_recovery(out, message->recovery, err);
    else if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_KEY_ROTATE)
        status = system_take_rotate(out, message->key_rotate, err);
    else if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_KEY_REVOKE)
        status = system_take_revoke(out, message->key_revoke, err);
    else if (message->body_case == WUFEI__SYSTEM_RECORD__BODY_KEY_QUORUM)
        status = system_take_quorum(out, message->key_quorum, err);
    else
        status = bad(err, _("it is empty"));
    wufei__system_record__free_unpacked(message, &allocator);
    return status == WF_OK ? check_canonical(out, bytes, err) : status;
}

void system_write(buffer *out, const system_record *record)
{
    system_message message = {.record = WUFEI__SYSTEM_RECORD__INIT};
    Wufei__Genesis genesis_message = WUFEI__GENESIS__INIT;
    Wufei__Seal seal = WUFEI__SEAL__INIT;
    Wufei__KeyAdd add = WUFEI__KEY_ADD__INIT;
    Wufei__Recovery recovered = WUFEI__RECOVERY__INIT;
    system_record copy = *record; /* protobuf-c has no const */
    switch (record->kind) {
    case SYSTEM_GENESIS:
        genesis_message.version = copy.genesis.version;
        genesis_message.origin = copy.genesis.origin;
        genesis_message.suite = copy.genesis.suite;
        genesis_message.operator_key =
            (ProtobufCBinaryData){copy.genesis.operator_key.size, copy.genesis.operator_key.bytes};
        genesis_message.utc_offset_minutes = copy.genesis.utc_offset_minutes;
        message.record.body_case = WUFEI__SYSTEM_RECORD__BODY_GENESIS;
        message.record.genesis = &genesis_message;
        break;
    case SYSTEM_SEAL:
        seal.count = copy.seal_count;
        seal.root = (ProtobufCBinaryData){HASH_SIZE, copy.seal_root.bytes};
        message.record.body_case = WUFEI__SYSTEM_RECORD__BODY_SEAL;
        message.record.seal = &seal;
        break;
    case SYSTEM_KEY_ADD:
        add.party = copy.party;
        add.public_key = (ProtobufCBinaryData){copy.public_key.size, copy.public_key.bytes};
        message.record.body_case = WUFEI__SYSTEM_RECORD__BODY_KEY_ADD;
        message.record.key_add = &add;
        break;
    case SYSTEM_KEY_ROTATE:
        system_fill_rotate(&message, &copy);
        break;
    case SYSTEM_KEY_REVOKE:
        system_fill_revoke(&message, &copy);
        break;
    case SYSTEM_KEY_QUORUM:
        system_fill_quorum(&message, &copy);
        break;
    case SYSTEM_RECOVERY:
        give_recovery(&recovered, &copy.recovery);
        message.record.body_case = WUFEI__SYSTEM_RECORD__BODY_RECOVERY;
        message.record.recovery = &recovered;
        break;
    }
    size_t size = wufei__system_record__get_packed_size(&message.record);
    if (!buffer_reserve(out, size))
        return;
    out->size += wufei__system_record__pack(&message.record, out->data + out->size);
}
