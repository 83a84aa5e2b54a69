/*
 * book/cache.c: see cache.h. Open addressing with linear probing, at most half full.
 */
#include "book/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

wf_status cache_no_memory(wf_error *err)
{
    return wf_fail(err, WF_SYSTEM, _("out of memory in the book"));
}

static uint32_t hash_bytes(const uint8_t *data, size_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ size;
    while (size >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        data += 8;
        size -= 8;
    }
    uint64_t tail = 0;
    if (size > 0)
        memcpy(&tail, data, size);
    h = (h ^ tail) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
    return (uint32_t)h;
}

/* ---- texts -------------------------------------------------------------------------------- */

void text_map_init(text_map *m)
{
    *m = (text_map){0};
    arena_init(&m->keys, 0);
}

void text_map_free(text_map *m)
{
    free(m->slots);
    arena_free(&m->keys);
    *m = (text_map){0};
}

void text_map_clear(text_map *m)
{
    if (m->slot_count > 0)
        memset(m->slots, 0, m->slot_count * sizeof *m->slots);
    m->count = 0;
    arena_reset(&m->keys);
}

/* The slot of a key, or the free slot where it belongs. */
static text_slot *text_map_slot(const text_map *m, span key, uint32_t hash)
{
    size_t mask = m->slot_count - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        text_slot *s = &m->slots[i];
        if (s->key == NULL || (s->hash == hash && span_equal(span_of(s->key, s->size), key)))
            return s;
    }
}

bool text_map_get(const text_map *m, span key, uint32_t *out)
{
    if (m->slot_count == 0)
        return false;
    const text_slot *s = text_map_slot(m, key, hash_bytes(key.data, key.size));
    if (s->key == NULL)
        return false;
    *out = s->value;
    return true;
}

static bool text_map_grow(text_map *m)
{
    size_t count = m->slot_count != 0 ? m->slot_count * 2 : 1024;
    text_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    text_map grown = {.slots = slots, .slot_count = count};
    for (size_t i = 0; i < m->slot_count; i++) {
        const text_slot *s = &m->slots[i];
        if (s->key != NULL)
            *text_map_slot(&grown, span_of(s->key, s->size), s->hash) = *s;
    }
    free(m->slots);
    m->slots = slots;
    m->slot_count = count;
    return true;
}

bool text_map_put(text_map *m, span key, uint32_t value)
{
    if (m->count * 2 >= m->slot_count && !text_map_grow(m))
        return false;
    uint8_t *copy = arena_copy(&m->keys, key.data, key.size);
    if (copy == NULL)
        return false;
    uint32_t hash = hash_bytes(key.data, key.size);
    *text_map_slot(m, key, hash) = (text_slot){copy, (uint32_t)key.size, hash, value};
    m->count++;
    return true;
}

/* ---- rows --------------------------------------------------------------------------------- */

void row_cache_init(row_cache *c, unsigned table, size_t key_size, size_t value_capacity,
                    size_t limit)
{
    WF_ASSERT(key_size <= CACHE_KEY_MAX && value_capacity % 8 == 0);
    *c = (row_cache){
        .table = table, .key_size = key_size, .value_capacity = value_capacity, .limit = limit};
}

void row_cache_free(row_cache *c)
{
    for (size_t i = 0; i < c->chunk_count; i++)
        free(c->chunks[i]);
    free(c->chunks);
    free(c->index);
    free(c->dirty);
    *c = (row_cache){0};
}

void row_cache_clear(row_cache *c)
{
    if (c->index_size > 0)
        memset(c->index, 0, c->index_size * sizeof *c->index);
    c->count = 0;
    c->dirty_count = 0;
}

static size_t entry_size(const row_cache *c)
{
    return sizeof(cache_entry) + c->value_capacity;
}

static cache_entry *entry_at(const row_cache *c, size_t number)
{
    void *at = c->chunks[number / CACHE_CHUNK] + number % CACHE_CHUNK * entry_size(c);
    return at;
}

/* The place in the index of a key, or the free place where it belongs. */
static uint32_t *index_slot(const row_cache *c, const uint8_t *key, uint32_t hash)
{
    size_t mask = c->index_size - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint32_t number = c->index[i];
        if (number == 0)
            return &c->index[i];
        const cache_entry *e = entry_at(c, number - 1);
        if (e->hash == hash && memcmp(e->key, key, c->key_size) == 0)
            return &c->index[i];
    }
}

