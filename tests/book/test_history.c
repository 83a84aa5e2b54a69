/*
 * book: random histories against a model of plain arrays; rebuild; a damaged book is found.
 *
 * The seed is printed; WUFEI_TEST_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "book/internal.h"
#include "support/book_fixture.h"

enum { SITES = 5, CODES = 3, MANIFESTS = 40, STEPS = 400 };

static const char *const site_ids[SITES] = {"S1", "S2", "S3", "S4", "S5"};
static const char *const codes[CODES] = {"SW1", "SW2", "900-041-49"};

typedef struct model_manifest {
    char id[8];
    size_t code, generator, facility;
    enum manifest_state state;
    int64_t picked_up_g[SITES]; /* the last pick-up of each site stands alone in `last` */
    int64_t last_g[SITES];
    bool picked_up[SITES];
    int64_t received_g, returned_g;
    bool received;
    size_t receipt_site;
} model_manifest;

typedef struct model {
    uint64_t random;
    int64_t stock_g[SITES][CODES];
    bool kept[SITES][CODES];
    model_manifest manifests[MANIFESTS];
    size_t manifest_count;
    unsigned numbers; /* for ids */
    int64_t now_ms;
} model;

static model m;
static book_fixture f;

static uint64_t random_below(uint64_t limit)
{
    m.random ^= m.random << 13;
    m.random ^= m.random >> 7;
    m.random ^= m.random << 17;
    return (m.random >> 11) % limit;
}

static int64_t random_mass(void)
{
    return (int64_t)random_below(4) == 0 ? 0 : (int64_t)random_below(30000);
}

/* ---- what the model says ----------------------------------------------------------------------
 */

static void model_pick_up(size_t site, size_t code, int64_t mass_g)
{
    int64_t *stock = &m.stock_g[site][code];
    if (!m.kept[site][code] && mass_g > 0)
        *stock += mass_g > *stock && *stock > 0 ? mass_g - *stock : *stock > 0 ? 0 : mass_g;
    else if (!m.kept[site][code])
        *stock += mass_g;
    *stock -= mass_g;
}

static void model_correct(model_manifest *at, size_t site, int64_t mass_g)
{
    if (at->picked_up[site] && !(at->received && at->receipt_site == site)) {
        model_pick_up(site, at->code, mass_g - at->last_g[site]);
        at->picked_up_g[site] += mass_g - at->last_g[site];
        at->last_g[site] = mass_g;
        return;
    }
    m.stock_g[at->receipt_site][at->code] += mass_g - at->received_g;
    at->received_g = mass_g;
}

static void model_event(model_manifest *at, enum manifest_event event, size_t site, int64_t mass_g)
{
    switch (event) {
    case EVENT_PICKED_UP:
        model_pick_up(site, at->code, mass_g);
        at->picked_up[site] = true;
        at->picked_up_g[site] += mass_g;
        at->last_g[site] = mass_g;
        break;
    case EVENT_RECEIVED:
        m.stock_g[site][at->code] += mass_g;
        m.kept[site][at->code] = true;
        at->received = true;
        at->received_g = mass_g;
        at->receipt_site = site;
        break;
    case EVENT_RETURNED:
        m.stock_g[site][at->code] += mass_g;
        at->returned_g += mass_g;
        break;
    case EVENT_CORRECTED:
        model_correct(at, site, mass_g);
        break;
    case EVENT_REDIRECTED:
        at->facility = site;
        break;
    default:
        break;
    }
}

/* ---- random steps -----------------------------------------------------------------------------
 */

static void step_event(void)
{
    if (m.manifest_count == 0)
        return;
    model_manifest *at = &m.manifests[random_below(m.manifest_count)];
    enum manifest_event event = (enum manifest_event)(1 + random_below(EVENT_COUNT - 1));
    size_t site = (size_t)random_below(SITES);
    int64_t mass_g = random_mass();
    transition t = manifest_transition(at->state, event);
    bool possible = t.allowed;
    if (event == EVENT_CORRECTED && !at->received && !at->picked_up[site])
        possible = false;
    bool entered = fixture_event(&f, at->id, event, m.now_ms, site_ids[site], mass_g);
    if (entered != possible)
        print_error("%s %s: %s\n", at->id, vocabulary_word(&vocabulary_event, event), f.reason);
    assert_int_equal(entered, possible);
    if (!entered)
        return;
    model_event(at, event, site, mass_g);
    at->state = t.to;
}

static void step_manifest(void)
{
    if (m.manifest_count == MANIFESTS)
        return;
    model_manifest *at = &m.manifests[m.manifest_count++];
    snprintf(at->id, sizeof at->id, "M%u", m.numbers++ % 100000);
    at->code = (size_t)random_below(CODES);
    at->generator = (size_t)random_below(SITES);
    at->facility = (size_t)random_below(SITES);
    assert_true(fixture_manifest(&f, at->id, codes[at->code], site_ids[at->generator],
                                 site_ids[at->facility], m.now_ms));
}

