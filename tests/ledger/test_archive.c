/*
 * ledger: runs of entries in compressed bundles: everything reads as before, whatever happens to
 * them is named, and nothing that was not entered is ever given out.
 */
#include "ledger_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <lmdb.h>

#include "archive.h"

enum { CITY_ENTRIES = 1501 }; /* genesis, 1499 statements, a seal: five runs and a rest */
enum { AT_BLOCKS = 41, AT_STREAM = 161 }; /* in a row of the archive */

/* ---- help -------------------------------------------------------------------------------------
 */

static ledger_archive_report archive_now(ledger *l, uint64_t keep, uint64_t most)
{
    wf_error err = {0};
    ledger_archive_report report;
    assert_ok(ledger_archive(l, keep, most, NULL, &report, &err), &err);
    return report;
}

static void make_city(void)
{
    wf_error err = {0};
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, CITY_ENTRIES - 2, NULL, &err), &err);
    assert_int_equal(ledger_size(l), CITY_ENTRIES);
    ledger_close(l);
}

static void archive_city(void)
{
    ledger *l = open_ledger(false);
    archive_now(l, 0, UINT64_MAX);
    ledger_close(l);
}

/* All entries, one behind the other, each behind its size. */
static buffer read_everything(ledger *l)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    buffer all = {0};
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    for (uint64_t seq = 0; seq < ledger_size(l); seq++) {
        span bytes;
        entry_view view;
        assert_ok(ledger_read(l, txn, seq, &bytes, &view, &err), &err);
        assert_int_equal(view.seq, seq);
        buffer_append(&all, &bytes.size, sizeof bytes.size);
        buffer_append(&all, bytes.data, bytes.size);
    }
    store_abort(txn);
    assert_false(all.failed);
    return all;
}

static void assert_reads_as(ledger *l, const buffer *before)
{
    buffer now = read_everything(l);
    assert_int_equal(now.size, before->size);
    assert_memory_equal(now.data, before->data, now.size);
    buffer_free(&now);
}

/* Returns what everything was before it was archived; freed by the caller. */
static buffer make_archived_city(void)
{
    make_city();
    ledger *l = open_ledger(true);
    buffer all = read_everything(l);
    ledger_close(l);
    archive_city();
    return all;
}

static uint64_t rows_of(ledger *l, unsigned table)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_table_stat stat;
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(store_table_stats(txn, table, &stat, &err), &err);
    store_abort(txn);
    return stat.rows;
}

static wf_status verify_city(bool signatures, ledger_verify_report *report, wf_error *err)
{
    ledger *l = open_ledger(true);
    wf_status status = ledger_verify(l, 0, signatures, NULL, report, err);
    ledger_close(l);
    return status;
}

static void assert_whole(void)
{
    wf_error err = {0};
    ledger_verify_report report;
    assert_ok(verify_city(true, &report, &err), &err);
}

static void assert_says(const wf_error *err, const char *expected)
{
    if (strstr(err->text, expected) == NULL)
        print_error("\"%s\" does not say \"%s\"\n", err->text, expected);
    assert_non_null(strstr(err->text, expected));
}

/* A row of a table, changed behind the ledger's back; size 0 deletes it. */
static void edit_row(const char *table, const void *key, size_t key_size, const void *value,
                     size_t size)
{
    char path[128];
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi;
    MDB_val k = {key_size, (void *)(uintptr_t)key}, v = {size, (void *)(uintptr_t)value};
    snprintf(path, sizeof path, "%s/store", test_dir);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 64), 0);
    assert_int_equal(mdb_env_set_mapsize(env, 1U << 30), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0644), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    if (key == NULL)
        assert_int_equal(mdb_drop(txn, dbi, 1), 0);
    else if (size == 0)
        assert_int_equal(mdb_del(txn, dbi, &k, NULL), 0);
    else
        assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void put_archive_row(uint64_t run, const uint8_t *row, size_t size)
{
    uint8_t key[8];
    store_key_u64(key, run);
    edit_row("archive", key, sizeof key, row, size);
}

/* A copy of a row; freed by the caller. */
static uint8_t *copy_row(unsigned table, uint64_t number, size_t *size)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    uint8_t key[8];
    span row;
    ledger *l = open_ledger(true);
    store_key_u64(key, number);
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(store_get(txn, table, span_of(key, sizeof key), &row, &err), &err);
    assert_non_null(row.data);
    uint8_t *copy = malloc(row.size);
    assert_non_null(copy);
    memcpy(copy, row.data, row.size);
    *size = row.size;
    store_abort(txn);
    ledger_close(l);
    return copy;
}

