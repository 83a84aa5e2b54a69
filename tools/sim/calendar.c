/*
 * sim/calendar.c: days since 1970 as dates and back (Howard Hinnant's algorithms).
 */
#include "city.h"

#include <stdio.h>
#include <string.h>

int64_t time_day_of(int year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void time_civil(int64_t days, unsigned out[3])
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    out[2] = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
    out[1] = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    out[0] = (unsigned)(year + era * 400 + (out[1] <= 2 ? 1 : 0));
}

void time_date(int64_t day, char out[11])
{
    unsigned civil[3];
    time_civil(day, civil);
    unsigned parts[4] = {civil[0] / 100, civil[0] % 100, civil[1], civil[2]};
    static const int places[4] = {0, 2, 5, 8};
    memcpy(out, "0000-00-00", 11);
    for (int i = 0; i < 4; i++) {
        out[places[i]] = (char)('0' + parts[i] / 10);
        out[places[i] + 1] = (char)('0' + parts[i] % 10);
    }
}

unsigned time_month_day(int64_t day)
{
    unsigned civil[3];
    time_civil(day, civil);
    return civil[1] * 100 + civil[2];
}

bool time_parse_date(const char *text, int64_t *out_day)
{
    int year = 0;
    unsigned month = 0, day = 0;
    int used = 0;
    if (sscanf(text, "%4d-%2u-%2u%n", &year, &month, &day, &used) != 3 || used != 10 ||
        text[10] != '\0' || year < 1980 || month < 1 || month > 12 || day < 1)
        return false;
    *out_day = time_day_of(year, month, day);
    char again[11];
    time_date(*out_day, again);
    return strcmp(again, text) == 0; /* refuses the 30th of February */
}
