/*
 * ledger/repair/backup.c: a copy that is called a backup only after it was verified.
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ledger_private.h"
#include "place.h"

/* Not even an empty folder: what is there when a backup failed must not look like one. */
static wf_status check_absent(const char *to, wf_error *err)
{
    struct stat st;
    if (lstat(to, &st) == 0)
        return wf_fail(err, WF_USAGE,
                       _("%s exists; a backup is only made where nothing is: name another folder, "
                         "such as one with today's date"),
                       to);
    return errno == ENOENT ? WF_OK : wf_fail_errno(err, "%s", to);
}

wf_status ledger_backup(const char *dir, const char *to, bool with_key, ledger_progress *progress,
                        ledger_copy_report *out, wf_error *err)
{
    place p;
    wf_status status = folder_check_format(dir, err);
    if (status != WF_OK)
        return status;
    status = place_init(&p, to, err);
    if (status == WF_OK)
        status = check_absent(p.dir, err);
    if (status == WF_OK)
        status = copy_check_outside(dir, p.dir, err);
    if (status == WF_OK)
        status = place_make(&p, err);
    if (status == WF_OK)
        status = ledger_copy(dir, p.temporary, with_key, progress, out, err);
    if (status == WF_OK)
        status = place_take(&p, err);
    place_free(&p);
    return status;
}
