/*
 * ledger/verify.c: everything that the log promises, checked in parallel and in one pass.
 *
 * The log is cut into ranges of whole tiles, and threads take them in order. For each entry a
 * thread computes its leaf hash and one interior hash: the leaf must be the one in the tile, the
 * tile's root the one on the level above. The chain needs no further hash: prev_hash must be the
 * leaf hash of the entry before. What is left, the levels above the first, is a 256th of the work
 * and done at the end, up to the root, the head row and the signed checkpoint.
 *
 * Hashing is nearly all of it, so a thread works tile by tile: the leaves of a tile are hashed
 * together, then its interior level by level (hash_many.h); what comes of each entry is looked at
 * in order afterwards, so that the first broken one is named.
 *
 * A flipped bit inside LMDB's own page structure can end this in a signal, as LMDB has no
 * checksums; whoever must survive that runs it in a process of its own.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "hash_many.h"

enum { RANGE_ENTRIES = 64 * TILE_WIDTH, VERIFY_THREADS_MAX = 64 };

/* What all threads share. */
typedef struct verification {
    ledger *l;
    bool signatures;
    ledger_progress *progress;
    ledger_head head;
    uint64_t from;
    atomic_uint_fast64_t next; /* first entry of the range that nobody has taken */
    pthread_mutex_t lock;      /* for all below */
    uint64_t done;
    uint64_t bytes;
    uint64_t signature_count, seal_count, recovery_count;
    key_table *keys;   /* as stored, when signatures are asked for */
    key_places places; /* of records about keys */
    uint64_t broken;   /* the lowest entry that failed; UINT64_MAX: none */
    wf_error err;
} verification;

/* What one thread has. */
typedef struct checker {
    verification *v;
    store_txn *txn;
    entry_reader reader;
    signature_check signature;
    span tile;                     /* hashes of the present tile, as stored */
    hash leaves[TILE_WIDTH];       /* of the present tile's entries, computed */
    hash level[2][TILE_WIDTH / 2]; /* of the present tile's interior, in turn */
    hash last_leaf;
    int64_t last_time_ms;
    uint64_t bytes;
} checker;

static wf_status bad(uint64_t seq, const char *what, wf_error *err)
{
    return wf_fail(err, WF_DAMAGED, _("entry %llu: %s"), (unsigned long long)seq, what);
}

static char *hex(char out[2 * HASH_SIZE + 1], const uint8_t *bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < HASH_SIZE; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * HASH_SIZE] = '\0';
    return out;
}

static wf_status bad_hash(uint64_t seq, const char *field, const uint8_t *found,
                          const uint8_t *expected, wf_error *err)
{
    char a[2 * HASH_SIZE + 1], b[2 * HASH_SIZE + 1];
    return wf_fail(err, WF_DAMAGED, _("entry %llu: %s is %s, expected %s"), (unsigned long long)seq,
                   field, hex(a, found), hex(b, expected));
}

/* What is stored and cannot be parsed is damage and not bad input. */
static wf_status parse_stored(entry_view *out, uint64_t seq, span bytes, wf_error *err)
{
    if (entry_parse(out, bytes, err) == WF_OK)
        return WF_OK;
    err->status = WF_DAMAGED;
    return wf_error_prefix(err, _("entry %llu"), (unsigned long long)seq);
}

/* What the range's first entry continues from; the entry before is another range's to check. */
static wf_status start_range(checker *c, uint64_t first, wf_error *err)
{
    span bytes;
    entry_view before;
    buffer room = {0};
    tile_reader reader = {c->txn, c->v->l->suite->hash, err, NULL};
    if (first == 0) {
        memset(&c->last_leaf, 0, sizeof c->last_leaf);
        c->last_time_ms = INT64_MIN;
        return WF_OK;
    }
    if (!tile_read_hash(&reader, &c->last_leaf, 0, first - 1))
        return err->status;
    wf_status status = ledger_fetch(c->v->l, c->txn, first - 1, &room, &bytes, err);
    if (status == WF_OK && bytes.data == NULL)
        status = bad(first - 1, _("it is missing"), err);
    if (status == WF_OK)
        status = parse_stored(&before, first - 1, bytes, err);
    if (status == WF_OK)
        c->last_time_ms = before.time_ms;
    buffer_free(&room);
    return status;
}

