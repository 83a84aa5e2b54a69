/*
 * tests/simulation/check.c: see simulation.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "book/book.h"
#include "book/internal.h"
#include "simulation.h"

static span copy(simulation *s, span bytes)
{
    uint8_t *out = malloc(bytes.size);
    REQUIRE(s, out != NULL, "out of memory");
    memcpy(out, bytes.data, bytes.size);
    return span_of(out, bytes.size);
}

/* The act of the parcels that this statement is, from *at on; they come in their order, and what
   is refused or already there is left out. */
static act *take_act(simulation *s, const parcel *const *parcels, size_t count, size_t *parcel_at,
                     unsigned *act_at, span statement)
{
    for (; *parcel_at < count; (*parcel_at)++, *act_at = 0) {
        const parcel *p = parcels[*parcel_at];
        while (*act_at < p->count) {
            act *a = &s->acts[p->first + (*act_at)++];
            if (a->seq == NOT_ENTERED && span_equal(a->bytes, statement))
                return a;
        }
    }
    return NULL;
}

static void check_link(simulation *s, const entry_view *entry, uint64_t seq)
{
    int64_t time_ms = s->now_ms > s->last_time_ms ? s->now_ms : s->last_time_ms;
    REQUIRE(s, entry->seq == seq, "entry %llu says it is %llu", (unsigned long long)seq,
            (unsigned long long)entry->seq);
    REQUIRE(s, entry->time_ms == time_ms, "entry %llu: time %lld, expected %lld",
            (unsigned long long)seq, (long long)entry->time_ms, (long long)time_ms);
    REQUIRE(s, seq == 0 || memcmp(entry->prev_hash, s->leaves[seq - 1].bytes, 32) == 0,
            "entry %llu does not name the one before", (unsigned long long)seq);
}

void check_new_entries(simulation *s, const parcel *const *parcels, size_t count)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    size_t parcel_at = 0;
    unsigned act_at = 0;
    uint64_t size = ledger_size(s->l);
    REQUIRE(s, size >= s->size, "the ledger has %llu entries, it had %llu",
            (unsigned long long)size, (unsigned long long)s->size);
    REQUIRE(s, size < ENTRIES_MAX, "too many entries");
    REQUIRE(s, store_begin(&txn, ledger_store(s->l), false, &err) == WF_OK, "%s", err.text);
    for (uint64_t seq = s->size; seq < size; seq++) {
        span bytes;
        entry_view entry;
        statement_view statement;
        REQUIRE(s, ledger_read(s->l, txn, seq, &bytes, &entry, &err) == WF_OK, "%s", err.text);
        REQUIRE(s, statement_parse(&statement, entry.statement, &err) == WF_OK, "%s", err.text);
        check_link(s, &entry, seq);
        if (statement.system.data == NULL) {
            act *a = take_act(s, parcels, count, &parcel_at, &act_at, entry.statement);
            REQUIRE(s, a != NULL, "entry %llu is nothing that was handed in, or out of order",
                    (unsigned long long)seq);
            REQUIRE(s, books_admit(s->books, a),
                    "entry %llu should have been refused (act of kind %d, number %u, site %u)",
                    (unsigned long long)seq, (int)a->kind, a->number, a->site);
            a->seq = seq;
        }
        naive_leaf(&s->leaves[seq], bytes.data, bytes.size);
        s->entries[seq] = copy(s, bytes);
        s->last_time_ms = entry.time_ms;
    }
    store_abort(txn);
    s->size = size;
}

static void check_receipt(simulation *s)
{
    wf_error err = {0};
    char *text = NULL;
    static tlog_proof proof;
    naive_hash expected[64];
    note n;
    checkpoint head;
    bool verified = false;
    uint64_t seq = pick(s, s->size);
    naive_hash root;
    REQUIRE(s, ledger_prove(s->l, seq, &text, &err) == WF_OK, "%s", err.text);
    REQUIRE(s, tlog_proof_parse(&proof, text, strlen(text)) == NULL && proof.index == seq,
            "receipt:\n%s", text);
    size_t count = naive_inclusion(expected, (size_t)seq, s->leaves, (size_t)s->size);
    REQUIRE(s, count == proof.hash_count && memcmp(expected, proof.hashes, count * 32) == 0,
            "the receipt of entry %llu is not that of the plain tree", (unsigned long long)seq);
    REQUIRE(s,
            note_parse(&n, proof.checkpoint, proof.checkpoint_size) == NULL &&
                note_verify(&verified, NULL, &n, &s->l->operator_note_key, 1) == NULL && verified &&
                checkpoint_parse(&head, n.text, n.text_size) == NULL,
            "the checkpoint in the receipt:\n%s", text);
    naive_root(&root, s->leaves, (size_t)s->size);
    REQUIRE(s,
            head.size == s->size && memcmp(head.root.bytes, root.bytes, 32) == 0 &&
                strcmp(head.origin, SIMULATION_ORIGIN) == 0,
            "the checkpoint is not that of the plain tree of %llu entries:\n%s",
            (unsigned long long)s->size, text);
    s->receipts++;
    free(text);
}

static void check_consistency(simulation *s, store_txn *txn)
{
    wf_error err = {0};
    hash hashes[MERKLE_PROOF_MAX];
    naive_hash expected[MERKLE_PROOF_MAX];
    size_t count = 0;
    uint64_t older = 1 + pick(s, s->size);
    tile_reader reader = {txn, s->l->suite->hash, &err, NULL};
    REQUIRE(s,
            merkle_prove_consistency(hashes, &count, reader.kind, older, s->size, tile_read_hash,
                                     &reader),
            "%s", err.text);
    REQUIRE(s,
            count == naive_consistency(expected, (size_t)older, s->leaves, (size_t)s->size) &&
                memcmp(expected, hashes, count * 32) == 0,
            "the proof from %llu to %llu entries is not that of the plain tree",
            (unsigned long long)older, (unsigned long long)s->size);
}

