/*
 * exchange/map_file.c: reading a map file (map.h has the format).
 */
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "exchange/map.h"

/* Debian's libinih does not tell its handler the line, cuts section names at 49 bytes without a
   word, and takes the rest of a long line for a line of its own: so lines and headers are noted
   here. */
typedef struct reading {
    map *m;
    arena *memory;
    char header[MAP_LINE_MAX]; /* text of the last header */
    int header_line;
    int section_line; /* the header of the section being filled */
    FILE *file;
    int line; /* of the line that was read last */
    wf_error error;
} reading;

static char *read_line(char *out, int size, void *user)
{
    reading *r = user;
    char *text = fgets(out, size < MAP_LINE_MAX ? size : MAP_LINE_MAX, r->file);
    if (text == NULL || r->error.status != WF_OK)
        return NULL;
    r->line++;
    if (strchr(text, '\n') == NULL && !feof(r->file) && fgetc(r->file) != EOF) {
        wf_fail(&r->error, WF_USAGE, _("%s:%d: longer than %d bytes"), r->m->path, r->line,
                MAP_LINE_MAX - 2);
        return NULL;
    }
    const char *at = text;
    if (r->line == 1 && strncmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    at += strspn(at, " \t");
    if (*at == '[') {
        snprintf(r->header, sizeof r->header, "%.*s", (int)strcspn(at + 1, "]"), at + 1);
        r->header_line = r->line;
    }
    return text;
}

static bool is_csv(const char *word)
{
    size_t n = strlen(word);
    return n > 4 && strcmp(word + n - 4, ".csv") == 0;
}

static const char *keep(reading *r, const char *text)
{
    const char *kept = arena_strdup(r->memory, text);
    if (kept == NULL)
        wf_fail(&r->error, WF_SYSTEM, _("out of memory"));
    return kept != NULL ? kept : "";
}

/* Splits a header into the words that say what it is. */
static wf_status section_begin(reading *r, const char *header, int line)
{
    map_section *s = &r->m->sections[r->m->section_count];
    if (r->m->section_count == MAP_SECTIONS_MAX)
        return wf_fail(&r->error, WF_USAGE, _("%s:%d: more than %d sections"), r->m->path, line,
                       MAP_SECTIONS_MAX);
    char first[MAP_LINE_MAX];
    char second[MAP_LINE_MAX] = "";
    if (sscanf(header, "%199s %199s", first, second) < 2)
        return wf_fail(&r->error, WF_USAGE,
                       _("%s:%d: section [%s]; expected [lookup NAME], [FILE.csv check], "
                         "[FILE.csv BUNDLEFILE LABEL] or [constant BUNDLEFILE LABEL]"),
                       r->m->path, line, header);
    *s = (map_section){.line = line};
    s->target = keep(r, second);
    if (strcmp(first, "lookup") == 0) {
        s->kind = MAP_LOOKUP;
    } else if (strcmp(first, "constant") == 0) {
        s->kind = MAP_CONSTANT;
    } else if (is_csv(first)) {
        s->kind = strcmp(second, "check") == 0 ? MAP_CHECK : MAP_RECORD;
        s->file = keep(r, first);
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
    (void)section; /* cut short: r->header is whole */
    if (r->error.status != WF_OK)
        return 1;
    if (r->header_line == 0) {
        wf_fail(&r->error, WF_USAGE, _("%s:%d: \"%s\" stands before the first [section]"),
                r->m->path, r->line, name);
        return 1;
    }
    if (r->section_line != r->header_line) {
        if (section_begin(r, r->header, r->header_line) != WF_OK)
            return 1;
        r->section_line = r->header_line;
    }
    map_section *s = &r->m->sections[r->m->section_count - 1];
    if (s->key_count == MAP_KEYS_MAX) {
        wf_fail(&r->error, WF_USAGE, _("%s:%d: more than %d lines in section [%s]"), r->m->path,
                r->line, MAP_KEYS_MAX, r->header);
        return 1;
    }
    s->keys[s->key_count++] = (map_key){keep(r, name), keep(r, value), r->line};
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
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    m->path = arena_strdup(memory, path);
    if (m->path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
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
    if (line < 0)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    if (line != 0)
        return wf_fail(err, WF_USAGE,
                       _("%s:%d: not an INI line; expected [section] or name = value"), path, line);
    *out = m;
    return sections_check(m, err);
}
