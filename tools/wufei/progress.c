/*
 * wufei/progress.c: one line on standard error with a bar, the rate and the time left; only on a
 * terminal.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

enum { BAR_WIDTH = 28 };

static double progress_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_start(progress *p, const arguments *args)
{
    memset(p, 0, sizeof *p);
    p->shown = !args->quiet && isatty(STDERR_FILENO);
}

static void progress_left(char *out, size_t size, double seconds)
{
    if (seconds < 0 || seconds > 360000)
        snprintf(out, size, "--:--");
    else
        snprintf(out, size, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
}

void progress_report(void *ctx, const char *phase, uint64_t done, uint64_t total)
{
    progress *p = ctx;
    double now_s = progress_now_s();
    char bar[BAR_WIDTH + 1], left[16];
    if (!p->shown)
        return;
    if (strncmp(p->phase, phase, sizeof p->phase - 1) != 0) {
        snprintf(p->phase, sizeof p->phase, "%s", phase);
        p->started_s = now_s;
        p->drawn_s = 0;
    }
    if (now_s - p->drawn_s < 0.1 && done != total)
        return;
    p->drawn_s = now_s;
    /* What is done leaves no bar: the answer may follow at once, and where the work was done in a
       child process nobody else knows that there is a line to wipe. */
    if (total > 0 && done >= total) {
        progress_clear(p);
        return;
    }
    p->drawn = true;
    double elapsed_s = now_s - p->started_s;
    double rate = elapsed_s > 0 ? (double)done / elapsed_s : 0;
    if (total == 0) {
        fprintf(stderr, "\r\033[K%s %llu  %.0f/s", p->phase, (unsigned long long)done, rate);
        return;
    }
    double share = (double)(done < total ? done : total) / (double)total;
    size_t filled = (size_t)(share * BAR_WIDTH);
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = '\0';
    progress_left(left, sizeof left, rate > 0 ? (double)(total - done) / rate : -1);
    fprintf(stderr, "\r\033[K%s [%s] %3.0f %%  %.0f/s  %s", p->phase, bar, share * 100, rate, left);
}

void progress_clear(progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}
