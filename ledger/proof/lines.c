/*
 * proof/lines.c: see lines.h.
 */
#include "lines.h"
#include "note.h"
#include "reason.h"

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

const char *hash_lines_parse(hash out[MERKLE_PROOF_MAX], size_t *out_count, line_reader *reader)
{
    const char *line = NULL;
    size_t size = 0;
    *out_count = 0;
    for (;;) {
        if (!line_next(reader, &line, &size))
            return N_("no empty line follows the proof's hashes");
        if (size == 0)
            return NULL;
        if (*out_count == MERKLE_PROOF_MAX)
            return N_("the proof has more than 64 hashes");
        if (!hash_line_parse(&out[*out_count], line, size))
            return N_("a hash of the proof is not canonical base64 of 32 bytes");
        (*out_count)++;
    }
}

size_t hash_lines_format(char *out, size_t out_size, size_t at, const hash *hashes, size_t count,
                         const char *note_bytes, size_t note_size)
{
    for (size_t i = 0; i < count; i++) {
        size_t written = base64_encode(out + at, out_size - at, hashes[i].bytes, HASH_SIZE);
        if (written == 0)
            return 0;
        at += written;
        out[at++] = '\n'; /* over the terminating zero, for which there was room */
    }
    if (out_size - at < note_size + 1)
        return 0;
    out[at++] = '\n';
    memcpy(out + at, note_bytes, note_size);
    return at + note_size;
}
