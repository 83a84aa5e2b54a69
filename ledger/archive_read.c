/*
 * ledger/archive_read.c: the bytes of entries: one through a small cache of inflated blocks, or
 * many in order.
 */
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "base/text.h"

/* ---- the cache --------------------------------------------------------------------------------
 */

/* As many blocks as 32 runs have, which is twice what the audit of one manifest ever asked for;
   1.5 MiB with entries of common size. Blocks of very long entries are let go at once. */
enum { CACHE_BLOCKS = 512, CACHED_BLOCK_MAX = 1 << 14, IDLE_TOOLS_MAX = 4 };

struct archive_cache {
    pthread_mutex_t lock;
    archive_block *blocks[CACHE_BLOCKS]; /* block n in place n mod CACHE_BLOCKS, or NULL */
    archive_tools *idle[IDLE_TOOLS_MAX]; /* an inflater takes longer to begin than to use */
    size_t idle_count;
};

archive_cache *archive_cache_new(void)
{
    archive_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL)
        pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static void block_free(archive_block *block)
{
    if (block == NULL)
        return;
    archive_block_free(block);
    free(block);
}

static void tools_free(archive_tools *tools)
{
    archive_tools_free(tools);
    free(tools);
}

void archive_cache_free(archive_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < CACHE_BLOCKS; i++)
        block_free(cache->blocks[i]);
    for (size_t i = 0; i < cache->idle_count; i++)
        tools_free(cache->idle[i]);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* NULL: out of memory. */
static archive_tools *take_tools(archive_cache *cache)
{
    archive_tools *tools = NULL;
    pthread_mutex_lock(&cache->lock);
    if (cache->idle_count > 0)
        tools = cache->idle[--cache->idle_count];
    pthread_mutex_unlock(&cache->lock);
    return tools != NULL ? tools : calloc(1, sizeof *tools);
}

static void give_tools(archive_cache *cache, archive_tools *tools)
{
    pthread_mutex_lock(&cache->lock);
    bool kept = cache->idle_count < IDLE_TOOLS_MAX;
    if (kept)
        cache->idle[cache->idle_count++] = tools;
    pthread_mutex_unlock(&cache->lock);
    if (!kept)
        tools_free(tools);
}

