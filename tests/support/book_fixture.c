/*
 * tests/support/book_fixture.c: see book_fixture.h.
 */
#include "support/book_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "model/record.h"

#define FIXTURE_ORIGIN "book.test.example/1"

static void must(wf_status status, const wf_error *err)
{
    if (status != WF_OK)
        print_error("%s\n", err->text);
    assert_int_equal(status, WF_OK);
}

static void open_ledger(book_fixture *f)
{
    wf_error err = {0};
    must(book_new(&f->b, 480, &err), &err);
    ledger_hooks hooks = book_hooks(f->b);
    ledger_options options = {.hooks = &hooks, .threads = 1, .map_size = (size_t)1 << 30};
    must(ledger_open(&f->l, f->dir, &options, &err), &err);
    must(book_attach(f->b, f->l, &err), &err);
}

void fixture_open(book_fixture *f)
{
    wf_error err = {0};
    *f = (book_fixture){.folder = "/tmp/wufei-book-XXXXXX"};
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->dir, sizeof f->dir, "%s/city", f->folder);
    must(book_new(&f->b, 480, &err), &err);
    ledger_hooks hooks = book_hooks(f->b);
    must(ledger_create(f->dir, FIXTURE_ORIGIN, "ed25519-sha256", 480, &hooks, &err), &err);
    book_free(f->b);
    open_ledger(f);
}

