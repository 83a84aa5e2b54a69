/*
 * ledger: creating, opening, submitting: what enters, what does not, and what is said of it.
 */
#include "ledger_test.h"

#include <sys/wait.h>
#include <time.h>

static void create_is_whole_or_not_at_all(void **state)
{
    (void)state;
    wf_error err = {0};
    char path[160];
    create_ledger();
    struct stat st;
    snprintf(path, sizeof path, "%s/operator.pem", test_dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(ledger_create(test_dir, TEST_ORIGIN, test_suite(), 480, NULL, &err), WF_USAGE);
    snprintf(path, sizeof path, "ls -A '%s' | grep -q tmp", test_folder);
    assert_int_not_equal(system(path), 0);
    ledger *l = open_ledger(true);
    assert_int_equal(ledger_size(l), 1);
    assert_string_equal(ledger_origin(l), TEST_ORIGIN);
    assert_int_equal(ledger_utc_offset(l), 480);
    ledger_close(l);
}

static void create_refuses_bad_origins(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a+b", "a\nb", "\xe5\x9f\x8e", "a\tb"};
    wf_error err;
    struct stat st;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(ledger_create(test_dir, bad[i], test_suite(), 0, NULL, &err), WF_USAGE);
        assert_int_not_equal(stat(test_dir, &st), 0);
    }
    assert_int_equal(ledger_create(test_dir, TEST_ORIGIN, "rot13", 0, NULL, &err), WF_USAGE);
    char inside[160];
    snprintf(inside, sizeof inside, "%s/no/such", test_dir);
    assert_int_equal(ledger_create(inside, TEST_ORIGIN, test_suite(), 0, NULL, &err), WF_SYSTEM);
}

static void create_takes_an_empty_folder(void **state)
{
    (void)state;
    assert_int_equal(mkdir(test_dir, 0777), 0);
    create_ledger();
    ledger_close(open_ledger(false));
}

static void sealed_groups_enter(void **state)
{
    (void)state;
    wf_error err = {0};
    submit_batch batch;
    enum { UNDER = LEDGER_SEAL_MAX - 1, COUNT = 2 * UNDER + 500 }; /* the seal is one of a group */
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, COUNT, &batch, &err), &err);
    for (size_t i = 0; i < batch.count; i++)
        assert_int_equal(batch.items[i].outcome, SUBMIT_ENTERED);
    assert_int_equal(batch.items[0].seq, 1);
    assert_int_equal(batch.items[UNDER - 1].seq, UNDER);
    assert_int_equal(batch.items[UNDER].seq, UNDER + 2); /* behind the first seal */
    batch_free(&batch);
    assert_int_equal(ledger_size(l), 1 + COUNT + 3);
    /* Again: everything is there, nothing is entered, not even a seal. */
    assert_ok(submit_sealed(l, 0, COUNT, &batch, &err), &err);
    for (size_t i = 0; i < batch.count; i++)
        assert_int_equal(batch.items[i].outcome, SUBMIT_ALREADY);
    assert_int_equal(batch.items[UNDER].seq, UNDER + 2);
    batch_free(&batch);
    assert_int_equal(ledger_size(l), 1 + COUNT + 3);
    ledger_close(l);
    l = open_ledger(true);
    assert_int_equal(ledger_size(l), 1 + COUNT + 3);
    ledger_close(l);
}

/* One item, signed or not; returns its outcome; the reason goes to `reason`. */
static submit_outcome submit_one(ledger *l, span statement, const test_signature *signature,
                                 char reason[WF_ERROR_TEXT])
{
    wf_error err = {0};
    submit_item item = {.statement = statement};
    if (signature != NULL)
        item.signature = span_of(signature->bytes, signature->size);
    submit_batch batch = {.items = &item, .count = 1};
    arena_init(&batch.memory, 0);
    assert_ok(ledger_submit(l, &batch, &err), &err);
    reason[0] = '\0';
    if (item.outcome == SUBMIT_REFUSED)
        snprintf(reason, WF_ERROR_TEXT, "%s", item.reason);
    arena_free(&batch.memory);
    return item.outcome;
}

