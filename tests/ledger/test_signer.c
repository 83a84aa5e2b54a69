/*
 * ledger: a signer in another process signs what is ours and nothing else, whatever it is sent.
 */
#include "keys_test.h"
#include "signer_memory.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static char key_path[160], socket_path[160];
static pid_t server;

static const uint8_t public_key_wish[] = {0, 0, 0, 2, SIGNER_VERSION, SIGNER_PUBLIC_KEY};

/* Its socket has a name before it listens, and it listens before signals end it well. */
static bool answers(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    uint8_t got[6];
    strcpy(at.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool well = connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                send(fd, public_key_wish, sizeof public_key_wish, MSG_NOSIGNAL) > 0 &&
                recv(fd, got, sizeof got, MSG_WAITALL) == sizeof got;
    close(fd);
    return well;
}

static int start_server(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    key_at(key_path, "signer.pem", NULL);
    snprintf(socket_path, sizeof socket_path, "%s/signer.sock", test_folder);
    fflush(NULL);
    server = fork();
    if (server == 0) {
        const signer_serve_options options = {.key_path = key_path, .socket_path = socket_path};
        _exit((int)signer_serve(&options, NULL));
    }
    for (int i = 0; i < 3000 && !answers(); i++)
        usleep(10000);
    return server > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
    int how = 0;
    kill(server, SIGTERM);
    waitpid(server, &how, 0);
    return WIFEXITED(how) && WEXITSTATUS(how) == 0 ? folder_teardown(state) : -1;
}

/* Sends these bytes as they are; the answer's status, -1 when it closed without one. */
static int send_raw(const void *bytes, size_t size)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    uint8_t answer[6] = {0};
    strcpy(at.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
    shutdown(fd, SHUT_WR);
    ssize_t got = recv(fd, answer, sizeof answer, MSG_WAITALL);
    close(fd);
    return got == sizeof answer ? answer[5] : -1;
}

static int ask_to_sign(enum signing_kind kind, const char *message)
{
    uint8_t bytes[4096] = {0, 0, 0, 0, SIGNER_VERSION, SIGNER_SIGN, (uint8_t)kind};
    size_t size = strlen(message);
    memcpy(bytes + 7, message, size);
    bytes[2] = (uint8_t)((size + 3) >> 8);
    bytes[3] = (uint8_t)(size + 3);
    return send_raw(bytes, size + 7);
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const uint8_t version[] = {0, 0, 0, 2, 1, 1},
                         unknown[] = {0, 0, 0, 2, SIGNER_VERSION, 9},
                         empty[] = {0, 0, 0, 3, SIGNER_VERSION, 2, 1},
                         huge[] = {255, 255, 255, 255, SIGNER_VERSION, 1},
                         tiny[] = {0, 0, 0, 1, SIGNER_VERSION},
                         cut[] = {0, 0, 1, 0, SIGNER_VERSION, 2, 1, 'w'};
    assert_int_equal(send_raw(public_key_wish, sizeof public_key_wish), SIGNER_DONE);
    assert_int_equal(send_raw(version, sizeof version), SIGNER_REFUSED);
    assert_int_equal(send_raw(unknown, sizeof unknown), SIGNER_REFUSED);
    assert_int_equal(send_raw(empty, sizeof empty), SIGNER_REFUSED);
    assert_int_equal(send_raw(huge, sizeof huge), -1);
    assert_int_equal(send_raw(tiny, sizeof tiny), -1);
    assert_int_equal(send_raw(cut, sizeof cut), -1);
    assert_int_equal(ask_to_sign(SIGN_STATEMENT, "pay 1000 to the bearer"), SIGNER_REFUSED);
    assert_int_equal(ask_to_sign(SIGN_NOTHING, "pay 1000 to the bearer"), SIGNER_REFUSED);
    assert_int_equal(ask_to_sign(SIGN_STATEMENT, STATEMENT_DOMAIN "no statement"), SIGNER_REFUSED);
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, REVOKE_DOMAIN "x\n"), SIGNER_REFUSED);
    assert_int_equal(ask_to_sign(SIGN_REVOKE, REVOKE_DOMAIN "x\n"), SIGNER_DONE);
    /* And after all of that it still serves. */
    assert_int_equal(send_raw(public_key_wish, sizeof public_key_wish), SIGNER_DONE);
}

