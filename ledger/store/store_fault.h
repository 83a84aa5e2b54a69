/*
 * ledger/store/store_fault.h: a program's last words when a damaged store ends it.
 *
 * LMDB has no checksums and trusts its pages: a page that is not what it was can send a reader
 * beyond the file (SIGBUS, SIGSEGV) or into one of LMDB's own assertions (SIGABRT). What was
 * committed cannot suffer by it, but whoever asked deserves the reason and the exit status for it.
 */
#ifndef LEDGER_STORE_FAULT_H
#define LEDGER_STORE_FAULT_H

/* For programs, which own their signals: from here on a fault at an address inside a mapped
   data.mdb, a fault inside LMDB, and a failed assertion of LMDB, say on standard error which store
   is damaged and end the process with WF_DAMAGED. A fault in a mapped lock.mdb, which is written
   through its map, is a full disk: WF_SYSTEM. Any other fault goes to the handler that was
   there before. Calling it again does nothing. */
void store_fault_install(void);

/* From here on the store in `folder` is one for the moment: a fault in it is the disk's and ends
   with WF_SYSTEM. One at a time; NULL: none any more. */
void store_fault_scratch(const char *folder);

/* In a child that looks at a suspect store and is expected to die of it: no last words. */
void store_fault_quiet(void);

/* Does not return when installed. `detail` may be NULL. */
void store_fault_end(const char *path, const char *detail);

#endif
