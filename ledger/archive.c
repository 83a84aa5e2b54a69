/*
 * ledger/archive.c: a run of 256 entries as one compressed row.
 *
 * TABLE_ARCHIVE
 *     key    u64 BE number of the run; it holds entries [256 * run, 256 * run + 256)
 *     value  offset  bytes
 *                 0      1  version, 2
 *                 1      4  size of the bundle before it was compressed, big-endian
 *                 5     32  prev_hash of the run's first entry
 *                37      4  CRC-32 of the bytes before and of those behind, big-endian
 *                41    120  where the blocks of 16 entries begin, but for the first: 15 times
 *                           u32 BE offset in the stream || u32 BE offset in the bundle
 *               161         the bundle as a zlib stream
 *
 * Version 1, which was written before there were blocks and is still read, has no such places and
 * the stream at 41.
 *
 * The bundle is that of tlog-tiles (u16 BE length || entry, 256 times), but the 32 bytes of each
 * prev_hash are cut out and not counted: they are the leaf hash of the entry before, which the tile
 * holds and which can be computed, and nothing can compress them.
 *
 * The stream is one for the whole run, with a full flush before each block: who wants one entry
 * inflates the 16 of its block and not 256. Fixed Huffman codes, since building the tables of other
 * ones took longer than inflating a block. Measured on 180 000 entries of a demonstration city, of
 * 130 bytes each without prev_hash; level 5:
 *
 *     entries a block                   8     16     32     64    256 (and dynamic codes)
 *     bytes an entry                   64     56     51     47     41
 *     us for one block                2.2    4.2    5.5   11.4   42.8
 *
 * With 8 the last third of what an archive saves would go, with 32 a read takes more than three
 * times as long as that of a plain entry. A dictionary for the blocks (the first one of the run)
 * makes 16 cost 48 bytes, but then two blocks are inflated.
 *
 * A damaged stream still gives the entries before the damage, and the blocks behind it when they
 * are asked for one by one. Whether they are the right ones, the tree tells.
 */
#include "archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    RUN_BLOCKS = RUN_ENTRIES / BLOCK_ENTRIES,
    VERSION_WHOLE = 1,
    VERSION_BLOCKS = 2,
    AT_SIZE = 1,
    AT_PREV = 5,
    AT_CHECK = 37,
    AT_BLOCKS = 41,
    PLACE_SIZE = 8, /* of a block, two offsets */
    AT_STREAM = AT_BLOCKS + (RUN_BLOCKS - 1) * PLACE_SIZE,
    LENGTH_SIZE = 2,
    BLOCK_MAX = BLOCK_ENTRIES * (LENGTH_SIZE + ENTRY_MAX),
    BUNDLE_MAX = RUN_BLOCKS * BLOCK_MAX, /* 16.8 MB: no bomb is larger */
    INFLATED_AT_MOST = 1032,             /* times what was deflated, says the format */
    STREAM_HEAD = 2,                     /* bytes of a zlib stream before its first block */
    FLUSH_SIZE = 8,                      /* what a full flush adds at the most */
    WHOLE_STREAM = MAX_WBITS,
    BARE_BLOCKS = -MAX_WBITS, /* without the head and the tail of a zlib stream */
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

void archive_block_free(archive_block *block)
{
    free(block->bytes);
    *block = (archive_block){0};
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
    return (uint32_t)crc32(crc, row.data + AT_BLOCKS, (uInt)(row.size - AT_BLOCKS));
}

uint64_t archive_bundle_size(span row)
{
    return row.size < AT_BLOCKS ? 0
                                : (uint64_t)get_u32(row.data + AT_SIZE) + RUN_ENTRIES * HASH_SIZE;
}

/* ---- packing ----------------------------------------------------------------------------------
 */

/* The entries without their prev_hash, each behind its length; ends[b] is where block b ends. */
static wf_status write_bundle(buffer *out, const leaf_data entries[RUN_ENTRIES],
                              uint32_t ends[RUN_BLOCKS], wf_error *err)
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
        ends[i / BLOCK_ENTRIES] = (uint32_t)out->size;
    }
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

