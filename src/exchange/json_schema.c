/*
 * exchange/json_schema.c: see json_schema.h. A recursive walk of schema and value side by side; the
 * depth is limited by MAX_DEPTH, so that a deep document cannot exhaust the stack.
 */
#include "exchange/json_schema.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { MAX_DEPTH = 64, PATH_SIZE = 512, TEXT_SIZE = 900 };

typedef struct checker {
    const json_t *root;
    const schema_sink *sink;
    size_t problems;
    wf_status status; /* WF_SYSTEM when the schema cannot be used */
    wf_error *err;
} checker;

static void problem(checker *c, const char *path, const char *format, ...) WF_PRINTF(3, 4);

static void problem(checker *c, const char *path, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    c->problems++;
    c->sink->problem(c->sink->ctx, path, text);
}

static void bad_schema(checker *c, const char *path, const char *what)
{
    if (c->status == WF_OK)
        c->status = wf_fail(c->err, WF_SYSTEM, _("schema at %s: %s"), path, what);
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "boolean";
    default:
        return "null";
    }
}

static bool fits_type(const json_t *value, const char *type)
{
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    return strcmp(type, type_name(value)) == 0;
}

enum { SHOWN_BYTES = 80 };

/* How many bytes of a text a message shows: no character is cut in two. */
static int shown(const char *text)
{
    size_t size = strlen(text);
    if (size <= SHOWN_BYTES)
        return (int)size;
    size = SHOWN_BYTES;
    while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    return (int)size;
}

/* A short form of a value for messages. */
static char *value_text(char *out, size_t size, const json_t *value)
{
    if (json_is_string(value))
        snprintf(out, size, "\"%.*s\"", shown(json_string_value(value)), json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, size, "%.10g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(out, size, "%s", json_is_true(value) ? "true" : "false");
    else
        snprintf(out, size, "%s",
                 json_is_null(value)    ? "null"
                 : json_is_array(value) ? "[...]"
                                        : "{...}");
    return out;
}

static bool check_type(checker *c, const json_t *type, const json_t *value, const char *path)
{
    char expected[160] = "";
    size_t count = json_is_array(type) ? json_array_size(type) : 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_is_array(type) ? json_array_get(type, i) : type;
        if (!json_is_string(one)) {
            bad_schema(c, path, _("type is not text"));
            return false;
        }
        if (fits_type(value, json_string_value(one)))
            return true;
        size_t n = strlen(expected);
        snprintf(expected + n, sizeof expected - n, "%s%s", n > 0 ? " or " : "",
                 json_string_value(one));
    }
    char text[128];
    problem(c, path, _("%s is of type %s, expected %s"), value_text(text, sizeof text, value),
            type_name(value), expected);
    return false;
}

static void check_enum(checker *c, const json_t *words, const json_t *value, const char *path)
{
    char all[TEXT_SIZE / 2] = "";
    size_t i = 0;
    const json_t *word = NULL;
    json_array_foreach(words, i, word)
    {
        if (json_equal(word, value))
            return;
        size_t n = strlen(all);
        if (json_is_string(word))
            snprintf(all + n, sizeof all - n, "%s%s", n > 0 ? ", " : "", json_string_value(word));
    }
    char text[128];
    problem(c, path, _("%s is not one of: %s"), value_text(text, sizeof text, value), all);
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void check_text(checker *c, const json_t *schema, const json_t *value, const char *path)
{
    const char *text = json_string_value(value);
    size_t length = characters(text);
    const json_t *limit = json_object_get(schema, "maxLength");
    if (limit != NULL && length > (size_t)json_integer_value(limit))
        problem(c, path, _("\"%.*s\" has %zu characters, at most %lld expected"), shown(text), text,
                length, (long long)json_integer_value(limit));
    limit = json_object_get(schema, "minLength");
    if (limit != NULL && length < (size_t)json_integer_value(limit))
        problem(c, path, _("\"%.*s\" has %zu characters, at least %lld expected"), shown(text),
                text, length, (long long)json_integer_value(limit));
    const json_t *pattern = json_object_get(schema, "pattern");
    if (pattern == NULL)
        return;
    regex_t compiled;
    if (!json_is_string(pattern) ||
        regcomp(&compiled, json_string_value(pattern), REG_EXTENDED | REG_NOSUB) != 0) {
        bad_schema(c, path, _("pattern is not a POSIX extended expression"));
        return;
    }
    if (regexec(&compiled, text, 0, NULL, 0) != 0)
        problem(c, path, _("\"%.*s\" does not fit the pattern %s"), shown(text), text,
                json_string_value(pattern));
    regfree(&compiled);
}

static void check_number(checker *c, const json_t *schema, const json_t *value, const char *path)
{
    double number = json_number_value(value);
    const json_t *limit = json_object_get(schema, "minimum");
    if (limit != NULL && number < json_number_value(limit))
        problem(c, path, _("%.10g is below %.10g"), number, json_number_value(limit));
    limit = json_object_get(schema, "maximum");
    if (limit != NULL && number > json_number_value(limit))
        problem(c, path, _("%.10g is above %.10g"), number, json_number_value(limit));
}

static void check_any(checker *c, const json_t *schema, const json_t *value, const char *path,
                      int depth);

/* Required names first, then names that are not allowed, each set in one problem. */
static void check_names(checker *c, const json_t *schema, const json_t *value, const char *path)
{
    const json_t *properties = json_object_get(schema, "properties");
    char names[TEXT_SIZE / 2] = "";
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(json_object_get(schema, "required"), i, name)
    {
        size_t n = strlen(names);
        if (json_object_get(value, json_string_value(name)) == NULL)
            snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "",
                     json_string_value(name));
    }
    if (names[0] != '\0')
        problem(c, path, _("required and not given: %s"), names);
    const json_t *additional = json_object_get(schema, "additionalProperties");
    if (additional == NULL || json_is_true(additional))
        return;
    names[0] = '\0';
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)value, key, member)
    {
        size_t n = strlen(names);
        if (json_object_get(properties, key) == NULL)
            snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "", key);
    }
    if (names[0] != '\0')
        problem(c, path, _("not allowed here: %s"), names);
}

