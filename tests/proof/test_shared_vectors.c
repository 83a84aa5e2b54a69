/*
 * proof: the public test vectors of other projects, each with the verdict its authors give. They
 * are not part of this repository: without them (WUFEI_SHARED, or ../shared beside the source
 * tree) every test here skips.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <unistd.h>

#include <jansson.h>

#include "checkpoint.h"

static char root_dir[2048];
static char bytes_buffer[4][NOTE_MAX];

static const char *vectors(const char *path)
{
    static char full[4][4096];
    static unsigned turn;
    char *out = full[turn++ % 4];
    snprintf(out, sizeof full[0], "%s/%s", root_dir, path);
    return out;
}

static int find_vectors(void **state)
{
    (void)state;
    const char *shared = getenv("WUFEI_SHARED");
    if (shared)
        snprintf(root_dir, sizeof root_dir, "%s/vectors", shared);
    else
        snprintf(root_dir, sizeof root_dir, "%s/../../shared/vectors", TEST_SOURCE_DIR);
    if (access(root_dir, R_OK) != 0)
        root_dir[0] = 0;
    return 0;
}

static void need_vectors(void)
{
    if (root_dir[0])
        return;
    print_message("the shared vectors are absent: skipped\n");
    skip();
}

/* One probe has the index 2^64 - 1, beyond jansson's integers: there integers are read as reals. */
static json_t *load(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (!json)
        json = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    if (!json)
        fail_msg("%s: %s", path, error.text);
    return json;
}

static uint64_t number(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (json_is_integer(value))
        return (uint64_t)json_integer_value(value); /* -1 and 2^64 - 1 alike lie beyond any tree */
    double real = json_number_value(value);
    return real >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)real;
}

static const char *string(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    if (!text)
        fail_msg("no string \"%s\"", name);
    return text;
}

static size_t decode(uint8_t *out, size_t room, const char *text)
{
    return base64_decode(out, room, text, strlen(text));
}

/* Hashes of another length than 32 bytes cannot even be handed over: refused by their type. */
static bool read_hash(hash *out, const char *text)
{
    return decode(out->bytes, HASH_SIZE, text) == HASH_SIZE;
}

static bool read_proof(hash *out, size_t *count, const json_t *array)
{
    *count = json_array_size(array);
    assert_true(*count <= MERKLE_PROOF_MAX);
    for (size_t i = 0; i < *count; i++)
        if (!read_hash(&out[i], json_string_value(json_array_get(array, i))))
            return false;
    return true;
}

static bool probe_inclusion(const json_t *probe)
{
    hash leaf;
    hash root;
    hash proof[MERKLE_PROOF_MAX];
    size_t count = 0;
    return read_hash(&leaf, string(probe, "leafHash")) && read_hash(&root, string(probe, "root")) &&
           read_proof(proof, &count, json_object_get(probe, "proof")) &&
           merkle_verify_inclusion(HASH_SHA256, &leaf, number(probe, "leafIdx"),
                                   number(probe, "treeSize"), proof, count, &root);
}

static bool probe_consistency(const json_t *probe)
{
    hash root1;
    hash root2;
    hash proof[MERKLE_PROOF_MAX];
    size_t count = 0;
    return read_hash(&root1, string(probe, "root1")) && read_hash(&root2, string(probe, "root2")) &&
           read_proof(proof, &count, json_object_get(probe, "proof")) &&
           merkle_verify_consistency(HASH_SHA256, number(probe, "size1"), &root1,
                                     number(probe, "size2"), &root2, proof, count);
}

/* Walks the probes of one kind; their number is checked, so that an empty folder is no success. */
static void walk_probes(const char *kind, bool (*probe)(const json_t *), size_t *all,
                        size_t *accepted)
{
    *all = 0;
    *accepted = 0;
    for (int folder = 0; folder < 3; folder++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/merkle/%s/%d", root_dir, kind, folder);
        DIR *dir = opendir(path);
        assert_non_null(dir);
        struct dirent *entry = NULL;
        while ((entry = readdir(dir))) {
            if (entry->d_name[0] == '.')
                continue;
            char file[8192];
            snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
            json_t *json = load(file);
            bool holds = probe(json);
            if (holds == json_is_true(json_object_get(json, "wantErr")))
                fail_msg("%s: %s", file, holds ? "accepted" : "refused");
            *all += 1;
            *accepted += holds;
            json_decref(json);
        }
        closedir(dir);
    }
}

