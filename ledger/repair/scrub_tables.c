/*
 * ledger/repair/scrub_tables.c: the tables that follow from the entries: ids, and that no table of
 * the log has rows that nothing leads to.
 */
#include <string.h>

#include "base/text.h"
#include "scrub.h"

enum { STRAYS_MAX = 256, STRAY_KEY_MAX = 32 };

typedef struct strays {
    size_t count;
    struct {
        uint8_t key[STRAY_KEY_MAX];
        size_t size;
    } of[STRAYS_MAX];
} strays;

static const char *hex_text(char out[2 * STRAY_KEY_MAX + 1], span key)
{
    out[0] = '\0';
    for (size_t i = 0; i < key.size && i < STRAY_KEY_MAX; i++)
        snprintf(out + 2 * i, 3, "%02x", key.data[i]);
    return out;
}

static void note_stray(scrubber *c, strays *found, const char *table, span key, const char *why)
{
    char hex[2 * STRAY_KEY_MAX + 1];
    scrub_note(c->s, DAMAGE_TABLE, 0, 0, NULL, _("table %s: the row %s %s"), table,
               hex_text(hex, key), why);
    if (found->count < STRAYS_MAX && key.size <= STRAY_KEY_MAX && key.size > 0) {
        memcpy(found->of[found->count].key, key.data, key.size);
        found->of[found->count++].size = key.size;
    }
}

static wf_status delete_strays(scrubber *c, unsigned table, const strays *found)
{
    wf_status status = WF_OK;
    for (size_t i = 0; i < found->count && c->fix && status == WF_OK; i++) {
        status = store_delete(c->txn, table, span_of(found->of[i].key, found->of[i].size), c->err);
        c->s->fixed_any = true;
        c->s->fixed_count++;
    }
    return status;
}

/* ---- rows that nothing leads to ------------------------------------------------------------ */

static bool is_entry_key(uint64_t size, span key)
{
    return key.size == 8 && store_u64_key(key.data) < size;
}

static bool is_run_key(uint64_t size, span key)
{
    return key.size == 8 && store_u64_key(key.data) < size / TILE_WIDTH;
}

static bool is_tile_key(uint64_t size, span key)
{
    if (key.size != 9 || key.data[0] >= TREE_LEVELS)
        return false;
    uint64_t hashes = size;
    for (unsigned level = 0; level < key.data[0]; level++)
        hashes /= TILE_WIDTH;
    return store_u64_key(key.data + 1) < (hashes + TILE_WIDTH - 1) / TILE_WIDTH;
}

static wf_status check_keys_of(scrubber *c, unsigned table, const char *name,
                               bool (*belongs)(uint64_t size, span key))
{
    strays found = {0};
    store_cursor *cursor = NULL;
    span key, value;
    wf_status status = store_cursor_open(&cursor, c->txn, table, c->err);
    if (status == WF_OK)
        status = store_cursor_seek(cursor, (span){NULL, 0}, &key, &value, c->err);
    while (status == WF_OK && key.data != NULL) {
        if (!belongs(c->size_now, key))
            note_stray(c, &found, name, key, _("belongs to nothing in the log"));
        status = store_cursor_next(cursor, &key, &value, c->err);
    }
    store_cursor_close(cursor);
    return status == WF_OK ? delete_strays(c, table, &found) : status;
}

/* ---- ids ----------------------------------------------------------------------------------- */

/* The id of entry `seq`'s statement; *out NULL when the entry cannot be had. */
static void id_of_entry(scrubber *c, uint64_t seq, const uint8_t **out)
{
    span bytes;
    wf_error why;
    entry_view entry;
    statement_view statement;
    *out = NULL;
    if (ledger_fetch(c->l, c->txn, seq, &c->room, &bytes, &why) == WF_OK && bytes.data != NULL &&
        entry_parse(&entry, bytes, NULL) == WF_OK &&
        statement_parse(&statement, entry.statement, NULL) == WF_OK)
        *out = statement.id;
}

static wf_status walk_ids(scrubber *c, uint64_t *wrong)
{
    strays found = {0};
    store_cursor *cursor = NULL;
    span key, value;
    const uint8_t *id;
    wf_status status = store_cursor_open(&cursor, c->txn, TABLE_IDS, c->err);
    if (status == WF_OK)
        status = store_cursor_seek(cursor, (span){NULL, 0}, &key, &value, c->err);
    while (status == WF_OK && key.data != NULL) {
        bool formed = key.size == STATEMENT_ID_SIZE && value.size == 8;
        uint64_t seq = formed ? store_u64_key(value.data) : UINT64_MAX;
        if (seq < c->size_now)
            id_of_entry(c, seq, &id);
        if (seq >= c->size_now || (id != NULL && memcmp(id, key.data, STATEMENT_ID_SIZE) != 0)) {
            note_stray(c, &found, "ids", key, _("leads to an entry that has another id"));
            (*wrong)++;
        }
        c->s->ids++;
        status = store_cursor_next(cursor, &key, &value, c->err);
    }
    store_cursor_close(cursor);
    return status == WF_OK ? delete_strays(c, TABLE_IDS, &found) : status;
}

/* Only when something is wrong: which entries no id leads to. */
static wf_status find_missing_ids(scrubber *c)
{
    wf_status status = WF_OK;
    for (uint64_t seq = 0; seq < c->size_now && status == WF_OK; seq++) {
        const uint8_t *id;
        uint8_t value[8];
        span row;
        id_of_entry(c, seq, &id);
        if (id == NULL)
            continue;
        status = store_get(c->txn, TABLE_IDS, span_of(id, STATEMENT_ID_SIZE), &row, c->err);
        if (status != WF_OK || (row.size == 8 && store_u64_key(row.data) == seq))
            continue;
        scrub_note(c->s, DAMAGE_TABLE, seq, 0, NULL, _("table ids: no row leads to entry %llu"),
                   (unsigned long long)seq);
        if (!c->fix)
            continue;
        uint8_t key[STATEMENT_ID_SIZE];
        memcpy(key, id, sizeof key); /* a put moves the pages that `id` stands in */
        store_key_u64(value, seq);
        c->s->fixed_any = true;
        c->s->fixed_count++;
        status = store_put(c->txn, TABLE_IDS, span_of(key, sizeof key),
                           span_of(value, sizeof value), false, c->err);
    }
    return status;
}

wf_status scrub_tables(scrubber *c)
{
    uint64_t wrong = 0;
    c->s->ids = 0;
    wf_status status = check_keys_of(c, TABLE_ENTRIES, "entries", is_entry_key);
    if (status == WF_OK)
        status = check_keys_of(c, TABLE_TILES, "tiles", is_tile_key);
    if (status == WF_OK)
        status = check_keys_of(c, TABLE_ARCHIVE, "archive", is_run_key);
    if (status == WF_OK)
        status = walk_ids(c, &wrong);
    if (status == WF_OK && (wrong > 0 || c->s->ids != c->size_now))
        status = find_missing_ids(c);
    return status;
}
