/*
 * book/cache.h: what the book keeps in memory between two commits.
 *
 * text_map: text -> number, for ids that were looked up or given out.
 * row_cache: rows of one table that a group of statements touches again and again; written back
 * once a commit, in key order, so that neither the order of the cache nor its size shows in the
 * store. Both are bounded: after a commit, whoever is over its limit is emptied.
 */
#ifndef BOOK_CACHE_H
#define BOOK_CACHE_H

#include "base/memory.h"
#include "store.h"

typedef struct text_slot {
    const uint8_t *key; /* NULL: free */
    uint32_t size;
    uint32_t hash;
    uint32_t value;
} text_slot;

typedef struct text_map {
    text_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
    arena keys;
} text_map;

void text_map_init(text_map *m);
void text_map_free(text_map *m);
void text_map_clear(text_map *m);
bool text_map_get(const text_map *m, span key, uint32_t *out);
/* False when memory ran out; the map is as before. The key must not be in the map. */
bool text_map_put(text_map *m, span key, uint32_t value);

enum { CACHE_KEY_MAX = 12, CACHE_CHUNK = 256 };

typedef struct cache_entry {
    uint32_t hash;
    uint16_t value_size;
    bool dirty;
    bool stored; /* the store had it when it was read */
    uint8_t key[CACHE_KEY_MAX];
    _Alignas(8) uint8_t value[];
} cache_entry;

typedef struct row_cache {
    unsigned table; /* of the store */
    size_t key_size;
    size_t value_capacity; /* a multiple of 8 */
    size_t limit;          /* entries kept from one commit to the next */
    uint8_t **chunks;
    size_t chunk_count; /* allocated; CACHE_CHUNK entries each */
    size_t chunk_capacity;
    size_t count;
    uint32_t *index; /* entry number + 1, 0: free */
    size_t index_size;
    cache_entry **dirty;
    size_t dirty_count;
    size_t dirty_capacity;
} row_cache;

void row_cache_init(row_cache *c, unsigned table, size_t key_size, size_t value_capacity,
                    size_t limit);
void row_cache_free(row_cache *c);
void row_cache_clear(row_cache *c);

/* The row of a key. When neither the cache nor the store has it: all zero with value_size 0.
   The entry stays where it is until the cache is cleared. */
wf_status row_cache_get(cache_entry **out, row_cache *c, store_txn *txn, const uint8_t *key,
                        wf_error *err);
/* A key that is known to be new: does not ask the store. */
wf_status row_cache_add(cache_entry **out, row_cache *c, const uint8_t *key, wf_error *err);
wf_status row_cache_dirty(row_cache *c, cache_entry *e, wf_error *err);
/* Writes what is dirty in key order. Keys from `append_from` on (NULL: none) are larger than all
   that the table holds. */
wf_status row_cache_flush(row_cache *c, store_txn *txn, const uint8_t *append_from, wf_error *err);
/* After a commit: everything is as in the store; emptied when over the limit. */
void row_cache_trim(row_cache *c);

wf_status cache_no_memory(wf_error *err);

#endif
