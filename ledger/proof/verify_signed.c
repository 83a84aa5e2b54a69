/*
 * proof/verify_signed.c: the keys given to wufei-verify and the checkpoints they must have signed.
 * See verify.h.
 *
 * C2SP asks that one known key has signed a note. Whoever gives a witness's key beside the log's
 * wants to know of both, so for checkpoints every key given must have signed.
 */
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Witnesses publish their keys under both types: ArmoredWitness, for one, as type 01, though its
   cosignatures carry the id of type 04. As a witness's key either means the cosigner. */
static void make_witness(note_key *key)
{
    key->type = NOTE_KEY_TYPE_COSIGNATURE;
    key->id = note_key_id(key->name, key->type, key->public_key, sizeof key->public_key);
}

bool verify_add_keys(const verify_command *command, verify_keys *keys, const verify_option *option,
                     bool as_witness)
{
    for (size_t i = 0; i < option->count; i++) {
        if (keys->count == VERIFY_KEYS_MAX) {
            verify_wrong_use(command, "more than %d keys are given", VERIFY_KEYS_MAX);
            return false;
        }
        note_key *key = &keys->keys[keys->count];
        const char *reason = note_key_parse(key, option->values[i]);
        if (reason) {
            verify_wrong_use(command, "%s: \"%s\": %s", option->name, option->values[i], reason);
            return false;
        }
        if (as_witness)
            make_witness(key);
        keys->vkeys[keys->count++] = option->values[i];
    }
    return true;
}

int verify_signed_checkpoint(const verify_command *command, verify_keys *keys, const char *what,
                             const char *bytes, size_t size, const char *origin, checkpoint *out)
{
    note *n = malloc(sizeof *n);
    if (!n)
        return verify_wrong_use(command, "%s: not enough memory", what);
    const char *reason = note_parse(n, bytes, size);
    if (!reason)
        reason = note_verify(keys->verified, keys->times_s, n, keys->keys, keys->count);
    if (!reason)
        reason = checkpoint_parse(out, n->text, n->text_size);
    free(n);
    if (reason)
        return verify_fails(command, "%s: does not hold: %s", what, reason);
    for (size_t k = 0; k < keys->count; k++)
        if (!keys->verified[k])
            return verify_fails(command, "%s: does not hold: not signed by \"%s\"", what,
                                keys->vkeys[k]);
    if (origin && strcmp(origin, out->origin) != 0)
        return verify_fails(command, "%s: does not hold: its origin is \"%s\", expected \"%s\"",
                            what, out->origin, origin);
    return VERIFY_HOLDS;
}

void verify_print_checkpoint(const checkpoint *c, const verify_keys *keys)
{
    char hex[2 * HASH_SIZE + 1];
    printf("origin: %s\nsize: %" PRIu64 "\nroot: %s\n", c->origin, c->size,
           verify_hex(hex, &c->root));
    for (size_t k = 0; k < keys->count; k++) {
        const note_key *key = &keys->keys[k];
        if (key->type != NOTE_KEY_TYPE_COSIGNATURE) {
            printf("signed by: %s\n", key->name);
            continue;
        }
        char text[32] = "";
        time_t at = (time_t)keys->times_s[k];
        struct tm utc;
        /* years above 9999 are no RFC 3339; the seconds are printed in any case */
        if (keys->times_s[k] <= 253402300799u && gmtime_r(&at, &utc))
            strftime(text, sizeof text, " (%Y-%m-%dT%H:%M:%SZ)", &utc);
        printf("cosigned by: %s at %" PRIu64 "%s\n", key->name, keys->times_s[k], text);
    }
}
