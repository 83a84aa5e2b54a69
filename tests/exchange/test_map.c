/*
 * exchange/map: foreign CSV files through map files into a real ledger.
 */
#include "foreign_test.h"

#include <dirent.h>

#include "exchange/map.h"

/* Skips brought to a dump: a small relative of examples/blantyre. */
#define LOOKUP "[lookup volume]\nfile = skips.csv\nkey = Name\nvalue = litres\n"
#define CONSTANTS                                                                                  \
    "[constant parties c]\nparty_id = C\nname = Council\nroles = generator|carrier|facility\n"     \
    "[constant vehicles c]\nvehicle_id = truck\nparty_id = C\n"                                    \
    "[constant sites dump]\nsite_id = Dump\nparty_id = C\nname = Dump, \"the\" old\n"              \
    "kind = landfill\nlat = -15.78\nlon = 35.09\n"
#define SITES                                                                                      \
    "[skips.csv sites]\nsite_id = {Name}\nparty_id = C\nname = {{ {Name}\nkind = community\n"      \
    "lat = {lat}\nlon = {long}\n"
#define CHECK                                                                                      \
    "[loads.csv check]\nnot_empty = from where, start, end\n"                                      \
    "within = start, 2021-01-01, 2022-01-01\nin_order = start, end\nknown = from where, volume\n"
#define MANIFESTS                                                                                  \
    "[loads.csv manifests]\nmanifest_id = M{start|time|digits}\nstream = household\n"              \
    "waste_code = SW64\ngenerator_site = {from where|trim}\ncarrier_id = C\nvehicle_id = truck\n"  \
    "facility_site = Dump\nfiled_at = {start|time}\n"
#define EVENTS                                                                                     \
    "[loads.csv manifest_events out]\nmanifest_id = M{start|time|digits}\nevent = picked_up\n"     \
    "time = {start|time}\nsite_id = {from where}\n"                                                \
    "[loads.csv manifest_events in]\nmanifest_id = M{start|time|digits}\nevent = received\n"       \
    "time = {end|time}\nsite_id = Dump\n"                                                          \
    "mass_kg = {from where|lookup:volume|times:0.25}\nnote = {note}, not weighed\n"
#define MAP LOOKUP CONSTANTS SITES CHECK MANIFESTS EVENTS

#define SKIPS "Name,lat,long,litres\nNorth,-15.7,35.05,7000\nSouth,-15.8,35.06,4500.5\n"
#define LOADS "start,end,from where,note\n"
#define LOAD_1 "2021-01-17T09:00:55.952+02:00,2021-01-17T09:01:26+02,North,\"a, \"\"b\"\"\"\n"
#define LOAD_2 "2021-01-18T09:00:00Z,2021-01-18T09:30:00Z,South,\n"

static import_summary summary;

static wf_status import(const char *map_text, const char *skips, const char *loads, bool whole)
{
    char map_path[200];
    char paths[2][200];
    foreign_put(map_path, "m.ini", map_text, strlen(map_text));
    const char *const files[] = {foreign_put(paths[0], "skips.csv", skips, strlen(skips)),
                                 foreign_put(paths[1], "loads.csv", loads, strlen(loads))};
    import_options how = {.problem = foreign_hear, .all_or_nothing = whole};
    uint64_t before = ledger_size(fixture.l);
    buffer_clear(&heard);
    told = (wf_error){0};
    wf_status status = import_map(fixture.l, fixture.b, map_path, files, 2, &how, &summary, &told);
    if ((status != WF_OK && whole) || status == WF_USAGE)
        assert_int_equal(ledger_size(fixture.l), before);
    if (status != WF_OK)
        assert_true(told.text[0] != '\0');
    return status;
}

static const import_file_summary *file_of(const char *name)
{
    for (size_t i = 0; i < summary.file_count; i++)
        if (strcmp(summary.files[i].name, name) == 0)
            return &summary.files[i];
    fail_msg("no %s in the summary", name);
    return NULL;
}

