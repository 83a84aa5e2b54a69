/*
 * exchange/import: bundles into a real ledger with its book.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exchange/import.h"

enum { HEARD_BYTES = 1 << 20 };

static char folder[] = "/tmp/wufei-test-import-XXXXXX";
static char heard[HEARD_BYTES];
static size_t heard_size;

static int set_up(void **state)
{
    char path[100];
    (void)state;
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/bundle", folder);
    return mkdir(path, 0755);
}

static int tear_down(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void put(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/bundle/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void hear(void *ctx, const import_problem *problem)
{
    (void)ctx;
    if (heard_size + 2000 < HEARD_BYTES)
        heard_size +=
            (size_t)snprintf(heard + heard_size, HEARD_BYTES - heard_size, "%s%s: %s\n",
                             problem->warning ? "warning " : "", problem->place, problem->text);
}

/* Opens (makes) the ledger, imports `from`, and gives the size of the log. */
static wf_status import(const char *from, bool all_or_nothing, import_summary *summary,
                        uint64_t *log_size)
{
    char dir[100];
    char path[200];
    struct stat about;
    wf_error err = {0};
    book *b = NULL;
    ledger *l = NULL;
    snprintf(dir, sizeof dir, "%s/ledger", folder);
    snprintf(path, sizeof path, "%s/bundle", folder);
    assert_int_equal(book_new(&b, 480, &err), WF_OK);
    ledger_hooks hooks = book_hooks(b);
    if (stat(dir, &about) != 0)
        assert_int_equal(
            ledger_create(dir, "test.example/import", "ed25519-sha256", 480, &hooks, &err), WF_OK);
    ledger_options options = {.threads = 2, .hooks = &hooks};
    if (ledger_open(&l, dir, &options, &err) != WF_OK || book_attach(b, l, &err) != WF_OK)
        fail_msg("%s", err.text);
    heard_size = 0;
    heard[0] = '\0';
    import_options how = {.all_or_nothing = all_or_nothing, .problem = hear};
    wf_status status = import_bundle(l, b, from != NULL ? from : path, &how, summary, &err);
    if (status != WF_OK && status != WF_REFUSED)
        fail_msg("%s", err.text);
    *log_size = ledger_size(l);
    store_txn *txn = NULL;
    assert_int_equal(store_begin(&txn, ledger_store(l), false, &err), WF_OK);
    assert_int_equal(book_check_zero_sums(b, txn, &err), WF_OK);
    store_abort(txn);
    ledger_verify_report report;
    if (ledger_verify(l, 0, true, NULL, &report, &err) != WF_OK)
        fail_msg("%s", err.text);
    ledger_close(l);
    book_free(b);
    return status;
}

static uint64_t sum_of(const import_summary *summary, size_t offset)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < summary->file_count; i++)
        sum += *(const uint64_t *)(const void *)((const char *)&summary->files[i] + offset);
    return sum;
}
#define SUM(summary, field) sum_of(summary, offsetof(import_file_summary, field))

#define MANIFESTS                                                                                  \
    "manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,"   \
    "declared_kg\n"
#define MANIFEST(id, vehicle, kg)                                                                  \
    id ",medical,841-001-01,S1,P1," vehicle ",S2,2026-03-01T08:00:00+08:00," kg "\n"

static void put_bundle(void)
{
    put("parties.csv", "party_id,name,roles\nP1,Green,carrier|generator|facility\n");
    put("sites.csv", "site_id,party_id,name,kind,lat,lon\nS1,P1,one,clinic,30,120.5\n"
                     "S2,P1,two,medical_treatment,30.1,120.6\n");
    put("vehicles.csv", "vehicle_id,party_id\nV1,P1\n");
    put("manifests.csv", MANIFESTS MANIFEST("M1", "V1", "10"));
    put("manifest_events.csv", "manifest_id,event,time,mass_kg\n"
                               "M1,picked_up,2026-03-01T09:00:00+08:00,10\n"
                               "M1,received,2026-03-01T10:00:00+08:00,9.5\n");
    put("tracks.csv", "vehicle_id,time,lat,lon\nV1,2026-03-01T09:00:00+08:00,30,120\n"
                      "V1,2026-03-01T09:01:00+08:00,30,120\n");
}

