/*
 * model/columns.h: the table behind every record: for each kind its bundle file, its protobuf
 * message and, column by column, the name in the bundle, the place in the struct and the rule of
 * its values.
 *
 * Reading a CSV cell, checking a record and showing it as JSON are all driven by this one table, so
 * a column that joins the bundle joins here and in proto/record.proto and nowhere else.
 */
#ifndef MODEL_COLUMNS_H
#define MODEL_COLUMNS_H

#include "model/record.h"
#include "model/vocabulary.h"

enum column_type {
    COLUMN_ID,         /* char *: 1 to TEXT_ID_MAX bytes of UTF-8 without control characters */
    COLUMN_TEXT,       /* char *: 1 to TEXT_MAX bytes of UTF-8; tabs and line ends are fine */
    COLUMN_IDS,        /* size_t and char **: at most LIST_MAX ids; joined by '|' in the bundle */
    COLUMN_TIME,       /* int64_t ms, years 1900 to 2199; RFC 3339 */
    COLUMN_DATE,       /* int32_t days; "2026-03-01" */
    COLUMN_MASS,       /* int64_t g, 0 to MASS_MAX_G; kilograms, at most three decimals */
    COLUMN_QUANTITY,   /* int64_t millionths, not negative; decimal, rounded to six decimals */
    COLUMN_LAT,        /* int32_t 1e-7 degrees; decimal degrees */
    COLUMN_LON,        /* the same */
    COLUMN_RADIUS,     /* uint32_t mm, at most RADIUS_MAX_MM; metres, rounded to mm */
    COLUMN_SHARE,      /* uint32_t millionths of one, at most SHARE_MAX_PPM; decimal, rounded */
    COLUMN_WORD,       /* uint32_t: a word of `words` */
    COLUMN_ROLES,      /* uint32_t: a set of the words of `words`, joined by '|' */
    COLUMN_FLAG,       /* bool; 0 or 1. An optional flag is given only when it is true */
    COLUMN_ATTRIBUTES, /* size_t and Wufei__Attribute **; not a cell */
    COLUMN_FIXES       /* the packed fixes of a track; not a cell */
};

enum { LIST_MAX = 2000, RADIUS_MAX_MM = 1000000000, SHARE_MAX_PPM = 100000000 };

typedef enum column_use {
    COLUMN_REQUIRED, /* bold in bundle.md */
    COLUMN_OPTIONAL,
    COLUMN_BEYOND /* optional, and not in the bundle: other systems' documents carry it */
} column_use;

typedef struct column {
    const char *name; /* in the bundle and in JSON */
    enum column_type type;
    column_use use;
    uint16_t offset;     /* of the value in the message struct; of the pointer for lists */
    uint16_t has_offset; /* of has_x of an optional scalar, or n_x of a list; 0: none */
    const vocabulary *words;
} column;

typedef struct record_kind {
    Wufei__Record__BodyCase body;
    const char *file; /* "manifests" */
    const ProtobufCMessageDescriptor *message;
    const column *columns;
    size_t column_count;
    const char *id_column; /* what an error about the whole row points at */
    bool has_text_id; /* the id column alone is the record's id (a treatment adds its output) */
    bool registry;    /* loaded first; no time of its own */
} record_kind;

enum { RECORD_KINDS = 17 }; /* body cases 1 to 17 */

/* The kind of a body case, NULL when there is none such. */
const record_kind *record_kind_of(Wufei__Record__BodyCase body);
/* The kind whose bundle file this is ("manifests"), NULL when there is none. */
const record_kind *record_kind_of_file(const char *file, size_t size);
/* The column of a kind, NULL when it has none of this name. */
const column *record_kind_column(const record_kind *kind, const char *name, size_t size);

/* Sets the column's field of `message` from the text of a cell. Texts are borrowed: `text` is
   zero-terminated and must live as long as the message; lists are kept in the arena. A cell of a
   COLUMN_IDS is cut in place. WF_REFUSED with what is wrong and what was expected, without the
   column's name. */
wf_status column_parse(const column *c, void *message, char *text, size_t size, arena *a,
                       wf_error *err);

/* True when the field holds a value (always for a required scalar). */
bool column_given(const column *c, const void *message);

/* The value's place in the message struct. */
static inline const void *column_at(const column *c, const void *message)
{
    return (const char *)message + c->offset;
}

#endif
