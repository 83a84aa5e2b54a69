/*
 * ledger/store/store_lmdb_fail.c: what LMDB's error codes mean to people: is it damage, a full
 * disk, too many readers; and what to do.
 */
#include "base/text.h"
#include "store_lmdb.h"
#include "store_room.h"

wf_status store_fail(const store *s, int code, const char *what, wf_error *err)
{
    char path[4096];
    switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
        if (s->scratch)
            return wf_fail(err, WF_SYSTEM,
                           _("%s/%s: %s: %s; this was a store for the moment and the ledger did "
                             "not suffer: check the disk under it, and try again"),
                           s->path, STORE_DATA_FILE, what, _(mdb_strerror(code)));
        return wf_fail(
            err, WF_DAMAGED,
            _("%s/%s: %s: %s; wufei repair may mend it, else put a backup in place with: "
              "wufei restore BACKUP"),
            s->path, STORE_DATA_FILE, what, _(mdb_strerror(code)));
    case MDB_PANIC: /* says LMDB after a meta page could not be written: the old one is in force */
        return wf_fail(err, WF_SYSTEM,
                       _("%s/%s: %s: a write failed before; look at the disk and run it again"),
                       s->path, STORE_DATA_FILE, what);
    case MDB_READERS_FULL:
        return wf_fail(err, WF_SYSTEM,
                       _("%s: as many readers as there is room for (%d) look at this ledger; end "
                         "some of these programs and run it again"),
                       s->path, STORE_READERS_MAX);
    case MDB_MAP_FULL:
        return wf_fail(err, WF_SYSTEM, _("%s/%s: %s: the store has reached its largest size"),
                       s->path, STORE_DATA_FILE, what);
    default:
        snprintf(path, sizeof path, "%s/%s", s->path, STORE_DATA_FILE);
        if (store_room_explains(code, path, what, err))
            return WF_SYSTEM;
        return wf_fail(err, WF_SYSTEM, "%s/%s: %s: %s", s->path, STORE_DATA_FILE, what,
                       _(mdb_strerror(code)));
    }
}

wf_status store_fail_damaged(const store *s, unsigned table, wf_error *err)
{
    if (s->scratch)
        return store_fail(s, MDB_CORRUPTED, s->names[table], err);
    return wf_fail(err, WF_DAMAGED,
                   _("%s/%s: a row of the table %s is not what was written, or is missing; wufei "
                     "rebuild derives the book again from the log, or restore it from a backup"),
                   s->path, STORE_DATA_FILE, s->names[table]);
}
