/*
 * sim/city.h: a made-up city and the parts that bring it to life.
 *
 * The simulator knows the exchange bundle and nothing of the ledger. Its parts:
 *   random.c   the random numbers
 *   calendar.c dates
 *   writer.c   CSV tables, each row put in the order of its time, a day at a time
 *   vocabulary.c waste codes, recipes of plants, names
 *   city.c     who there is: parties, sites, vehicles, scales (build), and city_files.c writes them
 *   flows.c    which waste goes where
 *   day.c      one day: generation, treatment, stock takes, activity
 *   rounds.c   collection rounds (household, medical) and construction sites
 *   trip.c     one load from pick-up to confirmation, with its mishaps
 *   track.c    positions of vehicles
 *   fraud.c    who cheats, how, and the answer key
 *   main.c     options, the order of everything
 *
 * Masses are whole grams and true ("what is really there") unless named measured or declared.
 * Times are seconds since 1970 of the city's own clock, which is UTC+8.
 * Memory is bounded by the entities and a few days of rows.
 */
#ifndef SIM_CITY_H
#define SIM_CITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DAY_S = 86400, HOUR_S = 3600, MINUTE_S = 60, NOBODY = -1 };

/* ---- random.c ---- */

typedef struct random_state {
    uint64_t s[4];
} random_state;

void random_seed(random_state *r, uint64_t seed);
uint64_t random_bits(random_state *r);
uint32_t random_below(random_state *r, uint32_t limit);
int64_t random_between(random_state *r, int64_t low, int64_t high); /* both included */
double random_unit(random_state *r);                                /* [0, 1) */
double random_range(random_state *r, double low, double high);
bool random_chance(random_state *r, double probability);
double random_normal(random_state *r);            /* mean 0, sd 1, within 3.5 */
double random_skewed(random_state *r, double sd); /* around 1, right-skewed */

/* ---- writer.c ---- */

enum table_id {
    TABLE_PARTIES,
    TABLE_SITES,
    TABLE_PLACES,
    TABLE_PERMITS,
    TABLE_VEHICLES,
    TABLE_SCALES,
    TABLE_FILINGS,
    TABLE_ACTIVITY,
    TABLE_GENERATION,
    TABLE_MANIFESTS,
    TABLE_EVENTS,
    TABLE_WEIGHINGS,
    TABLE_STOCKTAKES,
    TABLE_TREATMENTS,
    TABLE_TRACKS,
    TABLE_CALENDAR,
    TABLE_REPORTS,
    TABLE_TRUTH,
    TABLE_TRUTH_ACTS,
    TABLE_COUNT
};

typedef struct writer writer;

/* The folder is made if it is missing; a folder that holds a bundle already is refused.
   NULL with a message on stderr. */
writer *writer_open(const char *folder, int64_t first_day, int64_t end_day, bool gzip_tracks,
                    bool tracks, bool frauds);
/* A row of `table` at `time`: its cells in the order of the header, then row_end. Rows at or after
   the end of the city's time are dropped. */
void row_begin(writer *w, enum table_id table, int64_t time);
void row_end(writer *w);
void row_repeat(writer *w); /* the row just ended once more, byte for byte */
void cell_text(writer *w, const char *text);
void cell_quoted(writer *w, const char *text); /* for a text that may hold a comma */
void cell_id(writer *w, const char *prefix, uint64_t number, unsigned digits);
void cell_number(writer *w, int64_t number);
void cell_kg(writer *w, int64_t mass_g);
void cell_time(writer *w, int64_t time);
void cell_degrees(writer *w, double degrees, unsigned decimals); /* not negative */
void cell_empty(writer *w);
void cell_list_item(writer *w, bool first, const char *text); /* joined by | in one cell */
/* Writes all rows of the days before `day` (days since 1970), in the order of their time. */
void writer_flush(writer *w, int64_t day);
uint64_t writer_rows(const writer *w);
uint64_t writer_rows_of(const writer *w, enum table_id table);
bool writer_close(writer *w); /* false with a message when anything could not be written */

/* ---- calendar.c ---- */

