/*
 * ledger/keys/key_file.h: keys in PEM files.
 *
 * A private key is PKCS #8, mode 0600. Encrypted (PBES2: scrypt with N 16384, r 8, p 5 and a salt
 * of 16 bytes, then AES-256-CBC) it is followed by its public key in a block of its own, so that a
 * key can be recognised without its passphrase; other tools read the first block and stop there.
 * Files that other tools wrote are read in any form that OpenSSL knows.
 *
 * Passphrases come from the file that $WUFEI_KEY_PASSPHRASE_FILE names, whose lines are tried one
 * after the other (16 at most), or are asked for when standard input is a terminal; never from
 * arguments, which other users of the machine can read.
 */
#ifndef LEDGER_KEY_FILE_H
#define LEDGER_KEY_FILE_H

#include <openssl/evp.h>

#include "base/memory.h"
#include "suite.h"

#define KEY_PASSPHRASE_FILE "WUFEI_KEY_PASSPHRASE_FILE"

enum { KEY_FILE_MAX = 16384, PASSPHRASE_MAX = 1024 };

/* ---- key_file.c ------------------------------------------------------------------------------ */

/* A new key of the suite. */
wf_status key_make(EVP_PKEY **out, const suite *s, wf_error *err);
/* The same, in the new file dir/operator.pem. */
wf_status key_generate(EVP_PKEY **out, const suite *s, bool encrypt, const char *dir,
                       wf_error *err);
bool key_public(suite_public_key *out, const EVP_PKEY *key);
/* The text of a private key file; the caller frees with key_text_free. */
wf_status key_text(buffer *out, EVP_PKEY *key, bool encrypt, wf_error *err);
void key_text_free(buffer *text);
/* The text of a public key file. */
wf_status key_public_text(buffer *out, const suite_public_key *key, wf_error *err);
/* WF_REFUSED: not a private key of a suite, or the wrong passphrase. */
wf_status key_load(EVP_PKEY **out, const char *path, wf_error *err);
/* The public key of a file with a private or a public key; asks for a passphrase only when the
   file does not show it. */
wf_status key_load_public(suite_public_key *out, const char *path, wf_error *err);
/* WF_OK and *out->size 0 when there is no file. */
wf_status key_load_public_if(suite_public_key *out, const char *path, wf_error *err);

/* ---- passphrase.c ---------------------------------------------------------------------------- */

typedef struct passphrases {
    char *text; /* lines, ended by zeros */
    size_t size;
    const char *where; /* the file; NULL: asked for on the terminal */
    unsigned asked;
} passphrases;

/* The next one to try for `path`; NULL: there is no further one, and `err` says why. */
wf_status passphrase_next(const char **out, passphrases *p, const char *path, wf_error *err);
/* The one to encrypt `path` with, asked for twice on a terminal. */
wf_status passphrase_new(const char **out, passphrases *p, wf_error *err);
void passphrases_free(passphrases *p);

#endif
