/*
 * tests/audit/track_world.h: what R21 and R39 are tried on: a tipper with a device between a site
 * and a tip.
 */
#ifndef TESTS_AUDIT_TRACK_WORLD_H
#define TESTS_AUDIT_TRACK_WORLD_H

#include "suspicion_test.h"

#define DAY "2026-03-02T"

/* A factory, a tip 11 km north of it, and a tipper with a device. */
static inline city_builder *make(void)
{
    city_builder *b = builder_new();
    builder_site(b, "G", "PG", SITE_CONSTRUCTION, 30.0, 120.5);
    builder_site(b, "F", "PF", SITE_SPOIL_GROUND, 30.1, 120.5);
    builder_scale(b, "W", "F", 20);
    builder_vehicle(b, "V", "C", "tipper", 13000, 16000);
    return b;
}

/* Drives straight from latitude to latitude, a fix every two minutes. */
static inline void drive(city_builder *b, const char *from, double lat_from, const char *to,
                         double lat_to)
{
    int64_t start = builder_time(from);
    int64_t end = builder_time(to);
    for (int64_t at = start; at <= end; at += 2 * TIME_MINUTE_MS) {
        double share = (double)(at - start) / (double)(end - start);
        builder_fix(b, "V", builder_ms(at), lat_from + share * (lat_to - lat_from), 120.5);
    }
}

static inline void trip(city_builder *b, const char *key, const char *out, const char *in)
{
    builder_trip(b, key, STREAM_CONSTRUCTION, "SW70", "G", "V", "F", out, 15000, in, 15000);
}

#endif
