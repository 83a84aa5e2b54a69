/*
 * model/vocabulary.h: the closed word lists of the bundle, each with its number in the log.
 *
 * The numbers are part of the format of the ledger: never renumber, only append. Zero is "none".
 */
#ifndef MODEL_VOCABULARY_H
#define MODEL_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

enum party_role { ROLE_GENERATOR = 1, ROLE_CARRIER = 2, ROLE_FACILITY = 4, ROLE_REGULATOR = 8 };

enum waste_stream {
    STREAM_NONE,
    STREAM_INDUSTRIAL,
    STREAM_HAZARDOUS,
    STREAM_CONSTRUCTION,
    STREAM_MEDICAL,
    STREAM_HOUSEHOLD,
    STREAM_COUNT
};

enum site_kind {
    SITE_NONE,
    SITE_FACTORY,
    SITE_WORKSHOP,
    SITE_HOSPITAL,
    SITE_CLINIC,
    SITE_CONSTRUCTION,
    SITE_DEMOLITION,
    SITE_COMMUNITY,
    SITE_MARKET,
    SITE_TRANSFER_STATION,
    SITE_COLLECTION_CENTRE,
    SITE_INCINERATOR,
    SITE_LANDFILL,
    SITE_HAZARDOUS_TREATMENT,
    SITE_MEDICAL_TREATMENT,
    SITE_CEMENT_KILN,
    SITE_RECYCLER,
    SITE_SPOIL_GROUND,
    SITE_FOOD_WASTE_PLANT,
    SITE_DEPOT,
    SITE_KIND_COUNT
};

enum driver_kind {
    DRIVER_NONE,
    DRIVER_BED_DAY,
    DRIVER_VISIT,
    DRIVER_STAFF,
    DRIVER_FLOOR_M2_NEW,
    DRIVER_FLOOR_M2_DEMOLITION,
    DRIVER_FLOOR_M2_DECORATION,
    DRIVER_PERSON,
    DRIVER_T_PRODUCT,
    DRIVER_KWH,
    DRIVER_COUNT
};

enum place_kind {
    PLACE_NONE,
    PLACE_FUEL,
    PLACE_PARKING,
    PLACE_REPAIR,
    PLACE_WEIGHBRIDGE,
    PLACE_COUNT
};

enum permit_kind {
    PERMIT_NONE,
    PERMIT_TREAT,
    PERMIT_COLLECT,
    PERMIT_TRANSPORT,
    PERMIT_SPOIL_DISPOSAL,
    PERMIT_CROSS_REGION,
    PERMIT_COUNT
};

enum filing_kind {
    FILING_NONE,
    FILING_SHUTDOWN,
    FILING_PROCESS_CHANGE,
    FILING_DEVICE_OUTAGE,
    FILING_ROAD_CLOSURE,
    FILING_SCALE_REPAIR,
    FILING_COUNT
};

enum generation_basis { BASIS_NONE, BASIS_WEIGHED, BASIS_ESTIMATED, BASIS_COUNT };

enum report_category {
    REPORT_NONE,
    REPORT_DUMPING,
    REPORT_ODOUR,
    REPORT_SPILL,
    REPORT_OTHER,
    REPORT_COUNT
};

enum manifest_event {
    EVENT_NONE,
    EVENT_PICKED_UP,
    EVENT_HANDED_OVER,
    EVENT_ARRIVED,
    EVENT_RECEIVED,
    EVENT_REJECTED,
    EVENT_RETURNED,
    EVENT_REDIRECTED,
    EVENT_CONFIRMED,
    EVENT_CORRECTED,
    EVENT_CANCELLED,
    EVENT_COUNT
};

/* A word list: words[0] is NULL ("none"), words[1 .. count-1] the bundle's words. */
typedef struct vocabulary {
    const char *what; /* "site kind", for error messages */
    const char *const *words;
    uint32_t count;
} vocabulary;

extern const vocabulary vocabulary_stream, vocabulary_site_kind, vocabulary_driver,
    vocabulary_place_kind, vocabulary_permit_kind, vocabulary_filing_kind, vocabulary_basis,
    vocabulary_report_category, vocabulary_event, vocabulary_role; /* role: bit (n-1) of roles */

/* The number of a word, 0 when it is not in the list. */
uint32_t vocabulary_find(const vocabulary *v, const char *word, size_t size);
/* The word of a number, "" for 0 and "?" for a number outside the list. */
const char *vocabulary_word(const vocabulary *v, uint32_t number);
/* "a, b, c": all words, for error messages; returns `out`. */
char *vocabulary_all(char *out, size_t size, const vocabulary *v);

#endif
