/*
 * tests/support/city_builder.h: a small city in memory, for tests of rules. No ledger, no files.
 *
 * All ids are given as text; times as RFC 3339 text, or with builder_ms as milliseconds; masses in
 * kilograms as double (KG_NONE: not given). Parties, codes and whatever is only mentioned are made
 * when first named; sites, vehicles, scales and manifests must be made before they are used (an
 * assertion says which is not). Every call returns the index of its row in builder_city(b), which a
 * test may then change by hand; rows move when more are added, so keep indexes and not pointers.
 *
 * Kept as the book keeps them: the manifest's state, masses, times and chains, stocktake.first,
 * treatment.first, first_ms, now_ms, sorted tracks and calendar. Not made: accounts and day rows;
 * book_g of a stock take is 0 until the test sets it.
 */
#ifndef TESTS_SUPPORT_CITY_BUILDER_H
#define TESTS_SUPPORT_CITY_BUILDER_H

#include "book/city.h"

#define KG_NONE (-1.0)

typedef struct city_builder city_builder;

city_builder *builder_new(void);
void builder_free(city_builder *b);
/* The city so far; tracks are sorted on every call. */
city *builder_city(city_builder *b);
int64_t builder_time(const char *text);
/* "2026-03-01T08:30:00+08:00" of milliseconds, in one of eight rotating buffers. */
const char *builder_ms(int64_t ms);

party_id builder_party(city_builder *b, const char *key, uint32_t roles);
/* The district is "330602"; opened long ago, no closing, no driver, no storage limit. */
site_id builder_site(city_builder *b, const char *key, const char *party, enum site_kind kind,
                     double lat, double lon);
void builder_site_driver(city_builder *b, const char *site, enum driver_kind driver, double value);
void builder_site_limit(city_builder *b, const char *site, double kg);
void builder_site_district(city_builder *b, const char *site, const char *district);
uint32_t builder_place(city_builder *b, const char *key, enum place_kind kind, double lat,
                       double lon, double radius_m);
/* holder is a site when one of that id exists, else a party. Lists joined by '|'; NULL: not given.
 */
uint32_t builder_permit(city_builder *b, const char *key, const char *holder, enum permit_kind kind,
                        const char *codes, const char *from, const char *to);
void builder_permit_more(city_builder *b, uint32_t permit, const char *methods,
                         const char *vehicles, double kg_per_year, double kg_per_day);
void builder_permit_destination(city_builder *b, uint32_t permit, const char *site,
                                const char *district);
vehicle_id builder_vehicle(city_builder *b, const char *key, const char *party, const char *kind,
                           double tare_kg, double payload_kg);
scale_id builder_scale(city_builder *b, const char *key, const char *site, double division_kg);
/* site or vehicle, or both, may be NULL. */
uint32_t builder_filing(city_builder *b, const char *key, enum filing_kind kind, const char *site,
                        const char *vehicle, const char *from, const char *to);
uint32_t builder_activity(city_builder *b, const char *site, enum driver_kind driver,
                          const char *from, const char *to, double value);
uint32_t builder_generation(city_builder *b, const char *key, const char *site, const char *time,
                            const char *code, double kg);
manifest_id builder_manifest(city_builder *b, const char *key, enum waste_stream stream,
                             const char *code, const char *generator, const char *carrier,
                             const char *vehicle, const char *facility, const char *filed,
                             double declared_kg);
/* site, party, vehicle and scale not given: picked_up takes the generator's site and the
   manifest's vehicle, later ones the facility's. */
event_id builder_event(city_builder *b, const char *manifest, enum manifest_event kind,
                       const char *time, double kg);
event_id builder_event_at(city_builder *b, const char *manifest, enum manifest_event kind,
                          const char *time, double kg, const char *site, const char *party,
                          const char *vehicle, const char *scale);
/* filed, picked up (filed + 30 min), arrived, received (at `received`, `in_kg`) in one call. */
manifest_id builder_trip(city_builder *b, const char *key, enum waste_stream stream,
                         const char *code, const char *generator, const char *vehicle,
                         const char *facility, const char *picked_up, double out_kg,
                         const char *received, double in_kg);
/* manifest and tare_time may be NULL (no link; stored tare). */
weighing_id builder_weighing(city_builder *b, const char *key, const char *scale,
                             const char *vehicle, const char *gross_time, double gross_kg,
                             const char *tare_time, double tare_kg, const char *manifest);
uint32_t builder_stocktake(city_builder *b, const char *site, const char *time, const char *code,
                           double kg);
/* output NULL: no output stated. Rows of the same key share the input. */
uint32_t builder_treatment(city_builder *b, const char *key, const char *site, const char *time,
                           const char *code, double kg, const char *method, const char *output,
                           double output_kg);
void builder_fix(city_builder *b, const char *vehicle, const char *time, double lat, double lon);
uint32_t builder_report(city_builder *b, const char *key, const char *time, double lat, double lon,
                        enum report_category category);
void builder_calendar(city_builder *b, const char *date, bool working);

#endif