static bool deflate_begin(archive_tools *tools)
{
    if (tools->deflating)
        return deflateReset(&tools->deflater) == Z_OK;
    tools->deflating = deflateInit2(&tools->deflater, DEFLATE_LEVEL, Z_DEFLATED, WHOLE_STREAM,
                                    DEFLATE_MEMORY, Z_FIXED) == Z_OK;
    return tools->deflating;
}

/* Appends the stream to the row in `out`, whose bytes `head` on it began with, and puts the places
   of its blocks there. */
static wf_status deflate_bundle(archive_tools *tools, buffer *out, size_t head,
                                const uint32_t ends[RUN_BLOCKS], wf_error *err)
{
    z_stream *z = &tools->deflater;
    if (!deflate_begin(tools))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    size_t room = deflateBound(z, tools->body.size) + (size_t)RUN_BLOCKS * FLUSH_SIZE;
    if (!buffer_reserve(out, room))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    z->next_in = tools->body.data;
    z->next_out = out->data + out->size;
    z->avail_out = (uInt)room;
    for (size_t b = 0; b < RUN_BLOCKS; b++) {
        bool last = b == RUN_BLOCKS - 1;
        z->avail_in = ends[b] - (uInt)z->total_in;
        int code = deflate(z, last ? Z_FINISH : Z_FULL_FLUSH);
        /* the room is what it may need at the most */
        WF_ASSERT(code == (last ? Z_STREAM_END : Z_OK) && z->avail_in == 0 &&
                  (last || z->avail_out > 0));
        if (last)
            break;
        uint8_t *place = out->data + head + AT_BLOCKS + b * PLACE_SIZE;
        put_u32(place, (uint32_t)z->total_out);
        put_u32(place + 4, ends[b]);
    }
    out->size += z->total_out;
    return WF_OK;
}

wf_status archive_pack(archive_tools *tools, buffer *out, const leaf_data entries[RUN_ENTRIES],
                       wf_error *err)
{
    uint8_t head[AT_STREAM] = {VERSION_BLOCKS};
    uint32_t ends[RUN_BLOCKS];
    size_t start = out->size, cut = 0;
    wf_status status = write_bundle(&tools->body, entries, ends, err);
    if (status != WF_OK)
        return status;
    put_u32(head + AT_SIZE, (uint32_t)tools->body.size);
    WF_ASSERT(entry_prev_hash_at(&cut, span_of(entries[0].data, entries[0].size)));
    memcpy(head + AT_PREV, entries[0].data + cut, HASH_SIZE);
    buffer_append(out, head, sizeof head);
    if (out->failed)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    status = deflate_bundle(tools, out, start, ends, err);
    if (status == WF_OK) {
        span row = span_of(out->data + start, out->size - start);
        put_u32(out->data + start + AT_CHECK, check_of(row));
    }
    return status;
}

/* ---- unpacking --------------------------------------------------------------------------------
 */

/* Inflates into tools->body, at most as much as `room`: a stream that holds more is not followed.
   Body holds what came before an error. *ended: the stream came to its end, and it was all. */
static wf_status inflate_bytes(archive_tools *tools, int format, span stream, size_t room,
                               bool *ended, wf_error *err)
{
    z_stream *z = &tools->inflater;
    *ended = false;
    buffer_clear(&tools->body);
    if (tools->inflating)
        inflateReset2(z, format);
    else
        tools->inflating = inflateInit2(z, format) == Z_OK;
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
    *ended = code == Z_STREAM_END && z->avail_in == 0 && z->total_out == room;
    return WF_OK;
}

