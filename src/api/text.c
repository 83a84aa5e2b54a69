/*
 * api/text.c: language, version, and the text forms of times, days and masses.
 */
#include <stdio.h>

#include "api/api.h"

void wf_set_language(const char *language)
{
    text_set_language(language);
}

const char *wf_version(void)
{
    return WUFEI_VERSION;
}

int64_t wf_now_ms(void)
{
    return clock_now_ms();
}

wf_status wf_parse_time(int64_t *out_ms, const char *text, int utc_offset_minutes, wf_error *err)
{
    wf_error_clear(err);
    if (text != NULL && time_parse_date_or_time(out_ms, text, utc_offset_minutes))
        return WF_OK;
    return wf_fail(err, WF_USAGE,
                   _("'%s' is not a time; expected a date (2026-03-01) or an RFC 3339 time "
                     "(2026-03-01T08:30:00+08:00)"),
                   text == NULL ? "" : text);
}

char *wf_format_time(char *out, int64_t ms, int utc_offset_minutes)
{
    return time_format(out, ms, utc_offset_minutes);
}

char *wf_format_day(char *out, int32_t day)
{
    return time_format_day(out, day);
}

char *wf_format_mass_kg(char *out, int64_t mass_g)
{
    return mass_format_kg(out, mass_g);
}
