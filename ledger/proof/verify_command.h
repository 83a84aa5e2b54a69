/*
 * proof/verify_command.h: what the commands of wufei-verify share. Not part of the library.
 *
 * A command returns its exit status. Results go to standard output; what does not hold, and wrong
 * use, to standard error.
 */
#ifndef PROOF_VERIFY_COMMAND_H
#define PROOF_VERIFY_COMMAND_H

#include "checkpoint.h"
#include "policy.h"

enum { VERIFY_HOLDS = 0, VERIFY_DOES_NOT_HOLD = 1, VERIFY_WRONG_USE = 2, VERIFY_KEYS_MAX = 64 };

/* The commands; argv[0] is the command's name. */
int verify_inclusion(int argc, char **argv);
int verify_consistency(int argc, char **argv);
int verify_note(int argc, char **argv);
int verify_checkpoint(int argc, char **argv);
int verify_proof(int argc, char **argv);
int verify_extends(int argc, char **argv);
int verify_tiles(int argc, char **argv);

/* ---- the command line (verify_arguments.c) ---- */

typedef struct verify_option {
    const char *name;    /* with its dashes */
    const char **values; /* filled in the order given */
    size_t values_max;
    size_t count;
} verify_option;

struct verify_trust;

typedef struct verify_command {
    const char *name;
    const char *help; /* the whole help text */
    verify_option *options;
    size_t option_count;
    struct verify_trust *trust; /* its options are the command's too; NULL: none */
    bool witness_alone;         /* --witness will do without the log's key */
    const char *operands_usage; /* "OLD NEW PROOF" */
    const char **operands;
    size_t operands_min;
    size_t operands_max;
    size_t operand_count;
} verify_command;

/* Sorts argv into options and operands and reads the keys of `trust`. True: go on. False: *status
   is the exit status (after --help, or wrong use). */
bool verify_read_arguments(verify_command *command, int argc, char **argv, int *status);

/* ---- telling, values and files (verify_input.c) ---- */

/* The option was given. False: told. */
bool verify_is_there(const verify_command *command, const verify_option *option);

/* Prints "wufei-verify COMMAND: ..." to standard error and returns the status. */
int verify_wrong_use(const verify_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int verify_fails(const verify_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One value of an option that must be there. False: told, wrong use. */
bool verify_number(const verify_command *command, const verify_option *option, uint64_t *out);
bool verify_hash(const verify_command *command, const verify_option *option, hash *out);
/* sha256 or sm3; sha256 when not given. False: told, wrong use. */
bool verify_hash_kind(const verify_command *command, const verify_option *option, hash_kind *out);
/* All operands as hashes in hex. */
bool verify_hashes(const verify_command *command, hash *out);

/* The whole of a file ("-": standard input), malloced, with a zero after it. NULL: told, and
 *status is set: a file that is not there is wrong use, one larger than max does not hold. */
char *verify_read_file(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, int *status);

/* The same; that the file is not there is not told, and *status holds then. */
char *verify_read_if_there(const verify_command *command, const char *path, size_t max,
                           size_t *out_size, int *status);

/* The same of a part of an exported log, which somebody else made: only a regular file is read, so
   that no pipe in it holds us up. One that is no file does not hold. */
char *verify_read_part(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, int *status);

/* What a file is that was given for another: "a receipt"; NULL: none of those that we know. */
const char *verify_kind_of(const char *bytes, size_t size);

/* Room for 64 hex digits and a zero; returns out. */
char *verify_hex(char out[2 * HASH_SIZE + 1], const hash *h);

/* ---- keys, policies and signed checkpoints (verify_signed.c) ---- */

/* Options by which a command is told whom to trust; a command takes the first so many. */
enum { TRUST_VKEY, TRUST_ORIGIN, TRUST_WITNESS, TRUST_POLICY, TRUST_OPTIONS };
enum { TRUST_KEYS_MAX = 2 * VERIFY_KEYS_MAX + POLICY_LOGS_MAX + POLICY_WITNESSES_MAX };

typedef struct verify_signers { /* as the keys */
    bool verified[TRUST_KEYS_MAX];
    uint64_t times_s[TRUST_KEYS_MAX]; /* of cosignatures */
    hash_kind hash;                   /* that the log's tree is made by: its key says */
} verify_signers;

typedef struct verify_trust {
    verify_option options[TRUST_OPTIONS];
    size_t option_count;
    const char *vkeys[VERIFY_KEYS_MAX];
    const char *witnesses[VERIFY_KEYS_MAX];
    const char *origin;      /* that a checkpoint must have, or NULL */
    const char *policy_path; /* or NULL */
    policy policy;
    size_t policy_logs[POLICY_LOGS_MAX]; /* places of its keys in `keys` */
    size_t policy_witnesses[POLICY_WITNESSES_MAX];
    note_key keys[TRUST_KEYS_MAX];
    const char *given[TRUST_KEYS_MAX]; /* the key as given, which must have signed; NULL: it may */
    size_t count;
    /* For who looks at several checkpoints of a log, whose key may have been changed between them:
       of the keys of one name that --vkey gives, one must have signed each. Else all of them. */
    bool any_vkey;
    verify_signers signers; /* of the note that was verified last */
} verify_trust;

/* Makes the first option_count options; the rest of `trust` is zero. Large: static. Returns it. */
verify_trust *verify_trust_init(verify_trust *trust, size_t option_count);
/* Reads the keys and the policy that the options name. False: told, *status is set. */
bool verify_trust_load(const verify_command *command, verify_trust *trust, int *status);
/* Adds vkeys, each of which must have signed. As witness, a key of type 01 stands for the cosigner
   with that key. False: told, wrong use. */
bool verify_add_keys(const verify_command *command, verify_trust *trust,
                     const verify_option *option, bool as_witness);

/* Parses a note and checks its signatures: that of every key given (but any_vkey) and, when there
   is a policy, that of a log of it (unless --vkey names the log) and, with `quorum`, those of its
   quorum. origin: expected, or NULL. Holds: *out is filled. Else told. `what` names the checkpoint
   in messages. */
int verify_signed_checkpoint(const verify_command *command, const char *what, const char *bytes,
                             size_t size, const char *origin, bool quorum, checkpoint *out);
/* Prints origin, size, root and who signed. */
void verify_print_checkpoint(const verify_command *command, const checkpoint *c);

#endif
