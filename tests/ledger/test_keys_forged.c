/*
 * ledger: records about keys that the writer refuses, put into the log by who could forge all of
 * it: a verification finds each.
 */
#include "keys_test.h"

/* Enters a system record that the writer would refuse, as a forger of the whole log could who holds
   `s`: straight into the tables, with every hash right. The table of keys is changed as the record
   wants it. */
static void forge(const char *author, signer *s, const system_record *record)
{
    wf_error err = {0};
    ledger *l = open_ledger(false);
    group *g = calloc(1, sizeof *g);
    buffer body = {0}, statement = {0};
    uint8_t id[STATEMENT_ID_SIZE], key[KEY_ID_SIZE], signature[SIGNATURE_MAX];
    size_t size = 0;
    store_txn *txn = NULL;
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(key_table_load(&l->keys, txn, &err), &err);
    store_abort(txn);
    system_write(&body, record);
    span bytes = span_of(body.data, body.size);
    statement_id_make(id, 1, &bytes, 1);
    statement_view view = {.origin = span_text(TEST_ORIGIN),
                           .author = span_text(author),
                           .id = id,
                           .time_ms = 1,
                           .system = bytes};
    statement_write(&statement, &view);
    view.bytes = span_of(statement.data, statement.size);
    assert_ok(signer_sign_statement(s, view.bytes, signature, &size, &err), &err);
    key_id_of(key, signer_public(s));
    assert_ok(group_init(g, l, &err), &err);
    assert_ok(group_begin(g, &err), &err);
    const group_item item = {&view, NULL, key, span_of(signature, size)};
    const key_place at = {&l->keys, l->suite, l->genesis.origin, g->head.size};
    assert_ok(key_rules_store(g->txn, &at, record, &err), &err);
    assert_ok(group_append(g, &item, &err), &err);
    assert_ok(group_commit(g, &err), &err);
    group_free(g);
    free(g);
    buffer_free(&body);
    buffer_free(&statement);
    if (strcmp(record->change.party, "operator") != 0)
        assert_ok(signed_head_write(l, &err), &err);
    ledger_close(l);
}

typedef struct forgery {
    char party[160], fresh[160];
    suite_public_key party_key, fresh_key;
    signer *op, *of_party, *of_fresh;
    offline o;
} forgery;

static void begin_forgery(forgery *f)
{
    char path[160];
    wf_error err = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    key_at(f->party, "p1.pem", &f->party_key);
    key_at(f->fresh, "fresh.pem", &f->fresh_key);
    assert_ok(ledger_add_key(l, "P1", &f->party_key, &err), &err);
    make_offline(l, &f->o);
    ledger_close(l);
    snprintf(path, sizeof path, "%s/operator.pem", test_dir);
    assert_ok(signer_of_file(&f->op, path, &err), &err);
    assert_ok(signer_of_file(&f->of_party, f->party, &err), &err);
    assert_ok(signer_of_file(&f->of_fresh, f->fresh, &err), &err);
    verify_all();
}

static void end_forgery(forgery *f)
{
    signer_free(f->op);
    signer_free(f->of_party);
    signer_free(f->of_fresh);
}

static void change_of(forgery *f, system_record *out, int kind, signer *possession)
{
    wf_error err = {0};
    buffer text = {0};
    *out = (system_record){0};
    out->kind = kind;
    strcpy(out->change.party, "P1");
    strcpy(out->change.reason, "forged");
    key_id_of(out->change.key, &f->party_key);
    out->change.replacement = f->fresh_key;
    key_order_possession(&text, TEST_ORIGIN, &out->change);
    assert_ok(signer_sign(possession, text.data, text.size, out->change.possession.bytes,
                          &out->change.possession.size, &err),
              &err);
    buffer_free(&text);
}

static void a_rotation_by_another_is_found(void **state)
{
    (void)state;
    forgery f;
    system_record record;
    begin_forgery(&f);
    change_of(&f, &record, SYSTEM_KEY_ROTATE, f.of_fresh);
    forge("operator", f.op, &record);
    assert_unverified("cannot rotate a key of P1");
    end_forgery(&f);
}

static void a_rotation_without_possession_is_found(void **state)
{
    (void)state;
    forgery f;
    system_record record;
    begin_forgery(&f);
    change_of(&f, &record, SYSTEM_KEY_ROTATE, f.of_party);
    forge("P1", f.of_party, &record);
    assert_unverified("did not sign that it is to be");
    end_forgery(&f);
}

static void a_revocation_by_the_operator_alone_is_found(void **state)
{
    (void)state;
    forgery f;
    system_record record;
    begin_forgery(&f);
    change_of(&f, &record, SYSTEM_KEY_REVOKE, f.of_fresh);
    forge("operator", f.op, &record);
    assert_unverified("by that key itself, or by the order");
    end_forgery(&f);
}

static void a_revocation_by_too_few_is_found(void **state)
{
    (void)state;
    forgery f;
    wf_error err = {0};
    buffer text = {0};
    signer *s = NULL;
    system_record record;
    begin_forgery(&f);
    change_of(&f, &record, SYSTEM_KEY_REVOKE, f.of_fresh);
    key_order_revoke(&text, TEST_ORIGIN, &record.change);
    assert_ok(signer_of_file(&s, f.o.paths[0], &err), &err);
    key_signature *signature = &record.change.signatures[0];
    key_id_of(signature->key, signer_public(s));
    assert_ok(signer_sign(s, text.data, text.size, signature->bytes, &signature->size, &err), &err);
    record.change.signature_count = 1;
    forge("operator", f.op, &record);
    assert_unverified("1 of the offline keys signed, 2 must");
    signer_free(s);
    buffer_free(&text);
    end_forgery(&f);
}

static void a_quorum_that_the_operator_changed_is_found(void **state)
{
    (void)state;
    forgery f;
    system_record record = {.kind = SYSTEM_KEY_QUORUM};
    begin_forgery(&f);
    record.quorum.threshold = 1;
    record.quorum.key_count = 1;
    record.quorum.keys[0] = f.fresh_key;
    forge("operator", f.op, &record);
    assert_unverified("are in force");
    end_forgery(&f);
}

/* What a revoked key signs behind its place: the entry says so itself. */
static void an_entry_by_a_revoked_key_is_found(void **state)
{
    (void)state;
    forgery f;
    wf_error err = {0};
    system_record record;
    begin_forgery(&f);
    ledger *l = open_ledger(false);
    assert_ok(ledger_revoke_key(l, "P1", f.party, "stolen", NULL, &err), &err);
    ledger_close(l);
    verify_all();
    change_of(&f, &record, SYSTEM_KEY_QUORUM, f.of_fresh);
    record.quorum.threshold = 1;
    record.quorum.key_count = 1;
    record.quorum.keys[0] = f.fresh_key;
    forge("P1", f.of_party, &record);
    assert_unverified("no key that its author has at this place");
    end_forgery(&f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rotation_by_another_is_found),
        TEST(a_rotation_without_possession_is_found),
        TEST(a_revocation_by_the_operator_alone_is_found),
        TEST(a_revocation_by_too_few_is_found),
        TEST(a_quorum_that_the_operator_changed_is_found),
        TEST(an_entry_by_a_revoked_key_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
