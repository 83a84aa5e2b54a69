/*
 * wufei key: private keys in files, the keys of a ledger, the orders of offline keys, and the
 * process that signs for others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "receipt.h"

enum {
    KEY_OUT,
    KEY_SUITE,
    KEY_ENCRYPT,
    KEY_KEY,
    KEY_NEW,
    KEY_SIGNER,
    KEY_REASON,
    KEY_ID,
    KEY_ORDER,
    KEY_THRESHOLD,
    KEY_SOCKET,
    KEY_MEMORY,
    KEY_RECEIPT
};

static const option_spec options[] = {
    {"output", 'o', "FILE", N_("new: the private key (else KEYID.pem); its public key: FILE.pub")},
    {"suite", 0, "SUITE", N_("new: ed25519-sha256 (as usual) or sm2-sm3")},
    {"encrypt", 0, NULL,
     N_("new, rotate, revoke: encrypt the new key ($WUFEI_KEY_PASSPHRASE_FILE)")},
    {"key", 0, "FILE",
     N_("rotate, revoke, sign, serve: the key that signs (the operator's: none)")},
    {"new", 0, "FILE", N_("rotate, revoke, enter: the key that follows")},
    {"signer", 0, "SOCKET", N_("rotate, revoke, enter: the operator's new key is in that process")},
    {"reason", 0, "TEXT", N_("revoke: why")},
    {"id", 0, "KEYID", N_("revoke --order: the key that is to end")},
    {"order", 0, "FILE", N_("revoke, quorum: write an order for the offline keys to sign")},
    {"threshold", 0, "N", N_("quorum: so many of the offline keys act together")},
    {"socket", 0, "PATH", N_("serve: where to listen")},
    {"memory", 0, "FILE",
     N_("serve: what was signed last, of each ledger (else KEY.signed); what is older is refused. "
        "Only a new FILE lets a ledger that was put back with wufei restore be signed")},
    RECEIPT_OPTION,
};

/* ---- arguments and answers ------------------------------------------------------------------- */

static wf_status key_need(arguments *args, size_t option)
{
    if (args->value[option] != NULL && args->value[option][0] != '\0')
        return WF_OK;
    return command_fail(args, WF_USAGE, _("wufei key %s needs --%s %s"), args->rest[0],
                        options[option].name, options[option].argument);
}

/* A private key that an option names and that is not there is a slip of who typed it. */
static wf_status key_is_there(arguments *args, size_t option)
{
    const char *path = args->value[option];
    if (path == NULL || access(path, F_OK) == 0 || errno != ENOENT)
        return WF_OK;
    return command_fail(args, WF_USAGE, _("--%s %s: there is no such file"), options[option].name,
                        path);
}

static wf_status key_rest(arguments *args, size_t min, size_t max, const char *what)
{
    if (args->rest_count - 1 >= min && args->rest_count - 1 <= max)
        return WF_OK;
    return command_fail(args, WF_USAGE, _("usage: wufei key %s %s"), args->rest[0], what);
}

/* One row about a file or an order. */
static wf_status key_print(arguments *args, const char *name, const wf_column *columns,
                           const wf_cell *cells, size_t count)
{
    output *out = NULL;
    wf_status status = command_output(args, &out, NULL, false, NULL);
    if (status != WF_OK)
        return status;
    wf_sink sink = output_sink(out);
    status = sink.begin(sink.ctx, name, NULL, columns, count, &args->error);
    if (status == WF_OK)
        status = sink.row(sink.ctx, cells, count, &args->error);
    if (status == WF_OK)
        status = sink.end(sink.ctx, &args->error);
    return command_close(args, out, NULL, status);
}

static wf_status key_print_file(arguments *args, const char *path, const wf_key_info *key)
{
    const wf_column columns[] = {
        {"file", _("file"), WF_CELL_TEXT},
        {"suite", _("suite"), WF_CELL_TEXT},
        {"key_id", _("key"), WF_CELL_TEXT},
        {"public_key", _("public key"), WF_CELL_TEXT},
    };
    const wf_cell cells[] = {
        {WF_CELL_TEXT, {.text = path}},
        {WF_CELL_TEXT, {.text = key->suite}},
        {WF_CELL_TEXT, {.text = key->id}},
        {WF_CELL_TEXT, {.text = key->public_key}},
    };
    return key_print(args, "keys", columns, cells, 4);
}

