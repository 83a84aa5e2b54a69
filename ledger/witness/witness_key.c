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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "key_file.h"
#include "ledger_private.h"
#include "note_text.h"

enum { SIGNED_SIZE = 64, TIME_SIZE = 8, SIGNATURE_LINE_MAX = NOTE_NAME_MAX + 256 };

static wf_status sync_folder_of(const char *path, wf_error *err)
{
    char *folder = NULL;
    folder_split(path, &folder);
    wf_status status =
        folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory")) : folder_sync(folder, err);
    free(folder);
    return status;
}

static wf_status write_new(const char *path, span text, wf_error *err)
{
    /* opened with its final mode: others can read it at no moment */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST
                   ? wf_fail(err, WF_USAGE,
                             _("%s exists already: use the key without --new-key, or name "
                               "another file"),
                             path)
                   : wf_fail_errno(err, "%s", path);
    wf_status status = WF_OK;
    ssize_t written = write(fd, text.data, text.size);
    if (written >= 0 && (size_t)written < text.size)
        errno = ENOSPC;
    if (written < 0 || (size_t)written < text.size || fsync(fd) != 0)
        status = wf_fail_errno(err, _("%s: cannot be written"), path);
    close(fd);
    if (status == WF_OK)
        status = sync_folder_of(path, err);
    if (status != WF_OK)
        unlink(path);
    return status;
}

wf_status witness_key_create(const char *path, bool encrypt, wf_error *err)
{
    EVP_PKEY *key = NULL;
    buffer text = {0};
    wf_status status = key_make(&key, suite_find(SUITE_ED25519), err);
    if (status == WF_OK)
        status = key_text(&text, key, encrypt, err);
    if (status == WF_OK)
        status = write_new(path, span_of(text.data, text.size), err);
    key_text_free(&text);
    EVP_PKEY_free(key);
    return status;
}

wf_status witness_name_check(const char *name, wf_error *err)
{
    const char *reason = note_name_check(name, strlen(name));
    if (reason == NULL && strlen(name) > NOTE_NAME_MAX)
        reason = N_("it is longer than 255 bytes");
    return reason == NULL ? WF_OK
                          : wf_fail(err, WF_USAGE, _("'%s' cannot be the name of a witness: %s"),
                                    name, _(reason));
}

/* `public_key` is of any suite, or of none when there is no file. */
static wf_status make_name(note_key *out, char vkey[NOTE_VKEY_MAX], const char *path,
                           const char *name, const suite_public_key *public_key, wf_error *err)
{
    wf_status status = witness_name_check(name, err);
    if (status != WF_OK)
        return status;
    if (public_key->size == 0)
        return wf_fail(err, WF_USAGE, _("%s: there is no such key; --new-key makes one there"),
                       path);
    if (public_key->size != note_key_size(NOTE_KEY_TYPE_COSIGNATURE))
        return wf_fail(err, WF_REFUSED, _("%s is no Ed25519 key, which a witness needs"), path);
    note_key_make(out, NOTE_KEY_TYPE_COSIGNATURE, name, public_key->bytes);
    note_vkey_format(vkey, NOTE_VKEY_MAX, out);
    return WF_OK;
}

wf_status witness_key_name(char vkey[NOTE_VKEY_MAX], const char *path, const char *name,
                           wf_error *err)
{
    suite_public_key public_key;
    note_key key;
    wf_status status = key_load_public_if(&public_key, path, err);
    return status == WF_OK ? make_name(&key, vkey, path, name, &public_key, err) : status;
}

wf_status witness_key_load(witness_key *out, const char *path, const char *name, wf_error *err)
{
    memset(out, 0, sizeof *out);
    /* names and files that cannot be are refused before a passphrase is asked for */
    wf_status status = witness_key_name(out->vkey, path, name, err);
    if (status == WF_OK)
        status = signer_of_file(&out->signer, path, err);
    if (status == WF_OK)
        status = make_name(&out->note_key, out->vkey, path, name, signer_public(out->signer), err);
    if (status != WF_OK)
        witness_key_free(out);
    return status;
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
