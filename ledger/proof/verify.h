/*
 * proof/verify.h: what the commands of wufei-verify share. Not part of the library.
 *
 * A command returns its exit status. Results go to standard output; what does not hold, and wrong
 * use, to standard error.
 */
#ifndef PROOF_VERIFY_H
#define PROOF_VERIFY_H

#include "checkpoint.h"

enum { VERIFY_HOLDS = 0, VERIFY_DOES_NOT_HOLD = 1, VERIFY_WRONG_USE = 2, VERIFY_KEYS_MAX = 64 };

/* The commands; argv[0] is the command's name. */
int verify_inclusion(int argc, char **argv);
int verify_consistency(int argc, char **argv);
int verify_note(int argc, char **argv);
int verify_checkpoint(int argc, char **argv);
int verify_proof(int argc, char **argv);
int verify_extends(int argc, char **argv);
int verify_tiles(int argc, char **argv);

/* ---- the command line (verify_input.c) ---- */

typedef struct verify_option {
    const char *name;    /* with its dashes */
    const char **values; /* filled in the order given */
    size_t values_max;
    size_t count;
} verify_option;

typedef struct verify_command {
    const char *name;
    const char *help; /* the whole help text */
    verify_option *options;
    size_t option_count;
    const char **operands;
    size_t operands_max;
    size_t operand_count;
} verify_command;

/* Sorts argv into options and operands. True: go on. False: *status is the exit status (after
   --help, or wrong use). */
bool verify_read_arguments(verify_command *command, int argc, char **argv, int *status);

/* Prints "wufei-verify COMMAND: ..." to standard error and returns the status. */
int verify_wrong_use(const verify_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int verify_fails(const verify_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One value of an option that must be there. False: told, wrong use. */
bool verify_number(const verify_command *command, const verify_option *option, uint64_t *out);
bool verify_hash(const verify_command *command, const verify_option *option, hash *out);
/* All operands as hashes in hex. */
bool verify_hashes(const verify_command *command, hash *out);

/* The whole of a file ("-": standard input), malloced, with a zero after it. NULL: told, and
 *status is set: a file that is not there is wrong use, one larger than max does not hold. */
char *verify_read_file(const verify_command *command, const char *path, size_t max,
                       size_t *out_size, int *status);

/* Room for 64 hex digits and a zero; returns out. */
char *verify_hex(char out[2 * HASH_SIZE + 1], const hash *h);

/* ---- keys and signed checkpoints (verify_signed.c) ---- */

typedef struct verify_keys {
    note_key keys[VERIFY_KEYS_MAX];
    const char *vkeys[VERIFY_KEYS_MAX]; /* as given */
    size_t count;
    bool verified[VERIFY_KEYS_MAX];
    uint64_t times_s[VERIFY_KEYS_MAX];
} verify_keys;

/* Adds the vkeys of an option. As witness, a key of type 01 stands for the cosigner with that
   key. False: told, wrong use. */
bool verify_add_keys(const verify_command *command, verify_keys *keys, const verify_option *option,
                     bool as_witness);

/* Parses a note and checks its signatures and that of every key given. origin: expected, or NULL.
   Holds: *out is filled. Else told. `what` names the checkpoint in messages. */
int verify_signed_checkpoint(const verify_command *command, verify_keys *keys, const char *what,
                             const char *bytes, size_t size, const char *origin, checkpoint *out);
/* Prints origin, size, root and who signed. */
void verify_print_checkpoint(const checkpoint *c, const verify_keys *keys);

#endif
