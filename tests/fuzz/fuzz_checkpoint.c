/*
 * The text of checkpoints (proof/checkpoint.h), which comes out of a note: its three lines are
 * written the same way again.
 */
#include "fuzz.h"

#include "checkpoint.h"
#include "note_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    checkpoint c;
    char out[NOTE_NAME_MAX + 128];
    if (note_text_check((const char *)data, size) != NULL ||
        checkpoint_parse(&c, (const char *)data, size) != NULL)
        return 0;
    size_t written = checkpoint_format(out, sizeof out, &c);
    FUZZ_REQUIRE(written > 0 && written <= size && memcmp(out, data, written) == 0,
                 "its lines became %.*s", (int)written, out);
    return 0;
}
