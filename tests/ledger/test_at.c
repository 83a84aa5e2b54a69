/*
 * ledger: standing at an earlier size: the log, its keys, its tree and its checkpoint of then.
 */
#include "keys_test.h"

enum { STEPS_MAX = 16 };

/* What the ledger said of itself at some size. */
typedef struct answer_of_then {
    uint64_t size;
    char vkey[NOTE_VKEY_MAX];
    char *checkpoint;
    char *proof; /* of the last entry */
    size_t keys; /* rows */
} answer_of_then;

static answer_of_then steps[STEPS_MAX];
static size_t step_count;

static size_t count_keys(ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_table_stat stat;
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(store_table_stats(txn, TABLE_KEYS, &stat, &err), &err);
    store_abort(txn);
    return stat.rows;
}

static void note_step(ledger *l)
{
    wf_error err = {0};
    answer_of_then *a = &steps[step_count++];
    assert_true(step_count <= STEPS_MAX);
    a->size = ledger_size(l);
    a->keys = count_keys(l);
    strcpy(a->vkey, ledger_vkey(l));
    assert_ok(ledger_checkpoint(l, &a->checkpoint, &err), &err);
    assert_ok(ledger_prove(l, a->size - 1, &a->proof, &err), &err);
}

/* Keys that come, follow each other and go, around the end of a run. */
static void make_history(void)
{
    wf_error err = {0};
    char first[160], second[160], offline_path[2][160];
    suite_public_key keys[3];
    create_ledger();
    ledger *l = open_ledger(false);
    note_step(l);
    assert_ok(submit_sealed(l, 0, 246, NULL, &err), &err);
    note_step(l);
    assert_ok(ledger_rotate_operator(l, &(ledger_successor){0}, &err), &err);
    note_step(l);
    key_at(first, "first.pem", &keys[0]);
    assert_ok(ledger_add_key(l, "P1", &keys[0], &err), &err);
    note_step(l);
    key_at(second, "second.pem", NULL);
    assert_ok(ledger_rotate_key(l, "P1", first, second, &err), &err);
    note_step(l);
    key_at(offline_path[0], "offline1.pem", &keys[1]);
    key_at(offline_path[1], "offline2.pem", &keys[2]);
    assert_ok(ledger_set_quorum(l, 2, keys + 1, 2, &err), &err);
    note_step(l);
    assert_ok(ledger_add_key(l, "P2", &keys[0], &err), &err);
    assert_ok(ledger_revoke_key(l, "P1", second, "lost", NULL, &err), &err);
    note_step(l);
    assert_ok(ledger_rotate_operator(l, &(ledger_successor){0}, &err), &err);
    assert_ok(ledger_add_key(l, "P3", &keys[0], &err), &err);
    note_step(l);
    assert_ok(submit_sealed(l, 1000, 300, NULL, &err), &err);
    note_step(l);
    ledger_close(l);
}

static void forget_history(void)
{
    for (size_t i = 0; i < step_count; i++) {
        free(steps[i].checkpoint);
        free(steps[i].proof);
    }
    step_count = 0;
}

static store *make_scratch(ledger *l)
{
    wf_error err = {0};
    char path[128];
    store *scratch = NULL;
    const char *names[STORE_TABLES_MAX + 1];
    store_options options = {.create = true, .scratch = true, .tables = names};
    snprintf(path, sizeof path, "rm -rf '%s/scratch'", test_folder);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/scratch", test_folder);
    assert_int_equal(mkdir(path, 0700), 0);
    ledger_table_names(names, &l->hooks);
    assert_ok(store_open(&scratch, path, &options, &err), &err);
    return scratch;
}

static ledger *open_at(uint64_t size)
{
    wf_error err = {0};
    ledger *l = open_ledger(true);
    assert_ok(ledger_stand_at(l, make_scratch(l), size, &err), &err);
    assert_int_equal(ledger_size(l), size);
    return l;
}

/* The text of a note without its signatures. */
static size_t unsigned_size(const char *text)
{
    const char *end = strstr(text, "\n\n");
    return end != NULL ? (size_t)(end - text) + 1 : strlen(text);
}