void check_ledger(simulation *s)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    span bytes;
    REQUIRE(s, ledger_size(s->l) == s->size, "the ledger has %llu entries, the model %llu",
            (unsigned long long)ledger_size(s->l), (unsigned long long)s->size);
    REQUIRE(s, store_begin(&txn, ledger_store(s->l), false, &err) == WF_OK, "%s", err.text);
    check_receipt(s);
    check_consistency(s, txn);
    uint64_t seq = pick(s, s->size);
    REQUIRE(s, ledger_read(s->l, txn, seq, &bytes, NULL, &err) == WF_OK, "%s", err.text);
    REQUIRE(s, span_equal(bytes, s->entries[seq]), "entry %llu is not what it was",
            (unsigned long long)seq);
    store_abort(txn);
}

/* Ids of codes are given in the order of their first mention. */
static void find_codes(simulation *s, store_txn *txn, uint32_t ids[CODES])
{
    wf_error err = {0};
    uint64_t count = 0;
    arena memory;
    arena_init(&memory, 0);
    for (unsigned c = 0; c < CODES; c++)
        ids[c] = BOOK_NONE;
    REQUIRE(s, book_count_codes(s->b, txn, &count, &err) == WF_OK, "%s", err.text);
    for (uint32_t id = 0; id < count; id++) {
        const char *text = NULL;
        REQUIRE(s, book_code_text(s->b, txn, id, &memory, &text, &err) == WF_OK, "%s", err.text);
        for (unsigned c = 0; c < CODES; c++)
            if (strcmp(text, code_name(c)) == 0)
                ids[c] = id;
    }
    arena_free(&memory);
}

static void read_account(simulation *s, store_txn *txn, uint32_t site, uint32_t code,
                         account_value *out)
{
    wf_error err = {0};
    uint8_t key[8];
    span row = {0};
    *out = (account_value){0};
    if (site == BOOK_NONE || code == BOOK_NONE)
        return;
    key_u32(key, site);
    key_u32(key + 4, code);
    REQUIRE(s,
            store_get(txn, book_table_number(BOOK_ACCOUNTS), span_of(key, sizeof key), &row,
                      &err) == WF_OK,
            "%s", err.text);
    if (row.data != NULL)
        memcpy(out, row.data, sizeof *out);
}

void check_books(simulation *s)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    uint32_t codes[CODES];
    REQUIRE(s, store_begin(&txn, ledger_store(s->l), false, &err) == WF_OK, "%s", err.text);
    find_codes(s, txn, codes);
    for (unsigned site = 0; site < SITES; site++) {
        char name[16];
        uint32_t index = BOOK_NONE;
        snprintf(name, sizeof name, "S%u", site);
        REQUIRE(s, book_find_kind(s->b, txn, OBJECT_SITE, name, &index, &err) == WF_OK, "%s",
                err.text);
        REQUIRE(s, (index != BOOK_NONE) == s->books->site[site], "site %s is known: %d", name,
                index != BOOK_NONE);
        for (unsigned code = 0; code < CODES; code++) {
            account_value found;
            read_account(s, txn, index, codes[code], &found);
            for (unsigned a = 0; a < ACCOUNT_COUNT; a++)
                REQUIRE(s, found.row.balance_g[a] == s->books->balance_g[site][code][a],
                        "site %s, code %s, account %u: %lld g, the model has %lld g", name,
                        code_name(code), a, (long long)found.row.balance_g[a],
                        (long long)s->books->balance_g[site][code][a]);
        }
    }
    REQUIRE(s, book_check_zero_sums(s->b, txn, &err) == WF_OK, "%s", err.text);
    store_abort(txn);
}

static void check_acknowledged(simulation *s)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    REQUIRE(s, store_begin(&txn, ledger_store(s->l), false, &err) == WF_OK, "%s", err.text);
    for (unsigned i = 0; i < s->act_count; i++) {
        const act *a = &s->acts[i];
        entry_view entry;
        REQUIRE(s, !a->acknowledged || a->seq != NOT_ENTERED,
                "an acknowledged statement (act %u) is not in the ledger", i);
        if (a->seq == NOT_ENTERED)
            continue;
        REQUIRE(s,
                ledger_read(s->l, txn, a->seq, NULL, &entry, &err) == WF_OK &&
                    span_equal(entry.statement, a->bytes),
                "act %u is not at entry %llu any more: %s", i, (unsigned long long)a->seq,
                err.text);
    }
    store_abort(txn);
}

void check_everything(simulation *s)
{
    wf_error err = {0};
    ledger_verify_report report;
    naive_hash root;
    char scratch[128];
    check_acknowledged(s);
    REQUIRE(s, ledger_drain(s->l, &err) == WF_OK, "%s", err.text);
    REQUIRE(s, ledger_verify(s->l, 0, true, NULL, &report, &err) == WF_OK, "%s", err.text);
    naive_root(&root, s->leaves, (size_t)s->size);
    REQUIRE(s, report.size == s->size && memcmp(report.root.bytes, root.bytes, 32) == 0,
            "verified %llu entries to another root than the plain tree's",
            (unsigned long long)report.size);
    snprintf(scratch, sizeof scratch, "%s/scratch", s->folder);
    REQUIRE(s, mkdir(scratch, 0777) == 0, "%s", scratch);
    REQUIRE(s, book_rebuild(s->b, s->l, scratch, true, NULL, &err) == WF_OK, "%s", err.text);
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    REQUIRE(s, system(command) == 0, "%s", scratch);
}
