/*
 * witness: asking. Every kind of answer that a witness can give, good, bad and hostile, without a
 * network: what is kept, what is published, what is said.
 */
#include "ledger/ledger_test.h"

#include "witness/witness.h"
#include "witness/witness_ask.h"

enum { WITNESSES = 3, BODY_MAX = 64 << 10 };

/* What one witness answers. */
typedef struct behaviour {
    int status;
    const char *type;
    char body[BODY_MAX];
    witness *real; /* answers itself when there is one */
    unsigned asked;
    uint64_t told; /* after each 409 one more, when not 0 */
} behaviour;

static behaviour behaviours[WITNESSES];
static witness_key keys[WITNESSES];
static char policy_path[160];
static witness_round result;

static char *in_folder(char out[160], const char *name)
{
    snprintf(out, 160, "%s/%s", test_folder, name);
    return out;
}

/* Three witnesses w0, w1, w2 with URLs that name them; two are needed. */
static int setup(void **state)
{
    wf_error err = {0};
    char path[160], name[32];
    if (folder_setup(state) != 0)
        return -1;
    create_ledger();
    ledger *l = open_ledger(true);
    FILE *f = fopen(in_folder(policy_path, "policy"), "w");
    FILE *logs = fopen(in_folder(path, "logs"), "w");
    assert_true(f != NULL && logs != NULL);
    fprintf(logs, "log %s\n", ledger_vkey(l));
    fclose(logs);
    fprintf(f, "log %s\n", ledger_vkey(l));
    memset(behaviours, 0, sizeof behaviours);
    for (unsigned i = 0; i < WITNESSES; i++) {
        snprintf(name, sizeof name, "w%u.pem", i);
        assert_ok(witness_key_create(in_folder(path, name), false, &err), &err);
        snprintf(name, sizeof name, "w%u.example", i);
        assert_ok(witness_key_load(&keys[i], path, name, &err), &err);
        fprintf(f, "witness w%u %s http://%u/\n", i, keys[i].vkey, i);
    }
    fprintf(f, "group two 2 w0 w1 w2\nquorum two\n");
    fclose(f);
    ledger_close(l);
    return 0;
}

static int teardown(void **state)
{
    for (unsigned i = 0; i < WITNESSES; i++) {
        witness_key_free(&keys[i]);
        witness_close(behaviours[i].real);
    }
    return folder_teardown(state);
}

static void make_real(unsigned i)
{
    char state_dir[160], key[160], logs[160], name[32];
    wf_error err = {0};
    snprintf(name, sizeof name, "w%u.pem", i);
    in_folder(key, name);
    snprintf(name, sizeof name, "w%u", i);
    in_folder(state_dir, name);
    assert_ok(witness_open(&behaviours[i].real, state_dir, key, keys[i].note_key.name,
                           in_folder(logs, "logs"), &err),
              &err);
}

static bool send_one(wf_http_post *post, bool (*answered)(wf_http_post *post))
{
    behaviour *b = &behaviours[post->url[7] - '0'];
    assert_string_equal(post->url + 8, "/add-checkpoint");
    b->asked++;
    if (b->real != NULL) {
        witness_answer answer;
        witness_serve(b->real, "POST", "/add-checkpoint", post->body, post->body_size, &answer);
        buffer_append_byte(&answer.body, '\0');
        post->status = answer.status;
        post->answer = (char *)answer.body.data;
        post->answer_size = answer.body.size - 1;
        snprintf(post->content_type, sizeof post->content_type, "%s", answer.content_type);
        bool again = answered(post);
        buffer_free(&answer.body);
        return again;
    }
    if (b->told > 0)
        snprintf(b->body, sizeof b->body, "%llu\n", (unsigned long long)b->told++);
    post->status = b->status;
    post->answer = b->body;
    post->answer_size = strlen(b->body);
    snprintf(post->content_type, sizeof post->content_type, "%s", b->type != NULL ? b->type : "");
    snprintf(post->failure, sizeof post->failure, "%s", b->status == 0 ? "it is down" : "");
    return answered(post);
}

static wf_status send_all(void *ctx, wf_http_post *posts, size_t count,
                          bool (*answered)(wf_http_post *post), wf_error *err)
{
    (void)ctx, (void)err;
    for (size_t i = 0; i < count; i++)
        while (send_one(&posts[i], answered))
            ;
    return WF_OK;
}

static void ask(ledger *l)
{
    wf_error err = {0};
    for (unsigned i = 0; i < WITNESSES; i++)
        behaviours[i].asked = 0;
    assert_ok(witness_ask(l, policy_path, send_all, NULL, &result, &err), &err);
    assert_int_equal(result.count, WITNESSES);
}

