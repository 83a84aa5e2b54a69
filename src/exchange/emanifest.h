/*
 * exchange/emanifest.h: what the parts of the e-Manifest reader share: emanifest.c has the
 * document, its handlers, signatures and events, emanifest_waste.c what one waste line holds,
 * emanifest_members.c the small readers of JSON members, emanifest_dates.c the order of signatures.
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

/* Tells what is wrong at a JSON path; all but a warning refuse the document. */
void emanifest_tell(document *d, const char *path, bool warning, const char *format, ...)
    WF_PRINTF(4, 5);
/* A text in the document's memory; "" and d->out_of_memory when there is none left. */
char *emanifest_printf(document *d, const char *format, ...) WF_PRINTF(2, 3);
/* Members of JSON objects; NULL when absent or empty. */
const char *emanifest_text(const json_t *object, const char *name);
const char *emanifest_code(const json_t *object, const char *name); /* its member "code" */
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
