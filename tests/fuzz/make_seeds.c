/*
 * tests/fuzz/make_seeds.c: seeds from a real ledger, for the formats that nobody types: of every
 * kind of record two, with the statement and the entry around it; the checkpoint, receipts, a
 * request to a witness, the verifier key.
 *
 *     build/debug/fuzz/make_seeds LEDGER NAME tests/fuzz/corpus [TARGET...]
 *
 * Files are named NAME-..., and are made for all targets or only for those given. The corpus holds
 * what it wrote for cities of the simulator, one a suite, and for the ledgers of make_key_seeds,
 * which have the records of keys; it is run again when a format gets a new kind.
 */
#include "fuzz.h"

#include <errno.h>
#include <sys/stat.h>

#include "archive.h"
#include "ledger_private.h"
#include "model/record.h"

enum { KINDS_MAX = 64, OF_A_KIND = 2 };

static const char *corpus;
static const char *prefix;
static char **targets; /* NULL at the end; none: all */

static bool is_asked(const char *target)
{
    for (size_t i = 0; targets[i] != NULL; i++)
        if (strcmp(targets[i], target) == 0)
            return true;
    return targets[0] == NULL;
}

static void put(const char *target, const char *kind, unsigned number, span bytes)
{
    char path[4096];
    if (!is_asked(target))
        return;
    snprintf(path, sizeof path, "%s/%s", corpus, target);
    FUZZ_REQUIRE(mkdir(path, 0777) == 0 || errno == EEXIST, "%s", path);
    snprintf(path, sizeof path, "%s/%s/%s-%s-%u", corpus, target, prefix, kind, number);
    FILE *file = fopen(path, "wbe");
    FUZZ_REQUIRE(file != NULL && fwrite(bytes.data, 1, bytes.size, file) == bytes.size &&
                     fclose(file) == 0,
                 "%s", path);
}

static void put_entries(ledger *l, store_txn *txn)
{
    unsigned seen[2][KINDS_MAX] = {{0}};
    wf_error err = {0};
    for (uint64_t seq = 0; seq < ledger_size(l); seq++) {
        span bytes;
        entry_view entry;
        statement_view st;
        arena memory;
        FUZZ_REQUIRE(ledger_read(l, txn, seq, &bytes, &entry, &err) == WF_OK &&
                         statement_parse(&st, entry.statement, &err) == WF_OK,
                     "%s", err.text);
        bool is_record = st.record.data != NULL;
        const char *name = "system";
        unsigned kind = 0;
        arena_init(&memory, 0);
        if (is_record) {
            Wufei__Record *record = NULL;
            FUZZ_REQUIRE(record_decode(&record, &memory, st.record, &err) == WF_OK, "%s", err.text);
            kind = (unsigned)record->body_case;
            name = record_file(record);
        } else {
            system_record record;
            FUZZ_REQUIRE(system_parse(&record, st.system, &err) == WF_OK, "%s", err.text);
            kind = (unsigned)record.kind;
        }
        if (kind < KINDS_MAX && seen[is_record][kind] < OF_A_KIND) {
            unsigned number = kind * 10 + seen[is_record][kind]++;
            put("entry", name, number, bytes);
            put("statement", name, number, entry.statement);
            if (is_record)
                put("record", name, number, st.record);
        }
        arena_free(&memory);
    }
}

/* A row of the archive, behind the byte that chooses what fuzz_inflate does with it. */
static void put_archive(store_txn *txn)
{
    wf_error err = {0};
    span row = {0};
    buffer out = {0};
    FUZZ_REQUIRE(archive_row(txn, 0, &row, &err) == WF_OK, "%s", err.text);
    buffer_append_byte(&out, 1);
    buffer_append(&out, row.data, row.size);
    if (row.data != NULL)
        put("inflate", "run", 0, span_of(out.data, out.size));
    buffer_free(&out);
}

static void put_checkpoint(ledger *l)
{
    wf_error err = {0};
    char *text = NULL;
    note n;
    FUZZ_REQUIRE(ledger_checkpoint(l, &text, &err) == WF_OK, "%s", err.text);
    put("note", "checkpoint", 0, span_text(text));
    FUZZ_REQUIRE(note_parse(&n, text, strlen(text)) == NULL, "%s", text);
    put("checkpoint", "checkpoint", 0, span_of(n.text, n.text_size));
    put("vkey", "operator", 0, span_text(ledger_vkey(l)));
    free(text);
}

static void put_proofs(ledger *l, store_txn *txn)
{
    wf_error err = {0};
    char request[16384];
    hash hashes[MERKLE_PROOF_MAX];
    size_t count = 0;
    tile_reader reader = {txn, l->suite->hash, &err, NULL};
    char *text = NULL, *proof = NULL;
    uint64_t size = ledger_size(l);
    for (unsigned i = 0; i < 3; i++) {
        FUZZ_REQUIRE(ledger_prove(l, i * (size - 1) / 2, &proof, &err) == WF_OK, "%s", err.text);
        put("proof", "receipt", i, span_text(proof));
        free(proof);
    }
    FUZZ_REQUIRE(ledger_checkpoint(l, &text, &err) == WF_OK, "%s", err.text);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t old = i == 2 ? size : 1 + i * size / 3;
        FUZZ_REQUIRE(merkle_prove_consistency(hashes, &count, reader.kind, old, size,
                                              tile_read_hash, &reader),
                     "%s", err.text);
        size_t written =
            witness_request_format(request, sizeof request, old, hashes, count, text, strlen(text));
        put("witness_request", "request", i, span_of(request, written));
    }
    free(text);
}

int main(int argc, char **argv)
{
    wf_error err = {0};
    ledger *l = NULL;
    store_txn *txn = NULL;
    ledger_options options = {.read_only = true};
    if (argc < 4) {
        fprintf(stderr, "usage: make_seeds LEDGER NAME CORPUS [TARGET...]\n");
        return 2;
    }
    prefix = argv[2];
    corpus = argv[3];
    targets = argv + 4;
    FUZZ_REQUIRE(ledger_open(&l, argv[1], &options, &err) == WF_OK, "%s", err.text);
    FUZZ_REQUIRE(store_begin(&txn, ledger_store(l), false, &err) == WF_OK, "%s", err.text);
    put_entries(l, txn);
    put_archive(txn);
    put_checkpoint(l);
    put_proofs(l, txn);
    store_abort(txn);
    ledger_close(l);
    return 0;
}
