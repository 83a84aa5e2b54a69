/*
 * model: every kind of record there and back, each other coding refused, each rule of a field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/number.h"
#include "base/time.h"
#include "model/columns.h"
#include "model/track.h"

/* A record with every column of its kind given, from the cells that a bundle would hold. */
typedef struct sample {
    Wufei__Record record;
    union {
        ProtobufCMessage base;
        Wufei__Permit permit;
        Wufei__Manifest manifest;
        Wufei__ManifestEvent event;
        Wufei__Filing filing;
        Wufei__Site site;
    } body;
    arena memory;
} sample;

static const char *cell_of(const column *c)
{
    switch (c->type) {
    case COLUMN_IDS:
        return "841-001-01|SW6*|废";
    case COLUMN_TIME:
        return strcmp(c->name, "from") == 0 ? "2026-03-01T08:30:00+08:00"
                                            : "2026-03-02T08:30:00.250+08:00";
    case COLUMN_DATE:
        return "2026-05-01";
    case COLUMN_MASS:
        return "12.345";
    case COLUMN_QUANTITY:
        return "84.5";
    case COLUMN_LAT:
        return "-29.9196411";
    case COLUMN_LON:
        return "120.4994451";
    case COLUMN_RADIUS:
        return "40.5";
    case COLUMN_SHARE:
        return "0.03";
    case COLUMN_WORD:
        return c->words->words[c->words->count - 1];
    case COLUMN_ROLES:
        return "facility|generator";
    case COLUMN_FLAG:
        return "1";
    default:
        return c->type == COLUMN_TEXT ? "停产\n\"检修\"\\" : "浙D·M122W";
    }
}

static void sample_free(sample *s)
{
    arena_free(&s->memory);
}

static void sample_track(sample *s, Wufei__Track *track)
{
    track_fix fixes[3] = {{1772323200000, 300000000, 1205000000},
                          {1772323260000, 300000100, 1204999000},
                          {1772323260000, 300000100, 1205000000}};
    buffer packed = {0};
    wf_error err = {0};
    assert_int_equal(track_pack(&packed, fixes, 3, &err), WF_OK);
    track->vehicle_id = arena_strdup(&s->memory, "浙D·M122W");
    track->day = 20514;
    track->count = 3;
    track->fixes.len = packed.size;
    track->fixes.data = arena_copy(&s->memory, packed.data, packed.size);
    buffer_free(&packed);
}

static void sample_make(sample *s, Wufei__Record__BodyCase body)
{
    const record_kind *kind = record_kind_of(body);
    assert_non_null(kind);
    assert_true(kind->message->sizeof_message <= sizeof s->body);
    memset(s, 0, sizeof *s);
    arena_init(&s->memory, 0);
    wufei__record__init(&s->record);
    protobuf_c_message_init(kind->message, &s->body);
    s->record.body_case = body;
    s->record.party = (Wufei__Party *)&s->body;
    if (body == WUFEI__RECORD__BODY_TRACK) {
        sample_track(s, (Wufei__Track *)&s->body);
        return;
    }
    wf_error err = {0};
    for (size_t i = 0; i < kind->column_count; i++) {
        const column *c = &kind->columns[i];
        if (c->type == COLUMN_ATTRIBUTES || strcmp(c->name, "location_unknown") == 0)
            continue;
        char *text = arena_strdup(&s->memory, cell_of(c));
        wf_status status = column_parse(c, &s->body, text, strlen(text), &s->memory, &err);
        if (status != WF_OK)
            fail_msg("%s: %s", c->name, err.text);
    }
}

