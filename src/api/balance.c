/*
 * api/balance.c: what came, what went, what is left, and what is missing; exact to the gram.
 *
 * From the day flows of the book. A row adds up:
 *
 *     closing = opening + generated + in + made + undeclared
 *               - out - treated - product - loss - unaccounted
 *
 * where opening and closing are stock on sites. What treatments put out is `made`; of that, product
 * and loss (leachate, water) leave the books at once; they stand with the code that was treated,
 * because "product" is no waste of any stream. `opening` holds the stock at the beginning and what
 * the first stock take of a site and code found, which was there before the records began. What
 * left a site is in exactly one of two columns: `out`, when it arrived or is still under way, or
 * `unaccounted`, when it was written off on the way; and so `undeclared` holds what arrived beyond
 * what had left. Over the whole city out minus in is therefore the change of what is under way.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"

typedef struct balance_row {
    const char *key; /* NULL for days */
    int32_t day;
    int64_t opening_g, flow_g[FLOW_COUNT];
} balance_row;

typedef struct balance_job {
    const city *city;
    const wf_filter *filter;
    int32_t from_day, to_day; /* half open */
    uint32_t stream;
    uint8_t *code_streams; /* enum waste_stream by code */
    const char *by;
    balance_row *rows;
    size_t count, capacity;
    int64_t stock_before_g; /* of rows of days: at the beginning of the window */
    uint32_t *row_of;       /* row of a site, code, party or stream, by the number of the key */
    size_t key_count;
} balance_job;

/* The stream of a code that was never shipped, from the form of the national codes. */
static enum waste_stream balance_stream_by_form(const char *code)
{
    if (strncmp(code, "841-", 4) == 0)
        return STREAM_MEDICAL;
    if (strncmp(code, "SW6", 3) == 0 || strstr(code, "-S6") != NULL)
        return STREAM_HOUSEHOLD;
    if (strncmp(code, "SW7", 3) == 0 || strstr(code, "-S7") != NULL)
        return STREAM_CONSTRUCTION;
    if (strlen(code) == 10 && code[3] == '-' && code[7] == '-' && code[8] != 'S')
        return STREAM_HAZARDOUS;
    return STREAM_INDUSTRIAL;
}

/* A code's stream is what most of its manifests say. */
static bool balance_code_streams(balance_job *job)
{
    const city *c = job->city;
    uint32_t(*votes)[STREAM_COUNT] = calloc(c->code_count + 1, sizeof *votes);
    job->code_streams = calloc(c->code_count + 1, 1);
    if (votes == NULL || job->code_streams == NULL) {
        free(votes);
        return false;
    }
    for (size_t i = 0; i < c->manifest_count; i++)
        if (c->manifests[i].stream < STREAM_COUNT)
            votes[c->manifests[i].code][c->manifests[i].stream]++;
    for (size_t code = 0; code < c->code_count; code++) {
        uint32_t best = 0;
        for (uint32_t s = 1; s < STREAM_COUNT; s++)
            if (votes[code][s] > best) {
                best = votes[code][s];
                job->code_streams[code] = (uint8_t)s;
            }
        if (best == 0)
            job->code_streams[code] = (uint8_t)balance_stream_by_form(city_code(c, (code_id)code));
    }
    free(votes);
    return true;
}

static bool balance_taken(const balance_job *job, const day_row *d)
{
    const city *c = job->city;
    const wf_filter *f = job->filter;
    const site_row *site = &c->sites[d->site];
    return d->day < job->to_day &&
           (job->stream == 0 || job->stream == job->code_streams[d->code]) &&
           (f->site == NULL || strcmp(f->site, city_text(c, site->key)) == 0) &&
           (f->party == NULL || strcmp(f->party, city_text(c, c->parties[site->party].key)) == 0) &&
           (f->district == NULL || strcmp(f->district, city_text(c, site->district)) == 0) &&
           (f->code == NULL || code_matches(f->code, city_code(c, d->code)));
}

/* What flows do to the stock, by the identity of src/book/README.md: product and loss are in `made`
   and leave at once. */
