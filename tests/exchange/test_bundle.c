/*
 * exchange/bundle: the rules of spec bundle.md, against a stand-in of the ledger that keeps what it
 * is given. (tests/exchange/test_import.c does the same with a real ledger and book.)
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
#include <zlib.h>

#include <cmocka.h>

#include "exchange/bundle.h"

enum { KEPT_MAX = 8 * STATEMENTS_BATCH + 7, HEARD_BYTES = 1 << 20 };

typedef struct kept {
    uint8_t *bytes;
    size_t size;
    uint8_t statement_id[STATEMENT_ID_SIZE];
    char file[24];
    char id[140];
    int64_t time_ms;
} kept;

/* A ledger that takes everything whose text does not hold "UNKNOWN". */
typedef struct sink {
    kept kept[KEPT_MAX];
    size_t count;
    uint8_t largest_id[STATEMENT_ID_SIZE]; /* of all that were ever kept */
    size_t submits;
    char heard[HEARD_BYTES]; /* the problems, a line each */
    size_t heard_size;
    track_fix known[100];
    size_t known_count;
} sink;

static sink *s;
static char folder[] = "/tmp/wufei-test-bundle-XXXXXX";

static bool holds(span bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static void keep(submit_batch *batch, submit_item *item)
{
    statement_view view;
    wf_error err = {0};
    arena a;
    Wufei__Record *record = NULL;
    if (statement_parse(&view, item->statement, &err) != WF_OK)
        fail_msg("%s", err.text);
    assert_true(span_equal(view.origin, span_text("test.example/log")));
    assert_true(span_equal(view.author, span_text("operator")));
    item->reason = NULL;
    if (holds(view.record, "UNKNOWN")) {
        item->outcome = SUBMIT_REFUSED;
        item->reason = arena_strdup(&batch->memory, "vehicle_id UNKNOWN: is not known");
        return;
    }
    /* Ids mostly grow: one that is larger than all others need not be looked for. */
    bool largest = memcmp(view.id, s->largest_id, STATEMENT_ID_SIZE) > 0;
    for (size_t i = 0; !largest && i < s->count; i++) {
        if (memcmp(s->kept[i].statement_id, view.id, STATEMENT_ID_SIZE) != 0)
            continue;
        bool same = span_equal(item->statement, span_of(s->kept[i].bytes, s->kept[i].size));
        item->outcome = same ? SUBMIT_ALREADY : SUBMIT_REFUSED;
        item->reason = same ? NULL : "it is there with other content";
        return;
    }
    arena_init(&a, 0);
    if (record_decode(&record, &a, view.record, &err) != WF_OK)
        fail_msg("%s", err.text);
    assert_true(s->count < KEPT_MAX);
    kept *k = &s->kept[s->count++];
    k->bytes = malloc(item->statement.size);
    assert_non_null(k->bytes);
    memcpy(k->bytes, item->statement.data, item->statement.size);
    k->size = item->statement.size;
    memcpy(k->statement_id, view.id, STATEMENT_ID_SIZE);
    if (largest)
        memcpy(s->largest_id, view.id, STATEMENT_ID_SIZE);
    k->time_ms = view.time_ms;
    snprintf(k->file, sizeof k->file, "%s", record_file(record));
    snprintf(k->id, sizeof k->id, "%s", record_text_id(record, &a));
    item->outcome = SUBMIT_ENTERED;
    arena_free(&a);
}

static wf_status submit(void *ctx, submit_batch *batch, void (*done)(void *, submit_batch *),
                        void *done_ctx, wf_error *err)
{
    (void)ctx;
    (void)err;
    s->submits++;
    assert_int_equal(batch->seal_kind, SEAL_BY_OPERATOR);
    size_t before = s->count;
    for (size_t i = 0; i < batch->count; i++) {
        keep(batch, &batch->items[i]);
        if (batch->all_or_nothing && batch->items[i].outcome == SUBMIT_REFUSED)
            batch->status = wf_fail(&batch->error, WF_REFUSED, "one is refused");
    }
    while (batch->status != WF_OK && s->count > before)
        free(s->kept[--s->count].bytes);
    for (size_t i = 0; batch->status != WF_OK && i < batch->count; i++)
        if (batch->items[i].outcome != SUBMIT_REFUSED) {
            batch->items[i].outcome = SUBMIT_WITHDRAWN;
            batch->items[i].reason =
                "nothing was entered, because another statement of the batch was refused";
        }
    done(done_ctx, batch);
    return WF_OK;
}

static wf_status drain(void *ctx, wf_error *err)
{
    (void)ctx;
    (void)err;
    return WF_OK;
}

static wf_status track_day(void *ctx, const char *vehicle, int32_t day, arena *a, track_fix **out,
                           size_t *out_count, wf_error *err)
{
    (void)ctx;
    (void)vehicle;
    (void)day;
    (void)err;
    *out = arena_copy(a, s->known, sizeof s->known);
    *out_count = s->known_count;
    return WF_OK;
}

static void hear(void *ctx, const import_problem *problem)
{
    (void)ctx;
    s->heard_size +=
        (size_t)snprintf(s->heard + s->heard_size, HEARD_BYTES - s->heard_size, "%s%s: %s\n",
                         problem->warning ? "warning " : "", problem->place, problem->text);
    assert_true(s->heard_size < HEARD_BYTES);
}

static const import_target target = {.origin = "test.example/log",
                                     .utc_offset_minutes = 480,
                                     .submit = submit,
                                     .drain = drain,
                                     .track_day = track_day};

static wf_status run(import_summary *summary, bool all_or_nothing, wf_error *err)
{
    import_options options = {.all_or_nothing = all_or_nothing, .problem = hear};
    s->heard_size = 0;
    s->heard[0] = '\0';
    *err = (wf_error){0};
    return bundle_import(&target, folder, &options, summary, err);
}

static void put(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (strstr(name, ".gz") != NULL) {
        gzFile out = gzopen(path, "wb");
        assert_non_null(out);
        assert_int_equal(gzwrite(out, text, (unsigned)strlen(text)), strlen(text));
        gzclose(out);
        return;
    }
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static int set_up(void **state)
{
    (void)state;
    s = calloc(1, sizeof *s);
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    return s != NULL && mkdtemp(folder) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[100];
    while (s->count > 0)
        free(s->kept[--s->count].bytes);
    free(s);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static const import_file_summary *file_of(const import_summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->file_count; i++)
        if (strcmp(summary->files[i].name, name) == 0)
            return &summary->files[i];
    fail_msg("%s is not in the summary", name);
    return NULL;
}

static void heard_is(const char *expected)
{
    assert_string_equal(s->heard, expected);
}

#define MANIFESTS                                                                                  \
    "manifest_id,stream,waste_code,generator_site,carrier_id,vehicle_id,facility_site,filed_at,"   \
    "declared_kg,entered_at\n"
#define MANIFEST(id, time, kg) id ",medical,841-001-01,S1,P1,V1,S2," time "," kg ",\n"
#define EVENTS                                                                                     \
    "manifest_id,event,time,site_id,party_id,vehicle_id,mass_kg,scale_id,note,entered_at\n"
#define WEIGHINGS "ticket_id,scale_id,vehicle_id,gross_at,gross_kg,tare_at,tare_kg,manifest_id\n"

static void put_small_bundle(void)
{
    put("parties.csv",
        "\xEF\xBB\xBFname,party_id,roles\r\n\"Green, Ltd\",P1,carrier|generator\r\n");
    put("sites.csv", "site_id,party_id,name,kind,lat,lon\nS1,P1,one,clinic,30,120.5\n"
                     "S2,P1,two,incinerator,30.1,120.6\n");
    put("manifests.csv.gz", MANIFESTS MANIFEST("M1", "2026-03-01T08:00:00+08:00", "10.5")
                                MANIFEST("M2", "2026-03-01T10:00:00+08:00", ""));
    put("manifest_events.csv", EVENTS "M1,picked_up,2026-03-01T09:00:00+08:00,S1,,V1,10.4,,,\n"
                                      "M1,received,2026-03-01T02:00:00Z,S2,,,10.4,,,\n");
    put("weighings.csv", WEIGHINGS "T1,W1,V1,2026-03-01T09:40:00+08:00,5000,"
                                   "2026-03-01T08:30:00+08:00,4989.6,M1\n");
    put("calendar.csv", "date,working\n2026-03-01,1\n");
    put("activity.csv",
        "site_id,driver,from,to,value\n"
        "S1,visit,2026-02-01T00:00:00+08:00,2026-03-01T09:00:00+08:00,12.1234567\n");
}

/* "file id;" of what was entered, in its order. */
static const char *entered(void)
{
    static char text[4000];
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < s->count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%s;", s->kept[i].file,
                               s->kept[i].id[0] != '\0' ? " " : "", s->kept[i].id);
    return text;
}

static void rows_come_in_the_order_of_time(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put_small_bundle();
    assert_int_equal(run(&summary, false, &err), WF_OK);
    heard_is("");
    /* 09:00: activity before events (the order of the tables); M2 at 10:00 before the receipt at
       02:00Z, the same moment; a weighing counts at its later half; the calendar's day begins at
       +08:00 */
    assert_string_equal(entered(), "parties P1;sites S1;sites S2;calendar;manifests M1;activity;"
                                   "manifest_events;weighings T1;manifests M2;manifest_events;");
    assert_int_equal(s->kept[0].time_ms, 0);
    assert_int_equal(s->kept[3].time_ms, 1772294400000);
    assert_int_equal(summary.statements, 10);
    assert_int_equal(file_of(&summary, "manifests.csv.gz")->entered, 2);
}

static void importing_twice_changes_nothing(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put_small_bundle();
    assert_int_equal(run(&summary, false, &err), WF_OK);
    size_t count = s->count;
    assert_int_equal(run(&summary, false, &err), WF_OK);
    assert_int_equal(s->count, count);
    assert_int_equal(summary.statements, 0);
    assert_int_equal(file_of(&summary, "manifests.csv.gz")->read, 2);
    assert_int_equal(file_of(&summary, "manifests.csv.gz")->entered, 0);
    assert_int_equal(file_of(&summary, "manifests.csv.gz")->already, 2);
    /* the same id with another mass */
    put("manifests.csv.gz", MANIFESTS MANIFEST("M1", "2026-03-01T08:00:00+08:00", "11")
                                MANIFEST("M2", "2026-03-01T10:00:00+08:00", ""));
    assert_int_equal(run(&summary, false, &err), WF_REFUSED);
    assert_int_equal(s->count, count);
    heard_is("manifests.csv.gz:2: manifest_id: M1: it is there with other content\n");
    assert_int_equal(file_of(&summary, "manifests.csv.gz")->refused, 1);
    assert_string_equal(err.text, "1 row was refused, 0 rows were entered");
}

static void unsorted_files_are_sorted(void **state)
{
    (void)state;
    for (int zipped = 0; zipped < 2; zipped++) {
        import_summary summary;
        wf_error err;
        put(zipped ? "manifests.csv.gz" : "manifests.csv",
            MANIFESTS MANIFEST("M3", "2026-03-03T08:00:00+08:00", "\"1\"")
                MANIFEST("M1", "2026-03-01T08:00:00+08:00", "2")
                    MANIFEST("BAD", "2026-13-01T08:00:00+08:00", "2")
                        MANIFEST("M2", "2026-03-02T08:00:00+08:00",
                                 "3") "M9,\"cut" MANIFEST("M0", "2026-03-01T08:00:00+08:00", "x"));
        put("reports.csv",
            "report_id,time,lat,lon,category\nR1,2026-03-02T08:00:00+08:00,1,2,odour\n");
        assert_int_equal(run(&summary, false, &err), WF_REFUSED);
        assert_string_equal(entered(), "manifests M1;manifests M2;reports R1;manifests M3;");
        char expected[1000];
        snprintf(expected, sizeof expected,
                 "%1$s:4: filed_at: \"2026-13-01T08:00:00+08:00\" is not a time as "
                 "2026-03-01T08:30:00+08:00 (RFC 3339 with an offset)\n"
                 "%1$s:6: a quote is opened and never closed\n",
                 zipped ? "manifests.csv.gz" : "manifests.csv");
        heard_is(expected);
        tear_down(NULL);
        set_up(NULL);
    }
}

static void every_row_error_has_its_place(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put("manifests.csv", MANIFESTS MANIFEST("", "2026-03-01T08:00:00+08:00", "1") /* 2 */
        MANIFEST("M1", "2026-03-01 08:00", "1")                                   /* 3 */
        MANIFEST("M1", "2026-03-01T08:00:00+08:00", "1.0001")                     /* 4 */
        MANIFEST("M1", "2026-03-01T08:00:00+08:00", "-5")                         /* 5 */
        "M1,toxic,841-001-01,S1,P1,V1,S2,2026-03-01T08:00:00+08:00,,\n"           /* 6 */
        "M1,medical\n"                                                            /* 7 */
        "M1\"x\n"                                                                 /* 8 */
        MANIFEST("M\x80", "2026-03-01T08:00:00+08:00", "1")                       /* 9 */
        "M1,medical,1,S1,P1,UNKNOWN,S2,2026-03-01T08:00:00+08:00,,\n"             /* 10 */
        MANIFEST("GOOD", "2026-03-01T08:00:00+08:00", "1"));
    put("sites.csv", "site_id,party_id,name,kind,lat,lon\nS1,P1,one,hut,30,120.5\n"
                     "S1,P1,one,depot,90.1,120.5\nS1,P1,one,depot,90,180.5\nS1,P1,,depot,90,1\n");
    put("activity.csv", "site_id,driver,from,to,value\n"
                        "S1,visit,2026-03-02T00:00:00Z,2026-03-01T09:00:00Z,1\n");
    assert_int_equal(run(&summary, false, &err), WF_REFUSED);
    heard_is(
        "sites.csv:2: kind: \"hut\" is none of: factory, workshop, hospital, clinic, "
        "construction_site, demolition_site, community, market, transfer_station, "
        "collection_centre, incinerator, landfill, hazardous_treatment, medical_treatment, "
        "cement_kiln, recycler, spoil_ground, food_waste_plant, depot\n"
        "sites.csv:3: lat: \"90.1\" is not a latitude in decimal degrees, -90 to 90\n"
        "sites.csv:4: lon: \"180.5\" is not a longitude in decimal degrees, -180 to 180\n"
        "sites.csv:5: name: the cell is empty, a value is required\n"
        "activity.csv:2: to: 2026-03-01T17:00:00+08:00 lies before from, "
        "2026-03-02T08:00:00+08:00\n"
        "manifests.csv:2: manifest_id: the cell is empty, a value is required\n"
        "manifests.csv:3: filed_at: \"2026-03-01 08:00\" is not a time as "
        "2026-03-01T08:30:00+08:00 (RFC 3339 with an offset)\n"
        "manifests.csv:4: declared_kg: \"1.0001\" is not a mass in kilograms, 0 to 10000000000 "
        "with at most three decimals\n"
        "manifests.csv:5: declared_kg: \"-5\" is not a mass in kilograms, 0 to 10000000000 with "
        "at most three decimals\n"
        "manifests.csv:6: stream: \"toxic\" is none of: industrial, hazardous, construction, "
        "medical, household\n"
        "manifests.csv:7: the row has 2 cells, the header has 10\n"
        "manifests.csv:8: a quote stands inside a cell that is not quoted\n"
        "manifests.csv:9: manifest_id: byte 2 is not UTF-8; save a file in GBK as UTF-8 first\n"
        "manifests.csv:10: vehicle_id: UNKNOWN: is not known\n");
    assert_string_equal(entered(), "manifests GOOD;");
    const import_file_summary *f = file_of(&summary, "manifests.csv");
    assert_int_equal(f->read, 10);
    assert_int_equal(f->refused, 9);
    assert_int_equal(f->entered, 1);
}

/* What a full disk or a lost connection leaves: the last row ends where the file does. */
static void a_file_that_was_cut_short_is_told(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put("parties.csv", "party_id,name,roles\nP1,one,carrier\nP2,tw");
    put("sites.csv", "site_id,party_id,name,kind,lat,lon\nS1,P1,one,depot,30,120.5");
    assert_int_equal(run(&summary, false, &err), WF_REFUSED);
    heard_is("parties.csv:3: the row has 2 cells, the header has 3, and the file ends within it, "
             "without a line end: it may have been cut short; get it again, whole\n");
    assert_string_equal(entered(), "parties P1;sites S1;");
}

static void files_and_columns_are_known_by_name(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put("parties.csv", "party_id,name,roles,shoe_size,hat\nP1,one,carrier,44,x\n");
    put("sites.csv", "site_id,party_id,name,kind,lat\nS1,P1,one,depot,30\n");
    put("places.csv", "");
    put("vehicles.csv", "vehicle_id,party_id,vehicle_id\nV1,P1,V1\n");
    put("invoices.csv", "\"not even csv");
    put("README.csv", "x");
    put(".hidden.csv", "x");
    put("notes.txt", "x");
    assert_int_equal(run(&summary, false, &err), WF_REFUSED);
    heard_is("warning parties.csv:1: unknown columns are kept out: \"shoe_size\", \"hat\"\n"
             "sites.csv:1: lon: the column is missing, and the file is not read without it\n"
             "places.csv:1: the file is empty, a header line was expected\n"
             "vehicles.csv:1: vehicle_id: the column is there twice, and the file is not read\n"
             "warning invoices.csv: no file of a bundle has this name; it is not read\n");
    assert_string_equal(entered(), "parties P1;");
}

static void put_bytes(const char *name, const char *bytes, size_t size)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

/* A file that other programs saved in their way is told what it looks like; none of it is read. */
static void headers_of_other_programs(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *said;
    } files[] = {
#define FILE_OF(bytes, said) {bytes, sizeof bytes - 1, said}
        FILE_OF("\xFF\xFEp\0a\0r\0t\0y\0_\0i\0d\0,\0n\0a\0m\0e\0\n\0P\0001\0,\0x\0\n\0",
                "this looks like UTF-16; save the file as CSV UTF-8"),
        FILE_OF("\xFE\xFF\0p\0a\0\n\0P\0001", "this looks like UTF-16; save the file as CSV UTF-8"),
        FILE_OF("p\0a\0,\0b\0\n\0x\0\n\0",
                "this looks like UTF-16 (it holds zero bytes); save the file as CSV UTF-8"),
        FILE_OF("party_id;name;roles\nP1;one;carrier\n",
                "the columns seem to be parted by semicolons; save the file as CSV UTF-8, with "
                "commas"),
        FILE_OF("party_id\tname\troles\nP1\tone\tcarrier\n",
                "the columns seem to be parted by tabs; save the file as CSV UTF-8, with commas"),
        FILE_OF("\xC6\xF3\xD2\xB5,\xC3\xFB\xB3\xC6\nP1,one\n",
                "this is not UTF-8 and looks like GBK; save the file as CSV UTF-8"),
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        import_summary summary;
        wf_error err;
        char expected[400];
        put_bytes("parties.csv", files[i].bytes, files[i].size);
        assert_int_equal(run(&summary, i % 2 == 0, &err), WF_REFUSED);
        snprintf(expected, sizeof expected,
                 "parties.csv:1: a header with the columns of parties.csv was expected; %s\n",
                 files[i].said);
        heard_is(expected);
        assert_int_equal(file_of(&summary, "parties.csv")->read, 0);
        assert_int_equal(file_of(&summary, "parties.csv")->refused, 0);
        assert_string_equal(entered(), "");
        assert_non_null(strstr(err.text, "a file was not read, "));
    }
}

