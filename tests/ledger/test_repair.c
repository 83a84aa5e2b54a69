/*
 * ledger: what a scrub finds and a repair puts right, row by row. Also a tool for scripts:
 * "--damage FOLDER tile|ids|head|book" changes a row of a ledger as a bad disk would.
 */
#include "ledger_test.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lmdb.h>

#include "base/number.h"
#include "book/book.h"
#include "scrub.h"

typedef struct findings {
    unsigned of[DAMAGE_TABLE + 1];
    uint64_t entries[64];
    unsigned entry_count;
    bool runs[64];   /* something of its entries was told */
    char entry[300]; /* of the last entry */
    char last[300];
} findings;

static void take(void *ctx, const ledger_damage *d)
{
    findings *f = ctx;
    f->of[d->kind]++;
    if (d->kind == DAMAGE_ENTRY && f->entry_count < 64)
        f->entries[f->entry_count++] = d->number;
    if (d->kind == DAMAGE_ENTRY)
        snprintf(f->entry, sizeof f->entry, "%s", d->text);
    if (d->kind >= DAMAGE_ENTRY && d->number / TILE_WIDTH < 64)
        f->runs[d->number / TILE_WIDTH] = true;
    snprintf(f->last, sizeof f->last, "%s", d->text);
}

static findings scrub(void)
{
    wf_error err = {0};
    findings f = {0};
    ledger_scrub_report report;
    const ledger_scrub_options options = {.found = take, .ctx = &f};
    assert_ok(ledger_scrub(test_dir, &options, &report, &err), &err);
    return f;
}

static void ignore(void *ctx, const char *what, bool repaired, const char *detail)
{
    (void)ctx, (void)what, (void)repaired, (void)detail;
}

static void repair(const char *from)
{
    wf_error err = {0};
    const ledger_repair_options options = {.from = from, .done = ignore};
    assert_ok(ledger_repair(test_dir, &options, &err), &err);
}

static void assert_whole(void)
{
    wf_error err = {0};
    ledger_verify_report report;
    findings f = scrub();
    for (unsigned i = 0; i <= DAMAGE_TABLE; i++)
        if (f.of[i] != 0)
            fail_msg("kind %u: %s", i, f.last);
    ledger *l = open_ledger(false);
    assert_ok(ledger_verify(l, 0, true, NULL, &report, &err), &err);
    ledger_close(l);
}

/* ---- changing rows behind the log's back --------------------------------------------------- */

/* Changes byte `at` of a value, or deletes the row when `at` is SIZE_MAX. */
static wf_status change(const char *dir, const ledger_hooks *hooks, unsigned table, span key,
                        size_t at, wf_error *err)
{
    ledger *l = NULL;
    store_txn *txn = NULL;
    span row, found;
    uint8_t bytes[65536], key_bytes[STORE_KEY_MAX];
    store_cursor *c = NULL;
    ledger_options options = {.unchecked = true, .hooks = hooks};
    wf_status status = ledger_open(&l, dir, &options, err);
    if (status == WF_OK)
        status = store_begin(&txn, l->store, true, err);
    if (status == WF_OK)
        status = store_cursor_open(&c, txn, table, err);
    if (status == WF_OK)
        status = store_cursor_seek(c, key, &found, &row, err);
    store_cursor_close(c);
    if (status == WF_OK && found.data == NULL)
        status = wf_fail(err, WF_USAGE, "no such row");
    if (status == WF_OK) {
        memcpy(key_bytes, found.data, found.size);
        span whole_key = span_of(key_bytes, found.size);
        memcpy(bytes, row.data, row.size);
        if (at == SIZE_MAX) {
            status = store_delete(txn, table, whole_key, err);
        } else {
            bytes[at % row.size] ^= 1;
            status = store_put(txn, table, whole_key, span_of(bytes, row.size), false, err);
        }
    }
    if (status == WF_OK)
        status = store_commit(txn, err);
    else
        store_abort(txn);
    ledger_close(l);
    return status;
}

static span tile_key(uint8_t out[9], unsigned level, uint64_t index)
{
    out[0] = (uint8_t)level;
    store_key_u64(out + 1, index);
    return span_of(out, 9);
}

