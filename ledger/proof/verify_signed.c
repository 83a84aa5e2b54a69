/*
 * proof/verify_signed.c: whom wufei-verify is told to trust, and the checkpoints they must have
 * signed. See verify_command.h.
 *
 * C2SP asks that one known key has signed a note. Whoever gives a witness's key beside the log's
 * wants to know of both, so for checkpoints every key given must have signed; but where several
 * checkpoints are compared, one of a log's keys, since a log changes its key. Of the keys in a
 * policy so many must have signed as its quorum says.
 */
#include "verify_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

verify_trust *verify_trust_init(verify_trust *trust, size_t option_count)
{
    memset(trust, 0, sizeof *trust);
    trust->options[TRUST_VKEY] = (verify_option){"--vkey", trust->vkeys, VERIFY_KEYS_MAX, 0};
    trust->options[TRUST_ORIGIN] = (verify_option){"--origin", &trust->origin, 1, 0};
    trust->options[TRUST_WITNESS] =
        (verify_option){"--witness", trust->witnesses, VERIFY_KEYS_MAX, 0};
    trust->options[TRUST_POLICY] = (verify_option){"--policy", &trust->policy_path, 1, 0};
    trust->option_count = option_count;
    return trust;
}

/* Witnesses publish their keys under both types: ArmoredWitness, for one, as type 01, though its
   cosignatures carry the id of type 04. As a witness's key either means the cosigner. */
static const char *make_witness(note_key *key)
{
    if (key->type == NOTE_KEY_TYPE_LONG)
        return "a witness's key is of type 04 (cosignature) or 01";
    key->type = NOTE_KEY_TYPE_COSIGNATURE;
    key->id = note_key_id(key->name, key->type, key->public_key, note_key_size(key->type));
    return NULL;
}

bool verify_add_keys(const verify_command *command, verify_trust *trust,
                     const verify_option *option, bool as_witness)
{
    for (size_t i = 0; i < option->count; i++) {
        if (trust->count == (size_t)2 * VERIFY_KEYS_MAX) {
            verify_wrong_use(command, "more than %d keys are given", 2 * VERIFY_KEYS_MAX);
            return false;
        }
        note_key *key = &trust->keys[trust->count];
        const char *reason = note_key_parse(key, option->values[i]);
        if (!reason && as_witness)
            reason = make_witness(key);
        if (reason) {
            verify_wrong_use(command, "%s: \"%s\": %s", option->name, option->values[i], reason);
            return false;
        }
        trust->given[trust->count++] = option->values[i];
    }
    return true;
}

/* The place of a key of the policy among the keys; one that was given as well is there already. */
static size_t add_policy_key(verify_trust *trust, const note_key *key)
{
    for (size_t k = 0; k < trust->count; k++)
        if (trust->keys[k].id == key->id && strcmp(trust->keys[k].name, key->name) == 0)
            return k;
    trust->keys[trust->count] = *key;
    return trust->count++;
}

static bool load_policy(const verify_command *command, verify_trust *trust, int *status)
{
    policy *p = &trust->policy;
    size_t size = 0;
    char *bytes = verify_read_file(command, trust->policy_path, POLICY_FILE_MAX, &size, status);
    if (!bytes)
        return false;
    const char *reason = policy_parse(p, bytes, size);
    free(bytes);
    if (!reason && p->log_count == 0 && trust->options[TRUST_VKEY].count == 0)
        reason = "the policy names no log; give the log's key with --vkey";
    if (reason) {
        *status = verify_wrong_use(command, "%s: %s", trust->policy_path, reason);
        return false;
    }
    /* --vkey says which log is meant; else any log of the policy will do */
    for (size_t i = 0; i < p->log_count && trust->options[TRUST_VKEY].count == 0; i++)
        trust->policy_logs[i] = add_policy_key(trust, &p->logs[i].key);
    for (size_t i = 0; i < p->witness_count; i++)
        trust->policy_witnesses[i] = add_policy_key(trust, &p->witnesses[i].key);
    return true;
}

bool verify_trust_load(const verify_command *command, verify_trust *trust, int *status)
{
    *status = VERIFY_WRONG_USE;
    if (!verify_add_keys(command, trust, &trust->options[TRUST_VKEY], false) ||
        !verify_add_keys(command, trust, &trust->options[TRUST_WITNESS], true))
        return false;
    *status = VERIFY_HOLDS;
    return !trust->policy_path || load_policy(command, trust, status);
}

/* The signatures that the policy asks for, once all of them were verified. */
static int check_policy(const verify_command *command, const char *what, const char *origin,
                        bool quorum)
{
    const verify_trust *trust = command->trust;
    const policy *p = &trust->policy;
    bool cosigned[POLICY_WITNESSES_MAX];
    bool by_log = trust->options[TRUST_VKEY].count > 0;
    for (size_t i = 0; i < p->log_count && !by_log; i++)
        by_log = trust->signers.verified[trust->policy_logs[i]] &&
                 strcmp(p->logs[i].key.name, origin) == 0;
    if (!by_log)
        return verify_fails(command,
                            "%s: does not hold: not signed by a log of %s whose key is named as "
                            "the checkpoint's origin, \"%s\"",
                            what, trust->policy_path, origin);
    for (size_t i = 0; i < p->witness_count; i++)
        cosigned[i] = trust->signers.verified[trust->policy_witnesses[i]];
    if (!quorum || policy_satisfied(p, cosigned))
        return VERIFY_HOLDS;
    char missing[4096];
    return verify_fails(command, "%s: does not hold: below the quorum of %s: %s", what,
                        trust->policy_path, policy_missing(missing, sizeof missing, p, cosigned));
}