static void twice_is_once(void **state)
{
    (void)state;
    import_summary summary;
    uint64_t first = 0;
    uint64_t second = 0;
    put_bundle();
    assert_int_equal(import(NULL, false, &summary, &first), WF_OK);
    assert_string_equal(heard, "");
    assert_int_equal(SUM(&summary, read), 9);
    assert_int_equal(SUM(&summary, entered), 9);
    assert_int_equal(summary.statements, 8);
    assert_int_equal(import(NULL, false, &summary, &second), WF_OK);
    assert_int_equal(first, second);
    assert_int_equal(SUM(&summary, entered), 0);
    assert_int_equal(SUM(&summary, already), 9);
    /* one more fix of the same day */
    put("tracks.csv", "vehicle_id,time,lat,lon\nV1,2026-03-01T09:00:00+08:00,30,120\n"
                      "V1,2026-03-01T09:02:00+08:00,30,120\n"
                      "V1,2026-03-01T09:01:00+08:00,30,120\n");
    assert_int_equal(import(NULL, false, &summary, &second), WF_OK);
    assert_int_equal(SUM(&summary, entered), 1);
    assert_int_equal(SUM(&summary, already), 9);
}

static void refusals_of_the_book_have_their_line(void **state)
{
    (void)state;
    import_summary summary;
    uint64_t size = 0;
    put_bundle();
    assert_int_equal(import(NULL, false, &summary, &size), WF_OK);
    put("manifests.csv",
        MANIFESTS MANIFEST("M1", "V1", "11") MANIFEST("M2", "V9", "1") MANIFEST("M3", "V1", "1"));
    put("manifest_events.csv", "manifest_id,event,time,mass_kg\n"
                               "M9,picked_up,2026-03-01T09:00:00+08:00,10\n"
                               "M3,picked_up,2026-03-01T11:00:00+08:00,1\n"
                               "M3,cancelled,2026-03-01T12:00:00+08:00,\n");
    assert_int_equal(import(NULL, false, &summary, &size), WF_REFUSED);
    assert_int_equal(SUM(&summary, refused), 4);
    assert_int_equal(SUM(&summary, entered), 2);
    static const char *const places[] = {
        "manifests.csv:2: manifest_id: M1: ", "manifests.csv:3: vehicle_id: V9: ",
        "manifest_events.csv:2: manifest_id: M9: ", "manifest_events.csv:4: manifest_id: M3: "};
    const char *at = heard;
    for (size_t i = 0; i < 4; i++) {
        if (strncmp(at, places[i], strlen(places[i])) != 0)
            fail_msg("%s\nis not there:\n%s", places[i], heard);
        at = strchr(at, '\n') + 1;
    }
    assert_string_equal(at, "");
}

static void says(const char *line)
{
    if (strstr(heard, line) == NULL)
        fail_msg("%s\nis not there:\n%s", line, heard);
}

/* An id that is there with other content: what differs, and what to do; also within one batch. */
static void other_content_is_named(void **state)
{
    (void)state;
    import_summary summary;
    uint64_t size = 0;
    put_bundle();
    put("manifests.csv", MANIFESTS MANIFEST("M1", "V1", "10") MANIFEST("M1", "V1", "12.5"));
    for (int all_or_nothing = 1; all_or_nothing >= 0; all_or_nothing--) {
        assert_int_equal(import(NULL, all_or_nothing, &summary, &size), WF_REFUSED);
        assert_int_equal(SUM(&summary, refused), 1);
        says("manifests.csv:3: manifest_id: M1: already entered as entry ");
        says(" with other content (declared_kg 10, here 12.5); what is entered stays: enter a "
             "correction instead, or give this one another id (the same id stands in "
             "manifests.csv:2)\n");
    }
    put("manifests.csv", MANIFESTS MANIFEST("M1", "V1", ""));
    assert_int_equal(import(NULL, false, &summary, &size), WF_REFUSED);
    says("manifests.csv:2: manifest_id: M1: already entered as entry 5 with other content "
         "(declared_kg 10, here not given); what is entered stays");
    assert_null(strstr(heard, "the same id stands in"));
    put("manifests.csv", MANIFESTS MANIFEST("M1", "V1", "10"));
    put("parties.csv", "party_id,name,roles\nP1,\x1b[31mGreen\x1b[0m\xe2\x80\xae,generator\n");
    assert_int_equal(import(NULL, false, &summary, &size), WF_REFUSED);
    assert_null(strchr(heard, '\x1b'));
    says("parties.csv:2: name: holds the control character 0x1b");
    put("parties.csv", "party_id,name,roles\nP1,Gre\xe2\x80\xae"
                       "en,generator\n");
    assert_int_equal(import(NULL, false, &summary, &size), WF_REFUSED);
    says("(name Green, here Gre\\u{202E}en; columns that differ: 2)");
}

