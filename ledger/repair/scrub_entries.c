/*
 * ledger/repair/scrub_entries.c: every entry, every tile, the roots, in one pass and bounded
 * memory.
 *
 * For each tile the leaf hashes are decided (scrub.h), then they are the tree that all else is
 * compared with: the tiles above, the root under the signed checkpoint, the head row.
 */
#include <string.h>

#include "base/text.h"
#include "scrub.h"

typedef struct found {
    bool there; /* it could be read */
    bool whole; /* and is an entry of this number */
    hash leaf;  /* of its bytes */
    uint8_t prev[HASH_SIZE];
    int64_t time_ms;
    size_t size;
} found;

typedef struct tile_work {
    uint64_t first;
    size_t count;
    found entries[TILE_WIDTH];
    hash stored[TILE_WIDTH]; /* the tile's row */
    size_t stored_count;     /* hashes of it that are for entries of this scrub */
    size_t stored_size;      /* its bytes, but for those of entries that came since; 0: none */
    bool archived;           /* the entries stand in a bundle, which scrubber.run holds */
    bool above_known;
    hash above; /* its root, as the level above has it */
    bool behind_known;
    uint8_t behind[HASH_SIZE]; /* prev_hash of the entry behind the tile */
    hash leaves[TILE_WIDTH];   /* decided */
} tile_work;

static void take_entry(const scrubber *c, uint64_t seq, span bytes, found *out)
{
    entry_view view;
    *out = (found){.there = true, .size = bytes.size};
    merkle_leaf(&out->leaf, c->s->kind, bytes.data, bytes.size);
    if (entry_parse(&view, bytes, NULL) == WF_OK && view.seq == seq) {
        out->whole = true;
        out->time_ms = view.time_ms;
        memcpy(out->prev, view.prev_hash, HASH_SIZE);
    }
}

/* An entry that the store cannot give is damage of this entry, and the scrub goes on. */
static void read_entry(scrubber *c, uint64_t seq, found *out)
{
    span bytes = {0};
    wf_error why;
    *out = (found){0};
    if (ledger_fetch(c->l, c->txn, seq, &c->room, &bytes, &why) == WF_OK && bytes.data != NULL)
        take_entry(c, seq, bytes, out);
}

static void fold(hash *out, hash_kind kind, const hash leaves[TILE_WIDTH])
{
    hash level[TILE_WIDTH];
    memcpy(level, leaves, sizeof level);
    for (size_t count = TILE_WIDTH / 2; count > 0; count /= 2)
        for (size_t i = 0; i < count; i++)
            merkle_node(&level[i], kind, &level[2 * i], &level[2 * i + 1]);
    *out = level[0];
}

static bool tile_is_confirmed(const scrubber *c, const tile_work *t)
{
    hash root;
    if (!t->above_known || t->stored_count < TILE_WIDTH)
        return false;
    fold(&root, c->s->kind, t->stored);
    return hash_equal(&root, &t->above);
}

static void read_tile_row(scrubber *c, tile_work *t)
{
    span row = {0};
    uint64_t index = t->first / TILE_WIDTH;
    c->s->reading = READING_TILE;
    if (!c->s->poison[READING_TILE] && tile_get(c->txn, 0, index, &row, NULL) == WF_OK &&
        row.data != NULL) {
        t->stored_count = row.size / HASH_SIZE < t->count ? row.size / HASH_SIZE : t->count;
        bool grown = c->size_now > c->s->size && row.size > t->count * HASH_SIZE;
        t->stored_size = grown ? t->count * HASH_SIZE : row.size;
        memcpy(t->stored, row.data, t->stored_count * HASH_SIZE);
    }
    c->s->reading = READING_ABOVE;
    if (t->count == TILE_WIDTH && !c->s->poison[READING_ABOVE] &&
        tile_get(c->txn, 1, index / TILE_WIDTH, &row, NULL) == WF_OK && row.data != NULL &&
        row.size >= (index % TILE_WIDTH + 1) * HASH_SIZE) {
        memcpy(t->above.bytes, row.data + index % TILE_WIDTH * HASH_SIZE, HASH_SIZE);
        t->above_known = true;
    }
}

/* The first entry of a run takes its prev_hash from the bundle's head. Where that is damaged, the
   entry before says it: tried only on an entry that is not the tile's, and the tree decides. */
