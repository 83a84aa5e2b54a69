/*
 * proof: Merkle trees, of either hash. The golden tree with SHA-256 is that of RFC 6962's reference
 * implementations, the one with SM3 was computed from the definition with Python's hashlib; the
 * other trees are built here naively, from the recursive definition, and every proof in them is
 * made and verified, then spoilt in every bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "merkle.h"

enum { LEAVES_MAX = 130, SPOILT_MAX = 18 };

static hash_kind kind; /* of all trees here */
static hash leaves[LEAVES_MAX];

static hash from_hex(const char *hex)
{
    hash out;
    for (size_t i = 0; i < HASH_SIZE; i++) {
        unsigned byte = 0;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out.bytes[i] = (uint8_t)byte;
    }
    return out;
}

static void assert_hash(const hash *got, const char *hex)
{
    hash want = from_hex(hex);
    assert_memory_equal(got->bytes, want.bytes, HASH_SIZE);
}

/* RFC 6962 2.1, read off the page. */
static hash naive_root(size_t first, size_t count)
{
    hash out;
    if (count == 0) {
        merkle_empty(&out, kind);
        return out;
    }
    if (count == 1)
        return leaves[first];
    size_t k = 1;
    while (k * 2 < count)
        k *= 2;
    hash left = naive_root(first, k);
    hash right = naive_root(first + k, count - k);
    merkle_node(&out, kind, &left, &right);
    return out;
}

typedef struct tree {
    size_t size;  /* leaves that are stored */
    size_t reads; /* reads until one fails; 0: none fails */
    size_t done;
} tree;

/* Knows complete subtrees only, and only inside the tree. */
static bool read_tree(void *ctx, hash *out, unsigned level, uint64_t index)
{
    tree *t = ctx;
    t->done++;
    if (t->reads != 0 && t->done >= t->reads)
        return false;
    assert_true(level < 8);
    assert_true(((index + 1) << level) <= t->size);
    *out = naive_root((size_t)(index << level), (size_t)1 << level);
    return true;
}

static int make_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        char text[32];
        int size = snprintf(text, sizeof text, "leaf %zu", i);
        merkle_leaf(&leaves[i], kind, text, (size_t)size);
    }
    return 0;
}

