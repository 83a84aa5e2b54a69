/*
 * base/memory.h: arenas, byte spans and growing buffers.
 *
 * The memory of one job lives in one arena and dies with it. Allocation failure of small,
 * bounded allocations is reported (NULL), never ignored: callers return WF_SYSTEM.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A borrowed run of bytes; never owns. */
typedef struct span {
    const uint8_t *data;
    size_t size;
} span;

static inline span span_of(const void *data, size_t size)
{
    return (span){(const uint8_t *)data, size};
}
span span_text(const char *text); /* without the terminating zero */
bool span_equal(span a, span b);

typedef struct arena_block arena_block;
typedef struct arena {
    arena_block *head; /* the block being filled; older ones behind it */
    size_t used;       /* bytes used of head */
    size_t block_size; /* size of a new block */
    size_t total;      /* bytes held by all blocks */
} arena;

void arena_init(arena *a, size_t block_size); /* 0: 64 KiB */
void arena_reset(arena *a);                   /* keeps one block, forgets all contents */
void arena_free(arena *a);
void *arena_alloc(arena *a, size_t size);     /* 16-byte aligned, zeroed; NULL when out of memory */
void *arena_alloc_raw(arena *a, size_t size); /* the same, not zeroed */
void *arena_copy(arena *a, const void *data, size_t size);
char *arena_strdup(arena *a, const char *text);
char *arena_strndup(arena *a, const char *text, size_t size);
char *arena_printf(arena *a, const char *format, ...) WF_PRINTF(2, 3);

/* A growing byte buffer on the heap. Starts as {0}. */
typedef struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed; /* an allocation failed: contents are incomplete, check before use */
} buffer;

bool buffer_reserve(buffer *b, size_t extra);
void buffer_append(buffer *b, const void *data, size_t size);
void buffer_append_text(buffer *b, const char *text);
void buffer_append_byte(buffer *b, uint8_t byte);
void buffer_printf(buffer *b, const char *format, ...) WF_PRINTF(2, 3);
void buffer_clear(buffer *b);
void buffer_free(buffer *b);

/* Grows an array of `*capacity` elements of `element` bytes to hold at least `need`; true on
   success. Usage: if (!array_grow((void **)&v, &cap, n + 1, sizeof *v)) return wf_fail(...) */
bool array_grow(void **array, size_t *capacity, size_t need, size_t element);

#endif