/* What is no regular file of ours is passed by without a wait; the answer key without a word. */
static void names_that_are_not_read(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    char path[200];
    put("parties.csv", "party_id,name,roles\nP1,one,carrier\n");
    put("Manifests.CSV", "x");
    put("truth.csv", "x");
    put("truth_acts.csv", "x");
    put("negatives.csv.gz", "x");
    put("breaches.csv", "x");
    assert_int_equal(run(&summary, false, &err), WF_OK);
    heard_is("warning Manifests.CSV: the name differs from manifests.csv only by case; it is not "
             "read, rename it\n");
    assert_string_equal(entered(), "parties P1;");
    snprintf(path, sizeof path, "%s/tracks.csv", folder);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(i == 0 ? mkfifo(path, 0600) : symlink("/dev/zero", path), 0);
        assert_int_equal(run(&summary, false, &err), WF_USAGE);
        assert_non_null(strstr(err.text, "tracks.csv is not a regular file"));
        assert_int_equal(unlink(path), 0);
    }
}

static void wrong_folders_are_wrong_use(void **state)
{
    (void)state;
    import_options options = {.problem = hear};
    import_summary summary;
    wf_error err = {0};
    char path[200];
    assert_int_equal(run(&summary, false, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "holds no file of a bundle"));
    put("parties.csv", "party_id,name,roles\n");
    assert_int_equal(run(&summary, false, &err), WF_OK);
    put("parties.csv.gz", "party_id,name,roles\n");
    assert_int_equal(run(&summary, false, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "holds both parties.csv and parties.csv.gz"));
    snprintf(path, sizeof path, "%s/parties.csv", folder);
    assert_int_equal(bundle_import(&target, path, &options, &summary, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "is a file; a folder"));
    snprintf(path, sizeof path, "%s/nowhere", folder);
    assert_int_equal(bundle_import(&target, path, &options, &summary, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "does not exist"));
}

