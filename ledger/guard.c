/*
 * ledger/guard.c: looking at a suspect store from a process that may die of it.
 *
 * LMDB 0.9 has no checksums and trusts its page headers. Measured: of 120 single bits flipped in
 * page headers of a ledger, 53 were reported, 64 made no difference, 3 ended the reader with
 * SIGSEGV.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger_private.h"
#include "store_fault.h"

/* What the child hands back, in memory that both share. */
typedef struct handover {
    bool finished;
    wf_status status;
    wf_error err;
    _Alignas(16) uint8_t result[];
} handover;

static _Noreturn void run_child(handover *h, ledger_guarded work, void *ctx)
{
    static const int signals[] = {SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGFPE};
    /* Whatever handlers the program has would run the program on, here in its copy. */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    store_fault_quiet();
    h->status = work(ctx, h->result, &h->err);
    h->finished = true;
    fflush(NULL);
    _exit(0);
}

wf_status ledger_guard(const char *dir, ledger_guarded work, void *ctx, void *result,
                       size_t result_size, wf_error *err)
{
    size_t size = sizeof(handover) + result_size;
    handover *h = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    wf_status status;
    int how = 0;
    if (h == MAP_FAILED)
        return wf_fail(err, WF_SYSTEM, _("out of memory"));
    fflush(NULL); /* else the child would write it a second time */
    pid_t child = fork();
    if (child == 0)
        run_child(h, work, ctx);
    while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
        continue;
    if (child < 0) {
        status = wf_fail_errno(err, _("a process cannot be started"));
    } else if (h->finished) {
        status = h->status;
        if (status != WF_OK)
            wf_fail(err, status, "%s", h->err.text);
        memcpy(result, h->result, result_size);
    } else {
        status = wf_fail(err, WF_DAMAGED,
                         _("%s: the pages of the store are damaged: reading them ended in signal "
                           "%d; restore the ledger from a backup"),
                         dir, WIFSIGNALED(how) ? WTERMSIG(how) : 0);
    }
    munmap(h, size);
    return status;
}
