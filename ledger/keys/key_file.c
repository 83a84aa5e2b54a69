/*
 * ledger/keys/key_file.c: keys in PEM files; see key_file.h.
 */
#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "folder.h"
#include "key_table.h"

/* The cost of trying one passphrase: 16 MiB and a quarter of a second. OpenSSL refuses to open
   anything that costs more than 32 MiB. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 5, SALT_SIZE = 16 };

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

wf_status key_make(EVP_PKEY **out, const suite *s, wf_error *err)
{
    *out = EVP_PKEY_Q_keygen(NULL, NULL, suite_key_type(s));
    return *out != NULL ? WF_OK
                        : wf_fail(err, WF_SYSTEM,
                                  _("a key of suite %s cannot be made; does this OpenSSL have it?"),
                                  s->name);
}

/* ---- writing --------------------------------------------------------------------------------- */

void key_text_free(buffer *text)
{
    if (text->data != NULL)
        OPENSSL_cleanse(text->data, text->capacity);
    buffer_free(text);
}

static bool write_encrypted(BIO *bio, EVP_PKEY *key, const char *passphrase)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    X509_ALGOR *how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SALT_SIZE, NULL, SCRYPT_N,
                                            SCRYPT_R, SCRYPT_P);
    X509_SIG *sealed = NULL;
    if (info != NULL && how != NULL)
        sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, how);
    if (sealed == NULL)
        X509_ALGOR_free(how); /* else it is part of it */
    PKCS8_PRIV_KEY_INFO_free(info);
    bool done = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1 &&
                PEM_write_bio_PUBKEY(bio, key) == 1;
    X509_SIG_free(sealed);
    return done;
}