static span entry_key(uint8_t out[8], uint64_t seq)
{
    store_key_u64(out, seq);
    return span_of(out, 8);
}

static void change_row(unsigned table, span key, size_t at)
{
    wf_error err = {0};
    assert_ok(change(test_dir, NULL, table, key, at, &err), &err);
}

/* ---- tests --------------------------------------------------------------------------------- */

enum { SIZE = 3 * TILE_WIDTH + 50 };

static void make_ledger(char backup[200])
{
    wf_error err = {0};
    ledger_copy_report report;
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1, SIZE - 2, NULL, &err), &err);
    assert_int_equal(ledger_size(l), SIZE);
    ledger_close(l);
    snprintf(backup, 200, "%s/backup", test_folder);
    assert_ok(ledger_backup(test_dir, backup, true, NULL, &report, &err), &err);
    assert_whole();
}

/* One at a time: the right one of the two is blamed, wherever it stands. */
static void a_damaged_entry_is_told_from_a_damaged_tile(void **state)
{
    static const uint64_t places[] = {0, 255, 768, SIZE - 1};
    char backup[200];
    uint8_t key[9];
    (void)state;
    make_ledger(backup);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        change_row(TABLE_ENTRIES, entry_key(key, places[i]), 40);
        findings f = scrub();
        assert_int_equal(f.entry_count, 1);
        assert_int_equal(f.entries[0], places[i]);
        assert_int_equal(f.of[DAMAGE_TILE], 0);
        repair(NULL); /* nowhere to get it from: still damaged, nothing else changed */
        f = scrub();
        assert_int_equal(f.entry_count, 1);
        repair(backup);
        assert_whole();
        change_row(TABLE_TILES, tile_key(key, 0, places[i] / TILE_WIDTH),
                   places[i] % TILE_WIDTH * HASH_SIZE + 3);
        f = scrub();
        assert_int_equal(f.entry_count, 0);
        assert_int_equal(f.of[DAMAGE_TILE], 1);
        repair(backup);
        assert_whole();
    }
}

static void every_damage_is_told(void **state)
{
    char backup[200];
    uint8_t key[9];
    (void)state;
    make_ledger(backup);
    change_row(TABLE_ENTRIES, entry_key(key, 5), 60);
    change_row(TABLE_ENTRIES, entry_key(key, 6), SIZE_MAX);
    change_row(TABLE_ENTRIES, entry_key(key, 300), 60);
    change_row(TABLE_ENTRIES, entry_key(key, SIZE - 2), 60);
    change_row(TABLE_TILES, tile_key(key, 0, 2), 77);
    change_row(TABLE_META, span_text("head"), 50);
    findings f = scrub();
    assert_int_equal(f.entry_count, 4);
    assert_int_equal(f.entries[0], 5);
    assert_int_equal(f.entries[1], 6);
    assert_int_equal(f.entries[2], 300);
    assert_int_equal(f.entries[3], SIZE - 2);
    assert_int_equal(f.of[DAMAGE_TILE], 1);
    assert_true(f.of[DAMAGE_HEAD] >= 1);
    repair(backup);
    assert_whole();
}

static void upper_tiles_and_whole_tiles_are_computed_again(void **state)
{
    char backup[200];
    uint8_t key[9];
    (void)state;
    make_ledger(backup);
    for (unsigned level = 0; level < 2; level++) {
        change_row(TABLE_TILES, tile_key(key, level, 0), SIZE_MAX);
        findings f = scrub();
        assert_int_equal(f.entry_count, 0);
        assert_true(f.of[DAMAGE_TILE] >= 1);
        repair(NULL);
        assert_whole();
    }
    change_row(TABLE_TILES, tile_key(key, 1, 0), 40);
    repair(NULL);
    assert_whole();
}

static void ids_are_entered_again(void **state)
{
    char backup[200];
    uint8_t low[STATEMENT_ID_SIZE] = {0, 0, 0, 0, 0, 1};
    (void)state;
    make_ledger(backup);
    change_row(TABLE_IDS, span_of(low, sizeof low), 7); /* leads elsewhere */
    findings f = scrub();
    assert_true(f.of[DAMAGE_TABLE] >= 1);
    repair(NULL);
    assert_whole();
    change_row(TABLE_IDS, span_of(low, sizeof low), SIZE_MAX);
    f = scrub();
    assert_int_equal(f.of[DAMAGE_TABLE], 1);
    repair(NULL);
    assert_whole();
}

