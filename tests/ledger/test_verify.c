/*
 * ledger: verifying, proving, and every kind of damage that must be named and never crash.
 */
#include "ledger_test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <lmdb.h>

/* ---- help --------------------------------------------------------------------------------------
 */

/* A ledger of `count` sealed statements, a key and three statements signed with it. */
static void make_city(size_t count)
{
    wf_error err = {0};
    suite_public_key public_key;
    test_signature signatures[3];
    submit_item items[3] = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    EVP_PKEY *key = make_key(&public_key);
    assert_ok(submit_sealed(l, 0, count, NULL, &err), &err);
    assert_ok(ledger_add_key(l, "P1", &public_key, &err), &err);
    for (unsigned i = 0; i < 3; i++) {
        items[i].statement = make_statement("P1", 900000 + i, "signed");
        items[i].signature = sign_statement(&signatures[i], key, items[i].statement);
    }
    submit_batch batch = {.items = items, .count = 3};
    arena_init(&batch.memory, 0);
    assert_ok(ledger_submit(l, &batch, &err), &err);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(items[i].outcome, SUBMIT_ENTERED);
        free((void *)(uintptr_t)items[i].statement.data);
    }
    arena_free(&batch.memory);
    EVP_PKEY_free(key);
    ledger_close(l);
}

static wf_status verify_city(bool signatures, ledger_verify_report *report, wf_error *err)
{
    ledger *l = NULL;
    ledger_options options = {.read_only = true, .threads = 3};
    wf_status status = ledger_open(&l, test_dir, &options, err);
    if (status == WF_OK)
        status = ledger_verify(l, 0, signatures, NULL, report, err);
    ledger_close(l);
    return status;
}

static void assert_damaged(bool signatures, const char *expected)
{
    wf_error err = {0};
    ledger_verify_report report;
    assert_int_equal(verify_city(signatures, &report, &err), WF_DAMAGED);
    if (strstr(err.text, expected) == NULL)
        print_error("\"%s\" does not say \"%s\"\n", err.text, expected);
    assert_non_null(strstr(err.text, expected));
}

/* Edits a row behind the ledger's back, as somebody with the file would. */
typedef void (*edit)(MDB_txn *txn, MDB_dbi table, void *ctx);
static void edit_table(const char *name, edit change, void *ctx)
{
    char path[128];
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi table;
    snprintf(path, sizeof path, "%s/store", test_dir);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1U << 30), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0644), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, name, 0, &table), 0);
    change(txn, table, ctx);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* The row's bytes in `out`; its size is returned. */
static size_t get_row(MDB_txn *txn, MDB_dbi table, uint64_t seq, uint8_t *out)
{
    uint8_t number[8];
    store_key_u64(number, seq);
    MDB_val key = {8, number}, value;
    assert_int_equal(mdb_get(txn, table, &key, &value), 0);
    memcpy(out, value.mv_data, value.mv_size);
    return value.mv_size;
}

static void put_row(MDB_txn *txn, MDB_dbi table, uint64_t seq, uint8_t *bytes, size_t size)
{
    uint8_t number[8];
    store_key_u64(number, seq);
    MDB_val key = {8, number}, value = {size, bytes};
    assert_int_equal(mdb_put(txn, table, &key, &value, 0), 0);
}

typedef struct flip {
    uint64_t seq;
    size_t from_end; /* 0: use offset */
    size_t offset;
} flip;

static void flip_byte(MDB_txn *txn, MDB_dbi table, void *ctx)
{
    const flip *f = ctx;
    uint8_t row[ENTRY_MAX];
    size_t size = get_row(txn, table, f->seq, row);
    row[f->from_end > 0 ? size - f->from_end : f->offset] ^= 1;
    put_row(txn, table, f->seq, row, size);
}

/* ---- tests -------------------------------------------------------------------------------------
 */