static void every_kind_round_trips(void **state)
{
    (void)state;
    for (unsigned body = 1; body <= RECORD_KINDS; body++) {
        sample s;
        sample_make(&s, body);
        Wufei__Attribute attribute = WUFEI__ATTRIBUTE__INIT;
        Wufei__Attribute *list[1] = {&attribute};
        attribute.name = "un";
        attribute.value = "UN3082";
        if (body == WUFEI__RECORD__BODY_MANIFEST) {
            s.body.manifest.n_attributes = 1;
            s.body.manifest.attributes = list;
        }
        wf_error err = {0};
        buffer bytes = {0};
        if (record_check(&s.record, &err) != WF_OK)
            fail_msg("%s: %s", record_file(&s.record), err.text);
        assert_int_equal(record_encode(&bytes, &s.record, &err), WF_OK);
        Wufei__Record *back = NULL;
        if (record_decode(&back, &s.memory, span_of(bytes.data, bytes.size), &err) != WF_OK)
            fail_msg("%s: %s", record_file(&s.record), err.text);
        buffer again = {0};
        assert_int_equal(record_encode(&again, back, &err), WF_OK);
        assert_true(span_equal(span_of(bytes.data, bytes.size), span_of(again.data, again.size)));
        assert_string_equal(record_text_id(back, &s.memory), record_text_id(&s.record, &s.memory));
        assert_int_equal(record_time_ms(back), record_time_ms(&s.record));
        buffer_free(&bytes);
        buffer_free(&again);
        sample_free(&s);
    }
}

static wf_status decode(const uint8_t *bytes, size_t size, wf_error *err)
{
    arena a;
    arena_init(&a, 0);
    Wufei__Record *record = NULL;
    wf_status status = record_decode(&record, &a, span_of(bytes, size), err);
    arena_free(&a);
    return status;
}

/* body 17, calendar day: 8a 01 | length | 08 day | 10 working */
static void only_the_canonical_form_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *bytes;
        size_t size;
        wf_status expected;
    } forms[] = {
        {"as it should be", "\x8a\x01\x04\x08\x05\x10\x01", 7, WF_OK},
        {"empty", "", 0, WF_REFUSED},
        {"cut short", "\x8a\x01\x04\x08\x05\x10", 6, WF_REFUSED},
        {"unknown field in the body", "\x8a\x01\x06\x08\x05\x10\x01\x18\x01", 9, WF_REFUSED},
        {"unknown field in the record", "\x8a\x01\x04\x08\x05\x10\x01\x90\x01\x01", 10, WF_REFUSED},
        {"field twice", "\x8a\x01\x06\x08\x05\x08\x05\x10\x01", 9, WF_REFUSED},
        {"wrong order", "\x8a\x01\x04\x10\x01\x08\x05", 7, WF_REFUSED},
        {"long varint", "\x8a\x01\x05\x08\x85\x00\x10\x01", 8, WF_REFUSED},
        {"long tag", "\x8a\x81\x00\x04\x08\x05\x10\x01", 8, WF_REFUSED},
        {"long length", "\x8a\x01\x84\x00\x08\x05\x10\x01", 8, WF_REFUSED},
        {"trailing byte", "\x8a\x01\x04\x08\x05\x10\x01\x00", 8, WF_REFUSED},
        {"a bool of two", "\x8a\x01\x04\x08\x05\x10\x02", 7, WF_REFUSED},
        {"body given twice", "\x8a\x01\x04\x08\x05\x10\x01\x8a\x01\x04\x08\x05\x10\x01", 14,
         WF_REFUSED},
        {"two bodies", "\x8a\x01\x04\x08\x05\x10\x01\x0a\x07\x0a\x01\x61\x12\x01\x61\x18\x01", 17,
         WF_REFUSED},
        {"required field missing", "\x8a\x01\x02\x08\x05", 5, WF_REFUSED},
        {"a zero byte in a text", "\x0a\x09\x0a\x02\x61\x00\x12\x01\x61\x18\x01", 11, WF_REFUSED},
        {"the same text without it", "\x0a\x08\x0a\x01\x61\x12\x01\x61\x18\x01", 10, WF_OK},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        wf_error err = {0};
        wf_status status = decode((const uint8_t *)forms[i].bytes, forms[i].size, &err);
        if (status != forms[i].expected)
            fail_msg("%s: %d %s", forms[i].what, (int)status, err.text);
        assert_true(status == WF_OK || err.text[0] != '\0');
    }
}

