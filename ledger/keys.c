/*
 * ledger/keys.c: the operator's key file, Ed25519 with OpenSSL, and the table of who may sign.
 *
 * TABLE_KEYS
 *     key    party || 0x00 || key id (first 8 bytes of SHA-256 of the public key)
 *     value  u64 BE entry number from which it is valid || 32 bytes of public key
 *
 * A signature is judged against the keys valid at its place: rows are added, never taken away.
 * operator.pem is a PKCS #8 private key in PEM, mode 0600.
 *
 * A second suite would put its own generate, sign and verify here, chosen by genesis.suite.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/text.h"
#include "ledger_private.h"

static const char domain[] = STATEMENT_DOMAIN;
enum { DOMAIN_SIZE = sizeof domain - 1, KEY_ROW_SIZE = 8 + PUBLIC_KEY_SIZE };

/* ---- one key --------------------------------------------------------------------------------- */

void key_id_of(uint8_t out[KEY_ID_SIZE], const uint8_t public_key[PUBLIC_KEY_SIZE])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(public_key, PUBLIC_KEY_SIZE, digest);
    memcpy(out, digest, KEY_ID_SIZE);
}

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

wf_status key_generate(EVP_PKEY **out, const char *dir, wf_error *err)
{
    *out = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    char *path = folder_path(dir, FILE_KEY);
    wf_status status;
    if (*out == NULL || path == NULL)
        status = wf_fail(err, WF_SYSTEM, _("an Ed25519 key cannot be made"));
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
    if (key == NULL || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return wf_fail(err, WF_REFUSED, _("%s does not hold an Ed25519 private key in PEM"), path);
    }
    *out = key;
    return WF_OK;
}

bool key_public(uint8_t out[PUBLIC_KEY_SIZE], EVP_PKEY *key)
{
    size_t size = PUBLIC_KEY_SIZE;
    return EVP_PKEY_get_raw_public_key(key, out, &size) == 1 && size == PUBLIC_KEY_SIZE;
}

bool key_sign(uint8_t out[ED25519_SIZE], EVP_PKEY *key, const void *message, size_t size)
{
    size_t out_size = ED25519_SIZE;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(ctx, out, &out_size, message, size) == 1 && out_size == ED25519_SIZE;
    EVP_MD_CTX_free(ctx);
    return done;
}

bool key_sign_statement(uint8_t out[ED25519_SIZE], EVP_PKEY *key, span statement)
{
    buffer message = {0};
    buffer_append(&message, domain, DOMAIN_SIZE);
    buffer_append(&message, statement.data, statement.size);
    bool done = !message.failed && key_sign(out, key, message.data, message.size);
    buffer_free(&message);
    return done;
}

wf_status statement_sign(uint8_t out[64], const char *pem_path, span statement, wf_error *err)
{
    EVP_PKEY *key = NULL;
    wf_status status = key_load(&key, pem_path, err);
    if (status == WF_OK && !key_sign_statement(out, key, statement))
        status = wf_fail(err, WF_SYSTEM, _("%s: signing failed"), pem_path);
    EVP_PKEY_free(key);
    return status;
}

bool key_scratch_init(key_scratch *s)
{
    s->ctx = EVP_MD_CTX_new();
    s->message = malloc(DOMAIN_SIZE + STATEMENT_MAX);
    if (s->ctx == NULL || s->message == NULL) {
        key_scratch_free(s);
        return false;
    }
    memcpy(s->message, domain, DOMAIN_SIZE);
    return true;
}

void key_scratch_free(key_scratch *s)
{
    EVP_MD_CTX_free(s->ctx);
    free(s->message);
    *s = (key_scratch){NULL, NULL};
}

bool key_verify_statement(const party_key *key, key_scratch *scratch, span statement,
                          span signature)
{
    if (statement.size > STATEMENT_MAX || signature.size != ED25519_SIZE)
        return false;
    memcpy(scratch->message + DOMAIN_SIZE, statement.data, statement.size);
    EVP_MD_CTX_reset(scratch->ctx);
    return EVP_DigestVerifyInit(scratch->ctx, NULL, NULL, NULL, key->pkey) == 1 &&
           EVP_DigestVerify(scratch->ctx, signature.data, signature.size, scratch->message,
                            DOMAIN_SIZE + statement.size) == 1;
}

/* ---- who may sign ---------------------------------------------------------------------------- */

void key_table_init(key_table *t)
{
    memset(t, 0, sizeof *t);
    pthread_rwlock_init(&t->lock, NULL);
    pthread_mutex_init(&t->loading, NULL);
}

static void free_keys(party_key *key)
{
    while (key != NULL) {
        party_key *next = key->next;
        EVP_PKEY_free(key->pkey);
        free(key);
        key = next;
    }
}

void key_table_free(key_table *t)
{
    for (size_t i = 0; i < KEY_BUCKETS; i++)
        free_keys(t->buckets[i]);
    free_keys(t->forgotten);
    pthread_mutex_destroy(&t->loading);
    pthread_rwlock_destroy(&t->lock);
}

