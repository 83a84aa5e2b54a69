/*
 * ledger/archive.c: a run of 256 entries as one compressed row.
 *
 * TABLE_ARCHIVE
 *     key    u64 BE number of the run; it holds entries [256 * run, 256 * run + 256)
 *     value  offset  bytes
 *                 0      1  version, 1
 *                 1      4  size of the bundle before it was compressed, big-endian
 *                 5     32  prev_hash of the run's first entry
 *                37      4  CRC-32 of the bytes before and of those behind, big-endian
 *                41         the bundle as a zlib stream
 *
 * The bundle is that of tlog-tiles (u16 BE length || entry, 256 times), but the 32 bytes of each
 * prev_hash are cut out and not counted: they are the leaf hash of the entry before, which the tile
 * holds and which can be computed, and nothing can compress them. Measured on 180 000 entries of a
 * demonstration city, of 173 bytes each (198 with their share of the store's pages):
 *
 *     level              1     3     4     5     6     9
 *     bytes an entry    47    44    43    42    42    41    with prev_hash 77 at level 5
 *     us a run         298   353   401   471   701  1175    inflated in 80 us
 *
 * Level 5, then. A preset dictionary (the last 32 KiB of the run before, or of one run for all)
 * saved less than 2 %, so there is none.
 *
 * A damaged stream still gives the entries before the damage. Whether they are the right ones, the
 * tree tells.
 */
#include "archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    ARCHIVE_VERSION = 1,
    AT_SIZE = 1,
    AT_PREV = 5,
    AT_CHECK = 37,
    AT_STREAM = 41,
    LENGTH_SIZE = 2,
    BUNDLE_MAX = RUN_ENTRIES * (LENGTH_SIZE + ENTRY_MAX), /* 16.8 MB: no bomb is larger */
    INFLATED_AT_MOST = 1032, /* times what was deflated, says the format */
    DEFLATE_LEVEL = 5,
    DEFLATE_MEMORY = 9
};

void archive_tools_free(archive_tools *tools)
{
    if (tools->inflating)
        inflateEnd(&tools->inflater);
    if (tools->deflating)
        deflateEnd(&tools->deflater);
    buffer_free(&tools->body);
    *tools = (archive_tools){0};
}

void archive_run_free(archive_run *run)
{
    free(run->bytes);
    *run = (archive_run){0};
}

static void put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        out[i] = (uint8_t)value;
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t check_of(span row)
{
    uLong crc = crc32(0, row.data, AT_CHECK);
    return (uint32_t)crc32(crc, row.data + AT_STREAM, (uInt)(row.size - AT_STREAM));
}

uint64_t archive_bundle_size(span row)
{
    return row.size < AT_STREAM ? 0
                                : (uint64_t)get_u32(row.data + AT_SIZE) + RUN_ENTRIES * HASH_SIZE;
}

/* ---- packing ----------------------------------------------------------------------------------
 */

