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

/* The cache's slot of an index, grown to reach it; NULL when memory ran out. */
static const char **names_slot(names *n, const char ***array, size_t *capacity, uint32_t index)
{
    size_t old = *capacity;
    if (!array_grow((void **)array, capacity, (size_t)index + 1, sizeof **array)) {
        n->status = wf_fail(n->err, WF_SYSTEM, _("out of memory"));
        return NULL;
    }
    for (size_t i = old; i < *capacity; i++)
        (*array)[i] = NULL;
    return &(*array)[index];
}

const char *names_key(names *n, enum object_kind kind, uint32_t index)
{
    if (index == BOOK_NONE || n->status != WF_OK)
        return "";
    const char **slot = names_slot(n, &n->of[kind], &n->capacity[kind], index);
    if (slot == NULL)
        return "";
    if (*slot == NULL) {
        n->status = book_key_text(n->book, n->txn, kind, index, &n->memory, slot, n->err);
        if (n->status != WF_OK) {
            *slot = NULL;
            return "";
        }
    }
    return *slot;
}

const char *names_code(names *n, code_id code)
{
    if (code == BOOK_NONE || n->status != WF_OK)
        return "";
    const char **slot = names_slot(n, &n->codes, &n->code_capacity, code);
    if (slot == NULL)
        return "";
    if (*slot == NULL) {
        n->status = book_code_text(n->book, n->txn, code, &n->memory, slot, n->err);
        if (n->status != WF_OK) {
            *slot = NULL;
            return "";
        }
    }
    return *slot;
}

const char *names_text(names *n, text_ref ref, arena *a)
{
    const char *text = "";
    if (ref == BOOK_NONE || n->status != WF_OK)
        return "";
    n->status = book_text(n->book, n->txn, ref, a, &text, n->err);
    return n->status == WF_OK ? text : "";
}