static void signed_statements(void **state)
{
    (void)state;
    wf_error err = {0};
    char reason[WF_ERROR_TEXT];
    suite_public_key public_key, other_public;
    test_signature signature, wrong;
    create_ledger();
    ledger *l = open_ledger(false);
    EVP_PKEY *key = make_key(&public_key);
    EVP_PKEY *other = make_key(&other_public);
    span first = make_statement("P1", 1, "one");
    span second = make_statement("P1", 2, "two");
    span conflict = make_statement("P1", 1, "something else");
    span foreign = make_statement_for("waste.other.example", "P1", 3, "three");
    sign_statement(&signature, key, first);
    assert_int_equal(submit_one(l, first, &signature, reason), SUBMIT_REFUSED); /* unknown party */
    assert_non_null(strstr(reason, "P1"));
    assert_ok(ledger_add_key(l, "P1", &public_key, &err), &err);
    assert_int_equal(ledger_add_key(l, "P1", &public_key, &err), WF_REFUSED);
    assert_int_equal(ledger_add_key(l, "operator", &other_public, &err), WF_REFUSED);
    assert_int_equal(submit_one(l, first, &signature, reason), SUBMIT_ENTERED);
    assert_int_equal(submit_one(l, first, &signature, reason), SUBMIT_ALREADY);
    assert_int_equal(submit_one(l, second, &signature, reason), SUBMIT_REFUSED);
    assert_int_equal(submit_one(l, second, NULL, reason), SUBMIT_REFUSED);
    assert_non_null(strstr(reason, "not signed"));
    sign_statement(&wrong, other, second);
    assert_int_equal(submit_one(l, second, &wrong, reason), SUBMIT_REFUSED);
    sign_statement(&signature, key, conflict);
    assert_int_equal(submit_one(l, conflict, &signature, reason), SUBMIT_REFUSED);
    assert_non_null(strstr(reason, "entry 2"));
    sign_statement(&signature, key, foreign);
    assert_int_equal(submit_one(l, foreign, &signature, reason), SUBMIT_REFUSED);
    assert_non_null(strstr(reason, TEST_ORIGIN));
    assert_int_equal(ledger_size(l), 3);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    free((void *)(uintptr_t)first.data);
    free((void *)(uintptr_t)second.data);
    free((void *)(uintptr_t)conflict.data);
    free((void *)(uintptr_t)foreign.data);
    ledger_close(l);
    /* The key table is read back. */
    l = open_ledger(false);
    assert_int_equal(ledger_add_key(l, "P1", &public_key, &err), WF_REFUSED);
    ledger_close(l);
}

/* One suite a ledger; and what is no point of SM2's curve would be a row that nobody can load. */
static void keys_that_are_none_are_refused(void **state)
{
    (void)state;
    wf_error err = {0};
    suite_public_key key;
    create_ledger();
    ledger *l = open_ledger(false);
    EVP_PKEY_free(make_key(&key));
    suite_public_key other = {.size = key.size == 32 ? 65 : 32, .bytes = {4}};
    assert_int_equal(ledger_add_key(l, "P1", &other, &err), WF_REFUSED);
    assert_non_null(strstr(err.text, test_suite()));
    other.size = 33;
    assert_int_equal(ledger_add_key(l, "P1", &other, &err), WF_REFUSED);
    if (test_hash() == HASH_SM3) {
        for (size_t at = 0; at < key.size; at += 8) {
            other = key;
            other.bytes[at] ^= 1;
            assert_int_equal(ledger_add_key(l, "P1", &other, &err), WF_REFUSED);
            assert_non_null(strstr(err.text, "no public key"));
        }
    }
    assert_int_equal(ledger_size(l), 1);
    assert_ok(ledger_add_key(l, "P1", &key, &err), &err);
    ledger_close(l);
}