static int64_t balance_change(const int64_t flow[FLOW_COUNT])
{
    return flow[FLOW_OPENING] + flow[FLOW_GENERATED] + flow[FLOW_IN] + flow[FLOW_MADE] +
           flow[FLOW_UNDECLARED_STOCK] - flow[FLOW_OUT] - flow[FLOW_TREATED] - flow[FLOW_PRODUCT] -
           flow[FLOW_LOSS] - flow[FLOW_UNACCOUNTED_STOCK];
}

/* The number of the key that a day row belongs to, and its text. */
static uint32_t balance_key(const balance_job *job, const day_row *d, const char **text)
{
    const city *c = job->city;
    const site_row *site = &c->sites[d->site];
    switch (job->by[0]) {
    case 'p':
        *text = city_text(c, c->parties[site->party].key);
        return site->party;
    case 'c':
        *text = city_code(c, d->code);
        return d->code;
    case 's':
        if (strcmp(job->by, "stream") == 0) {
            *text = vocabulary_word(&vocabulary_stream, job->code_streams[d->code]);
            return job->code_streams[d->code];
        }
        *text = city_text(c, site->key);
        return d->site;
    default: /* district: the first site with the same text stands for it */
        *text = city_text(c, site->district);
        for (size_t i = 0; i < job->count; i++)
            if (strcmp(job->rows[i].key, *text) == 0)
                return (uint32_t)job->rows[i].day;
        return d->site;
    }
}

static balance_row *balance_add_row(balance_job *job)
{
    if (!array_grow((void **)&job->rows, &job->capacity, job->count + 1, sizeof *job->rows))
        return NULL;
    memset(&job->rows[job->count], 0, sizeof *job->rows);
    return &job->rows[job->count++];
}

static balance_row *balance_row_of(balance_job *job, const day_row *d)
{
    const char *text;
    uint32_t key = balance_key(job, d, &text);
    WF_ASSERT(key < job->key_count);
    if (job->row_of[key] != 0)
        return &job->rows[job->row_of[key] - 1];
    balance_row *row = balance_add_row(job);
    if (row == NULL)
        return NULL;
    row->key = text;
    row->day = (int32_t)key; /* so that a district finds the site that stands for it */
    job->row_of[key] = (uint32_t)job->count;
    return row;
}

static void balance_add(balance_row *row, const day_row *d, bool before)
{
    if (before) {
        row->opening_g += balance_change(d->mass_g);
        return;
    }
    for (int flow = 0; flow < FLOW_COUNT; flow++)
        if (flow != FLOW_PRODUCT && flow != FLOW_LOSS)
            row->flow_g[flow] += d->mass_g[flow];
    /* balance_collect_exits has what left the books at once, under the code it was made of */
    row->flow_g[FLOW_MADE] -= d->mass_g[FLOW_PRODUCT] + d->mass_g[FLOW_LOSS];
}

/* Rows of days follow each other: a day opens with what the day before closed with. */
static bool balance_collect_days(balance_job *job)
{
    int64_t stock_g = 0;
    balance_row *row = NULL;
    for (size_t i = 0; i < job->city->day_count; i++) {
        const day_row *d = &job->city->days[i];
        if (!balance_taken(job, d))
            continue;
        if (d->day >= job->from_day) {
            if (row == NULL || row->day != d->day) {
                row = balance_add_row(job);
                if (row == NULL)
                    return false;
                row->day = d->day;
                row->opening_g = stock_g;
            }
            balance_add(row, d, false);
        }
        stock_g += balance_change(d->mass_g);
        if (d->day < job->from_day)
            job->stock_before_g = stock_g;
    }
    return true;
}

static bool balance_collect_keys(balance_job *job)
{
    const city *c = job->city;
    job->key_count = c->site_count + c->code_count + c->party_count + STREAM_COUNT;
    job->row_of = calloc(job->key_count, sizeof *job->row_of);
    if (job->row_of == NULL)
        return false;
    for (size_t i = 0; i < c->day_count; i++) {
        const day_row *d = &c->days[i];
        if (!balance_taken(job, d))
            continue;
        balance_row *row = balance_row_of(job, d);
        if (row == NULL)
            return false;
        balance_add(row, d, d->day < job->from_day);
    }
    return true;
}

