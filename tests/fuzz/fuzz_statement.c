/*
 * Statements (ledger/format/entry.h) and the system records in them: what is accepted has one
 * encoding, which is the input.
 */
#include "fuzz.h"

#include "ledger_private.h"

static void check_system(span bytes)
{
    wf_error err = {0};
    static system_record record; /* it may be large */
    wf_status status = system_parse(&record, bytes, &err);
    FUZZ_REQUIRE(status == WF_OK || err.text[0] != '\0', "refused without a reason");
    if (status != WF_OK)
        return;
    buffer out = {0};
    system_write(&out, &record);
    FUZZ_REQUIRE(span_equal(span_of(out.data, out.size), bytes),
                 "a system record encoded again has %zu bytes and not the same %zu", out.size,
                 bytes.size);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wf_error err = {0};
    statement_view view;
    wf_status status = statement_parse(&view, span_of(data, size), &err);
    FUZZ_REQUIRE(status == WF_OK || err.text[0] != '\0', "refused without a reason");
    if (status != WF_OK)
        return 0;
    FUZZ_REQUIRE(size <= STATEMENT_MAX, "%zu bytes", size);
    FUZZ_REQUIRE((view.record.data == NULL) != (view.system.data == NULL), "not exactly one body");
    FUZZ_REQUIRE(view.origin.size <= ORIGIN_MAX && view.author.size <= AUTHOR_MAX, "too long");
    buffer out = {0};
    statement_write(&out, &view);
    FUZZ_REQUIRE(span_equal(span_of(out.data, out.size), span_of(data, size)),
                 "encoded again it has %zu bytes and not the same %zu", out.size, size);
    buffer_free(&out);
    if (view.system.data != NULL)
        check_system(view.system);
    return 0;
}
