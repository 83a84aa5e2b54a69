/*
 * exchange/emanifest: documents of EPA e-Manifest into a real ledger. The documents are made here;
 * EPA's own examples are read where the shared data is.
 */
#include "foreign_test.h"

#include <jansson.h>

#include "base/time.h"

static const char sample_text[] =
    "{'manifestTrackingNumber': '123456789ELC', 'submissionType': 'Hybrid',"
    " 'shippedDate': '2024-05-01T12:00:00.000+0000',"
    " 'generator': {'epaSiteId': 'GEN1', 'name': 'Plating works',"
    "  'siteAddress': {'address1': '1 Main St', 'state': {'code': 'VA'}},"
    "  'paperSignatureInfo': {'printedName': 'Ann Gen',"
    "   'signatureDate': '2024-05-01T12:30:00.000+0000'}},"
    " 'transporters': ["
    "  {'epaSiteId': 'CAR1', 'name': 'First carrier', 'order': 1, 'paperSignatureInfo':"
    "   {'printedName': 'Tom One', 'signatureDate': '2024-05-01T13:00:00.000+0000'}},"
    "  {'epaSiteId': 'CAR2', 'name': 'Second carrier', 'order': 2, 'electronicSignaturesInfo':"
    "   [{'signer': {'firstName': 'Tina', 'lastName': 'Two'},"
    "     'signatureDate': '2024-05-02T09:00:00.000-0500'}]}],"
    " 'designatedFacility': {'epaSiteId': 'FAC1', 'name': 'Burner', 'paperSignatureInfo':"
    "  {'printedName': 'Fay Cility', 'signatureDate': '2024-05-03T10:00:00.000+0000'}},"
    " 'wastes': ["
    "  {'lineNumber': 1, 'dotHazardous': true, 'epaWaste': true, 'br': false, 'pcb': false,"
    "   'dotInformation': {'idNumber': {'code': 'UN1993'}, 'printedDotInformation': 'UN1993, x'},"
    "   'quantity': {'containerNumber': 3, 'containerType': {'code': 'DM'}, 'quantity': 100,"
    "    'unitOfMeasurement': {'code': 'P'}},"
    "   'hazardousWaste': {'federalWasteCodes': [{'code': 'D001'}, {'code': 'F003'}]}},"
    "  {'lineNumber': 2, 'dotHazardous': false, 'epaWaste': false, 'br': false, 'pcb': false,"
    "   'wasteDescription': 'rags',"
    "   'quantity': {'quantity': 7, 'unitOfMeasurement': {'code': 'K'}}}],"
    " 'rejection': false}";

static char *sample_json(void)
{
    char *text = strdup(sample_text);
    assert_non_null(text);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\'')
            *at = '"';
    return text;
}

static json_t *sample(void)
{
    char *text = sample_json();
    json_error_t where;
    json_t *root = json_loads(text, 0, &where);
    if (root == NULL)
        fail_msg("sample: %s", where.text);
    free(text);
    return root;
}

/* Puts a value (NULL: takes it away) at "wastes.0.quantity.quantity". */
static void put(json_t *root, const char *path, json_t *value)
{
    char step[200];
    json_t *at = root;
    for (;;) {
        size_t size = strcspn(path, ".");
        snprintf(step, sizeof step, "%.*s", (int)size, path);
        bool last = path[size] == '\0';
        if (!last) {
            at = json_is_array(at) ? json_array_get(at, (size_t)atoi(step))
                                   : json_object_get(at, step);
            assert_non_null(at);
        } else if (json_is_array(at)) {
            assert_int_equal(json_array_set_new(at, (size_t)atoi(step), value), 0);
        } else if (value == NULL) {
            assert_int_equal(json_object_del(at, step), 0);
        } else {
            assert_int_equal(json_object_set_new(at, step, value), 0);
        }
        if (last)
            return;
        path += size + 1;
    }
}

static wf_status import_paths(const char *const *paths, size_t count, import_summary *summary)
{
    import_options how = {.problem = foreign_hear};
    buffer_clear(&heard);
    told = (wf_error){0};
    return import_emanifest(fixture.l, fixture.b, paths, count, &how, summary, &told);
}

