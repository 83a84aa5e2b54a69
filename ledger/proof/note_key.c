/*
 * proof/note_key.c: verifier keys ("vkeys") of signed notes: NAME+HEX+BASE64. See note.h.
 *
 *   NAME    key name, no space, no '+'
 *   HEX     eight hex digits: the first four bytes of
 *           SHA-256(NAME || 0x0A || type || public key), for keys of every suite
 *   BASE64  type || public key; '+' may occur in it, so a vkey splits at its first two
 *
 * Types that are verified: 01 (Ed25519 over the note text), 04 (timestamped Ed25519 cosignature)
 * and ff "wufei/sm2-sm3/v1" LF (SM2 with SM3 over the note text; ff means that the type has no byte
 * of its own and is longer). Other assigned bytes (02 ECDSA, 05 RFC 6962 tree head, 06 ML-DSA-44)
 * are refused by name.
 */
#include "note.h"
#include "note_text.h"
#include "reason.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

static const char identifier[] = NOTE_SM2_IDENTIFIER;
enum { IDENTIFIER_SIZE = sizeof identifier - 1, ED25519_KEY_SIZE = 32 };

size_t note_key_size(uint8_t type)
{
    return type == NOTE_KEY_TYPE_LONG ? PUBLIC_KEY_MAX : ED25519_KEY_SIZE;
}

hash_kind note_key_hash(const note_key *key)
{
    return key->type == NOTE_KEY_TYPE_LONG ? HASH_SM3 : HASH_SHA256;
}

/* What stands between the name's line and the public key. */
static size_t write_type(uint8_t out[1 + IDENTIFIER_SIZE], uint8_t type)
{
    out[0] = type;
    if (type != NOTE_KEY_TYPE_LONG)
        return 1;
    memcpy(out + 1, identifier, IDENTIFIER_SIZE);
    return 1 + IDENTIFIER_SIZE;
}

uint32_t note_key_id(const char *name, uint8_t type, const uint8_t *key, size_t key_size)
{
    uint8_t digest[32] = {0};
    uint8_t separator[2 + IDENTIFIER_SIZE] = {'\n'};
    size_t separator_size = 1 + write_type(separator + 1, type);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(context, name, strlen(name)) == 1 &&
                EVP_DigestUpdate(context, separator, separator_size) == 1 &&
                EVP_DigestUpdate(context, key, key_size) == 1 &&
                EVP_DigestFinal_ex(context, digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    if (!done) /* no memory: an id that no key has by right, so nothing verifies by it */
        return 0;
    return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
           digest[3];
}

/* Exactly eight hex digits. The specification leaves their case open, Go reads both and so do we:
   the id is recomputed, so nothing hangs on the spelling. */
static bool parse_id(uint32_t *out, const char *text, size_t size)
{
    if (size != 8)
        return false;
    uint32_t id = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        uint32_t digit = 0;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A' + 10);
        else
            return false;
        id = id << 4 | digit;
    }
    *out = id;
    return true;
}

/* The key's type is one that this folder can verify with, and its length fits. *at: where the
   public key begins. */
static const char *check_type(size_t *at, const uint8_t *bytes, size_t size)
{
    *at = 1;
    switch (bytes[0]) {
    case NOTE_KEY_TYPE_ED25519:
    case NOTE_KEY_TYPE_COSIGNATURE:
        return size == *at + ED25519_KEY_SIZE
                   ? NULL
                   : N_("an Ed25519 public key has 32 bytes; this one has not");
    case NOTE_KEY_TYPE_LONG:
        *at += IDENTIFIER_SIZE;
        if (size < *at || memcmp(bytes + 1, identifier, IDENTIFIER_SIZE) != 0)
            return N_("the key is of a type without a byte of its own (ff) that is not known here; "
                      "expected wufei/sm2-sm3/v1");
        return size == *at + PUBLIC_KEY_MAX && bytes[*at] == 0x04
                   ? NULL
                   : N_("an SM2 public key has 65 bytes, 04 first; this one has not");
    case 0x02:
        return N_("the key is of type 02 (ECDSA); only Ed25519 keys (types 01 and 04) and SM2 keys "
                  "are supported");
    case 0x05:
        return N_(
            "the key is of type 05 (RFC 6962 tree heads); only Ed25519 keys (types 01 and 04) "
            "and SM2 keys are supported");
    case 0x06:
        return N_("the key is of type 06 (ML-DSA-44); only Ed25519 keys (types 01 and 04) and SM2 "
                  "keys are supported");
    default:
        return N_("the key's type byte is not known; expected 01 (Ed25519), 04 (cosignature) or ff "
                  "(SM2)");
    }
}

void note_key_make(note_key *out, uint8_t type, const char *name, const uint8_t *public_key)
{
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    out->type = type;
    memcpy(out->public_key, public_key, note_key_size(type));
    out->id = note_key_id(out->name, type, public_key, note_key_size(type));
}

const char *note_key_parse(note_key *out, const char *vkey)
{
    memset(out, 0, sizeof *out);
    const char *first = strchr(vkey, '+');
    const char *second = first ? strchr(first + 1, '+') : NULL;
    if (!second)
        return N_("a verifier key has three parts: NAME+HEX+BASE64");
    size_t name_size = (size_t)(first - vkey);
    const char *reason = note_name_check(vkey, name_size);
    if (reason)
        return reason;
    if (name_size > NOTE_NAME_MAX)
        return N_("the key name is longer than 255 bytes");
    uint32_t id = 0;
    if (!parse_id(&id, first + 1, (size_t)(second - first - 1)))
        return N_("the key id (second part) is not eight hex digits");
    uint8_t bytes[256];
    size_t size = base64_decode(bytes, sizeof bytes, second + 1, strlen(second + 1));
    if (size == SIZE_MAX || size == 0)
        return N_("the key (third part) is not canonical base64 of a type byte and a public key");
    size_t at = 0;
    reason = check_type(&at, bytes, size);
    if (reason)
        return reason;
    char name[NOTE_NAME_MAX + 1] = {0};
    memcpy(name, vkey, name_size);
    note_key_make(out, bytes[0], name, bytes + at);
    if (out->id != id)
        return N_("the key id (second part) is not that of the name and key: the vkey is mangled");
    return NULL;
}

char *note_vkey_format(char *out, size_t out_size, const note_key *key)
{
    uint8_t bytes[1 + IDENTIFIER_SIZE + PUBLIC_KEY_MAX];
    size_t at = write_type(bytes, key->type);
    size_t key_size = note_key_size(key->type);
    memcpy(bytes + at, key->public_key, key_size);
    char base64[(sizeof bytes + 2) / 3 * 4 + 1];
    base64_encode(base64, sizeof base64, bytes, at + key_size);
    snprintf(out, out_size, "%s+%08x+%s", key->name, key->id, base64);
    return out;
}
