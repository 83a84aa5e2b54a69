/*
 * audit/declared.h: the activity periods of every site with what was declared in them: what R34
 * judges.
 *
 * Declared is what the generation rows say; where a site keeps none, what was picked up there. A
 * batch declares what came together since the one before, so its mass is spread over the usual time
 * between two batches of that site and code: a batch every third day falls two or three times in a
 * week, which is no change in what is made. A period is known when the batch after it is due.
 */
#ifndef AUDIT_DECLARED_H
#define AUDIT_DECLARED_H

#include "book/city.h"

enum { DECLARED_CLASSES = 2 }; /* 0 other waste, 1 hazardous or medical */

/* One activity period of a site with what was declared in it, by class. */
typedef struct declared_period {
    int64_t from_ms, to_ms;
    int64_t known_ms[DECLARED_CLASSES]; /* activity and batches are known, no more batch is due */
    double driver;
    double declared_g[DECLARED_CLASSES];
    site_id site;
} declared_period;

typedef struct declared_table {
    declared_period *periods; /* by site, then time */
    size_t count;
    uint32_t *first;  /* by site, site_count + 1: the first of its periods */
    uint32_t *driver; /* by site: the one that is used */
    bool *has_generation;
} declared_table;

/* Into a zeroed table; false when memory ran out. Free it either way. */
bool declared_make(declared_table *out, const city *c);
void declared_free(declared_table *t);

#endif
