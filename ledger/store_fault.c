/*
 * ledger/store_fault.c: see store_fault.h.
 *
 * The handler asks /proc/self/maps whose address it was, so that a fault of the program itself is
 * never laid on the store. Everything in it is safe in a signal handler: no allocation, no stdio,
 * no translation (the words are fetched when it is installed).
 */
#include "store_fault.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "base/text.h"

enum { LINE_MAX_SIZE = PATH_MAX + 128, PIECE = 4096, FAULTS = 2 };

static const char data_file[] = "/data.mdb";
static const int faults[FAULTS] = {SIGSEGV, SIGBUS};
static struct sigaction before[FAULTS];
static const char *words; /* NULL: not installed */

/* What cannot be written cannot be helped. */
static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

void store_fault_end(const char *path, const char *detail)
{
    if (words == NULL)
        return;
    say(path);
    say(": ");
    say(words);
    if (detail != NULL) {
        say(" (");
        say(detail);
        say(")");
    }
    say("\n");
    _exit(WF_DAMAGED);
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

/* The path of a mapped data.mdb that holds the address; NULL: it is in none. */
static const char *store_at(char *line, uintptr_t address)
{
    uintptr_t ends[2];
    const char *path = strchr(parse_range(line, ends), '/');
    if (path == NULL || address < ends[0] || address >= ends[1])
        return NULL;
    size_t size = strlen(path), tail = sizeof data_file - 1;
    return size > tail && memcmp(path + size - tail, data_file, tail) == 0 ? path : NULL;
}

static void find_store(uintptr_t address)
{
    static char line[LINE_MAX_SIZE + 1];
    char piece[PIECE];
    size_t size = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (got = read(fd, piece, sizeof piece)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (piece[i] != '\n') {
                if (size < LINE_MAX_SIZE)
                    line[size++] = piece[i];
                continue;
            }
            line[size] = '\0';
            size = 0;
            const char *path = store_at(line, address);
            if (path != NULL)
                store_fault_end(path, NULL);
        }
    }
    if (fd >= 0)
        close(fd);
}

static void fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code > 0) /* by the processor, not by kill */
        find_store((uintptr_t)info->si_addr);
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
