/*
 * tests/audit/stock_world.h: what R26 and R27 are tried on: a factory with a stock take every half
 * month.
 */
#ifndef TESTS_AUDIT_STOCK_WORLD_H
#define TESTS_AUDIT_STOCK_WORLD_H

#include "suspicion_test.h"

/* Generates 500 kg a day, sends 7 t at the end of each of `takes` - 1 half months; `gone_kg` of
   stock vanishes in each of the half months from `first` to `last`. */
static inline city_builder *make_stock(int takes, int first, int last, double gone_kg)
{
    city_builder *b = builder_new();
    builder_site(b, "G", "PG", SITE_FACTORY, 30.0, 120.5);
    builder_site(b, "F", "PF", SITE_HAZARDOUS_TREATMENT, 30.1, 120.6);
    builder_scale(b, "WG", "G", 20);
    builder_scale(b, "WF", "F", 20);
    builder_vehicle(b, "V", "C", "hazmat", 12000, 13000);
    double stock = 2000;
    builder_stocktake(b, "G", day(0, 1), "336-062-17", stock);
    for (int take = 1; take < takes; take++) {
        char key[40];
        for (int d = 0; d < 14; d++) {
            snprintf(key, sizeof key, "B%d-%d", take, d);
            builder_generation(b, key, "G", day((take - 1) * 15 + d, 10), "336-062-17", 500);
        }
        snprintf(key, sizeof key, "M%d", take);
        builder_manifest(b, key, STREAM_HAZARDOUS, "336-062-17", "G", NULL, "V", "F",
                         day(take * 15 - 1, 8), 7000);
        builder_event_at(b, key, EVENT_PICKED_UP, day(take * 15 - 1, 9), 7000, "G", NULL, "V",
                         "WG");
        builder_event_at(b, key, EVENT_RECEIVED, day(take * 15 - 1, 10), 7000, "F", NULL, "V",
                         "WF");
        if (take >= first && take <= last)
            stock -= gone_kg;
        builder_stocktake(b, "G", day(take * 15, 1), "336-062-17", stock);
    }
    return b;
}

#endif
