/*
 * exchange/emanifest.h: what the parts of the e-Manifest reader share: emanifest.c has files and
 * documents, whole or not at all; emanifest_document.c reads one, emanifest_dates.c its dates,
 * emanifest_records.c makes its records, emanifest_waste.c what one waste line holds of them;
 * emanifest_members.c has the small readers of JSON members.
 */
#ifndef EXCHANGE_EMANIFEST_H
#define EXCHANGE_EMANIFEST_H

#include <jansson.h>

#include "exchange/statements.h"

enum { HANDLERS_MAX = 64, LINES_MAX = 200, LINE_ATTRIBUTES_MAX = 48 };

typedef struct handler {
    const char *id; /* EPA id, or "name" when it has none */
    const char *name;
    uint32_t roles;
    uint32_t kind; /* of its site, 0: no site (a transporter's office) */
    const char *district;
    const char *path;
} handler;

typedef struct signature {
    const char *signer; /* NULL: not signed */
    int64_t at_ms;      /* TIME_NONE: not dated */
} signature;

typedef struct document {
    const json_t *root;
    const char *file;
    const char *number; /* the MTN, or a name made of the contents */
    handler handlers[HANDLERS_MAX];
    size_t handler_count;
    signature by_generator, by_facility;
    signature by_transporter[HANDLERS_MAX];
    size_t transporter_count;
    int64_t filed_ms;
    arena *memory;
    bool out_of_memory; /* some text was not kept: the document must not enter */
    statements *out;
    unsigned out_file;
    ledger *ledger;
    book *book;
    uint64_t problems;
} document;

typedef struct line {
    const json_t *waste;
    char path[64]; /* "Emanifest.wastes.0" */
    Wufei__Manifest manifest;
    Wufei__Attribute attributes[LINE_ATTRIBUTES_MAX];
    Wufei__Attribute *pointers[LINE_ATTRIBUTES_MAX];
} line;

/* Number, handlers, signatures and lines of d->root into *d, `bytes` being the whole document.
   False: problems were told that refuse it. */
bool emanifest_read(document *d, span bytes);
/* Hands the records of a document that was read to d->out. */
wf_status emanifest_write(document *d, wf_error *err);

/* How a handler is named in records: its EPA id, or its name when it has none. */
const char *emanifest_handler_id(const json_t *site);
/* What the facility's signature says. */
uint32_t emanifest_facility_event(const document *d);
/* Sets d->filed_ms: the shipping date, else the creation date, else the earliest signature; an
   undated document keeps the time at which it was first imported. */
wf_status emanifest_filing_time(document *d, wf_error *err);

/* Tells what is wrong at a JSON path; all but a warning refuse the document. */
void emanifest_tell(document *d, const char *path, bool warning, const char *format, ...)
    WF_PRINTF(4, 5);
/* A text in the document's memory; "" and d->out_of_memory when there is none left. */
char *emanifest_printf(document *d, const char *format, ...) WF_PRINTF(2, 3);
/* Members of JSON objects; NULL when absent or empty. */
const char *emanifest_text(const json_t *object, const char *name);
const char *emanifest_code(const json_t *object, const char *name); /* its member "code" */
/* The manifest of a waste line: "MTN/1". */
const char *emanifest_line_id(document *d, const json_t *waste);
/* TIME_NONE when absent; a malformed date is told. `path` is that of the object. */
int64_t emanifest_date(document *d, const json_t *object, const char *name, const char *path);
/* Keeps a text as an attribute of the line's manifest; nothing when it is NULL or empty. `member`
   is where it stands below the line ("wasteDescription"), or NULL when it is made of several. */
void emanifest_attribute(document *d, line *l, const char *member, const char *name,
                         const char *value);
/* Tells signatures whose time is odd; d->filed_ms is known. */
void emanifest_signature_times(document *d);
/* Code, stream, quantity and attributes of the waste line into l->manifest. */
void emanifest_waste(document *d, line *l);

#endif
