/*
 * exchange/map_file.c: reading a map file (map.h has the format).
 */
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "exchange/map.h"

typedef struct reading {
    map *m;
    arena *memory;
    char section[256]; /* header text of the section being read */
    FILE *file;
    int line; /* of the line that was read last: Debian's libinih does not tell its handler */
    wf_error error;
} reading;

static char *read_line(char *out, int size, void *user)
{
    reading *r = user;
    r->line++;
    return fgets(out, size, r->file);
}

static bool is_csv(const char *word)
{
    size_t n = strlen(word);
    return n > 4 && strcmp(word + n - 4, ".csv") == 0;
}

/* Splits a header into the words that say what it is. */
static wf_status section_begin(reading *r, const char *header, int line)
{
    map_section *s = &r->m->sections[r->m->section_count];
    if (r->m->section_count == MAP_SECTIONS_MAX)
        return wf_fail(&r->error, WF_USAGE, _("%s:%d: more than %d sections"), r->m->path, line,
                       MAP_SECTIONS_MAX);
    char first[256];
    char second[64] = "";
    if (sscanf(header, "%255s %63s", first, second) < 2)
        return wf_fail(&r->error, WF_USAGE,
                       _("%s:%d: section [%s]; expected [lookup NAME], [FILE.csv check], "
                         "[FILE.csv BUNDLEFILE LABEL] or [constant BUNDLEFILE LABEL]"),
                       r->m->path, line, header);
    *s = (map_section){.line = line};
    s->target = arena_strdup(r->memory, second);
    if (strcmp(first, "lookup") == 0) {
        s->kind = MAP_LOOKUP;
    } else if (strcmp(first, "constant") == 0) {
        s->kind = MAP_CONSTANT;
    } else if (is_csv(first)) {
        s->kind = strcmp(second, "check") == 0 ? MAP_CHECK : MAP_RECORD;
        s->file = arena_strdup(r->memory, first);
    } else {
        return wf_fail(&r->error, WF_USAGE,
                       _("%s:%d: section [%s] begins with \"%s\"; expected lookup, constant or the "
                         "name of a .csv file"),
                       r->m->path, line, header, first);
    }
    r->m->section_count++;
    return WF_OK;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    reading *r = user;
    int line = r->line;
    if (r->error.status != WF_OK)
        return 1;
    if (r->m->section_count == 0 || strcmp(section, r->section) != 0) {
        if (section_begin(r, section, line) != WF_OK)
            return 1;
        snprintf(r->section, sizeof r->section, "%s", section);
    }
    map_section *s = &r->m->sections[r->m->section_count - 1];
    if (s->key_count == MAP_KEYS_MAX) {
        wf_fail(&r->error, WF_USAGE, _("%s:%d: more than %d lines in section [%s]"), r->m->path,
                line, MAP_KEYS_MAX, section);
        return 1;
    }
    s->keys[s->key_count++] =
        (map_key){arena_strdup(r->memory, name), arena_strdup(r->memory, value), line};
    return 1;
}

const char *map_section_value(const map_section *s, const char *name)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (strcmp(s->keys[i].name, name) == 0)
            return s->keys[i].value;
    return NULL;
}

static wf_status sections_check(const map *m, wf_error *err)
{
    bool records = false;
    for (size_t i = 0; i < m->section_count; i++) {
        const map_section *s = &m->sections[i];
        records = records || s->kind == MAP_RECORD;
        if (s->kind != MAP_LOOKUP)
            continue;
        static const char *const needed[] = {"file", "key", "value"};
        for (size_t k = 0; k < 3; k++)
            if (map_section_value(s, needed[k]) == NULL)
                return wf_fail(err, WF_USAGE, _("%s:%d: [lookup %s] has no line \"%s = ...\""),
                               m->path, s->line, s->target, needed[k]);
    }
    if (!records)
        return wf_fail(err, WF_USAGE,
                       _("%s: no section [FILE.csv BUNDLEFILE LABEL], so no row would be made"),
                       m->path);
    return WF_OK;
}

wf_status map_read(map **out, arena *memory, const char *path, wf_error *err)
{
    map *m = arena_alloc(memory, sizeof *m);
    if (m == NULL)
        return wf_fail(err, WF_SYSTEM, "out of memory");
    m->path = arena_strdup(memory, path);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        wf_fail_errno(err, _("map file %s"), path);
        err->status = WF_USAGE;
        return WF_USAGE;
    }
    reading r = {.m = m, .memory = memory, .file = file};
    int line = ini_parse_stream(read_line, &r, on_key, &r);
    fclose(file);
    if (r.error.status != WF_OK)
        return wf_fail(err, r.error.status, "%s", r.error.text);
    if (line != 0)
        return wf_fail(err, WF_USAGE,
                       _("%s:%d: not an INI line; expected [section] or name = value"), path, line);
    *out = m;
    return sections_check(m, err);
}
