/*
 * book/internal.h: what the files of the book share with each other and with nobody else.
 *
 * Keys and values of the book's tables, all numbers of keys big-endian:
 *
 *   table                            key                          value
 *   parties ... reports              u32 id                       row struct, then the text id
 *   strings, codes                   u32 id                       the text
 *   string_ids, code_ids             the text                     u32 id (big-endian)
 *   names                            u8 kind, text id             u32 id (big-endian)
 *   tracks                           u32 vehicle, u32 day, u64 seq  u32 count (little-endian),
 * fixes calendar                         u32 day                      calendar_row accounts u32
 * site, u32 code           account_value days                             u32 day, u32 site, u32
 * code  day_row code_totals                      u32 code                     code_total
 *
 * A day in a key is the day number with its top bit flipped, so that days before 1970 sort first.
 * The name of a treatment is treatment_id (its first row), and treatment_id, 0x00, output_code
 * (each row).
 */
#ifndef BOOK_INTERNAL_H
#define BOOK_INTERNAL_H

#include "base/text.h"
#include "book/book.h"
#include "book/cache.h"
#include "book/transitions.h"
#include "model/record.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are stored as they are");

enum book_table {
    BOOK_PARTIES,
    BOOK_SITES,
    BOOK_PLACES,
    BOOK_PERMITS,
    BOOK_VEHICLES,
    BOOK_SCALES,
    BOOK_FILINGS,
    BOOK_ACTIVITIES,
    BOOK_GENERATIONS,
    BOOK_MANIFESTS,
    BOOK_EVENTS,
    BOOK_WEIGHINGS,
    BOOK_STOCKTAKES,
    BOOK_TREATMENTS,
    BOOK_REPORTS,
    BOOK_STRINGS,
    BOOK_CODES,
    BOOK_DENSE_COUNT, /* above: keys are 0, 1, 2 ... */
    BOOK_STRING_IDS = BOOK_DENSE_COUNT,
    BOOK_CODE_IDS,
    BOOK_NAMES,
    BOOK_TRACKS,
    BOOK_CALENDAR,
    BOOK_ACCOUNTS,
    BOOK_DAYS,
    BOOK_CODE_TOTALS,
    BOOK_TABLE_COUNT
};

enum {
    NAME_KEY_MAX = 1 + TEXT_ID_MAX + 1 + TEXT_ID_MAX, /* kind, treatment_id, 0x00, output_code */
    INTERN_MAX = 400,          /* longer texts are stored, but not looked for again */
    MANIFEST_EVENTS_MAX = 1000 /* a limit of the loops over one manifest */
};

typedef struct account_value {
    account_row row;
    uint32_t kept;       /* 1: stock is kept here: generation, stock take, receipt or output seen */
    uint32_t stocktaken; /* 1: a stock take was entered */
} account_value;
_Static_assert(sizeof(account_value) == 88, "account_value");

typedef struct code_total {
    int64_t sum_g;      /* of all accounts; zero after every record */
    int64_t turnover_g; /* of all postings without sign: no balance can be larger */
} code_total;
/* Beyond this no more is posted to a code, so that no sum ever overflows. */
#define TURNOVER_MAX_G (INT64_C(1) << 61)

typedef struct manifest_value {
    manifest_row row;
    uint8_t text_id[TEXT_ID_MAX];
} manifest_value;

struct book {
    int utc_offset_minutes;
    ledger *ledger; /* for the text of a conflict; NULL before book_attach */
    bool loaded;    /* counts are those of the store (and of what is not committed yet) */
    uint32_t counts[BOOK_DENSE_COUNT];
    uint32_t committed_manifests; /* from here on manifests are appended at the flush */
    text_map names;               /* registry ids and codes: small, kept */
    text_map manifest_names;
    text_map strings;
    text_map codes;
    row_cache manifests, accounts, days, totals;
    arena scratch; /* of one record */
};

/* One record on its way into the book. */
typedef struct apply_context {
    book *b;
    store_txn *txn;
    uint64_t seq;
    const Wufei__Record *record;
    wf_error *err;
} apply_context;

#define BOOK_TRY(expression)                                                                       \
    do {                                                                                           \
        wf_status try_status_ = (expression);                                                      \
        if (try_status_ != WF_OK)                                                                  \
            return try_status_;                                                                    \
    } while (0)

