/*
 * check_witness.c: a witness after a power cut (check.h).
 */
#include "check_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "witness/witness.h"

/* The first request once more: it is refused with the size that the witness knows. */
void check_witness(check_result *out, const expected *e)
{
    wf_error err = {0};
    witness *w = NULL;
    witness_answer said = {0};
    char *request = NULL, key[256], logs[256];
    size_t size = 0;
    snprintf(key, sizeof key, "%s/key", e->folder);
    snprintf(logs, sizeof logs, "%s/logs", e->folder);
    if (folder_read(e->folder, "request", 1 << 20, &request, &size, &err) != WF_OK ||
        witness_open(&w, e->path, key, "witness.crash.test/w", logs, &err) != WF_OK) {
        free(request);
        check_fail(out, e, "the witness does not begin", &err);
        return;
    }
    witness_serve(w, "POST", "/add-checkpoint", request, size, &said);
    buffer_append_byte(&said.body, 0);
    snprintf(err.text, sizeof err.text, "%d %.40s; it had cosigned %llu", said.status,
             (const char *)said.body.data, e->cosigned);
    bool knows =
        said.status == 409 && strtoull((const char *)said.body.data, NULL, 10) >= e->cosigned;
    if (!knows && !(said.status == 200 && e->cosigned == 0))
        check_fail(out, e, "what the witness says", &err);
    buffer_free(&said.body);
    witness_close(w);
    free(request);
}
