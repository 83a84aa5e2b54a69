/*
 * Records (model/record.h): what is accepted has one encoding, which is the input, has an id and a
 * time, and can be shown as JSON that others can read.
 */
#include "fuzz.h"

#include <jansson.h>

#include "model/record.h"

static void check_json(const Wufei__Record *record)
{
    wf_error err = {0};
    buffer out = {0};
    json_error_t where;
    FUZZ_REQUIRE(record_to_json(&out, record, 480, &err) == WF_OK, "%s", err.text);
    json_t *json = json_loadb((const char *)out.data, out.size, JSON_REJECT_DUPLICATES, &where);
    FUZZ_REQUIRE(json != NULL, "%s: %.*s", where.text, (int)out.size, (const char *)out.data);
    json_decref(json);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wf_error err = {0};
    arena memory;
    Wufei__Record *record = NULL;
    arena_init(&memory, 0);
    wf_status status = record_decode(&record, &memory, span_of(data, size), &err);
    FUZZ_REQUIRE(status == WF_OK || err.text[0] != '\0', "refused without a reason");
    if (status == WF_OK) {
        buffer out = {0};
        uint8_t id[16];
        FUZZ_REQUIRE(record_encode(&out, record, &err) == WF_OK, "%s", err.text);
        FUZZ_REQUIRE(span_equal(span_of(out.data, out.size), span_of(data, size)),
                     "encoded again it has %zu bytes and not the same %zu", out.size, size);
        record_statement_id(id, record, span_of(data, size));
        FUZZ_REQUIRE(record_text_id(record, &memory) != NULL && record_file(record) != NULL,
                     "it belongs to nothing");
        check_json(record);
        buffer_free(&out);
    }
    arena_free(&memory);
    return 0;
}
