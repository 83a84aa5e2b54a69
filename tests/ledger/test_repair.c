/*
 * ledger: what a scrub finds and a repair puts right, row by row. Also a tool for scripts:
 * "--damage FOLDER tile|ids|head|book" changes a row of a ledger as a bad disk would.
 */
#include "ledger_test.h"

#include "base/number.h"
#include "book/book.h"
#include "scrub.h"

typedef struct findings {
    unsigned of[DAMAGE_TABLE + 1];
    uint64_t entries[64];
    unsigned entry_count;
    char last[300];
} findings;

static void take(void *ctx, const ledger_damage *d)
{
    findings *f = ctx;
    f->of[d->kind]++;
    if (d->kind == DAMAGE_ENTRY && f->entry_count < 64)
        f->entries[f->entry_count++] = d->number;
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

/* A bundle as rows again, from a backup; a tile beside a bundle from the bundle. */
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
        cmocka_unit_test_setup_teardown(ids_are_entered_again, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_torn_copy_of_the_meta_pages_is_written_anew, folder_setup,
                                        folder_teardown),
    };
    if (argc == 4 && strcmp(argv[1], "--damage") == 0)
        return damage(argv[2], argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
