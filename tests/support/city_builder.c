/*
 * tests/support/city_builder.c: see city_builder.h.
 *
 * One hash table finds rows by kind and text. Out of memory or a wrong id in a test stops the
 * program with a message: a test has no use for going on.
 */
#include "support/city_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

enum key_kind {
    KEY_TEXT,
    KEY_CODE,
    KEY_PARTY,
    KEY_SITE,
    KEY_VEHICLE,
    KEY_SCALE,
    KEY_MANIFEST,
    KEY_TREATMENT
};

typedef struct slot {
    uint32_t hash;
    uint32_t text;  /* offset into texts */
    uint32_t value; /* index of the row */
    uint32_t kind;
    uint32_t used;
} slot;

typedef struct loose_fix {
    vehicle_id vehicle;
    track_fix fix;
} loose_fix;

struct city_builder {
    city city;
    size_t texts_capacity;
    slot *slots;
    size_t slot_count, slots_used;
    loose_fix *loose;
    size_t loose_count, loose_capacity;
    uint64_t seq;
};

static void stop(const char *what, const char *which)
{
    fprintf(stderr, "city_builder: %s: %s\n", what, which);
    abort();
}

/* ---- texts and keys ------------------------------------------------------------------------- */

static uint32_t hash_of(enum key_kind kind, const char *text)
{
    uint32_t h = 2166136261u ^ (uint32_t)kind;
    for (const char *at = text; *at != '\0'; at++)
        h = (h ^ (unsigned char)*at) * 16777619u;
    return h;
}

static slot *slot_of(city_builder *b, enum key_kind kind, const char *text)
{
    uint32_t hash = hash_of(kind, text);
    for (size_t i = hash & (b->slot_count - 1);; i = (i + 1) & (b->slot_count - 1)) {
        slot *s = &b->slots[i];
        if (s->used == 0 || (s->hash == hash && s->kind == (uint32_t)kind &&
                             strcmp(b->city.texts + s->text, text) == 0))
            return s;
    }
}

static void grow_slots(city_builder *b)
{
    slot *old = b->slots;
    size_t old_count = b->slot_count;
    b->slot_count = old_count != 0 ? old_count * 2 : 1024;
    b->slots = calloc(b->slot_count, sizeof *b->slots);
    if (b->slots == NULL)
        stop("out of memory", "keys");
    for (size_t i = 0; i < old_count; i++)
        if (old[i].used != 0) {
            size_t at = old[i].hash & (b->slot_count - 1);
            while (b->slots[at].used != 0)
                at = (at + 1) & (b->slot_count - 1);
            b->slots[at] = old[i];
        }
    free(old);
}

static text_ref add_text(city_builder *b, const char *text)
{
    size_t size = strlen(text) + 1;
    if (!array_grow((void **)&b->city.texts, &b->texts_capacity, b->city.texts_size + size, 1))
        stop("out of memory", text);
    memcpy(b->city.texts + b->city.texts_size, text, size);
    text_ref ref = (text_ref)b->city.texts_size;
    b->city.texts_size += size;
    return ref;
}

static void put_key(city_builder *b, enum key_kind kind, const char *text, text_ref ref,
                    uint32_t value)
{
    if (2 * (b->slots_used + 1) > b->slot_count)
        grow_slots(b);
    slot *s = slot_of(b, kind, text);
    if (s->used == 0)
        b->slots_used++;
    *s = (slot){hash_of(kind, text), ref, value, (uint32_t)kind, 1};
}

static bool find_key(city_builder *b, enum key_kind kind, const char *text, uint32_t *out)
{
    if (b->slot_count == 0)
        return false;
    const slot *s = slot_of(b, kind, text);
    if (s->used != 0)
        *out = s->value;
    return s->used != 0;
}

static text_ref text_of(city_builder *b, const char *text)
{
    uint32_t ref = BOOK_NONE;
    if (text == NULL)
        return BOOK_NONE;
    if (!find_key(b, KEY_TEXT, text, &ref)) {
        ref = add_text(b, text);
        put_key(b, KEY_TEXT, text, ref, ref);
    }
    return ref;
}