static void golden(void **state)
{
    (void)state;
    static const char *const inputs[] = {"",         "\x00",
                                         "\x10",     "\x20\x21",
                                         "\x30\x31", "\x40\x41\x42\x43",
                                         "PQRSTUVW", "`abcdefghijklmno"};
    static const size_t sizes[] = {0, 1, 1, 2, 2, 4, 8, 16};
    static const char *const roots[][9] = {
        {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
        {"1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b",
         "2daef60e7a0b8f5e024c81cd2ab3109f2b4f155cf83adeb2ae5532f74a157fdf",
         "0b990fe0c7ad70f1bf1a1262f2c7908ea48146b14253a6db99f2917ab1f5cc4d",
         "209ec96a210d662a964772680e8544d18cab7b88ffec3e00962220349b56ea56",
         "28e4e307ef6d2d0c62d84b11ef96e835efe490f35b93c8f024ecfe38c8dd4377",
         "bb10c996aeebbcdc69be3715fc847344de77442d37a5ab8213da9f41785b103b",
         "8723c1ab1f82ddfba4a3733ac0c80d936d9f4c208c7dbc8cc81ca9fff8584f66",
         "bd36c22a1ac6ff4308e0c3cc1a85bf0ffa30538ec60a55c70413ab15d45db4d2",
         "bc48ba7a709184b5f2a631e1adeb8dc2a0d4c018c1d6cc89b5664fe154c93b38"}};
    static const char *const last_leaf[] = {
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
        "23b277dd1b61b16e0bf6e2b6de7a2866687bfab49c172e0c53b9c89fc360709e"};
    merkle_frontier f;
    merkle_frontier_init(&f, kind);
    for (size_t i = 0; i <= 8; i++) {
        hash root;
        merkle_frontier_root(&root, &f);
        assert_hash(&root, roots[kind][i]);
        if (i == 8)
            break;
        hash leaf;
        merkle_leaf(&leaf, kind, inputs[i], sizes[i]);
        merkle_frontier_append(&f, &leaf);
    }
    hash leaf;
    merkle_leaf(&leaf, kind, "`abcdefghijklmno", 16);
    assert_hash(&leaf, last_leaf[kind]);
}

static void roots_agree(void **state)
{
    (void)state;
    merkle_frontier f;
    merkle_frontier_init(&f, kind);
    for (size_t n = 0; n <= LEAVES_MAX; n++) {
        hash naive = naive_root(0, n);
        hash grown;
        hash stored;
        tree t = {.size = n};
        merkle_frontier_root(&grown, &f);
        assert_true(merkle_root_at(&stored, kind, n, read_tree, &t));
        assert_true(hash_equal(&naive, &grown));
        assert_true(hash_equal(&naive, &stored));
        if (n < LEAVES_MAX)
            merkle_frontier_append(&f, &leaves[n]);
    }
}

static void flip(hash *h, size_t bit)
{
    h->bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

/* Every single-bit change of leaf, root and proof is refused; so is every other length. */
static void spoil_inclusion(hash leaf, uint64_t index, uint64_t size, hash *proof, size_t count,
                            hash root)
{
    for (size_t bit = 0; bit < 8 * HASH_SIZE; bit++) {
        flip(&leaf, bit);
        assert_false(merkle_verify_inclusion(kind, &leaf, index, size, proof, count, &root));
        flip(&leaf, bit);
        flip(&root, bit);
        assert_false(merkle_verify_inclusion(kind, &leaf, index, size, proof, count, &root));
        flip(&root, bit);
        for (size_t i = 0; i < count; i++) {
            flip(&proof[i], bit);
            assert_false(merkle_verify_inclusion(kind, &leaf, index, size, proof, count, &root));
            flip(&proof[i], bit);
        }
    }
    proof[count] = leaf;
    assert_false(merkle_verify_inclusion(kind, &leaf, index, size, proof, count + 1, &root));
    if (count > 0) {
        assert_false(merkle_verify_inclusion(kind, &leaf, index, size, proof, count - 1, &root));
        assert_false(
            merkle_verify_inclusion(kind, &leaf, index, size, proof + 1, count - 1, &root));
    }
    for (unsigned bit = 0; bit < 64; bit++)
        assert_false(merkle_verify_inclusion(kind, &leaf, index ^ (uint64_t)1 << bit, size, proof,
                                             count, &root));
}

static void inclusion(void **state)
{
    (void)state;
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        hash root = naive_root(0, n);
        for (size_t i = 0; i < n; i++) {
            hash proof[MERKLE_PROOF_MAX + 1];
            size_t count = 0;
            tree t = {.size = n};
            assert_true(merkle_prove_inclusion(proof, &count, kind, i, n, read_tree, &t));
            assert_true(merkle_verify_inclusion(kind, &leaves[i], i, n, proof, count, &root));
            if (n <= SPOILT_MAX || (n == LEAVES_MAX && i % 43 == 0))
                spoil_inclusion(leaves[i], i, n, proof, count, root);
        }
    }
}

static void spoil_consistency(uint64_t size1, hash root1, uint64_t size2, hash root2, hash *proof,
                              size_t count)
{
    for (size_t bit = 0; bit < 8 * HASH_SIZE; bit++) {
        flip(&root1, bit);
        assert_false(merkle_verify_consistency(kind, size1, &root1, size2, &root2, proof, count));
        flip(&root1, bit);
        flip(&root2, bit);
        assert_false(merkle_verify_consistency(kind, size1, &root1, size2, &root2, proof, count));
        flip(&root2, bit);
        for (size_t i = 0; i < count; i++) {
            flip(&proof[i], bit);
            assert_false(
                merkle_verify_consistency(kind, size1, &root1, size2, &root2, proof, count));
            flip(&proof[i], bit);
        }
    }
    proof[count] = root1;
    assert_false(merkle_verify_consistency(kind, size1, &root1, size2, &root2, proof, count + 1));
    if (count > 0)
        assert_false(
            merkle_verify_consistency(kind, size1, &root1, size2, &root2, proof, count - 1));
    if (size1 != size2)
        assert_false(merkle_verify_consistency(kind, size2, &root2, size1, &root1, proof, count));
    assert_false(merkle_verify_consistency(kind, 0, &root1, size2, &root2, proof, count));
    assert_false(merkle_verify_consistency(kind, 0, &root1, size2, &root2, proof, 0));
}

static void consistency(void **state)
{
    (void)state;
    hash roots[LEAVES_MAX + 1];
    for (size_t n = 0; n <= LEAVES_MAX; n++)
        roots[n] = naive_root(0, n);
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        for (size_t m = 1; m <= n; m++) {
            hash proof[MERKLE_PROOF_MAX + 1];
            size_t count = 0;
            tree t = {.size = n};
            assert_true(merkle_prove_consistency(proof, &count, kind, m, n, read_tree, &t));
            assert_true(merkle_verify_consistency(kind, m, &roots[m], n, &roots[n], proof, count));
            if (n <= SPOILT_MAX || (n == LEAVES_MAX && m % 43 == 0))
                spoil_consistency(m, roots[m], n, roots[n], proof, count);
        }
    }
}