static bool row_cache_grow(row_cache *c)
{
    if (c->count == c->chunk_count * CACHE_CHUNK) {
        if (!array_grow((void **)&c->chunks, &c->chunk_capacity, c->chunk_count + 1,
                        sizeof *c->chunks))
            return false;
        uint8_t *chunk = malloc(CACHE_CHUNK * entry_size(c));
        if (chunk == NULL)
            return false;
        c->chunks[c->chunk_count++] = chunk;
    }
    if (c->count * 2 < c->index_size)
        return true;
    size_t size = c->index_size != 0 ? c->index_size * 2 : 1024;
    uint32_t *index = calloc(size, sizeof *index);
    if (index == NULL)
        return false;
    free(c->index);
    c->index = index;
    c->index_size = size;
    for (size_t i = 0; i < c->count; i++) {
        const cache_entry *e = entry_at(c, i);
        *index_slot(c, e->key, e->hash) = (uint32_t)i + 1;
    }
    return true;
}

static wf_status row_cache_insert(cache_entry **out, row_cache *c, const uint8_t *key,
                                  uint32_t hash, wf_error *err)
{
    if (!row_cache_grow(c))
        return cache_no_memory(err);
    cache_entry *e = entry_at(c, c->count);
    memset(e, 0, entry_size(c));
    e->hash = hash;
    memcpy(e->key, key, c->key_size);
    *index_slot(c, key, hash) = (uint32_t)++c->count;
    *out = e;
    return WF_OK;
}

wf_status row_cache_get(cache_entry **out, row_cache *c, store_txn *txn, const uint8_t *key,
                        wf_error *err)
{
    uint32_t hash = hash_bytes(key, c->key_size);
    if (c->index_size > 0) {
        uint32_t number = *index_slot(c, key, hash);
        if (number != 0) {
            *out = entry_at(c, number - 1);
            return WF_OK;
        }
    }
    span value = {0};
    wf_status status = store_get(txn, c->table, span_of(key, c->key_size), &value, err);
    if (status != WF_OK)
        return status;
    if (value.size > c->value_capacity)
        return wf_fail(err, WF_DAMAGED,
                       _("a row of the book's table %u has %zu bytes, expected at "
                         "most %zu; run wufei rebuild"),
                       c->table, value.size, c->value_capacity);
    status = row_cache_insert(out, c, key, hash, err);
    if (status == WF_OK && value.data != NULL) {
        memcpy((*out)->value, value.data, value.size);
        (*out)->value_size = (uint16_t)value.size;
        (*out)->stored = true;
    }
    return status;
}

wf_status row_cache_add(cache_entry **out, row_cache *c, const uint8_t *key, wf_error *err)
{
    return row_cache_insert(out, c, key, hash_bytes(key, c->key_size), err);
}

wf_status row_cache_dirty(row_cache *c, cache_entry *e, wf_error *err)
{
    if (e->dirty)
        return WF_OK;
    if (!array_grow((void **)&c->dirty, &c->dirty_capacity, c->dirty_count + 1, sizeof *c->dirty))
        return cache_no_memory(err);
    c->dirty[c->dirty_count++] = e;
    e->dirty = true;
    return WF_OK;
}

/* Keys are padded with zeros to CACHE_KEY_MAX, so all of them compare at one length. */
static int compare_entries(const void *a, const void *b)
{
    const cache_entry *const *x = a;
    const cache_entry *const *y = b;
    return memcmp((*x)->key, (*y)->key, CACHE_KEY_MAX);
}

wf_status row_cache_flush(row_cache *c, store_txn *txn, const uint8_t *append_from, wf_error *err)
{
    if (c->dirty_count > 1)
        qsort(c->dirty, c->dirty_count, sizeof(cache_entry *), compare_entries);
    for (size_t i = 0; i < c->dirty_count; i++) {
        cache_entry *e = c->dirty[i];
        bool append = append_from != NULL && memcmp(e->key, append_from, c->key_size) >= 0;
        wf_status status = store_put(txn, c->table, span_of(e->key, c->key_size),
                                     span_of(e->value, e->value_size), append, err);
        if (status != WF_OK)
            return status;
    }
    return WF_OK;
}

void row_cache_trim(row_cache *c)
{
    for (size_t i = 0; i < c->dirty_count; i++) {
        c->dirty[i]->dirty = false;
        c->dirty[i]->stored = true;
    }
    c->dirty_count = 0;
    if (c->count <= c->limit)
        return;
    row_cache_clear(c);
    size_t keep = c->limit / CACHE_CHUNK + 1;
    while (c->chunk_count > keep)
        free(c->chunks[--c->chunk_count]);
}
