/*
 * api/stat.c: sizes, counts, rates, the last checkpoint and health, in two small tables.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"

static const wf_column stat_columns[] = {
    {"field", N_("field"), WF_CELL_TEXT},
    {"value", N_("value"), WF_CELL_TEXT},
};
static const wf_column stat_table_columns[] = {
    {"table", N_("table"), WF_CELL_TEXT},
    {"rows", N_("rows"), WF_CELL_INTEGER},
    {"bytes", N_("bytes"), WF_CELL_INTEGER},
};

static const struct {
    enum object_kind kind;
    const char *name;
} stat_objects[] = {
    {OBJECT_PARTY, "parties"},        {OBJECT_SITE, "sites"},
    {OBJECT_PLACE, "places"},         {OBJECT_PERMIT, "permits"},
    {OBJECT_VEHICLE, "vehicles"},     {OBJECT_SCALE, "scales"},
    {OBJECT_FILING, "filings"},       {OBJECT_GENERATION, "generations"},
    {OBJECT_MANIFEST, "manifests"},   {OBJECT_WEIGHING, "weighings"},
    {OBJECT_TREATMENT, "treatments"}, {OBJECT_REPORT, "reports"},
};

static void stat_text(answer *a, const char *field, const char *value)
{
    cell_text(a, field);
    cell_text(a, value);
    answer_row(a);
}

static void stat_number(answer *a, const char *field, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    stat_text(a, field, text);
}

static const char *stat_health(wf_ledger *l, store_txn *txn, wf_error *reason)
{
    wf_status status = book_check_zero_sums(l->book, txn, reason);
    return status == WF_OK ? _("store opens, checkpoint matches; run verify and rebuild --check")
                           : reason->text;
}

/* The last entry's time and the checkpoint's size and root, from the note's lines. */
static wf_status stat_checkpoint(wf_ledger *l, store_txn *txn, answer *a, wf_error *err)
{
    char *text = NULL;
    wf_status status = ledger_checkpoint(l->log, &text, err);
    if (status != WF_OK)
        return status;
    checkpoint parsed;
    const char *body_end = strstr(text, "\n\n");
    size_t body = body_end == NULL ? strlen(text) : (size_t)(body_end - text) + 1;
    char root[64] = "";
    if (checkpoint_parse(&parsed, text, body) == NULL) {
        base64_encode(root, sizeof root, parsed.root.bytes, HASH_SIZE);
        stat_number(a, "checkpoint_size", parsed.size);
        stat_text(a, "checkpoint_root", root);
    }
    free(text);
    wf_error why = {0}; /* one that does not hold is none; checkpoint --witnessed says why */
    status = ledger_witnessed(l->log, &parsed, &text, &why);
    if (status == WF_SYSTEM)
        return wf_fail(err, status, "%s", why.text);
    if (text != NULL)
        stat_number(a, "witnessed_size", parsed.size);
    free(text);
    uint64_t size = ledger_size(l->log);
    span bytes;
    entry_view view;
    char time_text[TIME_TEXT];
    if (size > 0) {
        status = ledger_read(l->log, txn, size - 1, &bytes, &view, err);
        if (status != WF_OK)
            return status;
        stat_text(a, "last_entry_at", time_format(time_text, view.time_ms, l->utc_offset_minutes));
    }
    return WF_OK;
}

/* The first entry that was written at `ms` or later; the size when there is none. Entries are in
   the order of their times unless the clock was set back, so a few reads find it in a log of any
   size. */
static wf_status stat_entry_at(wf_ledger *l, store_txn *txn, int64_t ms, uint64_t *out,
                               wf_error *err)
{
    uint64_t low = 0, high = ledger_size(l->log);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        span bytes;
        entry_view view;
        wf_status status = ledger_read(l->log, txn, middle, &bytes, &view, err);
        if (status != WF_OK)
            return status;
        if (view.time_ms < ms)
            low = middle + 1;
        else
            high = middle;
    }
    *out = low;
    return WF_OK;
}

