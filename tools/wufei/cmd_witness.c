/*
 * wufei witness: ask the witnesses of our ledger; be a witness for others; make a witness's key.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "http.h"

enum {
    WITNESS_POLICY,
    WITNESS_TIMEOUT,
    WITNESS_STATE,
    WITNESS_LISTEN,
    WITNESS_PREFIX,
    WITNESS_KEY,
    WITNESS_NAME,
    WITNESS_LOGS,
    WITNESS_NEW_KEY,
    WITNESS_ENCRYPT
};
enum { TIMEOUT_S = 10, TIMEOUT_MAX_S = 600 };

static const option_spec options[] = {
    {"policy", 0, "FILE", N_("ask: the policy (else the file policy of the ledger)")},
    {"timeout", 0, "SECONDS", N_("ask: how long to wait for each answer (10)")},
    {"state", 0, "DIR", N_("serve: what the witness remembers")},
    {"listen", 0, "ADDR:PORT", N_("serve: where (127.0.0.1:8099); port 0: any")},
    {"prefix", 0, "/PATH", N_("serve: in front of its paths (none)")},
    {"key", 0, "FILE", N_("serve, key: the witness's private key")},
    {"name", 0, "NAME", N_("serve, key: its name, like witness.example/w1")},
    {"logs", 0, "FILE", N_("serve: lines \"log VKEY\" of the ledgers it cosigns")},
    {"new-key", 0, NULL, N_("serve, key: make the private key first")},
    {"encrypt", 0, NULL, N_("serve, key: encrypt the new key with a passphrase")},
};

/* ---- ask ------------------------------------------------------------------------------------ */

static wf_status witness_ask_run(arguments *args)
{
    wf_ledger *ledger = NULL;
    output *out = NULL;
    uint64_t timeout_s = TIMEOUT_S;
    service_functions http;
    wf_status status = WF_OK;
    if (args->value[WITNESS_TIMEOUT] != NULL)
        status = options_number(args, "timeout", args->value[WITNESS_TIMEOUT], &timeout_s);
    if (status == WF_OK && (timeout_s == 0 || timeout_s > TIMEOUT_MAX_S))
        status = command_fail(args, WF_USAGE, _("--timeout %s is not between 1 and %d seconds"),
                              args->value[WITNESS_TIMEOUT], TIMEOUT_MAX_S);
    if (status == WF_OK)
        status = command_http(args, &http);
    if (status == WF_OK)
        status = command_open_for_a_few_rows(args, &ledger);
    if (status == WF_OK)
        status = command_output(args, &out, ledger, false, NULL);
    if (status == WF_OK) {
        service_client client = {.timeout_s = (unsigned)timeout_s};
        wf_ask_options ask = {
            .policy_path = args->value[WITNESS_POLICY], .send = http.post, .ctx = &client};
        wf_sink sink = output_sink(out);
        status = wf_ask_witnesses(ledger, &ask, &sink, &args->error);
    }
    return command_close(args, out, ledger, status);
}

/* ---- serve and key -------------------------------------------------------------------------- */

static wf_status witness_need(arguments *args, size_t option)
{
    if (args->value[option] != NULL && args->value[option][0] != '\0')
        return WF_OK;
    return command_fail(args, WF_USAGE, _("wufei witness %s needs --%s %s"), args->rest[0],
                        options[option].name, options[option].argument);
}

/* A line of a policy: other ledgers name this witness by it. */
static void witness_print_line(const arguments *args, const char *vkey, const char *url)
{
    printf("witness %s %s%s%s\n", args->value[WITNESS_NAME], vkey, url != NULL ? " " : "",
           url != NULL ? url : "");
    fflush(stdout);
}

static wf_status witness_new_key(arguments *args)
{
    bool encrypt = args->value[WITNESS_ENCRYPT] != NULL;
    if (args->value[WITNESS_NEW_KEY] != NULL)
        return wf_witness_new_key(args->value[WITNESS_KEY], args->value[WITNESS_NAME], encrypt,
                                  &args->error);
    return encrypt ? command_fail(args, WF_USAGE, "%s", _("--encrypt belongs to --new-key"))
                   : WF_OK;
}

