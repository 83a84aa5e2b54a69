/*
 * proof/merkle.c: see merkle.h. Verification is RFC 9162's loops word for word; proofs are made by
 * walking RFC 6962's recursive definition from the top, so that the two are independent of each
 * other and the tests can set one against the other.
 *
 * OPENSSL_SUPPRESS_DEPRECATED: this file alone calls the low-level SHA-256 of libcrypto, which
 * OpenSSL 3 calls deprecated. Measured with OpenSSL 3.0 and SHA-NI, one core, millions a second:
 *
 *                                   65-byte node   201-byte leaf
 *   EVP_Digest, fetched EVP_MD               6.6             4.5
 *   EVP, fetched EVP_MD, context reused      8.3             5.2
 *   SHA256_Init, Update, Final              10.5             6.0
 *
 * It also keeps its state on the stack: nothing to allocate, nothing to fail, nothing shared
 * between threads.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "merkle.h"

#include <string.h>

#include <openssl/sha.h>

#include "sm3.h"

bool hash_equal(const hash *a, const hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

void merkle_leaf(hash *out, hash_kind kind, const void *data, size_t size)
{
    static const uint8_t prefix = 0x00;
    if (kind == HASH_SM3) {
        sm3_state state;
        sm3_start(&state);
        sm3_add(&state, &prefix, 1);
        sm3_add(&state, data, size);
        sm3_end(out->bytes, &state);
        return;
    }
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, &prefix, 1);
    if (size > 0)
        SHA256_Update(&context, data, size);
    SHA256_Final(out->bytes, &context);
}

void hash_of(hash *out, hash_kind kind, const void *data, size_t size)
{
    if (kind == HASH_SM3) {
        sm3_state state;
        sm3_start(&state);
        sm3_add(&state, data, size);
        sm3_end(out->bytes, &state);
        return;
    }
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, data, size);
    SHA256_Final(out->bytes, &context);
}

void merkle_node(hash *out, hash_kind kind, const hash *left, const hash *right)
{
    uint8_t input[1 + 2 * HASH_SIZE];
    input[0] = 0x01;
    memcpy(input + 1, left->bytes, HASH_SIZE);
    memcpy(input + 1 + HASH_SIZE, right->bytes, HASH_SIZE);
    hash_of(out, kind, input, sizeof input);
}

void merkle_empty(hash *out, hash_kind kind)
{
    hash_of(out, kind, "", 0);
}

void merkle_frontier_init(merkle_frontier *f, hash_kind kind)
{
    memset(f, 0, sizeof *f);
    f->kind = kind;
}

void merkle_frontier_append(merkle_frontier *f, const hash *leaf)
{
    hash carry = *leaf;
    unsigned level = 0;
    for (; (f->size >> level) & 1; level++)
        merkle_node(&carry, f->kind, &f->edge[level], &carry);
    f->edge[level] = carry;
    f->size++;
}

void merkle_frontier_root(hash *out, const merkle_frontier *f)
{
    if (f->size == 0) {
        merkle_empty(out, f->kind);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(f->size);
    hash root = f->edge[level];
    for (level++; level < 64; level++)
        if ((f->size >> level) & 1)
            merkle_node(&root, f->kind, &f->edge[level], &root);
    *out = root;
}

/* RFC 9162, "right-shift both fn and sn equally until either LSB(fn) is set or fn is 0". */
static void skip_even(uint64_t *fn, uint64_t *sn)
{
    while (*fn != 0 && (*fn & 1) == 0) {
        *fn >>= 1;
        *sn >>= 1;
    }
}

