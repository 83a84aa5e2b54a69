/*
 * audit/facts.h: what the rules that give facts share: a finding about one manifest, limits in
 * hours, and the largest error that a lawful weighing may have.
 */
#ifndef AUDIT_FACTS_H
#define AUDIT_FACTS_H

#include "audit/rule.h"
#include "audit/shared.h"

static inline int64_t later_ms(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A parameter in hours or days as milliseconds. */
int64_t fact_hours_ms(const rule_context *ctx, const char *parameter);
int64_t fact_days_ms(const rule_context *ctx, const char *parameter);

/* What was sent, else received, else declared, else 0. */
int64_t manifest_mass_g(const manifest_row *m);
/* A begun fact about a manifest, with its stream and its whole mass at stake. */
finding fact_of_manifest(const rule_context *ctx, int severity, manifest_id id);
void fact_set_mass(finding *f, int64_t mass_g);
/* Manifest, generator, facility, carrier, vehicle. */
void related_add_manifest(related_list *l, const city *c, manifest_id id);
const char *site_key(const city *c, site_id site);
const char *party_key(const city *c, party_id party);
const char *vehicle_key(const city *c, vehicle_id vehicle);
const char *manifest_key(const city *c, manifest_id manifest);

/* The first event of a kind, in order of time; NULL: none. */
const event_row *manifest_first_event(const rule_context *ctx, manifest_id id,
                                      enum manifest_event kind);

/* Largest permissible error in service of one weighing on a class III scale (OIML R76, 3.5.1 and
   3.5.2): 1 e up to 500 e, 2 e up to 2 000 e, 3 e above. */
int64_t scale_permissible_error_g(int64_t division_g, int64_t load_g);

#endif