/* Cut and changed bytes of real records never crash, and what is taken is canonical. */
static void mutated_bytes_never_crash(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (unsigned body = 1; body <= RECORD_KINDS; body++) {
        sample s;
        sample_make(&s, body);
        wf_error err = {0};
        buffer bytes = {0};
        assert_int_equal(record_encode(&bytes, &s.record, &err), WF_OK);
        for (size_t cut = 0; cut < bytes.size; cut++) {
            uint8_t *exact = arena_copy(&s.memory, bytes.data, cut);
            assert_int_equal(decode(exact, cut, &err), WF_REFUSED);
        }
        for (int turn = 0; turn < 300; turn++) {
            seed = seed * 1664525 + 1013904223;
            uint8_t *at = &bytes.data[(seed >> 8) % bytes.size];
            uint8_t before = *at;
            *at = (uint8_t)(seed >> 3);
            decode(bytes.data, bytes.size, &err);
            *at = before;
        }
        buffer_free(&bytes);
        sample_free(&s);
    }
}

static void refused(sample *s, const char *expected)
{
    wf_error err = {0};
    assert_int_equal(record_check(&s->record, &err), WF_REFUSED);
    assert_string_equal(err.text, expected);
}

static void texts_are_checked(void **state)
{
    (void)state;
    sample s;
    sample_make(&s, WUFEI__RECORD__BODY_EVENT);
    char long_id[TEXT_ID_MAX + 2];
    memset(long_id, 'a', sizeof long_id);
    long_id[TEXT_ID_MAX + 1] = '\0';
    s.body.event.manifest_id = long_id;
    refused(&s, "manifest_id: is 65 bytes long, the longest is 64");
    long_id[TEXT_ID_MAX] = '\0';
    wf_error err = {0};
    assert_int_equal(record_check(&s.record, &err), WF_OK);
    s.body.event.manifest_id = "";
    refused(&s, "manifest_id: given but empty");
    s.body.event.manifest_id = NULL;
    refused(&s, "manifest_id: missing");
    s.body.event.manifest_id = "a\tb";
    refused(&s, "manifest_id: holds the control character 0x09");
    static const char *const bad[] = {"a\x80",
                                      "a\xc0\x80",
                                      "a\xc3",
                                      "a\xe0\x80\x80",
                                      "a\xed\xa0\x80",
                                      "a\xf0\x80\x80\x80",
                                      "a\xf4\x90\x80\x80",
                                      "a\xf5\x80\x80\x80",
                                      "a\xe5\xba",
                                      "a\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s.body.event.manifest_id = (char *)(uintptr_t)bad[i];
        refused(&s, "manifest_id: byte 2 is not UTF-8; save a file in GBK as UTF-8 first");
    }
    s.body.event.manifest_id = "废\xf0\x9f\x9a\x9b";
    assert_int_equal(record_check(&s.record, &err), WF_OK);
    char long_note[TEXT_MAX + 2];
    memset(long_note, '\n', sizeof long_note);
    long_note[TEXT_MAX + 1] = '\0';
    s.body.event.note = long_note;
    refused(&s, "note: is 1001 bytes long, the longest is 1000");
    s.body.event.note = "a\x01";
    refused(&s, "note: holds the control character 0x01");
    sample_free(&s);
}