static void mend_first(scrubber *c, const tile_work *t)
{
    hash leaf;
    size_t at = 0;
    archive_run *run = &c->run;
    if (run->count == 0 || t->stored_count == 0)
        return;
    span entry = span_of(run->bytes, run->at[1]);
    merkle_leaf(&leaf, c->s->kind, entry.data, entry.size);
    /* where prev_hash stands does not depend on what it says */
    if (!hash_equal(&leaf, &t->stored[0]) && entry_prev_hash_at(&at, entry) &&
        at + HASH_SIZE <= entry.size)
        memcpy(run->bytes + at, c->s->last_leaf.bytes, HASH_SIZE);
}

/* The entries of a bundle name their predecessors by the tile; where that is not to be trusted, by
   what is computed. False: the tile is not archived. */
static bool read_bundle(scrubber *c, tile_work *t)
{
    span row = {0};
    wf_error why;
    uint64_t index = t->first / TILE_WIDTH;
    span tile = span_of(t->stored, sizeof t->stored);
    if (t->count < TILE_WIDTH || archive_row(c->txn, index, &row, &why) != WF_OK ||
        row.data == NULL)
        return false;
    if (!tile_is_confirmed(c, t))
        tile = (span){NULL, 0};
    c->run.number = index;
    if (archive_unpack(&c->tools, &c->run, c->s->kind, row, tile, &why) != WF_OK)
        c->run.count = 0;
    if (c->run.damage != NULL)
        mend_first(c, t);
    for (unsigned i = 0; i < c->run.count && i < t->count; i++)
        take_entry(c, t->first + i,
                   span_of(c->run.bytes + c->run.at[i], c->run.at[i + 1] - c->run.at[i]),
                   &t->entries[i]);
    return true;
}

/* Reading its bundle ended a process: without rows of the run, none of its entries can be had, and
   asking for each would end one process more. */
static bool has_no_row(scrubber *c, const tile_work *t)
{
    uint8_t key[8];
    span row = {0};
    store_key_u64(key, t->first);
    c->s->reading = READING_ROW;
    return t->count == TILE_WIDTH && !c->s->poison[READING_ROW] &&
           store_get(c->txn, TABLE_ENTRIES, span_of(key, sizeof key), &row, NULL) == WF_OK &&
           row.data == NULL;
}

static void read_all(scrubber *c, tile_work *t)
{
    scrub_state *s = c->s;
    read_tile_row(c, t);
    s->reading = READING_BUNDLE;
    c->run.count = 0;
    if (!s->poison[READING_BUNDLE])
        t->archived = read_bundle(c, t);
    else
        t->archived = has_no_row(c, t);
    for (unsigned i = 0; i < t->count && !t->archived; i++) {
        s->reading = i;
        if (!s->poison[i])
            read_entry(c, t->first + i, &t->entries[i]);
    }
    s->reading = READING_BEHIND;
    if (t->first + t->count < s->size && !s->poison[READING_BEHIND]) {
        found next;
        read_entry(c, t->first + t->count, &next);
        t->behind_known = next.whole;
        memcpy(t->behind, next.prev, HASH_SIZE);
    } else if (t->first + t->count == s->size && !s->poison[READING_BEHIND]) {
        ledger_head head; /* what stands behind the last entry */
        t->behind_known = head_get(&head, c->txn, NULL) == WF_OK && head.size == s->size;
        if (t->behind_known)
            memcpy(t->behind, head.last_leaf.bytes, HASH_SIZE);
    }
    s->reading = READING_NOTHING;
}

/* ---- deciding ------------------------------------------------------------------------------ */

/* What the entry behind says of entry i; NULL: nothing. */
static const uint8_t *said_behind(const tile_work *t, size_t i)
{
    if (i + 1 < t->count)
        return t->entries[i + 1].whole ? t->entries[i + 1].prev : NULL;
    return t->behind_known ? t->behind : NULL;
}

static const char *what_is_wrong(const scrubber *c, const tile_work *t, size_t i)
{
    if (c->s->poison[i])
        return _("reading it ended the process: the page that it stands in is damaged");
    if (!t->entries[i].there && t->archived)
        return _("it cannot be had from its archived bundle, which is damaged");
    if (!t->entries[i].there)
        return _("it is missing");
    return _("its bytes are not those that were signed");
}