static void remove_folder(const char *folder)
{
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

void fixture_close(book_fixture *f)
{
    ledger_close(f->l);
    book_free(f->b);
    remove_folder(f->folder);
}

void fixture_reopen(book_fixture *f)
{
    ledger_close(f->l);
    book_free(f->b);
    open_ledger(f);
}

/* The statement of a record: id from the record, author the operator. */
static span make_statement(const Wufei__Record *record)
{
    wf_error err = {0};
    buffer bytes = {0};
    buffer out = {0};
    uint8_t id[STATEMENT_ID_SIZE];
    must(record_encode(&bytes, record, &err), &err);
    record_statement_id(id, record, span_of(bytes.data, bytes.size));
    int64_t time_ms = record_time_ms(record);
    statement_view view = {.origin = span_text(FIXTURE_ORIGIN),
                           .author = span_text("operator"),
                           .id = id,
                           .time_ms = time_ms == TIME_NONE ? 0 : time_ms,
                           .record = span_of(bytes.data, bytes.size)};
    statement_write(&out, &view);
    assert_false(out.failed);
    buffer_free(&bytes);
    return span_of(out.data, out.size);
}

size_t fixture_submit_all(book_fixture *f, Wufei__Record *const *records, size_t count,
                          bool all_or_nothing)
{
    wf_error err = {0};
    size_t refused = 0;
    submit_batch batch = {
        .count = count, .seal_kind = SEAL_BY_OPERATOR, .all_or_nothing = all_or_nothing};
    batch.items = calloc(count, sizeof *batch.items);
    assert_non_null(batch.items);
    arena_init(&batch.memory, 0);
    for (size_t i = 0; i < count; i++)
        batch.items[i].statement = make_statement(records[i]);
    wf_status status = ledger_submit(f->l, &batch, &err);
    if (status != WF_OK && status != WF_REFUSED)
        must(status, &err);
    for (size_t i = 0; i < count; i++) {
        const submit_item *item = &batch.items[i];
        refused += item->outcome == SUBMIT_REFUSED || item->outcome == SUBMIT_WITHDRAWN;
        if (item->reason != NULL)
            snprintf(f->reason, sizeof f->reason, "%s", item->reason);
        f->outcome = item->outcome;
        f->seq = item->seq;
        free((void *)(uintptr_t)item->statement.data);
    }
    free(batch.items);
    arena_free(&batch.memory);
    return refused;
}

bool fixture_submit(book_fixture *f, const Wufei__Record *record)
{
    Wufei__Record *const records[] = {(Wufei__Record *)(uintptr_t)record};
    return fixture_submit_all(f, records, 1, false) == 0;
}

city *fixture_city(book_fixture *f)
{
    wf_error err = {0};
    city *c = NULL;
    must(city_load(&c, f->b, true, &err), &err);
    return c;
}

/* ---- records -------------------------------------------------------------------------------- */

/* protobuf-c has no const strings; nothing here writes to them. */
static char *text(const char *t)
{
    return (char *)(uintptr_t)t;
}

#define SUBMIT(member, CASE, message)                                                              \
    do {                                                                                           \
        Wufei__Record record = WUFEI__RECORD__INIT;                                                \
        record.body_case = WUFEI__RECORD__BODY_##CASE;                                             \
        record.member = &(message);                                                                \
        return fixture_submit(f, &record);                                                         \
    } while (0)

bool fixture_party(book_fixture *f, const char *id, uint32_t roles)
{
    Wufei__Party m = WUFEI__PARTY__INIT;
    m.party_id = text(id);
    m.name = text("name");
    m.roles = roles;
    SUBMIT(party, PARTY, m);
}

bool fixture_site(book_fixture *f, const char *id, const char *party, uint32_t kind)
{
    Wufei__Site m = WUFEI__SITE__INIT;
    m.site_id = text(id);
    m.party_id = text(party);
    m.name = text("name");
    m.kind = kind;
    SUBMIT(site, SITE, m);
}

bool fixture_vehicle(book_fixture *f, const char *id, const char *party)
{
    Wufei__Vehicle m = WUFEI__VEHICLE__INIT;
    m.vehicle_id = text(id);
    m.party_id = text(party);
    SUBMIT(vehicle, VEHICLE, m);
}

bool fixture_scale(book_fixture *f, const char *id, const char *site)
{
    Wufei__Scale m = WUFEI__SCALE__INIT;
    m.scale_id = text(id);
    m.site_id = text(site);
    m.division_g = 20000;
    SUBMIT(scale, SCALE, m);
}

bool fixture_generation(book_fixture *f, const char *id, const char *site, int64_t ms,
                        const char *code, int64_t mass_g)
{
    Wufei__Generation m = WUFEI__GENERATION__INIT;
    m.batch_id = text(id);
    m.site_id = text(site);
    m.time_ms = ms;
    m.waste_code = text(code);
    m.mass_g = mass_g;
    SUBMIT(generation, GENERATION, m);
}

bool fixture_manifest(book_fixture *f, const char *id, const char *code, const char *generator,
                      const char *facility, int64_t ms)
{
    Wufei__Manifest m = WUFEI__MANIFEST__INIT;
    m.manifest_id = text(id);
    m.stream = STREAM_INDUSTRIAL;
    m.waste_code = text(code);
    m.generator_site = text(generator);
    m.carrier_id = text("P1");
    m.vehicle_id = text("V1");
    m.facility_site = text(facility);
    m.filed_at_ms = ms;
    SUBMIT(manifest, MANIFEST, m);
}

bool fixture_event(book_fixture *f, const char *manifest, uint32_t event, int64_t ms,
                   const char *site, int64_t mass_g)
{
    Wufei__ManifestEvent m = WUFEI__MANIFEST_EVENT__INIT;
    m.manifest_id = text(manifest);
    m.event = event;
    m.time_ms = ms;
    m.site_id = text(site);
    m.has_mass_g = mass_g != NO_MASS;
    m.mass_g = m.has_mass_g ? mass_g : 0;
    SUBMIT(event, EVENT, m);
}

bool fixture_stocktake(book_fixture *f, const char *site, int64_t ms, const char *code,
                       int64_t mass_g)
{
    Wufei__Stocktake m = WUFEI__STOCKTAKE__INIT;
    m.site_id = text(site);
    m.time_ms = ms;
    m.waste_code = text(code);
    m.mass_g = mass_g;
    SUBMIT(stocktake, STOCKTAKE, m);
}

bool fixture_treatment(book_fixture *f, const char *id, const char *site, int64_t ms,
                       const char *code, int64_t mass_g, const char *output_code, int64_t output_g)
{
    Wufei__Treatment m = WUFEI__TREATMENT__INIT;
    m.treatment_id = text(id);
    m.site_id = text(site);
    m.time_ms = ms;
    m.waste_code = text(code);
    m.mass_g = mass_g;
    m.method = text("R5");
    m.output_code = text(output_code);
    m.has_output_g = output_code != NULL && output_g != NO_MASS;
    m.output_g = m.has_output_g ? output_g : 0;
    SUBMIT(treatment, TREATMENT, m);
}

void fixture_registry(book_fixture *f)
{
    static const char *const sites[] = {"S1", "S2", "S3", "S4", "S5"};
    assert_true(fixture_party(f, "P1", 7));
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        assert_true(fixture_site(f, sites[i], "P1", SITE_FACTORY));
    assert_true(fixture_vehicle(f, "V1", "P1"));
    assert_true(fixture_scale(f, "W1", "S1"));
}