/* Puts an entry together again at bytes[at[0]], and its end into at[1]. False: there is none. */
static bool take_entry(uint8_t *bytes, uint32_t at[2], span *body, const uint8_t *prev)
{
    size_t cut = 0;
    if (body->size < LENGTH_SIZE)
        return false;
    size_t kept = (size_t)body->data[0] << 8 | body->data[1];
    span entry = span_of(body->data + LENGTH_SIZE, kept);
    if (kept > body->size - LENGTH_SIZE || kept + HASH_SIZE > ENTRY_MAX ||
        !entry_prev_hash_at(&cut, entry))
        return false;
    uint8_t *to = bytes + at[0];
    memcpy(to, entry.data, cut);
    memcpy(to + cut, prev, HASH_SIZE);
    memcpy(to + cut + HASH_SIZE, entry.data + cut, kept - cut);
    at[1] = at[0] + (uint32_t)(kept + HASH_SIZE);
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
        if (!take_entry(run->bytes, run->at + i, &body, before))
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
    size_t head = row.size > 0 && row.data[0] == VERSION_WHOLE ? AT_BLOCKS : AT_STREAM;
    if (row.size <= head || row.size > BUNDLE_MAX) {
        out->damage = _("its size cannot be");
        return WF_OK;
    }
    size_t size = get_u32(row.data + AT_SIZE);
    size_t most = (row.size - head) * INFLATED_AT_MOST;
    if (row.data[0] != VERSION_WHOLE && row.data[0] != VERSION_BLOCKS)
        out->damage = _("it is of a version that this program does not know");
    else if (check_of(row) != get_u32(row.data + AT_CHECK))
        out->damage = _("its checksum is wrong");
    else if (size > BUNDLE_MAX || size > most)
        out->damage = _("it claims to hold more than it can");
    if (out->damage != NULL) /* what it says of itself counts for nothing */
        size = most < BUNDLE_MAX ? most : BUNDLE_MAX;
    span stream = span_of(row.data + head, row.size - head);
    wf_status status = inflate_bytes(tools, WHOLE_STREAM, stream, size, &whole, err);
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

/* Where block b stands in the stream, and its bytes in the bundle. False: not in these. */
static bool find_block(span row, unsigned b, span *stream, size_t *size)
{
    const uint8_t *place = row.data + AT_BLOCKS + (size_t)b * PLACE_SIZE; /* of the next one */
    size_t from = STREAM_HEAD, to = row.size - AT_STREAM;
    size_t first = 0, end = get_u32(row.data + AT_SIZE);
    if (b > 0) {
        from = get_u32(place - PLACE_SIZE);
        first = get_u32(place - PLACE_SIZE + 4);
    }
    if (b < RUN_BLOCKS - 1) {
        to = get_u32(place);
        end = get_u32(place + 4);
    }
    if (from < STREAM_HEAD || from >= to || to > row.size - AT_STREAM || first >= end ||
        end - first > BLOCK_MAX || end - first > (to - from) * INFLATED_AT_MOST)
        return false;
    *stream = span_of(row.data + AT_STREAM + from, to - from);
    *size = end - first;
    return true;
}

wf_status archive_unpack_block(archive_tools *tools, archive_block *out, span row, span tile,
                               bool *found, wf_error *err)
{
    span stream;
    size_t size;
    bool ended;
    unsigned b = (unsigned)(out->number % RUN_BLOCKS);
    *found = false;
    if (row.size <= AT_STREAM || row.size > BUNDLE_MAX || row.data[0] != VERSION_BLOCKS ||
        tile.data == NULL || tile.size < (RUN_ENTRIES - 1) * HASH_SIZE ||
        !find_block(row, b, &stream, &size))
        return WF_OK;
    wf_status status = inflate_bytes(tools, BARE_BLOCKS, stream, size, &ended, err);
    if (status != WF_OK || tools->inflater.total_out != size)
        return status;
    if (!array_grow((void **)&out->bytes, &out->capacity, size + BLOCK_ENTRIES * HASH_SIZE, 1))
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    span body = span_of(tools->body.data, tools->body.size);
    const uint8_t *prev = row.data + AT_PREV;
    if (b > 0)
        prev = tile.data + ((size_t)b * BLOCK_ENTRIES - 1) * HASH_SIZE;
    out->at[0] = 0;
    for (unsigned i = 0; i < BLOCK_ENTRIES; i++) {
        if (!take_entry(out->bytes, out->at + i, &body, prev))
            return WF_OK;
        prev = tile.data + ((size_t)b * BLOCK_ENTRIES + i) * HASH_SIZE;
    }
    *found = body.size == 0;
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
