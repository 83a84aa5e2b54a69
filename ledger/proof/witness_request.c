/*
 * proof/witness_request.c: the body of a C2SP add-checkpoint request. See checkpoint.h.
 *
 *   old decimal LF              size of the older tree
 *   base64(hash) LF ...         the consistency proof, lowest first; at most 63
 *   LF
 *   the signed checkpoint, to the end
 */
#include "checkpoint.h"
#include "lines.h"
#include "reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REQUEST_HASHES_MAX = 63 };

const char *witness_request_parse(witness_request *out, const char *bytes, size_t size)
{
    memset(out, 0, sizeof *out);
    if (size > NOTE_MAX)
        return N_("the request is larger than 1 MiB");
    line_reader reader = {bytes, bytes + size};
    const char *line = NULL;
    size_t length = 0;
    if (!line_next(&reader, &line, &length) || length < 4 || memcmp(line, "old ", 4) != 0)
        return N_("the first line is not \"old N\"");
    if (!line_number_parse(&out->old_size, line + 4, length - 4))
        return N_("the old size is not a decimal below 2^64 without sign or leading zeros");
    const char *reason = hash_lines_parse(out->hashes, &out->hash_count, &reader);
    if (reason)
        return reason;
    if (out->hash_count > REQUEST_HASHES_MAX)
        return N_("the proof has more than 63 hashes");
    out->checkpoint = reader.at;
    out->checkpoint_size = (size_t)(reader.end - reader.at);
    return NULL;
}

size_t witness_request_format(char *out, size_t out_size, uint64_t old_size, const hash *hashes,
                              size_t hash_count, const char *note_bytes, size_t note_size)
{
    int head = snprintf(out, out_size, "old %" PRIu64 "\n", old_size);
    if (head < 0 || (size_t)head >= out_size || hash_count > REQUEST_HASHES_MAX)
        return 0;
    return hash_lines_format(out, out_size, (size_t)head, hashes, hash_count, note_bytes,
                             note_size);
}