static wf_status witness_key_run(arguments *args)
{
    char *vkey = NULL;
    wf_status status = witness_need(args, WITNESS_KEY);
    if (status == WF_OK)
        status = witness_need(args, WITNESS_NAME);
    if (status == WF_OK)
        status = witness_new_key(args);
    if (status == WF_OK)
        status = wf_witness_vkey(&vkey, args->value[WITNESS_KEY], args->value[WITNESS_NAME],
                                 &args->error);
    if (status == WF_OK)
        witness_print_line(args, vkey, NULL);
    free(vkey);
    return status;
}

typedef struct serving {
    arguments *args;
    wf_witness *witness;
    char *vkey;
} serving;

static void serve_answer(void *ctx, const char *method, const char *path, const void *body,
                         size_t size, wf_http_answer *out)
{
    serving *s = ctx;
    wf_witness_answer(s->witness, method, path, body, size, out);
}

static void serve_ready(void *ctx, const char *url)
{
    serving *s = ctx;
    witness_print_line(s->args, s->vkey, url);
}

static wf_status witness_serve_open(arguments *args, serving *s)
{
    static const size_t needed[] = {WITNESS_STATE, WITNESS_KEY, WITNESS_NAME, WITNESS_LOGS};
    const char *prefix = args->value[WITNESS_PREFIX];
    wf_status status = WF_OK;
    for (size_t i = 0; i < sizeof needed / sizeof *needed && status == WF_OK; i++)
        status = witness_need(args, needed[i]);
    if (status == WF_OK && prefix != NULL && prefix[0] != '\0' &&
        (prefix[0] != '/' || prefix[strlen(prefix) - 1] == '/' || strpbrk(prefix, "?# ") != NULL))
        status = command_fail(args, WF_USAGE,
                              _("--prefix '%s' is not the beginning of a path; expected one like "
                                "/w1"),
                              prefix);
    if (status == WF_OK)
        status = witness_new_key(args);
    if (status == WF_OK)
        status = wf_witness_vkey(&s->vkey, args->value[WITNESS_KEY], args->value[WITNESS_NAME],
                                 &args->error);
    wf_witness_options witness = {.state_dir = args->value[WITNESS_STATE],
                                  .key_path = args->value[WITNESS_KEY],
                                  .name = args->value[WITNESS_NAME],
                                  .logs_path = args->value[WITNESS_LOGS]};
    if (status == WF_OK)
        status = wf_witness_open(&s->witness, &witness, &args->error);
    return status;
}

static wf_status witness_serve_run(arguments *args)
{
    const char *address = args->value[WITNESS_LISTEN];
    const char *prefix = args->value[WITNESS_PREFIX];
    serving s = {.args = args};
    service_functions http;
    wf_status status = witness_serve_open(args, &s);
    if (status == WF_OK)
        status = command_http(args, &http);
    if (status == WF_OK) {
        service_server server = {.address = address != NULL ? address : "127.0.0.1:8099",
                                 .prefix = prefix != NULL ? prefix : "",
                                 .answer = serve_answer,
                                 .ready = serve_ready,
                                 .ctx = &s};
        status = http.listen(&server, &args->error);
    }
    wf_witness_close(s.witness);
    free(s.vkey);
    return status;
}

static wf_status witness_run(arguments *args)
{
    const char *action = args->rest[0];
    if (strcmp(action, "ask") == 0)
        return witness_ask_run(args);
    if (strcmp(action, "serve") == 0)
        return witness_serve_run(args);
    if (strcmp(action, "key") == 0)
        return witness_key_run(args);
    return command_fail(args, WF_USAGE,
                        _("wufei witness does not know '%s'; allowed: ask, serve, "
                          "key"),
                        action);
}

const command command_witness = {
    .name = "witness",
    .summary = N_("have our checkpoints cosigned by others, and cosign theirs"),
    .synopsis = "ask|serve|key [OPTIONS]",
    .example = "  wufei witness ask\n"
               "  wufei witness key --new-key --key w1.pem --name witness.example/w1\n"
               "  wufei witness serve --state w1 --key w1.pem --name witness.example/w1 "
               "\\\n"
               "      --logs logs --listen 127.0.0.1:8099\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .rest_min = 1,
    .rest_max = 1,
    .run = witness_run,
};
