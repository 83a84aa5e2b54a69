/*
 * ledger/node_cache.h: hashes of the upper tree that the tiles leave out, kept by an open ledger.
 *
 * A tile holds the lowest of its eight rows of hashes, and a proof needs one hash of each row: 247
 * nodes are computed in each tile that it passes. The tiles of the upper levels are few and all
 * proofs pass them, so what was computed there once is kept.
 *
 * Only complete subtrees of what was committed may be put: they never change, whatever is appended.
 * A node that is not here is computed again. Any thread.
 */
#ifndef LEDGER_NODE_CACHE_H
#define LEDGER_NODE_CACHE_H

#include "merkle.h"

typedef struct node_cache node_cache;

node_cache *node_cache_new(void); /* NULL: out of memory */
void node_cache_free(node_cache *cache);
/* `level` counts rows of the whole tree from its leaves, below 64; `index` within the row. */
bool node_cache_get(node_cache *cache, hash *out, unsigned level, uint64_t index);
void node_cache_put(node_cache *cache, const hash *node, unsigned level, uint64_t index);

#endif
