/*
 * api/show_chain.c: rows that point at the one before, from a manifest's last one back.
 */
#include "api/show.h"

/* Rows point at earlier ones; a chain that does not would never end. */
wf_status show_broken_chain(show_job *job, const char *table, uint32_t id)
{
    return wf_fail(job->err, WF_DAMAGED,
                   _("%s: row %lu does not point at an earlier row; run wufei verify, then wufei "
                     "rebuild"),
                   table, (unsigned long)id);
}

wf_status show_load_events(show_job *job, const manifest_row *m, event_row **out, size_t *count)
{
    event_row *events = arena_alloc_raw(&job->memory, ((size_t)m->events + 1) * sizeof *events);
    wf_status status = WF_OK;
    size_t at = m->events; /* they are chained from the last one */
    if (events == NULL)
        return wf_fail(job->err, WF_SYSTEM, _("out of memory"));
    for (event_id id = m->last_event; id != BOOK_NONE && at > 0 && status == WF_OK;) {
        status = book_get_event(job->ledger->book, job->txn, id, &events[--at], job->err);
        if (status == WF_OK && events[at].previous != BOOK_NONE && events[at].previous >= id)
            status = show_broken_chain(job, "events", id);
        else if (status == WF_OK)
            id = events[at].previous;
    }
    *out = events + at;
    *count = m->events - at;
    return status;
}
