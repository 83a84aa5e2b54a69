/*
 * Archived runs (ledger/archive.h), which come from a file that may be damaged. The first byte of
 * the input chooses: 0: the rest is a row; 1: the same with its checksum put right; 2: the rest is
 * the bundle before it was compressed. What is found whole holds 256 entries and is the same run
 * when it is packed again, also block by block; of a damaged one no more is given than there is.
 */
#include "fuzz.h"

#include "archive.h"

enum { AT_SIZE = 1, AT_CHECK = 37, AT_BLOCKS = 41, AT_STREAM = 161 };

static archive_tools tools;
static archive_run run, again;
static archive_block block;

static void put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static void set_checksum(uint8_t *row, size_t size)
{
    uLong crc = crc32(crc32(0, row, AT_CHECK), row + AT_BLOCKS, (uInt)(size - AT_BLOCKS));
    put_u32(row + AT_CHECK, (uint32_t)crc);
}

/* The row whose bundle is the input. */
static void compress_bundle(buffer *out, const uint8_t *data, size_t size)
{
    uLongf room = compressBound(size);
    uint8_t head[AT_STREAM] = {2};
    put_u32(head + AT_SIZE, (uint32_t)size);
    buffer_append(out, head, sizeof head);
    FUZZ_REQUIRE(buffer_reserve(out, room), "out of memory");
    FUZZ_REQUIRE(compress(out->data + AT_STREAM, &room, data, size) == Z_OK, "zlib");
    out->size = AT_STREAM + room;
    set_checksum(out->data, out->size);
}

static void check_run(const archive_run *r)
{
    FUZZ_REQUIRE(r->count <= RUN_ENTRIES, "%u entries", r->count);
    FUZZ_REQUIRE(r->damage != NULL || r->count == RUN_ENTRIES, "whole with %u entries", r->count);
    for (unsigned i = 0; i < r->count; i++)
        FUZZ_REQUIRE(r->at[i + 1] >= r->at[i] + HASH_SIZE && r->at[i + 1] - r->at[i] <= ENTRY_MAX &&
                         r->at[i + 1] <= r->capacity,
                     "entry %u from %u to %u", i, r->at[i], r->at[i + 1]);
}

/* Each block by itself, under any tile. True: all of them could be had, and are those of the run.
 */
static bool blocks_are(const archive_run *r, span row, span tile)
{
    bool all = true;
    for (block.number = 0; block.number < RUN_ENTRIES / BLOCK_ENTRIES; block.number++) {
        wf_error err = {0};
        bool found = false;
        const uint32_t *at = r->at + block.number * BLOCK_ENTRIES;
        FUZZ_REQUIRE(archive_unpack_block(&tools, &block, row, tile, &found, &err) == WF_OK, "%s",
                     err.text);
        FUZZ_REQUIRE(!found || block.at[BLOCK_ENTRIES] <= block.capacity, "block %u",
                     (unsigned)block.number);
        all = all && found && block.at[BLOCK_ENTRIES] == at[BLOCK_ENTRIES] - at[0] &&
              memcmp(block.bytes, r->bytes + at[0], block.at[BLOCK_ENTRIES]) == 0;
    }
    return all;
}

static void pack_again(void)
{
    hash tile[RUN_ENTRIES];
    leaf_data entries[RUN_ENTRIES];
    buffer row = {0};
    wf_error err = {0};
    for (unsigned i = 0; i < RUN_ENTRIES; i++)
        entries[i] = (leaf_data){run.bytes + run.at[i], run.at[i + 1] - run.at[i]};
    FUZZ_REQUIRE(archive_pack(&tools, &row, entries, &err) == WF_OK, "%s", err.text);
    FUZZ_REQUIRE(archive_unpack(&tools, &again, HASH_SHA256, span_of(row.data, row.size),
                                span_of(NULL, 0), &err) == WF_OK,
                 "%s", err.text);
    FUZZ_REQUIRE(again.damage == NULL && memcmp(again.at, run.at, sizeof run.at) == 0 &&
                     memcmp(again.bytes, run.bytes, run.at[RUN_ENTRIES]) == 0,
                 "packed again it is another run: %s", again.damage ? again.damage : "");
    hash_many_leaves(tile, HASH_SHA256, entries, RUN_ENTRIES);
    FUZZ_REQUIRE(blocks_are(&again, span_of(row.data, row.size), span_of(tile, sizeof tile)),
                 "a block is not what the run says");
    buffer_free(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wf_error err = {0};
    buffer row = {0};
    if (size < 1)
        return 0;
    if (data[0] % 3 == 2) {
        compress_bundle(&row, data + 1, size - 1);
    } else {
        buffer_append(&row, data + 1, size - 1);
        if (data[0] % 3 == 1 && size - 1 > AT_BLOCKS)
            set_checksum(row.data, row.size);
    }
    FUZZ_REQUIRE(archive_unpack(&tools, &run, HASH_SHA256, span_of(row.data, row.size),
                                span_of(NULL, 0), &err) == WF_OK,
                 "%s", err.text);
    check_run(&run);
    static const hash any_tile[RUN_ENTRIES];
    blocks_are(&run, span_of(row.data, row.size), span_of(any_tile, sizeof any_tile));
    if (run.damage == NULL)
        pack_again();
    buffer_free(&row);
    archive_tools_free(&tools);
    return 0;
}
