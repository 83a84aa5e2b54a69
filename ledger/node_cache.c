/*
 * ledger/node_cache.c: a table in which each node has one place, and the last one put has it.
 *
 * A log of N entries has about N / 2^10 nodes worth keeping (tree.c says which): 2^16 places, of
 * 2.6 MB, do for some 50 million entries. In larger logs they take each other's places, and a proof
 * computes some of them again.
 */
#include "node_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/status.h"

enum { PLACE_BITS = 16, LEVEL_SHIFT = 58 };

typedef struct place {
    uint64_t name; /* of the node; 0: free */
    hash node;
} place;

struct node_cache {
    pthread_mutex_t lock;
    place *places; /* NULL until something is put: most handles never prove */
};

node_cache *node_cache_new(void)
{
    node_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL)
        pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void node_cache_free(node_cache *cache)
{
    if (cache == NULL)
        return;
    free(cache->places);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* Never 0: leaves, the only nodes of level 0, are not kept. */
static uint64_t name_of(unsigned level, uint64_t index)
{
    WF_ASSERT(level > 0 && level < 64 && index >> LEVEL_SHIFT == 0);
    return (uint64_t)level << LEVEL_SHIFT | index;
}

static size_t place_of(uint64_t name)
{
    return (size_t)(name * 0x9e3779b97f4a7c15U >> (64 - PLACE_BITS)); /* Fibonacci hashing */
}

bool node_cache_get(node_cache *cache, hash *out, unsigned level, uint64_t index)
{
    uint64_t name = name_of(level, index);
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    if (cache->places != NULL) {
        const place *p = &cache->places[place_of(name)];
        found = p->name == name;
        if (found)
            *out = p->node;
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void node_cache_put(node_cache *cache, const hash *node, unsigned level, uint64_t index)
{
    uint64_t name = name_of(level, index);
    pthread_mutex_lock(&cache->lock);
    if (cache->places == NULL)
        cache->places = calloc((size_t)1 << PLACE_BITS, sizeof *cache->places);
    if (cache->places != NULL) /* without memory it is computed again next time */
        cache->places[place_of(name)] = (place){name, *node};
    pthread_mutex_unlock(&cache->lock);
}