static void merkle_probes(void **state)
{
    (void)state;
    need_vectors();
    size_t all = 0;
    size_t accepted = 0;
    walk_probes("inclusion", probe_inclusion, &all, &accepted);
    print_message("inclusion: %zu probes, %zu accepted\n", all, accepted);
    assert_true(all >= 40 && accepted == 3);
    walk_probes("consistency", probe_consistency, &all, &accepted);
    print_message("consistency: %zu probes, %zu accepted\n", all, accepted);
    assert_true(all >= 40 && accepted == 3);
}

static void golden_tree(void **state)
{
    (void)state;
    need_vectors();
    json_t *json = load(vectors("rfc6962/golden-tree.json"));
    json_t *inputs = json_object_get(json, "leaf_inputs_hex");
    json_t *roots = json_object_get(json, "root_hash_hex_by_size");
    assert_int_equal(json_array_size(roots), 9);
    merkle_frontier f;
    merkle_frontier_init(&f, HASH_SHA256);
    for (size_t n = 0; n <= 8; n++) {
        hash root;
        char hex[65];
        merkle_frontier_root(&root, &f);
        for (size_t i = 0; i < HASH_SIZE; i++)
            snprintf(hex + 2 * i, 3, "%02x", root.bytes[i]);
        assert_string_equal(hex, json_string_value(json_array_get(roots, n)));
        if (n == 8)
            break;
        const char *input = json_string_value(json_array_get(inputs, n));
        uint8_t data[64];
        size_t size = strlen(input) / 2;
        for (size_t i = 0; i < size; i++) {
            unsigned byte = 0;
            assert_int_equal(sscanf(input + 2 * i, "%2x", &byte), 1);
            data[i] = (uint8_t)byte;
        }
        hash leaf;
        merkle_leaf(&leaf, HASH_SHA256, data, size);
        merkle_frontier_append(&f, &leaf);
    }
    json_decref(json);
}

/* Names of the keys that verified, in the order of the signatures, must be those expected. */
static void check_names(const note *n, const note_key *keys, bool *verified, size_t key_count,
                        const json_t *expected)
{
    size_t found = 0;
    for (size_t s = 0; s < n->signature_count; s++)
        for (size_t k = 0; k < key_count; k++) {
            if (!verified[k] || keys[k].id != n->signatures[s].id)
                continue;
            verified[k] = false;
            assert_string_equal(json_string_value(json_array_get(expected, found)), keys[k].name);
            found++;
        }
    assert_int_equal(found, json_array_size(expected));
}

static void notes(void **state)
{
    (void)state;
    need_vectors();
    json_t *json = load(vectors("signed-note/notes.json"));
    json_t *cases = json_object_get(json, "cases");
    assert_true(json_array_size(cases) >= 17);
    static note n;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *one = json_array_get(cases, i);
        uint8_t *bytes = (uint8_t *)bytes_buffer[0];
        size_t size = decode(bytes, NOTE_MAX, string(one, "note_b64"));
        assert_true(size != SIZE_MAX);
        note_key keys[8];
        bool verified[8];
        json_t *vkeys = json_object_get(one, "vkeys");
        for (size_t k = 0; k < json_array_size(vkeys); k++)
            assert_null(note_key_parse(&keys[k], json_string_value(json_array_get(vkeys, k))));
        const char *reason = note_parse(&n, (const char *)bytes, size);
        if (!reason)
            reason = note_verify(verified, NULL, &n, keys, json_array_size(vkeys));
        bool accept = strcmp(string(one, "verdict"), "accept") == 0;
        if (accept != !reason)
            fail_msg("%s: %s", string(one, "id"), reason ? reason : "accepted");
        if (accept)
            check_names(&n, keys, verified, json_array_size(vkeys),
                        json_object_get(one, "verified"));
    }
    json_decref(json);
}

