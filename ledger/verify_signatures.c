/*
 * ledger/verify_signatures.c: every signature, every seal, every row of the table of ids.
 *
 * A run of unsigned statements must end in a seal of the same author over exactly that run. The
 * worker in whose range the seal stands checks it, so at the beginning of a range it steps back
 * over the statements that belong to it.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

wf_status signature_check_init(signature_check *c, ledger *l, key_table *keys, store_txn *txn,
                               wf_error *err)
{
    *c = (signature_check){.l = l, .keys = keys, .txn = txn};
    merkle_frontier_init(&c->run, c->l->suite->hash);
    if (!key_scratch_init(&c->scratch))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return WF_OK;
}

void signature_check_free(signature_check *c)
{
    key_scratch_free(&c->scratch);
    buffer_free(&c->room);
    free(c->places.seqs);
}

static wf_status bad(uint64_t seq, const char *what, wf_error *err)
{
    return wf_fail(err, WF_DAMAGED, _("entry %llu: %s"), (unsigned long long)seq, what);
}

static wf_status run_add(signature_check *c, const entry_view *entry, span author, wf_error *err)
{
    hash leaf;
    if (c->run.size == 0) {
        c->run_first = entry->seq;
        memcpy(c->run_author, author.data, author.size);
        c->run_author_size = author.size;
        memcpy(c->run_key, entry->author_key, KEY_ID_SIZE);
    } else if (!span_equal(author, span_of(c->run_author, c->run_author_size)) ||
               memcmp(c->run_key, entry->author_key, KEY_ID_SIZE) != 0) {
        return bad(c->run_first, _("it is not signed, and no seal of its author follows"), err);
    }
    if (c->run.size >= LEDGER_SEAL_MAX)
        return bad(c->run_first, _("it is not signed, and no seal of its author follows"), err);
    merkle_leaf(&leaf, c->l->suite->hash, entry->statement.data, entry->statement.size);
    merkle_frontier_append(&c->run, &leaf);
    return WF_OK;
}

static wf_status read_entry(signature_check *c, uint64_t seq, entry_view *entry,
                            statement_view *statement, wf_error *err)
{
    span bytes;
    wf_status status = ledger_fetch(c->l, c->txn, seq, &c->room, &bytes, err);
    if (status != WF_OK)
        return status;
    if (bytes.data == NULL)
        return bad(seq, _("it is missing"), err);
    if (entry_parse(entry, bytes, err) != WF_OK ||
        statement_parse(statement, entry->statement, err) != WF_OK) {
        err->status = WF_DAMAGED;
        return wf_error_prefix(err, _("entry %llu"), (unsigned long long)seq);
    }
    return WF_OK;
}

wf_status signature_check_enter(signature_check *c, uint64_t first, uint64_t *broken, wf_error *err)
{
    uint64_t start = first;
    entry_view entry;
    statement_view statement;
    merkle_frontier_init(&c->run, c->l->suite->hash);
    while (start > 0 && first - start <= LEDGER_SEAL_MAX) {
        *broken = start - 1;
        wf_status status = read_entry(c, start - 1, &entry, &statement, err);
        if (status != WF_OK)
            return status;
        if (entry.signature.data != NULL)
            break;
        start--;
    }
    for (uint64_t seq = start; seq < first; seq++) {
        *broken = start;
        wf_status status = read_entry(c, seq, &entry, &statement, err);
        if (status == WF_OK)
            status = run_add(c, &entry, statement.author, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

static wf_status check_id(signature_check *c, const entry_view *entry,
                          const statement_view *statement, wf_error *err)
{
    bool found = false;
    uint64_t seq = 0;
    wf_status status = ledger_find(c->l, c->txn, statement->id, &found, &seq, err);
    if (status == WF_OK && (!found || seq != entry->seq))
        return bad(entry->seq, _("the table of ids does not lead to it"), err);
    return status;
}

/* By the key that the record itself brings (key_rules_own_key). */
static wf_status check_own_signature(signature_check *c, const entry_view *entry,
                                     const suite_public_key *own, wf_error *err)
{
    uint8_t id[KEY_ID_SIZE];
    buffer message = {0};
    bool holds = false;
    if (key_check(c->l->suite, own, NULL) == WF_OK) {
        key_id_of(id, own);
        buffer_append_text(&message, STATEMENT_DOMAIN);
        buffer_append(&message, entry->statement.data, entry->statement.size);
        holds = !message.failed && memcmp(id, entry->author_key, KEY_ID_SIZE) == 0 &&
                suite_verify(c->l->suite, own->bytes, message.data, message.size,
                             entry->signature.data, entry->signature.size);
    }
    buffer_free(&message);
    c->signatures += holds ? 1 : 0;
    return holds ? WF_OK : bad(entry->seq, _("the signature does not verify"), err);
}

