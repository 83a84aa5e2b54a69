/*
 * proof/merkle.h: RFC 6962 / RFC 9162 Merkle trees, with SHA-256 or SM3.
 *
 * leaf = H(0x00 || data), node = H(0x01 || left || right), the empty tree is H(""). A tree of n
 * leaves splits at the largest power of two smaller than n. Proof hashes are lowest first.
 */
#ifndef PROOF_MERKLE_H
#define PROOF_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HASH_SIZE = 32, MERKLE_PROOF_MAX = 64 };

typedef struct hash {
    uint8_t bytes[HASH_SIZE];
} hash;

typedef enum hash_kind { HASH_SHA256, HASH_SM3 } hash_kind;

bool hash_equal(const hash *a, const hash *b);

/* The hash itself, of anything that is not part of a tree. */
void hash_of(hash *out, hash_kind kind, const void *data, size_t size);

void merkle_leaf(hash *out, hash_kind kind, const void *data, size_t size);
void merkle_node(hash *out, hash_kind kind, const hash *left, const hash *right);
void merkle_empty(hash *out, hash_kind kind);

/* A growing tree that keeps only its right edge: append is O(1) amortised, the root O(log n). */
typedef struct merkle_frontier {
    hash_kind kind;
    uint64_t size;
    hash edge[64]; /* edge[l]: root of the complete subtree of 2^l leaves, valid if bit l of size */
} merkle_frontier;

void merkle_frontier_init(merkle_frontier *f, hash_kind kind);
void merkle_frontier_append(merkle_frontier *f, const hash *leaf);
void merkle_frontier_root(hash *out, const merkle_frontier *f);

/* RFC 9162 2.1.3.2. The exact proof length is part of the check. */
bool merkle_verify_inclusion(hash_kind kind, const hash *leaf, uint64_t index, uint64_t size,
                             const hash *proof, size_t proof_count, const hash *root);
/* RFC 9162 2.1.4.2. size1 = 0 never holds; equal sizes need equal roots and an empty proof. */
bool merkle_verify_consistency(hash_kind kind, uint64_t size1, const hash *root1, uint64_t size2,
                               const hash *root2, const hash *proof, size_t proof_count);

/* What the first size1 leaves of the tree of root2 have for a root, as a consistency proof shows
   that leads to root2: other than what was signed for size1, it convicts who signed both. False: it
   does not lead there, or size1 is a power of two, whose root such a proof does not carry. */
bool merkle_consistency_old_root(hash *out, hash_kind kind, uint64_t size1, uint64_t size2,
                                 const hash *root2, const hash *proof, size_t proof_count);

/* Where an interior hash lives: root of leaves [index << level, (index + 1) << level). */
typedef struct merkle_place {
    unsigned level;
    uint64_t index;
} merkle_place;

/* Reads one interior hash of a tree; false when it cannot be had. */
typedef bool (*merkle_reader)(void *ctx, hash *out, unsigned level, uint64_t index);

/* Root of the first `size` leaves, proofs in them, all from stored interior hashes of complete
   subtrees (level 0 = leaf hashes). False when a read fails or the arguments are out of range. */
bool merkle_root_at(hash *out, hash_kind kind, uint64_t size, merkle_reader read, void *ctx);
bool merkle_prove_inclusion(hash out[MERKLE_PROOF_MAX], size_t *out_count, hash_kind kind,
                            uint64_t index, uint64_t size, merkle_reader read, void *ctx);
bool merkle_prove_consistency(hash out[MERKLE_PROOF_MAX], size_t *out_count, hash_kind kind,
                              uint64_t size1, uint64_t size2, merkle_reader read, void *ctx);

#endif
