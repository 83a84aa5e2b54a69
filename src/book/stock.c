/*
 * book/stock.c: the accounts and the day totals, and what generation and stock takes post.
 *
 * Every record posts sums of zero per code: one account is debited what others are credited. The
 * running sum of each code is kept in code_totals and asserted before each commit;
 * book_check_zero_sums adds the accounts up again. README.md of this folder has the table of
 * postings.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "book/internal.h"

/* ---- rows in memory ------------------------------------------------------------------------- */

static wf_status total_entry(apply_context *x, code_id code, cache_entry **entry)
{
    uint8_t key[CACHE_KEY_MAX] = {0};
    key_u32(key, code);
    BOOK_TRY(row_cache_get(entry, &x->b->totals, x->txn, key, x->err));
    (*entry)->value_size = sizeof(code_total);
    return WF_OK;
}

static wf_status account_entry(apply_context *x, site_id site, code_id code, cache_entry **entry)
{
    uint8_t key[CACHE_KEY_MAX] = {0};
    key_u32(key, site);
    key_u32(key + 4, code);
    BOOK_TRY(row_cache_get(entry, &x->b->accounts, x->txn, key, x->err));
    (*entry)->value_size = sizeof(account_value);
    return WF_OK;
}

static account_value *account_of(cache_entry *entry)
{
    return (account_value *)(void *)entry->value;
}

wf_status stock_has_room(apply_context *x, code_id code, const char *code_text)
{
    if (code == BOOK_NONE)
        return WF_OK;
    cache_entry *entry = NULL;
    BOOK_TRY(total_entry(x, code, &entry));
    const code_total *total = (const void *)entry->value;
    if (total->turnover_g <= TURNOVER_MAX_G)
        return WF_OK;
    return wf_fail(x->err, WF_REFUSED,
                   _("waste_code %s: the accounts of this code have turned over %" PRId64
                     " t, the most that can be kept; check the masses entered"),
                   code_text, total->turnover_g / 1000000);
}

wf_status stock_account(apply_context *x, site_id site, code_id code, const account_value **out)
{
    cache_entry *entry = NULL;
    BOOK_TRY(account_entry(x, site, code, &entry));
    *out = account_of(entry);
    return WF_OK;
}

wf_status stock_keep(apply_context *x, site_id site, code_id code, bool stocktaken)
{
    cache_entry *entry = NULL;
    BOOK_TRY(account_entry(x, site, code, &entry));
    account_value *account = account_of(entry);
    if (account->kept != 0 && (!stocktaken || account->stocktaken != 0))
        return WF_OK;
    account->kept = 1;
    account->stocktaken |= stocktaken ? 1 : 0;
    return row_cache_dirty(&x->b->accounts, entry, x->err);
}

wf_status stock_post(apply_context *x, site_id site, code_id code, enum account_kind account,
                     int64_t mass_g)
{
    if (mass_g == 0)
        return WF_OK;
    cache_entry *entry = NULL;
    cache_entry *total = NULL;
    BOOK_TRY(account_entry(x, site, code, &entry));
    BOOK_TRY(total_entry(x, code, &total));
    account_of(entry)->row.balance_g[account] += mass_g;
    code_total *sums = (void *)total->value;
    sums->sum_g += mass_g;
    sums->turnover_g += mass_g < 0 ? -mass_g : mass_g;
    BOOK_TRY(row_cache_dirty(&x->b->totals, total, x->err));
    return row_cache_dirty(&x->b->accounts, entry, x->err);
}

wf_status stock_flow(apply_context *x, int64_t time_ms, site_id site, code_id code,
                     enum flow_kind flow, int64_t mass_g)
{
    if (mass_g == 0)
        return WF_OK;
    uint8_t key[CACHE_KEY_MAX];
    cache_entry *entry = NULL;
    int32_t day = time_day(time_ms, x->b->utc_offset_minutes);
    key_u32(key, day_key(day));
    key_u32(key + 4, site);
    key_u32(key + 8, code);
    BOOK_TRY(row_cache_get(&entry, &x->b->days, x->txn, key, x->err));
    day_row *row = (void *)entry->value;
    if (entry->value_size == 0) {
        entry->value_size = sizeof *row;
        row->day = day;
        row->site = site;
        row->code = code;
    }
    row->mass_g[flow] += mass_g;
    return row_cache_dirty(&x->b->days, entry, x->err);
}

void stock_assert_zero_sums(const book *b)
{
    for (size_t i = 0; i < b->totals.dirty_count; i++) {
        const code_total *total = (const void *)b->totals.dirty[i]->value;
        WF_ASSERT(total->sum_g == 0);
    }
}

/* ---- generation ----------------------------------------------------------------------------- */

wf_status generation_apply(apply_context *x, const Wufei__Generation *generation)
{
    uint32_t id = BOOK_NONE;
    generation_row row = {.seq = x->seq,
                          .time_ms = generation->time_ms,
                          .mass_g = generation->mass_g,
                          .key = BOOK_NONE,
                          .basis = generation->has_basis ? generation->basis : BASIS_NONE};
    BOOK_TRY(name_must_be_free(x, OBJECT_GENERATION, generation->batch_id));
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "site_id", generation->site_id, &row.site));
    BOOK_TRY(code_find(x, generation->waste_code, &row.code));
    BOOK_TRY(stock_has_room(x, row.code, generation->waste_code));

    BOOK_TRY(code_intern(x, generation->waste_code, &row.code));
    BOOK_TRY(row_append(x, BOOK_GENERATIONS, &row, generation->batch_id, &id));
    BOOK_TRY(stock_keep(x, row.site, row.code, false));
    BOOK_TRY(stock_post(x, row.site, row.code, ACCOUNT_GENERATED, -row.mass_g));
    BOOK_TRY(stock_post(x, row.site, row.code, ACCOUNT_ON_SITE, row.mass_g));
    BOOK_TRY(stock_flow(x, row.time_ms, row.site, row.code, FLOW_GENERATED, row.mass_g));
    return name_put(x, OBJECT_GENERATION, generation->batch_id, strlen(generation->batch_id), id);
}