static wf_status import_text(const void *text, size_t size)
{
    char path[200];
    import_summary summary;
    const char *paths[] = {foreign_put(path, "m.json", text, size)};
    uint64_t before = ledger_size(fixture.l);
    wf_status status = import_paths(paths, 1, &summary);
    if (status != WF_OK)
        assert_int_equal(ledger_size(fixture.l), before); /* nothing is half-entered */
    if (status == WF_REFUSED) {
        assert_true(foreign_heard()[0] != '\0');
        assert_int_equal(summary.files[0].read, summary.files[0].refused);
        assert_int_equal(summary.files[0].entered + summary.files[0].already, 0);
    }
    if (status == WF_OK)
        assert_int_equal(summary.files[0].read,
                         summary.files[0].entered + summary.files[0].already);
    return status;
}

/* Imports the document and forgets it. */
static wf_status import(json_t *root)
{
    char *text = json_dumps(root, JSON_INDENT(1));
    assert_non_null(text);
    wf_status status = import_text(text, strlen(text));
    free(text);
    json_decref(root);
    return status;
}

static void imported(json_t *root)
{
    if (import(root) != WF_OK)
        fail_msg("%s\n%s", told.text, foreign_heard());
}

static void refused(json_t *root, const char *line)
{
    assert_int_equal(import(root), WF_REFUSED);
    assert_line(foreign_heard(), line);
}

static void lines_are_loads(void **state)
{
    (void)state;
    imported(sample());
    assert_string_equal(foreign_heard(), "");
    const char *all = foreign_records(1);
    assert_line(all, "\"123456789ELC/1\"", "\"stream\":\"hazardous\"", "\"D001\"", "\"45.359\"",
                "D001|F003", "UN1993", "3 DM", "100 pounds", "Ann Gen, 2024-05-01T12:30:00Z");
    assert_line(all, "\"123456789ELC/2\"", "\"stream\":\"industrial\"", "\"NO-CODE\"", "rags");
    assert_line(all, "\"CAR1\"", "\"First carrier\"", "\"carrier\"");
    assert_line(all, "\"GEN1\"", "\"US-VA\"", "location_unknown");
    assert_line(all, "\"CAR1/not stated\"");
}

static void signatures_are_events(void **state)
{
    (void)state;
    imported(sample());
    const char *all = foreign_records(1);
    for (int i = 1; i <= 2; i++) {
        char id[60];
        snprintf(id, sizeof id, "\"manifest_id\":\"123456789ELC/%d\"", i);
        assert_line(all, id, "\"picked_up\"", "2024-05-01T13:00:00", "\"Tom One\"", "\"GEN1\"");
        assert_line(all, id, "\"handed_over\"", "2024-05-02T14:00:00", "\"Tina Two\"", "\"CAR2\"");
        assert_line(all, id, "\"received\"", "2024-05-03T10:00:00", "\"Fay Cility\"", "\"FAC1\"");
    }
}

/* What the dates do not say, or say against each other, is not passed over. */
static void odd_dates_are_told(void **state)
{
    (void)state;
    json_t *root = sample();
    put(root, "shippedDate", NULL);
    put(root, "generator.paperSignatureInfo", NULL);
    put(root, "transporters.0.paperSignatureInfo", NULL);
    put(root, "transporters.1.electronicSignaturesInfo", NULL);
    put(root, "designatedFacility.paperSignatureInfo", NULL);
    imported(root);
    assert_line(foreign_heard(), "warning ", "Emanifest.shippedDate",
                "the document bears no date: filed_at is the time of this import");
    root = sample();
    put(root, "manifestTrackingNumber", json_string("123456780ELC"));
    put(root, "transporters.0.paperSignatureInfo.signatureDate",
        json_string("2024-04-30T10:00:00.000+0000"));
    imported(root);
    assert_line(foreign_heard(), "Emanifest.transporters.0",
                "signed at 2024-04-30T10:00:00Z, before the manifest was filed");
    assert_line(foreign_heard(), "Emanifest.transporters.0",
                "before Emanifest.generator was signed at 2024-05-01T12:30:00Z, though it comes "
                "behind");
    root = sample();
    put(root, "manifestTrackingNumber", json_string("123456781ELC"));
    put(root, "transporters.1.electronicSignaturesInfo.0.signatureDate",
        json_string("2034-05-02T09:00:00.000-0500"));
    imported(root);
    assert_line(foreign_heard(), "Emanifest.designatedFacility",
                "before Emanifest.transporters.1 was signed at 2034-05-02");
    root = sample();
    put(root, "manifestTrackingNumber", json_string("123456782ELC"));
    put(root, "transporters.0.epaSiteId", NULL);
    put(root, "transporters.0.name", json_string(" First   carrier "));
    imported(root);
    assert_line(foreign_records(1), "\"party_id\":\"First carrier\"");
}

