/*
 * tests/fuzz/fuzz.h: what the fuzz targets share. Each fuzz_NAME.c has one function of this name;
 * libFuzzer calls it in the long form (tests/fuzz/run), replay.c in the tests.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold of every input. Not WF_ASSERT: the finding is the input's, and says so. */
#define FUZZ_REQUIRE(condition, ...)                                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s does not hold: ", __FILE__, __LINE__, #condition);          \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input as a file: a path to it, good until fuzz_file_close. */
typedef struct fuzz_file {
    int descriptor;
    char path[32];
} fuzz_file;

void fuzz_file_open(fuzz_file *out, const uint8_t *data, size_t size);
void fuzz_file_close(fuzz_file *f);
/* The input as text: on the heap, with a zero behind it. */
char *fuzz_text(const uint8_t *data, size_t size);

#endif
