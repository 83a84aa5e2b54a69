/*
 * Verifier keys (proof/note.h): what is accepted is written the same way again.
 */
#include "fuzz.h"

#include <strings.h>

#include "note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    note_key key;
    char out[NOTE_VKEY_MAX];
    char *text = fuzz_text(data, size);
    if (note_key_parse(&key, text) == NULL) {
        note_vkey_format(out, sizeof out, &key);
        /* hex digits of either case are read, as by the reference implementation */
        size_t name = strcspn(text, "+");
        FUZZ_REQUIRE(strncasecmp(out + name, text + name, 10) == 0 &&
                         strncmp(out, text, name) == 0 &&
                         strcmp(out + name + 10, text + name + 10) == 0,
                     "%s became %s", text, out);
    }
    free(text);
    return 0;
}