/* The right leaf hash of entry i, and which of the two is damaged. */
static void decide(scrubber *c, tile_work *t, size_t i, bool confirmed)
{
    const found *e = &t->entries[i];
    const uint8_t *behind = said_behind(t, i);
    bool stored = i < t->stored_count;
    const hash *row = &t->stored[i];
    if (stored && e->there && hash_equal(row, &e->leaf)) {
        t->leaves[i] = *row;
        return;
    }
    bool tile_right =
        stored && (confirmed || (behind != NULL && memcmp(behind, row->bytes, HASH_SIZE) == 0));
    bool entry_right =
        !tile_right && e->whole &&
        (!stored || (behind != NULL && memcmp(behind, e->leaf.bytes, HASH_SIZE) == 0));
    if (entry_right) { /* the tile is reported as a whole, by compare_tile */
        t->leaves[i] = e->leaf;
        return;
    }
    bool known = stored || behind != NULL;
    if (tile_right || stored)
        t->leaves[i] = *row;
    else if (behind != NULL)
        memcpy(t->leaves[i].bytes, behind, HASH_SIZE);
    c->s->entries_bad++;
    scrub_note(c->s, DAMAGE_ENTRY, t->first + i, 0, known ? &t->leaves[i] : NULL, "%s",
               what_is_wrong(c, t, i));
}

/* An entry that is whole and still does not follow from the one before. */
static void check_chain(scrubber *c, const tile_work *t, size_t i)
{
    scrub_state *s = c->s;
    const found *e = &t->entries[i];
    bool right = e->there && hash_equal(&e->leaf, &t->leaves[i]);
    if (right && !e->whole) {
        s->entries_bad++;
        scrub_note(s, DAMAGE_ENTRY, t->first + i, 0, &t->leaves[i], "%s",
                   _("it is signed, and is not an entry of this number"));
    } else if (right && s->last_known && memcmp(e->prev, s->last_leaf.bytes, HASH_SIZE) != 0) {
        s->entries_bad++;
        scrub_note(s, DAMAGE_ENTRY, t->first + i, 0, &t->leaves[i], "%s",
                   _("it is signed, and does not follow from the entry before it"));
    } else if (right && e->time_ms < s->last_time_ms) {
        s->entries_bad++;
        scrub_note(s, DAMAGE_ENTRY, t->first + i, 0, &t->leaves[i], "%s",
                   _("it is signed, and its time is before that of the entry before it"));
    }
    s->last_leaf = t->leaves[i];
    s->last_known = right;
    if (right && e->whole)
        s->last_time_ms = e->time_ms;
}

/* ---- putting right ------------------------------------------------------------------------- */

static wf_status put_tile(scrubber *c, unsigned level, uint64_t index, const hash *hashes,
                          size_t count)
{
    uint8_t key[9] = {(uint8_t)level};
    store_key_u64(key + 1, index);
    c->s->fixed_any = true;
    c->s->fixed_count++;
    return store_put(c->txn, TABLE_TILES, span_of(key, sizeof key),
                     span_of(hashes, count * HASH_SIZE), false, c->err);
}

static bool is_right(const tile_work *t, size_t i)
{
    return t->entries[i].there && hash_equal(&t->entries[i].leaf, &t->leaves[i]);
}

static wf_status put_entry(scrubber *c, uint64_t seq, span bytes)
{
    uint8_t key[8];
    store_key_u64(key, seq);
    c->s->fixed_any = true;
    c->s->fixed_count++;
    return store_put(c->txn, TABLE_ENTRIES, span_of(key, sizeof key), bytes, false, c->err);
}

/* Damaged entries from the source, where it has bytes of their hashes. */
static wf_status fetch_entries(scrubber *c, const tile_work *t)
{
    wf_status status = WF_OK;
    for (size_t i = 0; i < t->count && status == WF_OK; i++) {
        if (is_right(t, i))
            continue;
        status = scrub_source_entry(c->source, t->first + i, &t->leaves[i], &c->room, c->err);
        if (status == WF_OK && c->room.size > 0)
            status = put_entry(c, t->first + i, span_of(c->room.data, c->room.size));
    }
    return status;
}

/* Where entry i of a run is, right again: in run.bytes, or fetched and appended to `fetched`. *at
   is its offset there. size 0: nowhere, or not to be packed, since a bundle leaves out each
   prev_hash.
 */
static wf_status find_entry(scrubber *c, const tile_work *t, size_t i, buffer *fetched, size_t *at,
                            size_t *size)
{
    size_t cut = 0;
    *at = c->run.at[i];
    *size = c->run.at[i + 1] - c->run.at[i];
    if (is_right(t, i))
        return WF_OK;
    *at = fetched->size;
    *size = 0;
    if (c->source == NULL)
        return WF_OK;
    wf_status status = scrub_source_entry(c->source, t->first + i, &t->leaves[i], &c->room, c->err);
    span entry = span_of(c->room.data, c->room.size);
    if (status != WF_OK || entry.size == 0 || entry.size > ENTRY_MAX ||
        !entry_prev_hash_at(&cut, entry) || cut + HASH_SIZE > entry.size ||
        (i > 0 && memcmp(entry.data + cut, t->leaves[i - 1].bytes, HASH_SIZE) != 0))
        return status;
    *size = entry.size;
    buffer_append(fetched, entry.data, entry.size);
    return fetched->failed ? wf_fail(c->err, WF_SYSTEM, _("out of memory")) : WF_OK;
}