static void step_stock(unsigned kind)
{
    size_t site = (size_t)random_below(SITES);
    size_t code = (size_t)random_below(CODES);
    size_t output = (size_t)random_below(CODES);
    int64_t mass_g = random_mass();
    char id[16];
    snprintf(id, sizeof id, "X%u", m.numbers++ % 100000);
    if (kind == 0) {
        assert_true(fixture_generation(&f, id, site_ids[site], m.now_ms, codes[code], mass_g));
        m.stock_g[site][code] += mass_g;
    } else if (kind == 1) {
        assert_true(fixture_stocktake(&f, site_ids[site], m.now_ms, codes[code], mass_g));
        m.stock_g[site][code] = mass_g;
    } else {
        assert_true(fixture_treatment(&f, id, site_ids[site], m.now_ms, codes[code], mass_g,
                                      codes[output], mass_g / 2));
        assert_true(fixture_treatment(&f, id, site_ids[site], m.now_ms, codes[code], mass_g,
                                      "product", mass_g / 3));
        m.stock_g[site][code] -= mass_g;
        m.stock_g[site][output] += mass_g / 2;
        code = output;
    }
    m.kept[site][code] = true;
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static uint32_t code_number(const city *c, const char *code)
{
    for (uint32_t i = 0; i < c->code_count; i++)
        if (strcmp(city_code(c, i), code) == 0)
            return i;
    return BOOK_NONE;
}

static account_row account(store_txn *txn, uint32_t site, uint32_t code)
{
    wf_error err = {0};
    uint8_t key[8];
    span value = {0};
    account_value account = {0};
    key_u32(key, site);
    key_u32(key + 4, code);
    assert_int_equal(
        store_get(txn, book_table_number(BOOK_ACCOUNTS), span_of(key, 8), &value, &err), WF_OK);
    if (value.data != NULL)
        memcpy(&account, value.data, sizeof account);
    return account.row;
}

/* Opening plus flows of all days. */
static int64_t stock_by_flows(const city *c, uint32_t site, uint32_t code)
{
    int64_t sum = 0;
    for (size_t i = 0; i < c->day_count; i++) {
        const int64_t *flow = c->days[i].mass_g;
        if (c->days[i].site == site && c->days[i].code == code)
            sum += flow[FLOW_OPENING] + flow[FLOW_GENERATED] + flow[FLOW_IN] + flow[FLOW_MADE] +
                   flow[FLOW_UNDECLARED_STOCK] - flow[FLOW_OUT] - flow[FLOW_TREATED] -
                   flow[FLOW_PRODUCT] - flow[FLOW_LOSS] - flow[FLOW_UNACCOUNTED_STOCK];
    }
    return sum;
}

static void compare_stock(const city *c, store_txn *txn)
{
    for (uint32_t site = 0; site < SITES; site++)
        for (size_t code = 0; code < CODES; code++) {
            uint32_t number = code_number(c, codes[code]);
            account_row row = account(txn, site, number);
            assert_int_equal(row.balance_g[ACCOUNT_ON_SITE], m.stock_g[site][code]);
            assert_int_equal(stock_by_flows(c, site, number), m.stock_g[site][code]);
        }
}

/* Per code: what manifests hold in transit and miss is what the accounts hold. */
static void compare_transit(const city *c, store_txn *txn)
{
    for (uint32_t code = 0; code < c->code_count; code++) {
        int64_t in_transit_g = 0;
        int64_t flows_g = 0;
        int64_t unaccounted_g = 0;
        for (uint32_t site = 0; site < SITES; site++)
            in_transit_g += account(txn, site, code).balance_g[ACCOUNT_IN_TRANSIT];
        for (size_t i = 0; i < c->manifest_count; i++) {
            if (c->manifests[i].code != code)
                continue;
            in_transit_g -= c->manifests[i].in_transit_g;
            unaccounted_g += c->manifests[i].unaccounted_g;
        }
        for (size_t i = 0; i < c->day_count; i++)
            if (c->days[i].code == code)
                flows_g += c->days[i].mass_g[FLOW_UNACCOUNTED_TRANSIT] -
                           c->days[i].mass_g[FLOW_UNDECLARED_TRANSIT];
        assert_int_equal(in_transit_g, 0);
        assert_int_equal(flows_g, unaccounted_g);
    }
}

static void compare_manifests(const city *c)
{
    assert_int_equal(c->manifest_count, m.manifest_count);
    for (size_t i = 0; i < c->manifest_count; i++) {
        const manifest_row *row = &c->manifests[i];
        const model_manifest *at = &m.manifests[i];
        int64_t picked_up_g = 0;
        for (size_t site = 0; site < SITES; site++)
            picked_up_g += at->picked_up_g[site];
        assert_string_equal(city_text(c, row->key), at->id);
        assert_int_equal(row->state, at->state);
        assert_int_equal(row->facility_site, at->facility);
        assert_int_equal(row->picked_up_g == MASS_NONE ? 0 : row->picked_up_g, picked_up_g);
        assert_int_equal(row->received_g == MASS_NONE ? 0 : row->received_g, at->received_g);
        assert_int_equal(row->returned_g, at->returned_g);
        assert_true(row->in_transit_g >= 0);
        assert_int_equal(picked_up_g,
                         at->received_g + at->returned_g + row->in_transit_g + row->unaccounted_g);
    }
}

static void compare(void)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    city *c = fixture_city(&f);
    assert_int_equal(store_begin(&txn, ledger_store(f.l), false, &err), WF_OK);
    assert_int_equal(book_check_zero_sums(f.b, txn, &err), WF_OK);
    compare_stock(c, txn);
    compare_transit(c, txn);
    compare_manifests(c);
    store_abort(txn);
    city_free(c);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static wf_status rebuild(bool check, wf_error *err)
{
    char scratch[96];
    char command[128];
    snprintf(scratch, sizeof scratch, "%s/scratch", f.folder);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    assert_int_equal(mkdir(scratch, 0700), 0);
    wf_status status = book_rebuild(f.b, f.l, scratch, check, NULL, err);
    assert_int_equal(system(command), 0);
    return status;
}

static void damage_first_account(void)
{
    wf_error err = {0};
    store_txn *txn = NULL;
    store_cursor *cursor = NULL;
    span key = {0};
    span value = {0};
    uint8_t key_bytes[8];
    account_value account;
    unsigned table = book_table_number(BOOK_ACCOUNTS);
    assert_int_equal(store_begin(&txn, ledger_store(f.l), true, &err), WF_OK);
    assert_int_equal(store_cursor_open(&cursor, txn, table, &err), WF_OK);
    assert_int_equal(store_cursor_seek(cursor, span_of(NULL, 0), &key, &value, &err), WF_OK);
    assert_int_equal(key.size, sizeof key_bytes);
    memcpy(key_bytes, key.data, sizeof key_bytes);
    memcpy(&account, value.data, sizeof account);
    store_cursor_close(cursor);
    account.row.balance_g[ACCOUNT_ON_SITE] += 1;
    assert_int_equal(store_put(txn, table, span_of(key_bytes, sizeof key_bytes),
                               span_of(&account, sizeof account), false, &err),
                     WF_OK);
    assert_int_equal(store_commit(txn, &err), WF_OK);
}

static void check_rebuild(void)
{
    wf_error err = {0};
    wf_status status = rebuild(true, &err);
    if (status != WF_OK)
        print_error("%s\n", err.text);
    assert_int_equal(status, WF_OK);
    damage_first_account();
    assert_int_equal(rebuild(true, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "accounts"));
    store_txn *txn = NULL;
    assert_int_equal(store_begin(&txn, ledger_store(f.l), false, &err), WF_OK);
    assert_int_equal(book_check_zero_sums(f.b, txn, &err), WF_DAMAGED);
    store_abort(txn);
    assert_int_equal(rebuild(false, &err), WF_OK);
    assert_int_equal(rebuild(true, &err), WF_OK);
}

/* Somebody enters a record while the book is derived again. */
static void enter_one_more(void *ctx, uint64_t done, uint64_t total)
{
    bool *entered = ctx;
    (void)done;
    (void)total;
    if (!*entered)
        assert_true(fixture_generation(&f, "LATE", "S1", FIXTURE_DAY_MS, "SW59", 1000));
    *entered = true;
}

/* A check beside a writer once called the book damaged for what had come in between. */
static void a_check_beside_a_writer_finds_no_damage(void **state)
{
    (void)state;
    wf_error err = {0};
    bool entered = false;
    ledger_progress progress = {enter_one_more, &entered};
    char scratch[96];
    fixture_open(&f);
    fixture_registry(&f);
    snprintf(scratch, sizeof scratch, "%s/scratch", f.folder);
    assert_int_equal(mkdir(scratch, 0700), 0);
    assert_int_equal(book_rebuild(f.b, f.l, scratch, true, &progress, &err), WF_SYSTEM);
    assert_true(entered);
    assert_non_null(strstr(err.text, "grew"));
    fixture_close(&f);
}

static void random_history(void **state)
{
    (void)state;
    const char *given = getenv("WUFEI_TEST_SEED");
    uint64_t seed =
        given != NULL ? strtoull(given, NULL, 10) : (uint64_t)clock_monotonic_us() % 1000000;
    print_message("WUFEI_TEST_SEED=%llu\n", (unsigned long long)seed);
    m = (model){.random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1, .now_ms = FIXTURE_DAY_MS};
    fixture_open(&f);
    fixture_registry(&f);
    for (size_t site = 0; site < 2; site++) /* every code has a number from the start */
        for (size_t code = 0; code < CODES; code++) {
            assert_true(fixture_stocktake(&f, site_ids[site], m.now_ms, codes[code], 100000));
            m.stock_g[site][code] = 100000;
            m.kept[site][code] = true;
        }
    for (unsigned step = 0; step < STEPS; step++) {
        m.now_ms += 1 + (int64_t)random_below(4 * TIME_HOUR_MS);
        unsigned kind = (unsigned)random_below(20);
        if (kind < 3)
            step_stock(kind);
        else if (kind < 5)
            step_manifest();
        else
            step_event();
        if (step % 100 == 50)
            fixture_reopen(&f);
    }
    compare();
    check_rebuild();
    compare();
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_beside_a_writer_finds_no_damage),
        cmocka_unit_test(random_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
