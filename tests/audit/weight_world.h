/*
 * tests/audit/weight_world.h: what R17, R24 and R25 are tried on: sixty days of weighed loads, each
 * with a ticket at both ends, and one thing that is wrong.
 */
#ifndef TESTS_AUDIT_WEIGHT_WORLD_H
#define TESTS_AUDIT_WEIGHT_WORLD_H

#include "suspicion_test.h"

enum { SITES = 4, VEHICLES = 4, DAYS = 60, TARE_KG = 12000, NET_KG = 13000 };

typedef struct world {
    unsigned loads;      /* 0: all of sixty days */
    unsigned sites;      /* that send; 0: four */
    unsigned lost_load;  /* number of the load that loses mass; 0: none */
    double lost_kg;      /* 0: 500 kg */
    unsigned shaved_day; /* from which vehicle 0 loses a part of each load, 1: the first; 0: 21 */
    double shaved_share;
    double scale_effect; /* what the scale of facility 0 shows too much from day 30 on */
    bool mistyped;       /* the lost load is a factor of ten instead, and without tickets */
    bool corrected;      /* that load was typed a tonne too large and corrected at its sender */
    bool refused;        /* a tonne of that load is refused and stays on the vehicle */
} world;

/* Two loads a day from each of four factories to two plants, by four vehicles of two carriers. */
static inline city_builder *make_world(const world *w)
{
    city_builder *b = builder_new();
    char key[32];
    char other[32];
    unsigned sites = w->sites != 0 ? w->sites : SITES;
    unsigned loads = w->loads != 0 ? w->loads : DAYS * sites;
    unsigned shaved_day = w->shaved_day != 0 ? w->shaved_day - 1 : 20;
    for (unsigned i = 0; i < sites; i++) {
        snprintf(key, sizeof key, "G%u", i);
        builder_site(b, key, "PG", SITE_FACTORY, 30.0 + 0.01 * i, 120.5);
        snprintf(other, sizeof other, "WG%u", i);
        builder_scale(b, other, key, 20);
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(key, sizeof key, "F%u", i);
        builder_site(b, key, "PF", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6 + 0.01 * i);
        snprintf(other, sizeof other, "WF%u", i);
        builder_scale(b, other, key, 20);
    }
    for (unsigned i = 0; i < VEHICLES; i++) {
        snprintf(key, sizeof key, "V%u", i);
        builder_vehicle(b, key, i < 2 ? "C0" : "C1", "hazmat", TARE_KG, 15000);
    }
    int64_t start = builder_time("2026-03-02T08:00:00+08:00");
    for (unsigned n = 0; n < loads; n++) {
        unsigned day = n / sites;
        unsigned from = n % sites;
        unsigned vehicle = (n + day) % VEHICLES;
        unsigned to = (n + day / 2) % 2;
        int64_t out_ms = start + day * TIME_DAY_MS + from * (int64_t)TIME_HOUR_MS;
        int64_t in_ms = out_ms + TIME_HOUR_MS;
        double true_kg = NET_KG + 500 * wobble(n);
        double sent = true_kg + 25 * wobble(3 * n + 1);
        double arrived = true_kg + 25 * wobble(7 * n + 2);
        if (vehicle == 0 && day >= shaved_day)
            arrived -= w->shaved_share * true_kg;
        if (to == 0 && day >= 30)
            arrived += w->scale_effect * true_kg;
        bool lost = w->lost_load != 0 && n == w->lost_load;
        if (lost && !w->corrected && !w->refused)
            arrived = w->mistyped ? sent / 10 : arrived - (w->lost_kg > 0 ? w->lost_kg : 500);
        double typed = lost && w->corrected ? sent + 1000 : sent;
        double refused = lost && w->refused ? 1000 : 0;
        char m[32], v[32], g[32], f[32], ws[32], wr[32], t1[32], t2[32];
        snprintf(m, sizeof m, "M%04u", n);
        snprintf(v, sizeof v, "V%u", vehicle);
        snprintf(g, sizeof g, "G%u", from);
        snprintf(f, sizeof f, "F%u", to);
        snprintf(ws, sizeof ws, "WG%u", from);
        snprintf(wr, sizeof wr, "WF%u", to);
        snprintf(t1, sizeof t1, "TS%04u", n);
        snprintf(t2, sizeof t2, "TR%04u", n);
        builder_manifest(b, m, STREAM_HAZARDOUS, "336-062-17", g, NULL, v, f,
                         builder_ms(out_ms - TIME_HOUR_MS), sent);
        builder_event_at(b, m, EVENT_PICKED_UP, builder_ms(out_ms), typed, g, NULL, v, ws);
        builder_event_at(b, m, EVENT_RECEIVED, builder_ms(in_ms), arrived - refused, f, NULL, v,
                         wr);
        if (refused > 0)
            builder_event_at(b, m, EVENT_REJECTED, builder_ms(in_ms), refused, f, NULL, NULL, NULL);
        if (lost && w->corrected)
            builder_event_at(b, m, EVENT_CORRECTED, builder_ms(in_ms + TIME_HOUR_MS), sent, g, NULL,
                             NULL, NULL);
        if (lost && w->mistyped)
            continue;
        if (!lost || !w->corrected) /* with a ticket the typed figure would not count */
            builder_weighing(b, t1, ws, v, builder_ms(out_ms), TARE_KG + sent,
                             builder_ms(out_ms - 10 * TIME_MINUTE_MS), TARE_KG, m);
        builder_weighing(b, t2, wr, v, builder_ms(in_ms - 10 * TIME_MINUTE_MS), TARE_KG + arrived,
                         builder_ms(in_ms), TARE_KG + refused, m);
    }
    return b;
}

static inline size_t count_of(const world *w, const char *id)
{
    return count_at(make_world(w), id, 0);
}

#endif
