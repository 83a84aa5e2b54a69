/*
 * Consistency proofs between all sizes of a log, kept checkpoints that it extends and does not
 * extend, and receipts under the witnessed checkpoint.
 */
#include "ledger_test.h"

enum { COMMITS = 9 };

/* A ledger that was signed at several sizes; the notes are malloced. */
static ledger *grow_ledger(char *notes[COMMITS])
{
    static const unsigned counts[COMMITS] = {1, 2, 4, 30, 1, 219, 3, 256, 100};
    wf_error err = {0};
    unsigned first = 0;
    create_ledger();
    ledger *l = open_ledger(false);
    for (size_t i = 0; i < COMMITS; i++) {
        assert_ok(submit_sealed(l, first, counts[i], NULL, &err), &err);
        assert_ok(ledger_checkpoint(l, &notes[i], &err), &err);
        first += counts[i];
    }
    return l;
}

static void free_notes(char *notes[COMMITS])
{
    for (size_t i = 0; i < COMMITS; i++)
        free(notes[i]);
}

static hash root_at(ledger *l, uint64_t size)
{
    wf_error err = {0};
    hash root;
    store_txn *txn = NULL;
    tile_reader reader = {txn, test_hash(), &err, NULL};
    assert_ok(store_begin(&reader.txn, ledger_store(l), false, &err), &err);
    assert_true(merkle_root_at(&root, reader.kind, size, tile_read_hash, &reader));
    store_abort(reader.txn);
    return root;
}

static void test_all_sizes(void **state)
{
    (void)state;
    wf_error err = {0};
    char *notes[COMMITS];
    hash proof[MERKLE_PROOF_MAX];
    size_t count = 0;
    ledger *l = grow_ledger(notes);
    uint64_t size = ledger_size(l);
    for (uint64_t size2 = 1; size2 <= size; size2 += size2 < 40 ? 1 : 37)
        for (uint64_t size1 = 1; size1 <= size2; size1 += size1 < 40 ? 1 : 29) {
            hash root1 = root_at(l, size1), root2 = root_at(l, size2);
            assert_ok(ledger_prove_consistency(l, size1, size2, proof, &count, &err), &err);
            assert_true(
                merkle_verify_consistency(test_hash(), size1, &root1, size2, &root2, proof, count));
        }
    assert_ok(ledger_prove_consistency(l, 0, size, proof, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_int_equal(ledger_prove_consistency(l, 1, size + 1, proof, &count, &err), WF_USAGE);
    assert_int_equal(ledger_prove_consistency(l, 2, 1, proof, &count, &err), WF_USAGE);
    free_notes(notes);
    ledger_close(l);
}

static void test_kept_checkpoints(void **state)
{
    (void)state;
    wf_error err = {0};
    char *notes[COMMITS];
    ledger *l = grow_ledger(notes);
    for (size_t i = 0; i < COMMITS; i++) {
        ledger_extension e;
        witness_request request;
        assert_ok(ledger_extends(l, notes[i], strlen(notes[i]), &e, &err), &err);
        assert_string_equal(e.now_text, notes[COMMITS - 1]);
        assert_null(witness_request_parse(&request, e.request, e.request_size));
        assert_int_equal(request.old_size, e.old.size);
        assert_true(merkle_verify_consistency(test_hash(), e.old.size, &e.old.root, e.now.size,
                                              &e.now.root, request.hashes, request.hash_count));
        assert_int_equal(request.checkpoint_size, strlen(e.now_text));
        ledger_extension_free(&e);
    }
    ledger_extension e;
    assert_int_equal(ledger_extends(l, "", 0, &e, &err), WF_USAGE);
    ledger_extension_free(&e);
    notes[0][strlen(TEST_ORIGIN) + 1] ^= 1; /* another size: not what was signed */
    assert_int_equal(ledger_extends(l, notes[0], strlen(notes[0]), &e, &err), WF_USAGE);
    ledger_extension_free(&e);
    free_notes(notes);
    ledger_close(l);
}

/* What the operator itself signs for entries that are not the log's: refused, with the evidence. */
static void test_a_fork_of_its_own(void **state)
{
    (void)state;
    wf_error err = {0};
    char *notes[COMMITS];
    char text[2048];
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    ledger *l = grow_ledger(notes);
    for (uint64_t size = 7; size < ledger_size(l) + 100; size += ledger_size(l)) {
        ledger_extension e;
        checkpoint forked = {.size = size, .root = root_at(l, 5)};
        strcpy(forked.origin, TEST_ORIGIN);
        size_t used = checkpoint_format(text, sizeof text, &forked);
        assert_ok(signer_sign(l->signer, text, used, signature, &signature_size, &err), &err);
        text[used++] = '\n';
        used += note_signature_line(text + used, sizeof text - used, &l->operator_note_key,
                                    signature, signature_size);
        assert_int_equal(ledger_extends(l, text, used, &e, &err), WF_REFUSED);
        assert_non_null(e.now_text);
        assert_int_equal(e.request != NULL, size < ledger_size(l));
        if (e.request != NULL) { /* the proof convicts: it shows the root that was to be signed */
            witness_request request;
            hash shown, root = root_at(l, size);
            assert_null(witness_request_parse(&request, e.request, e.request_size));
            assert_true(merkle_consistency_old_root(&shown, test_hash(), size, e.now.size,
                                                    &e.now.root, request.hashes,
                                                    request.hash_count));
            assert_true(hash_equal(&shown, &root));
        }
        ledger_extension_free(&e);
    }
    free_notes(notes);
    ledger_close(l);
}

static void write_witnessed(const char *text)
{
    wf_error err = {0};
    assert_ok(folder_write(test_dir, FILE_WITNESSED, text, strlen(text), 0644, &err), &err);
}

/* The checkpoint under which the receipt of an entry stands. */
static void assert_under(ledger *l, uint64_t seq, const char *expected)
{
    wf_error err = {0};
    char *text = NULL;
    tlog_proof proof;
    assert_ok(ledger_prove(l, seq, &text, &err), &err);
    assert_null(tlog_proof_parse(&proof, text, strlen(text)));
    assert_int_equal(proof.index, seq);
    assert_int_equal(proof.checkpoint_size, strlen(expected));
    assert_memory_equal(proof.checkpoint, expected, strlen(expected));
    free(text);
}

static void test_witnessed_is_preferred(void **state)
{
    (void)state;
    char *notes[COMMITS];
    ledger *l = grow_ledger(notes);
    const char *newest = notes[COMMITS - 1];
    char cosigned[4096];
    /* a line of somebody else: what it says is for who knows their key */
    snprintf(cosigned, sizeof cosigned, "%s\xe2\x80\x94 w.example AAAAAAECAwQ=\n", notes[5]);
    checkpoint c;
    wf_error err = {0};
    assert_ok(signed_head_parse(l, &c, "note", notes[5], strlen(notes[5]), &err), &err);
    assert_under(l, 3, newest);
    write_witnessed(cosigned);
    assert_under(l, 3, cosigned);
    assert_under(l, c.size - 1, cosigned);
    assert_under(l, c.size, newest); /* not covered by it */
    write_witnessed("not a note");
    assert_under(l, 3, newest);
    cosigned[strlen(TEST_ORIGIN) + 1] ^= 1;
    write_witnessed(cosigned);
    assert_under(l, 3, newest);
    free_notes(notes);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_sizes, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_kept_checkpoints, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_a_fork_of_its_own, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_witnessed_is_preferred, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