/* ---- everything as before ---------------------------------------------------------------------
 */

static void reads_are_the_same(void **state)
{
    (void)state;
    wf_error err = {0};
    char *proof = NULL, *again = NULL;
    ledger_verify_report before, after;
    make_city();
    assert_ok(verify_city(true, &before, &err), &err);
    ledger *l = open_ledger(false);
    buffer all = read_everything(l);
    assert_ok(ledger_prove(l, 300, &proof, &err), &err);
    ledger_archive_report report = archive_now(l, 2, UINT64_MAX);
    assert_int_equal(report.entries, 3 * 256);
    assert_true(report.archived_bytes > 0 && report.archived_bytes < report.entry_bytes / 2);
    assert_reads_as(l, &all);
    report = archive_now(l, 0, 1);
    assert_int_equal(report.entries, 256);
    report = archive_now(l, 0, UINT64_MAX);
    assert_int_equal(report.entries, 256);
    assert_int_equal(archive_now(l, 0, UINT64_MAX).entries, 0);
    assert_int_equal(rows_of(l, TABLE_ARCHIVE), 5);
    assert_int_equal(rows_of(l, TABLE_ENTRIES), CITY_ENTRIES - 5 * 256);
    assert_reads_as(l, &all);
    ledger_close(l);
    assert_ok(verify_city(true, &after, &err), &err);
    assert_memory_equal(&before.root, &after.root, sizeof before.root);
    assert_int_equal(before.bytes, after.bytes);
    assert_int_equal(before.signatures, after.signatures);
    assert_int_equal(before.seals, after.seals);
    l = open_ledger(true); /* the genesis is archived, too */
    assert_reads_as(l, &all);
    assert_ok(ledger_prove(l, 300, &again, &err), &err);
    assert_string_equal(proof, again);
    assert_int_equal(ledger_archive(l, 0, 1, NULL, &report, &err), WF_USAGE);
    ledger_close(l);
    free(proof);
    free(again);
    buffer_free(&all);
}

/* A statement that is there already is found in the archive, and so is one that differs. */
static void entering_goes_on(void **state)
{
    (void)state;
    wf_error err = {0};
    submit_batch batch;
    make_city();
    archive_city();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, 600, &batch, &err), &err);
    for (size_t i = 0; i < batch.count; i++) {
        assert_int_equal(batch.items[i].outcome, SUBMIT_ALREADY);
        assert_int_equal(batch.items[i].seq, i + 1);
    }
    batch_free(&batch);
    submit_item item = {.statement = make_statement("operator", 5, "another record")};
    submit_batch one = {.items = &item, .count = 1, .seal_kind = SEAL_BY_OPERATOR};
    arena_init(&one.memory, 0);
    assert_ok(ledger_submit(l, &one, &err), &err);
    assert_int_equal(item.outcome, SUBMIT_REFUSED);
    assert_non_null(strstr(item.reason, "entry 6"));
    arena_free(&one.memory);
    free((void *)(uintptr_t)item.statement.data);
    assert_ok(submit_sealed(l, 5000, 600, NULL, &err), &err);
    assert_int_equal(ledger_size(l), CITY_ENTRIES + 601);
    assert_int_equal(archive_now(l, 0, UINT64_MAX).entries, 3 * 256);
    ledger_close(l);
    assert_whole();
}

/* What a transaction has read stays what it was, also while the rows are moved away. */
static void a_snapshot_stays(void **state)
{
    (void)state;
    wf_error err = {0};
    store_txn *txn = NULL;
    span first, again;
    uint8_t copy[ENTRY_MAX];
    make_city();
    ledger *l = open_ledger(false);
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(ledger_read(l, txn, 77, &first, NULL, &err), &err);
    memcpy(copy, first.data, first.size);
    archive_now(l, 0, UINT64_MAX);
    assert_memory_equal(copy, first.data, first.size);
    store_abort(txn);
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(ledger_read(l, txn, 77, &first, NULL, &err), &err);
    /* more than the cache holds would fit in: the first one is still there */
    for (int round = 0; round < 3; round++)
        for (uint64_t seq = 0; seq < 1280; seq += 50)
            assert_ok(ledger_read(l, txn, seq, &again, NULL, &err), &err);
    assert_memory_equal(copy, first.data, first.size);
    store_abort(txn);
    ledger_close(l);
}

