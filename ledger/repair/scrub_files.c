/*
 * ledger/repair/scrub_files.c: the files beside the store, without which it cannot be written to or
 * shows less: meta, operator.pem, policy, witnessed, witnesses/.
 *
 * The folder's own checkpoint may be as old as its store; those that are kept for and by others
 * (the witnesses' and the copy outside) tell then that more was signed.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "scrub.h"
#include "witness/witness_kept.h"
#include "witness/witness_policy.h"

#include <openssl/crypto.h>

typedef struct files_work {
    scrubber *c;
    const char *dir;
    ledger_head head;
    policy *policy; /* NULL: none, or none that can be read */
} files_work;

static void note_file(scrub_state *s, const char *text)
{
    scrub_note(s, DAMAGE_FILE, 0, 0, NULL, "%s", text);
    s->aside++;
}

bool scrub_file_is_there(const char *dir, const char *name)
{
    struct stat st;
    char *path = folder_path(dir, name);
    bool there = path != NULL && stat(path, &st) == 0;
    free(path);
    return there;
}

void scrub_kept_meta(scrub_state *s, const char *dir)
{
    wf_error text;
    if (scrub_file_is_there(dir, FILE_META) && meta_kept_is_whole(dir))
        return;
    wf_fail(&text, WF_DAMAGED,
            scrub_file_is_there(dir, FILE_META)
                ? _("%s/%s: a checksum in it does not hold; it is written anew by: wufei repair")
                : _("%s/%s, the only other copy of the store's first pages, is missing; it is "
                    "written anew by: wufei repair"),
            dir, FILE_META);
    note_file(s, text.text);
}

/* ---- the operator's key ---------------------------------------------------------------------- */

/* That the private key signs what the public key in the log verifies: of an SM2 key, the file says
   both, and only one of them may be damaged. */
static wf_status try_key(const ledger *l, const suite_public_key *expected, const char *path,
                         wf_error *err)
{
    static const char message[] = "scrub";
    signer *s = NULL;
    uint8_t signature[SIGNATURE_MAX];
    size_t size = 0;
    wf_error ignored; /* of a key that cannot even sign */
    wf_status status = signer_of_file(&s, path, err);
    if (status == WF_OK &&
        (!key_equal(signer_public(s), expected) ||
         signer_sign(s, message, sizeof message, signature, &size, &ignored) != WF_OK ||
         !suite_verify(l->suite, expected->bytes, message, sizeof message, signature, size)))
        status = wf_fail(err, WF_REFUSED,
                         _("%s is not the key that the log names as its operator's"), path);
    signer_free(s);
    return status;
}

/* An encrypted one: what it shows of itself. */
static wf_status compare_public(const suite_public_key *expected, const char *path, wf_error *err)
{
    suite_public_key seen = {.size = 0};
    wf_status status = key_load_public(&seen, path, err);
    if (status == WF_OK && !key_equal(&seen, expected))
        status = wf_fail(err, WF_REFUSED,
                         _("%s is not the key that the log names as its operator's"), path);
    return status;
}

static wf_status look_at_key(files_work *w, const suite_public_key *expected, const char *path,
                             wf_error *err)
{
    char *text = NULL;
    size_t size = 0;
    wf_error ignored;
    /* what this user may not read is not his to look at */
    if (folder_read(w->dir, FILE_KEY, KEY_FILE_MAX, &text, &size, &ignored) != WF_OK)
        return ignored.status == WF_SYSTEM ? WF_OK : wf_fail(err, WF_REFUSED, "%s", ignored.text);
    wf_status status = WF_OK;
    bool encrypted = text != NULL && strstr(text, "ENCRYPTED") != NULL;
    if (text == NULL && !scrub_file_is_there(w->dir, FOLDER_STORE "/" FILE_LOCK))
        w->c->s->key_absent = true; /* nobody ever wrote here: a copy that is read */
    else if (text == NULL)
        status = wf_fail(err, WF_REFUSED, _("%s, with which the ledger is written to, is missing"),
                         path);
    else if (!encrypted)
        status = try_key(w->c->l, expected, path, err);
    else if (strstr(text, "PUBLIC KEY") != NULL)
        status = compare_public(expected, path, err);
    if (text != NULL)
        OPENSSL_cleanse(text, size);
    free(text);
    return status;
}