static uint32_t need(city_builder *b, enum key_kind kind, const char *text)
{
    uint32_t index = BOOK_NONE;
    if (text != NULL && !find_key(b, kind, text, &index))
        stop("nothing of this id was made before", text);
    return index;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* One more zeroed row. Arrays grow by doubling at powers of two, so that the city holds no
 * capacities. */
static void *push(void *array_address, size_t *count, size_t size)
{
    void *array = NULL;
    memcpy(&array, array_address, sizeof array);
    size_t n = *count;
    if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) {
        array = realloc(array, (n == 0 ? 16 : 2 * n) * size);
        if (array == NULL)
            stop("out of memory", "rows");
        memcpy(array_address, &array, sizeof array);
    }
    void *row = (char *)array + n * size;
    memset(row, 0, size);
    (*count)++;
    return row;
}

#define PUSH(b, rows, count) push(&(b)->city.rows, &(b)->city.count, sizeof *(b)->city.rows)

static int64_t grams(double kg)
{
    return kg < 0 ? MASS_NONE : (int64_t)llround(kg * 1000);
}

static int32_t degrees(double value)
{
    return (int32_t)lround(value * 1e7);
}

static void act(city_builder *b, int64_t ms)
{
    if (b->city.first_ms == TIME_NONE || ms < b->city.first_ms)
        b->city.first_ms = ms;
    if (b->city.now_ms == TIME_NONE || ms > b->city.now_ms)
        b->city.now_ms = ms;
}

int64_t builder_time(const char *text)
{
    int64_t ms = TIME_NONE;
    if (text != NULL && !time_parse(&ms, text, strlen(text)))
        stop("not a time", text);
    return ms;
}

const char *builder_ms(int64_t ms)
{
    static char texts[8][TIME_TEXT];
    static unsigned next;
    return time_format(texts[next++ % 8], ms, 480);
}

city_builder *builder_new(void)
{
    city_builder *b = calloc(1, sizeof *b);
    if (b == NULL)
        stop("out of memory", "builder");
    b->city.utc_offset_minutes = 480;
    b->city.first_ms = b->city.now_ms = TIME_NONE;
    add_text(b, ""); /* so that no key is at offset 0 by accident of a zeroed row */
    return b;
}

void builder_free(city_builder *b)
{
    if (b == NULL)
        return;
    city *c = &b->city;
    void *const rows[] = {c->parties, c->sites,     c->places,     c->permits,     c->vehicles,
                          c->scales,  c->filings,   c->activities, c->generations, c->manifests,
                          c->events,  c->weighings, c->stocktakes, c->treatments,  c->tracks,
                          c->fixes,   c->reports,   c->calendar,   c->days,        c->codes,
                          c->texts};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        free(rows[i]);
    free(b->slots);
    free(b->loose);
    free(b);
}

party_id builder_party(city_builder *b, const char *key, uint32_t roles)
{
    uint32_t index = BOOK_NONE;
    if (find_key(b, KEY_PARTY, key, &index)) {
        b->city.parties[index].roles |= roles;
        return index;
    }
    index = (uint32_t)b->city.party_count;
    text_ref ref = text_of(b, key);
    party_row *row = PUSH(b, parties, party_count);
    *row = (party_row){.seq = b->seq++,
                       .registered_ms = TIME_NONE,
                       .key = ref,
                       .name = ref,
                       .legal_id = BOOK_NONE,
                       .district = BOOK_NONE,
                       .roles = roles};
    put_key(b, KEY_PARTY, key, ref, index);
    return index;
}

site_id builder_site(city_builder *b, const char *key, const char *party, enum site_kind kind,
                     double lat, double lon)
{
    party_id owner = builder_party(b, party, 0);
    text_ref ref = text_of(b, key);
    text_ref district = text_of(b, "330602");
    uint32_t index = (uint32_t)b->city.site_count;
    site_row *row = PUSH(b, sites, site_count);
    *row = (site_row){.seq = b->seq++,
                      .driver_value_micro = MASS_NONE,
                      .storage_limit_g = MASS_NONE,
                      .opened_ms = TIME_NONE,
                      .closed_ms = TIME_NONE,
                      .key = ref,
                      .name = ref,
                      .district = district,
                      .grid = BOOK_NONE,
                      .party = owner,
                      .kind = (uint32_t)kind,
                      .lat_e7 = degrees(lat),
                      .lon_e7 = degrees(lon)};
    put_key(b, KEY_SITE, key, ref, index);
    return index;
}

