/*
 * ledger: the life of keys: rotated, revoked, by offline keys, judged at their place; a change that
 * was cut off is finished; encrypted files.
 */
#include "keys_test.h"

#include <fcntl.h>

/* ---- the operator's key ------------------------------------------------------------------------
 */

static void operator_rotates_many_times(void **state)
{
    (void)state;
    wf_error err = {0};
    char vkey[NOTE_VKEY_MAX];
    create_ledger();
    for (unsigned i = 0; i < 4; i++) {
        ledger *l = open_ledger(false);
        assert_ok(submit_sealed(l, 10 * i, 3, NULL, &err), &err);
        strcpy(vkey, ledger_vkey(l));
        assert_ok(ledger_rotate_operator(l, &(ledger_successor){0}, &err), &err);
        assert_string_not_equal(vkey, ledger_vkey(l));
        assert_int_equal(checkpoint_size(l), ledger_size(l));
        /* Without opening it anew, too. */
        assert_ok(submit_sealed(l, 10 * i + 5, 2, NULL, &err), &err);
        assert_ok(ledger_drain(l, &err), &err);
        assert_int_equal(checkpoint_size(l), ledger_size(l));
        ledger_close(l);
        verify_all();
    }
}

static void rename_file(const char *from, const char *to)
{
    char a[160], b[160];
    snprintf(a, sizeof a, "%s/%s", test_dir, from);
    snprintf(b, sizeof b, "%s/%s", test_dir, to);
    assert_int_equal(rename(a, b), 0);
}

static void copy_file(const char *from, const char *to)
{
    char command[400];
    snprintf(command, sizeof command, "cp -p '%s/%s' '%s/%s'", test_dir, from, test_dir, to);
    assert_int_equal(system(command), 0);
}

/* The id of the key that the rotation put aside, and a copy of the checkpoint before it. */
static void rotate_once(char former[64])
{
    wf_error err = {0};
    char id[KEY_ID_TEXT];
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1, 3, NULL, &err), &err);
    assert_ok(ledger_drain(l, &err), &err);
    copy_file("checkpoint", "checkpoint.before");
    snprintf(former, 64, "operator-%s.pem", key_id_text(id, l->operator_id));
    assert_ok(ledger_rotate_operator(l, &(ledger_successor){0}, &err), &err);
    ledger_close(l);
}

static void write_once_more(void)
{
    wf_error err = {0};
    char path[160];
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 100, 2, NULL, &err), &err);
    assert_ok(ledger_drain(l, &err), &err);
    assert_int_equal(checkpoint_size(l), ledger_size(l));
    ledger_close(l);
    snprintf(path, sizeof path, "%s/operator.pem.next", test_dir);
    assert_int_equal(access(path, F_OK), -1);
    verify_all();
}

/* Every state in which a power cut can leave a rotation, made by hand from the finished one. */
static void cut_off_rotations_are_finished(void **state)
{
    (void)state;
    char former[64];
    /* Behind the commit: neither file moved, the checkpoint is the old one by the old key. */
    create_ledger();
    rotate_once(former);
    rename_file("operator.pem", "operator.pem.next");
    rename_file(former, "operator.pem");
    rename_file("checkpoint.before", "checkpoint");
    ledger_close(open_ledger(true)); /* whoever reads needs no key */
    write_once_more();
    /* The old key is put aside, the new one not yet in its place. */
    rotate_once(former);
    rename_file("operator.pem", "operator.pem.next");
    rename_file("checkpoint.before", "checkpoint");
    write_once_more();
    /* Both are in their place, the checkpoint is not signed. */
    rotate_once(former);
    rename_file("checkpoint.before", "checkpoint");
    write_once_more();
}

/* Before the commit: the next key is there, the log does not know it. */
static void a_rotation_that_never_was_changes_nothing(void **state)
{
    (void)state;
    wf_error err = {0};
    char path[160];
    create_ledger();
    key_at(path, "city/operator.pem.next", NULL);
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1, 3, NULL, &err), &err);
    assert_ok(ledger_rotate_operator(l, &(ledger_successor){0}, &err), &err);
    ledger_close(l);
    write_once_more();
}

static void the_former_key_opens_it_no_more(void **state)
{
    (void)state;
    char former[64];
    ledger *l = NULL;
    ledger_options options = {.threads = 1};
    create_ledger();
    rotate_once(former);
    copy_file(former, "operator.pem");
    assert_failed(ledger_open(&l, test_dir, &options, &failure), WF_SYSTEM, "is not the key that");
    verify_all();
}