/* The kept copy of the meta pages is not synced: a power cut tears it, and that alone is mended. */
static void a_torn_copy_of_the_meta_pages_is_written_anew(void **state)
{
    char backup[200];
    char path[300];
    (void)state;
    make_ledger(backup);
    assert_whole();
    snprintf(path, sizeof path, "%s/meta", test_dir);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_not_equal(fputs("torn", file), EOF);
    assert_int_equal(fseek(file, -100, SEEK_END), 0);
    assert_int_not_equal(fputs("torn", file), EOF);
    assert_int_equal(fclose(file), 0);
    findings f = scrub();
    assert_int_equal(f.of[DAMAGE_FILE], 1);
    repair(NULL);
    assert_whole();
}

/* A bundle from a backup; a tile beside a bundle from the bundle. */
static void archived_entries_are_told_one_by_one(void **state)
{
    char backup[200];
    uint8_t key[9];
    wf_error err = {0};
    ledger_archive_report report;
    (void)state;
    make_ledger(backup);
    ledger *l = open_ledger(false);
    assert_ok(ledger_archive(l, 0, 2, NULL, &report, &err), &err);
    ledger_close(l);
    assert_whole();
    change_row(TABLE_ARCHIVE, entry_key(key, 1), 900);
    findings f = scrub();
    assert_true(f.entry_count > 0 && f.of[DAMAGE_TILE] == 0);
    for (unsigned i = 0; i < f.entry_count; i++)
        assert_true(f.entries[i] >= TILE_WIDTH && f.entries[i] < 2 * TILE_WIDTH);
    repair(NULL);
    assert_true(scrub().entry_count > 0);
    repair(backup);
    assert_whole();
    change_row(TABLE_TILES, tile_key(key, 0, 0), 70);
    f = scrub();
    assert_int_equal(f.entry_count, 0);
    assert_int_equal(f.of[DAMAGE_TILE], 1);
    repair(NULL);
    assert_whole();
}

/* A file of exported tiles that is none, or cannot be read, holds up no entry that others have. */
static void a_spoiled_source_gives_what_it_has(void **state)
{
    char backup[200], tiles[200], path[300];
    uint8_t key[9];
    wf_error err = {0};
    tiles_report report;
    const tiles_options options = {0};
    (void)state;
    make_ledger(backup);
    snprintf(tiles, sizeof tiles, "%s/tiles", test_folder);
    ledger *l = open_ledger(true);
    assert_ok(ledger_export_tiles(l, tiles, &options, &report, &err), &err);
    ledger_close(l);
    snprintf(path, sizeof path, "%s/tile/entries/000", tiles);
    assert_int_equal(truncate(path, 20 << 20), 0); /* longer than any can be */
    snprintf(path, sizeof path, "%s/tile/entries/001", tiles);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0);
    change_row(TABLE_ENTRIES, entry_key(key, 10), 40);
    change_row(TABLE_ENTRIES, entry_key(key, 300), 40);
    change_row(TABLE_ENTRIES, entry_key(key, 600), 40);
    change_row(TABLE_ENTRIES, entry_key(key, SIZE - 1), 40);
    repair(tiles);
    findings f = scrub();
    assert_int_equal(f.entry_count, 2);
    assert_int_equal(f.entries[0], 10);
    assert_int_equal(f.entries[1], 300);
    repair(backup);
    assert_whole();
}

static void archive_all(void)
{
    wf_error err = {0};
    ledger_archive_report report;
    ledger *l = open_ledger(false);
    assert_ok(ledger_archive(l, 0, UINT64_MAX, NULL, &report, &err), &err);
    assert_true(report.entries > 0);
    ledger_close(l);
}

enum { RUNS = 30, BUNDLE_HEAD = 161, BUNDLE_TAIL = 4 };