static void whole_ledgers_verify(void **state)
{
    (void)state;
    /* Around the edges of tiles and ranges; the last has two full levels' worth of edges. */
    static const size_t counts[] = {1, 250, 254, 255, 256, 600, 17000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        wf_error err = {0};
        ledger_verify_report report;
        make_city(counts[i]);
        size_t under = LEDGER_SEAL_MAX - 1; /* statements that one seal is over */
        size_t seals = (counts[i] + under - 1) / under;
        assert_ok(verify_city(false, &report, &err), &err);
        assert_int_equal(report.size, 1 + counts[i] + seals + 1 + 3);
        assert_int_equal(report.signatures, 0);
        assert_ok(verify_city(true, &report, &err), &err);
        assert_int_equal(report.signatures, 1 + seals + 1 + 3);
        assert_int_equal(report.seals, seals);
        folder_teardown(NULL);
        assert_int_equal(folder_setup(NULL), 0);
    }
}

static void the_tree_is_the_tree(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_verify_report report;
    merkle_frontier f;
    hash root;
    make_city(700);
    assert_ok(verify_city(false, &report, &err), &err);
    ledger *l = open_ledger(true);
    store_txn *txn = NULL;
    assert_ok(store_begin(&txn, ledger_store(l), false, &err), &err);
    merkle_frontier_init(&f, test_hash());
    for (uint64_t seq = 0; seq < report.size; seq++) {
        span bytes;
        hash leaf;
        assert_ok(ledger_read(l, txn, seq, &bytes, NULL, &err), &err);
        merkle_leaf(&leaf, test_hash(), bytes.data, bytes.size);
        merkle_frontier_append(&f, &leaf);
    }
    merkle_frontier_root(&root, &f);
    assert_true(hash_equal(&root, &report.root));
    assert_int_equal(ledger_read(l, txn, report.size, NULL, NULL, &err), WF_USAGE);
    store_abort(txn);
    ledger_close(l);
}

static void proofs_hold_without_us(void **state)
{
    (void)state;
    wf_error err = {0};
    make_city(700);
    ledger *l = open_ledger(true);
    note_key key;
    assert_null(note_key_parse(&key, ledger_vkey(l)));
    store_txn *txn = NULL;
    assert_ok(store_begin(&txn, ledger_store(l), false, &err), &err);
    for (uint64_t seq = 0; seq < ledger_size(l); seq += 37) {
        char *text = NULL;
        tlog_proof proof;
        note n;
        bool verified = false;
        checkpoint c;
        span bytes;
        hash leaf;
        assert_ok(ledger_prove(l, seq, &text, &err), &err);
        assert_null(tlog_proof_parse(&proof, text, strlen(text)));
        assert_null(note_parse(&n, proof.checkpoint, proof.checkpoint_size));
        assert_null(note_verify(&verified, NULL, &n, &key, 1));
        assert_null(checkpoint_parse(&c, n.text, n.text_size));
        assert_ok(ledger_read(l, txn, seq, &bytes, NULL, &err), &err);
        merkle_leaf(&leaf, test_hash(), bytes.data, bytes.size);
        assert_int_equal(proof.index, seq);
        assert_true(merkle_verify_inclusion(test_hash(), &leaf, proof.index, c.size, proof.hashes,
                                            proof.hash_count, &c.root));
        free(text);
    }
    char *text = NULL;
    assert_int_equal(ledger_prove(l, ledger_size(l), &text, &err), WF_USAGE);
    assert_null(text);
    store_abort(txn);
    ledger_close(l);
}

static void flipped_bytes_are_found(void **state)
{
    (void)state;
    static const struct {
        flip at;
        const char *says;
    } cases[] = {
        {{.seq = 300, .from_end = 12}, "entry 300: "}, /* in the statement's record */
        {{.seq = 301, .offset = 20}, "entry 301: prev_hash"},
        {{.seq = 302, .offset = 0}, "entry 302: Entry at byte 0"},
        {{.seq = 303, .offset = 1}, "entry 303: seq is"},
    };
    wf_error err = {0};
    make_city(600);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        flip f = cases[i].at;
        edit_table("entries", flip_byte, &f);
        assert_damaged(false, cases[i].says);
        /* Nor is it ever served. */
        ledger *l = open_ledger(true);
        store_txn *txn = NULL;
        assert_ok(store_begin(&txn, ledger_store(l), false, &err), &err);
        assert_int_equal(ledger_read(l, txn, f.seq, NULL, NULL, &err), WF_DAMAGED);
        store_abort(txn);
        ledger_close(l);
        edit_table("entries", flip_byte, &f); /* back */
    }
    ledger_verify_report report;
    assert_ok(verify_city(true, &report, &err), &err);
}

