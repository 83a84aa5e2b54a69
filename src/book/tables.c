/*
 * book/tables.c: the tables of the book: their names, keys, counts, rows and names of rows.
 */
#include <inttypes.h>
#include <string.h>

#include "book/internal.h"

const table_shape book_shapes[BOOK_TABLE_COUNT] = {
    [BOOK_PARTIES] = {"parties", sizeof(party_row), OBJECT_PARTY, "party_id"},
    [BOOK_SITES] = {"sites", sizeof(site_row), OBJECT_SITE, "site_id"},
    [BOOK_PLACES] = {"places", sizeof(place_row), OBJECT_PLACE, "place_id"},
    [BOOK_PERMITS] = {"permits", sizeof(permit_row), OBJECT_PERMIT, "permit_id"},
    [BOOK_VEHICLES] = {"vehicles", sizeof(vehicle_row), OBJECT_VEHICLE, "vehicle_id"},
    [BOOK_SCALES] = {"scales", sizeof(scale_row), OBJECT_SCALE, "scale_id"},
    [BOOK_FILINGS] = {"filings", sizeof(filing_row), OBJECT_FILING, "filing_id"},
    [BOOK_ACTIVITIES] = {"activity", sizeof(activity_row), OBJECT_NONE, NULL},
    [BOOK_GENERATIONS] = {"generation", sizeof(generation_row), OBJECT_GENERATION, "batch_id"},
    [BOOK_MANIFESTS] = {"manifests", sizeof(manifest_row), OBJECT_MANIFEST, "manifest_id"},
    [BOOK_EVENTS] = {"events", sizeof(event_row), OBJECT_NONE, NULL},
    [BOOK_WEIGHINGS] = {"weighings", sizeof(weighing_row), OBJECT_WEIGHING, "ticket_id"},
    [BOOK_STOCKTAKES] = {"stocktakes", sizeof(stocktake_row), OBJECT_NONE, NULL},
    [BOOK_TREATMENTS] = {"treatments", sizeof(treatment_row), OBJECT_TREATMENT, "treatment_id"},
    [BOOK_REPORTS] = {"reports", sizeof(report_row), OBJECT_REPORT, "report_id"},
    [BOOK_STRINGS] = {"strings", 0, OBJECT_NONE, NULL},
    [BOOK_CODES] = {"codes", 0, OBJECT_NONE, NULL},
    [BOOK_STRING_IDS] = {"string_ids", 0, OBJECT_NONE, NULL},
    [BOOK_CODE_IDS] = {"code_ids", 0, OBJECT_NONE, NULL},
    [BOOK_NAMES] = {"names", 0, OBJECT_NONE, NULL},
    [BOOK_TRACKS] = {"tracks", 0, OBJECT_NONE, NULL},
    [BOOK_CALENDAR] = {"calendar", 0, OBJECT_NONE, NULL},
    [BOOK_ACCOUNTS] = {"accounts", 0, OBJECT_NONE, NULL},
    [BOOK_DAYS] = {"days", 0, OBJECT_NONE, NULL},
    [BOOK_CODE_TOTALS] = {"code_totals", 0, OBJECT_NONE, NULL},
};

/* Names of kinds are part of the format of the tables: these numbers are stored. */
_Static_assert(OBJECT_MANIFEST == 1 && OBJECT_PLACE == 12, "kinds are stored in the names");

const char *const *book_table_names(void)
{
    static const char *names[BOOK_TABLE_COUNT + 1] = {
        "parties",     "sites",      "places",     "permits",   "vehicles", "scales",
        "filings",     "activity",   "generation", "manifests", "events",   "weighings",
        "stocktakes",  "treatments", "reports",    "strings",   "codes",    "string_ids",
        "code_ids",    "names",      "tracks",     "calendar",  "accounts", "days",
        "code_totals", NULL};
    return names;
}

enum book_table book_table_of(enum object_kind kind)
{
    for (unsigned t = 0; t < BOOK_DENSE_COUNT; t++)
        if (kind != OBJECT_NONE && book_shapes[t].kind == kind)
            return (enum book_table)t;
    return BOOK_TABLE_COUNT;
}

wf_status book_row_broken(enum book_table table, wf_error *err)
{
    return wf_fail(err, WF_DAMAGED,
                   _("a row of the table %s is broken; run wufei verify, then wufei rebuild"),
                   book_shapes[table].name);
}

