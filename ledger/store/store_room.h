/*
 * ledger/store/store_room.h: is it the disk that is full?
 *
 * LMDB reports a write that was cut short as EIO, whatever the reason, and writes into its mapped
 * lock file, where a full disk is a SIGBUS. Neither says anything about the ledger.
 */
#ifndef LEDGER_STORE_ROOM_H
#define LEDGER_STORE_ROOM_H

#include <stdbool.h>

#include "base/status.h"

/* Whether a write of the file `path` that ended with the errno `code` lacked room. Then *err says
   so, with `what` failed and what to do; WF_SYSTEM. */
bool store_room_explains(int code, const char *path, const char *what, wf_error *err);

/* Takes the room of the lock file that LMDB is about to map, so that it has no holes. Says nothing
   when the file cannot be opened for writing: LMDB will. */
wf_status store_room_for_lock(const char *folder, unsigned readers, wf_error *err);

#endif
