/*
 * ledger/repair/restore_key.c: who signs the recovery.
 *
 * It must be the key that the log of the backup names as its operator's at its end. When the key
 * was rotated or revoked after the backup was taken, that is the former one: a change leaves it in
 * the folder (operator_files.c), where it is looked for. The new ledger knows nothing of the change
 * then, which is said, because it has to be made anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "restore.h"

static const suite_public_key *wanted(const restoring *r)
{
    return &r->report->copy.operator_key;
}

static bool fits(const restoring *r, const suite_public_key *key)
{
    return key_equal(key, wanted(r));
}

static const char *name_key(char out[KEY_ID_TEXT], const suite_public_key *key)
{
    uint8_t id[KEY_ID_SIZE];
    key_id_of(id, key);
    return key_id_text(out, id);
}

/* `found` is in the file `from`, and is not the one. */
static wf_status refuse(const restoring *r, const char *from, const suite_public_key *found,
                        wf_error *err)
{
    char is[KEY_ID_TEXT], needed[KEY_ID_TEXT];
    return wf_fail(err, WF_USAGE,
                   _("%s is key %s, and the log of the backup names key %s as its operator's: the "
                     "operator's key was changed between the two. Key %s must sign the recovery: "
                     "name its file with --key FILE (a change leaves the former key in the "
                     "ledger's folder, as operator-%s.pem, which may by now be one that a restore "
                     "put aside), or put a backup in place that was taken after the change"),
                   from, name_key(is, found), name_key(needed, wanted(r)), needed, needed);
}

/* FOLDER/NAME becomes the new ledger's operator.pem. */
static wf_status put_key(const restoring *r, const char *folder, const char *name, wf_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    wf_status status = folder_read(folder, name, KEY_FILE_MAX, &bytes, &size, err);
    if (status == WF_OK && (bytes == NULL || strstr(bytes, "PRIVATE KEY") == NULL))
        status = wf_fail(err, WF_USAGE, _("%s/%s holds no private key in PEM"), folder, name);
    if (status == WF_OK)
        status = folder_write(r->place.temporary, FILE_KEY, bytes, size, 0600, err);
    if (bytes != NULL)
        OPENSSL_cleanse(bytes, size);
    free(bytes);
    return status;
}

static wf_status take_named(const restoring *r, wf_error *err)
{
    suite_public_key key = {.size = 0};
    char *folder = NULL;
    wf_status status = key_load_public_if(&key, r->options->key, err);
    if (status == WF_OK && key.size == 0)
        status = wf_fail(err, WF_USAGE, _("%s: there is no such file"), r->options->key);
    if (status == WF_OK && !fits(r, &key))
        status = refuse(r, r->options->key, &key, err);
    if (status != WF_OK)
        return status;
    const char *name = folder_split(r->options->key, &folder);
    status = folder == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                            : put_key(r, folder, name, err);
    free(folder);
    return status;
}

static wf_status key_of_socket(suite_public_key *out, const char *path, wf_error *err)
{
    signer *s = NULL;
    wf_status status = signer_of_socket(&s, path, err);
    if (status == WF_OK)
        *out = *signer_public(s);
    signer_free(s);
    return status;
}

/* Whoever sets the variable sets it for each command: no file says so. */
static wf_status check_variable(const restoring *r, const char *path, wf_error *err)
{
    suite_public_key key = {.size = 0};
    char is[KEY_ID_TEXT], needed[KEY_ID_TEXT];
    wf_status status = key_of_socket(&key, path, err);
    if (status == WF_OK && !fits(r, &key))
        status = wf_fail(err, WF_USAGE,
                         _("the signer %s, which $%s names, is key %s, and the log of the backup "
                           "names key %s as its operator's: let the variable name a signer of "
                           "that key, or unset it and name the key's file with --key FILE"),
                         path, SIGNER_VARIABLE, name_key(is, &key), name_key(needed, wanted(r)));
    return status;
}