/* Changes byte `at`, counted from the end when it is negative, of the bundle of a run. */
static void change_bundle(store_txn *txn, uint64_t run, long at)
{
    wf_error err = {0};
    uint8_t key[8], bytes[65536];
    span row;
    assert_ok(store_get(txn, TABLE_ARCHIVE, entry_key(key, run), &row, &err), &err);
    assert_true(row.size > BUNDLE_HEAD + BUNDLE_TAIL && row.size <= sizeof bytes);
    memcpy(bytes, row.data, row.size);
    bytes[at < 0 ? (long)row.size + at : at] ^= (uint8_t)(1 << (run % 8));
    assert_ok(
        store_put(txn, TABLE_ARCHIVE, entry_key(key, run), span_of(bytes, row.size), false, &err),
        &err);
}

/* One bundle after the other, each at the next place from `from` on; up to `to`, or the last run.
   Where it ended. */
static long change_bundles(long from, long to, long step)
{
    wf_error err = {0};
    ledger *l = NULL;
    store_txn *txn = NULL;
    const ledger_options options = {.unchecked = true};
    assert_ok(ledger_open(&l, test_dir, &options, &err), &err);
    assert_ok(store_begin(&txn, l->store, true, &err), &err);
    for (uint64_t run = 0; run < RUNS && from < to; run++, from += step)
        change_bundle(txn, run, from);
    assert_ok(store_commit(txn, &err), &err);
    ledger_close(l);
    return from;
}

static void assert_clean(void)
{
    findings f = scrub();
    for (unsigned i = 0; i <= DAMAGE_TABLE; i++)
        if (f.of[i] != 0)
            fail_msg("kind %u: %s", i, f.last);
}

/* All that stands in the head of a bundle can be known from elsewhere, and so can the end of its
   stream: whichever byte of them is damaged, nothing is lost and no backup is needed. Elsewhere in
   the stream entries are lost, or none, and all is told. */
static void bundles_of_which_nothing_is_lost_are_mended(void **state)
{
    char backup[200];
    wf_error err = {0};
    ledger_copy_report report;
    (void)state;
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 1, RUNS * TILE_WIDTH, NULL, &err), &err);
    ledger_close(l);
    snprintf(backup, sizeof backup, "%s/backup", test_folder);
    assert_ok(ledger_backup(test_dir, backup, true, NULL, &report, &err), &err);
    archive_all();
    for (long from = -BUNDLE_TAIL; from < BUNDLE_HEAD;) {
        long to = change_bundles(from, BUNDLE_HEAD, 1);
        findings f = scrub();
        assert_int_equal(f.entry_count, 0);
        assert_int_equal(f.of[DAMAGE_TABLE], to - from);
        from = to;
        repair(NULL);
        assert_clean();
    }
    change_bundles(BUNDLE_HEAD, BUNDLE_HEAD + RUNS * 100, 100);
    findings f = scrub();
    assert_true(f.entry_count > 0);
    for (unsigned run = 0; run < RUNS; run++)
        assert_true(f.runs[run]);
    repair(NULL);
    assert_true(scrub().entry_count > 0);
    repair(backup);
    assert_whole();
}

/* The row of a bundle reaches behind the end of the file, so that reading it ends the process: this
   is found out once, not again for each of its entries, and what is behind it is read. */
static void a_bundle_that_kills_is_told_once(void **state)
{
    static const uint8_t node[] = {1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1}; /* flags, key size, key 1 */
    char backup[200], path[300];
    uint8_t page[4096];
    unsigned count = 0;
    (void)state;
    make_ledger(backup);
    archive_all();
    snprintf(path, sizeof path, "%s/store/data.mdb", test_dir);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (long at = 0; fread(page, 1, sizeof page, file) == sizeof page; at += (long)sizeof page) {
        uint8_t *found = memmem(page + 4, sizeof page - 4, node, sizeof node);
        if (found == NULL)
            continue;
        found[-2] = 0xf0; /* of the size, which stands before: 15 MiB and more */
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(page, 1, sizeof page, file), sizeof page);
        count++;
    }
    assert_int_equal(fclose(file), 0);
    assert_true(count > 0);
    findings f = scrub();
    assert_int_equal(f.of[DAMAGE_ENTRY], TILE_WIDTH);
    assert_int_equal(f.entries[0], TILE_WIDTH);
    assert_non_null(strstr(f.entry, "archived bundle"));
}