static void grow(ledger *l, unsigned first, size_t count)
{
    wf_error err = {0};
    assert_ok(submit_sealed(l, first, count, NULL, &err), &err);
    assert_ok(ledger_drain(l, &err), &err);
}

static void set_answer(unsigned i, int status, const char *type, const char *body)
{
    behaviours[i].status = status;
    behaviours[i].type = type;
    snprintf(behaviours[i].body, sizeof behaviours[i].body, "%s", body);
}

static void test_cosigned(void **state)
{
    char *text = NULL;
    checkpoint c;
    wf_error err = {0};
    ledger *l = open_ledger(false);
    (void)state;
    for (unsigned i = 0; i < WITNESSES; i++)
        make_real(i);
    ask(l);
    assert_true(result.published);
    assert_false(result.had_before);
    for (unsigned i = 0; i < WITNESSES; i++) {
        assert_int_equal(result.results[i].outcome, WITNESS_COSIGNED);
        assert_int_equal(behaviours[i].asked, 1);
    }
    grow(l, 1, 9);
    ask(l); /* from the size that is remembered of each: one request */
    for (unsigned i = 0; i < WITNESSES; i++)
        assert_int_equal(behaviours[i].asked, 1);
    assert_ok(ledger_witnessed(l, &c, &text, &err), &err);
    assert_non_null(text);
    assert_int_equal(c.size, ledger_size(l));
    note n;
    bool verified[WITNESSES];
    note_key all[WITNESSES] = {keys[0].note_key, keys[1].note_key, keys[2].note_key};
    assert_null(note_parse(&n, text, strlen(text)));
    assert_null(note_verify(verified, NULL, &n, all, WITNESSES));
    assert_true(verified[0] && verified[1] && verified[2]);
    assert_int_equal(n.signature_count, 1 + WITNESSES);
    free(text);
    ledger_close(l);
}

/* One is enough for nothing; the kept cosignature of this checkpoint counts later. */
static void test_below_quorum(void **state)
{
    ledger *l = open_ledger(false);
    (void)state;
    make_real(0);
    ask(l);
    assert_false(result.published);
    assert_int_equal(result.results[0].outcome, WITNESS_COSIGNED);
    assert_non_null(strstr(result.results[1].reason, "it is down"));
    assert_non_null(strstr(result.missing, "w1"));
    assert_non_null(strstr(result.missing, "w2"));

    make_real(1);
    witness_close(behaviours[0].real);
    behaviours[0].real = NULL;
    ask(l);
    assert_true(result.published);
    assert_int_equal(result.results[0].outcome, WITNESS_COSIGNED_BEFORE);
    assert_int_equal(result.results[1].outcome, WITNESS_COSIGNED);

    /* but not for another checkpoint */
    grow(l, 1, 3);
    ask(l);
    assert_false(result.published);
    assert_int_equal(result.results[0].outcome, WITNESS_NOT_COSIGNED);
    assert_true(result.had_before);
    assert_int_equal(result.before, 1);
    assert_int_equal(result.results[0].size, 1);
    ledger_close(l);
}

/* What is kept of a witness may be lost or broken: it tells its size. */
static void test_forgotten(void **state)
{
    static const char *const broken[] = {"", "x", "old 0\n\n"};
    char command[256], path[160];
    ledger *l = open_ledger(false);
    (void)state;
    for (unsigned i = 0; i < WITNESSES; i++)
        make_real(i);
    grow(l, 1, 4);
    ask(l);
    snprintf(command, sizeof command, "rm %s/witnesses/[0-9a-f][0-9a-f]*", test_dir);
    assert_int_equal(system(command), 0);
    ask(l);
    assert_true(result.published);
    for (unsigned i = 0; i < WITNESSES; i++)
        assert_int_equal(behaviours[i].asked, 2);
    for (size_t k = 0; k < sizeof broken / sizeof *broken; k++) {
        snprintf(command, sizeof command,
                 "for f in %s/witnesses/[0-9a-f][0-9a-f]*; do printf '%s' > $f; done", test_dir,
                 broken[k]);
        assert_int_equal(system(command), 0);
        ask(l);
        assert_true(result.published);
    }

    /* a witness that was put back cosigns again, and that is said */
    witness_close(behaviours[2].real);
    snprintf(command, sizeof command, "rm -r %s", in_folder(path, "w2"));
    assert_int_equal(system(command), 0);
    make_real(2);
    ask(l);
    assert_int_equal(result.results[2].outcome, WITNESS_COSIGNED);
    assert_non_null(strstr(result.results[2].reason, "forgotten"));
    ledger_close(l);
}

