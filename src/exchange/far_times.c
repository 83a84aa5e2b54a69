/*
 * exchange/far_times.c: see far_times.h.
 */
#include "exchange/far_times.h"

void far_times_count(far_times *f, int64_t ms)
{
    if (ms == TIME_NONE)
        return;
    int32_t at = time_day(ms, 0) - FAR_FIRST_DAY;
    if (at >= 0 && at < FAR_DAYS && f->rows[at] < UINT32_MAX)
        f->rows[at]++;
}

void far_times_settle(far_times *f)
{
    uint64_t all = 0;
    uint64_t before = 0;
    int32_t day = 0;
    for (int32_t i = 0; i < FAR_DAYS; i++)
        all += f->rows[i];
    f->last_day = INT32_MAX;
    if (all == 0)
        return;
    while (before + f->rows[day] < (all + 1) / 2) /* the day of the middle row */
        before += f->rows[day++];
    int32_t last = day;
    for (; day < FAR_DAYS && day - last <= FAR_GAP_DAYS; day++)
        if (f->rows[day] > 0)
            last = day;
    f->last_day = last + FAR_FIRST_DAY;
}

int32_t far_times_after(const far_times *f, int64_t ms)
{
    if (ms == TIME_NONE || f->last_day == INT32_MAX)
        return 0;
    int32_t day = time_day(ms, 0);
    return day > f->last_day + FAR_GAP_DAYS ? day - f->last_day : 0;
}
