/*
 * Requests to a witness (proof/checkpoint.h): an accepted one is written the same way again; its
 * invented proof holds for nothing.
 */
#include "fuzz.h"

#include "checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static witness_request r;
    if (witness_request_parse(&r, (const char *)data, size) != NULL)
        return 0;
    char *out = malloc(size + 1);
    FUZZ_REQUIRE(out != NULL, "out of memory");
    size_t written = witness_request_format(out, size + 1, r.old_size, r.hashes, r.hash_count,
                                            r.checkpoint, r.checkpoint_size);
    FUZZ_REQUIRE(written == size && memcmp(out, data, size) == 0,
                 "written again it has %zu bytes and not the same %zu", written, size);
    free(out);
    hash older = {{1}}, newer = {{2}};
    FUZZ_REQUIRE(r.old_size == UINT64_MAX ||
                     !merkle_verify_consistency(HASH_SHA256, r.old_size, &older, r.old_size + 1,
                                                &newer, r.hashes, r.hash_count),
                 "invented roots verify");
    return 0;
}
