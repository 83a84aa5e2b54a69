/*
 * api/trace.h: the movements of mass of a whole city in the order of their time (trace_line.c), and
 * following some of it up or down (trace_walk.c).
 */
#ifndef API_TRACE_H
#define API_TRACE_H

#include "api/api.h"

enum trace_what {
    TRACE_GENERATED, /* into a stock */
    TRACE_RECEIVED,
    TRACE_RETURNED,
    TRACE_TREATED, /* out of a stock; its outputs follow directly */
    TRACE_MADE,
    TRACE_PRODUCT,     /* left the books as product, leachate or water */
    TRACE_PICKED_UP,   /* out of a stock */
    TRACE_FOUND,       /* a stock take found more than the book held */
    TRACE_MISSING,     /* or less */
    TRACE_UNACCOUNTED, /* from here on only in answers: lost on the way */
    TRACE_IN_TRANSIT,
    TRACE_ON_SITE,
    TRACE_DESTROYED, /* treated, with no output stated for this part */
    TRACE_NO_SOURCE, /* left a stock that held nothing */
    TRACE_WHAT_COUNT
};
const char *trace_what_name(enum trace_what what);

#define TRACE_NONE UINT32_MAX

typedef struct trace_flow {
    int64_t time_ms;
    uint64_t seq;
    double mass_g;
    double stock_after_g; /* of the place, after this flow */
    double implied_g;     /* of a pick-up: what arose at it, where no stock is kept */
    uint32_t place;       /* a site and code; index into places */
    uint32_t object;      /* manifest, generation or stock take; first row of a treatment */
    uint32_t ordinal;     /* keeps what the sort must not tear apart in order */
    uint8_t what;
} trace_flow;

typedef struct trace_place {
    site_id site;
    code_id code;
} trace_place;

typedef struct trace_line {
    const city *city;
    trace_flow *flows;
    size_t count, capacity;
    trace_place *places;
    size_t place_count, place_capacity;
    double *stocks; /* by place, at the end */
    bool failed;    /* memory ran out while it was made */
} trace_line;

wf_status trace_line_make(trace_line *out, const city *c, wf_error *err);
void trace_line_free(trace_line *line);

typedef struct trace_hop {
    bool down;
    uint32_t depth;
    const trace_flow *flow; /* NULL for what is left at the end */
    enum trace_what what;
    uint32_t place, manifest; /* TRACE_NONE, BOOK_NONE: of none */
    double mass_g, whole_g;   /* the traced part, of how much */
} trace_hop;

/* Hops below a thousandth of the traced mass are followed but not listed; their sum is told. */
typedef struct trace_found {
    trace_hop *hops; /* on the heap */
    size_t count, capacity;
    double smaller_g;
    uint64_t smaller;
    bool failed; /* memory ran out */
} trace_found;

/* Follows the object `start` of a kind (a manifest, a site, a generation batch, the first row of a
   treatment) down or up and adds what is found. */
void trace_walk(trace_found *found, const trace_line *line, enum object_kind kind, uint32_t start,
                bool down);

#endif