static void without_a_signature_no_event(void **state)
{
    (void)state;
    json_t *root = sample();
    put(root, "transporters.0.paperSignatureInfo", NULL);
    imported(root);
    assert_null(foreign_line(foreign_records(1), "\"event\"", (const char *)NULL));
    root = sample();
    put(root, "manifestTrackingNumber", json_string("123456780ELC"));
    put(root, "transporters.1.electronicSignaturesInfo", NULL);
    imported(root);
    assert_line(foreign_records(1), "123456780ELC/1", "\"received\"");
    assert_null(foreign_line(foreign_records(1), "\"handed_over\"", (const char *)NULL));
}

/* The masses were computed by hand with the factors of NIST Handbook 44. */
static void units_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *code, *kg;
    } units[] = {{"P", "\"5599.598\""},
                 {"T", "\"11199195.615\""},
                 {"K", "\"12345\""},
                 {"M", "\"12345000\""}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        json_t *root = sample();
        char number[20];
        snprintf(number, sizeof number, "%09zuAAA", i);
        put(root, "manifestTrackingNumber", json_string(number));
        put(root, "wastes.0.quantity.quantity", json_integer(12345));
        put(root, "wastes.0.quantity.unitOfMeasurement.code", json_string(units[i].code));
        imported(root);
        assert_line(foreign_records(1), number, "\"declared_kg\"", units[i].kg);
    }
}

static void a_volume_needs_a_density(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        double density;
        const char *unit, *kg; /* kg NULL: a warning and no mass */
    } loads[] = {{"G", 8.5, "1", "\"850000"},
                 {"G", 1, "2", "378.541"},
                 {"L", 0.8, "2", "\"80\""},
                 {"Y", 0.5, "2", "38227.743"},
                 {"N", 1.25, "2", "\"125000\""},
                 {"L", 0, "2", NULL},
                 {"L", -1, "2", NULL},
                 {"L", 1, "3", NULL},
                 {"G", 0, NULL, NULL}};
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        json_t *root = sample();
        char number[20];
        snprintf(number, sizeof number, "%09zuBBB", i);
        put(root, "manifestTrackingNumber", json_string(number));
        put(root, "wastes.0.quantity.quantity", json_integer(100));
        put(root, "wastes.0.quantity.unitOfMeasurement.code", json_string(loads[i].code));
        if (loads[i].unit != NULL)
            put(root, "wastes.0.brInfo",
                json_pack("{s:f, s:{s:s}}", "density", loads[i].density, "densityUnitOfMeasurement",
                          "code", loads[i].unit));
        imported(root);
        char id[40];
        snprintf(id, sizeof id, "\"%s/1\"", number);
        const char *line = foreign_line(foreign_records(1), id, "\"stream\"", (const char *)NULL);
        assert_non_null(line);
        if (loads[i].kg == NULL) {
            assert_null(strstr(line, "declared_kg"));
            assert_line(foreign_heard(), "warning m.json: Emanifest.wastes.0.quantity: 100 ");
        } else {
            assert_non_null(strstr(line, "declared_kg"));
            if (i > 0 && strstr(line, loads[i].kg) == NULL)
                fail_msg("%s is not in %s", loads[i].kg, line);
            if (i == 0) /* 850 lb */
                assert_non_null(strstr(line, "\"385.554\""));
            assert_string_equal(foreign_heard(), "");
        }
    }
}

static void known_handlers_stay(void **state)
{
    (void)state;
    imported(sample());
    uint64_t size = ledger_size(fixture.l);
    json_t *root = sample();
    put(root, "manifestTrackingNumber", json_string("123456780ELC"));
    put(root, "generator.name", json_string("another name"));
    put(root, "transporters.0.name", NULL);
    imported(root);
    assert_null(foreign_line(foreign_records(size), "another name", (const char *)NULL));
    assert_null(foreign_line(foreign_records(size), "\"roles\"", (const char *)NULL));
    /* a carrier that is a facility elsewhere gets its site then */
    root = sample();
    put(root, "manifestTrackingNumber", json_string("123456781ELC"));
    put(root, "designatedFacility.epaSiteId", json_string("CAR1"));
    imported(root);
    assert_line(foreign_records(size), "\"site_id\":\"CAR1\"", "\"hazardous_treatment\"");
}