static size_t bucket_of(span party)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < party.size; i++)
        h = (h ^ party.data[i]) * 16777619U;
    return h % KEY_BUCKETS;
}

wf_status key_table_add(key_table *t, span party, const uint8_t public_key[PUBLIC_KEY_SIZE],
                        uint64_t valid_from, wf_error *err)
{
    WF_ASSERT(party.size <= AUTHOR_MAX);
    party_key *key = calloc(1, sizeof *key);
    if (key != NULL)
        key->pkey =
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, PUBLIC_KEY_SIZE);
    if (key == NULL || key->pkey == NULL) {
        free(key);
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    memcpy(key->party, party.data, party.size);
    key->party_size = party.size;
    key_id_of(key->id, public_key);
    key->valid_from = valid_from;
    pthread_rwlock_wrlock(&t->lock);
    party_key **bucket = &t->buckets[bucket_of(party)];
    key->next = *bucket;
    *bucket = key;
    pthread_rwlock_unlock(&t->lock);
    return WF_OK;
}

void key_table_forget(key_table *t, uint64_t from_seq)
{
    pthread_rwlock_wrlock(&t->lock);
    for (size_t i = 0; i < KEY_BUCKETS; i++) {
        for (party_key **at = &t->buckets[i]; *at != NULL;) {
            party_key *key = *at;
            if (key->valid_from < from_seq) {
                at = &key->next;
                continue;
            }
            *at = key->next;
            atomic_store(&key->forgotten, true);
            key->next = t->forgotten;
            t->forgotten = key;
        }
    }
    pthread_rwlock_unlock(&t->lock);
}

const party_key *key_table_next(key_table *t, span party, const party_key *after)
{
    pthread_rwlock_rdlock(&t->lock);
    const party_key *key = NULL;
    if (after == NULL)
        key = t->buckets[bucket_of(party)];
    else if (!atomic_load(&after->forgotten)) /* else its next leads elsewhere */
        key = after->next;
    while (key != NULL &&
           (key->party_size != party.size || memcmp(key->party, party.data, party.size) != 0))
        key = key->next;
    pthread_rwlock_unlock(&t->lock);
    return key;
}

const party_key *key_table_find_signer(key_table *t, key_scratch *scratch, span party,
                                       span statement, span signature, uint64_t seq)
{
    for (const party_key *key = key_table_next(t, party, NULL); key != NULL;
         key = key_table_next(t, party, key)) {
        if (key->valid_from <= seq && key_verify_statement(key, scratch, statement, signature))
            return key;
    }
    return NULL;
}

wf_status key_row_put(store_txn *txn, span party, const uint8_t public_key[PUBLIC_KEY_SIZE],
                      uint64_t valid_from, wf_error *err)
{
    uint8_t key[AUTHOR_MAX + 1 + KEY_ID_SIZE];
    uint8_t row[KEY_ROW_SIZE];
    memcpy(key, party.data, party.size);
    key[party.size] = 0;
    key_id_of(key + party.size + 1, public_key);
    store_key_u64(row, valid_from);
    memcpy(row + 8, public_key, PUBLIC_KEY_SIZE);
    span key_span = span_of(key, party.size + 1 + KEY_ID_SIZE);
    span old;
    wf_status status = store_get(txn, TABLE_KEYS, key_span, &old, err);
    if (status != WF_OK)
        return status;
    if (old.data != NULL)
        return wf_fail(err, WF_REFUSED, _("this key of %.*s is known already, since entry %llu"),
                       (int)party.size, (const char *)party.data,
                       (unsigned long long)(old.size >= 8 ? store_u64_key(old.data) : 0));
    return store_put(txn, TABLE_KEYS, key_span, span_of(row, sizeof row), false, err);
}

static wf_status load_rows(key_table *t, store_cursor *c, wf_error *err)
{
    span key, row;
    wf_status status = store_cursor_seek(c, (span){NULL, 0}, &key, &row, err);
    while (status == WF_OK && key.data != NULL) {
        if (key.size <= KEY_ID_SIZE + 1 || key.size > AUTHOR_MAX + 1 + KEY_ID_SIZE ||
            row.size != KEY_ROW_SIZE)
            return wf_fail(err, WF_DAMAGED,
                           _("table keys: a row of %zu and %zu bytes is not a key"), key.size,
                           row.size);
        status = key_table_add(t, span_of(key.data, key.size - KEY_ID_SIZE - 1), row.data + 8,
                               store_u64_key(row.data), err);
        if (status == WF_OK)
            status = store_cursor_next(c, &key, &row, err);
    }
    return status;
}

wf_status key_table_load(key_table *t, store_txn *txn, wf_error *err)
{
    store_cursor *c = NULL;
    wf_status status = WF_OK;
    pthread_mutex_lock(&t->loading);
    if (!t->loaded) {
        status = store_cursor_open(&c, txn, TABLE_KEYS, err);
        if (status == WF_OK)
            status = load_rows(t, c, err);
        store_cursor_close(c);
        t->loaded = status == WF_OK;
    }
    pthread_mutex_unlock(&t->loading);
    return status;
}