/* The entries without their prev_hash, each behind its length. */
static wf_status write_bundle(buffer *out, const leaf_data entries[RUN_ENTRIES], wf_error *err)
{
    buffer_clear(out);
    for (size_t i = 0; i < RUN_ENTRIES; i++) {
        span entry = span_of(entries[i].data, entries[i].size);
        size_t cut = 0;
        WF_ASSERT(entry.size <= ENTRY_MAX && entry_prev_hash_at(&cut, entry) &&
                  cut + HASH_SIZE <= entry.size);
        size_t kept = entry.size - HASH_SIZE;
        buffer_append_byte(out, (uint8_t)(kept >> 8));
        buffer_append_byte(out, (uint8_t)kept);
        buffer_append(out, entry.data, cut);
        buffer_append(out, entry.data + cut + HASH_SIZE, kept - cut);
    }
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

static bool deflate_begin(archive_tools *tools)
{
    if (tools->deflating)
        return deflateReset(&tools->deflater) == Z_OK;
    tools->deflating = deflateInit2(&tools->deflater, DEFLATE_LEVEL, Z_DEFLATED, MAX_WBITS,
                                    DEFLATE_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
    return tools->deflating;
}

static wf_status deflate_bundle(archive_tools *tools, buffer *out, wf_error *err)
{
    z_stream *z = &tools->deflater;
    if (!deflate_begin(tools))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    size_t room = deflateBound(z, tools->body.size);
    if (!buffer_reserve(out, room))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    z->next_in = tools->body.data;
    z->avail_in = (uInt)tools->body.size;
    z->next_out = out->data + out->size;
    z->avail_out = (uInt)room;
    int code = deflate(z, Z_FINISH);
    WF_ASSERT(code == Z_STREAM_END); /* the room is what it may need at the most */
    out->size += z->total_out;
    return WF_OK;
}

wf_status archive_pack(archive_tools *tools, buffer *out, const leaf_data entries[RUN_ENTRIES],
                       wf_error *err)
{
    uint8_t head[AT_STREAM] = {ARCHIVE_VERSION};
    size_t start = out->size, cut = 0;
    wf_status status = write_bundle(&tools->body, entries, err);
    if (status != WF_OK)
        return status;
    put_u32(head + AT_SIZE, (uint32_t)tools->body.size);
    WF_ASSERT(entry_prev_hash_at(&cut, span_of(entries[0].data, entries[0].size)));
    memcpy(head + AT_PREV, entries[0].data + cut, HASH_SIZE);
    buffer_append(out, head, sizeof head);
    status = deflate_bundle(tools, out, err);
    if (status == WF_OK) {
        span row = span_of(out->data + start, out->size - start);
        put_u32(out->data + start + AT_CHECK, check_of(row));
    }
    return status;
}

/* ---- unpacking --------------------------------------------------------------------------------
 */

/* Inflates into tools->body, at most as much as `room`: a stream that holds more is not followed.
   Body holds what came before an error. */
static wf_status inflate_bundle(archive_tools *tools, span stream, size_t room, bool *whole,
                                wf_error *err)
{
    z_stream *z = &tools->inflater;
    *whole = false;
    buffer_clear(&tools->body);
    if (tools->inflating)
        inflateReset(z);
    else
        tools->inflating = inflateInit(z) == Z_OK;
    if (!tools->inflating || !buffer_reserve(&tools->body, room + 1))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    z->next_in = (Bytef *)(uintptr_t)stream.data;
    z->avail_in = (uInt)stream.size;
    z->next_out = tools->body.data;
    z->avail_out = (uInt)room + 1; /* one more shows that it holds more */
    int code = inflate(z, Z_FINISH);
    if (code == Z_MEM_ERROR)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    tools->body.size = z->total_out <= room ? z->total_out : room;
    *whole = code == Z_STREAM_END && z->avail_in == 0 && z->total_out == room;
    return WF_OK;
}

/* Puts entry i together again behind those before it. False: there is no such entry. */
static bool take_entry(archive_run *run, unsigned i, span *body, const uint8_t *prev)
{
    size_t cut = 0;
    if (body->size < LENGTH_SIZE)
        return false;
    size_t kept = (size_t)body->data[0] << 8 | body->data[1];
    span entry = span_of(body->data + LENGTH_SIZE, kept);
    if (kept > body->size - LENGTH_SIZE || kept + HASH_SIZE > ENTRY_MAX ||
        !entry_prev_hash_at(&cut, entry))
        return false;
    uint8_t *to = run->bytes + run->at[i];
    memcpy(to, entry.data, cut);
    memcpy(to + cut, prev, HASH_SIZE);
    memcpy(to + cut + HASH_SIZE, entry.data + cut, kept - cut);
    run->at[i + 1] = run->at[i] + (uint32_t)(kept + HASH_SIZE);
    *body = span_of(entry.data + kept, body->size - LENGTH_SIZE - kept);
    return true;
}

/* As many entries as the body gives; true when that is all of it. */
static bool take_entries(archive_run *run, hash_kind kind, span body, const uint8_t *first_prev,
                         span tile)
{
    hash prev;
    bool by_tile = tile.data != NULL && tile.size >= (RUN_ENTRIES - 1) * HASH_SIZE;
    memcpy(prev.bytes, first_prev, HASH_SIZE);
    run->at[0] = 0;
    for (run->count = 0; run->count < RUN_ENTRIES; run->count++) {
        unsigned i = run->count;
        const uint8_t *before =
            by_tile && i > 0 ? tile.data + (size_t)(i - 1) * HASH_SIZE : prev.bytes;
        if (!take_entry(run, i, &body, before))
            return false;
        if (!by_tile)
            merkle_leaf(&prev, kind, run->bytes + run->at[i], run->at[i + 1] - run->at[i]);
    }
    return body.size == 0;
}

wf_status archive_unpack(archive_tools *tools, archive_run *out, hash_kind kind, span row,
                         span tile, wf_error *err)
{
    bool whole = false;
    out->count = 0;
    out->damage = NULL;
    if (row.size <= AT_STREAM || row.size > BUNDLE_MAX) {
        out->damage = _("its size cannot be");
        return WF_OK;
    }
    size_t size = get_u32(row.data + AT_SIZE);
    size_t most = (row.size - AT_STREAM) * INFLATED_AT_MOST;
    if (row.data[0] != ARCHIVE_VERSION)
        out->damage = _("it is of a version that this program does not know");
    else if (check_of(row) != get_u32(row.data + AT_CHECK))
        out->damage = _("its checksum is wrong");
    else if (size > BUNDLE_MAX || size > most)
        out->damage = _("it claims to hold more than it can");
    if (out->damage != NULL) /* what it says of itself counts for nothing */
        size = most < BUNDLE_MAX ? most : BUNDLE_MAX;
    wf_status status = inflate_bundle(tools, span_of(row.data + AT_STREAM, row.size - AT_STREAM),
                                      size, &whole, err);
    size_t need = tools->body.size + RUN_ENTRIES * HASH_SIZE;
    if (status == WF_OK && !array_grow((void **)&out->bytes, &out->capacity, need, 1))
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (status != WF_OK)
        return status;
    bool all = take_entries(out, kind, span_of(tools->body.data, tools->body.size),
                            row.data + AT_PREV, tile);
    if (out->damage == NULL && !whole)
        out->damage = _("it cannot be inflated to what it says");
    if (out->damage == NULL && !all)
        out->damage = _("it does not hold 256 entries");
    return WF_OK;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

wf_status archive_row(store_txn *txn, uint64_t run, span *out, wf_error *err)
{
    uint8_t key[8];
    store_key_u64(key, run);
    return store_get(txn, TABLE_ARCHIVE, span_of(key, sizeof key), out, err);
}

wf_status archive_damaged(const archive_run *run, wf_error *err)
{
    uint64_t first = run->number * RUN_ENTRIES;
    return wf_fail(err, WF_DAMAGED,
                   _("entries %1$llu to %2$llu: their archived bundle is damaged: %3$s; %4$u of "
                     "the 256 can still be read, each compared with its hash in the tree before it "
                     "is served; the tree has the hashes of the others too, so that a copy of them "
                     "can be proved; restore the ledger from a backup"),
                   (unsigned long long)first, (unsigned long long)(first + RUN_ENTRIES - 1),
                   run->damage, run->count);
}
