/*
 * base/status.c: error messages. One buffer per error, truncated at a UTF-8 boundary when a
 * message is longer than WF_ERROR_TEXT.
 */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#undef wf_fail /* what the analyzer is told, see status.h */
#undef wf_fail_errno

/* Cuts a trailing incomplete UTF-8 sequence that vsnprintf may have left at the end. */
static void trim_utf8(char *text)
{
    size_t n = strlen(text);
    size_t back = 0;
    while (back < 4 && back < n && ((unsigned char)text[n - 1 - back] & 0xC0) == 0x80)
        back++;
    if (back >= n)
        return;
    unsigned char lead = (unsigned char)text[n - 1 - back];
    size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (lead >= 0xC0 && back < need)
        text[n - 1 - back] = '\0';
}

static void set_text(wf_error *err, wf_status status, const char *format, va_list args)
{
    err->status = status;
    vsnprintf(err->text, sizeof err->text, format, args);
    trim_utf8(err->text);
}

wf_status wf_fail(wf_error *err, wf_status status, const char *format, ...)
{
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        set_text(err, status, format, args);
        va_end(args);
    }
    return status;
}

wf_status wf_fail_errno(wf_error *err, const char *format, ...)
{
    int saved = errno;
    if (err != NULL) {
        va_list args;
        va_start(args, format);
        set_text(err, WF_SYSTEM, format, args);
        va_end(args);
        size_t n = strlen(err->text);
        snprintf(err->text + n, sizeof err->text - n, _(": %s"), _(strerror(saved)));
        trim_utf8(err->text);
    }
    return WF_SYSTEM;
}

wf_status wf_error_prefix(wf_error *err, const char *format, ...)
{
    if (err == NULL)
        return WF_SYSTEM;
    char old[WF_ERROR_TEXT];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    set_text(err, err->status, format, args);
    va_end(args);
    size_t n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", old);
    trim_utf8(err->text);
    return err->status;
}

void wf_error_clear(wf_error *err)
{
    if (err != NULL) {
        err->status = WF_OK;
        err->text[0] = '\0';
    }
}

void wf_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr,
            "wufei: internal error at %s:%d: %s does not hold; nothing was acknowledged "
            "after it, please report this line\n",
            file, line, condition);
    abort();
}
