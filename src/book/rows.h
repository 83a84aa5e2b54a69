/*
 * book/rows.h: the rows of the book: fixed-width structs, stored as they are (little-endian hosts
 * only, asserted at build), dense ids from 0 in order of entry.
 *
 * Text ids are interned: `key` etc. are offsets into a string pool of the loaded city (city.h); in
 * the store the texts stand behind the row or in the string table. BOOK_NONE = "not given" for an
 * id, MASS_NONE for a mass, TIME_NONE for a time.
 * seq: entry number. known_ms: when the row was on the ledger (entered_at, else its own time).
 */
#ifndef BOOK_ROWS_H
#define BOOK_ROWS_H

#include <assert.h>
#include <stdint.h>

#include "base/time.h"
#include "model/track.h"
#include "model/vocabulary.h"

#define BOOK_NONE UINT32_MAX
#define MASS_NONE INT64_MIN

typedef uint32_t text_ref; /* city_text(city, ref); BOOK_NONE: not given */
typedef uint32_t party_id; /* index into city->parties, and so on for the others */
typedef uint32_t site_id;
typedef uint32_t vehicle_id;
typedef uint32_t scale_id;
typedef uint32_t code_id; /* waste code; city->codes */
typedef uint32_t manifest_id;
typedef uint32_t event_id;
typedef uint32_t weighing_id;

typedef struct party_row {
    uint64_t seq;
    int64_t registered_ms;
    text_ref key, name, legal_id, district;
    uint32_t roles;
    uint32_t pad;
} party_row;
static_assert(sizeof(party_row) == 40, "party_row");

typedef struct site_row {
    uint64_t seq;
    int64_t driver_value_micro; /* MASS_NONE: not given */
    int64_t storage_limit_g;
    int64_t opened_ms, closed_ms;
    text_ref key, name, district, grid;
    party_id party;
    uint32_t kind;   /* enum site_kind */
    uint32_t driver; /* enum driver_kind */
    int32_t lat_e7, lon_e7;
    uint32_t location_unknown; /* 1: no coordinates; rules that need a place skip the site */
} site_row;
static_assert(sizeof(site_row) == 80, "site_row");

typedef struct place_row {
    uint64_t seq;
    text_ref key;
    uint32_t kind;
    int32_t lat_e7, lon_e7;
    uint32_t radius_mm;
    uint32_t pad;
} place_row;
static_assert(sizeof(place_row) == 32, "place_row");

typedef struct permit_row {
    uint64_t seq;
    int64_t limit_g_per_year, limit_g_per_day; /* MASS_NONE: no limit */
    int64_t valid_from_ms, valid_to_ms;        /* both inclusive */
    int64_t known_ms;                          /* TIME_NONE: known from the start */
    text_ref key;
    party_id holder_party; /* exactly one of the two holders is given */
    site_id holder_site;
    uint32_t kind;
    site_id destination_site;
    text_ref destination_district;
    text_ref waste_codes, methods, vehicles; /* joined by '|' */
    uint32_t pad;
} permit_row;
static_assert(sizeof(permit_row) == 88, "permit_row");

typedef struct vehicle_row {
    uint64_t seq;
    int64_t tare_g, max_payload_g;
    text_ref key, kind;
    party_id party;
    uint32_t pad;
} vehicle_row;
static_assert(sizeof(vehicle_row) == 40, "vehicle_row");

typedef struct scale_row {
    uint64_t seq;
    int64_t division_g, max_g, calibrated_ms;
    text_ref key;
    site_id site;
} scale_row;
static_assert(sizeof(scale_row) == 40, "scale_row");

typedef struct filing_row {
    uint64_t seq;
    int64_t from_ms, to_ms; /* half open */
    text_ref key, text;
    uint32_t kind;
    site_id site;
    vehicle_id vehicle;
    int32_t lat_e7, lon_e7;
    uint32_t radius_mm; /* 0: no place given */
} filing_row;
static_assert(sizeof(filing_row) == 56, "filing_row");

typedef struct activity_row {
    uint64_t seq;
    int64_t from_ms, to_ms;
    int64_t value_micro;
    site_id site;
    uint32_t driver;
} activity_row;
static_assert(sizeof(activity_row) == 40, "activity_row");

typedef struct generation_row {
    uint64_t seq;
    int64_t time_ms;
    int64_t mass_g;
    text_ref key;
    site_id site;
    code_id code;
    uint32_t basis;
} generation_row;
static_assert(sizeof(generation_row) == 40, "generation_row");

enum manifest_state {
    MANIFEST_FILED,
    MANIFEST_PICKED_UP,
    MANIFEST_HANDED_OVER,
    MANIFEST_ARRIVED,
    MANIFEST_RECEIVED, /* in full or in part */
    MANIFEST_REJECTED, /* wholly refused */
    MANIFEST_RETURNED,
    MANIFEST_REDIRECTED,
    MANIFEST_CONFIRMED,
    MANIFEST_CANCELLED,
    MANIFEST_STATE_COUNT
};

