/*
 * book/strings.c: texts and waste codes as dense numbers, in order of first use.
 *
 * Numbers are given out only when a record is certain to be entered: a number that a refused record
 * had used up would be missing when the book is derived again from the log.
 */
#include <string.h>

#include "book/internal.h"

/* The number of a text in a table of texts; *found tells. */
static wf_status text_find(apply_context *x, text_map *map, enum book_table ids, span text,
                           bool *found, uint32_t *out)
{
    *found = text_map_get(map, text, out);
    if (*found)
        return WF_OK;
    span value = {0};
    BOOK_TRY(store_get(x->txn, book_table_number(ids), text, &value, x->err));
    if (value.data == NULL)
        return WF_OK;
    if (value.size != 4)
        return book_row_broken(ids, x->err);
    *found = true;
    *out = u32_key(value.data);
    text_map_put(map, text, *out);
    return WF_OK;
}

static wf_status text_add(apply_context *x, text_map *map, enum book_table texts,
                          enum book_table ids, span text, uint32_t *out)
{
    uint8_t key[4];
    uint32_t id = x->b->counts[texts];
    if (id == BOOK_NONE)
        return wf_fail(x->err, WF_SYSTEM, _("the table %s is full"), book_shapes[texts].name);
    key_u32(key, id);
    BOOK_TRY(
        store_put(x->txn, book_table_number(texts), span_of(key, sizeof key), text, true, x->err));
    if (text.size <= INTERN_MAX) {
        BOOK_TRY(store_put(x->txn, book_table_number(ids), text, span_of(key, sizeof key), false,
                           x->err));
        text_map_put(map, text, id);
    }
    x->b->counts[texts] = id + 1;
    *out = id;
    return WF_OK;
}

static wf_status intern_bytes(apply_context *x, span text, text_ref *out)
{
    enum { STRING_MAP_MAX = 50000 };
    *out = BOOK_NONE;
    if (text.size == 0)
        return WF_OK;
    bool found = false;
    text_map *map = &x->b->strings;
    if (map->count >= STRING_MAP_MAX)
        text_map_clear(map);
    if (text.size <= INTERN_MAX)
        BOOK_TRY(text_find(x, map, BOOK_STRING_IDS, text, &found, out));
    return found ? WF_OK : text_add(x, map, BOOK_STRINGS, BOOK_STRING_IDS, text, out);
}

wf_status string_intern(apply_context *x, const char *text, text_ref *out)
{
    return intern_bytes(x, text != NULL ? span_text(text) : span_of(NULL, 0), out);
}

wf_status string_intern_list(apply_context *x, char *const *items, size_t count, text_ref *out)
{
    buffer joined = {0};
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_byte(&joined, '|');
        buffer_append_text(&joined, items[i]);
    }
    wf_status status = joined.failed ? cache_no_memory(x->err)
                                     : intern_bytes(x, span_of(joined.data, joined.size), out);
    buffer_free(&joined);
    return status;
}

wf_status code_find(apply_context *x, const char *code, code_id *out)
{
    bool found = false;
    *out = BOOK_NONE;
    BOOK_TRY(text_find(x, &x->b->codes, BOOK_CODE_IDS, span_text(code), &found, out));
    if (!found)
        *out = BOOK_NONE;
    return WF_OK;
}

wf_status code_intern(apply_context *x, const char *code, code_id *out)
{
    enum { CODE_MAP_MAX = 50000 };
    if (x->b->codes.count >= CODE_MAP_MAX)
        text_map_clear(&x->b->codes);
    BOOK_TRY(code_find(x, code, out));
    if (*out != BOOK_NONE)
        return WF_OK;
    return text_add(x, &x->b->codes, BOOK_CODES, BOOK_CODE_IDS, span_text(code), out);
}
