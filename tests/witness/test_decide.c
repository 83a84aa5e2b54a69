/*
 * witness: each status code of add-checkpoint, one by one, and the order in which they are checked.
 */
#include "witness_test.h"

static test_log city, fork_city, stranger;

static int setup(void **state)
{
    (void)state;
    city = log_new(LOG_ORIGIN);
    stranger = log_new("stranger.test.example/log");
    fork_city = city;
    fork_city.fork_at = 5;
    fork_city.branch = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_free(&city);
    log_free(&stranger);
    return 0;
}

/* What is answered to `request`, which is freed, when `last` (or nothing) was cosigned. */
static witness_verdict decide(buffer request, test_log *of_last, uint64_t last_size)
{
    witness_verdict out;
    static witness_submission s;
    checkpoint last = {.size = last_size};
    if (of_last != NULL && last_size > 0)
        assert_true(merkle_root_at(&last.root, HASH_SHA256, last_size, log_read, of_last));
    else
        merkle_empty(&last.root, HASH_SHA256);
    if (witness_admit(&out, &s, (char *)request.data, request.size, &city.note_key, 1))
        witness_decide(&out, &s, of_last != NULL ? &last : NULL);
    if (out.status == 200)
        assert_null(out.reason);
    else
        assert_non_null(out.reason);
    buffer_free(&request);
    return out;
}

static void assert_status(witness_verdict v, int status, witness_evidence evidence)
{
    if (v.status != status)
        print_error("%s\n", v.reason != NULL ? v.reason : "200");
    assert_int_equal(v.status, status);
    assert_int_equal(v.evidence, evidence);
}

/* Replaces the first `old` by `new`. */
static buffer edited(buffer b, const char *old, const char *new)
{
    buffer out = {0};
    uint8_t *at = memmem(b.data, b.size, old, strlen(old));
    assert_non_null(at);
    size_t before = (size_t)(at - b.data);
    buffer_append(&out, b.data, before);
    buffer_append_text(&out, new);
    buffer_append(&out, at + strlen(old), b.size - before - strlen(old));
    buffer_free(&b);
    return out;
}

static void test_cosigned(void **state)
{
    (void)state;
    assert_status(decide(log_request(&city, 0, 5), NULL, 0), 200, WITNESS_NO_EVIDENCE);
    assert_status(decide(log_request(&city, 0, 0), NULL, 0), 200, WITNESS_NO_EVIDENCE);
    assert_status(decide(log_request(&city, 5, 5), &city, 5), 200, WITNESS_NO_EVIDENCE);
    assert_status(decide(log_request(&city, 0, 7), &city, 0), 200, WITNESS_NO_EVIDENCE);
    for (uint64_t old_size = 1; old_size < 40; old_size++)
        for (uint64_t size = old_size; size < 40; size++)
            assert_status(decide(log_request(&city, old_size, size), &city, old_size), 200,
                          WITNESS_NO_EVIDENCE);
}

static void test_bad_requests(void **state)
{
    static const struct {
        const char *old, *new;
    } edits[] = {
        {"old 5", "old 05"},
        {"old 5", "old"},
        {"old 5", "new 5"},
        {"old 5", "old +5"},
        {"old 5\n", "old 5 \n"},
        {"old 5", "old 18446744073709551616"},
        {"old 5\n", "old 5\nAAAA\n"},
        {"\n7\n", "\n7\n\n"}, /* an empty line in the text ends the note elsewhere */
    };
    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++)
        assert_int_equal(
            decide(edited(log_request(&city, 5, 7), edits[i].old, edits[i].new), &city, 5).status,
            i + 1 < sizeof edits / sizeof *edits ? 400 : 403);
    buffer empty = {0};
    buffer_append_text(&empty, "");
    assert_status(decide(empty, NULL, 0), 400, WITNESS_NO_EVIDENCE);
    /* old above new: also when it is what was cosigned last, so that a size never shrinks */
    assert_status(decide(log_request(&city, 9, 7), &city, 9), 400, WITNESS_NO_EVIDENCE);
    assert_status(decide(log_request(&city, 9, 0), &city, 9), 400, WITNESS_NO_EVIDENCE);
}