static void counts(const char *name, uint64_t read, uint64_t entered, uint64_t already,
                   uint64_t refused)
{
    const import_file_summary *f = file_of(name);
    if (f->read != read || f->entered != entered || f->already != already || f->refused != refused)
        fail_msg("%s: %d %d %d %d\n%s", name, (int)f->read, (int)f->entered, (int)f->already,
                 (int)f->refused, foreign_heard());
}

/* The map must be refused with these words, and nothing entered. */
static void bad_map(const char *text, const char *words)
{
    assert_int_equal(import(text, SKIPS, LOADS LOAD_1, false), WF_USAGE);
    if (strstr(told.text, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, told.text);
    assert_int_equal(ledger_size(fixture.l), 1);
}

static void rows_become_records(void **state)
{
    (void)state;
    if (import(MAP, SKIPS, LOADS LOAD_1 LOAD_2, false) != WF_OK)
        fail_msg("%s\n%s", told.text, foreign_heard());
    counts("skips.csv", 2, 2, 0, 0);
    counts("loads.csv", 2, 2, 0, 0);
    const char *all = foreign_records(1);
    assert_line(all, "\"parties\"", "\"Council\"");
    assert_line(all, "\"Dump, \\\"the\\\" old\"");
    assert_line(all, "\"site_id\":\"North\"", "\"{ North\"");
    assert_line(all, "\"M20210117070055952\"", "\"filed_at\":\"2021-01-17T07:00:55.952Z\"");
    assert_line(all, "\"received\"", "\"mass_kg\":\"1750\"", "\"a, \\\"b\\\", not weighed\"");
    assert_line(all, "\"received\"", "\"mass_kg\":\"1125.125\"");
}

static void twice_is_once(void **state)
{
    (void)state;
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1, false), WF_OK);
    uint64_t size = ledger_size(fixture.l);
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1, false), WF_OK);
    assert_int_equal(ledger_size(fixture.l), size);
    counts("skips.csv", 2, 0, 2, 0);
    counts("loads.csv", 1, 0, 1, 0);
    /* one more: the file's rows were all counted as entered */
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1 LOAD_2, false), WF_OK);
    counts("loads.csv", 2, 1, 1, 0);
}

#define ROW(start, end, from) start "," end "," from ",x\n"
#define GOOD_TIME "2021-01-17T09:00:00+02:00"

static void every_check_names_its_row(void **state)
{
    (void)state;
    static const char loads[] = LOADS LOAD_1 ROW(GOOD_TIME, GOOD_TIME, "")         /* 3 */
        ROW("", GOOD_TIME, "North")                                                /* 4 */
        ROW("2020-12-31T23:59:59+08:00", "2021-01-17T09:00:00+08:00", "North")     /* 5 */
        ROW("2022-01-01T00:00:00+08:00", "2022-01-17T09:00:00+08:00", "North")     /* 6 */
        ROW("2021-01-17T09:00:00+02:00", "2021-01-17T08:59:59.999+02:00", "North") /* 7 */
        ROW(GOOD_TIME, GOOD_TIME, "West")                                          /* 8 */
        ROW("yesterday", GOOD_TIME, "North")                                       /* 9 */
        "\"2021,x\n";                                                              /* 10 */
    assert_int_equal(import(MAP, SKIPS, loads, false), WF_REFUSED);
    counts("loads.csv", 9, 1, 0, 8);
    const char *all = foreign_heard();
    assert_line(all, "loads.csv:3: from where: not given");
    assert_line(all, "loads.csv:4: start: not given");
    assert_line(all, "loads.csv:5: start: 2020-12-31T23:59:59+08:00 is not from 2021-01-01 to");
    assert_line(all, "loads.csv:6: start: 2022-01-01T00:00:00+08:00 is not from 2021-01-01 to");
    assert_line(all, "loads.csv:7: end: 2021-01-17T08:59:59.999+02:00 is before start (2021-01-17");
    assert_line(all, "loads.csv:8: from where: \"West\" is not in lookup volume");
    assert_line(all, "loads.csv:9: start: \"yesterday\" is not a time such as 2026-03-01T08:30");
    assert_line(all, "loads.csv:10: ");
    assert_non_null(strstr(told.text, "8 of 11 rows were refused"));
    assert_int_equal(import(MAP, SKIPS, loads, true), WF_REFUSED);
    counts("loads.csv", 9, 0, 0, 8);
}