static void no_second_history_is_signed(void **state)
{
    (void)state;
#define ROOT_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ROOT_B "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "a.example\n5\n" ROOT_A "\n"), SIGNER_DONE);
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "a.example\n5\n" ROOT_A "\n"), SIGNER_DONE);
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "a.example\n5\n" ROOT_B "\n"), SIGNER_REFUSED);
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "a.example\n4\n" ROOT_A "\n"), SIGNER_REFUSED);
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "b.example\n4\n" ROOT_B "\n"), SIGNER_DONE);
    /* a larger one only with the proof */
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "a.example\n6\n" ROOT_B "\n"), SIGNER_PROVE);
}

/* ---- what extends what was signed ---------------------------------------------------------------
 */

enum { LEAVES = 40 };

/* A tree of made-up leaves; those from `forked` on are other ones. */
typedef struct made_tree {
    hash_kind kind;
    uint64_t forked;
} made_tree;

static bool read_made(void *ctx, hash *out, unsigned level, uint64_t index)
{
    const made_tree *t = ctx;
    hash left, right;
    if (level == 0) {
        const uint8_t leaf[] = {(uint8_t)index, index >= t->forked};
        merkle_leaf(out, t->kind, leaf, sizeof leaf);
        return true;
    }
    if (!read_made(ctx, &left, level - 1, 2 * index) ||
        !read_made(ctx, &right, level - 1, 2 * index + 1))
        return false;
    merkle_node(out, t->kind, &left, &right);
    return true;
}

typedef struct made_proof {
    made_tree tree;
    uint64_t size;
    unsigned asked; /* how often it was wanted */
    uint64_t from;  /* the last time */
    bool lying;
} made_proof;

static wf_status prove_made(void *ctx, extension_proof *out, wf_error *err)
{
    made_proof *p = ctx;
    (void)err;
    p->asked++;
    p->from = out->from;
    assert_true(merkle_prove_consistency(out->hashes, &out->count, p->tree.kind, out->from, p->size,
                                         read_made, &p->tree));
    if (p->lying && out->count > 0)
        out->hashes[0].bytes[0] ^= 1;
    return WF_OK;
}

static wf_status sign_made(signer *s, made_proof *p, uint64_t size, wf_error *err)
{
    checkpoint c = {.origin = "a.example", .size = size};
    char text[512];
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_size = 0;
    p->size = size;
    p->asked = 0;
    assert_true(merkle_root_at(&c.root, p->tree.kind, size, read_made, &p->tree));
    size_t text_size = checkpoint_format(text, sizeof text, &c);
    return signer_sign_checkpoint(s, span_of(text, text_size), size, prove_made, p, signature,
                                  &signature_size, err);
}

/* A fork is not signed, at whatever size it comes. */
static void only_what_extends_is_signed(void **state)
{
    (void)state;
    wf_error err = {0};
    signer *s = NULL, *other = NULL;
    made_proof p = {.tree = {test_hash(), LEAVES}};
    made_proof fork = {.tree = {test_hash(), 11}};
    assert_ok(signer_of_socket(&s, socket_path, &err), &err);
    assert_ok(sign_made(s, &p, 5, &err), &err);
    assert_int_equal(p.asked, 0); /* the first one */
    assert_ok(sign_made(s, &p, 12, &err), &err);
    assert_int_equal(p.asked, 1);
    assert_int_equal(p.from, 5);
    assert_ok(sign_made(s, &p, 12, &err), &err); /* once more, as after a crash */
    /* another process of the ledger does not know what was signed, and is told */
    assert_ok(signer_of_socket(&other, socket_path, &err), &err);
    assert_ok(sign_made(other, &p, 16, &err), &err);
    assert_int_equal(p.asked, 1);
    assert_int_equal(p.from, 12);
    assert_ok(sign_made(s, &p, 17, &err), &err); /* and so is this one, which knows an older size */
    assert_int_equal(p.asked, 2);
    assert_int_equal(p.from, 16);
    for (uint64_t size = 17; size <= LEAVES; size++) {
        assert_int_not_equal(sign_made(s, &fork, size, &err), WF_OK);
        assert_non_null(strstr(err.text, "two histories"));
        wf_error_clear(&err);
    }
    p.lying = true;
    assert_int_not_equal(sign_made(s, &p, 30, &err), WF_OK);
    assert_non_null(strstr(err.text, "does not extend"));
    wf_error_clear(&err);
    p.lying = false;
    assert_ok(sign_made(s, &p, 30, &err), &err); /* what was refused was not remembered */
    signer_free(s);
    signer_free(other);
}

