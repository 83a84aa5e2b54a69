/*
 * ledger/format/entry.c: see entry.h.
 *
 * Byte table (protobuf wire format, fields ascending, each once, shortest varints):
 *
 *     Entry      08 seq            varint
 *                10 time_ms        varint (two's complement of 64 bits)
 *                1a 20 prev_hash   32 bytes
 *                22 n statement    1 to STATEMENT_MAX bytes
 *                2a 08 author_key  8 bytes
 *                32 n signature    1 to SIGNATURE_MAX bytes, left out when sealed
 *
 *     Statement  0a n origin       1 to ORIGIN_MAX bytes of text
 *                12 n author       1 to AUTHOR_MAX bytes of text
 *                1a 10 id          16 bytes
 *                20 time_ms        varint
 *                2a n record       exactly one of these two, not empty
 *                32 n system
 *
 * The tests compare this with what protobuf-c writes for ledger.proto.
 */
#include "entry.h"

#include <string.h>

#include "base/text.h"

typedef struct reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
} reader;

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, VARINT_MAX = 10 };

static inline uint8_t tag_of(unsigned field, unsigned wire)
{
    return (uint8_t)(field << 3 | wire);
}

static wf_status refuse(const reader *r, const char *what, const char *name, wf_error *err)
{
    return wf_fail(err, WF_REFUSED,
                   _("%s at byte %zu of %zu: %s is missing, repeated, out of order or not in its "
                     "shortest form; exactly the encoding of proto/ledger.proto was expected"),
                   what, (size_t)(r->at - r->start), (size_t)(r->end - r->start), name);
}

static bool read_long_varint(reader *r, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX && r->at + i < r->end; i++) {
        uint8_t byte = r->at[i];
        if (i == VARINT_MAX - 1 && byte > 1)
            return false; /* does not fit 64 bits */
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            if (byte == 0 && i > 0)
                return false; /* longer than needed */
            r->at += i + 1;
            *out = value;
            return true;
        }
    }
    return false;
}

/* Most lengths and tags are one byte; every entry of every verification comes by here. */
static inline bool read_varint(reader *r, uint64_t *out)
{
    if (r->at < r->end && *r->at < 0x80) {
        *out = *r->at++;
        return true;
    }
    return read_long_varint(r, out);
}

static inline bool read_number(reader *r, unsigned field, uint64_t *out)
{
    if (r->at == r->end || *r->at != tag_of(field, WIRE_VARINT))
        return false;
    r->at++;
    return read_varint(r, out);
}

static inline bool next_is(const reader *r, unsigned field)
{
    return r->at < r->end && *r->at == tag_of(field, WIRE_BYTES);
}

/* On failure the reader stands at or in the field, which is where the message points. */
static inline bool read_bytes(reader *r, unsigned field, size_t min, size_t max, span *out)
{
    uint64_t size = 0;
    if (!next_is(r, field))
        return false;
    r->at++;
    if (!read_varint(r, &size) || size < min || size > max || size > (size_t)(r->end - r->at))
        return false;
    *out = span_of(r->at, (size_t)size);
    r->at += size;
    return true;
}

wf_status entry_parse(entry_view *out, span bytes, wf_error *err)
{
    const char *what = "Entry";
    reader r = {bytes.data, bytes.data, bytes.data + bytes.size};
    uint64_t time_ms = 0;
    span prev_hash, author_key;
    if (bytes.size > ENTRY_MAX)
        return wf_fail(err, WF_REFUSED, _("Entry of %zu bytes: at most %d are allowed"), bytes.size,
                       ENTRY_MAX);
    if (!read_number(&r, 1, &out->seq))
        return refuse(&r, what, "seq", err);
    if (!read_number(&r, 2, &time_ms))
        return refuse(&r, what, "time_ms", err);
    if (!read_bytes(&r, 3, HASH_SIZE, HASH_SIZE, &prev_hash))
        return refuse(&r, what, "prev_hash", err);
    if (!read_bytes(&r, 4, 1, STATEMENT_MAX, &out->statement))
        return refuse(&r, what, "statement", err);
    if (!read_bytes(&r, 5, KEY_ID_SIZE, KEY_ID_SIZE, &author_key))
        return refuse(&r, what, "author_key", err);
    out->signature = (span){NULL, 0};
    if (r.at < r.end && !read_bytes(&r, 6, 1, SIGNATURE_MAX, &out->signature))
        return refuse(&r, what, "signature", err);
    if (r.at != r.end)
        return refuse(&r, what, "end", err);
    out->time_ms = (int64_t)time_ms;
    out->prev_hash = prev_hash.data;
    out->author_key = author_key.data;
    return WF_OK;
}

