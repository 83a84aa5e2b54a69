/*
 * ledger: the check of a store's pages says nothing of a sound store, and sees keys that lead
 * wrong.
 */
#include "ledger_test.h"

#include <fcntl.h>

static const char *const tables[] = {"rows", NULL};
enum { PAGE = 4096, PAGE_HEADER = 16, NODE_HEADER = 8, KIND_BRANCH = 1 };

typedef struct told {
    unsigned count;
    char text[200]; /* the first */
} told;

static void tell(void *ctx, const char *table, uint64_t page, const char *text)
{
    told *t = ctx;
    (void)page;
    if (t->count++ == 0)
        snprintf(t->text, sizeof t->text, "%s: %s", table != NULL ? table : "-", text);
}

static store *open_store(bool create)
{
    wf_error err = {0};
    store *s = NULL;
    store_options options = {.create = create, .tables = tables};
    if (create)
        assert_int_equal(mkdir(test_dir, 0777), 0);
    assert_ok(store_open(&s, test_dir, &options, &err), &err);
    return s;
}

static uint64_t check(store *s, told *out)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    uint64_t found = 0;
    assert_ok(store_begin(&txn, s, false, &err), &err);
    assert_ok(store_check_pages(txn, tell, out, &found, &err), &err);
    store_abort(txn);
    return found;
}

/* Keys of all lengths and values up to several pages come and go: pages are split and joined, and
   the keys that lead to them outlive the rows that they were made of. */
static void a_sound_store_has_nothing_to_tell(void **state)
{
    (void)state;
    enum { COMMITS = 40, CHANGES = 120 };
    static const uint8_t value[3 * PAGE] = {0};
    uint64_t random = 7;
    wf_error err = {0};
    told t = {0};
    store *s = open_store(true);
    for (int commit = 0; commit < COMMITS; commit++) {
        store_txn *txn = NULL;
        assert_ok(store_begin(&txn, s, true, &err), &err);
        for (int i = 0; i < CHANGES; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            uint8_t bytes[200];
            memset(bytes, (int)(random >> 60), sizeof bytes);
            store_key_u64(bytes, random >> 52);
            span key = span_of(bytes + 5, 3 + (random >> 40) % 150);
            size_t size = (random >> 30) % 64 == 0 ? sizeof value : (random >> 20) % 300;
            if ((random >> 10) % 5 < (commit % 8 < 4 ? 4U : 1U)) /* growing, then shrinking */
                assert_ok(store_put(txn, 0, key, span_of(value, size), false, &err), &err);
            else
                assert_ok(store_delete(txn, 0, key, &err), &err);
        }
        assert_ok(store_commit(txn, &err), &err);
        if (check(s, &t) != 0)
            fail_msg("after commit %d: %s", commit, t.text);
    }
    store_close(s);
}

/* Where the second node of the file's only branch page has its key. */
static off_t second_lead(int fd)
{
    uint8_t page[PAGE];
    for (off_t at = 2 * PAGE; pread(fd, page, sizeof page, at) == PAGE; at += PAGE)
        if (page[10] == KIND_BRANCH)
            return at + (page[PAGE_HEADER + 2] | page[PAGE_HEADER + 3] << 8) + NODE_HEADER;
    fail_msg("no branch page");
    return 0;
}

/* One larger in the last byte but one: still behind the page before, and the first row of its own
   page, which would not be found any more, is before it. */
static void a_key_that_leads_past_rows_is_told(void **state)
{
    (void)state;
    enum { ROWS = 200 };
    uint8_t key[8], value[100] = {0};
    wf_error err = {0};
    told t = {0};
    store_txn *txn = NULL;
    store *s = open_store(true);
    assert_ok(store_begin(&txn, s, true, &err), &err);
    for (uint64_t i = 0; i < ROWS; i++) {
        store_key_u64(key, i << 16);
        assert_ok(store_put(txn, 0, span_of(key, 8), span_of(value, sizeof value), true, &err),
                  &err);
    }
    assert_ok(store_commit(txn, &err), &err);
    assert_int_equal(check(s, &t), 0);
    store_close(s);

    char path[4096];
    snprintf(path, sizeof path, "%s/data.mdb", test_dir);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    off_t at = second_lead(fd) + 6;
    uint8_t byte = 0;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte++;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);

    s = open_store(false);
    assert_int_equal(check(s, &t), 1);
    assert_string_equal(t.text, "rows: the key of its row 0 is not behind the one before");
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sound_store_has_nothing_to_tell, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_key_that_leads_past_rows_is_told, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests_name("ledger/store_pages", tests, NULL, NULL);
}
