/*
 * Map files (exchange/map.h): a refusal names the file; what is accepted has its sections.
 */
#include "fuzz.h"

#include "exchange/map.h"

static const char *cell(void *ctx, const char *column)
{
    (void)ctx;
    return column[0] == 'a' ? "12.5" : column[0] == 'b' ? "2026-03-01 08:30" : NULL;
}

static bool has_lookup(void *ctx, const char *name)
{
    (void)ctx;
    return name[0] == 'a';
}

static const char *lookup(void *ctx, const char *name, const char *key)
{
    (void)ctx;
    (void)name;
    return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file file;
    wf_error err = {0};
    arena memory;
    map *m = NULL;
    buffer out = {0};
    const map_row row = {NULL, cell, has_lookup, lookup};
    arena_init(&memory, 0);
    fuzz_file_open(&file, data, size);
    wf_status status = map_read(&m, &memory, file.path, &err);
    FUZZ_REQUIRE(status == WF_OK || strncmp(err.text, file.path, strlen(file.path)) == 0,
                 "the refusal does not name the file: %s", err.text);
    for (size_t i = 0; status == WF_OK && i < m->section_count; i++) {
        const map_section *s = &m->sections[i];
        FUZZ_REQUIRE(s->key_count <= MAP_KEYS_MAX && s->line > 0, "section %zu", i);
        for (size_t k = 0; k < s->key_count; k++) {
            wf_status templ = map_template(&out, s->keys[k].value, &row, &err);
            FUZZ_REQUIRE(templ == WF_OK || templ == WF_REFUSED || templ == WF_USAGE, "%s: %s",
                         s->keys[k].value, err.text);
        }
    }
    buffer_free(&out);
    fuzz_file_close(&file);
    arena_free(&memory);
    return 0;
}
