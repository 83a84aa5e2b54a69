/*
 * ledger/store/store_claim.c: see store_claim.h.
 */
#include "store_claim.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static store_claim *claims;

/* With the lock held. */
static bool is_taken(const store_claim *wanted)
{
    for (const store_claim *c = claims; c != NULL; c = c->next)
        if (c->owner == wanted->owner && c->device == wanted->device && c->inode == wanted->inode)
            return true;
    return false;
}

wf_status store_claim_take(store_claim *claim, const char *path, wf_error *err)
{
    struct stat st;
    *claim = (store_claim){.owner = getpid(), .folder = -1};
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return WF_OK; /* whoever opens the files in it says why not */
    if (fstat(folder, &st) != 0) {
        close(folder);
        return WF_OK;
    }
    claim->device = st.st_dev;
    claim->inode = st.st_ino;
    pthread_mutex_lock(&lock);
    bool taken = is_taken(claim);
    if (!taken) {
        claim->folder = folder;
        claim->next = claims;
        claims = claim;
    }
    pthread_mutex_unlock(&lock);
    if (!taken)
        return WF_OK;
    close(folder);
    return wf_fail(err, WF_USAGE,
                   _("%s: this process has it open already, and closing one of two handles would "
                     "take the other's snapshots away; share that handle, or close it first"),
                   path);
}

void store_claim_release(store_claim *claim)
{
    if (claim->folder < 0)
        return;
    pthread_mutex_lock(&lock);
    store_claim **at = &claims;
    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    pthread_mutex_unlock(&lock);
    close(claim->folder);
    claim->folder = -1;
}