/* An act before its filing is not told to file first what is filed later. */
static void acts_before_the_filing_are_named(void **state)
{
    (void)state;
    import_summary summary;
    uint64_t size = 0;
    put_bundle();
    put("manifest_events.csv", "manifest_id,event,time,mass_kg\n"
                               "M1,picked_up,2026-03-01T07:00:00+08:00,10\n"
                               "M9,picked_up,2026-03-01T07:00:00+08:00,10\n");
    assert_int_equal(import(NULL, false, &summary, &size), WF_REFUSED);
    says("manifest_events.csv:2: manifest_id: M1: is filed only at 2026-03-01T08:00:00+08:00 "
         "(manifests.csv), after this act; correct the time of one of them\n");
    says("manifest_events.csv:3: manifest_id: M9: no manifest with this id was entered before; "
         "file it first\n");
}

/* A year typed wrong is entered, and told; years that follow each other are not. */
static void far_times_are_told(void **state)
{
    (void)state;
    import_summary summary;
    uint64_t size = 0;
    put_bundle();
    put("reports.csv", "report_id,time,lat,lon,category\n"
                       "R1,2036-03-20T08:00:00+08:00,30,120,odour\n"
                       "R2,2027-02-20T08:00:00+08:00,30,120,odour\n"
                       "R3,2028-02-20T08:00:00+08:00,30,120,odour\n"
                       "R4,1999-02-20T08:00:00+08:00,30,120,odour\n");
    put("calendar.csv", "date,working\n2099-01-01,0\n");
    assert_int_equal(import(NULL, false, &summary, &size), WF_OK);
    assert_string_equal(heard, "warning reports.csv:2: time 2036-03-20T08:00:00+08:00 is 2951 days "
                               "after the newest other record of this import; was the year "
                               "meant?\n");
}

static void all_or_nothing_leaves_nothing(void **state)
{
    (void)state;
    import_summary summary;
    uint64_t size = 0;
    put_bundle();
    put("manifests.csv", MANIFESTS MANIFEST("M1", "V1", "10") MANIFEST("M2", "V9", "1"));
    assert_int_equal(import(NULL, true, &summary, &size), WF_REFUSED);
    assert_int_equal(size, 1); /* the genesis */
    assert_int_equal(SUM(&summary, entered), 0);
    assert_int_equal(SUM(&summary, refused), 1);
    assert_int_equal(strncmp(heard, "manifests.csv:3: vehicle_id: V9: ", 33), 0);
    assert_ptr_equal(strchr(heard, '\n'), heard + heard_size - 1);
    put("manifests.csv", MANIFESTS MANIFEST("M1", "V1", "10"));
    assert_int_equal(import(NULL, true, &summary, &size), WF_OK);
    assert_int_equal(SUM(&summary, entered), 9);
}

/* The sample city, where it is there: all rows read, few refused, and nothing new the second time.
 */
static void the_sample_city(void **state)
{
    (void)state;
    char path[1000];
    struct stat about;
    const char *shared = getenv("WUFEI_SHARED");
    if (shared != NULL)
        snprintf(path, sizeof path, "%s/samples/city-small", shared);
    else
        snprintf(path, sizeof path, "%s/../../shared/samples/city-small", TEST_SOURCE_DIR);
    if (stat(path, &about) != 0)
        skip();
    import_summary summary;
    uint64_t first = 0;
    uint64_t second = 0;
    import(path, false, &summary, &first);
    uint64_t refused = SUM(&summary, refused);
    if (refused >
        0) /* its rows that are typed wrong are possible, so they are entered and judged */
        fail_msg("%s", heard);
    assert_true(SUM(&summary, read) > 100000);
    assert_int_equal(SUM(&summary, read),
                     SUM(&summary, entered) + SUM(&summary, already) + refused);
    import(path, false, &summary, &second);
    assert_int_equal(SUM(&summary, entered), 0);
    assert_int_equal(SUM(&summary, refused), refused);
    assert_int_equal(first, second);
}

#define IMPORT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(twice_is_once),          IMPORT_TEST(refusals_of_the_book_have_their_line),
        IMPORT_TEST(other_content_is_named), IMPORT_TEST(acts_before_the_filing_are_named),
        IMPORT_TEST(far_times_are_told),     IMPORT_TEST(all_or_nothing_leaves_nothing),
        IMPORT_TEST(the_sample_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
