/*
 * audit/audit.h: findings from a city.
 *
 * Facts and suspicions are two lists: a fact is a breach that the records prove, a suspicion a
 * statistical or behavioural sign with a p-value under Benjamini-Hochberg control (q per rule).
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "book/city.h"

enum finding_class { FINDING_FACT, FINDING_SUSPICION };
enum finding_severity {
    SEVERITY_INFORMATION = 1,
    SEVERITY_CHECK,
    SEVERITY_INSPECT,
    SEVERITY_URGENT
};
enum subject_kind {
    SUBJECT_PARTY,
    SUBJECT_SITE,
    SUBJECT_VEHICLE,
    SUBJECT_MANIFEST,
    SUBJECT_SCALE,
    SUBJECT_PLACE /* no index: lat_e7, lon_e7 */
};
/* Families share causes: within one the strongest rule counts, across families evidence adds. */
enum rule_family {
    FAMILY_PAPER,
    FAMILY_LICENCE,
    FAMILY_WEIGHT,
    FAMILY_BALANCE,
    FAMILY_GENERATION,
    FAMILY_MOVEMENT,
    FAMILY_GRAPH,
    FAMILY_CONDUCT,
    FAMILY_COUNT
};

enum { RELATED_MAX = 200 };

/* One number or id that a finding rests on, for --explain. */
typedef struct evidence {
    const char *name;  /* msgid, "gap" */
    const char *value; /* with its unit, "312 kg" */
    uint64_t seq;      /* the entry it was read from, UINT64_MAX: computed */
} evidence;

typedef struct finding {
    char id[16]; /* "F" and 12 hex digits of SHA-256(rule, subject, from): stable across runs */
    const struct rule *rule;
    enum finding_class class;
    int severity;
    enum subject_kind subject_kind;
    uint32_t subject;         /* index */
    enum waste_stream stream; /* STREAM_NONE: the engine derives it from the subject */
    int32_t lat_e7, lon_e7;
    int64_t from_ms, to_ms;                  /* window of the finding */
    int64_t mass_g, mass_low_g, mass_high_g; /* at stake, 95 % interval */
    double p;                                /* NAN for a fact */
    int64_t detected_at_ms;
    const char *const *related; /* text ids, strongest first, at most RELATED_MAX */
    size_t related_count;
    const char *sentence; /* already translated, one sentence with the figures */
    const evidence *evidence;
    size_t evidence_count;
    double priority; /* set by the engine */
} finding;

typedef struct audit_options {
    const char *rule;         /* only this id; NULL: all */
    enum waste_stream stream; /* STREAM_NONE: all */
    int64_t from_ms, to_ms;   /* TIME_NONE: open; findings whose window meets [from, to) */
    double q;                 /* 0: 0.10 */
    unsigned threads;         /* 0: number of processors */
} audit_options;

typedef struct audit_result {
    finding *findings; /* in the order of priority */
    size_t count;
    arena memory; /* all texts */
} audit_result;

wf_status audit_run(audit_result **out, const city *c, const audit_options *options, wf_error *err);
void audit_free(audit_result *r);

/* The rules, in order of id, NULL-terminated. */
const struct rule *const *audit_rules(void);

const char *subject_kind_name(enum subject_kind kind);
/* Text id of a finding's subject ("lat,lon" for a place), in the arena. */
const char *finding_subject_text(const city *c, const finding *f, arena *a);

#endif