void builder_site_driver(city_builder *b, const char *site, enum driver_kind driver, double value)
{
    site_row *row = &b->city.sites[need(b, KEY_SITE, site)];
    row->driver = (uint32_t)driver;
    row->driver_value_micro = (int64_t)llround(value * 1e6);
}

void builder_site_limit(city_builder *b, const char *site, double kg)
{
    b->city.sites[need(b, KEY_SITE, site)].storage_limit_g = grams(kg);
}

void builder_site_district(city_builder *b, const char *site, const char *district)
{
    text_ref ref = text_of(b, district);
    b->city.sites[need(b, KEY_SITE, site)].district = ref;
}

uint32_t builder_place(city_builder *b, const char *key, enum place_kind kind, double lat,
                       double lon, double radius_m)
{
    text_ref ref = text_of(b, key);
    place_row *row = PUSH(b, places, place_count);
    *row = (place_row){.seq = b->seq++,
                       .key = ref,
                       .kind = (uint32_t)kind,
                       .lat_e7 = degrees(lat),
                       .lon_e7 = degrees(lon),
                       .radius_mm = (uint32_t)llround(radius_m * 1000)};
    return (uint32_t)b->city.place_count - 1;
}

uint32_t builder_permit(city_builder *b, const char *key, const char *holder, enum permit_kind kind,
                        const char *codes, const char *from, const char *to)
{
    uint32_t site = BOOK_NONE;
    uint32_t party = BOOK_NONE;
    if (!find_key(b, KEY_SITE, holder, &site))
        party = builder_party(b, holder, 0);
    text_ref ref = text_of(b, key);
    text_ref list = text_of(b, codes);
    permit_row *row = PUSH(b, permits, permit_count);
    *row = (permit_row){.seq = b->seq++,
                        .limit_g_per_year = MASS_NONE,
                        .limit_g_per_day = MASS_NONE,
                        .valid_from_ms = builder_time(from),
                        .valid_to_ms = builder_time(to),
                        .known_ms = TIME_NONE,
                        .key = ref,
                        .holder_party = party,
                        .holder_site = site,
                        .kind = (uint32_t)kind,
                        .destination_site = BOOK_NONE,
                        .destination_district = BOOK_NONE,
                        .waste_codes = list,
                        .methods = BOOK_NONE,
                        .vehicles = BOOK_NONE};
    return (uint32_t)b->city.permit_count - 1;
}

void builder_permit_more(city_builder *b, uint32_t permit, const char *methods,
                         const char *vehicles, double kg_per_year, double kg_per_day)
{
    permit_row *row = &b->city.permits[permit];
    row->methods = text_of(b, methods);
    row->vehicles = text_of(b, vehicles);
    row->limit_g_per_year = grams(kg_per_year);
    row->limit_g_per_day = grams(kg_per_day);
}

void builder_permit_destination(city_builder *b, uint32_t permit, const char *site,
                                const char *district)
{
    permit_row *row = &b->city.permits[permit];
    row->destination_site = need(b, KEY_SITE, site);
    row->destination_district = text_of(b, district);
}

vehicle_id builder_vehicle(city_builder *b, const char *key, const char *party, const char *kind,
                           double tare_kg, double payload_kg)
{
    party_id owner = builder_party(b, party, ROLE_CARRIER);
    text_ref ref = text_of(b, key);
    text_ref word = text_of(b, kind);
    uint32_t index = (uint32_t)b->city.vehicle_count;
    vehicle_row *row = PUSH(b, vehicles, vehicle_count);
    *row = (vehicle_row){.seq = b->seq++,
                         .tare_g = grams(tare_kg),
                         .max_payload_g = grams(payload_kg),
                         .key = ref,
                         .kind = word,
                         .party = owner};
    put_key(b, KEY_VEHICLE, key, ref, index);
    return index;
}

scale_id builder_scale(city_builder *b, const char *key, const char *site, double division_kg)
{
    text_ref ref = text_of(b, key);
    uint32_t index = (uint32_t)b->city.scale_count;
    site_id owner = need(b, KEY_SITE, site);
    scale_row *row = PUSH(b, scales, scale_count);
    *row = (scale_row){.seq = b->seq++,
                       .division_g = grams(division_kg),
                       .max_g = MASS_NONE,
                       .calibrated_ms = TIME_NONE,
                       .key = ref,
                       .site = owner};
    put_key(b, KEY_SCALE, key, ref, index);
    return index;
}