/* Ids that look alike are the same id or refused. */
static void ids_that_look_alike_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *id, *said;
    } ids[] = {
        {"M1\xE2\x80\x8B",
         "vehicle_id: holds the invisible character U+200B; write the id without it"},
        {"\xE2\x80\xAEM1",
         "vehicle_id: holds the invisible character U+202E; write the id without it"},
        {"M\xE2\x81\xA0"
         "1",
         "vehicle_id: holds the invisible character U+2060; write the id without it"},
        {"M\xE2\x81\xA9",
         "vehicle_id: holds the invisible character U+2069; write the id without it"},
        {"\xEF\xBB\xBFM1",
         "vehicle_id: holds the invisible character U+FEFF; write the id without it"},
        {"M\xC2\xA0"
         "1",
         "vehicle_id: holds the blank U+00A0; write the id with a plain space or none"},
        {"M\xE3\x80\x80"
         "1",
         "vehicle_id: holds the blank U+3000; write the id with a plain space or none"},
        {"\xEF\xBC\xAD"
         "1",
         "vehicle_id: holds the full-width character U+FF2D; write a plain \"M\""},
        {"M\xEF\xBC\x91", "vehicle_id: holds the full-width character U+FF11; write a plain \"1\""},
        {" M1", "vehicle_id: begins or ends with a space; write the id without"},
        {"M1 ", "vehicle_id: begins or ends with a space; write the id without"},
        {"M  1", "vehicle_id: holds two spaces in a row; write one"},
    };
    static const char *const good[] = {"M 1", "浙D·M122W",        "Blantyre · Zone 3",
                                       "é",   "\xF0\x9F\x9A\x9B", "\xEF\xBD\xA1" /* U+FF61 */};
    sample s;
    wf_error err = {0};
    sample_make(&s, WUFEI__RECORD__BODY_EVENT);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        s.body.event.vehicle_id = (char *)(uintptr_t)ids[i].id;
        refused(&s, ids[i].said);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        s.body.event.vehicle_id = (char *)(uintptr_t)good[i];
        assert_int_equal(record_check(&s.record, &err), WF_OK);
    }
    s.body.event.vehicle_id = NULL;
    s.body.event.note = "  as \xEF\xBC\xAD it  was written "; /* a text is no id */
    assert_int_equal(record_check(&s.record, &err), WF_OK);
    sample_free(&s);
}

static void numbers_are_checked(void **state)
{
    (void)state;
    sample s;
    sample_make(&s, WUFEI__RECORD__BODY_SITE);
    Wufei__Site *site = &s.body.site;
    site->lat_e7 = 900000001;
    refused(&s, "lat: 900000001 is outside of -900000000 to 900000000");
    site->lat_e7 = 0;
    site->lon_e7 = -1800000001;
    refused(&s, "lon: -1800000001 is outside of -1800000000 to 1800000000");
    site->lon_e7 = 0;
    site->kind = SITE_KIND_COUNT;
    refused(&s, "kind: 20 is outside of 1 to 19");
    site->kind = 0;
    refused(&s, "kind: 0 is outside of 1 to 19");
    site->kind = 1;
    site->storage_limit_g = -1;
    refused(&s, "storage_limit_kg: -1 is outside of 0 to 10000000000000");
    site->storage_limit_g = MASS_MAX_G + 1;
    refused(&s, "storage_limit_kg: 10000000000001 is outside of 0 to 10000000000000");
    site->has_storage_limit_g = 0;
    site->driver_value_micro = -1;
    refused(&s, "driver_value: -1 is outside of 0 to 9223372036854775807");
    site->driver_value_micro = 0;
    site->opened_ms = INT64_MAX;
    wf_error err = {0};
    assert_int_equal(record_check(&s.record, &err), WF_REFUSED);
    site->opened_ms = 1000;
    site->closed_ms = 999;
    refused(&s, "closed_at: 1970-01-01T00:00:00.999Z lies before opened_at, 1970-01-01T00:00:01Z");
    site->has_closed_ms = 0;
    site->lat_e7 = 1;
    site->location_unknown = site->has_location_unknown = 1;
    refused(&s, "location_unknown: given, but lat or lon is not 0");
    site->lat_e7 = 0;
    assert_int_equal(record_check(&s.record, &err), WF_OK);
    sample_free(&s);
}

