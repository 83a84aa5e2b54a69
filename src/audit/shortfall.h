/*
 * audit/shortfall.h: what R26 and R27 share: a run of balances of one node whose stock does not
 * come out, and the finding about it.
 *
 * A wrong stock take makes one balance short and the next one long by the same mass: such a pair is
 * left to the site's own correction. So is a mass that was typed ten times too large.
 */
#ifndef AUDIT_SHORTFALL_H
#define AUDIT_SHORTFALL_H

#include "audit/balance.h"
#include "audit/rule.h"

/* Balances first to last (inclusive) of one node, with their sum. */
typedef struct shortfall {
    const balance *first, *last;
    double muf_g, sigma_g; /* of the sum, with what the balances share */
    double p;
    int64_t shown_ms; /* when it could first be shown */
    const char *test; /* msgid of the statistic, for --explain; NULL: none */
    double statistic;
} shortfall;

shortfall shortfall_sum(const balance_table *t, const balance *first, const balance *last);
wf_status shortfall_report(rule_context *ctx, const shortfall *s, wf_error *err);

bool balance_is_covered(const rule_context *ctx, const balance *b);
/* The rule's `significant_share` of the significant mass of the code's stream. */
double balance_significant_g(const rule_context *ctx, const balance *b);
/* One mass ten times too large explains it: nine tenths of the largest are missing. */
bool balance_looks_mistyped(const balance *b);

#endif
