/*
 * What the tests of the ledger share: a folder of their own, statements, keys.
 */
#ifndef LEDGER_TEST_H
#define LEDGER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger_private.h"
#include "support/test_folder.h"

/* Each of these tests runs once with either suite: tests/CMakeLists.txt. */
static inline const char *test_suite(void)
{
    const char *name = getenv("WUFEI_TEST_SUITE");
    return name != NULL ? name : SUITE_ED25519;
}

static inline hash_kind test_hash(void)
{
    return suite_find(test_suite())->hash;
}

#define TEST_ORIGIN "waste.test.example/ledger/1"

static char test_dir[96]; /* the ledger */

static inline int folder_setup(void **state)
{
    (void)state;
    if (test_folder_make("/tmp", "ledger") != 0)
        return -1;
    snprintf(test_dir, sizeof test_dir, "%s/city", test_folder);
    return 0;
}

static inline void create_ledger(void)
{
    wf_error err = {0};
    assert_ok(ledger_create(test_dir, TEST_ORIGIN, test_suite(), 480, NULL, &err), &err);
}

static inline ledger *open_ledger(bool read_only)
{
    wf_error err = {0};
    ledger *l = NULL;
    ledger_options options = {.read_only = read_only, .threads = 2};
    assert_ok(ledger_open(&l, test_dir, &options, &err), &err);
    return l;
}

/* A statement with a record of `text`; malloced. Its id follows from author, time and number. */
static inline span make_statement_for(const char *origin, const char *author, unsigned number,
                                      const char *text)
{
    buffer out = {0};
    uint8_t id[STATEMENT_ID_SIZE];
    int64_t time_ms = INT64_C(1772000000000) + number;
    char name[32];
    snprintf(name, sizeof name, "%u", number);
    span parts[] = {span_text(author), span_text(name)};
    statement_id_make(id, time_ms, parts, 2);
    statement_view view = {.origin = span_text(origin),
                           .author = span_text(author),
                           .id = id,
                           .time_ms = time_ms,
                           .record = span_text(text)};
    statement_write(&out, &view);
    assert_false(out.failed);
    return span_of(out.data, out.size);
}

static inline span make_statement(const char *author, unsigned number, const char *text)
{
    return make_statement_for(TEST_ORIGIN, author, number, text);
}

static inline EVP_PKEY *make_key(suite_public_key *public_key)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, suite_key_type(suite_find(test_suite())));
    assert_non_null(key);
    assert_true(key_public(public_key, key));
    return key;
}

typedef struct test_signature {
    uint8_t bytes[SIGNATURE_MAX];
    size_t size;
} test_signature;

static inline span sign_statement(test_signature *out, EVP_PKEY *key, span statement)
{
    assert_true(key_sign_statement(out->bytes, &out->size, key, statement));
    return span_of(out->bytes, out->size);
}

static inline span sign_as_operator(test_signature *out, ledger *l, span statement)
{
    wf_error err = {0};
    assert_ok(signer_sign_statement(l->signer, statement, out->bytes, &out->size, &err), &err);
    return span_of(out->bytes, out->size);
}

/* `count` operator statements numbered from `first`, entered under seals. */
static inline wf_status submit_sealed(ledger *l, unsigned first, size_t count, submit_batch *out,
                                      wf_error *err)
{
    submit_batch batch = {.count = count, .seal_kind = SEAL_BY_OPERATOR};
    batch.items = calloc(count, sizeof *batch.items);
    arena_init(&batch.memory, 0);
    for (size_t i = 0; i < count; i++)
        batch.items[i].statement = make_statement("operator", first + (unsigned)i, "record");
    wf_status status = ledger_submit(l, &batch, err);
    if (out != NULL)
        *out = batch;
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)batch.items[i].statement.data);
    if (out == NULL) {
        free(batch.items);
        arena_free(&batch.memory);
    }
    return status;
}

static inline void batch_free(submit_batch *batch)
{
    free(batch->items);
    arena_free(&batch->memory);
}

#endif
