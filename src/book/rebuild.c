/*
 * book/rebuild.c: derives the book again from the log, to compare or to replace.
 *
 * The log is replayed into a scratch store with a book of its own, whatever the grouping was when
 * the entries came in; every table must then hold the same keys and values, byte for byte.
 * Replacing copies the scratch tables in one transaction: an interrupted rebuild leaves the old
 * book.
 */
#include <stdio.h>
#include <string.h>

#include "book/internal.h"

/* A key in hexadecimal, for a message. */
static const char *key_text(char *out, size_t size, span key)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < key.size && at + 3 < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%02x", key.data[i]);
    return out;
}

typedef struct table_pair {
    store_cursor *book;  /* what the store holds */
    store_cursor *again; /* what the log says */
    span book_key, book_value, again_key, again_value;
} table_pair;

static wf_status differs(const table_pair *p, unsigned table, wf_error *err)
{
    char hex[160];
    const char *name = book_shapes[table].name;
    int order =
        p->book_key.data == NULL ? 1
        : p->again_key.data == NULL
            ? -1
            : memcmp(p->book_key.data, p->again_key.data,
                     p->book_key.size < p->again_key.size ? p->book_key.size : p->again_key.size);
    if (order == 0 && p->book_key.size != p->again_key.size)
        order = p->book_key.size < p->again_key.size ? -1 : 1;
    if (order < 0)
        return wf_fail(err, WF_DAMAGED,
                       _("book: table %1$s holds the key %2$s, which does not follow from the log; "
                         "run wufei rebuild"),
                       name, key_text(hex, sizeof hex, p->book_key));
    if (order > 0)
        return wf_fail(err, WF_DAMAGED,
                       _("book: table %1$s lacks the key %2$s, which follows from the log; run "
                         "wufei rebuild"),
                       name, key_text(hex, sizeof hex, p->again_key));
    return wf_fail(err, WF_DAMAGED,
                   _("book: table %1$s has another value at key %2$s than follows from the log; "
                     "run wufei rebuild"),
                   name, key_text(hex, sizeof hex, p->book_key));
}

static wf_status compare_rows(table_pair *p, unsigned table, wf_error *err)
{
    const span first = {0};
    BOOK_TRY(store_cursor_seek(p->book, first, &p->book_key, &p->book_value, err));
    BOOK_TRY(store_cursor_seek(p->again, first, &p->again_key, &p->again_value, err));
    while (p->book_key.data != NULL || p->again_key.data != NULL) {
        if (p->book_key.data == NULL || p->again_key.data == NULL ||
            !span_equal(p->book_key, p->again_key) || !span_equal(p->book_value, p->again_value))
            return differs(p, table, err);
        BOOK_TRY(store_cursor_next(p->book, &p->book_key, &p->book_value, err));
        BOOK_TRY(store_cursor_next(p->again, &p->again_key, &p->again_value, err));
    }
    return WF_OK;
}

static wf_status compare_table(store_txn *book_txn, store_txn *again_txn, unsigned table,
                               wf_error *err)
{
    table_pair p = {0};
    unsigned number = book_table_number((enum book_table)table);
    wf_status status = store_cursor_open(&p.book, book_txn, number, err);
    if (status == WF_OK)
        status = store_cursor_open(&p.again, again_txn, number, err);
    if (status == WF_OK)
        status = compare_rows(&p, table, err);
    store_cursor_close(p.book);
    store_cursor_close(p.again);
    return status;
}

static wf_status copy_rows(store_txn *to, store_cursor *from, unsigned number, wf_error *err)
{
    span key = {0};
    span value = {0};
    BOOK_TRY(store_clear(to, number, err));
    BOOK_TRY(store_cursor_seek(from, span_of(NULL, 0), &key, &value, err));
    while (key.data != NULL) {
        BOOK_TRY(store_put(to, number, key, value, true, err));
        BOOK_TRY(store_cursor_next(from, &key, &value, err));
    }
    return WF_OK;
}

static wf_status copy_table(store_txn *to, store_txn *from_txn, unsigned table, wf_error *err)
{
    store_cursor *from = NULL;
    unsigned number = book_table_number((enum book_table)table);
    BOOK_TRY(store_cursor_open(&from, from_txn, number, err));
    wf_status status = copy_rows(to, from, number, err);
    store_cursor_close(from);
    return status;
}

/* All tables: compared, or copied and committed. */
static wf_status compare_or_copy(ledger *l, store *scratch, bool check, wf_error *err)
{
    store_txn *here = NULL;
    store_txn *again = NULL;
    BOOK_TRY(store_begin(&again, scratch, false, err));
    wf_status status = store_begin(&here, ledger_store(l), !check, err);
    for (unsigned t = 0; t < BOOK_TABLE_COUNT && status == WF_OK; t++)
        status = check ? compare_table(here, again, t, err) : copy_table(here, again, t, err);
    store_abort(again);
    if (status == WF_OK && !check)
        return store_commit(here, err);
    store_abort(here);
    return status;
}

wf_status book_open_scratch(store **out, ledger *l, const char *dir, wf_error *err)
{
    const char *names[STORE_TABLES_MAX + 1] = {0};
    unsigned count = store_table_count(ledger_store(l));
    WF_ASSERT(count <= STORE_TABLES_MAX && count >= book_table_number(BOOK_TABLE_COUNT));
    for (unsigned t = 0; t < count; t++)
        names[t] = store_table_name(ledger_store(l), t);
    store_options options = {.create = true, .scratch = true, .tables = names};
    return store_open(out, dir, &options, err);
}

/* What was derived ends where the log ended then. Statements of another process that came since are
   in the book that it was compared with, and no damage. */
static wf_status check_not_grown(ledger *l, uint64_t size_before, wf_status compared, wf_error *err)
{
    uint64_t size = ledger_size(l);
    if (compared != WF_DAMAGED || size == size_before)
        return compared;
    return wf_fail(err, WF_SYSTEM,
                   _("%s: the ledger grew from %llu to %llu entries while its book was derived "
                     "again; run it when nobody writes"),
                   ledger_dir(l), (unsigned long long)size_before, (unsigned long long)size);
}

wf_status book_rebuild(book *b, ledger *l, const char *scratch_dir, bool check,
                       ledger_progress *progress, wf_error *err)
{
    store *scratch = NULL;
    book *again = NULL;
    uint64_t size_before = ledger_size(l);
    wf_status status = book_open_scratch(&scratch, l, scratch_dir, err);
    if (status == WF_OK)
        status = book_new(&again, b->utc_offset_minutes, err);
    if (status == WF_OK) {
        ledger_hooks hooks = book_hooks(again);
        status = ledger_replay(l, &hooks, scratch, progress, err);
    }
    if (status == WF_OK)
        status = compare_or_copy(l, scratch, check, err);
    status = check_not_grown(l, size_before, status, err);
    if (status == WF_OK && !check)
        book_forget(b);
    book_free(again);
    if (scratch != NULL)
        store_close(scratch);
    return status;
}
