/*
 * api/keys.c: the keys of a ledger and those in files; what their holders do with them.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "key_file.h"
#include "key_list.h"
#include "note.h"
#include "signer.h"

static const wf_column key_columns[] = {
    {"party", N_("party"), WF_CELL_TEXT},
    {"key_id", N_("key"), WF_CELL_TEXT},
    {"state", N_("state"), WF_CELL_TEXT},
    {"from_entry", N_("from entry"), WF_CELL_INTEGER},
    {"until_entry", N_("until entry"), WF_CELL_INTEGER},
    {"reason", N_("reason"), WF_CELL_TEXT},
    {"threshold", N_("threshold"), WF_CELL_INTEGER},
    {"public_key", N_("public key"), WF_CELL_TEXT},
    {"vkey", N_("verifier key"), WF_CELL_TEXT},
};

static void key_base64(char out[96], const suite_public_key *key)
{
    base64_encode(out, 96, key->bytes, key->size);
}

static wf_status keys_row(void *ctx, const listed_key *key, wf_error *err)
{
    answer *a = ctx;
    char text[96];
    (void)err; /* the answer has it */
    key_base64(text, &key->public_key);
    cell_text(a, key->party);
    cell_text(a, key->id);
    cell_text(a, key->state);
    cell_integer(a, (int64_t)key->from);
    if (key->until == UINT64_MAX)
        cell_empty(a);
    else
        cell_integer(a, (int64_t)key->until);
    cell_text(a, key->reason);
    if (key->threshold == 0)
        cell_empty(a);
    else
        cell_integer(a, key->threshold);
    cell_text(a, text);
    cell_text(a, key->vkey);
    answer_row(a);
    return a->status;
}