/* ---- counts --------------------------------------------------------------------------------- */

static wf_status next_id(store_txn *txn, unsigned table, uint32_t *out, wf_error *err)
{
    store_cursor *cursor = NULL;
    span key = {0};
    span value = {0};
    *out = 0;
    BOOK_TRY(store_cursor_open(&cursor, txn, table, err));
    wf_status status = store_cursor_last(cursor, &key, &value, err);
    if (status == WF_OK && key.data != NULL && key.size != 4)
        status = wf_fail(err, WF_DAMAGED,
                         _("the table %u of the book has a key of %zu bytes, expected 4; run wufei "
                           "verify, then wufei rebuild"),
                         table, key.size);
    else if (status == WF_OK && key.data != NULL)
        *out = u32_key(key.data) + 1;
    store_cursor_close(cursor);
    return status;
}

wf_status book_load_counts(book *b, store_txn *txn, wf_error *err)
{
    if (b->loaded)
        return WF_OK;
    for (unsigned t = 0; t < BOOK_DENSE_COUNT; t++)
        BOOK_TRY(next_id(txn, book_table_number((enum book_table)t), &b->counts[t], err));
    b->committed_manifests = b->counts[BOOK_MANIFESTS];
    b->loaded = true;
    return WF_OK;
}

void book_forget(book *b)
{
    text_map_clear(&b->names);
    text_map_clear(&b->manifest_names);
    text_map_clear(&b->strings);
    text_map_clear(&b->codes);
    row_cache_clear(&b->manifests);
    row_cache_clear(&b->accounts);
    row_cache_clear(&b->days);
    row_cache_clear(&b->totals);
    b->loaded = false;
}

/* ---- rows ----------------------------------------------------------------------------------- */

wf_status row_append(apply_context *x, enum book_table table, const void *row, const char *text_id,
                     uint32_t *out_id)
{
    uint8_t value[256 + TEXT_ID_MAX];
    uint8_t key[4];
    size_t row_size = book_shapes[table].row_size;
    size_t text_size = text_id != NULL ? strlen(text_id) : 0;
    WF_ASSERT(row_size + text_size <= sizeof value);
    uint32_t id = x->b->counts[table];
    if (id == BOOK_NONE)
        return wf_fail(x->err, WF_SYSTEM, _("the table %s is full"), book_shapes[table].name);
    memcpy(value, row, row_size);
    if (text_size > 0)
        memcpy(value + row_size, text_id, text_size);
    key_u32(key, id);
    BOOK_TRY(store_put(x->txn, book_table_number(table), span_of(key, sizeof key),
                       span_of(value, row_size + text_size), true, x->err));
    x->b->counts[table] = id + 1;
    *out_id = id;
    return WF_OK;
}

wf_status row_read(store_txn *txn, enum book_table table, uint32_t id, void *out, wf_error *err)
{
    uint8_t key[4];
    span value = {0};
    key_u32(key, id);
    BOOK_TRY(store_get(txn, book_table_number(table), span_of(key, sizeof key), &value, err));
    if (value.data == NULL)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: row %" PRIu32 ", which another row names, is missing; run wufei "
                         "verify, then wufei rebuild"),
                       book_shapes[table].name, id);
    if (value.size < book_shapes[table].row_size)
        return wf_fail(err, WF_DAMAGED,
                       _("%s: row %" PRIu32 " has %zu bytes, expected %zu; run wufei verify, "
                         "then wufei rebuild"),
                       book_shapes[table].name, id, value.size, book_shapes[table].row_size);
    memcpy(out, value.data, book_shapes[table].row_size);
    return WF_OK;
}

/* ---- names ---------------------------------------------------------------------------------- */

static span name_key(uint8_t out[NAME_KEY_MAX], enum object_kind kind, const char *text_id,
                     size_t size)
{
    WF_ASSERT(size < NAME_KEY_MAX);
    out[0] = (uint8_t)kind;
    memcpy(out + 1, text_id, size);
    return span_of(out, size + 1);
}

wf_status name_lookup(store_txn *txn, enum object_kind kind, const char *text_id, size_t size,
                      bool *found, uint32_t *out, wf_error *err)
{
    uint8_t key[NAME_KEY_MAX];
    span value = {0};
    *found = false;
    *out = BOOK_NONE;
    if (size + 1 > sizeof key)
        return WF_OK; /* longer than any name */
    BOOK_TRY(store_get(txn, book_table_number(BOOK_NAMES), name_key(key, kind, text_id, size),
                       &value, err));
    if (value.data == NULL)
        return WF_OK;
    if (value.size != 4)
        return book_row_broken(BOOK_NAMES, err);
    *found = true;
    *out = u32_key(value.data);
    return WF_OK;
}

