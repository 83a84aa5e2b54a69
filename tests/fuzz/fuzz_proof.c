/*
 * .tlog-proof files (proof/checkpoint.h): an accepted one is written the same way again, but for
 * its line "extra". Its proof may be wrong and then verifies nothing.
 */
#include "fuzz.h"

#include "checkpoint.h"

/* What stands before the line "extra", and what behind it. */
static size_t without_extra(uint8_t *out, const uint8_t *data, size_t size, const tlog_proof *p)
{
    memcpy(out, data, size);
    if (p->extra == NULL)
        return size;
    size_t start = (size_t)((const uint8_t *)p->extra - data) - strlen("extra ");
    size_t end = (size_t)((const uint8_t *)p->extra - data) + p->extra_size + 1;
    memcpy(out + start, data + end, size - end);
    return size - (end - start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static tlog_proof p;
    if (tlog_proof_parse(&p, (const char *)data, size) != NULL)
        return 0;
    FUZZ_REQUIRE(p.checkpoint_size > 0 &&
                     (const uint8_t *)p.checkpoint + p.checkpoint_size == data + size,
                 "the checkpoint does not go to the end");
    uint8_t *expected = malloc(size);
    char *out = malloc(size + 1);
    FUZZ_REQUIRE(expected != NULL && out != NULL, "out of memory");
    size_t expected_size = without_extra(expected, data, size, &p);
    size_t written = tlog_proof_format(out, size + 1, p.index, p.hashes, p.hash_count, p.checkpoint,
                                       p.checkpoint_size);
    FUZZ_REQUIRE(written == expected_size && memcmp(out, expected, written) == 0,
                 "written again it has %zu bytes and not the same %zu", written, expected_size);
    free(out);
    free(expected);
    /* Whatever it proves is proved to the root of the input's own making only. */
    hash leaf = {{1}}, root = {{2}};
    FUZZ_REQUIRE(!merkle_verify_inclusion(HASH_SHA256, &leaf, p.index, p.index + 1, p.hashes,
                                          p.hash_count, &root),
                 "an invented root verifies");
    return 0;
}