static void key_and_its_first_statement_in_one_batch(void **state)
{
    (void)state;
    wf_error err = {0};
    suite_public_key public_key, second_public;
    test_signature signatures[2];
    create_ledger();
    ledger *l = open_ledger(false);
    EVP_PKEY *key = make_key(&public_key);
    buffer body = {0}, statement = {0};
    system_record record = {.kind = SYSTEM_KEY_ADD, .party = "P1"};
    record.public_key = public_key;
    system_write(&body, &record);
    uint8_t id[16] = {1};
    statement_view view = {.origin = span_text(TEST_ORIGIN),
                           .author = span_text("operator"),
                           .id = id,
                           .system = span_of(body.data, body.size)};
    statement_write(&statement, &view);
    span by_party = make_statement("P1", 1, "one");
    submit_item items[2] = {{.statement = span_of(statement.data, statement.size)},
                            {.statement = by_party}};
    items[0].signature = sign_as_operator(&signatures[0], l, items[0].statement);
    items[1].signature = sign_statement(&signatures[1], key, items[1].statement);
    submit_batch batch = {.items = items, .count = 2, .all_or_nothing = true};
    arena_init(&batch.memory, 0);
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(items[1].outcome, SUBMIT_ENTERED);
    /* The other way round the key is not valid yet, and nothing of it may stay. */
    EVP_PKEY *second = make_key(&second_public);
    buffer_clear(&body);
    buffer_clear(&statement);
    record.public_key = second_public;
    system_write(&body, &record);
    id[0] = 2;
    view.system = span_of(body.data, body.size);
    statement_write(&statement, &view);
    span later = make_statement("P1", 2, "two");
    items[0] = (submit_item){.statement = later};
    items[1] = (submit_item){.statement = span_of(statement.data, statement.size)};
    items[0].signature = sign_statement(&signatures[0], second, items[0].statement);
    items[1].signature = sign_as_operator(&signatures[1], l, items[1].statement);
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    assert_int_equal(items[0].outcome, SUBMIT_REFUSED);
    assert_int_equal(items[1].outcome, SUBMIT_WITHDRAWN);
    assert_int_equal(ledger_size(l), 3);
    assert_ok(ledger_add_key(l, "P1", &second_public, &err), &err);
    arena_free(&batch.memory);
    buffer_free(&body);
    buffer_free(&statement);
    EVP_PKEY_free(key);
    EVP_PKEY_free(second);
    free((void *)(uintptr_t)by_party.data);
    free((void *)(uintptr_t)later.data);
    ledger_close(l);
}

/* A book that refuses what says so, and counts. */
typedef struct picky {
    unsigned applied, committed, ended;
} picky;

static wf_status picky_apply(void *ctx, store_txn *txn, uint64_t seq, const statement_view *st,
                             const void *record, bool attested, wf_error *err)
{
    picky *p = ctx;
    (void)txn;
    (void)seq;
    (void)record;
    (void)attested;
    if (span_equal(st->record, span_text("bad")))
        return wf_fail(err, WF_REFUSED, "it says bad");
    if (span_equal(st->record, span_text("broken")))
        return wf_fail(err, WF_SYSTEM, "the disk is on fire");
    p->applied++;
    return WF_OK;
}

static void picky_end(void *ctx, bool committed)
{
    picky *p = ctx;
    p->committed += committed ? 1 : 0;
    p->ended++;
}

static ledger *open_picky(picky *p)
{
    wf_error err = {0};
    ledger *l = NULL;
    ledger_hooks hooks = {.ctx = p, .apply = picky_apply, .after_end = picky_end};
    ledger_options options = {.threads = 2, .hooks = &hooks};
    assert_ok(ledger_open(&l, test_dir, &options, &err), &err);
    return l;
}

