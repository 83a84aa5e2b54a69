/*
 * book: the table of transitions, and that the README shows what the code does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "book/transitions.h"

static void write_table(buffer *out)
{
    buffer_append_text(out, "| state |");
    for (uint32_t e = 1; e < EVENT_COUNT; e++)
        buffer_printf(out, " `%s` |", vocabulary_word(&vocabulary_event, e));
    buffer_append_text(out, "\n| --- |");
    for (uint32_t e = 1; e < EVENT_COUNT; e++)
        buffer_append_text(out, " --- |");
    buffer_append_text(out, "\n");
    for (unsigned s = 0; s < MANIFEST_STATE_COUNT; s++) {
        buffer_printf(out, "| **%s** |", manifest_state_name((enum manifest_state)s));
        for (unsigned e = 1; e < EVENT_COUNT; e++) {
            transition t = manifest_transition((enum manifest_state)s, (enum manifest_event)e);
            const char *cell = (unsigned)t.to == s ? "stays" : manifest_state_name(t.to);
            buffer_printf(out, " %s |", t.allowed ? cell : "–");
        }
        buffer_append_text(out, "\n");
    }
    buffer_append_byte(out, 0);
}

static void readme_shows_the_table(void **state)
{
    (void)state;
    static char readme[64 * 1024];
    FILE *file = fopen(TEST_SOURCE_DIR "/../src/book/README.md", "r");
    assert_non_null(file);
    size_t size = fread(readme, 1, sizeof readme - 1, file);
    fclose(file);
    readme[size] = '\0';
    buffer table = {0};
    write_table(&table);
    assert_false(table.failed);
    bool shown = strstr(readme, (const char *)table.data) != NULL;
    if (!shown)
        print_error("README.md must show this table:\n%s", (const char *)table.data);
    assert_true(shown);
    buffer_free(&table);
}

static enum manifest_state run(const enum manifest_event *events, size_t count)
{
    enum manifest_state state = MANIFEST_FILED;
    for (size_t i = 0; i < count; i++) {
        transition t = manifest_transition(state, events[i]);
        assert_true(t.allowed);
        assert_null(t.why_not);
        state = t.to;
    }
    return state;
}

#define RUN(...)                                                                                   \
    run((const enum manifest_event[]){__VA_ARGS__},                                                \
        sizeof((const enum manifest_event[]){__VA_ARGS__}) / sizeof(enum manifest_event))

/* The orders in which the events of real manifests come. */
static void disorder_is_entered(void **state)
{
    (void)state;
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_PICKED_UP, EVENT_ARRIVED, EVENT_RECEIVED,
                         EVENT_CONFIRMED, EVENT_CORRECTED),
                     MANIFEST_CONFIRMED);
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_ARRIVED, EVENT_RECEIVED, EVENT_CORRECTED),
                     MANIFEST_RECEIVED);
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_ARRIVED, EVENT_RECEIVED, EVENT_REJECTED,
                         EVENT_RETURNED, EVENT_CONFIRMED),
                     MANIFEST_CONFIRMED);
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_ARRIVED, EVENT_RECEIVED, EVENT_REJECTED,
                         EVENT_CONFIRMED, EVENT_RETURNED),
                     MANIFEST_CONFIRMED);
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_ARRIVED, EVENT_REJECTED, EVENT_RETURNED),
                     MANIFEST_RETURNED);
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_REDIRECTED, EVENT_ARRIVED, EVENT_RECEIVED),
                     MANIFEST_RECEIVED);
    assert_int_equal(RUN(EVENT_PICKED_UP, EVENT_REJECTED, EVENT_RECEIVED), MANIFEST_RECEIVED);
    assert_int_equal(RUN(EVENT_CANCELLED), MANIFEST_CANCELLED);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    for (unsigned e = 0; e <= EVENT_COUNT; e++) {
        transition t = manifest_transition(MANIFEST_CANCELLED, (enum manifest_event)e);
        assert_false(t.allowed);
        assert_non_null(t.why_not);
    }
    for (unsigned e = EVENT_HANDED_OVER; e <= EVENT_CORRECTED; e++)
        assert_false(manifest_transition(MANIFEST_FILED, (enum manifest_event)e).allowed);
    for (unsigned s = MANIFEST_PICKED_UP; s < MANIFEST_STATE_COUNT; s++)
        assert_false(manifest_transition((enum manifest_state)s, EVENT_CANCELLED).allowed);
    assert_false(manifest_transition(MANIFEST_RECEIVED, EVENT_RECEIVED).allowed);
    assert_false(manifest_transition(MANIFEST_CONFIRMED, EVENT_RECEIVED).allowed);
    assert_false(manifest_transition(MANIFEST_ARRIVED, EVENT_CONFIRMED).allowed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readme_shows_the_table),
        cmocka_unit_test(disorder_is_entered),
        cmocka_unit_test(contradictions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