/* Who signs for the ledger in the place, as far as its folder tells. */
static wf_status look_at_present(restoring *r, bool *behind_socket, wf_error *err)
{
    char *socket_path = NULL;
    char *path = folder_path(r->place.dir, FILE_KEY);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : operator_socket_path(&socket_path, r->place.dir, err);
    *behind_socket = socket_path != NULL;
    if (status == WF_OK)
        status = *behind_socket ? key_of_socket(&r->present, socket_path, err)
                                : key_load_public_if(&r->present, path, err);
    free(socket_path);
    free(path);
    return status;
}

static wf_status take_former(const restoring *r, bool *done, wf_error *err)
{
    char id[KEY_ID_TEXT], name[64];
    suite_public_key key = {.size = 0};
    snprintf(name, sizeof name, "operator-%s.pem", name_key(id, wanted(r)));
    char *path = folder_path(r->place.dir, name);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : key_load_public_if(&key, path, err);
    free(path);
    *done = status == WF_OK && key.size > 0 && fits(r, &key);
    return *done ? put_key(r, r->place.dir, name, err) : status;
}

/* From the folder of the ledger in the place. A process that cannot be asked matters only when no
   former key is the one. */
static wf_status take_old(restoring *r, bool *done, wf_error *err)
{
    wf_error why = {0};
    bool behind_socket = false;
    const char *dir = r->place.dir;
    char from[sizeof r->report->aside];
    wf_status looked = look_at_present(r, &behind_socket, &why);
    *done = looked == WF_OK && r->present.size > 0 && fits(r, &r->present);
    if (*done)
        return behind_socket
                   ? copy_small_file(dir, r->place.temporary, FILE_SIGNER, 0644, done, err)
                   : put_key(r, dir, FILE_KEY, err);
    wf_status status = take_former(r, done, err);
    if (status != WF_OK || *done)
        return status;
    if (looked != WF_OK)
        return wf_fail(err, looked, "%s", why.text);
    snprintf(from, sizeof from, "%s/%s", dir, behind_socket ? FILE_SIGNER : FILE_KEY);
    return r->present.size > 0 ? refuse(r, from, &r->present, err) : WF_OK;
}

wf_status restore_take_key(restoring *r, wf_error *err)
{
    char id[KEY_ID_TEXT];
    wf_error ignored = {0};
    const char *variable = getenv(SIGNER_VARIABLE);
    bool by_variable = variable != NULL && variable[0] != '\0';
    bool behind_socket = false, done = by_variable || r->report->copy.with_key;
    wf_status status = by_variable ? check_variable(r, variable, err) : WF_OK;
    name_key(r->report->key, wanted(r));
    if (status == WF_OK && r->options->key != NULL) {
        status = take_named(r, err);
        done = true;
    } else if (status == WF_OK && !done && r->old) {
        status = take_old(r, &done, err);
    }
    if (status == WF_OK && !done)
        status = wf_fail(err, WF_USAGE,
                         _("key %s, the operator's, is neither in the backup nor in %s: the "
                           "recovery cannot be signed; name its file with --key FILE"),
                         name_key(id, wanted(r)), r->place.dir);
    if (status == WF_OK && r->old && r->present.size == 0) /* to know what is lost */
        look_at_present(r, &behind_socket, &ignored);
    return status;
}

wf_status restore_look_for_lost_key(restoring *r, wf_error *err)
{
    uint8_t id[KEY_ID_SIZE];
    if (r->present.size == 0 || fits(r, &r->present))
        return WF_OK;
    wf_status status = key_table_load(&r->l->keys, r->txn, err);
    if (status != WF_OK)
        return status;
    key_id_of(id, &r->present);
    if (key_table_find(&r->l->keys, span_text(OPERATOR_PARTY), id) == NULL)
        key_id_text(r->report->lost_key, id);
    return WF_OK;
}
