/*
 * exchange/emanifest_members.c: texts, codes and dates of a document's members, and telling what is
 * wrong with one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "exchange/emanifest.h"

char *emanifest_printf(document *d, const char *format, ...)
{
    static char none[1];
    char *out = NULL;
    int size = -1;
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    size = vsnprintf(NULL, 0, format, args);
    if (size >= 0)
        out = arena_alloc(d->memory, (size_t)size + 1);
    if (out != NULL)
        vsnprintf(out, (size_t)size + 1, format, again);
    va_end(again);
    va_end(args);
    if (out != NULL)
        return out;
    d->out_of_memory = true;
    return none;
}

void emanifest_tell(document *d, const char *path, bool warning, const char *format, ...)
{
    char text[WF_ERROR_TEXT];
    import_place place = {.file = d->out_file, .path = emanifest_printf(d, "%s", path)};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (warning) {
        statements_warn(d->out, &place, NULL, text);
    } else {
        d->problems++;
        statements_refuse(d->out, &place, NULL, 1, text);
    }
}

const char *emanifest_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL && text[0] != '\0' ? text : NULL;
}

const char *emanifest_code(const json_t *object, const char *name)
{
    return emanifest_text(json_object_get(object, name), "code");
}

/* "2018-03-18T04:00:00.000+0000": RFC 3339 but for the colon in the offset. */
static bool date_parse(int64_t *out_ms, const char *text)
{
    char fixed[TIME_TEXT];
    size_t size = strlen(text);
    if (size + 2 > sizeof fixed)
        return false;
    if (size > 5 && (text[size - 5] == '+' || text[size - 5] == '-'))
        snprintf(fixed, sizeof fixed, "%.*s:%s", (int)(size - 2), text, text + size - 2);
    else
        snprintf(fixed, sizeof fixed, "%s", text);
    return time_parse(out_ms, fixed, strlen(fixed));
}

int64_t emanifest_date(document *d, const json_t *object, const char *name, const char *path)
{
    const char *text = emanifest_text(object, name);
    int64_t ms = TIME_NONE;
    if (text != NULL && !date_parse(&ms, text)) {
        emanifest_tell(d, emanifest_printf(d, "%s.%s", path, name), false,
                       _("\"%.60s\" is not a date and time such as %s"), text,
                       "2018-03-18T04:00:00.000+0000");
        return TIME_NONE;
    }
    return ms;
}

const char *emanifest_line_id(document *d, const json_t *waste)
{
    return emanifest_printf(d, "%s/%.0f", d->number,
                            json_number_value(json_object_get(waste, "lineNumber")));
}
