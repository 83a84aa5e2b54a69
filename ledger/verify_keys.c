/*
 * ledger/verify_keys.c: the records about keys, judged again one after the other from the log
 * alone.
 *
 * The threads that check ranges judge signatures by the stored table of keys and note where records
 * about keys stand. Here these records, of which there are few, are taken in order into a table of
 * their own, by the rules of key_rules.c; in the end it must be the stored one, key by key. A key
 * that no entry brought would let a stranger sign, and one that an entry ended would sign on.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static wf_status bad(uint64_t seq, const char *what, wf_error *err)
{
    return wf_fail(err, WF_DAMAGED, _("entry %llu: %s"), (unsigned long long)seq, what);
}

bool key_places_add(key_places *p, uint64_t seq)
{
    if (!array_grow((void **)&p->seqs, &p->capacity, p->count + 1, sizeof *p->seqs))
        return false;
    p->seqs[p->count++] = seq;
    return true;
}

bool key_places_join(key_places *into, const key_places *from)
{
    bool done = true;
    for (size_t i = 0; i < from->count && done; i++)
        done = key_places_add(into, from->seqs[i]);
    return done;
}

static int compare_seqs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Of entries before `from`, which no thread looked at: where the stored table says that a record
   stands. The entry in front of the place where a key begins is one, when a change brought it. */
static bool add_earlier(key_places *p, key_table *stored, uint64_t from)
{
    bool done = true;
    for (size_t i = 0; i < KEY_BUCKETS; i++) {
        for (const party_key *key = stored->buckets[i]; key != NULL && done; key = key->next) {
            uint64_t ended = atomic_load(&key->valid_until) - 1;
            if (key->valid_from < from)
                done = key_places_add(p, key->valid_from);
            if (done && key->valid_from > 0 && key->valid_from <= from)
                done = key_places_add(p, key->valid_from - 1);
            if (done && ended < from)
                done = key_places_add(p, ended);
        }
    }
    for (const quorum_row *row = stored->quorums; row != NULL && done; row = row->next)
        if (row->seq < from)
            done = key_places_add(p, row->seq);
    return done;
}

/* *is_record: the entry is one about keys. */
static wf_status read_record(ledger *l, store_txn *txn, uint64_t seq, entry_view *entry,
                             statement_view *statement, system_record *record, bool *is_record,
                             wf_error *err)
{
    span bytes;
    *is_record = false;
    wf_status status = ledger_fetch(l, txn, seq, NULL, &bytes, err);
    if (status != WF_OK)
        return status;
    if (bytes.data == NULL)
        return bad(seq, _("it is missing"), err);
    status = entry_parse(entry, bytes, err);
    if (status == WF_OK)
        status = statement_parse(statement, entry->statement, err);
    if (status == WF_OK && statement->system.data == NULL)
        return WF_OK;
    if (status == WF_OK)
        status = system_parse(record, statement->system, err);
    *is_record = status == WF_OK && record->kind != SYSTEM_SEAL;
    if (status == WF_OK)
        return WF_OK;
    err->status = WF_DAMAGED;
    return wf_error_prefix(err, _("entry %llu"), (unsigned long long)seq);
}

static wf_status take(key_table *keys, ledger *l, store_txn *txn, uint64_t seq, wf_error *err)
{
    entry_view entry;
    statement_view statement;
    system_record record;
    bool is_record = false;
    const key_place at = {keys, l->suite, l->genesis.origin, seq};
    wf_status status = read_record(l, txn, seq, &entry, &statement, &record, &is_record, err);
    if (status != WF_OK || !is_record)
        return status;
    status = key_rules_check(&at, statement.author, entry.author_key, &record, err);
    if (status == WF_REFUSED) {
        err->status = WF_DAMAGED;
        return wf_error_prefix(err, _("entry %llu"), (unsigned long long)seq);
    }
    return status == WF_OK ? key_rules_apply(&at, &record, err) : status;
}

/* Every key of `a` is in `b`, the same. */
static wf_status compare_keys(key_table *a, key_table *b, const char *what, wf_error *err)
{
    char id[KEY_ID_TEXT];
    for (size_t i = 0; i < KEY_BUCKETS; i++) {
        for (const party_key *key = a->buckets[i]; key != NULL; key = key->next) {
            const party_key *other =
                key_table_find(b, span_of(key->party, key->party_size), key->id);
            if (other != NULL && key_equal(&other->public_key, &key->public_key) &&
                other->valid_from == key->valid_from && other->why == key->why &&
                atomic_load(&other->valid_until) == atomic_load(&key->valid_until))
                continue;
            return wf_fail(err, WF_DAMAGED, _("key %s of %.*s: %s"), key_id_text(id, key->id),
                           (int)key->party_size, key->party, what);
        }
    }
    return WF_OK;
}

static wf_status compare_quorums(const key_table *log, const key_table *stored, wf_error *err)
{
    const quorum_row *a = log->quorums, *b = stored->quorums;
    while (a != NULL && b != NULL && a->seq == b->seq && a->threshold == b->threshold &&
           a->key_count == b->key_count) {
        size_t i = 0;
        while (i < a->key_count && key_equal(&a->keys[i], &b->keys[i]))
            i++;
        if (i < a->key_count)
            break;
        a = a->next;
        b = b->next;
    }
    return a == NULL && b == NULL
               ? WF_OK
               : wf_fail(
                     err, WF_DAMAGED,
                     _("the stored quorum of offline keys is not the one that the log entered"));
}

/* The rows of quorums are loaded in order of their entries, so both lists are the last first. */
static wf_status compare(key_table *log, key_table *stored, wf_error *err)
{
    wf_status status =
        compare_keys(stored, log, _("the table of keys has it otherwise than the log"), err);
    if (status == WF_OK)
        status = compare_keys(log, stored, _("its entry is not in the table of keys"), err);
    return status == WF_OK ? compare_quorums(log, stored, err) : status;
}

wf_status verify_keys(ledger *l, store_txn *txn, key_table *stored, key_places *places,
                      uint64_t from, wf_error *err)
{
    wf_status status = WF_OK;
    key_table *log = malloc(sizeof *log);
    if (log == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    key_table_init(log);
    if (!add_earlier(places, stored, from))
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (places->count > 0)
        qsort(places->seqs, places->count, sizeof *places->seqs, compare_seqs);
    for (size_t i = 0; i < places->count && status == WF_OK; i++)
        if (i == 0 || places->seqs[i] != places->seqs[i - 1])
            status = take(log, l, txn, places->seqs[i], err);
    if (status == WF_OK)
        status = compare(log, stored, err);
    key_table_free(log);
    free(log);
    return status;
}
