/*
 * allocator.c: stands before malloc and its kin (LD_PRELOAD), those inside the C library among them
 * (strdup, fopen).
 *
 *     CRASH_ALLOCATION=N      the Nth allocation fails
 *     CRASH_ALLOCATION=N+     the Nth and all that follow fail
 *     CRASH_ALLOCATIONS=FILE  at the end, how many there were is written there
 *
 * A child process goes on counting where its parent stood.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong passed;
static unsigned long fail_at; /* 0: none */
static bool fail_on;

__attribute__((constructor)) static void allocator_begin(void)
{
    const char *fail = getenv("CRASH_ALLOCATION");
    char *end = NULL;
    atomic_store(&passed, 0);
    if (fail != NULL) {
        fail_at = strtoul(fail, &end, 10);
        fail_on = *end == '+';
    }
}

__attribute__((destructor)) static void allocator_end(void)
{
    const char *path = getenv("CRASH_ALLOCATIONS");
    unsigned long count = atomic_load(&passed);
    int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    if (fd >= 0) {
        dprintf(fd, "%lu\n", count);
        close(fd);
    }
}

static bool refused(void)
{
    unsigned long number = atomic_fetch_add(&passed, 1) + 1;
    if (fail_at == 0 || number < fail_at || (number > fail_at && !fail_on))
        return false;
    errno = ENOMEM;
    return true;
}

#pragma GCC visibility push(default)

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return refused() ? NULL : __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, count * size);
}

void *memalign(size_t alignment, size_t size)
{
    return refused() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *memory = memalign(alignment, size);
    if (memory == NULL)
        return ENOMEM;
    *out = memory;
    return 0;
}

#pragma GCC visibility pop