static wf_status check_key(files_work *w, wf_error *err)
{
    const char *variable = getenv(SIGNER_VARIABLE);
    char *socket_path = NULL;
    operator_key now;
    wf_error why = {0};
    wf_status status = key_rows_operator(&now, w->c->txn, w->head.size, err);
    if (status != WF_OK || (variable != NULL && variable[0] != '\0'))
        return status == WF_DAMAGED ? WF_OK : status; /* the rows of keys are a verification's */
    /* a change of key that was cut off is finished by the next writer */
    if (scrub_file_is_there(w->dir, FILE_KEY ".next") ||
        scrub_file_is_there(w->dir, FILE_SIGNER ".next"))
        return WF_OK;
    char *path = folder_path(w->dir, FILE_KEY);
    if (path == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    status = operator_socket_path(&socket_path, w->dir, &why);
    if (status == WF_OK && socket_path == NULL)
        status = look_at_key(w, &now.public_key, path, &why);
    if (status == WF_REFUSED) {
        wf_fail(err, WF_DAMAGED, _("%s; put the ledger's own key back from its backup"), why.text);
        note_file(w->c->s, err->text);
        status = WF_OK;
    }
    free(socket_path);
    free(path);
    return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", why.text);
}

/* ---- what was signed and is kept for others -------------------------------------------------- */

/* Holds the log against a signed checkpoint. WF_DAMAGED: it is of another history; what is only
   ahead is told here, and is no damage of the file that says so. */
static wf_status compare_signed(files_work *w, const char *name, const checkpoint *c, wf_error *err)
{
    scrub_state *s = w->c->s;
    if (c->size > w->head.size) {
        scrub_note_missing(s, name, w->head.size, c->size);
        return WF_OK;
    }
    wf_status status = signed_head_check(w->c->l, c, w->c->txn, &w->head, err);
    if (status == WF_OK && s->entries_bad == 0 && c->size > s->proved)
        s->proved = c->size;
    return status;
}

static wf_status check_witnessed(files_work *w, wf_error *err)
{
    checkpoint c;
    char *text = NULL;
    size_t size = 0;
    wf_error why = {0};
    wf_status status = witnessed_read_signed(w->c->l, &c, &text, &size, &why);
    bool there = text != NULL;
    free(text);
    if (there)
        compare_signed(w, FILE_WITNESSED, &c, NULL); /* what is wrong is said below */
    if (there && c.size <= w->head.size) {
        status = witnessed_read(w->c->l, w->c->txn, &w->head, &c, &text, &why);
        free(text);
    }
    if (status == WF_DAMAGED || status == WF_REFUSED) {
        note_file(w->c->s, why.text);
        status = WF_OK;
    }
    return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", why.text);
}

/* The key that a file of witnesses/ is named after; NULL: the policy has none, as far as is known.
 */
static const note_key *key_of_file(const files_work *w, const char *name)
{
    char id[WITNESS_ID_MAX];
    for (size_t i = 0; w->policy != NULL && i < w->policy->witness_count; i++) {
        const note_key *key = &w->policy->witnesses[i].key;
        witness_id(id, key->public_key, note_key_size(key->type));
        if (strcmp(id, name) == 0)
            return key;
    }
    return NULL;
}

static wf_status check_kept(files_work *w, const char *name, wf_error *err)
{
    char path[sizeof FOLDER_WITNESSES + WITNESS_ID_MAX];
    char *bytes = NULL;
    size_t size = 0;
    checkpoint c;
    wf_error why = {0};
    const note_key *key = key_of_file(w, name);
    snprintf(path, sizeof path, "%s/%s", FOLDER_WITNESSES, name);
    wf_status status = folder_read(w->dir, path, NOTE_MAX, &bytes, &size, &why);
    if (status == WF_OK && bytes != NULL)
        status = signed_head_parse(w->c->l, &c, path, bytes, size, &why);
    if (status == WF_OK && bytes != NULL && key != NULL) {
        witness_kept kept;
        status = witness_kept_parse(&kept, span_of(bytes, size), key, &why);
        if (status == WF_OK && !kept.there)
            status = wf_fail(&why, WF_DAMAGED, _("%s: the cosignature of %s does not hold"), path,
                             key->name);
        witness_kept_free(&kept);
    }
    if (status == WF_OK && bytes != NULL)
        status = compare_signed(w, path, &c, &why);
    free(bytes);
    if (status == WF_DAMAGED) {
        wf_fail(err, status,
                _("%s/%s; remove the file, the witness says again what it cosigned: wufei witness "
                  "ask"),
                w->dir, why.text);
        note_file(w->c->s, err->text);
        return WF_OK;
    }
    return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", why.text);
}

static wf_status check_witnesses(files_work *w, wf_error *err)
{
    char *path = folder_path(w->dir, FOLDER_WITNESSES);
    DIR *folder = path == NULL ? NULL : opendir(path);
    wf_status status = path == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory")) : WF_OK;
    struct dirent *entry;
    while (folder != NULL && status == WF_OK && (entry = readdir(folder)) != NULL)
        if (strlen(entry->d_name) == WITNESS_ID_MAX - 1 &&
            strspn(entry->d_name, "0123456789abcdef") == WITNESS_ID_MAX - 1)
            status = check_kept(w, entry->d_name, err);
    if (folder != NULL)
        closedir(folder);
    free(path);
    return status;
}

/* The copy outside that is ahead. What else may be wrong with it, a verification says. */
static wf_status check_outside(files_work *w, wf_error *err)
{
    checkpoint c;
    bool there = false;
    wf_error why = {0};
    wf_status status = outside_read(w->c->l, &c, &there, &why);
    if (status == WF_OK && there) {
        status = outside_check(w->c->l, &c, w->c->txn, &w->head, &why);
        if (status == WF_DAMAGED && c.size > w->head.size)
            scrub_note_missing(w->c->s, FILE_GUARD, w->head.size, c.size);
    }
    return status == WF_SYSTEM ? wf_fail(err, status, "%s", why.text) : WF_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static wf_status check_policy(files_work *w, wf_error *err)
{
    wf_error why = {0};
    wf_status status = witnessed_check_policy(w->dir, &why);
    if (status == WF_DAMAGED) {
        note_file(w->c->s, why.text);
        return WF_OK;
    }
    char *path = folder_path(w->dir, FILE_POLICY);
    if (status == WF_OK && path != NULL && scrub_file_is_there(w->dir, FILE_POLICY))
        status = witness_policy_read(&w->policy, path, true, &why);
    free(path);
    return status == WF_OK ? WF_OK : wf_fail(err, status, "%s", why.text);
}

wf_status scrub_files(scrubber *c, const char *dir, wf_error *err)
{
    files_work w = {.c = c, .dir = dir};
    wf_status status = check_policy(&w, err);
    /* without a head there is nothing to compare with */
    if (status == WF_OK && head_get(&w.head, c->txn, NULL) != WF_OK)
        goto out;
    if (status == WF_OK)
        status = check_key(&w, err);
    if (status == WF_OK)
        status = check_witnessed(&w, err);
    if (status == WF_OK)
        status = check_witnesses(&w, err);
    if (status == WF_OK)
        status = check_outside(&w, err);
out:
    free(w.policy);
    return status;
}
