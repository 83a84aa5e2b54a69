/*
 * witness/witness_open.c: a witness from its folder, its key and the logs it knows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"
#include "witness.h"
#include "witness_policy.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const note_key *)a)->name, ((const note_key *)b)->name);
}

/* What note_verify and the one key of the witness ask of the logs' keys. */
static wf_status check_logs(const witness *w, const char *path, wf_error *err)
{
    size_t same = 1;
    if (w->log_count == 0)
        return wf_fail(err, WF_USAGE, _("%s: there is no line \"log VKEY\" in it"), path);
    for (size_t i = 0; i < w->log_count; i++) {
        same = i > 0 && strcmp(w->logs[i - 1].name, w->logs[i].name) == 0 ? same + 1 : 1;
        if (same > WITNESS_KEYS_MAX)
            return wf_fail(err, WF_USAGE, _("%s: log %s has more than %d keys"), path,
                           w->logs[i].name, WITNESS_KEYS_MAX);
        if (same > 1 && note_key_hash(&w->logs[i - 1]) != note_key_hash(&w->logs[i]))
            return wf_fail(err, WF_USAGE, _("%s: log %s has keys of two suites"), path,
                           w->logs[i].name);
        if (memcmp(w->logs[i].public_key, w->key.note_key.public_key,
                   sizeof w->logs[i].public_key) == 0)
            return wf_fail(
                err, WF_USAGE,
                _("log %s has the key of this witness: a witness needs a key of its own; "
                  "make one with --new-key"),
                w->logs[i].name);
    }
    return WF_OK;
}

static wf_status load_logs(witness *w, const char *path, wf_error *err)
{
    policy *p = NULL;
    wf_status status = witness_policy_read(&p, path, false, err);
    if (status == WF_OK) {
        w->logs = calloc(p->log_count + 1, sizeof *w->logs);
        if (w->logs == NULL)
            status = wf_fail(err, WF_SYSTEM, _("out of memory"));
    }
    if (status == WF_OK) {
        w->log_count = p->log_count;
        for (size_t i = 0; i < p->log_count; i++)
            w->logs[i] = p->logs[i].key;
        qsort(w->logs, w->log_count, sizeof *w->logs, compare_names);
        status = check_logs(w, path, err);
    }
    free(p);
    return status;
}

wf_status witness_open(witness **out, const char *state_dir, const char *key_path, const char *name,
                       const char *logs_path, wf_error *err)
{
    *out = NULL;
    witness *w = calloc(1, sizeof *w);
    if (w == NULL)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    wf_status status = witness_key_load(&w->key, key_path, name, err);
    if (status == WF_OK)
        status = load_logs(w, logs_path, err);
    if (status == WF_OK)
        status = witness_state_open(&w->state, state_dir, err);
    if (status == WF_OK)
        *out = w;
    else
        witness_close(w);
    return status;
}

void witness_close(witness *w)
{
    if (w == NULL)
        return;
    witness_state_close(&w->state);
    witness_key_free(&w->key);
    free(w->logs);
    free(w);
}