static void test_refusals(void **state)
{
    static const char type[] = "text/x.tlog.size";
    static const struct {
        int status;
        const char *type, *body, *says;
        unsigned asked;
    } cases[] = {
        {404, NULL, "no such log\n", "does not know this ledger", 1},
        {403, NULL, "", "has another key for this ledger", 1},
        {422, NULL, "no\033[31m\n", "two histories", 1},
        {400, NULL, "bad", "it refused (400: bad)", 1},
        {500, NULL, "", "in trouble", 1},
        {301, NULL, "", "it refused", 1},
        {409, NULL, "3\n", "without the size", 1},
        {409, "text/plain", "3\n", "without the size", 1},
        {409, type, "3", "without the size", 1},
        {409, type, "\n", "without the size", 1},
        {409, type, "", "without the size", 1},
        {409, type, "03\n", "without the size", 1},
        {409, type, "-1\n", "without the size", 1},
        {409, type, "3\n3\n", "without the size", 1},
        {409, type, "18446744073709551616\n", "without the size", 1},
        {409, type, "18446744073709551615\n", "an older state of that ledger", 1},
        {409, type, "0\n", "again and again", 1},
        {409, type, "3\n", "again and again", 2},
        {200, NULL, "", "no cosignature of this checkpoint", 1},
        {200, NULL, "thanks\n", "no cosignature of this checkpoint", 1},
        {0, NULL, "", "no answer: it is down", 1},
    };
    ledger *l = open_ledger(false);
    (void)state;
    grow(l, 1, 8);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        set_answer(1, cases[k].status, cases[k].type, cases[k].body);
        ask(l);
        assert_false(result.published);
        assert_int_equal(result.results[1].outcome, WITNESS_NOT_COSIGNED);
        if (strstr(result.results[1].reason, cases[k].says) == NULL)
            fail_msg("case %zu: '%s' does not say '%s'", k, result.results[1].reason,
                     cases[k].says);
        assert_null(strchr(result.results[1].reason, '\033'));
        assert_int_equal(behaviours[1].asked, cases[k].asked);
    }
    /* a size that moves with every request does not keep us asking for ever */
    set_answer(1, 409, type, "");
    behaviours[1].told = 1;
    ask(l);
    assert_int_equal(behaviours[1].asked, WITNESS_SENDS_MAX);
    ledger_close(l);
}

/* The line that key `i` makes for the text of the ledger's checkpoint, with `append` put to it. */
static void cosignature_line(buffer *out, ledger *l, unsigned i, const char *append)
{
    char *text = NULL;
    wf_error err = {0};
    buffer other = {0};
    note n;
    assert_ok(ledger_checkpoint(l, &text, &err), &err);
    assert_null(note_parse(&n, text, strlen(text)));
    buffer_append(&other, n.text, n.text_size);
    buffer_append_text(&other, append);
    assert_ok(witness_cosign(out, &keys[i], (char *)other.data, other.size, 1772000000, &err),
              &err);
    buffer_free(&other);
    free(text);
}

static void assert_taken(ledger *l, buffer lines, bool taken)
{
    buffer_append_byte(&lines, '\0');
    set_answer(1, 200, "text/plain", (char *)lines.data);
    buffer_free(&lines);
    ask(l);
    assert_int_equal(result.results[1].outcome, taken ? WITNESS_COSIGNED : WITNESS_NOT_COSIGNED);
    assert_int_equal(result.results[1].time_s, taken ? 1772000000 : 0);
    assert_int_equal(result.results[1].has_size, taken);
}

static void test_false_cosignatures(void **state)
{
    ledger *l = open_ledger(false);
    buffer lines = {0};
    (void)state;
    grow(l, 1, 5);
    cosignature_line(&lines, l, 2, ""); /* another witness's */
    assert_taken(l, lines, false);
    lines = (buffer){0};
    cosignature_line(&lines, l, 1, "extension\n"); /* of another text */
    assert_taken(l, lines, false);
    lines = (buffer){0};
    cosignature_line(&lines, l, 1, "");
    lines.data[lines.size - 8] ^= 1; /* not what was signed, or not base64 */
    assert_taken(l, lines, false);
    lines = (buffer){0};
    cosignature_line(&lines, l, 1, ""); /* a good one, and a false one of the same key */
    cosignature_line(&lines, l, 1, "extension\n");
    assert_taken(l, lines, false);
    lines = (buffer){0};
    cosignature_line(&lines, l, 1, "");
    lines.size--; /* no line end */
    assert_taken(l, lines, false);

    /* strangers' lines and repetitions are left behind: one line is kept */
    lines = (buffer){0};
    cosignature_line(&lines, l, 2, "");
    for (int i = 0; i < 30; i++)
        cosignature_line(&lines, l, 1, "");
    assert_taken(l, lines, true);
    lines = (buffer){0};
    cosignature_line(&lines, l, 0, "");
    buffer_append_byte(&lines, '\0');
    set_answer(0, 200, "text/plain", (char *)lines.data);
    buffer_free(&lines);
    ask(l);
    assert_true(result.published);
    char *text = NULL;
    checkpoint c;
    wf_error err = {0};
    note n;
    assert_ok(ledger_witnessed(l, &c, &text, &err), &err);
    assert_non_null(text);
    assert_null(note_parse(&n, text, strlen(text)));
    assert_int_equal(n.signature_count, 1 + 2);
    free(text);
    ledger_close(l);
}