uint32_t builder_filing(city_builder *b, const char *key, enum filing_kind kind, const char *site,
                        const char *vehicle, const char *from, const char *to)
{
    text_ref ref = text_of(b, key);
    filing_row *row = PUSH(b, filings, filing_count);
    *row = (filing_row){.seq = b->seq++,
                        .from_ms = builder_time(from),
                        .to_ms = builder_time(to),
                        .key = ref,
                        .text = BOOK_NONE,
                        .kind = (uint32_t)kind,
                        .site = need(b, KEY_SITE, site),
                        .vehicle = need(b, KEY_VEHICLE, vehicle)};
    return (uint32_t)b->city.filing_count - 1;
}

uint32_t builder_activity(city_builder *b, const char *site, enum driver_kind driver,
                          const char *from, const char *to, double value)
{
    activity_row *row = PUSH(b, activities, activity_count);
    *row = (activity_row){.seq = b->seq++,
                          .from_ms = builder_time(from),
                          .to_ms = builder_time(to),
                          .value_micro = (int64_t)llround(value * 1e6),
                          .site = need(b, KEY_SITE, site),
                          .driver = (uint32_t)driver};
    return (uint32_t)b->city.activity_count - 1;
}

static code_id code_of(city_builder *b, const char *code)
{
    uint32_t index = BOOK_NONE;
    if (code == NULL || find_key(b, KEY_CODE, code, &index))
        return index;
    index = (uint32_t)b->city.code_count;
    text_ref ref = text_of(b, code);
    text_ref *row = PUSH(b, codes, code_count);
    *row = ref;
    put_key(b, KEY_CODE, code, ref, index);
    return index;
}

uint32_t builder_generation(city_builder *b, const char *key, const char *site, const char *time,
                            const char *code, double kg)
{
    text_ref ref = text_of(b, key);
    code_id waste = code_of(b, code);
    generation_row *row = PUSH(b, generations, generation_count);
    *row = (generation_row){.seq = b->seq++,
                            .time_ms = builder_time(time),
                            .mass_g = grams(kg),
                            .key = ref,
                            .site = need(b, KEY_SITE, site),
                            .code = waste,
                            .basis = BASIS_WEIGHED};
    act(b, row->time_ms);
    return (uint32_t)b->city.generation_count - 1;
}

/* ---- manifests ------------------------------------------------------------------------------ */

manifest_id builder_manifest(city_builder *b, const char *key, enum waste_stream stream,
                             const char *code, const char *generator, const char *carrier,
                             const char *vehicle, const char *facility, const char *filed,
                             double declared_kg)
{
    text_ref ref = text_of(b, key);
    code_id waste = code_of(b, code);
    party_id party = carrier != NULL ? builder_party(b, carrier, ROLE_CARRIER)
                                     : b->city.vehicles[need(b, KEY_VEHICLE, vehicle)].party;
    uint32_t index = (uint32_t)b->city.manifest_count;
    manifest_row *row = PUSH(b, manifests, manifest_count);
    *row = (manifest_row){.seq = b->seq++,
                          .filed_ms = builder_time(filed),
                          .known_ms = builder_time(filed),
                          .declared_g = grams(declared_kg),
                          .picked_up_g = MASS_NONE,
                          .received_g = MASS_NONE,
                          .picked_up_ms = TIME_NONE,
                          .arrived_ms = TIME_NONE,
                          .received_ms = TIME_NONE,
                          .confirmed_ms = TIME_NONE,
                          .key = ref,
                          .code = waste,
                          .generator_site = need(b, KEY_SITE, generator),
                          .carrier = party,
                          .vehicle = need(b, KEY_VEHICLE, vehicle),
                          .facility_site = need(b, KEY_SITE, facility),
                          .last_event = BOOK_NONE,
                          .last_weighing = BOOK_NONE,
                          .consignment = BOOK_NONE,
                          .stream = (uint8_t)stream,
                          .state = MANIFEST_FILED};
    put_key(b, KEY_MANIFEST, key, ref, index);
    return index;
}

