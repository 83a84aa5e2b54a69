/*
 * proof: checkpoints, .tlog-proof receipts, add-checkpoint requests and tile paths. Small cases of
 * our own; the public vectors are in test_shared_vectors.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint.h"

#define ROOT "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="
#define HEAD "c2sp.org/tlog-proof@v1\n"

static const char *parse(checkpoint *c, const char *text)
{
    return checkpoint_parse(c, text, strlen(text));
}

static void checkpoint_accepts(void **state)
{
    (void)state;
    checkpoint c;
    assert_null(parse(&c, "go.sum database tree\n42\n" ROOT "\n"));
    assert_string_equal(c.origin, "go.sum database tree");
    assert_int_equal(c.size, 42);
    char text[512];
    size_t written = checkpoint_format(text, sizeof text, &c);
    assert_int_equal(written, strlen(text));
    assert_string_equal(text, "go.sum database tree\n42\n" ROOT "\n");
    assert_int_equal(checkpoint_format(text, strlen(text), &c), 0);
    assert_null(parse(&c, "a\n18446744073709551615\n" ROOT "\nextension\n"));
    assert_true(c.size == UINT64_MAX);
    assert_null(parse(&c, "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"));
}

static void checkpoint_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "\n", "a", "a\n", "a\n42", "a\n42\n", "a\n42\n" ROOT, "\n42\n" ROOT "\n",
        "a\n\n" ROOT "\n", "a\n042\n" ROOT "\n", "a\n+42\n" ROOT "\n", "a\n-42\n" ROOT "\n",
        "a\n 42\n" ROOT "\n", "a\n0x2a\n" ROOT "\n", "a\n18446744073709551616\n" ROOT "\n",
        "a\n42\n\n", "a\n42\n" ROOT " \n", "a\n42\nYmFuYW5hcw==\n", "a\n42\n" ROOT "\n\n",
        "a\n42\n" ROOT "\nextension", "a\n42\n" ROOT "\nextension\n\n",
        /* the last character before the padding has an unused bit set */
        "a\n42\nLXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIF=\n",
        "a\n0\n" ROOT "\n", /* an empty tree has the empty root */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        checkpoint c;
        if (!parse(&c, bad[i]))
            fail_msg("accepted: \"%s\"", bad[i]);
    }
    char text[512];
    memset(text, 'a', NOTE_NAME_MAX + 1);
    strcpy(text + NOTE_NAME_MAX + 1, "\n42\n" ROOT "\n");
    checkpoint c;
    assert_non_null(parse(&c, text));
    assert_null(parse(&c, text + 1));
}

static void proof_round_trip(void **state)
{
    (void)state;
    hash hashes[3];
    for (size_t i = 0; i < 3; i++)
        merkle_leaf(&hashes[i], HASH_SHA256, &i, 1);
    static const char note_bytes[] = "origin\n8\n" ROOT "\n\nsignatures\n";
    size_t note_size = sizeof note_bytes - 1;
    for (size_t count = 0; count <= 3; count++) {
        char bytes[1024];
        tlog_proof proof;
        size_t size =
            tlog_proof_format(bytes, sizeof bytes, 5, hashes, count, note_bytes, note_size);
        assert_int_not_equal(size, 0);
        assert_null(tlog_proof_parse(&proof, bytes, size));
        assert_int_equal(proof.index, 5);
        assert_int_equal(proof.hash_count, count);
        assert_memory_equal(proof.hashes, hashes, count * sizeof *hashes);
        assert_int_equal(proof.checkpoint_size, note_size);
        assert_memory_equal(proof.checkpoint, note_bytes, note_size);
        assert_null(proof.extra);
        for (size_t room = 0; room < size; room++) {
            char small[1024];
            assert_int_equal(
                tlog_proof_format(small, room, 5, hashes, count, note_bytes, note_size), 0);
        }
    }
}

static void proof_extra(void **state)
{
    (void)state;
    static const char bytes[] = HEAD "extra AQID\nindex 0\n\ncheckpoint";
    tlog_proof proof;
    assert_null(tlog_proof_parse(&proof, bytes, sizeof bytes - 1));
    assert_int_equal(proof.extra_size, 4);
    assert_memory_equal(proof.extra, "AQID", 4);
    assert_int_equal(proof.hash_count, 0);
}

static void proof_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        HEAD,
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nc",
        "c2sp.org/tlog-proof@v1 \nindex 0\n\nc",
        HEAD "\nindex 0\n\nc",
        HEAD "index\n\nc",
        HEAD "index 00\n\nc",
        HEAD "index 01\n\nc",
        HEAD "index -1\n\nc",
        HEAD "index  1\n\nc",
        HEAD "index 18446744073709551616\n\nc",
        HEAD "index 0",
        HEAD "index 0\n",
        HEAD "index 0\n\n",
        HEAD "index 0\n" ROOT "\n",
        HEAD "index 0\n" ROOT "=\n\nc",
        HEAD "index 0\nAQID\n\nc",
        HEAD "extra\nindex 0\n\nc",
        HEAD "extra \nindex 0\n\nc",
        HEAD "extra AQI\nindex 0\n\nc",
        HEAD "index 0\nextra AQID\n\nc",
        HEAD "extra AQID\nextra AQID\nindex 0\n\nc",
        HEAD "index 0\r\n\r\nc",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tlog_proof proof;
        if (!tlog_proof_parse(&proof, bad[i], strlen(bad[i])))
            fail_msg("accepted: \"%s\"", bad[i]);
    }
}

