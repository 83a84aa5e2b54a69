/*
 * proof/note_key.c: verifier keys ("vkeys") of signed notes: NAME+HEX+BASE64. See note.h.
 *
 *   NAME    key name, no space, no '+'
 *   HEX     eight hex digits: the first four bytes of
 *           SHA-256(NAME || 0x0A || type byte || public key)
 *   BASE64  type byte || public key; '+' may occur in it, so a vkey splits at its first two
 *
 * The suite's bytes are 01 (Ed25519 over the note text) and 04 (timestamped Ed25519 cosignature);
 * other assigned bytes (02 ECDSA, 05 RFC 6962 tree head, 06 ML-DSA-44) are refused by name.
 */
#include "note.h"
#include "note_text.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

uint32_t note_key_id(const char *name, uint8_t type, const uint8_t *key, size_t key_size)
{
    uint8_t digest[32] = {0};
    const uint8_t separator[2] = {'\n', type};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(context, name, strlen(name)) == 1 &&
                EVP_DigestUpdate(context, separator, sizeof separator) == 1 &&
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

/* The key's type is one that this folder can verify with, and its length fits. */
static const char *check_type(uint8_t type, size_t key_size)
{
    switch (type) {
    case NOTE_KEY_TYPE_ED25519:
    case NOTE_KEY_TYPE_COSIGNATURE:
        return key_size == 32 ? NULL : "an Ed25519 public key has 32 bytes; this one has not";
    case 0x02:
        return "the key is of type 02 (ECDSA); only Ed25519 keys (types 01 and 04) are supported";
    case 0x05:
        return "the key is of type 05 (RFC 6962 tree heads); only Ed25519 keys (types 01 and 04) "
               "are supported";
    case 0x06:
        return "the key is of type 06 (ML-DSA-44); only Ed25519 keys (types 01 and 04) are "
               "supported";
    default:
        return "the key's type byte is not known; expected 01 (Ed25519) or 04 (cosignature)";
    }
}

const char *note_key_parse(note_key *out, const char *vkey)
{
    memset(out, 0, sizeof *out);
    const char *first = strchr(vkey, '+');
    const char *second = first ? strchr(first + 1, '+') : NULL;
    if (!second)
        return "a verifier key has three parts: NAME+HEX+BASE64";
    size_t name_size = (size_t)(first - vkey);
    const char *reason = note_name_check(vkey, name_size);
    if (reason)
        return reason;
    if (name_size > NOTE_NAME_MAX)
        return "the key name is longer than 255 bytes";
    uint32_t id = 0;
    if (!parse_id(&id, first + 1, (size_t)(second - first - 1)))
        return "the key id (second part) is not eight hex digits";
    uint8_t bytes[256];
    size_t size = base64_decode(bytes, sizeof bytes, second + 1, strlen(second + 1));
    if (size == SIZE_MAX || size == 0)
        return "the key (third part) is not canonical base64 of a type byte and a public key";
    reason = check_type(bytes[0], size - 1);
    if (reason)
        return reason;
    memcpy(out->name, vkey, name_size);
    out->type = bytes[0];
    memcpy(out->public_key, bytes + 1, sizeof out->public_key);
    out->id = note_key_id(out->name, out->type, out->public_key, sizeof out->public_key);
    if (out->id != id)
        return "the key id (second part) is not that of the name and key: the vkey is mangled";
    return NULL;
}

char *note_vkey_format(char *out, size_t out_size, const char *name, const uint8_t public_key[32])
{
    uint8_t key[33] = {NOTE_KEY_TYPE_ED25519};
    memcpy(key + 1, public_key, 32);
    char base64[48];
    base64_encode(base64, sizeof base64, key, sizeof key);
    uint32_t id = note_key_id(name, NOTE_KEY_TYPE_ED25519, public_key, 32);
    snprintf(out, out_size, "%s+%08x+%s", name, id, base64);
    return out;
}