/* ---- stock takes ---------------------------------------------------------------------------- */

/* The difference between what was found and what the book says. */
static wf_status post_stocktake(apply_context *x, const stocktake_row *row)
{
    int64_t difference_g = row->mass_g - row->book_g;
    enum account_kind account = ACCOUNT_OPENING;
    enum flow_kind flow = FLOW_OPENING;
    int64_t flow_g = difference_g;
    if (row->first == 0) {
        account = difference_g < 0 ? ACCOUNT_UNACCOUNTED : ACCOUNT_UNDECLARED;
        flow = difference_g < 0 ? FLOW_UNACCOUNTED_STOCK : FLOW_UNDECLARED_STOCK;
        flow_g = difference_g < 0 ? -difference_g : difference_g;
    }
    BOOK_TRY(stock_post(x, row->site, row->code, account, -difference_g));
    BOOK_TRY(stock_post(x, row->site, row->code, ACCOUNT_ON_SITE, difference_g));
    return stock_flow(x, row->time_ms, row->site, row->code, flow, flow_g);
}

wf_status stocktake_apply(apply_context *x, const Wufei__Stocktake *stocktake)
{
    uint32_t id = BOOK_NONE;
    const account_value *account = NULL;
    stocktake_row row = {.seq = x->seq,
                         .time_ms = stocktake->time_ms,
                         .mass_g = stocktake->mass_g,
                         .rel_sigma_ppm =
                             stocktake->has_rel_sigma_ppm ? stocktake->rel_sigma_ppm : 0};
    BOOK_TRY(name_must_exist(x, OBJECT_SITE, "site_id", stocktake->site_id, &row.site));
    BOOK_TRY(code_find(x, stocktake->waste_code, &row.code));
    BOOK_TRY(stock_has_room(x, row.code, stocktake->waste_code));

    BOOK_TRY(code_intern(x, stocktake->waste_code, &row.code));
    BOOK_TRY(stock_account(x, row.site, row.code, &account));
    row.book_g = account->row.balance_g[ACCOUNT_ON_SITE];
    row.first = account->stocktaken == 0 ? 1 : 0;
    BOOK_TRY(row_append(x, BOOK_STOCKTAKES, &row, NULL, &id));
    BOOK_TRY(stock_keep(x, row.site, row.code, true));
    return post_stocktake(x, &row);
}

/* ---- checking from the accounts ---------------------------------------------------------------
 */

typedef struct sums {
    __int128 *of;
    size_t capacity;
    size_t count;
} sums;

static wf_status add_accounts(sums *s, store_cursor *cursor, wf_error *err)
{
    span key = {0};
    span value = {0};
    BOOK_TRY(store_cursor_seek(cursor, span_of(NULL, 0), &key, &value, err));
    while (key.data != NULL) {
        account_value account;
        if (key.size != 8 || value.size != sizeof account)
            return wf_fail(err, WF_DAMAGED,
                           _("a row of the table accounts is broken; run wufei rebuild"));
        memcpy(&account, value.data, sizeof account);
        code_id code = u32_key(key.data + 4);
        if (code >= s->count)
            return wf_fail(err, WF_DAMAGED,
                           _("an account names code %" PRIu32 ", which is not in the table; run "
                             "wufei rebuild"),
                           code);
        for (size_t i = 0; i < ACCOUNT_COUNT; i++)
            s->of[code] += account.row.balance_g[i];
        BOOK_TRY(store_cursor_next(cursor, &key, &value, err));
    }
    return WF_OK;
}

static wf_status report_sums(book *b, store_txn *txn, const sums *s, wf_error *err)
{
    for (size_t code = 0; code < s->count; code++) {
        if (s->of[code] == 0)
            continue;
        arena memory;
        const char *text = "?";
        arena_init(&memory, 4096);
        book_code_text(b, txn, (code_id)code, &memory, &text, NULL);
        wf_fail(err, WF_DAMAGED,
                _("waste code %s: the accounts add up to %" PRId64 " g, expected 0; run wufei "
                  "rebuild --check"),
                text, (int64_t)s->of[code]);
        arena_free(&memory);
        return WF_DAMAGED;
    }
    return WF_OK;
}

wf_status book_check_zero_sums(book *b, store_txn *txn, wf_error *err)
{
    store_table_stat codes;
    store_cursor *cursor = NULL;
    sums s = {0};
    BOOK_TRY(store_table_stats(txn, book_table_number(BOOK_CODES), &codes, err));
    s.count = (size_t)codes.rows;
    s.of = calloc(s.count + 1, sizeof *s.of);
    if (s.of == NULL)
        return cache_no_memory(err);
    wf_status status = store_cursor_open(&cursor, txn, book_table_number(BOOK_ACCOUNTS), err);
    if (status == WF_OK)
        status = add_accounts(&s, cursor, err);
    store_cursor_close(cursor);
    if (status == WF_OK)
        status = report_sums(b, txn, &s, err);
    free(s.of);
    return status;
}
