/*
 * witness/witness_policy.h: policy files (proof/policy.h) from the disk.
 */
#ifndef WITNESS_WITNESS_POLICY_H
#define WITNESS_WITNESS_POLICY_H

#include "base/status.h"
#include "policy.h"

/* The caller frees *out. `quorum`: the file must say one; else a file of logs alone will do.
   WF_USAGE names the file, the line and what is wrong. */
wf_status witness_policy_read(policy **out, const char *path, bool quorum, wf_error *err);

#endif
