/*
 * proof/policy.h: C2SP policy files (c2sp.org/tlog-policy): which logs are accepted, which
 * witnesses are known, and which of them must have cosigned a checkpoint.
 */
#ifndef PROOF_POLICY_H
#define PROOF_POLICY_H

#include "note.h"

enum {
    POLICY_FILE_MAX = 1 << 20, /* bytes of a policy that we read */
    POLICY_LOGS_MAX = 64,      /* the specification asks for 32 of each */
    POLICY_WITNESSES_MAX = 64,
    POLICY_GROUPS_MAX = 64,
    POLICY_NAMES_MAX = POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX,
    POLICY_NAME_MAX = 255, /* bytes; so that any key name can be a witness's name */
    POLICY_URL_MAX = 1023,
    POLICY_REASON_MAX = 512,
    POLICY_NONE = -1 /* "quorum none" */
};

typedef struct policy_log {
    note_key key;                 /* its name is the log's origin */
    char url[POLICY_URL_MAX + 1]; /* "" when not given */
} policy_log;

typedef struct policy_witness {
    note_key key; /* of type 04 */
    char url[POLICY_URL_MAX + 1];
} policy_witness;

/* A witness or a group; every name is in at most one group, so that the groups form trees. */
typedef struct policy_name {
    char name[POLICY_NAME_MAX + 1];
    bool is_group;
    size_t witness;   /* of a witness: its place in `witnesses` */
    int group;        /* the name of the group that this one is a member of; POLICY_NONE */
    size_t threshold; /* of a group: so many of its members are needed */
    size_t members;   /* of a group: how many it has */
} policy_name;

typedef struct policy {
    policy_log logs[POLICY_LOGS_MAX];
    policy_witness witnesses[POLICY_WITNESSES_MAX];
    policy_name names[POLICY_NAMES_MAX]; /* members stand before their group */
    size_t log_count, witness_count, name_count, group_count;
    int quorum; /* a name, or POLICY_NONE */
    char reason[POLICY_REASON_MAX];
} policy;

/* NULL when it holds, else an English reason with the number of the line, which stands in `out`. A
   policy is large: on the heap or static. */
const char *policy_parse(policy *out, const char *bytes, size_t size);

/* Whether the quorum is reached when cosigned[w] tells that witnesses[w] cosigned. */
bool policy_satisfied(const policy *p, const bool *cosigned);
/* What the quorum still lacks, for people: "group X-witnesses has 1 of 2: X2, X3 have not
   cosigned". "" when it is reached. Cut to the room there is; returns out. */
char *policy_missing(char *out, size_t out_size, const policy *p, const bool *cosigned);

#endif