static int64_t given(int64_t mass_g)
{
    return mass_g == MASS_NONE ? 0 : mass_g;
}

static void set_first(int64_t *at, int64_t ms)
{
    if (*at == TIME_NONE)
        *at = ms;
}

/* The accounts of a manifest after a mass changed, as DESIGN section 4 and rows.h have them. */
static void settle(manifest_row *m)
{
    bool closed = m->received_ms != TIME_NONE || m->state == MANIFEST_REJECTED ||
                  m->state == MANIFEST_RETURNED;
    int64_t out = given(m->picked_up_g);
    int64_t in = given(m->received_g) + m->rejected_g;
    m->unaccounted_g = closed ? out - in : 0;
    m->in_transit_g = closed ? m->rejected_g - m->returned_g : out;
    if (m->in_transit_g < 0)
        m->in_transit_g = 0;
}

/* As book/transit.c reads it: at a pick-up site that pick-up was wrong, else the receipt. */
static void correct(city_builder *b, manifest_row *m, const event_row *e)
{
    const event_row *before = NULL; /* what the site's pick-up was said to be until now */
    bool at_pick_up = false;
    bool at_receipt = false;
    for (event_id i = e->previous; i != BOOK_NONE; i = b->city.events[i].previous) {
        const event_row *o = &b->city.events[i];
        if (o->site != e->site)
            continue;
        at_receipt |= o->kind == EVENT_RECEIVED;
        at_pick_up |= o->kind == EVENT_PICKED_UP;
        if ((o->kind == EVENT_PICKED_UP || o->kind == EVENT_CORRECTED) && before == NULL)
            before = o;
    }
    if (at_pick_up && !at_receipt)
        m->picked_up_g = given(m->picked_up_g) + given(e->mass_g) - given(before->mass_g);
    else if (m->received_ms != TIME_NONE)
        m->received_g = given(e->mass_g);
}

static void apply(city_builder *b, manifest_row *m, const event_row *e)
{
    static const enum manifest_state after[EVENT_COUNT] = {
        [EVENT_PICKED_UP] = MANIFEST_PICKED_UP,   [EVENT_HANDED_OVER] = MANIFEST_HANDED_OVER,
        [EVENT_ARRIVED] = MANIFEST_ARRIVED,       [EVENT_RECEIVED] = MANIFEST_RECEIVED,
        [EVENT_REJECTED] = MANIFEST_REJECTED,     [EVENT_RETURNED] = MANIFEST_RETURNED,
        [EVENT_REDIRECTED] = MANIFEST_REDIRECTED, [EVENT_CONFIRMED] = MANIFEST_CONFIRMED,
        [EVENT_CANCELLED] = MANIFEST_CANCELLED,
    };
    bool received = m->received_ms != TIME_NONE;
    switch ((enum manifest_event)e->kind) {
    case EVENT_PICKED_UP:
        set_first(&m->picked_up_ms, e->time_ms);
        m->pick_ups++;
        if (e->mass_g != MASS_NONE)
            m->picked_up_g = given(m->picked_up_g) + e->mass_g;
        break;
    case EVENT_ARRIVED:
        set_first(&m->arrived_ms, e->time_ms);
        break;
    case EVENT_RECEIVED:
        set_first(&m->received_ms, e->time_ms);
        m->received_g = given(e->mass_g);
        break;
    case EVENT_REJECTED:
        m->rejected_g += given(e->mass_g);
        break;
    case EVENT_RETURNED:
        m->returned_g += given(e->mass_g);
        break;
    case EVENT_CONFIRMED:
        set_first(&m->confirmed_ms, e->time_ms);
        break;
    case EVENT_CORRECTED:
        correct(b, m, e);
        break;
    case EVENT_REDIRECTED:
        m->facility_site = e->site;
        break;
    default:
        break;
    }
    bool partial = received && (e->kind == EVENT_REJECTED || e->kind == EVENT_RETURNED);
    if (e->kind != EVENT_CORRECTED && !partial && m->state != MANIFEST_CONFIRMED)
        m->state = (uint8_t)after[e->kind];
    m->events++;
    settle(m);
}