static void all_or_nothing(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put_small_bundle();
    put("places.csv", "place_id,kind,lat,lon,radius_m\nG1,fuel,1,2,x\n");
    assert_int_equal(run(&summary, true, &err), WF_REFUSED);
    assert_int_equal(s->submits, 0);
    heard_is("places.csv:2: radius_m: \"x\" is not a radius in metres, 0 to 1000000\n");
    put("places.csv", "place_id,kind,lat,lon,radius_m\nUNKNOWN,fuel,1,2,3\n");
    assert_int_equal(run(&summary, true, &err), WF_REFUSED);
    assert_int_equal(s->count, 0);
    assert_int_equal(s->submits, 1);
    assert_int_equal(file_of(&summary, "parties.csv")->entered, 0);
    assert_int_equal(file_of(&summary, "places.csv")->refused, 1);
    assert_string_equal(err.text, "1 row was refused, so nothing was entered");
    put("places.csv", "place_id,kind,lat,lon,radius_m\nG1,fuel,1,2,3\n");
    assert_int_equal(run(&summary, true, &err), WF_OK);
    assert_int_equal(s->count, 11);
    assert_int_equal(s->submits, 2);
}

static void tracks_become_days(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    put("tracks.csv", "vehicle_id,time,lat,lon\n"
                      "V1,2026-03-01T23:59:00+08:00,30,120\n"
                      "V1,2026-03-01T10:00:00+08:00,30.1,120\n"
                      "V1,2026-03-01T10:00:00+08:00,30.1,120.0\n" /* the same again */
                      "V1,2026-03-02T00:00:00+08:00,30,120\n"
                      "V2,2026-03-01T12:00:00+08:00,91,120\n"
                      "V2,2026-03-01T12:00:00+08:00,30,120\n");
    put("manifests.csv", MANIFESTS MANIFEST("M1", "2026-03-02T00:00:00+08:00", "1"));
    assert_int_equal(run(&summary, false, &err), WF_REFUSED);
    heard_is("tracks.csv:6: lat: \"91\" is not a latitude in decimal degrees, -90 to 90\n");
    assert_string_equal(entered(), "tracks;tracks;manifests M1;tracks;");
    const import_file_summary *f = file_of(&summary, "tracks.csv");
    assert_int_equal(f->read, 6);
    assert_int_equal(f->entered, 4);
    assert_int_equal(f->already, 1);
    assert_int_equal(f->refused, 1);
    /* the book holds one fix: only the others make a record */
    s->known[0] = (track_fix){1772323200000 + 6 * 3600000, 300000000, 1200000000};
    s->known[0].time_ms = 1772337600000; /* 2026-03-01T12:00:00+08:00 */
    s->known_count = 1;
    put("tracks.csv", "vehicle_id,time,lat,lon\nV2,2026-03-01T12:00:00+08:00,30,120\n");
    assert_int_equal(run(&summary, false, &err), WF_OK);
    assert_int_equal(file_of(&summary, "tracks.csv")->already, 1);
    assert_int_equal(s->count, 4);
}

