/*
 * audit/facts.c: see facts.h.
 */
#include "audit/facts.h"

int64_t fact_hours_ms(const rule_context *ctx, const char *parameter)
{
    return (int64_t)(rule_parameter_value(ctx->rule, parameter) * TIME_HOUR_MS);
}

int64_t fact_days_ms(const rule_context *ctx, const char *parameter)
{
    return (int64_t)(rule_parameter_value(ctx->rule, parameter) * (double)TIME_DAY_MS);
}

int64_t manifest_mass_g(const manifest_row *m)
{
    if (m->picked_up_g != MASS_NONE)
        return m->picked_up_g;
    if (m->received_g != MASS_NONE)
        return m->received_g;
    return m->declared_g != MASS_NONE ? m->declared_g : 0;
}

void fact_set_mass(finding *f, int64_t mass_g)
{
    f->mass_g = f->mass_low_g = f->mass_high_g = mass_g;
}

finding fact_of_manifest(const rule_context *ctx, int severity, manifest_id id)
{
    const manifest_row *m = &ctx->city->manifests[id];
    finding f = rule_finding(ctx, FINDING_FACT, severity);
    f.subject_kind = SUBJECT_MANIFEST;
    f.subject = id;
    f.stream = m->stream;
    fact_set_mass(&f, manifest_mass_g(m));
    return f;
}

const char *site_key(const city *c, site_id site)
{
    return site < c->site_count ? city_text(c, c->sites[site].key) : "";
}

const char *party_key(const city *c, party_id party)
{
    return party < c->party_count ? city_text(c, c->parties[party].key) : "";
}

const char *vehicle_key(const city *c, vehicle_id vehicle)
{
    return vehicle < c->vehicle_count ? city_text(c, c->vehicles[vehicle].key) : "";
}

const char *manifest_key(const city *c, manifest_id manifest)
{
    return manifest < c->manifest_count ? city_text(c, c->manifests[manifest].key) : "";
}

void related_add_manifest(related_list *l, const city *c, manifest_id id)
{
    const manifest_row *m = &c->manifests[id];
    related_add(l, manifest_key(c, id));
    related_add(l, site_key(c, m->generator_site));
    related_add(l, site_key(c, m->facility_site));
    related_add(l, party_key(c, m->carrier));
    related_add(l, vehicle_key(c, m->vehicle));
}

const event_row *manifest_first_event(const rule_context *ctx, manifest_id id,
                                      enum manifest_event kind)
{
    size_t count;
    const uint32_t *events = grouped_items(&ctx->shared->events_of_manifest, id, &count);
    for (size_t i = 0; i < count; i++)
        if (ctx->city->events[events[i]].kind == (uint32_t)kind)
            return &ctx->city->events[events[i]];
    return NULL;
}

int64_t scale_permissible_error_g(int64_t division_g, int64_t load_g)
{
    if (load_g <= 500 * division_g)
        return division_g;
    return load_g <= 2000 * division_g ? 2 * division_g : 3 * division_g;
}