bool merkle_verify_inclusion(hash_kind kind, const hash *leaf, uint64_t index, uint64_t size,
                             const hash *proof, size_t proof_count, const hash *root)
{
    if (index >= size)
        return false;
    uint64_t fn = index;
    uint64_t sn = size - 1;
    hash r = *leaf;
    for (size_t i = 0; i < proof_count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            merkle_node(&r, kind, &proof[i], &r);
            skip_even(&fn, &sn);
        } else {
            merkle_node(&r, kind, &r, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&r, root);
}

static bool is_power_of_two(uint64_t size)
{
    return (size & (size - 1)) == 0;
}

/* The loop of RFC 9162 2.1.4.2 from its seed on: step 1 prepends size1's root where size1 is a
   power of two, which here is the caller's choice of seed. */
static bool climb_both(hash *root1, hash *root2, hash_kind kind, uint64_t fn, uint64_t sn,
                       const hash *seed, const hash *path, size_t count)
{
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    hash fr = *seed;
    hash sr = *seed;
    for (size_t i = 0; i < count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            merkle_node(&fr, kind, &path[i], &fr);
            merkle_node(&sr, kind, &path[i], &sr);
            skip_even(&fn, &sn);
        } else {
            merkle_node(&sr, kind, &sr, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    *root1 = fr;
    *root2 = sr;
    return sn == 0;
}

bool merkle_verify_consistency(hash_kind kind, uint64_t size1, const hash *root1, uint64_t size2,
                               const hash *root2, const hash *proof, size_t proof_count)
{
    if (size1 == 0 || size1 > size2)
        return false;
    if (size1 == size2)
        return proof_count == 0 && hash_equal(root1, root2);
    if (proof_count == 0)
        return false;
    size_t first = is_power_of_two(size1) ? 0 : 1;
    hash fr, sr;
    return climb_both(&fr, &sr, kind, size1 - 1, size2 - 1, first == 0 ? root1 : &proof[0],
                      proof + first, proof_count - first) &&
           hash_equal(&fr, root1) && hash_equal(&sr, root2);
}

bool merkle_consistency_old_root(hash *out, hash_kind kind, uint64_t size1, uint64_t size2,
                                 const hash *root2, const hash *proof, size_t proof_count)
{
    hash sr;
    return size1 > 0 && size1 < size2 && !is_power_of_two(size1) && proof_count > 0 &&
           climb_both(out, &sr, kind, size1 - 1, size2 - 1, &proof[0], proof + 1,
                      proof_count - 1) &&
           hash_equal(&sr, root2);
}

/* The largest power of two smaller than n, for n >= 2. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* Root of the `count` leaves from `first` on. `first` is a multiple of a power of two that is not
   smaller than count, as every subtree of RFC 6962 is; so each complete subtree in it is stored. */
static bool range_root(hash *out, hash_kind kind, uint64_t first, uint64_t count,
                       merkle_reader read, void *ctx)
{
    unsigned level = (unsigned)__builtin_ctzll(count);
    uint64_t rest = count & (count - 1); /* leaves before the last complete subtree */
    if (!read(ctx, out, level, (first + rest) >> level))
        return false;
    while (rest != 0) {
        hash left;
        level = (unsigned)__builtin_ctzll(rest);
        rest &= rest - 1;
        if (!read(ctx, &left, level, (first + rest) >> level))
            return false;
        merkle_node(out, kind, &left, out);
    }
    return true;
}

bool merkle_root_at(hash *out, hash_kind kind, uint64_t size, merkle_reader read, void *ctx)
{
    if (size == 0) {
        merkle_empty(out, kind);
        return true;
    }
    return range_root(out, kind, 0, size, read, ctx);
}

/* Proofs are found from the root down and kept from the leaf up. */
static void reverse(hash *hashes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        hash kept = hashes[i];
        hashes[i] = hashes[count - 1 - i];
        hashes[count - 1 - i] = kept;
    }
}

bool merkle_prove_inclusion(hash out[MERKLE_PROOF_MAX], size_t *out_count, hash_kind kind,
                            uint64_t index, uint64_t size, merkle_reader read, void *ctx)
{
    *out_count = 0;
    if (index >= size)
        return false;
    uint64_t first = 0;
    size_t count = 0; /* at most one hash a level, and 2^64 - 1 leaves have 64 levels */
    while (size > 1) {
        uint64_t k = split(size);
        bool left = index - first < k;
        if (!range_root(&out[count++], kind, left ? first + k : first, left ? size - k : k, read,
                        ctx))
            return false;
        first = left ? first : first + k;
        size = left ? k : size - k;
    }
    reverse(out, count);
    *out_count = count;
    return true;
}

bool merkle_prove_consistency(hash out[MERKLE_PROOF_MAX], size_t *out_count, hash_kind kind,
                              uint64_t size1, uint64_t size2, merkle_reader read, void *ctx)
{
    *out_count = 0;
    if (size1 == 0 || size1 > size2)
        return false;
    uint64_t first = 0;
    uint64_t old = size1;  /* of the leaves from `first` on, those that the old tree has */
    uint64_t size = size2; /* and those that the new one has */
    size_t count = 0;
    while (old != size) {
        uint64_t k = split(size);
        bool left = old <= k;
        if (!range_root(&out[count++], kind, left ? first + k : first, left ? size - k : k, read,
                        ctx))
            return false;
        first = left ? first : first + k;
        old = left ? old : old - k;
        size = left ? k : size - k;
    }
    /* The old tree's last subtree; its root is known to the verifier if it is the whole old tree.
       Only trees above 2^63 leaves could need a 65th hash: refused, not overrun. */
    if (first != 0) {
        if (count == MERKLE_PROOF_MAX || !range_root(&out[count++], kind, first, size, read, ctx))
            return false;
    }
    reverse(out, count);
    *out_count = count;
    return true;
}
