/*
 * ledger/keys/key_orders.c: the bytes that keys sign about keys.
 *
 * Lines of text, each ended by LF, so that whoever signs can read what it is; ids in lower-case
 * hexadecimal, keys in base64 with padding, "-" for none.
 *
 *     possession              revoke                  quorum
 *     wufei/possession/v1     wufei/revoke/v1         wufei/quorum/v1
 *     origin                  origin                  origin
 *     party                   party                   entry of the quorum before, or -
 *     id of the old key       id of the key           threshold
 *     the new key             reason                  a key, one a line
 *                             replacement, or -
 *
 * A possession is signed by the new key itself: nobody can enter a key that another holds. An order
 * to revoke holds once, as a key ends once; an order of a quorum names the one that it follows, so
 * that an old order cannot bring back keys that were given up.
 */
#include "key_rules.h"

#include "note.h"

static void append_id(buffer *out, const uint8_t id[KEY_ID_SIZE])
{
    for (int i = 0; i < KEY_ID_SIZE; i++)
        buffer_printf(out, "%02x", id[i]);
    buffer_append_byte(out, '\n');
}

static void append_key(buffer *out, const suite_public_key *key)
{
    char text[(PUBLIC_KEY_MAX + 2) / 3 * 4 + 1] = "-";
    if (key->size > 0)
        base64_encode(text, sizeof text, key->bytes, key->size);
    buffer_printf(out, "%s\n", text);
}

void key_order_possession(buffer *out, const char *origin, const key_change *change)
{
    buffer_printf(out, "%s%s\n%s\n", POSSESSION_DOMAIN, origin, change->party);
    append_id(out, change->key);
    append_key(out, &change->replacement);
}

void key_order_revoke(buffer *out, const char *origin, const key_change *change)
{
    buffer_printf(out, "%s%s\n%s\n", REVOKE_DOMAIN, origin, change->party);
    append_id(out, change->key);
    buffer_printf(out, "%s\n", change->reason);
    append_key(out, &change->replacement);
}

void key_order_quorum(buffer *out, const char *origin, const key_quorum *quorum)
{
    buffer_printf(out, "%s%s\n", QUORUM_DOMAIN, origin);
    if (quorum->has_previous)
        buffer_printf(out, "%llu\n", (unsigned long long)quorum->previous);
    else
        buffer_append_text(out, "-\n");
    buffer_printf(out, "%u\n", quorum->threshold);
    for (size_t i = 0; i < quorum->key_count; i++)
        append_key(out, &quorum->keys[i]);
}
