/*
 * benchmarks/hash_entries.c: the limit of verification: hashing alone, on all processors.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct slice {
    const uint8_t *data;
    const size_t *offsets;
    size_t first, last;
    pthread_t thread;
} slice;

static void *hash_slice(void *argument)
{
    slice *s = argument;
    hash h;
    for (size_t i = s->first; i < s->last; i++)
        merkle_leaf(&h, HASH_SHA256, s->data + s->offsets[i], s->offsets[i + 1] - s->offsets[i]);
    return NULL;
}

double bench_hash_entries(const uint8_t *data, const size_t *offsets, size_t count)
{
    unsigned threads = bench_processors();
    slice *slices = calloc(threads, sizeof *slices);
    WF_ASSERT(slices != NULL);
    double start = bench_seconds();
    for (unsigned i = 0; i < threads; i++) {
        slices[i] = (slice){data, offsets, count * i / threads, count * (i + 1) / threads, 0};
        WF_ASSERT(pthread_create(&slices[i].thread, NULL, hash_slice, &slices[i]) == 0);
    }
    for (unsigned i = 0; i < threads; i++)
        pthread_join(slices[i].thread, NULL);
    double seconds = bench_seconds() - start;
    free(slices);
    return seconds;
}
