/*
 * ledger/keys/signer.c: a signer, as who signs sees it: a private key in this process, or the
 * client of another one (signer.h has the protocol).
 *
 * What another process answers is verified before it is used: a broken module must not put a bad
 * signature into the log.
 */
#include "signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "key_file.h"
#include "key_table.h"

struct signer {
    EVP_PKEY *key;     /* NULL: behind the socket */
    char *socket_path; /* NULL: in this process */
    suite_public_key public_key;
    uint64_t signed_size; /* of the last checkpoint that we had signed there; 0: not known */
};

void signer_free(signer *s)
{
    if (s == NULL)
        return;
    EVP_PKEY_free(s->key);
    free(s->socket_path);
    free(s);
}

wf_status signer_of_key(signer **out, EVP_PKEY *key, wf_error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        EVP_PKEY_free(key);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    (*out)->key = key;
    if (key_public(&(*out)->public_key, key))
        return WF_OK;
    signer_free(*out);
    *out = NULL;
    return wf_fail(err, WF_REFUSED, _("the private key has no public key that can be used"));
}

wf_status signer_of_file(signer **out, const char *path, wf_error *err)
{
    EVP_PKEY *key = NULL;
    *out = NULL;
    wf_status status = key_load(&key, path, err);
    return status == WF_OK ? signer_of_key(out, key, err) : status;
}

const suite_public_key *signer_public(const signer *s)
{
    return &s->public_key;
}

/* ---- the client ------------------------------------------------------------------------------ */

static wf_status connect_to(int *out, const char *path, wf_error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = SIGNER_TIMEOUT_S};
    *out = -1;
    if (strlen(path) >= sizeof at.sun_path)
        return wf_fail(err, WF_USAGE, _("signer %s: the path of a socket has at most %zu bytes"),
                       path, sizeof at.sun_path - 1);
    strcpy(at.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return wf_fail_errno(err, _("signer %s"), path);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        connect(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        wf_status status =
            errno == ENOENT || errno == ECONNREFUSED
                ? wf_fail(err, WF_SYSTEM,
                          _("signer %s: nobody listens there; start it again with: wufei key "
                            "serve; until then the ledger can be read"),
                          path)
                : wf_fail_errno(err, _("signer %s"), path);
        close(fd);
        return status;
    }
    *out = fd;
    return WF_OK;
}

/* *answer is `bytes` without its first two, which are checked. */
static wf_status take_answer(const uint8_t *bytes, size_t size, const char *path, span *answer,
                             uint64_t *from, wf_error *err)
{
    if (size < 2)
        return wf_fail(err, WF_SYSTEM, _("signer %s: it closed without an answer"), path);
    if (bytes[0] != SIGNER_VERSION)
        return wf_fail(
            err, WF_SYSTEM,
            _("signer %s: it speaks version %u of the protocol, version %d was expected"), path,
            bytes[0], SIGNER_VERSION);
    *answer = span_of(bytes + 2, size - 2);
    if (bytes[1] == SIGNER_DONE)
        return WF_OK;
    if (bytes[1] == SIGNER_PROVE && answer->size == 8) {
        *from = 0;
        for (size_t i = 0; i < answer->size; i++)
            *from = *from << 8 | answer->data[i];
        return wf_fail(err, WF_SYSTEM,
                       _("signer %s: it wants the proof that this checkpoint extends the one of "
                         "%llu entries"),
                       path, (unsigned long long)*from);
    }
    return wf_fail(err, WF_SYSTEM,
                   bytes[1] == SIGNER_REFUSED ? _("signer %s: it refuses: %.*s")
                                              : _("signer %s: it failed: %.*s"),
                   path, (int)answer->size, (const char *)answer->data);
}

/* Sends and receives once; the answer's bytes, at most `max`, go to `out`. *from is set when it
   fails for want of a proof that begins there. */
static wf_status ask(const char *path, span request, uint8_t *out, size_t max, size_t *out_size,
                     uint64_t *from, wf_error *err)
{
    int fd;
    char what[sizeof(struct sockaddr_un) + 32];
    uint8_t *bytes = NULL;
    size_t size = 0;
    span answer = {NULL, 0};
    wf_status status = connect_to(&fd, path, err);
    if (status != WF_OK)
        return status;
    snprintf(what, sizeof what, _("signer %s"), path);
    status = signer_send(fd, request, what, err);
    if (status == WF_OK)
        status = signer_receive(fd, SIGNER_ANSWER_MAX, &bytes, &size, what, err);
    if (status == WF_OK)
        status = take_answer(bytes, size, path, &answer, from, err);
    if (status == WF_OK && (answer.size == 0 || answer.size > max))
        status = wf_fail(err, WF_SYSTEM, _("signer %s: an answer of %zu bytes was not expected"),
                         path, answer.size);
    if (status == WF_OK) {
        memcpy(out, answer.data, answer.size);
        *out_size = answer.size;
    }
    free(bytes);
    close(fd);
    return status;
}

