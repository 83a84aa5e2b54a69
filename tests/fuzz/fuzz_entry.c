/*
 * Entries (ledger/format/entry.h), and the system record that one may hold: what is accepted has
 * one encoding, which is the input.
 */
#include "fuzz.h"

#include "entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wf_error err = {0};
    entry_view entry;
    wf_status status = entry_parse(&entry, span_of(data, size), &err);
    FUZZ_REQUIRE(status == WF_OK || err.text[0] != '\0', "refused without a reason");
    if (status != WF_OK)
        return 0;
    FUZZ_REQUIRE(size <= ENTRY_MAX, "%zu bytes", size);
    FUZZ_REQUIRE(entry.signature.data == NULL ||
                     (entry.signature.size > 0 && entry.signature.size <= SIGNATURE_MAX),
                 "signature of %zu bytes", entry.signature.size);
    buffer out = {0};
    entry_write(&out, &entry);
    FUZZ_REQUIRE(span_equal(span_of(out.data, out.size), span_of(data, size)),
                 "encoded again it has %zu bytes and not the same %zu", out.size, size);
    buffer_free(&out);
    return 0;
}
