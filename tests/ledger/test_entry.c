/*
 * ledger: entries and statements have one encoding, the one that protobuf-c writes, and only that
 * one is read.
 */
#include "ledger_test.h"

#include "ledger.pb-c.h"

static uint64_t random_state = 88172645463325252ULL;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Numbers of every length of varint. */
static uint64_t random_number(void)
{
    return next_random() >> (next_random() % 64);
}

static void fill(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)('a' + next_random() % 26);
}

static void entries_equal_protobuf_c(void **state)
{
    (void)state;
    static uint8_t statement[70000], packed[80000];
    uint8_t prev[32], key[8], signature[128];
    for (int round = 0; round < 2000; round++) {
        Wufei__Entry m = WUFEI__ENTRY__INIT;
        wf_error err = {0};
        fill(statement, 300);
        fill(prev, sizeof prev);
        fill(key, sizeof key);
        fill(signature, sizeof signature);
        m.seq = random_number();
        m.time_ms = (int64_t)random_number() * (round % 5 == 0 ? -1 : 1);
        m.prev_hash = (ProtobufCBinaryData){32, prev};
        m.statement = (ProtobufCBinaryData){
            round % 100 == 0 ? STATEMENT_MAX : 1 + next_random() % 300, statement};
        m.author_key = (ProtobufCBinaryData){8, key};
        m.has_signature = round % 2;
        m.signature = (ProtobufCBinaryData){1 + next_random() % 128, signature};
        size_t size = wufei__entry__pack(&m, packed);
        entry_view view;
        assert_ok(entry_parse(&view, span_of(packed, size), &err), &err);
        assert_int_equal(view.seq, m.seq);
        assert_int_equal(view.time_ms, m.time_ms);
        assert_memory_equal(view.prev_hash, prev, 32);
        assert_int_equal(view.statement.size, m.statement.len);
        assert_memory_equal(view.author_key, key, 8);
        assert_int_equal(view.signature.data != NULL, m.has_signature);
        buffer again = {0};
        entry_write(&again, &view);
        assert_true(span_equal(span_of(again.data, again.size), span_of(packed, size)));
        buffer_free(&again);
    }
}

static void statements_equal_protobuf_c(void **state)
{
    (void)state;
    uint8_t packed[2000], id[16], body[300];
    char origin[ORIGIN_MAX + 1], author[AUTHOR_MAX + 1];
    for (int round = 0; round < 2000; round++) {
        Wufei__Statement m = WUFEI__STATEMENT__INIT;
        wf_error err = {0};
        size_t origin_size = 1 + next_random() % ORIGIN_MAX;
        size_t author_size = 1 + next_random() % AUTHOR_MAX;
        fill((uint8_t *)origin, origin_size);
        fill((uint8_t *)author, author_size);
        origin[origin_size] = author[author_size] = '\0';
        fill(id, sizeof id);
        fill(body, sizeof body);
        m.origin = origin;
        m.author = author;
        m.id = (ProtobufCBinaryData){16, id};
        m.time_ms = (int64_t)random_number() * (round % 5 == 0 ? -1 : 1);
        m.has_record = round % 2;
        m.has_system = !m.has_record;
        m.record = m.system = (ProtobufCBinaryData){1 + next_random() % sizeof body, body};
        size_t size = wufei__statement__pack(&m, packed);
        statement_view view;
        assert_ok(statement_parse(&view, span_of(packed, size), &err), &err);
        assert_true(span_equal(view.origin, span_text(origin)));
        assert_true(span_equal(view.author, span_text(author)));
        assert_int_equal(view.time_ms, m.time_ms);
        assert_int_equal(view.record.data != NULL, m.has_record);
        buffer again = {0};
        statement_write(&again, &view);
        assert_true(span_equal(span_of(again.data, again.size), span_of(packed, size)));
        buffer_free(&again);
    }
}

/* Whatever bytes are accepted are the ones that are written back. */
static void what_is_accepted_is_canonical(void **state)
{
    (void)state;
    span good = make_statement("P1", 7, "a record");
    uint8_t bytes[300];
    unsigned accepted = 0;
    for (int round = 0; round < 200000; round++) {
        statement_view view;
        size_t size = good.size;
        memcpy(bytes, good.data, size);
        for (unsigned n = 1 + (unsigned)(next_random() % 3); n > 0; n--)
            bytes[next_random() % size] = (uint8_t)next_random();
        size -= next_random() % 4 == 0 ? next_random() % size : 0;
        uint8_t *exact = malloc(size); /* so that ASan sees a read behind the end */
        memcpy(exact, bytes, size);
        if (statement_parse(&view, span_of(exact, size), NULL) == WF_OK) {
            buffer again = {0};
            statement_write(&again, &view);
            assert_true(span_equal(span_of(again.data, again.size), span_of(exact, size)));
            buffer_free(&again);
            accepted++;
        }
        free(exact);
    }
    assert_true(accepted > 0);
    free((void *)(uintptr_t)good.data);
}

