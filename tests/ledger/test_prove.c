/*
 * Receipts from a tree that is not whole: none is given out.
 */
#include "ledger_test.h"

#include "checkpoint.h"

/* Flips a bit of the stored hash of entry `seq`. */
static void flip_leaf(ledger *l, uint64_t seq)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    span row;
    uint8_t key[9] = {0};
    hash tile[TILE_WIDTH];
    store_key_u64(key + 1, seq / TILE_WIDTH);
    assert_ok(store_begin(&txn, ledger_store(l), true, &err), &err);
    assert_ok(tile_get(txn, 0, seq / TILE_WIDTH, &row, &err), &err);
    size_t size = row.size;
    assert_true(size <= sizeof tile);
    memcpy(tile, row.data, size);
    tile[seq % TILE_WIDTH].bytes[7] ^= 0x10;
    assert_ok(
        store_put(txn, TABLE_TILES, span_of(key, sizeof key), span_of(tile, size), false, &err),
        &err);
    assert_ok(store_commit(txn, &err), &err);
}

/* The entry itself, and the head, are as they were: only the way between them is not. */
static void test_neighbour_is_damaged(void **state)
{
    (void)state;
    enum { COUNT = 600, DAMAGED = 301 };
    wf_error err = {0};
    char *text = NULL;
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, COUNT, NULL, &err), &err);
    assert_ok(ledger_prove(l, 300, &text, &err), &err);
    free(text);
    flip_leaf(l, DAMAGED);
    for (uint64_t seq = TILE_WIDTH; seq < 2 * TILE_WIDTH; seq += 22) {
        assert_int_equal(ledger_prove(l, seq, &text, &err), WF_DAMAGED);
        assert_null(text);
        assert_non_null(strstr(err.text, "signed root"));
        wf_error_clear(&err);
    }
    /* in other tiles the proof does not pass the damaged hash: full tiles have their own root */
    assert_ok(ledger_prove(l, 3, &text, &err), &err);
    free(text);
    assert_int_equal(ledger_prove(l, DAMAGED, &text, &err), WF_DAMAGED);
    ledger_close(l);
}

/* Every proof of a small log, by the fold of many hashes at once, holds for the checker that
   hashes one by one. */
static void test_every_proof_holds(void **state)
{
    (void)state;
    wf_error err = {0};
    store_txn *txn = NULL;
    hash older, newer, proof[MERKLE_PROOF_MAX];
    size_t count;
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, 1000, NULL, &err), &err);
    uint64_t size = ledger_size(l);
    assert_ok(store_begin(&txn, ledger_store(l), false, &err), &err);
    tile_reader reader = {txn, test_hash(), &err, NULL};
    assert_true(merkle_root_at(&newer, test_hash(), size, tile_read_hash, &reader));
    for (uint64_t i = 0; i < size; i++) {
        hash leaf;
        assert_true(tile_read_hash(&reader, &leaf, 0, i));
        assert_true(
            merkle_prove_inclusion(proof, &count, test_hash(), i, size, tile_read_hash, &reader));
        assert_true(merkle_verify_inclusion(test_hash(), &leaf, i, size, proof, count, &newer));
        if (i == 0)
            continue;
        assert_true(merkle_root_at(&older, test_hash(), i, tile_read_hash, &reader));
        assert_true(
            merkle_prove_consistency(proof, &count, test_hash(), i, size, tile_read_hash, &reader));
        assert_true(merkle_verify_consistency(test_hash(), i, &older, size, &newer, proof, count));
    }
    store_abort(txn);
    ledger_close(l);
}

/* A log with more than one full tile above the lowest ones: proofs by nodes that were kept are
   those computed from the tiles, also for the sizes at which a kept node was the last of its tile.
 */
static void test_kept_nodes(void **state)
{
    (void)state;
    enum { COUNT = 2 * 65536 + 5000, PROOFS = 600 };
    wf_error err = {0};
    store_txn *txn = NULL;
    hash proof[MERKLE_PROOF_MAX], kept[MERKLE_PROOF_MAX];
    size_t count, kept_count;
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, COUNT, NULL, &err), &err);
    uint64_t size = ledger_size(l);
    assert_ok(store_begin(&txn, ledger_store(l), false, &err), &err);
    tile_reader reader = {txn, test_hash(), &err, NULL};
    tile_reader keeping = {txn, test_hash(), &err, l->nodes};
    for (uint64_t i = 0; i < PROOFS; i++) {
        uint64_t seq = i * 7919 % size;
        uint64_t of = i % 3 == 0 ? size - size % 2048 : size;
        seq = seq < of ? seq : of - 1;
        assert_true(
            merkle_prove_inclusion(proof, &count, test_hash(), seq, of, tile_read_hash, &reader));
        assert_true(merkle_prove_inclusion(kept, &kept_count, test_hash(), seq, of, tile_read_hash,
                                           &keeping));
        assert_int_equal(kept_count, count);
        assert_memory_equal(kept, proof, count * sizeof *proof);
        if (seq == 0)
            continue;
        assert_true(
            merkle_prove_consistency(proof, &count, test_hash(), seq, of, tile_read_hash, &reader));
        assert_true(merkle_prove_consistency(kept, &kept_count, test_hash(), seq, of,
                                             tile_read_hash, &keeping));
        assert_int_equal(kept_count, count);
        assert_memory_equal(kept, proof, count * sizeof *proof);
    }
    store_abort(txn);
    hash node;
    assert_true(node_cache_get(l->nodes, &node, 11, 0)); /* it was used at all */
    assert_false(node_cache_get(l->nodes, &node, 3, 0)); /* the lowest tiles are too many */
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_neighbour_is_damaged, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_every_proof_holds, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_kept_nodes, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