static inline unsigned book_table_number(enum book_table table)
{
    return (unsigned)LEDGER_TABLES + (unsigned)table;
}
static inline void key_u32(uint8_t out[4], uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}
static inline uint32_t u32_key(const uint8_t *key)
{
    return (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
}
static inline uint32_t day_key(int32_t day)
{
    return (uint32_t)day ^ UINT32_C(0x80000000);
}

/* ---- tables.c: keys, counts, rows, names ---------------------------------------------------- */

/* What each table of rows holds. */
typedef struct table_shape {
    const char *name;
    size_t row_size;       /* 0: not a table of rows */
    enum object_kind kind; /* OBJECT_NONE: rows without a text id */
    const char *id_name;   /* column of the text id */
} table_shape;
extern const table_shape book_shapes[BOOK_TABLE_COUNT];

/* WF_DAMAGED: a row that the log cannot have made. */
wf_status book_row_broken(enum book_table table, wf_error *err);
wf_status book_load_counts(book *b, store_txn *txn, wf_error *err);
void book_forget(book *b); /* all caches and counts */
/* The table of an object kind, BOOK_TABLE_COUNT for OBJECT_NONE. */
enum book_table book_table_of(enum object_kind kind);
/* Stores a row (and its text id, when not NULL) under the next id of the table. */
wf_status row_append(apply_context *x, enum book_table table, const void *row, const char *text_id,
                     uint32_t *out_id);
/* The row struct of an id, copied out. WF_DAMAGED when there is none. */
wf_status row_read(store_txn *txn, enum book_table table, uint32_t id, void *out, wf_error *err);
/* Rewrites the struct of a row that is there, keeping its text id (not for manifests). */
wf_status name_find(apply_context *x, enum object_kind kind, const char *text_id, bool *found,
                    uint32_t *out);
wf_status name_lookup(store_txn *txn, enum object_kind kind, const char *text_id, size_t size,
                      bool *found, uint32_t *out, wf_error *err);
wf_status name_put(apply_context *x, enum object_kind kind, const char *text_id, size_t size,
                   uint32_t id);
/* Refuses when the name is taken: COLUMN ID: already entered as entry N with other content (...).
 */
wf_status name_must_be_free(apply_context *x, enum object_kind kind, const char *text_id);
/* The id of a name that must be known; WF_REFUSED "COLUMN ID: no such ..." when it is not. */
wf_status name_must_exist(apply_context *x, enum object_kind kind, const char *column,
                          const char *text_id, uint32_t *out);
/* The same, BOOK_NONE when text_id is NULL. */
wf_status name_if_given(apply_context *x, enum object_kind kind, const char *column,
                        const char *text_id, uint32_t *out);

/* ---- city_check.c --------------------------------------------------------------------------- */

/* WF_DAMAGED when a loaded row names what is not there or says what cannot be. */
wf_status city_check(const city *c, wf_error *err);

/* ---- conflict.c ----------------------------------------------------------------------------- */

wf_status conflict_refuse(apply_context *x, const char *column, const char *text_id,
                          uint64_t old_seq);

/* ---- strings.c ------------------------------------------------------------------------------ */

/* Gives the text its number; NULL and "" are BOOK_NONE. Changes the store: only after all checks.
 */
wf_status string_intern(apply_context *x, const char *text, text_ref *out);
wf_status string_intern_list(apply_context *x, char *const *items, size_t count, text_ref *out);
/* Looks a waste code up without giving it a number: BOOK_NONE when it is new. */
wf_status code_find(apply_context *x, const char *code, code_id *out);
wf_status code_intern(apply_context *x, const char *code, code_id *out);

/* ---- stock.c: accounts and day totals ------------------------------------------------------- */

/* Refuses when the books of a code (BOOK_NONE: a new one) are full. */
wf_status stock_has_room(apply_context *x, code_id code, const char *code_text);
wf_status stock_account(apply_context *x, site_id site, code_id code, const account_value **out);
wf_status stock_post(apply_context *x, site_id site, code_id code, enum account_kind account,
                     int64_t mass_g);
wf_status stock_flow(apply_context *x, int64_t time_ms, site_id site, code_id code,
                     enum flow_kind flow, int64_t mass_g);
wf_status stock_keep(apply_context *x, site_id site, code_id code, bool stocktaken);
void stock_assert_zero_sums(const book *b);

wf_status generation_apply(apply_context *x, const Wufei__Generation *generation);
wf_status stocktake_apply(apply_context *x, const Wufei__Stocktake *stocktake);

/* ---- transit.c: what a manifest's events mean for the accounts ------------------------------ */

/* What one manifest has put on the accounts of one site. */
typedef struct site_position {
    site_id site;
    int64_t picked_up_g, returned_g, received_g;
    int64_t in_transit_g, unaccounted_g, undeclared_g; /* of loads that left here */
} site_position;

typedef struct transit {
    int64_t picked_up_g; /* MASS_NONE: no pick-up has a mass */
    int64_t received_g;  /* MASS_NONE: not received, or of unknown mass */
    int64_t rejected_g, returned_g, in_transit_g, unaccounted_g;
    site_position *sites;
    size_t site_count;
} transit;

/* A pure function: events of one manifest in order of entry. `memory` holds out->sites. */
wf_status transit_compute(transit *out, const event_row *events, size_t count, arena *memory,
                          wf_error *err);
/* True when a `corrected` at this site is about a pick-up among the events. */
bool transit_corrects_pick_up(const event_row *events, size_t count, site_id site);

/* ---- manifest.c, events.c ------------------------------------------------------------------- */

wf_status manifest_apply(apply_context *x, const Wufei__Manifest *manifest);
wf_status manifest_entry(apply_context *x, manifest_id id, cache_entry **entry,
                         manifest_value **out);
wf_status event_apply(apply_context *x, const Wufei__ManifestEvent *event);

/* ---- the others ----------------------------------------------------------------------------- */

wf_status party_apply(apply_context *x, const Wufei__Party *party);
wf_status site_apply(apply_context *x, const Wufei__Site *site);
wf_status place_apply(apply_context *x, const Wufei__Place *place);
wf_status permit_apply(apply_context *x, const Wufei__Permit *permit);
wf_status vehicle_apply(apply_context *x, const Wufei__Vehicle *vehicle);
wf_status scale_apply(apply_context *x, const Wufei__Scale *scale);
wf_status filing_apply(apply_context *x, const Wufei__Filing *filing);
wf_status activity_apply(apply_context *x, const Wufei__Activity *activity);
wf_status report_apply(apply_context *x, const Wufei__Report *report);
wf_status calendar_apply(apply_context *x, const Wufei__CalendarDay *day);
wf_status weighing_apply(apply_context *x, const Wufei__Weighing *weighing);
wf_status treatment_apply(apply_context *x, const Wufei__Treatment *treatment);
wf_status track_apply(apply_context *x, const Wufei__Track *track);

static inline int64_t given_mass(protobuf_c_boolean has, int64_t mass_g)
{
    return has ? mass_g : MASS_NONE;
}
static inline int64_t given_time(protobuf_c_boolean has, int64_t ms)
{
    return has ? ms : TIME_NONE;
}

#endif