static wf_status take_tile(checker *c, uint64_t first, size_t count, wf_error *err)
{
    uint64_t index = first / TILE_WIDTH;
    wf_status status = tile_get(c->txn, 0, index, &c->tile, err);
    if (status == WF_OK && (c->tile.data == NULL || c->tile.size < count * HASH_SIZE))
        return wf_fail(err, WF_DAMAGED, _("entry %llu: its tile 0/%llu is missing or too short"),
                       (unsigned long long)first, (unsigned long long)index);
    return status;
}

/* The root of a full tile, whose leaves were checked, must stand on the level above. */
static wf_status check_tile_root(checker *c, uint64_t first, wf_error *err)
{
    hash above;
    tile_reader reader = {c->txn, c->v->l->suite->hash, err, NULL};
    const uint8_t *children = c->tile.data;
    hash *parents = c->level[0];
    for (size_t count = TILE_WIDTH / 2; count > 0; count /= 2) {
        parents = parents == c->level[0] ? c->level[1] : c->level[0];
        hash_many_nodes(parents, c->v->l->suite->hash, children, count);
        children = parents[0].bytes;
    }
    if (!tile_read_hash(&reader, &above, TILE_BITS, first / TILE_WIDTH))
        return err->status;
    if (!hash_equal(&above, &parents[0]))
        return bad_hash(first + TILE_WIDTH - 1, _("the root of its tile"), above.bytes,
                        parents[0].bytes, err);
    return WF_OK;
}

static wf_status check_entry(checker *c, uint64_t seq, entry_view *entry, wf_error *err)
{
    const leaf_data *bytes = &c->reader.entries[seq % TILE_WIDTH];
    const hash *leaf = &c->leaves[seq % TILE_WIDTH];
    const uint8_t *stored = c->tile.data + seq % TILE_WIDTH * HASH_SIZE;
    wf_status status = parse_stored(entry, seq, span_of(bytes->data, bytes->size), err);
    if (status != WF_OK)
        return status;
    if (entry->seq != seq)
        return wf_fail(err, WF_DAMAGED, _("entry %llu: seq is %llu"), (unsigned long long)seq,
                       (unsigned long long)entry->seq);
    if (memcmp(entry->prev_hash, c->last_leaf.bytes, HASH_SIZE) != 0)
        return bad_hash(seq, "prev_hash", entry->prev_hash, c->last_leaf.bytes, err);
    if (entry->time_ms < c->last_time_ms)
        return wf_fail(
            err, WF_DAMAGED, _("entry %llu: time_ms %lld is before %lld of the entry before"),
            (unsigned long long)seq, (long long)entry->time_ms, (long long)c->last_time_ms);
    if (memcmp(leaf->bytes, stored, HASH_SIZE) != 0)
        return bad_hash(seq, _("the hash of its bytes"), leaf->bytes, stored, err);
    c->last_leaf = *leaf;
    c->last_time_ms = entry->time_ms;
    c->bytes += bytes->size;
    return WF_OK;
}

static wf_status check_tile(checker *c, uint64_t first, size_t count, uint64_t *broken,
                            wf_error *err)
{
    entry_view entry;
    wf_error later = {0}; /* what is wrong behind the entries that could be read */
    *broken = first;
    wf_status status = take_tile(c, first, count, err);
    if (status != WF_OK)
        return status;
    wf_status read_status = entry_reader_run(&c->reader, first, count, &later);
    size_t read = c->reader.count;
    hash_many_leaves(c->leaves, c->v->l->suite->hash, c->reader.entries, read);
    for (size_t i = 0; i < read && status == WF_OK; i++) {
        *broken = first + i;
        status = check_entry(c, first + i, &entry, err);
        if (status == WF_OK && c->v->signatures)
            status = signature_check_entry(&c->signature, &entry, err);
    }
    /* Of a damaged bundle, what its entries look like says less than that it is damaged. */
    if (read_status != WF_OK && (status == WF_OK || c->reader.archived)) {
        *broken = status == WF_OK ? first + read : *broken;
        return wf_fail(err, read_status, "%s", later.text);
    }
    if (status == WF_OK && count == TILE_WIDTH)
        status = check_tile_root(c, first, err);
    return status;
}

