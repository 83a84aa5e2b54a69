/*
 * ledger/operator_files.c: where a ledger's folder says who signs for its operator.
 *
 *     operator.pem          the private key (key_file.h)
 *     operator.signer       or one line: the path of the socket behind which it is (signer.h)
 *     operator.pem.next     what is to follow it: there from before the commit that changes the key
 *     operator.signer.next  until it is in its place
 *     operator-ID.pem       a key that was followed by another; a backup of older days needs it
 *
 * The log says which key is the operator's. A change goes: 1 the next one is written and synced, 2
 * the entry is committed, and the checkpoint signed by the next one, 3 the present one is put
 * aside, 4 the next one takes its place. Whoever opens the ledger to write after a crash finds the
 * log before step 2, and goes on with the present key; or behind it, and does what is left.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"

#define NEXT ".next"

/* ---- the files ------------------------------------------------------------------------------- */

static bool is_there(const char *dir, const char *name)
{
    char *path = folder_path(dir, name);
    bool there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* *out is malloced; NULL when there is no such file. */
static wf_status read_socket_path(char **out, const char *dir, const char *name, wf_error *err)
{
    size_t size = 0;
    wf_status status = folder_read(dir, name, PATH_MAX, out, &size, err);
    if (status != WF_OK || *out == NULL)
        return status;
    char *end = strchr(*out, '\n');
    if (end != NULL && end > *out && end + 1 == *out + size) {
        *end = '\0';
        return WF_OK;
    }
    free(*out);
    *out = NULL;
    return wf_fail(err, WF_REFUSED, _("%s/%s does not hold one line with the path of a socket"),
                   dir, name);
}

static wf_status rename_in(const char *dir, const char *from, const char *to, wf_error *err)
{
    char *a = folder_path(dir, from);
    char *b = folder_path(dir, to);
    wf_status status = WF_OK;
    if (a == NULL || b == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if (rename(a, b) != 0 && errno != ENOENT)
        status = wf_fail_errno(err, _("%s: cannot be renamed"), a);
    free(a);
    free(b);
    return status;
}

static wf_status remove_in(const char *dir, const char *name, wf_error *err)
{
    char *path = folder_path(dir, name);
    wf_status status = WF_OK;
    if (path == NULL)
        status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    else if (unlink(path) != 0 && errno != ENOENT)
        status = wf_fail_errno(err, _("%s: cannot be removed"), path);
    free(path);
    return status;
}

/* ---- a change -------------------------------------------------------------------------------- */

wf_status operator_stage_key(const char *dir, span pem, wf_error *err)
{
    wf_status status = remove_in(dir, FILE_SIGNER NEXT, err);
    return status == WF_OK ? folder_write(dir, FILE_KEY NEXT, pem.data, pem.size, 0600, err)
                           : status;
}

wf_status operator_stage_socket(const char *dir, const char *socket_path, wf_error *err)
{
    buffer line = {0};
    buffer_printf(&line, "%s\n", socket_path);
    wf_status status = line.failed ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                   : remove_in(dir, FILE_KEY NEXT, err);
    if (status == WF_OK)
        status = folder_write(dir, FILE_SIGNER NEXT, line.data, line.size, 0644, err);
    buffer_free(&line);
    return status;
}

void operator_unstage(const char *dir)
{
    wf_error ignored = {0}; /* what stays is overwritten by the next change */
    remove_in(dir, FILE_KEY NEXT, &ignored);
    remove_in(dir, FILE_SIGNER NEXT, &ignored);
}

wf_status operator_install(const char *dir, const uint8_t former_id[KEY_ID_SIZE], wf_error *err)
{
    char id[KEY_ID_TEXT], aside[64];
    bool is_key = is_there(dir, FILE_KEY NEXT);
    if (!is_key && !is_there(dir, FILE_SIGNER NEXT))
        return WF_OK; /* it is done */
    snprintf(aside, sizeof aside, "operator-%s.pem", key_id_text(id, former_id));
    wf_status status = rename_in(dir, FILE_KEY, aside, err);
    if (status == WF_OK && is_key)
        status = remove_in(dir, FILE_SIGNER, err);
    if (status == WF_OK)
        status = is_key ? rename_in(dir, FILE_KEY NEXT, FILE_KEY, err)
                        : rename_in(dir, FILE_SIGNER NEXT, FILE_SIGNER, err);
    return status == WF_OK ? folder_sync(dir, err) : status;
}

/* Of the signer in waiting, when it can be known. */
static wf_status next_public(suite_public_key *out, const char *dir, wf_error *err)
{
    char *path = folder_path(dir, FILE_KEY NEXT);
    char *socket_path = NULL;
    signer *s = NULL;
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : key_load_public_if(out, path, err);
    free(path);
    if (status != WF_OK || out->size > 0)
        return status;
    status = read_socket_path(&socket_path, dir, FILE_SIGNER NEXT, err);
    if (status == WF_OK && socket_path != NULL)
        status = signer_of_socket(&s, socket_path, err);
    if (s != NULL)
        *out = *signer_public(s);
    signer_free(s);
    free(socket_path);
    return status;
}

/* The id of the key that the present one followed. */
static wf_status former_id(ledger *l, uint8_t out[KEY_ID_SIZE], wf_error *err)
{
    store_txn *txn = NULL;
    ledger_head head;
    operator_key now, former;
    wf_status status = store_begin(&txn, l->store, false, err);
    if (status == WF_OK)
        status = head_get(&head, txn, err);
    if (status == WF_OK)
        status = key_rows_operator(&now, txn, head.size, err);
    if (status == WF_OK)
        status = key_rows_operator(&former, txn, now.valid_from > 0 ? now.valid_from - 1 : 0, err);
    if (status == WF_OK)
        key_id_of(out, &former.public_key);
    store_abort(txn);
    return status;
}

/* A change that was cut off behind its commit is finished. */
static wf_status finish_change(ledger *l, wf_error *err)
{
    suite_public_key next = {.size = 0};
    uint8_t id[KEY_ID_SIZE];
    if (!is_there(l->dir, FILE_KEY NEXT) && !is_there(l->dir, FILE_SIGNER NEXT))
        return WF_OK;
    wf_error ignored = {0}; /* it may never have come to be: the present key decides then */
    if (next_public(&next, l->dir, &ignored) != WF_OK || !key_equal(&next, &l->operator_key))
        return WF_OK;
    wf_status status = former_id(l, id, err);
    return status == WF_OK ? operator_install(l->dir, id, err) : status;
}

wf_status operator_socket_path(char **out, const char *dir, wf_error *err)
{
    return read_socket_path(out, dir, FILE_SIGNER, err);
}

/* ---- opening --------------------------------------------------------------------------------- */

static wf_status open_key(ledger *l, wf_error *err)
{
    EVP_PKEY *key = NULL;
    suite_public_key seen = {.size = 0};
    char *path = folder_path(l->dir, FILE_KEY);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : key_load_public(&seen, path, err);
    if (status == WF_OK && key_equal(&seen, &l->operator_key))
        status = key_load(&key, path, err);
    if (status == WF_OK && key != NULL)
        status = signer_of_key(&l->signer, key, err);
    if (status == WF_OK &&
        (l->signer == NULL || !key_equal(signer_public(l->signer), &l->operator_key))) {
        char id[KEY_ID_TEXT];
        status =
            wf_fail(err, WF_REFUSED,
                    _("%s is not the key that this ledger's log names as its operator's, which "
                      "is key %s"),
                    path, key_id_text(id, l->operator_id));
    }
    free(path);
    return status;
}

static wf_status open_socket(ledger *l, const char *socket_path, const char *named_by,
                             wf_error *err)
{
    char id[KEY_ID_TEXT];
    wf_status status = signer_of_socket(&l->signer, socket_path, err);
    if (status == WF_OK && !key_equal(signer_public(l->signer), &l->operator_key))
        status = wf_fail(err, WF_SYSTEM,
                         _("the signer %s, which %s names, is not the key that this ledger's log "
                           "names as its operator's, which is key %s"),
                         socket_path, named_by, key_id_text(id, l->operator_id));
    return status;
}

wf_status operator_signer_open(ledger *l, wf_error *err)
{
    const char *variable = getenv(SIGNER_VARIABLE);
    char *socket_path = NULL;
    if (variable != NULL && variable[0] != '\0')
        return open_socket(l, variable, "$" SIGNER_VARIABLE, err);
    wf_status status = finish_change(l, err);
    if (status == WF_OK)
        status = operator_socket_path(&socket_path, l->dir, err);
    if (status == WF_OK)
        status =
            socket_path != NULL ? open_socket(l, socket_path, FILE_SIGNER, err) : open_key(l, err);
    free(socket_path);
    return status;
}