event_id builder_event_at(city_builder *b, const char *manifest, enum manifest_event kind,
                          const char *time, double kg, const char *site, const char *party,
                          const char *vehicle, const char *scale)
{
    manifest_id of = need(b, KEY_MANIFEST, manifest);
    party_id who = party != NULL ? builder_party(b, party, 0) : BOOK_NONE;
    event_id index = (event_id)b->city.event_count;
    event_row *row = PUSH(b, events, event_count);
    manifest_row *m = &b->city.manifests[of];
    *row = (event_row){.seq = b->seq++,
                       .time_ms = builder_time(time),
                       .known_ms = builder_time(time),
                       .mass_g = grams(kg),
                       .manifest = of,
                       .previous = m->last_event,
                       .site = need(b, KEY_SITE, site),
                       .party = who,
                       .vehicle = need(b, KEY_VEHICLE, vehicle),
                       .scale = need(b, KEY_SCALE, scale),
                       .note = BOOK_NONE,
                       .kind = (uint32_t)kind};
    m->last_event = index;
    apply(b, m, row);
    act(b, row->time_ms);
    return index;
}

event_id builder_event(city_builder *b, const char *manifest, enum manifest_event kind,
                       const char *time, double kg)
{
    event_id index = builder_event_at(b, manifest, kind, time, kg, NULL, NULL, NULL, NULL);
    event_row *row = &b->city.events[index];
    const manifest_row *m = &b->city.manifests[row->manifest];
    bool at_generator = kind == EVENT_PICKED_UP || kind == EVENT_RETURNED;
    row->site = at_generator ? m->generator_site : m->facility_site;
    row->vehicle = m->vehicle;
    return index;
}

manifest_id builder_trip(city_builder *b, const char *key, enum waste_stream stream,
                         const char *code, const char *generator, const char *vehicle,
                         const char *facility, const char *picked_up, double out_kg,
                         const char *received, double in_kg)
{
    int64_t out_ms = builder_time(picked_up);
    int64_t in_ms = builder_time(received);
    manifest_id m = builder_manifest(b, key, stream, code, generator, NULL, vehicle, facility,
                                     builder_ms(out_ms - 30 * TIME_MINUTE_MS), out_kg);
    builder_event(b, key, EVENT_PICKED_UP, picked_up, out_kg);
    builder_event(b, key, EVENT_ARRIVED, builder_ms(in_ms - 10 * TIME_MINUTE_MS), KG_NONE);
    builder_event(b, key, EVENT_RECEIVED, received, in_kg);
    return m;
}

weighing_id builder_weighing(city_builder *b, const char *key, const char *scale,
                             const char *vehicle, const char *gross_time, double gross_kg,
                             const char *tare_time, double tare_kg, const char *manifest)
{
    text_ref ref = text_of(b, key);
    manifest_id of = need(b, KEY_MANIFEST, manifest);
    weighing_id index = (weighing_id)b->city.weighing_count;
    weighing_row *row = PUSH(b, weighings, weighing_count);
    *row = (weighing_row){.seq = b->seq++,
                          .gross_ms = builder_time(gross_time),
                          .gross_g = grams(gross_kg),
                          .tare_ms = builder_time(tare_time),
                          .tare_g = grams(tare_kg),
                          .key = ref,
                          .scale = need(b, KEY_SCALE, scale),
                          .vehicle = need(b, KEY_VEHICLE, vehicle),
                          .manifest = of,
                          .previous = BOOK_NONE};
    if (of != BOOK_NONE) {
        row->previous = b->city.manifests[of].last_weighing;
        b->city.manifests[of].last_weighing = index;
    }
    act(b, row->gross_ms);
    if (row->tare_ms != TIME_NONE)
        act(b, row->tare_ms);
    return index;
}

uint32_t builder_stocktake(city_builder *b, const char *site, const char *time, const char *code,
                           double kg)
{
    code_id waste = code_of(b, code);
    site_id at = need(b, KEY_SITE, site);
    uint32_t first = 1;
    for (size_t i = 0; i < b->city.stocktake_count; i++)
        if (b->city.stocktakes[i].site == at && b->city.stocktakes[i].code == waste)
            first = 0;
    stocktake_row *row = PUSH(b, stocktakes, stocktake_count);
    *row = (stocktake_row){.seq = b->seq++,
                           .time_ms = builder_time(time),
                           .mass_g = grams(kg),
                           .site = at,
                           .code = waste,
                           .first = first};
    act(b, row->time_ms);
    return (uint32_t)b->city.stocktake_count - 1;
}