static wf_status check_range(checker *c, uint64_t first, uint64_t end, uint64_t *broken,
                             wf_error *err)
{
    bool signatures = c->v->signatures;
    *broken = first > 0 ? first - 1 : 0;
    wf_status status = start_range(c, first, err);
    if (status == WF_OK && signatures)
        status = signature_check_enter(&c->signature, first, broken, err);
    for (uint64_t seq = first; seq < end && status == WF_OK; seq += TILE_WIDTH) {
        size_t count = end - seq < TILE_WIDTH ? (size_t)(end - seq) : TILE_WIDTH;
        status = check_tile(c, seq, count, broken, err);
    }
    if (status == WF_OK && signatures && end == c->v->head.size)
        status = signature_check_end(&c->signature, broken, err);
    return status;
}

static void note_failure(verification *v, uint64_t broken, const wf_error *err)
{
    pthread_mutex_lock(&v->lock);
    if (v->err.status == WF_OK || broken < v->broken) {
        v->broken = broken;
        v->err = *err;
    }
    pthread_mutex_unlock(&v->lock);
    atomic_store(&v->next, UINT64_MAX / 2); /* no further ranges; those before are taken already */
}

static void note_progress(verification *v, uint64_t entries)
{
    pthread_mutex_lock(&v->lock);
    v->done += entries;
    if (v->progress != NULL && v->progress->report != NULL)
        v->progress->report(v->progress->ctx, v->done, v->head.size - v->from);
    pthread_mutex_unlock(&v->lock);
}

static void check_ranges(checker *c)
{
    verification *v = c->v;
    for (;;) {
        uint64_t first = atomic_fetch_add(&v->next, RANGE_ENTRIES);
        if (first >= v->head.size)
            return;
        uint64_t left = v->head.size - first;
        uint64_t end = first + (left < RANGE_ENTRIES ? left : RANGE_ENTRIES);
        uint64_t broken = first;
        wf_error err = {0};
        if (check_range(c, first, end, &broken, &err) != WF_OK) {
            note_failure(v, broken, &err);
            return;
        }
        note_progress(v, end - first);
    }
}

static void *checker_main(void *argument)
{
    checker c = {.v = argument};
    verification *v = c.v;
    wf_error err = {0};
    wf_status status = store_begin(&c.txn, v->l->store, false, &err);
    if (status == WF_OK)
        status = entry_reader_open(&c.reader, v->l, c.txn, &err);
    if (status == WF_OK && v->signatures)
        status = signature_check_init(&c.signature, v->l, v->keys, c.txn, &err);
    if (status == WF_OK)
        check_ranges(&c);
    else
        note_failure(v, UINT64_MAX, &err);
    pthread_mutex_lock(&v->lock);
    v->bytes += c.bytes;
    v->signature_count += c.signature.signatures;
    v->seal_count += c.signature.seals;
    v->recovery_count += c.signature.recoveries;
    if (!key_places_join(&v->places, &c.signature.places) && v->err.status == WF_OK)
        wf_fail(&v->err, WF_SYSTEM, _("out of memory"));
    pthread_mutex_unlock(&v->lock);
    signature_check_free(&c.signature);
    entry_reader_close(&c.reader);
    store_abort(c.txn);
    return NULL;
}

static void run_threads(verification *v)
{
    pthread_t threads[VERIFY_THREADS_MAX];
    unsigned started = 0;
    unsigned wanted = v->l->threads < VERIFY_THREADS_MAX ? v->l->threads : VERIFY_THREADS_MAX;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, checker_main, v) == 0)
        started++;
    checker_main(v); /* this thread works too */
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