static wf_status key_print_order(arguments *args, const wf_key_order_info *order)
{
    const wf_column columns[] = {
        {"order", _("order"), WF_CELL_TEXT},   {"origin", _("origin"), WF_CELL_TEXT},
        {"party", _("party"), WF_CELL_TEXT},   {"key_id", _("key"), WF_CELL_TEXT},
        {"reason", _("reason"), WF_CELL_TEXT}, {"signatures", _("signatures"), WF_CELL_INTEGER},
    };
    const wf_cell empty = {.kind = WF_CELL_EMPTY};
    wf_cell cells[] = {
        {WF_CELL_TEXT, {.text = order->is_quorum ? "quorum" : "revoke"}},
        {WF_CELL_TEXT, {.text = order->origin}},
        {WF_CELL_TEXT, {.text = order->party}},
        {WF_CELL_TEXT, {.text = order->key_id}},
        {WF_CELL_TEXT, {.text = order->reason}},
        {WF_CELL_INTEGER, {.integer = (int64_t)order->signatures}},
    };
    for (size_t i = 2; i < 5 && order->is_quorum; i++)
        cells[i] = empty;
    return key_print(args, "orders", columns, cells, 6);
}

/* What the keys of a party are now, or all of them. */
static wf_status key_print_keys(arguments *args, wf_ledger *ledger, const char *party)
{
    output *out = NULL;
    wf_status status =
        command_output(args, &out, ledger, false,
                       "party|key_id|state|from_entry|until_entry|reason|threshold|vkey");
    if (status != WF_OK)
        return status;
    wf_sink sink = output_sink(out);
    status = wf_keys(ledger, party, &sink, &args->error);
    return command_close(args, out, NULL, status);
}

/* ---- files ----------------------------------------------------------------------------------- */

static wf_status key_new_run(arguments *args)
{
    char path[4096], public_path[4096 + 8], temporary[64];
    wf_key_info key;
    char *pem = NULL;
    const char *out = args->value[KEY_OUT];
    wf_status status = key_rest(args, 0, 0, "[-o FILE] [--suite SUITE] [--encrypt]");
    snprintf(temporary, sizeof temporary, ".key.%ld.pem", (long)getpid());
    snprintf(path, sizeof path, "%s", out != NULL ? out : temporary);
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    if (status == WF_OK && out != NULL)
        status = command_check_file(args, "-o", path);
    if (status == WF_OK && out != NULL)
        status = command_check_file(args, "-o", public_path);
    if (status == WF_OK)
        status = wf_key_new(path, args->value[KEY_SUITE], args->value[KEY_ENCRYPT] != NULL, &key,
                            &args->error);
    if (status == WF_OK && out == NULL) { /* only now its id is known */
        snprintf(path, sizeof path, "%s.pem", key.id);
        snprintf(public_path, sizeof public_path, "%s.pub", path);
        if (rename(temporary, path) != 0)
            status = command_fail(args, WF_SYSTEM, _("%s: cannot be renamed"), temporary);
        /* Before anybody enters it: a log that names a lost key has locked its holder out. */
        else if (!command_sync_folder_of(path))
            status =
                command_fail(args, WF_SYSTEM, _("cannot write %s: %s"), path, _(strerror(errno)));
    }
    if (status == WF_OK)
        status = wf_key_read(path, &key, &pem, &args->error);
    if (status == WF_OK)
        status = command_write_file(args, "-o", public_path, pem, strlen(pem));
    free(pem);
    return status == WF_OK ? key_print_file(args, path, &key) : status;
}

