/*
 * exchange/json_schema.h: checks a JSON value against a JSON Schema (draft 4), as far as the
 * schemas of the documents that we read use it: $ref to "#/definitions/...", type (one or several),
 * properties, required, additionalProperties, items, enum, pattern (POSIX extended), minimum,
 * maximum, minLength, maxLength (characters, not bytes), dependencies. A schema with any other
 * constraint is refused, so that no check is skipped in silence. `format` is a comment in draft 4:
 * readers check dates where they use them.
 */
#ifndef EXCHANGE_JSON_SCHEMA_H
#define EXCHANGE_JSON_SCHEMA_H

#include <jansson.h>

#include "base/status.h"

typedef struct schema_sink {
    /* path: "Emanifest.wastes.0.quantity"; text: what is wrong, with the value and what was
     * expected */
    void (*problem)(void *ctx, const char *path, const char *text);
    void *ctx;
} schema_sink;

/* WF_OK when `value` fits, WF_REFUSED when problems were reported (all of them), WF_SYSTEM when the
   schema itself uses what is not known here. `name` is the first step of every path. */
wf_status json_schema_check(const json_t *schema, const json_t *value, const char *name,
                            const schema_sink *sink, wf_error *err);

#endif
