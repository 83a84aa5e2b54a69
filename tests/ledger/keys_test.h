/*
 * What the tests of keys share: key files, orders, what must fail.
 */
#ifndef LEDGER_KEYS_TEST_H
#define LEDGER_KEYS_TEST_H

#include "ledger_test.h"

/* A private key file in the test's folder. */
static inline char *key_at(char path[160], const char *name, suite_public_key *public_key)
{
    wf_error err = {0};
    EVP_PKEY *key = NULL;
    buffer text = {0};
    snprintf(path, 160, "%s/%s", test_folder, name);
    assert_ok(key_make(&key, suite_find(test_suite()), &err), &err);
    assert_ok(key_text(&text, key, false, &err), &err);
    assert_ok(folder_write(test_folder, name, text.data, text.size, 0600, &err), &err);
    if (public_key != NULL)
        assert_true(key_public(public_key, key));
    key_text_free(&text);
    EVP_PKEY_free(key);
    return path;
}

static inline void verify_all(void)
{
    wf_error err = {0};
    ledger_verify_report report;
    ledger *l = open_ledger(true);
    assert_ok(ledger_verify(l, 0, true, NULL, &report, &err), &err);
    assert_ok(ledger_verify(l, report.size - 1, true, NULL, &report, &err), &err);
    ledger_close(l);
}

static inline void assert_unverified(const char *expected)
{
    wf_error err = {0};
    ledger_verify_report report;
    ledger *l = open_ledger(true);
    assert_int_equal(ledger_verify(l, 0, true, NULL, &report, &err), WF_DAMAGED);
    if (strstr(err.text, expected) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, expected);
    ledger_close(l);
}

static wf_error failure; /* of the call that is to fail */

static inline void assert_failed(wf_status status, wf_status expected, const char *text)
{
    assert_int_equal(status, expected);
    if (strstr(failure.text, text) == NULL)
        fail_msg("'%s' does not say '%s'", failure.text, text);
}

/* A party's statement signed by the key of a file; what came of it. */
static inline submit_outcome submit_as(ledger *l, const char *party, const char *key_path,
                                       unsigned number, char reason[WF_ERROR_TEXT])
{
    wf_error err = {0};
    test_signature signature;
    span statement = make_statement(party, number, "signed");
    submit_item item = {.statement = statement};
    EVP_PKEY *key = NULL;
    assert_ok(key_load(&key, key_path, &err), &err);
    item.signature = sign_statement(&signature, key, statement);
    submit_batch batch = {.items = &item, .count = 1};
    arena_init(&batch.memory, 0);
    assert_ok(ledger_submit(l, &batch, &err), &err);
    snprintf(reason, WF_ERROR_TEXT, "%s", item.reason != NULL ? item.reason : "");
    arena_free(&batch.memory);
    EVP_PKEY_free(key);
    free((void *)(uintptr_t)statement.data);
    return item.outcome;
}

static inline size_t checkpoint_size(ledger *l)
{
    wf_error err = {0};
    checkpoint c;
    assert_ok(signed_head_read(l, &c, NULL, &err), &err);
    return c.size;
}

/* An order signed by the keys of these files. */
static inline void sign_order(buffer *order, size_t text_size, const char *key_path)
{
    wf_error err = {0};
    signer *s = NULL;
    key_signature signature;
    assert_ok(signer_of_file(&s, key_path, &err), &err);
    key_id_of(signature.key, signer_public(s));
    assert_ok(signer_sign(s, order->data, text_size, signature.bytes, &signature.size, &err), &err);
    key_order_signature_line(order, &signature);
    signer_free(s);
}

typedef struct offline {
    char paths[3][160];
    suite_public_key keys[3];
} offline;

/* Three offline keys, two of which revoke. */
static inline void make_offline(ledger *l, offline *o)
{
    static const char *const names[] = {"off1.pem", "off2.pem", "off3.pem"};
    wf_error err = {0};
    for (size_t i = 0; i < 3; i++)
        key_at(o->paths[i], names[i], &o->keys[i]);
    assert_ok(ledger_set_quorum(l, 2, o->keys, 3, &err), &err);
}

#endif
