/*
 * Orders about keys on their way between the holders of offline keys (ledger/keys/key_rules.h): an
 * accepted file, written again from what was read, is the input.
 */
#include "fuzz.h"

#include "ledger_private.h"

static void write_signatures(buffer *out, const key_signature *signatures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        key_order_signature_line(out, &signatures[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static key_order order;
    wf_error err = {0};
    buffer out = {0};
    if (key_order_parse(&order, (const char *)data, size, &err) != WF_OK) {
        FUZZ_REQUIRE(err.text[0] != '\0', "refused without a reason");
        return 0;
    }
    if (order.is_quorum)
        key_order_quorum(&out, order.origin, &order.quorum);
    else
        key_order_revoke(&out, order.origin, &order.change);
    FUZZ_REQUIRE(out.size == order.text_size, "%zu bytes are signed, %zu were read", out.size,
                 order.text_size);
    buffer_append_text(&out, "\n");
    if (order.is_quorum)
        write_signatures(&out, order.quorum.signatures, order.quorum.signature_count);
    else
        write_signatures(&out, order.change.signatures, order.change.signature_count);
    FUZZ_REQUIRE(span_equal(span_of(out.data, out.size), span_of(data, size)),
                 "written again it is another order");
    buffer_free(&out);
    return 0;
}