static void check_object(checker *c, const json_t *schema, const json_t *value, const char *path,
                         int depth)
{
    check_names(c, schema, value, path);
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)value, key, member)
    {
        const json_t *inner = json_object_get(json_object_get(schema, "properties"), key);
        char inner_path[PATH_SIZE];
        snprintf(inner_path, sizeof inner_path, "%.400s.%.100s", path, key);
        if (inner != NULL)
            check_any(c, inner, member, inner_path, depth + 1);
    }
    json_t *needed = NULL;
    json_object_foreach(json_object_get(schema, "dependencies"), key, needed)
    {
        size_t i = 0;
        const json_t *name = NULL;
        if (json_object_get(value, key) == NULL)
            continue;
        json_array_foreach(needed, i, name)
        {
            if (json_object_get(value, json_string_value(name)) == NULL)
                problem(c, path, _("%s is given, so %s must be given too"), key,
                        json_string_value(name));
        }
    }
}

static void check_array(checker *c, const json_t *schema, const json_t *value, const char *path,
                        int depth)
{
    const json_t *inner = json_object_get(schema, "items");
    size_t i = 0;
    const json_t *member = NULL;
    json_array_foreach(value, i, member)
    {
        char inner_path[PATH_SIZE];
        snprintf(inner_path, sizeof inner_path, "%.480s.%zu", path, i);
        if (inner != NULL)
            check_any(c, inner, member, inner_path, depth + 1);
    }
}

static const json_t *resolve(checker *c, const json_t *schema, const char *path)
{
    static const char prefix[] = "#/definitions/";
    for (int hops = 0; hops < MAX_DEPTH; hops++) {
        const char *reference = json_string_value(json_object_get(schema, "$ref"));
        if (reference == NULL)
            return schema;
        if (strncmp(reference, prefix, sizeof prefix - 1) != 0)
            break;
        schema =
            json_object_get(json_object_get(c->root, "definitions"), reference + sizeof prefix - 1);
        if (schema == NULL)
            break;
    }
    bad_schema(c, path, _("$ref that leads nowhere"));
    return NULL;
}

static void check_vocabulary(checker *c, const json_t *schema, const char *path)
{
    static const char *const known[] = {
        "$schema",    "$ref",     "description", "version",      "definitions",
        "type",       "required", "items",       "enum",         "pattern",
        "properties", "minimum",  "maximum",     "minLength",    "maxLength",
        "format",     "title",    "default",     "dependencies", "additionalProperties"};
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)schema, key, member)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known && !found; i++)
            found = strcmp(key, known[i]) == 0;
        if (!found)
            bad_schema(c, path, _("uses a constraint that this reader does not know"));
    }
}

static void check_any(checker *c, const json_t *schema, const json_t *value, const char *path,
                      int depth)
{
    if (depth > MAX_DEPTH) {
        problem(c, path, _("nested deeper than %d levels"), MAX_DEPTH);
        return;
    }
    schema = resolve(c, schema, path);
    if (schema == NULL)
        return;
    check_vocabulary(c, schema, path);
    const json_t *type = json_object_get(schema, "type");
    if (type != NULL && !check_type(c, type, value, path))
        return;
    const json_t *words = json_object_get(schema, "enum");
    if (words != NULL)
        check_enum(c, words, value, path);
    if (json_is_string(value))
        check_text(c, schema, value, path);
    else if (json_is_number(value))
        check_number(c, schema, value, path);
    else if (json_is_object(value))
        check_object(c, schema, value, path, depth);
    else if (json_is_array(value))
        check_array(c, schema, value, path, depth);
}

wf_status json_schema_check(const json_t *schema, const json_t *value, const char *name,
                            const schema_sink *sink, wf_error *err)
{
    checker c = {.root = schema, .sink = sink, .status = WF_OK, .err = err};
    check_any(&c, schema, value, name, 0);
    if (c.status != WF_OK)
        return c.status;
    if (c.problems > 0)
        return wf_fail(err, WF_REFUSED, _("%zu fields do not fit"), c.problems);
    return WF_OK;
}
