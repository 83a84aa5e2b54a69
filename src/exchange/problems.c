/*
 * exchange/problems.c: see problems.h.
 */
#include "exchange/problems.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/shown.h"
#include "base/text.h"

enum { ESCAPED_TEXT = 2 * WF_ERROR_TEXT };

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

size_t problems_add(problems *p, unsigned file, uint64_t line, const char *place, const char *text,
                    bool warning)
{
    if (p->count >= p->limit ||
        !array_grow((void **)&p->kept, &p->capacity, p->count + 1, sizeof *p->kept)) {
        p->beyond++;
        return PROBLEM_NOT_KEPT;
    }
    /* one place for all readers: what a file holds must not play with the terminal */
    char shown_place[ESCAPED_TEXT];
    char shown_text[ESCAPED_TEXT];
    text_escaped(shown_place, sizeof shown_place, place);
    text_escaped(shown_text, sizeof shown_text, text);
    import_problem told = {arena_strdup(&p->memory, shown_place),
                           arena_strdup(&p->memory, shown_text), warning};
    if (told.place == NULL || told.text == NULL) {
        p->beyond++;
        return PROBLEM_NOT_KEPT;
    }
    p->kept[p->count] = (kept_problem){file, line, p->count, told};
    return p->count++;
}

void problems_replace(problems *p, size_t number, const char *text)
{
    char *copy = number < p->count ? arena_strdup(&p->memory, text) : NULL;
    if (copy != NULL)
        p->kept[number].told.text = copy;
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