static void fields_agree_with_each_other(void **state)
{
    (void)state;
    sample s;
    sample_make(&s, WUFEI__RECORD__BODY_FILING);
    s.body.filing.has_lon_e7 = 0;
    refused(&s, "lon: missing, but lat is given");
    s.body.filing.has_lon_e7 = 1;
    s.body.filing.to_ms = s.body.filing.from_ms - 1;
    refused(&s, "to: 2026-03-01T00:29:59.999Z lies before from, 2026-03-01T00:30:00Z");
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_PERMIT);
    s.body.permit.valid_to_ms = s.body.permit.valid_from_ms - 1;
    refused(&s,
            "valid_to: 2026-03-02T00:30:00.249Z lies before valid_from, 2026-03-02T00:30:00.250Z");
    s.body.permit.n_waste_codes = 0;
    refused(&s, "waste_codes: missing");
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_WEIGHING);
    Wufei__Weighing *weighing = s.record.weighing;
    weighing->gross_g = 0; /* odd, but possible: entered, and judged by the audit */
    wf_error err = {0};
    assert_int_equal(record_check(&s.record, &err), WF_OK);
    weighing->manual = 0;
    refused(&s, "manual: given as 0, which is coded as not given");
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_SCALE);
    s.record.scale->division_g = 0;
    refused(&s, "division_kg: is 0; a scale's division is larger");
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_TREATMENT);
    s.record.treatment->output_code = NULL;
    refused(&s, "output_code: missing, but output_kg is given");
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_EVENT);
    s.body.event.event = EVENT_REDIRECTED;
    s.body.event.site_id = NULL;
    refused(&s, "site_id: missing; redirected names the new facility");
    s.body.event.event = EVENT_CORRECTED;
    s.body.event.has_mass_g = 0;
    refused(&s, "mass_kg: missing; corrected states the agreed mass");
    sample_free(&s);
}

static void id_of(uint8_t out[16], sample *s)
{
    buffer bytes = {0};
    wf_error err = {0};
    assert_int_equal(record_encode(&bytes, &s->record, &err), WF_OK);
    record_statement_id(out, &s->record, span_of(bytes.data, bytes.size));
    buffer_free(&bytes);
}

static void ids_are_deterministic_and_ordered(void **state)
{
    (void)state;
    sample s;
    uint8_t first[16];
    uint8_t second[16];
    sample_make(&s, WUFEI__RECORD__BODY_MANIFEST);
    id_of(first, &s);
    id_of(second, &s);
    assert_memory_equal(first, second, 16);
    s.body.manifest.declared_g++; /* other content, the same id: the ledger sees the conflict */
    id_of(second, &s);
    assert_memory_equal(first, second, 16);
    s.body.manifest.filed_at_ms++;
    id_of(second, &s);
    assert_true(memcmp(first, second, 16) < 0);
    assert_true(memcmp(first, second, 6) < 0);
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_EVENT);
    id_of(first, &s);
    s.body.event.mass_g++; /* no id of its own: other content is another row */
    id_of(second, &s);
    assert_memory_not_equal(first, second, 16);
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_PARTY);
    id_of(first, &s);
    assert_memory_equal(first, "\0\0\0\0\0\0", 6);
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_TREATMENT);
    s.record.treatment->treatment_id = "a/b";
    s.record.treatment->output_code = "c";
    id_of(first, &s);
    assert_string_equal(record_text_id(&s.record, &s.memory), "a/b/c");
    s.record.treatment->treatment_id = "a";
    s.record.treatment->output_code = "b/c";
    id_of(second, &s);
    assert_memory_not_equal(first, second, 16);
    sample_free(&s);
}

static void times_follow_the_bundle(void **state)
{
    (void)state;
    sample s;
    sample_make(&s, WUFEI__RECORD__BODY_WEIGHING);
    Wufei__Weighing *w = s.record.weighing;
    w->gross_at_ms = 5;
    w->tare_at_ms = 9;
    assert_int_equal(record_time_ms(&s.record), 9);
    w->tare_at_ms = 3;
    assert_int_equal(record_time_ms(&s.record), 5);
    w->has_tare_at_ms = 0;
    assert_int_equal(record_time_ms(&s.record), 5);
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_ACTIVITY);
    assert_int_equal(record_time_ms(&s.record), s.record.activity->to_ms);
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_TRACK);
    assert_int_equal(record_time_ms(&s.record), 1772323260000);
    sample_free(&s);
    sample_make(&s, WUFEI__RECORD__BODY_SCALE);
    assert_true(record_time_ms(&s.record) == TIME_NONE);
    sample_free(&s);
}