static wf_status check_signature(signature_check *c, const entry_view *entry,
                                 const statement_view *statement, wf_error *err)
{
    const party_key *key = key_table_find(c->keys, statement->author, entry->author_key);
    if (key == NULL || !key_is_valid(key, entry->seq))
        return bad(entry->seq, _("author_key is no key that its author has at this place"), err);
    if (!key_verify_statement(key, &c->scratch, entry->statement, entry->signature))
        return bad(entry->seq, _("the signature does not verify"), err);
    c->signatures++;
    return WF_OK;
}

static wf_status check_seal(signature_check *c, const entry_view *entry, span author,
                            const system_record *record, wf_error *err)
{
    hash root;
    merkle_frontier_root(&root, &c->run);
    if (c->run.size == 0 || record->seal_count != c->run.size ||
        !hash_equal(&root, &record->seal_root) ||
        !span_equal(author, span_of(c->run_author, c->run_author_size)) ||
        memcmp(entry->author_key, c->run_key, KEY_ID_SIZE) != 0)
        return bad(entry->seq, _("the seal is not over the statements before it"), err);
    merkle_frontier_init(&c->run, c->l->suite->hash);
    c->seals++;
    return WF_OK;
}

/* What the records about keys may do is judged in order, when all ranges are through. */
static wf_status check_system(signature_check *c, const entry_view *entry, span author,
                              const system_record *record, wf_error *err)
{
    if (record->kind == SYSTEM_SEAL)
        return check_seal(c, entry, author, record, err);
    if (record->kind == SYSTEM_RECOVERY) {
        c->recoveries++;
        return span_equal(author, span_text(OPERATOR_PARTY))
                   ? recovery_check(c->l, c->txn, entry->seq, &record->recovery, err)
                   : bad(entry->seq, _("only the operator makes such an entry"), err);
    }
    return key_places_add(&c->places, entry->seq) ? WF_OK
                                                  : wf_fail(err, WF_SYSTEM, _("out of memory"));
}

wf_status signature_check_entry(signature_check *c, const entry_view *entry, wf_error *err)
{
    statement_view statement;
    if (statement_parse(&statement, entry->statement, err) != WF_OK) {
        err->status = WF_DAMAGED;
        return wf_error_prefix(err, _("entry %llu"), (unsigned long long)entry->seq);
    }
    if (!span_equal(statement.origin, span_text(c->l->genesis.origin)))
        return bad(entry->seq, _("its statement is meant for another ledger"), err);
    wf_status status = check_id(c, entry, &statement, err);
    if (status != WF_OK)
        return status;
    bool is_system = statement.system.data != NULL;
    if (entry->signature.data == NULL && is_system)
        return bad(entry->seq, _("a record about the ledger itself is not signed"), err);
    if (entry->signature.data == NULL)
        return run_add(c, entry, statement.author, err);
    system_record record;
    const suite_public_key *own = NULL;
    if (is_system && system_parse(&record, statement.system, err) != WF_OK) {
        err->status = WF_DAMAGED;
        return wf_error_prefix(err, _("entry %llu"), (unsigned long long)entry->seq);
    }
    if (is_system)
        own = key_rules_own_key(&record);
    status = own != NULL ? check_own_signature(c, entry, own, err)
                         : check_signature(c, entry, &statement, err);
    if (status == WF_OK && is_system)
        status = check_system(c, entry, statement.author, &record, err);
    if (status == WF_OK && c->run.size > 0) /* a seal would have emptied it */
        status = bad(c->run_first, _("it is not signed, and no seal of its author follows"), err);
    return status;
}

wf_status signature_check_end(const signature_check *c, uint64_t *broken, wf_error *err)
{
    *broken = c->run_first;
    return c->run.size == 0
               ? WF_OK
               : bad(c->run_first, _("it is not signed, and no seal of its author follows"), err);
}
