/*
 * Signed notes (proof/note.h): an accepted note, put together again from its parts, is the input;
 * no key of ours verifies what it never signed.
 */
#include "fuzz.h"

#include "note.h"

static void put_signature(buffer *out, const note_signature *signature)
{
    uint8_t bytes[4 + sizeof signature->bytes];
    char text[2 * sizeof bytes];
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(signature->id >> (24 - 8 * i));
    memcpy(bytes + 4, signature->bytes, signature->size);
    size_t size = base64_encode(text, sizeof text, bytes, 4 + signature->size);
    buffer_append_text(out, "\xe2\x80\x94 ");
    buffer_append(out, signature->name, signature->name_size);
    buffer_append_text(out, " ");
    buffer_append(out, text, size);
    buffer_append_text(out, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static note n;
    const char *bytes = (const char *)data;
    if (note_parse(&n, bytes, size) != NULL)
        return 0;
    FUZZ_REQUIRE(n.text == bytes && n.text_size > 0 && n.text[n.text_size - 1] == '\n',
                 "the text is not the beginning of the note");
    FUZZ_REQUIRE(n.signature_count > 0, "no signatures");
    buffer out = {0};
    bool long_one = false;
    buffer_append(&out, n.text, n.text_size);
    buffer_append_text(&out, "\n");
    for (size_t i = 0; i < n.signature_count; i++) {
        long_one = long_one || n.signatures[i].size == 0; /* not kept */
        put_signature(&out, &n.signatures[i]);
    }
    FUZZ_REQUIRE(long_one || span_equal(span_of(out.data, out.size), span_of(data, size)),
                 "put together again it is another note");
    buffer_free(&out);
    /* A key that has the name of the first signature, and its id by chance at most. */
    note_key key;
    char name[NOTE_NAME_MAX + 1];
    uint8_t zeros[PUBLIC_KEY_MAX] = {0};
    bool verified = false;
    uint64_t time_s = 0;
    if (n.signatures[0].name_size > NOTE_NAME_MAX)
        return 0;
    snprintf(name, sizeof name, "%.*s", (int)n.signatures[0].name_size, n.signatures[0].name);
    note_key_make(&key, n.signature_count % 2 == 0 ? 1 : 4, name, zeros);
    key.id = n.signatures[0].id;
    FUZZ_REQUIRE(note_verify(&verified, &time_s, &n, &key, 1) != NULL && !verified,
                 "an invented signature verifies");
    return 0;
}