/* Damages a page of a table that is none of the log, so that a new store is made. */
static void damage_page_of_another_table(void)
{
    static const char mark[] = "marker-of-another-table";
    char path[300];
    uint8_t page[4096];
    unsigned count = 0;
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_val key = {1, (void *)(uintptr_t) "k"}, value = {sizeof mark, (void *)(uintptr_t)mark};
    snprintf(path, sizeof path, "%s/store", test_dir);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1U << 30), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0644), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, "another", MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    snprintf(path, sizeof path, "%s/store/data.mdb", test_dir);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    for (long at = 0; fread(page, 1, sizeof page, file) == sizeof page; at += (long)sizeof page) {
        if (memmem(page, sizeof page, mark, sizeof mark) == NULL)
            continue;
        page[10] ^= 0x40;
        assert_int_equal(fseek(file, at, SEEK_SET), 0);
        assert_int_equal(fwrite(page, 1, sizeof page, file), sizeof page);
        count++;
    }
    assert_int_equal(fclose(file), 0);
    assert_true(count > 0);
}

/* LMDB would lead everyone who opens the new file to where the old one had its pages. */
static void no_store_is_exchanged_under_a_reader(void **state)
{
    char backup[200], expected[60];
    int ready[2];
    char byte;
    wf_error err = {0};
    const ledger_repair_options options = {.done = ignore};
    (void)state;
    make_ledger(backup);
    assert_int_equal(pipe(ready), 0);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        ledger *l = open_ledger(true);
        if (write(ready[1], "x", 1) != 1 || l == NULL)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    damage_page_of_another_table();
    snprintf(expected, sizeof expected, "process %ld ", (long)reader);
    assert_int_equal(ledger_repair(test_dir, &options, &err), WF_SYSTEM);
    if (strstr(err.text, expected) == NULL)
        fail_msg("%s", err.text);
    assert_true(scrub().of[DAMAGE_STORE] > 0); /* as it was */
    assert_int_equal(kill(reader, SIGKILL), 0);
    assert_int_equal(waitpid(reader, NULL, 0), reader);
    close(ready[0]);
    close(ready[1]);
    repair(NULL);
    assert_whole();
}

/* ---- for scripts --------------------------------------------------------------------------- */

static int damage(const char *dir, const char *what)
{
    wf_error err = {0};
    uint8_t key[9], low[STATEMENT_ID_SIZE] = {0, 0, 0, 0, 0, 1};
    book *b = NULL;
    wf_status status = WF_USAGE;
    if (strcmp(what, "tile") == 0)
        status = change(dir, NULL, TABLE_TILES, tile_key(key, 0, 1), 100, &err);
    else if (strcmp(what, "ids") == 0)
        status = change(dir, NULL, TABLE_IDS, span_of(low, sizeof low), SIZE_MAX, &err);
    else if (strcmp(what, "head") == 0)
        status = change(dir, NULL, TABLE_META, span_text("head"), 60, &err);
    else if (strcmp(what, "book") == 0 && (status = book_new(&b, 480, &err)) == WF_OK) {
        ledger_hooks hooks = book_hooks(b);
        for (unsigned t = LEDGER_TABLES; hooks.tables[t - LEDGER_TABLES] != NULL; t++)
            if (strcmp(hooks.tables[t - LEDGER_TABLES], "balances") == 0 ||
                hooks.tables[t - LEDGER_TABLES + 1] == NULL) {
                status = change(dir, &hooks, t, (span){NULL, 0}, 1, &err);
                break;
            }
        book_free(b);
    }
    if (status != WF_OK)
        fprintf(stderr, "%s: %s\n", what, err.text);
    return (int)status;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_entry_is_told_from_a_damaged_tile, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(every_damage_is_told, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(upper_tiles_and_whole_tiles_are_computed_again,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(archived_entries_are_told_one_by_one, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_spoiled_source_gives_what_it_has, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(bundles_of_which_nothing_is_lost_are_mended, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_bundle_that_kills_is_told_once, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(no_store_is_exchanged_under_a_reader, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(ids_are_entered_again, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_torn_copy_of_the_meta_pages_is_written_anew, folder_setup,
                                        folder_teardown),
    };
    if (argc == 4 && strcmp(argv[1], "--damage") == 0)
        return damage(argv[2], argv[3]);
    if (getenv("QUICKF"))
        cmocka_set_test_filter(getenv("QUICKF"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