/* Entries a day by the time they were written, over the days before now, written or not. */
static wf_status stat_rates(wf_ledger *l, store_txn *txn, answer *a, wf_error *err)
{
    entry_view last;
    int64_t now_ms = clock_now_ms();
    if (l->at > 0) { /* then was when its last entry was written */
        wf_status status = ledger_read(l->log, txn, l->at - 1, NULL, &last, err);
        if (status != WF_OK)
            return status;
        now_ms = last.time_ms;
    }
    static const struct {
        int days;
        const char *field;
    } rates[] = {{7, "entries_per_day_7"}, {30, "entries_per_day_30"}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        uint64_t first = 0;
        char text[32];
        int64_t since_ms = now_ms - rates[i].days * TIME_DAY_MS;
        wf_status status = stat_entry_at(l, txn, since_ms, &first, err);
        if (status != WF_OK)
            return status;
        snprintf(text, sizeof text, "%.1f", (double)(ledger_size(l->log) - first) / rates[i].days);
        stat_text(a, rates[i].field, text);
    }
    return WF_OK;
}

/* Who only reads goes on without the copy of the checkpoint outside; that it is missing is told. */
static wf_status stat_guard(wf_ledger *l, answer *a, wf_error *err)
{
    wf_error why = {0};
    bool wanted = false;
    wf_status status = ledger_look_at_guard(l->log, &wanted, &why);
    if (status != WF_OK && status != WF_DAMAGED)
        return wf_fail(err, status, "%s", why.text);
    if (wanted)
        stat_text(a, "guard", status == WF_OK ? _("the log goes on from it") : why.text);
    return WF_OK;
}

static wf_status stat_summary(wf_ledger *l, store_txn *txn, const wf_sink *sink, wf_error *err)
{
    answer a;
    book_counts counts;
    wf_error reason = {0};
    char offset[16];
    int minutes = abs(l->utc_offset_minutes);
    wf_status status = book_count(l->book, txn, &counts, err);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "ledger", N_("Ledger"), COLUMNS(stat_columns));
    stat_text(&a, "origin", ledger_origin(l->log));
    stat_text(&a, "folder", ledger_dir(l->log));
    stat_text(&a, "vkey", ledger_vkey(l->log));
    snprintf(offset, sizeof offset, "%c%02d:%02d", l->utc_offset_minutes < 0 ? '-' : '+',
             minutes / 60, minutes % 60);
    stat_text(&a, "utc_offset", offset);
    stat_number(&a, "entries", ledger_size(l->log));
    status = stat_rates(l, txn, &a, err);
    if (status == WF_OK)
        status = stat_checkpoint(l, txn, &a, err);
    if (status != WF_OK)
        return status;
    for (size_t i = 0; i < sizeof stat_objects / sizeof *stat_objects; i++)
        stat_number(&a, stat_objects[i].name, counts.of[stat_objects[i].kind]);
    stat_number(&a, "manifest_events", counts.events);
    stat_number(&a, "stocktakes", counts.stocktakes);
    stat_number(&a, "activities", counts.activities);
    stat_number(&a, "track_days", counts.track_days);
    stat_number(&a, "fixes", counts.fixes);
    stat_number(&a, "waste_codes", counts.codes);
    status = stat_guard(l, &a, err);
    if (status != WF_OK)
        return status;
    stat_text(&a, "health", stat_health(l, txn, &reason));
    return answer_end(&a);
}

static wf_status stat_tables(wf_ledger *l, store_txn *txn, const wf_sink *sink, wf_error *err)
{
    answer a;
    store *s = ledger_store(l->log);
    answer_begin(&a, sink, err, "tables", N_("Tables of the store"), COLUMNS(stat_table_columns));
    for (unsigned table = 0; table < store_table_count(s); table++) {
        store_table_stat stat;
        wf_status status = store_table_stats(txn, table, &stat, err);
        if (status != WF_OK)
            return status;
        cell_text(&a, store_table_name(s, table));
        cell_integer(&a, (int64_t)stat.rows);
        cell_integer(&a, (int64_t)stat.bytes);
        answer_row(&a);
    }
    return answer_end(&a);
}

wf_status wf_stat(wf_ledger *l, const wf_sink *sink, wf_error *err)
{
    store_txn *txn = NULL;
    wf_error_clear(err);
    wf_status status = store_begin(&txn, ledger_store(l->log), false, err);
    if (status == WF_OK)
        status = stat_summary(l, txn, sink, err);
    if (status == WF_OK && l->at == 0) /* what the tables of then took is not known */
        status = stat_tables(l, txn, sink, err);
    store_abort(txn);
    return status;
}