typedef struct reading {
    ledger *l;
    unsigned seed;
    unsigned wrong;
} reading;

static void *read_here_and_there(void *argument)
{
    reading *r = argument;
    store_txn *txn = NULL;
    wf_error err = {0};
    if (store_begin(&txn, r->l->store, false, &err) != WF_OK) {
        r->wrong = 1;
        return NULL;
    }
    for (int i = 0; i < 2000; i++) {
        entry_view view;
        uint64_t seq = (uint64_t)rand_r(&r->seed) % CITY_ENTRIES;
        r->wrong += ledger_read(r->l, txn, seq, NULL, &view, &err) != WF_OK || view.seq != seq;
    }
    store_abort(txn);
    return NULL;
}

static void many_threads_read(void **state)
{
    (void)state;
    reading readings[4];
    pthread_t threads[4];
    make_city();
    archive_city();
    ledger *l = open_ledger(true);
    for (unsigned i = 0; i < 4; i++) {
        readings[i] = (reading){l, i + 1, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_here_and_there, &readings[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].wrong, 0);
    }
    ledger_close(l);
}

/* A ledger made before there was an archive has no such table. */
static void ledgers_of_before_open(void **state)
{
    (void)state;
    make_city();
    edit_row("archive", NULL, 0, NULL, 0);
    ledger *l = open_ledger(true);
    buffer all = read_everything(l);
    ledger_close(l);
    assert_whole();
    l = open_ledger(false);
    archive_now(l, 0, UINT64_MAX);
    assert_reads_as(l, &all);
    ledger_close(l);
    assert_whole();
    buffer_free(&all);
}

/* ---- by itself --------------------------------------------------------------------------------
 */

static void the_writer_archives_behind_itself(void **state)
{
    (void)state;
    wf_error err = {0};
    const unsigned runs = LEDGER_ARCHIVE_KEEP + 7;
    create_ledger();
    ledger *l = open_ledger(false);
    assert_ok(submit_sealed(l, 0, (runs + 1) * 256, NULL, &err), &err);
    uint64_t complete = ledger_size(l) / 256;
    for (int i = 0; i < 100 && rows_of(l, TABLE_ARCHIVE) < 4; i++)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(rows_of(l, TABLE_ARCHIVE), 4); /* a moment without work */
    ledger_close(l);
    l = open_ledger(false);
    assert_int_equal(rows_of(l, TABLE_ARCHIVE),
                     complete - LEDGER_ARCHIVE_KEEP); /* and at the end */
    ledger_close(l);
    assert_whole();
}

/* Killed anywhere, an entry is in one of the two places. */
static void kills_lose_nothing(void **state)
{
    (void)state;
    make_city();
    ledger *l = open_ledger(true);
    buffer all = read_everything(l);
    ledger_close(l);
    for (int i = 0; i < 12; i++) {
        pid_t child = fork();
        if (child == 0) {
            ledger_options options = {.threads = 1};
            ledger_archive_report report;
            if (ledger_open(&l, test_dir, &options, NULL) == WF_OK)
                for (int step = 0; step < 5; step++)
                    ledger_archive(l, 0, 1, NULL, &report, NULL);
            _exit(0);
        }
        nanosleep(&(struct timespec){.tv_nsec = 3000000L * i}, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        l = open_ledger(false);
        assert_int_equal(256 * rows_of(l, TABLE_ARCHIVE) + rows_of(l, TABLE_ENTRIES), CITY_ENTRIES);
        assert_reads_as(l, &all);
        ledger_close(l);
    }
    assert_whole();
    buffer_free(&all);
}

/* ---- damage -----------------------------------------------------------------------------------
 */

/* Reads every `step`th entry of a run of which something is damaged. Those that are given out are
   right. */
static unsigned read_damaged(const buffer *all, uint64_t run, unsigned step)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    ledger *l = open_ledger(true);
    unsigned good = 0;
    size_t at = 0;
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    for (uint64_t seq = 0; seq < (run + 1) * 256; seq++) {
        span bytes;
        size_t size;
        memcpy(&size, all->data + at, sizeof size);
        const uint8_t *expected = all->data + at + sizeof size;
        at += sizeof size + size;
        if (seq / 256 != run || seq % step != 0)
            continue;
        wf_status status = ledger_read(l, txn, seq, &bytes, NULL, &err);
        if (status == WF_OK) {
            good++;
            assert_int_equal(bytes.size, size);
            assert_memory_equal(bytes.data, expected, size);
        } else {
            assert_int_equal(status, WF_DAMAGED);
        }
    }
    store_abort(txn);
    ledger_close(l);
    return good;
}

