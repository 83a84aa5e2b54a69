/*
 * exchange/problems.c: see problems.h.
 */
#include "exchange/problems.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"

void problems_init(problems *p, size_t limit)
{
    *p = (problems){.limit = limit};
    arena_init(&p->memory, 0);
}

void problems_free(problems *p)
{
    free(p->kept);
    arena_free(&p->memory);
    *p = (problems){0};
}

void problems_add(problems *p, unsigned file, uint64_t line, const char *place, const char *text,
                  bool warning)
{
    if (p->count >= p->limit ||
        !array_grow((void **)&p->kept, &p->capacity, p->count + 1, sizeof *p->kept)) {
        p->beyond++;
        return;
    }
    import_problem told = {arena_strdup(&p->memory, place), arena_strdup(&p->memory, text),
                           warning};
    if (told.place == NULL || told.text == NULL) {
        p->beyond++;
        return;
    }
    p->kept[p->count] = (kept_problem){file, line, p->count, told};
    p->count++;
}

static int compare(const void *one, const void *other)
{
    const kept_problem *a = one;
    const kept_problem *b = other;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

void problems_tell(problems *p, const import_options *options)
{
    if (options->problem == NULL)
        return;
    if (p->count > 1)
        qsort(p->kept, p->count, sizeof *p->kept, compare);
    for (size_t i = 0; i < p->count; i++)
        options->problem(options->ctx, &p->kept[i].told);
    if (p->beyond > 0) {
        char *text = arena_printf(
            &p->memory, _("%" PRIu64 " more problems are counted, but not listed"), p->beyond);
        options->problem(options->ctx, &(import_problem){"...", text != NULL ? text : "", true});
    }
}