static void refused_are_left_out(void **state)
{
    (void)state;
    static const char *const texts[] = {"good", "bad", "fine", "bad", "well"};
    wf_error err = {0};
    picky p = {0};
    submit_item items[5] = {0};
    create_ledger();
    ledger *l = open_picky(&p);
    for (unsigned i = 0; i < 5; i++)
        items[i].statement = make_statement("operator", i, texts[i]);
    submit_batch batch = {.items = items, .count = 5, .seal_kind = SEAL_BY_OPERATOR};
    arena_init(&batch.memory, 0);
    batch.all_or_nothing = true;
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    assert_string_equal(err.text, "it says bad");
    assert_int_equal(ledger_size(l), 1);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(items[i].outcome,
                         strcmp(texts[i], "bad") == 0 ? SUBMIT_REFUSED : SUBMIT_WITHDRAWN);
    assert_int_equal(p.committed, 0);
    batch.all_or_nothing = false;
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(items[0].outcome, SUBMIT_ENTERED);
    assert_int_equal(items[1].outcome, SUBMIT_REFUSED);
    assert_string_equal(items[1].reason, "it says bad");
    assert_int_equal(items[4].seq, 3);
    assert_int_equal(ledger_size(l), 1 + 3 + 1);
    assert_int_equal(p.committed, 1);
    for (unsigned i = 0; i < 5; i++)
        free((void *)(uintptr_t)items[i].statement.data);
    arena_free(&batch.memory);
    ledger_close(l);
}

static void a_failure_enters_nothing_of_its_group(void **state)
{
    (void)state;
    wf_error err = {0};
    picky p = {0};
    submit_item items[2] = {0};
    create_ledger();
    ledger *l = open_picky(&p);
    items[0].statement = make_statement("operator", 1, "good");
    items[1].statement = make_statement("operator", 2, "broken");
    submit_batch batch = {.items = items, .count = 2, .seal_kind = SEAL_BY_OPERATOR};
    arena_init(&batch.memory, 0);
    assert_int_equal(ledger_submit(l, &batch, &err), WF_SYSTEM);
    assert_string_equal(err.text, "the disk is on fire");
    assert_int_equal(items[0].outcome, SUBMIT_REFUSED);
    assert_int_equal(ledger_size(l), 1);
    batch.count = 1;
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(items[0].outcome, SUBMIT_ENTERED);
    free((void *)(uintptr_t)items[0].statement.data);
    free((void *)(uintptr_t)items[1].statement.data);
    arena_free(&batch.memory);
    ledger_close(l);
}

static void large_all_or_nothing_spans_seals(void **state)
{
    (void)state;
    wf_error err = {0};
    picky p = {0};
    create_ledger();
    ledger *l = open_picky(&p);
    enum { COUNT = 2 * LEDGER_SEAL_MAX + 100 };
    submit_batch batch = {.count = COUNT, .seal_kind = SEAL_BY_OPERATOR, .all_or_nothing = true};
    batch.items = calloc(COUNT, sizeof *batch.items);
    arena_init(&batch.memory, 0);
    for (unsigned i = 0; i < COUNT; i++)
        batch.items[i].statement = make_statement("operator", i, i == COUNT - 1 ? "bad" : "record");
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    assert_int_equal(ledger_size(l), 1);
    batch.count--;
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(ledger_size(l), 1 + COUNT - 1 + 3);
    assert_int_equal(p.committed, 1);
    for (unsigned i = 0; i < COUNT; i++)
        free((void *)(uintptr_t)batch.items[i].statement.data);
    batch_free(&batch);
    ledger_close(l);
}