void time_date(int64_t day, char out[11]);                   /* "2026-03-20" */
int64_t time_day_of(int year, unsigned month, unsigned day); /* days since 1970 */
bool time_parse_date(const char *text, int64_t *out_day);
unsigned time_month_day(int64_t day); /* month x 100 + day */

/* ---- vocabulary.c ---- */

enum stream { INDUSTRIAL, HAZARDOUS, CONSTRUCTION, MEDICAL, HOUSEHOLD, STREAM_COUNT };

enum site_kind {
    FACTORY,
    WORKSHOP,
    HOSPITAL,
    CLINIC,
    CONSTRUCTION_SITE,
    DEMOLITION_SITE,
    COMMUNITY,
    MARKET,
    TRANSFER_STATION,
    COLLECTION_CENTRE,
    INCINERATOR,
    LANDFILL,
    HAZARDOUS_TREATMENT,
    MEDICAL_TREATMENT,
    CEMENT_KILN,
    RECYCLER,
    SPOIL_GROUND,
    FOOD_WASTE_PLANT,
    DEPOT,
    KIND_COUNT
};

enum code {
    SW03,
    SW07,
    SW11,
    SW13,
    SW14,
    SW15,
    SW16,
    SW17,
    SW59,
    HW_STILL,     /* 276-002-02 */
    HW_COPPER,    /* 336-054-17 */
    HW_SLUDGE,    /* 336-062-17 */
    HW_EMULSION,  /* 900-006-09 */
    HW_RESIDUE,   /* 900-013-11 */
    HW_CARBON,    /* 900-039-49 */
    HW_PACKAGING, /* 900-041-49 */
    HW_LAB,       /* 900-047-49 */
    HW_BATTERY,   /* 900-052-31 */
    HW_OIL,       /* 900-249-08 */
    HW_PAINT,     /* 900-252-12 */
    HW_INK,       /* 900-253-12 */
    HW_FLY_ASH,   /* 772-002-18 */
    HW_BURNT,     /* 772-003-18 */
    SW70,
    SW73,
    MEDICAL_WASTE,
    SW61,
    SW62,
    SW64,
    CODE_COUNT,
    OUT_PRODUCT = CODE_COUNT, /* outputs that leave the books */
    OUT_LEACHATE,
    OUT_WATER,
    OUTPUT_COUNT
};

typedef struct recipe_output {
    int code; /* enum code or OUT_.. */
    double share;
} recipe_output;

typedef struct recipe {
    enum site_kind kind;
    enum code code;
    const char *method;
    recipe_output outputs[3]; /* share 0 ends them */
} recipe;

extern const char *const code_text[OUTPUT_COUNT];
extern const char *const stream_text[STREAM_COUNT];
extern const char *const kind_text[KIND_COUNT];
extern const char *const driver_text[KIND_COUNT];
extern const recipe recipes[];
extern const size_t recipe_count;
enum stream code_stream(enum code code);
bool kind_is_plant(enum site_kind kind);
/* A name such as 绍兴嘉达印染有限公司. */
void name_site(random_state *r, enum site_kind kind, char *out, size_t size);
void name_carrier(random_state *r, enum stream stream, char *out, size_t size);
/* A unified social credit code with a right check character (GB 32100-2015). */
void name_legal_id(random_state *r, const char *district, char out[19]);

enum { KG = 1000, TONNE = 1000000 }; /* in grams */

/* ---- city.c ---- */

typedef struct point {
    double lat, lon;
} point;

typedef struct party {
    char name[80];
    const char *roles;
    char legal_id[19];
    char district[7];
    int64_t registered_at;
} party;

typedef struct site {
    int32_t party;
    enum site_kind kind;
    char name[80];
    point at;
    char district[10], grid[14];
    double driver_value;
    int64_t storage_limit_g;
    int64_t opened_at, closed_at; /* 0: not closed */
    int32_t truck_scale, small_scale;
    int32_t first_holding, holding_count;
    bool foreign;                     /* in another province: only its receipts are in the bundle */
    double expected_in_g;             /* a day, from all who send here */
    double kwh_per_t;                 /* of treated waste or product */
    double kwh_base;                  /* a day, without work */
    double period_driver, period_kwh; /* since the last activity row */
    int64_t shutdown_from, shutdown_to;
    double loads_per_day;                    /* construction and demolition */
    int32_t lazy_case, ghost_case, pit_case; /* frauds */
} site;