wf_status key_text(buffer *out, EVP_PKEY *key, bool encrypt, wf_error *err)
{
    passphrases words = {0};
    const char *passphrase = NULL;
    char *data = NULL;
    wf_status status = encrypt ? passphrase_new(&passphrase, &words, err) : WF_OK;
    BIO *bio = status == WF_OK ? BIO_new(BIO_s_secmem()) : NULL;
    bool done = bio != NULL &&
                (encrypt ? write_encrypted(bio, key, passphrase)
                         : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    if (done && buffer_reserve(out, KEY_FILE_MAX)) { /* at once: no copy stays behind in the heap */
        long size = BIO_get_mem_data(bio, &data);
        buffer_append(out, data, (size_t)size);
    }
    if (status == WF_OK && (!done || out->failed))
        status = wf_fail(err, WF_SYSTEM, _("the private key cannot be written"));
    BIO_free(bio);
    passphrases_free(&words);
    return status;
}

wf_status key_public_text(buffer *out, const suite_public_key *key, wf_error *err)
{
    char *data = NULL;
    EVP_PKEY *made = suite_key(suite_of_size(key->size), key->bytes);
    BIO *bio = BIO_new(BIO_s_mem());
    bool done = made != NULL && bio != NULL && PEM_write_bio_PUBKEY(bio, made) == 1;
    if (done) {
        long size = BIO_get_mem_data(bio, &data);
        buffer_append(out, data, (size_t)size);
    }
    BIO_free(bio);
    EVP_PKEY_free(made);
    return done && !out->failed ? WF_OK
                                : wf_fail(err, WF_SYSTEM, _("the public key cannot be written"));
}

wf_status key_generate(EVP_PKEY **out, const suite *s, bool encrypt, const char *dir, wf_error *err)
{
    buffer text = {0};
    wf_status status = key_make(out, s, err);
    if (status == WF_OK)
        status = key_text(&text, *out, encrypt, err);
    if (status == WF_OK)
        status = folder_write(dir, FILE_KEY, text.data, text.size, 0600, err);
    key_text_free(&text);
    if (status != WF_OK) {
        EVP_PKEY_free(*out);
        *out = NULL;
    }
    return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct key_file {
    char *text; /* wiped when freed */
    size_t size;
} key_file;

static void key_file_free(key_file *f)
{
    if (f->text != NULL)
        OPENSSL_cleanse(f->text, KEY_FILE_MAX + 1);
    free(f->text);
}

/* *there NULL: a missing file is an error. */
static wf_status key_file_read(key_file *out, const char *path, bool *there, wf_error *err)
{
    *out = (key_file){NULL, 0};
    FILE *file = fopen(path, "re");
    if (there != NULL)
        *there = file != NULL;
    if (file == NULL && errno == ENOENT && there != NULL)
        return WF_OK;
    if (file == NULL)
        return errno == ENOENT
                   ? wf_fail(err, WF_SYSTEM,
                             _("the private key was expected at %s, where there is none; without "
                               "it the ledger can only be read"),
                             path)
                   : wf_fail_errno(err, "%s", path);
    setvbuf(file, NULL, _IONBF, 0);
    out->text = calloc(1, KEY_FILE_MAX + 1);
    if (out->text != NULL)
        out->size = fread(out->text, 1, KEY_FILE_MAX, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    if (out->text == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    return failed ? wf_fail_errno(err, _("%s: cannot be read"), path) : WF_OK;
}

typedef struct passphrase_use {
    const char *text; /* NULL: none at hand */
    bool wanted;
} passphrase_use;

static int give_passphrase(char *out, int size, int writing, void *ctx)
{
    passphrase_use *use = ctx;
    (void)writing;
    use->wanted = true;
    if (use->text == NULL || strlen(use->text) > (size_t)size)
        return -1;
    memcpy(out, use->text, strlen(use->text));
    return (int)strlen(use->text);
}

static EVP_PKEY *read_private(const key_file *f, passphrase_use *use)
{
    BIO *bio = BIO_new_mem_buf(f->text, (int)f->size);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, use);
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

static wf_status parse_private(EVP_PKEY **out, const key_file *f, const char *path, wf_error *err)
{
    passphrases words = {0};
    passphrase_use use = {NULL, false};
    wf_status status = WF_OK;
    EVP_PKEY *key = read_private(f, &use);
    while (key == NULL && use.wanted && status == WF_OK) {
        status = passphrase_next(&use.text, &words, path, err);
        if (status == WF_OK)
            key = read_private(f, &use);
    }
    passphrases_free(&words);
    if (status == WF_OK && (key == NULL || key_suite(key) == NULL))
        status = wf_fail(err, WF_REFUSED,
                         _("%s does not hold an Ed25519 or SM2 private key in PEM"), path);
    if (status != WF_OK) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    *out = key;
    return status;
}

wf_status key_load(EVP_PKEY **out, const char *path, wf_error *err)
{
    key_file f;
    *out = NULL;
    wf_status status = key_file_read(&f, path, NULL, err);
    if (status == WF_OK)
        status = parse_private(out, &f, path, err);
    key_file_free(&f);
    return status;
}

/* The first public key in the file. PEM_read_bio_PUBKEY of OpenSSL 3.0 would not do: it takes an
   encrypted private key that stands before it as well, and asks for its passphrase. */
static EVP_PKEY *read_public(const key_file *f)
{
    BIO *bio = BIO_new_mem_buf(f->text, (int)f->size);
    EVP_PKEY *key = NULL;
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    while (bio != NULL && key == NULL && PEM_read_bio(bio, &name, &header, &data, &size) == 1) {
        const unsigned char *at = data;
        if (strcmp(name, PEM_STRING_PUBLIC) == 0)
            key = d2i_PUBKEY(NULL, &at, size);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)size);
    }
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

static wf_status load_public(suite_public_key *out, const char *path, bool *there, wf_error *err)
{
    key_file f;
    out->size = 0;
    wf_status status = key_file_read(&f, path, there, err);
    bool has_text = status == WF_OK && f.text != NULL;
    EVP_PKEY *key = has_text ? read_public(&f) : NULL;
    if (has_text && key == NULL)
        status = parse_private(&key, &f, path, err);
    if (has_text && status == WF_OK && !key_public(out, key))
        status = wf_fail(err, WF_REFUSED, _("%s does not hold an Ed25519 or SM2 key in PEM"), path);
    EVP_PKEY_free(key);
    key_file_free(&f);
    return status;
}

wf_status key_load_public(suite_public_key *out, const char *path, wf_error *err)
{
    return load_public(out, path, NULL, err);
}

wf_status key_load_public_if(suite_public_key *out, const char *path, wf_error *err)
{
    bool there = false;
    return load_public(out, path, &there, err);
}
