/*
 * api/witness.c: a witness for other ledgers. It needs no ledger of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "witness/witness.h"

struct wf_witness {
    witness *inner;
};

wf_status wf_witness_new_key(const char *key_path, const char *name, bool encrypt, wf_error *err)
{
    wf_error_clear(err);
    wf_status status = witness_name_check(name, err);
    return status == WF_OK ? witness_key_create(key_path, encrypt, err) : status;
}

wf_status wf_witness_vkey(char **out, const char *key_path, const char *name, wf_error *err)
{
    char vkey[NOTE_VKEY_MAX];
    wf_error_clear(err);
    *out = NULL;
    wf_status status = witness_key_name(vkey, key_path, name, err);
    if (status != WF_OK)
        return status;
    *out = strdup(vkey);
    return *out != NULL ? WF_OK : wf_fail(err, WF_SYSTEM, _("out of memory"));
}

wf_status wf_witness_open(wf_witness **out, const wf_witness_options *options, wf_error *err)
{
    wf_error_clear(err);
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = witness_open(&(*out)->inner, options->state_dir, options->key_path,
                                    options->name, options->logs_path, err);
    if (status != WF_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}

void wf_witness_close(wf_witness *w)
{
    if (w == NULL)
        return;
    witness_close(w->inner);
    free(w);
}

void wf_witness_answer(wf_witness *w, const char *method, const char *path, const void *body,
                       size_t size, wf_http_answer *out)
{
    witness_answer given;
    witness_serve(w->inner, method, path, body, size, &given);
    *out = (wf_http_answer){.status = given.status,
                            .content_type = given.content_type,
                            .allow = given.allow,
                            .body = (char *)given.body.data, /* on the heap, as promised */
                            .body_size = given.body.size};
    snprintf(out->remark, sizeof out->remark, "%s", given.remark);
}