static void flipped_bits_are_named(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_verify_report report;
    size_t size;
    buffer all = make_archived_city();
    uint8_t *row = copy_row(TABLE_ARCHIVE, 2, &size);
    for (size_t at = 0; at < size; at += at < AT_STREAM + 8 ? 1 : size / 24) {
        row[at] ^= 0x10;
        put_archive_row(2, row, size);
        assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
        assert_says(&err, "entries 512 to 767");
        unsigned good = read_damaged(&all, 2, 16);
        if (at > size / 2 && at < size - 4)
            assert_true(good > 2); /* those before the damage */
        row[at] ^= 0x10;
    }
    put_archive_row(2, row, size);
    assert_whole();
    free(row);
    buffer_free(&all);
}

/* Of a damaged tile, one entry suffers and not the one behind it, whose prev_hash comes from it. */
static void a_damaged_tile_costs_one_entry(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_verify_report report;
    uint8_t key[9] = {0};
    make_city();
    ledger *l = open_ledger(true);
    buffer all = read_everything(l);
    store_txn *txn = NULL;
    span tile;
    uint8_t copy[256 * 32];
    assert_ok(store_begin(&txn, l->store, false, &err), &err);
    assert_ok(tile_get(txn, 0, 1, &tile, &err), &err);
    memcpy(copy, tile.data, sizeof copy);
    store_abort(txn);
    ledger_close(l);
    archive_city();
    store_key_u64(key + 1, 1);
    copy[32 * 100] ^= 1;
    edit_row("tiles", key, sizeof key, copy, sizeof copy);
    assert_int_equal(read_damaged(&all, 1, 1), 255);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    assert_says(&err, "entry 356");
    edit_row("tiles", key, sizeof key, NULL, 0);
    assert_int_equal(read_damaged(&all, 1, 1), 0);
    assert_int_equal(verify_city(false, &report, &err), WF_DAMAGED);
    assert_says(&err, "entry 256");
    buffer_free(&all);
}

static void what_is_damaged_is_not_moved(void **state)
{
    (void)state;
    wf_error err = {0};
    ledger_archive_report report;
    uint8_t key[8];
    size_t size;
    make_city();
    uint8_t *entry = copy_row(TABLE_ENTRIES, 600, &size);
    entry[size - 20] ^= 1;
    store_key_u64(key, 600);
    edit_row("entries", key, sizeof key, entry, size);
    ledger *l = open_ledger(false);
    assert_int_equal(ledger_archive(l, 0, UINT64_MAX, NULL, &report, &err), WF_DAMAGED);
    assert_says(&err, "entry 600");
    assert_int_equal(rows_of(l, TABLE_ENTRIES), CITY_ENTRIES); /* one transaction, all or nothing */
    ledger_close(l);
    entry[size - 20] ^= 1;
    edit_row("entries", key, sizeof key, entry, size);
    archive_city();
    /* in two places: somebody's work */
    edit_row("entries", key, sizeof key, entry, size);
    ledger_verify_report verified;
    assert_int_equal(verify_city(false, &verified, &err), WF_DAMAGED);
    assert_says(&err, "the head row counts 1501 entries, the tables hold 1502 entries");
    free(entry);
}

static uint32_t u32_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Blocks behind a damaged one can be had, and where the blocks begin is believed only as far as
   what stands there is the entry. */
static void blocks_stand_alone(void **state)
{
    (void)state;
    size_t size;
    buffer all = make_archived_city();
    uint8_t *row = copy_row(TABLE_ARCHIVE, 1, &size);
    uint8_t *damaged = malloc(size);
    assert_non_null(damaged);
    /* nothing of the fourth block is left: 16 entries are lost, and no more */
    memcpy(damaged, row, size);
    uint32_t from = u32_at(row + AT_BLOCKS + 2 * 8), to = u32_at(row + AT_BLOCKS + 3 * 8);
    assert_true(from > 2 && from < to && to < size - AT_STREAM);
    memset(damaged + AT_STREAM + from, 0xff, to - from);
    put_archive_row(1, damaged, size);
    assert_int_equal(read_damaged(&all, 1, 1), 240);
    /* each place changed, up, down and far: the whole run is still there */
    for (size_t at = AT_BLOCKS; at < AT_STREAM; at += 4) {
        static const uint8_t flips[][4] = {
            {0, 0, 0, 1}, {0, 0, 1, 0x80}, {0xff, 0xff, 0xff, 0xff}, {0x80, 0, 0, 0}};
        memcpy(damaged, row, size);
        for (int i = 0; i < 4; i++)
            damaged[at + (size_t)i] ^= flips[at / 4 % 4][i];
        put_archive_row(1, damaged, size);
        assert_int_equal(read_damaged(&all, 1, 5), 51);
    }
    free(row);
    free(damaged);
    buffer_free(&all);
}

