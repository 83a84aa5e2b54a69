/*
 * base/shown.c: see shown.h.
 */
#include "base/shown.h"

#include <stdio.h>
#include <string.h>

size_t utf8_sequence(const uint8_t *at, uint32_t *code)
{
    uint8_t lead = at[0];
    *code = lead;
    if (lead < 0x80)
        return 1;
    size_t size = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : 4;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high)
        return 0;
    *code = (uint32_t)(lead & (0xFF >> (size + 1))) << 6 | (at[1] & 0x3FU);
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) /* a zero byte ends the loop before the text's end is passed */
            return 0;
        *code = *code << 6 | (at[i] & 0x3FU);
    }
    return size;
}

int code_is_invisible(uint32_t code)
{
    return (code >= 0x80 && code <= 0x9F) || code == 0xAD || code == 0x61C || code == 0x180E ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x2069) || code == 0xFEFF ||
           (code >= 0xE0000 && code <= 0xE007F);
}

int code_is_odd_space(uint32_t code)
{
    return code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* Writes one character in its visible form; *used is how many bytes of the text it took. */
static int show_character(char out[12], const char *text, size_t left, size_t *used)
{
    uint8_t bytes[5] = {0};
    uint32_t code = 0;
    memcpy(bytes, text, left < 4 ? left : 4);
    size_t size = utf8_sequence(bytes, &code);
    *used = size > 0 && size <= left ? size : 1;
    if (size == 0 || size > left || code < 0x20 || code == 0x7F)
        return snprintf(out, 12, "\\x%02x", bytes[0]);
    if (code_is_invisible(code))
        return snprintf(out, 12, "\\u{%04X}", (unsigned)code);
    return snprintf(out, 12, "%.*s", (int)size, text);
}

const char *text_shown(char out[SHOWN_TEXT], const char *text, size_t size)
{
    size_t length = 0;
    for (size_t at = 0; at < size;) {
        char character[12];
        size_t used = 0;
        int n = show_character(character, text + at, size - at, &used);
        if (at + used > SHOWN_BYTES) {
            memcpy(out + length, "…", sizeof "…" - 1);
            length += sizeof "…" - 1;
            break;
        }
        memcpy(out + length, character, (size_t)n);
        length += (size_t)n;
        at += used;
    }
    out[length] = '\0';
    return out;
}

const char *text_escaped(char *out, size_t out_size, const char *text)
{
    size_t length = 0;
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        char character[12];
        size_t used = 0;
        size_t n = (size_t)show_character(character, text + at, size - at, &used);
        if (length + n >= out_size)
            break;
        memcpy(out + length, character, n);
        length += n;
        at += used;
    }
    out[length] = '\0';
    return out;
}
