/*
 * base/memory.c: see memory.h.
 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    arena_block *next;
    size_t size;
    _Alignas(16) uint8_t data[];
};

enum { DEFAULT_BLOCK = 64 * 1024, ALIGNMENT = 16 };

span span_text(const char *text)
{
    return span_of(text, strlen(text));
}

bool span_equal(span a, span b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

void arena_init(arena *a, size_t block_size)
{
    *a = (arena){.block_size = block_size != 0 ? block_size : DEFAULT_BLOCK};
}

void arena_reset(arena *a)
{
    if (a->head == NULL)
        return;
    arena_block *rest = a->head->next;
    while (rest != NULL) {
        arena_block *next = rest->next;
        free(rest);
        rest = next;
    }
    a->head->next = NULL;
    a->used = 0;
    a->total = a->head->size;
}

void arena_free(arena *a)
{
    for (arena_block *b = a->head; b != NULL;) {
        arena_block *next = b->next;
        free(b);
        b = next;
    }
    a->head = NULL;
    a->used = 0;
    a->total = 0;
}

void *arena_alloc_raw(arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (a->head == NULL || a->head->size - a->used < rounded) {
        size_t block = a->block_size != 0 ? a->block_size : DEFAULT_BLOCK;
        if (block < rounded)
            block = rounded;
        if (block > SIZE_MAX - sizeof(arena_block))
            return NULL;
        arena_block *fresh = malloc(sizeof *fresh + block);
        if (fresh == NULL)
            return NULL;
        fresh->next = a->head;
        fresh->size = block;
        a->head = fresh;
        a->used = 0;
        a->total += block;
    }
    void *result = a->head->data + a->used;
    a->used += rounded;
    return result;
}

void *arena_alloc(arena *a, size_t size)
{
    void *result = arena_alloc_raw(a, size);
    if (result != NULL)
        memset(result, 0, size);
    return result;
}

void *arena_copy(arena *a, const void *data, size_t size)
{
    void *result = arena_alloc_raw(a, size);
    if (result != NULL && size > 0)
        memcpy(result, data, size);
    return result;
}

char *arena_strndup(arena *a, const char *text, size_t size)
{
    char *result = arena_alloc_raw(a, size + 1);
    if (result == NULL)
        return NULL;
    memcpy(result, text, size);
    result[size] = '\0';
    return result;
}

char *arena_strdup(arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_printf(arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        return NULL;
    char *result = arena_alloc_raw(a, (size_t)size + 1);
    if (result == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(result, (size_t)size + 1, format, args);
    va_end(args);
    return result;
}

bool buffer_reserve(buffer *b, size_t extra)
{
    if (b->failed || extra > SIZE_MAX / 2 - b->size) {
        b->failed = true;
        return false;
    }
    size_t need = b->size + extra;
    if (need <= b->capacity)
        return true;
    size_t capacity = b->capacity != 0 ? b->capacity : 256;
    while (capacity < need)
        capacity *= 2;
    uint8_t *data = realloc(b->data, capacity);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void buffer_append(buffer *b, const void *data, size_t size)
{
    if (size > 0 && buffer_reserve(b, size)) {
        memcpy(b->data + b->size, data, size);
        b->size += size;
    }
}

void buffer_append_text(buffer *b, const char *text)
{
    buffer_append(b, text, strlen(text));
}

void buffer_append_byte(buffer *b, uint8_t byte)
{
    buffer_append(b, &byte, 1);
}

void buffer_printf(buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0 || !buffer_reserve(b, (size_t)size + 1)) {
        b->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf((char *)b->data + b->size, (size_t)size + 1, format, args);
    va_end(args);
    b->size += (size_t)size;
}

void buffer_clear(buffer *b)
{
    b->size = 0;
    b->failed = false;
}

void buffer_free(buffer *b)
{
    free(b->data);
    *b = (buffer){0};
}

bool array_grow(void **array, size_t *capacity, size_t need, size_t element)
{
    if (need <= *capacity)
        return true;
    size_t grown = *capacity != 0 ? *capacity : 16;
    while (grown < need) {
        if (grown > SIZE_MAX / 2)
            return false;
        grown *= 2;
    }
    WF_ASSERT(element > 0);
    if (grown > SIZE_MAX / element)
        return false;
    void *data = realloc(*array, grown * element);
    if (data == NULL)
        return false;
    *array = data;
    *capacity = grown;
    return true;
}