/* What a site holds of a code; a generator's or a plant's residue has a facility to go to. */
typedef struct holding {
    int32_t site;
    enum code code;
    const recipe *recipe; /* NULL: not treated here */
    int64_t stock_g;
    int64_t booked_g; /* received by the scale's reading less what was told as treated */
    int64_t fresh_g;  /* generated since the last declared batch; received since the last press */
    int64_t hidden_g; /* generated, not declared (fraud) */
    int64_t ghost_g;  /* on paper only (fraud): to be treated on paper */
    double daily_g;
    int64_t lot_g; /* shipped when the stock reaches it */
    int32_t facility, carrier;
    int32_t batch_days; /* generation is declared every so many days */
    int32_t under_case, export_case;
    int32_t honest_facility;
    bool has_cross_permit;
    int64_t export_limit_g, exported_g;
} holding;

typedef struct vehicle {
    int32_t party, carrier;
    uint32_t kind;
    char plate[20];
    int64_t tare_g, payload_g;
    point home, at;
    int64_t free_at;
    int64_t outage_from, outage_to;
    bool out_today;
} vehicle;

enum vehicle_kind {
    COMPACTOR = 1,
    FOOD_TRUCK = 2,
    HOOK_LIFT = 4,
    HAZMAT = 8,
    HAZMAT_LIGHT = 16,
    TRUCK = 32,
    SEMI = 64,
    TIPPER = 128,
    VAN = 256
};

typedef struct carrier {
    int32_t party, depot;
    enum stream stream;
    int32_t first_vehicle, vehicle_count;
    int32_t shave_case;
} carrier;

typedef struct scale {
    int32_t site;
    int64_t division_g, max_g, calibrated_at;
    double systematic;        /* relative */
    int64_t off_from, off_to; /* badly calibrated in this time, and nobody's fault */
    double off_by;
    uint32_t tickets;
} scale;

typedef struct collection_round {
    enum code code;
    int32_t first, count; /* in round_sites */
    int32_t facility, carrier;
    int64_t ran_day; /* the last day on which a van had time for it */
} collection_round;

enum { RELATED_MAX = 200 };

typedef struct fraud_case {
    const char *fraud;
    const char *subject_kind;
    char subject_id[48], culprits[160];
    int64_t window_from, window_to; /* when it is planned */
    int64_t first_at, last_at;      /* of the acts */
    int64_t mass_g;
    double share;
    point place;
    int32_t nodes[3]; /* the sites of a circle */
    int32_t stage;
    char *related;
    size_t related_length, related_count;
} fraud_case;

typedef struct city_options {
    const char *folder;
    uint64_t seed;
    double size;
    int64_t start_day, days;
    bool frauds, gzip_tracks, tracks;
    const char *prefix;
} city_options;

typedef struct city {
    city_options options;
    random_state random;
    writer *out;
    int64_t start, end; /* seconds */
    int64_t day;        /* days since 1970, of the day being lived */
    double rain;        /* share that open loads gain today */
    double festival;    /* household factor today */
    int64_t rain_from, rain_to;
    party *parties;
    int32_t party_count, party_room;
    site *sites;
    int32_t site_count, site_room;
    holding *holdings;
    int32_t holding_count, holding_room;
    vehicle *vehicles;
    int32_t vehicle_count, vehicle_room;
    carrier *carriers;
    int32_t carrier_count, carrier_room;
    scale *scales;
    int32_t scale_count, scale_room;
    collection_round *rounds;
    int32_t round_count, round_room;
    int32_t *round_sites;
    int32_t round_site_count, round_site_room;
    int32_t *of_kind[KIND_COUNT];
    int32_t of_kind_count[KIND_COUNT];
    fraud_case *cases;
    int32_t case_count, case_room;
    uint64_t hazardous_serial, batch_serial, treatment_serial, filing_serial, report_serial;
    uint32_t day_serial[3][8]; /* GY, JZ, SH by day modulo 8 */
    int64_t day_serial_day[3][8];
    uint64_t manifests;
    char last_manifest[48]; /* of the last trip that was driven */
    char id_prefix[24][24]; /* the ids' first letters with --ids-prefix before them */
} city;

