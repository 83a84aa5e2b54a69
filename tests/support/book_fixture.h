/*
 * tests/support/book_fixture.h: a ledger with its book in a temporary folder, and records into it.
 *
 * Records are Wufei__Record structs; each becomes an unsigned statement of the operator, sealed in
 * the batch. All calls fail the running test when something goes wrong that is not asked for.
 */
#ifndef TESTS_SUPPORT_BOOK_FIXTURE_H
#define TESTS_SUPPORT_BOOK_FIXTURE_H

#include "book/book.h"
#include "record.pb-c.h"

typedef struct book_fixture {
    char folder[64]; /* made and removed by the fixture */
    char dir[96];    /* the ledger */
    book *b;
    ledger *l;
    submit_outcome outcome; /* of the last record */
    uint64_t seq;           /* its entry */
    char reason[WF_ERROR_TEXT];
} book_fixture;

void fixture_open(book_fixture *f);
void fixture_close(book_fixture *f);
/* Closes the ledger and opens it again with an empty cache. */
void fixture_reopen(book_fixture *f);

/* Submits one record in a batch of its own: true when it was entered (or was already). */
bool fixture_submit(book_fixture *f, const Wufei__Record *record);
/* Submits many in one batch; returns how many were refused, f->reason is the last reason. */
size_t fixture_submit_all(book_fixture *f, Wufei__Record *const *records, size_t count,
                          bool all_or_nothing);

/* The city of now; the caller frees it with city_free. */
city *fixture_city(book_fixture *f);

/* ---- short hands for records; each submits one and returns what fixture_submit does ------------
 */

#define FIXTURE_DAY_MS INT64_C(1772294400000) /* 2026-03-01T00:00:00+08:00 */
#define NO_MASS INT64_MIN

bool fixture_party(book_fixture *f, const char *id, uint32_t roles);
bool fixture_site(book_fixture *f, const char *id, const char *party, uint32_t kind);
bool fixture_vehicle(book_fixture *f, const char *id, const char *party);
bool fixture_scale(book_fixture *f, const char *id, const char *site);
bool fixture_generation(book_fixture *f, const char *id, const char *site, int64_t ms,
                        const char *code, int64_t mass_g);
/* Carrier "P1" and vehicle "V1". */
bool fixture_manifest(book_fixture *f, const char *id, const char *code, const char *generator,
                      const char *facility, int64_t ms);
/* site NULL: not given. */
bool fixture_event(book_fixture *f, const char *manifest, uint32_t event, int64_t ms,
                   const char *site, int64_t mass_g);
bool fixture_stocktake(book_fixture *f, const char *site, int64_t ms, const char *code,
                       int64_t mass_g);
bool fixture_treatment(book_fixture *f, const char *id, const char *site, int64_t ms,
                       const char *code, int64_t mass_g, const char *output_code, int64_t output_g);
/* Party P1, sites S1 to S5, vehicle V1, scale W1 at S1. */
void fixture_registry(book_fixture *f);

#endif