static void twice_is_once(void **state)
{
    (void)state;
    imported(sample());
    uint64_t size = ledger_size(fixture.l);
    imported(sample());
    assert_int_equal(ledger_size(fixture.l), size);
    /* without any date the time of the first import stands, whatever its first line's number */
    for (int pass = 0; pass < 2; pass++) {
        json_t *root = sample();
        put(root, "manifestTrackingNumber", NULL);
        put(root, "shippedDate", NULL);
        put(root, "wastes.0.lineNumber", json_integer(5));
        put(root, "generator.paperSignatureInfo", NULL);
        put(root, "transporters.0.paperSignatureInfo", NULL);
        put(root, "transporters.1.electronicSignaturesInfo", NULL);
        put(root, "designatedFacility.paperSignatureInfo", NULL);
        clock_freeze(INT64_C(1700000000000) + pass * 5000);
        imported(root);
        clock_freeze(TIME_NONE);
        assert_line(foreign_heard(), "warning m.json: Emanifest.manifestTrackingNumber: not given");
        if (pass == 0)
            size = ledger_size(fixture.l);
    }
    assert_int_equal(ledger_size(fixture.l), size);
    /* the same number with other content is named */
    json_t *root = sample();
    put(root, "wastes.0.quantity.quantity", json_integer(101));
    refused(root, "m.json: Emanifest.wastes.0: ");
}

static void rejections(void **state)
{
    (void)state;
    json_t *root = sample();
    put(root, "rejection", json_true());
    put(root, "rejectionInfo", json_pack("{s:s}", "rejectionType", "FullReject"));
    imported(root);
    assert_line(foreign_records(1), "123456789ELC/1", "\"rejected\"", "Fay Cility", "45.359");
    /* how much of which line was refused is not in the document: no receipt is invented */
    root = sample();
    put(root, "manifestTrackingNumber", json_string("123456780ELC"));
    put(root, "rejection", json_true());
    put(root, "rejectionInfo", json_pack("{s:s}", "rejectionType", "PartialReject"));
    imported(root);
    assert_line(foreign_heard(), "warning m.json: Emanifest.rejectionInfo.rejectionType: ");
    assert_line(foreign_records(1), "123456780ELC/1", "\"arrived\"", "Fay Cility");
    assert_null(foreign_line(foreign_records(1), "123456780ELC/1", "\"received\"", NULL));
    assert_null(foreign_line(foreign_records(1), "123456780ELC/1", "\"rejected\"", NULL));
}

static json_t *long_text(size_t size)
{
    char text[4000];
    memset(text, 'x', sizeof text);
    return json_stringn(text, size);
}

static void fields_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *path, *text, *told;
    } cases[] = {
        {"shippedDate", "2024-13-01T12:00:00.000+0000", "m.json: Emanifest.shippedDate: \"2024-13"},
        {"shippedDate", "soon", "m.json: Emanifest.shippedDate: \"soon\""},
        {"generator.paperSignatureInfo.signatureDate", "2024-05-01",
         "m.json: Emanifest.generator.paperSignatureInfo.signatureDate: \"2024-05-01\" is not"},
        {"transporters.1.electronicSignaturesInfo.0.signatureDate", "x",
         "m.json: Emanifest.transporters.1.electronicSignaturesInfo.0.signatureDate: \"x\" is not"},
        {"submissionType", "Fax", "m.json: Emanifest.submissionType: \"Fax\" is not one of: Full"},
        {"wastes.0.quantity.unitOfMeasurement.code", "Z",
         "m.json: Emanifest.wastes.0.quantity.unitOfMeasurement.code: \"Z\" is not one of: P, T"},
        {"wastes.0.lineNumber", "1",
         "m.json: Emanifest.wastes.0.lineNumber: \"1\" is of type string, expected number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root = sample();
        put(root, cases[i].path, json_string(cases[i].text));
        refused(root, cases[i].told);
        assert_ptr_equal(strchr(foreign_heard(), '\n') + 1, heard.data + heard.size); /* once */
    }
    json_t *root = sample();
    put(root, "transporters", json_array());
    refused(root, "m.json: Emanifest.transporters: at least one transporter must be given");
    root = sample();
    put(root, "wastes", json_array());
    refused(root, "m.json: Emanifest.wastes: 0 waste lines; 1 to 200 expected");
    root = sample();
    put(root, "wastes.1.lineNumber", json_integer(1));
    refused(root, "m.json: Emanifest.wastes.1.lineNumber: 1 is the number of wastes.0 too");
    root = sample();
    put(root, "wastes.1.lineNumber", json_real(1.5));
    refused(root, "m.json: Emanifest.wastes.1.lineNumber: 1.5 is not a whole number");
    root = sample();
    put(root, "designatedFacility", NULL);
    refused(root, "m.json: Emanifest.designatedFacility: epaSiteId or name must be given");
    root = sample();
    put(root, "wastes.0.quantity",
        json_pack("{s:I, s:{s:s}}", "quantity", (json_int_t)99999999999, "unitOfMeasurement",
                  "code", "T"));
    refused(root, "m.json: Emanifest.wastes.0.quantity: 99999999999 short tons is more than one");
    assert_int_equal(ledger_size(fixture.l), 1);
}