/* The whole run in a new bundle, or nothing. Not as rows: of the runs before the first one that
   stands in rows the archive takes none again. */
static wf_status pack_bundle(scrubber *c, const tile_work *t)
{
    uint8_t key[8];
    leaf_data entries[TILE_WIDTH];
    size_t at[TILE_WIDTH];
    buffer fetched = {0};
    bool all = true;
    wf_status status = WF_OK;
    for (size_t i = 0; i < t->count && status == WF_OK && all; i++) {
        status = find_entry(c, t, i, &fetched, &at[i], &entries[i].size);
        all = entries[i].size > 0;
    }
    if (status == WF_OK && all) {
        for (size_t i = 0; i < t->count; i++)
            entries[i].data = (is_right(t, i) ? c->run.bytes : fetched.data) + at[i];
        store_key_u64(key, t->first / TILE_WIDTH);
        buffer_clear(&c->room);
        status = archive_pack(&c->tools, &c->room, entries, c->err);
    }
    if (status == WF_OK && all) {
        c->s->fixed_any = true;
        c->s->fixed_count++;
        status = store_put(c->txn, TABLE_ARCHIVE, span_of(key, sizeof key),
                           span_of(c->room.data, c->room.size), false, c->err);
    }
    buffer_free(&fetched);
    return status;
}

/* ---- tiles --------------------------------------------------------------------------------- */

/* A tile that was computed with its row: at `stored` the first `count` hashes of it, as far as it
   goes, and `stored_size` bytes in all. With leave the row is put right. */
static wf_status compare_tile(scrubber *c, unsigned level, uint64_t index, const hash *right,
                              size_t count, const uint8_t *stored, size_t stored_size)
{
    unsigned differing = 0;
    c->s->tiles++;
    for (size_t i = 0; i < count; i++)
        differing += stored_size < (i + 1) * HASH_SIZE ||
                     memcmp(stored + i * HASH_SIZE, right[i].bytes, HASH_SIZE) != 0;
    if (differing == 0 && stored_size == count * HASH_SIZE)
        return WF_OK;
    if (stored_size == 0)
        scrub_note(c->s, DAMAGE_TILE, index, level, NULL, "%s", _("it is missing"));
    else
        scrub_note(c->s, DAMAGE_TILE, index, level, NULL,
                   _("%u of its %zu hashes are not those of what is below it (%zu bytes stored)"),
                   differing, count, stored_size);
    return c->fix ? put_tile(c, level, index, right, count) : WF_OK;
}

static wf_status compare_stored(scrubber *c, unsigned level, uint64_t index, const hash *right,
                                size_t count)
{
    span row = {0};
    if (tile_get(c->txn, level, index, &row, NULL) != WF_OK)
        row = (span){0};
    return compare_tile(c, level, index, right, count, row.data, row.size);
}

/* A tile's root goes up; `index` is its number on level - 1. */
static wf_status push_up(scrubber *c, unsigned level, uint64_t index, hash root)
{
    wf_status status = WF_OK;
    for (; level < TREE_LEVELS && status == WF_OK; level++, index /= TILE_WIDTH) {
        tree_level *up = &c->s->levels[level];
        up->hashes[up->count++] = root;
        if (up->count < TILE_WIDTH)
            break;
        status = compare_stored(c, level, index / TILE_WIDTH, up->hashes, TILE_WIDTH);
        fold(&root, c->s->kind, up->hashes);
        up->count = 0;
    }
    return status;
}

static void check_signed(scrub_state *s);

/* Whatever of a bundle is damaged: where all its entries could still be had, nothing is lost, but
   everyone else who reads the run stops at what is wrong with it. */
static bool note_bundle(scrubber *c, const tile_work *t, bool entries_bad)
{
    if (!t->archived || c->run.damage == NULL || entries_bad)
        return false;
    scrub_note(
        c->s, DAMAGE_TABLE, t->first, 0, NULL,
        _("entries %llu to %llu: their archived bundle is damaged (%s), and each of them can "
          "still be had from it: wufei repair packs them anew"),
        (unsigned long long)t->first, (unsigned long long)(t->first + t->count - 1), c->run.damage);
    return true;
}