/* A checkpoint by the old key over what the new one has to sign. */
static void the_former_key_signs_no_later_checkpoint(void **state)
{
    (void)state;
    wf_error err = {0};
    char former[64], path[160], text[1024];
    ledger *l = NULL;
    signer *s = NULL;
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    ledger_options options = {.read_only = true, .threads = 1};
    create_ledger();
    rotate_once(former);
    l = open_ledger(true);
    checkpoint c;
    assert_ok(signed_head_read(l, &c, NULL, &err), &err);
    snprintf(path, sizeof path, "%s/%s", test_dir, former);
    assert_ok(signer_of_file(&s, path, &err), &err);
    size_t size = checkpoint_format(text, sizeof text, &c);
    assert_ok(signer_sign(s, text, size, signature, &signature_size, &err), &err);
    note_key key;
    note_key_make(&key, l->suite->note_type, TEST_ORIGIN, signer_public(s)->bytes);
    text[size++] = '\n';
    size += note_signature_line(text + size, sizeof text - size, &key, signature, signature_size);
    ledger_close(l);
    signer_free(s);
    assert_ok(folder_write(test_dir, "checkpoint", text, size, 0644, &err), &err);
    l = NULL;
    assert_failed(ledger_open(&l, test_dir, &options, &failure), WF_DAMAGED,
                  "no signature of the note");
}

static void operator_revokes_with_a_replacement(void **state)
{
    (void)state;
    wf_error err = {0};
    char path[160];
    suite_public_key key;
    create_ledger();
    ledger *l = open_ledger(false);
    key_at(path, "new.pem", &key);
    assert_ok(
        ledger_revoke_operator(l, "a laptop was lost", &(ledger_successor){.key_path = path}, &err),
        &err);
    assert_true(key_equal(&key, &l->operator_key));
    /* The same key does not come back. */
    assert_failed(ledger_rotate_operator(l, &(ledger_successor){.key_path = path}, &failure),
                  WF_REFUSED, "is known already");
    ledger_close(l);
    write_once_more();
}

/* ---- parties -----------------------------------------------------------------------------------
 */

static void parties_rotate_and_revoke(void **state)
{
    (void)state;
    wf_error err = {0};
    char first[160], second[160], third[160], other[160], reason[WF_ERROR_TEXT];
    suite_public_key key, key2;
    create_ledger();
    ledger *l = open_ledger(false);
    key_at(first, "p1.pem", &key);
    key_at(second, "p1b.pem", NULL);
    key_at(third, "p1c.pem", NULL);
    key_at(other, "p2.pem", &key2);
    assert_ok(ledger_add_key(l, "P1", &key, &err), &err);
    assert_ok(ledger_add_key(l, "P2", &key2, &err), &err);
    assert_int_equal(submit_as(l, "P1", first, 1, reason), SUBMIT_ENTERED);
    assert_int_equal(submit_as(l, "P1", other, 2, reason), SUBMIT_REFUSED); /* for another */
    assert_failed(ledger_rotate_key(l, "P1", other, second, &failure), WF_REFUSED,
                  "not by any key of P1");
    assert_failed(ledger_rotate_key(l, "operator", other, second, &failure), WF_USAGE, "--key");
    assert_ok(ledger_rotate_key(l, "P1", first, second, &err), &err);
    assert_int_equal(submit_as(l, "P1", first, 3, reason), SUBMIT_REFUSED);
    assert_non_null(strstr(reason, "rotated in entry"));
    assert_int_equal(submit_as(l, "P1", second, 4, reason), SUBMIT_ENTERED);
    assert_failed(ledger_rotate_key(l, "P1", first, third, &failure), WF_REFUSED,
                  "rotated in entry");
    assert_failed(ledger_rotate_key(l, "P1", second, first, &failure), WF_REFUSED,
                  "is known already");
    assert_ok(ledger_revoke_key(l, "P1", second, "stolen", NULL, &err), &err);
    /* Whatever time it claims: these statements are of 2026-02. */
    assert_int_equal(submit_as(l, "P1", second, 5, reason), SUBMIT_REFUSED);
    assert_non_null(strstr(reason, "revoked in entry"));
    assert_failed(ledger_revoke_key(l, "P1", second, "stolen", NULL, &failure), WF_REFUSED,
                  "revoked in entry");
    assert_failed(ledger_revoke_key(l, "P2", other, "", NULL, &failure), WF_USAGE, "reason");
    assert_ok(ledger_revoke_key(l, "P2", other, "in doubt", third, &err), &err);
    assert_int_equal(submit_as(l, "P2", third, 6, reason), SUBMIT_ENTERED);
    ledger_close(l);
    verify_all();
    /* Read from the store, the table says the same. */
    l = open_ledger(false);
    assert_int_equal(submit_as(l, "P1", first, 7, reason), SUBMIT_REFUSED);
    assert_int_equal(submit_as(l, "P2", other, 8, reason), SUBMIT_REFUSED);
    assert_int_equal(submit_as(l, "P2", third, 9, reason), SUBMIT_ENTERED);
    ledger_close(l);
}