static void vkeys(void **state)
{
    (void)state;
    need_vectors();
    json_t *json = load(vectors("signed-note/vkeys.json"));
    json_t *accept = json_object_get(json, "accept");
    json_t *reject = json_object_get(json, "reject");
    assert_true(json_array_size(accept) >= 7 && json_array_size(reject) >= 70);
    note_key key;
    for (size_t i = 0; i < json_array_size(accept); i++)
        assert_null(note_key_parse(&key, json_string_value(json_array_get(accept, i))));
    for (size_t i = 0; i < json_array_size(reject); i++) {
        json_t *pair = json_array_get(reject, i);
        if (!note_key_parse(&key, json_string_value(json_array_get(pair, 0))))
            fail_msg("accepted: %s", json_string_value(json_array_get(pair, 1)));
    }
    json_decref(json);
    json = load(vectors("cosignature/keyids.json"));
    json_t *cases = json_object_get(json, "cases");
    assert_true(json_array_size(cases) >= 5);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *one = json_array_get(cases, i);
        bool good = !note_key_parse(&key, string(one, "vkey"));
        assert_int_equal(good, strcmp(string(one, "verdict"), "accept") == 0);
        assert_true(!good || key.type == NOTE_KEY_TYPE_COSIGNATURE);
    }
    json_decref(json);
}

static void checkpoint_bodies(void **state)
{
    (void)state;
    need_vectors();
    json_t *json = load(vectors("checkpoint/parse.json"));
    json_t *cases = json_object_get(json, "cases");
    assert_true(json_array_size(cases) >= 18);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        json_t *one = json_array_get(cases, i);
        uint8_t body[4096];
        size_t size = decode(body, sizeof body, string(one, "body_b64"));
        assert_true(size != SIZE_MAX);
        checkpoint c;
        const char *reason = checkpoint_parse(&c, (const char *)body, size);
        bool accept = strcmp(string(one, "verdict"), "accept") == 0;
        if (accept != !reason)
            fail_msg("%s: %s", string(one, "id"), reason ? reason : "accepted");
        if (!accept)
            continue;
        hash root;
        assert_string_equal(c.origin, string(one, "origin"));
        assert_true(c.size == number(one, "size"));
        assert_true(read_hash(&root, string(one, "root_hash_b64")));
        assert_true(hash_equal(&root, &c.root));
    }
    json_decref(json);
}

static size_t slurp(char *out, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: cannot be opened", path);
    size_t size = fread(out, 1, NOTE_MAX - 1, file);
    fclose(file);
    out[size] = 0;
    return size;
}

/* NULL when the note holds under the key and its text is a checkpoint. */
static const char *open_checkpoint(checkpoint *c, const char *bytes, size_t size,
                                   const note_key *key)
{
    static note n;
    bool verified = false;
    uint64_t time_s = 0;
    const char *reason = note_parse(&n, bytes, size);
    if (!reason)
        reason = note_verify(&verified, &time_s, &n, key, 1);
    return reason ? reason : checkpoint_parse(c, n.text, n.text_size);
}

/* Accepted as it is; refused with any bit of the text or of the key's own line changed. */
static void check_every_bit(char *bytes, size_t size, const note_key *key)
{
    checkpoint c;
    const char *reason = open_checkpoint(&c, bytes, size, key);
    if (reason)
        fail_msg("%s: %s", key->name, reason);
    char *blank = strstr(bytes, "\n\n");
    char needle[NOTE_NAME_MAX + 8];
    snprintf(needle, sizeof needle, "\xe2\x80\x94 %s ", key->name);
    char *line = strstr(blank, needle);
    assert_non_null(line);
    size_t line_start = (size_t)(line - bytes);
    size_t line_end = line_start + strcspn(line, "\n") + 1;
    for (size_t at = 0; at < line_end; at++) {
        if (at > (size_t)(blank - bytes) + 1 && at < line_start)
            continue; /* other keys' lines */
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] = (char)(bytes[at] ^ 1 << bit);
            assert_non_null(open_checkpoint(&c, bytes, size, key));
            bytes[at] = (char)(bytes[at] ^ 1 << bit);
        }
    }
}