static void given_seals(void **state)
{
    (void)state;
    wf_error err = {0};
    suite_public_key public_key;
    test_signature signature;
    uint8_t id[16] = {9};
    submit_item items[3] = {0};
    merkle_frontier f;
    create_ledger();
    ledger *l = open_ledger(false);
    EVP_PKEY *key = make_key(&public_key);
    assert_ok(ledger_add_key(l, "P1", &public_key, &err), &err);
    merkle_frontier_init(&f, test_hash());
    for (unsigned i = 0; i < 3; i++) {
        hash leaf;
        items[i].statement = make_statement("P1", i, "load");
        merkle_leaf(&leaf, test_hash(), items[i].statement.data, items[i].statement.size);
        merkle_frontier_append(&f, &leaf);
    }
    system_record record = {.kind = SYSTEM_SEAL, .seal_count = 3};
    merkle_frontier_root(&record.seal_root, &f);
    buffer body = {0}, statement = {0};
    system_write(&body, &record);
    statement_view view = {.origin = span_text(TEST_ORIGIN),
                           .author = span_text("P1"),
                           .id = id,
                           .system = span_of(body.data, body.size)};
    statement_write(&statement, &view);
    submit_batch batch = {.items = items, .count = 3, .seal_kind = SEAL_GIVEN};
    arena_init(&batch.memory, 0);
    batch.seal.statement = span_of(statement.data, statement.size);
    memset(&signature, 7, sizeof signature);
    batch.seal.signature = span_of(signature.bytes, 64);
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    batch.seal.signature = sign_statement(&signature, key, batch.seal.statement);
    batch.count = 2; /* not what was sealed */
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    assert_int_equal(ledger_size(l), 2);
    batch.count = 3;
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(items[2].outcome, SUBMIT_ENTERED);
    assert_int_equal(batch.seal.seq, 5);
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(items[2].outcome, SUBMIT_ALREADY);
    assert_int_equal(batch.seal.outcome, SUBMIT_ALREADY);
    assert_int_equal(ledger_size(l), 6);
    /* Another seal over what is there already would seal nothing: verification would then call the
       ledger damaged. */
    buffer_clear(&statement);
    id[0] = 10;
    statement_write(&statement, &view);
    batch.seal.statement = span_of(statement.data, statement.size);
    batch.seal.signature = sign_statement(&signature, key, batch.seal.statement);
    assert_int_equal(ledger_submit(l, &batch, &err), WF_REFUSED);
    assert_non_null(strstr(err.text, "already"));
    assert_int_equal(ledger_size(l), 6);
    ledger_verify_report report;
    assert_ok(ledger_verify(l, 0, true, NULL, &report, &err), &err);
    for (unsigned i = 0; i < 3; i++)
        free((void *)(uintptr_t)items[i].statement.data);
    buffer_free(&body);
    buffer_free(&statement);
    arena_free(&batch.memory);
    EVP_PKEY_free(key);
    ledger_close(l);
}

/* A seal vouches for records; who may sign is a matter of the operator's own signature. Under a
   seal such an entry escaped the check of keys, and verification called the ledger damaged. */
static void a_key_under_a_seal_is_refused(void **state)
{
    (void)state;
    wf_error err = {0};
    uint8_t id[16] = {1};
    buffer body = {0}, statement = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    system_record record = {.kind = SYSTEM_KEY_ADD, .party = "P1"};
    EVP_PKEY_free(make_key(&record.public_key));
    system_write(&body, &record);
    statement_view view = {.origin = span_text(TEST_ORIGIN),
                           .author = span_text("operator"),
                           .id = id,
                           .system = span_of(body.data, body.size)};
    statement_write(&statement, &view);
    submit_item item = {.statement = span_of(statement.data, statement.size)};
    submit_batch batch = {.items = &item, .count = 1, .seal_kind = SEAL_BY_OPERATOR};
    arena_init(&batch.memory, 0);
    assert_ok(ledger_submit(l, &batch, &err), &err);
    assert_int_equal(item.outcome, SUBMIT_REFUSED);
    assert_non_null(strstr(item.reason, "seal"));
    assert_int_equal(ledger_size(l), 1);
    arena_free(&batch.memory);
    buffer_free(&body);
    buffer_free(&statement);
    ledger_close(l);
}