/* ---- offline keys ------------------------------------------------------------------------------
 */

static void offline_keys_revoke(void **state)
{
    (void)state;
    wf_error err = {0};
    char party[160], replacement[160], id[KEY_ID_TEXT], reason[WF_ERROR_TEXT];
    uint8_t key_id[KEY_ID_SIZE];
    suite_public_key key, new_key;
    buffer order = {0};
    offline o;
    const ledger_successor nothing = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    key_at(party, "p1.pem", &key);
    key_at(replacement, "p1b.pem", &new_key);
    assert_ok(ledger_add_key(l, "P1", &key, &err), &err);
    key_id_of(key_id, &key);
    key_id_text(id, key_id);
    assert_ok(ledger_order_revoke(l, &order, "P1", id, "lost", NULL, &err), &err);
    size_t text = order.size - 1;
    key_at(o.paths[0], "off1.pem", &o.keys[0]);
    sign_order(&order, text, o.paths[0]);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "no offline keys yet");
    make_offline(l, &o);
    order.size = text + 1;
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "nobody signed");
    sign_order(&order, text, o.paths[0]);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "1 of the offline keys signed, 2 must");
    sign_order(&order, text, o.paths[0]);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "signed twice");
    order.size = text + 1;
    sign_order(&order, text, o.paths[0]);
    sign_order(&order, text, party); /* a stranger's does not count */
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "1 of the offline keys signed, 2 must");
    order.size = text + 1;
    sign_order(&order, text, o.paths[0]);
    sign_order(&order, text - 1, o.paths[2]); /* over other bytes */
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "does not hold for this order");
    order.size = text + 1;
    sign_order(&order, text, o.paths[0]);
    sign_order(&order, text, o.paths[2]);
    assert_ok(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &err), &err);
    assert_int_equal(submit_as(l, "P1", party, 1, reason), SUBMIT_REFUSED);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "revoked already");
    order.data[30] ^= 1;
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "");
    /* Only the operator's new key can be behind a socket. */
    const ledger_successor behind_socket = {.socket_path = "/nowhere"};
    order.size = 0;
    assert_failed(ledger_order_revoke(l, &order, "P1", id, "two\nlines", NULL, &failure), WF_USAGE,
                  "one line");
    assert_ok(ledger_order_revoke(l, &order, "P1", id, "lost", &new_key, &err), &err);
    sign_order(&order, order.size - 1, o.paths[0]);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &behind_socket, &failure),
                  WF_USAGE, "--new FILE");
    buffer_free(&order);
    ledger_close(l);
    verify_all();
}

