/*
 * proof/note_text.c: see note_text.h. UTF-8 is RFC 3629's: shortest form only, no surrogates,
 * nothing above U+10FFFF.
 */
#include "note_text.h"
#include "reason.h"

#include <stdint.h>

/* Decodes one character; returns its length in bytes, 0 when it is not valid UTF-8. */
static size_t decode(uint32_t *out, const uint8_t *bytes, size_t size)
{
    uint8_t first = bytes[0];
    if (first < 0x80) {
        *out = first;
        return 1;
    }
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > size)
        return 0;
    uint32_t code = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *out = code;
    return length;
}

const char *note_text_check(const char *bytes, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;
    while (size > 0) {
        uint32_t code = 0;
        size_t length = decode(&code, at, size);
        if (length == 0)
            return N_("the note is not valid UTF-8");
        if (code < 0x20 && code != '\n')
            return N_("the note has a control character other than the line end");
        at += length;
        size -= length;
    }
    return NULL;
}

/* Unicode's White_Space property. */
static bool is_space(uint32_t code)
{
    return code == ' ' || (code >= 0x09 && code <= 0x0d) || code == 0x85 || code == 0xa0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

const char *note_name_check(const char *bytes, size_t size)
{
    if (size == 0)
        return N_("the key name is empty");
    const uint8_t *at = (const uint8_t *)bytes;
    while (size > 0) {
        uint32_t code = 0;
        size_t length = decode(&code, at, size);
        if (length == 0)
            return N_("the key name is not valid UTF-8");
        if (is_space(code))
            return N_("the key name has a space in it");
        if (code == '+')
            return N_("the key name has a plus sign in it");
        if (code < 0x20)
            return N_("the key name has a control character in it");
        at += length;
        size -= length;
    }
    return NULL;
}