/* The row of a day. A treatment of no mass at all is no flow of its code, and so the day of what it
   put out may have no row yet; it then opens with what the row before closed with. */
static balance_row *balance_row_of_day(balance_job *job, int32_t day)
{
    size_t low = 0, high = job->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (job->rows[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < job->count && job->rows[low].day == day)
        return &job->rows[low];
    int64_t opening_g = job->stock_before_g;
    if (low > 0)
        opening_g = job->rows[low - 1].opening_g + balance_change(job->rows[low - 1].flow_g);
    if (balance_add_row(job) == NULL)
        return NULL;
    balance_row *row = &job->rows[low];
    memmove(row + 1, row, (job->count - 1 - low) * sizeof *row);
    *row = (balance_row){.day = day, .opening_g = opening_g};
    return row;
}

/* Product and loss, in the rows of the codes that were treated. */
static bool balance_collect_exits(balance_job *job)
{
    const city *c = job->city;
    bool days = strcmp(job->by, "day") == 0;
    for (size_t i = 0; i < c->treatment_count; i++) {
        const treatment_row *t = &c->treatments[i];
        const char *output = t->output_code == BOOK_NONE ? "" : city_code(c, t->output_code);
        bool product = strcmp(output, "product") == 0;
        bool loss = strcmp(output, "leachate") == 0 || strcmp(output, "water") == 0;
        day_row d = {
            .day = time_day(t->time_ms, c->utc_offset_minutes), .site = t->site, .code = t->code};
        if ((!product && !loss) || t->output_g == MASS_NONE || d.day < job->from_day ||
            !balance_taken(job, &d))
            continue;
        balance_row *row = days ? balance_row_of_day(job, d.day) : balance_row_of(job, &d);
        if (row == NULL)
            return false;
        row->flow_g[product ? FLOW_PRODUCT : FLOW_LOSS] += t->output_g;
        row->flow_g[FLOW_MADE] += t->output_g;
    }
    return true;
}

static int balance_compare(const void *a, const void *b)
{
    return strcmp(((const balance_row *)a)->key, ((const balance_row *)b)->key);
}

static void balance_answer_row(answer *a, const balance_row *row)
{
    const int64_t *flow = row->flow_g;
    int64_t closing_g = row->opening_g + balance_change(flow);
    int64_t opening_g = row->opening_g + flow[FLOW_OPENING];
    int64_t out_g = flow[FLOW_OUT] - flow[FLOW_UNACCOUNTED_TRANSIT] + flow[FLOW_UNDECLARED_TRANSIT];
    int64_t unaccounted_g = flow[FLOW_UNACCOUNTED_STOCK] + flow[FLOW_UNACCOUNTED_TRANSIT];
    int64_t undeclared_g = flow[FLOW_UNDECLARED_STOCK] + flow[FLOW_UNDECLARED_TRANSIT];
    WF_ASSERT(closing_g == opening_g + flow[FLOW_GENERATED] + flow[FLOW_IN] + flow[FLOW_MADE] +
                               undeclared_g - out_g - flow[FLOW_TREATED] - flow[FLOW_PRODUCT] -
                               flow[FLOW_LOSS] - unaccounted_g);
    if (row->key != NULL)
        cell_text(a, row->key);
    else
        cell_day(a, row->day);
    cell_mass(a, opening_g);
    cell_mass(a, flow[FLOW_GENERATED]);
    cell_mass(a, flow[FLOW_IN]);
    cell_mass(a, flow[FLOW_MADE]);
    cell_mass(a, out_g);
    cell_mass(a, flow[FLOW_TREATED]);
    cell_mass(a, flow[FLOW_PRODUCT]);
    cell_mass(a, flow[FLOW_LOSS]);
    cell_mass(a, unaccounted_g);
    cell_mass(a, undeclared_g);
    cell_mass(a, closing_g);
    answer_row(a);
}

static wf_status balance_answer(balance_job *job, const wf_sink *sink, wf_error *err)
{
    bool days = strcmp(job->by, "day") == 0;
    const wf_column columns[] = {
        {job->by, job->by, days ? WF_CELL_DAY : WF_CELL_TEXT},
        {"opening_kg", N_("opening kg"), WF_CELL_MASS},
        {"generated_kg", N_("generated kg"), WF_CELL_MASS},
        {"in_kg", N_("in kg"), WF_CELL_MASS},
        {"made_kg", N_("made kg"), WF_CELL_MASS},
        {"out_kg", N_("out kg"), WF_CELL_MASS},
        {"treated_kg", N_("treated kg"), WF_CELL_MASS},
        {"product_kg", N_("product kg"), WF_CELL_MASS},
        {"loss_kg", N_("loss kg"), WF_CELL_MASS},
        {"unaccounted_kg", N_("unaccounted kg"), WF_CELL_MASS},
        {"undeclared_kg", N_("undeclared kg"), WF_CELL_MASS},
        {"closing_kg", N_("closing kg"), WF_CELL_MASS},
    };
    answer a;
    if (!days)
        qsort(job->rows, job->count, sizeof *job->rows, balance_compare);
    answer_begin(&a, sink, err, "balance", N_("Balance"), COLUMNS(columns));
    for (size_t i = 0; i < job->count; i++)
        balance_answer_row(&a, &job->rows[i]);
    return answer_end(&a);
}

/* Flows are kept by day, so the window must begin and end with one. */
static wf_status balance_window(balance_job *job, int offset_minutes, wf_error *err)
{
    const struct {
        int64_t ms;
        int32_t *day;
        const char *option;
    } ends[] = {{job->filter->from_ms, &job->from_day, "from"},
                {job->filter->to_ms, &job->to_day, "to"}};
    char text[TIME_TEXT];
    job->from_day = INT32_MIN;
    job->to_day = INT32_MAX;
    for (size_t i = 0; i < 2; i++) {
        if (ends[i].ms == TIME_NONE)
            continue;
        *ends[i].day = time_day(ends[i].ms, offset_minutes);
        if (time_day_start(*ends[i].day, offset_minutes) != ends[i].ms)
            return wf_fail(err, WF_USAGE,
                           _("--%s %s: balances are kept by whole days; give a date, like "
                             "2026-03-01"),
                           ends[i].option, time_format(text, ends[i].ms, offset_minutes));
    }
    return WF_OK;
}

static wf_status balance_check(balance_job *job, wf_ledger *l, wf_error *err)
{
    wf_status status =
        api_refuse_filters(job->filter, "balance", "stream|site|party|district|code|from|to", err);
    if (status == WF_OK && !list_has("site|party|code|stream|district|day", job->by))
        status = wf_fail(err, WF_USAGE,
                         _("cannot balance by '%s'; allowed: site, party, code, stream, district, "
                           "day"),
                         job->by);
    if (status == WF_OK)
        status = api_word(&job->stream, &vocabulary_stream, job->filter->stream, err);
    if (status == WF_OK)
        status = api_check_names(l, NULL, job->filter, err);
    if (status == WF_OK)
        status = balance_window(job, l->utc_offset_minutes, err);
    return status;
}

wf_status wf_balance(wf_ledger *l, const char *by, const wf_filter *filter, const wf_sink *sink,
                     wf_error *err)
{
    static const wf_filter none = {.from_ms = TIME_NONE, .to_ms = TIME_NONE};
    city *c = NULL;
    balance_job job = {.filter = filter == NULL ? &none : filter, .by = by == NULL ? "stream" : by};
    wf_error_clear(err);
    wf_status status = balance_check(&job, l, err);
    if (status == WF_OK)
        status = city_load(&c, l->book, false, err);
    if (status != WF_OK)
        return status;
    job.city = c;
    bool days = strcmp(job.by, "day") == 0;
    bool collected = balance_code_streams(&job) &&
                     (days ? balance_collect_days(&job) : balance_collect_keys(&job)) &&
                     balance_collect_exits(&job);
    status =
        collected ? balance_answer(&job, sink, err) : wf_fail(err, WF_SYSTEM, _("out of memory"));
    free(job.code_streams);
    free(job.row_of);
    free(job.rows);
    city_free(c);
    return status;
}
