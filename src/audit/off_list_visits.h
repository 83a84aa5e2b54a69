/*
 * audit/off_list_visits.h: stays of vehicles at places that are on no list, by vehicles that are
 * loaded, on their way from a site, or out at night: what R39 judges.
 */
#ifndef AUDIT_OFF_LIST_VISITS_H
#define AUDIT_OFF_LIST_VISITS_H

#include "audit/rule.h"

typedef struct off_list_limits {
    double stay_m;    /* a stay keeps within this of where it began */
    double site_m;    /* nearer to a site it is at the site */
    double place_m;   /* nearer to a fuel station, park or workshop it is there */
    double closure_m; /* nearer to the queue of a closed road it waits there */
    int64_t stay_ms, night_from_ms, night_to_ms;
    int64_t trip_ms; /* how long a load that never arrived stays on the vehicle */
} off_list_limits;

typedef struct off_list_visit {
    int64_t from_ms, to_ms;
    int32_t lat_e7, lon_e7;
    vehicle_id vehicle;
    manifest_id manifest; /* BOOK_NONE: no manifest covers it */
    site_id origin;       /* the site it came from */
    uint32_t cluster;     /* for whoever groups them; BOOK_NONE at first */
    bool night;
} off_list_visit;

typedef struct off_list_visits {
    off_list_visit *items; /* on the heap */
    size_t count, capacity;
} off_list_visits;

/* Into an empty list; false when memory ran out. */
bool off_list_visits_find(off_list_visits *out, rule_context *ctx, const off_list_limits *l);

#endif