enum id_kind {
    ID_PARTY,
    ID_SITE,
    ID_PERMIT,
    ID_SCALE,
    ID_PLACE,
    ID_FILING,
    ID_BATCH,
    ID_TREATMENT,
    ID_REPORT,
    ID_CASE,
    ID_KIND_COUNT
};

void *grow(void *array, int32_t count, int32_t *room, size_t size); /* exits when out of memory */
void city_build(city *c);
void city_free(city *c);
holding *city_holding(city *c, int32_t site_index, enum code code); /* NULL: none */
int32_t city_carrier_for(city *c, enum stream stream);
point city_random_point(city *c);
void city_cell(city *c, enum id_kind kind, int32_t index); /* the id of the index-th, as a cell */
void city_id(const city *c, enum id_kind kind, int32_t index, char out[48]);

/* ---- flows.c ---- */

void flows_plan(city *c); /* of all sites and carriers there are */

/* ---- city_files.c ---- */

void city_write(city *c);          /* parties, sites, places, permits, vehicles, scales */
void city_write_calendar(city *c); /* the row of c->day, if it has one */

/* ---- day.c ---- */

void day_open(city *c); /* stock takes of the first day */
void day_live(city *c); /* one whole day, c->day */
bool day_is_working(int64_t day);
bool site_is_open(const city *c, const site *s);

/* ---- rounds.c ---- */

void rounds_plan(city *c);
void rounds_run(city *c);
void construction_run(city *c);

/* ---- trip.c ---- */

typedef struct load {
    holding *from;
    int64_t mass_g;
    int32_t facility;
    uint32_t kinds; /* vehicles that can carry it */
} load;

/* False when no vehicle has time today. Takes the mass from the holding's stock. */
bool trip_run(city *c, const load *what);
int32_t trip_vehicle(city *c, int32_t carrier, uint32_t kinds, int64_t mass_g, int64_t latest);
void trip_manifest_number(city *c, enum stream stream, int64_t filed_at, char out[48]);
int64_t scale_read(city *c, const scale *s, int64_t mass_g, int64_t at);
double distance_km(point a, point b);
int64_t travel_s(city *c, const vehicle *v, point to);
void trip_manifest_row(city *c, const char *number, enum code code, int32_t generator,
                       const vehicle *v, int32_t facility, int64_t filed_at, int64_t declared_g,
                       int64_t entered_delay_s);

typedef struct event {
    const char *manifest, *event;
    int64_t at;
    int32_t site;
    const vehicle *vehicle; /* NULL: none */
    int64_t mass_g;         /* negative: none */
    int32_t scale;          /* NOBODY: none */
    const char *note;
    int64_t entered_delay_s;
} event;

void trip_event_row(city *c, const event *e);

typedef struct ticket {
    int32_t scale;
    const vehicle *vehicle;
    int64_t gross_at, gross_g, tare_at, tare_g;
    bool stored_tare, manual;
    const char *manifest; /* "" for a round of several */
} ticket;

void trip_ticket_row(city *c, const ticket *t);

/* ---- track.c ---- */

void track_go(city *c, vehicle *v, point to, int64_t depart, int64_t arrive);
void track_stay(city *c, vehicle *v, int64_t from, int64_t to);
void track_go_home(city *c, vehicle *v);

/* ---- fraud.c ---- */

void fraud_plan(city *c);  /* after city_build, before city_write */
void fraud_day(city *c);   /* what happens beside the honest day */
void fraud_write(city *c); /* truth.csv */
bool fraud_active(const city *c, int32_t index);
void fraud_act(city *c, int32_t index, int64_t at, int64_t mass_g, const char *related);
void fraud_free(city *c);
void report_near(city *c, point at, int64_t time, const char *category, const char *text);

#endif