static void one_writer_at_a_time(void **state)
{
    (void)state;
    create_ledger();
    ledger *l = open_ledger(false);
    pid_t child = fork();
    if (child == 0) {
        wf_error err = {0};
        ledger *other = NULL;
        ledger_options options = {.threads = 1};
        wf_status status = ledger_open(&other, test_dir, &options, &err);
        _exit(status == WF_SYSTEM && strstr(err.text, "is writing") != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ledger_close(l);
}

static wf_status fail_second_commit(void *ctx, store_txn *txn, wf_error *err)
{
    unsigned *commits = ctx;
    (void)txn;
    return ++*commits < 2 ? WF_OK : wf_fail(err, WF_SYSTEM, "the disk is full");
}

/* A commit that fails while a checkpoint is due: the writer has nothing left to do and must wait
   for its end, not ask the clock over and over. */
static void a_failed_writer_sleeps(void **state)
{
    (void)state;
    wf_error err = {0};
    unsigned commits = 0;
    ledger *l = NULL;
    create_ledger();
    ledger_hooks hooks = {.ctx = &commits, .before_commit = fail_second_commit};
    ledger_options options = {.threads = 1, .hooks = &hooks};
    assert_ok(ledger_open(&l, test_dir, &options, &err), &err);
    for (unsigned i = 0; commits < 1; i++) /* the first commit signs, the second leaves one due */
        assert_ok(submit_sealed(l, i, 1, NULL, &err), &err);
    commits = 0;
    assert_ok(submit_sealed(l, 100, 1, NULL, &err), &err);
    assert_int_equal(submit_sealed(l, 200, 1, NULL, &err), WF_SYSTEM);
    usleep(1100000); /* past the time of the next checkpoint */
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    usleep(300000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t used_ms =
        (after.tv_sec - before.tv_sec) * INT64_C(1000) + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_true(used_ms < 20);
    ledger_close(l);
}

static void counting_done(void *ctx, submit_batch *batch)
{
    unsigned *count = ctx;
    if (batch->status == WF_OK)
        (*count)++;
}

static void many_small_batches_in_order(void **state)
{
    (void)state;
    enum { BATCHES = 600 };
    wf_error err = {0};
    unsigned count = 0;
    create_ledger();
    ledger *l = open_ledger(false);
    submit_batch *batches = calloc(BATCHES, sizeof *batches);
    submit_item *items = calloc(BATCHES, sizeof *items);
    for (unsigned i = 0; i < BATCHES; i++) {
        items[i].statement = make_statement("operator", i, "x");
        batches[i] = (submit_batch){.items = &items[i], .count = 1, .seal_kind = SEAL_BY_OPERATOR};
        arena_init(&batches[i].memory, 0);
        assert_ok(ledger_submit_async(l, &batches[i], counting_done, &count, &err), &err);
    }
    assert_ok(ledger_drain(l, &err), &err);
    assert_int_equal(count, BATCHES);
    assert_int_equal(l->last_signed.size, ledger_size(l));
    for (unsigned i = 0; i < BATCHES; i++) {
        assert_int_equal(items[i].outcome, SUBMIT_ENTERED);
        if (i > 0)
            assert_true(items[i].seq > items[i - 1].seq);
        free((void *)(uintptr_t)items[i].statement.data);
        arena_free(&batches[i].memory);
    }
    free(items);
    free(batches);
    ledger_close(l);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        CASE(create_is_whole_or_not_at_all),
        CASE(create_refuses_bad_origins),
        CASE(create_takes_an_empty_folder),
        CASE(sealed_groups_enter),
        CASE(signed_statements),
        CASE(keys_that_are_none_are_refused),
        CASE(key_and_its_first_statement_in_one_batch),
        CASE(refused_are_left_out),
        CASE(a_failure_enters_nothing_of_its_group),
        CASE(large_all_or_nothing_spans_seals),
        CASE(given_seals),
        CASE(a_key_under_a_seal_is_refused),
        CASE(one_writer_at_a_time),
        CASE(a_failed_writer_sleeps),
        CASE(many_small_batches_in_order),
    };
    return cmocka_run_group_tests_name("ledger/submit", tests, NULL, NULL);
}
