/*
 * The three forms of answers of the wufei program: JSON that a strict parser takes, CSV of one
 * width, tables whose columns stand straight also with Chinese in them.
 */
#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>
#include <jansson.h>

static char work[64];
static char build[PATH_MAX]; /* the build folder: tests/ and bin/ lie in it */

/* Runs `wufei` with these arguments and returns its standard output; the caller frees. */
static char *answer_of(const char *arguments)
{
    char line[PATH_MAX * 3];
    snprintf(line, sizeof line,
             "WUFEI_LOCALE_DIR='%s/locale' LC_ALL=C.UTF-8 '%s/bin/wufei' -L '%s/ledger' %s", build,
             build, work, arguments);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    char *text = calloc(1, 1 << 20);
    size_t size = fread(text, 1, (1 << 20) - 1, pipe);
    text[size] = '\0';
    assert_int_equal(pclose(pipe), 0);
    return text;
}

static int setup(void **state)
{
    char line[PATH_MAX * 3];
    (void)state;
    ssize_t size = readlink("/proc/self/exe", build, sizeof build - 1);
    assert_true(size > 0);
    build[size] = '\0';
    for (int i = 0; i < 2; i++)
        *strrchr(build, '/') = '\0';
    snprintf(work, sizeof work, "/tmp/wufei-forms-XXXXXX");
    assert_non_null(mkdtemp(work));
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    snprintf(line, sizeof line, "bash -c '. \"%s/command/bundle.sh\"; write_bundle \"%s/city\"'",
             TEST_SOURCE_DIR, work);
    assert_int_equal(system(line), 0);
    free(answer_of("init --origin test.example/forms"));
    snprintf(line, sizeof line, "import '%s/city'", work);
    free(answer_of(line));
    return 0;
}

static int teardown(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf '%s'", work);
    return system(line);
}

static json_t *json_of(const char *arguments)
{
    char line[256];
    json_error_t error;
    snprintf(line, sizeof line, "%s --format json", arguments);
    char *text = answer_of(line);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s: line %d: %s", line, error.line, error.text);
    free(text);
    return root;
}

static void test_json_of_one_table_is_an_array(void **state)
{
    static const char *const commands[] = {
        "list manifests", "list sites", "list permits", "trace H1",        "balance",
        "audit",          "verify",     "checkpoint",   "rebuild --check", "list findings",
    };
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        json_t *root = json_of(commands[i]);
        assert_true(json_is_array(root));
        json_decref(root);
    }
}

static void test_json_of_several_tables_is_an_object(void **state)
{
    static const char *const commands[] = {"show M1", "show F1", "stat", "audit --rules"};
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        json_t *root = json_of(commands[i]);
        const char *name;
        json_t *table;
        assert_true(json_is_object(root));
        json_object_foreach(root, name, table) assert_true(json_is_array(table));
        json_decref(root);
    }
}

static void test_json_keeps_kinds_and_texts(void **state)
{
    (void)state;
    json_t *root = json_of("list parties");
    assert_int_equal(json_array_size(root), 4);
    assert_string_equal(json_string_value(json_object_get(json_array_get(root, 0), "name")),
                        "Red Star Plating, Ltd");
    assert_string_equal(json_string_value(json_object_get(json_array_get(root, 1), "name")),
                        "顺达运输有限公司");
    assert_true(json_is_null(json_object_get(json_array_get(root, 0), "legal_id")));
    json_decref(root);
    root = json_of("list manifests");
    json_t *first = NULL;
    for (size_t i = 0; i < json_array_size(root); i++) {
        json_t *row = json_array_get(root, i);
        if (strcmp(json_string_value(json_object_get(row, "manifest_id")), "M1") == 0)
            first = row;
    }
    assert_non_null(first);
    assert_true(json_number_value(json_object_get(first, "picked_up_kg")) == 600);
    assert_true(json_is_integer(json_object_get(first, "entry")));
    json_decref(root);
}

static void test_csv_quotes_what_needs_it(void **state)
{
    (void)state;
    char *text = answer_of("list parties --format csv");
    assert_non_null(strstr(text, ",\"Red Star Plating, Ltd\","));
    assert_ptr_equal(strstr(text, "party_id,name,roles,"), text);
    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, 033));
    free(text);
}

/* The columns at which the header's words begin, in display cells. */
static size_t word_starts(const wchar_t *line, int *starts, size_t limit)
{
    size_t count = 0;
    int column = 0;
    for (const wchar_t *at = line; *at != L'\0'; at++) {
        if (*at != L' ' && (at == line || at[-1] == L' ') && count < limit)
            starts[count++] = column;
        column += wcwidth(*at);
    }
    return count;
}

/* In a straight table the cell in front of each left-aligned column's start is blank everywhere. */
static void check_straight(const char *arguments, const int *left_aligned, size_t count)
{
    char *text = answer_of(arguments);
    int starts[40];
    size_t lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
        wchar_t wide[2000];
        assert_true(mbstowcs(wide, line, 2000) != (size_t)-1);
        if (lines == 0)
            assert_true(word_starts(wide, starts, 40) > (size_t)left_aligned[count - 1]);
        for (size_t i = 0; i < count; i++) {
            int column = 0;
            const wchar_t *at = wide;
            wchar_t before = L' ';
            while (*at != L'\0' && column < starts[left_aligned[i]]) {
                before = *at;
                column += wcwidth(*at++);
            }
            assert_int_equal(column, starts[left_aligned[i]]);
            assert_true(before == L' ');
            assert_true(*at != L' ');
        }
    }
    assert_true(lines > 1);
    free(text);
}

static void test_tables_stand_straight(void **state)
{
    (void)state;
    check_straight("list vehicles --format table --lang zh", (const int[]){0, 1, 2}, 3);
    check_straight("list vehicles --format table --lang en", (const int[]){0, 1, 2}, 3);
    check_straight("list sites --format table --lang zh", (const int[]){0, 1, 2, 3, 4, 5, 6}, 7);
    check_straight("list sites --format table --lang en", (const int[]){0, 1, 2, 3, 4, 5, 6}, 7);
}

static void test_tables_speak_chinese(void **state)
{
    (void)state;
    char *text = answer_of("list sites --format table --lang zh");
    assert_non_null(strstr(text, "场所"));
    assert_non_null(strstr(text, "转运站"));
    assert_null(strstr(text, "transfer_station"));
    free(text);
    text = answer_of("list sites --format csv --lang zh");
    assert_non_null(strstr(text, "site_id,"));
    assert_non_null(strstr(text, "transfer_station"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_of_one_table_is_an_array),
        cmocka_unit_test(test_json_of_several_tables_is_an_object),
        cmocka_unit_test(test_json_keeps_kinds_and_texts),
        cmocka_unit_test(test_csv_quotes_what_needs_it),
        cmocka_unit_test(test_tables_stand_straight),
        cmocka_unit_test(test_tables_speak_chinese),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