uint32_t builder_treatment(city_builder *b, const char *key, const char *site, const char *time,
                           const char *code, double kg, const char *method, const char *output,
                           double output_kg)
{
    uint32_t known = BOOK_NONE;
    bool first = !find_key(b, KEY_TREATMENT, key, &known);
    text_ref ref = text_of(b, key);
    text_ref how = text_of(b, method);
    code_id waste = code_of(b, code);
    code_id made = code_of(b, output);
    uint32_t index = (uint32_t)b->city.treatment_count;
    treatment_row *row = PUSH(b, treatments, treatment_count);
    *row = (treatment_row){.seq = b->seq++,
                           .time_ms = builder_time(time),
                           .known_ms = builder_time(time),
                           .mass_g = grams(kg),
                           .output_g = grams(output_kg),
                           .key = ref,
                           .site = need(b, KEY_SITE, site),
                           .code = waste,
                           .output_code = made,
                           .method = how,
                           .first = first ? 1 : 0};
    act(b, row->time_ms);
    put_key(b, KEY_TREATMENT, key, ref, index);
    return index;
}

/* ---- tracks and the rest -------------------------------------------------------------------- */

void builder_fix(city_builder *b, const char *vehicle, const char *time, double lat, double lon)
{
    if (!array_grow((void **)&b->loose, &b->loose_capacity, b->loose_count + 1, sizeof *b->loose))
        stop("out of memory", "fixes");
    loose_fix *f = &b->loose[b->loose_count++];
    *f = (loose_fix){need(b, KEY_VEHICLE, vehicle),
                     {builder_time(time), degrees(lat), degrees(lon)}};
    act(b, f->fix.time_ms);
}

static int compare_fixes(const void *left, const void *right)
{
    const loose_fix *a = left;
    const loose_fix *b = right;
    if (a->vehicle != b->vehicle)
        return a->vehicle < b->vehicle ? -1 : 1;
    return (a->fix.time_ms > b->fix.time_ms) - (a->fix.time_ms < b->fix.time_ms);
}

city *builder_city(city_builder *b)
{
    city *c = &b->city;
    c->size = b->seq;
    c->track_count = 0;
    c->fix_count = 0;
    if (b->loose_count > 0)
        qsort(b->loose, b->loose_count, sizeof *b->loose, compare_fixes);
    for (size_t i = 0; i < b->loose_count; i++) {
        const loose_fix *f = &b->loose[i];
        int32_t day = time_day(f->fix.time_ms, c->utc_offset_minutes);
        const track_row *last = c->track_count > 0 ? &c->tracks[c->track_count - 1] : NULL;
        if (last == NULL || last->vehicle != f->vehicle || last->day != day) {
            track_row *row = PUSH(b, tracks, track_count);
            *row = (track_row){f->vehicle, day, (uint32_t)c->fix_count, 0, 0};
        }
        track_fix *fix = PUSH(b, fixes, fix_count);
        *fix = f->fix;
        c->tracks[c->track_count - 1].count++;
    }
    return c;
}

uint32_t builder_report(city_builder *b, const char *key, const char *time, double lat, double lon,
                        enum report_category category)
{
    text_ref ref = text_of(b, key);
    report_row *row = PUSH(b, reports, report_count);
    *row = (report_row){.seq = b->seq++,
                        .time_ms = builder_time(time),
                        .key = ref,
                        .text = BOOK_NONE,
                        .lat_e7 = degrees(lat),
                        .lon_e7 = degrees(lon),
                        .category = (uint32_t)category};
    return (uint32_t)b->city.report_count - 1;
}

static int compare_calendar(const void *left, const void *right)
{
    const calendar_row *a = left;
    const calendar_row *b = right;
    return (a->day > b->day) - (a->day < b->day);
}

void builder_calendar(city_builder *b, const char *date, bool working)
{
    int32_t day = 0;
    if (!time_parse_day(&day, date, strlen(date)))
        stop("not a date", date);
    calendar_row *row = PUSH(b, calendar, calendar_count);
    *row = (calendar_row){.day = day, .working = working ? 1 : 0, .seq = b->seq++};
    qsort(b->city.calendar, b->city.calendar_count, sizeof *row, compare_calendar);
}