static void refuses_arguments(void **state)
{
    (void)state;
    hash proof[MERKLE_PROOF_MAX];
    size_t count = 7;
    tree t = {.size = LEAVES_MAX};
    assert_false(merkle_prove_inclusion(proof, &count, kind, 5, 5, read_tree, &t));
    assert_int_equal(count, 0);
    assert_false(merkle_prove_inclusion(proof, &count, kind, 0, 0, read_tree, &t));
    assert_false(merkle_prove_consistency(proof, &count, kind, 0, 5, read_tree, &t));
    assert_false(merkle_prove_consistency(proof, &count, kind, 6, 5, read_tree, &t));
    assert_int_equal(t.done, 0);
    hash root;
    merkle_empty(&root, kind);
    assert_false(merkle_verify_inclusion(kind, &root, 0, 0, NULL, 0, &root));
    assert_false(merkle_verify_consistency(kind, 0, &root, 0, &root, NULL, 0));
}

/* Whichever read fails, the proof fails and nothing is handed out. */
static void failed_reads(void **state)
{
    (void)state;
    hash proof[MERKLE_PROOF_MAX];
    size_t count = 0;
    tree whole = {.size = 107};
    assert_true(merkle_prove_inclusion(proof, &count, kind, 70, 107, read_tree, &whole));
    for (size_t i = 1; i <= whole.done; i++) {
        tree t = {.size = 107, .reads = i};
        assert_false(merkle_prove_inclusion(proof, &count, kind, 70, 107, read_tree, &t));
        assert_int_equal(count, 0);
    }
    whole.done = 0;
    assert_true(merkle_prove_consistency(proof, &count, kind, 70, 107, read_tree, &whole));
    for (size_t i = 1; i <= whole.done; i++) {
        tree t = {.size = 107, .reads = i};
        assert_false(merkle_prove_consistency(proof, &count, kind, 70, 107, read_tree, &t));
        assert_int_equal(count, 0);
    }
    hash root;
    tree t = {.size = 107, .reads = 1};
    assert_false(merkle_root_at(&root, kind, 107, read_tree, &t));
}

/* A tree in which all leaves are one: hash of a subtree depends on its level alone, so that trees
   of any size cost nothing. */
static bool read_uniform(void *ctx, hash *out, unsigned level, uint64_t index)
{
    (void)index;
    const hash *levels = ctx;
    assert_true(level < 64);
    *out = levels[level];
    return true;
}

/* Sizes near 2^63 and 2^64: shifts stay defined and no proof outgrows its array. */
static void huge(void **state)
{
    (void)state;
    hash levels[64];
    merkle_leaf(&levels[0], kind, "same", 4);
    for (size_t i = 1; i < 64; i++)
        merkle_node(&levels[i], kind, &levels[i - 1], &levels[i - 1]);
    static const uint64_t sizes[] = {UINT64_MAX,
                                     UINT64_MAX - 1,
                                     1ull << 63,
                                     (1ull << 63) + 1,
                                     (1ull << 63) - 1,
                                     (1ull << 40) + 12345,
                                     0xaaaaaaaaaaaaaaaaull,
                                     0x5555555555555555ull};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        hash root;
        hash proof[MERKLE_PROOF_MAX];
        size_t count = 0;
        uint64_t n = sizes[i];
        assert_true(merkle_root_at(&root, kind, n, read_uniform, levels));
        const uint64_t indexes[] = {0, 1, n / 2, n / 3, n - 2, n - 1};
        for (size_t j = 0; j < sizeof indexes / sizeof *indexes; j++) {
            assert_true(
                merkle_prove_inclusion(proof, &count, kind, indexes[j], n, read_uniform, levels));
            assert_true(
                merkle_verify_inclusion(kind, &levels[0], indexes[j], n, proof, count, &root));
        }
        for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            hash old;
            uint64_t m = sizes[j];
            if (m > n)
                continue;
            assert_true(merkle_root_at(&old, kind, m, read_uniform, levels));
            if (merkle_prove_consistency(proof, &count, kind, m, n, read_uniform, levels))
                assert_true(merkle_verify_consistency(kind, m, &old, n, &root, proof, count));
            else
                assert_true(n > 1ull << 63); /* only there may 64 hashes be too few */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(roots_agree),
        cmocka_unit_test(inclusion),
        cmocka_unit_test(consistency),
        cmocka_unit_test(refuses_arguments),
        cmocka_unit_test(failed_reads),
        cmocka_unit_test(huge),
    };
    int failed = cmocka_run_group_tests_name("merkle, SHA-256", tests, make_leaves, NULL);
    kind = HASH_SM3;
    return failed + cmocka_run_group_tests_name("merkle, SM3", tests, make_leaves, NULL);
}
