/*
 * exchange/problems.h: what is to be told of rows, kept until the end of an import and told in the
 * order of files and lines. Bounded: what is beyond the limit is counted.
 */
#ifndef EXCHANGE_PROBLEMS_H
#define EXCHANGE_PROBLEMS_H

#include "exchange/import.h"

typedef struct kept_problem {
    unsigned file;
    uint64_t line;
    uint64_t number; /* order among those of one line */
    import_problem told;
} kept_problem;

typedef struct problems {
    kept_problem *kept;
    size_t count, capacity, limit;
    uint64_t beyond; /* not kept */
    arena memory;
} problems;

void problems_init(problems *p, size_t limit);
void problems_free(problems *p);
#define PROBLEM_NOT_KEPT SIZE_MAX
/* `place` and `text` are copied, what could play with a terminal escaped. Its number, or
   PROBLEM_NOT_KEPT. */
size_t problems_add(problems *p, unsigned file, uint64_t line, const char *place, const char *text,
                    bool warning);
/* Another text for a problem that was kept and not told yet. */
void problems_replace(problems *p, size_t number, const char *text);
/* Sorts them and tells each; at the end, how many there were beyond the limit. */
void problems_tell(problems *p, const import_options *options);

#endif