static void long_days_are_split(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    buffer text = {0};
    buffer_append_text(&text, "vehicle_id,time,lat,lon\n");
    for (int i = 0; i < 2 * TRACK_FIXES_MAX + 1; i++)
        buffer_printf(&text, "V1,2026-03-01T%02d:%02d:%02dZ,30,120\n", i / 3600, i / 60 % 60,
                      i % 60);
    buffer_append_byte(&text, 0);
    put("tracks.csv", (const char *)text.data);
    buffer_free(&text);
    assert_int_equal(run(&summary, false, &err), WF_OK);
    assert_int_equal(s->count, 3);
    assert_int_equal(file_of(&summary, "tracks.csv")->entered, 2 * TRACK_FIXES_MAX + 1);
}

static void batches_are_recycled(void **state)
{
    (void)state;
    import_summary summary;
    wf_error err;
    buffer text = {0};
    buffer_append_text(&text, "report_id,time,lat,lon,category\n");
    enum { ROWS = 8 * STATEMENTS_BATCH + 7, REFUSED = ROWS / 1000 };
    for (int i = 0; i < ROWS; i++)
        buffer_printf(&text, "R%d,2026-03-01T%02d:%02d:%02dZ,30,120,%s\n", i, i / 3600, i / 60 % 60,
                      i % 60, i % 1000 == 999 ? "noise" : "odour");
    buffer_append_byte(&text, 0);
    put("reports.csv", (const char *)text.data);
    buffer_free(&text);
    assert_int_equal(run(&summary, false, &err), WF_REFUSED);
    assert_int_equal(s->count, ROWS - REFUSED);
    assert_int_equal(s->submits, 8);
    assert_int_equal(summary.files[0].refused, REFUSED);
}

