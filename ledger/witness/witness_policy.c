/*
 * witness/witness_policy.c: see witness_policy.h.
 */
#include "witness_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ledger_private.h"

static bool has_quorum(const char *text)
{
    while (*text != '\0') {
        text += strspn(text, " \t");
        if (strncmp(text, "quorum", 6) == 0)
            return true;
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return false;
}

static wf_status read_bytes(buffer *out, const char *path, bool quorum, wf_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    char *folder = NULL;
    const char *name = folder_split(path, &folder);
    wf_status status = folder == NULL
                           ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                           : folder_read(folder, name, POLICY_FILE_MAX, &bytes, &size, err);
    free(folder);
    if (status == WF_OK && bytes == NULL)
        status =
            wf_fail(err, WF_USAGE,
                    quorum ? _("%s: there is no such file; a policy says who cosigns, in lines "
                               "\"log VKEY\", \"witness NAME VKEY URL\" and \"quorum NAME\"")
                           : _("%s: there is no such file"),
                    path);
    else if (status == WF_OK)
        buffer_append(out, bytes, size);
    free(bytes);
    return status;
}

wf_status witness_policy_read(policy **out, const char *path, bool quorum, wf_error *err)
{
    static const char none[] = "quorum none\n";
    buffer text = {0};
    *out = malloc(sizeof **out);
    wf_status status = *out == NULL ? wf_fail(err, WF_SYSTEM, _("out of memory"))
                                    : read_bytes(&text, path, quorum, err);
    if (status == WF_OK) {
        size_t size = text.size;
        buffer_append_byte(&text, '\0');
        if (!text.failed && !quorum && !has_quorum((char *)text.data)) {
            bool ended = size == 0 || text.data[size - 1] == '\n';
            text.size = size;
            buffer_append_text(&text, ended ? none : "\nquorum none\n");
            size = text.size;
        }
        const char *reason =
            text.failed ? _("out of memory") : policy_parse(*out, (char *)text.data, size);
        if (reason != NULL)
            status = wf_fail(err, WF_USAGE, _("%s: %s"), path, _(reason));
    }
    buffer_free(&text);
    if (status != WF_OK) {
        free(*out);
        *out = NULL;
    }
    return status;
}
