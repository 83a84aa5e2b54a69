/*
 * exchange/far_times.h: which rows lie far behind all others in time. A year typed wrong is no
 * reason to refuse a row, but somebody should look at it.
 *
 * Rows are counted by day. From the day of the middle row on, the first gap of more than 366 days
 * ends what belongs together; what comes behind it is far.
 */
#ifndef EXCHANGE_FAR_TIMES_H
#define EXCHANGE_FAR_TIMES_H

#include <stdint.h>

#include "base/time.h"

enum { FAR_DAYS = 110000, FAR_FIRST_DAY = -26000, FAR_GAP_DAYS = 366 };

typedef struct far_times {
    uint32_t rows[FAR_DAYS]; /* by day from FAR_FIRST_DAY on, UTC: 1898 to 2199 */
    int32_t last_day;        /* of those that belong together; INT32_MAX before far_times_settle */
} far_times;

void far_times_count(far_times *f, int64_t ms); /* TIME_NONE is not counted */
void far_times_settle(far_times *f);
/* Days after the newest of those that belong together, 0 when the row is not far. */
int32_t far_times_after(const far_times *f, int64_t ms);

#endif
