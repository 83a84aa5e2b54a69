/*
 * api/names.c: texts of the registry by id; see api.h.
 */
#include <stdlib.h>

#include "api/api.h"

void names_init(names *n, book *b, store_txn *txn, wf_error *err)
{
    *n = (names){.book = b, .txn = txn, .err = err, .status = WF_OK};
    arena_init(&n->memory, 0);
}

void names_free(names *n)
{
    for (int kind = 0; kind < OBJECT_KIND_COUNT; kind++)
        free(n->of[kind]);
    free(n->codes);
    arena_free(&n->memory);
}

/* Remembers a text that was read: only then is the index known to be one of a row, and no reason to
   ask for memory without end. */
static const char *names_remember(names *n, const char ***array, size_t *capacity, uint32_t index,
                                  const char *text)
{
    size_t old = *capacity;
    if (n->status != WF_OK)
        return "";
    if (!array_grow((void **)array, capacity, (size_t)index + 1, sizeof **array)) {
        n->status = wf_fail(n->err, WF_SYSTEM, _("out of memory"));
        return "";
    }
    for (size_t i = old; i < *capacity; i++)
        (*array)[i] = NULL;
    (*array)[index] = text;
    return text;
}

const char *names_key(names *n, enum object_kind kind, uint32_t index)
{
    const char *text = "";
    if (index == BOOK_NONE || n->status != WF_OK)
        return "";
    if (index < n->capacity[kind] && n->of[kind][index] != NULL)
        return n->of[kind][index];
    n->status = book_key_text(n->book, n->txn, kind, index, &n->memory, &text, n->err);
    return names_remember(n, &n->of[kind], &n->capacity[kind], index, text);
}

const char *names_code(names *n, code_id code)
{
    const char *text = "";
    if (code == BOOK_NONE || n->status != WF_OK)
        return "";
    if (code < n->code_capacity && n->codes[code] != NULL)
        return n->codes[code];
    n->status = book_code_text(n->book, n->txn, code, &n->memory, &text, n->err);
    return names_remember(n, &n->codes, &n->code_capacity, code, text);
}

const char *names_text(names *n, text_ref ref, arena *a)
{
    const char *text = "";
    if (ref == BOOK_NONE || n->status != WF_OK)
        return "";
    n->status = book_text(n->book, n->txn, ref, a, &text, n->err);
    return n->status == WF_OK ? text : "";
}