static void the_first_moment_is_within(void **state)
{
    (void)state;
    assert_int_equal(
        import(MAP, SKIPS,
               LOADS ROW("2021-01-01T00:00:00+08:00", "2021-01-01T00:00:00+08:00", "North"), false),
        WF_OK);
}

/* A filter that failed in the last section left the rows of the sections before it. */
static void a_refused_row_makes_no_record(void **state)
{
    (void)state;
    static const char no_check[] = LOOKUP CONSTANTS SITES MANIFESTS EVENTS;
    assert_int_equal(import(no_check, SKIPS, LOADS ROW(GOOD_TIME, "later", "North"), false),
                     WF_REFUSED);
    assert_line(foreign_heard(), "loads.csv:2: end: \"later\" is not a time such as");
    assert_null(foreign_line(foreign_records(1), "\"manifest_id\"", (const char *)NULL));
    assert_int_equal(
        import(no_check, "Name,lat,long,litres\nNorth,1,1,many\n",
               LOADS ROW(GOOD_TIME, GOOD_TIME, "North") ROW(GOOD_TIME, GOOD_TIME, "West"), false),
        WF_REFUSED);
    assert_line(foreign_heard(), "loads.csv:2: from where: \"many\" times \"0.25\" is not a prod");
    assert_line(foreign_heard(), "loads.csv:3: from where: lookup volume has no \"West\"");
    assert_null(foreign_line(foreign_records(1), "\"manifest_id\"", (const char *)NULL));
}

static void refusals_of_the_book_name_the_foreign_line(void **state)
{
    (void)state;
    static const char loads[] = LOADS LOAD_1 "2021-01-17T09:00:55.952+02:00,"
                                             "2021-01-17T09:01:26+02,South,x\n";
    assert_int_equal(import(MAP, SKIPS, loads, false), WF_REFUSED);
    assert_line(foreign_heard(), "loads.csv:3: manifests: manifest_id: M20210117070055952");
    counts("loads.csv", 2, 1, 0, 1);
    assert_int_equal(import(MAP, "Name,lat,long,litres\nNorth,95,1,1\n", LOADS, false), WF_REFUSED);
    assert_line(foreign_heard(), "skips.csv:2: sites: lat: ");
    /* of a constant the map's line */
    assert_int_equal(import("[constant vehicles x]\nvehicle_id = v\nparty_id = nobody\n" MAP, SKIPS,
                            LOADS, false),
                     WF_REFUSED);
    assert_line(foreign_heard(), "m.ini:1: vehicles: party_id: nobody");
}

static void all_or_nothing(void **state)
{
    (void)state;
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1 ROW(GOOD_TIME, GOOD_TIME, "West"), true),
                     WF_REFUSED);
    counts("loads.csv", 2, 0, 0, 1);
    assert_int_equal(import(MAP, "Name,lat,long,litres\nNorth,95,1,1\n", LOADS LOAD_1, true),
                     WF_REFUSED); /* by the book, not by the map */
    counts("loads.csv", 1, 0, 0, 0);
    assert_int_equal(ledger_size(fixture.l), 1);
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1, true), WF_OK);
}

