/*
 * ledger/keys/signer.h: what makes the operator's signatures. Whoever signs asks a `signer` and
 * does not see the private key: it is in this process, or in another one behind a socket in the
 * file system
 * (`wufei key serve`, or a program that drives a security module).
 *
 * The protocol. One connection a request: the client sends it, the signer answers and closes. All
 * numbers are big-endian.
 *
 *     request   offset  bytes
 *                    0      4  length of what follows, 2 to 66 000
 *                    4      1  version, 2
 *                    5      1  1: your public key?  2: sign  3: sign a checkpoint, with a proof
 *     to sign        6      1  what it is: 1 statement, 2 checkpoint, 3 possession of a key,
 *                              4 order to revoke, 5 order of a quorum
 *                    7      n  the message, exactly the bytes to be signed
 *     with a proof   6      8  size of the older tree that the checkpoint extends
 *                   14      1  h, hashes of the extension_proof proof (RFC 6962), 0 to 64
 *                   15   32*h  the hashes
 *              15+32*h      n  the message
 *
 *     answer    offset  bytes
 *                    0      4  length of what follows, 2 to 1 024
 *                    4      1  version, 2
 *                    5      1  0: done  1: refused, asking again is vain  2: failed, it may help
 *                              3: a proof is wanted
 *                    6      n  done: the public key (32 bytes Ed25519, 65 bytes SM2), or the
 *                              signature (64 bytes; DER); a proof: u64, the size of the older tree
 *                              that it must begin with; else the reason in UTF-8
 *
 * A message must be what its kind says: a statement or key record begins with its domain line
 * ("wufei/statement/v1" etc.), and a checkpoint is origin, size and root of a signed note. A signer
 * remembers the last checkpoint that it signed of each origin. It refuses a smaller size, and of a
 * larger one it wants the proof that it extends the last one: a ledger that was put back or forked
 * gets nothing signed, even where all traces of it on its own machine are gone. It never forgets on
 * request: its keeper gives it a new file to remember in, after which `wufei restore` can record
 * the loss in the log. Client and
 * signer have the same user id, which the kernel tells (SO_PEERCRED); the socket has mode 0600. A
 * side that is silent for 10 seconds has failed. The signer takes requests from many clients side
 * by side, gives each 10 seconds for the whole of it, and sends the oldest away when more than 64
 * are at it.
 */
#ifndef LEDGER_SIGNER_H
#define LEDGER_SIGNER_H

#include <openssl/evp.h>

#include "base/memory.h"
#include "base/status.h"
#include "entry.h"
#include "merkle.h"
#include "suite.h"

#define SIGNER_VARIABLE "WUFEI_SIGNER"

enum {
    SIGNER_VERSION = 2,
    SIGNER_PUBLIC_KEY = 1,
    SIGNER_SIGN = 2,
    SIGNER_EXTEND = 3,
    SIGNER_REQUEST_MAX = 66000,
    SIGNER_ANSWER_MAX = 1024,
    SIGNER_TIMEOUT_S = 10
};

enum signing_kind {
    SIGN_NOTHING, /* of ours */
    SIGN_STATEMENT,
    SIGN_CHECKPOINT,
    SIGN_POSSESSION,
    SIGN_REVOKE,
    SIGN_QUORUM
};

enum signer_answer { SIGNER_DONE, SIGNER_REFUSED, SIGNER_FAILED, SIGNER_PROVE };

typedef struct signer signer;

/* Of a larger tree, whose beginning the tree of `from` entries is. */
typedef struct extension_proof {
    uint64_t from;
    size_t count;
    hash hashes[MERKLE_PROOF_MAX];
} extension_proof;

/* ---- signer.c -------------------------------------------------------------------------------- */

/* Signs with a private key in this process; takes `key`, also when it fails. */
wf_status signer_of_key(signer **out, EVP_PKEY *key, wf_error *err);
/* The same with a private key file. */
wf_status signer_of_file(signer **out, const char *path, wf_error *err);
/* Asks the process behind the socket, and what its public key is. */
wf_status signer_of_socket(signer **out, const char *socket_path, wf_error *err);
void signer_free(signer *s); /* NULL is fine */

/* Borrowed. */
const suite_public_key *signer_public(const signer *s);
/* Any thread, one at a time. */
wf_status signer_sign(signer *s, const void *message, size_t size, uint8_t out[SIGNATURE_MAX],
                      size_t *out_size, wf_error *err);
/* Fills in out->hashes: that the tree to be signed extends the one of out->from entries. */
typedef wf_status (*signer_prover)(void *ctx, extension_proof *out, wf_error *err);
/* A checkpoint of `entries` entries; `prove` is asked when the signer wants to see that it extends
   an older one. */
wf_status signer_sign_checkpoint(signer *s, span text, uint64_t entries, signer_prover prove,
                                 void *ctx, uint8_t out[SIGNATURE_MAX], size_t *out_size,
                                 wf_error *err);
/* Over STATEMENT_DOMAIN || statement. */
wf_status signer_sign_statement(signer *s, span statement, uint8_t out[SIGNATURE_MAX],
                                size_t *out_size, wf_error *err);

/* ---- signer_wire.c --------------------------------------------------------------------------- */

/* By the message's first line; SIGN_NOTHING when it is none of ours. */
enum signing_kind signing_kind_of(const void *message, size_t size);
/* One length-prefixed piece. `what` names the other side in errors. */
wf_status signer_send(int fd, span piece, const char *what, wf_error *err);
/* *out is malloced, of *size bytes. Size 0 and WF_OK: the other side closed before it began. */
wf_status signer_receive(int fd, size_t max, uint8_t **out, size_t *size, const char *what,
                         wf_error *err);

/* ---- signer_serve.c: the other side -----------------------------------------------------------
 */

typedef struct signer_serve_options {
    const char *key_path;
    const char *socket_path;
    const char *memory_path; /* what it signed last; NULL: KEY.signed */
    /* Once, when it listens; may be NULL. `remembered`: ledgers of which it knows what it signed
       last; none: the file is new. */
    void (*ready)(void *ctx, const suite_public_key *public_key, size_t remembered);
    void *ctx;
} signer_serve_options;

/* Until SIGTERM or SIGINT. */
wf_status signer_serve(const signer_serve_options *options, wf_error *err);

#endif