wf_status signer_of_socket(signer **out, const char *socket_path, wf_error *err)
{
    static const uint8_t request[] = {SIGNER_VERSION, SIGNER_PUBLIC_KEY};
    *out = calloc(1, sizeof **out);
    if (*out == NULL || ((*out)->socket_path = strdup(socket_path)) == NULL) {
        free(*out);
        *out = NULL;
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    suite_public_key *key = &(*out)->public_key;
    uint64_t from;
    wf_status status = ask(socket_path, span_of(request, sizeof request), key->bytes,
                           sizeof key->bytes, &key->size, &from, err);
    if (status == WF_OK && (suite_of_size(key->size) == NULL ||
                            key_check(suite_of_size(key->size), key, NULL) != WF_OK))
        status =
            wf_fail(err, WF_SYSTEM, _("signer %s: its answer is not a public key"), socket_path);
    if (status != WF_OK) {
        signer_free(*out);
        *out = NULL;
    }
    return status;
}

/* `head`: the request before the message. */
static wf_status sign_there(const signer *s, span head, const void *message, size_t size,
                            uint8_t out[SIGNATURE_MAX], size_t *out_size, uint64_t *from,
                            wf_error *err)
{
    buffer request = {0};
    buffer_append(&request, head.data, head.size);
    buffer_append(&request, message, size);
    wf_status status = request.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : ask(s->socket_path, span_of(request.data, request.size),
                                            out, SIGNATURE_MAX, out_size, from, err);
    buffer_free(&request);
    if (status == WF_OK && !suite_verify(suite_of_size(s->public_key.size), s->public_key.bytes,
                                         message, size, out, *out_size))
        status =
            wf_fail(err, WF_SYSTEM, _("signer %s: its signature does not hold for its public key"),
                    s->socket_path);
    return status;
}

static wf_status extend_there(const signer *s, span text, const extension_proof *proof,
                              uint8_t out[SIGNATURE_MAX], size_t *out_size, uint64_t *from,
                              wf_error *err)
{
    uint8_t head[11 + sizeof proof->hashes] = {SIGNER_VERSION, SIGNER_EXTEND};
    for (size_t i = 0; i < 8; i++)
        head[2 + i] = (uint8_t)(proof->from >> (56 - 8 * i));
    head[10] = (uint8_t)proof->count;
    memcpy(head + 11, proof->hashes, proof->count * HASH_SIZE);
    return sign_there(s, span_of(head, 11 + proof->count * HASH_SIZE), text.data, text.size, out,
                      out_size, from, err);
}

/* ---- both ------------------------------------------------------------------------------------ */

wf_status signer_sign(signer *s, const void *message, size_t size, uint8_t out[SIGNATURE_MAX],
                      size_t *out_size, wf_error *err)
{
    const uint8_t head[] = {SIGNER_VERSION, SIGNER_SIGN, (uint8_t)signing_kind_of(message, size)};
    uint64_t from;
    if (s->key == NULL)
        return sign_there(s, span_of(head, sizeof head), message, size, out, out_size, &from, err);
    return key_sign(out, out_size, s->key, message, size)
               ? WF_OK
               : wf_fail(err, WF_SYSTEM, _("the operator's key does not sign"));
}

/* From the size that we know at once; from the one that the signer names when that is another:
   somebody may have been stopped between its signing and ours. */
wf_status signer_sign_checkpoint(signer *s, span text, uint64_t entries, signer_prover prove,
                                 void *ctx, uint8_t out[SIGNATURE_MAX], size_t *out_size,
                                 wf_error *err)
{
    const uint8_t head[] = {SIGNER_VERSION, SIGNER_SIGN, SIGN_CHECKPOINT};
    extension_proof proof = {.from = s->signed_size};
    wf_status status = WF_OK;
    if (s->key != NULL)
        return signer_sign(s, text.data, text.size, out, out_size, err);
    for (int attempt = 0; attempt < 2; attempt++) {
        uint64_t from = 0;
        bool known = proof.from > 0 && proof.from < entries;
        if (known && (status = prove(ctx, &proof, err)) != WF_OK)
            return status;
        status = known ? extend_there(s, text, &proof, out, out_size, &from, err)
                       : sign_there(s, span_of(head, sizeof head), text.data, text.size, out,
                                    out_size, &from, err);
        if (status == WF_OK)
            s->signed_size = entries;
        if (status == WF_OK || from == 0 || from >= entries)
            return status;
        proof = (extension_proof){.from = from};
        if (attempt == 0)
            wf_error_clear(err);
    }
    return status;
}

wf_status signer_sign_statement(signer *s, span statement, uint8_t out[SIGNATURE_MAX],
                                size_t *out_size, wf_error *err)
{
    buffer message = {0};
    buffer_append(&message, STATEMENT_DOMAIN, sizeof STATEMENT_DOMAIN - 1);
    buffer_append(&message, statement.data, statement.size);
    wf_status status = message.failed
                           ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                           : signer_sign(s, message.data, message.size, out, out_size, err);
    buffer_free(&message);
    return status;
}