/* A bundle cut and changed at many places is refused or read, and never crashes. */
static void mutated_bundles_never_crash(void **state)
{
    (void)state;
    static const char *const names[] = {"parties.csv",   "sites.csv",    "manifest_events.csv",
                                        "weighings.csv", "activity.csv", "manifests.csv.gz"};
    uint32_t seed = 7;
    for (int turn = 0; turn < 600; turn++) {
        char path[200];
        char bytes[4096];
        import_summary summary;
        wf_error err;
        put_small_bundle();
        const char *name = names[turn % 6];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        FILE *in = fopen(path, "rb");
        assert_non_null(in);
        size_t size = fread(bytes, 1, sizeof bytes, in);
        fclose(in);
        seed = seed * 1664525 + 1013904223;
        if (turn % 3 == 0)
            size = (seed >> 8) % size;
        else
            bytes[(seed >> 8) % size] = "\",\n\r|\0\xff-9Z"[(seed >> 4) % 10];
        FILE *out = fopen(path, "wb");
        assert_non_null(out);
        fwrite(bytes, 1, size, out);
        fclose(out);
        wf_status status = run(&summary, turn % 5 == 0, &err);
        assert_true(status == WF_OK || (status == WF_REFUSED && s->heard_size > 0));
        uint64_t rows = 0;
        for (size_t i = 0; i < summary.file_count; i++)
            rows += summary.files[i].refused;
        bool stopped = strstr(err.text, "a file was not read") != NULL; /* for its header */
        assert_int_equal(rows > 0 || stopped, status == WF_REFUSED);
        while (s->count > 0)
            free(s->kept[--s->count].bytes);
    }
}

#define BUNDLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUNDLE_TEST(rows_come_in_the_order_of_time),
        BUNDLE_TEST(importing_twice_changes_nothing),
        BUNDLE_TEST(unsorted_files_are_sorted),
        BUNDLE_TEST(every_row_error_has_its_place),
        BUNDLE_TEST(a_file_that_was_cut_short_is_told),
        BUNDLE_TEST(files_and_columns_are_known_by_name),
        BUNDLE_TEST(headers_of_other_programs),
        BUNDLE_TEST(names_that_are_not_read),
        BUNDLE_TEST(wrong_folders_are_wrong_use),
        BUNDLE_TEST(all_or_nothing),
        BUNDLE_TEST(tracks_become_days),
        BUNDLE_TEST(long_days_are_split),
        BUNDLE_TEST(batches_are_recycled),
        BUNDLE_TEST(mutated_bundles_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
