/*
 * clock.c: stands before the clock (LD_PRELOAD).
 *
 *     CRASH_CLOCK=SECONDS    the time of day is so many seconds later (or, below zero, earlier)
 *     CRASH_CLOCK_STEP=MS    and goes so much backwards with each look at it
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long looks;

#pragma GCC visibility push(default)

int clock_gettime(clockid_t which, struct timespec *out)
{
    const char *shift = getenv("CRASH_CLOCK");
    const char *step = getenv("CRASH_CLOCK_STEP");
    int code = (int)syscall(SYS_clock_gettime, which, out);
    if (code != 0 || which != CLOCK_REALTIME)
        return code;
    if (shift != NULL)
        out->tv_sec += atol(shift);
    if (step != NULL)
        out->tv_sec -= atol(step) * atomic_fetch_add(&looks, 1) / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

#pragma GCC visibility pop