static wf_status finish_tile(scrubber *c, tile_work *t)
{
    hash root;
    scrub_state *s = c->s;
    uint64_t index = t->first / TILE_WIDTH, bad = s->entries_bad;
    bool confirmed = tile_is_confirmed(c, t);
    wf_status status = WF_OK;
    for (size_t i = 0; i < t->count; i++) {
        decide(c, t, i, confirmed);
        check_chain(c, t, i);
        merkle_frontier_append(&s->frontier, &t->leaves[i]);
        s->entries++;
        s->bytes += t->entries[i].size;
        check_signed(s);
    }
    bool lost = s->entries_bad > bad;
    bool bundle = note_bundle(c, t, lost);
    if (c->fix && (bundle || (lost && c->source != NULL)))
        status = t->archived ? pack_bundle(c, t) : fetch_entries(c, t);
    if (status == WF_OK)
        status = compare_tile(c, 0, index, t->leaves, t->count, t->stored[0].bytes, t->stored_size);
    if (status == WF_OK && t->count == TILE_WIDTH) {
        fold(&root, s->kind, t->leaves);
        status = push_up(c, 1, index, root);
    }
    return status;
}

/* ---- the ends ------------------------------------------------------------------------------ */

/* At the size of the signed checkpoint: is this the tree that was signed? */
static void check_signed(scrub_state *s)
{
    hash root;
    if (s->frontier.size != s->signed_head.size)
        return;
    merkle_frontier_root(&root, &s->frontier);
    s->is_signed = hash_equal(&root, &s->signed_head.root);
    if (s->is_signed && s->entries_bad == 0)
        s->proved = s->signed_head.size;
    s->lost |= !s->is_signed;
    if (!s->is_signed)
        scrub_note(s, DAMAGE_SIGNED, s->signed_head.size, 0, NULL,
                   _("the first %llu entries are not those that the checkpoint signs"),
                   (unsigned long long)s->signed_head.size);
}

static wf_status check_upper_ends(scrubber *c)
{
    scrub_state *s = c->s;
    wf_status status = WF_OK;
    uint64_t hashes = s->size / TILE_WIDTH;
    if (c->size_now > s->size) /* the ends have grown too */
        return WF_OK;
    for (unsigned level = 1; level < TREE_LEVELS && status == WF_OK; level++) {
        if (s->levels[level].count > 0)
            status = compare_stored(c, level, hashes / TILE_WIDTH, s->levels[level].hashes,
                                    s->levels[level].count);
        hashes /= TILE_WIDTH;
    }
    return status;
}

static wf_status check_head(scrubber *c)
{
    scrub_state *s = c->s;
    ledger_head head,
        right = {.size = s->size, .last_leaf = s->last_leaf, .last_time_ms = s->last_time_ms};
    if (c->size_now > s->size) /* it grew since; the head is that of another size */
        return WF_OK;
    merkle_frontier_root(&right.root, &s->frontier);
    if (head_get(&head, c->txn, NULL) == WF_OK && head.size == right.size &&
        head.last_time_ms == right.last_time_ms && hash_equal(&head.root, &right.root) &&
        hash_equal(&head.last_leaf, &right.last_leaf))
        return WF_OK;
    scrub_note(s, DAMAGE_HEAD, s->size, 0, NULL, "%s",
               _("the head row is not that of the last entry and the tree"));
    if (!c->fix)
        return WF_OK;
    s->fixed_any = true;
    s->fixed_count++;
    return head_put(c->txn, &right, c->err);
}

wf_status scrub_entries(scrubber *c)
{
    enum { REPORT_EVERY = 64 };
    scrub_state *s = c->s;
    wf_status status = WF_OK;
    if (!s->started) {
        merkle_frontier_init(&s->frontier, s->kind);
        s->last_time_ms = INT64_MIN;
        s->last_known = true; /* of the first: 32 zero bytes */
        s->started = true;
    }
    while (s->next < s->size && status == WF_OK) {
        tile_work t = {.first = s->next};
        t.count = s->size - s->next < TILE_WIDTH ? (size_t)(s->size - s->next) : TILE_WIDTH;
        read_all(c, &t);
        status = finish_tile(c, &t);
        s->next += t.count;
        memset(s->poison, 0, sizeof s->poison);
        if (c->progress != NULL && s->next / TILE_WIDTH % REPORT_EVERY == 0)
            c->progress->report(c->progress->ctx, s->next, s->size);
    }
    s->reading = READING_ENDS;
    if (status == WF_OK && !s->poison[READING_ENDS])
        status = check_upper_ends(c);
    if (status == WF_OK && !s->poison[READING_ENDS])
        status = check_head(c);
    if (status == WF_OK && s->frontier.size < c->s->signed_head.size)
        scrub_note_missing(s, FILE_CHECKPOINT, s->size, s->signed_head.size);
    return status;
}