static void bad_maps_are_refused_whole(void **state)
{
    (void)state;
    bad_map("", "m.ini: no section [FILE.csv BUNDLEFILE LABEL]");
    bad_map(CONSTANTS, "m.ini: no section [FILE.csv BUNDLEFILE LABEL]");
    bad_map("rubbish\n", "m.ini:1: not an INI line");
    bad_map("a = b\n", "m.ini:1: \"a\" stands before the first [section]");
    bad_map("[one]\na = b\n", "m.ini:1: section [one]; expected [lookup NAME]");
    bad_map("[one two]\na = b\n", "m.ini:1: section [one two] begins with \"one\"; expected");
    bad_map("[other.csv sites]\nsite_id = {x}\n", "m.ini:1: other.csv is not on the command line");
    bad_map("[skips.csv cities]\nsite_id = {x}\n", "m.ini:1: \"cities\" is not a file of the");
    bad_map("[skips.csv sites]\nheight = 3\n", "m.ini:2: sites.csv has no column \"height\"");
    bad_map("[skips.csv sites]\nname = a\nlat = 3\nname = b\n",
            "m.ini:4: \"name\" is there already, on line 2");
    bad_map("[skips.csv sites]\nname = {Size}\n", "m.ini:2: the file has no column \"Size\"");
    bad_map("[skips.csv sites]\nname = {Name\n", "m.ini:2: \"{Name\": a brace is not closed");
    bad_map("[skips.csv sites]\nname = {}\n", "m.ini:2: the file has no column \"\"");
    bad_map("[skips.csv sites]\nname = {Name|upper}\n", "m.ini:2: filter \"upper\" is not known");
    bad_map("[skips.csv sites]\nname = {Name|times}\n", "m.ini:2: filter \"times\" is not known");
    bad_map("[skips.csv sites]\nname = {Name|trim:3}\n", "m.ini:2: filter \"trim:3\" is not known");
    bad_map("[skips.csv sites]\nlat = {lat|times:x}\n", "m.ini:2: times:x: a decimal number was");
    bad_map("[skips.csv sites]\nname = {Name|lookup:x}\n", "m.ini:2: there is no [lookup x]");
    bad_map("[constant sites x]\nname = {Name}\n" SITES,
            "m.ini:2: the file has no column \"Name\"");
    bad_map("[lookup v]\nfile = skips.csv\nkey = Name\n" SITES,
            "m.ini:1: [lookup v] has no line \"value = ...\"");
    bad_map("[lookup v]\nfile = x.csv\nkey = Name\nvalue = lat\n" SITES,
            "m.ini:1: lookup v reads x.csv, which is not on the command line");
    bad_map("[lookup v]\nfile = skips.csv\nkey = Name\nvalue = size\n" SITES,
            "skips.csv: no column \"size\" for lookup v");
}

