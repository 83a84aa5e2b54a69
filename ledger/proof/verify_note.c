/*
 * proof/verify_note.c: the commands "note" and "checkpoint" of wufei-verify.
 */
#include "verify_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char note_help[] =
    "Usage: wufei-verify note --vkey VKEY... FILE\n"
    "\n"
    "Checks a C2SP signed note and prints the names of the keys that signed it. At least one of\n"
    "the keys must have signed; a wrong signature of any of them refuses the note; signatures of\n"
    "other keys are ignored.\n"
    "\n"
    "  --vkey VKEY  a verifier key, NAME+HEX+BASE64; as often as there are keys\n"
    "  FILE         the note, at most 1 MiB; - is standard input\n"
    "\n"
    "Example:\n"
    "  wufei-verify note \\\n"
    "    --vkey sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8 latest\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not, 2 wrong use.\n";

static const char checkpoint_help[] =
    "Usage: wufei-verify checkpoint --vkey VKEY [--witness VKEY] [--policy FILE] [--origin NAME]\n"
    "                               FILE\n"
    "\n"
    "Checks a C2SP checkpoint with its cosignatures and prints what it says. Every key given must\n"
    "have signed it, and of the witnesses of a policy as many as its quorum asks for.\n"
    "\n"
    "  --vkey VKEY     a verifier key of the log, NAME+HEX+BASE64; may be repeated\n"
    "  --witness VKEY  a cosigner's key, published as type 04 or 01; may be repeated; without\n"
    "                  --vkey its cosignature alone is checked, and that is said\n"
    "  --policy FILE   a C2SP policy (log, witness, group, quorum); without --vkey one of its "
    "logs\n"
    "                  must have signed\n"
    "  --origin NAME   the origin that the checkpoint must have\n"
    "  FILE            the checkpoint, at most 1 MiB; - is standard input\n"
    "\n"
    "Example:\n"
    "  wufei-verify checkpoint --origin \"go.sum database tree\" \\\n"
    "    --vkey sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8 latest\n"
    "\n"
    "Exit status: 0 it holds, 1 it does not (also below the quorum), 2 wrong use.\n";

/* The names in the order of the signatures, each key once. */
static void print_names(const note *n, verify_trust *keys)
{
    for (size_t s = 0; s < n->signature_count; s++)
        for (size_t k = 0; k < keys->count; k++) {
            const note_key *key = &keys->keys[k];
            if (!keys->signers.verified[k] || key->id != n->signatures[s].id ||
                strlen(key->name) != n->signatures[s].name_size ||
                memcmp(key->name, n->signatures[s].name, n->signatures[s].name_size) != 0)
                continue;
            printf("%s\n", key->name);
            keys->signers.verified[k] = false;
        }
}

static int check_note(const verify_command *command, const char *path)
{
    verify_trust *keys = command->trust;
    int status = VERIFY_HOLDS;
    size_t size = 0;
    char *bytes = verify_read_file(command, path, NOTE_MAX, &size, &status);
    note *n = malloc(sizeof *n);
    if (bytes && !n)
        status = verify_wrong_use(command, "%s: not enough memory", path);
    if (bytes && n) {
        const char *reason = note_parse(n, bytes, size);
        if (!reason)
            reason = note_verify(keys->signers.verified, keys->signers.times_s, n, keys->keys,
                                 keys->count);
        const char *kind = verify_kind_of(bytes, size);
        if (reason && kind && strcmp(kind, "a checkpoint") != 0)
            status = verify_fails(command, "%s: does not hold: this is %s, a note was expected",
                                  path, kind);
        else if (reason)
            status = verify_fails(command, "%s: does not hold: %s", path, reason);
        else
            print_names(n, keys);
    }
    free(n);
    free(bytes);
    return status;
}

int verify_note(int argc, char **argv)
{
    static verify_trust trust;
    const char *operands[VERIFY_KEYS_MAX];
    verify_command command = {.name = argv[0],
                              .help = note_help,
                              .trust = verify_trust_init(&trust, TRUST_VKEY + 1),
                              .operands_usage = "FILE",
                              .operands = operands,
                              .operands_min = 1,
                              .operands_max = VERIFY_KEYS_MAX};
    int status = VERIFY_HOLDS;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    /* "--vkey A B FILE" can be read from the usage as well as "--vkey A --vkey B FILE" */
    verify_option more = {"--vkey", operands, 0, command.operand_count - 1};
    if (!verify_add_keys(&command, &trust, &more, false))
        return VERIFY_WRONG_USE;
    return check_note(&command, operands[command.operand_count - 1]);
}

int verify_checkpoint(int argc, char **argv)
{
    static verify_trust trust;
    const char *path = NULL;
    verify_command command = {.name = argv[0],
                              .help = checkpoint_help,
                              .trust = verify_trust_init(&trust, TRUST_OPTIONS),
                              .witness_alone = true,
                              .operands_usage = "FILE",
                              .operands = &path,
                              .operands_min = 1,
                              .operands_max = 1};
    int status = VERIFY_HOLDS;
    if (!verify_read_arguments(&command, argc, argv, &status))
        return status;
    size_t size = 0;
    char *bytes = verify_read_file(&command, path, NOTE_MAX, &size, &status);
    checkpoint c;
    if (bytes)
        status = verify_signed_checkpoint(&command, path, bytes, size, trust.origin, true, &c);
    if (status == VERIFY_HOLDS)
        verify_print_checkpoint(&command, &c);
    free(bytes);
    return status;
}