/* Copies an entry, into `room` or with the transaction. */
static wf_status copy_entry(store_txn *txn, const uint8_t *bytes, size_t size, buffer *room,
                            span *out, wf_error *err)
{
    const uint8_t *copy;
    if (room != NULL) {
        buffer_clear(room);
        buffer_append(room, bytes, size);
        copy = room->failed ? NULL : room->data;
    } else {
        copy = arena_copy(store_txn_memory(txn), bytes, size);
    }
    if (copy == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    *out = span_of(copy, size);
    return WF_OK;
}

static wf_status copy_from_run(store_txn *txn, const archive_run *run, uint64_t seq, buffer *room,
                               span *out, wf_error *err)
{
    size_t i = (size_t)(seq % RUN_ENTRIES);
    if (i >= run->count)
        return archive_damaged(run, err);
    return copy_entry(txn, run->bytes + run->at[i], run->at[i + 1] - run->at[i], room, out, err);
}

static wf_status copy_from_block(store_txn *txn, const archive_block *block, uint64_t seq,
                                 buffer *room, span *out, wf_error *err)
{
    size_t i = (size_t)(seq % BLOCK_ENTRIES);
    return copy_entry(txn, block->bytes + block->at[i], block->at[i + 1] - block->at[i], room, out,
                      err);
}

static bool copy_cached(archive_cache *cache, store_txn *txn, uint64_t seq, buffer *room, span *out,
                        wf_status *status, wf_error *err)
{
    uint64_t number = seq / BLOCK_ENTRIES;
    pthread_mutex_lock(&cache->lock);
    const archive_block *block = cache->blocks[number % CACHE_BLOCKS];
    bool found = block != NULL && block->number == number;
    if (found)
        *status = copy_from_block(txn, block, seq, room, out, err);
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* Takes the block. */
static void cache_keep(archive_cache *cache, archive_block *block)
{
    archive_block **place = &cache->blocks[block->number % CACHE_BLOCKS];
    pthread_mutex_lock(&cache->lock);
    archive_block *old = *place;
    *place = block;
    pthread_mutex_unlock(&cache->lock);
    block_free(old);
}

/* Before the genesis was read, the suite is not known; no hash is computed for the first entry. */
static hash_kind kind_of(const ledger *l)
{
    return l->suite != NULL ? l->suite->hash : HASH_SHA256;
}

/* ---- one entry --------------------------------------------------------------------------------
 */

static wf_status fetch_from_run(const ledger *l, archive_tools *tools, store_txn *txn, uint64_t seq,
                                span row, span tile, buffer *room, span *out, wf_error *err)
{
    archive_run run = {.number = seq / RUN_ENTRIES};
    wf_status status = archive_unpack(tools, &run, kind_of(l), row, tile, err);
    if (status == WF_OK)
        status = copy_from_run(txn, &run, seq, room, out, err);
    archive_run_free(&run);
    return status;
}

static wf_status fetch_from_block(ledger *l, archive_tools *tools, store_txn *txn, uint64_t seq,
                                  span row, span tile, bool *found, buffer *room, span *out,
                                  wf_error *err)
{
    archive_block *block = calloc(1, sizeof *block);
    if (block == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    block->number = seq / BLOCK_ENTRIES;
    wf_status status = archive_unpack_block(tools, block, row, tile, found, err);
    if (status == WF_OK && *found)
        status = copy_from_block(txn, block, seq, room, out, err);
    if (status == WF_OK && *found && block->capacity <= CACHED_BLOCK_MAX)
        cache_keep(l->archive, block);
    else
        block_free(block);
    return status;
}

static wf_status fetch_archived(ledger *l, store_txn *txn, uint64_t seq, buffer *room, span *out,
                                wf_error *err)
{
    bool found = false;
    span row, tile;
    wf_status status = WF_OK;
    if (copy_cached(l->archive, txn, seq, room, out, &status, err))
        return status;
    status = archive_row(txn, seq / RUN_ENTRIES, &row, err);
    if (status != WF_OK || row.data == NULL)
        return status;
    status = tile_get(txn, 0, seq / RUN_ENTRIES, &tile, err);
    if (status != WF_OK)
        return status;
    archive_tools *tools = take_tools(l->archive);
    if (tools == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    status = fetch_from_block(l, tools, txn, seq, row, tile, &found, room, out, err);
    if (status == WF_OK && !found)
        status = fetch_from_run(l, tools, txn, seq, row, tile, room, out, err);
    give_tools(l->archive, tools);
    return status;
}

wf_status ledger_fetch(ledger *l, store_txn *txn, uint64_t seq, buffer *room, span *out,
                       wf_error *err)
{
    uint8_t key[8];
    *out = (span){NULL, 0};
    if (l->at > 0 && seq >= l->at)
        return WF_OK;
    store_key_u64(key, seq);
    wf_status status = store_get(txn, TABLE_ENTRIES, span_of(key, sizeof key), out, err);
    if (status != WF_OK || out->data != NULL)
        return status;
    return fetch_archived(l, txn, seq, room, out, err);
}

wf_status ledger_fetch_again(const ledger *l, store_txn *txn, uint64_t seq, bool *found, span *out,
                             wf_error *err)
{
    span row;
    archive_tools tools = {0};
    wf_status status = archive_row(txn, seq / RUN_ENTRIES, &row, err);
    *found = status == WF_OK && row.data != NULL;
    if (!*found)
        return status;
    status = fetch_from_run(l, &tools, txn, seq, row, (span){NULL, 0}, NULL, out, err);
    archive_tools_free(&tools);
    return status;
}

/* ---- many entries -----------------------------------------------------------------------------
 */

wf_status entry_reader_open(entry_reader *r, const ledger *l, store_txn *txn, wf_error *err)
{
    *r = (entry_reader){.kind = kind_of(l), .txn = txn};
    return store_cursor_open(&r->rows, txn, TABLE_ENTRIES, err);
}

void entry_reader_close(entry_reader *r)
{
    store_cursor_close(r->rows);
    archive_tools_free(&r->tools);
    archive_run_free(&r->run);
    *r = (entry_reader){0};
}

/* The entries that stand in one page of the store will all be read. Asking for all its lines at
   once, and not for each when it is needed, saves a tenth of the time. */
static void fetch_page(const uint8_t *inside, const uint8_t **page)
{
    enum { PAGE_SIZE = 4096, LINE_SIZE = 64 };
    const uint8_t *start = inside - (uintptr_t)inside % PAGE_SIZE;
    if (start == *page)
        return;
    for (size_t at = 0; at < PAGE_SIZE; at += LINE_SIZE)
        __builtin_prefetch(start + at);
    *page = start;
}

static wf_status read_rows(entry_reader *r, uint64_t first, size_t count, wf_error *err)
{
    uint8_t key[8];
    span at, bytes;
    const uint8_t *page = NULL;
    store_key_u64(key, first);
    wf_status status = store_cursor_seek(r->rows, span_of(key, sizeof key), &at, &bytes, err);
    for (; r->count < count; r->count++) {
        uint64_t seq = first + r->count;
        if (r->count > 0)
            status = store_cursor_next(r->rows, &at, &bytes, err);
        if (status == WF_OK && (at.size != sizeof key || store_u64_key(at.data) != seq))
            status =
                wf_fail(err, WF_DAMAGED, _("entry %llu: it is missing"), (unsigned long long)seq);
        else if (status == WF_OK && bytes.size > ENTRY_MAX)
            status = wf_fail(err, WF_DAMAGED, _("entry %llu: %zu bytes, at most %d are possible"),
                             (unsigned long long)seq, bytes.size, ENTRY_MAX);
        if (status != WF_OK)
            return status;
        fetch_page(bytes.data, &page);
        r->entries[r->count] = (leaf_data){bytes.data, bytes.size};
    }
    return status;
}

static wf_status read_bundle(entry_reader *r, span row, size_t count, wf_error *err)
{
    span tile;
    wf_status status = tile_get(r->txn, 0, r->run.number, &tile, err);
    if (status == WF_OK)
        status = archive_unpack(&r->tools, &r->run, r->kind, row, tile, err);
    if (status != WF_OK)
        return status;
    r->archived = true;
    for (; r->count < count && r->count < r->run.count; r->count++)
        r->entries[r->count] = (leaf_data){r->run.bytes + r->run.at[r->count],
                                           r->run.at[r->count + 1] - r->run.at[r->count]};
    return r->run.damage != NULL ? archive_damaged(&r->run, err) : WF_OK;
}

wf_status entry_reader_run(entry_reader *r, uint64_t first, size_t count, wf_error *err)
{
    span row;
    WF_ASSERT(first % RUN_ENTRIES == 0 && count <= RUN_ENTRIES);
    r->first = first;
    r->count = 0;
    r->archived = false;
    r->run.number = first / RUN_ENTRIES;
    wf_status status = archive_row(r->txn, r->run.number, &row, err);
    if (status != WF_OK)
        return status;
    return row.data != NULL ? read_bundle(r, row, count, err) : read_rows(r, first, count, err);
}

wf_status entry_reader_get(entry_reader *r, uint64_t seq, uint64_t size, span *out, wf_error *err)
{
    uint64_t first = seq - seq % RUN_ENTRIES;
    wf_status status = WF_OK;
    WF_ASSERT(seq < size);
    if (r->first != first || seq - first >= r->count) {
        uint64_t left = size - first;
        wf_error later = {0};
        status =
            entry_reader_run(r, first, left < RUN_ENTRIES ? (size_t)left : RUN_ENTRIES, &later);
        if (seq - first >= r->count)
            return status == WF_OK ? wf_fail(err, WF_DAMAGED, _("entry %llu: it is missing"),
                                             (unsigned long long)seq)
                                   : wf_fail(err, status, "%s", later.text);
    }
    const leaf_data *entry = &r->entries[seq - first];
    *out = span_of(entry->data, entry->size);
    return WF_OK;
}