/* Rows that were written before there were blocks. */
static void runs_without_blocks_are_read(void **state)
{
    (void)state;
    size_t size;
    buffer all = make_archived_city();
    for (uint64_t run = 0; run < 5; run++) {
        uint8_t *row = copy_row(TABLE_ARCHIVE, run, &size);
        size_t stream_size = size - AT_STREAM;
        row[0] = 1;
        memmove(row + AT_BLOCKS, row + AT_STREAM, stream_size);
        uLong crc = crc32(crc32(0, row, 37), row + AT_BLOCKS, (uInt)stream_size);
        for (int i = 0; i < 4; i++)
            row[37 + i] = (uint8_t)(crc >> (24 - 8 * i));
        put_archive_row(run, row, AT_BLOCKS + stream_size);
        free(row);
    }
    ledger *l = open_ledger(true);
    assert_reads_as(l, &all);
    ledger_close(l);
    assert_whole();
    buffer_free(&all);
}

/* ---- hostile rows ------------------------------------------------------------------------------
 */

/* A row with a right checksum around any stream, whose blocks are nowhere. */
static size_t make_row(uint8_t *out, size_t claimed, const uint8_t *stream, size_t size)
{
    memset(out, 0, AT_STREAM);
    out[0] = 2;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(claimed >> (24 - 8 * i));
    memcpy(out + AT_STREAM, stream, size);
    uLong crc = crc32(crc32(0, out, 37), out + AT_BLOCKS, (uInt)(AT_STREAM - AT_BLOCKS + size));
    for (int i = 0; i < 4; i++)
        out[37 + i] = (uint8_t)(crc >> (24 - 8 * i));
    return AT_STREAM + size;
}

static size_t deflate_bytes(uint8_t *out, size_t room, const uint8_t *bytes, size_t size)
{
    uLongf written = room;
    assert_int_equal(compress2(out, &written, bytes, size, 9), Z_OK);
    return written;
}

static const char *unpack(archive_run *run, const uint8_t *row, size_t size)
{
    wf_error err = {0};
    archive_tools tools = {0};
    /* exactly as long as it says, so that the sanitizer sees a step beyond it */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    assert_non_null(exact);
    memcpy(exact, row, size);
    assert_ok(archive_unpack(&tools, run, HASH_SHA256, span_of(exact, size), (span){NULL, 0}, &err),
              &err);
    archive_tools_free(&tools);
    free(exact);
    return run->damage;
}

static void bombs_do_not_go_off(void **state)
{
    (void)state;
    enum { MUCH = 64 << 20, ROOM = 1 << 20 };
    archive_run run = {0};
    uint8_t *zeros = calloc(1, MUCH), *stream = malloc(ROOM), *row = malloc(ROOM + AT_STREAM);
    assert_true(zeros != NULL && stream != NULL && row != NULL);
    size_t size = deflate_bytes(stream, ROOM, zeros, MUCH);
    size_t claims[] = {0, 1, 1000, 256 * 65537, (size_t)256 * 65537 + 1, MUCH, UINT32_MAX};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        assert_non_null(unpack(&run, row, make_row(row, claims[i], stream, size)));
        assert_true(run.capacity <= (32 << 20)); /* and not the 64 MiB that are in it */
        archive_run_free(&run);
    }
    /* a small stream that claims more than any stream of its size could hold */
    size = deflate_bytes(stream, ROOM, zeros, 10);
    assert_non_null(unpack(&run, row, make_row(row, 256 * 65537, stream, size)));
    archive_run_free(&run);
    free(zeros);
    free(stream);
    free(row);
}

/* Cut short, lengthened, of another version, with other numbers of entries: never more than what is
   there, and never without a word. */
