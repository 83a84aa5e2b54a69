/*
 * api/rebuild.c: deriving the book again from the log, to compare or to replace it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"

static const wf_column rebuild_columns[] = {
    {"check", N_("check"), WF_CELL_TEXT},
    {"result", N_("result"), WF_CELL_TEXT},
    {"entries", N_("entries"), WF_CELL_INTEGER},
    {"seconds", N_("seconds"), WF_CELL_REAL},
};

typedef struct rebuild_watch {
    wf_progress progress;
    void *ctx;
} rebuild_watch;

static void rebuild_report_progress(void *ctx, uint64_t done, uint64_t total)
{
    const rebuild_watch *watch = ctx;
    watch->progress(watch->ctx, _("rebuilding"), done, total);
}

/* Removes the scratch folder and the files in it (the store makes no folders of its own). */
static void rebuild_remove_scratch(const char *path)
{
    char name[1024 + 257];
    DIR *folder = opendir(path);
    if (folder != NULL) {
        const struct dirent *entry;
        while ((entry = readdir(folder)) != NULL) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            unlink(name);
        }
        closedir(folder);
    }
    rmdir(path);
}

/* Beside the ledger's store, where there is room of the same kind; for a check on a ledger that we
   may not write, in the folder for temporary files. */
static wf_status rebuild_make_scratch(wf_ledger *l, char *out, size_t size, wf_error *err)
{
    const char *folder = getenv("TMPDIR");
    snprintf(out, size, "%s/rebuild-XXXXXX", ledger_dir(l->log));
    if (mkdtemp(out) != NULL)
        return WF_OK;
    snprintf(out, size, "%s/wufei-rebuild-XXXXXX", folder == NULL ? "/tmp" : folder);
    if (mkdtemp(out) != NULL)
        return WF_OK;
    return wf_fail_errno(err, _("cannot make a scratch folder at %s"), out);
}

wf_status wf_rebuild(wf_ledger *l, bool check, wf_progress progress, void *ctx, const wf_sink *sink,
                     wf_error *err)
{
    char scratch[1024];
    rebuild_watch watch = {progress, ctx};
    ledger_progress below = {rebuild_report_progress, &watch};
    answer a;
    wf_error_clear(err);
    wf_status status = rebuild_make_scratch(l, scratch, sizeof scratch, err);
    if (status != WF_OK)
        return status;
    int64_t start_us = clock_monotonic_us();
    status = book_rebuild(l->book, l->log, scratch, check, progress == NULL ? NULL : &below, err);
    rebuild_remove_scratch(scratch);
    if (status != WF_OK)
        return status;
    answer_begin(&a, sink, err, "rebuild", N_("Book derived again from the log"),
                 COLUMNS(rebuild_columns));
    cell_text(&a, "book");
    cell_text(&a, check ? "equal" : "replaced");
    cell_integer(&a, (int64_t)ledger_size(l->log));
    cell_real(&a, (double)(clock_monotonic_us() - start_us) / 1e6);
    answer_row(&a);
    return answer_end(&a);
}
