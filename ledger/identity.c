/*
 * ledger/identity.c: which ledger this is: its tables, its genesis, its operator's key of now; and
 * what it says of itself.
 */
#include "archive.h"
#include "base/text.h"

void ledger_table_names(const char *out[STORE_TABLES_MAX + 1], const ledger_hooks *hooks)
{
    static const char *const own[LEDGER_TABLES] = {"meta",  "entries", "ids",
                                                   "tiles", "keys",    "archive"};
    size_t count = 0;
    for (; count < LEDGER_TABLES; count++)
        out[count] = own[count];
    if (hooks != NULL && hooks->tables != NULL) {
        for (size_t i = 0; hooks->tables[i] != NULL; i++) {
            WF_ASSERT(count < STORE_TABLES_MAX);
            out[count++] = hooks->tables[i];
        }
    }
    out[count] = NULL;
}

void ledger_take_operator_key(ledger *l, const suite_public_key *public_key)
{
    l->operator_key = *public_key;
    key_id_of(l->operator_id, public_key);
    note_key_make(&l->operator_note_key, l->suite->note_type, l->genesis.origin, public_key->bytes);
    note_vkey_format(l->vkey, sizeof l->vkey, &l->operator_note_key);
}

wf_status ledger_take_genesis(ledger *l, const genesis *g, wf_error *err)
{
    if (g->version > LEDGER_FORMAT)
        return wf_fail(err, WF_USAGE,
                       _("%s was made by a newer version of wufei (format %u, this program knows "
                         "%d): use a newer wufei"),
                       l->dir, g->version, LEDGER_FORMAT);
    l->suite = suite_find(g->suite);
    if (g->version != LEDGER_FORMAT || l->suite == NULL)
        return wf_fail(err, WF_USAGE, _("%s: suite %s: this version of wufei knows %s and %s only"),
                       l->dir, g->suite, SUITE_ED25519, SUITE_SM2);
    if (g->operator_key.size != l->suite->public_key_size)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: the operator's key in entry 0 is no public key of suite %s"), l->dir,
                       g->suite);
    l->genesis = *g;
    ledger_take_operator_key(l, &g->operator_key);
    return WF_OK;
}

void ledger_take_next_signer(ledger *l)
{
    WF_ASSERT(l->next_signer != NULL);
    signer_free(l->former_signer);
    l->former_signer = l->signer;
    l->signer = l->next_signer;
    l->next_signer = NULL;
    ledger_take_operator_key(l, signer_public(l->signer));
}

wf_status ledger_read_genesis(ledger *l, genesis *out, store_txn *txn, wf_error *err)
{
    span bytes;
    entry_view entry;
    statement_view statement;
    system_record record;
    wf_status status = ledger_fetch(l, txn, 0, NULL, &bytes, err);
    if (status != WF_OK)
        return status;
    bool is_system = bytes.data != NULL && entry_parse(&entry, bytes, NULL) == WF_OK &&
                     statement_parse(&statement, entry.statement, NULL) == WF_OK &&
                     statement.system.data != NULL;
    if (is_system) {
        status = system_parse(&record, statement.system, err);
        if (status == WF_SYSTEM) /* no memory: that says nothing of the record */
            return status;
    }
    if (!is_system || status != WF_OK || record.kind != SYSTEM_GENESIS ||
        !span_equal(statement.origin, span_text(record.genesis.origin)))
        return wf_fail(
            err, WF_DAMAGED,
            _("entry 0 is missing or is not a genesis: this is not the store of a ledger, or it is "
              "damaged; put store/ back from a backup"));
    *out = record.genesis;
    return WF_OK;
}

const char *ledger_origin(const ledger *l)
{
    return l->genesis.origin;
}

int ledger_utc_offset(const ledger *l)
{
    return l->genesis.utc_offset_minutes;
}

const char *ledger_dir(const ledger *l)
{
    return l->dir;
}

const char *ledger_vkey(const ledger *l)
{
    return l->vkey;
}

store *ledger_store(ledger *l)
{
    return l->store;
}

uint64_t ledger_size(ledger *l)
{
    store_txn *txn = NULL;
    ledger_head head = {0};
    if (store_begin(&txn, l->store, false, NULL) != WF_OK)
        return 0;
    if (head_get(&head, txn, NULL) != WF_OK)
        head.size = 0;
    store_abort(txn);
    return head.size;
}

wf_status ledger_size_in(store_txn *txn, uint64_t *out, wf_error *err)
{
    ledger_head head;
    wf_status status = head_get(&head, txn, err);
    *out = status == WF_OK ? head.size : 0;
    return status;
}

void ledger_set_group_max(ledger *l, size_t entries)
{
    WF_ASSERT(entries > 0 && entries <= LEDGER_GROUP_MAX);
    atomic_store(&l->group_max, entries);
}
