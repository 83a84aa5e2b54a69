/*
 * proof/lines.c: see lines.h.
 */
#include "lines.h"
#include "note.h"

#include <string.h>

bool line_next(line_reader *reader, const char **line, size_t *size)
{
    const char *stop = NULL;
    if (reader->at < reader->end)
        stop = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    if (!stop)
        return false;
    *line = reader->at;
    *size = (size_t)(stop - reader->at);
    reader->at = stop + 1;
    return true;
}

bool line_number_parse(uint64_t *out, const char *text, size_t size)
{
    if (size == 0 || (text[0] == '0' && size > 1))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool hash_line_parse(hash *out, const char *text, size_t size)
{
    return size == HASH_BASE64_SIZE &&
           base64_decode(out->bytes, HASH_SIZE, text, size) == HASH_SIZE;
}