static void test_more_than_63_hashes(void **state)
{
    static const char line[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    (void)state;
    for (size_t count = 63; count <= 64; count++) {
        buffer lines = {0}, request = log_request(&city, 5, 5);
        buffer_append_text(&lines, "old 5\n");
        for (size_t i = 0; i < count; i++)
            buffer_append_text(&lines, line);
        buffer_append_byte(&lines, '\0');
        request = edited(request, "old 5\n", (char *)lines.data);
        assert_int_equal(decide(request, &city, 5).status, count == 63 ? 422 : 400);
        buffer_free(&lines);
    }
}

static void test_unknown_origin(void **state)
{
    (void)state;
    assert_status(decide(log_request(&stranger, 0, 5), NULL, 0), 404, WITNESS_NO_EVIDENCE);
    /* also when its text is no checkpoint: the origin is looked at first */
    buffer request = {0}, note_bytes = {0};
    sign_note(&note_bytes, &stranger, "nobody\nx\n", 9);
    buffer_append_text(&request, "old 0\n\n");
    buffer_append(&request, note_bytes.data, note_bytes.size);
    buffer_free(&note_bytes);
    assert_status(decide(request, NULL, 0), 404, WITNESS_NO_EVIDENCE);
}

static void test_forbidden(void **state)
{
    test_log impostor = log_new(LOG_ORIGIN);
    buffer both = log_request(&city, 0, 5), other = log_checkpoint(&impostor, 5);
    (void)state;
    /* by a key that is not the log's */
    assert_status(decide(log_request(&impostor, 0, 5), NULL, 0), 403, WITNESS_NO_EVIDENCE);
    /* by the log's key, over other bytes */
    assert_status(decide(edited(log_request(&city, 0, 5), "\n5\n", "\n6\n"), NULL, 0), 403,
                  WITNESS_NO_EVIDENCE);
    /* it comes before the sizes are looked at */
    assert_status(decide(log_request(&impostor, 9, 5), NULL, 0), 403, WITNESS_NO_EVIDENCE);
    /* a stranger's line beside a good one is ignored */
    uint8_t *line = memmem(other.data, other.size, "\xe2\x80\x94 ", 4);
    buffer_append(&both, line, other.size - (size_t)(line - other.data));
    assert_status(decide(both, NULL, 0), 200, WITNESS_NO_EVIDENCE);
    buffer_free(&other);
    log_free(&impostor);
}

static void test_conflict(void **state)
{
    (void)state;
    for (uint64_t old_size = 0; old_size < 9; old_size++) {
        if (old_size == 5)
            continue;
        witness_verdict v = decide(log_request(&city, old_size, 9), &city, 5);
        assert_status(v, 409, WITNESS_NO_EVIDENCE);
        assert_int_equal(v.last_size, 5);
    }
    /* nothing cosigned yet */
    witness_verdict v = decide(log_request(&city, 3, 9), NULL, 0);
    assert_status(v, 409, WITNESS_NO_EVIDENCE);
    assert_int_equal(v.last_size, 0);
    /* a smaller one, sent late */
    assert_status(decide(log_request(&city, 2, 4), &city, 5), 409, WITNESS_NO_EVIDENCE);
}

static void test_unprocessable(void **state)
{
    (void)state;
    /* one hash less, one more; of another branch, from a size whose root a proof does not carry */
    assert_status(decide(log_request_by(&fork_city, &fork_city, 8, 9), &city, 8), 422,
                  WITNESS_UNPROVED);
    buffer request = log_request(&city, 6, 9);
    char *first = strchr((char *)request.data, '\n') + 1;
    char line[46] = "";
    memcpy(line, first, 45);
    assert_status(decide(edited(request, line, ""), &city, 6), 422, WITNESS_UNPROVED);
    request = edited(log_request(&city, 6, 9), "old 6\n",
                     "old 6\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_status(decide(request, &city, 6), 422, WITNESS_UNPROVED);
    /* from the empty tree on there is nothing to prove, and so nothing to misprove */
    request = edited(log_request(&city, 0, 9), "old 0\n",
                     "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    assert_status(decide(request, NULL, 0), 422, WITNESS_NO_EVIDENCE);
}

static void test_forks(void **state)
{
    (void)state;
    assert_status(decide(log_request(&fork_city, 7, 7), &city, 7), 422, WITNESS_FORK);
    /* the other branch's own proof shows what it has for the entries that were cosigned */
    assert_status(decide(log_request_by(&fork_city, &fork_city, 6, 9), &city, 6), 422,
                  WITNESS_FORK);
    /* a fork is one also when the sender does not know where we stand */
    assert_status(decide(log_request(&fork_city, 0, 7), &city, 7), 409, WITNESS_FORK);
    /* before the branches part they are one log */
    assert_status(decide(log_request(&fork_city, 5, 5), &city, 5), 200, WITNESS_NO_EVIDENCE);
    /* an empty tree with a root */
    static const char text[] = LOG_ORIGIN "\n0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    buffer request = {0}, note_bytes = {0};
    sign_note(&note_bytes, &city, text, sizeof text - 1);
    buffer_append_text(&request, "old 0\n\n");
    buffer_append(&request, note_bytes.data, note_bytes.size);
    buffer_free(&note_bytes);
    assert_status(decide(request, NULL, 0), 422, WITNESS_FORK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosigned),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_more_than_63_hashes),
        cmocka_unit_test(test_unknown_origin),
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_unprocessable),
        cmocka_unit_test(test_forks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
