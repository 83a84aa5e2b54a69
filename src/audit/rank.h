/*
 * audit/rank.h: the order of findings (design, section 5): probability times mass in significant
 * quantities.
 *
 * Probability: each suspicion gives a log likelihood ratio; of one subject, the strongest of each
 * family counts and families add (within a family rules share their causes), over a base rate of
 * 2 %. A fact is 0.98: records can be typed wrong.
 * Mass: min(mass / SQ, 20), at least 0.01 so that a breach without mass keeps its place.
 *   SQ: hazardous and medical 3 t (Fa Shi (2023) 7, article 1); other streams ours: industrial
 *   30 t, household 60 t, construction 100 t, about the ratio of the environmental tax per tonne.
 * Severity: 1 information x0.1, 2 check off-site x0.4, 3 inspect x1, 4 urgent x1.5, because a visit
 *   is what the list is for and a phone call settles severity 2. Ours, too.
 */
#ifndef AUDIT_RANK_H
#define AUDIT_RANK_H

#include "audit/rule.h"

/* Significant mass of a stream; STREAM_NONE: 30 t. */
int64_t significant_mass_g(enum waste_stream stream);
/* The stream of a finding from its subject, or from its rule when that has only one. */
enum waste_stream finding_stream(const city *c, const finding *f);
/* Log likelihood ratio of one suspicion: the rule's weight, moved by how small its p is. */
double finding_log_ratio(const finding *f);
/* Sets ids and priorities and sorts: priority falling, then older first, then rule and subject. */
wf_status rank_findings(audit_result *r, const city *c, wf_error *err);

#endif