/* Levels above the first: each full tile's root stands on the next level. */
static wf_status check_upper_tiles(const verification *v, store_txn *txn, wf_error *err)
{
    tile_reader reader = {txn, v->l->suite->hash, err, NULL};
    uint64_t full = v->head.size / TILE_WIDTH / TILE_WIDTH;
    for (unsigned level = 1; level + 1 < TREE_LEVELS && full > 0; level++, full /= TILE_WIDTH) {
        for (uint64_t tile = 0; tile < full; tile++) {
            hash left, right, root, above;
            unsigned top = (level + 1) * TILE_BITS;
            /* The reader folds half a tile at most: the two halves, then their parent. */
            if (!tile_read_hash(&reader, &left, top - 1, 2 * tile) ||
                !tile_read_hash(&reader, &right, top - 1, 2 * tile + 1) ||
                !tile_read_hash(&reader, &above, top, tile))
                return err->status;
            merkle_node(&root, reader.kind, &left, &right);
            if (!hash_equal(&root, &above))
                return wf_fail(err, WF_DAMAGED,
                               _("tile %u/%llu: its root is not the one on the level above"), level,
                               (unsigned long long)tile);
        }
    }
    return WF_OK;
}

/* The tables count what the head row counts. Those of a ledger that stands at an earlier size hold
   more. */
static wf_status check_counts(const verification *v, store_txn *txn, wf_error *err)
{
    store_table_stat entries, archived, ids;
    unsigned long long size = v->head.size;
    if (v->l->at > 0)
        return WF_OK;
    wf_status status = store_table_stats(txn, TABLE_ENTRIES, &entries, err);
    if (status == WF_OK)
        status = store_table_stats(txn, TABLE_ARCHIVE, &archived, err);
    if (status == WF_OK)
        status = store_table_stats(txn, TABLE_IDS, &ids, err);
    if (status != WF_OK)
        return status;
    uint64_t rows = entries.rows + archived.rows * RUN_ENTRIES;
    if (rows != size || ids.rows != size)
        return wf_fail(
            err, WF_DAMAGED,
            _("the head row counts %llu entries, the tables hold %llu entries and %llu ids"), size,
            (unsigned long long)rows, (unsigned long long)ids.rows);
    return WF_OK;
}

/* The root, by the partial tiles, which must be of just this size; those of an earlier size went
   on growing. */