static void offline_keys_replace_a_lost_operator(void **state)
{
    (void)state;
    wf_error err = {0};
    char path[160], wrong[160], lost[160], id[KEY_ID_TEXT];
    suite_public_key key;
    buffer order = {0};
    offline o;
    create_ledger();
    ledger *l = open_ledger(false);
    make_offline(l, &o);
    assert_ok(submit_sealed(l, 1, 5, NULL, &err), &err);
    key_id_text(id, l->operator_id);
    ledger_close(l);
    snprintf(lost, sizeof lost, "%s/operator.pem", test_dir);
    assert_int_equal(unlink(lost), 0);
    ledger_options options = {.threads = 2, .without_key = true};
    key_at(path, "new.pem", &key);
    key_at(wrong, "wrong.pem", NULL);
    assert_ok(ledger_open(&l, test_dir, &options, &err), &err);
    assert_ok(ledger_order_revoke(l, &order, "operator", id, "module broken", NULL, &err), &err);
    sign_order(&order, order.size - 1, o.paths[0]);
    order.size = 0;
    assert_ok(ledger_order_revoke(l, &order, "operator", id, "module broken", &key, &err), &err);
    size_t text = order.size - 1;
    sign_order(&order, text, o.paths[1]);
    const ledger_successor next = {.key_path = path}, other = {.key_path = wrong};
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &next, &failure),
                  WF_REFUSED, "2 must");
    sign_order(&order, text, o.paths[2]);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &other, &failure),
                  WF_REFUSED, "not the one that the order names");
    snprintf(lost, sizeof lost, "%s/operator.pem.next", test_dir);
    assert_int_equal(access(lost, F_OK), -1);
    assert_failed(
        ledger_enter_order(l, (char *)order.data, order.size, &(ledger_successor){0}, &failure),
        WF_USAGE, "--new");
    assert_ok(ledger_enter_order(l, (char *)order.data, order.size, &next, &err), &err);
    assert_true(key_equal(&key, &l->operator_key));
    buffer_free(&order);
    ledger_close(l);
    write_once_more();
}

static void the_operator_key_is_not_revoked_without_a_replacement(void **state)
{
    (void)state;
    wf_error err = {0};
    char id[KEY_ID_TEXT];
    buffer order = {0};
    offline o;
    create_ledger();
    ledger *l = open_ledger(false);
    make_offline(l, &o);
    key_id_text(id, l->operator_id);
    assert_ok(ledger_order_revoke(l, &order, "operator", id, "whim", NULL, &err), &err);
    size_t text = order.size - 1;
    sign_order(&order, text, o.paths[0]);
    sign_order(&order, text, o.paths[1]);
    assert_failed(
        ledger_enter_order(l, (char *)order.data, order.size, &(ledger_successor){0}, &failure),
        WF_REFUSED, "together with its replacement");
    buffer_free(&order);
    ledger_close(l);
    verify_all();
}

static void only_the_quorum_changes_the_quorum(void **state)
{
    (void)state;
    wf_error err = {0};
    char paths[2][160];
    suite_public_key keys[2];
    buffer order = {0};
    offline o;
    const ledger_successor nothing = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    key_at(paths[0], "new1.pem", &keys[0]);
    key_at(paths[1], "new2.pem", &keys[1]);
    assert_failed(ledger_set_quorum(l, 3, keys, 2, &failure), WF_USAGE, "threshold");
    assert_failed(ledger_set_quorum(l, 0, keys, 2, &failure), WF_USAGE, "threshold");
    assert_failed(ledger_set_quorum(l, 1, &l->operator_key, 1, &failure), WF_REFUSED,
                  "the operator's");
    assert_failed(ledger_order_quorum(l, &order, 1, keys, 2, &failure), WF_USAGE, "no order");
    make_offline(l, &o);
    assert_failed(ledger_set_quorum(l, 1, keys, 2, &failure), WF_REFUSED, "are in force");
    assert_ok(ledger_order_quorum(l, &order, 2, keys, 2, &err), &err);
    size_t text = order.size - 1;
    sign_order(&order, text, o.paths[0]);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "2 must");
    sign_order(&order, text, o.paths[1]);
    assert_ok(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &err), &err);
    /* Once: it names the quorum that it followed. */
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "names that entry");
    ledger_close(l);
    verify_all();
    l = open_ledger(false);
    assert_failed(ledger_enter_order(l, (char *)order.data, order.size, &nothing, &failure),
                  WF_REFUSED, "names that entry");
    ledger_close(l);
    buffer_free(&order);
}

/* ---- files -------------------------------------------------------------------------------------
 */

static void passphrase_file(char path[160], const char *text)
{
    wf_error err = {0};
    snprintf(path, 160, "%s/passphrase", test_folder);
    assert_ok(folder_write(test_folder, "passphrase", text, strlen(text), 0600, &err), &err);
    setenv(KEY_PASSPHRASE_FILE, path, 1);
}