static void compare_with(const answer_of_then *then)
{
    wf_error err = {0};
    char *text = NULL, *proof = NULL;
    ledger *l = open_at(then->size);
    bool kept = then == &steps[step_count - 1]; /* its signature is */
    assert_string_equal(ledger_vkey(l), then->vkey);
    assert_int_equal(count_keys(l), then->keys);
    assert_ok(ledger_checkpoint(l, &text, &err), &err);
    assert_int_equal(strlen(text),
                     kept ? strlen(then->checkpoint) : unsigned_size(then->checkpoint));
    assert_memory_equal(text, then->checkpoint, strlen(text));
    assert_ok(ledger_prove(l, then->size - 1, &proof, &err), &err);
    if (kept)
        assert_string_equal(proof, then->proof);
    else /* all but the signature lines and the empty one before them */
        assert_memory_equal(proof, then->proof, strlen(proof));
    assert_int_equal(strstr(proof, "\xe2\x80\x94") != NULL, kept);
    free(proof);
    assert_int_equal(ledger_prove(l, then->size, &proof, &err), WF_USAGE);
    free(text);
    ledger_close(l);
}

static void answers_are_those_of_then(void **state)
{
    (void)state;
    make_history();
    for (size_t i = 0; i < step_count; i++)
        compare_with(&steps[i]);
    wf_error err = {0};
    ledger_archive_report report;
    ledger *l = open_ledger(false);
    assert_ok(ledger_archive(l, 0, UINT64_MAX, NULL, &report, &err), &err);
    assert_int_equal(report.entries, 512);
    ledger_close(l);
    for (size_t i = 0; i < step_count; i++)
        compare_with(&steps[i]);
    forget_history();
}

/* Also between a record about keys and what it brings, where the stored rows speak of later. A size
   at which statements stand without their seal is none that was ever committed, and is said to be.
 */
static void every_size_verifies(void **state)
{
    (void)state;
    make_history();
    uint64_t sealed = steps[1].size, last = steps[step_count - 1].size;
    for (uint64_t size = 1; size <= last; size += size > 1 && size < 240 ? 57 : 1) {
        wf_error err = {0};
        ledger_verify_report report;
        bool whole =
            size < 2 || (size >= sealed && size <= steps[step_count - 2].size) || size == last;
        if (size > steps[step_count - 2].size && size + 3 < last && size % 32 != 0)
            continue;
        ledger *l = open_at(size);
        assert_ok(ledger_verify(l, 0, false, NULL, &report, &err), &err);
        assert_int_equal(report.size, size);
        wf_status status = ledger_verify(l, 0, true, NULL, &report, &err);
        if (status != (whole ? WF_OK : WF_DAMAGED))
            print_error("at %llu: %s\n", (unsigned long long)size, err.text);
        assert_int_equal(status, whole ? WF_OK : WF_DAMAGED);
        ledger_close(l);
    }
    forget_history();
}

/* Ids and entries of later are not there yet; a later checkpoint is no rollback. */
static void later_things_are_unknown(void **state)
{
    (void)state;
    wf_error err = {0};
    store_txn *txn = NULL;
    entry_view entry;
    statement_view statement;
    uint8_t id[STATEMENT_ID_SIZE];
    bool found = false;
    uint64_t seq = 0;
    make_history();
    ledger *l = open_ledger(true);
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(ledger_read(l, txn, 300, NULL, &entry, &err), &err);
    assert_ok(statement_parse(&statement, entry.statement, &err), &err);
    memcpy(id, statement.id, sizeof id);
    store_abort(txn);
    ledger_close(l);
    for (uint64_t size = 300; size <= 301; size++) {
        l = open_at(size);
        assert_ok(store_begin(&txn, l->store, false, &err), &err);
        assert_ok(ledger_find(l, txn, id, &found, &seq, &err), &err);
        assert_int_equal(found, size == 301);
        assert_int_equal(ledger_read(l, txn, 300, NULL, NULL, &err),
                         size == 301 ? WF_OK : WF_USAGE);
        assert_int_equal(ledger_read(l, txn, 299, NULL, NULL, &err), WF_OK);
        store_abort(txn);
        assert_int_equal(store_begin(&txn, l->store, true, &err), WF_USAGE);
        ledger_close(l);
    }
    forget_history();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_are_those_of_then),
        TEST(every_size_verifies),
        TEST(later_things_are_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