static void swap_entries(MDB_txn *txn, MDB_dbi table, void *ctx)
{
    static uint8_t a[ENTRY_MAX], b[ENTRY_MAX];
    (void)ctx;
    size_t a_size = get_row(txn, table, 40, a);
    size_t b_size = get_row(txn, table, 41, b);
    put_row(txn, table, 40, b, b_size);
    put_row(txn, table, 41, a, a_size);
}

static void delete_entry(MDB_txn *txn, MDB_dbi table, void *ctx)
{
    uint8_t number[8];
    (void)ctx;
    store_key_u64(number, 50);
    MDB_val key = {8, number};
    assert_int_equal(mdb_del(txn, table, &key, NULL), 0);
}

static void delete_first_row(MDB_txn *txn, MDB_dbi table, void *ctx)
{
    MDB_cursor *c;
    MDB_val key, value;
    (void)ctx;
    assert_int_equal(mdb_cursor_open(txn, table, &c), 0);
    assert_int_equal(mdb_cursor_get(c, &key, &value, MDB_FIRST), 0);
    assert_int_equal(mdb_cursor_del(c, 0), 0);
    mdb_cursor_close(c);
}

static void swapped_entries_are_found(void **state)
{
    (void)state;
    make_city(600);
    edit_table("entries", swap_entries, NULL);
    assert_damaged(false, "entry 40: seq is 41");
}

static void missing_rows_are_found(void **state)
{
    (void)state;
    make_city(600);
    edit_table("ids", delete_first_row, NULL);
    assert_damaged(false, "606 entries and 605 ids");
    assert_damaged(true, "the table of ids does not lead to it");
    edit_table("entries", delete_entry, NULL);
    assert_damaged(false, "entry 50: it is missing");
    edit_table("meta", delete_first_row, NULL);
    assert_damaged(false, "head row");
}

/* A key row that no entry brought. */
static void add_key_row(MDB_txn *txn, MDB_dbi table, void *ctx)
{
    uint8_t row[8 + PUBLIC_KEY_MAX] = {0}, name[3 + KEY_ID_SIZE] = "P9";
    suite_public_key public_key;
    EVP_PKEY_free(make_key(&public_key));
    memcpy(row + 8, public_key.bytes, public_key.size);
    key_id_of(name + 3, &public_key);
    if (ctx != NULL)
        name[5] ^= 1; /* not the id of this key */
    MDB_val key = {sizeof name, name}, value = {8 + public_key.size, row};
    assert_int_equal(mdb_put(txn, table, &key, &value, 0), 0);
}

static void foreign_keys_are_found(void **state)
{
    (void)state;
    make_city(10);
    edit_table("keys", add_key_row, NULL);
    assert_damaged(true, "table of keys");
    edit_table("keys", add_key_row, "");
    assert_damaged(true, "is not what its key says");
}

static void tile_flip(MDB_txn *txn, MDB_dbi table, void *ctx)
{
    uint8_t tile[9] = {0}, bytes[8192];
    MDB_val key = {9, tile}, value;
    tile[0] = (uint8_t) * (unsigned *)ctx;
    assert_int_equal(mdb_get(txn, table, &key, &value), 0);
    memcpy(bytes, value.mv_data, value.mv_size);
    bytes[5] ^= 1;
    value.mv_data = bytes;
    assert_int_equal(mdb_put(txn, table, &key, &value, 0), 0);
}

