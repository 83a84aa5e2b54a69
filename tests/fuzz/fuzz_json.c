/*
 * JSON against a JSON Schema (exchange/json_schema.h). The input is an array of a schema and a
 * value: refused exactly when problems were told, and told the same twice.
 */
#include "fuzz.h"

#include "exchange/json_schema.h"

static void count_problem(void *ctx, const char *path, const char *text)
{
    size_t *count = ctx;
    FUZZ_REQUIRE(strncmp(path, "Value", 5) == 0 && text[0] != '\0', "%s: %s", path, text);
    (*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_error_t where;
    json_t *input = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &where);
    json_t *schema = json_array_get(input, 0), *value = json_array_get(input, 1);
    if (schema != NULL && value != NULL) {
        wf_error err = {0};
        size_t told = 0, again = 0;
        schema_sink sink = {count_problem, &told};
        wf_status status = json_schema_check(schema, value, "Value", &sink, &err);
        FUZZ_REQUIRE(status == WF_OK || status == WF_REFUSED || status == WF_SYSTEM, "status %d",
                     (int)status);
        FUZZ_REQUIRE(status == WF_SYSTEM || (status == WF_REFUSED) == (told > 0),
                     "status %d with %zu problems", (int)status, told);
        sink.ctx = &again;
        FUZZ_REQUIRE(json_schema_check(schema, value, "Value", &sink, &err) == status &&
                         again == told,
                     "%zu problems, then %zu", told, again);
    }
    json_decref(input);
    return 0;
}