/* By which hash the tree is made: the key of the log says; those of witnesses say nothing of it. */
static const char *find_hash(verify_trust *trust)
{
    bool found = false;
    trust->signers.hash = HASH_SHA256;
    for (size_t k = 0; k < trust->count; k++) {
        const note_key *key = &trust->keys[k];
        if (!trust->signers.verified[k] || key->type == NOTE_KEY_TYPE_COSIGNATURE)
            continue;
        if (found && note_key_hash(key) != trust->signers.hash)
            return "it is signed by keys of two suites: by which hash its tree is made cannot be "
                   "said";
        trust->signers.hash = note_key_hash(key);
        found = true;
    }
    return NULL;
}

/* A key of the log that did not sign where another one of the same name did. */
static bool is_succeeded(const verify_trust *trust, size_t k)
{
    size_t vkeys = trust->options[TRUST_VKEY].count; /* they stand first */
    if (!trust->any_vkey || k >= vkeys || trust->keys[k].type == NOTE_KEY_TYPE_COSIGNATURE)
        return false;
    for (size_t i = 0; i < vkeys; i++)
        if (trust->signers.verified[i] && trust->keys[i].type != NOTE_KEY_TYPE_COSIGNATURE &&
            strcmp(trust->keys[i].name, trust->keys[k].name) == 0)
            return true;
    return false;
}

/* What may be the matter when a key did not sign. */
static const char *key_advice(const verify_trust *trust)
{
    return trust->any_vkey && trust->options[TRUST_VKEY].count > 0
               ? "; the operator's key may have been changed between the two: give both keys, "
                 "--vkey OLD --vkey NEW"
               : "";
}

static int check_given(const verify_command *command, const char *what)
{
    const verify_trust *trust = command->trust;
    for (size_t k = 0; k < trust->count; k++)
        if (trust->given[k] && !trust->signers.verified[k] && !is_succeeded(trust, k))
            return verify_fails(command, "%s: does not hold: not signed by \"%s\"%s", what,
                                trust->given[k], key_advice(trust));
    return VERIFY_HOLDS;
}

/* Another kind of file has signatures as well, of other bytes: that they do not verify would be an
   accusation. */
static int refuse_note(const verify_command *command, const char *what, const char *bytes,
                       size_t size, const char *reason)
{
    const char *kind = verify_kind_of(bytes, size);
    if (kind && strcmp(kind, "a checkpoint") != 0)
        return verify_fails(command, "%s: does not hold: this is %s, a checkpoint was expected",
                            what, kind);
    return verify_fails(command, "%s: does not hold: %s%s", what, reason,
                        reason == note_by_no_given_key ? key_advice(command->trust) : "");
}

int verify_signed_checkpoint(const verify_command *command, const char *what, const char *bytes,
                             size_t size, const char *origin, bool quorum, checkpoint *out)
{
    verify_trust *trust = command->trust;
    note *n = malloc(sizeof *n);
    if (!n)
        return verify_wrong_use(command, "%s: not enough memory", what);
    const char *reason = note_parse(n, bytes, size);
    if (!reason)
        reason = note_verify(trust->signers.verified, trust->signers.times_s, n, trust->keys,
                             trust->count);
    if (!reason)
        reason = find_hash(trust);
    if (!reason)
        reason = checkpoint_parse(out, n->text, n->text_size);
    if (!reason)
        reason = checkpoint_check(out, trust->signers.hash);
    free(n);
    if (reason)
        return refuse_note(command, what, bytes, size, reason);
    int status = check_given(command, what);
    if (status != VERIFY_HOLDS)
        return status;
    if (origin && strcmp(origin, out->origin) != 0)
        return verify_fails(command, "%s: does not hold: its origin is \"%s\", expected \"%s\"",
                            what, out->origin, origin);
    return trust->policy_path ? check_policy(command, what, out->origin, quorum) : VERIFY_HOLDS;
}

void verify_print_checkpoint(const verify_command *command, const checkpoint *c)
{
    const verify_trust *trust = command->trust;
    char hex[2 * HASH_SIZE + 1];
    bool by_log = false;
    printf("origin: %s\nsize: %" PRIu64 "\nroot: %s\n", c->origin, c->size,
           verify_hex(hex, &c->root));
    for (size_t k = 0; k < trust->count; k++) {
        const note_key *key = &trust->keys[k];
        if (!trust->signers.verified[k])
            continue;
        if (key->type != NOTE_KEY_TYPE_COSIGNATURE) {
            printf("signed by: %s\n", key->name);
            by_log = true;
            continue;
        }
        char text[32] = "";
        time_t at = (time_t)trust->signers.times_s[k];
        struct tm utc;
        /* years above 9999 are no RFC 3339; the seconds are printed in any case */
        if (trust->signers.times_s[k] <= 253402300799u && gmtime_r(&at, &utc))
            strftime(text, sizeof text, " (%Y-%m-%dT%H:%M:%SZ)", &utc);
        printf("cosigned by: %s at %" PRIu64 "%s\n", key->name, trust->signers.times_s[k], text);
    }
    if (!by_log)
        puts("the log's own signature: not checked, --vkey is not given");
    if (trust->policy_path)
        printf("quorum: %s\n", trust->policy.quorum == POLICY_NONE
                                   ? "none is asked for"
                                   : trust->policy.names[trust->policy.quorum].name);
}