static void encrypted_keys_need_their_passphrase(void **state)
{
    (void)state;
    wf_error err = {0};
    char path[160];
    ledger *l = NULL;
    ledger_options options = {.threads = 1};
    create_ledger();
    l = open_ledger(false);
    passphrase_file(path, "right horse\n");
    assert_ok(ledger_rotate_operator(l, &(ledger_successor){.encrypt = true}, &err), &err);
    ledger_close(l);
    write_once_more();
    passphrase_file(path, "another key's\nright horse\n");
    write_once_more();
    passphrase_file(path, "wrong horse\n\n");
    assert_failed(ledger_open(&l, test_dir, &options, &failure), WF_SYSTEM, "wrong passphrase");
    passphrase_file(path, "\n");
    assert_failed(ledger_open(&l, test_dir, &options, &failure), WF_SYSTEM, "is empty");
    unsetenv(KEY_PASSPHRASE_FILE);
    assert_int_equal(close(STDIN_FILENO), 0); /* no terminal, whoever runs the tests */
    assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
    assert_failed(ledger_open(&l, test_dir, &options, &failure), WF_SYSTEM, KEY_PASSPHRASE_FILE);
    verify_all();
}

/* An aborted change leaves the table as it was: nothing of a batch that is refused stays. */
static void refused_changes_leave_nothing(void **state)
{
    (void)state;
    wf_error err = {0};
    char first[160], second[160], reason[WF_ERROR_TEXT];
    suite_public_key key;
    create_ledger();
    ledger *l = open_ledger(false);
    key_at(first, "p1.pem", &key);
    key_at(second, "p1b.pem", NULL);
    assert_ok(ledger_add_key(l, "P1", &key, &err), &err);
    uint64_t size = ledger_size(l);
    /* Behind the rotation something is refused, so that both go. */
    signer *old = NULL, *next = NULL;
    assert_ok(signer_of_file(&old, first, &err), &err);
    assert_ok(signer_of_file(&next, second, &err), &err);
    system_record record = {.kind = SYSTEM_KEY_ROTATE};
    buffer text = {0}, body = {0}, statement = {0};
    strcpy(record.change.party, "P1");
    key_id_of(record.change.key, signer_public(old));
    record.change.replacement = *signer_public(next);
    key_order_possession(&text, TEST_ORIGIN, &record.change);
    assert_ok(signer_sign(next, text.data, text.size, record.change.possession.bytes,
                          &record.change.possession.size, &err),
              &err);
    system_write(&body, &record);
    const uint8_t id[STATEMENT_ID_SIZE] = {1};
    statement_view view = {.origin = span_text(TEST_ORIGIN),
                           .author = span_text("P1"),
                           .id = id,
                           .system = span_of(body.data, body.size)};
    statement_write(&statement, &view);
    test_signature signatures[2];
    span late = make_statement("P1", 1, "by the old key");
    EVP_PKEY *key1 = NULL;
    assert_ok(key_load(&key1, first, &err), &err);
    submit_item items[2] = {{.statement = span_of(statement.data, statement.size)},
                            {.statement = late}};
    for (size_t i = 0; i < 2; i++)
        items[i].signature = sign_statement(&signatures[i], key1, items[i].statement);
    submit_batch batch = {.items = items, .count = 2, .all_or_nothing = true};
    arena_init(&batch.memory, 0);
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    assert_int_equal(ledger_size(l), size);
    arena_free(&batch.memory);
    assert_int_equal(submit_as(l, "P1", first, 2, reason), SUBMIT_ENTERED);
    assert_int_equal(submit_as(l, "P1", second, 3, reason), SUBMIT_REFUSED);
    EVP_PKEY_free(key1);
    free((void *)(uintptr_t)late.data);
    buffer_free(&text);
    buffer_free(&body);
    buffer_free(&statement);
    signer_free(old);
    signer_free(next);
    ledger_close(l);
    verify_all();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(operator_rotates_many_times),
        TEST(cut_off_rotations_are_finished),
        TEST(a_rotation_that_never_was_changes_nothing),
        TEST(the_former_key_opens_it_no_more),
        TEST(the_former_key_signs_no_later_checkpoint),
        TEST(operator_revokes_with_a_replacement),
        TEST(parties_rotate_and_revoke),
        TEST(offline_keys_revoke),
        TEST(offline_keys_replace_a_lost_operator),
        TEST(the_operator_key_is_not_revoked_without_a_replacement),
        TEST(only_the_quorum_changes_the_quorum),
        TEST(refused_changes_leave_nothing),
        TEST(encrypted_keys_need_their_passphrase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