wf_status wf_keys(wf_ledger *l, const char *party, const wf_sink *sink, wf_error *err)
{
    answer a;
    wf_error_clear(err);
    answer_begin(&a, sink, err, "keys", N_("Keys"), COLUMNS(key_columns));
    wf_status status = ledger_list_keys(l->log, party, keys_row, &a, err);
    return status == WF_OK ? answer_end(&a) : status;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* A file that somebody named: that it is not there is their slip. */
static wf_status load_named(suite_public_key *out, const char *path, wf_error *err)
{
    wf_status status = key_load_public_if(out, path, err);
    return status == WF_OK && out->size == 0
               ? wf_fail(err, WF_USAGE, _("%s: there is no such file"), path)
               : status;
}

static void key_info(wf_key_info *out, const suite_public_key *key)
{
    uint8_t id[KEY_ID_SIZE];
    key_id_of(id, key);
    key_id_text(out->id, id);
    key_base64(out->public_key, key);
    out->suite = suite_of_size(key->size)->name;
}

wf_status wf_key_new(const char *path, const char *suite_name, bool encrypt, wf_key_info *out,
                     wf_error *err)
{
    suite_public_key key;
    wf_error_clear(err);
    wf_status status =
        key_file_new(path, suite_name != NULL ? suite_name : SUITE_ED25519, encrypt, &key, err);
    if (status == WF_OK)
        key_info(out, &key);
    return status;
}

wf_status wf_key_read(const char *path, wf_key_info *out, char **out_pem, wf_error *err)
{
    suite_public_key key;
    buffer text = {0};
    wf_error_clear(err);
    wf_status status = load_named(&key, path, err);
    if (status != WF_OK)
        return status;
    key_info(out, &key);
    if (out_pem == NULL)
        return WF_OK;
    status = key_public_text(&text, &key, err);
    *out_pem = status == WF_OK ? strndup((const char *)text.data, text.size) : NULL;
    buffer_free(&text);
    if (status == WF_OK && *out_pem == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    return status;
}

/* ---- changes --------------------------------------------------------------------------------- */

static bool of_operator(const wf_key_change *change)
{
    return change->party == NULL || strcmp(change->party, "operator") == 0;
}

wf_status wf_key_add(wf_ledger *l, const char *party, const char *path, wf_error *err)
{
    suite_public_key key;
    wf_error_clear(err);
    wf_status status = load_named(&key, path, err);
    if (status == WF_OK)
        status = ledger_add_key(l->log, party, &key, err);
    return status == WF_OK ? ledger_drain(l->log, err) : status;
}

static ledger_successor successor(const wf_key_change *change)
{
    return (ledger_successor){.socket_path = change->new_signer,
                              .key_path = change->new_path,
                              .encrypt = change->encrypt};
}

wf_status wf_key_rotate(wf_ledger *l, const wf_key_change *change, wf_error *err)
{
    wf_error_clear(err);
    const ledger_successor next = successor(change);
    if (of_operator(change))
        return ledger_rotate_operator(l->log, &next, err);
    if (change->key_path == NULL || change->new_path == NULL)
        return wf_fail(err, WF_USAGE,
                       _("a party rotates with its present key and its new one: --key OLD --new "
                         "NEW"));
    return ledger_rotate_key(l->log, change->party, change->key_path, change->new_path, err);
}

wf_status wf_key_revoke(wf_ledger *l, const wf_key_change *change, wf_error *err)
{
    wf_error_clear(err);
    const ledger_successor next = successor(change);
    if (change->reason == NULL)
        return wf_fail(err, WF_USAGE, _("say why, with --reason TEXT"));
    if (of_operator(change))
        return ledger_revoke_operator(l->log, change->reason, &next, err);
    if (change->key_path == NULL)
        return wf_fail(err, WF_USAGE,
                       _("a party revokes with the key itself, --key FILE; without it the offline "
                         "keys do: --id KEYID --order FILE"));
    return ledger_revoke_key(l->log, change->party, change->key_path, change->reason,
                             change->new_path, err);
}

/* ---- offline keys ---------------------------------------------------------------------------- */

static wf_status read_keys(suite_public_key out[QUORUM_KEYS_MAX], const char *const *paths,
                           size_t count, wf_error *err)
{
    wf_status status = WF_OK;
    if (count == 0 || count > QUORUM_KEYS_MAX)
        return wf_fail(err, WF_USAGE, _("%zu offline keys: 1 to %d were expected"), count,
                       QUORUM_KEYS_MAX);
    for (size_t i = 0; i < count && status == WF_OK; i++)
        status = load_named(&out[i], paths[i], err);
    return status;
}

wf_status wf_key_quorum(wf_ledger *l, unsigned threshold, const char *const *paths, size_t count,
                        wf_error *err)
{
    suite_public_key keys[QUORUM_KEYS_MAX];
    wf_error_clear(err);
    wf_status status = read_keys(keys, paths, count, err);
    return status == WF_OK ? ledger_set_quorum(l->log, threshold, keys, count, err) : status;
}

static wf_status order_revoke(wf_ledger *l, const wf_key_change *change, buffer *out, wf_error *err)
{
    suite_public_key next;
    wf_status status = WF_OK;
    if (change->key_id == NULL || change->reason == NULL)
        return wf_fail(err, WF_USAGE,
                       _("an order says which key and why: --id KEYID --reason TEXT"));
    if (change->new_path != NULL)
        status = load_named(&next, change->new_path, err);
    return status == WF_OK
               ? ledger_order_revoke(l->log, out, change->party, change->key_id, change->reason,
                                     change->new_path != NULL ? &next : NULL, err)
               : status;
}

wf_status wf_key_order(wf_ledger *l, const wf_key_change *change, unsigned threshold,
                       const char *const *paths, size_t count, char **out, wf_error *err)
{
    suite_public_key keys[QUORUM_KEYS_MAX];
    buffer text = {0};
    wf_status status;
    *out = NULL;
    wf_error_clear(err);
    if (change != NULL) {
        status = order_revoke(l, change, &text, err);
    } else {
        status = read_keys(keys, paths, count, err);
        if (status == WF_OK)
            status = ledger_order_quorum(l->log, &text, threshold, keys, count, err);
    }
    if (status == WF_OK && (*out = strndup((const char *)text.data, text.size)) == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    buffer_free(&text);
    return status;
}

static void order_info(wf_key_order_info *out, const key_order *order)
{
    *out = (wf_key_order_info){.is_quorum = order->is_quorum};
    strcpy(out->origin, order->origin);
    if (order->is_quorum) {
        out->signatures = (unsigned)order->quorum.signature_count;
        return;
    }
    strcpy(out->party, order->change.party);
    strcpy(out->reason, order->change.reason);
    key_id_text(out->key_id, order->change.key);
    out->signatures = (unsigned)order->change.signature_count;
    out->replaces_operator =
        strcmp(out->party, "operator") == 0 && order->change.replacement.size > 0;
}

wf_status wf_key_order_read(const char *text, size_t size, wf_key_order_info *out, wf_error *err)
{
    key_order order;
    wf_error_clear(err);
    wf_status status = key_order_parse(&order, text, size, err);
    if (status == WF_OK)
        order_info(out, &order);
    return status;
}

wf_status wf_key_order_sign(const char *order_path, const char *key_path, wf_key_order_info *out,
                            wf_error *err)
{
    key_order order;
    wf_error_clear(err);
    wf_status status = key_file_sign_order(order_path, key_path, &order, err);
    if (status == WF_OK)
        order_info(out, &order);
    return status;
}

wf_status wf_key_order_enter(wf_ledger *l, const char *text, size_t size, const char *new_path,
                             const char *new_signer, wf_error *err)
{
    const ledger_successor next = {.key_path = new_path, .socket_path = new_signer};
    wf_error_clear(err);
    return ledger_enter_order(l->log, text, size, &next, err);
}

/* ---- the signer process ---------------------------------------------------------------------- */

static void serve_ready(void *ctx, const suite_public_key *key, size_t remembered)
{
    const wf_key_serve_options *options = ctx;
    wf_key_info info;
    key_info(&info, key);
    if (options->ready != NULL)
        options->ready(options->ctx, &info, remembered);
}

wf_status wf_key_serve(const wf_key_serve_options *options, wf_error *err)
{
    const signer_serve_options below = {.key_path = options->key_path,
                                        .socket_path = options->socket_path,
                                        .memory_path = options->memory_path,
                                        .ready = serve_ready,
                                        .ctx = (void *)(uintptr_t)options};
    wf_error_clear(err);
    return signer_serve(&below, err);
}
