/*
 * ledger/operator_files.h: which signer a ledger's folder names, and putting another in its place.
 */
#ifndef LEDGER_OPERATOR_FILES_H
#define LEDGER_OPERATOR_FILES_H

#include "entry.h"

struct ledger;
/* Of an open ledger: the process that $WUFEI_SIGNER or the file operator.signer names, or the key
   in operator.pem. Finishes a change of key that was interrupted behind its commit. */
wf_status operator_signer_open(struct ledger *l, wf_error *err);
/* The socket that the file operator.signer names, malloced; *out NULL: there is no such file. */
wf_status operator_socket_path(char **out, const char *dir, wf_error *err);
/* What becomes the operator's key, or its signer, with the coming commit: beside the present one
   until then. */
wf_status operator_stage_key(const char *dir, span pem, wf_error *err);
wf_status operator_stage_socket(const char *dir, const char *socket_path, wf_error *err);
/* What was staged is not wanted after all. */
void operator_unstage(const char *dir);
/* Behind the commit: puts it in place; the key that it follows stays as operator-ID.pem. */
wf_status operator_install(const char *dir, const uint8_t former_id[KEY_ID_SIZE], wf_error *err);

#endif