static void real_checkpoints(void **state)
{
    (void)state;
    need_vectors();
    static const char *const names[] = {"sumdb-1514086", "sumdb-6476701", "sumdb-30055305",
                                        "sumdb-35225469"};
    note_key key;
    for (size_t i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "checkpoint/real/%s.vkeys", names[i]);
        slurp(bytes_buffer[1], vectors(path));
        bytes_buffer[1][strcspn(bytes_buffer[1], "\n")] = 0;
        assert_null(note_key_parse(&key, bytes_buffer[1]));
        snprintf(path, sizeof path, "checkpoint/real/%s.txt", names[i]);
        size_t size = slurp(bytes_buffer[0], vectors(path));
        check_every_bit(bytes_buffer[0], size, &key);
    }
    size_t size = slurp(bytes_buffer[0], vectors("checkpoint/real/pixel-611-cosigned.txt"));
    slurp(bytes_buffer[1], vectors("checkpoint/real/pixel-611-cosigned.vkeys"));
    unsigned cosigners = 0;
    for (char *line = strtok(bytes_buffer[1], "\n"); line; line = strtok(NULL, "\n")) {
        if (note_key_parse(&key, line) != NULL) {
            assert_memory_equal(line, "pixel_", 6); /* the log's own key is ECDSA */
            continue;
        }
        key.type = NOTE_KEY_TYPE_COSIGNATURE; /* published as type 01 */
        key.id = note_key_id(key.name, key.type, key.public_key, 32);
        check_every_bit(bytes_buffer[0], size, &key);
        cosigners++;
    }
    assert_int_equal(cosigners, 2);
}

static void skylight(void **state)
{
    (void)state;
    need_vectors();
    static const char *const names[][2] = {{"mirror", "mirror.example.org-checkpoint"},
                                           {"witness", "witness.example.org-checkpoint"},
                                           {"witness2", "witness2.example.org-checkpoint"}};
    for (size_t i = 0; i < 3; i++) {
        char path[256];
        snprintf(path, sizeof path, "cosignature/skylight/%s.v0.json", names[i][0]);
        json_t *json = load(vectors(path));
        note_key key;
        const json_t *list = json_object_get(json, "verifier_keys");
        assert_null(note_key_parse(&key, json_string_value(json_array_get(list, 0))));
        assert_int_equal(key.type, NOTE_KEY_TYPE_COSIGNATURE);
        json_decref(json);
        snprintf(path, sizeof path, "cosignature/skylight/%s", names[i][1]);
        size_t size = slurp(bytes_buffer[0], vectors(path));
        check_every_bit(bytes_buffer[0], size, &key);
    }
}

/* Of the four lines only the second has the witness's name and id and a signature of the right
   length; a longer one under the right name and id refuses the note. */
static void sigsum_lines(void **state)
{
    (void)state;
    need_vectors();
    json_t *json = load(vectors("cosignature/sigsum-kat.json"));
    char *lines = bytes_buffer[0];
    size_t size = decode((uint8_t *)lines, NOTE_MAX - 1, string(json, "lines_b64"));
    assert_true(size != SIZE_MAX);
    lines[size] = 0;
    json_decref(json);
    static note n;
    size_t index = 0;
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"), index++) {
        char text[1024];
        int length = snprintf(text, sizeof text, "text\n\n%s\n", line);
        assert_null(note_parse(&n, text, (size_t)length));
        assert_int_equal(n.signature_count, 1);
        bool name = n.signatures[0].name_size == strlen("example.org/witness");
        bool id = n.signatures[0].id == 0xcacf2e50;
        bool fits = n.signatures[0].size == 72;
        assert_int_equal(name && id && fits, index == 1);
    }
    assert_int_equal(index, 4);
}