static void flipped_tiles_are_found(void **state)
{
    (void)state;
    unsigned level = 0;
    wf_error err = {0};
    ledger_verify_report report;
    make_city(600);
    edit_table("tiles", tile_flip, &level);
    assert_damaged(false, "entry 0: ");
    edit_table("tiles", tile_flip, &level);
    level = 1; /* a partial tile: already the opening notices */
    edit_table("tiles", tile_flip, &level);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
}

static void cut_files_are_found(void **state)
{
    (void)state;
    char path[160];
    struct stat st;
    wf_error err = {0};
    ledger_verify_report report;
    make_city(3000);
    snprintf(path, sizeof path, "%s/store/data.mdb", test_dir);
    assert_int_equal(stat(path, &st), 0);
    /* The last page may hold nothing (pages taken and given back): then nothing is missing. */
    assert_int_equal(truncate(path, st.st_size - 4096), 0);
    wf_status status = verify_city(false, &report, &err);
    assert_true(status == WF_OK || status == WF_DAMAGED);
    const off_t sizes[] = {st.st_size / 2, 3 * 4096, 8192, 8191, 4096, 100, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(truncate(path, sizes[i]), 0);
        assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
        assert_non_null(strstr(err.text, "data.mdb"));
    }
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 20000; i++)
        putc("not a store "[i % 12], file);
    fclose(file);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
}

static wf_status guarded(void *ctx, void *result, wf_error *err)
{
    ledger_verify_report *report = result;
    if (ctx != NULL)
        raise(*(int *)ctx);
    return verify_city(true, report, err);
}

static void dying_readers_are_survived(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_verify_report report = {0};
    int signals[] = {SIGSEGV, SIGBUS, SIGABRT};
    make_city(3);
    assert_ok(ledger_guard(test_dir, guarded, NULL, &report, sizeof report, &err), &err);
    assert_int_equal(report.size, 9);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ledger_guard(test_dir, guarded, &signals[i], &report, sizeof report, &err),
                         WF_DAMAGED);
    assert_non_null(strstr(err.text, "ended in signal"));
    int killed = SIGKILL; /* as by a system short of memory: no word about the store */
    assert_int_equal(ledger_guard(test_dir, guarded, &killed, &report, sizeof report, &err),
                     WF_SYSTEM);
    flip f = {.seq = 2, .from_end = 12};
    edit_table("entries", flip_byte, &f);
    assert_int_equal(ledger_guard(test_dir, guarded, NULL, &report, sizeof report, &err),
                     WF_DAMAGED);
    assert_non_null(strstr(err.text, "entry 2: "));
}

static void write_text(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", test_dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void formats_are_told_apart(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_verify_report report;
    make_city(1);
    write_text("FORMAT", "wufei-ledger 2\n");
    assert_int_equal(verify_city(false, &report, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "newer version of wufei (format 2, this program knows 1)"));
    static const char *const garbage[] = {
        "", "wufei-ledger\n", "wufei-ledger 0\n", "wufei-ledger 1", "wufei-ledger x\n", "hello\n"};
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        write_text("FORMAT", garbage[i]);
        assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    }
    char path[160];
    snprintf(path, sizeof path, "%s/FORMAT", test_dir);
    unlink(path);
    assert_int_equal(verify_city(false, &report, &err), WF_USAGE);
}

static void without_its_key_it_is_only_read(void **state)
{
    (void)state;
    char path[160];
    wf_error err = {0};
    ledger *l = NULL;
    ledger_options options = {.threads = 1};
    ledger_verify_report report;
    make_city(1);
    snprintf(path, sizeof path, "%s/operator.pem", test_dir);
    assert_int_equal(unlink(path), 0);
    assert_ok(verify_city(true, &report, &err), &err);
    assert_int_equal(ledger_open(&l, test_dir, &options, &err), WF_SYSTEM);
    assert_null(l);
    assert_non_null(strstr(err.text, path));
    /* Somebody else's key is not taken for ours. */
    EVP_PKEY *key = NULL;
    assert_ok(key_generate(&key, suite_find(test_suite()), false, test_dir, &err), &err);
    EVP_PKEY_free(key);
    assert_int_equal(ledger_open(&l, test_dir, &options, &err), WF_SYSTEM);
}

