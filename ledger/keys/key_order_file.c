/*
 * ledger/keys/key_order_file.c: an order on its way: the text that offline keys sign, and the
 * signatures gathered so far, in a file that goes from holder to holder.
 *
 *     the order's text (key_orders.c), byte for byte what is signed
 *     (an empty line)
 *     signature KEYID BASE64        one line a signature; none yet is possible
 */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "key_rules.h"
#include "note.h"
#include "signer.h"

/* The lines of a text, taken one after the other. */
typedef struct lines {
    const char *at, *end;
} lines;

static bool next_line(lines *l, span *out)
{
    const char *stop = l->at < l->end ? memchr(l->at, '\n', (size_t)(l->end - l->at)) : NULL;
    if (stop == NULL)
        return false;
    *out = span_of(l->at, (size_t)(stop - l->at));
    l->at = stop + 1;
    return true;
}

static bool take_text(char *out, size_t max, span line)
{
    if (line.size == 0 || line.size > max || memchr(line.data, 0, line.size) != NULL)
        return false;
    memcpy(out, line.data, line.size);
    out[line.size] = '\0';
    return true;
}

bool key_id_parse(uint8_t out[KEY_ID_SIZE], const char *text, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    if (size != (size_t)2 * KEY_ID_SIZE)
        return false;
    for (size_t i = 0; i < size; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);
        if (digit == NULL)
            return false;
        unsigned value = (unsigned)(digit - digits);
        out[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : out[i / 2] | value);
    }
    return true;
}

static bool take_key(suite_public_key *out, span line)
{
    out->size = base64_decode(out->bytes, sizeof out->bytes, (const char *)line.data, line.size);
    return out->size != SIZE_MAX && suite_of_size(out->size) != NULL;
}

static bool parse_revoke(key_order *out, lines *l)
{
    span line;
    key_change *c = &out->change;
    return next_line(l, &line) && take_text(c->party, AUTHOR_MAX, line) && next_line(l, &line) &&
           key_id_parse(c->key, (const char *)line.data, line.size) && next_line(l, &line) &&
           take_text(c->reason, REVOKE_REASON_MAX, line) && next_line(l, &line) &&
           (span_equal(line, span_text("-")) || take_key(&c->replacement, line));
}

static bool parse_quorum(key_order *out, lines *l)
{
    span line;
    uint64_t threshold = 0;
    key_quorum *q = &out->quorum;
    if (!next_line(l, &line))
        return false;
    q->has_previous = !span_equal(line, span_text("-"));
    if (q->has_previous && !uint64_parse(&q->previous, (const char *)line.data, line.size))
        return false;
    if (!next_line(l, &line) || !uint64_parse(&threshold, (const char *)line.data, line.size) ||
        threshold > QUORUM_KEYS_MAX)
        return false;
    q->threshold = (unsigned)threshold;
    while (l->at < l->end && *l->at != '\n' && q->key_count < QUORUM_KEYS_MAX) {
        if (!next_line(l, &line) || !take_key(&q->keys[q->key_count++], line))
            return false;
    }
    return q->key_count > 0;
}

static bool parse_signature(key_signature *out, span line)
{
    static const char word[] = "signature ";
    enum { WORD = sizeof word - 1, ID = 2 * KEY_ID_SIZE };
    const char *text = (const char *)line.data;
    if (line.size <= WORD + ID + 1 || memcmp(text, word, WORD) != 0 || text[WORD + ID] != ' ' ||
        !key_id_parse(out->key, text + WORD, ID))
        return false;
    out->size = base64_decode(out->bytes, sizeof out->bytes, text + WORD + ID + 1,
                              line.size - WORD - ID - 1);
    return out->size != SIZE_MAX && out->size > 0;
}

static bool parse_signatures(key_signature *out, size_t *out_count, lines *l)
{
    span line;
    while (l->at < l->end) {
        if (*out_count == QUORUM_KEYS_MAX || !next_line(l, &line) ||
            !parse_signature(&out[(*out_count)++], line))
            return false;
    }
    return true;
}

/* There is one way to write an order; what only looks like it is none. */
static bool is_same(const key_order *order, const char *text)
{
    buffer again = {0};
    if (order->is_quorum)
        key_order_quorum(&again, order->origin, &order->quorum);
    else
        key_order_revoke(&again, order->origin, &order->change);
    bool same = !again.failed && again.size == order->text_size &&
                memcmp(again.data, text, again.size) == 0;
    buffer_free(&again);
    return same;
}

static bool parse(key_order *out, const char *text, size_t size)
{
    span line;
    lines l = {text, text + size};
    enum signing_kind kind = signing_kind_of(text, size);
    if (kind != SIGN_REVOKE && kind != SIGN_QUORUM)
        return false;
    out->is_quorum = kind == SIGN_QUORUM;
    if (!next_line(&l, &line) || !next_line(&l, &line) || !take_text(out->origin, ORIGIN_MAX, line))
        return false;
    if (!(out->is_quorum ? parse_quorum(out, &l) : parse_revoke(out, &l)))
        return false;
    out->text_size = (size_t)(l.at - text);
    if (!is_same(out, text) || !next_line(&l, &line) || line.size != 0)
        return false;
    return out->is_quorum
               ? parse_signatures(out->quorum.signatures, &out->quorum.signature_count, &l)
               : parse_signatures(out->change.signatures, &out->change.signature_count, &l);
}

wf_status key_order_parse(key_order *out, const char *text, size_t size, wf_error *err)
{
    memset(out, 0, sizeof *out);
    return size <= KEY_ORDER_MAX && parse(out, text, size)
               ? WF_OK
               : wf_fail(err, WF_REFUSED,
                         _("this is not an order of wufei to revoke a key or to change the offline "
                           "keys, or it was changed on its way"));
}

void key_order_signature_line(buffer *out, const key_signature *signature)
{
    char id[KEY_ID_TEXT], text[(SIGNATURE_MAX + 2) / 3 * 4 + 1];
    base64_encode(text, sizeof text, signature->bytes, signature->size);
    buffer_printf(out, "signature %s %s\n", key_id_text(id, signature->key), text);
}