typedef struct manifest_row {
    uint64_t seq;
    int64_t filed_ms, known_ms;
    int64_t declared_g;             /* MASS_NONE: not given */
    int64_t picked_up_g;            /* sum of pick-ups whose mass is given; MASS_NONE: none given */
    int64_t received_g;             /* accepted, after corrections; MASS_NONE: not received */
    int64_t rejected_g, returned_g; /* 0 when none */
    int64_t in_transit_g;           /* what the account holds now */
    int64_t unaccounted_g; /* picked up minus received minus rejected, closed at receipt; < 0:
                              undeclared */
    int64_t picked_up_ms;  /* first pick-up; TIME_NONE: none; so for the others */
    int64_t arrived_ms, received_ms, confirmed_ms;
    text_ref key;
    code_id code;
    site_id generator_site;
    party_id carrier;
    vehicle_id vehicle;
    site_id facility_site; /* changed by redirected */
    event_id last_event;   /* then event_row.previous ...; BOOK_NONE: none */
    weighing_id last_weighing;
    text_ref consignment;
    uint16_t pick_ups; /* number of picked_up events */
    uint16_t events;
    uint8_t stream; /* enum waste_stream */
    uint8_t state;  /* enum manifest_state */
    uint8_t pad[2];
} manifest_row;
static_assert(sizeof(manifest_row) == 160, "manifest_row");

typedef struct event_row {
    uint64_t seq;
    int64_t time_ms, known_ms;
    int64_t mass_g; /* MASS_NONE: not given */
    manifest_id manifest;
    event_id previous; /* of the same manifest */
    site_id site;
    party_id party;
    vehicle_id vehicle;
    scale_id scale;
    text_ref note;
    uint32_t kind; /* enum manifest_event */
} event_row;
static_assert(sizeof(event_row) == 64, "event_row");

typedef struct weighing_row {
    uint64_t seq;
    int64_t gross_ms, gross_g;
    int64_t tare_ms; /* TIME_NONE: a stored tare */
    int64_t tare_g;
    text_ref key;
    scale_id scale;
    vehicle_id vehicle;
    manifest_id manifest; /* BOOK_NONE: a round, or a missing link */
    weighing_id previous; /* of the same manifest */
    uint32_t manual;
} weighing_row;
static_assert(sizeof(weighing_row) == 64, "weighing_row");

typedef struct stocktake_row {
    uint64_t seq;
    int64_t time_ms;
    int64_t mass_g;
    int64_t book_g; /* book stock just before it */
    site_id site;
    code_id code;
    uint32_t rel_sigma_ppm; /* 0: not given */
    uint32_t first;         /* 1: the first of this site and code, so an opening balance */
} stocktake_row;
static_assert(sizeof(stocktake_row) == 48, "stocktake_row");

typedef struct treatment_row {
    uint64_t seq;
    int64_t time_ms, known_ms;
    int64_t mass_g;   /* whole input, repeated on each output */
    int64_t output_g; /* MASS_NONE: not given */
    text_ref key;     /* treatment_id, without the output code */
    site_id site;
    code_id code, output_code; /* BOOK_NONE: no output stated */
    text_ref method;
    uint32_t first; /* 1: first row of its treatment_id; only this one takes mass_g out of stock */
} treatment_row;
static_assert(sizeof(treatment_row) == 64, "treatment_row");

typedef struct track_row { /* one vehicle and day */
    vehicle_id vehicle;
    int32_t day;
    uint32_t first; /* index into city->fixes */
    uint32_t count;
    uint64_t seq;
} track_row;

typedef struct report_row {
    uint64_t seq;
    int64_t time_ms;
    text_ref key, text;
    int32_t lat_e7, lon_e7;
    uint32_t category;
    uint32_t pad;
} report_row;
static_assert(sizeof(report_row) == 40, "report_row");

typedef struct calendar_row {
    int32_t day;
    uint32_t working;
    uint64_t seq;
} calendar_row;

/* The accounts of one site and waste code; the sum over all sites of a code is zero, always. */
enum account_kind {
    ACCOUNT_GENERATED,  /* source: minus what was produced */
    ACCOUNT_OPENING,    /* source: minus the stock found at the first stock take */
    ACCOUNT_MADE,       /* source: minus what treatments put out under this code */
    ACCOUNT_ON_SITE,    /* stock */
    ACCOUNT_IN_TRANSIT, /* picked up here and not yet received, returned or written off */
    ACCOUNT_TREATED,    /* sink: taken in by treatments */
    ACCOUNT_PRODUCT,    /* sink: output codes `product` */
    ACCOUNT_LOSS, /* sink: output codes `leachate`, `water`: declared moisture and process loss */
    ACCOUNT_UNACCOUNTED, /* left and did not arrive, or gone at a stock take */
    ACCOUNT_UNDECLARED,  /* minus what appeared from nowhere */
    ACCOUNT_COUNT
};

typedef struct account_row {
    int64_t balance_g[ACCOUNT_COUNT];
} account_row;

/* Flows of one day, site and code, each >= 0 unless said. */
enum flow_kind {
    FLOW_OPENING,
    FLOW_GENERATED,
    FLOW_IN,   /* received here */
    FLOW_MADE, /* output of treatments */
    FLOW_OUT,  /* picked up here, minus returned */
    FLOW_TREATED,
    FLOW_PRODUCT,
    FLOW_LOSS,
    FLOW_UNACCOUNTED_STOCK, /* missing at stock takes here */
    FLOW_UNDECLARED_STOCK,
    FLOW_UNACCOUNTED_TRANSIT, /* of loads that left here */
    FLOW_UNDECLARED_TRANSIT,
    FLOW_COUNT
};

typedef struct day_row {
    int32_t day;
    site_id site;
    code_id code;
    uint32_t pad;
    int64_t mass_g[FLOW_COUNT];
} day_row;

#endif