static void json_is_the_bundle_row(void **state)
{
    (void)state;
    for (unsigned body = 1; body <= RECORD_KINDS; body++) {
        sample s;
        sample_make(&s, body);
        buffer out = {0};
        wf_error err = {0};
        assert_int_equal(record_to_json(&out, &s.record, 480, &err), WF_OK);
        json_error_t problem;
        json_t *json =
            json_loadb((const char *)out.data, out.size, JSON_REJECT_DUPLICATES, &problem);
        if (json == NULL)
            fail_msg("%s: %.*s", problem.text, (int)out.size, (const char *)out.data);
        assert_string_equal(json_string_value(json_object_get(json, "file")),
                            record_file(&s.record));
        if (body == WUFEI__RECORD__BODY_EVENT) {
            assert_string_equal(json_string_value(json_object_get(json, "mass_kg")), "12.345");
            assert_string_equal(json_string_value(json_object_get(json, "event")), "cancelled");
            assert_string_equal(json_string_value(json_object_get(json, "time")),
                                "2026-03-02T08:30:00.250+08:00");
            assert_string_equal(json_string_value(json_object_get(json, "note")),
                                "停产\n\"检修\"\\");
        }
        if (body == WUFEI__RECORD__BODY_TRACK)
            assert_int_equal(json_array_size(json_object_get(json, "fixes")), 3);
        json_decref(json);
        buffer_free(&out);
        sample_free(&s);
    }
}

static void cells_are_refused_with_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *file, *column, *cell, *expected;
    } cells[] = {
        {"manifests", "stream", "toxic",
         "\"toxic\" is none of: industrial, hazardous, construction, medical, household"},
        {"manifests", "declared_kg", "1.2345",
         "\"1.2345\" is not a mass in kilograms, 0 to 10000000000 with at most three decimals"},
        {"manifests", "filed_at", "2026-03-01",
         "\"2026-03-01\" is not a time as 2026-03-01T08:30:00+08:00 (RFC 3339 with an offset)"},
        {"sites", "lat", "91", "\"91\" is not a latitude in decimal degrees, -90 to 90"},
        {"parties", "roles", "carrier|",
         "\"\" is none of: generator, carrier, facility, regulator"},
        {"permits", "waste_codes", "SW6*||SW7*",
         "the list has an empty place, ids joined by '|' were expected"},
        {"weighings", "manual", "yes", "\"yes\" is not 0 or 1"},
        {"calendar", "date", "2026-02-30", "\"2026-02-30\" is not a date as 2026-03-01"},
        {"calendar", "working", "\x1b[31m1\x7f", "\"\\x1b[31m1\\x7f\" is not 0 or 1"},
        {"activity", "value",
         "12345678901234567890123456789012345678901234567890123456789012345678901234567890x",
         "\"12345678901234567890123456789012345678901234567890123456789012345678901234567890…\" "
         "is not a decimal number, not negative"},
        {"activity", "value", "-1", "\"-1\" is not a decimal number, not negative"},
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        const record_kind *kind = record_kind_of_file(cells[i].file, strlen(cells[i].file));
        const column *c = record_kind_column(kind, cells[i].column, strlen(cells[i].column));
        _Alignas(16) char message[512] = {0};
        char text[100];
        wf_error err = {0};
        arena a;
        arena_init(&a, 0);
        strcpy(text, cells[i].cell);
        assert_int_equal(column_parse(c, message, text, strlen(text), &a, &err), WF_REFUSED);
        assert_string_equal(err.text, cells[i].expected);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_round_trips),
        cmocka_unit_test(only_the_canonical_form_is_taken),
        cmocka_unit_test(mutated_bytes_never_crash),
        cmocka_unit_test(texts_are_checked),
        cmocka_unit_test(ids_that_look_alike_are_refused),
        cmocka_unit_test(numbers_are_checked),
        cmocka_unit_test(fields_agree_with_each_other),
        cmocka_unit_test(ids_are_deterministic_and_ordered),
        cmocka_unit_test(times_follow_the_bundle),
        cmocka_unit_test(json_is_the_bundle_row),
        cmocka_unit_test(cells_are_refused_with_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
