/*
 * check_tiles.c: exported tiles after a power cut (check.h): the checkpoint that is there promises
 * them to its readers, so all of them are there and verify, by the program that readers have; and
 * the next export brings them up to date.
 */
#include "check_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify_command.h"

/* What wufei-verify prints is of no interest, and what it complains of is shown. */
static bool verifies(const expected *e, const char *vkey)
{
    char path[4096], key[NOTE_VKEY_MAX];
    char *arguments[] = {"tiles", "--vkey", key, path, NULL};
    snprintf(path, sizeof path, "%s", e->path);
    snprintf(key, sizeof key, "%s", vkey);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        abort();
    int status = verify_tiles(4, arguments);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(nowhere);
    return status == 0;
}

/* *out 0: there is no checkpoint. */
static bool read_size(check_result *out, const expected *e, uint64_t *size)
{
    wf_error err = {0};
    char *text = NULL;
    size_t text_size = 0;
    checkpoint c = {.size = 0};
    bool holds = folder_read(e->path, "checkpoint", NOTE_MAX, &text, &text_size, &err) == WF_OK;
    const char *reason = holds && text != NULL ? check_parse_checkpoint(&c, text, text_size) : NULL;
    if (holds && reason != NULL)
        snprintf(err.text, sizeof err.text, "%.500s", reason);
    holds = holds && reason == NULL;
    *size = c.size;
    free(text);
    return holds || check_fail(out, e, "the published checkpoint", &err);
}

static bool export_again(check_result *out, const expected *e, wf_ledger *l)
{
    wf_error err = {0};
    wf_exported exported = {0};
    const wf_export_options options = {.check = false};
    wf_status status = wf_export_tiles(l, e->path, &options, &check_nowhere, &exported, &err);
    free(exported.evidence);
    if (status != WF_OK)
        return check_fail(out, e, "the next export", &err);
    return verifies(e, ledger_vkey(l->log)) ||
           check_fail(out, e, "the next export does not verify", NULL);
}

void check_tiles(check_result *out, const expected *e, bool write)
{
    char path[4096];
    wf_error err = {0};
    wf_ledger *l = NULL;
    uint64_t size = 0;
    const wf_open_options options = {.at = WF_AT_NOW, .threads = 1};
    snprintf(path, sizeof path, "%s/%s", e->root, e->folder);
    if (!read_size(out, e, &size))
        return;
    if (wf_open(&l, path, &options, &err) != WF_OK)
        check_fail(out, e, "the ledger does not open", &err);
    else if (size < e->exported)
        check_fail(out, e, "the published checkpoint is gone or older", NULL);
    else if (size > 0 && !verifies(e, ledger_vkey(l->log)))
        check_fail(out, e, "what is published does not verify", NULL);
    else if (write)
        export_again(out, e, l);
    wf_close(l);
}
