/*
 * ledger/store/store_trace.c: see store_trace.h.
 */
#include "store_trace.h"

#include <string.h>

static const char magic[8] = {'W', 'F', 'T', 'R', 'A', 'C', 'E', '1'};

static uint8_t *put_number(uint8_t *at, size_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static size_t get_number(const uint8_t *at, int bytes)
{
    size_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

void store_trace_begin(FILE *trace)
{
    fwrite(magic, 1, sizeof magic, trace);
}

void store_trace_write(FILE *trace, enum store_trace_kind kind, unsigned table, span key,
                       size_t value_size, bool append)
{
    uint8_t head[16];
    uint8_t *at = head;
    *at++ = (uint8_t)kind;
    if (kind != STORE_TRACE_COMMIT && kind != STORE_TRACE_ABORT)
        *at++ = (uint8_t)table;
    if (kind == STORE_TRACE_PUT)
        *at++ = append ? 1 : 0;
    if (kind == STORE_TRACE_PUT || kind == STORE_TRACE_DELETE)
        at = put_number(at, key.size, 2);
    if (kind == STORE_TRACE_PUT)
        at = put_number(at, value_size, 4);
    fwrite(head, 1, (size_t)(at - head), trace);
    if (key.size > 0)
        fwrite(key.data, 1, key.size, trace);
}

bool store_trace_open(FILE *trace)
{
    char found[sizeof magic];
    return fread(found, 1, sizeof found, trace) == sizeof found &&
           memcmp(found, magic, sizeof magic) == 0;
}

static bool read_exactly(FILE *trace, uint8_t *out, size_t size)
{
    return fread(out, 1, size, trace) == size;
}

bool store_trace_next(FILE *trace, store_trace_record *out)
{
    uint8_t head[8];
    int kind = getc(trace);
    *out = (store_trace_record){0};
    switch (kind) {
    case STORE_TRACE_COMMIT:
    case STORE_TRACE_ABORT:
        break;
    case STORE_TRACE_CLEAR:
        if (!read_exactly(trace, head, 1))
            return false;
        break;
    case STORE_TRACE_DELETE:
        if (!read_exactly(trace, head, 3))
            return false;
        out->key_size = get_number(head + 1, 2);
        break;
    case STORE_TRACE_PUT:
        if (!read_exactly(trace, head, 8))
            return false;
        out->append = head[1] != 0;
        out->key_size = get_number(head + 2, 2);
        out->value_size = get_number(head + 4, 4);
        break;
    default: /* the end, or not a trace */
        return false;
    }
    out->kind = (enum store_trace_kind)kind;
    if (kind != STORE_TRACE_COMMIT && kind != STORE_TRACE_ABORT)
        out->table = head[0];
    return out->key_size <= sizeof out->key && read_exactly(trace, out->key, out->key_size);
}
