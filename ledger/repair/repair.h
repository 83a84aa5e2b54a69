/*
 * ledger/repair/repair.h: between repair.c and repair_store.c.
 */
#ifndef LEDGER_REPAIR_H
#define LEDGER_REPAIR_H

#include "scrub.h"

void repair_say(const ledger_repair_options *options, const char *what, bool repaired,
                const char *format, ...) WF_PRINTF(4, 5);
/* "DIR/NAME.before-repair-N" that nothing has yet; malloced, NULL: out of memory. */
char *repair_free_name(const char *dir, const char *name);

/* ---- repair_store.c ------------------------------------------------------------------------ */

/* WF_SYSTEM, which names a process that has the store open: LMDB would lead it, and all that come
   while it is there, by what it knew of the old file. Not in a process that has it open itself. */
wf_status repair_check_alone(const char *dir, wf_error *err);

/* Of a store with damaged pages whose log can be read and verified whole: the tables of the log in
   a new store, in its place. The book is empty then. */
wf_status repair_new_store(const char *dir, const ledger_repair_options *options, wf_error *err);

#endif