/* A proof that is cut, too long, or before something that is no checkpoint. */
static void odd_proofs_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[4096] = {0, 0, 0, 0, SIGNER_VERSION, SIGNER_EXTEND, 0, 0, 0, 0, 0, 0, 0, 5};
    static const uint8_t counts[] = {0, 1, 2, 64, 65, 255};
    static const size_t lengths[] = {4, 10, 11, 12, 43, 200, 2059, 4000};
    for (size_t c = 0; c < sizeof counts; c++)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            bytes[2] = (uint8_t)(lengths[i] >> 8);
            bytes[3] = (uint8_t)lengths[i];
            bytes[14] = counts[c];
            assert_int_equal(send_raw(bytes, lengths[i] + 4), SIGNER_REFUSED);
        }
}

/* Killed and started again it remembers; what it remembers must be whole. */
static void it_forgets_nothing(void **state)
{
    (void)state;
    wf_error err = {0};
    char path[200];
    char *text = NULL;
    size_t size = 0;
    uint64_t from;
    signer_memory memory;
    checkpoint c;
    assert_int_equal(ask_to_sign(SIGN_CHECKPOINT, "a.example\n5\n" ROOT_A "\n"), SIGNER_DONE);
    snprintf(path, sizeof path, "%s.signed", key_path);
    assert_int_equal(signer_memory_open(&memory, path, &err), WF_SYSTEM); /* the server has it */
    assert_non_null(strstr(err.text, "another signer"));
    wf_error_clear(&err);
    signer_memory_free(&memory);
    assert_ok(folder_read(test_folder, "signer.pem.signed", 4096, &text, &size, &err), &err);
    assert_ok(folder_write(test_folder, "again", text, size, 0600, &err), &err);
    free(text);
    snprintf(path, sizeof path, "%s/again", test_folder);
    assert_ok(signer_memory_open(&memory, path, &err), &err);
    const char *other = "a.example\n5\n" ROOT_B "\n";
    assert_null(checkpoint_parse(&c, other, strlen(other)));
    assert_int_equal(signer_memory_take(&memory, &c, test_hash(), NULL, &from, &err), WF_REFUSED);
    assert_int_equal(from, 0);
    signer_memory_free(&memory);
    for (int i = 0; i < 2; i++) { /* cut, and emptied */
        assert_ok(folder_write(test_folder, "again", "cut", i == 0 ? 3 : 0, 0600, &err), &err);
        assert_int_equal(signer_memory_open(&memory, path, &err), WF_DAMAGED);
        signer_memory_free(&memory);
    }
}

static int connect_client(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    strcpy(at.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* More silent clients than there is room for, and one that says its request byte by byte: others
   are answered at once, and so is that one in the end. */
static void nobody_holds_up_others(void **state)
{
    (void)state;
    enum { SILENT = 80, SOON_S = SIGNER_TIMEOUT_S / 2 };
    int silent[SILENT];
    uint8_t got[6] = {0};
    time_t began_s = time(NULL);
    for (size_t i = 0; i < SILENT; i++) {
        silent[i] = connect_client();
        if (i % 2 == 0)
            send(silent[i], "\0\0\x40", 3, MSG_NOSIGNAL);
    }
    int slow = connect_client();
    for (size_t i = 0; i < sizeof public_key_wish; i++) {
        assert_int_equal(send(slow, public_key_wish + i, 1, MSG_NOSIGNAL), 1);
        assert_int_equal(ask_to_sign(SIGN_REVOKE, REVOKE_DOMAIN "x\n"), SIGNER_DONE);
    }
    assert_int_equal(recv(slow, got, sizeof got, MSG_WAITALL), sizeof got);
    assert_int_equal(got[5], SIGNER_DONE);
    assert_true(time(NULL) - began_s < SOON_S);
    assert_int_equal(recv(silent[0], got, 1, 0), 0); /* the oldest was sent away */
    for (size_t i = 0; i < SILENT; i++)
        close(silent[i]);
    close(slow);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_ours_is_refused), TEST(no_second_history_is_signed),
        TEST(only_what_extends_is_signed), TEST(odd_proofs_are_refused),
        TEST(it_forgets_nothing),          TEST(nobody_holds_up_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
