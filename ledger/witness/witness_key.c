/*
 * witness/witness_key.c: see witness_key.h.
 *
 *   line     U+2014 SPACE name SPACE base64(key id, 4 bytes || u64 BE seconds || signature, 64
 *            bytes) LF
 *   signed   "cosignature/v1" LF "time " seconds LF, then the checkpoint's text
 */
#include "witness_key.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "note_text.h"

enum { SIGNED_SIZE = 64, TIME_SIZE = 8, SIGNATURE_LINE_MAX = NOTE_NAME_MAX + 256 };

wf_status witness_key_create(const char *path, wf_error *err)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = NULL;
    wf_status status = WF_OK;
    /* opened with its final mode: others can read it at no moment */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = errno == EEXIST
                     ? wf_fail(err, WF_USAGE,
                               _("%s exists already: use the key without --new-key, or name "
                                 "another file"),
                               path)
                     : wf_fail_errno(err, "%s", path);
    } else {
        errno = 0;
        bio = BIO_new_fd(fd, BIO_NOCLOSE);
        if (key == NULL || bio == NULL ||
            PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1 || fsync(fd) != 0)
            status =
                errno != 0
                    ? wf_fail_errno(err, _("%s: the private key cannot be written"), path)
                    : wf_fail(err, WF_SYSTEM, _("%s: the private key cannot be written"), path);
        close(fd);
        if (status != WF_OK)
            unlink(path);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return status;
}

static wf_status read_private(EVP_PKEY **out, const char *path, wf_error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT
                   ? wf_fail(err, WF_USAGE,
                             _("%s: there is no such key; --new-key makes one there"), path)
                   : wf_fail_errno(err, "%s", path);
    *out = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (*out != NULL && EVP_PKEY_get_id(*out) == EVP_PKEY_ED25519)
        return WF_OK;
    EVP_PKEY_free(*out);
    return wf_fail(err, WF_REFUSED, _("%s does not hold an Ed25519 private key in PEM"), path);
}

wf_status witness_key_load(witness_key *out, const char *path, const char *name, wf_error *err)
{
    EVP_PKEY *private = NULL;
    memset(out, 0, sizeof *out);
    const char *reason = note_name_check(name, strlen(name));
    if (reason == NULL && strlen(name) > NOTE_NAME_MAX)
        reason = "it is longer than 255 bytes";
    if (reason != NULL)
        return wf_fail(err, WF_USAGE, _("'%s' cannot be the name of a witness: %s"), name, reason);
    wf_status status = read_private(&private, path, err);
    if (status == WF_OK)
        status = signer_of_key(&out->signer, private, err);
    if (status != WF_OK)
        return status;
    note_key_make(&out->note_key, NOTE_KEY_TYPE_COSIGNATURE, name,
                  signer_public(out->signer)->bytes);
    note_vkey_format(out->vkey, sizeof out->vkey, &out->note_key);
    return WF_OK;
}

void witness_key_free(witness_key *key)
{
    signer_free(key->signer);
    key->signer = NULL;
}

static wf_status sign(uint8_t out[SIGNATURE_MAX], const witness_key *key, const char *text,
                      size_t size, uint64_t time_s, wf_error *err)
{
    buffer message = {0};
    size_t signature_size = 0;
    buffer_printf(&message, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    buffer_append(&message, text, size);
    wf_status status = message.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                      : signer_sign(key->signer, message.data, message.size, out,
                                                    &signature_size, err);
    buffer_free(&message);
    WF_ASSERT(status != WF_OK || signature_size == SIGNED_SIZE);
    return status;
}

wf_status witness_cosign(buffer *out, const witness_key *key, const char *text, size_t size,
                         uint64_t time_s, wf_error *err)
{
    uint8_t signature[SIGNATURE_MAX], timed[TIME_SIZE + SIGNED_SIZE];
    char line[SIGNATURE_LINE_MAX];
    WF_ASSERT(time_s > 0);
    wf_status status = sign(signature, key, text, size, time_s, err);
    if (status != WF_OK)
        return status;
    for (size_t i = 0; i < TIME_SIZE; i++)
        timed[i] = (uint8_t)(time_s >> (8 * (TIME_SIZE - 1 - i)));
    memcpy(timed + TIME_SIZE, signature, SIGNED_SIZE);
    size_t length = note_signature_line(line, sizeof line, &key->note_key, timed, sizeof timed);
    WF_ASSERT(length > 0);
    buffer_append(out, line, length);
    return out->failed ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

char *witness_id(char out[WITNESS_ID_MAX], const void *bytes, size_t size)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes, size, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return out;
}