/* Texts that our records have no room for were refused as "attributes", without the field. */
static void long_texts_name_their_field(void **state)
{
    (void)state;
    json_t *root = sample();
    put(root, "wastes.1.wasteDescription", long_text(1001));
    refused(root, "m.json: Emanifest.wastes.1.wasteDescription: is 1001 bytes long, the longest is "
                  "1000");
    root = sample();
    put(root, "wastes.0.dotInformation.idNumber.code", long_text(2000));
    refused(root, "m.json: Emanifest.wastes.0.dotInformation.idNumber: is 2000 bytes long");
    root = sample();
    put(root, "wastes.0.hazardousWaste.federalWasteCodes.0.code", long_text(1500));
    refused(root, "m.json: Emanifest.wastes.0.hazardousWaste.federalWasteCodes: is 15");
    root = sample();
    put(root, "transporters.1.electronicSignaturesInfo.0.signer.lastName", long_text(990));
    refused(root, "m.json: Emanifest.transporters.1.electronicSignaturesInfo.0: the signer's name");
    root = sample();
    put(root, "generator.epaSiteId", long_text(65));
    refused(root, "m.json: Emanifest.generator");
    assert_int_equal(ledger_size(fixture.l), 1);
    root = sample();
    put(root, "wastes.1.wasteDescription", long_text(1000));
    imported(root);
}

/* A refusal of the book, found after others, was counted and never told. */
static void refusals_of_records_are_told(void **state)
{
    (void)state;
    json_t *root = sample();
    put(root, "wastes.1.wasteDescription", json_string("bell \a"));
    put(root, "wastes.0.quantity.unitOfMeasurement.code", json_string("T"));
    put(root, "wastes.0.quantity.quantity", json_integer(99999999999));
    assert_int_equal(import(root), WF_REFUSED);
    assert_line(foreign_heard(), "m.json: Emanifest.wastes.0.quantity: 99999999999 short tons");
    assert_line(foreign_heard(), "m.json: Emanifest.wastes.1: attributes: holds the control");
}

/* Names of transporters without an EPA id are longer than ids may be once "/not stated" is added.
 */
static void long_names_of_transporters(void **state)
{
    (void)state;
    static const char *const names[] = {
        "A transporter of forty-one byte letters, \xC3\xA9\xC3\xA9\xC3\xA9 north",
        "A transporter of forty-one byte letters, \xC3\xA9\xC3\xA9\xC3\xA9 south"};
    for (size_t i = 0; i < 2; i++) {
        json_t *root = sample();
        char number[20];
        snprintf(number, sizeof number, "%09zuCCC", i);
        put(root, "manifestTrackingNumber", json_string(number));
        put(root, "transporters.0.epaSiteId", NULL);
        put(root, "transporters.0.name", json_string(names[i]));
        imported(root);
        assert_line(foreign_records(1), "\"vehicle_id\"", names[i], "/not stated");
    }
}

