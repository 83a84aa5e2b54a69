/*
 * ledger/store/store_fault.c: see store_fault.h.
 *
 * The handler asks /proc/self/maps whose address it was, and whose instruction: a fault in a mapped
 * store, or inside LMDB (a flipped flag makes it follow a cursor that is not there), is the
 * store's; a fault of the program itself is not laid on it. Everything in it is safe in a signal
 * handler: no allocation, no stdio, no translation (the words are fetched when it is installed).
 */
#include "store_fault.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/status.h"
#include "base/text.h"

enum { LINE_MAX_SIZE = PATH_MAX + 128, PIECE = 4096, FAULTS = 2 };

static const char data_file[] = "/data.mdb";
static const char lock_file[] = "/lock.mdb";
static const int faults[FAULTS] = {SIGSEGV, SIGBUS};
static struct sigaction before[FAULTS];
static const char *words; /* NULL: not installed */
static const char *words_of_disk;
static char scratch[PATH_MAX];        /* its data.mdb, as it is mapped; "": none */
static char scratch_folder[PATH_MAX]; /* as it was named */

/* What cannot be written cannot be helped. */
static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static _Noreturn void end_with(const char *path, const char *reason, const char *detail,
                               wf_status status)
{
    say(path);
    say(": ");
    say(reason);
    if (detail != NULL) {
        say(" (");
        say(detail);
        say(")");
    }
    say("\n");
    _exit((int)status);
}

void store_fault_end(const char *path, const char *detail)
{
    if (words == NULL)
        return;
    if (strcmp(path, scratch_folder) == 0)
        end_with(path, words_of_disk, detail, WF_SYSTEM);
    end_with(path, words, detail, WF_DAMAGED);
}

void store_fault_scratch(const char *folder)
{
    char real[PATH_MAX];
    scratch[0] = scratch_folder[0] = '\0';
    if (folder == NULL || realpath(folder, real) == NULL ||
        strlen(real) + sizeof data_file > sizeof scratch || strlen(folder) >= sizeof scratch_folder)
        return;
    strcpy(scratch_folder, folder);
    strcpy(scratch, real);
    strcat(scratch, data_file);
}

/* "7f00-7fff r--s ... /path" to the two ends; returns what stands behind them. */
static const char *parse_range(const char *line, uintptr_t ends[2])
{
    for (int i = 0; i < 2; i++) {
        ends[i] = 0;
        for (; *line != '-' && *line != ' ' && *line != '\0'; line++)
            ends[i] = ends[i] << 4 | (uintptr_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
        if (*line != '\0')
            line++;
    }
    return line;
}

static bool ends_in(const char *path, const char *tail)
{
    size_t size = strlen(path), tail_size = strlen(tail);
    return size > tail_size && memcmp(path + size - tail_size, tail, tail_size) == 0;
}

/* What is known of a fault after the mappings up to here. */
typedef struct place {
    uintptr_t address, instruction;
    bool in_store, in_disk, in_lmdb;
    char store[PATH_MAX]; /* the one that holds the address, else the last one mapped */
    char disk[PATH_MAX];  /* the scratch store or lock file that holds the address */
} place;

static void look_at(place *p, const char *line)
{
    uintptr_t ends[2];
    const char *path = strchr(parse_range(line, ends), '/');
    if (path == NULL)
        return;
    if (p->instruction >= ends[0] && p->instruction < ends[1])
        p->in_lmdb = strstr(path, "/liblmdb.so") != NULL;
    if (strlen(path) >= sizeof p->store)
        return;
    bool holds = p->address >= ends[0] && p->address < ends[1];
    if (ends_in(path, lock_file) || strcmp(path, scratch) == 0) {
        if (holds)
            strcpy(p->disk, path);
        p->in_disk = p->in_disk || holds;
    } else if (!p->in_store && ends_in(path, data_file)) {
        strcpy(p->store, path);
        p->in_store = holds;
    }
}

static void find_store(uintptr_t address, uintptr_t instruction)
{
    static char line[LINE_MAX_SIZE + 1];
    static place p;
    char piece[PIECE];
    size_t size = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    p = (place){.address = address, .instruction = instruction};
    while (fd >= 0 && (got = read(fd, piece, sizeof piece)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (piece[i] != '\n') {
                if (size < LINE_MAX_SIZE)
                    line[size++] = piece[i];
                continue;
            }
            line[size] = '\0';
            size = 0;
            look_at(&p, line);
        }
    }
    if (fd >= 0)
        close(fd);
    if (p.in_disk && words != NULL)
        end_with(p.disk, words_of_disk, NULL, WF_SYSTEM);
    if (words != NULL && (p.in_store || (p.in_lmdb && p.store[0] != '\0')))
        end_with(p.store, words, NULL, WF_DAMAGED);
}

/* Zero where this file does not know the machine: then only the address tells. */
static uintptr_t instruction_of(const void *context)
{
#if defined(__x86_64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static void fault(int number, siginfo_t *info, void *context)
{
    if (info->si_code > 0) /* by the processor, not by kill */
        find_store((uintptr_t)info->si_addr, instruction_of(context));
    for (size_t i = 0; i < FAULTS; i++)
        if (faults[i] == number)
            sigaction(number, &before[i], NULL);
    if (info->si_code <= 0)
        raise(number); /* else the same instruction faults again */
}

void store_fault_install(void)
{
    if (words != NULL)
        return;
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], &action, &before[i]);
    words_of_disk =
        _("this file could not be written or read back: no space left on device, or the "
          "disk fails; free space on it and run it again; the ledger did not suffer");
    words = _("the store is damaged: a page is not what it was, and reading cannot go on; restore "
              "the ledger from a backup");
}

void store_fault_quiet(void)
{
    if (words == NULL)
        return;
    words = NULL;
    for (size_t i = 0; i < FAULTS; i++)
        signal(faults[i], SIG_DFL);
}