/* 64 hashes are read, a 65th is refused and not written. */
static void proof_hash_limit(void **state)
{
    (void)state;
    static char bytes[8192];
    tlog_proof proof;
    for (size_t count = 64; count <= 65; count++) {
        strcpy(bytes, HEAD "index 0\n");
        for (size_t i = 0; i < count; i++)
            strcat(bytes, ROOT "\n");
        strcat(bytes, "\ncheckpoint\n");
        const char *reason = tlog_proof_parse(&proof, bytes, strlen(bytes));
        assert_int_equal(reason == NULL, count == 64);
    }
}

static void witness_requests(void **state)
{
    (void)state;
    hash root;
    merkle_empty(&root, HASH_SHA256);
    char bytes[1024];
    size_t size = witness_request_format(bytes, sizeof bytes, 7, &root, 1, "checkpoint\n", 11);
    witness_request request;
    assert_null(witness_request_parse(&request, bytes, size));
    assert_int_equal(request.old_size, 7);
    assert_int_equal(request.hash_count, 1);
    assert_true(hash_equal(&request.hashes[0], &root));
    assert_int_equal(request.checkpoint_size, 11);
    assert_memory_equal(request.checkpoint, "checkpoint\n", 11);
    assert_null(witness_request_parse(&request, "old 0\n\n", 7));
    assert_int_equal(request.checkpoint_size, 0);
    static const char *const bad[] = {"",         "old 7",        "old 7\n",  "old 07\n\n",
                                      "old \n\n", "old 7\nx\n\n", "new 7\n\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(witness_request_parse(&request, bad[i], strlen(bad[i])));
}

static void tile_paths(void **state)
{
    (void)state;
    static const struct {
        int level;
        uint64_t index;
        unsigned width;
        const char *path;
    } good[] = {{0, 0, 256, "tile/0/000"},
                {0, 999, 256, "tile/0/999"},
                {0, 1000, 256, "tile/0/x001/000"},
                {0, 1234067, 256, "tile/0/x001/x234/067"},
                {15, 123456789, 41, "tile/15/x123/x456/789.p/41"},
                {63, 999999999999999999, 255, "tile/63/x999/x999/x999/x999/x999/999.p/255"},
                {-1, 0, 1, "tile/entries/000.p/1"},
                {-1, 1234067, 256, "tile/entries/x001/x234/067"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char path[TILE_PATH_MAX];
        int level = 0;
        uint64_t index = 0;
        unsigned width = 0;
        assert_string_equal(tile_path_format(path, good[i].level, good[i].index, good[i].width),
                            good[i].path);
        assert_true(tile_path_parse(&level, &index, &width, path));
        assert_int_equal(level, good[i].level);
        assert_true(index == good[i].index);
        assert_int_equal(width, good[i].width);
    }
    static const char *const bad[] = {"",
                                      "tile",
                                      "tile/",
                                      "tile/0",
                                      "tile/0/",
                                      "tile/0/0",
                                      "tile/0/0000",
                                      "tile/00/000",
                                      "tile/64/000",
                                      "tile/-1/000",
                                      "tile/entry/000",
                                      "/tile/0/000",
                                      "tile/0/000/",
                                      "tile/0/x000/001",
                                      "tile/0/x001",
                                      "tile/0/x001/",
                                      "tile/0/001/002",
                                      "tile/0/x001/x002",
                                      "tile/0/x001/02",
                                      "tile/0/000.p",
                                      "tile/0/000.p/",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/01",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/1/",
                                      "tile/0/000.q/1",
                                      "tile/0/../000",
                                      "tile/0/x999/x999/x999/x999/x999/x999/999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int level = 0;
        uint64_t index = 0;
        unsigned width = 0;
        if (tile_path_parse(&level, &index, &width, bad[i]))
            fail_msg("accepted: \"%s\"", bad[i]);
    }
    char path[TILE_PATH_MAX];
    assert_string_equal(tile_path_format(path, 0, UINT64_MAX, 255),
                        "tile/0/x018/x446/x744/x073/x709/x551/615.p/255");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoint_accepts), cmocka_unit_test(checkpoint_refuses),
        cmocka_unit_test(proof_round_trip),   cmocka_unit_test(proof_extra),
        cmocka_unit_test(proof_refuses),      cmocka_unit_test(proof_hash_limit),
        cmocka_unit_test(witness_requests),   cmocka_unit_test(tile_paths),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
