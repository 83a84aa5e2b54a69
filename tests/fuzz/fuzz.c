/*
 * tests/fuzz/fuzz.c: see fuzz.h.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

void fuzz_file_open(fuzz_file *out, const uint8_t *data, size_t size)
{
    out->descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(out->descriptor >= 0, "no file in memory");
    FUZZ_REQUIRE(write(out->descriptor, data, size) == (ssize_t)size, "%zu bytes", size);
    snprintf(out->path, sizeof out->path, "/proc/self/fd/%d", out->descriptor);
}

void fuzz_file_close(fuzz_file *f)
{
    close(f->descriptor);
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_REQUIRE(text != NULL, "out of memory");
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}
