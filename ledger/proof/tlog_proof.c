/*
 * proof/tlog_proof.c: C2SP .tlog-proof files, receipts that verify offline. See checkpoint.h.
 *
 *   c2sp.org/tlog-proof@v1 LF
 *   extra base64 LF             optional; not authenticated by anything
 *   index decimal LF            of the entry, from 0
 *   base64(hash) LF ...         the inclusion proof, the leaf's sibling first
 *   LF
 *   the signed checkpoint, to the end of the file
 */
#include "checkpoint.h"
#include "lines.h"
#include "reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "c2sp.org/tlog-proof@v1";

static bool begins(const char *line, size_t size, const char *word)
{
    return size >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

const char *tlog_proof_parse(tlog_proof *out, const char *bytes, size_t size)
{
    memset(out, 0, sizeof *out);
    if (size > NOTE_MAX)
        return N_("the proof is larger than 1 MiB");
    line_reader reader = {bytes, bytes + size};
    const char *line = NULL;
    size_t length = 0;
    if (!line_next(&reader, &line, &length) || length != sizeof magic - 1 ||
        !begins(line, length, magic))
        return N_("the first line is not \"c2sp.org/tlog-proof@v1\"");
    bool more = line_next(&reader, &line, &length);
    if (more && begins(line, length, "extra ")) {
        out->extra = line + strlen("extra ");
        out->extra_size = length - strlen("extra ");
        if (out->extra_size == 0 || base64_decode(NULL, 0, out->extra, out->extra_size) == SIZE_MAX)
            return N_("the line \"extra\" is not followed by canonical base64");
        more = line_next(&reader, &line, &length);
    }
    if (!more || !begins(line, length, "index "))
        return N_("the line \"index N\" is missing");
    if (!line_number_parse(&out->index, line + strlen("index "), length - strlen("index ")))
        return N_("the index is not a decimal below 2^64 without sign or leading zeros");
    const char *reason = hash_lines_parse(out->hashes, &out->hash_count, &reader);
    if (reason)
        return reason;
    if (reader.at == reader.end)
        return N_("no checkpoint follows the empty line");
    out->checkpoint = reader.at;
    out->checkpoint_size = (size_t)(reader.end - reader.at);
    return NULL;
}

size_t tlog_proof_format(char *out, size_t out_size, uint64_t index, const hash *hashes,
                         size_t hash_count, const char *note_bytes, size_t checkpoint_size)
{
    int head = snprintf(out, out_size, "%s\nindex %" PRIu64 "\n", magic, index);
    if (head < 0 || (size_t)head >= out_size)
        return 0;
    return hash_lines_format(out, out_size, (size_t)head, hashes, hash_count, note_bytes,
                             checkpoint_size);
}