static void not_a_document(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "{",    "[]",           "null", "{\"wastes\": [}",
        "\"x\"", "{}{}", "\xEF\xBB\xBF", "17",   "{\"a\":\"\xFF\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(import_text(texts[i], strlen(texts[i])), WF_REFUSED);
    static const char twice[] = "{\"status\": \"Signed\",\n \"status\": \"Pending\"}";
    assert_int_equal(import_text(twice, sizeof twice - 1), WF_REFUSED);
    assert_line(foreign_heard(), "m.json:2: not JSON, at column ", "duplicate");

    char *deep = malloc(200001);
    assert_non_null(deep);
    for (size_t depth = 10; depth <= 100000; depth *= 10) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        assert_int_equal(import_text(deep, 2 * depth), WF_REFUSED);
    }
    free(deep);
    /* nested as deep as the parser goes, below a member that the schema lets be anything */
    char nested[4200] = "{\"generator\":";
    for (int i = 0; i < 1000; i++)
        strncat(nested, "[", 2);
    for (int i = 0; i < 1000; i++)
        strncat(nested, "]", 2);
    strncat(nested, "}", 2);
    assert_int_equal(import_text(nested, strlen(nested)), WF_REFUSED);
    assert_int_equal(ledger_size(fixture.l), 1);
}

/* Its refusal was counted, but not told. */
static void a_file_too_large(void **state)
{
    (void)state;
    size_t size = 17u << 20;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, ' ', size);
    assert_int_equal(import_text(text, size), WF_REFUSED);
    assert_line(foreign_heard(), "m.json: Emanifest: the file is larger than 16777216 bytes");
    free(text);
}

/* A file that is not there was found after the ones before it had entered. */
static void missing_files_stop_all(void **state)
{
    (void)state;
    char path[200];
    char *text = sample_json();
    import_summary summary;
    foreign_put(path, "a.json", text, strlen(text));
    free(text);
    const char *const paths[] = {path, "/nonexistent/b.json"};
    assert_int_equal(import_paths(paths, 2, &summary), WF_USAGE);
    assert_non_null(strstr(told.text, "/nonexistent/b.json"));
    const char *const folder[] = {path, fixture.folder};
    assert_int_equal(import_paths(folder, 2, &summary), WF_USAGE);
    assert_int_equal(ledger_size(fixture.l), 1);
    import_options how = {.all_or_nothing = true};
    assert_int_equal(import_emanifest(fixture.l, fixture.b, paths, 2, &how, &summary, &told),
                     WF_USAGE);
}

static void more_files_than_a_summary_holds(void **state)
{
    (void)state;
    enum { FILES = IMPORT_FILES_MAX + 6 };
    static char names[FILES][200];
    const char *paths[FILES];
    import_summary summary;
    for (size_t i = 0; i < FILES; i++) {
        char name[20];
        snprintf(name, sizeof name, "%zu.json", i);
        paths[i] = foreign_put(names[i], name, "{", 1);
    }
    assert_int_equal(import_paths(paths, FILES, &summary), WF_REFUSED);
    uint64_t read = 0;
    for (size_t i = 0; i < summary.file_count; i++)
        read += summary.files[i].read;
    assert_int_equal(read, FILES);
}

/* Cut and changed at many places it enters whole or not at all (import_text watches that). */
static void cut_and_changed(void **state)
{
    (void)state;
    char *text = sample_json();
    size_t size = strlen(text);
    static const char changes[] = "\"{}[],:0-9eE.x\\ \x01\xC3";
    uint32_t random = 12345;
    for (size_t cut = 0; cut < size; cut += 97)
        assert_int_equal(import_text(text, cut), WF_REFUSED);
    for (size_t i = 0; i < 300; i++) {
        random = random * 1664525 + 1013904223;
        size_t at = (random >> 8) % size;
        char was = text[at];
        text[at] = changes[(random >> 3) % (sizeof changes - 1)];
        wf_status status = import_text(text, size);
        if (status != WF_OK && status != WF_REFUSED)
            fail_msg("change %zu at %zu: %s", i, at, told.text);
        text[at] = was;
    }
    free(text);
}