static void tiles(void **state)
{
    (void)state;
    need_vectors();
    json_t *json = load(vectors("tiles/paths.json"));
    json_t *list = json_object_get(json, "format_tile_path");
    assert_true(json_array_size(list) >= 5);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        unsigned width = (unsigned)number(one, "width");
        char path[TILE_PATH_MAX];
        tile_path_format(path, (int)number(one, "level"), number(one, "index"),
                         width ? width : TILE_WIDTH);
        assert_string_equal(path, string(one, "path"));
    }
    list = json_object_get(json, "entries_path_for_index");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        uint64_t tile = number(one, "seq") / TILE_WIDTH;
        uint64_t size = number(one, "logSize");
        unsigned width = size / TILE_WIDTH > tile ? TILE_WIDTH : (unsigned)(size % TILE_WIDTH);
        char path[TILE_PATH_MAX];
        assert_string_equal(tile_path_format(path, -1, tile, width), string(one, "path"));
    }
    list = json_object_get(json, "parse");
    assert_true(json_array_size(list) >= 19);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *one = json_array_get(list, i);
        char path[256];
        int level = 0;
        uint64_t index = 0;
        unsigned width = 0;
        snprintf(path, sizeof path, "tile/%s/%s", string(one, "level"), string(one, "index"));
        bool good = tile_path_parse(&level, &index, &width, path);
        if (good == json_is_true(json_object_get(one, "wantErr")))
            fail_msg("%s", path);
        if (!good)
            continue;
        assert_int_equal(level, number(one, "wantLevel"));
        assert_true(index == number(one, "wantIndex"));
        assert_int_equal(width % TILE_WIDTH, number(one, "wantWidth"));
    }
    json_decref(json);
}

/* The log of Tessera: every checkpoint, and the root of its entries at every size. */
static void tessera_log(void **state)
{
    (void)state;
    need_vectors();
    note_key key;
    slurp(bytes_buffer[1], vectors("tiles/tessera-log/vkey"));
    bytes_buffer[1][strcspn(bytes_buffer[1], "\n")] = 0;
    assert_null(note_key_parse(&key, bytes_buffer[1]));
    size_t size = slurp(bytes_buffer[2], vectors("tiles/tessera-log/tile/entries/000.p/15"));
    const uint8_t *at = (const uint8_t *)bytes_buffer[2];
    const uint8_t *end = at + size;
    merkle_frontier f;
    merkle_frontier_init(&f, HASH_SHA256);
    for (unsigned n = 0; n <= 15; n++) {
        char path[128];
        snprintf(path, sizeof path, "tiles/tessera-log/checkpoint.%u", n);
        size = slurp(bytes_buffer[0], vectors(path));
        checkpoint c;
        hash root;
        assert_null(open_checkpoint(&c, bytes_buffer[0], size, &key));
        merkle_frontier_root(&root, &f);
        assert_int_equal(c.size, n);
        assert_true(hash_equal(&c.root, &root));
        if (n == 15)
            break;
        assert_true(end - at >= 2);
        size_t length = (size_t)at[0] << 8 | at[1];
        assert_true((size_t)(end - at) >= 2 + length);
        hash leaf;
        merkle_leaf(&leaf, HASH_SHA256, at + 2, length);
        merkle_frontier_append(&f, &leaf);
        at += 2 + length;
    }
    assert_true(at == end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merkle_probes),
        cmocka_unit_test(golden_tree),
        cmocka_unit_test(notes),
        cmocka_unit_test(vkeys),
        cmocka_unit_test(checkpoint_bodies),
        cmocka_unit_test(real_checkpoints),
        cmocka_unit_test(skylight),
        cmocka_unit_test(sigsum_lines),
        cmocka_unit_test(tiles),
        cmocka_unit_test(tessera_log),
    };
    return cmocka_run_group_tests_name("shared vectors", tests, find_vectors, NULL);
}
