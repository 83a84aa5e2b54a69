/*
 * audit/rule.h: what a rule is. A rule is one file in src/audit/rules/: its id, names, streams,
 * parameters with defaults and legal source, and a pure function from the city to findings.
 */
#ifndef AUDIT_RULE_H
#define AUDIT_RULE_H

#include <math.h>

#include "audit/audit.h"
#include "base/text.h"

typedef struct rule_parameter {
    const char *name;   /* "confirm_working_days" */
    double value;       /* default */
    const char *unit;   /* "working days" */
    const char *source; /* law or study, with article; "proposal" when it is ours */
} rule_parameter;

typedef struct rule_context rule_context;

typedef struct rule {
    const char *id; /* "R03" */
    const char *name_en;
    const char *name_zh;
    enum rule_family family;
    unsigned streams;   /* bits 1 << STREAM_... */
    const char *source; /* legal or scientific basis of the whole rule */
    const rule_parameter *parameters;
    size_t parameter_count;
    /* Reports findings through rule_report. WF_OK, or WF_SYSTEM when memory ran out. */
    wf_status (*run)(rule_context *ctx, wf_error *err);
    /* Log likelihood ratio per finding for the priority, in nats: how much more often the rule
       fires on the guilty than on the innocent (simulator-based; capped at 4). */
    double weight;
    /* Rules that must have run before, whose conclusions this one reads (R24 before R17). */
    const char *const *after; /* NULL-terminated ids, or NULL */
} rule;

#define STREAM_BIT(s) (1u << (s))
#define STREAMS_ALL                                                                                \
    (STREAM_BIT(STREAM_INDUSTRIAL) | STREAM_BIT(STREAM_HAZARDOUS) |                                \
     STREAM_BIT(STREAM_CONSTRUCTION) | STREAM_BIT(STREAM_MEDICAL) | STREAM_BIT(STREAM_HOUSEHOLD))

struct rule_context {
    const city *city;
    const rule *rule;
    const audit_options *options;
    struct audit_shared *shared; /* audit/shared.h: scale biases, indexes, each made once */
    arena *memory;               /* for texts of findings; lives as long as the result */
    finding *findings;           /* grown by rule_report */
    size_t count, capacity;
    size_t tests; /* for Benjamini-Hochberg; rule_count_tests */
    bool failed;  /* memory ran out in a text helper */
};

double rule_parameter_value(const rule *r, const char *name);

/* True when the audit is asked about this stream and the rule covers it. */
bool rule_covers(const rule_context *ctx, enum waste_stream stream);

/* A finding begun with all the rule's constants; fill the rest and hand it to rule_report, which
   copies it. A suspicion sets p; the engine then applies Benjamini-Hochberg over ALL the rule's
   tests: rules report how many they made with rule_count_tests (not only the ones reported). */
finding rule_finding(const rule_context *ctx, enum finding_class class, int severity);
wf_status rule_report(rule_context *ctx, const finding *f, wf_error *err);
void rule_count_tests(rule_context *ctx, size_t tests);

/* Text helpers in ctx->memory: never NULL ("" when memory ran out, and the run then fails). */
const char *rule_printf(rule_context *ctx, const char *format, ...) WF_PRINTF(2, 3);
const char *rule_time(rule_context *ctx, int64_t ms);     /* RFC 3339 at the city's offset */
const char *rule_mass(rule_context *ctx, int64_t mass_g); /* "1 234.5 kg" or "12.35 t" */

/* Collects related ids, strongest first as added; duplicates dropped, RELATED_MAX kept. */
typedef struct related_list {
    const char *ids[RELATED_MAX];
    size_t count;
} related_list;
void related_add(related_list *l, const char *text_id); /* borrowed; "" and NULL are skipped */
void finding_set_related(rule_context *ctx, finding *f, const related_list *l);
/* Adds one line of evidence for --explain. */
void finding_add_evidence(rule_context *ctx, finding *f, const char *name, uint64_t seq,
                          const char *format, ...) WF_PRINTF(5, 6);

#define SEQ_COMPUTED UINT64_MAX

#endif