static wf_status compute_root(const verification *v, store_txn *txn, hash *out, wf_error *err)
{
    tile_reader reader = {txn, v->l->suite->hash, err, NULL};
    if (v->l->at > 0)
        return merkle_root_at(out, reader.kind, v->head.size, tile_read_hash, &reader)
                   ? WF_OK
                   : err->status;
    tree *t = malloc(sizeof *t);
    if (t == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = tree_load(t, txn, reader.kind, v->head.size, err);
    if (status == WF_OK)
        tree_root(out, t);
    free(t);
    return status;
}

static wf_status check_top(const verification *v, store_txn *txn, wf_error *err)
{
    hash root;
    wf_status status = check_upper_tiles(v, txn, err);
    if (status == WF_OK)
        status = compute_root(v, txn, &root, err);
    if (status == WF_OK && !hash_equal(&root, &v->head.root))
        status = wf_fail(err, WF_DAMAGED,
                         _("the tree of %llu entries has another root than the head row"),
                         (unsigned long long)v->head.size);
    return status == WF_OK ? check_counts(v, txn, err) : status;
}

static wf_status check_tail(const verification *v, store_txn *txn, wf_error *err)
{
    entry_view last;
    span bytes;
    hash leaf;
    wf_status status = ledger_read(v->l, txn, v->head.size - 1, &bytes, &last, err);
    if (status != WF_OK)
        return status;
    merkle_leaf(&leaf, v->l->suite->hash, bytes.data, bytes.size);
    if (!hash_equal(&leaf, &v->head.last_leaf) || last.time_ms != v->head.last_time_ms)
        return wf_fail(err, WF_DAMAGED, _("the head row is not that of the last entry"));
    return WF_OK;
}

/* The stored table of this very moment: that of the open ledger may be older or newer. */
static wf_status load_keys(verification *v, store_txn *txn, wf_error *err)
{
    v->keys = malloc(sizeof *v->keys);
    if (v->keys == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    key_table_init(v->keys);
    return key_table_load(v->keys, txn, err);
}

/* Each entry's row was compared; a row too many would excuse a rollback that nobody recorded. */
static wf_status check_recoveries(const verification *v, store_txn *txn, wf_error *err)
{
    uint64_t rows = 0, from = 0;
    recovery r;
    if (!v->signatures || v->from > 0)
        return WF_OK;
    for (bool found = true; found; rows += found, from = r.restored_size + 1) {
        wf_status status = recovery_next(txn, from, &found, &r, err);
        if (status != WF_OK)
            return status;
    }
    if (rows != v->recovery_count)
        return wf_fail(err, WF_DAMAGED,
                       _("the table of recoveries has %llu rows, the log records %llu recoveries"),
                       (unsigned long long)rows, (unsigned long long)v->recovery_count);
    return WF_OK;
}

static wf_status verify_all(verification *v, const checkpoint *signed_head, wf_error *err)
{
    store_txn *txn = NULL;
    wf_status status = store_begin(&txn, v->l->store, false, err);
    if (status == WF_OK)
        status = head_get(&v->head, txn, err);
    if (status == WF_OK && v->head.size == 0)
        status = wf_fail(err, WF_DAMAGED, _("the log is empty: not even its genesis is there"));
    if (status == WF_OK && v->from >= v->head.size)
        status = wf_fail(err, WF_USAGE, _("entry %llu: the ledger has %llu entries, from 0 on"),
                         (unsigned long long)v->from, (unsigned long long)v->head.size);
    if (status == WF_OK && v->signatures)
        status = load_keys(v, txn, err);
    if (status == WF_OK) {
        v->from -= v->from % TILE_WIDTH; /* whole tiles only */
        atomic_store(&v->next, v->from);
        run_threads(v);
        if (v->err.status != WF_OK)
            status = wf_fail(err, v->err.status, "%s", v->err.text);
    }
    if (status == WF_OK)
        status = check_top(v, txn, err);
    if (status == WF_OK)
        status = check_tail(v, txn, err);
    if (status == WF_OK && v->signatures)
        status = verify_keys(v->l, txn, v->keys, &v->places, v->from, err);
    if (status == WF_OK)
        status = check_recoveries(v, txn, err);
    if (status == WF_OK)
        status = signed_head_check(v->l, signed_head, txn, &v->head, err);
    store_abort(txn);
    return status;
}

wf_status ledger_verify(ledger *l, uint64_t from, bool signatures, ledger_progress *progress,
                        ledger_verify_report *out, wf_error *err)
{
    int64_t start_us = clock_monotonic_us();
    checkpoint signed_head;
    verification v = {
        .l = l, .signatures = signatures, .progress = progress, .from = from, .broken = UINT64_MAX};
    *out = (ledger_verify_report){0};
    /* The file before the store: a writer beside us commits first and signs after. */
    wf_status status = signed_head_read(l, &signed_head, NULL, err);
    if (status != WF_OK)
        return status;
    pthread_mutex_init(&v.lock, NULL);
    status = verify_all(&v, &signed_head, err);
    pthread_mutex_destroy(&v.lock);
    if (v.keys != NULL)
        key_table_free(v.keys);
    free(v.keys);
    free(v.places.seqs);
    out->size = v.done;
    out->bytes = v.bytes;
    out->signatures = v.signature_count;
    out->seals = v.seal_count;
    out->root = v.head.root;
    out->seconds = (double)(clock_monotonic_us() - start_us) / 1e6;
    return status;
}
