/*
 * proof/lines.h: reading LF-ended lines and the two values that lines carry in these formats,
 * decimals and hashes in base64. Internal to this folder.
 */
#ifndef PROOF_LINES_H
#define PROOF_LINES_H

#include "merkle.h"

enum { HASH_BASE64_SIZE = 44 };

typedef struct line_reader {
    const char *at;
    const char *end;
} line_reader;

/* The next line without its LF; false at the end and when no LF follows. */
bool line_next(line_reader *reader, const char **line, size_t *size);
/* Digits only, no leading zeros (unless "0"), below 2^64. */
bool line_number_parse(uint64_t *out, const char *text, size_t size);
/* Canonical base64 of exactly 32 bytes. */
bool hash_line_parse(hash *out, const char *text, size_t size);
/* The hashes of a proof, one a line, up to the empty line. NULL or a reason. */
const char *hash_lines_parse(hash out[MERKLE_PROOF_MAX], size_t *out_count, line_reader *reader);
/* Writes hash lines, the empty line and the note after them at out + at; returns where it ends, 0
   when out is too small. */
size_t hash_lines_format(char *out, size_t out_size, size_t at, const hash *hashes, size_t count,
                         const char *note_bytes, size_t note_size);

#endif