bool entry_prev_hash_at(size_t *out, span bytes)
{
    reader r = {bytes.data, bytes.data, bytes.data + bytes.size};
    uint64_t number;
    if (!read_number(&r, 1, &number) || !read_number(&r, 2, &number) || !next_is(&r, 3) ||
        r.end - r.at < 2 || r.at[1] != HASH_SIZE)
        return false;
    *out = (size_t)(r.at - r.start) + 2;
    return true;
}

/* Texts that become keys and lines of notes: no control characters. */
static bool is_plain_text(span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    }
    return true;
}

wf_status statement_parse(statement_view *out, span bytes, wf_error *err)
{
    const char *what = "Statement";
    reader r = {bytes.data, bytes.data, bytes.data + bytes.size};
    uint64_t time_ms = 0;
    span id;
    if (bytes.size > STATEMENT_MAX)
        return wf_fail(err, WF_REFUSED, _("Statement of %zu bytes: at most %d are allowed"),
                       bytes.size, STATEMENT_MAX);
    if (!read_bytes(&r, 1, 1, ORIGIN_MAX, &out->origin) || !is_plain_text(out->origin))
        return refuse(&r, what, "origin", err);
    if (!read_bytes(&r, 2, 1, AUTHOR_MAX, &out->author) || !is_plain_text(out->author))
        return refuse(&r, what, "author", err);
    if (!read_bytes(&r, 3, STATEMENT_ID_SIZE, STATEMENT_ID_SIZE, &id))
        return refuse(&r, what, "id", err);
    if (!read_number(&r, 4, &time_ms))
        return refuse(&r, what, "time_ms", err);
    out->record = out->system = (span){NULL, 0};
    if (next_is(&r, 6)) {
        if (!read_bytes(&r, 6, 1, STATEMENT_MAX, &out->system))
            return refuse(&r, what, "system", err);
    } else if (!read_bytes(&r, 5, 1, STATEMENT_MAX, &out->record)) {
        return refuse(&r, what, "record", err);
    }
    if (r.at != r.end)
        return refuse(&r, what, "end", err);
    out->bytes = bytes;
    out->id = id.data;
    out->time_ms = (int64_t)time_ms;
    return WF_OK;
}

static uint8_t *write_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *write_number(uint8_t *at, unsigned field, uint64_t value)
{
    *at++ = tag_of(field, WIRE_VARINT);
    return write_varint(at, value);
}

static uint8_t *write_bytes(uint8_t *at, unsigned field, const uint8_t *data, size_t size)
{
    *at++ = tag_of(field, WIRE_BYTES);
    at = write_varint(at, size);
    memcpy(at, data, size);
    return at + size;
}

enum { FIELD_OVERHEAD = 1 + VARINT_MAX };

void entry_write(buffer *out, const entry_view *entry)
{
    WF_ASSERT(entry->statement.size > 0);
    if (!buffer_reserve(out, 6 * FIELD_OVERHEAD + HASH_SIZE + entry->statement.size + KEY_ID_SIZE +
                                 entry->signature.size))
        return;
    uint8_t *at = out->data + out->size;
    at = write_number(at, 1, entry->seq);
    at = write_number(at, 2, (uint64_t)entry->time_ms);
    at = write_bytes(at, 3, entry->prev_hash, HASH_SIZE);
    at = write_bytes(at, 4, entry->statement.data, entry->statement.size);
    at = write_bytes(at, 5, entry->author_key, KEY_ID_SIZE);
    if (entry->signature.data != NULL)
        at = write_bytes(at, 6, entry->signature.data, entry->signature.size);
    out->size = (size_t)(at - out->data);
}

void statement_write(buffer *out, const statement_view *statement)
{
    WF_ASSERT((statement->record.data != NULL) != (statement->system.data != NULL));
    span body = statement->record.data != NULL ? statement->record : statement->system;
    if (!buffer_reserve(out, 5 * FIELD_OVERHEAD + statement->origin.size + statement->author.size +
                                 STATEMENT_ID_SIZE + body.size))
        return;
    uint8_t *at = out->data + out->size;
    at = write_bytes(at, 1, statement->origin.data, statement->origin.size);
    at = write_bytes(at, 2, statement->author.data, statement->author.size);
    at = write_bytes(at, 3, statement->id, STATEMENT_ID_SIZE);
    at = write_number(at, 4, (uint64_t)statement->time_ms);
    at = write_bytes(at, statement->record.data != NULL ? 5 : 6, body.data, body.size);
    out->size = (size_t)(at - out->data);
}
