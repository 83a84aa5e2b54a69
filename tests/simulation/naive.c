/*
 * tests/simulation/naive.c: see naive.h.
 */
#include "naive.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

static EVP_MD *digest;
static EVP_MD_CTX *context;

void naive_start(const char *name)
{
    digest = EVP_MD_fetch(NULL, name, NULL);
    context = EVP_MD_CTX_new();
    if (digest == NULL || context == NULL)
        abort();
}

void naive_end(void)
{
    EVP_MD_free(digest);
    EVP_MD_CTX_free(context);
}

static void hash_parts(naive_hash *out, uint8_t prefix, const void *a, size_t a_size, const void *b,
                       size_t b_size)
{
    unsigned size = 0;
    if (EVP_DigestInit_ex(context, digest, NULL) != 1 ||
        EVP_DigestUpdate(context, &prefix, 1) != 1 || EVP_DigestUpdate(context, a, a_size) != 1 ||
        EVP_DigestUpdate(context, b, b_size) != 1 ||
        EVP_DigestFinal_ex(context, out->bytes, &size) != 1 || size != sizeof out->bytes)
        abort();
}

void naive_leaf(naive_hash *out, const void *data, size_t size)
{
    hash_parts(out, 0, data, size, "", 0);
}

/* The largest power of two smaller than n. */
static size_t split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n)
        k *= 2;
    return k;
}

void naive_root(naive_hash *out, const naive_hash *leaves, size_t count)
{
    naive_hash left, right;
    if (count == 0)
        abort(); /* no ledger is empty: its genesis is there */
    if (count == 1) {
        *out = leaves[0];
        return;
    }
    size_t k = split(count);
    naive_root(&left, leaves, k);
    naive_root(&right, leaves + k, count - k);
    hash_parts(out, 1, left.bytes, sizeof left.bytes, right.bytes, sizeof right.bytes);
}

size_t naive_inclusion(naive_hash *out, size_t index, const naive_hash *leaves, size_t count)
{
    if (count == 1)
        return 0;
    size_t k = split(count);
    size_t below = index < k ? naive_inclusion(out, index, leaves, k)
                             : naive_inclusion(out, index - k, leaves + k, count - k);
    if (index < k)
        naive_root(&out[below], leaves + k, count - k);
    else
        naive_root(&out[below], leaves, k);
    return below + 1;
}

static size_t subproof(naive_hash *out, size_t older, const naive_hash *leaves, size_t count,
                       bool whole)
{
    if (older == count) {
        if (!whole)
            naive_root(out, leaves, count);
        return whole ? 0 : 1;
    }
    size_t k = split(count);
    size_t below = older <= k ? subproof(out, older, leaves, k, whole)
                              : subproof(out, older - k, leaves + k, count - k, false);
    if (older <= k)
        naive_root(&out[below], leaves + k, count - k);
    else
        naive_root(&out[below], leaves, k);
    return below + 1;
}

size_t naive_consistency(naive_hash *out, size_t older, const naive_hash *leaves, size_t count)
{
    return subproof(out, older, leaves, count, true);
}
