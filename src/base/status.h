/*
 * base/status.h: setting the message of an error, once, where it arises.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "wufei/status.h"

/* Sets *err (when err is not NULL) to `status` with a formatted message; returns `status`. */
wf_status wf_fail(wf_error *err, wf_status status, const char *format, ...) WF_PRINTF(3, 4);

/* As wf_fail with WF_SYSTEM, and ": strerror(errno)" at the end. */
wf_status wf_fail_errno(wf_error *err, const char *format, ...) WF_PRINTF(2, 3);

/* Puts "prefix: " in front of a message that is already set; returns err->status. */
wf_status wf_error_prefix(wf_error *err, const char *format, ...) WF_PRINTF(2, 3);

void wf_error_clear(wf_error *err);

#ifdef __clang_analyzer__
/* The analyzer reads one file at a time and would follow failures that go on as if nothing had
   happened: tell it that a failure returns its status. */
static inline wf_status wf_fail_known(wf_status returned, wf_status known)
{
    (void)returned;
    return known;
}
#define wf_fail(err, status, ...) wf_fail_known((wf_fail)(err, status, __VA_ARGS__), (status))
#define wf_fail_errno(...) wf_fail_known((wf_fail_errno)(__VA_ARGS__), WF_SYSTEM)
#endif

/* States what must hold, in release builds too. Input is never asserted, it is checked. */
#define WF_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            wf_assert_failed(#condition, __FILE__, __LINE__);                                      \
    } while (0)

_Noreturn void wf_assert_failed(const char *condition, const char *file, int line);

#endif