/* Two ledgers of one name: what a witness cosigned of the one is not in the other. */
static void test_other_history(void **state)
{
    char command[512];
    wf_error err = {0};
    ledger *l = open_ledger(false);
    (void)state;
    for (unsigned i = 0; i < WITNESSES; i++)
        make_real(i);
    ask(l);
    ledger_close(l);
    snprintf(command, sizeof command, "cp -a %s %s/before", test_dir, test_folder);
    assert_int_equal(system(command), 0);
    l = open_ledger(false);
    grow(l, 1, 6);
    ask(l);
    ledger_close(l);

    /* put back as a whole, but for what the witnesses cosigned */
    snprintf(command, sizeof command,
             "cd %s && mv city newer && mv before city && rm -r city/witnesses && "
             "cp -a newer/witnesses city/",
             test_folder);
    assert_int_equal(system(command), 0);
    l = open_ledger(true);
    assert_int_equal(witness_ask(l, policy_path, send_all, NULL, &result, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "w0 has cosigned"));
    ledger_close(l);
    /* the same by what was published */
    snprintf(command, sizeof command,
             "cd %s && rm city/witnesses/[0-9a-f][0-9a-f]* && cp newer/witnessed city/",
             test_folder);
    assert_int_equal(system(command), 0);
    l = open_ledger(true);
    assert_int_equal(witness_ask(l, policy_path, send_all, NULL, &result, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "witnessed has"));
    ledger_close(l);
    snprintf(command, sizeof command, "cp -a %s/newer/witnesses %s/", test_folder, test_dir);
    assert_int_equal(system(command), 0);
    l = open_ledger(false);
    grow(l, 100, 20);
    assert_int_equal(witness_ask(l, policy_path, send_all, NULL, &result, &err), WF_DAMAGED);
    assert_non_null(strstr(err.text, "what witness w0 cosigned"));
    ledger_close(l);

    /* when nothing is left in the folder that tells it, the witnesses do */
    snprintf(command, sizeof command, "rm -r %s/witnesses", test_dir);
    assert_int_equal(system(command), 0);
    l = open_ledger(true);
    ask(l);
    assert_false(result.published);
    for (unsigned i = 0; i < WITNESSES; i++)
        assert_non_null(strstr(result.results[i].reason, "two histories"));
    ledger_close(l);
}

static void test_policies(void **state)
{
    wf_error err = {0};
    char path[160], vkey[NOTE_VKEY_MAX];
    ledger *l = open_ledger(true);
    (void)state;
    assert_int_equal(witness_ask(l, NULL, send_all, NULL, &result, &err), WF_USAGE);
    assert_non_null(strstr(err.text, "city/policy"));
    FILE *f = fopen(in_folder(path, "p"), "w");
    fprintf(f, "log %s\nquorum none\n",
            note_vkey_format(
                vkey, sizeof vkey,
                &(note_key){.name = "x", .type = NOTE_KEY_TYPE_ED25519, .public_key = {7}}));
    fclose(f);
    assert_int_equal(witness_ask(l, path, send_all, NULL, &result, &err), WF_USAGE);
    f = fopen(path, "w");
    fprintf(f, "witness w %s\nquorum w\n", keys[0].vkey);
    fclose(f);
    assert_ok(witness_ask(l, path, send_all, NULL, &result, &err), &err);
    assert_false(result.published);
    assert_non_null(strstr(result.results[0].reason, "no URL"));
    f = fopen(path, "w");
    fprintf(f, "witness w %s\n", keys[0].vkey);
    fclose(f);
    assert_int_equal(witness_ask(l, path, send_all, NULL, &result, &err), WF_USAGE);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cosigned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_below_quorum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_false_cosignatures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_history, setup, teardown),
        cmocka_unit_test_setup_teardown(test_policies, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
