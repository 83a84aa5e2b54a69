/*
 * book/book.h: the book, a pure function of the log.
 *
 * The book's tables live in the ledger's store and are written in the ledger's transaction:
 * book_hooks() goes to ledger_open. Everything else here reads.
 *
 * Admission (idea 3 of the design): refused is what is malformed, unknown (an id that no earlier
 * record names), self-contradictory (a transition that the table of transitions.h does not know) or
 * conflicting (an id that exists with other content). What is merely unlawful is entered.
 */
#ifndef BOOK_BOOK_H
#define BOOK_BOOK_H

#include "book/city.h"
#include "ledger.h"

typedef struct book book;

/* A book must outlive the ledger that it was hooked to. */
wf_status book_new(book **out, int utc_offset_minutes, wf_error *err);
void book_free(book *b);
const char *const *book_table_names(void);
ledger_hooks book_hooks(book *b);
/* Joins the book to the opened ledger; what was cached is forgotten. */
wf_status book_attach(book *b, ledger *l, wf_error *err);
void book_set_utc_offset(book *b, int minutes);

/* Loads everything, or, with `tracks` false, all but fixes. At the ledger's present size. */
wf_status city_load(city **out, book *b, bool tracks, wf_error *err);

/* What a text id names. A text may name things of several kinds; kinds are tried in this order. */
enum object_kind {
    OBJECT_NONE,
    OBJECT_MANIFEST,
    OBJECT_SITE,
    OBJECT_PARTY,
    OBJECT_VEHICLE,
    OBJECT_PERMIT,
    OBJECT_SCALE,
    OBJECT_WEIGHING,
    OBJECT_TREATMENT,
    OBJECT_GENERATION,
    OBJECT_FILING,
    OBJECT_REPORT,
    OBJECT_PLACE,
    OBJECT_KIND_COUNT
};
wf_status book_find(book *b, store_txn *txn, const char *text_id, enum object_kind *kind,
                    uint32_t *index, wf_error *err); /* *kind OBJECT_NONE when unknown */

/* The same for one kind only; *index BOOK_NONE when unknown. */
wf_status book_find_kind(book *b, store_txn *txn, enum object_kind kind, const char *text_id,
                         uint32_t *index, wf_error *err);

/* Single rows, straight from the store: for `show` in a few milliseconds. Texts by book_text. */
wf_status book_get_manifest(book *b, store_txn *txn, manifest_id id, manifest_row *out,
                            wf_error *err);
wf_status book_get_event(book *b, store_txn *txn, event_id id, event_row *out, wf_error *err);
wf_status book_get_weighing(book *b, store_txn *txn, weighing_id id, weighing_row *out,
                            wf_error *err);
wf_status book_get_site(book *b, store_txn *txn, site_id id, site_row *out, wf_error *err);
wf_status book_get_party(book *b, store_txn *txn, party_id id, party_row *out, wf_error *err);
wf_status book_get_vehicle(book *b, store_txn *txn, vehicle_id id, vehicle_row *out, wf_error *err);
wf_status book_get_row(book *b, store_txn *txn, enum object_kind kind, uint32_t index, void *out,
                       size_t size, wf_error *err); /* any other kind: its row struct */
/* Copies a text (of a row got by the functions above) into the arena; "" for BOOK_NONE. */
wf_status book_text(book *b, store_txn *txn, text_ref ref, arena *a, const char **out,
                    wf_error *err);
/* The key (text id) of an object, "浙D·M122W" for a vehicle and so on. */
wf_status book_key_text(book *b, store_txn *txn, enum object_kind kind, uint32_t index, arena *a,
                        const char **out, wf_error *err);
wf_status book_code_text(book *b, store_txn *txn, code_id code, arena *a, const char **out,
                         wf_error *err);

/* Fixes of a vehicle and day that the book already holds (for idempotent re-import of tracks). */
wf_status book_track_day(book *b, store_txn *txn, const char *vehicle, int32_t day, arena *a,
                         track_fix **out, size_t *out_count, wf_error *err);

/* Zero sums of every code, from the accounts; WF_DAMAGED names the first code that is not zero. */
wf_status book_check_zero_sums(book *b, store_txn *txn, wf_error *err);

/* A scratch store in the empty folder `dir`, with the same tables at the same numbers as the
   ledger's. */
wf_status book_open_scratch(store **out, ledger *l, const char *dir, wf_error *err);
/* Derives the book again from the log into a scratch store and compares every table byte for byte.
   check = false: replaces the book's tables instead. WF_DAMAGED names table and key of the first
   difference. `scratch_dir` is an empty folder that the caller makes and removes. */
wf_status book_rebuild(book *b, ledger *l, const char *scratch_dir, bool check,
                       ledger_progress *progress, wf_error *err);

typedef struct book_counts {
    uint64_t of[OBJECT_KIND_COUNT];
    uint64_t events, stocktakes, activities, track_days, fixes, days, codes, strings;
} book_counts;
wf_status book_count(book *b, store_txn *txn, book_counts *out, wf_error *err);
/* One of them, at once: book_count reads all tracks for the number of fixes. */
wf_status book_count_kind(book *b, store_txn *txn, enum object_kind kind, uint64_t *out,
                          wf_error *err);
/* Waste codes that were ever named; their ids run from 0. */
wf_status book_count_codes(book *b, store_txn *txn, uint64_t *out, wf_error *err);

#endif
