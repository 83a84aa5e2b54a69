/*
 * ledger/format/folder.h: the folder of a ledger: the files beside the store (and FILE_META,
 * store.h), and reading and replacing them.
 */
#ifndef LEDGER_FOLDER_H
#define LEDGER_FOLDER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

enum { LEDGER_FORMAT = 1 };

#define FILE_FORMAT "FORMAT"
#define FILE_CHECKPOINT "checkpoint"
#define FILE_KEY "operator.pem"
#define FILE_SIGNER "operator.signer"
#define FILE_GUARD "guard"           /* names the copy of the checkpoint outside, outside.c */
#define FILE_GUARD_LOST "guard.lost" /* what that copy said when the ledger was restored */
#define FILE_POLICY "policy"         /* of witnesses */
#define FILE_WITNESSED "witnessed"   /* the last checkpoint that has its quorum of cosignatures */
#define FOLDER_STORE "store"
#define FILE_LOCK "writer.lock" /* in the store's folder */

/* "dir/name" on the heap; NULL when out of memory. */
char *folder_path(const char *dir, const char *name);
/* The other way: returns "b" of "a/b", and "a" on the heap (NULL when out of memory). */
const char *folder_split(const char *path, char **out_folder);
wf_status folder_sync(const char *path, wf_error *err);
/* Replaces dir/name so that after a crash there is the old or the new file, whole. */
wf_status folder_write(const char *dir, const char *name, const void *data, size_t size,
                       mode_t mode, wf_error *err);
/* Reads a small file; *out is malloced and ends in a zero. *out NULL when there is none. */
wf_status folder_read(const char *dir, const char *name, size_t max, char **out, size_t *out_size,
                      wf_error *err);
wf_status folder_check_format(const char *dir, wf_error *err);
/* What a writer that was killed left of a file that it was replacing; for who holds the lock. */
wf_status folder_remove_unfinished(const char *dir, wf_error *err);
/* Takes the one writer's lock; *out is the descriptor that holds it. */
wf_status folder_lock(int *out, const char *dir, wf_error *err);
/* That the folder of this name is still the one whose lock is held. */
wf_status folder_check_lock(const char *dir, int lock, wf_error *err);

#endif
