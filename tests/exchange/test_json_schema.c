/*
 * exchange/json_schema: values against the part of JSON Schema draft 4 that documents of others
 * use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/json_schema.h"

static char heard[20000];

static void hear(void *ctx, const char *path, const char *text)
{
    (void)ctx;
    size_t n = strlen(heard);
    snprintf(heard + n, sizeof heard - n, "%s: %s\n", path, text);
}

static json_t *json(const char *text)
{
    char quoted[4000];
    snprintf(quoted, sizeof quoted, "%s", text);
    for (char *at = quoted; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    json_error_t where;
    json_t *value = json_loads(quoted, JSON_DECODE_ANY, &where);
    if (value == NULL)
        fail_msg("%s: %s", quoted, where.text);
    return value;
}

static wf_status check(const char *schema_text, const char *value_text)
{
    json_t *schema = json(schema_text);
    json_t *value = json(value_text);
    schema_sink sink = {hear, NULL};
    wf_error err = {0};
    heard[0] = '\0';
    wf_status status = json_schema_check(schema, value, "Top", &sink, &err);
    assert_int_equal(status, err.status);
    json_decref(schema);
    json_decref(value);
    return status;
}

#define FITS(schema, value)                                                                        \
    do {                                                                                           \
        if (check(schema, value) != WF_OK)                                                         \
            fail_msg("%s", heard);                                                                 \
        assert_string_equal(heard, "");                                                            \
    } while (0)
#define FAILS(schema, value, told)                                                                 \
    do {                                                                                           \
        assert_int_equal(check(schema, value), WF_REFUSED);                                        \
        assert_string_equal(heard, told "\n");                                                     \
    } while (0)

static void types(void **state)
{
    (void)state;
    static const char *const names[] = {"object", "array",   "string",  "integer",
                                        "number", "boolean", "boolean", "null"};
    static const char *const values[] = {"{}", "[]", "'x'", "3", "1.5", "true", "false", "null"};
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 8; k++) {
            char schema[60];
            snprintf(schema, sizeof schema, "{'type': '%s'}", names[i]);
            bool fits = strcmp(names[i], names[k]) == 0 || (i == 4 && k == 3);
            assert_int_equal(check(schema, values[k]), fits ? WF_OK : WF_REFUSED);
        }
    FITS("{'type': ['string', 'null']}", "null");
    FAILS("{'type': ['string', 'null']}", "3",
          "Top: 3 is of type integer, expected string or null");
    FAILS("{'type': 'integer'}", "1.67", "Top: 1.67 is of type number, expected integer");
}

static void limits(void **state)
{
    (void)state;
    static const char number[] = "{'type': 'number', 'minimum': 0, 'maximum': 5}";
    FITS(number, "0");
    FITS(number, "5");
    FAILS(number, "-1", "Top: -1 is below 0");
    FAILS(number, "5.5", "Top: 5.5 is above 5");
    static const char text[] = "{'type': 'string', 'minLength': 2, 'maxLength': 3}";
    FITS(text, "'ab'");
    FITS(text, "'\xE6\x97\xA0\xE5\xBA\x9F\xE5\x9F\x8E'"); /* characters, not bytes */
    FAILS(text, "'a'", "Top: \"a\" has 1 characters, at least 2 expected");
    FAILS(text, "'abcd'", "Top: \"abcd\" has 4 characters, at most 3 expected");
    static const char pattern[] = "{'type': 'string', 'pattern': '^[0-9]{2}$'}";
    FITS(pattern, "'17'");
    FAILS(pattern, "'1x'", "Top: \"1x\" does not fit the pattern ^[0-9]{2}$");
    static const char words[] = "{'type': 'string', 'enum': ['P', 'T']}";
    FITS(words, "'T'");
    FAILS(words, "'t'", "Top: \"t\" is not one of: P, T");
}

static void objects(void **state)
{
    (void)state;
    static const char schema[] =
        "{'type': 'object', 'properties': {'a': {'type': 'string'}, 'b': {'type': 'array',"
        " 'items': {'$ref': '#/definitions/one'}}}, 'required': ['a'],"
        " 'additionalProperties': false, 'dependencies': {'b': ['c']},"
        " 'definitions': {'one': {'$ref': '#/definitions/two'}, 'two': {'type': 'boolean'}}}";
    FITS(schema, "{'a': 'x'}");
    FAILS(schema, "{}", "Top: required and not given: a");
    FAILS(schema, "{'a': 'x', 'd': 1, 'e': 2}", "Top: not allowed here: d, e");
    FAILS(schema, "{'a': 'x', 'b': [true, 1]}",
          "Top.b.1: 1 is of type integer, expected boolean\nTop: b is given, so c must be given "
          "too");
    FAILS(schema, "{'a': {}}", "Top.a: {...} is of type object, expected string");
    FITS("{'type': 'object'}", "{'anything': [1]}");
}

/* No check is passed over in silence. */
static void unknown_constraints_are_refused(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{'multipleOf': 2}",
        "{'oneOf': []}",
        "{'$ref': '#/definitions/none'}",
        "{'$ref': 'http://elsewhere/x'}",
        "{'$ref': '#/definitions/a', 'definitions': {'a': {'$ref': '#/definitions/a'}}}",
        "{'type': [1]}",
        "{'type': 5}",
        "{'pattern': '('}"};
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        assert_int_equal(check(schemas[i], "'x'"), WF_SYSTEM);
}

static void deep_values_end(void **state)
{
    (void)state;
    static const char schema[] =
        "{'$ref': '#/definitions/a', 'definitions': {'a': {'type': 'array', 'items': {'$ref':"
        " '#/definitions/a'}}}}";
    char value[2000] = "";
    for (int i = 0; i < 500; i++)
        value[i] = '[';
    for (int i = 500; i < 1000; i++)
        value[i] = ']';
    assert_int_equal(check(schema, value), WF_REFUSED);
    assert_non_null(strstr(heard, "nested deeper than 64 levels"));
}

/* Messages stay within their buffers, and no character is cut in two. */
static void long_values_are_cut(void **state)
{
    (void)state;
    char value[3000] = "'a";
    for (int i = 0; i < 300; i++)
        strncat(value, "\xE5\x9F\x8E", 4);
    strncat(value, "'", 2);
    assert_int_equal(check("{'type': 'integer'}", value), WF_REFUSED);
    json_t *whole = json_string(heard); /* NULL when it is not UTF-8 */
    assert_non_null(whole);
    json_decref(whole);
    assert_int_equal(check("{'type': 'string', 'maxLength': 3}", value), WF_REFUSED);
    whole = json_string(heard);
    assert_non_null(whole);
    json_decref(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),           cmocka_unit_test(limits),
        cmocka_unit_test(objects),         cmocka_unit_test(unknown_constraints_are_refused),
        cmocka_unit_test(deep_values_end), cmocka_unit_test(long_values_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
