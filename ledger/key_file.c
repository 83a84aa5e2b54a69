/*
 * ledger/key_file.c: private keys on disk: PKCS #8 in PEM, mode 0600.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "ledger_private.h"

static wf_status key_save(EVP_PKEY *key, const char *path, wf_error *err)
{
    /* Opened with its final mode: the key is never readable by others, not for a moment. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return wf_fail_errno(err, "%s", path);
    wf_status status = WF_OK;
    BIO *bio = BIO_new_fd(fd, BIO_NOCLOSE);
    errno = 0;
    if (bio == NULL || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        status = errno != 0
                     ? wf_fail_errno(err, _("%s: the private key cannot be written"), path)
                     : wf_fail(err, WF_SYSTEM, _("%s: the private key cannot be written"), path);
    else if (fsync(fd) != 0)
        status = wf_fail_errno(err, _("%s: cannot be synced"), path);
    BIO_free(bio);
    close(fd);
    return status;
}

wf_status key_generate(EVP_PKEY **out, const suite *s, const char *dir, wf_error *err)
{
    *out = EVP_PKEY_Q_keygen(NULL, NULL, suite_key_type(s));
    char *path = folder_path(dir, FILE_KEY);
    wf_status status;
    if (*out == NULL || path == NULL)
        status =
            wf_fail(err, WF_SYSTEM,
                    _("a key of suite %s cannot be made; does this OpenSSL have it?"), s->name);
    else
        status = key_save(*out, path, err);
    free(path);
    if (status != WF_OK) {
        EVP_PKEY_free(*out);
        *out = NULL;
    }
    return status;
}

wf_status key_load(EVP_PKEY **out, const char *path, wf_error *err)
{
    *out = NULL;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? wf_fail(err, WF_SYSTEM,
                                         _("the private key was expected at %s, where there is "
                                           "none; without it the ledger can only be read"),
                                         path)
                               : wf_fail_errno(err, "%s", path);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (key == NULL || key_suite(key) == NULL) {
        EVP_PKEY_free(key);
        return wf_fail(err, WF_REFUSED, _("%s does not hold an Ed25519 or SM2 private key in PEM"),
                       path);
    }
    *out = key;
    return WF_OK;
}

const suite *key_suite(const EVP_PKEY *key)
{
    const suite *const suites[] = {suite_find(SUITE_ED25519), suite_find(SUITE_SM2)};
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (EVP_PKEY_is_a(key, suite_key_type(suites[i])))
            return suites[i];
    }
    return NULL;
}

bool key_public(suite_public_key *out, const EVP_PKEY *key)
{
    const suite *s = key_suite(key);
    out->size = sizeof out->bytes;
    if (s == NULL || EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out->bytes,
                                                     out->size, &out->size) != 1)
        return false;
    /* An SM2 key in a file may ask for the short form of a point, which is not ours. */
    return key_check(s, out, NULL) == WF_OK;
}
