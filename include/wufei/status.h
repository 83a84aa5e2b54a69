/*
 * wufei/status.h: how every function of libwufei says what happened.
 *
 * A function that can fail returns a wf_status and takes a wf_error as its last parameter. The
 * message is set once, where the error arises, and says what, where, which value, what was
 * expected and what to do. The numbers are the exit statuses of the command line (spec cli.md).
 */
#ifndef WUFEI_STATUS_H
#define WUFEI_STATUS_H

#if defined(__GNUC__)
#define WF_API __attribute__((visibility("default")))
#define WF_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define WF_API
#define WF_PRINTF(a, b)
#endif

typedef enum wf_status {
    WF_OK = 0,      /* done, and what was checked holds */
    WF_REFUSED = 1, /* it does not hold: input refused, proof fails, conflict */
    WF_USAGE = 2,   /* wrong use: unknown option, unknown id, missing argument */
    WF_DAMAGED = 3, /* the ledger is damaged; the message holds the evidence */
    WF_SYSTEM = 4   /* the system failed us: disk, memory, permission */
} wf_status;

enum { WF_ERROR_TEXT = 1024 };

typedef struct wf_error {
    wf_status status;
    char text[WF_ERROR_TEXT]; /* UTF-8, one line, no full stop; empty when status is WF_OK */
} wf_error;

#endif
