/*
 * ledger/tree.c: the Merkle tree, kept in tiles.
 *
 * TABLE_TILES
 *     key    u8 level, u64 BE tile number n
 *     value  1 to 256 hashes of 32 bytes; hash i of tile n at level L is the root of the leaves
 *            [(n*256 + i) * 256^L, (n*256 + i + 1) * 256^L)
 *
 * Only complete subtrees have a place, so a tile's hashes never change once written: a partial
 * tile is a prefix of the full one. Hashes inside a tile are computed when they are asked for.
 */
#include <string.h>

#include "base/text.h"
#include "hash_many.h"
#include "ledger_private.h"
#include "node_cache.h"

enum { TILE_KEY_SIZE = 9 };

static void tile_key(uint8_t out[TILE_KEY_SIZE], unsigned level, uint64_t index)
{
    out[0] = (uint8_t)level;
    store_key_u64(out + 1, index);
}

static wf_status tile_put(store_txn *txn, unsigned level, uint64_t index, const hash *hashes,
                          unsigned count, wf_error *err)
{
    uint8_t key[TILE_KEY_SIZE];
    tile_key(key, level, index);
    return store_put(txn, TABLE_TILES, span_of(key, sizeof key),
                     span_of(hashes, (size_t)count * HASH_SIZE), false, err);
}

wf_status tile_get(store_txn *txn, unsigned level, uint64_t index, span *out, wf_error *err)
{
    uint8_t key[TILE_KEY_SIZE];
    tile_key(key, level, index);
    return store_get(txn, TABLE_TILES, span_of(key, sizeof key), out, err);
}

void tree_init(tree *t, hash_kind kind)
{
    memset(t, 0, sizeof *t);
    t->kind = kind;
}

/* Adds a hash to a level's edge. True when that completed the tile; *root is then its root. */
static bool level_add(tree_level *level, hash_kind kind, const hash *value, hash *root)
{
    hash node = *value;
    unsigned bit = 0;
    level->hashes[level->count] = *value;
    for (unsigned rest = level->count; (rest & 1) != 0; rest >>= 1)
        merkle_node(&node, kind, &level->edge[bit++], &node);
    level->count++;
    if (bit == TILE_BITS) {
        *root = node;
        return true;
    }
    level->edge[bit] = node;
    return false;
}

wf_status tree_append(tree *t, store_txn *txn, const hash *leaf, wf_error *err)
{
    hash value = *leaf;
    uint64_t index = t->size; /* of `value` in its level */
    for (unsigned l = 0; l < TREE_LEVELS; l++) {
        hash root;
        if (!level_add(&t->levels[l], t->kind, &value, &root))
            break;
        wf_status status =
            tile_put(txn, l, index / TILE_WIDTH, t->levels[l].hashes, TILE_WIDTH, err);
        if (status != WF_OK)
            return status;
        t->levels[l].count = 0;
        value = root;
        index /= TILE_WIDTH;
    }
    t->size++;
    return WF_OK;
}

wf_status tree_flush(const tree *t, store_txn *txn, wf_error *err)
{
    uint64_t hashes = t->size; /* on this level */
    for (unsigned l = 0; l < TREE_LEVELS && hashes > 0; l++, hashes /= TILE_WIDTH) {
        const tree_level *level = &t->levels[l];
        WF_ASSERT(level->count == hashes % TILE_WIDTH);
        if (level->count == 0)
            continue;
        wf_status status = tile_put(txn, l, hashes / TILE_WIDTH, level->hashes, level->count, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

void tree_root(hash *out, const tree *t)
{
    bool any = false;
    if (t->size == 0) {
        merkle_empty(out, t->kind);
        return;
    }
    for (unsigned l = 0; l < TREE_LEVELS; l++) {
        const tree_level *level = &t->levels[l];
        for (unsigned bit = 0; bit < TILE_BITS; bit++) {
            if ((level->count >> bit & 1) == 0)
                continue;
            if (any)
                merkle_node(out, t->kind, &level->edge[bit], out);
            else
                *out = level->edge[bit];
            any = true;
        }
    }
}

wf_status tree_load(tree *t, store_txn *txn, hash_kind kind, uint64_t size, wf_error *err)
{
    uint64_t hashes = size;
    tree_init(t, kind);
    t->size = size;
    for (unsigned l = 0; l < TREE_LEVELS && hashes > 0; l++, hashes /= TILE_WIDTH) {
        unsigned count = (unsigned)(hashes % TILE_WIDTH);
        span row;
        if (count == 0)
            continue;
        wf_status status = tile_get(txn, l, hashes / TILE_WIDTH, &row, err);
        if (status != WF_OK)
            return status;
        if (row.size != (size_t)count * HASH_SIZE)
            return wf_fail(err, WF_DAMAGED,
                           _("tile %u/%llu has %zu bytes, a log of %llu entries needs %zu"), l,
                           (unsigned long long)(hashes / TILE_WIDTH), row.size,
                           (unsigned long long)size, (size_t)count * HASH_SIZE);
        for (unsigned i = 0; i < count; i++) {
            hash value, root;
            memcpy(value.bytes, row.data + (size_t)i * HASH_SIZE, HASH_SIZE);
            level_add(&t->levels[l], t->kind, &value, &root);
        }
    }
    return WF_OK;
}

/* The root of 2^bits hashes that stand together, level by level. Proofs are nothing but this: two
   nodes side by side halve the time of one (hash_many.h). */
static void fold(hash *out, hash_kind kind, const uint8_t *hashes, unsigned bits)
{
    hash level[2][TILE_WIDTH / 4]; /* the largest subtree asked for is half a tile */
    const uint8_t *children = hashes;
    WF_ASSERT(bits < TILE_BITS);
    for (unsigned b = 0; b < bits; b++) {
        hash *parents = level[b & 1];
        hash_many_nodes(parents, kind, children, (size_t)1 << (bits - 1 - b));
        children = parents[0].bytes;
    }
    memcpy(out->bytes, children, HASH_SIZE);
}

/* Smaller subtrees are computed as fast as they are found, and are three quarters of all. */
enum { KEPT_BITS_MIN = 3 };

bool tile_read_hash(void *ctx, hash *out, unsigned level, uint64_t index)
{
    tile_reader *r = ctx;
    unsigned tile_level = level / TILE_BITS;
    unsigned bits = level % TILE_BITS;
    uint64_t first = index << bits;
    bool keep = r->nodes != NULL && tile_level > 0 && bits >= KEPT_BITS_MIN;
    size_t offset = (size_t)(first % TILE_WIDTH) * HASH_SIZE;
    span row;
    if (keep && node_cache_get(r->nodes, out, level, index))
        return true;
    if (tile_get(r->txn, tile_level, first / TILE_WIDTH, &row, r->err) != WF_OK)
        return false;
    if (row.data == NULL || row.size < offset + ((size_t)HASH_SIZE << bits)) {
        wf_fail(r->err, WF_DAMAGED, _("tile %u/%llu is missing or too short"), tile_level,
                (unsigned long long)(first / TILE_WIDTH));
        return false;
    }
    fold(out, r->kind, row.data + offset, bits);
    if (keep)
        node_cache_put(r->nodes, out, level, index);
    return true;
}