static void bad_checks_are_refused_whole(void **state)
{
    (void)state;
    static const struct {
        const char *check, *words;
    } cases[] = {
        {"sound = start", "m.ini:9: [loads.csv check] sound = start; expected not_empty"},
        {"not_empty = ", "m.ini:9: [loads.csv check] not_empty = ; expected"},
        {"not_empty = middle", "m.ini:9: the file has no column \"middle\""},
        {"in_order = start", "m.ini:9: [loads.csv check] in_order = start; expected"},
        {"in_order = start, middle", "m.ini:9: the file has no column \"middle\""},
        {"within = start, 2021-01-01", "m.ini:9: [loads.csv check] within = "},
        {"within = start, then, now", "m.ini:9: \"then now\": two dates or times expected"},
        {"within = middle, 2021-01-01, 2022-01-01", "m.ini:9: the file has no column \"middle\""},
        {"known = from where, size", "m.ini:9: there is no [lookup size]"},
        {"known = middle, volume", "m.ini:9: the file has no column \"middle\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2000];
        snprintf(text, sizeof text, "%s[loads.csv sites]\nname = {note}\n\n[loads.csv check]\n%s\n",
                 "[lookup volume]\nfile = skips.csv\nkey = Name\nvalue = litres\n", cases[i].check);
        bad_map(text, cases[i].words);
    }
}

/* The ninth column of a check, and what stood behind 255 bytes, were dropped without a word. */
static void long_checks_are_whole(void **state)
{
    (void)state;
    assert_int_equal(import("[skips.csv check]\nnot_empty = Name,Name,Name,Name,Name,Name,Name,"
                            "Name,lat\n" CONSTANTS SITES,
                            "Name,lat,long,litres\nNorth,,1,1\n", LOADS, false),
                     WF_REFUSED);
    assert_line(foreign_heard(), "skips.csv:2: lat: not given");
}

/* libinih cuts section names at 49 bytes and lines at 199 without a word. */
static void long_lines_of_maps(void **state)
{
    (void)state;
    assert_int_equal(import(LOOKUP CONSTANTS SITES
                            "[skips.csv places a place of a name that is very long indeed, one]\n"
                            "place_id = one {Name}\nkind = fuel\nlat = 1\nlon = 1\nradius_m = 5\n"
                            "[skips.csv places a place of a name that is very long indeed, two]\n"
                            "place_id = two {Name}\nkind = fuel\nlat = 1\nlon = 1\nradius_m = 5\n",
                            SKIPS, LOADS, false),
                     WF_OK);
    assert_line(foreign_records(1), "\"one North\"");
    assert_line(foreign_records(1), "\"two South\"");
    char text[1000] = "[skips.csv sites]\nname = ";
    size_t n = strlen(text);
    memset(text + n, 'x', 191);
    strcpy(text + n + 191, "\n");
    char path[200];
    arena memory;
    map *m = NULL;
    arena_init(&memory, 0);
    foreign_put(path, "long.ini", text, strlen(text));
    assert_int_equal(map_read(&m, &memory, path, &told), WF_OK);
    assert_int_equal(strlen(map_section_value(&m->sections[0], "name")), 191);
    strcpy(text + n + 191, "x\n");
    foreign_put(path, "long.ini", text, strlen(text));
    assert_int_equal(map_read(&m, &memory, path, &told), WF_USAGE);
    assert_non_null(strstr(told.text, "long.ini:2: longer than 198 bytes"));
    assert_int_equal(map_read(&m, &memory, "/nonexistent.ini", &told), WF_USAGE);
    arena_free(&memory);
}

/* Which of two values a lookup gave was chance. */
static void a_lookup_with_two_values(void **state)
{
    (void)state;
    assert_int_equal(import(MAP, SKIPS "North,1,1,9\n", LOADS, false), WF_USAGE);
    assert_non_null(strstr(told.text, "m.ini:1: lookup volume: \"North\" is both \""));
    assert_int_equal(import(MAP, SKIPS "North,-15.7,35.05,7000\n", LOADS LOAD_1, false), WF_OK);
}

static void filters(void **state)
{
    (void)state;
    static const struct {
        const char *template, *value, *out;
    } cases[] = {{"{x}", "a b", "a b"},
                 {"<{x|trim}>", " \ta b ", "<a b>"},
                 {"{x|digits}", "2021-01-17T09:00", "202101170900"},
                 {"{x|time}", "2021-01-17T09:00:00.5+02", "2021-01-17T07:00:00.500Z"},
                 {"{x|time}", "2021-01-17T09:00:00-03:30", "2021-01-17T12:30:00Z"},
                 {"{x|time}", "", ""},
                 {"{x|times:0.25}", "7000", "1750"},
                 {"{x|times:0.333333}", "-1", "-0.333"},
                 {"{x|times:1.5}", "0.001", "0.002"},
                 {"{x|times:-1.5}", "0.001", "-0.002"},
                 {"{x|trim|times:2|digits}", " 1.5 ", "3"},
                 {"{{x}}{x}", "1", "{x}}1"},
                 {"", "1", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char map_text[300];
        char skips[100];
        /* the name of a site holds what the template makes */
        snprintf(map_text, sizeof map_text,
                 "[constant parties c]\nparty_id = C\nname = C\nroles = generator\n"
                 "[skips.csv sites]\nsite_id = S%zu\nparty_id = C\nname = =%s\n"
                 "kind = community\nlat = 1\nlon = 1\n",
                 i, cases[i].template);
        snprintf(skips, sizeof skips, "x,y\n%s,y\n", cases[i].value);
        if (import(map_text, skips, LOADS, false) != WF_OK)
            fail_msg("%s\n%s", told.text, foreign_heard());
        char id[40];
        char name[200];
        snprintf(id, sizeof id, "\"S%zu\"", i);
        snprintf(name, sizeof name, "\"name\":\"=%s\"", cases[i].out);
        assert_line(foreign_records(1), id, name);
    }
}

static void times_of_other_forms(void **state)
{
    (void)state;
    int64_t ms = 0;
    assert_true(map_time(&ms, "1970-01-01T02:00:00+02"));
    assert_int_equal(ms, 0);
    assert_true(map_time(&ms, "1970-01-01T00:00:01-00"));
    assert_int_equal(ms, 1000);
    static const char *const bad[] = {"",
                                      "+02",
                                      "1970-01-01",
                                      "1970-01-01T00:00:00",
                                      "0-01",
                                      "1970-01-01T00:00:00+2",
                                      "1970-01-01T00:00:00.000000000000000000000000000001+02"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(map_time(&ms, bad[i]));
}

static size_t left_behind(const char *folder)
{
    size_t count = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        count += strncmp(e->d_name, "wufei-map-", 10) == 0;
    closedir(d);
    return count;
}

/* A TMPDIR longer than 39 bytes was passed over, and /tmp written to instead. */
static void a_long_temporary_folder(void **state)
{
    (void)state;
    char folder[900];
    snprintf(folder, sizeof folder, "%s", fixture.folder);
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(folder);
        folder[n] = '/';
        memset(folder + n + 1, 'a' + i, 200);
        folder[n + 201] = '\0';
        assert_int_equal(mkdir(folder, 0755), 0);
    }
    const char *was = getenv("TMPDIR");
    char *before = was != NULL ? strdup(was) : NULL;
    setenv("TMPDIR", folder, 1);
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1, false), WF_OK);
    assert_int_equal(left_behind(folder), 0);
    assert_int_equal(import("[skips.csv sites]\nname = {none}\n", SKIPS, LOADS, false), WF_USAGE);
    assert_int_equal(left_behind(folder), 0);
    strcat(folder, "/absent");
    setenv("TMPDIR", folder, 1);
    assert_int_equal(import(MAP, SKIPS, LOADS LOAD_1, false), WF_SYSTEM);
    assert_non_null(strstr(told.text, "/absent"));
    if (before != NULL)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

static void strange_files(void **state)
{
    (void)state;
    assert_int_equal(import(MAP, "", LOADS LOAD_1, false), WF_USAGE);
    assert_non_null(strstr(told.text, "skips.csv:1: no header line"));
    assert_int_equal(import(MAP, SKIPS, LOADS, false), WF_OK); /* no rows are no mistake */
    counts("loads.csv", 0, 0, 0, 0);
    const char *const missing[] = {"/nonexistent/skips.csv"};
    import_options how = {.problem = foreign_hear};
    char path[200];
    foreign_put(path, "m.ini", SITES, strlen(SITES));
    assert_int_not_equal(import_map(fixture.l, fixture.b, path, missing, 1, &how, &summary, &told),
                         WF_OK);
    assert_non_null(strstr(told.text, "/nonexistent/skips.csv"));
    assert_int_equal(import_map(fixture.l, fixture.b, path, missing, 0, &how, &summary, &told),
                     WF_USAGE);
}

/* A row may leave cells at its end out; where the file ends within it, nobody knows which. */
static void a_file_that_was_cut_short(void **state)
{
    (void)state;
    static const char load_2[] = "2021-01-18T09:00:00Z,2021-01-18T09:30:00Z,South";
    char loads[400];
    snprintf(loads, sizeof loads, "%s%s", LOADS LOAD_1, load_2);
    assert_int_equal(import(MAP, SKIPS, loads, false), WF_REFUSED);
    counts("loads.csv", 2, 1, 0, 1);
    assert_line(foreign_heard(), "loads.csv:3", "it may have been cut short");
    snprintf(loads, sizeof loads, "%s%s\n", LOADS LOAD_1, load_2);
    assert_int_equal(import(MAP, SKIPS, loads, false), WF_OK);
    counts("loads.csv", 2, 1, 1, 0);
}

/* Cut and changed at many places: refused or entered, never a crash, nothing entered on a mistake
   (import watches that). */
static void cut_and_changed(void **state)
{
    (void)state;
    static const char *const inputs[] = {MAP, SKIPS, LOADS LOAD_1 LOAD_2};
    static const char changes[] = "\"{}[],=|:;\n.x\\ \x01\xC3-";
    uint32_t random = 54321;
    for (int which = 0; which < 3; which++) {
        size_t size = strlen(inputs[which]);
        char text[4000];
        for (size_t i = 0; i < 120; i++) {
            random = random * 1664525 + 1013904223;
            size_t at = (random >> 8) % size;
            snprintf(text, sizeof text, "%s", inputs[which]);
            if (i % 3 == 0)
                text[at] = '\0';
            else
                text[at] = changes[(random >> 3) % (sizeof changes - 1)];
            wf_status status = import(which == 0 ? text : inputs[0], which == 1 ? text : inputs[1],
                                      which == 2 ? text : inputs[2], i % 2 == 0);
            if (status != WF_OK && status != WF_REFUSED && status != WF_USAGE)
                fail_msg("%s:\n%s", told.text, text);
        }
    }
}

static void the_blantyre_log(void **state)
{
    (void)state;
    char paths[2][1200];
    if (!foreign_shared(paths[0], sizeof paths[0], "blantyre-2021/mzedi_skip_deliveries.csv") ||
        !foreign_shared(paths[1], sizeof paths[1], "blantyre-2021/blantyre_skips.csv"))
        skip();
    const char *const files[] = {paths[0], paths[1]};
    import_options how = {.problem = foreign_hear};
    static const char map_path[] = TEST_SOURCE_DIR "/../examples/blantyre/blantyre.ini";
    uint64_t size = 0;
    for (int pass = 0; pass < 2; pass++) {
        buffer_clear(&heard);
        assert_int_equal(
            import_map(fixture.l, fixture.b, map_path, files, 2, &how, &summary, &told),
            WF_REFUSED);
        counts("mzedi_skip_deliveries.csv", 1532, pass == 0 ? 1232 : 0, pass == 0 ? 0 : 1232, 300);
        counts("manifests.csv", 1232, pass == 0 ? 1232 : 0, pass == 0 ? 0 : 1232, 0);
        size_t told_of = 0;
        for (const char *at = foreign_heard(); *at != '\0'; at = strchr(at, '\n') + 1) {
            unsigned line = 0;
            told_of += sscanf(at, "mzedi_skip_deliveries.csv:%u: ", &line) == 1 && line >= 2 &&
                       line <= 1533;
        }
        assert_int_equal(told_of, 300);
        if (pass == 0)
            size = ledger_size(fixture.l);
    }
    assert_int_equal(ledger_size(fixture.l), size);
}

#define MAP_TEST(name) cmocka_unit_test_setup_teardown(name, foreign_set_up, foreign_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(rows_become_records),
        MAP_TEST(twice_is_once),
        MAP_TEST(every_check_names_its_row),
        MAP_TEST(the_first_moment_is_within),
        MAP_TEST(a_refused_row_makes_no_record),
        MAP_TEST(refusals_of_the_book_name_the_foreign_line),
        MAP_TEST(all_or_nothing),
        MAP_TEST(bad_maps_are_refused_whole),
        MAP_TEST(bad_checks_are_refused_whole),
        MAP_TEST(long_checks_are_whole),
        MAP_TEST(long_lines_of_maps),
        MAP_TEST(a_lookup_with_two_values),
        MAP_TEST(filters),
        MAP_TEST(times_of_other_forms),
        MAP_TEST(a_long_temporary_folder),
        MAP_TEST(strange_files),
        MAP_TEST(a_file_that_was_cut_short),
        MAP_TEST(cut_and_changed),
        MAP_TEST(the_blantyre_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