static wf_status key_show_run(arguments *args)
{
    wf_key_info key;
    wf_ledger *ledger = NULL;
    wf_status status = key_rest(args, 0, 1, "[FILE]");
    if (status == WF_OK && args->rest_count == 2) {
        status = wf_key_read(args->rest[1], &key, NULL, &args->error);
        return status == WF_OK ? key_print_file(args, args->rest[1], &key) : status;
    }
    if (status == WF_OK)
        status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = key_print_keys(args, ledger, NULL);
    return command_close(args, NULL, ledger, status);
}

/* The whole file of an order; malloced. */
static wf_status key_read_order(arguments *args, const char *path, char **out, size_t *size)
{
    enum { ORDER_MAX = 65536 };
    FILE *file = fopen(path, "re");
    *out = malloc(ORDER_MAX);
    if (file == NULL || *out == NULL) {
        if (file != NULL)
            fclose(file);
        return file == NULL ? command_fail(args, WF_USAGE, _("%s: there is no such file"), path)
                            : command_fail(args, WF_SYSTEM, "%s", _("out of memory"));
    }
    *size = fread(*out, 1, ORDER_MAX, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    return failed ? command_fail(args, WF_SYSTEM, _("%s: cannot be read"), path) : WF_OK;
}

static wf_status key_sign_run(arguments *args)
{
    wf_key_order_info order;
    wf_status status = key_rest(args, 1, 1, "ORDER --key FILE");
    if (status == WF_OK)
        status = key_need(args, KEY_KEY);
    if (status == WF_OK)
        status = wf_key_order_sign(args->rest[1], args->value[KEY_KEY], &order, &args->error);
    return status == WF_OK ? key_print_order(args, &order) : status;
}

/* ---- the ledger ------------------------------------------------------------------------------ */

/* A ledger that a key's record is to be entered into, and the receipt for it. */
typedef struct key_entering {
    wf_ledger *ledger;
    receipt_place receipt;
    uint64_t size_before;
} key_entering;

static wf_status key_open(arguments *args, key_entering *out, bool without_key)
{
    const wf_open_options open = {.at = WF_AT_NOW, .without_key = without_key};
    wf_explain_faults();
    wf_status status = wf_open(&out->ledger, args->ledger, &open, &args->error);
    if (status == WF_OK)
        status = receipt_check(args, &out->receipt, args->value[KEY_RECEIPT], NULL);
    if (status == WF_OK)
        out->size_before = wf_size(out->ledger);
    return status;
}

/* It was entered, unless `status` says otherwise: acknowledged, and the keys of the party shown. */
static wf_status key_close(arguments *args, key_entering *e, const char *party, wf_status status)
{
    if (status == WF_OK)
        status = key_print_keys(args, e->ledger, party);
    if (status == WF_OK)
        status = receipt_write(args, e->ledger, &e->receipt, e->size_before, wf_size(e->ledger));
    return command_close(args, NULL, e->ledger, status);
}

/* A key may come before its party; a mistyped id looks the same. */
static wf_status key_say_unknown(arguments *args, const key_entering *e, const char *party)
{
    bool known = false;
    wf_status status = wf_has_party(e->ledger, party, &known, &args->error);
    if (status == WF_OK && !known && !args->quiet)
        fprintf(stderr,
                _("no party %s is in this ledger so far: the key is entered and counts for a party "
                  "of exactly this id\n"),
                party);
    return status;
}

static wf_status key_add_run(arguments *args)
{
    key_entering e = {0};
    wf_status status = key_rest(args, 2, 2, "PARTY PUBFILE");
    if (status == WF_OK && args->rest[1][0] == '\0')
        status = command_fail(args, WF_USAGE, _("usage: wufei key %s %s"), "add", "PARTY PUBFILE");
    if (status == WF_OK && strcmp(args->rest[1], "operator") == 0)
        status = command_fail(args, WF_USAGE, "%s",
                              _("the operator's key is not added, it follows the present one: "
                                "wufei key rotate"));
    if (status == WF_OK)
        status = key_open(args, &e, false);
    if (status == WF_OK)
        status = wf_key_add(e.ledger, args->rest[1], args->rest[2], &args->error);
    if (status == WF_OK)
        status = key_say_unknown(args, &e, args->rest[1]);
    return key_close(args, &e, args->rest[1], status);
}

static wf_key_change key_change(const arguments *args, const char *party)
{
    return (wf_key_change){.party = party,
                           .key_path = args->value[KEY_KEY],
                           .new_path = args->value[KEY_NEW],
                           .new_signer = args->value[KEY_SIGNER],
                           .encrypt = args->value[KEY_ENCRYPT] != NULL,
                           .reason = args->value[KEY_REASON],
                           .key_id = args->value[KEY_ID]};
}

static wf_status key_rotate_run(arguments *args)
{
    key_entering e = {0};
    const char *party = args->rest_count > 1 ? args->rest[1] : "operator";
    const wf_key_change change = key_change(args, party);
    wf_status status = key_rest(args, 0, 1, "[PARTY --key OLD --new NEW]");
    if (status == WF_OK && strcmp(party, "operator") == 0 && change.key_path != NULL)
        status = command_fail(args, WF_USAGE,
                              _("the operator's key is in the ledger's folder; leave out --key"));
    if (status == WF_OK)
        status = key_open(args, &e, false);
    if (status == WF_OK)
        status = wf_key_rotate(e.ledger, &change, &args->error);
    return key_close(args, &e, party, status);
}

/* An order is written outside of the ledger, which is only read for it. */
static wf_status key_write_order(arguments *args, const wf_key_change *change, unsigned threshold)
{
    wf_ledger *ledger = NULL;
    wf_key_order_info info;
    char *text = NULL;
    wf_status status = command_check_file(args, "--order", args->value[KEY_ORDER]);
    if (status == WF_OK)
        status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = wf_key_order(ledger, change, threshold, args->rest + 1, args->rest_count - 1,
                              &text, &args->error);
    if (status == WF_OK)
        status = wf_key_order_read(text, strlen(text), &info, &args->error);
    if (status == WF_OK)
        status = command_write_file(args, "--order", args->value[KEY_ORDER], text, strlen(text));
    if (status == WF_OK)
        status = key_print_order(args, &info);
    free(text);
    return command_close(args, NULL, ledger, status);
}

static wf_status key_revoke_run(arguments *args)
{
    key_entering e = {0};
    wf_status status =
        key_rest(args, 1, 1, "PARTY --reason TEXT [--key FILE | --id KEYID --order FILE]");
    if (status == WF_OK)
        status = key_need(args, KEY_REASON);
    if (status != WF_OK)
        return status;
    const wf_key_change change = key_change(args, args->rest[1]);
    if (args->value[KEY_ORDER] != NULL)
        return key_write_order(args, &change, 0);
    if (args->value[KEY_ID] != NULL)
        return command_fail(args, WF_USAGE,
                            _("--id goes with --order: who holds the key names it with --key"));
    status = key_open(args, &e, false);
    if (status == WF_OK)
        status = wf_key_revoke(e.ledger, &change, &args->error);
    return key_close(args, &e, change.party, status);
}

static wf_status key_quorum_run(arguments *args)
{
    key_entering e = {0};
    uint64_t threshold = 0;
    wf_status status = key_rest(args, 1, 16, "--threshold N PUBFILE... [--order FILE]");
    if (status == WF_OK)
        status = key_need(args, KEY_THRESHOLD);
    if (status == WF_OK)
        status = options_number(args, "threshold", args->value[KEY_THRESHOLD], &threshold);
    if (status == WF_OK && (threshold == 0 || threshold > args->rest_count - 1))
        status = command_fail(args, WF_USAGE,
                              _("--threshold %s is not between 1 and the number of keys, %zu"),
                              args->value[KEY_THRESHOLD], args->rest_count - 1);
    if (status == WF_OK && args->value[KEY_ORDER] != NULL)
        return key_write_order(args, NULL, (unsigned)threshold);
    if (status == WF_OK)
        status = key_open(args, &e, false);
    if (status == WF_OK)
        status = wf_key_quorum(e.ledger, (unsigned)threshold, args->rest + 1, args->rest_count - 1,
                               &args->error);
    return key_close(args, &e, "quorum", status);
}

static wf_status key_enter_run(arguments *args)
{
    key_entering e = {0};
    wf_key_order_info info = {0};
    char *text = NULL;
    size_t size = 0;
    wf_status status = key_rest(args, 1, 1, "ORDER [--new FILE]");
    if (status == WF_OK)
        status = key_read_order(args, args->rest[1], &text, &size);
    if (status == WF_OK)
        status = wf_key_order_read(text, size, &info, &args->error);
    if (status == WF_OK)
        status = key_open(args, &e, info.replaces_operator);
    if (status == WF_OK)
        status = wf_key_order_enter(e.ledger, text, size, args->value[KEY_NEW],
                                    args->value[KEY_SIGNER], &args->error);
    free(text);
    return key_close(args, &e, info.is_quorum ? "quorum" : info.party, status);
}

/* ---- the signer ------------------------------------------------------------------------------ */

static void key_serve_ready(void *ctx, const wf_key_info *key, size_t remembered)
{
    const arguments *args = ctx;
    printf("signer %s %s %s\n", args->value[KEY_SOCKET], key->suite, key->id);
    fflush(stdout);
    if (remembered == 0 && !args->quiet)
        fprintf(stderr, "%s\n",
                _("this signer remembers nothing that it signed: a new key, or its file of memory "
                  "is new or lost; the first checkpoint that it is asked for is signed, whatever "
                  "its size"));
}

static wf_status key_serve_run(arguments *args)
{
    const wf_key_serve_options serve = {.key_path = args->value[KEY_KEY],
                                        .socket_path = args->value[KEY_SOCKET],
                                        .memory_path = args->value[KEY_MEMORY],
                                        .ready = key_serve_ready,
                                        .ctx = args};
    wf_status status = key_rest(args, 0, 0, "--key FILE --socket PATH");
    if (status == WF_OK)
        status = key_need(args, KEY_KEY);
    if (status == WF_OK)
        status = key_need(args, KEY_SOCKET);
    return status == WF_OK ? wf_key_serve(&serve, &args->error) : status;
}

static wf_status key_run(arguments *args)
{
    static const struct {
        const char *name;
        wf_status (*run)(arguments *args);
    } actions[] = {
        {"new", key_new_run},       {"show", key_show_run},     {"add", key_add_run},
        {"rotate", key_rotate_run}, {"revoke", key_revoke_run}, {"quorum", key_quorum_run},
        {"sign", key_sign_run},     {"enter", key_enter_run},   {"serve", key_serve_run},
    };
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(actions[i].name, args->rest[0]) != 0)
            continue;
        wf_status status = key_is_there(args, KEY_KEY);
        if (status == WF_OK)
            status = key_is_there(args, KEY_NEW);
        return status == WF_OK ? actions[i].run(args) : status;
    }
    return command_fail(args, WF_USAGE,
                        _("wufei key does not know '%s'; allowed: new, show, add, rotate, revoke, "
                          "quorum, sign, enter, serve"),
                        args->rest[0]);
}

const command command_key = {
    .name = "key",
    .summary = N_("keys of the ledger and in files: make, show, add, rotate, revoke, sign"),
    .synopsis = "new|show|add|rotate|revoke|quorum|sign|enter|serve [OPTIONS]",
    .example = "  wufei key show\n"
               "  wufei key new -o p1.pem --encrypt\n"
               "  wufei key add P1 p1.pem.pub\n"
               "  wufei key rotate\n"
               "  wufei key rotate P1 --key p1.pem --new p1-2027.pem\n"
               "  wufei key revoke P1 --key p1.pem --reason \"a laptop was lost\"\n"
               "  wufei key quorum --threshold 2 a.pem.pub b.pem.pub c.pem.pub\n"
               "  wufei key revoke operator --id 0123456789abcdef --reason \"module broken\" "
               "\\\n"
               "      --new new.pem --order revoke.order\n"
               "  wufei key sign revoke.order --key a.pem\n"
               "  wufei key enter revoke.order --new new.pem\n"
               "  wufei key serve --key operator.pem --socket /run/wufei/signer\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 17,
    .run = key_run,
};