/* The map that remembers names of a kind; NULL for kinds that are looked up once. */
static text_map *name_map(book *b, enum object_kind kind)
{
    switch (kind) {
    case OBJECT_MANIFEST:
        return &b->manifest_names;
    case OBJECT_PARTY:
    case OBJECT_SITE:
    case OBJECT_VEHICLE:
    case OBJECT_SCALE:
        return &b->names;
    default:
        return NULL;
    }
}

/* A map that could not grow is no harm: the store has it all. */
static void name_remember(text_map *map, span key, uint32_t id)
{
    enum { NAME_MAP_MAX = 100000 };
    if (map->count >= NAME_MAP_MAX)
        text_map_clear(map);
    text_map_put(map, key, id);
}

wf_status name_find(apply_context *x, enum object_kind kind, const char *text_id, bool *found,
                    uint32_t *out)
{
    size_t size = strlen(text_id);
    uint8_t bytes[NAME_KEY_MAX];
    text_map *map = name_map(x->b, kind);
    if (map != NULL && size < NAME_KEY_MAX &&
        text_map_get(map, name_key(bytes, kind, text_id, size), out)) {
        *found = true;
        return WF_OK;
    }
    BOOK_TRY(name_lookup(x->txn, kind, text_id, size, found, out, x->err));
    if (*found && map != NULL)
        name_remember(map, name_key(bytes, kind, text_id, size), *out);
    return WF_OK;
}

wf_status name_put(apply_context *x, enum object_kind kind, const char *text_id, size_t size,
                   uint32_t id)
{
    uint8_t bytes[NAME_KEY_MAX];
    uint8_t value[4];
    span key = name_key(bytes, kind, text_id, size);
    key_u32(value, id);
    text_map *map = name_map(x->b, kind);
    if (map != NULL)
        name_remember(map, key, id);
    return store_put(x->txn, book_table_number(BOOK_NAMES), key, span_of(value, sizeof value),
                     false, x->err);
}

wf_status name_must_be_free(apply_context *x, enum object_kind kind, const char *text_id)
{
    bool found = false;
    uint32_t id = BOOK_NONE;
    BOOK_TRY(name_find(x, kind, text_id, &found, &id));
    if (!found)
        return WF_OK;
    enum book_table table = book_table_of(kind);
    uint64_t seq = 0; /* every row begins with it */
    if (kind == OBJECT_MANIFEST) {
        cache_entry *entry = NULL;
        manifest_value *manifest = NULL;
        BOOK_TRY(manifest_entry(x, id, &entry, &manifest));
        seq = manifest->row.seq;
    } else {
        uint64_t row[32];
        WF_ASSERT(book_shapes[table].row_size <= sizeof row);
        BOOK_TRY(row_read(x->txn, table, id, row, x->err));
        seq = row[0];
    }
    return conflict_refuse(x, book_shapes[table].id_name, text_id, seq);
}

wf_status name_must_exist(apply_context *x, enum object_kind kind, const char *column,
                          const char *text_id, uint32_t *out)
{
    static const char *const what[OBJECT_KIND_COUNT] = {
        [OBJECT_MANIFEST] = N_("no manifest with this id was entered before; file it first"),
        [OBJECT_SITE] = N_("no site with this id was entered before; enter it first"),
        [OBJECT_PARTY] = N_("no party with this id was entered before; enter it first"),
        [OBJECT_VEHICLE] = N_("no vehicle with this id was entered before; enter it first"),
        [OBJECT_SCALE] = N_("no scale with this id was entered before; enter it first")};
    bool found = false;
    BOOK_TRY(name_find(x, kind, text_id, &found, out));
    if (found)
        return WF_OK;
    return wf_fail(x->err, WF_REFUSED, "%s %s: %s", column, text_id, _(what[kind]));
}

wf_status name_if_given(apply_context *x, enum object_kind kind, const char *column,
                        const char *text_id, uint32_t *out)
{
    *out = BOOK_NONE;
    return text_id != NULL ? name_must_exist(x, kind, column, text_id, out) : WF_OK;
}
