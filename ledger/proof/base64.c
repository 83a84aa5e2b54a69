/*
 * proof/base64.c: RFC 4648 section 4, strictly: one text for each value and no other. See note.h.
 *
 * Go's decoder, which the reference implementations use, ignores the unused bits of the last
 * character and skips line ends; then one signed note has many spellings. The specifications say
 * "the standard Base 64 encoding", so we refuse all but that.
 */
#include "note.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character, -1 for any other. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

size_t base64_decode(uint8_t *out, size_t out_size, const char *text, size_t size)
{
    if (size % 4 != 0)
        return SIZE_MAX;
    size_t padding = 0;
    while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
        padding++;
    size_t decoded = size / 4 * 3 - padding;
    if (out && decoded > out_size)
        return SIZE_MAX;
    uint32_t held = 0;
    unsigned held_bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < size - padding; i++) {
        int bits = bits_of(text[i]);
        if (bits < 0)
            return SIZE_MAX;
        held = (held << 6 | (uint32_t)bits) & 0xfff; /* at most 6 waiting bits and 6 new */
        held_bits += 6;
        if (held_bits >= 8) {
            held_bits -= 8;
            if (out)
                out[at] = (uint8_t)(held >> held_bits);
            at++;
        }
    }
    if (held & ((1u << held_bits) - 1))
        return SIZE_MAX;
    return decoded;
}

size_t base64_encode(char *out, size_t out_size, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t length = (size + 2) / 3 * 4;
    if (out_size < length + 1) {
        if (out_size > 0)
            out[0] = 0;
        return 0;
    }
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        out[at++] = alphabet[group >> 18];
        out[at++] = alphabet[group >> 12 & 63];
        out[at++] = left > 1 ? alphabet[group >> 6 & 63] : '=';
        out[at++] = left > 2 ? alphabet[group & 63] : '=';
    }
    out[at] = 0;
    return length;
}