static void rolled_back_stores_are_found(void **state)
{
    (void)state;
    char command[400];
    wf_error err = {0};
    ledger_verify_report report;
    make_city(20);
    snprintf(command, sizeof command, "cp -r '%s/store' '%s/old'", test_dir, test_folder);
    assert_int_equal(system(command), 0);
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1000, 20, NULL, &err), &err);
    ledger_close(l);
    snprintf(command, sizeof command, "rm -rf '%s/store' && mv '%s/old' '%s/store'", test_dir,
             test_folder, test_dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "rolled back"));
    assert_non_null(strstr(err.text, "26 entries, 47 were signed"));
}

static void another_history_is_found(void **state)
{
    (void)state;
    char command[400];
    wf_error err = {0};
    ledger_verify_report report;
    make_city(5);
    snprintf(command, sizeof command, "cp -r '%s' '%s/twin'", test_dir, test_folder);
    assert_int_equal(system(command), 0);
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1000, 5, NULL, &err), &err);
    ledger_close(l);
    char first[96];
    strcpy(first, test_dir);
    snprintf(test_dir, sizeof test_dir, "%s/twin", test_folder);
    l = open_ledger(false);
    assert_ok(submit_sealed(l, 2000, 50, NULL, &err), &err);
    ledger_close(l);
    snprintf(command, sizeof command, "cp '%s/checkpoint' '%s/checkpoint'", first, test_dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "another root"));
    write_text("checkpoint", "nothing\n");
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    snprintf(command, sizeof command, "rm '%s/checkpoint'", test_dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
}

static void write_until_killed(int said)
{
    wf_error err = {0};
    ledger *l = NULL;
    ledger_options options = {.threads = 1};
    if (ledger_open(&l, test_dir, &options, &err) != WF_OK) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    unsigned first = (unsigned)ledger_size(l) * 1000;
    for (unsigned i = 0;; i += 7) {
        if (submit_sealed(l, first + i, 7, NULL, &err) != WF_OK)
            _exit(2);
        uint64_t size = ledger_size(l);
        if (write(said, &size, sizeof size) != sizeof size)
            _exit(3);
    }
}

static void what_was_acknowledged_survives_kill(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_verify_report report;
    make_city(5);
    srandom(7);
    for (int round = 0; round < 10; round++) {
        int pipes[2];
        uint64_t size = 0, acknowledged = 0;
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(pipes[1]);
        close(pipes[1]);
        assert_int_equal(read(pipes[0], &size, sizeof size), sizeof size); /* it has begun */
        acknowledged = size;
        struct timespec pause = {0, 1000 * (random() % 40000)};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &size, sizeof size) == sizeof size)
            acknowledged = size;
        close(pipes[0]);
        assert_ok(verify_city(true, &report, &err), &err);
        assert_true(report.size >= acknowledged);
    }
    ledger *l = open_ledger(false); /* signs what the killed ones left unsigned */
    assert_int_equal(l->last_signed.size, ledger_size(l));
    ledger_close(l);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        CASE(whole_ledgers_verify),
        CASE(the_tree_is_the_tree),
        CASE(proofs_hold_without_us),
        CASE(flipped_bytes_are_found),
        CASE(swapped_entries_are_found),
        CASE(missing_rows_are_found),
        CASE(foreign_keys_are_found),
        CASE(flipped_tiles_are_found),
        CASE(cut_files_are_found),
        CASE(dying_readers_are_survived),
        CASE(formats_are_told_apart),
        CASE(without_its_key_it_is_only_read),
        CASE(rolled_back_stores_are_found),
        CASE(another_history_is_found),
        CASE(what_was_acknowledged_survives_kill),
    };
    return cmocka_run_group_tests_name("ledger/verify", tests, NULL, NULL);
}
