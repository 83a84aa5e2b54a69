/*
 * Paths of tiles (proof/checkpoint.h): an accepted one is written the same way again.
 */
#include "fuzz.h"

#include "checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int level = 0;
    uint64_t index = 0;
    unsigned width = 0;
    char out[TILE_PATH_MAX];
    char *text = fuzz_text(data, size);
    if (tile_path_parse(&level, &index, &width, text)) {
        FUZZ_REQUIRE(level >= -1 && level <= 63 && width >= 1 && width <= TILE_WIDTH, "%s", text);
        tile_path_format(out, level, index, width);
        FUZZ_REQUIRE(strcmp(out, text) == 0, "%s became %s", text, out);
    }
    free(text);
    return 0;
}