static void other_encodings_are_refused(void **state)
{
    (void)state;
#define ID                                                                                         \
    "\x1a\x10"                                                                                     \
    "0123456789abcdef"
#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        BYTES(""),
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05"), /* no body */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r\x32\x01s"), /* two bodies */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r\x2a\x01r"), /* repeated */
        BYTES("\x0a\x01o\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r"), /* repeated */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x85\x00\x2a\x01r"), /* long varint */
        BYTES("\x0a\x81\x00o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r"), /* long length */
        BYTES("\x12\x01"
              "a\x0a\x01o" ID "\x20\x05\x2a\x01r"), /* wrong order */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r\x00"), /* trailing byte */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r\x38\x01"), /* unknown field */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x02r"), /* cut short */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x00"), /* empty record */
        BYTES("\x0a\x00\x12\x01"
              "a" ID "\x20\x05\x2a\x01r"), /* empty origin */
        BYTES("\x0a\x01\n\x12\x01"
              "a" ID "\x20\x05\x2a\x01r"), /* a line break */
        BYTES("\x0a\x01o\x12\x01"
              "a\x1a\x0f"
              "0123456789abcde"
              "\x20\x05\x2a\x01r"), /* short id */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x2a\x01r"),
        BYTES("\x8a\x00\x01o\x12\x01"
              "a" ID "\x20\x05\x2a\x01r"), /* long tag */
        BYTES("\x0a\x01o\x12\x01"
              "a" ID "\x25\x05\x00\x00\x00\x2a\x01r"), /* wire type */
    };
    static const char good[] = "\x0a\x01o\x12\x01"
                               "a" ID "\x20\x05\x2a\x01r";
    statement_view view;
    assert_int_equal(statement_parse(&view, span_of(good, sizeof good - 1), NULL), WF_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wf_error err = {0};
        assert_int_equal(statement_parse(&view, span_of(bad[i].bytes, bad[i].size), &err),
                         WF_REFUSED);
        assert_non_null(strstr(err.text, "Statement"));
    }
}

static void sizes_have_limits(void **state)
{
    (void)state;
    buffer out = {0};
    uint8_t hash_bytes[32] = {0}, key[8] = {0};
    static uint8_t large[STATEMENT_MAX + 1];
    entry_view entry = {
        .prev_hash = hash_bytes, .author_key = key, .statement = span_of(large, STATEMENT_MAX)};
    entry_view parsed;
    entry_write(&out, &entry);
    assert_true(out.size <= ENTRY_MAX);
    assert_int_equal(entry_parse(&parsed, span_of(out.data, out.size), NULL), WF_OK);
    buffer_clear(&out);
    entry.statement.size++;
    entry_write(&out, &entry);
    assert_int_equal(entry_parse(&parsed, span_of(out.data, out.size), NULL), WF_REFUSED);
    buffer_free(&out);
    statement_view view;
    assert_int_equal(statement_parse(&view, span_of(large, sizeof large), NULL), WF_REFUSED);
}

static void ids_sort_by_time(void **state)
{
    (void)state;
    uint8_t a[16], b[16], c[16];
    span one[] = {span_text("ab"), span_text("c")}, two[] = {span_text("a"), span_text("bc")};
    statement_id_make(a, 1000, one, 2);
    statement_id_make(b, 1000, one, 2);
    assert_memory_equal(a, b, 16);
    statement_id_make(b, 1000, two, 2); /* lengths keep the parts apart */
    assert_memory_not_equal(a, b, 16);
    statement_id_make(c, 1001, one, 2);
    assert_true(memcmp(a, c, 16) < 0 && memcmp(b, c, 16) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_equal_protobuf_c),
        cmocka_unit_test(statements_equal_protobuf_c),
        cmocka_unit_test(what_is_accepted_is_canonical),
        cmocka_unit_test(other_encodings_are_refused),
        cmocka_unit_test(sizes_have_limits),
        cmocka_unit_test(ids_sort_by_time),
    };
    return cmocka_run_group_tests_name("ledger/entry", tests, NULL, NULL);
}