static void odd_rows_are_refused(void **state)
{
    (void)state;
    size_t size;
    archive_run run = {0};
    wf_error err = {0};
    archive_tools tools = {0};
    make_city();
    archive_city();
    uint8_t *row = copy_row(TABLE_ARCHIVE, 0, &size);
    uint8_t longer[70000] = {0};
    assert_true(size + 10 < sizeof longer);
    assert_null(unpack(&run, row, size));
    assert_int_equal(run.count, 256);
    for (size_t cut = 0; cut < size; cut += cut < AT_STREAM + 9 ? 1 : 101)
        assert_non_null(unpack(&run, row, cut));
    memcpy(longer, row, size);
    assert_non_null(unpack(&run, longer, size + 1));
    assert_non_null(unpack(&run, longer, make_row(longer, 1, longer + AT_STREAM, 0)));

    /* the bundle, with a right checksum, but one entry less and one more */
    assert_ok(archive_unpack(&tools, &run, HASH_SHA256, span_of(row, size), (span){NULL, 0}, &err),
              &err);
    uint8_t stream[70000], body[140000];
    size_t body_size = tools.body.size;
    memcpy(body, tools.body.data, body_size);
    size_t first = 2 + ((size_t)body[0] << 8 | body[1]);
    memcpy(body + body_size, body, first);
    size_t more = deflate_bytes(stream, sizeof stream, body, body_size + first);
    assert_non_null(unpack(&run, longer, make_row(longer, body_size + first, stream, more)));
    assert_int_equal(run.count, 256);
    size_t less = deflate_bytes(stream, sizeof stream, body + first, body_size - first);
    assert_non_null(unpack(&run, longer, make_row(longer, body_size - first, stream, less)));
    assert_int_equal(run.count, 255);
    archive_tools_free(&tools);
    archive_run_free(&run);
    free(row);
}

/* Where the tile is not asked, the hashes are computed: of either kind. */
static void hashes_of_either_kind(void **state)
{
    (void)state;
    static const hash_kind kinds[] = {HASH_SHA256, HASH_SM3};
    for (size_t k = 0; k < 2; k++) {
        wf_error err = {0};
        hash prev = {{7}};
        buffer bytes[RUN_ENTRIES] = {{0}};
        buffer row = {0};
        leaf_data entries[RUN_ENTRIES];
        hash leaves[RUN_ENTRIES];
        archive_tools tools = {0};
        archive_run run = {0};
        for (unsigned i = 0; i < RUN_ENTRIES; i++) {
            static const uint8_t key[KEY_ID_SIZE] = "12345678";
            span statement = make_statement("operator", i, "record");
            entry_view entry = {.seq = 512 + i,
                                .time_ms = 1772000000000 + i,
                                .prev_hash = prev.bytes,
                                .statement = statement,
                                .author_key = key};
            entry_write(&bytes[i], &entry);
            entries[i] = (leaf_data){bytes[i].data, bytes[i].size};
            merkle_leaf(&prev, kinds[k], bytes[i].data, bytes[i].size);
            leaves[i] = prev;
            free((void *)(uintptr_t)statement.data);
        }
        assert_ok(archive_pack(&tools, &row, entries, &err), &err);
        for (int with_tile = 0; with_tile < 2; with_tile++) {
            span tile = with_tile ? span_of(leaves, sizeof leaves) : (span){NULL, 0};
            assert_ok(
                archive_unpack(&tools, &run, kinds[k], span_of(row.data, row.size), tile, &err),
                &err);
            assert_null(run.damage);
            assert_int_equal(run.count, RUN_ENTRIES);
            for (unsigned i = 0; i < RUN_ENTRIES; i++) {
                assert_int_equal(run.at[i + 1] - run.at[i], bytes[i].size);
                assert_memory_equal(run.bytes + run.at[i], bytes[i].data, bytes[i].size);
            }
        }
        for (unsigned i = 0; i < RUN_ENTRIES; i++)
            buffer_free(&bytes[i]);
        buffer_free(&row);
        archive_tools_free(&tools);
        archive_run_free(&run);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_are_the_same),
        TEST(entering_goes_on),
        TEST(a_snapshot_stays),
        TEST(many_threads_read),
        TEST(ledgers_of_before_open),
        TEST(the_writer_archives_behind_itself),
        TEST(kills_lose_nothing),
        TEST(flipped_bits_are_named),
        TEST(a_damaged_tile_costs_one_entry),
        TEST(blocks_stand_alone),
        TEST(runs_without_blocks_are_read),
        TEST(what_is_damaged_is_not_moved),
        TEST(bombs_do_not_go_off),
        TEST(odd_rows_are_refused),
        TEST(hashes_of_either_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
