/*
 * proof/checkpoint.c: the text of a C2SP checkpoint. See checkpoint.h.
 *
 *   origin LF              not empty; any text, also with spaces ("go.sum database tree")
 *   size LF                decimal, no leading zeros
 *   base64(root) LF        32 bytes
 *   extension LF ...       any number, none empty
 *
 * Stricter than transparency-dev/formats, as the specification asks: that accepts roots of any
 * length and empty extension lines. A tree of size 0 must have the root of the empty tree, by one
 * of the two hashes: a witness answers 422 to anything else, and so nothing may be built on it here
 * either. By which hash the key says that signed it: checkpoint_check.
 */
#include "checkpoint.h"
#include "lines.h"
#include "reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *checkpoint_parse(checkpoint *out, const char *text, size_t size)
{
    memset(out, 0, sizeof *out);
    line_reader reader = {text, text + size};
    const char *line = NULL;
    size_t length = 0;
    if (!line_next(&reader, &line, &length) || length == 0)
        return N_("the checkpoint's first line, the origin, is missing or empty");
    if (length > NOTE_NAME_MAX)
        return N_("the checkpoint's origin is longer than 255 bytes");
    memcpy(out->origin, line, length);
    if (!line_next(&reader, &line, &length) || !line_number_parse(&out->size, line, length))
        return N_("the checkpoint's second line is not a tree size: a decimal below 2^64 without "
                  "sign or leading zeros");
    if (!line_next(&reader, &line, &length) || !hash_line_parse(&out->root, line, length))
        return N_("the checkpoint's third line is not a root hash: canonical base64 of 32 bytes");
    while (reader.at < reader.end) {
        if (!line_next(&reader, &line, &length))
            return N_("the checkpoint's last line has no line end");
        if (length == 0)
            return N_("the checkpoint has an empty extension line");
    }
    return checkpoint_check(out, HASH_SHA256) ? checkpoint_check(out, HASH_SM3) : NULL;
}

const char *checkpoint_check(const checkpoint *c, hash_kind kind)
{
    hash empty;
    merkle_empty(&empty, kind);
    if (c->size == 0 && !hash_equal(&c->root, &empty))
        return N_("the checkpoint has size 0 but not the root of the empty tree");
    return NULL;
}

size_t checkpoint_format(char *out, size_t out_size, const checkpoint *c)
{
    char root[HASH_BASE64_SIZE + 1];
    base64_encode(root, sizeof root, c->root.bytes, HASH_SIZE);
    int written = snprintf(out, out_size, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
    return written > 0 && (size_t)written < out_size ? (size_t)written : 0;
}