/* Members taken away, or replaced by a value of each type, at every place of the document. */
static void every_member_of_another_type(void **state)
{
    (void)state;
    static const char *const paths[] = {"manifestTrackingNumber",
                                        "submissionType",
                                        "shippedDate",
                                        "generator",
                                        "generator.epaSiteId",
                                        "generator.siteAddress",
                                        "generator.siteAddress.state",
                                        "generator.paperSignatureInfo",
                                        "transporters",
                                        "transporters.0",
                                        "transporters.0.order",
                                        "transporters.1.electronicSignaturesInfo",
                                        "transporters.1.electronicSignaturesInfo.0",
                                        "transporters.1.electronicSignaturesInfo.0.signer",
                                        "designatedFacility",
                                        "wastes",
                                        "wastes.0",
                                        "wastes.0.lineNumber",
                                        "wastes.0.pcb",
                                        "wastes.0.quantity",
                                        "wastes.0.quantity.quantity",
                                        "wastes.0.quantity.unitOfMeasurement",
                                        "wastes.0.quantity.containerType",
                                        "wastes.0.hazardousWaste",
                                        "wastes.0.hazardousWaste.federalWasteCodes",
                                        "wastes.0.dotInformation",
                                        "rejection"};
    static const char *const values[] = {"null", "true",  "0",  "-1", "1.5",  "1e300",
                                         "\"\"", "\"x\"", "[]", "{}", "[[]]", "[null]"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            json_t *root = sample();
            put(root, paths[i], json_loads(values[k], JSON_DECODE_ANY, NULL));
            wf_status status = import(root);
            if (status != WF_OK && status != WF_REFUSED)
                fail_msg("%s = %s: %s", paths[i], values[k], told.text);
        }
}

static json_t *shared_json(const char *name, char *path, size_t size)
{
    snprintf(path, size, "epa-emanifest/%s", name);
    char whole[1200];
    if (!foreign_shared(whole, sizeof whole, path))
        skip();
    snprintf(path, size, "%s", whole);
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    return root;
}

static void the_examples_of_epa(void **state)
{
    (void)state;
    static const char *const names[] = {
        "emanifest-save-valid-Data-and-Image-Manual-Entry-example.json",
        "emanifest-save-valid-Full-Electronic-example.json",
        "emanifest-save-valid-Hybrid-example.json"};
    for (size_t i = 0; i < 3; i++) {
        char path[1200];
        import_summary summary;
        json_decref(shared_json(names[i], path, sizeof path));
        const char *const paths[] = {path};
        if (import_paths(paths, 1, &summary) != WF_OK)
            fail_msg("%s\n%s", told.text, foreign_heard());
        uint64_t size = ledger_size(fixture.l);
        assert_int_equal(import_paths(paths, 1, &summary), WF_OK);
        assert_int_equal(ledger_size(fixture.l), size);
    }
}

/* Fields of the refusal that EPA's own service answers with: ours must name them all, no other. */
static void the_invalid_example_of_epa(void **state)
{
    (void)state;
    char path[1200];
    import_summary summary;
    json_t *answer = shared_json("emanifest-return-failure-example.json", path, sizeof path);
    json_decref(shared_json("emanifest-save-invalid-example.json", path, sizeof path));
    const char *const paths[] = {path};
    assert_int_equal(import_paths(paths, 1, &summary), WF_REFUSED);
    assert_int_equal(ledger_size(fixture.l), 1);
    const json_t *errors = json_object_get(answer, "errors");
    assert_int_equal(json_array_size(errors), 6);
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(errors, i, one)
    {
        char field[300];
        snprintf(field, sizeof field, "emanifest-save-invalid-example.json: %s: ",
                 json_string_value(json_object_get(one, "field")));
        assert_line(foreign_heard(), field);
    }
    size_t lines = 0;
    for (const char *at = foreign_heard(); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, json_array_size(errors));
    json_decref(answer);
}

#define EMANIFEST_TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, foreign_set_up, foreign_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMANIFEST_TEST(lines_are_loads),
        EMANIFEST_TEST(signatures_are_events),
        EMANIFEST_TEST(odd_dates_are_told),
        EMANIFEST_TEST(without_a_signature_no_event),
        EMANIFEST_TEST(units_are_exact),
        EMANIFEST_TEST(a_volume_needs_a_density),
        EMANIFEST_TEST(known_handlers_stay),
        EMANIFEST_TEST(twice_is_once),
        EMANIFEST_TEST(rejections),
        EMANIFEST_TEST(fields_are_named),
        EMANIFEST_TEST(long_texts_name_their_field),
        EMANIFEST_TEST(refusals_of_records_are_told),
        EMANIFEST_TEST(long_names_of_transporters),
        EMANIFEST_TEST(not_a_document),
        EMANIFEST_TEST(a_file_too_large),
        EMANIFEST_TEST(missing_files_stop_all),
        EMANIFEST_TEST(more_files_than_a_summary_holds),
        EMANIFEST_TEST(cut_and_changed),
        EMANIFEST_TEST(every_member_of_another_type),
        EMANIFEST_TEST(the_examples_of_epa),
        EMANIFEST_TEST(the_invalid_example_of_epa),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
