/*
 * proof/note.c: C2SP signed notes. See note.h, note_key.c for keys, note_text.c for characters.
 *
 *   text      UTF-8 lines, each with its LF; may contain empty lines
 *   LF        the last empty line of the note
 *   one line a signature:  U+2014 SPACE name SPACE base64(key id, 4 bytes || signature) LF
 *
 * Signature of a key of type 01: Ed25519 over the text (64 bytes). Of type ff with our identifier:
 * SM2 with SM3 over the text (DER, 8 to 72 bytes). Of type 04: u64 POSIX seconds
 * || Ed25519 over "cosignature/v1\ntime <seconds>\n" || text (72 bytes). Numbers are big-endian.
 */
#include "note.h"
#include "note_text.h"
#include "reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char dash[] = "\xe2\x80\x94 "; /* U+2014, space */
enum { DASH_SIZE = sizeof dash - 1, ID_SIZE = 4, ED25519_SIZE = 64, TIME_SIZE = 8 };

bool ed25519_verify(const uint8_t public_key[32], const void *message, size_t size,
                    const uint8_t signature[64])
{
    return suite_verify(suite_find(SUITE_ED25519), public_key, message, size, signature,
                        ED25519_SIZE);
}

/* Where the signature lines begin: after the last empty line. NULL when there is none. */
static const char *signatures_of(const char *bytes, size_t size)
{
    for (size_t i = size; i >= 2; i--)
        if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n')
            return bytes + i;
    return NULL;
}

/* One signature line without its LF. */
static const char *parse_signature(note_signature *out, const char *line, size_t size)
{
    if (size < DASH_SIZE || memcmp(line, dash, DASH_SIZE) != 0)
        return N_("a line after the last empty line does not begin with an em dash and a space: it "
                  "is no signature");
    line += DASH_SIZE;
    size -= DASH_SIZE;
    const char *space = memchr(line, ' ', size);
    if (!space)
        return N_("a signature line has no space between name and signature");
    out->name = line;
    out->name_size = (size_t)(space - line);
    const char *reason = note_name_check(out->name, out->name_size);
    if (reason)
        return reason;
    const char *text = space + 1;
    size_t text_size = size - out->name_size - 1;
    size_t decoded = base64_decode(NULL, 0, text, text_size);
    if (decoded == SIZE_MAX)
        return N_("a signature is not canonical base64");
    if (decoded <= ID_SIZE)
        return N_("a signature is too short for a key id and anything after it");
    uint8_t bytes[ID_SIZE + sizeof out->bytes];
    bool fits = decoded <= sizeof bytes;
    /* of a longer one (ML-DSA, say) the first eight characters hold the id */
    base64_decode(bytes, sizeof bytes, text, fits ? text_size : 8);
    out->id =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    out->size = fits ? decoded - ID_SIZE : 0;
    memcpy(out->bytes, bytes + ID_SIZE, out->size);
    return NULL;
}

const char *note_parse(note *out, const char *bytes, size_t size)
{
    out->text = NULL;
    out->text_size = 0;
    out->signature_count = 0;
    if (size > NOTE_MAX)
        return N_("the note is larger than 1 MiB");
    const char *reason = note_text_check(bytes, size);
    if (reason)
        return reason;
    const char *line = signatures_of(bytes, size);
    if (!line)
        return N_("the note has no empty line between its text and its signatures");
    const char *end = bytes + size;
    if (line == end)
        return N_("no signature follows the last empty line of the note");
    out->text = bytes;
    out->text_size = (size_t)(line - 1 - bytes);
    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            return N_("the last line of the note has no line end");
        if (out->signature_count == NOTE_SIGNATURES_MAX)
            return N_("the note has more than 100 signatures");
        reason =
            parse_signature(&out->signatures[out->signature_count], line, (size_t)(stop - line));
        if (reason)
            return reason;
        out->signature_count++;
        line = stop + 1;
    }
    return NULL;
}

/* The signed message of a cosignature; the caller frees it. NULL when memory is short. */
static char *cosignature_message(size_t *out_size, const note *n, uint64_t time_s)
{
    char *message = malloc(64 + n->text_size);
    if (!message)
        return NULL;
    size_t head = (size_t)snprintf(message, 64, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    memcpy(message + head, n->text, n->text_size);
    *out_size = head + n->text_size;
    return message;
}

static bool verify_cosignature(uint64_t *time_s, const note *n, const note_signature *signature,
                               const note_key *key)
{
    if (signature->size != TIME_SIZE + ED25519_SIZE)
        return false;
    uint64_t seconds = 0;
    for (size_t i = 0; i < TIME_SIZE; i++)
        seconds = seconds << 8 | signature->bytes[i];
    if (seconds > INT64_MAX) /* of the specification; Go's verifiers take such times */
        return false;
    size_t size = 0;
    char *message = cosignature_message(&size, n, seconds);
    bool valid =
        message && ed25519_verify(key->public_key, message, size, signature->bytes + TIME_SIZE);
    free(message);
    if (valid)
        *time_s = seconds;
    return valid;
}

static bool verify_one(uint64_t *time_s, const note *n, const note_signature *signature,
                       const note_key *key)
{
    if (key->type == NOTE_KEY_TYPE_COSIGNATURE)
        return verify_cosignature(time_s, n, signature, key);
    const suite *s = suite_of_size(note_key_size(key->type));
    return suite_verify(s, key->public_key, n->text, n->text_size, signature->bytes,
                        signature->size);
}

static bool is_of(const note_signature *signature, const note_key *key)
{
    return signature->id == key->id && signature->name_size == strlen(key->name) &&
           memcmp(signature->name, key->name, signature->name_size) == 0;
}

const char note_by_no_given_key[] = N_("no signature of the note is by a given key");

/* A second signature of one key must hold as well: the specification has every signature of a
   known key verified, where Go's sumdb/note looks at the first alone. Keys given twice are
   refused where they are used, as in Go: which of them signed could not be said. */
const char *note_verify(bool *verified, uint64_t *timestamps, const note *n, const note_key *keys,
                        size_t key_count)
{
    bool any = false;
    for (size_t k = 0; k < key_count; k++)
        verified[k] = false;
    for (size_t s = 0; s < n->signature_count; s++) {
        const note_signature *signature = &n->signatures[s];
        size_t found = key_count;
        for (size_t k = 0; k < key_count; k++) {
            if (!is_of(signature, &keys[k]))
                continue;
            if (found != key_count)
                return N_("two of the given keys have the name and id of one signature");
            found = k;
        }
        if (found == key_count)
            continue;
        uint64_t time_s = 0;
        if (!verify_one(&time_s, n, signature, &keys[found]))
            return N_("a signature with the name and id of a given key does not verify");
        if (timestamps && !verified[found])
            timestamps[found] = time_s;
        verified[found] = true;
        any = true;
    }
    return any ? NULL : note_by_no_given_key;
}

size_t note_signature_line(char *out, size_t out_size, const note_key *key,
                           const uint8_t *signature, size_t signature_size)
{
    uint8_t bytes[ID_SIZE + sizeof((note_signature *)NULL)->bytes] = {
        (uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8),
        (uint8_t)key->id};
    size_t size = ID_SIZE + signature_size;
    if (size > sizeof bytes)
        return 0;
    memcpy(bytes + ID_SIZE, signature, signature_size);
    char base64[(sizeof bytes + 2) / 3 * 4 + 1];
    base64_encode(base64, sizeof base64, bytes, size);
    int written = snprintf(out, out_size, "%s%s %s\n", dash, key->name, base64);
    return written > 0 && (size_t)written < out_size ? (size_t)written : 0;
}
