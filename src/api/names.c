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
    free(n->slots);
    arena_free(&n->memory);
}

/* Where `thing` stands, or the free slot where it belongs; there is always a free one. */
static name_slot *names_slot(name_slot *slots, size_t count, uint64_t thing)
{
    uint64_t mixed = thing * 0x9E3779B97F4A7C15U;
    size_t at = (size_t)(mixed >> 32) & (count - 1);
    while (slots[at].text != NULL && slots[at].thing != thing)
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static bool names_grow(names *n)
{
    size_t count = n->slot_count == 0 ? 64 : n->slot_count * 2;
    name_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < n->slot_count; i++) {
        if (n->slots[i].text != NULL)
            *names_slot(slots, count, n->slots[i].thing) = n->slots[i];
    }
    free(n->slots);
    n->slots = slots;
    n->slot_count = count;
    return true;
}

static const char *names_known(const names *n, uint64_t thing)
{
    return n->slot_count == 0 ? NULL : names_slot(n->slots, n->slot_count, thing)->text;
}

static const char *names_remember(names *n, uint64_t thing, const char *text)
{
    if (n->status != WF_OK)
        return "";
    if (2 * (n->used + 1) > n->slot_count && !names_grow(n)) {
        n->status = wf_fail(n->err, WF_SYSTEM, _("out of memory"));
        return "";
    }
    *names_slot(n->slots, n->slot_count, thing) = (name_slot){thing, text};
    n->used++;
    return text;
}

const char *names_key(names *n, enum object_kind kind, uint32_t index)
{
    uint64_t thing = (uint64_t)kind << 32 | index;
    const char *text = "";
    if (index == BOOK_NONE || n->status != WF_OK)
        return "";
    const char *known = names_known(n, thing);
    if (known != NULL)
        return known;
    n->status = book_key_text(n->book, n->txn, kind, index, &n->memory, &text, n->err);
    return names_remember(n, thing, text);
}

const char *names_code(names *n, code_id code)
{
    uint64_t thing = (uint64_t)OBJECT_KIND_COUNT << 32 | code;
    const char *text = "";
    if (code == BOOK_NONE || n->status != WF_OK)
        return "";
    const char *known = names_known(n, thing);
    if (known != NULL)
        return known;
    n->status = book_code_text(n->book, n->txn, code, &n->memory, &text, n->err);
    return names_remember(n, thing, text);
}

const char *names_text(names *n, text_ref ref, arena *a)
{
    const char *text = "";
    if (ref == BOOK_NONE || n->status != WF_OK)
        return "";
    n->status = book_text(n->book, n->txn, ref, a, &text, n->err);
    return n->status == WF_OK ? text : "";
}
